/* Jobs: who may claim which, what a lost claim can't do any more, and what is put back when. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "core/job.h"
#include "fixture.h"

#include <cmocka.h>

/* What went well is kept. */
static void committed(struct ctx *c, rc_t rc)
{
    ok(c, rc);
    ok(c, db_commit(c));
}

static const char *add_in(struct fixture *f, const char *lane)
{
    const char *id = id_new(f->mem);

    committed(f->c, job_add(f->c, id, "turn", lane, id_new(f->mem)));
    return id;
}

static bool claim(struct fixture *f, const char *id, struct job *out)
{
    struct ctx *c = pg_ctx(PG_WORKER, f->at.tenant_id);
    bool claimed = false;

    if (job_claim(c, id, out, &claimed) != OK)
        fail_msg("%s: %s", c->fault.code, c->fault.detail);
    if (claimed)
        assert_int_equal(db_commit(c), OK);
    out->id = claimed ? text_dup(f->mem, out->id) : NULL;
    out->holder = claimed ? text_dup(f->mem, out->holder) : NULL;
    out->kind = out->lane_id = out->subject_id = NULL;
    ctx_end(c);
    return claimed;
}

static const char *column(struct fixture *f, const char *id, const char *name)
{
    return pg_get(f->mem, f->super, "SELECT %s FROM job WHERE id = '%s'", name, id);
}

static void expire(struct fixture *f, const char *id)
{
    pg_do(f->super, "UPDATE job SET lease_until = now() - interval '1 second' WHERE id = '%s'", id);
}

static void one_subject_has_one_job_of_a_kind(void **state)
{
    struct fixture *f = *state;
    const char *subject = id_new(f->mem), *first = id_new(f->mem), *second = id_new(f->mem);

    committed(f->c, job_add(f->c, first, "turn", f->conversation_id, subject));
    committed(f->c, job_add(f->c, second, "turn", f->conversation_id, subject));
    committed(f->c, job_add(f->c, id_new(f->mem), "delivery", f->conversation_id, subject));
    assert_int_equal(
        pg_count(f->super, "SELECT count(*) FROM job WHERE subject_id = '%s'", subject), 2);
    assert_null(column(f, second, "state"));
}

static void a_lane_is_claimed_in_its_order(void **state)
{
    struct fixture *f = *state;
    const char *first = add_in(f, f->conversation_id), *second = add_in(f, f->conversation_id),
               *next;
    const char *other = add_in(f, id_new(f->mem));
    struct job job, beside;

    assert_false(claim(f, second, &job));  /* its turn has not come */
    assert_true(claim(f, other, &beside)); /* another lane does not wait */
    assert_true(claim(f, first, &job));
    assert_int_equal(job.fence, 1);
    assert_int_equal(job.deaths, 0);
    assert_false(claim(f, first, &beside)); /* somebody has it */
    assert_false(claim(f, second, &beside));
    committed(f->c, job_next_in_lane(f->c, f->conversation_id, &next));
    assert_string_equal(next, second);
    committed(f->c, job_done(f->c, &job));
    assert_true(claim(f, second, &job));
    committed(f->c, job_next_in_lane(f->c, f->conversation_id, &next));
    assert_null(next);
    committed(f->c, job_dead(f->c, &job, "poison"));
    assert_string_equal(column(f, second, "state"), "dead");
    assert_string_equal(column(f, second, "last_error"), "poison");
    assert_false(claim(f, second, &job)); /* dead stays dead, and does not block its lane */
    assert_true(claim(f, add_in(f, f->conversation_id), &job));
}

static void a_claim_needs_its_tenant(void **state)
{
    struct fixture *f = *state;
    const char *id = add_in(f, f->conversation_id);
    struct place other = place_new(f->mem);
    struct ctx *c = pg_ctx(PG_WORKER, other.tenant_id);
    struct job job;
    bool claimed = true;

    assert_int_equal(job_claim(c, id, &job, &claimed), OK);
    assert_false(claimed);
    ctx_end(c);
    assert_string_equal(column(f, id, "state"), "ready");
}

static void a_dead_workers_job_is_taken_over(void **state)
{
    struct fixture *f = *state;
    const char *id = add_in(f, f->conversation_id);
    struct job first, second;

    assert_true(claim(f, id, &first));
    assert_false(claim(f, id, &second)); /* the lease holds */
    expire(f, id);
    assert_true(claim(f, id, &second));
    assert_int_equal(second.fence, 2);
    assert_int_equal(second.deaths, 1);
    assert_string_not_equal(first.holder, second.holder);
    expire(f, id);
    assert_true(claim(f, id, &second));
    assert_int_equal(second.deaths, 2);
}

/* Each way in which a holder that lost its job would still write. */
static void a_lost_job_can_do_nothing(void **state)
{
    struct fixture *f = *state;
    const char *id = add_in(f, f->conversation_id);
    struct job lost, held;

    assert_true(claim(f, id, &lost));
    expire(f, id);
    assert_true(claim(f, id, &held));
    for (int way = 0; way < 5; way++) {
        rc_t rc = way == 0   ? job_guard(f->c, &lost)
                  : way == 1 ? job_done(f->c, &lost)
                  : way == 2 ? job_dead(f->c, &lost, "x")
                  : way == 3 ? job_retry(f->c, &lost, "x")
                             : job_later(f->c, &lost, 0);

        assert_int_equal(rc, E_CONFLICT);
        assert_string_equal(f->c->fault.code, "job_lost");
        db_rollback(f->c);
        ctx_forgive(f->c);
    }
    assert_string_equal(column(f, id, "state"), "running");
    assert_string_equal(column(f, id, "holder"), held.holder);
    assert_int_equal(job_guard(f->c, &held), OK);
    committed(f->c, job_done(f->c, &held));
    assert_int_equal(job_guard(f->c, &held), E_CONFLICT); /* it ended: nobody holds it */
    db_rollback(f->c);
    ctx_forgive(f->c);
}

