/*
 * Slack's Events API: the envelope, and which of its events are somebody talking to us.
 * https://api.slack.com/apis/events-api
 */
#include <string.h>
#include <strings.h>

#include "channels/slack.h"

#define CHALLENGE_MAX 256
#define CUT_MARK " [...]"
#define FILES_MAX 20
#define FILE_NAME_MAX 200

static rc_t parse(struct ctx *c, const struct hook *hook, json_t **root)
{
    if (!text_utf8(hook->body))
        return ctx_fail(c, E_INVALID, "hook_not_utf8", "The body is not UTF-8.");
    TRY(json_parse(c, hook->body, root));
    if (!json_is_object(*root))
        return ctx_fail(c, E_INVALID, "hook_shape", "The body must be a JSON object.");
    return OK;
}

/*
 * The installation that an event was sent for. Slack says it in `authorizations` (one entry, since
 * 2021); what stands outside is the workspace where it happened, which differs in channels shared
 * between companies.
 */
static const char *installation(const json_t *root)
{
    const json_t *first = json_array_get(json_object_get(root, "authorizations"), 0);
    const char *team = json_str(first, "team_id");

    if (team == NULL)
        team = json_str(root, "team_id");
    if (team == NULL)
        team = json_str(first, "enterprise_id");
    return team != NULL ? team : json_str(root, "enterprise_id");
}

static rc_t check_type(struct ctx *c, const struct hook *hook)
{
    const char *type = hook->header(hook->native, "content-type");

    if (type == NULL || strncasecmp(type, "application/json", strlen("application/json")) != 0)
        return ctx_fail(c, E_INVALID, "not_json", "Slack's events come as application/json.");
    return OK;
}

rc_t slack_claim(struct ctx *c, const struct hook *hook, struct hook_claim *out)
{
    json_t *root;

    TRY(slack_fresh(c, hook));
    TRY(check_type(c, hook));
    TRY(parse(c, hook, &root));
    *out = (struct hook_claim){.install = installation(root), .app = json_str(root, "api_app_id")};
    if (out->install != NULL && !slack_id_valid(out->install))
        return ctx_fail(c, E_INVALID, "hook_shape", "team_id is not an id as Slack makes them.");
    if (out->app != NULL && !slack_id_valid(out->app))
        return ctx_fail(c, E_INVALID, "hook_shape", "api_app_id is not an id as Slack makes them.");
    return OK;
}

/* Subtypes of `message`. Those without a reason are people talking; unknown ones are not. */
static const struct {
    const char *subtype, *why;
} subtypes[] = {
    {"file_share", NULL},
    {"thread_broadcast", NULL},
    {"me_message", NULL},
    {"bot_message", "bot"},
    {"message_changed", "edit"},
    {"message_deleted", "delete"},
    {"message_replied", "reply_count"},
    {"channel_join", "join"},
    {"group_join", "join"},
    {"channel_leave", "leave"},
    {"group_leave", "leave"},
};

static const char *subtype_why(const char *subtype)
{
    if (subtype == NULL)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(subtypes); i++)
        if (strcmp(subtypes[i].subtype, subtype) == 0)
            return subtypes[i].why;
    return "subtype";
}

/* Why this event needs no answer whoever wrote it, or NULL. */
static const char *ignore_why(const json_t *event, const char *self)
{
    const char *type = json_str(event, "type");
    const char *user = json_str(event, "user");
    const char *why = subtype_why(json_str(event, "subtype"));

    if (!text_is(type, "message") && !text_is(type, "app_mention"))
        return "other";
    if (why != NULL)
        return why;
    if (json_is_true(json_object_get(event, "hidden")))
        return "hidden";
    if (user != NULL && text_is(user, self))
        return "self";
    if (json_str(event, "bot_id") != NULL ||
        json_is_object(json_object_get(event, "bot_profile")) || text_is(user, "USLACKBOT"))
        return "bot";
    return NULL;
}

static bool is_direct(const json_t *event, const char *channel)
{
    const char *type = json_str(event, "channel_type");

    return type == NULL ? channel[0] == 'D' : strcmp(type, "im") == 0;
}

/* Files can't be read yet; their names are, so that nobody is answered as if there were none. */
static void add_files(struct buf *text, const json_t *files)
{
    for (size_t i = 0; i < json_array_size(files) && i < FILES_MAX; i++) {
        const char *name = json_str(json_array_get(files, i), "name");

        buf_printf(text, "%s[file: %s]", text->len > 0 ? "\n" : "",
                   name == NULL ? "without a name" : text_clean(text->mem, name, FILE_NAME_MAX));
    }
}

