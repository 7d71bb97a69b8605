/* Schemas and examples of the API document, made from the shapes. */
#include <stdlib.h>
#include <string.h>

#include "api/openapi_parts.h"
#include "io/db.h"

#define EXAMPLE_ID "01980a5d-ac96-774b-bcce-b302099a8057"
#define EXAMPLE_TIME 1767225600

void doc_put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        abort();
}

json_t *doc_ref(struct ctx *c, const char *part, const char *name)
{
    return json_pack("{s:s}", "$ref", text_printf(c->mem, "#/components/%s/%s", part, name));
}

static bool ends_in(const char *name, const char *end)
{
    size_t len = strlen(name), tail = strlen(end);

    return len >= tail && strcmp(name + len - tail, end) == 0;
}

static bool is_id(const struct field *f)
{
    return f->kind == F_TEXT && f->max == 36 && (text_is(f->name, "id") || ends_in(f->name, "_id"));
}

/* What a member of this name may look like; `about` beginning so marks times. */
static json_t *text_example(const struct field *f)
{
    static const struct {
        const char *name, *text;
    } rows[] = {
        {"email", "ann@northwind.example"},
        {"company", "Northwind Bakery"},
        {"tenant_name", "Northwind Bakery"},
        {"name", "Ann Archer"},
        {"password", "correct horse battery staple"},
        {"new_password", "a longer walk by the quiet river"},
        {"token", "xPZ1tq0mS8kqUoA2nVfJ3w9eYcRbLh5dTgN7iKuQvMs"},
        {"csrf", "xPZ1tq0mS8kqUoA2nVfJ3w9eYcRbLh5dTgN7iKuQvMs"},
        {"text", "When do you open on Sundays?"},
        {"hash", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
        {"channel", "portal"},
        {"actor", "person:" EXAMPLE_ID},
        {"object", EXAMPLE_ID},
        {"action", "person.logged_in"},
        {"body", "{\"address\":\"203.0.113.7\"}"},
        {"agent", "Firefox on Linux"},
        {"scopes", "employees:read conversations:read"},
        {"may", "tenant:read employees:read conversations:read"},
        {"hint", "x7Qm"},
        {"provider", "starter"},
        {"model", "starter-1"},
        {"key", EXAMPLE_ID},
    };

    if (is_id(f))
        return json_string(EXAMPLE_ID);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].name, f->name) == 0 &&
            (f->max == 0 || strlen(rows[i].text) <= (size_t)f->max))
            return json_string(rows[i].text);
    return json_string(f->max == 0 || f->max >= 4 ? "text" : "x");
}

static json_t *number_example(const struct field *f)
{
    static const char *const times[] = {"created", "at", "seen", "made"};
    bool is_time = (f->about != NULL && text_starts(f->about, "Seconds UTC")) ||
                   ends_in(f->name, "_at");

    for (size_t i = 0; i < COUNT_OF(times); i++)
        is_time = is_time || text_is(times[i], f->name);
    if (f->kind == F_NUM)
        return json_real(f->max == 1 ? 0.5 : 1.5);
    return json_integer(is_time && f->max == 0 ? EXAMPLE_TIME : 1);
}

static json_t *field_example(const struct field *f)
{
    if (f->example != NULL) {
        json_t *given = json_loads(f->example, JSON_DECODE_ANY, NULL);

        return given == NULL ? json_string(f->example) : given;
    }
    if (f->one_of != NULL)
        return json_stringn(f->one_of, strcspn(f->one_of, " "));
    if (f->kind == F_BOOL)
        return json_true();
    return f->kind == F_TEXT ? text_example(f) : number_example(f);
}

/* What need not be there may as well be null on the way in. */
static bool may_be_null(const struct field *f, bool incoming)
{
    return (f->flags & NULLABLE) || (incoming && !(f->flags & (REQUIRED | READ_ONLY)));
}

static json_t *choices(struct ctx *c, const struct field *f, bool incoming)
{
    json_t *list = json_array();

    for (char *rest = text_dup(c->mem, f->one_of), *word; (word = strsep(&rest, " ")) != NULL;)
        json_array_append_new(list, json_string(word));
    if (may_be_null(f, incoming))
        json_array_append_new(list, json_null());
    return list;
}

static void add_bounds(struct ctx *c, const struct field *f, bool incoming, json_t *schema)
{
    if (f->one_of != NULL)
        doc_put(schema, "enum", choices(c, f, incoming));
    if (f->kind == F_TEXT && (f->flags & REQUIRED) && f->one_of == NULL)
        doc_put(schema, "minLength", json_integer(1));
    if (f->kind == F_INT)
        doc_put(schema, "format", json_string("int64"));
    if (is_id(f))
        doc_put(schema, "format", json_string("uuid"));
    if (f->max > 0)
        doc_put(schema, f->kind == F_TEXT ? "maxLength" : "maximum", json_integer(f->max));
    if (f->max > 0 && f->kind != F_TEXT)
        doc_put(schema, "minimum", json_integer(0));
}

