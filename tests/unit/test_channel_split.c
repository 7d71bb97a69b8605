/* Cutting long answers: where, never inside a character, and nothing gets lost. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "channels/channel.h"

struct split {
    const char **parts;
    size_t count;
};

static struct split split(struct ctx *c, const char *text, size_t max)
{
    struct split out;

    assert_int_equal(channel_split(c, text, max, &out.parts, &out.count), OK);
    for (size_t i = 0; i < out.count; i++) {
        assert_true(strlen(out.parts[i]) <= max);
        assert_false(text_blank(out.parts[i]));
    }
    return out;
}

/* `count` times the piece. */
static char *many(struct ctx *c, const char *piece, size_t count)
{
    struct buf b = buf_new(c->mem, MIB(1));

    for (size_t i = 0; i < count; i++)
        buf_text(&b, piece);
    return text_dup(c->mem, buf_str(&b));
}

static void short_text_is_one_part(void **state)
{
    struct ctx *c = ctx_new(MIB(8), NULL);
    struct split s = split(c, "\nhello\n", 64);

    (void)state;
    assert_int_equal(s.count, 1);
    assert_string_equal(s.parts[0], "hello");
    assert_int_equal(split(c, "", 64).count, 0);
    assert_int_equal(split(c, " \n\t\n", 64).count, 0);
    assert_int_equal(split(c, many(c, "x", 64), 64).count, 1);
    assert_int_equal(split(c, many(c, "x", 65), 64).count, 2);
    ctx_end(c);
}

