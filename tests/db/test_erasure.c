/*
 * A company is erased: every row of every table but the bare audit, whatever the worker's fate on
 * the way, and nothing of anybody else.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/id.h"
#include "core/audit_chain.h"
#include "core/audit_check.h"
#include "core/audit_find.h"
#include "core/audit_head.h"
#include "core/connection.h"
#include "core/erasure.h"
#include "core/person.h"
#include "flow/erase.h"
#include "life_help.h"
#include "walk.h"

#include <cmocka.h>

/* What stays of an erased company. */
static const char *const kept[] = {"tenant", "audit", "audit_head", "audit_signature"};

static bool stays(const char *table)
{
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (strcmp(kept[i], table) == 0)
            return true;
    return false;
}

/* Rows of every table that has a tenant, without those that stay. */
static int64_t rows_of(struct arena *mem, PGconn *super, const char *tenant_id)
{
    int64_t all = 0;
    int count;
    const char **tables = life_tables(mem, super, &count);

    for (int i = 0; i < count; i++)
        if (!stays(tables[i]))
            all += pg_count(super, "SELECT count(*) FROM %s WHERE tenant_id = '%s'", tables[i],
                            tenant_id);
    return all;
}

/* All that a company has, to the last byte. */
static const char *sum_of(struct arena *mem, PGconn *super, const char *tenant_id)
{
    struct buf all = buf_new(mem, KIB(64));
    int count;
    const char **tables = life_tables(mem, super, &count);

    for (int i = 0; i < count; i++)
        buf_text(&all, pg_get(mem, super,
                              "SELECT coalesce(md5(string_agg(x::text, ',' ORDER BY x::text)), "
                              "'-') FROM %s x WHERE tenant_id = '%s'",
                              tables[i], tenant_id));
    return buf_str(&all);
}

/* Asked for, and its days are over. */
static void ask(PGconn *super, const char *tenant_id)
{
    struct ctx *c = pg_ctx(PG_WEB, tenant_id);

    /* Rows that were made up stand in the way of true ones. */
    pg_do(super, "DELETE FROM tenant_erasure WHERE tenant_id = '%s'", tenant_id);
    c->actor = "system";
    ok(c, erasure_add(c));
    ok(c, db_commit(c));
    ctx_end(c);
    pg_do(super, "UPDATE tenant_erasure SET due_at = now() WHERE tenant_id = '%s'", tenant_id);
}

static void some_time_passes(PGconn *super, const char *tenant_id)
{
    pg_do(super,
          "UPDATE tenant SET erasing_at = erasing_at - interval '1 minute' WHERE tenant_id = '%s'",
          tenant_id);
}

static void erase(struct arena *mem, PGconn *super, const char *tenant_id)
{
    assert_non_null(life_run(mem, super, tenant_id, "tenant_erase"));
    some_time_passes(super, tenant_id);
    life_run(mem, super, tenant_id, "tenant_erase");
}

static void is_gone(struct arena *mem, PGconn *super, const char *tenant_id)
{
    int count;
    const char **tables = life_tables(mem, super, &count);

    for (int i = 0; i < count; i++) {
        int64_t rows = pg_count(super, "SELECT count(*) FROM %s WHERE tenant_id = '%s'", tables[i],
                                tenant_id);

        if (stays(tables[i]) ? rows == 0 : rows > 0)
            fail_msg("%s has %lld rows", tables[i], (long long)rows);
    }
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND actor || "
                              "action || object || body || words::text <> ''",
                              tenant_id),
                     0);
    assert_string_equal(
        pg_get(mem, super,
               "SELECT name FROM tenant WHERE tenant_id = '%s' AND erased_at IS NOT NULL",
               tenant_id),
        "erased");
}

