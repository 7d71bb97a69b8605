/*
 * A company takes everything out: every table is there, no secret is, and nothing of anybody else.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/id.h"
#include "core/audit_check.h"
#include "core/audit_head.h"
#include "core/tenant_export.h"
#include "flow/runner.h"
#include "io/tar.h"
#include "life_help.h"

#include <cmocka.h>

#define ARCHIVE_MAX MIB(24)

/* Every column that is sealed, as the rotation of keys knows them. */
static const struct {
    const char *table, *column;
} sealed[] = {
#define SEALED(table, column, whom) {#table, #column},
#include "core/sealed.def"
#undef SEALED
};

struct archive {
    struct tar_member members[100];
    size_t count;
    struct buf text; /* of all members, one behind the other */
    struct buf audit;
};

static rc_t take(struct ctx *c, void *arg, const char *name, struct bytes piece)
{
    struct archive *a = arg;

    (void)c;
    buf_add(&a->text, piece.data, piece.len);
    if (text_is(name, "audit.jsonl"))
        buf_add(&a->audit, piece.data, piece.len);
    return OK;
}

static const char *path_of(struct arena *mem, const char *tenant_id, const char *id)
{
    return text_printf(mem, "%s/exports/%s/%s.tar", conf_text(CONF_files_dir), tenant_id, id);
}

static struct archive *read_archive(struct arena *mem, const char *tenant_id, const char *id)
{
    struct archive *a = arena_take(mem, sizeof(*a));
    struct ctx *c = ctx_new(MIB(8), NULL);
    int fd = open(path_of(mem, tenant_id, id), O_RDONLY | O_CLOEXEC);
    struct tar_in *in = tar_read(c, fd);
    bool found = true;

    assert_true(fd >= 0);
    a->text = buf_new(mem, ARCHIVE_MAX);
    a->audit = buf_new(mem, ARCHIVE_MAX);
    while (found) {
        ok(c, tar_next(c, in, take, a, &a->members[a->count], &found));
        a->count += found;
    }
    close(fd);
    ctx_end(c);
    return a;
}

static const struct tar_member *member(const struct archive *a, const char *name)
{
    for (size_t i = 0; i < a->count; i++)
        if (text_is(a->members[i].name, name))
            return &a->members[i];
    return NULL;
}

static const char *ask(struct arena *mem, const char *tenant_id)
{
    struct ctx *c = pg_ctx(PG_WEB, tenant_id);
    const char *id, *job_id;

    c->actor = "key:test";
    ok(c, tenant_export_add(c, &id, &job_id));
    ok(c, db_commit(c));
    id = text_dup(mem, id);
    ctx_end(c);
    return id;
}

/* Rows that were made up stand in the way of true ones. */
static void clear(PGconn *super, const char *tenant_id)
{
    pg_do(super, "DELETE FROM tenant_export WHERE tenant_id = '%s'", tenant_id);
}

static const char *state_of(struct arena *mem, PGconn *super, const char *id)
{
    return pg_get(mem, super, "SELECT state FROM tenant_export WHERE id = '%s'", id);
}

static void remove_it(struct arena *mem, PGconn *super, const char *tenant_id)
{
    life_run(mem, super, tenant_id, "export_remove");
    rmdir(text_printf(mem, "%s/exports/%s", conf_text(CONF_files_dir), tenant_id));
}

/* Secrets get values by which they would be known again. */
static void mark_secrets(PGconn *super, const char *tenant_id)
{
    pg_do(super, "BEGIN; SET LOCAL session_replication_role = replica");
    for (size_t i = 0; i < COUNT_OF(sealed); i++)
        pg_do(super, "UPDATE %s SET %s = 'a-sealed-secret' WHERE tenant_id = '%s'", sealed[i].table,
              sealed[i].column, tenant_id);
    pg_do(super,
          "UPDATE tenant_key SET private_sealed = 'a-sealed-secret' WHERE tenant_id = '%s';"
          " UPDATE person SET password_hash = 'a-sealed-secret' WHERE id IN (SELECT person_id FROM "
          "membership WHERE tenant_id = '%s'); COMMIT",
          tenant_id, tenant_id);
}

