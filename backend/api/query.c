/* See query.h. */
#include "api/query.h"

#include <string.h>

#include "api/handlers.h"
#include "io/db.h"

bool query_next(struct arena *mem, const char **rest, struct query_param *out)
{
    size_t len = *rest == NULL ? 0 : strcspn(*rest, " ");
    char *word, *choices;

    if (len == 0)
        return false;
    word = text_copy(mem, *rest, len);
    *rest += len + strspn(*rest + len, " ");
    *out = (struct query_param){.name = word, .most = INT64_MAX};
    out->required = word[len - 1] == '!';
    if (out->required)
        word[--len] = '\0';
    out->number = word[len - 1] == '#';
    if (out->number)
        word[--len] = '\0';
    choices = strchr(word, '=');
    if (choices != NULL) {
        *choices++ = '\0';
        for (char *at = choices; (at = strchr(at, '|')) != NULL;)
            *at = ' ';
        out->one_of = choices;
    }
    if (strcmp(word, "limit") == 0) {
        out->number = true;
        out->least = 1;
        out->most = PAGE_MOST;
    }
    return true;
}

static const char *names(struct ctx *c, const struct route *route)
{
    struct buf out = buf_new(c->mem, KIB(4));
    struct query_param p;

    for (const char *rest = route->query; query_next(c->mem, &rest, &p);)
        buf_printf(&out, "%s%s", out.len > 0 ? ", " : "", p.name);
    return out.len == 0 ? "none" : buf_str(&out);
}

static rc_t value_check(struct ctx *c, const struct query_param *p, const char *value)
{
    int64_t n;

    if (strlen(value) > QUERY_VALUE_MAX || !text_utf8(bytes_of(value)))
        return ctx_bad(c, p->name, "too_long", "%s is UTF-8 text of at most %d bytes.", p->name,
                       QUERY_VALUE_MAX);
    if (p->one_of != NULL && !text_among(p->one_of, value))
        return ctx_bad(c, p->name, "not_a_choice", "%s must be one of: %s.", p->name,
                       text_listed(c->mem, p->one_of));
    if (p->number && (text_int(value, &n) != OK || n < p->least || n > p->most))
        return ctx_bad(c, p->name, "not_a_number", "%s must be a whole number %s.", p->name,
                       p->most == INT64_MAX ? "of at least 0"
                                            : text_printf(c->mem, "between %lld and %lld",
                                                          (long long)p->least, (long long)p->most));
    return OK;
}

static rc_t row_check(struct ctx *c, const struct req *rq, const struct route *route)
{
    struct query_param p;

    for (const char *rest = route->query; query_next(c->mem, &rest, &p);) {
        const char *value = req_query(c, rq, p.name);

        if (value == NULL && p.required)
            return ctx_bad(c, p.name, "missing", "Say which: ?%s=...", p.name);
        if (value != NULL)
            TRY(value_check(c, &p, value));
    }
    return OK;
}

/* Whoever misspells a filter must not take a list of everything for the answer. */
static rc_t nothing_else(struct ctx *c, const struct req *rq, const struct route *route)
{
    const char *seen = "";

    for (const char *at = rq->query; at != NULL && *at != '\0';) {
        size_t piece = strcspn(at, "&");
        char *name = text_copy(c->mem, at, strcspn(at, "=&"));
        bool known = false;
        struct query_param p;

        at += piece + (at[piece] == '&');
        if (piece == 0)
            continue;
        for (const char *rest = route->query; query_next(c->mem, &rest, &p);)
            known = known || strcmp(p.name, name) == 0;
        if (!known)
            return ctx_bad(c, text_clean(c->mem, name, 100), "unknown_parameter",
                           "There is no parameter %s here; there is: %s.",
                           text_clean(c->mem, name, 100), names(c, route));
        if (text_among(seen, name))
            return ctx_bad(c, text_dup(c->mem, name), "twice", "%s may be given once.", name);
        seen = text_printf(c->mem, "%s %s", seen, name);
    }
    return OK;
}

rc_t query_check(struct ctx *c, const struct req *rq, const struct route *route)
{
    if (route->kind == ANSWER_LIST)
        TRY(nothing_else(c, rq, route));
    return row_check(c, rq, route);
}
