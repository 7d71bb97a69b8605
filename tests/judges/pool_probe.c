/*
 * Asks the pool of models, for judges that are not written in C. Reads one JSON object a line:
 *     {"candidates": [{"provider", "base_url", "key", "model", "purpose"}], "limits": {"turn_ms",
 *     ...},
 *      "name", "role", "system", "facts": [text], "messages": [{"author": "person" | "employee",
 *      "text"}],
 *      "max_tokens", "stream"}
 * and answers each with one: {"code", "text", "model", "stop", "candidate", "input", "cached",
 * "output", "counted", "seen", "deltas", "restarts", "tries": [{"provider", "purpose", "code",
 * "detail", "status"}]}; code is null when it is answered, and seen is what a person who watches
 * the stream has before him at the end.
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
                                     .account = {json_str(who, "base_url"), json_str(who, "key")},
                                     .model = json_str(who, "model"),
                                     .purpose = json_str(who, "purpose")};
        if (p->llm != NULL && p->model != NULL && route.count < POOL_CANDIDATES_MAX - 1)
            route.count++;
    }
    return route;
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
    json_t *line = json_pack("{s:s?, s:s?, s:s?, s:i, s:i, s:I, s:I, s:I, s:b, s:s, s:i, s:i, s:o}",
                             "code", rc == OK ? NULL : c->fault.code, "text", a->text, "model",
                             a->model, "stop", (int)a->stop, "candidate", (int)out->candidate,
                             "input", (json_int_t)a->input_tokens, "cached",
                             (json_int_t)a->cached_tokens, "output", (json_int_t)a->output_tokens,
                             "counted", (int)a->counted, "seen", buf_str(&w->text), "deltas",
                             w->deltas, "restarts", w->restarts, "tries", tries_of(out));

    puts(line == NULL ? "{\"code\": \"bad_line\"}" : json_text(c->mem, line));
    fflush(stdout);
    json_decref(line);
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
        ask.name = json_str(row, "name");
        ask.role = json_str(row, "role");
        ask.system = json_str(row, "system");
        ask.max_tokens = number(row, "max_tokens");
        ask.stream = json_is_true(json_object_get(row, "stream"));
        json_array_foreach(json_object_get(row, "messages"), i, item) if (ask.count < LIST_MAX)
            messages[ask.count++] = (struct llm_message){
                text_is(json_str(item, "author"), "employee") ? LLM_EMPLOYEE : LLM_PERSON,
                json_str(item, "text")};
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
