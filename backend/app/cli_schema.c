/* konstruct migrate, seed, tenants: the database. */
#include <stdio.h>

#include "app/cli.h"
#include "base/conf.h"
#include "core/migration.h"
#include "core/tenant.h"

static void told(const char *name)
{
    printf("applied %s\n", name);
}

static int end(struct ctx *c, rc_t rc)
{
    int code = rc == OK ? 0 : cli_fault(c);

    cli_end(c);
    return code;
}

int cmd_migrate(int argc, char **argv)
{
    struct ctx *c = cli_settings() ? cli_ctx(conf_text(CONF_db_owner), "KONSTRUCT_DB_OWNER") : NULL;
    int applied = 0;

    (void)argc;
    (void)argv;
    if (c == NULL)
        return 2;

    rc_t rc = migration_run(c, told, &applied);

    if (rc == OK && applied == 0)
        printf("The schema is up to date.\n");
    return end(c, rc);
}

int cmd_seed(int argc, char **argv)
{
    struct ctx *c = cli_settings() ? cli_ctx(conf_text(CONF_db_owner), "KONSTRUCT_DB_OWNER") : NULL;

    (void)argc;
    (void)argv;
    return c == NULL ? 2 : end(c, seed_run(c));
}

int cmd_tenants(int argc, char **argv)
{
    struct ctx *c = cli_settings() ? cli_ctx(conf_text(CONF_db_worker), "KONSTRUCT_DB_WORKER")
                                   : NULL;
    const char **ids, **names;
    size_t count;

    (void)argc;
    (void)argv;
    if (c == NULL)
        return 2;

    rc_t rc = tenant_find(c, NULL, &ids, &names, &count);

    for (size_t i = 0; rc == OK && i < count; i++)
        printf("%s  %s\n", ids[i], names[i]);
    return end(c, rc);
}
