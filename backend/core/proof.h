/* The latest proof that tenants are sealed off: kept by `konstruct prove isolation`. */
#ifndef CORE_PROOF_H
#define CORE_PROOF_H

#include "base/shape.h"
#include "io/db.h"

struct proof {
    int64_t made; /* when */
    bool proven;
    const char *postgresql;
    int64_t tables, routes, holes;
};
extern const struct shape proof_shape;

/* The report as JSON and as a page. Role konstruct_owner. */
rc_t proof_add(struct ctx *c, const struct proof *proof, const char *report, const char *page) MUST;

/* Newest first. */
rc_t proof_list(struct ctx *c, struct page *page, struct proof **items, size_t *count) MUST;
/* The newest one's report; E_NOT_FOUND "no_proof" when nobody has proven anything here yet. */
rc_t proof_text(struct ctx *c, bool as_page, const char **out) MUST;

#endif
