/* Who is asked: by an employee's models, by a program's word, by task, by what models can do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "flow/routing.h"
#include "llm/model.h"

#include <cmocka.h>

#include "bare.h"

static const char *const anthropics[] = {"claude-haiku-4-5-20251001", "claude-sonnet-4-5-20250929",
                                         "claude-opus-4-5"};
/* the first one makes vectors, and is asked for nothing else */
static const char *const locals[] = {"nomic-embed-text:latest", "llama-3.3/70b"};

static struct routing_account account(const char *provider, const char *name, const char *key)
{
    return (struct routing_account){
        .who = {.llm = llm_find(provider), .account = {.key = key}, .account_name = name},
        .account.models = ""};
}

/* Two accounts with OpenAI, one with Anthropic, a server of their own, then the instance's. */
static struct routing_book book_of(struct ctx *c)
{
    struct routing_account *a = arena_take(c->mem, 6 * sizeof(*a));

    a[0] = account("openai", "first", "k1");
    a[1] = account("openai", "second", "k2");
    a[2] = account("anthropic", "claude", "k3");
    a[2].models = anthropics;
    a[2].model_count = COUNT_OF(anthropics);
    a[2].account.models = "claude-haiku-4-5-20251001 claude-sonnet-4-5-20250929 claude-opus-4-5";
    a[3] = account("openai", "own", NULL);
    a[3].who.account.base_url = "https://own.example";
    a[3].models = locals;
    a[3].model_count = COUNT_OF(locals);
    a[3].account.models = "nomic-embed-text:latest llama-3.3/70b";
    a[4] = account("openai", NULL, "k0");
    a[5] = account("starter", NULL, NULL);
    return (struct routing_book){a, 6};
}

/* "account:model purpose, ..." of the candidates, then " | " and "model code" of those passed. */
static const char *told(const struct routing *r)
{
    struct buf b = buf_new(ctx->mem, KIB(4));

    for (size_t i = 0; i < r->pool.count; i++) {
        const struct pool_candidate *p = &r->pool.candidates[i];

        buf_printf(&b, "%s%s:%s %s", i == 0 ? "" : ", ",
                   p->account_name == NULL ? "-" : p->account_name, p->model, p->purpose);
    }
    for (size_t i = 0; i < r->passed_count; i++)
        buf_printf(&b, "%s%s %s", i == 0 ? " | " : ", ", r->passed[i].model, r->passed[i].code);
    return buf_str(&b);
}

static const char *chosen(const struct routing_want *want)
{
    const struct routing_book book = book_of(ctx);
    struct routing r;

    if (routing_choose(ctx, &book, want, &r) != OK) {
        const char *code = ctx->fault.code;

        ctx_forgive(ctx);
        return code;
    }
    return told(&r);
}

static void an_employees_models_in_their_order(void **state)
{
    const struct employee_brain mara = {.primary_provider = "anthropic",
                                        .primary_model = "claude-opus-4-5",
                                        .fallback_provider = "ollama",
                                        .fallback_model = "llama",
                                        .local_provider = "starter",
                                        .local_model = "starter"};

    (void)state;
    assert_string_equal(chosen(&(struct routing_want){.employee = &mara}),
                        "claude:claude-opus-4-5 primary, -:starter local | llama no_account");
}

/* Whatever list an account has: what an admin has chosen is asked. */
static void a_chosen_model_need_not_be_listed(void **state)
{
    const struct employee_brain mara = {.primary_provider = "anthropic",
                                        .primary_model = "claude-new"};

    (void)state;
    assert_string_equal(chosen(&(struct routing_want){.employee = &mara}),
                        "claude:claude-new primary");
}

/* Either account of the tenant may be first; the instance's comes behind them. */
static void accounts_of_a_provider_share_its_load(void **state)
{
    const struct employee_brain mara = {.primary_provider = "openai", .primary_model = "gpt-4o"};
    const char *want[] = {"first:gpt-4o primary, second:gpt-4o primary, -:gpt-4o primary",
                          "second:gpt-4o primary, first:gpt-4o primary, -:gpt-4o primary"};
    size_t seen[2] = {0};

    (void)state;
    for (int i = 0; i < 64; i++) {
        const char *got = chosen(&(struct routing_want){.employee = &mara});

        seen[0] += text_is(got, want[0]);
        seen[1] += text_is(got, want[1]);
    }
    assert_int_equal(seen[0] + seen[1], 64);
    assert_true(seen[0] > 0 && seen[1] > 0);
}

