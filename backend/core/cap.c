/* See cap.h. */
#include "core/cap.h"

#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "base/log.h"
#include "io/db.h"

#define CENT INT64_C(10000)

static const struct stmt q_list = {
    "cap_list", "SELECT id, scope, scope_id, period FROM cap WHERE tenant_id = tenant_now()"
                " ORDER BY created_at LIMIT $1"};

rc_t cap_list(struct ctx *c, struct cap **out, size_t *count)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_list, ARGS(A(CAPS_OF_TENANT)), &rows));
    *count = (size_t)rows.count;
    *out = arena_take(c->mem, (*count + 1) * sizeof(**out));
    for (int i = 0; i < rows.count; i++)
        (*out)[i] = (struct cap){.id = db_text(&rows, i, 0),
                                 .scope = db_text(&rows, i, 1),
                                 .scope_id = db_text(&rows, i, 2),
                                 .period = db_text(&rows, i, 3)};
    return OK;
}

static const struct stmt q_take = {
    "cap_take", "SELECT cap_id, starts, scope, period, limit_micros, granted, refused::int,"
                " leased::int FROM cap_take($1, $2, $3, $4, $5, $6, $7::int)"};

rc_t cap_take(struct ctx *c, const char *holder, const struct payer *payer, int64_t need,
              int64_t seconds, struct cap_slice *out, size_t *count, enum cap_taken *how)
{
    struct db_rows rows;
    bool decided = false;

    TRY(db_rows(c, &q_take,
                ARGS(A(holder), A(payer->employee_id), A(payer->team_id), A(payer->conversation_id),
                     A(payer->key_id), A(need), A(seconds)),
                &rows));
    *how = CAP_TAKEN;
    *count = 0;
    for (int i = 0; i < rows.count && *count < CAPS_MAX; i++) {
        out[(*count)++] = (struct cap_slice){.cap_id = db_text(&rows, i, 0),
                                             .starts = db_text(&rows, i, 1),
                                             .scope = db_text(&rows, i, 2),
                                             .period = db_text(&rows, i, 3),
                                             .limit = db_int(&rows, i, 4),
                                             .granted = db_int(&rows, i, 5)};
        if (db_int(&rows, i, 6) != 0 && *how != CAP_REFUSED)
            *how = db_int(&rows, i, 7) != 0 ? CAP_WAIT : CAP_REFUSED;
        /* One that nothing can come back to decides, so it stands first. */
        if (*how == CAP_REFUSED && db_int(&rows, i, 7) == 0 && !decided) {
            const struct cap_slice first = out[0];

            out[0] = out[*count - 1];
            out[*count - 1] = first;
            decided = true;
        }
    }
    return OK;
}

static const struct stmt q_refused = {"cap_refused", "SELECT cap_refused($1)"};

rc_t cap_refused(struct ctx *c, const char *cap_id)
{
    return db_exec(c, &q_refused, ARGS(A(cap_id)), NULL);
}

static const struct stmt q_open = {
    "call_open_add",
    "INSERT INTO call_open (tenant_id, id, holder, job_id, employee_id, team_id, conversation_id,"
    " key_id, account_id, provider, model, held_micros)"
    " VALUES (tenant_now(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING"};
static const struct stmt q_close = {
    "call_close", "DELETE FROM call_open WHERE tenant_id = tenant_now() AND id = $1"};

rc_t call_open_add(struct ctx *c, const struct call_open *call)
{
    return db_later(c, &q_open,
                    ARGS(A(call->id), A(call->holder), A(call->job_id), A(call->payer.employee_id),
                         A(call->payer.team_id), A(call->payer.conversation_id),
                         A(call->payer.key_id), A(call->account_id), A(call->provider),
                         A(call->model), A(call->held)));
}

rc_t call_close(struct ctx *c, const char *id)
{
    return db_later(c, &q_close, ARGS(A(id)));
}

static const struct stmt q_close_all = {
    "call_close_all",
    "DELETE FROM call_open WHERE tenant_id = tenant_now() AND id = ANY ($1::uuid[])"};

rc_t call_close_all(struct ctx *c, const char *ids)
{
    return db_later(c, &q_close_all, ARGS(A(ids)));
}

static const struct stmt q_bare = {
    "cap_bare",
    "SELECT cap_id, starts, bare FROM cap_bare($1, $2::uuid[], $3::date[], $4::bigint[])"};

