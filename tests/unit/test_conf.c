/*
 * Settings: every fault is named in one go, examples are refused, and DATABASE_URL serves each
 * role. Settings are read once per process, so each case runs in a child of its own.
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

#include "base/conf.h"

#include <cmocka.h>

#define GOOD_SECRET "a-good-secret-of-more-than-32-bytes-0123"

struct said {
    int code;
    char text[KIB(16)];
};

/*
 * Runs `body` with exactly these variables (NAME=value, ended by NULL), and takes down what it
 * says.
 */
static void run_with(const char *const *variables, int (*body)(const void *), const void *arg,
                     struct said *out)
{
    FILE *file = tmpfile();
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        const char *options = getenv("ASAN_OPTIONS");

        options = options == NULL ? "" : options;
        clearenv();
        setenv("ASAN_OPTIONS", text_printf(arena_new(KIB(4)), "%s:detect_leaks=0", options), 1);
        setenv("KONSTRUCT_CONF", "/dev/null", 1);
        for (; *variables != NULL; variables++)
            if (putenv(strdup(*variables)) != 0)
                _exit(99);
        dup2(fileno(file), STDERR_FILENO);
        _exit(body(arg));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    out->code = WEXITSTATUS(status);
    rewind(file);
    out->text[fread(out->text, 1, sizeof(out->text) - 1, file)] = '\0';
    fclose(file);
}

static int load(const void *arg)
{
    return conf_load(*(const unsigned *)arg) == OK ? 0 : 2;
}

static int faults_in(const char *text)
{
    int lines = 0;

    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines - 1; /* the first line only says that there are some */
}

#define WORKER_NEEDS                                                  \
    "KONSTRUCT_DB_WORKER=dbname=x", "KONSTRUCT_DB_DISPATCH=dbname=x", \
        "KONSTRUCT_MASTER_KEY=" GOOD_SECRET

static void every_fault_has_its_sentence(void **state)
{
    static const struct {
        const char *variables[8];
        unsigned need;
        int faults;
        const char *names[5];
    } rows[] = {
        {{NULL}, 0, 0, {NULL}},
        {{WORKER_NEEDS, NULL}, CONF_NEED_WORKER, 0, {NULL}},
        {{NULL},
         CONF_NEED_WORKER,
         3,
         {"KONSTRUCT_DB_WORKER: must be set", "KONSTRUCT_DB_DISPATCH: must be set",
          "KONSTRUCT_MASTER_KEY: must be set", NULL}},
        {{NULL},
         CONF_NEED_WEB,
         4,
         {"KONSTRUCT_TLS_CERT: must", "KONSTRUCT_TLS_KEY: must", "KONSTRUCT_DB_WEB: must",
          "KONSTRUCT_WEB_KEY: must", NULL}},
        {{"KONSTRUCT_CORS_ORIGINS=https://a.example http://localhost:5173", NULL}, 0, 0, {NULL}},
        {{"KONSTRUCT_CORS_ORIGINS=https://a.example/ * https://A.example null https://*.b.example",
          NULL},
         0,
         5,
         {"https://a.example/ is no origin", "* is no origin", "https://A.example is no origin",
          "null is no origin", NULL}},
        /* All kinds of faults at once. */
        {{"KONSTRUCT_TURNS=many", "KONSTRUCT_VERBOSE=yes", "KONSTRUCT_LEASE_SECONDS=1",
          "KONSTRUCT_WEB_KEY=short", NULL},
         0,
         4,
         {"KONSTRUCT_TURNS: must be a whole number from 1 to 2048",
          "KONSTRUCT_VERBOSE: must be on or off", "KONSTRUCT_LEASE_SECONDS: must be a whole number",
          "KONSTRUCT_WEB_KEY: a secret needs at least 32 bytes", NULL}},
        {{"KONSTRUCT_TURNS=0", NULL}, 0, 1, {"KONSTRUCT_TURNS", NULL}},
        {{"KONSTRUCT_TURNS=2049", NULL}, 0, 1, {"KONSTRUCT_TURNS", NULL}},
        {{"KONSTRUCT_TURNS=-1", NULL}, 0, 1, {"KONSTRUCT_TURNS", NULL}},
        {{"KONSTRUCT_TURNS= 8", NULL}, 0, 1, {"KONSTRUCT_TURNS", NULL}},
        {{"KONSTRUCT_TURNS=99999999999999999999", NULL}, 0, 1, {"KONSTRUCT_TURNS", NULL}},
        {{"KONSTRUCT_SLACK_API=http://s", "KONSTRUCT_VERBOSE=ON", NULL},
         0,
         1,
         {"KONSTRUCT_VERBOSE", NULL}},
        {{"KONSTRUCT_SLACK_API=short", NULL},
         0,
         1,
         {"KONSTRUCT_SLACK_API: must have 8 to 300 characters", NULL}},
        /* An empty variable is one that is not set. */
        {{"KONSTRUCT_TURNS=", "KONSTRUCT_WEB_KEY=", NULL}, 0, 0, {NULL}},
        /* Secrets that stand in guides. */
        {{"KONSTRUCT_MASTER_KEY=change-me-change-me-change-me-change-me", NULL},
         0,
         1,
         {"KONSTRUCT_MASTER_KEY: this is an example", NULL}},
        {{"KONSTRUCT_WEB_KEY=0123456789abcdef0123456789abcdef", NULL},
         0,
         1,
         {"KONSTRUCT_WEB_KEY: this is an example", NULL}},
        {{"KONSTRUCT_METRICS_TOKEN=00000000000000000000000000000000", NULL},
         0,
         1,
         {"KONSTRUCT_METRICS_TOKEN: this is an example", NULL}},
        {{"KONSTRUCT_SLACK_SIGNING_SECRET=example-example-example-example-example", NULL},
         0,
         1,
         {"KONSTRUCT_SLACK_SIGNING_SECRET: this is an example", NULL}},
        {{"KONSTRUCT_CONF=/nowhere/konstruct.conf", NULL}, 0, 1, {"/nowhere/konstruct.conf", NULL}},
    };
    struct said said;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        run_with(rows[i].variables, load, &rows[i].need, &said);
        if (said.code != (rows[i].faults == 0 ? 0 : 2))
            fail_msg("row %zu: %d %s", i, said.code, said.text);
        if (rows[i].faults == 0)
            assert_string_equal(said.text, "");
        else if (faults_in(said.text) != rows[i].faults)
            fail_msg("row %zu: %s", i, said.text);
        for (size_t k = 0; rows[i].names[k] != NULL; k++)
            if (strstr(said.text, rows[i].names[k]) == NULL)
                fail_msg("row %zu lacks %s: %s", i, rows[i].names[k], said.text);
    }
}