static const char *message_text(struct ctx *c, const json_t *event, const char *self)
{
    const char *raw = json_str(event, "text");
    const char *plain = slack_plain(c->mem, raw == NULL ? "" : raw, self);
    size_t len = strlen(plain);
    struct buf text = buf_new(c->mem, 4 * (size_t)HOOK_TEXT_MAX);

    if (!text_blank(plain))
        buf_add(&text, plain, text_cut(plain, len, HOOK_TEXT_MAX - sizeof(CUT_MARK)));
    if (len > text.len && text.len > 0)
        buf_text(&text, CUT_MARK);

    size_t said = text.len;

    add_files(&text, json_object_get(event, "files"));
    if (text.len > HOOK_TEXT_MAX)
        return text_copy(c->mem, buf_str(&text), said);
    return buf_str(&text);
}

static const char *author_name(struct ctx *c, const json_t *event)
{
    const json_t *profile = json_object_get(event, "user_profile");
    const char *name = json_str(profile, "display_name");

    if (text_blank(name))
        name = json_str(profile, "real_name");
    return name == NULL ? NULL : text_clean(c->mem, name, HOOK_NAME_MAX);
}

static void ignore(struct hook_event *out, const char *why)
{
    *out = (struct hook_event){.kind = HOOK_IGNORE, .why = why};
}

static rc_t read_message(struct ctx *c, const json_t *event, const char *self,
                         struct hook_event *out)
{
    const char *channel = json_str(event, "channel");
    const char *ts = json_str(event, "ts");
    const char *thread_ts = json_str(event, "thread_ts");
    const char *user = json_str(event, "user");
    const char *raw = json_str(event, "text");

    if (!slack_id_valid(channel) || !slack_ts_valid(ts) || !slack_id_valid(user) ||
        (thread_ts != NULL && !slack_ts_valid(thread_ts)))
        return ctx_fail(c, E_INVALID, "hook_shape", "The message lacks its channel, ts or user.");

    bool direct = is_direct(event, channel);
    bool named = text_is(json_str(event, "type"), "app_mention") ||
                 (raw != NULL && slack_mentions(raw, self));
    bool in_thread = thread_ts != NULL && strcmp(thread_ts, ts) != 0;
    const char *thread = direct && !in_thread ? NULL : (thread_ts != NULL ? thread_ts : ts);
    const char *place = thread == NULL ? channel : text_printf(c->mem, "%s:%s", channel, thread);

    *out = (struct hook_event){
        .kind = HOOK_MESSAGE,
        .message_key = text_printf(c->mem, "%s:%s", channel, ts),
        .thread_key = place,
        .reply_to = place,
        .author = user,
        .author_name = author_name(c, event),
        .text = message_text(c, event, self),
        .only_if_known_thread = !direct && !named,
    };
    if (text_int(text_copy(c->mem, ts, strcspn(ts, ".")), &out->sent_s) != OK)
        return ctx_fail(c, E_INVALID, "hook_shape", "ts is not a time.");
    if (!direct && !named && !in_thread)
        ignore(out, "not_addressed");
    else if (text_blank(out->text))
        ignore(out, "empty");
    return OK;
}

static rc_t read_challenge(struct ctx *c, const json_t *root, struct hook_event *out)
{
    const char *challenge = json_str(root, "challenge");
    size_t len = challenge == NULL ? 0 : strlen(challenge);

    for (size_t i = 0; i < len; i++)
        if (challenge[i] < 0x21 || challenge[i] > 0x7e)
            len = 0;
    if (len == 0 || len > CHALLENGE_MAX)
        return ctx_fail(c, E_INVALID, "hook_shape",
                        "url_verification carries no challenge that could be sent back.");
    *out = (struct hook_event){.kind = HOOK_CHALLENGE, .challenge = challenge};
    return OK;
}

rc_t slack_read(struct ctx *c, const struct hook *hook, const char *self, struct hook_event *out)
{
    json_t *root;

    TRY(parse(c, hook, &root));

    const json_t *event = json_object_get(root, "event");
    const char *type = json_str(root, "type");

    if (text_is(type, "url_verification"))
        return read_challenge(c, root, out);
    if (type == NULL || (strcmp(type, "event_callback") == 0 && !json_is_object(event)))
        return ctx_fail(c, E_INVALID, "hook_shape", "The body has no type, or no event in it.");
    if (strcmp(type, "event_callback") != 0) {
        ignore(out, "other");
        return OK;
    }

    const char *why = ignore_why(event, self);

    if (why == NULL)
        return read_message(c, event, self, out);
    ignore(out, why);
    return OK;
}
