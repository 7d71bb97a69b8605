/* See cli_prove_look.h. */
#include "app/cli_prove_look.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "io/db.h"

#define FEW 4 /* ids that the lower roles try on each route; the admin tries all */

const char *const look_methods[METHOD_COUNT] = {
    [GET] = "GET", [POST] = "POST", [PUT] = "PUT", [PATCH] = "PATCH", [DELETE] = "DELETE"};

void look_found(struct look *look, const struct route *route, const char *what)
{
    const char *text = text_printf(look->p->c->mem, "%s %s: %s", look_methods[route->method],
                                   route->path, what);

    if (look->first == NULL)
        look->first = text;
    if (look->part != NULL)
        prove_finding(look->p, look->part, text);
}

static int64_t ask(struct look *look, struct arena *mem, const struct route *route,
                   const char *token, const char *id, struct prove_answer *out)
{
    int64_t began = clock_mono_us();

    prove_ask(look->p, mem,
              &(struct prove_request){.method = route->method,
                                      .path = prove_path(mem, route, id),
                                      .token = token,
                                      .body = prove_body(mem, route, id)},
              out);
    look->asked++;
    return clock_mono_us() - began;
}

void look_as_nobody(struct look *look, const struct route *route)
{
    struct arena *mem = arena_new(MIB(16));
    const char *admin = look->p->a.tokens[PROVE_ROLES - 1];
    const char *tokens[] = {NULL, "", "x", text_printf(mem, "%sx", admin),
                            text_copy(mem, admin, strlen(admin) - 1)};

    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        struct prove_answer got;

        ask(look, mem, route, tokens[i], id_new(mem), &got);
        if (got.status != 401)
            look_found(look, route,
                       text_printf(mem, "answers somebody without a session: %d", got.status));
    }
    arena_free(mem);
}

void look_as_each_role(struct look *look, const struct route *route)
{
    for (size_t i = 0; i < PROVE_ROLES; i++) {
        struct arena *mem = arena_new(MIB(16));
        bool may = who_permitted(route->who, permits_of_role(prove_roles[i]));
        struct prove_answer got;

        if (!may || route->method == GET || prove_takes_ids(route)) {
            ask(look, mem, route, look->p->a.tokens[i], id_new(mem), &got);
            bool refused = got.status == 403 && text_is(got.code, "not_permitted");

            if (refused == may || got.status == 401)
                look_found(look, route,
                           text_printf(mem, "%s for a %s: %d %s", may ? "closed" : "open",
                                       prove_roles[i], got.status,
                                       got.code == NULL ? "" : got.code));
        }
        arena_free(mem);
    }
}

static bool holds_other(const struct prove *p, const char *text, const char *asked)
{
    if (strstr(text, p->b.mark) != NULL)
        return true;
    for (size_t i = 0; i < p->b.id_count; i++)
        if (!text_is(p->b.ids[i], asked) && strstr(text, p->b.ids[i]) != NULL)
            return true;
    return false;
}

static const struct stmt q_owner = {
    "prove_owner", "SELECT count(*) FROM pg_temp.isolation_ids($1::uuid) AS id WHERE id = $2"};

/* Whether a row of the asking tenant holds this id, be it made by the request itself. */
static bool is_own(struct prove *p, const char *id)
{
    struct db_rows rows;
    bool own = db_rows(p->c, &q_owner, ARGS(A(p->a.id), A(id)), &rows) == OK &&
               db_int(&rows, 0, 0) > 0;

    db_rollback(p->c);
    return own;
}

/* A channel is named by one id, and only by one that the asking tenant has. */
static void channel_check(struct look *look, const struct route *route,
                          const struct prove_answer *got)
{
    static const char start[] = "konstruct:live:";

    if (got->channel == NULL)
        return;
    if (look->live != NULL)
        prove_checked(look->live, 1);
    if (!text_starts(got->channel, start) || !is_own(look->p, got->channel + sizeof(start) - 1))
        look_found(look, route, "waits on a live channel that is not of its own tenant");
}

static void with_foreign_id(struct look *look, const struct route *route, const char *who,
                            const char *token, const char *id)
{
    struct arena *mem = arena_new(MIB(32));
    struct prove_answer missing, foreign;
    int64_t missing_us = ask(look, mem, route, token, id_new(mem), &missing);
    int64_t foreign_us = ask(look, mem, route, token, id, &foreign);

    if (look->times < TIMES_MAX && token != NULL) {
        look->missing_us[look->times] = missing_us;
        look->foreign_us[look->times++] = foreign_us;
    }
    if (missing.status != foreign.status || !text_is(missing.code, foreign.code) ||
        !text_is(missing.body, foreign.body))
        look_found(look, route,
                   text_printf(mem,
                               "as %s, another tenant's id: %d %.200s; a missing one: %d %.200s",
                               who, foreign.status, foreign.body, missing.status, missing.body));
    else if (holds_other(look->p, foreign.body, id))
        look_found(look, route, "answers with the other tenant's words or ids");
    channel_check(look, route, &foreign);
    arena_free(mem);
}

void look_with_foreign_ids(struct look *look, const struct route *route)
{
    const struct prove_tenant *b = &look->p->b;
    static size_t turn; /* the lower roles try other ids on each route */

    for (size_t role = 0; role < PROVE_ROLES; role++) {
        bool all = role == PROVE_ROLES - 1;

        for (size_t k = 0; k < (all ? b->id_count : FEW); k++)
            with_foreign_id(look, route, prove_roles[role], look->p->a.tokens[role],
                            b->ids[all ? k : turn++ % b->id_count]);
    }
}

/* What is asked with one's own id, or with none: the answer holds nothing of the other. */
static void with_own_id(struct look *look, const struct route *route, const char *token,
                        const char *id)
{
    struct arena *mem = arena_new(MIB(32));
    struct prove_answer got;

    ask(look, mem, route, token, id, &got);
    if (holds_other(look->p, got.body, NULL))
        look_found(look, route, "answers with the other tenant's words or ids");
    if (strstr(got.body, look->p->a.mark) != NULL)
        look->with_own_canary++;
    channel_check(look, route, &got);
    arena_free(mem);
}

void look_as_stranger(struct look *look, const struct route *route)
{
    const struct prove_tenant *b = &look->p->b;

    for (size_t i = 0; i < b->id_count && prove_takes_ids(route); i++)
        with_foreign_id(look, route, "a stranger", NULL, b->ids[i]);
    if (!prove_takes_ids(route))
        with_own_id(look, route, NULL, b->ids[0]);
}

void look_with_own_ids(struct look *look, const struct route *route)
{
    const struct prove_tenant *a = &look->p->a;
    static size_t turn;

    for (size_t role = 0; role < PROVE_ROLES; role++) {
        bool all = role == PROVE_ROLES - 1;
        size_t count = !prove_takes_ids(route) ? 1 : all ? a->id_count : FEW;

        for (size_t k = 0; k < count; k++)
            with_own_id(look, route, a->tokens[role], a->ids[all ? k : turn++ % a->id_count]);
    }
}
