/* How an answer came about: what was asked of whom and why, and who may see what of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/id.h"
#include "call.h"
#include "flow/runner.h"

#include <cmocka.h>

struct desk {
    struct arena *mem;
    PGconn *super;
    struct office o;
};

static struct desk desk_new(struct arena *mem)
{
    return (struct desk){.mem = mem, .super = pg_open(PG_SUPER), .o = office_new(mem)};
}

/* Somebody begins a conversation and says something, and the worker answers; gives the answer. */
static const char *hear(const struct desk *d, const char *token)
{
    struct ctx *c = pg_ctx(PG_WORKER, d->o.at.tenant_id);
    struct reply begun = post(
        d->mem, token,
        text_printf(d->mem, "/api/v1/employees/%s/conversations", d->o.at.employee_id), "{}");
    const char *id = text_of(&begun, "id");
    struct reply said = post(
        d->mem, token, text_printf(d->mem, "/api/v1/conversations/%s/messages", id),
        text_printf(d->mem, "{\"text\":\"Hello!\",\"key\":\"%s\"}", id_new(d->mem)));
    const struct job_hint hint = {
        d->o.at.tenant_id, pg_get(d->mem, d->super, "SELECT id FROM job WHERE subject_id = '%s'",
                                  text_of(&said, "id"))};
    struct run run = {.tokens = 0};

    expect(&said, 202, NULL);
    runner_run(c->db, &hint, &run);
    ctx_end(c);
    return pg_get(d->mem, d->super,
                  "SELECT id FROM message WHERE conversation_id = '%s' AND author = 'employee'",
                  id);
}

static struct reply ask(const struct desk *d, const char *token, const char *message,
                        const char *what)
{
    return get(d->mem, token, text_printf(d->mem, "/api/v1/messages/%s/%s", message, what));
}

static void an_answer_says_how_it_came_about(void **state)
{
    struct desk d = desk_new(*state);
    const char *answer = hear(&d, d.o.member);
    struct reply r = ask(&d, d.o.member, answer, "evidence");

    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "outcome"), "answered");
    assert_string_equal(text_of(&r, "provider"), "starter");
    assert_int_equal(number_of(&r, "calls"), 1);
    assert_int_equal(number_of(&r, "steps"), 1);
    assert_true(number_of(&r, "persona_tokens") > 5);
    assert_true(number_of(&r, "history_tokens") > 0);
    r = ask(&d, d.o.member, answer, "calls");
    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 1);
    assert_string_equal(json_str(item_of(&r, 0), "code"), "answered");
    assert_string_equal(json_str(item_of(&r, 0), "purpose"), "primary");
    PQfinish(d.super);
}

/* Whoever may see what models cost sees it, as the ledger has it; others see the rest. */
static void costs_are_for_those_who_may_see_them(void **state)
{
    struct desk d = desk_new(*state);
    const char *tokens[] = {d.o.manager, d.o.member};

    for (int i = 0; i < 2; i++) {
        const bool may = i == 0;
        const char *answer = hear(&d, tokens[i]);
        struct reply r;

        pg_do(d.super,
              "UPDATE usage SET cost_micros = 42 WHERE tenant_id = '%s';"
              " UPDATE step SET result = jsonb_set(jsonb_set(result::jsonb,"
              "  '{calls,0,cost_micros}', '42'), '{calls,0,detail}', '\"words\"')::text"
              " WHERE tenant_id = '%s'",
              d.o.at.tenant_id, d.o.at.tenant_id);
        r = ask(&d, tokens[i], answer, "evidence");
        assert_int_equal(json_is_true(json_object_get(r.json, "cost_shown")), may);
        assert_int_equal(number_of(&r, "cost_micros"), may ? 42 : 0);
        r = ask(&d, tokens[i], answer, "calls");
        assert_int_equal(json_integer_value(json_object_get(item_of(&r, 0), "cost_micros")),
                         may ? 42 : 0);
        assert_int_equal(json_str(item_of(&r, 0), "detail") != NULL, may);
    }
    PQfinish(d.super);
}

static void nobody_elses_and_no_questions(void **state)
{
    struct desk d = desk_new(*state);
    const char *answer = hear(&d, d.o.member);
    const char *question = pg_get(
        d.mem, d.super, "SELECT id FROM message WHERE tenant_id = '%s' AND author = 'person'",
        d.o.at.tenant_id);
    const char *what[] = {"evidence", "calls"};

    for (size_t i = 0; i < COUNT_OF(what); i++) {
        struct reply theirs = ask(&d, d.o.manager, answer, what[i]),
                     asked = ask(&d, d.o.member, question, what[i]),
                     none = ask(&d, d.o.member, id_new(d.mem), what[i]);

        expect(&theirs, 404, "not_found");
        expect(&asked, 404, "not_found");
        expect(&none, 404, "not_found");
    }
    PQfinish(d.super);
}

/* Of an answer that is older than this, or that no model was asked for, little is known. */
static void an_answer_without_steps(void **state)
{
    struct desk d = desk_new(*state);
    const char *answer = hear(&d, d.o.member);
    struct reply r;

    pg_do(d.super, "UPDATE message SET job_id = NULL WHERE id = '%s'", answer);
    r = ask(&d, d.o.member, answer, "evidence");
    expect(&r, 200, NULL);
    assert_int_equal(number_of(&r, "steps"), 0);
    r = ask(&d, d.o.member, answer, "calls");
    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 0);
    PQfinish(d.super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_says_how_it_came_about, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(costs_are_for_those_who_may_see_them, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(nobody_elses_and_no_questions, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(an_answer_without_steps, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
