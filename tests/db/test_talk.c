/*
 * Messages, what came in, what goes out, and steps: once each, in order, whoever repeats
 * himself.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "core/connection.h"
#include "core/conversation.h"
#include "core/inbound.h"
#include "core/outbound.h"
#include "core/step.h"
#include "fixture.h"

#include <cmocka.h>

#define WRITERS 6
#define EACH 15

static int setup(void **state)
{
    fixture_setup(state);
    fixture_conversation(*state);
    fixture_conversation(*state); /* again: the first one stays */
    return 0;
}

static void say(struct fixture *f, const char *id, const char *text, struct message *out)
{
    *out = (struct message){.id = id, .author = "person", .name = "Ann", .text = text};
    ok(f->c, message_add(f->c, f->conversation_id, out));
    ok(f->c, db_commit(f->c));
}

static void a_message_is_added_once(void **state)
{
    struct fixture *f = *state;
    const char *id = id_new(f->mem);
    struct message first, again, second;

    say(f, id, "the first words", &first);
    say(f, id, "other words under the same id", &again);
    say(f, id_new(f->mem), "more", &second);
    assert_int_equal(first.seq, 1);
    assert_int_equal(again.seq, 1);
    assert_string_equal(again.text, "the first words");
    assert_int_equal(second.seq, 2);
    assert_int_equal(fixture_rows(f, "message"), 2);
    assert_string_equal(pg_get(f->mem, f->super, "SELECT title FROM conversation WHERE id = '%s'",
                               f->conversation_id),
                        "the first words");
}

static void lists_and_windows(void **state)
{
    static const struct {
        int64_t after, most;
        size_t count;
        int64_t first;
    } pages[] = {{0, 200, 9, 1}, {0, 4, 4, 1}, {4, 4, 4, 5},
                 {8, 4, 1, 9},   {9, 4, 0, 0}, {100, 4, 0, 0}};
    static const struct {
        int64_t until, most;
        size_t count;
        int64_t first;
    } windows[] = {{9, 100, 9, 1}, {9, 3, 3, 7}, {5, 3, 3, 3}, {1, 3, 1, 1}, {0, 3, 0, 0}};
    struct fixture *f = *state;
    struct message *items, said;
    size_t count;

    for (int i = 0; i < 9; i++)
        say(f, id_new(f->mem), "words", &said);
    for (size_t i = 0; i < COUNT_OF(pages); i++) {
        ok(f->c,
           message_list(f->c, f->conversation_id, pages[i].after, pages[i].most, &items, &count));
        assert_int_equal(count, pages[i].count);
        for (size_t k = 0; k < count; k++)
            assert_int_equal(items[k].seq, pages[i].first + (int64_t)k);
    }
    for (size_t i = 0; i < COUNT_OF(windows); i++) {
        ok(f->c, message_window(f->c, f->conversation_id, windows[i].until, windows[i].most, &items,
                                &count));
        assert_int_equal(count, windows[i].count);
        for (size_t k = 0; k < count; k++)
            assert_int_equal(items[k].seq, windows[i].first + (int64_t)k);
    }
}

static void *writer(void *arg)
{
    struct fixture *f = arg;

    for (int i = 0; i < EACH; i++) {
        struct ctx *c = pg_ctx(i % 2 == 0 ? PG_WEB : PG_WORKER, f->at.tenant_id);
        struct message m = {
            .id = id_new(c->mem), .author = "person", .name = "Ann", .text = "words"};

        /* One of three gives up in the middle, and one repeats himself. */
        ok(c, message_add(c, f->conversation_id, &m));
        if (i % 3 == 0)
            db_rollback(c);
        else if (i % 3 == 1)
            ok(c, message_add(c, f->conversation_id, &m));
        ok(c, db_commit(c));
        ctx_end(c);
    }
    return NULL;
}

static void numbers_have_no_gap_and_no_twin(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[WRITERS];
    int64_t want = (int64_t)WRITERS * (EACH - EACH / 3);

    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, writer, f), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(fixture_rows(f, "message"), want);
    assert_int_equal(pg_count(f->super, "SELECT max(seq) FROM message WHERE conversation_id = '%s'",
                              f->conversation_id),
                     want);
    assert_int_equal(pg_count(f->super, "SELECT message_count FROM conversation WHERE id = '%s'",
                              f->conversation_id),
                     want);
}

