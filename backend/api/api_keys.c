/* The API keys of a company: made, listed, given a new secret, revoked. */
#include "api/handlers.h"
#include "api/known.h"
#include "api/page.h"
#include "core/api_key.h"
#include "core/audit.h"
#include "core/cap_set.h"
#include "core/scope.h"

rc_t scopes_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct scope *items;
    size_t count;

    (void)rq;
    scope_list(c->mem, &items, &count);
    return res_list(c, rs, &scope_shape, items, count, NULL);
}

rc_t api_keys_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct api_key *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(api_key_list(c, &page, &items, &count));
    return res_page(c, rq, rs, &api_key_shape, items, count, &page);
}

rc_t api_keys_limits(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct api_key_limits limits;

    (void)rq;
    api_key_limits(&limits);
    return res_one(c, rs, 200, &api_key_limits_shape, &limits);
}

/* Takes the reference over. */
static rc_t record(struct ctx *c, const char *action, const char *id, json_t *about)
{
    const char *body = json_text(c->mem, about);

    json_decref(about);
    return audit_add(c, c->actor, action, id, body);
}

/* From its first moment on, so that no call goes without it. */
static rc_t add_cap(struct ctx *c, const struct req *rq, const struct new_api_key *in,
                    const char *id)
{
    const struct new_cap wanted = {.scope = "key",
                                   .scope_id = id,
                                   .period = in->cap_period == NULL ? "month" : in->cap_period,
                                   .limit_micros = in->cap_micros};
    struct cap_row cap;

    if (in->cap_micros == 0)
        return OK;
    if (!permits_has(rq->may, PERMISSION_caps_manage))
        return ctx_fail(c, E_FORBIDDEN, "not_permitted",
                        "A cap needs the permission caps:manage, which you do not have.");
    TRY(cap_row_add(c, &wanted, &cap));
    return record(c, "cap.added", cap.id,
                  json_pack("{s:s, s:s, s:s, s:I}", "scope", cap.scope, "scope_id", cap.scope_id,
                            "period", cap.period, "limit_micros", (json_int_t)cap.limit_micros));
}

rc_t api_keys_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct new_api_key in;
    struct api_key key;

    TRY(req_body(c, rq, &new_api_key_shape, &in));
    TRY(api_key_add(c, &in, rq->may, &key));
    TRY(record(c, "key.created", key.id,
               json_pack("{s:s, s:s, s:s?, s:I}", "name", key.name, "scopes", key.scopes, "models",
                         key.models, "expires", (json_int_t)key.expires)));
    TRY(add_cap(c, rq, &in, key.id));
    return res_one(c, rs, 201, &api_key_made_shape, &key);
}

rc_t api_keys_change(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct api_key_change in;
    struct api_key key;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &api_key_change_shape, &in));
    TRY(api_key_change(c, id, &in, &key));
    known_changed(rs);
    TRY(record(c, "key.changed", id,
               json_pack("{s:s, s:s?}", "name", key.name, "models", key.models)));
    return res_one(c, rs, 200, &api_key_shape, &key);
}

rc_t api_keys_rotate(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct rotation in;
    struct api_key key;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &rotation_shape, &in));
    TRY(api_key_rotate(c, id, &in, &key));
    known_changed(rs);
    TRY(record(c, "key.rotated", id,
               json_pack("{s:s, s:I}", "name", key.name, "old_until", (json_int_t)key.old_until)));
    return res_one(c, rs, 200, &api_key_made_shape, &key);
}

rc_t api_keys_revoke(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(api_key_revoke(c, id));
    known_changed(rs);
    rs->status = 204;
    return record(c, "key.revoked", id, json_object());
}
