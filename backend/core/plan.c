/* See plan.h. */
#include "core/plan.h"

#include <string.h>

#include "io/db.h"

static const struct stmt q_limit = {
    "plan_limit",
    "SELECT coalesce(l.value, p.value) FROM tenant t"
    " LEFT JOIN tenant_limit l ON l.tenant_id = t.tenant_id AND l.name = $1"
    " LEFT JOIN plan_limit p ON p.plan = t.plan AND p.name = $1 WHERE t.tenant_id = tenant_now()"};

rc_t plan_limit(struct ctx *c, const char *name, int64_t *value)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_limit, ARGS(A(name)), &rows));
    if (rows.count == 1 && db_text(&rows, 0, 0) != NULL)
        *value = db_int(&rows, 0, 0);
    return OK;
}

static const struct stmt q_no_limits = {"plan_no_limits", "DELETE FROM plan_limit"};
static const struct stmt q_no_plans = {"plan_no_plans", "DELETE FROM plan"};
static const struct stmt q_add = {"plan_add", "INSERT INTO plan VALUES ($1, $2, $3)"};
static const struct stmt q_add_limit = {"plan_add_limit",
                                        "INSERT INTO plan_limit VALUES ($1, $2, $3)"};

/* "plan NAME ABOUT" begins a plan, "limit NAME VALUE" is of the plan before it; parted by tabs. */
static rc_t seed_line(struct ctx *c, char *line, int64_t *position, const char **plan)
{
    const char *columns[3] = {NULL}, *whole = text_dup(c->mem, line);
    int64_t value;
    size_t count = 0;

    for (char *rest = line, *column; count < 3 && (column = strsep(&rest, "\t")) != NULL;)
        columns[count++] = column;
    if (count == 3 && text_is(columns[0], "plan")) {
        *plan = columns[1];
        return db_exec(c, &q_add, ARGS(A(*plan), A((*position)++), A(columns[2])), NULL);
    }
    if (count != 3 || !text_is(columns[0], "limit") || *plan == NULL ||
        text_int(columns[2], &value) != OK)
        return ctx_fail(c, E_INVALID, "seed_plan",
                        "seed/plans.tsv has a line that can't be read: %s", whole);
    return db_exec(c, &q_add_limit, ARGS(A(*plan), A(columns[1]), A(value)), NULL);
}

rc_t plan_seed(struct ctx *c, const char *lines)
{
    char *rest = text_dup(c->mem, lines);
    const char *plan = NULL;
    int64_t position = 1;

    TRY(db_exec(c, &q_no_limits, NO_ARGS, NULL));
    TRY(db_exec(c, &q_no_plans, NO_ARGS, NULL));
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (line[0] != '\0' && line[0] != '#')
            TRY(seed_line(c, line, &position, &plan));
    return OK;
}
