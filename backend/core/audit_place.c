/* See audit_place.h. */
#include "core/audit_place.h"

#include "base/id.h"
#include "base/log.h"
#include "core/outbound.h"
#include "io/db.h"

static const struct field fields[] = {
    FIELD(struct audit_place, connection_id, READ_ONLY | NULLABLE, 36, NULL),
    FIELD(struct audit_place, channel, READ_ONLY | NULLABLE, 40, "slack, ..."),
    FIELD(struct audit_place, name, READ_ONLY | NULLABLE, 200, "The workspace"),
    FIELD(struct audit_place, place, READ_ONLY | NULLABLE, 100, "Where in it: a channel's id"),
    FIELD(struct audit_place, state, READ_ONLY, 20,
          "none (no place is chosen), waiting, sent or failed, of the newest post"),
    FIELD(struct audit_place, fault, READ_ONLY | NULLABLE, 200, "Why the newest post failed"),
    FIELD(struct audit_place, posted, READ_ONLY, 0,
          "When the newest post was made, seconds UTC; 0: none yet"),
};
const struct shape audit_place_shape = SHAPE("AuditPlace", struct audit_place, fields);

static const struct field choice_fields[] = {
    FIELD(struct audit_place_choice, connection_id, REQUIRED, 36, NULL),
    FIELD(struct audit_place_choice, place, REQUIRED, 100, "A channel's id, such as C024BE91L"),
};
const struct shape audit_place_choice_shape = SHAPE("AuditPlaceChoice", struct audit_place_choice,
                                                    choice_fields);

static const struct field channel_fields[] = {
    FIELD(struct audit_channel, connection_id, READ_ONLY, 36, NULL),
    FIELD(struct audit_channel, channel, READ_ONLY, 40, "slack, ..."),
    FIELD(struct audit_channel, name, READ_ONLY | NULLABLE, 200, "The workspace"),
};
const struct shape audit_channel_shape = SHAPE("AuditChannel", struct audit_channel,
                                               channel_fields);

static const struct stmt q_channels = {
    "audit_channels", "SELECT id AS connection_id, channel, coalesce(shown_name, install) AS name,"
                      " created_at::text AS page_key, id AS page_id FROM connection"
                      " WHERE tenant_id = tenant_now() AND state <> 'removed'"
                      " AND ($1::text IS NULL OR (created_at, id) > ($1::timestamptz, $2::uuid))"
                      " ORDER BY created_at, id LIMIT $3"};

rc_t audit_channel_list(struct ctx *c, struct page *page, struct audit_channel **items,
                        size_t *count)
{
    return db_page(c, &q_channels, page, NO_ARGS, &audit_channel_shape, (void **)items, count);
}

static const struct stmt q_channel = {
    "audit_channel", "SELECT id AS connection_id, channel, coalesce(shown_name, install) AS name"
                     " FROM connection WHERE tenant_id = tenant_now() AND id = $1 AND state <> "
                     "'removed'"};

rc_t audit_channel_get(struct ctx *c, const char *connection_id, struct audit_channel *out)
{
    return db_one(c, &q_channel, ARGS(A(connection_id)), &audit_channel_shape, out);
}

/* A post that was removed with its connection, or not made for that, has failed as well. */
static const struct stmt q_get = {
    "audit_place_get",
    "SELECT p.connection_id, k.channel, coalesce(k.shown_name, k.install) AS name, p.place,"
    " CASE WHEN k.state = 'removed' THEN 'failed' WHEN o.state = 'sent' THEN 'sent'"
    "  WHEN o.state IN ('refused', 'needs_human') THEN 'failed' ELSE 'waiting' END AS state,"
    " CASE WHEN k.state = 'removed' THEN 'connection_removed' ELSE o.fault END AS fault,"
    " coalesce(extract(epoch FROM o.created_at), 0)::bigint AS posted"
    " FROM audit_place p JOIN connection k ON k.tenant_id = p.tenant_id AND k.id = p.connection_id"
    " LEFT JOIN outbound o ON o.tenant_id = p.tenant_id AND o.job_id = p.job_id AND o.part_no = 0"
    " WHERE p.tenant_id = tenant_now()"};

rc_t audit_place_get(struct ctx *c, struct audit_place *out)
{
    rc_t rc = db_one(c, &q_get, NO_ARGS, &audit_place_shape, out);

    if (rc != E_NOT_FOUND)
        return rc;
    ctx_forgive(c);
    *out = (struct audit_place){.state = "none"};
    return OK;
}

static const struct stmt q_set = {
    "audit_place_set",
    "INSERT INTO audit_place (tenant_id, connection_id, place)"
    " SELECT tenant_now(), k.id, $2 FROM connection k WHERE k.tenant_id = tenant_now() AND k.id = "
    "$1 AND k.state <> 'removed'"
    " ON CONFLICT (tenant_id) DO UPDATE SET connection_id = excluded.connection_id, place = "
    "excluded.place, job_id = NULL"};

rc_t audit_place_set(struct ctx *c, const struct audit_place_choice *in)
{
    int64_t set;

    TRY(db_exec(c, &q_set, ARGS(A(in->connection_id), A(in->place)), &set));
    return set == 1 ? OK : ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such connection.");
}

static const struct stmt q_drop = {"audit_place_drop",
                                   "DELETE FROM audit_place WHERE tenant_id = tenant_now()"};

rc_t audit_place_drop(struct ctx *c)
{
    return db_exec(c, &q_drop, NO_ARGS, NULL);
}

static const struct stmt q_posted = {
    "audit_place_posted", "UPDATE audit_place SET job_id = $1 WHERE tenant_id = tenant_now()"};

rc_t audit_place_post(struct ctx *c, const char *text, const char **job_id)
{
    const struct job carrier = {.id = id_new(c->mem)};
    struct audit_place at;

    *job_id = NULL;
    TRY(audit_place_get(c, &at));
    if (text_is(at.fault, "connection_removed")) {
        log_warn("anchor_not_posted", "tenant", c->tenant_id, "why", at.fault, NULL);
        return OK;
    }
    if (text_is(at.state, "none"))
        return OK;
    TRY(job_add(c, carrier.id, "delivery", carrier.id, carrier.id));
    TRY(outbound_add(c, &carrier, 0, at.connection_id, at.place, text));
    TRY(db_exec(c, &q_posted, ARGS(A(carrier.id)), NULL));
    *job_id = carrier.id;
    return OK;
}
