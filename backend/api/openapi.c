/*
 * The API document (OpenAPI 3.1), made from the routes table and the shapes: nothing is described
 * twice. Schemas and examples: openapi_schema.c; answers: openapi_answers.c.
 */
#include "api/openapi.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/openapi_parts.h"
#include "api/query.h"
#include "api/repeat.h"
#include "api/routes.h"
#include "core/scope.h"

static const char *const method_names[METHOD_COUNT] = {"get", "post", "put", "patch", "delete"};

/* "/a/:id/b" as "/a/{id}/b". */
static const char *path_text(struct ctx *c, const char *path)
{
    struct buf out = buf_new(c->mem, KIB(1));

    for (; *path != '\0'; path++) {
        if (*path != ':') {
            buf_char(&out, *path);
            continue;
        }
        size_t len = strcspn(++path, "/");

        buf_printf(&out, "{%.*s}", (int)len, path);
        path += len - 1;
    }
    return buf_str(&out);
}

static void add_parameter(json_t *list, const char *name, const char *in, bool required,
                          const char *about, json_t *schema)
{
    json_t *p = json_pack("{s:s, s:s, s:b, s:o}", "name", name, "in", in, "required", required,
                          "schema", schema);

    if (about != NULL)
        doc_put(p, "description", json_string(about));
    json_array_append_new(list, p);
}

static json_t *query_schema(struct ctx *c, const struct query_param *p)
{
    json_t *words;

    if (p->number)
        return json_pack("{s:s, s:s, s:I, s:I}", "type", "integer", "format", "int64", "minimum",
                         (json_int_t)p->least, "maximum", (json_int_t)p->most);
    if (p->one_of == NULL)
        return json_pack("{s:s, s:i}", "type", "string", "maxLength", QUERY_VALUE_MAX);
    words = json_array();
    for (char *rest = text_dup(c->mem, p->one_of), *word; (word = strsep(&rest, " ")) != NULL;)
        json_array_append_new(words, json_string(word));
    return json_pack("{s:s, s:o}", "type", "string", "enum", words);
}

static const char *query_about(const struct route *r, const struct query_param *p)
{
    if (strcmp(p->name, "limit") == 0)
        return "Most items of the page";
    if (r->kind == ANSWER_LIST && strcmp(p->name, "sort") == 0)
        return "The order; a minus: from the largest or newest down. The first one is the usual";
    if (r->kind == ANSWER_LIST && (strcmp(p->name, "after") == 0 || strcmp(p->name, "before") == 0))
        return "Where to go on: `next` of the page before, with the same sort";
    return r->kind == ANSWER_LIST ? "Only what has this" : NULL;
}

static json_t *parameters(struct ctx *c, const struct route *r)
{
    json_t *list = json_array();
    struct query_param p;

    for (const char *at = r->path; (at = strchr(at, ':')) != NULL; at++) {
        const char *name = text_copy(c->mem, at + 1, strcspn(at + 1, "/"));

        add_parameter(list, name, "path", true, NULL, json_pack("{s:s}", "type", "string"));
    }
    for (const char *rest = r->query; query_next(c->mem, &rest, &p);)
        add_parameter(list, p.name, "query", p.required, query_about(r, &p), query_schema(c, &p));
    if (repeat_fits(r))
        add_parameter(list, "Idempotency-Key", "header", false,
                      "New for each wish, the same when it is repeated: within a day the answer is "
                      "then the first one's, with the header Idempotency-Replayed",
                      json_pack("{s:s, s:i, s:i, s:s}", "type", "string", "minLength", 1,
                                "maxLength", 255, "pattern", "^[!-~]+$"));
    if (r->kind == ANSWER_STREAM)
        add_parameter(list, "Last-Event-ID", "header", false,
                      "The last event that was read: the stream goes on behind it",
                      json_pack("{s:s}", "type", "string"));
    return list;
}

/*
 * A browser's session goes by its cookie, which is worth nothing alone when something is changed.
 */
static json_t *security(const struct route *r)
{
    if (r->who == WHO_METRICS)
        return json_pack("[{s:[]}]", "metrics");
    if (r->who == WHO_CLIENT)
        return json_pack("[{s:[]}, {}]", "client");
    if (!doc_needs_login(r))
        return json_array();

    json_t *any = r->method == GET ? json_pack("[{s:[]}]", "session")
                                   : json_pack("[{s:[], s:[]}]", "session", "csrf");

    if (who_permitted(r->who, permits_for_keys()) && r->who != WHO_PERSON) {
        json_array_append_new(any, json_pack("{s:[s]}", "key", who_name(r->who)));
        json_array_append_new(any, json_pack("{s:[s]}", "oauth", who_name(r->who)));
    }
    return any;
}

