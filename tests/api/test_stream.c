/*
 * The live stream: each message once, in order, whatever comes when and however often the reader is
 * cut off and comes back with the last id that he saw.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/shape.h"
#include "call.h"
#include "core/conversation.h"

#include <cmocka.h>

#define TURN "0190a5b4-0000-7000-8000-000000000001"
#define ANSWER "0190a5b4-0000-7000-8000-000000000002"

static const struct bytes nothing = {NULL, 0};

struct desk {
    struct arena *mem;
    struct office o;
    const char *stream;
    int64_t said;
};

static struct desk desk_new(struct arena *mem)
{
    struct desk d = {.mem = mem, .o = office_new(mem)};

    d.stream = text_printf(mem, "/api/v1/conversations/%s/stream", d.o.conversation_id);
    return d;
}

static void say(struct desk *d, int count, size_t length)
{
    struct ctx *c = pg_ctx(PG_WORKER, d->o.at.tenant_id);
    char *text = arena_take(c->mem, length + 1);

    memset(text, 'x', length);
    for (int i = 0; i < count; i++) {
        struct message m = {
            .id = id_new(c->mem), .author = "employee", .name = "Mara", .text = text};

        if (message_add(c, d->o.conversation_id, &m) != OK)
            fail_msg("%s", c->fault.detail);
        assert_int_equal(m.seq, ++d->said);
    }
    assert_int_equal(db_commit(c), OK);
    ctx_end(c);
}

static struct reply open_stream(struct desk *d, const char *last_id)
{
    struct call in = {.method = GET, .path = d->stream, .token = d->o.member};

    if (last_id != NULL) {
        in.headers[0].name = "last-event-id";
        in.headers[0].value = last_id;
    }

    struct reply r = call(d->mem, &in);

    expect(&r, 200, NULL);
    assert_non_null(r.park);
    return r;
}

/* Reads what came as a browser does; *seen goes up by one with each message and must fit its id. */
static void read_events(struct desk *d, const struct reply *r, int64_t *seen)
{
    for (const char *at = r->body; *at != '\0';) {
        const char *end = strstr(at, "\n\n");
        long long id = -1;

        assert_non_null(end); /* no piece is torn */
        if (sscanf(at, "id: %lld\nevent: message\ndata: ", &id) == 1) {
            const char *data = strstr(at, "data: ") + 6;
            json_t *message;

            assert_int_equal(json_parse(r->c, (struct bytes){data, (size_t)(end - data)}, &message),
                             OK);
            assert_int_equal(json_integer_value(json_object_get(message, "seq")), id);
            if (id != *seen + 1)
                fail_msg("message %lld after %lld", id, (long long)*seen);
            *seen = id;
        }
        at = end + 2;
    }
    assert_true(*seen <= d->said);
}

static void a_stream_is_a_stream(void **state)
{
    struct desk d = desk_new(*state);
    struct reply r = open_stream(&d, NULL);

    assert_string_equal(r.type, "text/event-stream");
    assert_true(r.park->stream);
    assert_int_equal(r.park->kind, PARK_LIVE);
    assert_string_equal(r.park->channel,
                        text_printf(d.mem, "konstruct:live:%s", d.o.conversation_id));
    assert_string_equal(r.res.headers[0].name, "cache-control");
    assert_string_equal(r.res.headers[0].value, "no-store");
    r = wake(d.mem, &r, WAKE_START, nothing);
    assert_string_equal(r.body, "");
    assert_false(r.res.close);
    r = wake(d.mem, &r, WAKE_DEADLINE, nothing);
    assert_true(r.res.close);
}

static void events_have_their_form(void **state)
{
#define WHOSE "\"turn\":\"" TURN "\",\"answer\":\"" ANSWER "\""
    static const struct {
        const char *news, *event;
    } rows[] = {
        {"{\"type\":\"thinking\"," WHOSE ",\"take\":1000}",
         "id: 0." TURN ".1000.0\nevent: state\ndata: {" WHOSE
         ",\"take\":1000,\"state\":\"thinking\"}\n\n"},
        {"{\"type\":\"delta\"," WHOSE ",\"take\":1000,\"at\":0,\"text\":\"a\\nb \xe2\x82\xac\"}",
         "id: 0." TURN ".1000.7\nevent: delta\ndata: {" WHOSE
         ",\"take\":1000,\"at\":0,\"text\":\"a\\nb \xe2\x82\xac\"}\n\n"},
        {"{\"type\":\"of another version\"}", ""},
        {"{}", ""},
        {"{\"type\":\"message\",\"turn\":\"t-1\",\"seq\":1}", ""}, /* told before it is there */
    };
    struct desk d = desk_new(*state);
    struct reply r = open_stream(&d, NULL);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        r = wake(d.mem, &r, WAKE_NEWS, bytes_of(rows[i].news));
        assert_string_equal(r.body, rows[i].event);
        assert_false(r.res.close);
    }
    say(&d, 1, 5);
    r = wake(d.mem, &r, WAKE_NEWS, bytes_of(rows[4].news));
    assert_memory_equal(r.body, "id: 1\nevent: message\ndata: {\"id\":\"", 34);
    assert_non_null(strstr(r.body, "\"text\":\"xxxxx\",\"outcome\":null,"));
    r = wake(d.mem, &r, WAKE_NEWS, bytes_of(rows[4].news));
    assert_string_equal(r.body, ""); /* told twice, sent once */
}