static void a_message_finds_nothing_elsewhere(void **state)
{
    struct fixture *f = *state;
    struct place other = place_new(f->mem);
    struct ctx *c = pg_ctx(PG_WORKER, other.tenant_id);
    struct message said,
        stray = {.id = id_new(f->mem), .author = "person", .name = "x", .text = "x"};
    struct message *items;
    size_t count;
    bool found = true;

    say(f, id_new(f->mem), "words", &said);
    ok(c, message_find(c, said.id, &stray, &found));
    assert_false(found);
    ok(c, message_list(c, f->conversation_id, 0, 10, &items, &count));
    assert_int_equal(count, 0);
    stray = (struct message){.id = id_new(f->mem), .author = "person", .name = "x", .text = "x"};
    assert_int_equal(message_add(c, f->conversation_id, &stray), E_NOT_FOUND);
    ctx_end(c);
    assert_int_equal(fixture_rows(f, "message"), 1);
}

static void what_came_in_is_stored_once(void **state)
{
    struct fixture *f = *state;
    const char *connections[] = {id_new(f->mem), id_new(f->mem)};
    static const struct {
        int connection;
        const char *key;
        bool fresh;
    } rows[] = {{0, "C1:1.1", true}, {0, "C1:1.1", false}, {0, "C1:1.2", true},
                {1, "C1:1.1", true}, {1, "C1:1.1", false}, {0, "C1:1.1", false}};
    struct inbound got;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct inbound in = {.id = id_new(f->mem),
                                   .connection_id = connections[rows[i].connection],
                                   .message_key = rows[i].key,
                                   .conversation_id = f->conversation_id,
                                   .reply_to = "C1:1.1",
                                   .author = "U1",
                                   .text = "words"};
        bool fresh;

        ok(f->c, inbound_add(f->c, &in, &fresh));
        assert_int_equal(fresh, rows[i].fresh);
        ok(f->c, db_commit(f->c));
        if (fresh) {
            ok(f->c, inbound_get(f->c, in.id, &got));
            assert_string_equal(got.message_key, rows[i].key);
            assert_null(got.author_name);
        } else {
            assert_int_equal(inbound_get(f->c, in.id, &got), E_NOT_FOUND);
            ctx_forgive(f->c);
        }
    }
    assert_int_equal(fixture_rows(f, "inbound"), 3);
}

static const char *connection_made(struct fixture *f)
{
    const struct connection in = {.id = id_new(f->mem),
                                  .channel = "slack",
                                  .install = id_new(f->mem),
                                  .employee_id = f->at.employee_id,
                                  .bot_token = "sealed",
                                  .signing_secret = "sealed"};

    ok(f->c, connection_add(f->c, &in));
    ok(f->c, db_commit(f->c));
    return in.id;
}

static const char *state_of(struct fixture *f, const char *job_id)
{
    struct outbound *parts;
    size_t count;

    ok(f->c, outbound_list(f->c, job_id, &parts, &count));
    assert_int_equal(count, 1);
    return parts[0].state;
}

static void a_part_goes_through_its_states(void **state)
{
    struct fixture *f = *state;
    const char *connection_id = connection_made(f);
    struct outbound *parts;
    struct job job;
    size_t count;

    fixture_job(f, &job);
    ok(f->c, outbound_add(f->c, &job, 0, connection_id, "C1:1.1", "first text"));
    ok(f->c, outbound_add(f->c, &job, 0, connection_id, "C1:1.1", "second text"));
    ok(f->c, outbound_list(f->c, job.id, &parts, &count));
    assert_int_equal(count, 1);
    assert_string_equal(parts[0].text, "first text");
    assert_string_equal(parts[0].token, parts[0].id);
    assert_string_equal(parts[0].state, "pending");
    assert_int_equal(parts[0].attempts, 0);
    assert_int_equal(parts[0].sending_ms, -1);

    ok(f->c, outbound_sending(f->c, &job, parts[0].id));
    assert_string_equal(state_of(f, job.id), "sending");
    ok(f->c, outbound_settle(f->c, parts[0].id, "pending", NULL, "busy"));
    ok(f->c, outbound_sending(f->c, &job, parts[0].id));
    ok(f->c, outbound_settle(f->c, parts[0].id, "sent", "1.2", NULL));
    /* What was sent stays sent, whatever comes late. */
    ok(f->c, outbound_settle(f->c, parts[0].id, "refused", NULL, "late"));
    ok(f->c, outbound_list(f->c, job.id, &parts, &count));
    assert_string_equal(parts[0].state, "sent");
    assert_string_equal(parts[0].provider_id, "1.2");
    assert_int_equal(parts[0].attempts, 2);
    assert_true(parts[0].sending_ms >= 0);
    assert_int_equal(outbound_sending(f->c, &job, parts[0].id), E_CONFLICT);
    ctx_forgive(f->c);
    db_rollback(f->c);
}