/* The flows that there are, each with all scopes. */
static json_t *oauth_scheme(struct ctx *c)
{
    json_t *scopes = json_object();
    struct scope *items;
    size_t count;

    scope_list(c->mem, &items, &count);
    for (size_t i = 0; i < count; i++)
        doc_put(scopes, items[i].name, json_string(items[i].about));
    return json_pack("{s:s, s:{s:{s:s, s:s, s:s, s:O}, s:{s:s, s:o}}}", "type", "oauth2", "flows",
                     "authorizationCode", "authorizationUrl", "/oauth/authorize", "tokenUrl",
                     "/oauth/token", "refreshUrl", "/oauth/token", "scopes", scopes,
                     "clientCredentials", "tokenUrl", "/oauth/token", "scopes", scopes);
}

static json_t *security_schemes(struct ctx *c)
{
    json_t *all = json_pack(
        "{s:{s:s, s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}, s:{s:s, s:s, s:s}, "
        "s:{s:s, s:s, s:s}}",
        "session", "type", "apiKey", "in", "cookie", "name", SESSION_COOKIE, "description",
        "The cookie that logging in gives to a browser", "csrf", "type", "apiKey", "in", "header",
        "name", "X-CSRF", "description",
        "The member `csrf` of /api/v1/me: goes with the cookie where something is "
        "changed",
        "metrics", "type", "http", "scheme", "bearer", "description",
        "The operator's KONSTRUCT_METRICS_TOKEN", "key", "type", "http", "scheme", "bearer",
        "description", "A program's API key: the scopes are permissions");

    doc_put(all, "oauth", oauth_scheme(c));
    doc_put(all, "client",
            json_pack("{s:s, s:s, s:s}", "type", "http", "scheme", "basic", "description",
                      "An app's client_id and secret; or both in the form"));
    return all;
}

/* Routes by what they are about: the words between the version and the first parameter. */
struct tag {
    const char *first; /* segment of the path */
    const char *name, *about;
};

static const struct tag tags[] = {
    {"signup", "Account", "Who one is: signing up, logging in, e-mail address, password"},
    {"login", "Account", NULL},
    {"logout", "Account", NULL},
    {"links", "Account", NULL},
    {"email", "Account", NULL},
    {"sessions", "Account", NULL},
    {"password", "Account", NULL},
    {"me", "Account", NULL},
    {"factor", "Account", NULL},
    {"people", "People", "Who belongs to the company, in which role"},
    {"invitations", "People", NULL},
    {"permissions", "People", NULL},
    {"tenants", "Companies", "The companies that one belongs to"},
    {"employees", "Employees", "The AI employees of a company"},
    {"conversations", "Conversations", "What people and employees say to each other"},
    {"audit", "Audit", "Everything that was done, in a chain that can be checked"},
    {"api-keys", "API keys", "What programs show who they are with, and what they may do"},
    {"scopes", "API keys", NULL},
    {"oauth-apps", "OAuth", "Apps that ask people for leave, what they were allowed, and tokens"},
    {"oauth", "OAuth", NULL},
    {".well-known", "OAuth", NULL},
    {"v1", "Models", "Models asked directly, in OpenAI's format"},
    {"exports", "Export", "Everything of a company, to take away"},
    {"host", "Host", "What those who run the instance see and do of its companies"},
    {"isolation", "Isolation", "Proofs that companies are kept apart"},
    {"hooks", "Webhooks", "Where the vendors of channels deliver what happens there"},
    {"openapi.json", "Service", "The service itself: this document, its state, its counters"},
    {"healthz", "Service", NULL},
    {"readyz", "Service", NULL},
    {"metrics", "Service", NULL},
};

static struct tag tag_of(struct ctx *c, const struct route *r)
{
    const char *path = text_starts(r->path, "/api/v1/") ? r->path + strlen("/api/v1/")
                                                        : r->path + 1;
    char *first = text_copy(c->mem, path, strcspn(path, "/"));

    for (size_t i = 0; i < COUNT_OF(tags); i++)
        if (strcmp(tags[i].first, first) == 0)
            return tags[i];

    /* Not in the table: its own name serves. */
    char *name = text_dup(c->mem, first);

    for (char *s = name; *s != '\0'; s++)
        if (!isalnum((unsigned char)*s))
            *s = ' ';
    name[0] = (char)toupper((unsigned char)name[0]);
    return (struct tag){first, name, text_printf(c->mem, "Everything under %s", first)};
}

