/*
 * Looks at one route at a time, shared by the proof through the routes and by the holes that are
 * made in their table.
 */
#ifndef APP_CLI_PROVE_LOOK_H
#define APP_CLI_PROVE_LOOK_H

#include "app/cli_prove.h"

#define TIMES_MAX 8192

/* One look at routes: findings go into the part, or (NULL) only the first is kept. */
struct look {
    struct prove *p;
    json_t *part, *live;
    const char *first;
    size_t asked, with_own_canary;
    int64_t missing_us[TIMES_MAX], foreign_us[TIMES_MAX];
    size_t times;
};

extern const char *const look_methods[METHOD_COUNT];

void look_found(struct look *look, const struct route *route, const char *what);

/* Nobody, and whoever makes a session up. */
void look_as_nobody(struct look *look, const struct route *route);
/*
 * What is above a role is refused to it, and only that. Whatever changes things and takes no id is
 * not done here by those who may: it would end the session, or the tenant.
 */
void look_as_each_role(struct look *look, const struct route *route);
/* The same answer as for what does not exist, whichever of the other tenant's ids is given. */
void look_with_foreign_ids(struct look *look, const struct route *route);
/* The same for what is open to everybody, or judged by a vendor's signature, which is missing. */
void look_as_stranger(struct look *look, const struct route *route);
/* With one's own ids, no answer holds anything of the other tenant. */
void look_with_own_ids(struct look *look, const struct route *route);

#endif
