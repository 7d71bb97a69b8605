/* Markdown into Slack's mrkdwn: each construct, and what must hold for any text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "channels/mrkdwn.h"

#define ZW "\u200b"

static const char *mrkdwn(struct ctx *c, const char *markdown)
{
    const char *out;

    assert_int_equal(mrkdwn_of(c, markdown, &out), OK);
    return out;
}

static const struct {
    const char *markdown, *slack;
} rows[] = {
    {"", ""},
    {"plain", "plain"},
    {"**bold** and __bold__", "*bold* and *bold*"},
    {"*it* and _it_", "_it_ and _it_"},
    {"***both***", "_*both*_"},
    {"~~gone~~", "~gone~"},
    {"a**b**c", "a" ZW "*b*" ZW "c"},
    {"\u4e2d**\u6587**\u5b57", "\u4e2d" ZW "*\u6587*" ZW "\u5b57"},
    {"*a***b**", "_a_" ZW "*b*"},
    {"snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"},
    {"\\*no\\*", "*no*"},
    /* Slack's marks end with their line. */
    {"**one\ntwo**", "*one*\n*two*"},
    {"# Title\ntext", "*Title*\n\ntext"},
    {"## A **b** `c`", "*A b `c`*"},
    {"Title\n=====\n\ntext", "*Title*\n\ntext"},
    {"one\n\n\n\ntwo", "one\n\ntwo"},
    {"one\ntwo  \nthree", "one\ntwo\nthree"},
    {"---", "\u2014\u2014\u2014"},
    /* Lists */
    {"- a\n- b\n  - c\n- d", "\u2022 a\n\u2022 b\n    \u25e6 c\n\u2022 d"},
    {"text:\n- a\n- b\n\nend", "text:\n\n\u2022 a\n\u2022 b\n\nend"},
    {"3. a\n4. b", "3. a\n4. b"},
    {"1. a\n\n   more\n2. b", "1. a\n  more\n2. b"},
    {"- **a**: b\n- c", "\u2022 *a*: b\n\u2022 c"},
    {"- [ ] open\n- [x] done", "\u2610 open\n\u2611 done"},
    {"- a\n  ```\n  x\n  ```\n- b", "\u2022 a\n```\nx\n```\n\u2022 b"},
    {"-\n- b", "\u2022 \n\u2022 b"},
    /* Code */
    {"`a < b && c`", "`a &lt; b &amp;&amp; c`"},
    {"`` a`b ``", "a`b"},
    {"x`y`z", "x" ZW "`y`" ZW "z"},
    {"```c\nint *a = &b;\n\n  **no**\n```", "```\nint *a = &amp;b;\n\n  **no**\n```"},
    {"```\n<!channel>\n```", "```\n&lt;!channel&gt;\n```"},
    {"````\n```\n````", "```\n``" ZW "`\n```"},
    {"```\nopen to the end", "```\nopen to the end\n```"},
    {"    not code", "not code"},
    /* Quotes */
    {"> a\n> b", "> a\n> b"},
    {"> a\n>\n> b\n\nc", "> a\n> \n> b\n\nc"},
    {"> > deep", "> deep"},
    {"> - a\n> - b", "> \u2022 a\n> \u2022 b"},
    {"> ```\n> x\n> ```", "> ```\n> x\n> ```"},
    {"> a\n\n> b", "> a\n\n> b"},
    /* Links */
    {"[the page](https://a.example/?x=1&y=2)", "<https://a.example/?x=1&amp;y=2|the page>"},
    {"<https://a.example>", "<https://a.example>"},
    {"see https://a.example/x.", "see <https://a.example/x>."},
    {"[](https://a.example)", "<https://a.example>"},
    {"**[a](https://b.example)**", "*<https://b.example|a>*"},
    {"[**a** `b` <c>](https://b.example)", "<https://b.example|a b &lt;c&gt;>"},
    {"![a cat](https://a.example/cat.png)", "<https://a.example/cat.png|a cat>"},
    {"[a|b](https://a.example/x|y%20z>)", "<https://a.example/x%7Cy%20z%3E|a|b>"},
    {"[mail](mailto:a@b.example)", "<mailto:a@b.example|mail>"},
    {"[x](/docs/x)", "x (/docs/x)"},
    {"[x](javascript:alert)", "x (javascript:alert)"},
    /* Nothing that a model writes may call people. */
    {"<!channel> <!here> <@U123> <#C1>",
     "&lt;!channel&gt; &lt;!here&gt; &lt;@U123&gt; &lt;#C1&gt;"},
    {"[all](!channel)", "all (!channel)"},
    {"[me](@U123)", "me (@U123)"},
    {"[](<!channel>)", "!channel"},
    {"![x](!here)", "x (!here)"},
    {"&lt;!channel&gt;", "&lt;!channel&gt;"},
    {"&#60;!channel&#x3e;", "&lt;!channel&gt;"},
    {"[x](&#33;channel)", "x (!channel)"},
    {"<b>html</b> & <!-- c -->", "&lt;b&gt;html&lt;/b&gt; &amp; &lt;!-- c --&gt;"},
    /* Escaped exactly once. */
    {"a & b < c > d", "a &amp; b &lt; c &gt; d"},
    {"&amp; &amp;amp; &copy; &unknown; &#0;", "&amp; &amp;amp; \u00a9 &amp;unknown; \ufffd"},
    /* Tables */
    {"| A | Price |\n|---|--:|\n| **x** | 1 |\n| l\u00e4nger | [2](https://a.example) |",
     "```\nA      | Price\n-------|------\nx      | 1\nl\u00e4nger | 2\n```"},
};

