/* Is the process alive, and can it serve? */
#include "api/handlers.h"
#include "base/metric.h"
#include "core/migration.h"
#include "flow/live.h"
#include "io/db.h"

rc_t health_alive(struct ctx *c, const struct req *rq, struct res *rs)
{
    (void)c;
    (void)rq;
    return res_text(rs, 200, "alive\n");
}

/*
 * Without Redis everything is only slower, so it is told but does not take the process out of
 * service.
 */
rc_t health_ready(struct ctx *c, const struct req *rq, struct res *rs)
{
    bool current = false;
    rc_t rc = migration_current(c, &current);
    bool redis = live_there(c);

    (void)rq;
    db_rollback(c); /* a statement that failed must not become the fault of the answer */
    ctx_forgive(c);
    return res_json(c, rs, rc == OK && current ? 200 : 503,
                    json_pack("{s:s, s:s, s:s}", "database", rc == OK ? "ok" : "away", "migrations",
                              rc != OK  ? "unknown"
                              : current ? "ok"
                                        : "missing: run konstruct migrate",
                              "redis", redis ? "ok" : "away"));
}

rc_t metrics_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct buf text = buf_new(c->mem, KIB(64));

    (void)rq;
    metric_print(&text);
    res_text(rs, 200, buf_str(&text));
    rs->type = "text/plain; version=0.0.4; charset=utf-8";
    return OK;
}
