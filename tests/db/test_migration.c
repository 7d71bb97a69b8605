/*
 * Migrations with the files that the programs carry, by the real command on databases of their own:
 * twice, two at once, changed, from the future. What a broken file does is tested in
 * test_migration_broken.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/embedded.h"
#include "core/migration.h"
#include "lib/pg.h"

#include <cmocka.h>

struct fixture {
    struct arena *mem;
    const char *database;
    PGconn *super;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->mem = arena_new(MIB(8));
    f->database = scratch_new(f->mem);
    f->super = pg_open_at(
        address_with(f->mem, PG_SUPER, text_printf(f->mem, "dbname=%s", f->database)));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    PQfinish(f->super);
    scratch_drop(f->database);
    arena_free(f->mem);
    free(f);
    return 0;
}

struct command {
    pid_t pid;
    FILE *said;
};

/* Starts `konstruct WORD` of this build on the scratch database. */
static struct command start(struct fixture *f, const char *word)
{
    const char *address = address_with(f->mem, PG_OWNER,
                                       text_printf(f->mem, "dbname=%s", f->database));
    struct command run = {.said = tmpfile()};
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 40);

    assert_true(len > 0 && run.said != NULL);
    path[len] = '\0';
    for (int i = 0; i < 3; i++) /* build/KIND/tests/db/test_migration: three up */
        *strrchr(path, '/') = '\0';
    strncat(path, "/konstruct", 20);
    run.pid = fork();
    if (run.pid == 0) {
        setenv("KONSTRUCT_DB_OWNER", address, 1);
        setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* pools live as long as the process */
        dup2(fileno(run.said), STDERR_FILENO);
        dup2(fileno(run.said), STDOUT_FILENO);
        alarm(120);
        execl(path, "konstruct", word, (char *)NULL);
        _exit(97);
    }
    return run;
}

static int end(struct fixture *f, struct command *run, const char **said)
{
    char *text = arena_take(f->mem, KIB(16));
    int status;

    assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
    rewind(run->said);
    text[fread(text, 1, KIB(16) - 1, run->said)] = '\0';
    fclose(run->said);
    *said = text;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int konstruct(struct fixture *f, const char *word, const char **said)
{
    struct command run = start(f, word);

    return end(f, &run, said);
}

static int64_t ours(void)
{
    int64_t count = 0;

    while (embedded_migrations[count].name != NULL)
        count++;
    return count;
}

static int64_t applied(struct fixture *f)
{
    return pg_count(f->super, "SELECT count(*) FROM schema_migration");
}

static void twice(void **state)
{
    struct fixture *f = *state;
    const char *said;

    assert_int_equal(konstruct(f, "migrate", &said), 0);
    assert_non_null(strstr(said, "applied 0001_base.sql"));
    assert_int_equal(applied(f), ours());
    assert_int_equal(konstruct(f, "migrate", &said), 0);
    assert_string_equal(said, "The schema is up to date.\n");
    assert_int_equal(applied(f), ours());
    assert_int_equal(konstruct(f, "seed", &said), 0);

    int64_t prices = pg_count(f->super, "SELECT count(*) FROM price");

    assert_true(prices > 10);
    pg_do(f->super, "UPDATE template SET name = 'changed'; UPDATE price SET input = 1");
    assert_int_equal(konstruct(f, "seed", &said), 0);
    assert_int_equal(pg_count(f->super, "SELECT count(*) FROM price"), prices);
    assert_int_equal(pg_count(f->super, "SELECT count(*) FROM template WHERE name = 'changed'"), 0);
    assert_int_equal(pg_count(f->super, "SELECT count(*) FROM price WHERE input = 1"), 0);
}

static void two_at_once(void **state)
{
    enum { COUNT = 4 };
    struct fixture *f = *state;
    struct command runs[COUNT];
    const char *said;
    int times = 0;

    for (int i = 0; i < COUNT; i++)
        runs[i] = start(f, "migrate");
    for (int i = 0; i < COUNT; i++) {
        if (end(f, &runs[i], &said) != 0)
            fail_msg("%s", said);
        times += strstr(said, "applied 0001_base.sql") != NULL;
    }
    assert_int_equal(times, 1);
    assert_int_equal(applied(f), ours());
}

static void changed_and_newer_are_refused(void **state)
{
    static const struct {
        const char *change, *says;
    } rows[] = {
        {"UPDATE schema_migration SET checksum = repeat('0', 64) WHERE name = '0001_base.sql'",
         "Migration 0001_base.sql was changed after it had been applied"},
        {"INSERT INTO schema_migration VALUES ('9999_future.sql', 'x')",
         "The database has migration 9999_future.sql, which this program does not know"},
        {"UPDATE schema_migration SET name = '0000_other.sql' WHERE name = '0001_base.sql'",
         "The database has migration 0000_other.sql, which this program does not know"},
    };
    struct fixture *f = *state;
    struct db_pool *pool;
    const char *said;
    bool current;

    assert_int_equal(konstruct(f, "migrate", &said), 0);
    pool = db_pool_new(address_with(f->mem, PG_WEB, text_printf(f->mem, "dbname=%s", f->database)),
                       1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(1), pool);

        pg_do(f->super, "CREATE TABLE ledger AS TABLE schema_migration");
        assert_int_equal(migration_current(c, &current), OK);
        assert_true(current);
        pg_do(f->super, "%s", rows[i].change);
        assert_int_not_equal(konstruct(f, "migrate", &said), 0);
        if (strstr(said, rows[i].says) == NULL)
            fail_msg("%s", said);
        assert_int_equal(migration_current(c, &current), OK);
        assert_false(current);
        pg_do(f->super, "DELETE FROM schema_migration; INSERT INTO schema_migration TABLE ledger; "
                        "DROP TABLE ledger");
        ctx_end(c);
    }
    db_pool_free(pool);
}

/* A program on a database that nobody has migrated says so, and goes on. */
static void an_empty_database_is_not_current(void **state)
{
    struct fixture *f = *state;
    struct db_pool *pool = db_pool_new(
        address_with(f->mem, PG_WEB, text_printf(f->mem, "dbname=%s", f->database)), 1);
    struct ctx *c = ctx_new(MIB(1), pool);
    bool current = true;

    assert_int_equal(migration_current(c, &current), OK);
    assert_false(current);
    assert_null(c->conn);
    assert_int_equal(c->fault.rc, OK);
    ctx_end(c);
    db_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(twice, setup, teardown),
        cmocka_unit_test_setup_teardown(two_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(changed_and_newer_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_database_is_not_current, setup, teardown),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
