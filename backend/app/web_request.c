/* From Kore's request to ours, and on to the portal's files or the API. */
#include "app/web.h"

#include "api/remote.h"
#include "api/v1.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/db.h"
#include "seam.h"

/*
 * The database may be away when the process starts, so its role is judged at the first chance, and
 * before anything else.
 */
#define ROLE_EVERY_MS 250
#define BODY_OF_ANYBODY MIB(1)

static struct db_pool *pool;
static bool role_fine;

void web_requests_start(struct db_pool *db)
{
    pool = db;
}

static bool role_checked(void)
{
    static int64_t next_ms;

    if (role_fine || clock_mono_ms() < next_ms)
        return role_fine;
    next_ms = clock_mono_ms() + ROLE_EVERY_MS;

    struct ctx *c = ctx_new(WEB_REQUEST_MEMORY, pool);
    rc_t rc = db_check_role(c);

    role_fine = rc == OK;
    if (rc == E_FORBIDDEN) {
        log_fault(c, "database_role_refused");
        ctx_end(c);
        kore_shutdown();
        return false;
    }
    ctx_end(c);
    return role_fine;
}

static const char *header(const struct req *rq, const char *name)
{
    const char *value;

    return http_request_header(rq->native, name, &value) ? value : NULL;
}

static bool method_of(int kore_method, enum method *out)
{
    static const struct {
        int kore;
        enum method ours;
    } known[] = {
        {HTTP_METHOD_GET, GET}, {HTTP_METHOD_HEAD, GET},    {HTTP_METHOD_POST, POST},
        {HTTP_METHOD_PUT, PUT}, {HTTP_METHOD_PATCH, PATCH}, {HTTP_METHOD_DELETE, DELETE},
    };

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (known[i].kore == kore_method) {
            *out = known[i].ours;
            return true;
        }
    }
    return false;
}

/*
 * NULL for what is no path: broken escapes, an escaped slash or control character, bad UTF-8. Names
 * of models may hold a slash, which stays escaped.
 */
static const char *path_decode(struct arena *mem, const char *raw)
{
    const bool names_model = text_starts(raw, V1_MODELS);
    char *out = text_dup(mem, raw), *to = out;

    for (const char *p = raw; *p != '\0'; p++) {
        int high = *p == '%' ? text_hex_digit(p[1]) : 0,
            low = *p == '%' && high >= 0 ? text_hex_digit(p[2]) : 0;
        char c = *p == '%' ? (char)(high * 16 + low) : *p;

        if (high < 0 || low < 0 || (unsigned char)c < ' ' || c == 127)
            return NULL;
        if (*p == '%' && c == '/') {
            if (!names_model)
                return NULL;
            *to++ = *p;
            continue;
        }
        if (*p == '%')
            p += 2;
        *to++ = c;
    }
    *to = '\0';
    return text_utf8(bytes_of(out)) ? out : NULL;
}

static const char *address_of(struct arena *mem, const struct connection *c)
{
    char text[INET6_ADDRSTRLEN] = "";

    if (c->family == AF_INET)
        inet_ntop(AF_INET, &c->addr.ipv4.sin_addr, text, sizeof(text));
    else if (c->family == AF_INET6)
        inet_ntop(AF_INET6, &c->addr.ipv6.sin6_addr, text, sizeof(text));
    return text_dup(mem, text);
}

/*
 * The client's address. Of several lines of X-Forwarded-For the last one counts: the proxy in front
 * of us has added it.
 */
static const char *client_of(struct http_request *kr, struct ctx *c)
{
    const struct http_header *line;
    const char *forwarded = NULL;

    TAILQ_FOREACH(line, &kr->req_headers, list)
    if (strcasecmp(line->header, "x-forwarded-for") == 0)
        forwarded = line->value;
    return remote_of(c, address_of(c->mem, kr->owner), forwarded);
}

static struct req request_of(struct http_request *kr, struct ctx *c, enum method method,
                             const char *path)
{
    return (struct req){
        .method = method,
        .path = path,
        .query = kr->query_string,
        .remote = client_of(kr, c),
        .header = header,
        .native = kr,
    };
}

/*
 * A large body is read of nobody but a program that may send it: otherwise anybody could fill our
 * memory.
 */
static size_t body_limit(struct http_request *kr, enum method method, size_t limit)
{
    const char *length;
    struct ctx *c;
    struct req rq;
    bool may;

    /* How long a chunked body is shows at its end. */
    if (limit <= BODY_OF_ANYBODY || (http_request_header(kr, "content-length", &length) &&
                                     strtoull(length, NULL, 10) <= BODY_OF_ANYBODY))
        return limit;
    c = ctx_new(WEB_REQUEST_MEMORY, pool);
    rq = request_of(kr, c, method, kr->path);
    may = role_checked() && api_may_send(c, &rq);
    ctx_end(c);
    return may ? limit : BODY_OF_ANYBODY;
}

size_t kore_app_body_limit(struct http_request *kr)
{
    enum method method;

    return method_of(kr->method, &method) ? body_limit(kr, method, api_body_limit(method, kr->path))
                                          : 0;
}

static void handle_api(struct http_request *kr, struct ctx *c, enum method method, const char *path)
{
    struct req rq = request_of(kr, c, method, path);
    struct res rs = {0};

    if (kr->http_body != NULL)
        rq.body = (struct bytes){(const char *)kr->http_body->data, kr->http_body_length};
    api_handle(c, &rq, &rs);
    if (rs.park != NULL && web_park(kr, c, &rq, &rs))
        return;
    web_answer(kr, &rs);
    ctx_end(c);
}

/* A method that no route has, or the question which ones there are. */
static void answer_methods(struct http_request *kr, struct ctx *c, const char *path, struct res *rs)
{
    struct req rq = request_of(kr, c, GET, path);
    const char *methods = web_portal_owns(path) ? "GET, HEAD, OPTIONS" : api_methods(c, path);

    if (kr->method != HTTP_METHOD_OPTIONS)
        web_problem(c->mem, rs, 405, "method_not_allowed", "This method is not used here.");
    else if (web_portal_owns(path))
        *rs = (struct res){.status = 204};
    else {
        api_options(c, &rq, rs);
        return;
    }
    if (methods != NULL)
        res_header(rs, "allow", methods);
}

/* What can be said without the API. True: answered. */
static bool handle_early(struct http_request *kr, struct ctx *c, const char *path, bool known)
{
    struct res rs;

    if (path == NULL)
        web_problem(c->mem, &rs, 400, "path_malformed", "The path could not be read.");
    else if (!known)
        answer_methods(kr, c, path, &rs);
    else if ((kr->method == HTTP_METHOD_GET || kr->method == HTTP_METHOD_HEAD) &&
             web_portal_owns(path)) {
        web_portal_answer(kr, path);
        return true;
    } else if (!role_checked() && strcmp(path, "/healthz") != 0)
        web_problem(c->mem, &rs, 503, "database_away",
                    "The database can't be reached; try again in a moment.");
    else
        return false;
    web_answer(kr, &rs);
    return true;
}

WEB_HOOK int web_handle(struct http_request *kr)
{
    struct ctx *c = ctx_new(WEB_REQUEST_MEMORY, pool);
    const char *path = path_decode(c->mem, kr->path);
    enum method method = GET;
    bool known = method_of(kr->method, &method);

    if (handle_early(kr, c, path, known)) {
        ctx_end(c);
        return KORE_RESULT_OK;
    }
    handle_api(kr, c, method, path);
    return kr->flags & HTTP_REQUEST_SLEEPING ? KORE_RESULT_RETRY : KORE_RESULT_OK;
}