rc_t cap_bare(struct ctx *c, const char *holder, struct cap_bare *bare, size_t count)
{
    struct buf lists[3];
    struct db_rows rows;

    for (size_t k = 0; k < COUNT_OF(lists); k++)
        lists[k] = buf_new(c->mem, KIB(4));
    for (size_t i = 0; i < count; i++) {
        const char *before = i == 0 ? "{" : ",";

        buf_printf(&lists[0], "%s%s", before, bare[i].cap_id);
        buf_printf(&lists[1], "%s%s", before, bare[i].starts);
        buf_printf(&lists[2], "%s%lld", before, (long long)bare[i].micros);
        bare[i].micros = -1;
    }
    for (size_t k = 0; k < COUNT_OF(lists); k++)
        buf_text(&lists[k], count == 0 ? "{}" : "}");
    TRY(db_rows(
        c, &q_bare,
        ARGS(A(holder), A(buf_str(&lists[0])), A(buf_str(&lists[1])), A(buf_str(&lists[2]))),
        &rows));
    for (int k = 0; k < rows.count; k++)
        for (size_t i = 0; i < count; i++)
            if (text_is(bare[i].cap_id, db_text(&rows, k, 0)) &&
                text_is(bare[i].starts, db_text(&rows, k, 1)))
                bare[i].micros = db_int(&rows, k, 2);
    return OK;
}

static const struct stmt q_settle = {"cap_settle",
                                     "SELECT cap_settle($1, $2::uuid[], $3::date[], $4)"};

rc_t cap_settle(struct ctx *c, const char *holder, const struct cap_list *caps, int64_t cost)
{
    return db_later(c, &q_settle, ARGS(A(holder), A(caps->ids), A(caps->starts), A(cost)));
}

static const struct stmt q_give_back = {"cap_give_back",
                                        "SELECT cap_give_back($1, $2, $3::date, $4)"};

rc_t cap_give_back(struct ctx *c, const char *holder, const char *cap_id, const char *starts,
                   int64_t amount)
{
    return db_exec(c, &q_give_back, ARGS(A(holder), A(cap_id), A(starts), A(amount)), NULL);
}

/* The rows are locked in the order in which cap_settle locks them. */
static const struct stmt q_renew = {
    "cap_renew",
    "WITH own AS MATERIALIZED (SELECT cap_id, starts FROM cap_lease WHERE tenant_id = tenant_now()"
    "  AND holder = $1 ORDER BY cap_id, starts FOR UPDATE)"
    " UPDATE cap_lease l SET ends_at = now() + make_interval(secs => $2::int) FROM own"
    " WHERE l.tenant_id = tenant_now() AND l.holder = $1 AND l.cap_id = own.cap_id"
    "  AND l.starts = own.starts"};

rc_t cap_renew(struct ctx *c, const char *holder, int64_t seconds)
{
    return db_exec(c, &q_renew, ARGS(A(holder), A(seconds)), NULL);
}

static const struct stmt q_due = {"caps_due", "SELECT tenant_id FROM caps_due()"};
static const struct stmt q_sweep = {"cap_sweep", "SELECT cap_sweep()"};

static rc_t sweep_tenant(struct ctx *c, const char *tenant_id, int64_t *settled)
{
    struct db_rows rows;

    TRY(db_tenant(c, tenant_id));
    TRY(db_rows(c, &q_sweep, NO_ARGS, &rows));
    TRY(db_commit(c));
    *settled += db_int(&rows, 0, 0);
    return OK;
}

rc_t cap_sweep(struct ctx *c, int64_t *settled)
{
    struct db_rows due;

    *settled = 0;
    TRY(db_rows(c, &q_due, NO_ARGS, &due));
    TRY(db_commit(c));
    for (int i = 0; i < due.count; i++) {
        rc_t rc = sweep_tenant(c, db_text(&due, i, 0), settled);

        if (!db_goes_on(c, rc, "tenant_not_swept"))
            return rc;
    }
    return OK;
}

const char *cap_dollars(struct ctx *c, int64_t micros)
{
    char *text;

    if (micros == 0 || micros >= CENT)
        return text_printf(c->mem, "%lld.%02lld", (long long)(micros / (100 * CENT)),
                           (long long)(micros / CENT % 100));
    text = text_printf(c->mem, "0.%06lld", (long long)micros);
    for (size_t end = strlen(text); text[end - 1] == '0'; end--)
        text[end - 1] = '\0';
    return text;
}

const char *cap_period_text(const char *period)
{
    return text_is(period, "day")     ? " for today"
           : text_is(period, "month") ? " for this month"
                                      : "";
}

static const struct stmt q_first = {
    "cap_add_first", "INSERT INTO cap (tenant_id, id, scope, scope_id, period, limit_micros)"
                     " VALUES (tenant_now(), $1, 'tenant', tenant_now(), $2, $3)"};

rc_t cap_add_first(struct ctx *c)
{
    TRY(db_exec(c, &q_first,
                ARGS(A(id_new(c->mem)), A("day"), A(conf_number(CONF_cap_day_cents) * 10000)),
                NULL));
    return db_exec(
        c, &q_first,
        ARGS(A(id_new(c->mem)), A("month"), A(conf_number(CONF_cap_month_cents) * 10000)), NULL);
}
