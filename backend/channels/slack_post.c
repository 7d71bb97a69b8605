/*
 * One part of an answer into Slack: chat.postMessage, and what Slack's reply means. The post
 * carries its token as message metadata, so that a crash can be settled by reading the thread
 * (slack_find.c). https://api.slack.com/methods/chat.postMessage
 */
#include <ctype.h>
#include <string.h>

#include "base/id.h"
#include "channels/mrkdwn.h"
#include "channels/slack.h"

#define WAIT_DEFAULT_MS 5000
#define WAIT_MIN_MS 1000

rc_t slack_place(struct ctx *c, const char *reply_to, struct slack_place *out)
{
    const char *colon = strchr(reply_to, ':');
    size_t len = colon == NULL ? strlen(reply_to) : (size_t)(colon - reply_to);

    *out = (struct slack_place){
        .channel = text_copy(c->mem, reply_to, len),
        .thread_ts = colon == NULL ? NULL : colon + 1,
    };
    if (!slack_id_valid(out->channel) || (colon != NULL && !slack_ts_valid(out->thread_ts)))
        return ctx_fail(c, E_INTERNAL, "slack_place", "reply_to is not a place in Slack");
    return OK;
}

/* Goes into a header line: nothing but visible ASCII. */
static bool token_valid(const char *token)
{
    size_t len = strlen(token);

    for (size_t i = 0; i < len; i++)
        if (!isgraph((unsigned char)token[i]))
            return false;
    return len > 0;
}

rc_t slack_call(struct ctx *c, const char *api_base, const char *secret, const char *method,
                const char *type, struct http_ask *out)
{
    if (secret == NULL || !token_valid(secret))
        return ctx_bad(c, "token", "token_malformed",
                       "The token has blanks or line breaks in it; copy it again.");
    *out = (struct http_ask){
        .method = "POST",
        .url = text_printf(c->mem, "%s/%s", api_base, method),
    };
    http_header_add(out, "Authorization", text_printf(c->mem, "Bearer %s", secret));
    http_header_add(out, "Content-Type", type);
    return OK;
}

/* client_msg_id must be a UUID; our tokens are, and any other becomes one. */
static const char *client_id(struct ctx *c, const char *token)
{
    return id_valid(token) ? token : id_of(c->mem, (struct bytes[]){bytes_of(token)}, 1);
}

rc_t slack_write(struct ctx *c, const struct channel_post *post, struct http_ask *out)
{
    struct slack_place place;
    const char *text;

    TRY(slack_place(c, post->reply_to, &place));
    TRY(mrkdwn_of(c, post->text, &text));
    TRY(slack_call(c, post->api_base, post->secret, "chat.postMessage",
                   "application/json; charset=utf-8", out));

    json_t *body = json_pack("{s:s, s:s*, s:s, s:b, s:b, s:b, s:s, s:{s:s, s:{s:s}}}", "channel",
                             place.channel, "thread_ts", place.thread_ts, "text", text,
                             "unfurl_links", 0, "unfurl_media", 0, "link_names", 0, "client_msg_id",
                             client_id(c, post->token), "metadata", "event_type", SLACK_METADATA,
                             "event_payload", "token", post->token);

    if (body == NULL)
        return ctx_fail(c, E_INTERNAL, "slack_text", "the answer is not UTF-8");
    out->body = bytes_of(json_text(c->mem, body));
    json_decref(body);
    return OK;
}

json_t *slack_answer(struct ctx *c, const struct http_answer *http)
{
    json_t *root;

    if (!text_utf8(http->body) || json_parse(c, http->body, &root) != OK) {
        ctx_forgive(c);
        return NULL;
    }
    return json_is_object(root) ? root : NULL;
}

int64_t slack_wait_ms(const struct http_answer *http)
{
    if (http->retry_after_ms < 0)
        return WAIT_DEFAULT_MS;
    return http->retry_after_ms < WAIT_MIN_MS ? WAIT_MIN_MS : http->retry_after_ms;
}

/*
 * What the words of Slack's errors mean for a post. Where Slack says that part of it may have
 * happened, it is POST_UNKNOWN. A word that is not here means that nothing was posted, and nobody
 * knows for how long: later, within the tries that a job has.
 */
