/* See tenant_key.h. */
#include "core/tenant_key.h"

#include <string.h>

#include "base/conf.h"
#include "io/db.h"

#define KEY_BYTES 32

static struct seal_place key_place(struct ctx *c, int64_t key_id)
{
    return (struct seal_place){c->tenant_id, "tenant_key", "private_sealed",
                               text_printf(c->mem, "%lld", (long long)key_id)};
}

static rc_t master_key(struct ctx *c, const char **out)
{
    *out = conf_text(CONF_master_key);
    if (*out == NULL)
        return ctx_fail(c, E_FORBIDDEN, "no_master_key",
                        "This needs KONSTRUCT_MASTER_KEY, which is not set here.");
    return OK;
}

static const char *key_for(struct ctx *c, const char *token, enum conf now, enum conf previous)
{
    const char *older = conf_text(previous);

    return older != NULL && seal_key_id(c, token) == seal_secret_id(older) ? older : conf_text(now);
}

const char *key_master_for(struct ctx *c, const char *token)
{
    return key_for(c, token, CONF_master_key, CONF_master_key_previous);
}

const char *key_web_for(struct ctx *c, const char *token)
{
    return key_for(c, token, CONF_web_key, CONF_web_key_previous);
}

static const struct stmt q_add = {
    "tenant_key_add",
    "INSERT INTO tenant_key (tenant_id, key_id, public_key, private_sealed)"
    " VALUES (tenant_now(), $1, $2, $3) ON CONFLICT (tenant_id, key_id) DO NOTHING"};

static rc_t make_pair(struct ctx *c, int64_t key_id)
{
    unsigned char public_key[KEY_BYTES], private_key[KEY_BYTES];
    const struct bytes public_bytes = {(const char *)public_key, KEY_BYTES};
    const struct bytes private_bytes = {(const char *)private_key, KEY_BYTES};
    const char *master;

    TRY(master_key(c, &master));
    crypto_key_pair(public_key, private_key);

    const char *sealed = seal_with_key(c, master, key_place(c, key_id), private_bytes);

    crypto_wipe(private_key, sizeof(private_key));
    return db_exec(c, &q_add, ARGS(A(key_id), A(public_bytes), A(sealed)), NULL);
}

rc_t tenant_key_make(struct ctx *c)
{
    return make_pair(c, 1);
}

static const struct stmt q_newest = {"tenant_key_newest",
                                     "SELECT key_id, public_key FROM tenant_key WHERE tenant_id = "
                                     "tenant_now() ORDER BY key_id DESC LIMIT 1"};

static rc_t newest(struct ctx *c, struct db_rows *rows)
{
    TRY(db_rows(c, &q_newest, NO_ARGS, rows));
    return rows->count > 0
               ? OK
               : ctx_fail(c, E_UNAVAILABLE, "no_key_yet", "the tenant's key is still being made");
}

rc_t tenant_key_newest(struct ctx *c, int64_t *key_id)
{
    struct db_rows rows;

    TRY(newest(c, &rows));
    *key_id = db_int(&rows, 0, 0);
    return OK;
}

rc_t tenant_key_next(struct ctx *c, int64_t *key_id)
{
    TRY(tenant_key_newest(c, key_id));
    (*key_id)++;
    return make_pair(c, *key_id);
}

rc_t secret_seal(struct ctx *c, struct seal_place place, struct bytes plain, char **token)
{
    struct db_rows rows;
    struct bytes public_key;

    TRY(newest(c, &rows));
    TRY(db_raw(c, &rows, 0, 1, &public_key));
    *token = seal_to_tenant(c, (const unsigned char *)public_key.data, db_int(&rows, 0, 0), place,
                            plain);
    return OK;
}

static const struct stmt q_get = {"tenant_key_get",
                                  "SELECT public_key, private_sealed FROM tenant_key WHERE "
                                  "tenant_id = tenant_now() AND key_id = $1"};

rc_t secret_open(struct ctx *c, struct seal_place place, const char *token, struct bytes *plain)
{
    int64_t key_id = seal_key_id(c, token);
    const char *master;
    struct db_rows rows;
    struct bytes public_key, private_key;

    TRY(master_key(c, &master));
    TRY(db_rows(c, &q_get, ARGS(A(key_id)), &rows));
    if (rows.count == 0)
        return ctx_fail(c, E_INVALID, "seal_broken",
                        "a sealed value in %s.%s names no key of this tenant", place.table,
                        place.column);
    TRY(db_raw(c, &rows, 0, 0, &public_key));
    TRY(seal_open_key(c, key_master_for(c, db_text(&rows, 0, 1)), key_place(c, key_id),
                      db_text(&rows, 0, 1), &private_key));

    rc_t rc = seal_open_tenant(c, (const unsigned char *)public_key.data,
                               (const unsigned char *)private_key.data, place, token, plain);

    crypto_wipe((void *)(uintptr_t)private_key.data, private_key.len);
    return rc;
}

static const struct stmt q_retire = {
    "tenant_key_retire",
    "UPDATE tenant_key SET retired_at = now() WHERE tenant_id = tenant_now() AND key_id <> $1"
    " AND retired_at IS NULL"};
static const struct stmt q_destroy = {
    "tenant_key_destroy", "DELETE FROM tenant_key WHERE tenant_id = tenant_now() AND key_id <> $1"
                          " AND retired_at < now() - interval '1 day'"};

rc_t tenant_key_retire(struct ctx *c, int64_t key_id)
{
    TRY(db_exec(c, &q_destroy, ARGS(A(key_id)), NULL));
    return db_exec(c, &q_retire, ARGS(A(key_id)), NULL);
}

static const struct stmt q_all = {
    "tenant_key_all",
    "SELECT key_id, private_sealed FROM tenant_key WHERE tenant_id = tenant_now() ORDER BY key_id"};
static const struct stmt q_rewrap = {
    "tenant_key_rewrap",
    "UPDATE tenant_key SET private_sealed = $2 WHERE tenant_id = tenant_now() AND key_id = $1"};

rc_t tenant_key_rewrap(struct ctx *c, int64_t *done)
{
    const char *master;
    struct db_rows rows;
    struct bytes private_key;

    TRY(master_key(c, &master));
    TRY(db_rows(c, &q_all, NO_ARGS, &rows));
    for (int i = 0; i < rows.count; i++) {
        const struct seal_place place = key_place(c, db_int(&rows, i, 0));
        const char *old = db_text(&rows, i, 1);

        if (seal_key_id(c, old) == seal_secret_id(master))
            continue;
        TRY(seal_open_key(c, key_master_for(c, old), place, old, &private_key));
        const char *sealed = seal_with_key(c, master, place, private_key);
        crypto_wipe((void *)(uintptr_t)private_key.data, private_key.len);
        TRY(db_exec(c, &q_rewrap, ARGS(A(db_int(&rows, i, 0)), A(sealed)), NULL));
        (*done)++;
    }
    return OK;
}
