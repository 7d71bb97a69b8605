/*
 * An answer while it comes in, as its readers see it: whoever is cut off at any event and comes
 * back at any later time gets the rest, without a gap and without a repeat.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "base/shape.h"
#include "call.h"
#include "core/conversation.h"
#include "flow/live.h"
#include "flow/live_text.h"
#include "io/redis.h"
#include "lib/own_redis.h"

#include <cmocka.h>

#define NEWS_MS 5000
#define EVENTS_MAX 64
#define SHOWN_MAX 4096

static const struct bytes nothing = {NULL, 0};

/* What a program at the other end makes of the events; it takes their promises at their word. */
struct screen {
    char id[160]; /* of the last event */
    char turn[64], shown[SHOWN_MAX];
    int64_t take, messages;
    int events, anew;
};

struct desk {
    struct arena *mem;
    struct office o;
    const char *stream;
    struct own_redis *own;
    struct redis *hears;
    struct ctx *c; /* the worker's */
    struct live_place place;
};

static struct desk *open_desk; /* of the test that runs */

static struct desk *desk_new(struct arena *mem)
{
    struct desk *d = open_desk = arena_take(mem, sizeof(*d));

    *d = (struct desk){.mem = mem, .o = office_new(mem)};
    d->stream = text_printf(mem, "/api/v1/conversations/%s/stream", d->o.conversation_id);
    d->own = own_redis_new();
    d->c = pg_ctx(PG_WORKER, d->o.at.tenant_id);
    d->place = (struct live_place){d->o.at.tenant_id, d->o.conversation_id, id_new(mem),
                                   id_new(mem), 1};
    d->hears = redis_new(own_redis_url(d->own));
    if (redis_subscribe(d->c, d->hears, live_channel(d->c, d->o.conversation_id)) != OK)
        fail_msg("%s", d->c->fault.detail);
    live_text_start(own_redis_url(d->own));
    live_text_listen(own_redis_url(d->own));
    return d;
}

/* Also after a test that failed: the writer's thread must not outlive it. */
static int teardown(void **state)
{
    struct desk *d = open_desk;

    live_text_stop();
    live_text_listen(NULL);
    redis_free(d->hears);
    own_redis_free(d->own);
    ctx_end(d->c);
    return api_teardown(state);
}

static void say(struct desk *d, const char *id, const char *author, const char *text)
{
    struct message m = {.id = id, .author = author, .name = "Mara", .text = text};

    if (message_add(d->c, d->o.conversation_id, &m) != OK || db_commit(d->c) != OK)
        fail_msg("%s", d->c->fault.detail);
}

static struct reply open_stream(struct desk *d, const char *last_id)
{
    struct call in = {.method = GET, .path = d->stream, .token = d->o.member};

    if (last_id[0] != '\0') {
        in.headers[0].name = "last-event-id";
        in.headers[0].value = last_id;
    }

    struct reply r = call(d->mem, &in);

    expect(&r, 200, NULL);
    return r;
}

static void show_delta(struct screen *s, const json_t *data)
{
    int64_t take = json_integer_value(json_object_get(data, "take"));
    size_t at = (size_t)json_integer_value(json_object_get(data, "at"));
    bool same = text_is(s->turn, json_str(data, "turn")) && take == s->take;

    if (!same) {
        assert_int_equal(at, 0); /* what begins anew begins at its beginning */
        assert_true(!text_is(s->turn, json_str(data, "turn")) || take > s->take);
        s->shown[0] = '\0';
        s->anew++;
    }
    assert_int_equal(at, strlen(s->shown)); /* no gap and no repeat */
    snprintf(s->turn, sizeof(s->turn), "%s", json_str(data, "turn"));
    s->take = take;
    if (json_str(data, "text") != NULL)
        strcat(s->shown, json_str(data, "text"));
    assert_true(strlen(s->shown) < SHOWN_MAX - 1000);
}

static void show_message(struct screen *s, const json_t *data)
{
    assert_int_equal(json_integer_value(json_object_get(data, "seq")), s->messages + 1);
    s->messages++;
    if (!text_is(json_str(data, "author"), "employee"))
        return;
    s->turn[0] = '\0';
    snprintf(s->shown, sizeof(s->shown), "%s", json_str(data, "text"));
}

/* One reply's events. */
static void show(struct screen *s, const struct reply *r)
{
    for (const char *at = r->body; *at != '\0'; at = strstr(at, "\n\n") + 2) {
        char id[160], event[20];
        json_t *data;

        assert_int_equal(sscanf(at, "id: %159s\nevent: %19s\n", id, event), 2);
        at = strstr(at, "data: ") + 6;
        assert_int_equal(json_parse(r->c, (struct bytes){at, strcspn(at, "\n")}, &data), OK);
        if (text_is(event, "delta") || text_is(event, "state"))
            show_delta(s, data);
        else if (text_is(event, "message"))
            show_message(s, data);
        snprintf(s->id, sizeof(s->id), "%s", id);
        s->events++;
    }
}

