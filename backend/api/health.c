/* Is the process alive, and can it serve? */
#include "api/health.h"

#include "api/handlers.h"
#include "base/metric.h"
#include "core/migration.h"
#include "flow/live.h"
#include "io/db.h"

struct readiness {
    const char *database, *migrations, *redis;
};

static const struct field fields[] = {
    FIELD_OF(struct readiness, database, READ_ONLY, "ok away", NULL),
    FIELD_OF(struct readiness, migrations, READ_ONLY, "ok missing unknown",
             "missing: run konstruct migrate"),
    FIELD_OF(struct readiness, redis, READ_ONLY, "ok away", "Without it everything is slower"),
};
const struct shape readiness_shape = SHAPE("Readiness", struct readiness, fields);

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
    const struct readiness now = {.database = rc == OK ? "ok" : "away",
                                  .migrations = rc != OK  ? "unknown"
                                                : current ? "ok"
                                                          : "missing",
                                  .redis = live_there(c) ? "ok" : "away"};

    (void)rq;
    db_rollback(c); /* a statement that failed must not become the fault of the answer */
    ctx_forgive(c);
    return res_one(c, rs, rc == OK && current ? 200 : 503, &readiness_shape, &now);
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
