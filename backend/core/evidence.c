/* See evidence.h. */
#include "core/evidence.h"

#include <stdlib.h>

#define FAILED_MOST KIB(8)
#define REPLY_MOST KIB(8) /* bytes of what a colleague said; an answer is rarely longer */

static const struct field call_fields[] = {
    FIELD(struct evidence_call, step, READ_ONLY, 0, "Of the turn, from 1"),
    FIELD_LIKE(struct evidence_call, colleague, READ_ONLY | NULLABLE, 100,
               "Whose model it is: a colleague's who was asked meanwhile; null: it is that of the "
               "employee who answers",
               "\"Ben\""),
    FIELD_LIKE(struct evidence_call, asker, READ_ONLY | NULLABLE, 100, "Who asked the colleague",
               "\"Mara\""),
    FIELD(struct evidence_call, question, READ_ONLY | NULLABLE, 0,
          "What the colleague was asked, with the first step of it"),
    FIELD(struct evidence_call, reply, READ_ONLY | NULLABLE, 0,
          "What the colleague said, with the last call of it"),
    FIELD(struct evidence_call, provider, READ_ONLY, 40, NULL),
    FIELD(struct evidence_call, model, READ_ONLY, 200, NULL),
    FIELD(struct evidence_call, account, READ_ONLY | NULLABLE, 100,
          "The company's own account; null: the instance's"),
    FIELD(struct evidence_call, purpose, READ_ONLY | NULLABLE, 40,
          "primary, fallback, local, task: why it was asked; null: it was not"),
    FIELD(struct evidence_call, tools, READ_ONLY | NULLABLE, 0,
          "Tools that it wanted to be run before it answers, with blanks between"),
    FIELD(struct evidence_call, failed, READ_ONLY | NULLABLE, 0,
          "What it was told of those that failed"),
    FIELD_LIKE(
        struct evidence_call, code, READ_ONLY, 60,
        "answered, refused, tools, or a stable code of why it did not answer or was not asked",
        "\"llm_overloaded\""),
    FIELD(struct evidence_call, detail, READ_ONLY | NULLABLE, 300,
          "More about a failure, for those who may see what models cost"),
    FIELD(struct evidence_call, status, READ_ONLY, 0, "HTTP status of a failure, or 0"),
    FIELD(struct evidence_call, asked, READ_ONLY, 0, "False: it was passed over"),
    FIELD(struct evidence_call, ms, READ_ONLY, 0, "To the end of its answer, in milliseconds"),
    FIELD(struct evidence_call, first_ms, READ_ONLY, 0, "To its first token; 0: no stream"),
    FIELD(struct evidence_call, input_tokens, READ_ONLY, 0, NULL),
    FIELD(struct evidence_call, cached_tokens, READ_ONLY, 0, "Of these, from the provider's cache"),
    FIELD(struct evidence_call, output_tokens, READ_ONLY, 0, NULL),
    FIELD(struct evidence_call, reasoning_tokens, READ_ONLY, 0, "Of these, thinking"),
    FIELD(struct evidence_call, counted, READ_ONLY, 0, "By the provider; else our own estimate"),
    FIELD(struct evidence_call, cost_micros, READ_ONLY, 0, "Millionths of a dollar"),
};
const struct shape evidence_call_shape = SHAPE("EvidenceCall", struct evidence_call, call_fields);

static const struct field fields[] = {
    FIELD(struct evidence, message_id, READ_ONLY, 36, NULL),
    FIELD(struct evidence, task, READ_ONLY | NULLABLE, 40,
          "What the message was taken for, where that decided how large a model was asked: chat, "
          "small-talk, reason, summarise, classify"),
    FIELD_OF(struct evidence, outcome, READ_ONLY, "answered refused failed", NULL),
    FIELD(struct evidence, provider, READ_ONLY | NULLABLE, 40, "Who answered; null: no model did"),
    FIELD(struct evidence, model, READ_ONLY | NULLABLE, 200, NULL),
    FIELD(struct evidence, account, READ_ONLY | NULLABLE, 100,
          "The company's own account; null: the instance's"),
    FIELD(struct evidence, calls, READ_ONLY, 0, "Models that were asked"),
    FIELD(struct evidence, steps, READ_ONLY, 0, "Steps that the turn took"),
    FIELD(struct evidence, ms, READ_ONLY, 0, "All calls together, in milliseconds"),
    FIELD(struct evidence, input_tokens, READ_ONLY, 0, "Of all calls"),
    FIELD(struct evidence, cached_tokens, READ_ONLY, 0, "Of these, from providers' caches"),
    FIELD(struct evidence, output_tokens, READ_ONLY, 0, NULL),
    FIELD(struct evidence, reasoning_tokens, READ_ONLY, 0, "Of these, thinking"),
    FIELD(struct evidence, persona_tokens, READ_ONLY, 0,
          "Of what the first question was made, by our own estimate"),
    FIELD(struct evidence, memory_tokens, READ_ONLY, 0, NULL),
    FIELD(struct evidence, knowledge_tokens, READ_ONLY, 0, NULL),
    FIELD(struct evidence, tools_tokens, READ_ONLY, 0, NULL),
    FIELD(struct evidence, history_tokens, READ_ONLY, 0, "The conversation, the message included"),
    FIELD(struct evidence, cost_micros, READ_ONLY, 0, "Millionths of a dollar, as the ledger says"),
    FIELD(struct evidence, cost_shown, READ_ONLY, 0,
          "False: you may not see what models cost, and cost_micros is 0"),
};
const struct shape evidence_shape = SHAPE("Evidence", struct evidence, fields);