static void a_program_names_model_provider_or_account(void **state)
{
    (void)state;
    assert_string_equal(chosen(&(struct routing_want){.model = "claude-opus-4-5"}),
                        "claude:claude-opus-4-5 asked");
    assert_string_equal(chosen(&(struct routing_want){.model = "second/gpt-5"}),
                        "second:gpt-5 asked");
    assert_string_equal(chosen(&(struct routing_want){.model = "llama-3.3/70b"}),
                        "own:llama-3.3/70b asked");
    assert_string_equal(chosen(&(struct routing_want){.model = "own/llama-3.3/70b"}),
                        "own:llama-3.3/70b asked");
    assert_string_equal(chosen(&(struct routing_want){.model = "claude-sonnet-4-5"}),
                        "claude:claude-sonnet-4-5 asked");
    assert_string_equal(chosen(&(struct routing_want){.model = "starter"}), "-:starter asked");
    assert_string_equal(chosen(&(struct routing_want){.model = "gpt-unheard-of"}),
                        "model_not_found");
    assert_string_equal(chosen(&(struct routing_want){.model = "anthropic/claude-2"}),
                        "model_not_found");
}

static void a_task_decides_how_large(void **state)
{
    const struct employee_brain mara = {.primary_provider = "anthropic", .primary_model = "auto"};
    const struct {
        enum task task;
        const char *want;
    } rows[] = {{TASK_SMALL_TALK, "claude:claude-haiku-4-5-20251001 primary"},
                {TASK_CLASSIFY, "claude:claude-haiku-4-5-20251001 primary"},
                {TASK_SUMMARISE, "claude:claude-haiku-4-5-20251001 primary"},
                {TASK_CHAT, "claude:claude-sonnet-4-5-20250929 primary"},
                {TASK_REASON, "claude:claude-opus-4-5 primary"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_string_equal(chosen(&(struct routing_want){.task = rows[i].task, .employee = &mara}),
                            rows[i].want);
}

/*
 * Each account by its own model that suits, in the tenant's order, whatever the provider; the
 * starter comes last.
 */
static void auto_goes_through_the_accounts(void **state)
{
    static const char rest[] = " claude:claude-sonnet-4-5-20250929 task, own:llama-3.3/70b task,"
                               " -:gpt-4.1 task, -:starter task";
    const struct employee_brain any = {.primary_provider = "auto", .primary_model = "auto"};
    const char *got = chosen(&(struct routing_want){.task = TASK_CHAT, .model = "auto"});

    (void)state;
    assert_true(text_starts(got, "first:gpt-4.1 task, second:gpt-4.1 task,") ||
                text_starts(got, "second:gpt-4.1 task, first:gpt-4.1 task,"));
    assert_string_equal(strchr(strchr(got, ',') + 1, ',') + 1, rest);
    got = chosen(&(struct routing_want){.task = TASK_CHAT, .employee = &any});
    assert_non_null(strstr(got, "claude:claude-sonnet-4-5-20250929 primary"));
}

/* A company's own account that has nothing for the task is named; the instance's says nothing. */
static void who_has_no_model_is_named_if_it_is_the_companys(void **state)
{
    struct routing_account accounts[] = {account("ollama", "ours", NULL),
                                         account("ollama", NULL, NULL),
                                         account("starter", NULL, NULL)};
    const struct routing_book book = {accounts, COUNT_OF(accounts)};
    struct routing r;

    (void)state;
    assert_int_equal(
        routing_choose(ctx, &book, &(struct routing_want){.task = TASK_CHAT, .model = "auto"}, &r),
        OK);
    assert_string_equal(told(&r), "-:starter task | auto no_such_model");
    assert_string_equal(r.passed[0].account, "ours");
}

static void what_does_not_fit_is_passed_over(void **state)
{
    const struct employee_brain mara = {.primary_provider = "anthropic",
                                        .primary_model = "claude-opus-4-5",
                                        .local_provider = "starter",
                                        .local_model = "starter"};

    (void)state;
    assert_string_equal(chosen(&(struct routing_want){.employee = &mara, .tokens = 199000}),
                        "claude:claude-opus-4-5 primary, -:starter local");
    assert_string_equal(chosen(&(struct routing_want){.employee = &mara, .tokens = 200000}),
                        "-:starter local | claude-opus-4-5 context_too_short");
    assert_string_equal(
        chosen(&(struct routing_want){
            .employee = &mara, .tokens = 200000, .answer_tokens = 100000 /* it says 64,000 */}),
        "claude:claude-opus-4-5 primary, -:starter local");
    assert_string_equal(chosen(&(struct routing_want){.employee = &mara, .needs = MODEL_TOOLS}),
                        "claude:claude-opus-4-5 primary | starter no_tools");
    assert_string_equal(chosen(&(struct routing_want){.model = "o3-mini", .needs = MODEL_IMAGES}),
                        " | o3-mini no_images, o3-mini no_images, o3-mini no_images");
    assert_string_equal(chosen(&(struct routing_want){.task = TASK_EMBED, .model = "starter"}),
                        " | starter does_not_embed");
}

/* The model for vectors that is built in needs no account, and answers no chat. */
static void the_built_in_vectors_are_there(void **state)
{
    (void)state;
    assert_string_equal(
        chosen(&(struct routing_want){.task = TASK_EMBED, .model = "all-MiniLM-L6-v2"}),
        "-:all-MiniLM-L6-v2 asked");
    assert_string_equal(chosen(&(struct routing_want){.model = "all-MiniLM-L6-v2"}),
                        " | all-MiniLM-L6-v2 embeds_only");
}

static void only_allowed_models_are_asked(void **state)
{
    static const char *const allowed[] = {"claude/claude-opus-4-5", "starter"};
    const struct routing_want want = {.task = TASK_REASON,
                                      .model = "auto",
                                      .allowed = allowed,
                                      .allowed_count = COUNT_OF(allowed)};

    (void)state;
    assert_string_equal(chosen(&want),
                        "claude:claude-opus-4-5 task, -:starter task | auto not_allowed,"
                        " auto not_allowed, auto not_allowed");
}

/* Of what may be asked the one that suits best, else what there is. */
static void of_the_allowed_one_is_chosen(void **state)
{
    static const struct {
        const char *const allowed[3];
        const char *wanted;
    } rows[] = {
        {{"claude-haiku-4-5-20251001", "claude-opus-4-5"}, "claude:claude-opus-4-5 task"},
        {{"claude/claude-haiku-4-5-20251001"}, "claude:claude-haiku-4-5-20251001 task"},
        {{"own/llama-3.3/70b"}, "own:llama-3.3/70b task"},
        {{"second/gpt-4o-2024-11-20"}, "second:gpt-4o-2024-11-20 task"},
        {{"first/text-embedding-3-small", "claude/gpt-4o"}, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct routing_want want = {
            .task = TASK_REASON, .model = "auto", .allowed = rows[i].allowed};

        while (want.allowed_count < 3 && rows[i].allowed[want.allowed_count] != NULL)
            want.allowed_count++;

        const char *got = chosen(&want);

        assert_string_equal(text_trim(ctx->mem, text_copy(ctx->mem, got, strcspn(got, "|"))),
                            rows[i].wanted);
    }
    static const char *const any[] = {"auto"};

    assert_non_null(
        strstr(chosen(&(struct routing_want){
                   .task = TASK_REASON, .model = "auto", .allowed = any, .allowed_count = 1}),
               "claude:claude-opus-4-5 task"));
    assert_string_equal(chosen(&(struct routing_want){
                            .model = "claude-opus-4-5", .allowed = any, .allowed_count = 1}),
                        " | claude-opus-4-5 not_allowed");
}

static void the_longest_name_counts(void **state)
{
    const struct llm_model *mini = llm_model_find("openai", "gpt-4o-mini-2024-07-18");

    (void)state;
    assert_string_equal(mini->name, "gpt-4o-mini*");
    assert_string_equal(llm_model_find("openai", "gpt-4o-2024-11-20")->name, "gpt-4o*");
    assert_null(llm_model_find("openai", "llama"));
    assert_null(llm_model_find("anthropic", "gpt-4o"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_employees_models_in_their_order),
        cmocka_unit_test(a_chosen_model_need_not_be_listed),
        cmocka_unit_test(accounts_of_a_provider_share_its_load),
        cmocka_unit_test(a_program_names_model_provider_or_account),
        cmocka_unit_test(a_task_decides_how_large),
        cmocka_unit_test(auto_goes_through_the_accounts),
        cmocka_unit_test(who_has_no_model_is_named_if_it_is_the_companys),
        cmocka_unit_test(what_does_not_fit_is_passed_over),
        cmocka_unit_test(the_built_in_vectors_are_there),
        cmocka_unit_test(only_allowed_models_are_asked),
        cmocka_unit_test(of_the_allowed_one_is_chosen),
        cmocka_unit_test(the_longest_name_counts),
    };

    return cmocka_run_group_tests(tests, bare_setup, bare_teardown);
}
