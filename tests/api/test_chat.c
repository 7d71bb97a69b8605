/*
 * Conversations in the portal: what is said is said once, read in pages, and seen by its person
 * only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "call.h"
#include "core/conversation.h"
#include "flow/live.h"
#include "io/redis.h"

#include <cmocka.h>

struct desk {
    struct arena *mem;
    PGconn *super;
    struct office o;
    const char *messages; /* the path of the member's conversation */
};

static struct desk desk_new(struct arena *mem)
{
    struct desk d = {.mem = mem, .super = pg_open(PG_SUPER), .o = office_new(mem)};

    d.messages = text_printf(mem, "/api/v1/conversations/%s/messages", d.o.conversation_id);
    return d;
}

static struct reply say(const struct desk *d, const char *path, const char *text, const char *key)
{
    return post(d->mem, d->o.member, path,
                text_printf(d->mem, "{\"text\":\"%s\",\"key\":\"%s\"}", text, key));
}

static int64_t rows(const struct desk *d, const char *table)
{
    return pg_count(d->super, "SELECT count(*) FROM %s WHERE tenant_id = '%s'", table,
                    d->o.at.tenant_id);
}

static int64_t turns(const struct desk *d)
{
    return pg_count(d->super, "SELECT count(*) FROM job WHERE tenant_id = '%s' AND kind = 'turn'",
                    d->o.at.tenant_id);
}

/* What the worker would write as the answer to a message. */
static void answer(const struct desk *d, const char *inbound_id, const char *text)
{
    struct ctx *c = pg_ctx(PG_WORKER, d->o.at.tenant_id);
    struct message m = {.id = message_answer_id(c, inbound_id),
                        .author = "employee",
                        .name = "Mara",
                        .text = text,
                        .outcome = "answered"};

    if (message_add(c, d->o.conversation_id, &m) != OK || db_commit(c) != OK)
        fail_msg("%s", c->fault.detail);
    ctx_end(c);
}

static void what_is_said_is_said_once(void **state)
{
    struct desk d = desk_new(*state);
    const char *key = id_new(d.mem);
    struct reply first = say(&d, d.messages, "hello \\u20ac", key),
                 again = say(&d, d.messages, "other", key);
    struct reply second = say(&d, d.messages, "more", id_new(d.mem)), list;

    expect(&first, 202, NULL);
    assert_string_equal(text_of(&first, "text"), "hello \xe2\x82\xac");
    assert_string_equal(text_of(&first, "author"), "person");
    assert_string_equal(text_of(&first, "name"), "Somebody");
    assert_true(json_is_null(json_object_get(first.json, "outcome")));
    assert_int_equal(number_of(&first, "seq"), 1);
    assert_int_equal(again.status, 202);
    assert_string_equal(again.body, first.body);
    assert_int_equal(number_of(&second, "seq"), 2);
    assert_int_equal(rows(&d, "message"), 2);
    assert_int_equal(rows(&d, "inbound"), 2);
    assert_int_equal(turns(&d), 2);

    /* The same key in another conversation is another message. */
    struct reply other = post(
        d.mem, d.o.member,
        text_printf(d.mem, "/api/v1/employees/%s/conversations", d.o.at.employee_id), "{}");

    other = say(&d, text_printf(d.mem, "/api/v1/conversations/%s/messages", text_of(&other, "id")),
                "there", key);
    expect(&other, 202, NULL);
    assert_string_not_equal(text_of(&other, "id"), text_of(&first, "id"));
    list = get(d.mem, d.o.member, d.messages);
    assert_int_equal(count_of(&list), 2);
    list = get(d.mem, d.o.member,
               text_printf(d.mem, "/api/v1/conversations?employee_id=%s", d.o.at.employee_id));
    assert_int_equal(count_of(&list), 2);
    assert_string_equal(json_str(item_of(&list, 0), "title"), "there"); /* the newest first */
    assert_string_equal(json_str(item_of(&list, 1), "title"), "hello \xe2\x82\xac");
    PQfinish(d.super);
}

