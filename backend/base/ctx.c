/* See ctx.h. */
#include "base/ctx.h"

#include <stdarg.h>

#include "base/id.h"

#define DETAIL_MAX KIB(4)

struct ctx *ctx_new(size_t max, struct db_pool *db)
{
    struct arena *mem = arena_new(max);
    struct ctx *c = arena_take(mem, sizeof(*c));

    *c = (struct ctx){.mem = mem, .db = db};
    c->reference = id_new(mem);
    return c;
}

struct ctx *ctx_part(const struct ctx *whole, size_t max)
{
    struct arena *mem = arena_new(max);
    struct ctx *c = arena_take(mem, sizeof(*c));

    *c = (struct ctx){.mem = mem, .reference = whole->reference};
    return c;
}

void ctx_end(struct ctx *c)
{
    if (c != NULL)
        arena_free(c->mem);
}

static rc_t record(struct ctx *c, rc_t rc, const char *field, const char *code, const char *format,
                   va_list args)
{
    if (c->fault.rc != OK)
        return rc;

    /* Details quote what vendors and clients sent, and go into JSON and columns of text. */
    const char *detail = text_clean(c->mem, text_vprintf(c->mem, format, args), DETAIL_MAX);

    c->fault = (struct fault){.rc = rc, .code = code, .field = field, .detail = detail};
    return rc;
}

rc_t ctx_fail(struct ctx *c, rc_t rc, const char *code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    rc = record(c, rc, NULL, code, format, args);
    va_end(args);
    return rc;
}

rc_t ctx_bad(struct ctx *c, const char *field, const char *code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    rc_t rc = record(c, E_INVALID, field, code, format, args);
    va_end(args);
    return rc;
}

rc_t ctx_over(struct ctx *c, const char *code, const char *limit, int64_t wait_s,
              const char *format, ...)
{
    bool first = c->fault.rc == OK;
    va_list args;

    va_start(args, format);
    rc_t rc = record(c, E_LIMIT, NULL, code, format, args);
    va_end(args);
    if (first) {
        c->fault.limit = limit;
        c->fault.wait_s = wait_s < 1 ? 1 : wait_s;
    }
    return rc;
}

void ctx_forgive(struct ctx *c)
{
    c->fault = (struct fault){.rc = OK};
}
