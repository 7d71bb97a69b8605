/* See turn_tools.h. */
#include "flow/turn_tools.h"

#include <stdlib.h>
#include <string.h>

#include "flow/account_facts.h"
#include "llm/words.h"
#include "tools/tool.h"

#define WRAPPING 8 /* tokens around each tool, as llm_estimate_ask has it */

/* True when one of the words of a text is among those of the tool, or means one of the names. */
static bool has_to_do_with(struct ctx *c, const char *text, const char *words,
                           const struct words *names)
{
    const char *plain = words_plain(c->mem, text);
    char *rest = text_dup(c->mem, plain), *word;
    const struct words *said;

    while ((word = strsep(&rest, " ")) != NULL)
        if (*word != '\0' && strstr(words, text_printf(c->mem, " %s ", word)) != NULL)
            return true;
    if (names->count == 0)
        return false;
    said = words_of(c->mem, plain);
    for (size_t i = 0; i < said->count; i++)
        if (words_have(names, said->items[i]))
            return true;
    return false;
}

static bool is_wanted(struct ctx *c, const struct turn *t, const struct tool *tool,
                      const struct tool_offer *offer)
{
    const struct words *names = words_of(
        c->mem, words_plain(c->mem, offer->names == NULL ? "" : offer->names));

    for (size_t i = 0; i < t->ask.count; i++)
        if (t->messages[i].author == LLM_PERSON &&
            has_to_do_with(c, t->messages[i].text, tool->words, names))
            return true;
    return false;
}

/* A provider of which models are known, each of which uses tools. */
static bool has_users(const char *provider)
{
    size_t count;
    const struct llm_model *all = llm_models(&count);

    for (size_t i = 0; i < count; i++)
        if (text_is(all[i].provider, provider) && (all[i].can & MODEL_TOOLS) != 0)
            return true;
    return false;
}

/* The same, or the company says so of one of its models at this account. */
static bool account_has_users(const struct routing_account *a)
{
    bool any = has_users(a->who.llm->name);

    for (size_t i = 0; i < a->account.line_count && !any; i++)
        any = a->account.lines[i].tools == SAID_YES;
    return any;
}

/*
 * By what is configured, not by who happens to be well at the moment or what a test has found: a
 * retry must ask the same. So an account counts that is turned on and knows the model as one that
 * uses tools, whether it is asked in the end or not. Whoever is asked and is not known to use them
 * gets the question without (flow/routing.c): servers refuse a whole question for tools that their
 * model can't use.
 */
static bool uses_tools(const struct routing_book *book, const struct employee_brain *who)
{
    const bool any_provider = text_is(who->primary_provider, ROUTING_AUTO);
    const bool any_model = text_is(who->primary_model, ROUTING_AUTO);
    bool uses = false;

    for (size_t i = 0; i < book->count && !uses; i++) {
        const struct routing_account *a = &book->accounts[i];

        if (!any_provider && !text_is(a->who.llm->name, who->primary_provider))
            continue;
        if (any_model)
            uses = account_has_users(a);
        else
            uses = (account_facts(&a->account, a->who.llm->name, who->primary_model).can &
                    MODEL_TOOLS) != 0;
    }
    return uses;
}

rc_t turn_tools_offer(struct ctx *c, const struct routing_book *book, struct turn *t)
{
    size_t count;
    const struct tool *const *all = tools_all(&count);
    struct llm_tool *offered = arena_take(c->mem, count * sizeof(*offered));

    if (!uses_tools(book, &t->who))
        return OK;
    for (size_t i = 0; i < count; i++) {
        struct llm_tool *next = &offered[t->ask.tool_count];
        struct tool_offer offer;

        TRY(tool_offer(c, all[i], &t->who, &offer));
        if (offer.about == NULL || !is_wanted(c, t, all[i], &offer))
            continue;
        *next = (struct llm_tool){
            .name = all[i]->name, .about = offer.about, .schema = tool_schema(c->mem, all[i])};
        t->ask.tool_count++;
        t->prompt.tools += WRAPPING + llm_estimate_tokens(next->name) +
                           llm_estimate_tokens(next->about) + llm_estimate_tokens(next->schema);
    }
    t->ask.tools = offered;
    return OK;
}

/* What a tool says, or what was wrong with the call; `failed` tells which. */
static rc_t result_of(struct ctx *c, const struct turn *t, const struct tool_host *host,
                      const struct llm_part *call, const char **text, bool *failed)
{
    const struct tool *tool = NULL;
    rc_t rc;

    for (size_t i = 0; i < t->ask.tool_count; i++)
        if (text_is(t->ask.tools[i].name, call->tool))
            tool = tool_find(call->tool);
    *failed = tool == NULL;
    if (tool == NULL) {
        *text = text_printf(c->mem, "There is no tool %s.", call->tool);
        return OK;
    }
    rc = tool_run(c, tool, host, call->arguments, text);
    if (rc != E_INVALID && rc != E_NOT_FOUND)
        return rc;
    *failed = true;
    *text = c->fault.detail;
    ctx_forgive(c);
    return OK;
}