static void add_tag(json_t *list, const struct tag *tag)
{
    json_t *known;
    size_t i;

    json_array_foreach(list, i, known) if (strcmp(json_str(known, "name"), tag->name) == 0) return;
    json_array_append_new(list, json_pack("{s:s, s:s}", "name", tag->name, "description",
                                          tag->about == NULL ? tag->name : tag->about));
}

/* The handler's name; a second path of the same handler is told apart by its last parameter. */
static const char *operation_id(struct ctx *c, const struct route *all, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (all[i].handler == all[at].handler) {
            const char *last = strrchr(all[at].path, ':');

            return text_printf(c->mem, "%s_by_%s", all[at].name,
                               last == NULL ? method_names[all[at].method] : last + 1);
        }
    return all[at].name;
}

static json_t *request_body(struct ctx *c, const struct route *r)
{
    const char *type = r->who == WHO_CLIENT ? "application/x-www-form-urlencoded"
                                            : "application/json";

    return json_pack("{s:b, s:{s:{s:o, s:o}}}", "required", 1, "content", type, "schema",
                     doc_ref(c, "schemas", r->in->name), "example", doc_example(c, r->in, true));
}

static json_t *operation(struct ctx *c, const struct route *all, size_t at)
{
    const struct route *r = &all[at];
    json_t *op = json_pack("{s:s, s:s, s:[s], s:o, s:o, s:o}", "summary", r->about, "operationId",
                           operation_id(c, all, at), "tags", tag_of(c, r).name, "parameters",
                           parameters(c, r), "responses", doc_responses(c, r), "security",
                           security(r));

    if (r->who == WHO_HOST)
        doc_put(op, "description", json_string("Needs the session of a host of the instance."));
    if (r->who > WHO_PERSON)
        doc_put(op, "description",
                json_string(text_printf(c->mem, "Needs the permission `%s`.", who_name(r->who))));
    if (r->in != NULL)
        doc_put(op, "requestBody", request_body(c, r));
    else if (r->kind == ANSWER_MODEL && r->body_max > 0)
        doc_put(op, "requestBody",
                json_pack("{s:b, s:{s:{s:{s:s, s:s}}}}", "required", 1, "content",
                          "application/json", "schema", "type", "object", "description",
                          "What OpenAI's API of this path takes"));
    return op;
}

struct making {
    struct ctx *c;
    json_t *schemas;
};

static bool comes_in(const struct shape *shape)
{
    size_t count;
    const struct route *all = routes_all(&count);

    for (size_t i = 0; i < count; i++)
        if (all[i].in == shape)
            return true;
    return false;
}

static void add_shape(const struct shape *shape, void *arg)
{
    struct making *m = arg;

    doc_put(m->schemas, shape->name, doc_shape(m->c, shape, !comes_in(shape)));
}

static void add_schemas(struct making *m, const struct route *r)
{
    if (r->in != NULL)
        add_shape(r->in, m);
    if (r->out != NULL)
        add_shape(r->out, m);
    if (r->kind == ANSWER_LIST)
        doc_put(m->schemas, text_printf(m->c->mem, "%sList", r->out->name), doc_list(m->c, r->out));
}

json_t *openapi_document(struct ctx *c)
{
    struct making m = {c, json_object()};
    json_t *paths = json_object(), *used = json_array();
    size_t count;
    const struct route *all = routes_all(&count);

    doc_put(m.schemas, "Problem", doc_problem());
    doc_other_shapes(add_shape, &m);
    for (size_t i = 0; i < count; i++) {
        const char *path = path_text(c, all[i].path);
        struct tag tag = tag_of(c, &all[i]);

        if (json_object_get(paths, path) == NULL)
            doc_put(paths, path, json_object());
        doc_put(json_object_get(paths, path), method_names[all[i].method], operation(c, all, i));
        add_schemas(&m, &all[i]);
        add_tag(used, &tag);
    }
    return json_pack(
        "{s:s, s:{s:s, s:s, s:s}, s:[{s:s, s:s}], s:o, s:o, s:{s:o, s:o, s:o}}", "openapi", "3.1.0",
        "info", "title", "Konstruct", "version", "1", "description",
        "What the portal and programs use. Every failure is a problem (RFC 9457) with a stable "
        "`code`. Lists come in pages: `next` of one is the parameter `after` of the next.",
        "servers", "url", "/", "description", "This installation", "tags", used, "paths", paths,
        "components", "schemas", m.schemas, "responses", doc_shared_responses(c), "securitySchemes",
        security_schemes(c));
}

rc_t openapi_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    (void)rq;
    return res_json(c, rs, 200, openapi_document(c));
}
