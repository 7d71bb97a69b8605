/* See usage.h. */
#include "core/usage.h"

#include "io/db.h"

#define ROLLED_AT_ONCE 2000 /* sums of one tenant in one transaction */
#define ROLLED_MOST 4000    /* in one go: whoever rolls up is asked to stop in between */

static const struct stmt q_usage = {
    "usage_add",
    "INSERT INTO usage (tenant_id, id, job_id, step_no, employee_id, team_id, conversation_id,"
    "  key_id, account_id, provider, model, input_tokens, cached_tokens, cache_written_tokens,"
    "  output_tokens, reasoning_tokens, images, counted, cost_micros, price_from, ms, first_ms,"
    "  outcome, ended, tries, price_own)"
    " VALUES (tenant_now(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
    "  least($12::bigint, $11::bigint), $13, $14, $15, $16, $17, $18, $19::date, $20,"
    "  nullif($21::bigint, 0), $22, coalesce($23, 'whole'), $24::jsonb, $25)"
    " ON CONFLICT DO NOTHING"};

rc_t usage_add(struct ctx *c, const struct usage *u)
{
    struct arg none = arg_text(NULL);

    return db_later(c, &q_usage,
                    ARGS(A(u->id), u->job == NULL ? none : A(u->job->id),
                         u->job == NULL || u->step_no < 0 ? none : A(u->step_no), A(u->employee_id),
                         A(u->team_id), A(u->conversation_id), A(u->key_id), A(u->account_id),
                         A(u->provider), A(u->model), A(u->tokens.input), A(u->tokens.cached),
                         A(u->tokens.cache_written), A(u->tokens.output), A(u->reasoning_tokens),
                         A(u->images), A(u->counted), A(u->cost_micros), A(u->price_from), A(u->ms),
                         A(u->first_ms), A(u->outcome), A(u->ended), A(u->tries), A(u->price_own)));
}

static const struct stmt q_due = {"usage_due", "SELECT tenant_id FROM usage_due()"};
static const struct stmt q_roll = {"usage_roll", "SELECT usage_roll($1)"};

/* One tenant's, as far as they fit into all that is done in one go. */
static rc_t roll_tenant(struct ctx *c, const char *tenant_id, int64_t *total)
{
    struct db_rows rows;
    int64_t rolled;

    TRY(db_tenant(c, tenant_id));
    do {
        TRY(db_rows(c, &q_roll, ARGS(A(ROLLED_AT_ONCE)), &rows));
        TRY(db_commit(c));
        rolled = db_int(&rows, 0, 0);
        *total += rolled;
    } while (rolled == ROLLED_AT_ONCE && *total < ROLLED_MOST);
    return OK;
}

rc_t usage_roll(struct ctx *c, bool *more)
{
    struct db_rows due;
    int64_t total = 0;

    TRY(db_rows(c, &q_due, NO_ARGS, &due));
    TRY(db_commit(c));
    for (int i = 0; i < due.count && total < ROLLED_MOST; i++) {
        rc_t rc = roll_tenant(c, db_text(&due, i, 0), &total);

        if (!db_goes_on(c, rc, "tenant_not_rolled_up"))
            return rc;
    }
    *more = total >= ROLLED_MOST;
    return OK;
}