/* The best boundary wins, as long as the part is a third full. */
static void the_better_boundary_wins(void **state)
{
    struct ctx *c = ctx_new(MIB(8), NULL);
    const char *x30 = many(c, "x", 30);

    (void)state;
    const struct {
        const char *text, *first, *second;
    } rows[] = {
        {text_printf(c->mem, "%s\n\nb. b\nb b %s", x30, x30), x30,
         text_printf(c->mem, "b. b\nb b %s", x30)},
        {text_printf(c->mem, "%s\nb. b b %s", x30, x30), x30,
         text_printf(c->mem, "b. b b %s", x30)},
        {text_printf(c->mem, "%s. b b %s", x30, x30), text_printf(c->mem, "%s.", x30),
         text_printf(c->mem, "b b %s", x30)},
        {text_printf(c->mem, "%s b %s", x30, many(c, "x", 40)), text_printf(c->mem, "%s b", x30),
         many(c, "x", 40)},
        {text_printf(c->mem, "a\n\n%s %s", x30, many(c, "x", 40)),
         text_printf(c->mem, "a\n\n%s", x30), many(c, "x", 40)},
        {many(c, "\u3042\u3002", 11), many(c, "\u3042\u3002", 10), "\u3042\u3002"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct split s = split(c, rows[i].text, 64);

        assert_int_equal(s.count, 2);
        assert_string_equal(s.parts[0], rows[i].first);
        assert_string_equal(s.parts[1], rows[i].second);
    }
    ctx_end(c);
}

/* Each width of character at each distance from the cut. */
static void never_inside_a_character(void **state)
{
    static const char *const characters[] = {"a", "\u00e9", "\u20ac", "\U0001f600"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(characters); i++)
        for (size_t shift = 0; shift < 64; shift++) {
            struct ctx *c = ctx_new(MIB(8), NULL);
            const char *text = text_printf(c->mem, "%s%s", many(c, "x", shift),
                                           many(c, characters[i], 200));
            struct split s = split(c, text, 64);
            struct buf whole = buf_new(c->mem, MIB(1));

            for (size_t k = 0; k < s.count; k++) {
                assert_true(text_utf8(bytes_of(s.parts[k])));
                buf_text(&whole, s.parts[k]);
            }
            assert_string_equal(buf_str(&whole), text);
            ctx_end(c);
        }
}

static void a_fence_is_closed_and_opened_again(void **state)
{
    struct ctx *c = ctx_new(MIB(8), NULL);
    const char *line = "    x = 1234567\n";
    struct split s = split(
        c, text_printf(c->mem, "look:\n```python\n%s```\nend", many(c, line, 12)), 100);

    (void)state;
    assert_int_equal(s.count, 3);
    assert_string_equal(s.parts[0],
                        text_printf(c->mem, "look:\n```python\n%s```", many(c, line, 5)));
    assert_string_equal(s.parts[1], text_printf(c->mem, "```python\n%s```", many(c, line, 5)));
    assert_string_equal(s.parts[2], text_printf(c->mem, "```python\n%s```\nend", many(c, line, 2)));
    ctx_end(c);
}

/* A part neither ends with a fence that has nothing in it nor begins with one. */
static void no_empty_fences(void **state)
{
    (void)state;
    for (size_t before = 1; before < 120; before++) {
        struct ctx *c = ctx_new(MIB(8), NULL);
        const char *text = text_printf(c->mem, "%s\n~~~~\n%s\n~~~~\n%s", many(c, "w ", before),
                                       many(c, "1234567\n", 11), many(c, "v ", 40));
        struct split s = split(c, text, 100);

        for (size_t i = 0; i < s.count; i++) {
            assert_null(strstr(s.parts[i], "~~~~\n~~~~"));
            const char *open = strstr(s.parts[i], "~~~~");
            if (open != NULL)
                assert_non_null(strstr(open + 4, "~~~~"));
        }
        ctx_end(c);
    }
}

/* The text without white space and without fence lines: what must come through in whole. */
static const char *essence(struct ctx *c, const char *text)
{
    struct buf b = buf_new(c->mem, MIB(1));

    for (const char *at = text; *at != '\0';) {
        size_t line = strcspn(at, "\n");
        size_t blank = strspn(at, " \t");

        if (strncmp(at + blank, "```", 3) != 0)
            for (size_t i = 0; i < line; i++)
                if (!isspace((unsigned char)at[i]))
                    buf_char(&b, at[i]);
        at += line + (at[line] == '\n');
    }
    return buf_str(&b);
}

static const char *jumble(struct ctx *c, unsigned seed)
{
    static const char *const pieces[] = {"word ",
                                         "a. ",
                                         "\n",
                                         "\n\n",
                                         "\n```\n",
                                         "\n```c\n",
                                         "    code(x);\n",
                                         "\u00e9\u4e2d",
                                         "- item\n",
                                         "longerwordwithoutanybreakinside",
                                         "\n  ```\n",
                                         "\U0001f600 ",
                                         "?! "};
    struct buf b = buf_new(c->mem, MIB(1));
    unsigned length = seed % 400 + 1;

    for (unsigned i = 0; i < length; i++) {
        seed = seed * 1103515245u + 12345u;
        buf_text(&b, pieces[(seed >> 16) % COUNT_OF(pieces)]);
    }
    return buf_str(&b);
}

static void nothing_gets_lost(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 3000; seed++) {
        struct ctx *c = ctx_new(MIB(32), NULL);
        const char *text = jumble(c, seed);
        struct split s = split(c, text, 64 + seed % 300);
        struct buf whole = buf_new(c->mem, MIB(1));

        for (size_t i = 0; i < s.count; i++) {
            assert_true(text_utf8(bytes_of(s.parts[i])));
            buf_text(&whole, essence(c, s.parts[i]));
        }
        assert_string_equal(buf_str(&whole), essence(c, text));
        ctx_end(c);
    }
}

/* Words stay whole when they are shorter than a part. */
static void words_stay_whole(void **state)
{
    struct ctx *c = ctx_new(MIB(8), NULL);
    struct split s = split(c, many(c, "alpha beta gamma ", 100), 64);

    (void)state;
    for (size_t i = 0; i < s.count; i++)
        for (char *at = strtok(text_dup(c->mem, s.parts[i]), " "); at != NULL;
             at = strtok(NULL, " "))
            assert_true(strcmp(at, "alpha") == 0 || strcmp(at, "beta") == 0 ||
                        strcmp(at, "gamma") == 0);
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_text_is_one_part),
        cmocka_unit_test(the_better_boundary_wins),
        cmocka_unit_test(never_inside_a_character),
        cmocka_unit_test(a_fence_is_closed_and_opened_again),
        cmocka_unit_test(no_empty_fences),
        cmocka_unit_test(nothing_gets_lost),
        cmocka_unit_test(words_stay_whole),
    };

    return cmocka_run_group_tests_name("channel_split", tests, NULL, NULL);
}
