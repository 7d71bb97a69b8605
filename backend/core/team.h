/* Teams of employees: a name, and who is in it. Caps can hold for a team (cap.h). */
#ifndef CORE_TEAM_H
#define CORE_TEAM_H

#include "base/shape.h"
#include "io/db.h"

#define TEAMS_MAX 200 /* of a company */

struct team {
    const char *id, *name;
    int64_t employees; /* in it */
    int64_t created;
};
extern const struct shape team_shape;

struct new_team {
    const char *name;
};
extern const struct shape new_team_shape;

struct team_choice {
    const char *team_id; /* NULL: none */
};
extern const struct shape team_choice_shape;

/* By name. */
rc_t team_list(struct ctx *c, struct page *page, struct team **items, size_t *count) MUST;
rc_t team_get(struct ctx *c, const char *id, struct team *out) MUST;

/* E_CONFLICT team_exists, whatever the case of letters, and teams_too_many. */
rc_t team_add(struct ctx *c, const char *name, struct team *out) MUST;
rc_t team_rename(struct ctx *c, const char *id, const char *name, struct team *out) MUST;

/* Its caps go with it, and its employees are in none. `out` is what it was. */
rc_t team_remove(struct ctx *c, const char *id, struct team *out) MUST;

/*
 * E_NOT_FOUND team_unknown, not_found: no such team, employee. Calls that are under way still count
 * for the team from before.
 */
rc_t team_join(struct ctx *c, const char *employee_id, const char *team_id) MUST;

/* Somebody else who works in the same team. */
struct colleague {
    const char *id, *name, *role;
};

/*
 * Employees of the team who are working, but for one, those hired first before the others: of that
 * name, whatever the case of its letters, or all (NULL). A team of NULL has nobody in it.
 */
rc_t team_colleagues(struct ctx *c, const char *team_id, const char *but, const char *name,
                     int64_t most, struct colleague **items, size_t *count) MUST;

#endif
