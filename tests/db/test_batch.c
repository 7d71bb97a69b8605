/*
 * Group commit: items of many tenants in one transaction, one bad item among good ones, and a
 * database that dies at every moment. An item that was answered OK is there; one that was not may
 * be repeated.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "io/db_batch.h"
#include "lib/pg.h"
#include "lib/proxy.h"

#include <cmocka.h>

#define TENANTS 4

static const struct stmt q_store = {
    "test_store",
    "INSERT INTO inbound (tenant_id, id, connection_id, message_key, conversation_id, reply_to,"
    " author, text) VALUES (tenant_now(), $1, $2, $3, $2, '', 'a', $4)"
    " ON CONFLICT (tenant_id, connection_id, message_key) DO NOTHING"};
static const struct stmt q_bad = {"test_bad",
                                  "SELECT $1::uuid, 1 / length($4), $2::uuid, $3::text"};

struct item {
    struct db_batch_item batch;
    int done;
};

struct fixture {
    struct arena *mem;
    PGconn *super;
    struct proxy *proxy;
    struct db_batch *batch;
    struct place at[TENANTS];
    const char *connection_id; /* marks the rows of this test */
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->mem = arena_new(MIB(16));
    f->super = pg_open(PG_SUPER);
    f->proxy = proxy_new();
    f->batch = db_batch_new(proxy_address(f->mem, f->proxy, PG_WEB));
    f->connection_id = id_new(f->mem);
    for (int i = 0; i < TENANTS; i++)
        f->at[i] = place_new(f->mem);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    db_batch_free(f->batch);
    proxy_free(f->proxy);
    PQfinish(f->super);
    arena_free(f->mem);
    free(f);
    return 0;
}

static void count_done(struct db_batch_item *item, void *owner)
{
    struct item *it = owner;

    assert_ptr_equal(&it->batch, item);
    it->done++;
}

/* An item of one of the tenants under a key; a bad one fails when its text is empty. */
static void prepare(struct fixture *f, struct item *it, int tenant, const char *key,
                    const struct stmt *q, const char *text)
{
    *it = (struct item){.batch = {.tenant_id = f->at[tenant].tenant_id,
                                  .q = q,
                                  .args = {A(id_new(f->mem)), A(f->connection_id), A(key), A(text)},
                                  .arg_count = 4,
                                  .done = count_done,
                                  .owner = it,
                                  .rc = E_INTERNAL}};
}

static void add(struct fixture *f, struct item *it, int tenant, const char *key)
{
    prepare(f, it, tenant, key, &q_store, "words");
    db_batch_add(f->batch, &it->batch);
}

static bool all_done(const struct item *items, int count)
{
    for (int i = 0; i < count; i++)
        if (items[i].done == 0)
            return false;
    return true;
}

/* The event loop's part, until all of them have their end. Each has it once. */
static void settle(struct fixture *f, const struct item *items, int count)
{
    for (int64_t until = clock_mono_ms() + 30000; !all_done(items, count);) {
        assert_true(clock_mono_ms() < until);
        db_batch_wait(f->batch, 1000);
    }
    for (int i = 0; i < count; i++)
        assert_int_equal(items[i].done, 1);
}

static int64_t stored(struct fixture *f, const char *where)
{
    return pg_count(f->super, "SELECT count(*) FROM inbound WHERE connection_id = '%s' AND %s",
                    f->connection_id, where);
}

static void items_of_many_tenants_commit_together(void **state)
{
    enum { COUNT = 60 };
    struct fixture *f = *state;
    struct item items[COUNT];

    for (int i = 0; i < COUNT; i++)
        add(f, &items[i], i % TENANTS, text_printf(f->mem, "k%d", i));
    settle(f, items, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(items[i].batch.rc, OK);
        assert_int_equal(items[i].batch.rows, 1);
    }
    for (int i = 0; i < TENANTS; i++)
        assert_int_equal(stored(f, text_printf(f->mem, "tenant_id = '%s'", f->at[i].tenant_id)),
                         COUNT / TENANTS);
    /* The first went alone, for nothing was on its way; all the others gathered meanwhile. */
    assert_int_equal(
        pg_count(f->super,
                 "SELECT count(DISTINCT xmin::text) FROM inbound WHERE connection_id = '%s'",
                 f->connection_id),
        2);
}

static void more_than_one_batch_holds(void **state)
{
    enum { COUNT = 300 };
    struct fixture *f = *state;
    struct item *items = arena_take(f->mem, COUNT * sizeof(*items));

    for (int i = 0; i < COUNT; i++)
        add(f, &items[i], i % TENANTS, text_printf(f->mem, "k%d", i));
    settle(f, items, COUNT);
    assert_int_equal(stored(f, "true"), COUNT);
}

