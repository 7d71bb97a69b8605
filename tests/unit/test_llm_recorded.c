/*
 * Every recorded answer of a provider: what comes of it, in whatever pieces it comes, and that no
 * part of one is ever taken for all of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/shape.h"
#include "llm_recorded.h"

static const char *const apis[] = {"openai", "responses", "anthropic", "ollama"};

/* One recording and what must come of it. */
struct recording {
    const struct llm *llm;
    const char *path;
    struct bytes bytes;
    json_t *expected;
    int status;
};

static struct recording open_recording(struct ctx *c, const char *api, const char *file)
{
    struct recording r = {.llm = recorded_api(api),
                          .path = text_printf(c->mem, "llm/%s/%s", api, file),
                          .status = 200};
    struct bytes expected = recorded_file(c, text_printf(c->mem, "%s.expect", r.path));

    r.bytes = recorded_file(c, r.path);
    assert_int_equal(json_parse(c, expected, &r.expected), OK);
    if (json_object_get(r.expected, "status") != NULL) {
        r.status = (int)json_integer_value(json_object_get(r.expected, "status"));
        json_object_del(r.expected, "status");
    }
    return r;
}

/* Calls `check` for each recording, in a context of its own. */
static void each(void (*check)(struct ctx *c, const struct recording *r))
{
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(apis); i++) {
        char path[100];
        struct dirent *entry;

        snprintf(path, sizeof(path), "tests/unit/recordings/llm/%s", apis[i]);

        DIR *folder = opendir(path);

        assert_non_null(folder);
        while ((entry = readdir(folder)) != NULL) {
            if (entry->d_name[0] == '.' || strstr(entry->d_name, ".expect") != NULL)
                continue;

            struct ctx *c = ctx_new(MIB(64), NULL);
            struct recording r = open_recording(c, apis[i], entry->d_name);

            check(c, &r);
            ctx_end(c);
            count++;
        }
        closedir(folder);
    }
    assert_true(count > 60);
}

static void expect(struct ctx *c, const struct recording *r, size_t step)
{
    struct ctx *own = ctx_new(MIB(64), NULL);
    struct llm_answer answer;
    rc_t rc = recorded_read(own, r->llm, r->path, r->bytes, r->status, step, &answer);
    json_t *got = recorded_json(own, rc, &answer);

    if (!json_equal(got, r->expected))
        print_error("%s: got\n%s\ninstead of\n%s\n", r->path, json_text(c->mem, got),
                    json_text(c->mem, r->expected));
    assert_true(json_equal(got, r->expected));
    if (rc == OK && strstr(r->path, ".json") != NULL)
        assert_string_equal(answer.request_id, "req-1");
    json_decref(got);
    ctx_end(own);
}

static void at_once(struct ctx *c, const struct recording *r)
{
    expect(c, r, SIZE_MAX / 2);
}

static void read_whole(void **state)
{
    (void)state;
    each(at_once);
}

static void bit_by_bit(struct ctx *c, const struct recording *r)
{
    if (strstr(r->path, ".json") == NULL)
        for (size_t step = 1; step < 100; step += 33)
            expect(c, r, step);
}

static void read_in_pieces(void **state)
{
    (void)state;
    each(bit_by_bit);
}

static bool same_calls(const struct llm_answer *a, const struct llm_answer *b)
{
    json_t *one = json_array(), *two = json_array();
    const struct llm_answer *both[] = {a, b};
    json_t *lists[] = {one, two};

    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < both[i]->part_count; k++)
            if (both[i]->parts[k].kind == LLM_CALL)
                json_array_append_new(lists[i], json_pack("[s, s, s]", both[i]->parts[k].call_id,
                                                          both[i]->parts[k].tool,
                                                          both[i]->parts[k].arguments));

    bool same = json_equal(one, two);

    json_decref(one);
    json_decref(two);
    return same;
}

/*
 * A beginning of a recording is a fault, or has all of its text and calls: figures that came later
 * may be missing.
 */
static void cut_anywhere(struct ctx *c, const struct recording *r)
{
    size_t step = r->bytes.len > 6000 ? 7 : 1;
    struct llm_answer all, part;

    if (recorded_read(c, r->llm, r->path, r->bytes, r->status, r->bytes.len, &all) != OK)
        return;
    for (size_t len = 0; len < r->bytes.len; len += step) {
        struct ctx *own = ctx_new(MIB(64), NULL);
        rc_t rc = recorded_read(own, r->llm, r->path, (struct bytes){r->bytes.data, len}, r->status,
                                SIZE_MAX / 2, &part);

        if (rc != OK) {
            assert_int_equal(rc, E_UPSTREAM);
            assert_true(text_is(own->fault.code, "llm_torn") ||
                        text_is(own->fault.code, "llm_broken"));
        } else if (len + 1 < r->bytes.len) {
            assert_string_equal(part.text, all.text);
            assert_int_equal(part.stop, all.stop);
            assert_true(same_calls(&part, &all));
            assert_int_equal(part.part_count, all.part_count);
        }
        ctx_end(own);
    }
}

static void beginnings(void **state)
{
    (void)state;
    each(cut_anywhere);
}

/* The same with an error status: never an answer. */
static void with_an_error_status(struct ctx *c, const struct recording *r)
{
    struct http_answer http = {.status = 503, .body = r->bytes, .retry_after_ms = -1};
    struct llm_answer answer;

    assert_int_equal(r->llm->answer(c, &http, &answer), E_UPSTREAM);
}

static void error_status(void **state)
{
    (void)state;
    each(with_an_error_status);
}

static void copy_is_whole(void **state)
{
    struct ctx *c = ctx_new(MIB(64), NULL), *own = ctx_new(MIB(64), NULL);
    struct recording r = open_recording(c, "anthropic", "tools_thinking.sse");
    struct llm_answer answer, copy;
    json_t *got;

    (void)state;
    assert_int_equal(recorded_read(own, r.llm, r.path, r.bytes, 200, 10, &answer), OK);
    copy = llm_answer_copy(c->mem, &answer);
    ctx_end(own);
    got = recorded_json(c, OK, &copy);
    assert_true(json_equal(got, r.expected));
    json_decref(got);
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_whole),    cmocka_unit_test(read_in_pieces),
        cmocka_unit_test(beginnings),    cmocka_unit_test(error_status),
        cmocka_unit_test(copy_is_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
