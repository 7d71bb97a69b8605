/* See llm.h: whether a question can be asked of anybody, and its parts. */
#include <string.h>

#include "base/shape.h"
#include "llm/gather.h"
#include "llm/vectors.h"

const struct llm_part *llm_parts(const struct llm_message *message, struct llm_part *single,
                                 size_t *count)
{
    *single = (struct llm_part){.kind = LLM_TEXT, .text = message->text};
    *count = message->part_count > 0 ? message->part_count : 1;
    return message->part_count > 0 ? message->parts : single;
}

/* What is checked message by message. */
struct check {
    struct ctx *c;
    const struct llm_ask *ask;
    const char *open[LLM_CALLS_MAX]; /* calls that wait for their results */
    size_t open_count;
    size_t image_count, image_bytes;
    bool said; /* a person said something */
};

static bool is_text(const char *text)
{
    return text_utf8(bytes_of(text));
}

static bool is_object(const char *text)
{
    struct ctx *own = ctx_new(MIB(16), NULL);
    json_t *root = NULL;
    bool is = text != NULL && json_parse(own, bytes_of(text), &root) == OK && json_is_object(root);

    ctx_end(own);
    return is;
}

static rc_t check_image(struct check *k, const struct llm_part *p)
{
    static const char *const kinds[] = {"image/png", "image/jpeg", "image/gif", "image/webp"};
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = p->base64 == NULL ? 0 : strlen(p->base64), known = 0;

    if (++k->image_count > LLM_IMAGE_COUNT_MAX)
        return ctx_fail(k->c, E_LIMIT, "llm_too_many", "more than %d images", LLM_IMAGE_COUNT_MAX);
    k->image_bytes += len;
    if (k->image_bytes > LLM_IMAGES_MAX)
        return ctx_fail(k->c, E_LIMIT, "llm_too_many", "images of more than %zu bytes",
                        LLM_IMAGES_MAX);
    if (p->base64 == NULL)
        return p->url != NULL && text_starts(p->url, "https://") && is_text(p->url)
                   ? OK
                   : ctx_fail(k->c, E_INVALID, "llm_bad_image",
                              "an image without bytes and without an https address");
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        known += text_is(kinds[i], p->media);

    size_t plain = strspn(p->base64, digits);

    if (known == 0 || len == 0 || len % 4 != 0 || len - plain > 2 ||
        strspn(p->base64 + plain, "=") != len - plain)
        return ctx_fail(k->c, E_INVALID, "llm_bad_image",
                        "an image that is not PNG, JPEG, GIF or WebP in base64");
    return OK;
}

static rc_t disorder(struct check *k, const char *what)
{
    return ctx_fail(k->c, E_INVALID, "llm_bad_order", "%s", what);
}

static rc_t check_call(struct check *k, const struct llm_part *p)
{
    if (k->open_count == LLM_CALLS_MAX)
        return ctx_fail(k->c, E_LIMIT, "llm_too_many", "more than %d tool calls", LLM_CALLS_MAX);
    if (text_blank(p->call_id) || strlen(p->call_id) > LLM_ID_MAX || !is_text(p->call_id) ||
        !gather_is_name(p->tool) || !is_object(p->arguments))
        return ctx_fail(k->c, E_INVALID, "llm_bad_tool",
                        "a call needs an id, the name of a tool, and an object of arguments");
    k->open[k->open_count++] = p->call_id;
    return OK;
}

static rc_t check_result(struct check *k, const struct llm_part *p)
{
    for (size_t i = 0; i < k->open_count; i++)
        if (text_is(k->open[i], p->call_id)) {
            k->open[i] = k->open[--k->open_count];
            return OK;
        }
    return disorder(k, "a tool's result belongs to no call before it that waits for one");
}

static rc_t check_part(struct check *k, enum llm_author author, const struct llm_part *p)
{
    bool is_person = author == LLM_PERSON;

    k->said = k->said || (is_person && (p->kind != LLM_TEXT || !text_blank(p->text)));
    switch (p->kind) {
    case LLM_TEXT:
        return OK;
    case LLM_IMAGE:
        return is_person ? check_image(k, p) : disorder(k, "an image of an employee");
    case LLM_CALL:
        return is_person ? disorder(k, "a tool call of a person") : check_call(k, p);
    case LLM_RESULT:
        return is_person ? check_result(k, p) : disorder(k, "a result of an employee");
    case LLM_OPAQUE:
        if (is_person || p->owner == NULL || !is_object(p->block))
            return disorder(k, "a provider's block that is none");
        return OK;
    }
    return disorder(k, "a part of an unknown kind");
}

