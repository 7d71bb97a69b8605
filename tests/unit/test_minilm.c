/*
 * The built-in embedding model against the reference: 200 texts with the ids that its tokenizer's
 * makers give them and the vectors that another implementation makes of these
 * (tests/unit/recordings/minilm).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/shape.h"
#include "llm_recorded.h"
#include "memory/minilm.h"
#include "memory/tensors.h"

#define MODEL ".tools/minilm"
#define TEXTS 200
#define CLOSE 1e-4

struct fixture {
    struct ctx *c;
    struct minilm *m;
    const char *texts[TEXTS];
    json_t *ids[TEXTS];
    struct bytes wanted;
};

static int setup(void **state)
{
    struct ctx *c = ctx_new(MIB(256), NULL);
    struct fixture *f = arena_take(c->mem, sizeof(*f));
    struct bytes file = recorded_file(c, "minilm/texts.jsonl");
    json_t *one;

    f->c = c;
    *state = f;
    if (minilm_open(c, c->mem, MODEL, &f->m) != OK)
        fail_msg("%s: %s (scripts/install fetches it)", c->fault.code, c->fault.detail);
    for (size_t i = 0; i < TEXTS; i++) {
        struct bytes line = {file.data, strcspn(file.data, "\n")};

        assert_int_equal(json_parse(c, line, &one), OK);
        f->texts[i] = json_str(one, "text");
        f->ids[i] = json_object_get(one, "ids");
        file.data += line.len + 1;
    }
    f->wanted = recorded_file(c, "minilm/vectors.f32");
    assert_int_equal(f->wanted.len, TEXTS * MINILM_DIMENSIONS * sizeof(float));
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    ctx_end(f->c);
    return 0;
}

static bool same_ids(const uint16_t *ids, size_t count, const json_t *wanted)
{
    size_t i = 0;

    if (count != json_array_size(wanted))
        return false;
    while (i < count && ids[i] == json_integer_value(json_array_get(wanted, i)))
        i++;
    return i == count;
}

static void texts_are_cut_like_the_reference(void **state)
{
    struct fixture *f = *state;
    int wrong = 0;

    for (size_t i = 0; i < TEXTS; i++) {
        uint16_t ids[MINILM_TOKENS_MAX];
        size_t count = wordpiece_ids(minilm_vocabulary(f->m), bytes_of(f->texts[i]), ids,
                                     MINILM_TOKENS_MAX);

        if (count > MINILM_TOKENS_MAX)
            count = MINILM_TOKENS_MAX;
        if (same_ids(ids, count, f->ids[i]))
            continue;
        wrong++;
        printf("text %zu: %.80s\n  wanted", i, f->texts[i]);
        for (size_t k = 0; k < json_array_size(f->ids[i]) && k < 40; k++)
            printf(" %d", (int)json_integer_value(json_array_get(f->ids[i], k)));
        printf("\n  got   ");
        for (size_t k = 0; k < count && k < 40; k++)
            printf(" %d", ids[k]);
        printf("\n");
    }
    assert_int_equal(wrong, 0);
}

/*
 * Of all texts with at most so many tokens: the largest difference of a number from the reference.
 */
static double off_by(const struct fixture *f, const struct kernel *kernel, size_t tokens_max)
{
    double most = 0;

    for (size_t i = 0; i < TEXTS; i++) {
        struct ctx *own = ctx_new(MIB(64), NULL);
        float vector[MINILM_DIMENSIONS], wanted[MINILM_DIMENSIONS];
        size_t tokens;

        memcpy(wanted, f->wanted.data + i * sizeof(wanted), sizeof(wanted));
        if (json_array_size(f->ids[i]) <= tokens_max) {
            minilm_vectors_by(own, f->m, kernel, &f->texts[i], 1, vector, &tokens);
            assert_true((tokens > MINILM_TOKENS_MAX ? MINILM_TOKENS_MAX : tokens) ==
                        json_array_size(f->ids[i]));
            for (size_t d = 0; d < MINILM_DIMENSIONS; d++)
                if (!(fabs((double)vector[d] - (double)wanted[d]) <= most))
                    most = fabs((double)vector[d] - (double)wanted[d]);
        }
        ctx_end(own);
    }
    return most;
}

static void vectors_equal_the_reference(void **state)
{
    struct fixture *f = *state;
    double off = off_by(f, kernel_best(), MINILM_TOKENS_MAX);

    printf("  %s: off by %.2g at most\n", kernel_best()->name, off);
    assert_true(off < CLOSE);
}

/*
 * The same on processors without what ours has; the short texts, because it takes its time and runs
 * checked.
 */
static void lesser_processors_equal_it_too(void **state)
{
    struct fixture *f = *state;

    assert_true(off_by(f, &kernel_plain, 20) < CLOSE);
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        assert_true(off_by(f, &kernel_avx2, 64) < CLOSE);
#endif
}