/* An expired lease that nobody took over is still one's own to finish. */
static void an_expired_lease_may_still_be_finished(void **state)
{
    struct fixture *f = *state;
    const char *id = add_in(f, f->conversation_id);
    struct job job;

    assert_true(claim(f, id, &job));
    expire(f, id);
    committed(f->c, job_done(f->c, &job));
    assert_string_equal(column(f, id, "state"), "done");
    assert_non_null(column(f, id, "finished_at"));
}

static void errors_are_counted_and_wait(void **state)
{
    struct fixture *f = *state;
    const char *id = add_in(f, f->conversation_id);
    struct job job;

    for (int errors = 0; errors < 12; errors++) {
        assert_true(claim(f, id, &job));
        assert_int_equal(job.errors, errors);
        committed(f->c, job_retry(f->c, &job, "vendor: \xff torn \xe2\x82"));
        assert_string_equal(column(f, id, "state"), "ready");
        assert_null(column(f, id, "holder"));

        /* anywhere up to 1 s x 2^errors, at most ten minutes, from now */
        int64_t most_ms = errors > 9 ? 600000 : (int64_t)1000 << errors;
        int64_t wait_ms = pg_count(
            f->super,
            "SELECT (extract(epoch FROM run_at - clock_timestamp()) * 1000)::bigint"
            " FROM job WHERE id = '%s'",
            id);

        if (most_ms > 600000)
            most_ms = 600000;
        assert_true(wait_ms <= most_ms + 50);
        if (wait_ms > 2000)
            assert_false(claim(f, id, &job)); /* not due */
        pg_do(f->super, "UPDATE job SET run_at = now() - interval '1 s' WHERE id = '%s'", id);
    }
    assert_true(text_utf8(bytes_of(column(f, id, "last_error"))));
    assert_true(claim(f, id, &job));
    committed(f->c, job_later(f->c, &job, 3600 * 1000));
    assert_false(claim(f, id, &job));
    assert_string_equal(column(f, id, "errors"), "12");
    assert_string_equal(column(f, id, "(run_at > now() + interval '59 min')::int"), "1");
}

struct racer {
    struct fixture *f;
    const char *ids[4];
    int won;
};

static void *race(void *arg)
{
    struct racer *r = arg;

    for (size_t i = 0; i < COUNT_OF(r->ids); i++) {
        struct ctx *c = pg_ctx(PG_WORKER, r->f->at.tenant_id);
        struct job job;
        bool claimed = false;
        rc_t rc = job_claim(c, r->ids[i], &job, &claimed);

        if (rc == OK && claimed && db_commit(c) == OK)
            r->won++;
        ctx_end(c);
    }
    return NULL;
}

/* However many reach for a lane at once, one job of it runs. */
static void many_claims_at_once_have_one_winner(void **state)
{
    enum { RACERS = 6, ROUNDS = 8 };
    struct fixture *f = *state;

    for (int round = 0; round < ROUNDS; round++) {
        struct racer racers[RACERS];
        pthread_t threads[RACERS];
        const char *lane = id_new(f->mem), *ids[4];
        int won = 0;

        for (size_t i = 0; i < COUNT_OF(ids); i++)
            ids[i] = add_in(f, lane);
        for (int i = 0; i < RACERS; i++) {
            racers[i] = (struct racer){.f = f};
            for (size_t k = 0; k < COUNT_OF(ids); k++)
                racers[i].ids[k] = ids[(k + (size_t)i) % COUNT_OF(ids)];
            assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        }
        for (int i = 0; i < RACERS; i++) {
            pthread_join(threads[i], NULL);
            won += racers[i].won;
        }
        assert_int_equal(won, 1);
        assert_int_equal(
            pg_count(f->super,
                     "SELECT count(*) FROM job WHERE lane_id = '%s' AND state = 'running'", lane),
            1);
        assert_string_equal(column(f, ids[0], "state"), "running");
    }
}

/* Two of one lane can't run at once even when a program errs. */
static void the_schema_itself_keeps_a_lane_single(void **state)
{
    struct fixture *f = *state;
    const char *first = add_in(f, f->conversation_id), *second = add_in(f, f->conversation_id);

    pg_do(f->super, "UPDATE job SET state = 'running' WHERE id = '%s'", first);
    assert_string_equal(
        pg_try(f->super, "UPDATE job SET state = 'running' WHERE id = '%s'", second), "23505");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(one_subject_has_one_job_of_a_kind),
        FIXTURE_TEST(a_lane_is_claimed_in_its_order),
        FIXTURE_TEST(a_claim_needs_its_tenant),
        FIXTURE_TEST(a_dead_workers_job_is_taken_over),
        FIXTURE_TEST(a_lost_job_can_do_nothing),
        FIXTURE_TEST(an_expired_lease_may_still_be_finished),
        FIXTURE_TEST(errors_are_counted_and_wait),
        FIXTURE_TEST(many_claims_at_once_have_one_winner),
        FIXTURE_TEST(the_schema_itself_keeps_a_lane_single),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