/*
 * A company, and colleagues: a conversation is its person's own, and those of channels are nobody's
 * here.
 */
static void colleagues_see_nothing(void **state)
{
    struct desk d = desk_new(*state);
    const char *tokens[] = {d.o.admin, d.o.manager, d.o.viewer};
    const char *slack = id_new(d.mem);
    struct reply r = say(&d, d.messages, "private", id_new(d.mem));

    expect(&r, 202, NULL);
    pg_do(d.super,
          "INSERT INTO conversation (tenant_id, id, employee_id, channel) VALUES ('%s', '%s', "
          "'%s', 'slack')",
          d.o.at.tenant_id, slack, d.o.at.employee_id);
    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        r = get(d.mem, tokens[i], d.messages);
        expect(&r, 404, "not_found");
        r = get(d.mem, tokens[i],
                text_printf(d.mem, "/api/v1/conversations/%s/stream", d.o.conversation_id));
        expect(&r, 404, "not_found");
        r = get(d.mem, tokens[i],
                text_printf(d.mem, "/api/v1/conversations?employee_id=%s", d.o.at.employee_id));
        assert_int_equal(count_of(&r), 0);
        r = get(d.mem, tokens[i], text_printf(d.mem, "/api/v1/conversations/%s/messages", slack));
        expect(&r, 404, "not_found");
    }
    /* Guessing the key of a colleague's message changes and shows nothing. */
    r = post(d.mem, d.o.admin, d.messages,
             "{\"text\":\"x\",\"key\":\"01234567-89ab-cdef-0123-456789abcdef\"}");
    expect(&r, 404, "not_found");
    assert_int_equal(rows(&d, "message"), 1);
    PQfinish(d.super);
}

static void waiting_for_the_answer(void **state)
{
    static const struct bytes nothing = {NULL, 0};
    struct desk d = desk_new(*state);
    const char *key = id_new(d.mem), *path = text_printf(d.mem, "%s?wait=1", d.messages);
    struct reply parked = say(&d, path, "question", key), r;
    const char *inbound_id = pg_get(d.mem, d.super, "SELECT id FROM inbound WHERE tenant_id = '%s'",
                                    d.o.at.tenant_id);

    assert_int_equal(parked.status, 0);
    assert_int_equal(parked.park->kind, PARK_LIVE);
    assert_false(parked.park->stream);
    assert_string_equal(parked.park->channel,
                        text_printf(d.mem, "konstruct:live:%s", d.o.conversation_id));
    assert_int_equal(rows(&d, "message"), 1); /* said and committed before it waits */
    assert_int_equal(turns(&d), 1);
    r = wake(d.mem, &parked, WAKE_START, nothing);
    assert_int_equal(r.status, 0);
    r = wake(d.mem, &parked, WAKE_NEWS, BYTES("{\"type\":\"delta\",\"text\":\"an\"}"));
    assert_int_equal(r.status, 0);
    r = wake(d.mem, &parked, WAKE_DEADLINE, nothing);
    expect(&r, 504, "answer_late");
    answer(&d, inbound_id, "the answer");
    for (int i = 0; i < 3; i++) {
        r = wake(d.mem, &parked,
                 i == 0   ? WAKE_NEWS
                 : i == 1 ? WAKE_LOOK
                          : WAKE_DEADLINE,
                 BYTES("{}"));
        expect(&r, 200, NULL);
        assert_string_equal(text_of(&r, "text"), "the answer");
        assert_string_equal(text_of(&r, "outcome"), "answered");
    }
    /* Asked again by the same key: the same answer, and nobody thinks twice. */
    parked = say(&d, path, "question", key);
    r = wake(d.mem, &parked, WAKE_START, nothing);
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "text"), "the answer");
    assert_int_equal(turns(&d), 1);
    PQfinish(d.super);
}

