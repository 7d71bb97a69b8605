/*
 * The end of a company: asked for by an admin, stopped by any admin while there is time, and then
 * done step by step (flow/erase.h). What stays is the bare audit: docs/erasure.md.
 */
#ifndef CORE_ERASURE_H
#define CORE_ERASURE_H

#include "base/shape.h"

/* What asking for it takes: the company's name, typed, and one's own password. */
struct erasure_ask {
    const char *company, *password;
};
extern const struct shape erasure_ask_shape;

struct erasure {
    const char *state; /* none, waiting, running */
    const char *by;    /* who asked; NULL: nobody who is known here now */
    int64_t asked, due;
    int64_t days; /* that there are to stop it */
};
extern const struct shape erasure_shape;

rc_t erasure_get(struct ctx *c, struct erasure *out) MUST;

/*
 * Asks, as the actor of the context, with the days of grace from the settings, and makes the job.
 * E_CONFLICT "erasure_waiting" when it was asked for already.
 */
rc_t erasure_add(struct ctx *c) MUST;
/* E_CONFLICT "erasure_not_waiting" when there is nothing to stop, or it has begun. */
rc_t erasure_stop(struct ctx *c) MUST;
/* Tells the admins whose addresses are proven, by a mail of this kind. */
rc_t erasure_mail(struct ctx *c, const char *kind) MUST;

/* For the worker: whether this one is due and not stopped; from then on it can't be. */
rc_t erasure_start(struct ctx *c, const char *id, bool *go) MUST;
/* For the host's command: at once, whatever was asked. */
rc_t erasure_now(struct ctx *c) MUST;

/*
 * The steps, in this order; each in a transaction of its own, and each may be repeated. `kept` is
 * the job that does it (NULL: none). erasure_rows: *table is what it was about, NULL when no row is
 * left. erasure_quiet: whether nothing from before can still write. erasure_word: the last entry of
 * the audit, signed. erasure_end needs that all before it is done.
 */
rc_t erasure_begin(struct ctx *c, const char *kept) MUST;
rc_t erasure_rows(struct ctx *c, const char **table) MUST;
rc_t erasure_quiet(struct ctx *c, bool *quiet) MUST;
rc_t erasure_word(struct ctx *c) MUST;
rc_t erasure_words(struct ctx *c, int64_t *count) MUST;
rc_t erasure_end(struct ctx *c) MUST;

/* A page of the tenant's mails, by id behind `after`: each may be a file. */
rc_t erasure_mails(struct ctx *c, const char *after, const char ***ids, size_t *count) MUST;

#endif
