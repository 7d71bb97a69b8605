/* A request for a response, as OpenAI's Responses API has it. Nothing is stored between two. */
#include "llm/served_responses.h"

#include <string.h>

#include "base/shape.h"
#include "llm/openai.h"
#include "llm/served_parts.h"

#define STORED "nothing is stored here; send the whole conversation as input."

static const struct served_never nevers[] = {
    {"background", "a response is given at once or as a stream."},
    {"previous_response_id", STORED},
    {"conversation", STORED},
    {"prompt", "prompts can't be kept here; send instructions and input."},
    {"top_logprobs", "probabilities of tokens can't be had here."},
    {"context_management", "the conversation is taken as it is sent."},
    {"moderation", "moderation is not part of this endpoint."},
};

/* What is read at the moment. */
struct reading {
    struct ctx *c;
    struct llm_ask *ask;
    struct served_talked talked;
    struct llm_part *parts; /* room for all parts of all items */
    size_t count;           /* of them used */
    size_t run;             /* where what the employee says in a row begins */
};

/* Blocks that came behind the text, because it was streamed before they were known, go first. */
static void blocks_first(struct llm_part *parts, size_t count)
{
    size_t first = 0;

    if (count == 0 || parts[0].kind == LLM_OPAQUE)
        return;
    for (size_t i = 0; i < count; i++) {
        struct llm_part block = parts[i];

        if (block.kind != LLM_OPAQUE || text_is(block.owner, OPENAI_RESPONSES_OWNER))
            continue;
        memmove(&parts[first + 1], &parts[first], (i - first) * sizeof(*parts));
        parts[first++] = block;
    }
}

/* All items of the employee in a row are one message: a call and its thinking belong together. */
static void end_run(struct reading *r)
{
    if (r->count == r->run)
        return;
    blocks_first(r->parts + r->run, r->count - r->run);
    served_said(&r->talked, LLM_EMPLOYEE, r->parts + r->run, r->count - r->run);
    r->run = r->count;
}

static struct llm_part *next(struct reading *r, enum llm_kind kind)
{
    struct llm_part *part = &r->parts[r->count++];

    *part = (struct llm_part){.kind = kind};
    return part;
}

static rc_t part(struct reading *r, const struct served_at *at, bool may_show, const json_t *from)
{
    const char *type = NULL, *text = "", *url = NULL;

    if (!json_is_object(from))
        return served_wrong_type(r->c, at, NULL, "an object");
    TRY(served_needed(r->c, at, from, "type", 64, &type));
    if (text_among("input_text output_text text", type)) {
        TRY(served_text(r->c, at, from, "text", &text));
    } else if (text_is(type, "refusal")) {
        TRY(served_text(r->c, at, from, "refusal", &text));
    } else if (may_show && text_is(type, "input_image")) {
        TRY(served_text(r->c, at, from, "image_url", &url));
        return url == NULL ? served_cannot(r->c, at, "image_url",
                                           "an image needs its address or its bytes here.")
                           : served_image(r->c, at, "image_url", url, next(r, LLM_IMAGE));
    } else {
        return served_cannot(r->c, at, "type",
                             may_show ? "only input_text and input_image can be read here."
                                      : "only text can be read here.");
    }
    next(r, LLM_TEXT)->text = text;
    return OK;
}

/* A text or a list of parts, under `key`. */
static rc_t content(struct reading *r, const struct served_at *at, const json_t *item,
                    const char *key, bool may_show)
{
    struct served_at in = {.up = at, .key = key};
    const json_t *from = json_object_get(item, key);

    if (json_is_string(from)) {
        next(r, LLM_TEXT)->text = served_kept(r->c, from);
        return OK;
    }
    if (from == NULL || json_is_null(from))
        return served_bad(r->c, at, key, "missing_required_parameter", "this is missing.");
    if (!json_is_array(from))
        return served_wrong_type(r->c, at, key, "a text or a list");
    for (size_t i = 0; i < json_array_size(from); i++) {
        struct served_at one = {.up = &in, .index = i};

        TRY(part(r, &one, may_show, json_array_get(from, i)));
    }
    return OK;
}

