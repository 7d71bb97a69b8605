/* Caps as the people of a company see and set them. What holds them is cap.h. */
#ifndef CORE_CAP_SET_H
#define CORE_CAP_SET_H

#include "base/shape.h"
#include "io/db.h"

#define CAPS_PER_TENANT 500

#define CAP_SCOPES "tenant team employee conversation key"
#define CAP_PERIODS "day month ever"

/* For statements: the name of what cap c is for; of a conversation, its employee's. */
#define CAP_NAME                                                                \
    " CASE c.scope WHEN 'employee' THEN (SELECT e.name FROM employee e"         \
    "    WHERE e.tenant_id = c.tenant_id AND e.id = c.scope_id)"                \
    "  WHEN 'team' THEN (SELECT t.name FROM team t"                             \
    "    WHERE t.tenant_id = c.tenant_id AND t.id = c.scope_id)"                \
    "  WHEN 'key' THEN (SELECT k.name FROM api_key k"                           \
    "    WHERE k.tenant_id = c.tenant_id AND k.id = c.scope_id)"                \
    "  WHEN 'conversation' THEN (SELECT e.name FROM conversation v"             \
    "    JOIN employee e ON e.tenant_id = v.tenant_id AND e.id = v.employee_id" \
    "    WHERE v.tenant_id = c.tenant_id AND v.id = c.scope_id) END AS name"

struct cap_row {
    const char *id, *scope, *scope_id, *period;
    /* of the team, employee or key, or of a conversation's employee; NULL: gone */
    const char *name;
    int64_t limit_micros, spent_micros;
    int64_t held_micros; /* set aside for calls of the next moments */
    int64_t lost_micros; /* used up by a crash, on no bill */
    int64_t percent;
    bool reached; /* used up, or a call was refused at the present limit within the last hour */
};
extern const struct shape cap_row_shape;

struct new_cap {
    const char *scope, *scope_id, *period;
    int64_t limit_micros;
};
extern const struct shape new_cap_shape;

struct cap_limit {
    int64_t limit_micros;
};
extern const struct shape cap_limit_shape;

/* The company's own first, then by what they are for. */
rc_t cap_rows(struct ctx *c, struct page *page, struct cap_row **items, size_t *count) MUST;
rc_t cap_row_get(struct ctx *c, const char *id, struct cap_row *out) MUST;

/*
 * What the period has cost by now counts; what is under way just then may not. E_CONFLICT
 * cap_exists, caps_too_many; E_NOT_FOUND scope_unknown when there is no such employee, team,
 * conversation or key.
 */
rc_t cap_row_add(struct ctx *c, const struct new_cap *in, struct cap_row *out) MUST;
/* What is leased already is felt a few seconds longer. `before` is the limit until now. */
rc_t cap_row_change(struct ctx *c, const char *id, int64_t limit_micros, int64_t *before,
                    struct cap_row *out) MUST;
/* E_CONFLICT cap_of_company: the company's own two can be changed, never removed. */
rc_t cap_row_remove(struct ctx *c, const char *id, struct cap_row *out) MUST;

#endif
