/* See turn_guard.h. */
#include "flow/turn_guard.h"

#include "flow/turn_load.h"

/* Employees who wait for this one's answer. */
static int64_t askers(const struct turn *t)
{
    int64_t count = 0;

    for (t = t->asker; t != NULL; t = t->asker)
        count++;
    return count;
}

bool turn_guard_last(const struct turn *t)
{
    return t->own >= TURN_STEPS_MAX || t->step + askers(t) >= TURN_ALL_STEPS_MAX;
}

/* How often this call was made before: in earlier steps, and earlier in this answer. */
static size_t made(struct ctx *c, const struct turn *t, const struct llm_answer *answer,
                   size_t part)
{
    const struct llm_part *p = &answer->parts[part];
    const char *call = text_printf(c->mem, "%s %s", p->tool, p->arguments);
    size_t count = 0;

    for (size_t i = 0; i < t->called_count; i++)
        count += text_is(t->called[i], call);
    for (size_t i = 0; i < part; i++)
        count += answer->parts[i].kind == LLM_CALL && text_is(answer->parts[i].tool, p->tool) &&
                 text_is(answer->parts[i].arguments, p->arguments);
    return count;
}

const char *turn_guard_loop(struct ctx *c, const struct turn *t, const struct llm_answer *answer)
{
    if (turn_guard_last(t))
        return "turn_steps";
    for (size_t i = 0; i < answer->part_count; i++)
        if (answer->parts[i].kind == LLM_CALL && made(c, t, answer, i) >= TURN_SAME_CALLS)
            return "turn_loop";
    return NULL;
}

rc_t turn_guard_ask(struct ctx *c, const struct turn *t, const char *employee_id)
{
    const int64_t waiting = 1 + askers(t);

    for (const struct turn *one = t; one != NULL; one = one->asker)
        if (text_is(one->who.id, employee_id))
            return ctx_fail(c, E_INVALID, "colleague_asking",
                            "You can't ask %s, who waits for your answer to a question already. "
                            "Answer with what you know.",
                            one->who.name);
    if (waiting >= TURN_CHAIN_MAX)
        return ctx_fail(c, E_INVALID, "colleague_chain",
                        "You can't ask anybody: %lld of you wait for one answer already, and more "
                        "must not. Answer with what you know.",
                        (long long)waiting);
    if (t->whole->step + 1 + waiting > TURN_ALL_STEPS_MAX)
        return ctx_fail(c, E_INVALID, "colleague_steps",
                        "You can't ask anybody any more: too much was asked for this one message. "
                        "Answer with what you know.");
    return OK;
}
