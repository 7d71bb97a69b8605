/* Reading requests and writing answers: the helpers of handlers.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "base/conf.h"
#include "base/id.h"

const char *req_param(struct ctx *c, const struct req *rq, const char *name)
{
    for (int i = 0; i < rq->param_count; i++)
        if (strncmp(rq->params[i].name, name, strlen(name)) == 0 &&
            !isalnum((unsigned char)rq->params[i].name[strlen(name)]))
            return text_copy(c->mem, rq->params[i].value.data, rq->params[i].value.len);
    abort();
}

rc_t req_id(struct ctx *c, const struct req *rq, const char *name, const char **out)
{
    *out = req_param(c, rq, name);
    return id_valid(*out) ? OK
                          : ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such thing here.");
}

static int hex_value(char digit)
{
    return isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10;
}

static char *query_decode(struct ctx *c, const char *from, size_t len)
{
    char *out = arena_take(c->mem, len + 1);
    size_t at = 0;

    for (size_t i = 0; i < len; i++) {
        if (from[i] == '%' && i + 2 < len && isxdigit((unsigned char)from[i + 1]) &&
            isxdigit((unsigned char)from[i + 2])) {
            out[at++] = (char)(hex_value(from[i + 1]) * 16 + hex_value(from[i + 2]));
            i += 2;
        } else {
            out[at++] = from[i] == '+' ? ' ' : from[i];
        }
    }
    return out;
}

/*
 * Finds name=value among pieces that `separator` parts; blanks before a name are skipped (cookies).
 */
static struct bytes pair_find(const char *text, const char *name, char separator)
{
    size_t name_len = strlen(name);

    while (text != NULL && *text != '\0') {
        const char *end = strchrnul(text, separator);

        while (*text == ' ')
            text++;
        if (strncmp(text, name, name_len) == 0 && text[name_len] == '=')
            return (struct bytes){text + name_len + 1, (size_t)(end - text) - name_len - 1};
        text = *end == '\0' ? end : end + 1;
    }
    return (struct bytes){NULL, 0};
}

const char *req_query(struct ctx *c, const struct req *rq, const char *name)
{
    struct bytes value = pair_find(rq->query, name, '&');

    return value.data == NULL ? NULL : query_decode(c, value.data, value.len);
}

const char *req_cookie(struct ctx *c, const struct req *rq, const char *name)
{
    struct bytes value = pair_find(rq->header(rq, "cookie"), name, ';');

    return value.data == NULL ? NULL : text_copy(c->mem, value.data, value.len);
}

rc_t req_body(struct ctx *c, const struct req *rq, const struct shape *shape, void *out)
{
    if (!text_utf8(rq->body))
        return ctx_fail(c, E_INVALID, "body_not_utf8", "The body is not valid UTF-8.");
    return shape_read(c, shape, rq->body, out);
}

bool req_is_type(const struct req *rq, const char *wanted)
{
    const char *given = rq->header(rq, "content-type");
    size_t len = strlen(wanted);

    return given != NULL && strncasecmp(given, wanted, len) == 0 &&
           strchr("; \t", given[len]) != NULL;
}

void res_header(struct res *rs, const char *name, const char *value)
{
    if (rs->header_count == RES_HEADERS_MAX)
        abort();
    rs->headers[rs->header_count++] = (struct res_header){name, value};
}

rc_t res_json(struct ctx *c, struct res *rs, int status, json_t *object)
{
    rs->status = status;
    rs->type = "application/json";
    rs->body = bytes_of(json_text(c->mem, object));
    json_decref(object);
    return OK;
}

rc_t res_one(struct ctx *c, struct res *rs, int status, const struct shape *shape,
             const void *object)
{
    return res_json(c, rs, status, shape_json(shape, object));
}

rc_t res_list(struct ctx *c, struct res *rs, const struct shape *shape, const void *items,
              size_t count, const char *next)
{
    json_t *list = json_array(), *root = json_object();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, shape_json(shape, (const char *)items + i * shape->size));
    json_object_set_new(root, "items", list);
    json_object_set_new(root, "next", next == NULL ? json_null() : json_string(next));
    return res_json(c, rs, 200, root);
}