static rc_t check_message(struct check *k, size_t index)
{
    const struct llm_message *m = &k->ask->messages[index];
    struct llm_part single;
    size_t count;
    const struct llm_part *parts = llm_parts(m, &single, &count);

    if (m->author == LLM_EMPLOYEE && k->open_count > 0)
        return disorder(k, "the conversation goes on before each tool call has its result");
    for (size_t i = 0; i < count; i++) {
        if (!is_text(parts[i].text))
            return ctx_fail(k->c, E_INVALID, "llm_bad_text", "message %zu is not valid UTF-8",
                            index + 1);
        TRY(check_part(k, m->author, &parts[i]));
    }
    return OK;
}

static rc_t check_schema(struct check *k, const char *what, const char *schema)
{
    if (schema == NULL || strlen(schema) > LLM_SCHEMA_MAX || !is_object(schema))
        return ctx_fail(k->c, E_INVALID, "llm_bad_schema",
                        "the schema of \"%.64s\" is not a JSON object of at most %zu bytes", what,
                        LLM_SCHEMA_MAX);
    return OK;
}

static rc_t check_tools(struct check *k)
{
    const struct llm_ask *ask = k->ask;
    bool found = false;

    if (ask->tool_count > LLM_TOOLS_MAX)
        return ctx_fail(k->c, E_LIMIT, "llm_too_many", "more than %d tools", LLM_TOOLS_MAX);
    for (size_t i = 0; i < ask->tool_count; i++) {
        const struct llm_tool *t = &ask->tools[i];

        if (!gather_is_name(t->name) || !is_text(t->about))
            return ctx_fail(k->c, E_INVALID, "llm_bad_tool",
                            "tool %zu has no possible name, or says what is not UTF-8", i + 1);
        for (size_t j = 0; j < i; j++)
            if (text_is(t->name, ask->tools[j].name))
                return ctx_fail(k->c, E_INVALID, "llm_bad_tool", "two tools are called %s",
                                t->name);
        TRY(check_schema(k, t->name, t->schema));
        found = found || text_is(t->name, ask->chosen);
    }
    if ((ask->choice == LLM_CHOOSE_ONE && !found) ||
        (ask->choice == LLM_CHOOSE_REQUIRED && ask->tool_count == 0))
        return ctx_fail(k->c, E_INVALID, "llm_bad_tool", "the tool to be called is not among them");
    return OK;
}

static rc_t check_rest(struct check *k)
{
    const struct llm_ask *ask = k->ask;

    if (!is_text(ask->model) || !is_text(ask->system) || !is_text(ask->cache_key))
        return ctx_fail(k->c, E_INVALID, "llm_bad_text",
                        "the persona or the model's name is not valid UTF-8");
    if (ask->stop_count > LLM_STOPS_MAX)
        return ctx_fail(k->c, E_LIMIT, "llm_too_many", "more than %d texts to stop at",
                        LLM_STOPS_MAX);
    for (size_t i = 0; i < ask->stop_count; i++)
        if (ask->stops[i][0] == '\0' || !is_text(ask->stops[i]))
            return ctx_fail(k->c, E_INVALID, "llm_bad_text", "a text to stop at is none");
    if (ask->format_schema == NULL)
        return OK;
    if (!gather_is_name(ask->format_name))
        return ctx_fail(k->c, E_INVALID, "llm_bad_schema", "the structure has no possible name");
    return check_schema(k, ask->format_name, ask->format_schema);
}

rc_t llm_check(struct ctx *c, const struct llm_ask *ask)
{
    struct check k = {.c = c, .ask = ask};

    if (ask->text_count > 0)
        return vectors_check(c, ask);
    for (size_t i = 0; i < ask->count; i++)
        TRY(check_message(&k, i));
    if (k.open_count > 0)
        return disorder(&k, "a tool call has no result yet");
    TRY(check_tools(&k));
    TRY(check_rest(&k));
    if (!k.said)
        return ctx_fail(c, E_INVALID, "llm_no_message",
                        "the conversation has no message of a person");
    return OK;
}

static size_t bytes(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

size_t llm_ask_bytes(const struct llm_ask *ask)
{
    size_t sum = bytes(ask->system) + bytes(ask->format_schema);

    for (size_t i = 0; i < ask->text_count; i++)
        sum += bytes(ask->texts[i]);
    for (size_t i = 0; i < ask->fact_count; i++)
        sum += bytes(ask->facts[i]);
    for (size_t i = 0; i < ask->tool_count; i++)
        sum += bytes(ask->tools[i].about) + bytes(ask->tools[i].schema);
    for (size_t i = 0; i < ask->count; i++) {
        struct llm_part single;
        size_t count;
        const struct llm_part *parts = llm_parts(&ask->messages[i], &single, &count);

        for (size_t n = 0; n < count; n++)
            sum += bytes(parts[n].text) + bytes(parts[n].arguments) + bytes(parts[n].block);
    }
    return sum;
}
