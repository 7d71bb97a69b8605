/* See turn_step.h. */
#include "flow/turn_step.h"

#include <stdlib.h>

#define DETAIL_MAX 300

static struct evidence_call passed_over(const struct routing_passed *p)
{
    return (struct evidence_call){
        .provider = p->provider, .model = p->model, .account = p->account, .code = p->code};
}

/* A try that a circuit or a cap refused beforehand was not asked. */
static struct evidence_call failed(struct ctx *c, const struct pool_try *t)
{
    return (struct evidence_call){.provider = t->provider,
                                  .model = t->model,
                                  .account = t->account_name,
                                  .purpose = t->purpose,
                                  .code = t->code,
                                  .detail = text_clean(c->mem, t->detail, DETAIL_MAX),
                                  .status = t->status,
                                  .asked = !text_is(t->code, "llm_circuit_open") &&
                                           !text_starts(t->code, "cap_"),
                                  .ms = t->ms,
                                  .first_ms = t->first_ms,
                                  .input_tokens = t->input_tokens,
                                  .cached_tokens = t->cached_tokens,
                                  .output_tokens = t->output_tokens,
                                  .reasoning_tokens = t->reasoning_tokens,
                                  .counted = t->counted,
                                  .cost_micros = t->cost.micros};
}

static struct evidence_call answered(const struct turn *t, const struct pool_outcome *o)
{
    const struct pool_candidate *who = &t->routing.pool.candidates[o->candidate];

    return (struct evidence_call){.provider = who->llm->name,
                                  .model = o->answer.model,
                                  .account = who->account_name,
                                  .purpose = who->purpose,
                                  .code = llm_refused(&o->answer)    ? "refused"
                                          : o->answer.call_count > 0 ? "tools"
                                                                     : "answered",
                                  .asked = true,
                                  .ms = o->ms,
                                  .first_ms = o->first_ms,
                                  .input_tokens = o->answer.input_tokens,
                                  .cached_tokens = o->answer.cached_tokens,
                                  .output_tokens = o->answer.output_tokens,
                                  .reasoning_tokens = o->answer.reasoning_tokens,
                                  .counted = o->answer.counted,
                                  .cost_micros = o->cost.micros};
}

const char *turn_step_tools(struct ctx *c, const struct llm_answer *answer)
{
    struct buf b = buf_new(c->mem, KIB(8));

    for (size_t i = 0; i < answer->part_count; i++)
        if (answer->parts[i].kind == LLM_CALL)
            buf_printf(&b, "%s%s", b.len == 0 ? "" : " ", answer->parts[i].tool);
    return b.len == 0 ? NULL : buf_str(&b);
}

static json_t *step_json(struct ctx *c, const struct turn *t, const struct pool_outcome *asked,
                         const char *text, const char *outcome)
{
    struct evidence_call calls[ROUTING_PASSED_MAX + POOL_TRIES_MAX + 1];
    struct evidence_step step = {.text = text,
                                 .outcome = outcome,
                                 .task = t->routing.task,
                                 .colleague = t->asker == NULL ? NULL : t->who.name,
                                 .asker = t->asker == NULL ? NULL : t->asker->who.name,
                                 .question = t->asker == NULL || t->own > 1 ? NULL : t->asked.text,
                                 .calls = calls,
                                 .prompt = t->prompt};

    for (size_t i = 0; i < t->routing.passed_count; i++)
        calls[step.call_count++] = passed_over(&t->routing.passed[i]);
    for (size_t i = 0; i < asked->try_count; i++)
        calls[step.call_count++] = failed(c, &asked->tries[i]);
    if (asked->answer.model != NULL) {
        calls[step.call_count] = answered(t, asked);
        calls[step.call_count++].tools = turn_step_tools(c, &asked->answer);
    }
    return evidence_step_json(&step);
}

static const char *text_of(struct ctx *c, json_t *root)
{
    const char *text = json_text(c->mem, root);

    json_decref(root);
    return text;
}

const char *turn_step_text(struct ctx *c, const struct turn *t, const struct pool_outcome *asked,
                           const struct ending *end)
{
    return text_of(c, step_json(c, t, asked, end->text, end->outcome));
}

const char *turn_step_calls(struct ctx *c, const struct turn *t, const struct pool_outcome *asked,
                            json_t *parts)
{
    json_t *root = step_json(c, t, asked, asked->answer.text, "answered");

    json_object_set(root, "parts", parts);
    return text_of(c, root);
}

const char *turn_step_results(struct ctx *c, const struct turn *t, json_t *results)
{
    json_t *root = json_pack("{s:I, s:O}", "step", (json_int_t)t->whole->step, "results", results);

    if (root == NULL)
        abort();
    return text_of(c, root);
}
