/* What a company says of the models of its accounts: what they cost it, and what they can do. */
#include "core/account_model.h"

#include "api/handlers.h"
#include "api/page.h"
#include "core/audit.h"
#include "core/dollars.h"
#include "flow/account_facts.h"

static const char *word(const struct account_facts *f, unsigned what)
{
    if ((f->knows & what) == 0)
        return NULL;
    return (f->can & what) != 0 ? "yes" : "no";
}

static void price_holds(struct arena *mem, const struct account_facts *f, struct account_model *m)
{
    int64_t input = m->listed_input, output = m->listed_output;

    m->price_by = m->listed_assumed ? "assumed" : "list";
    if (f->price != NULL) {
        m->price_by = text_is(f->priced_by, m->name) ? "own" : "line";
        input = f->price->input;
        output = f->price->output;
    }
    if (input < 0) {
        m->price_by = "unknown";
        return;
    }
    m->holds_input = dollars_text(mem, input);
    m->holds_output = dollars_text(mem, output);
}

/* What holds of it, from all that was said of the account's models. */
static void complete(struct ctx *c, const struct account *account, struct account_model *m)
{
    static const char *const sizes[] = {[MODEL_SMALL] = "small",
                                        [MODEL_USUAL] = "usual",
                                        [MODEL_LARGE] = "large",
                                        [MODEL_EMBEDS] = "embeds"};
    const struct account_facts f = account_facts(account, account->provider, m->name);

    price_holds(c->mem, &f, m);
    m->holds_tools = word(&f, MODEL_TOOLS);
    m->holds_images = word(&f, MODEL_IMAGES);
    m->holds_size = f.sized ? sizes[f.size] : NULL;
    m->holds_context = f.context;
}

rc_t account_models_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct account_model *items;
    struct account account;
    struct page page;
    const char *id;
    size_t count;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_page(c, rq, &page));
    TRY(account_model_lines(c, id, &account));
    TRY(account_model_list(c, id, &page, &items, &count));
    for (size_t i = 0; i < count; i++)
        complete(c, &account, &items[i]);
    return res_page(c, rq, rs, &account_model_shape, items, count, &page);
}

/* Takes the reference over. */
static rc_t record(struct ctx *c, const char *action, const char *id, json_t *about)
{
    const char *body = json_text(c->mem, about);

    json_decref(about);
    return audit_add(c, c->actor, action, id, body);
}

rc_t account_models_put(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct account_model_said in;
    struct account_model now;
    struct account account;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &account_model_said_shape, &in));
    TRY(account_model_put(c, id, &in));
    TRY(account_model_get(c, id, in.name, &now));
    TRY(account_model_lines(c, id, &account));
    complete(c, &account, &now);
    TRY(record(c, "provider_account.model_said", id,
               json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:I, s:I}",
                         "account", account.name, "model", now.name, "input", now.input, "cached",
                         now.cached, "cache_write", now.cache_write, "output", now.output, "tools",
                         now.tools, "images", now.images, "size", now.size, "context",
                         (json_int_t)now.context, "answer", (json_int_t)now.answer)));
    return res_one(c, rs, 200, &account_model_shape, &now);
}

rc_t account_models_drop(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *id, *said_id, *name;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_id(c, rq, "said", &said_id));
    TRY(account_model_drop(c, id, said_id, &name));
    TRY(record(c, "provider_account.model_forgotten", id, json_pack("{s:s}", "model", name)));
    rs->status = 204;
    return OK;
}
