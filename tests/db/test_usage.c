/*
 * What turns cost: by the longest model name and the newest day that hold, rounded up, charged
 * once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "core/usage.h"
#include "fixture.h"
#include "flow/pool_cost.h"

#include <cmocka.h>

static void usage_costs_what_the_table_says(void **state)
{
    /* Prices of a provider of this test: micro-dollars per million tokens. */
    static const char prices[] =
        "INSERT INTO price (provider, model, valid_from, input, cached, output, cache_write) VALUES"
        " ('acme', 'dear-cache', '2024-01-01', 1000000, 100000, 5000000, 1250000)"
        " ON CONFLICT DO NOTHING;"
        "INSERT INTO price VALUES ('acme', 'big', '2024-01-01', 3000000, 300000, 15000000),"
        " ('acme', 'big', '2024-06-01', 2000000, 200000, 10000000),"
        " ('acme', 'big', '2999-01-01', 1, 1, 1),"
        " ('acme', 'big-mini*', '2024-01-01', 1000000, 100000, 4000000),"
        " ('acme', 'big-mini-2*', '2024-01-01', 500000, 50000, 2000000),"
        " ('acme', 'free*', '2024-01-01', 0, 0, 0), ('acme', 'cheap', '2024-01-01', 1, 1, 1),"
        " ('acme', 'later', '2999-01-01', 7000000, 7000000, 7000000)"
        " ON CONFLICT DO NOTHING";
    static const struct {
        const char *provider, *model;
        int64_t input, cached, output, cost;
        const char *from;
        int64_t written;
    } rows[] = {
        {"acme", "big", 1000000, 0, 0, 2000000, "2024-06-01", 0}, /* the newest that has begun */
        {"acme", "big", 1000000, 1000000, 0, 200000, "2024-06-01", 0},
        {"acme", "big", 1000, 400, 100, 1200 + 80 + 1000, "2024-06-01", 0},
        {"acme", "big", 1000, 5000, 0, 200, "2024-06-01", 0}, /* more cached than there was */
        {"acme", "big", 0, 0, 0, 0, "2024-06-01", 0},
        {"acme", "big", 1, 0, 0, 2, "2024-06-01", 0},
        {"acme", "cheap", 1, 0, 0, 1, "2024-01-01", 0}, /* a millionth is rounded up */
        {"acme", "cheap", 1000000, 0, 0, 1, "2024-01-01", 0},
        {"acme", "cheap", 1000001, 0, 0, 2, "2024-01-01", 0},
        {"acme", "big-mini", 1000000, 0, 0, 1000000, "2024-01-01", 0},
        {"acme", "big-mini-1", 1000000, 0, 0, 1000000, "2024-01-01", 0},
        {"acme", "big-mini-2025", 1000000, 0, 0, 500000, "2024-01-01",
         0},                                              /* the longest that fits */
        {"acme", "big-other", 1000000, 0, 0, 0, NULL, 0}, /* "big" means itself only */
        {"acme", "free-of-charge", 1000000, 0, 5, 0, "2024-01-01", 0},
        {"acme", "later", 1000000, 0, 0, 0, NULL, 0}, /* not begun: not known */
        {"other", "big", 1000000, 0, 0, 0, NULL, 0},
        {"starter", "starter", 100, 0, 100, 0, "2024-01-01", 0}, /* of the seed */
        {"acme", "dear-cache", 1000000, 200000, 0, 500000 + 20000 + 375000, "2024-01-01", 300000},
        {"acme", "big", 1000000, 0, 0, 2000000, "2024-06-01", 300000}, /* no price of its own */
        {"acme", "big", 100000000, 0, 100000000, 1200000000, "2024-06-01", 0},
    };
    struct fixture *f = *state;
    struct job job;

    pg_do(f->super, "%s", prices);
    fixture_job(f, &job);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tokens tokens = {.input = rows[i].input,
                                      .cached = rows[i].cached,
                                      .cache_written = rows[i].written,
                                      .output = rows[i].output};
        struct price price;

        ok(f->c, price_find(f->c, rows[i].provider, rows[i].model, &price));

        const struct usage u = {.id = id_new(f->mem),
                                .job = &job,
                                .step_no = (int64_t)i,
                                .employee_id = f->at.employee_id,
                                .provider = rows[i].provider,
                                .model = rows[i].model,
                                .tokens = tokens,
                                .counted = true,
                                .cost_micros = price_cost(&price, &tokens),
                                .price_from = price.from,
                                .outcome = "answered"};
        struct usage twice = u;

        assert_true(price_worst(&price, rows[i].input, rows[i].output) >= u.cost_micros);
        twice.id = id_new(f->mem);
        twice.tokens.output = 999;
        ok(f->c, usage_add(f->c, &u));
        ok(f->c, usage_add(f->c, &twice)); /* a step is charged once */
        ok(f->c, db_commit(f->c));

        const char *where = text_printf(f->mem, "FROM usage WHERE job_id = '%s' AND step_no = %zu",
                                        job.id, i);

        if (pg_count(f->super, "SELECT cost_micros %s", where) != rows[i].cost ||
            !text_is(pg_get(f->mem, f->super, "SELECT price_from %s", where), rows[i].from))
            fail_msg("row %zu costs %s", i,
                     pg_get(f->mem, f->super, "SELECT cost_micros %s", where));
        assert_int_equal(pg_count(f->super, "SELECT output_tokens %s", where), rows[i].output);
    }
    assert_int_equal(fixture_rows(f, "usage"), COUNT_OF(rows));
    pg_do(f->super, "DELETE FROM price WHERE provider = 'acme'");
}