/* What a secret is, is never shown in what is said about it. */
static void a_bad_secret_is_not_shown(void **state)
{
    static const char *const variables[] = {"KONSTRUCT_WEB_KEY=my-short-secret",
                                            "KONSTRUCT_TURNS=many", NULL};
    static const unsigned need = 0;
    struct said said;

    (void)state;
    run_with(variables, load, &need, &said);
    assert_null(strstr(said.text, "my-short-secret"));
}

struct derived {
    enum conf which;
    const char *value;
};

static int load_and_compare(const void *arg)
{
    const struct derived *d = arg;

    if (conf_load(0) != OK)
        return 2;
    if (text_is(conf_text(d->which), d->value))
        return 0;
    fprintf(stderr, "%s", conf_text(d->which) == NULL ? "(none)" : conf_text(d->which));
    return 1;
}

/* A secret may be had from a file or a command; what is wrong with them is said without it. */
static void secrets_come_from_files_and_commands(void **state)
{
    static const struct {
        const char *variables[3];
        struct derived want;
        int code;
        const char *says;
    } rows[] = {
        {{"KONSTRUCT_WEB_KEY_COMMAND=echo " GOOD_SECRET "; echo more", NULL},
         {CONF_web_key, GOOD_SECRET},
         0,
         ""},
        {{"KONSTRUCT_OPENAI_KEY_COMMAND=echo sk-1", NULL}, {CONF_openai_key, "sk-1"}, 0, ""},
        {{"KONSTRUCT_WEB_KEY=" GOOD_SECRET, "KONSTRUCT_WEB_KEY_COMMAND=echo other", NULL},
         {CONF_web_key, GOOD_SECRET},
         0,
         ""},
        {{"KONSTRUCT_WEB_KEY_COMMAND=echo " GOOD_SECRET "; exit 3", NULL},
         {CONF_web_key, NULL},
         2,
         "KONSTRUCT_WEB_KEY: can't be had from what KONSTRUCT_WEB_KEY_COMMAND names: it failed"},
        {{"KONSTRUCT_WEB_KEY_COMMAND=true", NULL}, {CONF_web_key, NULL}, 2, "it failed, printed"},
        {{"KONSTRUCT_WEB_KEY_FILE=/nowhere/key", NULL}, {CONF_web_key, NULL}, 2, "No such file"},
        {{"KONSTRUCT_WEB_KEY_FILE=/dev/null", NULL}, {CONF_web_key, NULL}, 2, "no first line"},
        {{"KONSTRUCT_WEB_KEY_FILE=/dev/zero", NULL}, {CONF_web_key, NULL}, 2, "more than 4 KiB"},
        {{"KONSTRUCT_WEB_KEY_COMMAND=echo short", NULL}, {CONF_web_key, NULL}, 2, "at least 32"},
        /* Only secrets may be had so. */
        {{"KONSTRUCT_TURNS_COMMAND=echo 3", NULL}, {CONF_turns, "256"}, 0, ""},
    };
    struct said said;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        run_with(rows[i].variables, load_and_compare, &rows[i].want, &said);
        if (said.code != rows[i].code || strstr(said.text, rows[i].says) == NULL)
            fail_msg("row %zu: %d %s", i, said.code, said.text);
        assert_null(strstr(said.text, GOOD_SECRET));
    }
}

