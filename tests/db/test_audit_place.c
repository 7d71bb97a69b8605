/*
 * The anchor in a channel: posted with each daily signature through the ordinary way out, and what
 * became of it is seen; a subject is erased by the worker.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "core/audit_subject.h"
#include "core/post_place.h"
#include "flow/anchor.h"
#include "life_help.h"

#include <cmocka.h>

static const char *connect(struct arena *mem, PGconn *super, const struct place *at)
{
    const char *id = id_new(mem);

    pg_do(super,
          "INSERT INTO connection (tenant_id, id, channel, install, shown_name, employee_id, "
          "bot_token, signing_secret) VALUES ('%s', '%s', 'slack', '%s', 'Fern', '%s', 'x', 'x')",
          at->tenant_id, id, id, at->employee_id);
    return id;
}

static void choose(const char *tenant_id, const char *connection_id)
{
    struct ctx *c = pg_ctx(PG_WEB, tenant_id);
    const struct post_place_choice choice = {connection_id, "C024BE91L"};

    ok(c, post_place_set(c, POST_ANCHOR, &choice));
    ok(c, db_commit(c));
    ctx_end(c);
}

static struct post_place place_now(struct arena *mem, const char *tenant_id)
{
    struct ctx *c = pg_ctx(PG_WEB, tenant_id);
    struct post_place at;

    ok(c, post_place_get(c, POST_ANCHOR, &at));
    at.state = text_dup(mem, at.state);
    at.fault = at.fault == NULL ? NULL : text_dup(mem, at.fault);
    ctx_end(c);
    return at;
}

static void day(struct arena *mem, PGconn *super, const char *tenant_id)
{
    struct ctx *c = pg_ctx(PG_WORKER, NULL);

    pg_do(super,
          "BEGIN; SET LOCAL session_replication_role = replica; UPDATE audit_signature SET "
          "signed_at = signed_at - interval '25 hours' WHERE tenant_id = '%s'; COMMIT",
          tenant_id);
    add(tenant_id, "system", "thing.done", "x", "{}");
    ok(c, anchor_sweep(c));
    ctx_end(c);
    assert_non_null(life_run(mem, super, tenant_id, "audit_daily"));
}

static int64_t posts(PGconn *super, const char *tenant_id)
{
    return pg_count(super, "SELECT count(*) FROM outbound WHERE tenant_id = '%s'", tenant_id);
}

static void each_day_the_anchor_is_posted_once(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    struct place at = place_new(*state);
    const char *connection_id = connect(*state, super, &at), *anchor;

    day(*state, super, at.tenant_id);
    assert_int_equal(posts(super, at.tenant_id), 0);
    assert_string_equal(place_now(*state, at.tenant_id).state, "none");
    choose(at.tenant_id, connection_id);
    assert_string_equal(place_now(*state, at.tenant_id).state, "waiting");
    day(*state, super, at.tenant_id);
    assert_int_equal(posts(super, at.tenant_id), 1);
    anchor = pg_get(*state, super,
                    "SELECT seq || ':' || encode(hash, 'hex') FROM audit_signature WHERE tenant_id "
                    "= '%s' ORDER BY seq DESC LIMIT 1",
                    at.tenant_id);
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM outbound o JOIN job j ON j.id = o.job_id WHERE "
                              "o.tenant_id = '%s' AND o.reply_to = 'C024BE91L' AND j.kind = "
                              "'delivery' AND o.text LIKE '%%%s%%'",
                              at.tenant_id, anchor),
                     1);
    day(*state, super, at.tenant_id);
    assert_int_equal(posts(super, at.tenant_id), 2);
    PQfinish(super);
}

/* What became of the newest post is what the page shows. */
static void a_failed_post_is_seen(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    struct place at = place_new(*state), other = place_new(*state);
    const char *connection_id = connect(*state, super, &at);
    const struct post_place_choice foreign = {connection_id, "C1"};
    struct ctx *c = pg_ctx(PG_WEB, other.tenant_id);

    assert_int_equal(post_place_set(c, POST_ANCHOR, &foreign), E_NOT_FOUND);
    ctx_end(c);
    choose(at.tenant_id, connection_id);
    day(*state, super, at.tenant_id);
    pg_do(super,
          "UPDATE outbound SET state = 'refused', fault = 'not_in_channel' WHERE tenant_id = '%s'",
          at.tenant_id);
    assert_string_equal(place_now(*state, at.tenant_id).state, "failed");
    assert_string_equal(place_now(*state, at.tenant_id).fault, "not_in_channel");
    day(*state, super, at.tenant_id);
    assert_string_equal(place_now(*state, at.tenant_id).state, "waiting");
    pg_do(super,
          "UPDATE outbound SET state = 'sent', fault = NULL WHERE tenant_id = '%s'; UPDATE "
          "connection SET state = 'removed' WHERE tenant_id = '%s'",
          at.tenant_id, at.tenant_id);
    assert_string_equal(place_now(*state, at.tenant_id).fault, "connection_removed");
    /* The day goes on without it: signed all the same. */
    day(*state, super, at.tenant_id);
    assert_int_equal(posts(super, at.tenant_id), 2);
    PQfinish(super);
}

static void a_subject_is_erased_by_the_worker(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    struct place at = place_new(*state);
    struct ctx *c = pg_ctx(PG_WEB, at.tenant_id);
    const char *body, *personal;
    bool known, erased;

    ok(c, audit_seal(c, at.person_id, "{\"name\":\"Zoe\"}", &body));
    ok(c, audit_subject_find(c, at.person_id, &known, &erased));
    assert_true(known && !erased);
    ok(c, audit_subject_find(c, at.tenant_id, &known, &erased));
    assert_false(known);
    ok(c, job_add(c, id_new(*state), "subject_erase", at.person_id, id_new(*state)));
    ok(c, db_commit(c));
    assert_non_null(life_run(*state, super, at.tenant_id, "subject_erase"));
    ok(c, audit_subject_find(c, at.person_id, &known, &erased));
    assert_true(known && erased);
    ok(c, audit_unseal(c, body, &personal, &erased));
    assert_true(personal == NULL && erased);
    ctx_end(c);
    PQfinish(super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AUDIT_TEST(each_day_the_anchor_is_posted_once),
        AUDIT_TEST(a_failed_post_is_seen),
        AUDIT_TEST(a_subject_is_erased_by_the_worker),
    };

    return cmocka_run_group_tests(tests, life_start, life_stop);
}
