/* See repeat.h. */
#include "api/repeat.h"

#include <string.h>

#include "core/idempotency.h"

#define KEY_MAX 255

bool repeat_fits(const struct route *route)
{
    return route->method == POST && route->status == 201;
}

static bool visible(const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < len; i++)
        if (key[i] <= ' ' || key[i] > '~')
            return false;
    return len >= 1 && len <= KEY_MAX;
}

/* All that makes the request what it is; lengths keep the parts apart. */
static struct bytes request_of(struct ctx *c, const struct req *rq)
{
    const char *query = rq->query == NULL ? "" : rq->query;
    struct buf b = buf_new(c->mem, rq->body.len + strlen(rq->path) + strlen(query) + KIB(1));

    buf_printf(&b, "POST %zu:%s %zu:%s ", strlen(rq->path), rq->path, strlen(query), query);
    buf_add(&b, rq->body.data, rq->body.len);
    return buf_bytes(&b);
}

rc_t repeat_begin(struct ctx *c, struct req *rq, const struct route *route)
{
    const char *key = rq->header(rq, "idempotency-key");
    struct idempotency *repeat;

    if (key == NULL || !repeat_fits(route))
        return OK;
    if (!visible(key))
        return ctx_fail(c, E_INVALID, "idempotency_key_malformed",
                        "Idempotency-Key must be 1 to %d visible ASCII characters.", KEY_MAX);
    repeat = arena_take(c->mem, sizeof(*repeat));
    *repeat = idempotency_of(c, key, request_of(c, rq));
    rq->repeat = repeat;
    return OK;
}

rc_t repeat_look(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct idempotent_answer before;

    if (rq->repeat == NULL)
        return OK;
    TRY(idempotency_lock(c, rq->repeat));
    TRY(idempotency_find(c, rq->repeat, &before));
    if (before.status == 0)
        return OK;
    if (!bytes_eq(before.request_hash, rq->repeat->request_hash))
        return ctx_fail(c, E_INVALID, "idempotency_key_reused",
                        "This Idempotency-Key was used for another request. Take a new one.");
    rs->status = (int)before.status;
    rs->type = "application/json";
    rs->body = bytes_of(before.body);
    res_header(rs, "idempotency-replayed", "true");
    return OK;
}

rc_t repeat_keep(struct ctx *c, const struct req *rq, const struct res *rs)
{
    if (rq->repeat == NULL || rs->status < 200 || rs->status > 299)
        return OK;
    return idempotency_keep(c, rq->repeat, rs->status, rs->body);
}
