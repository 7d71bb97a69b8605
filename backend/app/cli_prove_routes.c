/*
 * The proof through the API: every route of the table as nobody, as each role, with another
 * tenant's ids and with one's own. What a route lets through is judged by the table that the
 * program was built with, while the holes are made in a copy that is served instead.
 */
#include <stdlib.h>
#include <string.h>

#include "app/cli_prove_look.h"
#include "io/db.h"

/* An id that both have is nobody's: such as the one that stands for no connection at all. */
static void drop_common_ids(struct prove *p)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->b.id_count; i++) {
        bool common = false;

        for (size_t k = 0; k < p->a.id_count; k++)
            common = common || text_is(p->a.ids[k], p->b.ids[i]);
        if (!common)
            p->b.ids[kept++] = p->b.ids[i];
    }
    p->b.id_count = kept;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static json_int_t median(int64_t *times, size_t count)
{
    qsort(times, count, sizeof(*times), by_time);
    return count == 0 ? 0 : times[count / 2];
}

static const struct stmt q_sum = {"prove_sum", "SELECT pg_temp.isolation_sum($1::uuid)"};

static rc_t sum_of(struct prove *p, const char *tenant_id, const char **out)
{
    struct db_rows rows;

    TRY(db_rows(p->c, &q_sum, ARGS(A(tenant_id)), &rows));
    *out = db_text(&rows, 0, 0);
    return db_commit(p->c);
}

static rc_t look_at_all(struct look *look)
{
    size_t count;
    const struct route *routes = routes_all(&count);

    for (size_t i = 0; i < count; i++) {
        const struct route *route = &routes[i];
        size_t before = look->asked;

        TRY(prove_go_on(look->p->c));
        if (route->who == WHO_NOBODY)
            look_found(look, route, "says nothing about who may call it");
        if (route->who >= WHO_METRICS)
            look_as_nobody(look, route);
        else
            look_as_stranger(look, route);
        if (route->who >= WHO_HOST) {
            look_as_each_role(look, route);
            if (prove_takes_ids(route))
                look_with_foreign_ids(look, route);
            if (route->method == GET)
                look_with_own_ids(look, route);
        }
        json_array_append_new(json_object_get(look->p->report, "routes"),
                              json_pack("{s:s, s:s, s:s, s:I}", "method",
                                        look_methods[route->method], "path", route->path, "who",
                                        who_name(route->who), "asked",
                                        (json_int_t)(look->asked - before)));
    }
    return OK;
}

static struct look *look_new(struct prove *p)
{
    struct look *look = arena_take(p->c->mem, sizeof(*look));

    look->p = p;
    return look;
}

rc_t prove_routes(struct prove *p)
{
    struct look *look = look_new(p);
    const char *before, *after;

    drop_common_ids(p);
    look->part = prove_part(p, "routes",
                            "each route as nobody, as each role, and with each id of the other "
                            "tenant: refused, or the answer that a missing id gets, and no word "
                            "of the other; nothing of the other tenant's rows has changed");
    look->live = prove_part(p, "live",
                            "each request that waited for live events: the channel is named by an "
                            "id of its own tenant, after its row was read");
    TRY(sum_of(p, p->b.id, &before));
    TRY(look_at_all(look));
    TRY(sum_of(p, p->b.id, &after));
    if (!text_is(before, after))
        prove_finding(p, look->part, "rows of the other tenant have changed on the way");
    if (look->with_own_canary == 0)
        prove_finding(p, look->part,
                      "no answer held the asking tenant's own canary: the look was blind");
    prove_checked(look->part, look->asked);
    json_object_set_new(p->report, "median_us",
                        json_pack("{s:I, s:I}", "missing_id", median(look->missing_us, look->times),
                                  "foreign_id", median(look->foreign_us, look->times)));
    return OK;
}

/* One route in a copy of the table, open to more than before. */
static void widen(struct prove *p, size_t which, enum who who)
{
    size_t count;
    const struct route *own = routes_all(&count);
    struct route *copy = arena_take(p->c->mem, count * sizeof(*copy));
    struct look *look = look_new(p);

    memcpy(copy, own, count * sizeof(*copy));
    copy[which].who = who;
    routes_serve(copy, count);
    if (who == WHO_PUBLIC)
        look_as_nobody(look, &own[which]);
    else
        look_as_each_role(look, &own[which]);
    routes_serve(NULL, 0);
    prove_hole(p,
               text_printf(p->c->mem, "%s %s open to %s", look_methods[own[which].method],
                           own[which].path, who == WHO_PUBLIC ? "everybody" : who_name(who)),
               look->first == NULL ? NULL : "routes", look->first);
}

static const struct stmt q_open = {
    "prove_open", "SELECT pg_temp.isolation_run(format('ALTER TABLE employee DISABLE ROW LEVEL "
                  "SECURITY; CREATE OR REPLACE FUNCTION tenant_now() RETURNS uuid LANGUAGE sql "
                  "STABLE AS $x$ SELECT %L::uuid $x$', $1::text))"};
static const struct stmt q_close = {
    "prove_close",
    "SELECT pg_temp.isolation_run('ALTER TABLE employee ENABLE ROW LEVEL SECURITY; CREATE OR "
    "REPLACE FUNCTION tenant_now() RETURNS uuid LANGUAGE sql STABLE AS $x$ SELECT "
    "NULLIF(current_setting(''app.tenant_id'', true), '''')::uuid $x$')"};

/*
 * That the routes notice a table without its fence, and not only the catalogue. Statements name the
 * tenant a second time, so it must be the wrong one as well.
 */
static rc_t table_hole(struct prove *p)
{
    struct look *look = look_new(p);
    size_t count;
    const struct route *routes = routes_all(&count);

    TRY(db_exec(p->c, &q_open, ARGS(A(p->b.id)), NULL));
    TRY(db_commit(p->c));
    for (size_t i = 0; i < count; i++)
        if (routes[i].who >= WHO_PERSON && routes[i].method == GET) {
            if (prove_takes_ids(&routes[i]))
                look_with_foreign_ids(look, &routes[i]);
            look_with_own_ids(look, &routes[i]);
        }
    TRY(db_exec(p->c, &q_close, NO_ARGS, NULL));
    TRY(db_commit(p->c));
    prove_hole(p,
               "statements that name another tenant, and no row-level security on employee, asked "
               "through the routes",
               look->first == NULL ? NULL : "routes", look->first);
    return OK;
}

rc_t prove_route_holes(struct prove *p)
{
    size_t count;
    const struct route *routes = routes_all(&count);

    TRY(table_hole(p));
    for (size_t i = 0; i < count; i++) {
        TRY(prove_go_on(p->c));
        if (routes[i].who >= WHO_METRICS)
            widen(p, i, WHO_PUBLIC);
        if (!who_permitted(routes[i].who, permits_of_role(role_name(ROLE_VIEWER))))
            widen(p, i, WHO_PERSON);
    }
    return OK;
}
