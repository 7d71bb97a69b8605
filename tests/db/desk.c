/* See desk.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "desk.h"

#include <cmocka.h>

int desk_open(void **state)
{
    static const struct model_way way = {.pieces = 20, .first_ms = 5};
    struct desk *f = calloc(1, sizeof(*f));

    f->mem = arena_new(MIB(16));
    f->super = pg_open(PG_SUPER);
    f->at = place_new(f->mem);
    pg_do(f->super, "INSERT INTO price (provider, model, valid_from, input, cached, output) VALUES"
                    " ('openai', '" DESK_MODEL "', '2024-01-01', 20000000, 20000000, 40000000)"
                    " ON CONFLICT DO NOTHING");
    f->model = model_start(&way);
    f->second = model_start(&way);
    purse_start(pg_pool(PG_WORKER));
    f->loop = loop_new();
    f->pool = pool_loop_new(f->loop, pg_pool(PG_WORKER));
    *state = f;
    return 0;
}

int desk_close(void **state)
{
    struct desk *f = *state;

    pool_loop_free(f->pool);
    loop_free(f->loop);
    purse_stop();
    model_stop(f->model);
    model_stop(f->second);
    pg_do(f->super, "UPDATE job SET state = 'done' WHERE tenant_id = '%s'", f->at.tenant_id);
    PQfinish(f->super);
    arena_free(f->mem);
    free(f);
    return 0;
}

void desk_limit(struct desk *f, int64_t micros)
{
    pg_do(f->super, "UPDATE cap SET limit_micros = %lld WHERE tenant_id = '%s'", (long long)micros,
          f->at.tenant_id);
}

int64_t desk_sum(struct desk *f, const char *what, const char *table, const char *where)
{
    return pg_count(f->super, "SELECT coalesce(sum(%s), 0) FROM %s WHERE tenant_id = '%s' %s", what,
                    table, f->at.tenant_id, where);
}

int64_t desk_of_day(struct desk *f, const char *column)
{
    return pg_count(f->super,
                    "SELECT coalesce(sum(%s), 0) FROM cap_period p JOIN cap c ON c.tenant_id ="
                    " p.tenant_id AND c.id = p.cap_id WHERE p.tenant_id = '%s' AND"
                    " c.period = 'day' AND c.scope = 'tenant'",
                    column, f->at.tenant_id);
}

static void on_delta(void *arg, struct bytes piece)
{
    struct desk_asked *a = arg;

    buf_add(&a->seen, piece.data, piece.len);
    if (++a->pieces == a->leaves_at)
        pool_leave(a->call);
    if (a->pieces == a->stops_at)
        pool_hold_back(a->call, true);
}

static void on_end(void *arg, rc_t rc, const struct pool_outcome *out)
{
    struct desk_asked *a = arg;
    struct desk *f = a->f;

    f->ended++;
    f->answered += rc == OK;
    f->refused += rc == E_LIMIT;
    f->failed += rc != OK && rc != E_LIMIT;
    if (rc == OK)
        f->cost += out->cost.micros;
    for (size_t i = 0; i < out->try_count; i++)
        f->cost += out->tries[i].cost.micros;
    if (a->leaves_at > 0)
        f->pieces_of_left += a->pieces;
    if (a->code != NULL)
        *a->code = rc == OK ? "" : a->c->fault.code;
    ctx_end(a->c);
}

struct desk_asked *desk_ask(struct desk *f, struct desk_asked like)
{
    struct ctx *c = ctx_new(MIB(4), pg_pool(PG_WORKER));
    struct desk_asked *a = arena_take(c->mem, sizeof(*a));
    struct pool_question q = {
        .c = c, .route = &a->route, .ask = &a->ask, .ended = on_end, .arg = a};

    c->tenant_id = f->at.tenant_id;
    *a = like;
    a->f = f;
    a->c = c;
    a->payer = (struct payer){.employee_id = f->at.employee_id};
    a->message = (struct llm_message)LLM_SAYS(LLM_PERSON, "Hello there");
    a->seen = buf_new(c->mem, KIB(64));
    a->ask.messages = &a->message;
    a->ask.count = 1;
    a->route = (struct pool_route){.payer = &a->payer, .count = like.route.count};
    for (size_t i = 0; i < (like.route.count == 0 ? 1 : like.route.count); i++)
        a->route.candidates[i] = (struct pool_candidate){
            .llm = llm_find("openai"),
            .account = {.base_url = f->url != NULL ? f->url
                                                   : model_url(i == 0 ? f->model : f->second),
                        .key = "sk-test-0123456789"},
            .model = like.price == NULL ? DESK_MODEL : DESK_OURS,
            .price = like.price,
            .purpose = i == 0 ? "primary" : "fallback"};
    a->route.count = like.route.count == 0 ? 1 : like.route.count;
    if (a->ask.stream)
        q.sink = (struct pool_sink){.delta = on_delta, .arg = a};
    a->call = pool_start(f->pool, &q);
    return a;
}

void desk_run(struct desk *f, size_t ended)
{
    while (f->ended < ended)
        loop_turn(f->loop, 100);
    pool_loop_flush(f->pool);
}

void desk_agrees(struct desk *f)
{
    const int64_t until = clock_mono_ms() + 20000;
    int64_t leased;

    assert_int_equal(desk_sum(f, "1", "call_open", ""), 0);
    assert_int_equal(desk_sum(f, "cost_micros", "usage", ""), f->cost);
    assert_int_equal(desk_of_day(f, "spent_micros"), f->cost);
    assert_int_equal(desk_of_day(f, "lost_micros"), 0);
    /* One look at a time: what is leased for somebody who has left may come after the first. */
    leased = desk_of_day(f, "leased_micros");
    while (leased > 0 && clock_mono_ms() < until) {
        loop_turn(f->loop, 100);
        leased = desk_of_day(f, "leased_micros");
    }
    assert_int_equal(leased, 0);
}
