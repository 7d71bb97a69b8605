/* See post_place.h. */
#include "core/post_place.h"

#include "base/id.h"
#include "base/log.h"
#include "core/outbound.h"
#include "io/db.h"

static const struct field fields[] = {
    FIELD(struct post_place, connection_id, READ_ONLY | NULLABLE, 36, NULL),
    FIELD(struct post_place, channel, READ_ONLY | NULLABLE, 40, "slack, ..."),
    FIELD(struct post_place, name, READ_ONLY | NULLABLE, 200, "The workspace"),
    FIELD(struct post_place, place, READ_ONLY | NULLABLE, 100, "Where in it: a channel's id"),
    FIELD(struct post_place, state, READ_ONLY, 20,
          "none (no place is chosen), waiting, sent or failed, of the newest post"),
    FIELD(struct post_place, fault, READ_ONLY | NULLABLE, 200, "Why the newest post failed"),
    FIELD(struct post_place, posted, READ_ONLY, 0,
          "When the newest post was made, seconds UTC; 0: none yet"),
};
const struct shape post_place_shape = SHAPE("PostPlace", struct post_place, fields);

static const struct field choice_fields[] = {
    FIELD(struct post_place_choice, connection_id, REQUIRED, 36, NULL),
    FIELD(struct post_place_choice, place, REQUIRED, 100, "A channel's id, such as C024BE91L"),
};
const struct shape post_place_choice_shape = SHAPE("PostPlaceChoice", struct post_place_choice,
                                                   choice_fields);

static const struct field channel_fields[] = {
    FIELD(struct post_channel, connection_id, READ_ONLY, 36, NULL),
    FIELD(struct post_channel, channel, READ_ONLY, 40, "slack, ..."),
    FIELD(struct post_channel, name, READ_ONLY | NULLABLE, 200, "The workspace"),
};
const struct shape post_channel_shape = SHAPE("PostChannel", struct post_channel, channel_fields);

static const struct stmt q_channels = {
    "post_channels", "SELECT id AS connection_id, channel, coalesce(shown_name, install) AS name,"
                     " created_at::text AS page_key, id AS page_id FROM connection"
                     " WHERE tenant_id = tenant_now() AND state <> 'removed'"
                     " AND ($1::text IS NULL OR (created_at, id) > ($1::timestamptz, $2::uuid))"
                     " ORDER BY created_at, id LIMIT $3"};

rc_t post_channel_list(struct ctx *c, struct page *page, struct post_channel **items, size_t *count)
{
    return db_page(c, &q_channels, page, NO_ARGS, &post_channel_shape, (void **)items, count);
}

static const struct stmt q_channel = {
    "post_channel", "SELECT id AS connection_id, channel, coalesce(shown_name, install) AS name"
                    " FROM connection WHERE tenant_id = tenant_now() AND id = $1 AND state <> "
                    "'removed'"};

rc_t post_channel_get(struct ctx *c, const char *connection_id, struct post_channel *out)
{
    return db_one(c, &q_channel, ARGS(A(connection_id)), &post_channel_shape, out);
}

/* A post that was removed with its connection, or not made for that, has failed as well. */
static const struct stmt q_get = {
    "post_place_get",
    "SELECT p.connection_id, k.channel, coalesce(k.shown_name, k.install) AS name, p.place,"
    " CASE WHEN k.state = 'removed' THEN 'failed' WHEN o.state = 'sent' THEN 'sent'"
    "  WHEN o.state IN ('refused', 'needs_human') THEN 'failed' ELSE 'waiting' END AS state,"
    " CASE WHEN k.state = 'removed' THEN 'connection_removed' ELSE o.fault END AS fault,"
    " coalesce(extract(epoch FROM o.created_at), 0)::bigint AS posted"
    " FROM post_place p JOIN connection k ON k.tenant_id = p.tenant_id AND k.id = p.connection_id"
    " LEFT JOIN outbound o ON o.tenant_id = p.tenant_id AND o.job_id = p.job_id AND o.part_no = 0"
    " WHERE p.tenant_id = tenant_now() AND p.what = $1"};

rc_t post_place_get(struct ctx *c, const char *what, struct post_place *out)
{
    rc_t rc = db_one(c, &q_get, ARGS(A(what)), &post_place_shape, out);

    if (rc != E_NOT_FOUND)
        return rc;
    ctx_forgive(c);
    *out = (struct post_place){.state = "none"};
    return OK;
}

static const struct stmt q_set = {
    "post_place_set",
    "INSERT INTO post_place (tenant_id, what, connection_id, place)"
    " SELECT tenant_now(), $3, k.id, $2 FROM connection k WHERE k.tenant_id = tenant_now() AND "
    "k.id = "
    "$1 AND k.state <> 'removed'"
    " ON CONFLICT (tenant_id, what) DO UPDATE SET connection_id = excluded.connection_id, place = "
    "excluded.place, job_id = NULL"};

rc_t post_place_set(struct ctx *c, const char *what, const struct post_place_choice *in)
{
    int64_t set;

    TRY(db_exec(c, &q_set, ARGS(A(in->connection_id), A(in->place), A(what)), &set));
    return set == 1 ? OK : ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such connection.");
}

static const struct stmt q_drop = {
    "post_place_drop", "DELETE FROM post_place WHERE tenant_id = tenant_now() AND what = $1"};

rc_t post_place_drop(struct ctx *c, const char *what)
{
    return db_exec(c, &q_drop, ARGS(A(what)), NULL);
}

static const struct stmt q_posted = {
    "post_place_posted",
    "UPDATE post_place SET job_id = $1 WHERE tenant_id = tenant_now() AND what = $2"};

rc_t post_place_post(struct ctx *c, const char *what, const char *text, const char **job_id)
{
    const struct job carrier = {.id = id_new(c->mem)};
    struct post_place at;

    *job_id = NULL;
    TRY(post_place_get(c, what, &at));
    if (text_is(at.fault, "connection_removed")) {
        log_warn("not_posted", "tenant", c->tenant_id, "what", what, "why", at.fault, NULL);
        return OK;
    }
    if (text_is(at.state, "none"))
        return OK;
    TRY(job_add(c, carrier.id, "delivery", carrier.id, carrier.id));
    TRY(outbound_add(c, &carrier, 0, at.connection_id, at.place, text));
    TRY(db_exec(c, &q_posted, ARGS(A(carrier.id), A(what)), NULL));
    *job_id = carrier.id;
    return OK;
}