/* Nor does the archive hold what any column holds that is a secret by its name. */
static void holds_no_secret(struct arena *mem, PGconn *super, const char *tenant_id,
                            const char *text)
{
    PGresult *r = PQexec(super,
                         "SELECT t.tab, a.attname FROM tenant_tables() t JOIN pg_attribute a ON "
                         "a.attrelid = t.tab WHERE a.attnum > 0 AND NOT a.attisdropped AND "
                         "a.atttypid = 'bytea'::regtype AND a.attname ~ "
                         "'(^|_)(sealed|secret|password|private|token)(_|$)'");

    assert_true(PQntuples(r) > 1);
    for (int i = 0; i < PQntuples(r); i++) {
        const char *value = pg_get(mem, super,
                                   "SELECT encode(%s, 'hex') FROM %s WHERE tenant_id = '%s'",
                                   PQgetvalue(r, i, 1), PQgetvalue(r, i, 0), tenant_id);

        if (value != NULL && strstr(text, value) != NULL)
            fail_msg("%s.%s is in the archive", PQgetvalue(r, i, 0), PQgetvalue(r, i, 1));
    }
    PQclear(r);
    assert_null(strstr(text, "a-sealed-secret"));
}

static void every_table_is_there(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    const char *own = life_fill(*state, super, "kestrel"),
               *other = life_fill(*state, super, "osprey");
    const char **tables, *id, *text;
    struct archive *a;
    int count;

    clear(super, own);
    mark_secrets(super, own);
    /* More than a page, by rows and by bytes. */
    pg_do(super,
          "INSERT INTO employee_fact (tenant_id, employee_id, position, fact) SELECT '%s', id, n, "
          "repeat('x', 1900) FROM employee, generate_series(2, 1300) n WHERE tenant_id = '%s'",
          own, own);
    id = ask(*state, own);
    assert_non_null(life_run(*state, super, own, "tenant_export"));
    assert_string_equal(state_of(*state, super, id), "ready");
    a = read_archive(*state, own, id);
    text = buf_str(&a->text);
    tables = life_tables(*state, super, &count);
    for (int i = 0; i < count; i++) {
        const struct tar_member *m = member(a, text_printf(*state, "tables/%s.jsonl", tables[i]));
        int64_t rows = pg_count(super, "SELECT count(*) FROM %s WHERE tenant_id = '%s'", tables[i],
                                own);

        if (text_is(tables[i], "audit") || text_is(tables[i], "audit_head")) {
            assert_null(m);
            continue;
        }
        if (m == NULL)
            fail_msg("%s is not in the archive", tables[i]);
        /* The job that removes the archive was made when it was whole. */
        assert_int_equal(m->lines, rows - text_is(tables[i], "job"));
    }
    assert_int_equal(member(a, "tables/person.jsonl")->lines, 1);
    assert_non_null(strstr(text, "kestrel@example.org"));
    assert_null(strstr(text, "osprey"));
    assert_null(strstr(text, other));
    holds_no_secret(*state, super, own, text);
    remove_it(*state, super, own);
    assert_string_equal(state_of(*state, super, id), "removed");
    assert_int_equal(access(path_of(*state, own, id), F_OK), -1);
    PQfinish(super);
}

static void the_audit_in_it_verifies(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    struct place at = place_new(*state);
    unsigned char key[SIGN_PUBLIC_BYTES], private_key[SIGN_PRIVATE_BYTES];
    struct audit_trust trust = {.public_key = key, .tenant_id = at.tenant_id};
    struct ctx *c = ctx_new(MIB(4), NULL);
    struct audit_check k;
    struct archive *a;
    const char *id;

    add_many(at.tenant_id, 4100);
    id = ask(*state, at.tenant_id);
    life_run(*state, super, at.tenant_id, "tenant_export");
    a = read_archive(*state, at.tenant_id, id);
    ok(c, audit_keys(c, key, private_key));
    audit_check_begin(c, &k, &trust);
    ok(c, audit_check_text(c, &k, buf_bytes(&a->audit)));
    assert_true(k.seq > 4100);
    ctx_end(c);
    remove_it(*state, super, at.tenant_id);
    PQfinish(super);
}