/* The texts of the parts from `from` on, which are given back. */
static const char *joined(struct reading *r, size_t from)
{
    struct buf all = buf_new(r->c->mem, SERVED_BODY_MAX);

    for (size_t i = from; i < r->count; i++)
        buf_text(&all, r->parts[i].text);
    r->count = from;
    return buf_str(&all);
}

static rc_t message(struct reading *r, const struct served_at *at, const json_t *item)
{
    const char *role;
    size_t from;

    TRY(served_needed(r->c, at, item, "role", 64, &role));
    if (text_is(role, "assistant"))
        return content(r, at, item, "content", false);
    end_run(r);
    from = r->count;
    if (text_is(role, "user")) {
        TRY(content(r, at, item, "content", true));
        served_said(&r->talked, LLM_PERSON, r->parts + from, r->count - from);
    } else if (text_among("system developer", role)) {
        TRY(content(r, at, item, "content", false));
        served_system(&r->talked, joined(r, from));
    } else {
        return served_bad(r->c, at, "role", "invalid_value",
                          "this must be one of: system, developer, user, assistant.");
    }
    r->run = r->count;
    return OK;
}

static rc_t call(struct reading *r, const struct served_at *at, const json_t *item)
{
    struct llm_part *call = next(r, LLM_CALL);

    call->arguments = "";
    TRY(served_needed(r->c, at, item, "call_id", LLM_ID_MAX, &call->call_id));
    TRY(served_needed(r->c, at, item, "name", LLM_NAME_MAX, &call->tool));
    TRY(served_text(r->c, at, item, "arguments", &call->arguments));
    if (text_blank(call->arguments))
        call->arguments = "{}";
    return OK;
}

static rc_t result(struct reading *r, const struct served_at *at, const json_t *item)
{
    const char *id;
    size_t from;

    end_run(r);
    from = r->count;
    TRY(served_needed(r->c, at, item, "call_id", LLM_ID_MAX, &id));
    TRY(content(r, at, item, "output", false));

    const char *text = joined(r, from);
    struct llm_part *result = next(r, LLM_RESULT);

    result->text = text;
    result->call_id = id;
    served_said(&r->talked, LLM_PERSON, result, 1);
    r->run = r->count;
    return OK;
}

/* What we once handed out: {"owner", "block"}. */
static rc_t own_block(struct reading *r, const struct served_at *at, const char *content)
{
    struct llm_part *block;
    struct bytes text;
    json_t *root;

    if (text_unbase64url(r->c->mem, bytes_of(content + strlen(SERVED_BLOCK_MARK)), &text) != OK ||
        json_parse(r->c, text, &root) != OK || !json_is_object(json_object_get(root, "block")) ||
        json_str(root, "owner") == NULL) {
        ctx_forgive(r->c);
        return served_bad(r->c, at, "encrypted_content", "invalid_value",
                          "this is not as it was given out.");
    }
    block = next(r, LLM_OPAQUE);
    block->owner = json_str(root, "owner");
    block->block = json_text(r->c->mem, json_object_get(root, "block"));
    return OK;
}

/* Without its encrypted content a block of thinking says nothing to anybody. */
static rc_t reasoning(struct reading *r, const struct served_at *at, const json_t *item)
{
    const char *content = NULL;
    struct llm_part *block;

    TRY(served_text(r->c, at, item, "encrypted_content", &content));
    if (text_blank(content))
        return OK;
    if (text_starts(content, SERVED_BLOCK_MARK))
        return own_block(r, at, content);
    block = next(r, LLM_OPAQUE);
    block->owner = OPENAI_RESPONSES_OWNER;
    block->block = json_text(r->c->mem, item);
    return OK;
}

static const struct {
    const char *type;
    rc_t (*read)(struct reading *r, const struct served_at *at, const json_t *item);
} types[] = {
    {"message", message},
    {"function_call", call},
    {"function_call_output", result},
    {"reasoning", reasoning},
};

static rc_t item(struct reading *r, const struct served_at *at, const json_t *from)
{
    const char *type = "message";

    if (!json_is_object(from))
        return served_wrong_type(r->c, at, NULL, "an object");
    TRY(served_text(r->c, at, from, "type", &type));
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (text_is(type, types[i].type))
            return types[i].read(r, at, from);
    return served_cannot(r->c, at, "type",
                         "only message, function_call, function_call_output and reasoning can be "
                         "read here.");
}

