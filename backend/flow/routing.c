/* See routing.h. */
#include "flow/routing.h"

#include <string.h>

#include "base/log.h"
#include "flow/account_facts.h"
#include "flow/routing_pick.h"
#include "io/crypto.h"

#define ANSWER_ROOM 256 /* tokens that a context must have left beyond what was estimated */

/* One search. */
struct search {
    struct ctx *c;
    const struct routing_want *want;
    struct routing_book book;
    struct routing *out;
};

static void pass_over(const struct search *s, const char *provider, const char *model,
                      const char *account, const char *code)
{
    struct routing *r = s->out;

    if (r->passed_count < ROUTING_PASSED_MAX)
        r->passed[r->passed_count++] = (struct routing_passed){
            .provider = provider, .model = model, .account = account, .code = code};
}

/* The allowed name without the account or provider before it, where it is this one's; or NULL. */
static const char *name_at(const char *allowed, const char *who, const char *model)
{
    size_t len = who == NULL ? 0 : strlen(who);
    bool is_his = len > 0 && strncmp(allowed, who, len) == 0 && allowed[len] == '/';

    return is_his && (model == NULL || text_is(allowed + len + 1, model)) ? allowed + len + 1
                                                                          : NULL;
}

bool routing_allows(const struct routing_want *want, const char *provider, const char *account,
                    const char *model)
{
    for (size_t i = 0; i < want->allowed_count; i++)
        if (text_is(want->allowed[i], model) ||
            name_at(want->allowed[i], provider, model) != NULL ||
            name_at(want->allowed[i], account, model) != NULL ||
            (text_is(want->allowed[i], ROUTING_AUTO) && text_is(want->model, ROUTING_AUTO)))
            return true;
    return want->allowed_count == 0;
}

static bool is_allowed(const struct search *s, const struct routing_account *a, const char *model)
{
    return routing_allows(s->want, a->who.llm->name, a->who.account_name, model);
}

/* It is asked for no longer an answer than it can give. */
static int64_t tokens_with(const struct routing_want *want, const struct account_facts *f)
{
    bool is_less = f->answer > 0 && want->answer_tokens > f->answer;

    return is_less ? want->tokens - want->answer_tokens + f->answer : want->tokens;
}

/* Why this model can't be asked this, or NULL. What is not known is not held against it. */
static const char *unfit(const struct search *s, const struct routing_account *a, const char *model,
                         const struct account_facts *f)
{
    const unsigned cannot = s->want->needs & f->knows & ~f->can;

    if (!is_allowed(s, a, model))
        return "not_allowed";
    if (f->sized && (f->size == MODEL_EMBEDS) != (s->want->task == TASK_EMBED))
        return f->size == MODEL_EMBEDS ? "embeds_only" : "does_not_embed";
    if (f->context > 0 && tokens_with(s->want, f) + ANSWER_ROOM > f->context)
        return "context_too_short";
    if ((cannot & MODEL_IMAGES) != 0)
        return "no_images";
    if ((cannot & MODEL_TOOLS) != 0)
        return "no_tools";
    return NULL;
}

static bool is_there(const struct pool_route *pool, const struct routing_account *a,
                     const char *model)
{
    for (size_t i = 0; i < pool->count; i++)
        if (text_is(pool->candidates[i].account.key, a->who.account.key) &&
            text_is(pool->candidates[i].account.base_url, a->who.account.base_url) &&
            pool->candidates[i].llm == a->who.llm && text_is(pool->candidates[i].model, model))
            return true;
    return false;
}

/* `room`: so many candidates at most may stand there before. */
static void add(const struct search *s, const struct routing_account *a, const char *model,
                const char *purpose, size_t room)
{
    struct pool_route *pool = &s->out->pool;
    const struct account_facts f = account_facts(&a->account, a->who.llm->name, model);
    const char *why_not = unfit(s, a, model, &f);
    struct pool_candidate *next = &pool->candidates[pool->count];

    if (why_not != NULL) {
        pass_over(s, a->who.llm->name, model, a->who.account_name, why_not);
        return;
    }
    if (pool->count >= room || is_there(pool, a, model))
        return;
    *next = a->who;
    next->model = model;
    next->purpose = purpose;
    account_facts_set(&f, next);
    /* A program that offers tools wants them used; an employee can do without. */
    next->no_tools = s->want->employee != NULL && (f.can & MODEL_TOOLS) == 0;
    pool->count++;
}

/* How sure it is that the account has this model. */
enum offer { OFFER_NONE, OFFER_MAYBE, OFFER_SURE };

