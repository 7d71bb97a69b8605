/*
 * Lists by pages: nothing is skipped or told twice, whatever is added meanwhile; and what says
 * where to go on comes from us, for this company, this list and this order, or is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "api/query.h"
#include "base/id.h"
#include "call.h"

#include <cmocka.h>

#define EMPLOYEES 23

/* Many of one name, and in groups of one time: places where an order alone does not tell apart. */
static void hire(PGconn *super, const char *tenant_id, int from, int count)
{
    for (int i = from; i < from + count; i++)
        pg_do(super,
              "INSERT INTO employee (tenant_id, id, name, role, about, persona, created_at)"
              " VALUES ('%s', gen_random_uuid(), 'Twin %d', 'r', 'a', 'p', "
              "timestamptz '2026-01-01' + interval '1 microsecond' * %d)",
              tenant_id, i / 5, i / 4);
}

static bool seen_before(const char *seen, const char *id)
{
    return strstr(seen, id) != NULL;
}

struct walked {
    size_t items, pages;
    const char *ids; /* in the order they came */
};

/* All pages of a list; between them `between` is called, if there is one. */
static struct walked walk(struct arena *mem, const char *token, const char *path,
                          void (*between)(void *arg), void *arg)
{
    struct walked w = {.ids = ""};
    const char *after = NULL;

    do {
        struct reply r = get(mem, token,
                             after == NULL ? path : text_printf(mem, "%s&after=%s", path, after));

        expect(&r, 200, NULL);
        for (size_t i = 0; i < count_of(&r); i++) {
            const char *id = json_str(item_of(&r, i), "id");

            if (seen_before(w.ids, id))
                fail_msg("%s: %s came twice", path, id);
            w.ids = text_printf(mem, "%s %s", w.ids, id);
            w.items++;
        }
        w.pages++;
        after = json_str(r.json, "next");
        if (between != NULL)
            between(arg);
    } while (after != NULL && w.pages < 100);
    return w;
}

static void every_order_tells_all_once(void **state)
{
    static const char *const sorts[] = {"created", "-created", "name", "-name"};
    struct arena *mem = *state;
    struct office o = office_new(mem);
    PGconn *super = pg_open(PG_SUPER);

    hire(super, o.at.tenant_id, 0, EMPLOYEES);
    for (size_t i = 0; i < COUNT_OF(sorts); i++)
        for (int limit = 1; limit <= EMPLOYEES + 2; limit += 3) {
            struct walked w = walk(
                mem, o.viewer,
                text_printf(mem, "/api/v1/employees?limit=%d&sort=%s", limit, sorts[i]), NULL,
                NULL);

            assert_int_equal(w.items, EMPLOYEES + 1);
            assert_int_equal(w.pages, (EMPLOYEES + 1 + limit - 1) / limit);
        }
    /* The first one named is the usual order, and a filter holds through all pages. */
    assert_string_equal(
        walk(mem, o.viewer, "/api/v1/employees?limit=7", NULL, NULL).ids,
        walk(mem, o.viewer, "/api/v1/employees?limit=5&sort=created", NULL, NULL).ids);
    pg_do(super, "UPDATE employee SET state = 'paused' WHERE tenant_id = '%s' AND name = 'Twin 1'",
          o.at.tenant_id);
    assert_int_equal(
        walk(mem, o.viewer, "/api/v1/employees?limit=2&state=paused", NULL, NULL).items, 5);
    PQfinish(super);
}

struct hiring {
    PGconn *super;
    const char *tenant_id;
    int next;
};

static void hire_more(void *arg)
{
    struct hiring *h = arg;

    hire(h->super, h->tenant_id, h->next, 3);
    h->next += 3;
}

/* With an offset each of these would push a row into the next page, or out of it. */
static void what_is_added_meanwhile_moves_nothing(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct hiring h = {pg_open(PG_SUPER), o.at.tenant_id, 0};

    hire(h.super, o.at.tenant_id, 1000, EMPLOYEES);

    const char *before = walk(mem, o.viewer, "/api/v1/employees?limit=200", NULL, NULL).ids;
    struct walked during = walk(mem, o.viewer, "/api/v1/employees?limit=4&sort=-created", hire_more,
                                &h);

    /* Each that was there at the beginning came, and came once (walk says so). */
    for (const char *id = before; *id != '\0'; id += ID_LEN + 1)
        if (!seen_before(during.ids, text_copy(mem, id + 1, ID_LEN)))
            fail_msg("%.36s was skipped", id + 1);
    PQfinish(h.super);
}

static const char *next_of(struct arena *mem, const char *token, const char *path)
{
    struct reply r = get(mem, token, path);

    expect(&r, 200, NULL);
    return text_of(&r, "next");
}

static void only_our_own_cursors_are_taken(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    PGconn *super = pg_open(PG_SUPER);

    hire(super, o.at.tenant_id, 0, 9);
    hire(super, other.at.tenant_id, 0, 9);

    session_of(mem, o.at.tenant_id, o.member_id);

    const char *own = next_of(mem, o.viewer, "/api/v1/employees?limit=2");
    const char *wrong[] = {
        "",
        "x",
        "!!",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA",
        text_copy(mem, own, strlen(own) - 2),
        text_printf(mem, "%sAA", own),
        text_printf(mem, "B%s", own + 1),
        /* The same page of another company, of another list, in another order. */
        next_of(mem, other.viewer, "/api/v1/employees?limit=2"),
        next_of(mem, o.member, "/api/v1/sessions?limit=1"),
        next_of(mem, o.viewer, "/api/v1/employees?limit=2&sort=name"),
        "%00",
        "%ff",
    };

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct reply r = get(mem, o.viewer,
                             text_printf(mem, "/api/v1/employees?limit=2&after=%s", wrong[i]));

        if (r.status != 400 || (!text_is(r.code, "cursor_wrong") && !text_is(r.code, "too_long")))
            fail_msg("%zu (%s): %d %s", i, wrong[i], r.status, r.body);
    }
    /* A signature, bit by bit. */
    for (size_t i = 0; i < 22; i++) {
        char *bent = text_dup(mem, own);

        bent[i] = bent[i] == 'A' ? 'B' : 'A';
        struct reply r = get(mem, o.viewer,
                             text_printf(mem, "/api/v1/employees?limit=2&after=%s", bent));

        expect(&r, 400, "cursor_wrong");
    }
    PQfinish(super);
}

