/*
 * Asks the pool of models, for judges that are not written in C. Reads one JSON object a line:
 *     {"candidates": [{"provider", "api": "responses", "base_url", "api_version", "key", "model",
 *      "purpose"}], "limits": {"turn_ms", ...}, "name", "role", "system", "facts": [text],
 *      "messages": [{"author": "person" | "employee", "text", "parts": [part]}],
 *      "tools": [{"name", "about", "schema": text, "strict"}], "choice": 0 to 3, "chosen",
 *      "one_call_only", "format": {"name", "schema": text}, "effort": 0 to 4, "max_tokens",
 *      "stream"}
 * and answers each with one: {"code", "text", "model", "stop", "candidate", "input", "cached",
 * "output", "counted", "refusal", "request_id", "parts": [part], "seen", "deltas", "restarts",
 * "tries": [{"provider", "purpose", "code", "detail", "status"}]}; code is null when it is
 * answered, and seen is what a person who watches the stream has before him at the end. A part has
 * the members of struct llm_part, its kind as a number.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/shape.h"
#include "flow/pool.h"

#define LIST_MAX 100

struct watcher {
    struct buf text;
    int deltas, restarts;
};

static void on_delta(void *arg, struct bytes piece)
{
    struct watcher *w = arg;

    buf_add(&w->text, piece.data, piece.len);
    w->deltas++;
}

static void on_restart(void *arg)
{
    struct watcher *w = arg;

    w->text.len = 0;
    w->restarts++;
}

static int64_t number(const json_t *from, const char *key)
{
    return json_integer_value(json_object_get(from, key));
}

static struct pool_route route_of(const json_t *row)
{
    const json_t *limits = json_object_get(row, "limits"), *who;
    struct pool_route route = {.limits = {.turn_ms = number(limits, "turn_ms"),
                                          .connect_ms = number(limits, "connect_ms"),
                                          .first_ms = number(limits, "first_ms"),
                                          .idle_ms = number(limits, "idle_ms"),
                                          .total_ms = number(limits, "total_ms")}};
    size_t i;

    json_array_foreach(json_object_get(row, "candidates"), i, who)
    {
        struct pool_candidate *p = &route.candidates[route.count];

        *p = (struct pool_candidate){.llm = llm_find(json_str(who, "provider")),
                                     .account = {.base_url = json_str(who, "base_url"),
                                                 .key = json_str(who, "key"),
                                                 .api_version = json_str(who, "api_version"),
                                                 .api = text_is(json_str(who, "api"), "responses")},
                                     .model = json_str(who, "model"),
                                     .purpose = json_str(who, "purpose")};
        if (p->llm != NULL && p->model != NULL && route.count < POOL_CANDIDATES_MAX - 1)
            route.count++;
    }
    return route;
}

static const struct llm_part *parts_of(struct ctx *c, const json_t *list, size_t *count)
{
    struct llm_part *parts = arena_take(c->mem, (json_array_size(list) + 1) * sizeof(*parts));
    const json_t *p;
    size_t i;

    *count = json_array_size(list);
    json_array_foreach(list, i, p)
        parts[i] = (struct llm_part){.kind = (enum llm_kind)number(p, "kind"),
                                     .text = json_str(p, "text"),
                                     .media = json_str(p, "media"),
                                     .base64 = json_str(p, "base64"),
                                     .url = json_str(p, "url"),
                                     .call_id = json_str(p, "call_id"),
                                     .tool = json_str(p, "tool"),
                                     .arguments = json_str(p, "arguments"),
                                     .is_error = json_is_true(json_object_get(p, "is_error")),
                                     .owner = json_str(p, "owner"),
                                     .block = json_str(p, "block")};
    return parts;
}

static json_t *parts_json(const struct llm_answer *a)
{
    json_t *list = json_array();

    for (size_t i = 0; i < a->part_count; i++) {
        const struct llm_part *p = &a->parts[i];

        json_array_append_new(list, json_pack("{s:i, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?}", "kind",
                                              (int)p->kind, "text", p->text, "call_id", p->call_id,
                                              "tool", p->tool, "arguments", p->arguments, "owner",
                                              p->owner, "block", p->block));
    }
    return list;
}

static const struct llm_tool *tools_of(struct ctx *c, const json_t *list, size_t *count)
{
    struct llm_tool *tools = arena_take(c->mem, (json_array_size(list) + 1) * sizeof(*tools));
    const json_t *t;
    size_t i;

    *count = json_array_size(list);
    json_array_foreach(list, i, t)
        tools[i] = (struct llm_tool){.name = json_str(t, "name"),
                                     .about = json_str(t, "about"),
                                     .schema = json_str(t, "schema"),
                                     .strict = json_is_true(json_object_get(t, "strict"))};
    return tools;
}

static json_t *tries_of(const struct pool_outcome *out)
{
    json_t *list = json_array();

    for (size_t i = 0; i < out->try_count; i++) {
        const struct pool_try *t = &out->tries[i];

        json_array_append_new(list, json_pack("{s:s, s:s?, s:s, s:s, s:i}", "provider", t->provider,
                                              "purpose", t->purpose, "code", t->code, "detail",
                                              t->detail, "status", t->status));
    }
    return list;
}

static void say(struct ctx *c, rc_t rc, const struct pool_outcome *out, struct watcher *w)
{
    const struct llm_answer *a = &out->answer;
    json_t *line = json_pack(
        "{s:s?, s:s?, s:s?, s:i, s:i, s:I, s:I, s:I, s:b, s:s?, s:s?, s:o, s:s, "
        "s:i, s:i, s:o}",
        "code", rc == OK ? NULL : c->fault.code, "text", a->text, "model", a->model, "stop",
        (int)a->stop, "candidate", (int)out->candidate, "input", (json_int_t)a->input_tokens,
        "cached", (json_int_t)a->cached_tokens, "output", (json_int_t)a->output_tokens, "counted",
        (int)a->counted, "refusal", a->refusal, "request_id", a->request_id, "parts", parts_json(a),
        "seen", buf_str(&w->text), "deltas", w->deltas, "restarts", w->restarts, "tries",
        tries_of(out));

    puts(line == NULL ? "{\"code\": \"bad_line\"}" : json_text(c->mem, line));
    fflush(stdout);
    json_decref(line);
}

static void read_ask(struct ctx *c, const json_t *row, struct llm_ask *ask)
{
    const json_t *format = json_object_get(row, "format");

    ask->name = json_str(row, "name");
    ask->role = json_str(row, "role");
    ask->system = json_str(row, "system");
    ask->max_tokens = number(row, "max_tokens");
    ask->stream = json_is_true(json_object_get(row, "stream"));
    ask->tools = tools_of(c, json_object_get(row, "tools"), &ask->tool_count);
    ask->choice = (enum llm_choice)number(row, "choice");
    ask->chosen = json_str(row, "chosen");
    ask->one_call_only = json_is_true(json_object_get(row, "one_call_only"));
    ask->format_name = json_str(format, "name");
    ask->format_schema = json_str(format, "schema");
    ask->effort = (enum llm_effort)number(row, "effort");
}

static void answer(const char *text, size_t len)
{
    struct ctx *c = ctx_new(MIB(64), NULL);
    struct watcher watcher = {.text = buf_new(c->mem, MIB(1))};
    struct pool_sink sink = {.delta = on_delta, .restart = on_restart, .arg = &watcher};
    struct llm_message messages[LIST_MAX];
    const char *facts[LIST_MAX];
    struct pool_outcome out = {.try_count = 0};
    struct pool_route route;
    struct llm_ask ask = {.messages = messages, .facts = facts};
    json_t *row, *item;
    size_t i;
    rc_t rc = json_parse(c, (struct bytes){text, len}, &row);

    if (rc == OK) {
        route = route_of(row);
        read_ask(c, row, &ask);
        json_array_foreach(json_object_get(row, "messages"), i, item) if (ask.count < LIST_MAX)
        {
            struct llm_message *m = &messages[ask.count++];

            *m = (struct llm_message){
                .author = text_is(json_str(item, "author"), "employee") ? LLM_EMPLOYEE : LLM_PERSON,
                .text = json_str(item, "text")};
            m->parts = parts_of(c, json_object_get(item, "parts"), &m->part_count);
        }
        json_array_foreach(json_object_get(row, "facts"), i,
                           item) if (ask.fact_count < LIST_MAX && json_is_string(item))
            facts[ask.fact_count++] = json_string_value(item);
        rc = pool_ask(c, &route, &ask, &sink, &out);
    }
    say(c, rc, &out, &watcher);
    ctx_end(c);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    http_start();
    while ((len = getline(&line, &room, stdin)) > 0)
        answer(line, (size_t)len);
    free(line);
    http_stop();
    return 0;
}
