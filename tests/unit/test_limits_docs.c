/* The operators' guide prints the table of limits as it is. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_docs_print_the_table)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