/* How many parts there can be: the lists that items have, and one for each item beside them. */
static size_t parts_in(const json_t *input)
{
    size_t sum = 0;

    for (size_t i = 0; i < json_array_size(input); i++) {
        const json_t *one = json_array_get(input, i);

        sum += 1 + json_array_size(json_object_get(one, "content")) +
               json_array_size(json_object_get(one, "output"));
    }
    return sum + 1;
}

static rc_t input(struct reading *r, const json_t *body, size_t bytes)
{
    struct served_at list = {.key = "input"};
    const json_t *from = json_object_get(body, "input");
    size_t count = json_array_size(from);
    const char *instructions = NULL;

    if (from == NULL || json_is_null(from) || (json_is_array(from) && count == 0))
        return served_bad(r->c, NULL, "input", "missing_required_parameter", "this is missing.");
    if (!json_is_string(from) && !json_is_array(from))
        return served_wrong_type(r->c, NULL, "input", "a text or a list");
    if (count > SERVED_MESSAGES_MAX)
        return ctx_fail(r->c, E_LIMIT, "llm_too_many", "There may be at most %d items.",
                        SERVED_MESSAGES_MAX);
    r->talked = served_talked_new(r->c, count, 2 * bytes);
    r->parts = arena_take(r->c->mem, parts_in(from) * sizeof(*r->parts));
    TRY(served_text(r->c, NULL, body, "instructions", &instructions));
    served_system(&r->talked, instructions);
    if (json_is_string(from)) {
        next(r, LLM_TEXT)->text = served_kept(r->c, from);
        served_said(&r->talked, LLM_PERSON, r->parts, 1);
        r->run = r->count;
    }
    for (size_t i = 0; i < count; i++) {
        struct served_at one = {.up = &list, .index = i};

        TRY(item(r, &one, json_array_get(from, i)));
    }
    end_run(r);
    served_settle(&r->talked, r->ask);
    return OK;
}

static rc_t format(struct reading *r, const json_t *body)
{
    const struct served_at text_at = {.key = "text"}, at = {.up = &text_at, .key = "format"};
    json_t *text = NULL, *from = NULL;

    TRY(served_object(r->c, NULL, body, text_at.key, &text));
    TRY(served_object(r->c, &text_at, text, at.key, &from));
    return served_format(r->c, &at, from, NULL, r->ask);
}

/* Whether the program wants blocks that it can send back. */
static rc_t include(struct reading *r, const json_t *body, bool *blocks)
{
    json_t *from = NULL;

    TRY(served_list(r->c, NULL, body, "include", &from));
    for (size_t i = 0; i < json_array_size(from); i++)
        *blocks = *blocks || text_is(json_string_value(json_array_get(from, i)),
                                     "reasoning.encrypted_content");
    return OK;
}

rc_t served_responses_read(struct ctx *c, struct bytes body, struct served_ask *out)
{
    struct served_at effort_at = {.key = "reasoning"};
    struct reading r = {.c = c, .ask = &out->ask};
    json_t *root, *effort = NULL;

    *out = (struct served_ask){.usage = true};
    TRY(served_body(c, body, &root));
    TRY(served_refuse(c, root, nevers, COUNT_OF(nevers)));
    TRY(served_common(c, root, r.ask));
    TRY(input(&r, root, body.len));
    TRY(served_tools(c, root, NULL, r.ask));
    TRY(served_tool_choice(c, root, NULL, r.ask));
    TRY(format(&r, root));
    TRY(include(&r, root, &out->blocks));
    TRY(served_int(c, NULL, root, "max_output_tokens", 1, LLM_TOKENS_MAX, &r.ask->max_tokens));
    served_bound(out);
    TRY(served_object(c, NULL, root, "reasoning", &effort));
    TRY(served_effort(c, &effort_at, effort, "effort", &r.ask->effort));
    out->echo = served_responses_echo(c, root, r.ask);
    json_object_clear(root);
    return OK;
}