static void beginnings(void **state)
{
    static const struct {
        const char *last_id, *query;
        int64_t first;
        int status;
    } rows[] = {
        {NULL, "", 1, 200},         {"0", "", 1, 200},         {"3", "", 4, 200},
        {NULL, "?after=2", 3, 200}, {"4", "?after=2", 5, 200}, {"5", "", 0, 200},
        {"9", "", 0, 200}, /* of a future that never was: nothing, until it comes */
        {"x", "", 0, 400},          {"-1", "", 0, 400},        {"", "", 0, 400},
        {"1 ", "", 0, 400},
    };
    struct desk d = desk_new(*state);
    const char *path = d.stream;

    say(&d, 5, 5);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        d.stream = text_printf(d.mem, "%s%s", path, rows[i].query);
        if (rows[i].status != 200) {
            struct reply r = call(d.mem,
                                  &(struct call){.method = GET,
                                                 .path = d.stream,
                                                 .token = d.o.member,
                                                 .headers = {{"last-event-id", rows[i].last_id}}});

            expect(&r, 400, "not_a_number");
            assert_null(r.park);
            continue;
        }
        struct reply r = open_stream(&d, rows[i].last_id);
        int64_t seen = rows[i].first - 1;

        r = wake(d.mem, &r, WAKE_START, nothing);
        if (rows[i].first == 0) {
            assert_string_equal(r.body, "");
            continue;
        }
        read_events(&d, &r, &seen);
        assert_int_equal(seen, 5);
    }
}

/* The reader's side of the protocol: comes back with the last id, until nothing more comes. */
static void catch_up(struct desk *d, int64_t *seen, size_t most_bytes)
{
    bool again = true;

    for (int streams = 0; again; streams++) {
        struct reply r = open_stream(d, *seen == 0 ? NULL
                                                   : text_printf(d->mem, "%lld", (long long)*seen));

        r = wake(d->mem, &r, WAKE_START, nothing);
        assert_true(r.res.body.len <= most_bytes);
        read_events(d, &r, seen);
        again = r.res.close;
        assert_true(streams < 500);
    }
}

static void long_conversations_are_read_to_the_end(void **state)
{
    struct desk d = desk_new(*state);
    int64_t seen = 0;

    say(&d, 450, 10);
    catch_up(&d, &seen, MIB(1));
    assert_int_equal(seen, 450);
}

/* Even a reader that is woken once only hears of everything: the stream ends and he comes back. */
static void large_messages_come_in_bounded_pieces(void **state)
{
    struct desk d = desk_new(*state);
    int64_t seen = 0;

    say(&d, 40, MESSAGE_TEXT_MAX);
    say(&d, 6, KIB(256));
    catch_up(&d, &seen, MIB(1));
    assert_int_equal(seen, 46);
}

/* Numbers that look random and are the same each time. */
static unsigned next_number(unsigned *state)
{
    *state = *state * 1103515245u + 12345u;
    return (*state >> 16) & 0x7fff;
}

/*
 * A writer, a reader, and a network: news come late, twice or not at all, pieces are lost with
 * their connection, and the reader comes back with what he has. In the end he has everything, once.
 */
static void no_gap_and_no_repeat(void **state)
{
    for (unsigned seed = 1; seed <= 12; seed++) {
        struct desk d = desk_new(*state);
        struct reply r = open_stream(&d, NULL);
        unsigned number = seed;
        int64_t seen = 0;

        for (int step = 0; step < 120; step++) {
            switch (next_number(&number) % 6) {
            case 0:
            case 1:
                say(&d, (int)(next_number(&number) % 3) + 1, 5);
                break;
            case 2:
                r = wake(d.mem, &r, WAKE_NEWS, BYTES("{\"type\":\"message\",\"seq\":1}"));
                read_events(&d, &r, &seen);
                break;
            case 3:
                r = wake(d.mem, &r, WAKE_LOOK, nothing);
                read_events(&d, &r, &seen);
                break;
            case 4: /* sent, and never arrived */
                wake(d.mem, &r, WAKE_LOOK, nothing);
                r = open_stream(&d, text_printf(d.mem, "%lld", (long long)seen));
                break;
            default: /* the subscription stands: what came before it is looked for */
                r = open_stream(&d, text_printf(d.mem, "%lld", (long long)seen));
                r = wake(d.mem, &r, WAKE_START, nothing);
                read_events(&d, &r, &seen);
                break;
            }
        }
        r = wake(d.mem, &r, WAKE_LOOK, nothing);
        read_events(&d, &r, &seen);
        assert_int_equal(seen, d.said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stream_is_a_stream, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(events_have_their_form, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(beginnings, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(long_conversations_are_read_to_the_end, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(large_messages_come_in_bounded_pieces, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(no_gap_and_no_repeat, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
