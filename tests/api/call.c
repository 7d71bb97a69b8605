/* See call.h. */
#include "call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/handlers.h"
#include "base/id.h"
#include "core/conversation.h"
#include "core/session.h"
#include "flow/live.h"
#include "io/db_batch.h"

#include <cmocka.h>

#define REQUEST_MEMORY MIB(16) /* as the web process gives to a request */

static struct db_batch *group;

void call_batch(struct db_batch *batch)
{
    db_batch_free(group);
    group = batch;
}

struct headers {
    const struct call *call;
    const char *cookie, *csrf;
};

static const char *header(const struct req *rq, const char *name)
{
    const struct headers *h = rq->native;

    for (size_t i = 0; i < CALL_HEADERS_MAX && h->call->headers[i].name != NULL; i++)
        if (strcasecmp(h->call->headers[i].name, name) == 0)
            return h->call->headers[i].value;
    if (strcmp(name, "host") == 0)
        return HOST;
    if (strcmp(name, "cookie") == 0)
        return h->cookie;
    if (strcmp(name, "x-csrf") == 0)
        return h->csrf;
    if (h->call->bare)
        return NULL;
    if (strcmp(name, "origin") == 0 && h->call->method != GET)
        return "https://" HOST;
    return strcmp(name, "content-type") == 0 ? "application/json" : NULL;
}

static void end_ctx(void *c)
{
    ctx_end(c);
}

static struct ctx *ctx_in(struct arena *mem)
{
    struct ctx *c = ctx_new(REQUEST_MEMORY, pg_pool(PG_WEB));

    arena_on_end(mem, end_ctx, c);
    return c;
}

static const char *token_of(struct arena *mem, const struct res *rs)
{
    static const char start[] = SESSION_COOKIE "=";

    for (int i = 0; i < rs->header_count; i++) {
        const char *value = rs->headers[i].value;

        if (strcmp(rs->headers[i].name, "set-cookie") == 0 && text_starts(value, start))
            return text_copy(mem, value + strlen(start), strcspn(value + strlen(start), ";"));
    }
    return NULL;
}

static void read_reply(struct arena *mem, struct reply *r)
{
    json_t *json;

    r->status = r->res.status;
    r->type = r->res.type;
    r->body = r->res.body.len == 0 ? "" : text_copy(mem, r->res.body.data, r->res.body.len);
    r->token = token_of(mem, &r->res);
    if (r->type == NULL || strstr(r->type, "json") == NULL)
        return;
    ctx_forgive(r->c);
    if (json_parse(r->c, r->res.body, &json) != OK)
        fail_msg("no JSON: %s", r->body);
    r->json = json;
    if (strcmp(r->type, "application/problem+json") == 0)
        r->code = json_str(json, "code");
    else if (json_is_object(json_object_get(json, "error"))) /* in OpenAI's form */
        r->code = json_str(json_object_get(json, "error"), "code");
}

struct reply wake(struct arena *mem, const struct reply *parked, enum wake why, struct bytes news)
{
    struct reply r = {.c = ctx_in(mem), .rq = parked->rq, .park = parked->park};

    r.c->tenant_id = parked->c->tenant_id;
    r.c->person_id = parked->c->person_id;
    r.c->actor = parked->c->actor;
    r.c->app_id = parked->c->app_id;
    r.c->reference = parked->c->reference;
    api_resume(r.c, &r.rq, &r.res, parked->park, why, news);
    assert_null(r.c->conn);
    if (r.res.park != NULL)
        r.park = r.res.park;
    read_reply(mem, &r);
    return r;
}

static void stored(struct db_batch_item *item, void *owner)
{
    (void)item;
    *(bool *)owner = true;
}

/* Group commit: as long as it takes, and only then is there an answer. */
static void commit_group(struct db_batch_item *item)
{
    bool done = false;

    if (group == NULL)
        group = db_batch_new(pg_address(PG_WEB));
    item->done = stored;
    item->owner = &done;
    db_batch_add(group, item);
    while (!done)
        db_batch_wait(group, 1000);
}

/* A parked request may park again for something else. */
static struct reply carry_on(struct arena *mem, struct reply r)
{
    while (r.status == 0 && r.park != NULL && r.park->kind != PARK_LIVE &&
           r.park->kind != PARK_LINE) {
        struct park *before = r.park;

        if (before->kind == PARK_CPU)
            before->work(before->state);
        else
            commit_group(before->batch);
        r = wake(mem, &r, WAKE_DONE, (struct bytes){NULL, 0});
        if (r.park == before)
            r.park = NULL;
    }
    return r;
}

