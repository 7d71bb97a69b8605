/* What a company says of its models, over what everybody knows; and who is asked because of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "flow/account_facts.h"
#include "flow/pool_cost.h"
#include "flow/routing.h"

#include <cmocka.h>

#include "bare.h"

#define PRICED(in, out) .priced = true, .price = {.input = (in), .output = (out), .own = true}

static const struct account_line lines[] = {
    {.name = "*", PRICED(1, 2), .images = SAID_NO},
    {.name = "ours-*", .tools = SAID_YES, .context = 8000},
    {.name = "ours-large", PRICED(5, 6), .size = "large", .context = 32000, .answer = 1000},
    {.name = "ours-embed", .size = "embeds", .tools = SAID_NO},
    {.name = "ours-small", .size = "small", .images = SAID_YES},
    {.name = "gpt-4o", .tools = SAID_NO, .context = 4000},
    {.name = "dated*", .tools = SAID_NO, PRICED(3, 4)},
    {.name = "dated-2025-08-07", PRICED(7, 8)}};

static const char *const offered[] = {"nothing-known", "ours-large", "ours-embed", "ours-small",
                                      "gpt-4o"};

static struct account account(void)
{
    return (struct account){.models = "nothing-known ours-large ours-embed ours-small gpt-4o",
                            .provider = "openai",
                            .lines = lines,
                            .line_count = COUNT_OF(lines)};
}

/* The line with the longest name that says something of a matter decides it. */
static void the_best_line_decides_each_matter(void **state)
{
    const struct account a = account();
    struct account_facts f = account_facts(&a, "openai", "ours-large");

    (void)state;
    assert_int_equal(f.price->output, 6);
    assert_string_equal(f.priced_by, "ours-large");
    assert_int_equal(f.context, 32000);
    assert_int_equal(f.answer, 1000);
    assert_true(f.sized && f.size == MODEL_LARGE);
    assert_int_equal(f.knows, MODEL_TOOLS | MODEL_IMAGES);
    assert_int_equal(f.can, MODEL_TOOLS);

    f = account_facts(&a, "openai", "ours-new");
    assert_string_equal(f.priced_by, "*");
    assert_int_equal(f.context, 8000);
    assert_false(f.sized);

    f = account_facts(&a, "openai", "others");
    assert_int_equal(f.price->input, 1);
    assert_int_equal(f.knows, MODEL_IMAGES);
    assert_int_equal(f.context, 0);
}

/* What the company says wins over what is known; the rest of that stays. */
static void what_is_said_wins(void **state)
{
    const struct account a = account(), blank = {.models = ""};
    struct account_facts f = account_facts(&a, "openai", "gpt-4o");

    (void)state;
    assert_int_equal(f.context, 4000);
    assert_int_equal(f.can & MODEL_TOOLS, 0);
    assert_true(f.sized && f.size == MODEL_USUAL);
    f = account_facts(&blank, "openai", "gpt-4o");
    assert_int_equal(f.context, 128000);
    assert_int_equal(f.can & MODEL_TOOLS, MODEL_TOOLS);
    assert_null(f.price);
    f = account_facts(&blank, "openai", "others");
    assert_int_equal(f.knows, 0);
}

/* A model that is asked for without its date costs what was said of it with its date. */
static void a_name_without_its_date_is_the_same_model(void **state)
{
    static const struct {
        const char *model, *by;
    } rows[] = {{"dated", "dated-2025-08-07"},
                {"dated-latest", "dated-2025-08-07"},
                {"dated-2025-08-07", "dated-2025-08-07"},
                {"dated-2024-01-01", "dated*"},
                {"dated-mini", "dated*"}};
    const struct account a = account();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_string_equal(account_facts(&a, "openai", rows[i].model).priced_by, rows[i].by);
}