/*
 * What is held for a call covers all that is sent, tools and images too; what it costs in the end
 * counts what was written to the provider's cache.
 */
static void calls_of_every_kind(void **state)
{
    static const char image[] = "https://example.com/a.png";
    static const struct llm_part said = {.kind = LLM_TEXT, .text = "0123456789"};
    static const struct llm_part shown = {.kind = LLM_IMAGE, .url = image};
    static const struct llm_message text[] = {LLM_SAYS(LLM_PERSON, "0123456789")},
                                    parts[] = {{LLM_PERSON, NULL, &said, 1}},
                                    picture[] = {{LLM_PERSON, NULL, &shown, 1}};
    static const struct llm_tool tool = {.name = "look", .schema = "{\"type\":\"object\"}"};
    struct fixture *f = *state;
    const struct pool_candidate who = {.llm = llm_find("openai"), .model = "test-kinds"};
    struct llm_ask ask = {.messages = text, .count = 1, .max_tokens = 10};
    const struct llm_answer figures = {
        .input_tokens = 1000, .cached_tokens = 100, .cache_write_tokens = 200, .output_tokens = 10};
    struct pool_cost cost = {.micros = 0};
    int64_t plain, same, tools, images;

    pg_do(
        f->super,
        "INSERT INTO price (provider, model, valid_from, input, cached, output, cache_write) VALUES"
        " ('openai', 'test-kinds', '2024-01-01', 1000000, 100000, 5000000, 1250000)"
        " ON CONFLICT DO NOTHING");
    ok(f->c, pool_worst(f->c, &who, &ask, &plain));
    ask.messages = parts;
    ok(f->c, pool_worst(f->c, &who, &ask, &same));
    assert_int_equal(plain, same);
    ask.tools = &tool;
    ask.tool_count = 1;
    ok(f->c, pool_worst(f->c, &who, &ask, &tools));
    assert_true(tools >= plain + (int64_t)strlen(tool.schema));
    ask.messages = picture;
    ok(f->c, pool_worst(f->c, &who, &ask, &images));
    assert_true(images > tools + 10000);

    ok(f->c, price_find(f->c, "openai", "test-kinds", &cost.price));
    pool_settle(&figures, false, &cost);
    assert_int_equal(cost.micros, 700 + 10 + 250 + 50);
    pg_do(f->super, "DELETE FROM price WHERE model = 'test-kinds'");
}

/*
 * Every line of the seed makes sense: reading a cache is no dearer than input, writing one no
 * cheaper and known of Anthropic, and answers are no cheaper than questions.
 */
static void the_seeds_prices_make_sense(void **state)
{
    struct fixture *f = *state;

    assert_true(pg_count(f->super, "SELECT count(*) FROM price") > 40);
    assert_null(pg_get(f->mem, f->super,
                       "SELECT provider || ' ' || model FROM price WHERE provider IN ('openai',"
                       " 'anthropic', 'ollama', 'starter') AND model NOT LIKE 'test-%%' AND (cached"
                       " > input OR (output < input AND model NOT LIKE 'text-embedding%%') OR"
                       " cache_write < input OR cache_write > input * 5 / 4"
                       " OR (provider = 'anthropic' AND cache_write IS NULL)"
                       " OR (provider IN ('ollama', 'starter') AND input + output > 0)) LIMIT 1"));
}

