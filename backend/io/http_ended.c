/* How a call over HTTP ended: its answer, or its fault. See http_transfer.h. */
#include <stdlib.h>

#include "base/clock.h"
#include "io/http_transfer.h"

#define RETRY_AFTER_MAX_MS (24 * 3600 * 1000)

static const char *header_of(struct ctx *c, CURL *easy, const char *name)
{
    struct curl_header *h;

    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK
               ? text_dup(c->mem, h->value)
               : NULL;
}

static int64_t retry_after(struct ctx *c, CURL *easy)
{
    const char *ms = header_of(c, easy, "retry-after-ms"),
               *after = header_of(c, easy, "retry-after");
    int64_t wait = -1;

    if (text_int(ms, &wait) != OK || wait < 0) {
        if (after == NULL)
            return -1;
        if (text_int(after, &wait) == OK) {
            wait = wait > RETRY_AFTER_MAX_MS / 1000 ? RETRY_AFTER_MAX_MS : wait * 1000;
        } else {
            time_t when = curl_getdate(after, NULL);

            if (when < 0)
                return -1;
            wait = (int64_t)when * 1000 - clock_ms();
        }
    }
    if (wait < 0)
        return 0;
    return wait > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : wait;
}

static void answer_read(struct ctx *c, struct http_transfer *k, struct http_answer *out)
{
    static const char *const ids[] = {"x-request-id", "request-id", "x-slack-req-id"};
    long status = 0;

    curl_easy_getinfo(k->easy, CURLINFO_RESPONSE_CODE, &status);
    out->status = (int)status;
    out->content_type = header_of(c, k->easy, "content-type");
    out->retry_after_ms = retry_after(c, k->easy);
    for (size_t i = 0; i < COUNT_OF(ids) && out->request_id == NULL; i++)
        out->request_id = header_of(c, k->easy, ids[i]);
    if (k->body == NULL)
        k->body = calloc(1, 1);
    if (k->body == NULL)
        abort();
    out->body = (struct bytes){k->body, k->len};
    arena_on_end(c->mem, free, k->body);
    k->body = NULL;
}

static rc_t ended_by_us(struct ctx *c, const struct http_transfer *k, const char *host)
{
    switch (k->end) {
    case RUNNING:
        return OK;
    case TOO_LATE:
        return ctx_fail(c, E_TIMEOUT, "http_too_late", "%s: not sent in time", host);
    case TOO_SLOW:
        return ctx_fail(c, E_TIMEOUT, "http_timeout", "%s: no complete answer in %lld ms", host,
                        (long long)k->total_ms);
    case NO_FIRST_BYTE:
        return ctx_fail(c, E_TIMEOUT, "http_timeout", "%s: no answer began in %lld ms", host,
                        (long long)k->ask->first_ms);
    case SILENT:
        return ctx_fail(c, E_TIMEOUT, "http_timeout", "%s: silent for %lld ms", host,
                        (long long)k->ask->idle_ms);
    case CANCELLED:
        return ctx_fail(c, E_TIMEOUT, "http_cancelled", "%s: given up by us", host);
    case TOO_LONG:
        return ctx_fail(c, E_UPSTREAM, "http_too_long", "%s: the answer is longer than %zu bytes",
                        host, k->max);
    case STOPPED:
        return ctx_fail(c, k->piece_rc, "http_stopped", "%s: the reader ended the answer", host);
    }
    return E_INTERNAL;
}

static bool is_tls_fault(CURLcode result)
{
    static const CURLcode faults[] = {CURLE_SSL_CONNECT_ERROR,    CURLE_PEER_FAILED_VERIFICATION,
                                      CURLE_SSL_CERTPROBLEM,      CURLE_SSL_CIPHER,
                                      CURLE_SSL_CACERT_BADFILE,   CURLE_SSL_ISSUER_ERROR,
                                      CURLE_SSL_INVALIDCERTSTATUS};

    for (size_t i = 0; i < COUNT_OF(faults); i++)
        if (result == faults[i])
            return true;
    return false;
}

static rc_t ended_by_curl(struct ctx *c, const struct http_transfer *k, CURLcode result,
                          bool maybe_sent, const char *host, const char *why)
{
    const char *said = k->again         ? "the kept connection ended without an answer"
                       : why[0] != '\0' ? why
                                        : curl_easy_strerror(result);

    if (result == CURLE_OK)
        return OK;
    if (k->inside && !maybe_sent)
        return ctx_fail(c, E_FORBIDDEN, "http_private",
                        "%s lies inside a private network, and that is not allowed here", host);
    if (result == CURLE_OPERATION_TIMEDOUT)
        return ctx_fail(c, E_TIMEOUT, "http_timeout", "%s: %s", host, said);
    if (is_tls_fault(result))
        return ctx_fail(c, E_UPSTREAM, "http_tls", "%s: %s", host, said);
    if (!maybe_sent)
        return ctx_fail(c, E_UPSTREAM, "http_connect", "%s: %s", host, said);
    return ctx_fail(c, E_UPSTREAM, "http_broken", "%s: %s", host, said);
}

rc_t http_transfer_end(struct ctx *c, struct http_transfer *k, CURLcode result,
                       struct http_answer *out)
{
    long request_size = 0;
    rc_t rc;

    if (result == CURLE_OK && k->end == RUNNING && !k->head_complete)
        result = CURLE_GOT_NOTHING;
    curl_easy_getinfo(k->easy, CURLINFO_REQUEST_SIZE, &request_size);
    out->maybe_sent = request_size > 0;
    rc = ended_by_us(c, k, k->host);
    if (rc == OK)
        rc = ended_by_curl(c, k, result, out->maybe_sent, k->host, k->why);
    answer_read(c, k, out);
    return rc;
}