json_t *evidence_step_json(const struct evidence_step *s)
{
    json_t *calls = json_array(), *root;

    for (size_t i = 0; i < s->call_count; i++)
        json_array_append_new(calls, shape_json(&evidence_call_shape, &s->calls[i]));
    root = json_pack(
        "{s:s?, s:s, s:s*, s:s*, s:s*, s:s*, s:{s:I, s:I, s:I, s:I, s:I}, s:o}", "text", s->text,
        "outcome", s->outcome, "task", s->task, "colleague", s->colleague, "asker", s->asker,
        "question", s->question, "prompt", "persona", (json_int_t)s->prompt.persona, "memory",
        (json_int_t)s->prompt.memory, "knowledge", (json_int_t)s->prompt.knowledge, "tools",
        (json_int_t)s->prompt.tools, "history", (json_int_t)s->prompt.history, "calls", calls);
    if (root == NULL)
        abort();
    return root;
}

/* What a step says of a call: what is missing or of another type stays as it is in `out`. */
static void read_call(const json_t *from, struct evidence_call *out)
{
    for (size_t i = 0; i < COUNT_OF(call_fields); i++) {
        const struct field *f = &call_fields[i];
        const json_t *v = json_object_get(from, f->name);
        char *at = (char *)out + f->offset;

        if (f->kind == F_TEXT && json_is_string(v))
            *(const char **)(void *)at = json_string_value(v);
        else if (f->kind == F_INT && json_is_integer(v))
            *(int64_t *)(void *)at = json_integer_value(v);
        else if (f->kind == F_BOOL && json_is_boolean(v))
            *(bool *)(void *)at = json_is_true(v);
    }
}

/* A step that is kept: its number and kind, and its JSON. */
struct kept {
    int64_t number;
    const char *kind;
    json_t *root;
};

struct found {
    const char *outcome, *job_id;
    struct kept *kept;
    size_t count;
};

static const struct stmt q_message = {
    "evidence_message",
    "SELECT m.outcome, m.job_id FROM message m JOIN conversation v ON v.tenant_id = m.tenant_id"
    " AND v.id = m.conversation_id WHERE m.tenant_id = tenant_now() AND m.id = $1"
    " AND m.author = 'employee' AND ($2::uuid IS NULL OR v.person_id = $2)"};

/* The results of a step's calls stand behind it. */
static const struct stmt q_steps = {
    "evidence_steps", "SELECT step_no, kind, result FROM step WHERE tenant_id = tenant_now()"
                      " AND job_id = $1 AND kind IN ('answer', 'calls', 'results')"
                      " ORDER BY step_no, kind"};

static rc_t find(struct ctx *c, const char *message_id, struct found *out)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_message, ARGS(A(message_id), A(c->person_id)), &rows));
    if (rows.count == 0)
        return ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such answer.");
    out->outcome = db_text(&rows, 0, 0);
    out->job_id = db_text(&rows, 0, 1);
    TRY(db_rows(c, &q_steps, ARGS(A(out->job_id)), &rows));
    out->count = (size_t)rows.count;
    out->kept = arena_take(c->mem, (out->count + 1) * sizeof(*out->kept));
    for (int i = 0; i < rows.count; i++) {
        struct kept *k = &out->kept[i];

        k->number = db_int(&rows, i, 0);
        k->kind = db_text(&rows, i, 1);
        TRY(json_parse(c, bytes_of(db_text(&rows, i, 2)), &k->root));
    }
    return OK;
}

/* What a model was told of its calls that failed, each on a line of its own; NULL: none did. */
static const char *failures(struct ctx *c, const json_t *results)
{
    struct buf b = buf_new(c->mem, FAILED_MOST);

    for (size_t i = 0; i < json_array_size(results); i++) {
        const json_t *result = json_array_get(results, i);
        const char *text = json_str(result, "text");

        if (json_is_true(json_object_get(result, "is_error")) && text != NULL)
            buf_printf(&b, "%s%s", b.len == 0 ? "" : "\n", text);
    }
    return b.len == 0 ? NULL : buf_str(&b);
}

