/* konstruct: the command line. The commands stand in commands.def. */
#include "app/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "base/log.h"
#include "core/tenant.h"
#include "io/crypto.h"
#include "io/db.h"
#include "io/http.h"

static const struct command {
    const char *name, *arguments, *about;
    int (*run)(int argc, char **argv);
} commands[] = {
#define CMD(name, arguments, about) {#name, arguments, about, cmd_##name},
#include "app/commands.def"
#undef CMD
};

const char *cli_option(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return NULL;
}

const char *cli_word(int argc, char **argv, int n)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0)
            i++;
        else if (n-- == 0)
            return argv[i];
    }
    return NULL;
}

bool cli_settings(void)
{
    return conf_load(0) == OK;
}

struct ctx *cli_ctx(const char *conninfo, const char *env_name)
{
    if (conninfo == NULL) {
        fprintf(stderr,
                "%s is not set, so there is no database to talk to. Run this where konstruct.conf "
                "or .run/ is, or set "
                "KONSTRUCT_CONF.\n",
                env_name);
        return NULL;
    }
    return ctx_new(MIB(256), db_pool_new(conninfo, 2));
}

void cli_end(struct ctx *c)
{
    struct db_pool *pool = c->db;

    ctx_end(c);
    db_pool_free(pool);
}

int cli_fault(const struct ctx *c)
{
    fprintf(stderr, "%s (%s)\n", c->fault.detail == NULL ? "It failed." : c->fault.detail,
            c->fault.code == NULL ? "unknown" : c->fault.code);
    return 1;
}

static struct ctx *no_tenant(struct ctx *c, const char *why, const char **names, size_t count)
{
    fprintf(stderr, "%s\n", why);
    for (size_t i = 0; i < count && i < 20; i++)
        fprintf(stderr, "  --tenant '%s'\n", names[i]);
    cli_end(c);
    return NULL;
}

struct ctx *cli_tenant_ctx(int argc, char **argv)
{
    struct ctx *c = cli_settings() ? cli_ctx(conf_text(CONF_db_worker), "KONSTRUCT_DB_WORKER")
                                   : NULL;
    const char **ids, **names;
    size_t count;

    if (c == NULL)
        return NULL;
    if (tenant_find(c, cli_option(argc, argv, "--tenant"), &ids, &names, &count) != OK) {
        cli_fault(c);
        cli_end(c);
        return NULL;
    }
    if (count == 0)
        return no_tenant(
            c,
            "There is no such tenant. Sign up in the portal first; `konstruct tenants` lists them.",
            names, 0);
    if (count > 1)
        return no_tenant(c, "There are several tenants; say which one:", names, count);
    if (db_tenant(c, ids[0]) != OK || db_commit(c) != OK) {
        cli_fault(c);
        cli_end(c);
        return NULL;
    }
    return c;
}

static int usage(FILE *to)
{
    fprintf(to, "konstruct COMMAND ...\n\n");
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        fprintf(to, "  %s %s\n      %s\n", commands[i].name, commands[i].arguments,
                commands[i].about);
    fprintf(to, "\nSettings come from the environment, or from konstruct.conf here or in .run/.\n");
    return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
    log_start("konstruct", false);
    crypto_start();
    http_start();
    if (argc < 2)
        return usage(stderr);
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0)
        return usage(stdout);
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(commands[i].name, argv[1]) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "There is no command %s.\n", argv[1]);
    return usage(stderr);
}
