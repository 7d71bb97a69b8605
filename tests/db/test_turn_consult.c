/*
 * Turns in which an employee asks a colleague: each thinks with his own models at his own expense,
 * and what was paid is kept whatever happens in between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "core/evidence.h"
#include "team.h"

#include <cmocka.h>

static void a_colleague_is_asked_and_the_answer_goes_back(void **state)
{
    const struct tiny_step steps[] = {ASKS("Ben", "What is left?"), COLLEAGUE_SAYS("Twelve."),
                                      SAYS("Ben says twelve.")};
    struct chat *f = *state;

    TEAM(f, steps, "Ben");
    chat_ask(f, "Can a colleague tell what is left? My number is 4711.");
    chat_run(f);
    team_said(f, "answered", "Ben says twelve.");
    assert_int_equal(tiny_requests(f->model), 3);
    assert_true(team_asked(f, 0, "Your colleagues: Ben (Keeper of the books)."));
    /* He is himself, knows who asks, and sees the question and nothing else that was said. */
    assert_true(team_asked(f, 1, "You are Ben, Keeper of the books."));
    assert_true(team_asked(f, 1, "Now Mara, "));
    assert_true(team_asked(f, 1, "{\"role\":\"user\",\"content\":\"What is left?\"}"));
    assert_false(team_asked(f, 1, "4711"));
    assert_true(team_asked(f, 2, "Twelve."));
    /* Who asked whom is in the audit, and his part is paid in his name, for the conversation. */
    assert_string_equal(
        chat_get(f, "actor || ' ' || (body::json ->> 'colleague')",
                 "audit WHERE action = 'colleague.asked'"),
        text_printf(f->in.mem, "employee:%s %s", f->in.at.employee_id, team_of(f, "Ben", "id")));
    assert_string_equal(
        chat_get(f, "string_agg(step_no || ' ' || input_tokens, ', ')",
                 text_printf(f->in.mem, "usage WHERE employee_id = '%s' AND team_id = '%s'",
                             team_of(f, "Ben", "id"), team_of(f, "Ben", "team_id"))),
        "2 50");
    assert_string_equal(chat_get(f, "count(DISTINCT conversation_id) || ' ' || count(*)", "usage"),
                        "1 3");
    assert_string_equal(chat_get(f, "count(*)", "call_open"), "0");
}

/*
 * Mara's model wants somebody to be asked, in a conversation of its own: she is told that it can't.
 */
static void nobody_of_this_name(struct chat *f, const struct tiny_step *steps, const char *listed)
{
    chat_model(f, steps, 2);
    f->in.conversation_id = id_new(f->in.mem);
    chat_ask(f, "Ask your team!");
    chat_run(f);
    team_said(f, "answered", "I can't tell.");
    assert_int_equal(tiny_requests(f->model), 2);
    assert_true(team_asked(f, 0, listed));
    assert_true(team_asked(f, 1, "You have no colleague of this name who is working: "));
    pg_do(f->in.super, "DELETE FROM message WHERE tenant_id = '%s'", f->in.at.tenant_id);
    tiny_stop(f->model);
    f->model = NULL;
}

static void only_those_of_the_team_can_be_asked(void **state)
{
    const struct tiny_step to_ben[] = {ASKS("Ben", "Hm?"), SAYS("I can't tell.")},
                           to_mara[] = {ASKS("Mara", "Hm?"), SAYS("I can't tell.")};
    struct chat *f = *state;
    const char *changes[] = {"team_id = NULL", "state = 'paused'", NULL},
               *others = id_new(f->in.mem);

    TEAM(f, to_mara, "Ben", "Cleo");
    tiny_stop(f->model);
    pg_do(f->in.super, "INSERT INTO team (tenant_id, id, name) VALUES ('%s', '%s', 'Others')",
          f->in.at.tenant_id, others);
    changes[2] = text_printf(f->in.mem, "team_id = '%s'", others);
    nobody_of_this_name(f, to_mara, "Your colleagues: Ben (Keeper of the books), Cleo ");
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        pg_do(f->in.super,
              "UPDATE employee SET state = 'working', team_id = '%s' WHERE name = 'Ben'"
              " AND tenant_id = '%s'",
              team_of(f, "Cleo", "team_id"), f->in.at.tenant_id);
        pg_do(f->in.super, "UPDATE employee SET %s WHERE name = 'Ben' AND tenant_id = '%s'",
              changes[i], f->in.at.tenant_id);
        nobody_of_this_name(f, to_ben, "Your colleagues: Cleo (Keeper of the books).");
    }
}

