/*
 * Exports of a whole company: asked for, watched, and fetched in pieces. The worker writes them;
 * here a piece of the file is read by the helper thread, so that the event loop waits for no disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "api/handlers.h"
#include "api/page.h"
#include "core/audit.h"
#include "core/tenant_export.h"
#include "flow/queue.h"

#define PIECE MIB(2)
#define READ_MS 30000

static void ring(struct ctx *c, void *arg)
{
    queue_ring(c, c->tenant_id, arg);
}

rc_t exports_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct tenant_export made;
    const char *id, *job_id;

    (void)rq;
    TRY(tenant_export_add(c, &id, &job_id));
    TRY(audit_add(c, c->actor, "tenant.export_asked", id, "{}"));
    TRY(tenant_export_get(c, id, &made));
    rs->committed = ring;
    rs->committed_arg = text_dup(c->mem, job_id);
    return res_one(c, rs, 201, &tenant_export_shape, &made);
}

rc_t exports_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct tenant_export *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(tenant_export_list(c, &page, &items, &count));
    return res_page(c, rq, rs, &tenant_export_shape, items, count, &page);
}

rc_t exports_get(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct tenant_export found;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(tenant_export_get(c, id, &found));
    return res_one(c, rs, 200, &tenant_export_shape, &found);
}

/* A piece of a file on its way to the client. */
struct piece {
    const char *id, *path;
    int64_t from, size;
    char *data;
    ssize_t len;
    int fault;
};

static void read_piece(void *state)
{
    struct piece *p = state;
    int fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    p->len = fd < 0 ? -1 : pread(fd, p->data, PIECE, p->from);
    p->fault = p->len < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
}

static rc_t piece_answer(struct ctx *c, const struct req *rq, struct res *rs, void *state,
                         enum wake why, struct bytes news)
{
    const struct piece *p = state;

    (void)rq;
    (void)news;
    if (why == WAKE_DEADLINE)
        return ctx_fail(c, E_UNAVAILABLE, "busy", "the helper thread did not come to it in time");
    if (p->len <= 0)
        return ctx_fail(c, E_INTERNAL, "archive_not_read", "%s: %s", p->path, strerror(p->fault));
    rs->status = 200;
    rs->type = "application/x-tar";
    rs->body = (struct bytes){p->data, (size_t)p->len};
    res_header(rs, "content-disposition",
               text_printf(c->mem, "attachment; filename=\"konstruct-export-%s.tar\"", p->id));
    if (p->from + p->len < p->size)
        res_header(rs, "link",
                   text_printf(c->mem, "</api/v1/exports/%s/file?from=%lld>; rel=\"next\"", p->id,
                               (long long)(p->from + p->len)));
    return OK;
}

static rc_t from_of(struct ctx *c, const struct req *rq, int64_t size, int64_t *from)
{
    const char *text = req_query(c, rq, "from");

    *from = 0;
    if (text == NULL || (text_int(text, from) == OK && *from >= 0 && *from < size))
        return OK;
    return ctx_bad(c, "from", "not_a_number", "from is a whole number below the file's size.");
}

rc_t exports_file(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct piece *p = arena_take(c->mem, sizeof(*p));
    struct park *park = arena_take(c->mem, sizeof(*park));
    struct tenant_export found;

    TRY(req_id(c, rq, "id", &p->id));
    TRY(tenant_export_get(c, p->id, &found));
    p->path = tenant_export_file(c, p->id);
    if (!text_is(found.state, "ready") || p->path == NULL)
        return ctx_fail(c, E_NOT_FOUND, "export_gone", "There is no archive of this export.");
    TRY(from_of(c, rq, found.bytes, &p->from));
    if (p->from == 0)
        TRY(audit_add(c, c->actor, "tenant.export_fetched", p->id, "{}"));
    p->size = found.bytes;
    p->data = arena_take(c->mem, PIECE);
    *park = (struct park){.kind = PARK_CPU,
                          .deadline_ms = READ_MS,
                          .state = p,
                          .work = read_piece,
                          .resume = piece_answer};
    rs->park = park;
    return OK;
}
