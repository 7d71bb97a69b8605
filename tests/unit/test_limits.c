/* The operators' guide prints the table of limits as it is, and plans name its rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/limit.h"

static void the_docs_print_the_table(void **state)
{
    struct arena *mem = arena_new(MIB(1));
    struct buf table = buf_new(mem, KIB(64));
    char *docs = arena_take(mem, KIB(256));
    FILE *f = fopen("docs/operators.md", "r");

    (void)state;
    assert_non_null(f);
    docs[fread(docs, 1, KIB(256) - 1, f)] = '\0';
    fclose(f);
    limit_print(&table);
    if (strstr(docs, buf_str(&table)) == NULL)
        fail_msg("docs/operators.md differs: put the output of `konstruct limits` into it");
    arena_free(mem);
}

/* A plan that names a limit which does not exist would limit nothing. */
static void plans_name_limits_that_exist(void **state)
{
    char line[300], name[60];
    FILE *f = fopen("seed/plans.tsv", "r");
    int found = 0;

    (void)state;
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        bool known = false;

        if (sscanf(line, "limit\t%59[^\t]", name) != 1)
            continue;
        for (int i = 0; i < LIMIT_COUNT; i++)
            known |= strcmp(limit_name((enum limit)i), name) == 0;
        if (!known)
            fail_msg("seed/plans.tsv names a limit that does not exist: %s", name);
        found++;
    }
    fclose(f);
    assert_true(found > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_docs_print_the_table),
                                       cmocka_unit_test(plans_name_limits_that_exist)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