static void texts_up_to_the_limit(void **state)
{
    struct desk d = desk_new(*state);
    char *text = arena_take(d.mem, MESSAGE_TEXT_MAX + 2);
    struct reply r;

    memset(text, 'x', MESSAGE_TEXT_MAX);
    r = say(&d, d.messages, text, id_new(d.mem));
    expect(&r, 202, NULL);
    assert_int_equal(strlen(text_of(&r, "text")), MESSAGE_TEXT_MAX);
    text[MESSAGE_TEXT_MAX] = 'x';
    r = say(&d, d.messages, text, id_new(d.mem));
    expect(&r, 400, "too_long");
    PQfinish(d.super);
}

/* Reads on by `next` to the end; every message once, in order. Returns the pages it took. */
static int read_all(const struct desk *d, int64_t want)
{
    const char *next = "0";
    int64_t seen = 0;
    int pages = 0;

    while (next != NULL) {
        struct reply r = get(d->mem, d->o.member,
                             text_printf(d->mem, "%s?after=%s", d->messages, next));

        expect(&r, 200, NULL);
        for (size_t i = 0; i < count_of(&r); i++)
            assert_int_equal(json_integer_value(json_object_get(item_of(&r, i), "seq")), ++seen);
        next = json_str(r.json, "next");
        pages++;
    }
    assert_int_equal(seen, want);
    return pages;
}

/* `count` messages of the employee, with texts of this length. */
static void fill(const struct desk *d, int count, int length)
{
    pg_do(
        d->super,
        "WITH grown AS (UPDATE conversation SET message_count = message_count + %d WHERE id = '%s'"
        "  RETURNING message_count - %d AS before)"
        " INSERT INTO message (tenant_id, id, conversation_id, seq, author, name, text)"
        " SELECT '%s', gen_random_uuid(), '%s', before + n, 'employee', 'Mara', repeat('x', %d)"
        " FROM grown, generate_series(1, %d) AS n",
        count, d->o.conversation_id, count, d->o.at.tenant_id, d->o.conversation_id, length, count);
}

static void long_conversations_come_in_pages(void **state)
{
    struct desk d = desk_new(*state);

    assert_int_equal(read_all(&d, 0), 1);
    fill(&d, 450, 20);
    assert_int_equal(read_all(&d, 450), 3);
    PQfinish(d.super);
}

/* The memory of a request is bounded, whatever has been said: a page ends early, and goes on. */
static void large_messages_make_smaller_pages(void **state)
{
    struct desk d = desk_new(*state);

    fill(&d, 200, MESSAGE_TEXT_MAX);
    assert_in_range(read_all(&d, 200), 4, 50);
    fill(&d, 12, KIB(256)); /* the longest answer of a model */
    read_all(&d, 212);
    PQfinish(d.super);
}

static int64_t hints(const struct desk *d)
{
    struct ctx *c = ctx_new(KIB(64), NULL);
    int64_t n = -1;

    assert_true(live_do(
        c,
        REDIS_WORDS(BYTES("ZCARD"),
                    bytes_of(text_printf(c->mem, "konstruct:q:wait:%s", d->o.at.tenant_id))),
        &n));
    ctx_end(c);
    return n;
}

/* The worker is rung for what is committed, and for nothing else. */
static void the_bell_rings_after_the_commit(void **state)
{
    struct desk d = desk_new(*state);
    struct reply r = say(&d, d.messages, "hello", id_new(d.mem));

    expect(&r, 202, NULL);
    assert_int_equal(hints(&d), 1);
    r = post(d.mem, d.o.viewer, d.messages,
             "{\"text\":\"x\",\"key\":\"01234567-89ab-cdef-0123-456789abcdef\"}");
    expect(&r, 403, "not_permitted");
    r = say(&d, d.messages, "", id_new(d.mem));
    expect(&r, 400, "missing");
    assert_int_equal(hints(&d), 1);
    PQfinish(d.super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_said_is_said_once, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(colleagues_see_nothing, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(waiting_for_the_answer, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(texts_up_to_the_limit, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(long_conversations_come_in_pages, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(large_messages_make_smaller_pages, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(the_bell_rings_after_the_commit, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start_with_redis, api_stop);
}