/* A text's vector does not hang on what else is asked at the same time. */
static void company_changes_nothing(void **state)
{
    struct fixture *f = *state;
    float together[40 * MINILM_DIMENSIONS], alone[MINILM_DIMENSIONS];
    size_t tokens[40];

    minilm_vectors(f->c, f->m, f->texts + 16, 40, together, tokens);
    for (size_t i = 0; i < 40; i += 3) {
        struct ctx *own = ctx_new(MIB(64), NULL);

        minilm_vectors(own, f->m, f->texts + 16 + i, 1, alone, tokens);
        ctx_end(own);
        for (size_t d = 0; d < MINILM_DIMENSIONS; d++)
            assert_float_equal(alone[d], together[i * MINILM_DIMENSIONS + d], 1e-6);
    }
}

static void weights_that_are_none(void **state)
{
    static const struct {
        const char *about, *header;
        size_t more; /* bytes behind it */
    } rows[] = {
        {"no JSON", "{\"w\":", 8},
        {"no such tensor", "{}", 8},
        {"of another kind", "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,8]}}",
         8},
        {"of another shape", "{\"w\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]}}", 8},
        {"behind the end", "{\"w\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[0,8]}}", 7},
        {"before the begin", "{\"w\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[-8,0]}}",
         8},
        {"of another length", "{\"w\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[0,6]}}",
         8},
        {"a huge offset",
         "{\"w\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[9223372036854775800,8]}}", 8},
        {"no shape", "{\"w\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[0,8]}}", 8},
    };
    static const char too_long[] = {'\xff', '\xff', 1, 0, 0, 0, 0, 0, '{', '}'};
    struct ctx *c = ctx_new(MIB(4), NULL);
    struct tensors *t;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf b = buf_new(c->mem, KIB(4));
        const struct half *at;
        rc_t rc;

        buf_char(&b, (char)strlen(rows[i].header));
        buf_add(&b, "\0\0\0\0\0\0\0", 7);
        buf_text(&b, rows[i].header);
        buf_add(&b, "12345678", rows[i].more);
        rc = tensors_read(c, c->mem, buf_bytes(&b), &t);
        if (rc == OK)
            rc = tensors_get(c, t, "w", 2, 2, &at);
        if (rc != E_INVALID || !text_is(c->fault.code, "tensors_broken"))
            fail_msg("%s: taken", rows[i].about);
        ctx_forgive(c);
    }
    assert_int_equal(tensors_read(c, c->mem, (struct bytes){too_long, sizeof(too_long)}, &t),
                     E_INVALID);
    ctx_forgive(c);
    assert_int_equal(tensors_read(c, c->mem, BYTES("short"), &t), E_INVALID);
    ctx_end(c);
}

static void vocabularies_that_are_none(void **state)
{
    static const char *const rows[] = {
        "[",
        "{}",
        "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}",
        "{\"model\":{\"type\":\"WordPiece\",\"continuing_subword_prefix\":\"##\",\"vocab\":{}}}",
        "{\"model\":{\"type\":\"WordPiece\",\"continuing_subword_prefix\":\"##\",\"vocab\":{\"a\":"
        "0}}}",
        "{\"model\":{\"type\":\"WordPiece\",\"continuing_subword_prefix\":\"##\",\"vocab\":{\"a\":"
        "1}}}",
        "{\"model\":{\"type\":\"WordPiece\",\"continuing_subword_prefix\":\"##\",\"vocab\":{\"a\":"
        "0,\"b\":0}}}",
        "{\"model\":{\"type\":\"WordPiece\",\"continuing_subword_prefix\":\"##\",\"vocab\":{\"a\":"
        "\"0\"}}}",
    };
    struct ctx *c = ctx_new(MIB(8), NULL);
    struct wordpiece *w;
    struct minilm *m;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(wordpiece_new(c, c->mem, bytes_of(rows[i]), &w), E_INVALID);
        assert_string_equal(c->fault.code, "wordpiece_broken");
        ctx_forgive(c);
    }
    assert_int_equal(minilm_open(c, c->mem, "/nowhere", &m), E_UNAVAILABLE);
    assert_string_equal(c->fault.code, "minilm_missing");
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts_are_cut_like_the_reference, setup, teardown),
        cmocka_unit_test_setup_teardown(vectors_equal_the_reference, setup, teardown),
        cmocka_unit_test_setup_teardown(lesser_processors_equal_it_too, setup, teardown),
        cmocka_unit_test_setup_teardown(company_changes_nothing, setup, teardown),
        cmocka_unit_test(weights_that_are_none),
        cmocka_unit_test(vocabularies_that_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