/* A paused worker wakes up after its job was taken over: it must not send. */
static void who_lost_the_job_may_not_send(void **state)
{
    struct fixture *f = *state;
    const char *connection_id = connection_made(f);
    struct outbound *parts;
    struct job lost, held;
    bool claimed;
    size_t count;

    fixture_job(f, &lost);
    ok(f->c, outbound_add(f->c, &lost, 0, connection_id, "C1:1.1", "text"));
    ok(f->c, db_commit(f->c));
    pg_do(f->super, "UPDATE job SET lease_until = now() - interval '1 s' WHERE id = '%s'", lost.id);
    ok(f->c, job_claim(f->c, lost.id, &held, &claimed));
    assert_true(claimed);
    ok(f->c, outbound_list(f->c, held.id, &parts, &count));
    ok(f->c, db_commit(f->c));
    assert_int_equal(outbound_sending(f->c, &lost, parts[0].id), E_CONFLICT);
    assert_string_equal(f->c->fault.code, "job_lost");
    db_rollback(f->c);
    ctx_forgive(f->c);
    assert_string_equal(state_of(f, held.id), "pending");
    ok(f->c, outbound_sending(f->c, &held, parts[0].id));
    ok(f->c, db_commit(f->c));
}

static void steps_are_replayed_for_the_same_question_only(void **state)
{
    struct fixture *f = *state;
    const char *result;
    struct job job;

    fixture_job(f, &job);
    ok(f->c, step_find(f->c, &job, 1, "answer", BYTES("hash"), &result));
    assert_null(result);
    ok(f->c, step_add(f->c, &job, 1, "answer", BYTES("hash"), "first"));
    ok(f->c, step_add(f->c, &job, 1, "answer", BYTES("hash"), "second"));
    ok(f->c, step_find(f->c, &job, 1, "answer", BYTES("hash"), &result));
    assert_string_equal(result, "first");
    ok(f->c, step_find(f->c, &job, 1, "answer", BYTES("another"), &result));
    assert_null(result);
    ok(f->c, step_find(f->c, &job, 2, "answer", BYTES("hash"), &result));
    assert_null(result);
    ok(f->c, step_find(f->c, &job, 1, "tool", BYTES("hash"), &result));
    assert_null(result);
    ok(f->c, db_commit(f->c));
}

static void a_workspace_has_one_tenant(void **state)
{
    struct fixture *f = *state;
    struct place other = place_new(f->mem);
    struct ctx *c = pg_ctx(PG_WORKER, other.tenant_id);
    struct connection in = {.id = id_new(f->mem),
                            .channel = "slack",
                            .install = id_new(f->mem),
                            .employee_id = f->at.employee_id,
                            .bot_token = "sealed",
                            .signing_secret = "sealed"};

    ok(f->c, connection_add(f->c, &in));
    ok(f->c, db_commit(f->c));
    in.employee_id = other.employee_id;
    in.id = id_new(f->mem);
    assert_int_equal(connection_add(c, &in), E_CONFLICT);
    assert_string_equal(c->fault.code, "install_taken");
    db_rollback(c);
    ctx_forgive(c);
    /* An employee of another tenant can't be named. */
    in.employee_id = f->at.employee_id;
    in.install = id_new(f->mem);
    assert_int_equal(connection_add(c, &in), E_NOT_FOUND);
    ctx_end(c);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_message_is_added_once),         CASE(lists_and_windows),
        CASE(numbers_have_no_gap_and_no_twin), CASE(a_message_finds_nothing_elsewhere),
        CASE(what_came_in_is_stored_once),     CASE(a_part_goes_through_its_states),
        CASE(who_lost_the_job_may_not_send),   CASE(steps_are_replayed_for_the_same_question_only),
        CASE(a_workspace_has_one_tenant),
    };
#undef CASE

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
