/* See key_rotation.h. */
#include "core/key_rotation.h"

#include "base/conf.h"
#include "core/factor.h"
#include "core/tenant_key.h"
#include "io/db.h"

#define PAGE 100
#define NO_ID "00000000-0000-0000-0000-000000000000"

enum for_whom { TENANT, WEB };

/*
 * An update changes nothing when the value was replaced meanwhile: the new one is sealed anew
 * already.
 */
static const struct sealed {
    enum for_whom whom;
    const char *table, *column;
    struct stmt page, update;
    /* of values of people, who belong to several tenants; NULL: they are the tenant's own */
    struct seal_place (*place)(const char *row);
} sealed_columns[] = {
    {WEB,
     "person_factor",
     "secret_sealed",
     {"sealed_page_factor", "SELECT id, sealed FROM factor_sealed($1, $2)"},
     {"sealed_update_factor", "SELECT factor_reseal($1, $2, $3)"},
     factor_place},
#define SEALED(table, column, whom)                                             \
    {whom,                                                                      \
     #table,                                                                    \
     #column,                                                                   \
     {"sealed_page_" #table "_" #column,                                        \
      "SELECT id, " #column " FROM " #table                                     \
      " WHERE tenant_id = tenant_now() AND id > $1::uuid AND " #column          \
      " IS NOT NULL ORDER BY id LIMIT $2"},                                     \
     {"sealed_update_" #table "_" #column,                                      \
      "UPDATE " #table " SET " #column                                          \
      " = $3 WHERE tenant_id = tenant_now() AND id = $1 AND " #column " = $2"}, \
     NULL},
#include "core/sealed.def"
#undef SEALED
};

/* What rotating one kind of key means for one value. */
struct rotation {
    enum for_whom whom;
    int64_t newest; /* id of the key that everything shall be sealed with */
    rc_t (*reseal)(struct ctx *c, struct seal_place place, const char *token, char **out);
    int64_t *done;
};

static rc_t rotate_page(struct ctx *c, const struct rotation *r, const struct sealed *column,
                        const char **after, bool *more)
{
    struct db_rows rows;
    char *token;

    TRY(db_rows(c, &column->page, ARGS(A(*after), A(PAGE)), &rows));
    for (int i = 0; i < rows.count; i++) {
        const char *old = db_text(&rows, i, 1);
        const char *row = db_text(&rows, i, 0);
        const struct seal_place place = column->place != NULL
                                            ? column->place(row)
                                            : (struct seal_place){c->tenant_id, column->table,
                                                                  column->column, row};

        *after = row;
        if (seal_key_id(c, old) == r->newest)
            continue;
        TRY(r->reseal(c, place, old, &token));
        TRY(db_exec(c, &column->update, ARGS(A(place.row), A(old), A(token)), NULL));
        (*r->done)++;
    }
    *more = rows.count == PAGE;
    return db_commit(c);
}

static rc_t rotate_columns(struct ctx *c, const struct rotation *r)
{
    for (size_t i = 0; i < COUNT_OF(sealed_columns); i++) {
        const char *after = NO_ID;
        bool more = sealed_columns[i].whom == r->whom;

        while (more)
            TRY(rotate_page(c, r, &sealed_columns[i], &after, &more));
    }
    return OK;
}

static rc_t reseal_tenant(struct ctx *c, struct seal_place place, const char *token, char **out)
{
    struct bytes plain;

    TRY(secret_open(c, place, token, &plain));
    TRY(secret_seal(c, place, plain, out));
    crypto_wipe((void *)(uintptr_t)plain.data, plain.len);
    return OK;
}

static rc_t reseal_web(struct ctx *c, struct seal_place place, const char *token, char **out)
{
    struct bytes plain;

    TRY(seal_open_key(c, key_web_for(c, token), place, token, &plain));
    *out = seal_with_key(c, conf_text(CONF_web_key), place, plain);
    crypto_wipe((void *)(uintptr_t)plain.data, plain.len);
    return OK;
}

/* The same walk as a rotation, which only counts what an older key sealed. */
static rc_t count_older(struct ctx *c, int64_t newest, int64_t *older)
{
    struct db_rows rows;

    *older = 0;
    for (size_t i = 0; i < COUNT_OF(sealed_columns); i++) {
        const char *after = NO_ID;
        bool more = sealed_columns[i].whom == TENANT;

        while (more) {
            TRY(db_rows(c, &sealed_columns[i].page, ARGS(A(after), A(PAGE)), &rows));
            for (int k = 0; k < rows.count; k++) {
                after = db_text(&rows, k, 0);
                *older += seal_key_id(c, db_text(&rows, k, 1)) != newest;
            }
            more = rows.count == PAGE;
        }
    }
    return db_commit(c);
}

rc_t rotate_tenant(struct ctx *c, int64_t *done)
{
    struct rotation r = {.whom = TENANT, .reseal = reseal_tenant, .done = done};
    int64_t older;

    *done = 0;
    TRY(tenant_key_newest(c, &r.newest));
    TRY(count_older(c, r.newest, &older));
    if (older == 0) {
        TRY(tenant_key_next(c, &r.newest));
        TRY(db_commit(c));
    }
    TRY(rotate_columns(c, &r));
    TRY(tenant_key_retire(c, r.newest));
    return db_commit(c);
}

rc_t rotate_web(struct ctx *c, int64_t *done)
{
    const struct rotation r = {.whom = WEB,
                               .newest = seal_secret_id(conf_text(CONF_web_key)),
                               .reseal = reseal_web,
                               .done = done};

    *done = 0;
    return rotate_columns(c, &r);
}

rc_t rotate_master(struct ctx *c, int64_t *done)
{
    *done = 0;
    TRY(tenant_key_rewrap(c, done));
    return db_commit(c);
}
