/* The log: each line is one JSON object, and no known secret is in any of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/shape.h"

#include <cmocka.h>

/* Standard error goes into a file while lines are written, and they are read back from it. */
static int saved = -1;
static FILE *file;

static void listen_in(void)
{
    file = tmpfile();
    assert_non_null(file);
    saved = dup(STDERR_FILENO);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
}

static const char *heard(struct ctx *c)
{
    char *text = arena_take(c->mem, KIB(64));

    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    rewind(file);

    size_t len = fread(text, 1, KIB(64) - 1, file);

    fclose(file);
    text[len] = '\0';
    return text;
}

/* The one line that was written, parsed. */
static json_t *one_line(struct ctx *c)
{
    const char *text = heard(c);
    json_t *line;

    assert_non_null(strchr(text, '\n'));
    assert_string_equal(strchr(text, '\n'), "\n");
    assert_int_equal(json_parse(c, bytes_of(text), &line), OK);
    return line;
}

static int setup(void **state)
{
    log_start("tested", false);
    *state = ctx_new(MIB(16), NULL);
    return 0;
}

static int teardown(void **state)
{
    ctx_end(*state);
    return 0;
}

static void a_line_has_its_parts(void **state)
{
    listen_in();
    log_info("some_event", "one", "1 \"quoted\" \\ \n", "none", NULL, "two", "\xe2\x82\xac", NULL);

    json_t *line = one_line(*state);

    assert_string_equal(json_str(line, "level"), "info");
    assert_string_equal(json_str(line, "program"), "tested");
    assert_string_equal(json_str(line, "event"), "some_event");
    assert_string_equal(json_str(line, "one"), "1 \"quoted\" \\ \n");
    assert_string_equal(json_str(line, "two"), "\xe2\x82\xac");
    assert_null(json_object_get(line, "none"));
    assert_int_equal(json_integer_value(json_object_get(line, "pid")), getpid());
    assert_int_equal(strlen(json_str(line, "time")), strlen("2026-01-01T00:00:00.000Z"));
}

static void odd_bytes_still_give_a_line(void **state)
{
    static const char *const odd[] = {"Latin-1 \xe4\xf6", "torn \xf0\x9f", "\xff\xfe",
                                      "\xed\xa0\x80", "\x01\x02\x1b[31m\x7f"};

    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        listen_in();
        log_warn(odd[i], "said", odd[i], NULL);

        json_t *line = one_line(*state);

        assert_non_null(json_str(line, "said"));
        assert_non_null(json_str(line, "event"));
        assert_int_equal(strlen(json_str(line, "said")), strlen(odd[i]));
    }
}

/* Each of them is worth six bytes of JSON, and there are several: the line stays whole. */
static void a_huge_line_stays_whole(void **state)
{
    static const char fills[] = {'a', '\x01', '"', '\xff'};
    struct ctx *c = *state;
    char *huge = arena_take(c->mem, KIB(100));

    for (size_t i = 0; i < COUNT_OF(fills); i++) {
        memset(huge, fills[i], KIB(100) - 1);
        listen_in();
        log_error("huge", "a", huge, "b", huge, "c", huge, "d", huge, "e", huge, "f", huge, NULL);

        json_t *line = one_line(c);

        assert_string_equal(json_str(line, "level"), "error");
        assert_non_null(json_str(line, "f"));
        assert_true(strlen(json_str(line, "a")) >= 200);
    }
}

static void secrets_are_masked_by_value(void **state)
{
    struct ctx *c = *state;

    log_secret_add(BYTES("hunter2-hunter2"));
    log_secret_add(BYTES("quote\"and\\slash"));
    log_secret_add(BYTES("hunter2-hunter2"));
    log_secret_add(BYTES("short"));
    listen_in();
    log_error("hunter2-hunter2", "a", "hunter2-hunter2", "b", "xhunter2-hunter2hunter2-hunter2y",
              "c", "has quote\"and\\slash in it", "d", "short", NULL);

    const char *text = heard(c);

    assert_null(strstr(text, "hunter2"));
    assert_null(strstr(text, "quote"));
    assert_non_null(strstr(text, "\"b\":\"x[secret][secret]y\""));
    assert_non_null(strstr(text, "has [secret] in it"));
    assert_non_null(strstr(text, "\"d\":\"short\""));
    assert_string_equal(log_mask(c->mem, "key hunter2-hunter2!"), "key [secret]!");
    assert_string_equal(log_mask(c->mem, "nothing here"), "nothing here");
}

/* A secret that a long text is cut in is masked before the cut. */
static void a_cut_leaves_no_half_of_a_secret(void **state)
{
    struct ctx *c = *state;
    char *text = arena_take(c->mem, KIB(5));

    log_secret_add(BYTES("0123456789-a-long-secret-9876543210"));
    memset(text, '.', KIB(4) - 10);
    memcpy(text + KIB(4) - 10, "0123456789-a-long-secret-9876543210", 36);
    listen_in();
    log_info("cut", "text", text, NULL);
    assert_null(strstr(heard(c), "012345"));
}

static void debug_needs_verbose(void **state)
{
    listen_in();
    log_debug("quiet", NULL);
    assert_string_equal(heard(*state), "");
    log_start("tested", true);
    listen_in();
    log_debug("loud", NULL);
    assert_string_equal(json_str(one_line(*state), "level"), "debug");
    log_start("tested", false);
}

static void a_fault_has_its_reference(void **state)
{
    struct ctx *c = ctx_new(KIB(64), NULL);

    (void)state;
    c->tenant_id = "t-1";
    ctx_fail(c, E_INTERNAL, "broken", "the reason");
    listen_in();
    log_fault(c, "it_failed");

    json_t *line = one_line(*state);

    assert_string_equal(json_str(line, "level"), "error");
    assert_string_equal(json_str(line, "reference"), c->reference);
    assert_string_equal(json_str(line, "tenant"), "t-1");
    assert_string_equal(json_str(line, "code"), "broken");
    assert_string_equal(json_str(line, "detail"), "the reason");
    c->fault.rc = E_UNAVAILABLE;
    listen_in();
    log_fault(c, "it_failed");
    assert_string_equal(json_str(one_line(*state), "level"), "warn");
    ctx_end(c);
}

/*
 * More than are remembered: the newest are masked, and nothing is torn. Last, for it drops the
 * others.
 */
static void the_newest_secrets_are_known(void **state)
{
    struct ctx *c = *state;
    char name[40];

    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "secret-number-%06d", i);
        log_secret_add(bytes_of(name));
    }
    assert_string_equal(log_mask(c->mem, "secret-number-004999 secret-number-000904"),
                        "[secret] [secret]");
    assert_string_equal(log_mask(c->mem, "secret-number-000903"), "secret-number-000903");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_its_parts),
        cmocka_unit_test(odd_bytes_still_give_a_line),
        cmocka_unit_test(a_huge_line_stays_whole),
        cmocka_unit_test(secrets_are_masked_by_value),
        cmocka_unit_test(a_cut_leaves_no_half_of_a_secret),
        cmocka_unit_test(debug_needs_verbose),
        cmocka_unit_test(a_fault_has_its_reference),
        cmocka_unit_test(the_newest_secrets_are_known),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
