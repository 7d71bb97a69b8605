/* See connection.h. */
#include "core/connection.h"

#include "base/shape.h"
#include "io/db.h"

static const struct field fields[] = {
    FIELD(struct connection, id, 0, 0, NULL),
    FIELD(struct connection, channel, 0, 0, NULL),
    FIELD(struct connection, install, 0, 0, NULL),
    FIELD(struct connection, app, 0, 0, NULL),
    FIELD(struct connection, self, 0, 0, NULL),
    FIELD(struct connection, shown_name, 0, 0, NULL),
    FIELD(struct connection, employee_id, 0, 0, NULL),
    FIELD(struct connection, state, 0, 0, NULL),
    FIELD(struct connection, fault, 0, 0, NULL),
    FIELD(struct connection, bot_token, WRITE_ONLY, 0, NULL),
    FIELD(struct connection, signing_secret, WRITE_ONLY, 0, NULL),
};
static const struct shape connection_shape = SHAPE("Connection", struct connection, fields);

#define COLUMNS "id, channel, install, app, self, shown_name, employee_id, state, fault"

static const struct stmt q_add = {"connection_add",
                                  "INSERT INTO connection (tenant_id, id, channel, install, app, "
                                  "self, shown_name, employee_id, bot_token, signing_secret)"
                                  " VALUES (tenant_now(), $1, $2, $3, $4, $5, $6, $7, $8, $9)"};

rc_t connection_add(struct ctx *c, const struct connection *in)
{
    rc_t rc = db_exec(c, &q_add,
                      ARGS(A(in->id), A(in->channel), A(in->install), A(in->app), A(in->self),
                           A(in->shown_name), A(in->employee_id), A(in->bot_token),
                           A(in->signing_secret)),
                      NULL);

    if (rc != E_CONFLICT)
        return rc;
    ctx_forgive(c);
    return ctx_fail(c, E_CONFLICT, "install_taken",
                    "This workspace (%s) is connected already. Remove that connection first.",
                    in->install);
}

static const struct stmt q_list = {"connection_list",
                                   "SELECT " COLUMNS
                                   " FROM connection WHERE state <> 'removed' ORDER BY created_at"};

rc_t connection_list(struct ctx *c, struct connection **items, size_t *count)
{
    void *list;

    TRY(db_list(c, &q_list, NO_ARGS, &connection_shape, &list, count));
    *items = list;
    return OK;
}

static const struct stmt q_get = {
    "connection_get",
    "SELECT " COLUMNS
    ", bot_token, signing_secret FROM connection WHERE tenant_id = tenant_now() AND id = $1"};

rc_t connection_get(struct ctx *c, const char *id, struct connection *out)
{
    return db_one(c, &q_get, ARGS(A(id)), &connection_shape, out);
}

static const struct stmt q_state = {
    "connection_state",
    "UPDATE connection SET state = $2, fault = $3 WHERE tenant_id = tenant_now() AND id = $1"};

rc_t connection_state(struct ctx *c, const char *id, const char *state, const char *fault)
{
    return db_exec(c, &q_state, ARGS(A(id), A(state), A(fault)), NULL);
}

static void record_of(const struct db_rows *rows, int row, struct hook_record *out)
{
    *out = (struct hook_record){db_text(rows, row, 0), db_text(rows, row, 1), db_text(rows, row, 2),
                                db_text(rows, row, 3), db_text(rows, row, 4)};
}

static const struct stmt q_hook = {
    "connection_for_hook",
    "SELECT tenant_id, connection_id, employee_id, self, signing_secret FROM hook_find($1, $2)"};

rc_t connection_for_hook(struct ctx *c, const char *channel, const char *install,
                         struct hook_record *out)
{
    struct db_rows rows;

    *out = (struct hook_record){.tenant_id = NULL};
    TRY(db_rows(c, &q_hook, ARGS(A(channel), A(install)), &rows));
    if (rows.count > 0)
        record_of(&rows, 0, out);
    return OK;
}

static const struct stmt q_secrets = {
    "connection_secrets",
    "SELECT tenant_id, connection_id, NULL, NULL, signing_secret FROM hook_secrets($1, $2)"};

rc_t connection_secrets(struct ctx *c, const char *channel, const char *app,
                        struct hook_record **out, size_t *count)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_secrets, ARGS(A(channel), A(app)), &rows));
    *count = (size_t)rows.count;
    *out = arena_take(c->mem, (*count + 1) * sizeof(**out));
    for (int i = 0; i < rows.count; i++)
        record_of(&rows, i, &(*out)[i]);
    return OK;
}

struct seal_place connection_secret_place(const char *tenant_id, const char *connection_id)
{
    return (struct seal_place){tenant_id, "connection", "signing_secret", connection_id};
}

struct seal_place connection_token_place(const char *tenant_id, const char *connection_id)
{
    return (struct seal_place){tenant_id, "connection", "bot_token", connection_id};
}