static void a_repeated_item_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct item items[3];

    for (int i = 0; i < 3; i++)
        add(f, &items[i], 0, "same");
    settle(f, items, 3);
    assert_int_equal(items[0].batch.rows + items[1].batch.rows + items[2].batch.rows, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(items[i].batch.rc, OK);
    assert_int_equal(stored(f, "true"), 1);
}

/* Wherever the bad ones stand, the good ones are stored, and the bad ones know what was wrong. */
static void a_bad_item_stops_no_other(void **state)
{
    enum { COUNT = 8 };
    static const char *const patterns[] = {"b",        "bg",   "gb",       "gbg",
                                           "ggggbggg", "bbgg", "gbgbgbgb", "bbbb"};
    struct fixture *f = *state;
    struct item items[COUNT];

    for (size_t p = 0; p < COUNT_OF(patterns); p++) {
        int count = (int)strlen(patterns[p]), good = 0;

        for (int i = 0; i < count; i++) {
            bool bad = patterns[p][i] == 'b';

            prepare(f, &items[i], i % TENANTS, text_printf(f->mem, "p%zu-%d", p, i),
                    bad ? &q_bad : &q_store, bad ? "" : "words");
            good += !bad;
            db_batch_add(f->batch, &items[i].batch);
        }
        settle(f, items, count);
        for (int i = 0; i < count; i++) {
            bool bad = patterns[p][i] == 'b';

            assert_int_equal(items[i].batch.rc, bad ? E_INTERNAL : OK);
            assert_true(!bad || strstr(items[i].batch.why, "division by zero") != NULL);
        }
        assert_int_equal(stored(f, text_printf(f->mem, "message_key LIKE 'p%zu-%%'", p)), good);
    }
}

static void an_item_stays_in_its_tenant(void **state)
{
    static const struct stmt q_foreign = {
        "test_foreign",
        "INSERT INTO inbound (tenant_id, id, connection_id, message_key, conversation_id, reply_to,"
        " author, text) VALUES ($4::uuid, $1, $2, $3, $2, '', 'a', 't')"};
    struct fixture *f = *state;
    struct item items[3];

    add(f, &items[0], 0, "before");
    prepare(f, &items[1], 0, "foreign", &q_foreign, f->at[1].tenant_id);
    db_batch_add(f->batch, &items[1].batch);
    add(f, &items[2], 1, "after");
    settle(f, items, 3);
    assert_int_equal(items[1].batch.rc, E_INTERNAL);
    assert_non_null(strstr(items[1].batch.why, "row-level security"));
    assert_int_equal(stored(f, "message_key = 'foreign'"), 0);
    assert_int_equal(stored(f, "true"), 2);
}

/*
 * The commit is done, and its answer is lost: 503 is said, and the repetition finds what is there.
 */
static void killed_between_commit_and_answer(void **state)
{
    struct fixture *f = *state;
    struct item first, again, waiting;

    add(f, &first, 0, "warm-up");
    settle(f, &first, 1);
    proxy_hold(f->proxy, true);
    add(f, &first, 0, "lost");
    add(f, &waiting, 1, "never-sent");
    while (stored(f, "message_key = 'lost'") == 0)
        usleep(1000);
    assert_int_equal(first.done, 0);
    proxy_cut(f->proxy);
    proxy_hold(f->proxy, false);
    settle(f, &first, 1);
    settle(f, &waiting, 1);
    assert_int_equal(first.batch.rc, E_UNAVAILABLE);
    assert_int_equal(waiting.batch.rc, E_UNAVAILABLE);
    assert_true(waiting.batch.why[0] != '\0');
    assert_int_equal(stored(f, "message_key = 'never-sent'"), 0);
    add(f, &again, 0, "lost");
    settle(f, &again, 1);
    assert_int_equal(again.batch.rc, OK);
    assert_int_equal(again.batch.rows, 0);
    assert_int_equal(stored(f, "message_key = 'lost'"), 1);
}

static void terminated_in_the_middle(void **state)
{
    static const struct stmt q_sleep = {
        "test_batch_sleep", "SELECT pg_sleep(20), $1::uuid, $2::uuid, $3::text, $4::text"};
    struct fixture *f = *state;
    struct item slow, after;

    prepare(f, &slow, 0, "slow", &q_sleep, "x");
    db_batch_add(f->batch, &slow.batch);
    while (pg_count(f->super, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                              " WHERE wait_event = 'PgSleep' AND usename = 'konstruct_web'") == 0)
        usleep(1000);
    settle(f, &slow, 1);
    assert_int_equal(slow.batch.rc, E_UNAVAILABLE);
    add(f, &after, 0, "after");
    settle(f, &after, 1);
    assert_int_equal(after.batch.rc, OK);
    assert_int_equal(stored(f, "true"), 1);
}

