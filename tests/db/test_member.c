/*
 * A company keeps an admin, whoever changes whom at the same moment: each change waits for the one
 * before it and sees what that has left.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/member.h"
#include "core/session.h"
#include "lib/pg.h"

#include <cmocka.h>

#define ROUNDS 20

struct fixture {
    struct arena *mem;
    PGconn *super;
    struct place at;
    const char *second; /* a second admin */
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->mem = arena_new(MIB(16));
    f->super = pg_open(PG_SUPER);
    f->at = place_new(f->mem);
    f->second = place_person(f->mem, &f->at, "admin");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    PQfinish(f->super);
    arena_free(f->mem);
    free(f);
    return 0;
}

static struct ctx *as(struct fixture *f, const char *person_id)
{
    struct ctx *c = pg_ctx(PG_WEB, f->at.tenant_id);

    c->person_id = person_id;
    return c;
}

static int64_t admins(struct fixture *f)
{
    return pg_count(f->super,
                    "SELECT count(*) FROM membership WHERE tenant_id = '%s' AND role = 'admin'",
                    f->at.tenant_id);
}

/* What somebody does on a thread of its own. */
struct deed {
    enum { DEMOTE, REMOVE, LEAVE } kind;
    struct ctx *c;
    const char *target;
    rc_t rc;
    atomic_bool over;
};

static rc_t act(const struct deed *d)
{
    struct member member;
    const char *was;

    if (d->kind == DEMOTE)
        return member_role_set(d->c, d->target, "member", &was);
    if (d->kind == REMOVE)
        return member_remove(d->c, d->target, &member);
    return member_leave(d->c, &member);
}

static void *carry_out(void *arg)
{
    struct deed *d = arg;

    d->rc = act(d);
    if (d->rc == OK)
        d->rc = db_commit(d->c);
    else
        db_rollback(d->c);
    atomic_store(&d->over, true);
    return NULL;
}

static void wait_until_it_waits(struct fixture *f, struct deed *d)
{
    while (!atomic_load(&d->over) &&
           pg_count(f->super, "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                              "current_database() AND wait_event_type = 'Lock'") == 0)
        usleep(2000);
}

/* The first is under way, the second begins, the first is committed. */
static void one_after_the_other(struct fixture *f, struct deed first, struct deed second,
                                const char *code)
{
    pthread_t thread;

    assert_int_equal(act(&first), OK);
    assert_int_equal(pthread_create(&thread, NULL, carry_out, &second), 0);
    wait_until_it_waits(f, &second);
    assert_false(atomic_load(&second.over));
    assert_int_equal(db_commit(first.c), OK);
    pthread_join(thread, NULL);
    assert_int_not_equal(second.rc, OK);
    assert_string_equal(second.c->fault.code, code);
    assert_int_equal(admins(f), 1);
    ctx_end(first.c);
    ctx_end(second.c);
}

static void two_admins_leave(void **state)
{
    struct fixture *f = *state;

    one_after_the_other(
        f, (struct deed){.kind = LEAVE, .c = as(f, f->at.person_id), .target = NULL},
        (struct deed){.kind = LEAVE, .c = as(f, f->second), .target = NULL}, "last_admin");
}

static void two_admins_demote_themselves(void **state)
{
    struct fixture *f = *state;

    one_after_the_other(
        f, (struct deed){.kind = DEMOTE, .c = as(f, f->at.person_id), .target = f->at.person_id},
        (struct deed){.kind = DEMOTE, .c = as(f, f->second), .target = f->second}, "last_admin");
}

/* Who has just been demoted or removed does not strike back, not even with a third admin there. */
static void two_admins_strike_at_each_other(void **state)
{
    struct fixture *f = *state;

    one_after_the_other(
        f, (struct deed){.kind = DEMOTE, .c = as(f, f->at.person_id), .target = f->second},
        (struct deed){.kind = REMOVE, .c = as(f, f->second), .target = f->at.person_id},
        "not_permitted");
}

static void whoever_was_removed_removes_nobody(void **state)
{
    struct fixture *f = *state;

    one_after_the_other(
        f, (struct deed){.kind = REMOVE, .c = as(f, f->second), .target = f->at.person_id},
        (struct deed){.kind = DEMOTE, .c = as(f, f->at.person_id), .target = f->second},
        "not_permitted");
}

static void race(struct fixture *f, struct deed a, struct deed b)
{
    pthread_t one, two;

    assert_int_equal(pthread_create(&one, NULL, carry_out, &a), 0);
    assert_int_equal(pthread_create(&two, NULL, carry_out, &b), 0);
    pthread_join(one, NULL);
    pthread_join(two, NULL);
    assert_true((a.rc == OK) != (b.rc == OK));
    assert_int_equal(admins(f), 1);
    ctx_end(a.c);
    ctx_end(b.c);
}

/* Whoever comes first, and however close: one succeeds, and nobody waits in a circle. */
static void many_rounds_of_both_at_once(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < ROUNDS; i++) {
        pg_do(f->super, "UPDATE membership SET role = 'admin' WHERE tenant_id = '%s'",
              f->at.tenant_id);
        race(f,
             (struct deed){.kind = DEMOTE,
                           .c = as(f, f->at.person_id),
                           .target = i % 2 ? f->second : f->at.person_id},
             (struct deed){.kind = DEMOTE,
                           .c = as(f, f->second),
                           .target = i % 2 ? f->at.person_id : f->second});
    }
}

/* A session that begins while its person is removed is not left behind, and holds nothing up. */
static void no_session_slips_in(void **state)
{
    struct fixture *f = *state;
    struct ctx *remover = as(f, f->at.person_id), *other = as(f, f->second);
    struct member was;
    const char *token;

    assert_int_equal(session_start(other, f->second, NULL, &token), OK);
    assert_int_equal(db_commit(other), OK);
    assert_int_equal(member_remove(remover, f->second, &was), OK);
    assert_string_equal(was.role, "admin");
    assert_int_equal(db_commit(remover), OK);
    assert_int_equal(session_start(other, f->second, NULL, &token), E_NOT_FOUND);
    db_rollback(other);
    assert_int_equal(
        pg_count(f->super, "SELECT count(*) FROM session WHERE person_id = '%s'", f->second), 0);
    ctx_end(remover);
    ctx_end(other);
}

/* What hangs on a membership goes with it, or a person could not be removed. */
static void nothing_holds_a_membership(void **state)
{
    struct fixture *f = *state;
    const char *holder = pg_get(
        f->mem, f->super,
        "SELECT string_agg(conrelid::regclass::text, ' ') FROM pg_constraint WHERE contype = 'f'"
        " AND confrelid = 'membership'::regclass AND confdeltype <> 'c'"
        " AND conrelid <> 'session'::regclass");

    if (holder != NULL)
        fail_msg("%s: write ON DELETE CASCADE, or end it in core/member.c", holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_admins_leave, setup, teardown),
        cmocka_unit_test_setup_teardown(two_admins_demote_themselves, setup, teardown),
        cmocka_unit_test_setup_teardown(two_admins_strike_at_each_other, setup, teardown),
        cmocka_unit_test_setup_teardown(whoever_was_removed_removes_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(many_rounds_of_both_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(no_session_slips_in, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_holds_a_membership, setup, teardown),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