struct told {
    unsigned need;
    struct derived want;
};

static int load_as(const void *arg)
{
    const struct told *told = arg;

    /* What else is missing does not matter here. */
    return conf_load(told->need) == E_INTERNAL ||
           !text_is(conf_text(told->want.which), told->want.value);
}

/* What a program has no use for it does not even hold. */
static void each_program_takes_its_own(void **state)
{
    static const char *const variables[] = {
        "KONSTRUCT_MASTER_KEY=" GOOD_SECRET, "KONSTRUCT_WEB_KEY=" GOOD_SECRET,
        "KONSTRUCT_OPENAI_KEY_COMMAND=echo sk-1", "DATABASE_URL=host=db", NULL};
    static const struct told rows[] = {
        {CONF_NEED_WEB, {CONF_master_key, NULL}},
        {CONF_NEED_WEB, {CONF_openai_key, NULL}},
        {CONF_NEED_WEB, {CONF_db_worker, NULL}},
        {CONF_NEED_WEB, {CONF_db_owner, NULL}},
        {CONF_NEED_WEB, {CONF_web_key, GOOD_SECRET}},
        {CONF_NEED_WEB, {CONF_db_web, "host=db user='konstruct_web'"}},
        {CONF_NEED_WORKER, {CONF_master_key, GOOD_SECRET}},
        {CONF_NEED_WORKER, {CONF_openai_key, "sk-1"}},
        {CONF_NEED_WORKER, {CONF_db_web, NULL}},
        {CONF_NEED_WORKER, {CONF_db_owner, NULL}},
        {0, {CONF_db_owner, "host=db user='konstruct_owner'"}},
        {0, {CONF_master_key, GOOD_SECRET}},
    };
    struct said said;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        run_with(variables, load_as, &rows[i], &said);
        if (said.code != 0)
            fail_msg("row %zu: %s", i, said.text);
    }
}

static void a_secret_comes_from_a_file(void **state)
{
    char path[] = "/tmp/konstruct-secret-XXXXXX", variable[80];
    const char *const variables[] = {variable, NULL};
    const struct derived want = {CONF_master_key, GOOD_SECRET};
    int fd = mkstemp(path);
    struct said said;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, GOOD_SECRET "\n", sizeof(GOOD_SECRET)), sizeof(GOOD_SECRET));
    close(fd);
    snprintf(variable, sizeof(variable), "KONSTRUCT_MASTER_KEY_FILE=%s", path);
    run_with(variables, load_and_compare, &want, &said);
    unlink(path);
    assert_int_equal(said.code, 0);
}

static void roles_follow_from_database_url(void **state)
{
    static const struct {
        const char *variables[4];
        struct derived want;
    } rows[] = {
        {{"DATABASE_URL=host=db dbname=k", NULL},
         {CONF_db_web, "host=db dbname=k user='konstruct_web'"}},
        {{"DATABASE_URL=host=db user=me", NULL},
         {CONF_db_worker, "host=db user=me user='konstruct_worker'"}},
        {{"DATABASE_URL=postgresql://db/k", NULL},
         {CONF_db_dispatch, "postgresql://db/k?user=konstruct_dispatch"}},
        {{"DATABASE_URL=postgres://me:pass@db:5433/k?sslmode=require", NULL},
         {CONF_db_owner, "postgres://me:pass@db:5433/k?sslmode=require&user=konstruct_owner"}},
        {{"DATABASE_URL=host=db", "KONSTRUCT_DB_WEB=host=other", NULL},
         {CONF_db_web, "host=other"}},
        {{"DATABASE_URL=host=db", "KONSTRUCT_DB_WEB=host=other", NULL},
         {CONF_db_worker, "host=db user='konstruct_worker'"}},
        {{NULL}, {CONF_db_web, NULL}},
        {{NULL}, {CONF_turns, "256"}},
        {{"KONSTRUCT_TURNS=7", NULL}, {CONF_turns, "7"}},
    };
    struct said said;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        run_with(rows[i].variables, load_and_compare, &rows[i].want, &said);
        if (said.code != 0)
            fail_msg("row %zu: %s", i, said.text);
    }
}