static struct bytes next_news(struct desk *d)
{
    const char *text;

    if (redis_wait(d->c, d->hears, NEWS_MS, &text) != OK || text == NULL)
        fail_msg("nothing was told");
    return bytes_of(text);
}

/* One reader stays, and after each event one more is cut off. */
struct watch {
    struct desk *d;
    struct reply stays;
    struct screen screen, cut[EVENTS_MAX];
    size_t cuts;
};

static void cut_here(struct watch *w)
{
    assert_true(w->cuts < EVENTS_MAX);
    w->cut[w->cuts++] = w->screen;
}

/* Those who were cut off come back, now, and see what the one sees who stayed. */
static void all_come_back(struct watch *w)
{
    for (size_t i = 0; i < w->cuts; i++) {
        struct screen s = w->cut[i];
        struct reply r = open_stream(w->d, s.id);

        r = wake(w->d->mem, &r, WAKE_START, nothing);
        show(&s, &r);
        assert_string_equal(s.shown, w->screen.shown);
        assert_string_equal(s.turn, w->screen.turn);
        assert_int_equal(s.messages, w->screen.messages);
        r = wake(w->d->mem, &r, WAKE_LOOK, nothing);
        assert_string_equal(r.body, ""); /* and nothing twice */
    }
}

static void news(struct watch *w)
{
    struct reply r = wake(w->d->mem, &w->stays, WAKE_NEWS, next_news(w->d));

    show(&w->screen, &r);
    cut_here(w);
    all_come_back(w);
}

static void message_news(struct watch *w)
{
    struct reply r = wake(w->d->mem, &w->stays, WAKE_NEWS, BYTES("{\"type\":\"message\"}"));

    show(&w->screen, &r);
    cut_here(w);
    all_come_back(w);
}

static void cut_at_every_event(void **state)
{
    static const char *const pieces[] = {"Gr\xc3\xbc\xc3\x9f", "e aus K", "\xc3\xb6ln ",
                                         "\xf0\x9f\x91\x8b", "!\n\"Mara\""};
    struct watch *w = arena_take(*state, sizeof(*w));

    w->d = desk_new(*state);
    w->stays = open_stream(w->d, "");
    cut_here(w);
    say(w->d, id_new(w->d->mem), "person", "Hello?");
    message_news(w);

    struct live_text *t = live_text_begin(&w->d->place);

    news(w);
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        live_text_add(t, bytes_of(pieces[i]));
        news(w);
    }
    say(w->d, id_new(w->d->mem), "person", "Are you there?");
    message_news(w);
    live_text_restart(t);
    news(w);
    assert_string_equal(w->screen.shown, "");
    live_text_add(t, BYTES("Once "));
    news(w);
    live_text_add(t, BYTES("more."));
    news(w);
    live_text_end(t);
    assert_string_equal(w->screen.shown, "Once more.");
    say(w->d, w->d->place.answer_id, "employee", "Once more, and whole.");
    message_news(w); /* the row is there, and the text so far as well */
    assert_string_equal(w->screen.shown, "Once more, and whole.");
    live_text_forget(w->d->c, w->d->o.conversation_id);
    all_come_back(w);
}

/* No event of ours ends within a character, but anybody may come with such an id. */
static void an_id_within_a_character(void **state)
{
    struct desk *d = desk_new(*state);
    struct live_text *t = live_text_begin(&d->place);

    next_news(d);
    live_text_add(t, BYTES("\xf0\x9f\x91\x8b G"));
    next_news(d);
    live_text_end(t);
    for (int at = 0; at < 8; at++) {
        struct reply r = open_stream(d, text_printf(d->mem, "0.%s.1000.%d", d->place.turn, at));

        r = wake(d->mem, &r, WAKE_START, nothing);
        assert_true(text_utf8(bytes_of(r.body)));
        assert_true((strstr(r.body, "\"text\":\"\xf0\x9f\x91\x8b G\"") != NULL) == (at < 4));
    }
}

/* Numbers that look random and are the same each time. */
static unsigned next_number(unsigned *state)
{
    *state = *state * 1103515245u + 12345u;
    return (*state >> 16) & 0x7fff;
}