static enum offer offer_of(const struct routing_account *a, const char *model)
{
    if (a->model_count > 0)
        return account_serves(&a->account, model) ? OFFER_SURE : OFFER_NONE;
    if (llm_model_find(a->who.llm->name, model) != NULL || routing_pick_named(a, model))
        return OFFER_SURE;
    return a->who.account.base_url != NULL ? OFFER_MAYBE : OFFER_NONE;
}

/*
 * A tenant's accounts at one address that follow each other share the load: each call begins with
 * any of them. model NULL: whatever they offer.
 */
static size_t run_of(const struct search *s, size_t first, const char *model, enum offer least)
{
    const struct routing_account *a = s->book.accounts;
    size_t end = first + 1;

    while (end < s->book.count && a[end].who.llm == a[first].who.llm &&
           a[end].who.account_name != NULL && a[first].who.account_name != NULL &&
           text_is(a[end].who.account.base_url, a[first].who.account.base_url) &&
           (model == NULL || offer_of(&a[end], model) >= least))
        end++;
    return end - first;
}

static size_t any_of(size_t count)
{
    return count == 1 ? 0 : (size_t)crypto_random_below((int64_t)count);
}

static void add_run(const struct search *s, size_t first, size_t count, const char *model,
                    const char *purpose, size_t room)
{
    const size_t begin = any_of(count);

    for (size_t i = 0; i < count; i++)
        add(s, &s->book.accounts[first + (begin + i) % count], model, purpose, room);
}

/* Whose model is meant: any provider's (llm NULL), any account's (account NULL). */
struct whose {
    const struct llm *llm;
    const char *account;
    enum offer least;
};

/* The model at each of these accounts that offers it, in order. False: at none. */
static bool add_each(const struct search *s, struct whose whose, const char *model,
                     const char *purpose, size_t room)
{
    bool any = false;

    for (size_t i = 0, run; i < s->book.count; i += run) {
        const struct routing_account *a = &s->book.accounts[i];

        run = 1;
        if ((whose.llm != NULL && a->who.llm != whose.llm) ||
            (whose.account != NULL && !text_is(whose.account, a->who.account_name)) ||
            offer_of(a, model) < whose.least)
            continue;
        if (whose.account == NULL)
            run = run_of(s, i, model, whose.least);
        add_run(s, i, run, model, purpose, room);
        any = true;
    }
    return any;
}

/* The first of the names that may be asked which this account is sure to have. */
static const char *allowed_at(const struct search *s, const struct routing_account *a,
                              enum model_size size)
{
    for (size_t i = 0; i < s->want->allowed_count; i++) {
        const char *name = s->want->allowed[i], *his = name_at(name, a->who.llm->name, NULL);

        his = his == NULL ? name_at(name, a->who.account_name, NULL) : his;
        name = his == NULL ? name : his;

        const struct account_facts f = account_facts(&a->account, a->who.llm->name, name);

        if (f.sized && (f.size == MODEL_EMBEDS) == (size == MODEL_EMBEDS) &&
            offer_of(a, name) == OFFER_SURE)
            return name;
    }
    return NULL;
}

/*
 * One account by its own model that suits. Of the instance's own nobody who reads why can change
 * what it offers.
 */
static void add_its_own(const struct search *s, const struct routing_account *a,
                        const char *purpose, size_t room)
{
    const enum model_size size = task_size(s->want->task);
    const char *suits = routing_pick(s->c->mem, a, s->want, size);
    const char *model = suits != NULL ? suits : allowed_at(s, a, size);

    if (model != NULL)
        add(s, a, model, purpose, room);
    else if (a->who.account_name != NULL)
        pass_over(s, a->who.llm->name, ROUTING_AUTO, a->who.account_name,
                  s->want->allowed_count > 0 ? "not_allowed" : "no_such_model");
}

/*
 * Nobody named a model: each account's own that suits the task, in the tenant's order; neighbours
 * at one address share the load here, too.
 */
static void add_suiting(const struct search *s, const struct llm *llm, const char *purpose,
                        size_t room)
{
    s->out->task = task_name(s->want->task);
    for (size_t i = 0, run; i < s->book.count; i += run) {
        run = run_of(s, i, NULL, OFFER_NONE);
        if (llm != NULL && s->book.accounts[i].who.llm != llm)
            continue;

        const size_t begin = any_of(run);

        for (size_t k = 0; k < run; k++)
            add_its_own(s, &s->book.accounts[i + (begin + k) % run], purpose, room);
    }
}

/* An account's list of models may be old: what an admin has chosen is asked all the same. */
static bool add_employees_own(const struct search *s, const struct llm *llm, const char *model,
                              const char *purpose, size_t room)
{
    return add_each(s, (struct whose){llm, NULL, OFFER_SURE}, model, purpose, room) ||
           add_each(s, (struct whose){llm, NULL, OFFER_NONE}, model, purpose, room);
}

