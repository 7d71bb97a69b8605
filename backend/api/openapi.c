/*
 * The API document (OpenAPI 3.1), made from the routes table and the shapes: nothing is described
 * twice.
 */
#include "api/openapi.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/routes.h"

static const char *const method_names[METHOD_COUNT] = {"get", "post", "put", "patch", "delete"};

static void put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        abort();
}

static json_t *ref(const char *name)
{
    char text[120];

    snprintf(text, sizeof(text), "#/components/schemas/%s", name);
    return json_pack("{s:s}", "$ref", text);
}

static json_t *field_schema(const struct field *f)
{
    static const char *const types[] = {"string", "integer", "boolean", "number"};
    json_t *schema = json_object();

    put(schema, "type",
        f->flags & NULLABLE ? json_pack("[s, s]", types[f->kind], "null")
                            : json_string(types[f->kind]));
    if (f->max > 0)
        put(schema, f->kind == F_TEXT ? "maxLength" : "maximum", json_integer(f->max));
    if (f->flags & READ_ONLY)
        put(schema, "readOnly", json_true());
    if (f->flags & WRITE_ONLY)
        put(schema, "writeOnly", json_true());
    if (f->about != NULL)
        put(schema, "description", json_string(f->about));
    return schema;
}

/* What comes out always has all its members; what goes in needs the required ones. */
static json_t *shape_schema(const struct shape *shape)
{
    json_t *properties = json_object(), *required = json_array();

    for (size_t i = 0; i < shape->count; i++) {
        put(properties, shape->fields[i].name, field_schema(&shape->fields[i]));
        if (shape->fields[i].flags & (REQUIRED | READ_ONLY))
            json_array_append_new(required, json_string(shape->fields[i].name));
    }
    return json_pack("{s:s, s:b, s:o, s:o}", "type", "object", "additionalProperties", 0,
                     "properties", properties, "required", required);
}

static json_t *list_schema(const struct shape *shape)
{
    return json_pack("{s:s, s:{s:{s:s, s:o}, s:{s:[s, s], s:s}}, s:[s, s]}", "type", "object",
                     "properties", "items", "type", "array", "items", ref(shape->name), "next",
                     "type", "string", "null", "description", "Where the next page begins, or null",
                     "required", "items", "next");
}

static json_t *problem_schema(void)
{
    static const char *const texts[] = {"type",      "title", "code",  "detail",
                                        "reference", "field", "limit", "step"};
    json_t *properties = json_pack("{s:{s:s}}", "status", "type", "integer");

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        put(properties, texts[i], json_pack("{s:s}", "type", "string"));
    return json_pack("{s:s, s:s, s:o, s:[s, s, s, s, s, s]}", "type", "object", "description",
                     "What went wrong (RFC 9457); code is stable, reference finds it in the log",
                     "properties", properties, "required", "type", "title", "status", "code",
                     "detail", "reference");
}

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

static void add_parameter(json_t *list, const char *name, const char *in)
{
    json_array_append_new(list,
                          json_pack("{s:s, s:s, s:b, s:{s:s}}", "name", name, "in", in, "required",
                                    text_is(in, "path"), "schema", "type", "string"));
}

static json_t *parameters(struct ctx *c, const struct route *r)
{
    json_t *list = json_array();
    const char *path = r->path;

    while ((path = strchr(path, ':')) != NULL) {
        const char *name = text_copy(c->mem, path + 1, strcspn(path + 1, "/"));

        add_parameter(list, name, "path");
        path++;
    }
    for (char *rest = text_dup(c->mem, r->query), *name; (name = strsep(&rest, " ")) != NULL;)
        add_parameter(list, name, "query");
    return list;
}

static json_t *content(const char *type, json_t *schema)
{
    return json_pack("{s:{s:o}}", type, "schema", schema);
}

static json_t *success(struct ctx *c, const struct route *r)
{
    json_t *answer = json_pack("{s:s}", "description", r->about);

    switch (r->kind) {
    case ANSWER_NONE:
        break;
    case ANSWER_ONE:
        put(answer, "content", content("application/json", ref(r->out->name)));
        break;
    case ANSWER_LIST:
        put(answer, "content",
            content("application/json", ref(text_printf(c->mem, "%sList", r->out->name))));
        break;
    case ANSWER_STREAM:
        put(answer, "content", content("text/event-stream", json_pack("{s:s}", "type", "string")));
        break;
    case ANSWER_TEXT:
        put(answer, "content", content("text/plain", json_pack("{s:s}", "type", "string")));
        break;
    case ANSWER_FILE:
        put(answer, "content",
            content("application/x-tar",
                    json_pack("{s:s, s:s}", "type", "string", "format", "binary")));
        break;
    case ANSWER_OBJECT:
        put(answer, "content", content("application/json", json_pack("{s:s}", "type", "object")));
        break;
    }
    return answer;
}

static json_t *operation(struct ctx *c, const struct route *r)
{
    json_t *responses = json_object();
    json_t *op = json_pack(
        "{s:s, s:s, s:o}", "summary", r->about, "operationId",
        text_printf(c->mem, "%s_%s", method_names[r->method], path_text(c, r->path)), "parameters",
        parameters(c, r));

    put(responses, text_printf(c->mem, "%d", r->status), success(c, r));
    put(responses, "default",
        json_pack("{s:s, s:o}", "description", "A problem", "content",
                  content("application/problem+json", ref("Problem"))));
    put(op, "responses", responses);
    if (r->in != NULL)
        put(op, "requestBody",
            json_pack("{s:b, s:o}", "required", 1, "content",
                      content("application/json", ref(r->in->name))));
    put(op, "security", r->who >= WHO_PERSON ? json_pack("[{s:[]}]", "session") : json_array());
    return op;
}

static void add_route(struct ctx *c, const struct route *r, json_t *paths, json_t *schemas)
{
    const char *path = path_text(c, r->path);
    json_t *methods = json_object_get(paths, path);

    if (methods == NULL) {
        methods = json_object();
        put(paths, path, methods);
    }
    put(methods, method_names[r->method], operation(c, r));
    if (r->in != NULL)
        put(schemas, r->in->name, shape_schema(r->in));
    if (r->out != NULL)
        put(schemas, r->out->name, shape_schema(r->out));
    if (r->kind == ANSWER_LIST)
        put(schemas, text_printf(c->mem, "%sList", r->out->name), list_schema(r->out));
}

json_t *openapi_document(struct ctx *c)
{
    json_t *paths = json_object(), *schemas = json_object();
    size_t count;
    const struct route *routes = routes_all(&count);

    put(schemas, "Problem", problem_schema());
    for (size_t i = 0; i < count; i++)
        add_route(c, &routes[i], paths, schemas);
    return json_pack("{s:s, s:{s:s, s:s}, s:o, s:{s:o, s:{s:{s:s, s:s, s:s}}}}", "openapi", "3.1.0",
                     "info", "title", "Konstruct", "version", "1", "paths", paths, "components",
                     "schemas", schemas, "securitySchemes", "session", "type", "apiKey", "in",
                     "cookie", "name", SESSION_COOKIE);
}

rc_t openapi_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    (void)rq;
    return res_json(c, rs, 200, openapi_document(c));
}
