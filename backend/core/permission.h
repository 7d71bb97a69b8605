/*
 * The permission table: what each role may do, said once in permissions.def. The gate reads it,
 * the docs print it, the portal asks for it. Column `key` says whether a program, by an API key or
 * an OAuth token, may be given the permission.
 */
#ifndef CORE_PERMISSION_H
#define CORE_PERMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/shape.h"
#include "base/text.h"

enum permission {
#define PERMISSION(name, ...) PERMISSION_##name,
#include "core/permissions.def"
#undef PERMISSION
    PERMISSION_COUNT
};
_Static_assert(PERMISSION_COUNT <= 64, "a set of permissions is one word");

/* A set of permissions, one bit each. */
typedef uint64_t permits;

/* In the order of the columns, from least to most. */
enum role { ROLE_VIEWER, ROLE_MEMBER, ROLE_MANAGER, ROLE_ADMIN, ROLE_COUNT };

struct permission_row {
    const char *shown; /* as programs and people read it: "audit:read" */
    const char *about;
    bool role[ROLE_COUNT];
    bool key; /* may be given to a program */
};
const struct permission_row *permission_row(enum permission which);

const char *role_name(enum role role);
/* ROLE_COUNT when there is no such role. */
enum role role_of(const char *name);

/* What a role of this name may do; nothing for a name that is no role. */
permits permits_of_role(const char *name);
/* What can be given to a program. */
permits permits_for_keys(void);

static inline bool permits_has(permits set, enum permission which)
{
    return (set >> which & 1) != 0;
}

/*
 * The set of names with blanks between; false when one of them is no permission, or none is there.
 */
bool permits_of_text(const char *text, permits *out);

/* The names of a set with blanks between, in the order of the table. */
const char *permits_text(struct arena *mem, permits set);

/* A row as the API prints it. */
struct permission_view {
    const char *name, *about;
    bool viewer, member, manager, admin, programs;
};
extern const struct shape permission_shape;
const struct permission_view *permission_views(struct arena *mem, size_t *count);

/* The table as Markdown, for the docs and `konstruct permissions`. */
void permissions_print(struct buf *out);

#endif
