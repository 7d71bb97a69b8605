/* See deliver.h. */
#include "flow/deliver.h"

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/shape.h"
#include "channels/channel.h"
#include "core/audit.h"
#include "core/connection.h"
#include "core/outbound.h"
#include "core/tenant_key.h"
#include "io/db.h"

#define GIVE_UP_MS (24 * 3600 * 1000LL)
#define WAIT_LEAST_MS 1000
#define WAIT_MOST_MS (600 * 1000LL)
#define PAGES_MAX 50

/* One delivery: what all parts share, and how it ends. */
struct delivery {
    const struct job *job;
    const struct channel *channel;
    const char *api_base, *secret, *self, *connection_id, *connection_state;
    int64_t timeout_ms;
    bool at_last; /* the part at hand is the last one */
    bool later;   /* not finished: the job runs again after wait_ms */
    int64_t wait_ms;
    const struct outbound *failed; /* the part that could not be sent, or NULL */
};

static rc_t open_connection(struct ctx *c, const char *id, struct delivery *d)
{
    struct connection connection;
    struct bytes token;

    TRY(connection_get(c, id, &connection));
    d->channel = channel_find(connection.channel);
    if (d->channel == NULL || d->channel->write == NULL)
        return ctx_fail(c, E_INTERNAL, "channel_unknown", "nothing can be posted to %s",
                        connection.channel);
    TRY(secret_open(c, connection_token_place(c->tenant_id, id), connection.bot_token, &token));
    d->secret = text_copy(c->mem, token.data, token.len);
    d->api_base = conf_named(d->channel->api_setting);
    d->self = connection.self;
    d->connection_id = id;
    d->connection_state = connection.state;
    return OK;
}

static struct channel_post post_of(const struct delivery *d, const struct outbound *part)
{
    return (struct channel_post){
        .token = part->token,
        .secret = d->secret,
        .reply_to = part->reply_to,
        .text = part->text,
        .api_base = d->api_base,
        .since_s = part->started_at,
        .self = d->self,
    };
}

/*
 * Writes down what became of a part. Only "sent" is true whoever holds the job by now; all else
 * would be wrong once another worker has begun to send it.
 */
static rc_t settle(struct ctx *c, const struct delivery *d, struct outbound *part,
                   const char *state, const char *provider_id, const char *fault)
{
    if (!text_is(state, "sent"))
        TRY(job_guard(c, d->job));
    TRY(outbound_settle(c, part->id, state, provider_id, fault));
    TRY(db_commit(c));
    part->state = state;
    part->fault = fault;
    return OK;
}

/*
 * A part that has arrived. Where the channel can tell so again, the mark is committed with what
 * comes next, and with the end of the job it need not even be on disk: lost, it is read back.
 */
static rc_t settle_sent(struct ctx *c, const struct delivery *d, struct outbound *part,
                        const char *provider_id)
{
    if (!d->channel->can_find)
        return settle(c, d, part, "sent", provider_id, NULL);
    if (d->at_last)
        db_relaxed(c);
    TRY(outbound_settle(c, part->id, "sent", provider_id, NULL));
    part->state = "sent";
    part->fault = NULL;
    return OK;
}

static void later(struct delivery *d, int64_t wait_ms)
{
    d->later = true;
    d->wait_ms = wait_ms;
    if (wait_ms < WAIT_LEAST_MS)
        d->wait_ms = WAIT_LEAST_MS;
    if (wait_ms > WAIT_MOST_MS)
        d->wait_ms = WAIT_MOST_MS;
}

/* Longer with each try, at least what the vendor asked for, and not for ever. */
static rc_t try_later(struct ctx *c, struct delivery *d, struct outbound *part, const char *why,
                      int64_t wait_ms)
{
    int64_t tries = part->attempts < 10 ? part->attempts : 10;
    int64_t backoff_ms = WAIT_LEAST_MS << tries;

    if (d->job->waited_ms > GIVE_UP_MS)
        return settle(c, d, part, "refused", NULL, why);
    later(d, wait_ms > backoff_ms ? wait_ms : backoff_ms);
    return settle(c, d, part, "pending", NULL, why);
}

