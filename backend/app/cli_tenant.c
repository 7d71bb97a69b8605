/* konstruct tenant: the end of a company, by whoever runs the instance. */
#include <stdio.h>
#include <string.h>

#include "app/cli.h"
#include "base/conf.h"
#include "core/erasure.h"
#include "core/tenant.h"
#include "flow/erase.h"
#include "flow/live.h"
#include "io/db.h"

static const char usage[] =
    "konstruct tenant erase --confirm NAME [--tenant T]          in some days, unless an admin "
    "stops it\n"
    "konstruct tenant erase --confirm NAME [--tenant T] --now    at once; run again, it goes on\n";

static bool flag(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}

/* What can't be undone wants the name itself, even where there is only one company. */
static rc_t confirmed(struct ctx *c, const char *given)
{
    const char *name;

    TRY(tenant_name(c, &name));
    if (!text_is(given, name))
        return ctx_fail(c, E_INVALID, "company_wrong",
                        "Repeat the name of the company that is to be erased: --confirm '%s'",
                        name);
    return db_commit(c);
}

static void tell(const char *table)
{
    printf("  %s\n", table);
    fflush(stdout);
}

static rc_t at_once(struct ctx *c)
{
    rc_t rc;

    live_start(conf_text(CONF_redis_url));
    rc = erase_at_once(c, tell);
    live_stop();
    TRY(rc);
    printf("Erased. What stays is the bare audit: numbers, times and hashes.\n");
    return OK;
}

static rc_t in_some_days(struct ctx *c)
{
    c->actor = "host";
    TRY(erasure_add(c));
    TRY(erasure_mail(c, "erasure_asked"));
    TRY(db_commit(c));
    printf("It will be erased in %lld days, unless an admin stops it.\n",
           (long long)conf_number(CONF_erase_days));
    return OK;
}

static rc_t erase(struct ctx *c, int argc, char **argv)
{
    TRY(confirmed(c, cli_option(argc, argv, "--confirm")));
    return flag(argc, argv, "--now") ? at_once(c) : in_some_days(c);
}

int cmd_tenant(int argc, char **argv)
{
    struct ctx *c;
    int code;

    if (!text_is(cli_word(argc, argv, 0), "erase")) {
        fputs(usage, stderr);
        return 2;
    }
    c = cli_tenant_ctx(argc, argv);
    if (c == NULL)
        return 2;
    code = erase(c, argc, argv) == OK ? 0 : cli_fault(c);
    cli_end(c);
    return code;
}
