/*
 * An answer while it comes in: what stands in Redis and what is told never disagree, whatever is
 * lost on the way, and one writer has the place.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "base/shape.h"
#include "flow/live.h"
#include "flow/live_text_redis.h"
#include "lib/own_redis.h"
#include "lib/pg.h"
#include "llm/llm.h"

#include <cmocka.h>

#define NEWS_MS 5000

struct fixture {
    struct ctx *c;
    struct own_redis *own;
    struct redis *asks, *hears;
    struct live_place place;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->c = ctx_new(MIB(64), NULL);
    f->own = own_redis_new();
    f->asks = redis_new(own_redis_url(f->own));
    f->hears = redis_new(own_redis_url(f->own));
    f->c->tenant_id = id_new(f->c->mem);
    f->place = (struct live_place){f->c->tenant_id, id_new(f->c->mem), id_new(f->c->mem),
                                   id_new(f->c->mem), 7};
    live_start(own_redis_url(f->own));
    live_text_start(own_redis_url(f->own));
    live_text_listen(own_redis_url(f->own));
    ok(f->c, redis_subscribe(f->c, f->hears, live_channel(f->c, f->place.conversation_id)));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    live_text_stop();
    live_stop();
    live_text_listen(NULL);
    redis_free(f->asks);
    redis_free(f->hears);
    own_redis_free(f->own);
    ctx_end(f->c);
    free(f);
    return 0;
}

/* The next event; NULL when there is none. */
static json_t *next_event(struct fixture *f, int wait_ms)
{
    const char *text;
    json_t *event;

    ok(f->c, redis_wait(f->c, f->hears, wait_ms, &text));
    if (text == NULL)
        return NULL;
    ok(f->c, json_parse(f->c, bytes_of(text), &event));
    return event;
}

static int64_t number(const json_t *event, const char *name)
{
    return json_integer_value(json_object_get(event, name));
}

static void expect_event(struct fixture *f, const char *type, int64_t take, int64_t at,
                         const char *text)
{
    const json_t *event = next_event(f, NEWS_MS);

    assert_non_null(event);
    assert_string_equal(json_str(event, "type"), type);
    assert_string_equal(json_str(event, "turn"), f->place.turn);
    assert_string_equal(json_str(event, "answer"), f->place.answer_id);
    assert_int_equal(number(event, "take"), take);
    if (text == NULL)
        return;
    assert_int_equal(number(event, "at"), at);
    assert_string_equal(json_str(event, "text"), text);
}

static void expect_text(struct fixture *f, int64_t take, const char *text)
{
    struct live_piece now;

    assert_true(live_text_now(f->c, f->place.conversation_id, &now));
    assert_string_equal(now.turn, f->place.turn);
    assert_string_equal(now.answer_id, f->place.answer_id);
    assert_int_equal(now.take, take);
    assert_int_equal(now.at, 0);
    assert_string_equal(now.text.data, text);
}

/* Waits until so much of the text is there, or none of it any more (0). */
static void until_text(struct fixture *f, size_t len)
{
    for (bool is_there = false; !is_there;) {
        struct ctx *c = ctx_new(MIB(1), NULL);
        struct live_piece now;

        c->tenant_id = f->c->tenant_id;
        is_there = live_text_now(c, f->place.conversation_id, &now);
        is_there = len == 0 ? !is_there : is_there && now.text.len >= len;
        ctx_end(c);
        usleep(1000);
    }
}

static void add(struct live_text *t, const char *text)
{
    live_text_add(t, bytes_of(text));
}

static void pieces_and_the_whole(void **state)
{
    struct fixture *f = *state;
    struct live_text *t = live_text_begin(&f->place);

    expect_event(f, "thinking", 7000, 0, NULL);
    expect_text(f, 7000, "");
    add(t, "Gr\xc3\xbc\xc3\x9f"
           "e, ");
    expect_event(f, "delta", 7000, 0,
                 "Gr\xc3\xbc\xc3\x9f"
                 "e, ");
    add(t, "\"Ann\"\n");
    expect_event(f, "delta", 7000, 9, "\"Ann\"\n");
    expect_text(f, 7000,
                "Gr\xc3\xbc\xc3\x9f"
                "e, \"Ann\"\n");
    live_text_restart(t);
    expect_event(f, "delta", 7001, 0, "");
    expect_text(f, 7001, "");
    add(t, "Hello");
    expect_event(f, "delta", 7001, 0, "Hello");
    add(t, "!");
    live_text_end(t);
    expect_event(f, "delta", 7001, 5, "!");
    expect_text(f, 7001, "Hello!");
    live_text_forget(f->c, f->place.conversation_id);
    until_text(f, 0);
}

/* Many pieces make few events: they are gathered. The words of another company are not found. */
static void pieces_are_gathered(void **state)
{
    struct fixture *f = *state;
    struct live_text *t = live_text_begin(&f->place);
    struct live_piece now;
    int64_t events = 0, up_to = 0;
    json_t *event;

    for (int i = 0; i < 20000; i++)
        add(t, "0123456789");
    live_text_end(t);
    while ((event = next_event(f, up_to < 200000 ? NEWS_MS : 0)) != NULL) {
        events++;
        if (text_is(json_str(event, "type"), "thinking"))
            continue;
        assert_int_equal(number(event, "at"), up_to);
        up_to += (int64_t)json_string_length(json_object_get(event, "text"));
    }
    assert_int_equal(up_to, 200000);
    assert_in_range(events, 1, 2000);
    f->c->tenant_id = id_new(f->c->mem);
    assert_false(live_text_now(f->c, f->place.conversation_id, &now));
}