/* Numbers without a gap, each bound to the one before, and the signature fits the end. */
static void skeleton_verifies(struct arena *mem, PGconn *super, const char *tenant_id)
{
    struct ctx *c = pg_ctx(PG_WORKER, tenant_id);
    unsigned char key[SIGN_PUBLIC_BYTES], private_key[SIGN_PRIVATE_BYTES];
    unsigned char hash[HASH_BYTES];
    struct bytes raw, signature;
    struct audit_state state;
    const char *at;

    assert_int_equal(
        pg_count(
            super,
            "SELECT count(*) FROM (SELECT seq, prev, lag(hash, 1, sha256('')) OVER w AS before, "
            "row_number() OVER w AS n FROM audit WHERE tenant_id = '%s' WINDOW w AS (ORDER BY "
            "seq)) a WHERE a.prev <> a.before OR a.seq <> a.n",
            tenant_id),
        0);
    ok(c, audit_keys(c, key, private_key));
    ok(c, audit_state_get(c, &state));
    assert_int_equal(state.entries, state.signed_entries);
    assert_string_equal(state.hash, state.signed_hash);
    assert_string_equal(state.hash,
                        pg_get(mem, super,
                               "SELECT encode(hash, 'hex') FROM audit WHERE tenant_id = '%s' ORDER "
                               "BY seq DESC LIMIT 1",
                               tenant_id));
    at = pg_get(mem, super,
                "SELECT to_char(signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') "
                "FROM audit_signature WHERE tenant_id = '%s' ORDER BY seq DESC LIMIT 1",
                tenant_id);
    assert_int_equal(text_unhex(mem, bytes_of(state.hash), &raw), OK);
    memcpy(hash, raw.data, HASH_BYTES);
    assert_int_equal(text_unhex(mem, bytes_of(state.signature), &signature), OK);
    assert_true(sign_fits(
        key, audit_head_message(mem, bytes_of(tenant_id), state.entries, hash, bytes_of(at)),
        (const unsigned char *)signature.data));
    ctx_end(c);
}

/* The audit as it was taken out before, up to its signed head. */
static struct bytes audit_before(struct arena *mem, const char *tenant_id)
{
    struct ctx *c = pg_ctx(PG_WORKER, tenant_id);
    struct buf out = buf_new(mem, MIB(1));
    struct audit_state state;
    int64_t next;

    ok(c, audit_head_sign(c));
    ok(c, audit_state_get(c, &state));
    ok(c, audit_export(c, 0, state.signed_entries, &out, &next));
    ok(c, db_commit(c));
    ctx_end(c);
    return buf_bytes(&out);
}

/* Who kept an export can still prove by what stays that it is the true one. */
static void matches_what_was_taken_out(struct arena *mem, PGconn *super, const char *tenant_id,
                                       struct bytes text)
{
    struct ctx *c = ctx_new(MIB(8), NULL);
    unsigned char key[SIGN_PUBLIC_BYTES], private_key[SIGN_PRIVATE_BYTES];
    struct audit_trust trust = {.public_key = key, .tenant_id = tenant_id, .anchor_seq = 2};
    struct audit_check k;
    struct bytes raw;

    ok(c, audit_keys(c, key, private_key));
    assert_int_equal(text_unhex(mem,
                                bytes_of(pg_get(mem, super,
                                                "SELECT encode(hash, 'hex') FROM audit WHERE "
                                                "tenant_id = '%s' AND seq = 2",
                                                tenant_id)),
                                &raw),
                     OK);
    memcpy(trust.anchor_hash, raw.data, HASH_BYTES);
    audit_check_begin(c, &k, &trust);
    ok(c, audit_check_text(c, &k, text));
    ctx_end(c);
}

