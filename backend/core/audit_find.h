/* Entries of the chain, found and read: for the API, the portal and exports. */
#ifndef CORE_AUDIT_FIND_H
#define CORE_AUDIT_FIND_H

#include "base/shape.h"
#include "io/db.h"

/* An entry as people see it. */
struct audit_entry {
    int64_t seq, at;
    const char *actor;
    const char *actor_name; /* NULL: nobody who is known here now */
    const char *action, *object, *body;
    const char *personal; /* what was sealed in the body, opened; NULL: nothing, or erased */
    bool erased;          /* the body held personal text of a subject who was erased since */
    const char *hash;
};
extern const struct shape audit_entry_shape;

/* What is looked for; NULL and 0 mean all. */
struct audit_filter {
    const char *actor, *action, *object;
    const char *text; /* words that must all begin words of the entry */
    int64_t from, to; /* seconds UTC: from <= at < to */
    int64_t before;   /* entries below this number only */
};

/*
 * At most `most` entries, newest first. The work is bounded: *next is where to go on (as `before`),
 * 0 when the beginning of the chain was reached; a page may be short, or empty, and not the last.
 */
rc_t audit_find(struct ctx *c, const struct audit_filter *f, size_t most,
                struct audit_entry **items, size_t *count, int64_t *next) MUST;

/* Values that occur in the chain, for filters: of "actor" or "action", in their order. */
struct audit_name {
    const char *value;
    const char *name; /* of an actor who is known here now, or NULL */
};
extern const struct shape audit_name_shape;
rc_t audit_names(struct ctx *c, bool actors, struct page *page, struct audit_name **items,
                 size_t *count) MUST;

/*
 * Lines of an export, added to out: the header when after is 0, then entries behind `after` up to a
 * size, and the signed head `until` when it is reached. *next is the number to go on after, 0 at
 * the end. E_NOT_FOUND when `until` is no signed head.
 */
rc_t audit_export(struct ctx *c, int64_t after, int64_t until, struct buf *out, int64_t *next) MUST;

#endif