static json_t *part_json(const struct llm_part *p)
{
    json_t *json = json_pack("{s:i, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:b}", "kind", (int)p->kind,
                             "text", p->text, "call_id", p->call_id, "tool", p->tool, "arguments",
                             p->arguments, "owner", p->owner, "block", p->block, "is_error",
                             p->is_error);

    if (json == NULL)
        abort();
    return json;
}

static void drop(void *json)
{
    json_decref(json);
}

json_t *turn_tools_parts(struct ctx *c, const struct llm_answer *answer)
{
    json_t *parts = json_array();

    arena_on_end(c->mem, drop, parts);
    for (size_t i = 0; i < answer->part_count; i++)
        json_array_append_new(parts, part_json(&answer->parts[i]));
    return parts;
}

/* Of a list of parts; only an employee's name a tool. */
static struct llm_message message_of(struct ctx *c, enum llm_author author, const json_t *list)
{
    const size_t count = json_array_size(list);
    struct llm_part *parts = arena_take(c->mem, (count + 1) * sizeof(*parts));

    for (size_t i = 0; i < count; i++) {
        const json_t *p = json_array_get(list, i);

        parts[i] = (struct llm_part){
            .kind = (enum llm_kind)json_integer_value(json_object_get(p, "kind")),
            .text = json_str(p, "text"),
            .call_id = json_str(p, "call_id"),
            .tool = author == LLM_EMPLOYEE ? json_str(p, "tool") : NULL,
            .arguments = json_str(p, "arguments"),
            .owner = json_str(p, "owner"),
            .block = json_str(p, "block"),
            .is_error = json_is_true(json_object_get(p, "is_error"))};
    }
    return (struct llm_message){.author = author, .parts = parts, .part_count = count};
}

rc_t turn_tools_run(struct ctx *c, const struct turn *t, const struct tool_host *host,
                    json_t **results)
{
    const struct llm_message said = message_of(c, LLM_EMPLOYEE, t->calls);

    *results = json_array();
    arena_on_end(c->mem, drop, *results);
    for (size_t i = 0; i < said.part_count; i++) {
        const struct llm_part *p = &said.parts[i];
        struct llm_part result = {.kind = LLM_RESULT, .call_id = p->call_id, .tool = p->tool};

        if (p->kind != LLM_CALL)
            continue;
        TRY(result_of(c, t, host, p, &result.text, &result.is_error));
        json_array_append_new(*results, part_json(&result));
    }
    return OK;
}

/* Notes the calls, so that they are known again. */
static void note_calls(struct ctx *c, struct turn *t, const struct llm_message *said)
{
    for (size_t i = 0; i < said->part_count; i++)
        if (said->parts[i].kind == LLM_CALL && t->called_count < TURN_CALLS_MAX)
            t->called[t->called_count++] = text_printf(c->mem, "%s %s", said->parts[i].tool,
                                                       said->parts[i].arguments);
}

rc_t turn_tools_go_on(struct ctx *c, struct turn *t, const json_t *results)
{
    const struct llm_message said = message_of(c, LLM_EMPLOYEE, t->calls);

    if (said.part_count == 0 || turn_guard_last(t))
        return ctx_fail(c, E_INTERNAL, "step_malformed", "a step of calls has none");
    note_calls(c, t, &said);
    t->messages[t->ask.count++] = said;
    t->messages[t->ask.count++] = message_of(c, LLM_PERSON, results);
    t->calls = NULL;
    turn_next(c, t);
    return OK;
}

static const struct step *find(const struct turn *t, const char *kind)
{
    const struct step *steps = t->whole->kept;

    for (size_t i = 0; i < t->whole->kept_count; i++)
        if (steps[i].number == t->step && text_is(steps[i].kind, kind) &&
            steps[i].request_hash.len == t->request_hash.len &&
            memcmp(steps[i].request_hash.data, t->request_hash.data, t->request_hash.len) == 0)
            return &steps[i];
    return NULL;
}

rc_t turn_tools_replay(struct ctx *c, struct turn *t)
{
    const struct step *s;
    json_t *root;

    while ((s = find(t, "calls")) != NULL) {
        TRY(json_parse(c, bytes_of(s->result), &root));
        t->calls = json_object_get(root, "parts");
        s = find(t, "results");
        if (s == NULL)
            return OK;
        TRY(json_parse(c, bytes_of(s->result), &root));
        /* colleagues have taken steps meanwhile, which need not be gone through again */
        t->whole->step = json_integer_value(json_object_get(root, "step"));
        TRY(turn_tools_go_on(c, t, json_object_get(root, "results")));
    }
    s = find(t, "answer");
    t->stored = s == NULL ? NULL : s->result;
    return OK;
}
