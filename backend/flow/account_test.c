/* See account_test.h. What is found stands in core/provider_account_faults.def. */
#include "flow/account_test.h"

#include <string.h>

#include "base/log.h"
#include "core/audit.h"
#include "flow/account.h"
#include "flow/account_facts.h"
#include "flow/account_pick.h"
#include "flow/live.h"
#include "flow/pool_booked.h"
#include "io/db.h"

#define CONNECT_MS 5000
#define LIST_MS 15000
#define ASK_MS 30000
#define ASK_TOKENS \
    64          /* a model that thinks may need them all, and has shown that it can be asked */
#define PICKS 3 /* models that are tried where nobody named one */

struct finding {
    const char *code; /* NULL: all is well */
    const char *detail;
    const char *names; /* of the models that the account lists; NULL: it lists none */
};

struct test {
    struct run *run;
    struct account account;
    struct pool_candidate who;
};

static bool is_cancelled(void *arg)
{
    const struct run *run = arg;

    return atomic_load(&run->lost) || atomic_load(&run->hurry);
}

/* What a fault of a call or of a provider means for whoever set the account up. */
static const char *code_of(const struct test *t, const char *code, int status, bool lists,
                           const char *detail)
{
    static const struct {
        const char *code, *found;
    } rows[] = {{"http_private", "account_private"},  {"http_tls", "account_tls"},
                {"http_timeout", "account_slow"},     {"http_connect", "account_address"},
                {"http_url", "account_address"},      {"http_broken", "account_not_llm"},
                {"http_too_long", "account_not_llm"}, {"llm_torn", "account_not_llm"},
                {"llm_no_key", "account_no_key"},     {"llm_no_credit", "account_quota"},
                {"llm_rate_limited", "account_busy"}, {"llm_overloaded", "account_provider"},
                {"cap_day", "account_cap"},           {"cap_month", "account_cap"},
                {"cap_ever", "account_cap"}};

    if (status >= 300 && status < 400)
        return "account_moved";
    if (text_is(code, "llm_key_refused") && t->account.key == NULL)
        return "account_no_key";
    if (text_is(code, "llm_key_refused") && status != 403)
        return "account_key";
    if (text_is(code, "llm_key_refused"))
        return lists ? "account_model" : "account_forbidden";
    if (text_is(code, "llm_model_unknown"))
        return lists || strcasestr(detail, "model") != NULL ? "account_model" : "account_not_llm";
    if (text_is(code, "llm_broken"))
        return status >= 500 ? "account_provider" : "account_not_llm";
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (text_is(rows[i].code, code))
            return rows[i].found;
    return "account_refused";
}

/* A provider that has no list, or not for this key, may answer questions all the same. */
static bool may_go_on(int status)
{
    return status == 403 || status == 404 || status == 405 || status == 501;
}

static rc_t list(struct ctx *c, const struct test *t, struct finding *f)
{
    const struct llm *llm = llm_speaking(t->who.llm, &t->who.account);
    struct http_ask ask;
    struct http_answer http;
    rc_t rc;

    TRY(llm->list(c, &t->who.account, &ask));
    ask.public_only = t->who.public_only;
    ask.connect_ms = CONNECT_MS;
    ask.total_ms = LIST_MS;
    ask.max_answer = LLM_BODY_MAX;
    ask.cancelled = is_cancelled;
    ask.cancel_arg = t->run;
    rc = http_call(c, &ask, &http);
    if (rc == OK)
        rc = llm->listed(c, &t->who.account, &http, &f->names);
    if (rc == OK || is_cancelled(t->run))
        return rc;
    f->names = NULL;
    if (!may_go_on(http.status) ||
        account_pick(c->mem, t->account.provider, t->account.named, true, 0) == NULL) {
        f->detail = log_mask(c->mem, c->fault.detail);
        f->code = code_of(t, c->fault.code, http.status, false, "");
    }
    ctx_forgive(c);
    return OK;
}

/* The model was reached, and said nothing, or nothing that we could use: the account works. */
static bool is_well(const char *code)
{
    return text_among("llm_empty llm_refused llm_filtered", code);
}