static struct reply request(struct arena *mem, const struct call *given)
{
    struct headers *h = arena_take(mem, sizeof(*h));
    struct call *kept = arena_take(mem, sizeof(*kept));
    const char *query = strchr(given->path, '?');
    struct reply r = {.c = ctx_in(mem)};

    *kept = *given;
    *h = (struct headers){.call = kept};
    if (given->token != NULL) {
        h->csrf = session_csrf(mem, given->token);
        h->cookie = text_printf(mem, "theme=dark; " SESSION_COOKIE "=%s; last=1", given->token);
    }
    r.rq = (struct req){.method = given->method,
                        .path = text_copy(mem, given->path, strcspn(given->path, "?")),
                        .query = query == NULL ? NULL : text_dup(mem, query + 1),
                        .body = given->body,
                        .remote = given->remote == NULL ? "127.0.0.1" : given->remote,
                        .header = header,
                        .native = h};
    return r;
}

struct reply call_options(struct arena *mem, const struct call *given)
{
    struct reply r = request(mem, given);

    api_options(r.c, &r.rq, &r.res);
    read_reply(mem, &r);
    return r;
}

struct reply call(struct arena *mem, const struct call *given)
{
    struct reply r = request(mem, given);

    api_handle(r.c, &r.rq, &r.res);
    assert_null(r.c->conn); /* no transaction outlives a call */
    r.park = r.res.park;
    read_reply(mem, &r);
    return carry_on(mem, r);
}

struct reply get(struct arena *mem, const char *token, const char *path)
{
    return call(mem, &(struct call){.method = GET, .path = path, .token = token});
}

struct reply post(struct arena *mem, const char *token, const char *path, const char *body)
{
    return call(
        mem, &(struct call){.method = POST, .path = path, .token = token, .body = bytes_of(body)});
}

const char *text_of(const struct reply *reply, const char *name)
{
    const char *text = json_str(reply->json, name);

    if (text == NULL)
        fail_msg("no %s in %s", name, reply->body);
    return text;
}

int64_t number_of(const struct reply *reply, const char *name)
{
    const json_t *v = json_object_get(reply->json, name);

    if (!json_is_integer(v))
        fail_msg("no %s in %s", name, reply->body);
    return json_integer_value(v);
}

size_t count_of(const struct reply *reply)
{
    const json_t *items = json_object_get(reply->json, "items");

    if (!json_is_array(items))
        fail_msg("no items in %s", reply->body);
    return json_array_size(items);
}

const json_t *item_of(const struct reply *reply, size_t i)
{
    assert_true(i < count_of(reply));
    return json_array_get(json_object_get(reply->json, "items"), i);
}

void expect(const struct reply *reply, int status, const char *code)
{
    if (reply->status != status || !text_is(reply->code, code))
        fail_msg("%s: %d %s, not %d %s", reply->rq.path, reply->status, reply->body, status,
                 code == NULL ? "" : code);
}

const char *session_of(struct arena *mem, const char *tenant_id, const char *person_id)
{
    struct ctx *c = pg_ctx(PG_WEB, tenant_id);
    const char *token;

    if (session_start(c, person_id, NULL, &token) != OK || db_commit(c) != OK)
        fail_msg("%s", c->fault.detail);
    token = text_dup(mem, token);
    ctx_end(c);
    return token;
}

struct office office_new(struct arena *mem)
{
    struct office o = {.at = place_new(mem)};
    const char *tenant = o.at.tenant_id;

    o.member_id = place_person(mem, &o.at, "member");
    o.admin = session_of(mem, tenant, o.at.person_id);
    o.manager = session_of(mem, tenant, place_person(mem, &o.at, "manager"));
    o.member = session_of(mem, tenant, o.member_id);
    o.viewer = session_of(mem, tenant, place_person(mem, &o.at, "viewer"));

    struct reply made = post(
        mem, o.member, text_printf(mem, "/api/v1/employees/%s/conversations", o.at.employee_id),
        "{}");

    expect(&made, 201, NULL);
    o.conversation_id = text_of(&made, "id");
    return o;
}

int api_start(void **state)
{
    live_start(NULL);
    return pg_start(state);
}

int api_start_with_redis(void **state)
{
    live_start(getenv("REDIS_URL"));
    return pg_start(state);
}

int api_stop(void **state)
{
    call_batch(NULL);
    live_stop();
    return pg_stop(state);
}

int api_setup(void **state)
{
    *state = arena_new(MIB(256));
    return 0;
}

int api_teardown(void **state)
{
    arena_free(*state);
    return 0;
}
