/* Entries are found by filters, page by page, with bounded work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "audit_help.h"
#include "core/audit_find.h"

#include <cmocka.h>

static size_t find(const char *tenant_id, struct audit_filter f, char *seqs, size_t room,
                   int64_t *next)
{
    struct ctx *c = pg_ctx(PG_WEB, tenant_id);
    struct audit_entry *items;
    size_t count;

    ok(c, audit_find(c, &f, 50, &items, &count, next));
    seqs[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(seqs);

        snprintf(seqs + len, room - len, "%s%lld", i == 0 ? "" : " ", (long long)items[i].seq);
    }
    ctx_end(c);
    return count;
}

static void filters_find(void **state)
{
    struct place at = place_new(*state), other = place_new(*state);
    char seqs[400];
    int64_t next;

    /* Entry 1 is tenant.created. */
    add(at.tenant_id, "person:anna", "person.logged_in", "x1", "{}");
    add(at.tenant_id, "employee:mara", "message.answered", "x2", "{\"model\":\"gpt-4o\"}");
    add(at.tenant_id, "person:anna", "employee.changed", "x2", "{\"field\":\"name\"}");
    add(other.tenant_id, "person:anna", "person.logged_in", "x1", "{}");

    const struct {
        struct audit_filter filter;
        const char *seqs;
    } rows[] = {
        {{.actor = NULL}, "4 3 2 1"},
        {{.actor = "person:anna"}, "4 2"},
        {{.action = "person.logged_in"}, "2"},
        {{.object = "x2"}, "4 3"},
        {{.object = "x2", .actor = "person:anna"}, "4"},
        {{.text = "gpt"}, "3"},
        {{.text = "LOGGED anna"}, "2"},
        {{.text = "anna mara"}, ""},
        {{.text = "!!! (:*"}, ""},
        {{.before = 3}, "2 1"},
        {{.before = 1}, ""},
        {{.from = 1}, "4 3 2 1"},
        {{.to = 1}, ""},
        {{.from = 4102444800}, ""},
        {{.to = 4102444800, .action = "employee.changed"}, "4"},
        {{.actor = "person:nobody"}, ""},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        find(at.tenant_id, rows[i].filter, seqs, sizeof(seqs), &next);
        if (strcmp(seqs, rows[i].seqs) != 0 || next != 0)
            fail_msg("row %zu: %s, not %s; next %lld", i, seqs, rows[i].seqs, (long long)next);
    }
}

static void pages_follow_each_other(void **state)
{
    struct place at = place_new(*state);
    char seqs[400];
    int64_t next = 0, seen = 0;

    add_many(at.tenant_id, 120);
    do
        seen += (int64_t)find(at.tenant_id, (struct audit_filter){.before = next}, seqs,
                              sizeof(seqs), &next);
    while (next != 0);
    assert_int_equal(seen, 121);
}

/* Behind every door, without hashes: for how many there are, not for what they say. */
static void pour(const char *tenant_id, int count)
{
    PGconn *super = pg_open(PG_SUPER);

    pg_do(super,
          "BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL synchronous_commit = off;"
          " INSERT INTO audit SELECT '%s', n, clock_timestamp(), 'person:many', 'thing.done', 'x', "
          "'{}',"
          " '', '', audit_words('person:many', 'thing.done', 'x', '{}') FROM generate_series(2, "
          "%d) n;"
          " UPDATE audit_head SET seq = %d WHERE tenant_id = '%s'; COMMIT",
          tenant_id, count, count, tenant_id);
    PQfinish(super);
}

/* A filter with an index jumps; words are looked for in bounded spans; nothing is missed. */
static void old_entries_are_found_with_bounded_work(void **state)
{
    struct place at = place_new(*state);
    char seqs[400];
    int64_t next;
    int calls = 0;

    pour(at.tenant_id, 101000);
    assert_int_equal(find(at.tenant_id, (struct audit_filter){.action = "tenant.created"}, seqs,
                          sizeof(seqs), &next),
                     1);
    next = 0;
    do {
        find(at.tenant_id, (struct audit_filter){.text = "created", .before = next}, seqs,
             sizeof(seqs), &next);
        calls++;
    } while (next != 0);
    assert_string_equal(seqs, "1");
    assert_int_equal(calls, 2);
}

static void names_are_those_that_occur(void **state)
{
    struct place at = place_new(*state);
    struct audit_name *items;
    size_t count;

    add(at.tenant_id, text_printf(*state, "employee:%s", at.employee_id), "a.b", "x", "{}");
    add(at.tenant_id, text_printf(*state, "person:%s", at.person_id), "a.b", "x", "{}");

    struct ctx *c = pg_ctx(PG_WEB, at.tenant_id);

    ok(c, audit_names(c, true, &(struct page){.most = 10}, &items, &count));
    assert_int_equal(count, 3);
    assert_string_equal(items[0].name, "Mara");
    assert_string_equal(items[1].name, "Somebody");
    assert_string_equal(items[2].value, "system");
    ok(c, audit_names(c, false, &(struct page){.most = 10}, &items, &count));
    assert_int_equal(count, 2);
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AUDIT_TEST(filters_find),
        AUDIT_TEST(pages_follow_each_other),
        AUDIT_TEST(old_entries_are_found_with_bounded_work),
        AUDIT_TEST(names_are_those_that_occur),
    };

    return cmocka_run_group_tests(tests, audit_help_start, pg_stop);
}