static void only_what_the_row_names_is_taken(void **state)
{
    static const struct {
        const char *query, *code, *says;
    } rows[] = {
        {"limit=0", "not_a_number", "between 1 and 200"},
        {"limit=201", "not_a_number", "between 1 and 200"},
        {"limit=-1", "not_a_number", NULL},
        {"limit=1e1", "not_a_number", NULL},
        {"limit=", "not_a_number", NULL},
        {"limit=99999999999999999999", "not_a_number", NULL},
        {"sort=salary", "not_a_choice", "created, -created, name, -name"},
        {"sort=created;DROP", "not_a_choice", NULL},
        {"state=asleep", "not_a_choice", "working, paused"},
        {"colour=red", "unknown_parameter", "limit, after, sort, state"},
        {"Limit=5", "unknown_parameter", NULL},
        {"limit=5&limit=6", "twice", NULL},
        {"offset=5", "unknown_parameter", NULL},
    };
    struct arena *mem = *state;
    struct office o = office_new(mem);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct reply r = get(mem, o.viewer,
                             text_printf(mem, "/api/v1/employees?%s", rows[i].query));

        expect(&r, 400, rows[i].code);
        if (rows[i].says != NULL && strstr(r.body, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].query, r.body);
    }
}

/* Lists of what the program itself knows, or that are short by nature, have one page. */
static bool has_one_page(const struct route *route)
{
    static const char *const paths[] = {
        "/api/v1/scopes",     "/api/v1/permissions",        "/api/v1/host/tenants/:id/limits",
        "/api/v1/host/plans", "/api/v1/messages/:id/calls", "/api/v1/provider-accounts"};
    bool one = false;

    for (size_t i = 0; i < COUNT_OF(paths); i++)
        one = one || strcmp(route->path, paths[i]) == 0;
    return one;
}

/*
 * Every list route that is asked by GET takes limit and after, and goes on where it stopped: a new
 * one is covered without an edit here.
 */
static void each_list_has_pages(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    PGconn *super = pg_open(PG_SUPER);
    size_t count, walked = 0;
    const struct route *routes = routes_all(&count);

    hire(super, o.at.tenant_id, 0, 3);
    session_of(mem, o.at.tenant_id, o.at.person_id);
    /* Some lists are for those who run the instance. */
    pg_do(super, "INSERT INTO host_person (person_id) VALUES ('%s')", o.at.person_id);
    for (size_t i = 0; i < count; i++) {
        const struct route *route = &routes[i];
        bool limit = false, after = false;
        struct query_param p;

        if (route->kind != ANSWER_LIST || route->method != GET || has_one_page(route))
            continue;
        for (const char *rest = route->query; query_next(mem, &rest, &p);) {
            limit = limit || strcmp(p.name, "limit") == 0;
            after = after || strcmp(p.name, "after") == 0;
        }
        if (!limit || !after)
            fail_msg("%s: a list route has the parameters limit and after; see docs/developers.md",
                     route->path);
        if (!who_permitted(route->who, permits_of_role("admin")) ||
            strchr(route->path, ':') != NULL)
            continue;

        const char *must = strstr(route->query, "employee_id!") != NULL
                               ? text_printf(mem, "&employee_id=%s", o.at.employee_id)
                           : strstr(route->query, "of=") != NULL ? "&of=action"
                           : strstr(route->query, "by=") != NULL ? "&by=day"
                                                                 : "";
        struct reply one = get(mem, o.admin, text_printf(mem, "%s?limit=1%s", route->path, must));

        expect(&one, 200, NULL);
        assert_true(count_of(&one) <= 1);
        if (json_str(one.json, "next") == NULL)
            continue;
        struct reply two = get(mem, o.admin,
                               text_printf(mem, "%s?limit=1%s&after=%s", route->path, must,
                                           json_str(one.json, "next")));

        expect(&two, 200, NULL);
        if (count_of(&two) > 0 && json_equal(item_of(&one, 0), item_of(&two, 0)))
            fail_msg("%s: the second page is the first", route->path);
        walked++;
    }
    assert_true(walked >= 2);
    pg_do(super, "DELETE FROM host_person");
    PQfinish(super);
}

static void sessions_begin_with_the_one_that_asks(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);

    for (int i = 0; i < 6; i++)
        session_of(mem, o.at.tenant_id, o.member_id);

    struct reply first = get(mem, o.member, "/api/v1/sessions?limit=1");

    assert_true(json_is_true(json_object_get(item_of(&first, 0), "current")));
    assert_int_equal(walk(mem, o.member, "/api/v1/sessions?limit=2", NULL, NULL).items, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_order_tells_all_once, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(what_is_added_meanwhile_moves_nothing, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(only_our_own_cursors_are_taken, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(only_what_the_row_names_is_taken, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(each_list_has_pages, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(sessions_begin_with_the_one_that_asks, api_setup,
                                        api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
