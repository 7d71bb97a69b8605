/* See idempotency.h. */
#include "core/idempotency.h"

#include "base/conf.h"
#include "base/id.h"
#include "core/tenant_key.h"
#include "io/crypto.h"
#include "io/db.h"

#define SWEEP_PAGE 1000

static const char *asker_of(const struct ctx *c)
{
    return c->actor == NULL ? "nobody" : c->actor;
}

struct idempotency idempotency_of(struct ctx *c, const char *key, struct bytes request)
{
    unsigned char *hash = arena_take(c->mem, 32);
    const char *secret = conf_text(CONF_web_key);

    crypto_hmac_sha256(bytes_of(secret == NULL ? "" : secret), request, hash);
    return (struct idempotency){
        .tenant_id = c->tenant_id == NULL ? IDEMPOTENCY_NOBODY : c->tenant_id,
        .id = ID_OF(c->mem, BYTES("idempotency"), bytes_of(asker_of(c)), bytes_of(key)),
        .request_hash = {(const char *)hash, 32}};
}

/* Runs in the tenant of the request, which is nobody's while somebody signs up. */
static rc_t within(struct ctx *c, const struct idempotency *i,
                   rc_t (*what)(struct ctx *c, const struct idempotency *i, void *arg), void *arg)
{
    const char *own = c->tenant_id;

    if (text_is(own, i->tenant_id))
        return what(c, i, arg);
    TRY(db_tenant(c, i->tenant_id));
    TRY(what(c, i, arg));
    return db_tenant(c, own);
}

static const struct stmt q_lock = {
    "idempotency_lock", "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))::int"};

rc_t idempotency_lock(struct ctx *c, const struct idempotency *i)
{
    const char *name = text_printf(c->mem, "idempotency %s %s", i->tenant_id, i->id);
    struct db_rows rows;

    TRY(db_rows(c, &q_lock, ARGS(A(name)), &rows));
    if (db_int(&rows, 0, 0) == 1)
        return OK;
    ctx_fail(
        c, E_CONFLICT, "idempotency_under_way",
        "A request with this Idempotency-Key is being worked on. Wait a second and repeat it.");
    c->fault.wait_s = 1;
    return E_CONFLICT;
}

static struct seal_place place_of(const struct idempotency *i)
{
    return (struct seal_place){i->tenant_id, "idempotency", "answer_sealed", i->id};
}

static const struct stmt q_find = {
    "idempotency_find",
    "SELECT status, request_hash, answer_sealed FROM idempotency"
    " WHERE tenant_id = tenant_now() AND id = $1 AND made_at > now() - make_interval(hours => $2)"};

static const struct stmt q_room = {
    "idempotency_room",
    "SELECT count(*), coalesce(ceil(extract(epoch FROM min(made_at) + make_interval(hours => $1) -"
    " now())), 0)::bigint FROM (SELECT made_at FROM idempotency WHERE tenant_id = tenant_now()"
    " AND made_at > now() - make_interval(hours => $1) ORDER BY made_at LIMIT $2) AS kept"};

static rc_t room(struct ctx *c)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_room, ARGS(A(IDEMPOTENCY_HOURS), A(IDEMPOTENCY_MOST)), &rows));
    if (db_int(&rows, 0, 0) < IDEMPOTENCY_MOST)
        return OK;
    return ctx_over(
        c, "idempotency_full", "idempotency_keys", db_int(&rows, 0, 1),
        "Your company has used %d Idempotency-Keys within a day. Wait, or send this without.",
        IDEMPOTENCY_MOST);
}

static rc_t find(struct ctx *c, const struct idempotency *i, void *arg)
{
    struct idempotent_answer *out = arg;
    struct db_rows rows;
    struct bytes body;
    const char *sealed;

    TRY(db_rows(c, &q_find, ARGS(A(i->id), A(IDEMPOTENCY_HOURS)), &rows));
    if (rows.count == 0)
        return room(c);
    TRY(db_raw(c, &rows, 0, 1, &out->request_hash));
    sealed = db_text(&rows, 0, 2);
    if (seal_open_key(c, key_web_for(c, sealed), place_of(i), sealed, &body) != OK) {
        ctx_forgive(c);
        return ctx_fail(c, E_CONFLICT, "idempotency_lost",
                        "This was done, and its answer is not kept any more.");
    }
    out->body = text_copy(c->mem, body.data, body.len);
    out->status = db_int(&rows, 0, 0);
    return OK;
}

rc_t idempotency_find(struct ctx *c, const struct idempotency *i, struct idempotent_answer *out)
{
    *out = (struct idempotent_answer){.status = 0};
    return within(c, i, find, out);
}

static const struct stmt q_keep = {
    "idempotency_keep",
    "INSERT INTO idempotency AS i (tenant_id, id, request_hash, status, answer_sealed)"
    " VALUES (tenant_now(), $1, $2, $3, $4) ON CONFLICT (tenant_id, id) DO UPDATE"
    " SET request_hash = excluded.request_hash, status = excluded.status,"
    "  answer_sealed = excluded.answer_sealed, made_at = now()"
    " WHERE i.made_at <= now() - make_interval(hours => $5)"};

static rc_t keep(struct ctx *c, const struct idempotency *i, void *arg)
{
    const struct idempotent_answer *a = arg;
    int64_t kept;

    TRY(db_exec(c, &q_keep,
                ARGS(A(i->id), A(i->request_hash), A(a->status), A(a->body), A(IDEMPOTENCY_HOURS)),
                &kept));
    /* Behind the lock nobody can have been quicker; if so, one of the two is too many. */
    return kept == 1 ? OK
                     : ctx_fail(c, E_CONFLICT, "idempotency_under_way",
                                "A request with this Idempotency-Key was done meanwhile.");
}

rc_t idempotency_keep(struct ctx *c, const struct idempotency *i, int64_t status, struct bytes body)
{
    struct idempotent_answer sealed = {
        .status = status, .body = seal_with_key(c, conf_text(CONF_web_key), place_of(i), body)};

    return within(c, i, keep, &sealed);
}

static const struct stmt q_sweep = {"idempotency_sweep", "SELECT idempotency_sweep($1)"};

rc_t idempotency_sweep(struct ctx *c)
{
    struct db_rows rows;

    do {
        TRY(db_rows(c, &q_sweep, ARGS(A(SWEEP_PAGE)), &rows));
        TRY(db_commit(c));
    } while (db_int(&rows, 0, 0) > 0);
    return OK;
}
