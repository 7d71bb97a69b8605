/*
 * `konstruct prove isolation` as it is run: what it finds in this schema, that it finds a hole that
 * is really there, and that its database goes however it ends. That it would notice holes is in its
 * own report: it makes them.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "walk.h"

#include <cmocka.h>
#include <jansson.h>

#define SAID_MAX KIB(256)

struct fixture {
    struct arena *mem;
    PGconn *super;
    char folder[40];
    const char *json, *page;
};

struct command {
    pid_t pid;
    FILE *said;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return 1;
    f->mem = arena_new(MIB(32));
    f->super = pg_open(PG_SUPER);
    snprintf(f->folder, sizeof(f->folder), "/tmp/konstruct-proof-XXXXXX");
    if (mkdtemp(f->folder) == NULL)
        return 1;
    f->json = text_printf(f->mem, "%s/report.json", f->folder);
    f->page = text_printf(f->mem, "%s/report.html", f->folder);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    pg_do(f->super, "ALTER ROLE konstruct_web NOBYPASSRLS");
    PQfinish(f->super);
    unlink(f->json);
    unlink(f->page);
    rmdir(f->folder);
    arena_free(f->mem);
    free(f);
    return 0;
}

/* Starts the command of this build; admin NULL: nobody is named. */
static struct command start(struct fixture *f, const char *admin)
{
    struct command run = {.said = tmpfile()};
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 40);

    assert_true(len > 0 && run.said != NULL);
    path[len] = '\0';
    for (int i = 0; i < 3; i++) /* build/KIND/tests/db/test_prove: three up */
        *strrchr(path, '/') = '\0';
    strncat(path, "/konstruct", 20);
    run.pid = fork();
    if (run.pid == 0) {
        unsetenv("KONSTRUCT_DB_SUPER");
        setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* pools live as long as the process */
        dup2(fileno(run.said), STDERR_FILENO);
        dup2(fileno(run.said), STDOUT_FILENO);
        alarm(300);
        if (admin == NULL)
            execl(path, "konstruct", "prove", "isolation", (char *)NULL);
        else
            execl(path, "konstruct", "prove", "isolation", "--admin", admin, "--report", f->json,
                  (char *)NULL);
        _exit(97);
    }
    return run;
}