rc_t res_text(struct res *rs, int status, const char *text)
{
    rs->status = status;
    rs->type = "text/plain; charset=utf-8";
    rs->body = bytes_of(text);
    return OK;
}

void res_session(struct ctx *c, struct res *rs, const char *token)
{
    long long seconds = token == NULL ? 0 : (long long)conf_number(CONF_session_days) * 86400;

    res_header(rs, "set-cookie",
               text_printf(c->mem,
                           SESSION_COOKIE
                           "=%s; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=%lld",
                           token == NULL ? "" : token, seconds));
}

/*
 * What a result code means in HTTP, and what is said when the detail is none of the caller's
 * business.
 */
static const struct {
    rc_t rc;
    int status;
    const char *title, *instead;
} meanings[] = {
    {E_INVALID, 400, "The request is not right", NULL},
    {E_UNAUTH, 401, "Not logged in", NULL},
    {E_FORBIDDEN, 403, "Not allowed", NULL},
    {E_NOT_FOUND, 404, "Not found", "There is no such thing here."},
    {E_CONFLICT, 409, "Conflict", NULL},
    {E_LIMIT, 429, "Too much", NULL},
    {E_UPSTREAM, 502, "A service outside failed",
     "A service that is needed for this failed. Try again in a moment."},
    {E_TIMEOUT, 504, "Took too long",
     "This took too long and was given up. Try again in a moment."},
    {E_UNAVAILABLE, 503, "Not available now",
     "This can't be done right now, and nothing was changed. Try again in a moment."},
    {E_INTERNAL, 500, "Our fault",
     "Something went wrong on our side. The reference finds it in our log."},
};

/* Codes of E_LIMIT that are about size have their own status. */
static int status_of(const struct fault *fault, int usual)
{
    if (text_is(fault->code, "body_too_large"))
        return 413;
    if (text_is(fault->code, "method_not_allowed"))
        return 405;
    if (text_is(fault->code, "not_json"))
        return 415;
    if (text_is(fault->code, "idempotency_key_reused"))
        return 422;
    return usual;
}

const char *res_title(int status)
{
    for (size_t i = 0; i < COUNT_OF(meanings); i++)
        if (meanings[i].status == status)
            return meanings[i].title;
    return status == 413 ? "Too much" : "The request is not right";
}

void res_problem(struct ctx *c, struct res *rs)
{
    const struct fault *fault = &c->fault;
    size_t i = 0;

    while (i < COUNT_OF(meanings) - 1 && meanings[i].rc != fault->rc)
        i++;

    int status = status_of(fault, meanings[i].status);
    json_t *problem = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "type", "about:blank", "title",
                                meanings[i].title, "status", status, "code",
                                fault->code == NULL ? "unknown" : fault->code, "detail",
                                meanings[i].instead != NULL ? meanings[i].instead : fault->detail,
                                "reference", c->reference);

    if (problem == NULL)
        abort();
    if (fault->field != NULL)
        json_object_set_new(problem, "field", json_string(fault->field));
    if (fault->step != NULL)
        json_object_set_new(problem, "step", json_string(fault->step));
    if (fault->limit != NULL)
        json_object_set_new(problem, "limit", json_string(fault->limit));
    if (fault->wait_s > 0)
        json_object_set_new(problem, "wait_s", json_integer(fault->wait_s));
    *rs = (struct res){.status = 0};
    if (status == 503)
        res_header(rs, "retry-after", "2");
    if (fault->wait_s > 0)
        res_header(rs, "retry-after", text_printf(c->mem, "%lld", (long long)fault->wait_s));
    if (fault->challenge != NULL)
        res_header(rs, "www-authenticate", fault->challenge);
    res_json(c, rs, status, problem);
    rs->type = "application/problem+json";
}
