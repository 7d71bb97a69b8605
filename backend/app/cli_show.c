/* konstruct openapi, settings, permissions, limits: what the program knows about itself. */
#include <stdio.h>
#include <stdlib.h>

#include "api/openapi.h"
#include "app/cli.h"
#include "base/conf.h"
#include "core/limit.h"
#include "core/permission.h"

int cmd_openapi(int argc, char **argv)
{
    struct ctx *c = ctx_new(MIB(16), NULL);
    json_t *document = openapi_document(c);

    (void)argc;
    (void)argv;
    json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(document);
    ctx_end(c);
    return 0;
}

int cmd_settings(int argc, char **argv)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct buf text = buf_new(c->mem, KIB(64));

    (void)argc;
    (void)argv;
    conf_print(&text);
    fputs(buf_str(&text), stdout);
    ctx_end(c);
    return 0;
}

int cmd_permissions(int argc, char **argv)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct buf text = buf_new(c->mem, KIB(64));

    (void)argc;
    (void)argv;
    permissions_print(&text);
    fputs(buf_str(&text), stdout);
    ctx_end(c);
    return 0;
}

int cmd_limits(int argc, char **argv)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct buf text = buf_new(c->mem, KIB(64));

    (void)argc;
    (void)argv;
    limit_print(&text);
    fputs(buf_str(&text), stdout);
    ctx_end(c);
    return 0;
}