static void away_and_back(void **state)
{
    struct fixture *f = *state;
    struct item item;

    add(f, &item, 0, "before");
    settle(f, &item, 1);
    proxy_down(f->proxy);
    for (int i = 0; i < 50; i++) {
        add(f, &item, 0, "while-away");
        /* Known at once, or as soon as the loop hears of the end; never left waiting. */
        settle(f, &item, 1);
        assert_int_equal(item.batch.rc, E_UNAVAILABLE);
        assert_true(item.batch.why[0] != '\0');
    }
    assert_int_equal(db_batch_fd(f->batch), -1);
    proxy_up(f->proxy);
    for (int64_t until = clock_mono_ms() + 20000; clock_mono_ms() < until; usleep(2000)) {
        db_batch_tick(f->batch);
        add(f, &item, 0, "back");
        settle(f, &item, 1);
        if (item.batch.rc == OK)
            break;
    }
    assert_int_equal(item.batch.rc, OK);
    assert_int_equal(stored(f, "message_key = 'while-away'"), 0);
    assert_int_equal(stored(f, "message_key = 'back'"), 1);
}

/*
 * Two hundred items while connecting fails cost a handful of tries, for between two of them time
 * passes.
 */
static void a_database_that_is_away_is_not_hammered(void **state)
{
    enum { COUNT = 200 };
    struct fixture *f = *state;
    struct fixture wrong = *f;
    struct item item;
    int made = proxy_made(f->proxy);
    const char *address = text_printf(f->mem, "%s password=wrong",
                                      proxy_address(f->mem, f->proxy, PG_WEB));

    wrong.batch = db_batch_new(address);
    for (int i = 0; i < COUNT; i++) {
        add(&wrong, &item, 0, "x");
        assert_int_equal(item.done, 1);
        assert_int_equal(item.batch.rc, E_UNAVAILABLE);
    }
    assert_in_range(proxy_made(f->proxy) - made, 1, COUNT / 10);
    db_batch_free(wrong.batch);
}

/* What is still on its way when the process ends has its end too. */
static void freeing_ends_what_waits(void **state)
{
    struct fixture *f = *state;
    struct item items[3];

    proxy_hold(f->proxy, false);
    add(f, &items[0], 0, "warm-up");
    settle(f, items, 1);
    proxy_hold(f->proxy, true);
    for (int i = 0; i < 3; i++)
        add(f, &items[i], 0, text_printf(f->mem, "f%d", i));
    db_batch_free(f->batch);
    f->batch = NULL;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(items[i].done, 1);
        assert_int_equal(items[i].batch.rc, E_UNAVAILABLE);
    }
}

/* done() may hand in the next item: a request that goes on. */
struct chain {
    struct fixture *f;
    struct item items[5];
    int next;
};

static void add_next(struct db_batch_item *item, void *owner)
{
    struct chain *chain = owner;

    (void)item;
    if (chain->next < 5) {
        struct item *it = &chain->items[chain->next++];

        prepare(chain->f, it, 0, text_printf(chain->f->mem, "c%d", chain->next), &q_store, "words");
        it->batch.done = add_next;
        it->batch.owner = chain;
        db_batch_add(chain->f->batch, &it->batch);
    }
}

static void an_end_may_begin_the_next(void **state)
{
    struct fixture *f = *state;
    struct chain chain = {.f = f};

    add_next(NULL, &chain);
    for (int64_t until = clock_mono_ms() + 20000; stored(f, "true") < 5 && clock_mono_ms() < until;)
        db_batch_wait(f->batch, 100);
    assert_int_equal(stored(f, "true"), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(items_of_many_tenants_commit_together, setup, teardown),
        cmocka_unit_test_setup_teardown(more_than_one_batch_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(a_repeated_item_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bad_item_stops_no_other, setup, teardown),
        cmocka_unit_test_setup_teardown(an_item_stays_in_its_tenant, setup, teardown),
        cmocka_unit_test_setup_teardown(killed_between_commit_and_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(terminated_in_the_middle, setup, teardown),
        cmocka_unit_test_setup_teardown(away_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_database_that_is_away_is_not_hammered, setup, teardown),
        cmocka_unit_test_setup_teardown(freeing_ends_what_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(an_end_may_begin_the_next, setup, teardown),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