static void each_construct(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(8), NULL);

        assert_string_equal(mrkdwn(c, rows[i].markdown), rows[i].slack);
        ctx_end(c);
    }
}

/* Every < in the result begins one of our own links, every & an entity of ours. */
static void assert_safe(const char *slack)
{
    for (const char *at = slack; *at != '\0'; at++) {
        if (*at == '<')
            assert_true(strncmp(at, "<http", 5) == 0 || strncmp(at, "<mailto:", 8) == 0 ||
                        strncmp(at, "<tel:", 5) == 0);
        if (*at == '&')
            assert_true(strncmp(at, "&amp;", 5) == 0 || strncmp(at, "&lt;", 4) == 0 ||
                        strncmp(at, "&gt;", 4) == 0);
    }
}

/* Pieces of Markdown thrown together at random, always in the same way. */
static const char *jumble(struct ctx *c, unsigned seed)
{
    static const char *const pieces[] = {
        "word",
        " ",
        "\n",
        "\n\n",
        "**",
        "*",
        "_",
        "~~",
        "`",
        "```\n",
        "# ",
        "- ",
        "1. ",
        "> ",
        "|",
        "|a|b|\n|---|---|\n",
        "[",
        "](",
        ")",
        "<",
        ">",
        "&",
        "&lt;",
        "<!channel>",
        "<@U1>",
        "https://a.example",
        "![",
        "\\",
        "\u00e9",
        "\u4e2d",
        "    ",
        "---\n",
        "    - ",
        "!here",
        "(!channel)",
        "]",
        "mailto:a@b.example",
        "&#33;",
    };
    struct buf b = buf_new(c->mem, MIB(1));
    unsigned length = seed % 60 + 1;

    for (unsigned i = 0; i < length; i++) {
        seed = seed * 1103515245u + 12345u;
        buf_text(&b, pieces[(seed >> 16) % COUNT_OF(pieces)]);
    }
    return buf_str(&b);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static void any_text_is_safe_and_whole(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 20000; seed++) {
        struct ctx *c = ctx_new(MIB(16), NULL);
        const char *markdown = jumble(c, seed);
        const char *slack = mrkdwn(c, markdown);

        assert_safe(slack);
        assert_true(text_utf8(bytes_of(slack)));
        /*
         * Words get lost only where Markdown itself has a place for what is not shown: definitions,
         * fences' info, tables.
         */
        if (strstr(markdown, "```") == NULL && strstr(markdown, "~~~") == NULL &&
            strpbrk(markdown, "|]") == NULL)
            assert_int_equal(count_of(markdown, "word"), count_of(slack, "word"));
        ctx_end(c);
    }
}

/* A table whose even columns would be longer than a message is sent as it was written. */
static void what_would_be_too_long_is_only_escaped(void **state)
{
    struct ctx *c = ctx_new(MIB(64), NULL);
    struct buf b = buf_new(c->mem, MIB(1));

    (void)state;
    buf_text(&b, "|a|b|\n|---|---|\n|a cell that is wide enough to widen its column|x|\n");
    while (b.len < 20000)
        buf_text(&b, "|a|b|\n");

    const char *slack = mrkdwn(c, buf_str(&b));

    assert_true(strcmp(slack, buf_str(&b)) == 0);
    while (b.len < MRKDWN_MAX)
        buf_text(&b, "&&&&");
    assert_int_equal(mrkdwn_of(c, buf_str(&b), &slack), E_LIMIT);
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_construct),
        cmocka_unit_test(any_text_is_safe_and_whole),
        cmocka_unit_test(what_would_be_too_long_is_only_escaped),
    };

    return cmocka_run_group_tests_name("channel_mrkdwn", tests, NULL, NULL);
}