/* One of an employee's models. */
static void add_named(const struct search *s, const char *provider, const char *model,
                      const char *purpose, size_t room)
{
    const struct llm *llm = provider == NULL ? NULL : llm_find(provider);

    if (provider == NULL)
        return;
    if (text_is(model, ROUTING_AUTO))
        add_suiting(s, llm, purpose, room);
    else if (llm == NULL || !add_employees_own(s, llm, model, purpose, room)) {
        log_warn("llm_not_set_up", "provider", provider, "model", model, "tenant", s->c->tenant_id,
                 NULL);
        pass_over(s, provider, model, NULL, "no_account");
    }
}

/* First, then fall-back, then local; however many accounts there are, each gets a place. */
static void add_employees(const struct search *s, const struct employee_brain *e)
{
    const size_t local = e->local_provider != NULL, later = local + (e->fallback_provider != NULL);

    add_named(s, e->primary_provider, e->primary_model, "primary", POOL_CANDIDATES_MAX - later);
    add_named(s, e->fallback_provider, e->fallback_model, "fallback", POOL_CANDIDATES_MAX - local);
    add_named(s, e->local_provider, e->local_model, "local", POOL_CANDIDATES_MAX);
}

/* At whoever is sure to have it, else at whoever may have it. */
static bool add_found(const struct search *s, const struct llm *llm, const char *account,
                      const char *model)
{
    return add_each(s, (struct whose){llm, account, OFFER_SURE}, model, "asked",
                    POOL_CANDIDATES_MAX) ||
           add_each(s, (struct whose){llm, account, OFFER_MAYBE}, model, "asked",
                    POOL_CANDIDATES_MAX);
}

/*
 * What a program named. Names may hold a slash of their own, so a whole name that is sure to be one
 * comes first; then what stands before the slash is a provider or an account.
 */
static bool add_asked(const struct search *s, const char *name)
{
    const struct whose anybody = {NULL, NULL, OFFER_SURE};
    const char *slash = strchr(name, '/');

    if (add_each(s, anybody, name, "asked", POOL_CANDIDATES_MAX))
        return true;
    if (slash != NULL && slash[1] != '\0') {
        const char *before = text_copy(s->c->mem, name, (size_t)(slash - name));
        const struct llm *llm = llm_find(before);

        if (add_found(s, llm, llm == NULL ? before : NULL, slash + 1))
            return true;
    }
    return add_found(s, NULL, NULL, name);
}

rc_t routing_choose(struct ctx *c, const struct routing_book *book, const struct routing_want *want,
                    struct routing *out)
{
    const struct search s = {.c = c, .want = want, .book = *book, .out = out};

    *out = (struct routing){.passed_count = 0};
    if (want->model == NULL && want->employee != NULL)
        add_employees(&s, want->employee);
    else if (want->model == NULL || text_is(want->model, ROUTING_AUTO))
        add_suiting(&s, NULL, "task", POOL_CANDIDATES_MAX);
    else if (!add_asked(&s, want->model))
        return ctx_fail(c, E_NOT_FOUND, "model_not_found",
                        "There is no model %s here. GET /v1/models lists those that there are.",
                        want->model);
    return OK;
}

rc_t routing_find(struct ctx *c, const struct routing_want *want, struct routing *out)
{
    struct routing_book book;

    TRY(routing_book(c, &book));
    return routing_choose(c, &book, want, out);
}

static void list(struct routing_model *items, size_t *count, const struct routing_account *a,
                 const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (text_is(items[i].name, name))
            return;
    items[(*count)++] = (struct routing_model){
        .name = name, .provider = a->who.llm->name, .account = a->who.account_name};
}

rc_t routing_models(struct ctx *c, const struct routing_model **items, size_t *count)
{
    struct routing_book book;
    struct routing_model *all;
    size_t known, room = 0;
    const struct llm_model *rows = llm_models(&known);

    TRY(routing_book(c, &book));
    for (size_t i = 0; i < book.count; i++)
        room += book.accounts[i].model_count + book.accounts[i].account.line_count + known;
    all = arena_take(c->mem, (room + 1) * sizeof(*all));
    *count = 0;
    for (size_t i = 0; i < book.count; i++) {
        const struct routing_account *a = &book.accounts[i];

        for (size_t k = 0; k < a->model_count; k++)
            list(all, count, a, a->models[k]);
        for (size_t k = 0; a->model_count == 0 && k < a->account.line_count; k++)
            if (strchr(a->account.lines[k].name, '*') == NULL)
                list(all, count, a, a->account.lines[k].name);
        for (size_t k = 0; a->model_count == 0 && k < known; k++)
            if (text_is(rows[k].provider, a->who.llm->name))
                list(all, count, a, routing_pick_plain(c->mem, &rows[k]));
    }
    *items = all;
    return OK;
}