static rc_t ask_model(struct ctx *c, const struct test *t, const char *model, struct finding *f)
{
    static const struct llm_message hello[] = {LLM_SAYS(LLM_PERSON, "Say ok.")};
    static const struct payer company = {.employee_id = NULL};
    const struct llm_ask ask = {.messages = hello, .count = 1, .max_tokens = ASK_TOKENS};
    const struct pool_sink sink = {.cancelled = is_cancelled, .arg = t->run};
    struct pool_route route = {.candidates = {t->who},
                               .count = 1,
                               .limits = {.turn_ms = ASK_MS, .connect_ms = CONNECT_MS},
                               .payer = &company};
    struct pool_outcome o;
    const struct pool_try *last;
    struct account_facts facts;
    rc_t rc;

    route.candidates[0].model = model;
    route.candidates[0].purpose = "test";
    facts = account_facts(&t->account, t->account.provider, model);
    account_facts_set(&facts, &route.candidates[0]);
    f->code = f->detail = NULL;
    rc = pool_ask_booked(c, &route, &ask, &sink, &o);
    if (rc == OK || is_cancelled(t->run) || o.try_count == 0)
        return rc;
    ctx_forgive(c);
    last = &o.tries[o.try_count - 1];
    if (is_well(last->code))
        return OK;
    f->code = code_of(t, last->code, last->status, f->names != NULL, last->detail);
    f->detail = text_printf(c->mem, "%s: %s", model, last->detail);
    return OK;
}

/* Without those of which the company says that they embed only. */
static const char *that_talk(struct ctx *c, const struct test *t, const char *names)
{
    struct buf b = buf_new(c->mem, ACCOUNT_MODELS_MAX);

    if (t->account.line_count == 0)
        return names;
    for (const char *at = names; *at != '\0';) {
        const char *name = text_copy(c->mem, at, strcspn(at, " "));
        enum model_size size;

        if (!account_facts_size(&t->account, name, &size) || size != MODEL_EMBEDS)
            buf_printf(&b, "%s%s", b.len == 0 ? "" : " ", name);
        at += strlen(name);
        at += strspn(at, " ");
    }
    return buf_str(&b);
}

/* The models that an admin named, or those that the account lists, from the best one on. */
static rc_t ask(struct ctx *c, const struct test *t, struct finding *f)
{
    bool named = !text_blank(t->account.named);
    const char *names = named ? t->account.named : f->names;

    if (text_blank(names)) {
        f->code = "account_no_models";
        return OK;
    }
    names = that_talk(c, t, names);
    for (size_t n = 0; n < (named ? 1 : PICKS); n++) {
        const char *model = account_pick(c->mem, t->account.provider, names, named, n);

        if (model == NULL)
            return OK;
        TRY(ask_model(c, t, model, f));
        if (!text_is(f->code, "account_model") && !text_is(f->code, "account_refused"))
            return OK;
    }
    return OK;
}

static rc_t look(struct ctx *c, struct test *t, struct finding *f)
{
    if (!account_candidate(&t->account, &t->who)) {
        f->code = "account_unreadable";
        return OK;
    }
    if (t->who.llm->needs_key && t->account.key == NULL && text_blank(t->account.base_url)) {
        f->code = "account_no_key";
        return OK;
    }
    TRY(list(c, t, f));
    return f->code == NULL ? ask(c, t, f) : OK;
}

static rc_t end(struct ctx *c, const struct test *t, const struct finding *f)
{
    const struct job *job = &t->run->job;
    const char *about = text_printf(c->mem, "{\"result\":\"%s\"}",
                                    f->code == NULL ? "fine" : f->code);

    TRY(job_guard(c, job));
    TRY(account_test_end(c, job->subject_id, f->code, f->detail, f->names));
    TRY(audit_add(c, "system", "provider_account.tested", t->account.id, about));
    TRY(job_done(c, job));
    TRY(db_commit(c));
    live_message(c, job->subject_id, job->id, 0);
    return OK;
}

rc_t account_test_run(struct ctx *c, struct run *run)
{
    struct test t = {.run = run};
    struct finding f = {.code = NULL};
    rc_t rc = account_tested(c, run->job.subject_id, &t.account);

    /* It was removed, or another test was asked for in the meantime. */
    if (rc == E_NOT_FOUND) {
        ctx_forgive(c);
        TRY(job_guard(c, &run->job));
        TRY(job_done(c, &run->job));
        return db_commit(c);
    }
    TRY(rc);
    TRY(db_commit(c));
    TRY(look(c, &t, &f));
    return end(c, &t, &f);
}

rc_t account_test_bury(struct ctx *c, struct run *run)
{
    return account_test_end(c, run->job.subject_id, "account_late", NULL, NULL);
}