static void what_redis_lost_comes_again(void **state)
{
    struct fixture *f = *state;
    struct live_text *t = live_text_begin(&f->place);

    expect_event(f, "thinking", 7000, 0, NULL);
    add(t, "one ");
    expect_event(f, "delta", 7000, 0, "one ");
    ok(f->c, redis_do(f->c, f->asks, REDIS_WORDS(BYTES("FLUSHALL")), NULL, NULL));
    ok(f->c, redis_do(f->c, f->asks, REDIS_WORDS(BYTES("SCRIPT"), BYTES("FLUSH")), NULL, NULL));
    add(t, "two ");
    expect_event(f, "delta", 7000, 4, "two ");
    expect_text(f, 7000, "one two ");
    own_redis_kill(f->own);
    add(t, "three ");
    own_redis_start(f->own);
    redis_free(f->hears);
    f->hears = redis_new(own_redis_url(f->own));
    ok(f->c, redis_subscribe(f->c, f->hears, live_channel(f->c, f->place.conversation_id)));
    add(t, "four");

    until_text(f, 18);
    live_text_end(t);
    expect_text(f, 7000, "one two three four");
}

/* With Redis away, or halted, an answer ends as ever. */
static void redis_holds_nobody_up(void **state)
{
    struct fixture *f = *state;
    struct live_text *t = live_text_begin(&f->place);

    own_redis_halt(f->own);
    add(t, "one");
    live_text_end(t);
    own_redis_go_on(f->own);
    own_redis_kill(f->own);
    t = live_text_begin(&f->place);
    add(t, "one");
    live_text_restart(t);
    live_text_end(t);
}

/* A worker that lost its job, and one that stood still for a whole turn, write over nobody. */
static void the_newer_one_has_the_place(void **state)
{
    struct fixture *f = *state;
    struct live_text *old = live_text_begin(&f->place), *taken, *next;

    expect_event(f, "thinking", 7000, 0, NULL);
    f->place.fence = 8;
    taken = live_text_begin(&f->place);
    expect_event(f, "thinking", 8000, 0, NULL);
    add(old, "nobody hears this");
    live_text_end(old);
    add(taken, "this is heard");
    expect_event(f, "delta", 8000, 0, "this is heard");
    f->place.fence = 1;
    f->place.turn = id_new(f->c->mem);
    f->place.answer_id = id_new(f->c->mem);
    next = live_text_begin(&f->place);
    expect_event(f, "thinking", 1000, 0, NULL);
    add(taken, ", and this is not");
    live_text_restart(taken);
    live_text_end(taken);
    add(next, "the next answer");
    expect_event(f, "delta", 1000, 0, "the next answer");
    live_text_end(next);
    expect_text(f, 1000, "the next answer");
    assert_null(next_event(f, 0));
}

static void only_what_is_whole_is_read(void **state)
{
    struct fixture *f = *state;
    const char *head = text_printf(f->c->mem, "%s 0000000000000007000 %s\n", f->place.turn,
                                   f->place.answer_id);
    struct live_piece p;

    assert_true(live_text_read(f->c, head, &p));
    assert_int_equal(p.text.len, 0);
    assert_true(live_text_read(f->c, text_printf(f->c->mem, "%shere", head), &p));
    assert_string_equal(p.text.data, "here");
    assert_int_equal(p.take, 7000);
    assert_false(live_text_read(f->c, NULL, &p));
    assert_false(live_text_read(f->c, "", &p));
    assert_false(live_text_read(f->c, "a piece without its beginning", &p));
    assert_false(live_text_read(f->c, text_printf(f->c->mem, "%s\xff", head), &p));
    for (size_t i = 0; head[i] != '\0'; i++) {
        char *broken = text_printf(f->c->mem, "%s%s", head, "the text of an answer");

        broken[i] = '!';
        assert_false(live_text_read(f->c, broken, &p));
        ctx_forgive(f->c);
    }
}

/* Nothing that long is an answer: it would fill the memory of a request, which ends its process. */
static void what_is_too_long_is_not_read(void **state)
{
    struct fixture *f = *state;
    struct ctx *reader = ctx_new(MIB(4), NULL);
    const char *key = live_text_key(f->c, f->c->tenant_id, f->place.conversation_id);
    struct buf text = buf_new(f->c->mem, MIB(8));
    struct live_piece p;

    reader->tenant_id = f->c->tenant_id;
    buf_printf(&text, "%s 0000000000000007000 %s\n", f->place.turn, f->place.answer_id);
    for (size_t i = 0; i < LLM_TEXT_MAX; i++)
        buf_char(&text, 'x');
    ok(f->c, redis_do(f->c, f->asks, REDIS_WORDS(BYTES("SET"), bytes_of(key), buf_bytes(&text)),
                      NULL, NULL));
    assert_true(live_text_now(reader, f->place.conversation_id, &p));
    assert_int_equal(p.text.len, LLM_TEXT_MAX);
    for (size_t i = 0; i < MIB(5); i++)
        buf_char(&text, 'x');
    ok(f->c, redis_do(f->c, f->asks, REDIS_WORDS(BYTES("SET"), bytes_of(key), buf_bytes(&text)),
                      NULL, NULL));
    assert_false(live_text_now(reader, f->place.conversation_id, &p));
    ctx_end(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pieces_and_the_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(pieces_are_gathered, setup, teardown),
        cmocka_unit_test_setup_teardown(what_redis_lost_comes_again, setup, teardown),
        cmocka_unit_test_setup_teardown(redis_holds_nobody_up, setup, teardown),
        cmocka_unit_test_setup_teardown(the_newer_one_has_the_place, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_is_whole_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_too_long_is_not_read, setup, teardown),
    };

    signal(SIGPIPE, SIG_IGN); /* as the worker does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