/* A new model's name does not slip by the caps, and somebody's own model is not charged for it. */
static void what_has_no_price_is_assumed_to_be_dear(void **state)
{
    static const struct llm_message text[] = {LLM_SAYS(LLM_PERSON, "0123456789")};
    struct fixture *f = *state;
    const struct llm_ask ask = {.messages = text, .count = 1, .max_tokens = 1000};
    struct pool_candidate who = {.llm = llm_find("openai"), .model = "of-tomorrow"};
    struct price price;
    int64_t micros;

    ok(f->c, price_find(f->c, "openai", who.model, &price));
    assert_true(price.assumed);
    assert_null(price.from);
    ok(f->c, pool_worst(f->c, &who, &ask, &micros));
    assert_true(micros > 30000);
    who.account.base_url = "https://models.example.org/v1";
    ok(f->c, pool_worst(f->c, &who, &ask, &micros));
    assert_int_equal(micros, 0);
    who.model = "gpt-5";
    ok(f->c, pool_worst(f->c, &who, &ask, &micros));
    assert_true(micros > 10000);
    ok(f->c, price_find(f->c, "ollama", "any", &price));
    assert_false(price.assumed);
    assert_non_null(price.from);
}

/* Calls that are entered many at once are what they would be one by one, whatever they share. */
static void many_are_what_they_are_one_by_one(void **state)
{
    static const char *const outcomes[] = {"answered", "refused", "failed", "unknown"};
    static const char *const ended[] = {NULL, "whole", "drained", "cancelled"};
    static const char *const models[] = {"gpt-4o", "a \"b\"\\ {c},\n\x01", "\xc3\xa9"};
    struct fixture *f = *state;
    struct usage calls[48];
    const struct usage *rows[COUNT_OF(calls)];

    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        const int64_t n = (int64_t)i;

        calls[i] = (struct usage){.id = id_new(f->mem),
                                  .step_no = -1,
                                  .employee_id = i % 2 == 0 ? f->at.employee_id : NULL,
                                  .team_id = i % 3 == 0 ? f->at.person_id : NULL,
                                  .conversation_id = i % 5 == 0 ? f->at.person_id : NULL,
                                  .key_id = i % 7 == 0 ? NULL : f->at.person_id,
                                  .account_id = i % 11 == 0 ? f->at.person_id : NULL,
                                  .provider = i % 2 == 0 ? "openai" : "anthropic",
                                  .model = models[i % COUNT_OF(models)],
                                  .tokens = {n, n / 2, i % 4 == 0 ? n : 0, 3 * n},
                                  .reasoning_tokens = i % 8 == 0 ? n : 0,
                                  .counted = i % 3 != 0,
                                  .cost_micros = n * n,
                                  .price_from = i % 4 == 0 ? NULL : "2024-01-01",
                                  .price_own = i % 4 == 1,
                                  .ms = 100 + n,
                                  .first_ms = i % 6 == 0 ? n : 0,
                                  .outcome = outcomes[i % COUNT_OF(outcomes)],
                                  .ended = ended[i / 4 % COUNT_OF(ended)],
                                  .tries = i % 9 == 0 ? "[{\"provider\":\"openai\"}]" : NULL};
        rows[i] = &calls[i];
    }
    ok(f->c, usage_add_many(f->c, rows, COUNT_OF(calls)));
    ok(f->c, db_commit(f->c));
    pg_do(f->super,
          "CREATE TEMP TABLE many AS SELECT id, to_jsonb(u) - 'id' - 'created_at' AS what"
          " FROM usage u WHERE tenant_id = '%s'",
          f->at.tenant_id);
    pg_do(f->super, "DELETE FROM usage WHERE tenant_id = '%s'", f->at.tenant_id);
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        ok(f->c, usage_add(f->c, rows[i]));
    ok(f->c, db_commit(f->c));
    assert_int_equal(pg_count(f->super, "SELECT count(*) FROM many m JOIN usage u ON u.id = m.id"
                                        " AND to_jsonb(u) - 'id' - 'created_at' = m.what"),
                     COUNT_OF(calls));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(usage_costs_what_the_table_says),
        FIXTURE_TEST(calls_of_every_kind),
        FIXTURE_TEST(the_seeds_prices_make_sense),
        FIXTURE_TEST(what_has_no_price_is_assumed_to_be_dear),
        FIXTURE_TEST(many_are_what_they_are_one_by_one),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
