/*
 * konstruct keys: rotation of the master key, the web key and the tenants' keys, while everything
 * runs.
 */
#include <stdio.h>

#include "app/cli.h"
#include "base/conf.h"
#include "core/audit.h"
#include "core/key_rotation.h"
#include "core/tenant.h"
#include "io/db.h"

static const struct kind {
    const char *name;
    rc_t (*rotate)(struct ctx *c, int64_t *done);
    enum conf needs;
} kinds[] = {
    {"master", rotate_master, CONF_master_key},
    {"tenant", rotate_tenant, CONF_master_key},
    {"web", rotate_web, CONF_web_key},
};

static rc_t rotate_one(struct ctx *c, const struct kind *kind)
{
    int64_t done = 0;

    if (conf_text(kind->needs) == NULL)
        return ctx_fail(c, E_INVALID, "key_missing",
                        "The %s key is not set here; this command needs it.",
                        kind->needs == CONF_web_key ? "web" : "master");
    TRY(kind->rotate(c, &done));
    TRY(audit_add(
        c, "host", "keys.rotated", c->tenant_id,
        text_printf(c->mem, "{\"kind\":\"%s\",\"values\":%lld}", kind->name, (long long)done)));
    printf("%s  %-6s  %lld sealed anew\n", c->tenant_id, kind->name, (long long)done);
    return db_commit(c);
}

/* Each tenant in a context of its own, so that memory does not grow with their number. */
static rc_t rotate_tenant_all_kinds(struct db_pool *pool, const char *tenant_id, const char *kind)
{
    struct ctx *c = ctx_new(MIB(64), pool);
    rc_t rc = OK;

    c->tenant_id = tenant_id;
    for (size_t i = 0; i < COUNT_OF(kinds) && rc == OK; i++)
        if (text_is(kind, "all") || text_is(kind, kinds[i].name))
            rc = rotate_one(c, &kinds[i]);
    if (rc == E_UNAVAILABLE && text_is(c->fault.code, "no_key_yet"))
        rc = OK; /* a tenant whose first key is still to be made has nothing to rotate */
    if (rc != OK)
        cli_fault(c);
    ctx_end(c);
    return rc;
}

static bool kind_known(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (text_is(kinds[i].name, name))
            return true;
    return text_is(name, "all");
}

int cmd_keys(int argc, char **argv)
{
    const char *kind = cli_option(argc, argv, "--kind"), **ids, **names;
    size_t count = 0;
    rc_t rc;

    kind = kind == NULL ? "all" : kind;
    if (!text_is(cli_word(argc, argv, 0), "rotate") || !kind_known(kind)) {
        fprintf(stderr, "konstruct keys rotate [--kind master|tenant|web|all] [--tenant T]\n"
                        "For master and web: set the new key, and the one before it as "
                        "KONSTRUCT_MASTER_KEY_PREVIOUS or KONSTRUCT_WEB_KEY_PREVIOUS,\nfor every "
                        "process; rotate; then take the previous one away.\n");
        return 2;
    }

    struct ctx *c = cli_settings() ? cli_ctx(conf_text(CONF_db_worker), "KONSTRUCT_DB_WORKER")
                                   : NULL;

    if (c == NULL)
        return 2;
    rc = tenant_find(c, cli_option(argc, argv, "--tenant"), &ids, &names, &count);
    if (rc == OK)
        rc = db_commit(c);
    if (rc != OK)
        cli_fault(c);
    for (size_t i = 0; i < count && rc == OK; i++)
        rc = rotate_tenant_all_kinds(c->db, ids[i], kind);
    cli_end(c);
    return rc == OK ? 0 : 1;
}