/* A fault of the connection itself shows in the portal until a post goes through again. */
static rc_t mark_connection(struct ctx *c, struct delivery *d, const struct channel_outcome *o)
{
    const char *state = o->result == POST_SENT ? "connected"
                        : o->install_broken    ? "broken"
                                               : d->connection_state;

    if (text_is(state, d->connection_state))
        return OK;
    d->connection_state = state;
    TRY(connection_state(c, d->connection_id, state, o->result == POST_SENT ? NULL : o->why));
    return db_commit(c);
}

/* So long may a request that we know nothing of still be on its way. */
static int64_t in_flight_ms(const struct delivery *d)
{
    return 2 * d->timeout_ms;
}

static rc_t act(struct ctx *c, struct delivery *d, struct outbound *part,
                const struct channel_outcome *o)
{
    TRY(mark_connection(c, d, o));
    switch (o->result) {
    case POST_SENT:
        return settle_sent(c, d, part, o->provider_id);
    case POST_REFUSED:
        log_warn("deliver_refused", "job", d->job->id, "channel", d->channel->name, "why", o->why,
                 NULL);
        return settle(c, d, part, "refused", NULL, o->why);
    case POST_LATER:
        return try_later(c, d, part, o->why, o->retry_after_ms);
    case POST_UNKNOWN:
    case POST_ABSENT:
    case POST_MORE:
        break;
    }
    /* It stays `sending`: whoever takes the job up again settles it first. */
    log_info("deliver_unknown", "job", d->job->id, "channel", d->channel->name, "why", o->why,
             NULL);
    later(d, in_flight_ms(d));
    return OK;
}

/* One post. The intent is committed before the call. */
static rc_t send_part(struct ctx *c, struct delivery *d, struct outbound *part)
{
    struct channel_post post = post_of(d, part);
    struct channel_outcome outcome;
    struct http_answer answer;
    struct http_ask ask;

    rc_t rc = d->channel->write(c, &post, &ask);

    if (rc == E_INVALID || rc == E_LIMIT) {
        const char *why = c->fault.code;

        ctx_forgive(c);
        return settle(c, d, part, "refused", NULL, why);
    }
    TRY(rc);
    ask.connect_ms = d->timeout_ms / 2;
    ask.total_ms = d->timeout_ms;

    int64_t began_ms = clock_mono_ms();

    ask.send_by_ms = began_ms + d->timeout_ms / 2;
    TRY(outbound_sending(c, d->job, part->id));
    TRY(db_commit(c));
    part->attempts++;

    /*
     * A worker that was stopped in between may have lost the job without knowing it: better not to
     * send. The call looks once more, when it has its line.
     */
    if (clock_mono_ms() > ask.send_by_ms)
        return try_later(c, d, part, "paused", 0);
    if (http_call(c, &ask, &answer) == OK) {
        TRY(d->channel->wrote(c, &answer, &outcome));
    } else {
        outcome = (struct channel_outcome){.result = answer.maybe_sent ? POST_UNKNOWN : POST_LATER,
                                           .why = c->fault.code};
        ctx_forgive(c);
    }
    return act(c, d, part, &outcome);
}

/* Reads the thread, page by page, until it is clear whether the part was posted. */
static rc_t find_part(struct ctx *c, const struct delivery *d, const struct outbound *part,
                      struct channel_outcome *outcome)
{
    struct channel_post post = post_of(d, part);
    struct http_answer answer;
    struct http_ask ask;

    *outcome = (struct channel_outcome){.result = POST_UNKNOWN, .why = "too_many_pages"};
    for (int page = 0; page < PAGES_MAX; page++) {
        TRY(d->channel->find(c, &post, &ask));
        ask.total_ms = d->timeout_ms;
        ask.max_answer = MIB(8);
        if (http_call(c, &ask, &answer) != OK) {
            *outcome = (struct channel_outcome){.result = POST_LATER, .why = c->fault.code};
            ctx_forgive(c);
            return OK;
        }
        TRY(d->channel->found(c, &answer, &post, outcome));
        if (outcome->result != POST_MORE)
            return OK;
        post.cursor = outcome->cursor;
        *outcome = (struct channel_outcome){.result = POST_UNKNOWN, .why = "too_many_pages"};
    }
    return OK;
}