static void nothing_stays_but_the_bare_audit(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    const char *own = life_fill(*state, super, "heron"), *other = life_fill(*state, super, "ibis");
    const char *before, *alone, *shared, *host, *folder;
    struct bytes taken;
    FILE *file;

    add(own, "person:x", "thing.done", "y", "{\"said\":\"heron\"}");
    pg_do(super,
          "INSERT INTO employee_fact (tenant_id, employee_id, position, fact) SELECT '%s', id, n, "
          "'heron' FROM employee, generate_series(2, 5000) n WHERE tenant_id = '%s'",
          own, own);
    alone = pg_get(*state, super, "SELECT person_id FROM membership WHERE tenant_id = '%s'", own);
    shared = pg_get(*state, super, "SELECT person_id FROM membership WHERE tenant_id = '%s'",
                    other);
    pg_do(super,
          "INSERT INTO membership (tenant_id, person_id, role) VALUES ('%s', '%s', 'member')", own,
          shared);
    host = id_new(*state);
    pg_do(super,
          "INSERT INTO person (id, name, email, password_hash) VALUES ('%s', 'Hugh', '%s', 'x'); "
          "INSERT INTO host_person (person_id) VALUES ('%s'); INSERT INTO membership (tenant_id, "
          "person_id, role) VALUES ('%s', '%s', 'admin')",
          host, host, host, own, host);
    folder = text_printf(*state, "%s/exports", conf_text(CONF_files_dir));
    mkdir(folder, 0700);
    folder = text_printf(*state, "%s/%s", folder, own);
    mkdir(folder, 0700);
    file = fopen(text_printf(*state, "%s/x.tar", folder), "we");
    assert_non_null(file);
    fclose(file);
    taken = audit_before(*state, own);
    before = sum_of(*state, super, other);
    assert_true(rows_of(*state, super, own) > 5000);

    ask(super, own);
    erase(*state, super, own);

    is_gone(*state, super, own);
    skeleton_verifies(*state, super, own);
    matches_what_was_taken_out(*state, super, own, taken);
    assert_string_equal(sum_of(*state, super, other), before);
    assert_int_equal(pg_count(super, "SELECT count(*) FROM person WHERE id = '%s'", alone), 0);
    assert_int_equal(pg_count(super, "SELECT count(*) FROM person WHERE id = '%s'", shared), 1);
    /* Who runs the instance stays, and can't do anything to what was erased. */
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM host_person WHERE person_id = '%s'", host), 1);
    pg_do(super, "SET ROLE konstruct_lookup");
    assert_int_equal(pg_count(super, "SELECT count(*) FROM tenant WHERE tenant_id = '%s'", own), 0);
    assert_int_equal(pg_count(super, "SELECT count(*) FROM tenant WHERE tenant_id = '%s'", other),
                     1);
    pg_do(super, "RESET ROLE");
    assert_int_equal(access(folder, F_OK), -1);
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM audit WHERE audit::text LIKE '%%heron%%'"), 0);
    PQfinish(super);
}

/* A worker as it dies: a process of its own, killed while it waits for a row that we hold. */
static void die_in_the_middle(struct arena *mem, PGconn *super, const char *tenant_id)
{
    PGconn *holder = pg_open(PG_SUPER);
    struct job_hint hint = {
        tenant_id, pg_get(mem, super,
                          "UPDATE job SET run_at = now() WHERE tenant_id = '%s' AND kind = "
                          "'tenant_erase' RETURNING id",
                          tenant_id)};
    pid_t pid;

    pg_do(holder, "BEGIN; SELECT 1 FROM message WHERE tenant_id = '%s' FOR UPDATE", tenant_id);
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        struct run *run = calloc(1, sizeof(*run));

        runner_run(db_pool_new(pg_address(PG_WORKER), 2), &hint, run);
        _exit(0);
    }
    while (pg_count(super, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                           "AND query LIKE '%%erase_step%%'") == 0)
        usleep(20000);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    pg_do(holder, "ROLLBACK");
    PQfinish(holder);
    pg_do(super,
          "UPDATE job SET lease_until = now() - interval '1 second' WHERE tenant_id = '%s' AND "
          "state = 'running'",
          tenant_id);
}

static void a_killed_worker_is_followed_by_another(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    const char *own = life_fill(*state, super, "stork"), *job;
    int64_t all, left;
    struct job_hint hint;

    ask(super, own);
    all = rows_of(*state, super, own);
    die_in_the_middle(*state, super, own);
    left = rows_of(*state, super, own);
    assert_true(left > 2 && left < all);
    job = pg_get(*state, super,
                 "SELECT id FROM job WHERE tenant_id = '%s' AND kind = 'tenant_erase'", own);
    hint = (struct job_hint){own, job};
    runner_run(pg_pool(PG_WORKER), &hint, arena_take(*state, sizeof(struct run)));
    some_time_passes(super, own);
    life_run(*state, super, own, "tenant_erase");
    is_gone(*state, super, own);
    skeleton_verifies(*state, super, own);
    PQfinish(super);
}

static void stopped_in_time_nothing_happens(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    struct place at = place_new(*state);
    int64_t before = rows_of(*state, super, at.tenant_id);
    struct ctx *c = pg_ctx(PG_WEB, at.tenant_id);
    struct erasure now;

    c->actor = "system";
    ok(c, erasure_add(c));
    ok(c, erasure_get(c, &now));
    assert_string_equal(now.state, "waiting");
    assert_int_equal(erasure_add(c), E_CONFLICT);
    assert_string_equal(c->fault.code, "erasure_waiting");
    ctx_forgive(c);
    ok(c, erasure_stop(c));
    ok(c, db_commit(c));
    assert_int_equal(erasure_stop(c), E_CONFLICT);
    ctx_end(c);
    assert_non_null(life_run(*state, super, at.tenant_id, "tenant_erase"));
    /* The job and what was asked are there in addition. */
    assert_int_equal(rows_of(*state, super, at.tenant_id), before + 2);
    assert_null(pg_get(*state, super, "SELECT erasing_at FROM tenant WHERE tenant_id = '%s'",
                       at.tenant_id));
    PQfinish(super);
}

