/*
 * What a migration that fails leaves behind: nothing. This program carries files of its own in
 * place of the real ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "core/migration.h"
#include "lib/pg.h"

#include <cmocka.h>

#define FILE_OF(name, text)                       \
    {                                             \
        (name), (text), (text) + sizeof(text) - 1 \
    }

/* The third one is broken in a new way for each test, and filled up with blanks. */
static char third[200];
const struct embedded embedded_migrations[] = {
    FILE_OF("0001_first.sql", "CREATE TABLE first (id int);\n-- a remark without a line's end"),
    FILE_OF("0002_second.sql", "CREATE TABLE second (id int); INSERT INTO second VALUES (1), (1)"),
    {"0003_third.sql", third, third + sizeof(third) - 1},
    FILE_OF("0004_fourth.sql", "CREATE TABLE fourth (id int)"),
    {NULL, NULL, NULL},
};

struct fixture {
    struct arena *mem;
    const char *database;
    PGconn *super;
    struct db_pool *pool;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    const char *here;

    f->mem = arena_new(MIB(8));
    f->database = scratch_new(f->mem);
    here = text_printf(f->mem, "dbname=%s", f->database);
    f->super = pg_open_at(address_with(f->mem, PG_SUPER, here));
    f->pool = db_pool_new(address_with(f->mem, PG_OWNER, here), 1);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    db_pool_free(f->pool);
    PQfinish(f->super);
    scratch_drop(f->database);
    arena_free(f->mem);
    free(f);
    return 0;
}

static void nobody(const char *name)
{
    (void)name;
}

static rc_t migrate(struct fixture *f, const char *sql, int *applied, const char **code)
{
    struct ctx *c = ctx_new(MIB(1), f->pool);

    memset(third, ' ', sizeof(third) - 1);
    memcpy(third, sql, strlen(sql));

    rc_t rc = migration_run(c, nobody, applied);

    *code = text_dup(f->mem, c->fault.code);
    ctx_end(c);
    return rc;
}

static const char *tables(struct fixture *f)
{
    return pg_get(f->mem, f->super,
                  "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class"
                  " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'");
}

static const char *ledger(struct fixture *f)
{
    return pg_get(f->mem, f->super,
                  "SELECT string_agg(left(name, 4), ' ' ORDER BY name) FROM schema_migration");
}

/* Whichever statement fails, of that file nothing is there, of those before it everything. */
static void a_broken_file_leaves_nothing(void **state)
{
    static const char *const broken[] = {
        "CREATE TABLE third (id int); SELECT 1 / 0",
        "CREATE TABLE third (id int); CREATE TABLE third (id int)",
        "CREATE TABLE third (id int); SELEC 1",
        "DROP TABLE first; CREATE TABLE third (id int); INSERT INTO nothing VALUES (1)",
        /* A key of the file's own that is taken: not to be mistaken for the ledger's. */
        "CREATE TABLE third (id int); CREATE UNIQUE INDEX ON second (id)",
        "CREATE TABLE third (id int PRIMARY KEY); INSERT INTO third VALUES (1), (1)",
    };
    struct fixture *f = *state;
    const char *code;
    int applied;

    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        rc_t rc = migrate(f, broken[i], &applied, &code);

        if (rc == OK)
            fail_msg("passed: %s", broken[i]);
        assert_non_null(code);
        assert_int_equal(applied, i == 0 ? 2 : 0);
        assert_string_equal(tables(f), "first schema_migration second");
        assert_string_equal(ledger(f), "0001 0002");
    }
    /* Mended, it goes on where it stopped. */
    assert_int_equal(migrate(f, "CREATE TABLE third (id int)", &applied, &code), OK);
    assert_int_equal(applied, 2);
    assert_string_equal(tables(f), "first fourth schema_migration second third");
    assert_string_equal(ledger(f), "0001 0002 0003 0004");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_broken_file_leaves_nothing, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, pg_stop);
}