/* Of another company, even where their teams had the same id. */
static void nobody_of_another_company_can_be_asked(void **state)
{
    const struct tiny_step to_zoe[] = {ASKS("Zoe", "Hm?"), SAYS("I can't tell.")};
    struct fixture other;
    struct chat *f = *state;

    TEAM(f, to_zoe, "Ben");
    tiny_stop(f->model);
    fixture_open(&other);
    pg_do(f->in.super,
          "INSERT INTO team (tenant_id, id, name) VALUES ('%s', '%s', 'Office');"
          "INSERT INTO employee (tenant_id, id, name, role, about, persona, team_id)"
          " VALUES ('%s', gen_random_uuid(), 'Zoe', '', '', '', '%s')",
          other.at.tenant_id, team_of(f, "Ben", "team_id"), other.at.tenant_id,
          team_of(f, "Ben", "team_id"));
    nobody_of_this_name(f, to_zoe, "Your colleagues: Ben (Keeper of the books).");
    fixture_close(&other);
}

/* Nobody to ask, or nothing that has to do with it: no tool, and no tokens for it. */
static void the_tool_is_offered_where_it_is_wanted(void **state)
{
    static const struct {
        const char *text;
        bool in_team, offered;
    } rows[] = {
        {"Hello!", true, false},
        {"What does a lamp cost?", true, false},
        {"Ask your team, please!", true, true},
        {"Fragen Sie bitte einen Kollegen.", true, true},
        {"Demandez à votre équipe !", true, true},
        {"What would ben say?", true, true},
        {"Who keeps your books?", true, true},
        {"Ask your team, please!", false, false},
    };
    struct chat *f = *state;
    const struct tiny_step steps[] = {SAYS("Yes.")};

    TEAM(f, steps, "Ben");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        f->in.conversation_id = id_new(f->in.mem);
        if (!rows[i].in_team)
            pg_do(f->in.super,
                  "UPDATE employee SET team_id = NULL WHERE name = 'Ben' AND tenant_id = '%s'",
                  f->in.at.tenant_id);
        chat_ask(f, rows[i].text);
        chat_run(f);
        if (team_asked(f, i, "ask_colleague") != rows[i].offered)
            fail_msg("%s", rows[i].text);
    }
}

/* How the answer came about says who asked whom, what came of it, and what he was refused. */
static void it_can_be_read_afterwards(void **state)
{
    const struct tiny_step steps[] = {ASKS("Ben", "Ask the team: what is left?"),
                                      COLLEAGUE_ASKS("Mara", "What is left?"),
                                      COLLEAGUE_SAYS("Nobody knows."), SAYS("We don't know.")};
    struct chat *f = *state;
    struct evidence_call *calls;
    struct evidence whole;
    const char *answer;
    size_t count;

    TEAM(f, steps, "Ben");
    chat_ask(f, "Ask your team what is left.");
    chat_run(f);
    answer = chat_get(f, "id", "message WHERE author = 'employee'");
    ok(f->in.web, evidence_get(f->in.web, answer, true, &whole));
    ok(f->in.web, evidence_calls(f->in.web, answer, true, &calls, &count));
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) {
        const bool bens = i == 1 || i == 2;

        assert_int_equal(calls[i].step, i + 1);
        assert_string_equal(bens ? calls[i].colleague : "Ben", "Ben");
        assert_string_equal(bens ? calls[i].asker : "Mara", "Mara");
        assert_int_equal(calls[i].colleague != NULL, bens);
        assert_int_equal(calls[i].question != NULL, i == 1);
        assert_int_equal(calls[i].reply != NULL, i == 2);
        assert_int_equal(calls[i].failed != NULL, i == 1);
    }
    assert_string_equal(calls[0].tools, "ask_colleague");
    assert_string_equal(calls[1].question, "Ask the team: what is left?");
    assert_non_null(strstr(calls[1].failed, "You can't ask Mara, who waits"));
    assert_string_equal(calls[2].reply, "Nobody knows.");
    assert_int_equal(whole.steps, 4);
    assert_int_equal(whole.input_tokens, 300);
    assert_int_equal(whole.cost_micros, 2 * 350 + 2 * 325);
    assert_string_equal(text_printf(f->in.mem, "%lld", (long long)whole.cost_micros),
                        chat_get(f, "sum(cost_micros)", "usage"));
}