/*
 * A part that somebody was sending when he died. Afterwards it is sent, pending, or a person's, or
 * it must wait.
 */
static rc_t reconcile(struct ctx *c, struct delivery *d, struct outbound *part)
{
    struct channel_outcome outcome = {.result = POST_UNKNOWN, .why = "channel_can_not_tell"};

    if (part->sending_ms < in_flight_ms(d)) {
        later(d, in_flight_ms(d) - part->sending_ms);
        return OK;
    }
    /* Calls take their time: no transaction stays open over one. */
    TRY(db_commit(c));
    if (d->channel->can_find)
        TRY(find_part(c, d, part, &outcome));

    bool give_up = d->job->waited_ms > GIVE_UP_MS;

    if (outcome.result == POST_SENT) {
        log_info("deliver_found", "job", d->job->id, "channel", d->channel->name, NULL);
        return settle(c, d, part, "sent", outcome.provider_id, NULL);
    }
    if (outcome.result == POST_ABSENT) {
        log_info("deliver_absent", "job", d->job->id, "channel", d->channel->name, NULL);
        return settle(c, d, part, "pending", NULL, NULL);
    }
    if (outcome.result == POST_LATER && !give_up) {
        later(d, outcome.retry_after_ms > part->sending_ms / 2 ? outcome.retry_after_ms
                                                               : part->sending_ms / 2);
        return OK;
    }
    log_warn("deliver_needs_human", "job", d->job->id, "channel", d->channel->name, "why",
             outcome.why, NULL);
    return settle(c, d, part, "needs_human", NULL, outcome.why);
}

static rc_t deliver_part(struct ctx *c, struct delivery *d, struct outbound *part)
{
    if (text_is(part->state, "sending"))
        TRY(reconcile(c, d, part));
    if (!d->later && text_is(part->state, "pending"))
        TRY(send_part(c, d, part));
    return OK;
}

/* After a part that could not be sent, the rest of the answer would make no sense. */
static rc_t drop_rest(struct ctx *c, struct delivery *d, struct outbound *parts, size_t count,
                      size_t failed)
{
    d->failed = &parts[failed];
    for (size_t i = failed + 1; i < count; i++)
        if (text_is(parts[i].state, "pending"))
            TRY(settle(c, d, &parts[i], "refused", NULL, "earlier_part_failed"));
    return OK;
}

static rc_t deliver_parts(struct ctx *c, struct delivery *d, struct outbound *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        d->at_last = i + 1 == count;
        TRY(deliver_part(c, d, &parts[i]));
        if (d->later)
            return OK;
        if (!text_is(parts[i].state, "sent"))
            return drop_rest(c, d, parts, count, i);
    }
    return OK;
}

/* Ends the claim; an answer that did not arrive whole leaves an audit entry. */
static rc_t finish(struct ctx *c, const struct delivery *d)
{
    if (d->later) {
        TRY(job_later(c, d->job, d->wait_ms));
        return db_commit(c);
    }
    if (d->failed != NULL) {
        json_t *body = json_pack("{s:s, s:s?, s:I}", "connection", d->connection_id, "why",
                                 d->failed->fault, "part", (json_int_t)d->failed->part_no);
        const char *text = json_text(c->mem, body);

        json_decref(body);
        TRY(audit_add(c, "system", text_printf(c->mem, "delivery.%s", d->failed->state), d->job->id,
                      text));
    }
    TRY(job_done(c, d->job));
    return db_commit(c);
}

static rc_t deliver(struct ctx *c, struct delivery *d)
{
    struct outbound *parts;
    size_t count;

    TRY(outbound_list(c, d->job->id, &parts, &count));
    if (count > 0)
        TRY(open_connection(c, parts[0].connection_id, d));
    TRY(deliver_parts(c, d, parts, count));
    return finish(c, d);
}

rc_t deliver_job(struct ctx *c, const struct job *job)
{
    struct delivery d = {.job = job, .timeout_ms = conf_number(CONF_channel_seconds) * 1000};
    rc_t rc = deliver(c, &d);

    if (text_is(c->fault.code, "job_lost")) {
        struct fault lost = c->fault;

        /* What was sent stays true when the job was lost meanwhile. */
        TRY(db_commit(c));
        c->fault = lost;
    }
    return rc;
}