/* The calls of one step behind those of the steps before; all of them are in `from`. */
static void add_step(struct ctx *c, const struct kept *k, bool costs, struct evidence_call *items,
                     size_t *count)
{
    const json_t *calls = json_object_get(k->root, "calls");
    const char *text = json_str(k->root, "text");
    const size_t first = *count;

    for (size_t i = 0; i < json_array_size(calls); i++) {
        struct evidence_call *call = &items[(*count)++];

        *call = (struct evidence_call){.provider = "", .model = "", .code = ""};
        read_call(json_array_get(calls, i), call);
        call->step = k->number;
        call->colleague = json_str(k->root, "colleague");
        call->asker = json_str(k->root, "asker");
        call->question = json_str(k->root, "question");
        if (!costs) {
            call->detail = NULL;
            call->cost_micros = 0;
        }
    }
    if (text_is(k->kind, "results") && first > 0)
        items[first - 1].failed = failures(c, json_object_get(k->root, "results"));
    else if (text_is(k->kind, "answer") && *count > first && items[first].colleague != NULL &&
             text != NULL)
        items[*count - 1].reply = text_clean(c->mem, text, REPLY_MOST);
}

static void add_calls(struct ctx *c, const struct found *f, bool costs,
                      struct evidence_call **items, size_t *count)
{
    size_t room = 1;

    for (size_t i = 0; i < f->count; i++)
        room += json_array_size(json_object_get(f->kept[i].root, "calls"));
    *items = arena_take(c->mem, room * sizeof(**items));
    *count = 0;
    for (size_t i = 0; i < f->count; i++)
        add_step(c, &f->kept[i], costs, *items, count);
}

rc_t evidence_calls(struct ctx *c, const char *message_id, bool costs, struct evidence_call **items,
                    size_t *count)
{
    struct found f;

    TRY(find(c, message_id, &f));
    add_calls(c, &f, costs, items, count);
    return OK;
}

static const struct stmt q_cost = {"evidence_cost",
                                   "SELECT coalesce(sum(cost_micros), 0)::bigint FROM usage"
                                   " WHERE tenant_id = tenant_now() AND job_id = $1"};

static rc_t add_cost(struct ctx *c, const char *job_id, struct evidence *out)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_cost, ARGS(A(job_id)), &rows));
    out->cost_micros = db_int(&rows, 0, 0);
    return OK;
}

/* Of the first step: what the message was taken for, and what it cost by itself. */
static void add_prompt(const struct found *f, struct evidence *out)
{
    const json_t *root = f->count == 0 ? NULL : f->kept[0].root;
    const json_t *prompt = json_object_get(root, "prompt");

    out->task = json_string_value(json_object_get(root, "task"));
    out->persona_tokens = json_integer_value(json_object_get(prompt, "persona"));
    out->memory_tokens = json_integer_value(json_object_get(prompt, "memory"));
    out->knowledge_tokens = json_integer_value(json_object_get(prompt, "knowledge"));
    out->tools_tokens = json_integer_value(json_object_get(prompt, "tools"));
    out->history_tokens = json_integer_value(json_object_get(prompt, "history"));
}

static void add_call(const struct evidence_call *call, struct evidence *out)
{
    out->calls += call->asked;
    out->ms += call->ms;
    out->input_tokens += call->input_tokens;
    out->cached_tokens += call->cached_tokens;
    out->output_tokens += call->output_tokens;
    out->reasoning_tokens += call->reasoning_tokens;
    if (call->colleague != NULL ||
        (!text_is(call->code, "answered") && !text_is(call->code, "refused")))
        return;
    out->provider = call->provider;
    out->model = call->model;
    out->account = call->account;
}

rc_t evidence_get(struct ctx *c, const char *message_id, bool costs, struct evidence *out)
{
    struct evidence_call *calls;
    struct found f;
    size_t count;

    TRY(find(c, message_id, &f));
    *out = (struct evidence){.message_id = message_id,
                             .outcome = f.outcome == NULL ? "answered" : f.outcome,
                             .cost_shown = costs};
    for (size_t i = 0; i < f.count; i++)
        out->steps += !text_is(f.kept[i].kind, "results");
    add_prompt(&f, out);
    add_calls(c, &f, costs, &calls, &count);
    for (size_t i = 0; i < count; i++)
        add_call(&calls[i], out);
    return costs ? add_cost(c, f.job_id, out) : OK;
}