/* What a colleague may spend is used up: he says so, and the one who asked goes on. */
static void a_colleagues_cap_is_his_own(void **state)
{
    const struct tiny_step steps[] = {ASKS("Ben", "What is left?"), SAYS("Ben can't say now.")};
    struct chat *f = *state;

    TEAM(f, steps, "Ben");
    pg_do(f->in.super,
          "INSERT INTO cap (tenant_id, id, scope, scope_id, period, limit_micros)"
          " VALUES ('%s', gen_random_uuid(), 'employee', '%s', 'day', 1)",
          f->in.at.tenant_id, team_of(f, "Ben", "id"));
    chat_ask(f, "Ask your team.");
    chat_run(f);
    team_said(f, "answered", "Ben can't say now.");
    assert_int_equal(tiny_requests(f->model), 2);
    assert_true(team_asked(f, 1, "Ben did not answer, but says: I have used up what I may spend"));
    assert_string_equal(chat_get(f, "count(*)", "usage"), "2");
    assert_string_equal(chat_get(f, "count(*)", "call_open"), "0");
    assert_string_equal(
        chat_get(f, "body::json ->> 'outcome'", "audit WHERE action = 'colleague.asked'"),
        "failed");
}

/*
 * A colleague's model that never says a word takes his time alone: the one who asked still answers.
 */
static void a_silent_colleague_leaves_time_to_answer(void **state)
{
    const struct tiny_step steps[] = {
        ASKS("Ben", "What is left?"), {NULL, 0, TINY_HANG}, SAYS("Ben does not answer.")};
    struct chat *f = *state;

    TEAM(f, steps, "Ben");
    conf_set(CONF_turn_seconds, "5");
    chat_ask(f, "Ask your team.");
    chat_run(f);
    conf_set(CONF_turn_seconds, "120");
    team_said(f, "answered", "Ben does not answer.");
    assert_int_equal(tiny_requests(f->model), 3);
    assert_true(team_asked(f, 2, "Ben did not answer, but says: I can't think about this"));
}

/* What has come out of a cap. */
static const char *spent(struct chat *f, const char *cap_id)
{
    return chat_get(f, "sum(spent_micros)",
                    text_printf(f->in.mem, "cap_period WHERE cap_id = '%s'", cap_id));
}

static const char *cap(struct chat *f, const char *scope, const char *of_id)
{
    const char *id = id_new(f->in.mem);

    pg_do(f->in.super,
          "INSERT INTO cap (tenant_id, id, scope, scope_id, period, limit_micros)"
          " VALUES ('%s', '%s', '%s', '%s', 'ever', 1000000)",
          f->in.at.tenant_id, id, scope, of_id);
    return id;
}

/* 50 tokens at 2.50 and 20 at 10.00 dollars a million are Ben's, of 100 and 10 there are two. */
static void what_a_colleague_costs_comes_out_of_all_caps_above_him(void **state)
{
    const struct tiny_step steps[] = {ASKS("Ben", "What is left?"), COLLEAGUE_SAYS("Twelve."),
                                      SAYS("Twelve.")};
    struct chat *f = *state;
    const char *ben, *mara, *team_cap, *conversation;

    TEAM(f, steps, "Ben");
    ben = cap(f, "employee", team_of(f, "Ben", "id"));
    mara = cap(f, "employee", f->in.at.employee_id);
    team_cap = cap(f, "team", team_of(f, "Ben", "team_id"));
    conversation = cap(f, "conversation", f->in.conversation_id);
    chat_ask(f, "Ask your team.");
    chat_run(f);
    team_said(f, "answered", "Twelve.");
    assert_string_equal(spent(f, ben), "325");
    assert_string_equal(spent(f, mara), "700");
    assert_string_equal(spent(f, team_cap), "1025");
    assert_string_equal(spent(f, conversation), "1025");
}

/* In the database such a step can't be kept from now on. */
static void refuse_step(struct chat *f, int64_t number, const char *kind)
{
    pg_do(f->in.super, "CREATE OR REPLACE FUNCTION no_step() RETURNS trigger LANGUAGE plpgsql AS "
                       "$$ BEGIN RAISE EXCEPTION 'not now'; END $$");
    pg_do(f->in.super,
          "CREATE TRIGGER no_step BEFORE INSERT ON step FOR EACH ROW WHEN (NEW.step_no = %lld"
          " AND NEW.kind = '%s' AND NEW.tenant_id = '%s') EXECUTE FUNCTION no_step()",
          (long long)number, kind, f->in.at.tenant_id);
}

/* And again it can, and the job is run once more. */
static void run_again(struct chat *f)
{
    pg_do(f->in.super, "DROP TRIGGER IF EXISTS no_step ON step");
    pg_do(f->in.super, "UPDATE job SET run_at = now() WHERE tenant_id = '%s'", f->in.at.tenant_id);
    chat_run(f);
}