/* Shut from the first moment on: nobody gets in, and what runs has lost its claim. */
static void nobody_gets_in_meanwhile(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    struct place at = place_new(*state);
    struct ctx *c = pg_ctx(PG_WORKER, at.tenant_id);
    const char *turn = id_new(*state), *email;
    struct login_record known[LOGIN_RECORDS];
    struct job job;
    bool claimed;

    email = pg_get(*state, super, "SELECT email FROM person WHERE id = '%s'", at.person_id);
    ok(c, job_add(c, turn, "turn", turn, turn));
    ok(c, db_commit(c));
    ok(c, job_claim(c, turn, &job, &claimed));
    ok(c, db_commit(c));
    assert_true(claimed);
    ask(super, at.tenant_id);
    life_run(*state, super, at.tenant_id, "tenant_erase");
    assert_int_equal(job_guard(c, &job), E_CONFLICT);
    assert_string_equal(c->fault.code, "job_lost");
    ctx_end(c);
    c = pg_ctx(PG_WEB, NULL);
    ok(c, person_for_login(c, email, known));
    assert_null(known[0].person_id);
    assert_null(known[1].person_id);
    ctx_end(c);
    /* Something that came in late is gone in the end, too. */
    pg_do(super,
          "INSERT INTO inbound (tenant_id, id, connection_id, message_key, conversation_id, "
          "reply_to, author, text) VALUES ('%s', '%s', '%s', 'k', '%s', '', 'x', 'late')",
          at.tenant_id, turn, turn, turn);
    some_time_passes(super, at.tenant_id);
    life_run(*state, super, at.tenant_id, "tenant_erase");
    is_gone(*state, super, at.tenant_id);
    PQfinish(super);
}

/* The words go from an erased company's entries; nothing else can be done to any entry. */
static void entries_stay_as_they_are_otherwise(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    struct place at = place_new(*state);
    const char *blank = "actor = '', action = '', object = '', body = '', words = ''";

    assert_string_equal(
        pg_try(super, "UPDATE audit SET %s WHERE tenant_id = '%s'", blank, at.tenant_id), "P0001");
    pg_do(super, "UPDATE tenant SET erasing_at = now() WHERE tenant_id = '%s'", at.tenant_id);
    assert_string_equal(pg_try(super, "UPDATE audit SET %s, at = now() WHERE tenant_id = '%s'",
                               blank, at.tenant_id),
                        "P0001");
    assert_string_equal(
        pg_try(super, "UPDATE audit SET body = '' WHERE tenant_id = '%s'", at.tenant_id), "P0001");
    assert_string_equal(pg_try(super, "DELETE FROM audit WHERE tenant_id = '%s'", at.tenant_id),
                        "P0001");
    assert_string_equal(
        pg_try(super, "UPDATE audit SET %s WHERE tenant_id = '%s'", blank, at.tenant_id), "00000");
    PQfinish(super);
}

/* The host's command goes on where a job was, and needs no worker. */
static void the_host_erases_at_once(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    struct place at = place_new(*state);
    struct ctx *c = pg_ctx(PG_WORKER, at.tenant_id);

    ask(super, at.tenant_id);
    life_run(*state, super, at.tenant_id, "tenant_erase");
    some_time_passes(super, at.tenant_id);
    ok(c, erase_at_once(c, NULL));
    ctx_end(c);
    is_gone(*state, super, at.tenant_id);
    skeleton_verifies(*state, super, at.tenant_id);
    PQfinish(super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AUDIT_TEST(nothing_stays_but_the_bare_audit),
        AUDIT_TEST(a_killed_worker_is_followed_by_another),
        AUDIT_TEST(stopped_in_time_nothing_happens),
        AUDIT_TEST(nobody_gets_in_meanwhile),
        AUDIT_TEST(entries_stay_as_they_are_otherwise),
        AUDIT_TEST(the_host_erases_at_once),
    };

    return cmocka_run_group_tests(tests, life_start, life_stop);
}
