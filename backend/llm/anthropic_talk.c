/*
 * A conversation as Anthropic wants it: authors in turns, a person first; all results of one turn
 * at the beginning of one message; thinking in front of the calls it led to, exactly as it came.
 */
#include "llm/anthropic.h"
#include "llm/turns.h"

static json_t *image(const struct llm_part *p)
{
    if (p->base64 == NULL)
        return json_pack("{s:s, s:{s:s, s:s}}", "type", "image", "source", "type", "url", "url",
                         p->url);
    return json_pack("{s:s, s:{s:s, s:s, s:s}}", "type", "image", "source", "type", "base64",
                     "media_type", p->media, "data", p->base64);
}

static json_t *result(struct ctx *c, const struct llm_part *p)
{
    json_t *block = json_pack("{s:s, s:s, s:s}", "type", "tool_result", "tool_use_id",
                              vendor_call_id(c->mem, p->call_id), "content",
                              p->text == NULL ? "" : p->text);

    if (p->is_error)
        json_object_set_new(block, "is_error", json_true());
    return block;
}

static rc_t block_of(struct ctx *c, const struct llm_part *p, json_t *list)
{
    json_t *given;

    switch (p->kind) {
    case LLM_TEXT:
        return vendor_push(c, list, json_pack("{s:s, s:s}", "type", "text", "text", p->text));
    case LLM_IMAGE:
        return vendor_push(c, list, image(p));
    case LLM_RESULT:
        return vendor_push(c, list, result(c, p));
    case LLM_CALL:
        TRY(vendor_given(c, p->arguments, &given));
        return vendor_push(c, list,
                           json_pack("{s:s, s:s, s:s, s:O}", "type", "tool_use", "id",
                                     vendor_call_id(c->mem, p->call_id), "name", p->tool, "input",
                                     given));
    case LLM_OPAQUE:
        TRY(vendor_given(c, p->block, &given));
        return vendor_push(c, list, json_incref(given));
    }
    return OK;
}

/* The cache keeps what stands up to and with the marked block; thinking can't be marked. */
static void mark(json_t *content)
{
    for (size_t i = json_array_size(content); i-- > 0;) {
        json_t *block = json_array_get(content, i);
        const char *type = json_string_value(json_object_get(block, "type"));

        if (text_is(type, "thinking") || text_is(type, "redacted_thinking"))
            continue;
        json_object_set_new(block, "cache_control", json_pack("{s:s}", "type", "ephemeral"));
        return;
    }
}

/* Text alone is said as one text, everything else as a list of blocks. */
static rc_t message(struct ctx *c, const struct llm_turn *turn, bool marked, json_t *list)
{
    const char *role = turn->author == LLM_PERSON ? "user" : "assistant";
    json_t *content;

    if (turn_is_text(turn) && !marked)
        return vendor_push(
            c, list, json_pack("{s:s, s:s}", "role", role, "content", turn_text(c->mem, turn)));
    content = json_array();
    TRY(vendor_push(c, list, json_pack("{s:s, s:o}", "role", role, "content", content)));
    for (size_t i = 0; i < turn->count; i++)
        TRY(block_of(c, turn->parts[i], content));
    if (marked)
        mark(content);
    return OK;
}

rc_t anthropic_messages(struct ctx *c, const struct llm_turn *turns, size_t count, json_t *list)
{
    size_t stable = 0; /* turns at the beginning */

    while (stable < count && turns[stable].stable)
        stable++;
    if (turns[0].author == LLM_EMPLOYEE)
        TRY(vendor_push(c, list,
                        json_pack("{s:s, s:s}", "role", "user", "content",
                                  "(Earlier messages are not shown.)")));
    for (size_t i = 0; i < count; i++)
        TRY(message(c, &turns[i], i + 1 == stable, list));
    return OK;
}
