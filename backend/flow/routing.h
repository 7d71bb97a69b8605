/*
 * Who is asked: which models of which accounts, in which order, and why. The tenant's own accounts
 * come first, in the tenant's order, then the instance's.
 */
#ifndef FLOW_ROUTING_H
#define FLOW_ROUTING_H

#include "core/employee.h"
#include "flow/pool.h"
#include "flow/routing_book.h"
#include "flow/task.h"

#define ROUTING_PASSED_MAX 8
#define ROUTING_AUTO "auto" /* the name of no model: whichever suits the task */

struct routing_want {
    enum task task;
    /*
     * What a program asks for: "gpt-5", "openai/gpt-5", "my account/gpt-5", "auto", or "auto/" and
     * the name of a task. NULL: what the employee thinks with.
     */
    const char *model;
    const struct employee_brain *employee; /* NULL for programs */
    int64_t tokens; /* of question and answer together, estimated; 0: not known */
    /* of these, for the answer; a model that can't say so many needs fewer */
    int64_t answer_tokens;
    unsigned needs; /* enum model_can */
    /*
     * The only models that may be asked, by their own name or with account or provider before it;
     * "auto" stands for whatever is chosen for who asks so. None named: any.
     */
    const char *const *allowed;
    size_t allowed_count;
};

/* Somebody who could have been asked and is not. */
struct routing_passed {
    const char *provider, *model;
    const char *account; /* its name; NULL: the instance's own */
    const char *code;    /* stable, such as "context_too_short" */
};

struct routing {
    /* payer, limits and pause_ms are the caller's to fill */
    struct pool_route pool;
    const char *task; /* what it was taken for, where that decided the model; else NULL */
    struct routing_passed passed[ROUTING_PASSED_MAX];
    size_t passed_count;
};

/*
 * The candidates for a question of the context's tenant, at most POOL_CANDIDATES_MAX. None
 * (pool.count 0) when nobody can be asked: out->passed says why; that is no fault for an employee.
 * E_NOT_FOUND model_not_found: no account here offers the model that a program named. Candidates
 * live as long as the context.
 */
rc_t routing_find(struct ctx *c, const struct routing_want *want, struct routing *out) MUST;

/* The same of these accounts. */
rc_t routing_choose(struct ctx *c, const struct routing_book *book, const struct routing_want *want,
                    struct routing *out) MUST;

/* Whether the names that are allowed have this model of this provider's account (NULL: none). */
bool routing_allows(const struct routing_want *want, const char *provider, const char *account,
                    const char *model);

/* A model that programs may name; for the list of models. */
struct routing_model {
    const char *name, *provider;
    const char *account; /* NULL: the instance's own */
};

/* What routing_find finds by name for the context's tenant, without twins; in c->mem. */
rc_t routing_models(struct ctx *c, const struct routing_model **items, size_t *count) MUST;

#endif