static int end(struct fixture *f, struct command *run, const char **said)
{
    char *text = arena_take(f->mem, SAID_MAX);
    int status;

    assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
    rewind(run->said);
    text[fread(text, 1, SAID_MAX - 1, run->said)] = '\0';
    fclose(run->said);
    *said = text;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int prove(struct fixture *f, const char *admin, const char **said)
{
    struct command run = start(f, admin);

    return end(f, &run, said);
}

static int64_t databases(struct fixture *f)
{
    return pg_count(f->super,
                    "SELECT count(*) FROM pg_database WHERE datname LIKE 'konstruct_proof_%%'");
}

static void says(const char *said, const char *wanted)
{
    if (strstr(said, wanted) == NULL)
        fail_msg("not said: %s\n%s", wanted, said);
}

static json_t *report_of(struct fixture *f)
{
    json_t *report = json_load_file(f->json, JSON_REJECT_DUPLICATES, NULL);

    assert_non_null(report);
    return report;
}

static void this_schema_is_proven(void **state)
{
    struct fixture *f = *state;
    const char *said;
    int code = prove(f, pg_address(PG_SUPER), &said);
    size_t i;
    json_t *part, *hole;

    if (code != 0)
        fail_msg("exit code %d\n%s", code, said);
    says(said, "Proven: tenants are sealed off.");

    json_t *report = report_of(f);

    assert_true(json_is_true(json_object_get(report, "proven")));
    assert_int_equal(json_array_size(json_object_get(report, "parts")), 5);
    json_array_foreach(json_object_get(report, "parts"), i, part)
    {
        assert_int_equal(json_array_size(json_object_get(part, "findings")), 0);
        assert_true(json_integer_value(json_object_get(part, "checked")) > 0);
    }
    /* Every table that has a tenant was filled, and the one of people. */
    assert_int_equal(json_array_size(json_object_get(report, "tables")),
                     pg_count(f->super,
                              "SELECT count(DISTINCT c.oid) + 1 FROM pg_class c JOIN pg_attribute a"
                              " ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace"
                              " AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
                              " AND a.attname = 'tenant_id' AND NOT a.attisdropped"));
    /* Five holes at least in each of them, and each was noticed. */
    assert_true(json_array_size(json_object_get(report, "holes")) >
                5 * json_array_size(json_object_get(report, "tables")));
    json_array_foreach(json_object_get(report, "holes"), i, hole)
        assert_true(json_is_string(json_object_get(hole, "noticed_by")));
    json_decref(report);

    const char *page = file_text(f->mem, f->page);

    says(page, "Proven: tenants are sealed off.");
    says(page, "What this does not prove");
    assert_null(strstr(page, "<script"));
    assert_int_equal(databases(f), 0);
}

/* A hole that is really there is told, and no holes are made beside it. */
static void a_role_that_bypasses_is_found(void **state)
{
    struct fixture *f = *state;
    const char *said;

    pg_do(f->super, "ALTER ROLE konstruct_web BYPASSRLS");
    assert_int_equal(prove(f, pg_address(PG_SUPER), &said), 1);
    says(said, "role_can_bypass: konstruct_web");
    says(said, "konstruct_web sees another tenant's rows");
    says(said, "0 made one at a time");
    says(said, "NOT PROVEN");

    json_t *report = report_of(f);

    assert_true(json_is_false(json_object_get(report, "proven")));
    json_decref(report);
    says(file_text(f->mem, f->page), "NOT PROVEN");
    assert_int_equal(databases(f), 0);
}

static void it_says_what_it_needs(void **state)
{
    struct fixture *f = *state;
    const char *said;

    assert_int_equal(prove(f, NULL, &said), 2);
    says(said, "Not set: --admin");
    assert_int_equal(prove(f, pg_address(PG_OWNER), &said), 1);
    says(said, "needs a superuser");
    assert_int_not_equal(access(f->json, F_OK), 0);
}

/* Starts it and waits until its database is there. */
static struct command started(struct fixture *f)
{
    struct command run = start(f, pg_address(PG_SUPER));

    while (databases(f) == 0) {
        assert_int_equal(waitpid(run.pid, NULL, WNOHANG), 0);
        usleep(10000);
    }
    return run;
}

/* Asked to stop it drops its database; killed it can't, and the next one does. */
static void its_database_goes_however_it_ends(void **state)
{
    struct fixture *f = *state;
    struct command run = started(f);
    const char *said;

    kill(run.pid, SIGKILL);
    assert_int_equal(end(f, &run, &said), -SIGKILL);
    while (pg_count(f->super, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") > 0)
        usleep(10000);
    assert_int_equal(databases(f), 1);

    const char *left = pg_get(f->mem, f->super,
                              "SELECT datname FROM pg_database WHERE datname LIKE "
                              "'konstruct_proof_%%'");

    run = start(f, pg_address(PG_SUPER));
    while (pg_count(f->super,
                    "SELECT count(*) FROM pg_database WHERE datname LIKE 'konstruct_proof_%%' AND "
                    "datname <> '%s'",
                    left) == 0) {
        assert_int_equal(waitpid(run.pid, NULL, WNOHANG), 0);
        usleep(10000);
    }
    assert_int_equal(databases(f), 1);

    /* One at a time. */
    assert_int_equal(prove(f, pg_address(PG_SUPER), &said), 1);
    says(said, "Another proof is running");
    assert_int_equal(databases(f), 1);
    kill(run.pid, SIGTERM);
    assert_int_equal(end(f, &run, &said), 1);
    says(said, "Stopped before the proof was complete.");
    assert_int_equal(databases(f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(this_schema_is_proven, setup, teardown),
        cmocka_unit_test_setup_teardown(a_role_that_bypasses_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(it_says_what_it_needs, setup, teardown),
        cmocka_unit_test_setup_teardown(its_database_goes_however_it_ends, setup, teardown),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
