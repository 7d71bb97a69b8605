/*
 * The permission table: it grows with the roles, its names are sets of their own, and the docs
 * print it as it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "api/routes.h"

#include <cmocka.h>

/* Whoever is higher can do all that the lower can: nobody must change roles to do less. */
static void each_role_holds_the_one_below(void **state)
{
    permits below = 0;

    (void)state;
    for (enum role role = ROLE_VIEWER; role < ROLE_COUNT; role++) {
        permits own = permits_of_role(role_name(role));

        assert_int_equal(own & below, below);
        assert_int_not_equal(own, below);
        below = own;
    }
    /* A permission that no role has would close its routes for good. */
    for (size_t i = 0; i < PERMISSION_COUNT; i++)
        assert_true(permits_has(below, (enum permission)i));
}

static void a_name_that_is_no_role_may_nothing(void **state)
{
    (void)state;
    assert_int_equal(permits_of_role("owner"), 0);
    assert_int_equal(permits_of_role(""), 0);
    assert_int_equal(permits_of_role("Admin"), 0);
}

static void routes_ask_for_rows_of_the_table(void **state)
{
    permits viewer = permits_of_role("viewer");

    (void)state;
    assert_false(who_permitted(WHO_NOBODY, ~(permits)0));
    assert_false(who_permitted(WHO_METRICS, ~(permits)0));
    assert_true(who_permitted(WHO_PERSON, 0));
    assert_true(who_permitted(MAY_employees_read, viewer));
    assert_false(who_permitted(MAY_audit_read, viewer));
    assert_string_equal(who_name(MAY_audit_read), "audit:read");
}

/* Each row is somebody's: a permission that no route asks for would promise what is not kept. */
static void each_permission_is_asked_for(void **state)
{
    size_t count;
    const struct route *routes = routes_all(&count);

    (void)state;
    for (enum who who = WHO_PERSON + 1; who < WHO_COUNT; who++) {
        size_t asks = 0;

        for (size_t i = 0; i < count; i++)
            asks += routes[i].who == who;
        if (asks == 0)
            fail_msg("no route asks for %s", who_name(who));
    }
}

static void names_come_in_the_order_of_the_table(void **state)
{
    struct arena *mem = arena_new(MIB(1));

    (void)state;
    assert_string_equal(permits_text(mem, 0), "");
    assert_string_equal(
        permits_text(mem, (permits)1 << PERMISSION_audit_read | 1 << PERMISSION_tenant_read),
        "tenant:read audit:read");
    arena_free(mem);
}

static void the_docs_print_the_table(void **state)
{
    struct arena *mem = arena_new(MIB(1));
    struct buf table = buf_new(mem, KIB(64));
    char docs[KIB(64)] = "";
    FILE *f = fopen("docs/permissions.md", "r");

    (void)state;
    assert_non_null(f);
    docs[fread(docs, 1, sizeof(docs) - 1, f)] = '\0';
    fclose(f);
    permissions_print(&table);
    if (strstr(docs, buf_str(&table)) == NULL)
        fail_msg("docs/permissions.md differs: put the output of `konstruct permissions` into it");
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_holds_the_one_below),
        cmocka_unit_test(a_name_that_is_no_role_may_nothing),
        cmocka_unit_test(routes_ask_for_rows_of_the_table),
        cmocka_unit_test(each_permission_is_asked_for),
        cmocka_unit_test(names_come_in_the_order_of_the_table),
        cmocka_unit_test(the_docs_print_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