static const struct {
    const char *word;
    enum channel_result result;
    bool install_broken;
} words[] = {
    {"ratelimited", POST_LATER, false},
    {"rate_limited", POST_LATER, false},
    {"message_limit_exceeded", POST_LATER, false},
    {"team_added_to_org", POST_LATER, false},
    {"org_login_required", POST_LATER, false},
    {"request_timeout", POST_LATER, false},
    {"fatal_error", POST_UNKNOWN, false},
    {"internal_error", POST_UNKNOWN, false},
    {"service_unavailable", POST_UNKNOWN, false},
    {"duplicate_message_not_found", POST_UNKNOWN, false},
    {"duplicate_channel_not_found", POST_UNKNOWN, false},
    {"not_authed", POST_REFUSED, true},
    {"invalid_auth", POST_REFUSED, true},
    {"token_revoked", POST_REFUSED, true},
    {"token_expired", POST_REFUSED, true},
    {"account_inactive", POST_REFUSED, true},
    {"missing_scope", POST_REFUSED, true},
    {"no_permission", POST_REFUSED, true},
    {"not_allowed_token_type", POST_REFUSED, true},
    {"team_access_not_granted", POST_REFUSED, true},
    {"access_denied", POST_REFUSED, true},
    {"accesslimited", POST_REFUSED, true},
    {"ekm_access_denied", POST_REFUSED, true},
    {"enterprise_is_restricted", POST_REFUSED, true},
    {"two_factor_setup_required", POST_REFUSED, true},
    {"channel_not_found", POST_REFUSED, false},
    {"channel_type_not_supported", POST_REFUSED, false},
    {"not_in_channel", POST_REFUSED, false},
    {"is_archived", POST_REFUSED, false},
    {"is_inactive", POST_REFUSED, false},
    {"restricted_action", POST_REFUSED, false},
    {"restricted_action_read_only_channel", POST_REFUSED, false},
    {"restricted_action_thread_only_channel", POST_REFUSED, false},
    {"restricted_action_non_threadable_channel", POST_REFUSED, false},
    {"restricted_action_thread_locked", POST_REFUSED, false},
    {"cannot_reply_to_message", POST_REFUSED, false},
    {"messages_tab_disabled", POST_REFUSED, false},
    {"user_disabled", POST_REFUSED, false},
    {"msg_too_long", POST_REFUSED, false},
    {"msg_blocks_too_long", POST_REFUSED, false},
    {"no_text", POST_REFUSED, false},
    {"invalid_arguments", POST_REFUSED, false},
    {"invalid_arg_name", POST_REFUSED, false},
    {"invalid_charset", POST_REFUSED, false},
    {"invalid_json", POST_REFUSED, false},
    {"invalid_post_type", POST_REFUSED, false},
    {"metadata_must_be_sent_from_app", POST_REFUSED, false},
    {"metadata_too_large", POST_REFUSED, false},
    {"invalid_metadata_format", POST_REFUSED, false},
    {"invalid_metadata_schema", POST_REFUSED, false},
    {"method_deprecated", POST_REFUSED, false},
    {"deprecated_endpoint", POST_REFUSED, false},
    {"unknown_method", POST_REFUSED, false},
};

static struct channel_outcome word_outcome(const char *word)
{
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcmp(words[i].word, word) == 0)
            return (struct channel_outcome){.result = words[i].result,
                                            .install_broken = words[i].install_broken};
    return (struct channel_outcome){.result = POST_LATER};
}

/* A status that is not 200 comes from before Slack's application, or from its collapse. */
static void judge_status(struct ctx *c, const struct http_answer *http, struct channel_outcome *out)
{
    out->why = text_printf(c->mem, "http_%d", http->status);
    if (http->status == 429)
        *out = (struct channel_outcome){
            .result = POST_LATER, .why = "ratelimited", .retry_after_ms = slack_wait_ms(http)};
    else if (http->status >= 300 && http->status < 500 && http->status != 408)
        out->result = POST_REFUSED;
    else
        out->result = POST_UNKNOWN;
}

rc_t slack_wrote(struct ctx *c, const struct http_answer *http, struct channel_outcome *out)
{
    *out = (struct channel_outcome){.result = POST_UNKNOWN, .why = "unreadable_answer"};
    if (http->status != 200) {
        judge_status(c, http, out);
        return OK;
    }

    const json_t *root = slack_answer(c, http);
    const char *word = json_str(root, "error");
    const char *channel = json_str(root, "channel");
    const char *ts = json_str(root, "ts");

    if (json_is_true(json_object_get(root, "ok"))) {
        if (slack_id_valid(channel) && slack_ts_valid(ts))
            *out = (struct channel_outcome){
                .result = POST_SENT, .provider_id = text_printf(c->mem, "%s:%s", channel, ts)};
    } else if (word != NULL) {
        *out = word_outcome(word);
        out->why = text_clean(c->mem, word, SLACK_WORD_MAX);
        out->retry_after_ms = slack_wait_ms(http);
    }
    return OK;
}
