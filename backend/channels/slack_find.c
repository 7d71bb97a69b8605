/*
 * Was it posted? After a crash between the post and its record the thread is read, and our token
 * looked for in the metadata of its messages. "Absent" is said only when every message since then
 * was seen. https://api.slack.com/methods/conversations.replies
 */
#include <ctype.h>
#include <string.h>

#include "channels/slack.h"

/* Slack's clock and ours may differ; within five minutes we would not even take its webhooks. */
#define CLOCKS_S 600
#define PAGE 200

/* These two read methods are documented to take forms only. */
static void form_add(struct buf *form, const char *name, const char *value)
{
    buf_printf(form, "%s%s=", form->len > 0 ? "&" : "", name);
    for (const char *at = value; *at != '\0'; at++) {
        if (isalnum((unsigned char)*at) || strchr("-._~", *at) != NULL)
            buf_char(form, *at);
        else
            buf_printf(form, "%%%02X", (unsigned)(unsigned char)*at);
    }
}

rc_t slack_find(struct ctx *c, const struct channel_post *post, struct http_ask *out)
{
    struct slack_place place;

    TRY(slack_place(c, post->reply_to, &place));
    TRY(slack_call(c, post->api_base, post->secret,
                   place.thread_ts == NULL ? "conversations.history" : "conversations.replies",
                   "application/x-www-form-urlencoded", out));

    struct buf form = buf_new(c->mem, KIB(8));

    form_add(&form, "channel", place.channel);
    if (place.thread_ts != NULL)
        form_add(&form, "ts", place.thread_ts);
    form_add(&form, "oldest",
             text_printf(c->mem, "%lld.000000", (long long)(post->since_s - CLOCKS_S)));
    form_add(&form, "limit", text_printf(c->mem, "%d", PAGE));
    form_add(&form, "include_all_metadata", "true");
    if (post->cursor != NULL)
        form_add(&form, "cursor", post->cursor);
    out->body = buf_bytes(&form);
    if (form.over)
        return ctx_fail(c, E_UPSTREAM, "slack_cursor",
                        "Slack's page cursor is longer than we take");
    return OK;
}

/* Errors of a read that pass by themselves; with all others only a person can tell. */
static const char *const passing[] = {"ratelimited",      "rate_limited",        "internal_error",
                                      "fatal_error",      "service_unavailable", "request_timeout",
                                      "team_added_to_org"};

static void judge_refusal(struct ctx *c, const struct http_answer *http, const char *word,
                          struct channel_outcome *out)
{
    bool passes = http->status == 429 || http->status == 408 || http->status >= 500 ||
                  (http->status == 200 && word == NULL);

    for (size_t i = 0; word != NULL && i < COUNT_OF(passing); i++)
        passes = passes || strcmp(word, passing[i]) == 0;
    *out = (struct channel_outcome){
        .result = passes ? POST_LATER : POST_UNKNOWN,
        .why = word == NULL ? text_printf(c->mem, "http_%d", http->status)
                            : text_clean(c->mem, word, SLACK_WORD_MAX),
        .retry_after_ms = slack_wait_ms(http),
    };
}

static bool is_ours(const json_t *message, const char *token)
{
    const json_t *metadata = json_object_get(message, "metadata");

    return text_is(json_str(metadata, "event_type"), SLACK_METADATA) &&
           text_is(json_str(json_object_get(metadata, "event_payload"), "token"), token);
}

/*
 * A message of our own without our metadata: Slack hides metadata from us, and then its absence
 * says nothing.
 */
static bool is_bare(const json_t *message, const char *self)
{
    return self != NULL && text_is(json_str(message, "user"), self) &&
           json_str(json_object_get(message, "metadata"), "event_type") == NULL;
}

rc_t slack_found(struct ctx *c, const struct http_answer *http, const struct channel_post *post,
                 struct channel_outcome *out)
{
    struct slack_place place;
    bool bare = false;

    TRY(slack_place(c, post->reply_to, &place));

    const json_t *root = http->status == 200 ? slack_answer(c, http) : NULL;
    const json_t *messages = json_object_get(root, "messages");

    if (!json_is_true(json_object_get(root, "ok")) || !json_is_array(messages)) {
        judge_refusal(c, http, json_str(root, "error"), out);
        return OK;
    }
    for (size_t i = 0; i < json_array_size(messages); i++) {
        const json_t *message = json_array_get(messages, i);
        const char *ts = json_str(message, "ts");

        bare = bare || is_bare(message, post->self);
        if (is_ours(message, post->token) && slack_ts_valid(ts)) {
            *out = (struct channel_outcome){
                .result = POST_SENT,
                .provider_id = text_printf(c->mem, "%s:%s", place.channel, ts)};
            return OK;
        }
    }

    const char *cursor = json_str(json_object_get(root, "response_metadata"), "next_cursor");

    if (bare)
        *out = (struct channel_outcome){.result = POST_UNKNOWN, .why = "metadata_hidden"};
    else if (!text_blank(cursor))
        *out = (struct channel_outcome){.result = POST_MORE, .cursor = cursor};
    else if (json_is_true(json_object_get(root, "has_more")))
        *out = (struct channel_outcome){.result = POST_UNKNOWN, .why = "no_next_page"};
    else
        *out = (struct channel_outcome){.result = POST_ABSENT};
    return OK;
}