/* What is left of a turn of five steps: each paid once, `lost` beside them, and one answer. */
static void whole(struct chat *f, const char *lost)
{
    team_said(f, "answered", "It is twelve.");
    assert_string_equal(
        chat_get(f, "string_agg(coalesce(step_no::text, '-'), ' ' ORDER BY step_no)", "usage"),
        text_printf(f->in.mem, "1 2 3 4 5%s", lost));
    assert_string_equal(
        chat_get(f, "string_agg(step_no || ' ' || kind, ', ' ORDER BY created_at, kind)", "step"),
        "1 calls, 2 calls, 3 answer, 2 results, 4 answer, 1 results, 5 answer");
    assert_string_equal(chat_get(f, "count(*)", "audit WHERE action = 'tool.called'"), "2");
    assert_string_equal(chat_get(f, "count(*)", "audit WHERE action = 'colleague.asked'"), "2");
    assert_string_equal(chat_get(f, "count(*)", "call_open"), "0");
}

/*
 * The attempt ends when one thing of a turn of three employees can't be kept; the next one goes on
 * there. Only the model whose answer was lost with it is asked again, with the same question.
 */
static void a_retry_asks_nobody_whose_step_is_kept(void **state)
{
    static const struct {
        int64_t number;
        const char *kind;
        bool lost; /* an answer of a model */
    } rows[] = {{1, "calls", true},    {2, "calls", true},  {3, "answer", true},
                {2, "results", false}, {4, "answer", true}, {1, "results", false}};
    const struct tiny_step turn[] = {ASKS("Ben", "Ask Cleo."), COLLEAGUE_ASKS("Cleo", "Well?"),
                                     COLLEAGUE_SAYS("Twelve."), COLLEAGUE_SAYS("Cleo says twelve."),
                                     SAYS("It is twelve.")};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const size_t lost = (size_t)rows[i].number - 1;
        struct tiny_step steps[COUNT_OF(turn) + 1];
        size_t count = 0;
        struct chat here = {.model = NULL}, *f = &here;

        for (size_t k = 0; k < COUNT_OF(turn); k++) {
            steps[count++] = turn[k];
            if (rows[i].lost && k == lost)
                steps[count++] = turn[k];
        }
        fixture_open(&f->in);
        team_open(f, steps, count, (const char *const[]){"Ben", "Cleo"}, 2);
        chat_ask(f, "Ask your team what is left.");
        refuse_step(f, rows[i].number, rows[i].kind);
        chat_run(f);
        assert_string_equal(chat_get(f, "state", "job WHERE kind = 'turn'"), "ready");
        run_again(f);
        assert_int_equal(tiny_requests(f->model), count);
        if (rows[i].lost)
            assert_string_equal(strstr(tiny_request(f->model, lost), "{\"model\""),
                                strstr(tiny_request(f->model, lost + 1), "{\"model\""));
        whole(f, rows[i].lost ? " -" : "");
        tiny_stop(f->model);
        fixture_close(&f->in);
    }
}

/* The answer can't be recorded, twice: nobody is asked again for any of it. */
static void a_turn_that_is_thought_through_asks_nobody(void **state)
{
    const struct tiny_step steps[] = {ASKS("Ben", "Ask Cleo."), COLLEAGUE_ASKS("Cleo", "Well?"),
                                      COLLEAGUE_SAYS("Twelve."),
                                      COLLEAGUE_SAYS("Cleo says twelve."), SAYS("It is twelve.")};
    struct chat *f = *state;

    TEAM(f, steps, "Ben", "Cleo");
    chat_ask(f, "Ask your team what is left.");
    chat_refuse_answers(f);
    chat_run(f);
    run_again(f);
    assert_string_equal(chat_get(f, "state", "job WHERE kind = 'turn'"), "ready");
    chat_allow_answers(f);
    run_again(f);
    assert_int_equal(tiny_requests(f->model), COUNT_OF(steps));
    whole(f, "");
}

static int teardown(void **state)
{
    struct chat *f = *state;

    pg_do(f->in.super, "DROP TRIGGER IF EXISTS no_step ON step");
    return chat_teardown(state);
}

#define CONSULT_TEST(name) cmocka_unit_test_setup_teardown(name, chat_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONSULT_TEST(a_colleague_is_asked_and_the_answer_goes_back),
        CONSULT_TEST(only_those_of_the_team_can_be_asked),
        CONSULT_TEST(nobody_of_another_company_can_be_asked),
        CONSULT_TEST(the_tool_is_offered_where_it_is_wanted),
        CONSULT_TEST(it_can_be_read_afterwards),
        CONSULT_TEST(a_colleagues_cap_is_his_own),
        CONSULT_TEST(a_silent_colleague_leaves_time_to_answer),
        CONSULT_TEST(what_a_colleague_costs_comes_out_of_all_caps_above_him),
        CONSULT_TEST(a_retry_asks_nobody_whose_step_is_kept),
        CONSULT_TEST(a_turn_that_is_thought_through_asks_nobody),
    };

    return cmocka_run_group_tests(tests, team_start, team_stop);
}