/* A clean stop gives the job back; a worker that died leaves a part, and the next begins anew. */
static void it_goes_on_after_a_stop(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    struct place at = place_new(*state);
    const char *id = ask(*state, at.tenant_id), *part, *job;
    struct run *run = arena_take(*state, sizeof(*run));
    struct job_hint hint;
    FILE *file;

    job = pg_get(*state, super, "SELECT id FROM job WHERE subject_id = '%s'", id);
    hint = (struct job_hint){at.tenant_id, job};
    atomic_store(&run->hurry, true);
    runner_run(pg_pool(PG_WORKER), &hint, run);
    assert_string_equal(pg_get(*state, super, "SELECT state FROM job WHERE id = '%s'", job),
                        "ready");
    assert_string_equal(state_of(*state, super, id), "running");
    part = text_printf(*state, "%s.%s.part", path_of(*state, at.tenant_id, id), id);
    file = fopen(part, "we");
    assert_non_null(file);
    fclose(file);
    assert_non_null(life_run(*state, super, at.tenant_id, "tenant_export"));
    assert_string_equal(state_of(*state, super, id), "ready");
    assert_int_equal(access(part, F_OK), -1);
    assert_non_null(member(read_archive(*state, at.tenant_id, id), "manifest.json"));
    remove_it(*state, super, at.tenant_id);
    PQfinish(super);
}

static void too_much_is_told_at_once(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    struct place at = place_new(*state);
    const char *id = ask(*state, at.tenant_id);

    pg_do(super,
          "INSERT INTO employee_fact (tenant_id, employee_id, position, fact) SELECT '%s', id, n, "
          "repeat('x', 1900) FROM employee, generate_series(100, 700) n WHERE tenant_id = '%s'",
          at.tenant_id, at.tenant_id);
    conf_set(CONF_export_mib, "1");
    life_run(*state, super, at.tenant_id, "tenant_export");
    conf_set(CONF_export_mib, "8000");
    assert_string_equal(state_of(*state, super, id), "failed");
    assert_non_null(strstr(
        pg_get(*state, super, "SELECT fault FROM tenant_export WHERE id = '%s'", id), "1 MiB"));
    assert_int_equal(access(path_of(*state, at.tenant_id, id), F_OK), -1);
    remove_it(*state, super, at.tenant_id);
    PQfinish(super);
}

static void one_at_a_time_and_five_a_day(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    struct place at = place_new(*state);
    struct ctx *c = pg_ctx(PG_WEB, at.tenant_id);
    const char *id, *job_id;

    c->actor = "system";
    for (int i = 0; i < EXPORTS_PER_DAY; i++) {
        ask(*state, at.tenant_id);
        assert_int_equal(tenant_export_add(c, &id, &job_id),
                         i + 1 < EXPORTS_PER_DAY ? E_CONFLICT : E_LIMIT);
        assert_string_equal(c->fault.code,
                            i + 1 < EXPORTS_PER_DAY ? "export_running" : "export_limit");
        db_rollback(c);
        ctx_forgive(c);
        pg_do(super, "UPDATE tenant_export SET state = 'failed' WHERE tenant_id = '%s'",
              at.tenant_id);
    }
    ctx_end(c);
    PQfinish(super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AUDIT_TEST(every_table_is_there), AUDIT_TEST(the_audit_in_it_verifies),
        AUDIT_TEST(it_goes_on_after_a_stop), AUDIT_TEST(too_much_is_told_at_once),
        AUDIT_TEST(one_at_a_time_and_five_a_day)};

    return cmocka_run_group_tests(tests, life_start, life_stop);
}