/* News are lost, come twice, or come late. What is shown is never wrong, and the end is whole. */
static void news_may_be_lost(void **state)
{
    struct desk *d = desk_new(*state);

    for (unsigned seed = 1; seed <= 8; seed++) {
        struct screen s = {.events = 0};
        struct reply r = open_stream(d, "");
        char said[SHOWN_MAX] = "";
        unsigned n = seed;

        d->place.turn = id_new(d->mem);
        d->place.answer_id = id_new(d->mem);
        s.messages = (int64_t)seed - 1;
        snprintf(s.id, sizeof(s.id), "%u", seed - 1);
        r = open_stream(d, s.id);

        struct live_text *t = live_text_begin(&d->place);

        next_news(d);
        for (int step = 0; step < 40; step++) {
            const char *piece = text_printf(d->mem, "%u ", next_number(&n) % 1000);
            unsigned what = next_number(&n) % 8;

            if (what == 0) {
                live_text_restart(t);
                said[0] = '\0';
            } else {
                live_text_add(t, bytes_of(piece));
                strcat(said, piece);
            }

            struct bytes event = next_news(d);

            if (what == 1 || what == 2)
                continue;    /* lost */
            if (what == 3) { /* the connection as well */
                r = open_stream(d, s.id);
                r = wake(d->mem, &r, WAKE_START, nothing);
                show(&s, &r);
            }
            for (unsigned times = 0; times <= what % 2; times++) {
                r = wake(d->mem, &r, WAKE_NEWS, event);
                show(&s, &r);
            }
            assert_string_equal(s.shown, said);
        }
        live_text_end(t);
        say(d, d->place.answer_id, "employee", text_printf(d->mem, "%s.", said));
        r = wake(d->mem, &r, WAKE_NEWS, BYTES("{\"type\":\"message\"}"));
        show(&s, &r);
        assert_string_equal(s.shown, text_printf(d->mem, "%s.", said));
        assert_int_equal(s.messages, seed);
    }
}

static const char *piece_of(const struct desk *d, int at, const char *text)
{
    return text_printf(d->mem,
                       "{\"type\":\"delta\",\"turn\":\"%s\",\"answer\":\"%s\",\"take\":1,"
                       "\"at\":%d,\"text\":\"%s\"}",
                       d->place.turn, d->place.answer_id, at, text);
}

/* A part that nobody has any more is not told around: the message brings it. */
static void a_gap_is_left_out(void **state)
{
    struct desk *d = desk_new(*state);
    struct reply r = open_stream(d, "");
    struct screen s = {.events = 0};

    own_redis_kill(d->own);
    for (int at = 0; at < 30; at += 10) {
        const char *event = piece_of(d, at, "0123456789");

        if (at == 10)
            continue;
        r = wake(d->mem, &r, WAKE_NEWS, bytes_of(event));
        show(&s, &r);
    }
    assert_string_equal(s.shown, "0123456789");
    say(d, d->place.answer_id, "employee", "All of it.");
    r = wake(d->mem, &r, WAKE_LOOK, nothing);
    show(&s, &r);
    assert_string_equal(s.shown, "All of it.");
    /* Its pieces come too late now. */
    r = wake(d->mem, &r, WAKE_NEWS, bytes_of(piece_of(d, 0, "0123")));
    assert_string_equal(r.body, "");
}

static void ids_that_are_none(void **state)
{
    static const char *const ids[] = {
        "1.",
        "1.x",
        "1.0190a5b4-0000-7000-8000-000000000000",
        "1.0190a5b4-0000-7000-8000-000000000000.",
        "1.0190a5b4-0000-7000-8000-000000000000.1",
        "1.0190a5b4-0000-7000-8000-000000000000.1.",
        "1.0190a5b4-0000-7000-8000-000000000000.1.x",
        "1.0190a5b4-0000-7000-8000-000000000000.1.-1",
        "1.0190a5b4-0000-7000-8000-000000000000.1.1.",
        "1.0190A5B4-0000-7000-8000-000000000000.1.1",
        ".0190a5b4-0000-7000-8000-000000000000.1.1",
    };
    struct desk *d = desk_new(*state);

    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        struct reply r = call(d->mem, &(struct call){.method = GET,
                                                     .path = d->stream,
                                                     .token = d->o.member,
                                                     .headers = {{"last-event-id", ids[i]}}});

        expect(&r, 400, "not_a_number");
    }
    open_stream(d, "1.0190a5b4-0000-7000-8000-000000000000.1.1");
}

static int start(void **state)
{
    signal(SIGPIPE, SIG_IGN);
    return api_start(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cut_at_every_event, api_setup, teardown),
        cmocka_unit_test_setup_teardown(an_id_within_a_character, api_setup, teardown),
        cmocka_unit_test_setup_teardown(news_may_be_lost, api_setup, teardown),
        cmocka_unit_test_setup_teardown(a_gap_is_left_out, api_setup, teardown),
        cmocka_unit_test_setup_teardown(ids_that_are_none, api_setup, teardown),
    };

    return cmocka_run_group_tests(tests, start, api_stop);
}