/* A settings file of this text; its name lives until the next one is made. */
static const char *file_variable(const char *text)
{
    static char variable[64];
    static char path[] = "/tmp/konstruct-conf-XXXXXX";
    FILE *file;

    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    file = fdopen(fd, "w");
    fputs(text, file);
    fclose(file);
    snprintf(variable, sizeof(variable), "KONSTRUCT_CONF=%s", path);
    return variable;
}

static void files(void **state)
{
    static const struct {
        const char *text, *variable;
        struct derived want;
        int code;
        const char *says;
    } rows[] = {
        {"# a remark\n\n  \nKONSTRUCT_TURNS=9\r\n", NULL, {CONF_turns, "9"}, 0, ""},
        {"KONSTRUCT_TURNS=9\n", "KONSTRUCT_TURNS=10", {CONF_turns, "10"}, 0, ""},
        {"KONSTRUCT_OPENAI_KEY=a=b=c", NULL, {CONF_openai_key, "a=b=c"}, 0, ""},
        {"KONSTRUCT_TURNS=1\nKONSTRUCT_TURNS=2\n", NULL, {CONF_turns, "2"}, 0, ""},
        {"KONSTRUCT_TURNS\n", NULL, {CONF_turns, NULL}, 2, "line 1 has no '='"},
        {"\nKONSTRUCT_TRUNS=3\n", NULL, {CONF_turns, NULL}, 2, "KONSTRUCT_TRUNS: line 2 of"},
        {"KONSTRUCT_TURNS=many\n", NULL, {CONF_turns, NULL}, 2, "KONSTRUCT_TURNS: must be"},
    };
    struct said said;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *variables[] = {file_variable(rows[i].text), rows[i].variable, NULL};

        run_with(variables, load_and_compare, &rows[i].want, &said);
        unlink(variables[0] + strlen("KONSTRUCT_CONF="));
        if (said.code != rows[i].code || strstr(said.text, rows[i].says) == NULL)
            fail_msg("row %zu: %d %s", i, said.code, said.text);
    }
}

static int start_worker(const void *arg)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 40);
    const char *const *argv = arg;

    if (len < 0)
        return 98;
    path[len] = '\0';
    for (int i = 0; i < 3; i++) /* build/KIND/tests/unit/test_conf: three up */
        *strrchr(path, '/') = '\0';
    strncat(path, "/konstruct-worker", 20);
    execv(path, (char *const *)(uintptr_t)argv);
    perror(path);
    return 97;
}

static void the_worker_refuses_with_all_faults_and_2(void **state)
{
    static const char *const argv[] = {"konstruct-worker", NULL};
    static const char *const variables[] = {"KONSTRUCT_TURNS=lots", "KONSTRUCT_MASTER_KEY=tiny",
                                            "KONSTRUCT_VERBOSE=loud", NULL};
    static const char *const says[] = {"KONSTRUCT_TURNS: must be", "KONSTRUCT_MASTER_KEY: a secret",
                                       "KONSTRUCT_VERBOSE: must be on or off",
                                       "KONSTRUCT_DB_WORKER: must be set",
                                       "KONSTRUCT_DB_DISPATCH: must be set"};
    struct said said;

    (void)state;
    run_with(variables, start_worker, argv, &said);
    if (said.code != 2)
        fail_msg("%d: %s", said.code, said.text);
    for (size_t i = 0; i < COUNT_OF(says); i++)
        if (strstr(said.text, says[i]) == NULL)
            fail_msg("lacks %s: %s", says[i], said.text);
}

static void overriding_and_listing(void **state)
{
    struct arena *mem = arena_new(KIB(256));
    struct buf out = buf_new(mem, KIB(64));

    (void)state;
    conf_set(CONF_turns, "12");
    conf_set(CONF_verbose, "on");
    assert_int_equal(conf_number(CONF_turns), 12);
    assert_true(conf_switch(CONF_verbose));
    assert_string_equal(conf_named("turns"), "12");
    conf_print(&out);
    assert_non_null(strstr(buf_str(&out), "KONSTRUCT_LISTEN"));
    assert_non_null(strstr(buf_str(&out), "(default localhost:8443)"));
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_has_its_sentence),
        cmocka_unit_test(a_bad_secret_is_not_shown),
        cmocka_unit_test(secrets_come_from_files_and_commands),
        cmocka_unit_test(each_program_takes_its_own),
        cmocka_unit_test(a_secret_comes_from_a_file),
        cmocka_unit_test(roles_follow_from_database_url),
        cmocka_unit_test(files),
        cmocka_unit_test(the_worker_refuses_with_all_faults_and_2),
        cmocka_unit_test(overriding_and_listing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
