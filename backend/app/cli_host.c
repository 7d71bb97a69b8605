/* konstruct host: who runs this instance, and so may make, suspend and limit its companies. */
#include <stdio.h>

#include "app/cli.h"
#include "base/conf.h"
#include "core/host.h"
#include "io/db.h"

static rc_t list(struct ctx *c)
{
    struct host_person *items;
    size_t count;

    TRY(host_list(c, &items, &count));
    for (size_t i = 0; i < count; i++)
        printf("%-32s %-24s %s\n", items[i].email, items[i].name,
               items[i].factor ? "with a second factor" : "WITHOUT a second factor");
    return OK;
}

static rc_t run(struct ctx *c, const char *what, const char *email)
{
    if (text_is(what, "add"))
        TRY(host_add(c, email));
    if (text_is(what, "remove"))
        TRY(host_remove(c, email));
    TRY(list(c));
    return db_commit(c);
}

int cmd_host(int argc, char **argv)
{
    const char *what = cli_word(argc, argv, 0), *email = cli_word(argc, argv, 1);
    bool changing = text_is(what, "add") || text_is(what, "remove");

    if (!(changing && email != NULL) && !text_is(what, "list")) {
        fprintf(stderr, "konstruct host add EMAIL | remove EMAIL | list\n"
                        "A host makes, suspends and limits companies in the portal, and can read "
                        "nothing in them.\nThe address must be proven: sign up first.\n");
        return 2;
    }

    struct ctx *c = cli_settings() ? cli_ctx(conf_text(CONF_db_owner), "KONSTRUCT_DB_OWNER") : NULL;

    if (c == NULL)
        return 2;

    int code = run(c, what, email) == OK ? 0 : cli_fault(c);

    cli_end(c);
    return code;
}