static json_t *field_schema(struct ctx *c, const struct field *f, bool incoming)
{
    static const char *const types[] = {"string", "integer", "boolean", "number"};
    json_t *schema = json_object();

    doc_put(schema, "type",
            may_be_null(f, incoming) ? json_pack("[s, s]", types[f->kind], "null")
                                     : json_string(types[f->kind]));
    add_bounds(c, f, incoming, schema);
    if (f->flags & READ_ONLY)
        doc_put(schema, "readOnly", json_true());
    if (f->flags & WRITE_ONLY)
        doc_put(schema, "writeOnly", json_true());
    if (f->about != NULL)
        doc_put(schema, "description", json_string(f->about));
    doc_put(schema, "examples", json_pack("[o]", field_example(f)));
    return schema;
}

json_t *doc_shape(struct ctx *c, const struct shape *shape, bool only_out)
{
    json_t *properties = json_object(), *required = json_array();

    for (size_t i = 0; i < shape->count; i++) {
        const struct field *f = &shape->fields[i];

        doc_put(properties, f->name, field_schema(c, f, !only_out));
        if (only_out ? !(f->flags & WRITE_ONLY) : (f->flags & (REQUIRED | READ_ONLY)) != 0)
            json_array_append_new(required, json_string(f->name));
    }
    return json_pack("{s:s, s:b, s:o, s:o}", "type", "object", "additionalProperties", 0,
                     "properties", properties, "required", required);
}

json_t *doc_list(struct ctx *c, const struct shape *shape)
{
    return json_pack(
        "{s:s, s:b, s:{s:{s:s, s:o}, s:{s:[s, s], s:s}}, s:[s, s]}", "type", "object",
        "additionalProperties", 0, "properties", "items", "type", "array", "items",
        doc_ref(c, "schemas", shape->name), "next", "type", "string", "null", "description",
        "Where the next page begins: the parameter `after` of the next request. null: this was the "
        "last page",
        "required", "items", "next");
}

/* What the server refuses unread is told to OpenAI's clients as well, whoever has asked. */
static json_t *problem_error(void)
{
    static const char *const texts[] = {"message", "type", "code"};
    json_t *properties = json_pack("{s:{s:s}}", "param", "type", "null");

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        doc_put(properties, texts[i], json_pack("{s:s}", "type", "string"));
    return json_pack("{s:s, s:s, s:b, s:o, s:[s, s, s, s]}", "type", "object", "description",
                     "The same in OpenAI's form, where the server refused the request unread",
                     "additionalProperties", 0, "properties", properties, "required", "message",
                     "type", "param", "code");
}

json_t *doc_problem(void)
{
    static const struct {
        const char *name, *about;
        bool always;
    } texts[] = {
        {"type", "Always about:blank: the code says what kind of problem it is", true},
        {"title", "What the status means", true},
        {"code", "Stable: for programs to tell problems apart", true},
        {"detail", "What is wrong and what to do, for people", true},
        {"reference", "Finds this request in the log; not there when the server refused it unread",
         false},
        {"field", "The member or parameter at fault", false},
        {"limit", "The limit that was reached", false},
        {"step", "Of factor_needed: opens the second step of the log-in", false},
    };
    json_t *properties = json_pack("{s:{s:s, s:i, s:i}}", "status", "type", "integer", "minimum",
                                   400, "maximum", 599);
    json_t *required = json_pack("[s]", "status");

    doc_put(properties, "wait_s",
            json_pack("{s:s, s:i, s:s}", "type", "integer", "minimum", 1, "description",
                      "How many seconds to wait before trying again, as in Retry-After"));
    doc_put(properties, "error", problem_error());
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        doc_put(properties, texts[i].name,
                json_pack("{s:s, s:s}", "type", "string", "description", texts[i].about));
        if (texts[i].always)
            json_array_append_new(required, json_string(texts[i].name));
    }
    return json_pack("{s:s, s:s, s:b, s:o, s:o}", "type", "object", "description",
                     "What went wrong (RFC 9457)", "additionalProperties", 0, "properties",
                     properties, "required", required);
}

json_t *doc_example(struct ctx *c, const struct shape *shape, bool incoming)
{
    json_t *object = json_object();

    (void)c;
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *f = &shape->fields[i];

        if (!(f->flags & (incoming ? READ_ONLY : WRITE_ONLY)))
            doc_put(object, f->name, field_example(f));
    }
    return object;
}

json_t *doc_list_example(struct ctx *c, const struct shape *shape)
{
    return json_pack("{s:[o], s:n}", "items", doc_example(c, shape, false), "next");
}
