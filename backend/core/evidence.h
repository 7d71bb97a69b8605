/*
 * How an answer came about: what was asked of whom, why nobody else, of what the question was made,
 * and what it cost. Kept with the steps of the answer's job.
 */
#ifndef CORE_EVIDENCE_H
#define CORE_EVIDENCE_H

#include <jansson.h>

#include "base/shape.h"
#include "io/db.h"

/* One model that was asked, or could have been and was not. */
struct evidence_call {
    int64_t step; /* of the turn, from 1 */
    /*
     * Whose model it is when it is that of a colleague who was asked meanwhile, and by whom, by
     * their names; NULL: the model of the employee who answers.
     */
    const char *colleague, *asker;
    const char *question; /* that he was asked: with his first step; else NULL */
    const char *reply;    /* what he said: with his last call; else NULL */
    const char *provider, *model;
    const char *account; /* the company's own account, by its name; NULL: the instance's */
    const char *purpose; /* primary, fallback, local, task, asked; NULL: it was not asked */
    const char *tools;   /* that it wanted to be run, with blanks between; NULL: none */
    const char *failed;  /* what it was told of those that failed; NULL: none did */
    /*
     * "answered", "refused", "tools" (see above), or a stable code of why not: "llm_overloaded",
     * "context_too_short"
     */
    const char *code;
    const char *detail; /* more about a failure; NULL for those who may not see what models cost */
    int64_t status;     /* of the HTTP answer; 0: there was none, or it was good */
    bool asked;
    int64_t ms, first_ms; /* to its end, to its first token (0: no stream) */
    int64_t input_tokens, cached_tokens, output_tokens, reasoning_tokens;
    bool counted;        /* by the provider; else our own estimate */
    int64_t cost_micros; /* 0 for those who may not see what models cost */
};
extern const struct shape evidence_call_shape;

/* Of what a question was made, in tokens by our own estimate. */
struct evidence_prompt {
    int64_t persona, memory, knowledge, tools, history;
};

/* An answer as a whole. */
struct evidence {
    const char *message_id;
    const char *task;    /* what it was taken for, where that decided how large a model was asked */
    const char *outcome; /* answered, refused, failed */
    const char *provider, *model, *account; /* who answered; NULL: nobody was asked */
    int64_t calls, steps;
    int64_t ms; /* of all calls */
    int64_t input_tokens, cached_tokens, output_tokens, reasoning_tokens;
    int64_t persona_tokens, memory_tokens, knowledge_tokens, tools_tokens, history_tokens;
    /* all that the ledger has of it, calls of attempts that were lost included */
    int64_t cost_micros;
    bool cost_shown; /* false: whoever asks may not see what models cost */
};
extern const struct shape evidence_shape;

/* A step's result for the table of steps: JSON with its text, outcome, calls and prompt. */
struct evidence_step {
    const char *text, *outcome;
    const char *task; /* NULL: it decided nothing */
    /* as in evidence_call, but for the reply, which is the text of a last step */
    const char *colleague, *asker, *question;
    const struct evidence_call *calls;
    size_t call_count;
    struct evidence_prompt prompt;
};
json_t *evidence_step_json(const struct evidence_step *step);

/*
 * Of an answer in a conversation that whoever asks may read; E_NOT_FOUND otherwise. `costs`: he may
 * see what models cost.
 */
rc_t evidence_get(struct ctx *c, const char *message_id, bool costs, struct evidence *out) MUST;
rc_t evidence_calls(struct ctx *c, const char *message_id, bool costs, struct evidence_call **items,
                    size_t *count) MUST;

#endif
