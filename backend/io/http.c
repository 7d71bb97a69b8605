/*
 * See http.h. A call drives its own small multi handle, because only that wakes us four times a
 * second to look at the limits; curl's own progress callback comes once a second at best.
 */
#include "io/http.h"

#include "io/http_transfer.h"

static CURLcode run(struct http_transfer *k, CURLM *multi)
{
    CURLcode result = CURLE_OK;
    int running = 1, left = 0;
    CURLMsg *note;

    if (curl_multi_add_handle(multi, k->easy) != CURLM_OK)
        return CURLE_FAILED_INIT;
    for (;;) {
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            result = CURLE_FAILED_INIT;
        if (running == 0 || result != CURLE_OK)
            break;

        int wait = http_transfer_look(k);

        if (k->end != RUNNING)
            break;
        curl_multi_poll(multi, NULL, 0, wait, NULL);
    }
    while ((note = curl_multi_info_read(multi, &left)) != NULL)
        if (note->msg == CURLMSG_DONE)
            result = note->data.result;
    return result;
}

rc_t http_call(struct ctx *c, const struct http_ask *ask, struct http_answer *out)
{
    struct http_transfer k;
    char origin[HTTP_ORIGIN_MAX];

    *out = (struct http_answer){.retry_after_ms = -1};
    TRY(http_transfer_new(c, ask, &k, origin));

    struct http_line *line = http_line_get(origin);

    http_transfer_begin(&k, line->easy);
    if (ask->public_only)
        http_line_public_only(line->easy, &k.inside);

    CURLcode result = run(&k, line->multi);
    rc_t rc = http_transfer_end(c, &k, result, out);

    curl_multi_remove_handle(line->multi, line->easy);
    curl_easy_reset(line->easy);
    http_line_put(line);
    return rc;
}