/* "model purpose, ... | model code, ..." */
static const char *chosen(const struct routing_want *want, struct routing *r)
{
    struct routing_account *a = arena_take(ctx->mem, 2 * sizeof(*a));
    const struct routing_book book = {a, 2};
    struct buf b = buf_new(ctx->mem, KIB(4));

    a[0] = (struct routing_account){.who = {.llm = llm_find("openai"),
                                            .account = {.base_url = "https://own.example"},
                                            .account_name = "own"},
                                    .account = account(),
                                    .models = offered,
                                    .model_count = COUNT_OF(offered)};
    a[1] = (struct routing_account){.who = {.llm = llm_find("starter")}, .account.models = ""};
    if (routing_choose(ctx, &book, want, r) != OK)
        return ctx->fault.code;
    for (size_t i = 0; i < r->pool.count; i++)
        buf_printf(&b, "%s%s", i == 0 ? "" : ", ", r->pool.candidates[i].model);
    for (size_t i = 0; i < r->passed_count; i++)
        buf_printf(&b, "%s%s %s", i == 0 ? " | " : ", ", r->passed[i].model, r->passed[i].code);
    return buf_str(&b);
}

static void who_is_asked_follows_from_it(void **state)
{
    static const struct {
        struct routing_want want;
        const char *chosen;
    } rows[] = {
        {{.model = "ours-large", .tokens = 31000}, "ours-large"},
        {{.model = "ours-large", .tokens = 32000}, " | ours-large context_too_short"},
        {{.model = "gpt-4o", .tokens = 5000}, " | gpt-4o context_too_short"},
        {{.model = "gpt-4o", .needs = MODEL_TOOLS}, " | gpt-4o no_tools"},
        {{.model = "ours-large", .needs = MODEL_TOOLS}, "ours-large"},
        {{.model = "ours-large", .needs = MODEL_IMAGES}, " | ours-large no_images"},
        {{.model = "ours-small", .needs = MODEL_IMAGES}, "ours-small"},
        {{.model = "ours-embed", .task = TASK_CHAT}, " | ours-embed embeds_only"},
        {{.model = "ours-embed", .task = TASK_EMBED}, "ours-embed"},
        {{.model = "ours-large", .task = TASK_EMBED}, " | ours-large does_not_embed"},
        {{.model = "auto", .task = TASK_SMALL_TALK}, "ours-small, starter"},
        {{.model = "auto", .task = TASK_REASON}, "ours-large, starter"},
        {{.model = "auto", .task = TASK_CHAT}, "gpt-4o, starter"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct routing r;
        const char *got = chosen(&rows[i].want, &r);

        if (strcmp(got, rows[i].chosen) != 0)
            fail_msg("%zu %s: %s", i, rows[i].want.model, got);
    }
}

/* The candidate takes along what it costs, and what it may be asked for. */
static void a_candidate_knows_its_figures(void **state)
{
    static const struct llm_message text[] = {LLM_SAYS(LLM_PERSON, "0123456789")};
    const struct llm_ask ask = {.messages = text, .count = 1, .max_tokens = 5000};
    const struct routing_want want = {.model = "ours-large"};
    struct price price;
    struct routing r;

    (void)state;
    chosen(&want, &r);
    assert_int_equal(r.pool.count, 1);
    assert_int_equal(pool_most_answer(&r.pool.candidates[0], &ask), 1000);
    assert_true(pool_price_recall(ctx->mem, &r.pool.candidates[0], &price));
    assert_true(price.own);
    assert_int_equal(price.output, 6);
    assert_false(r.pool.candidates[0].no_tools);
}

/*
 * An employee's question goes without tools to who is not known to use them; a program's as it is.
 */
static void tools_go_to_who_uses_them(void **state)
{
    static const struct {
        const char *model;
        bool none;
    } rows[] = {{"ours-large", false}, {"nothing-known", true}, {"gpt-4o", true}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct employee_brain e = {.primary_provider = "openai",
                                         .primary_model = rows[i].model};
        const struct routing_want want = {.employee = &e, .task = TASK_CHAT};
        struct routing r;

        chosen(&want, &r);
        if (r.pool.candidates[0].no_tools != rows[i].none)
            fail_msg("%s", rows[i].model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_line_decides_each_matter),
        cmocka_unit_test(what_is_said_wins),
        cmocka_unit_test(a_name_without_its_date_is_the_same_model),
        cmocka_unit_test_setup_teardown(who_is_asked_follows_from_it, bare_setup, bare_teardown),
        cmocka_unit_test_setup_teardown(a_candidate_knows_its_figures, bare_setup, bare_teardown),
        cmocka_unit_test_setup_teardown(tools_go_to_who_uses_them, bare_setup, bare_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
