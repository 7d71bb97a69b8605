/* The API document: it is made from the routes table, and a client must be able to rely on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "api/openapi.h"
#include "api/routes.h"
#include "call.h"

#include <cmocka.h>

static const char *const method_names[METHOD_COUNT] = {"get", "post", "put", "patch", "delete"};

/* "/a/:id/b" as the document writes it. */
static const char *path_of(struct arena *mem, const char *path)
{
    struct buf out = buf_new(mem, KIB(1));

    while (*path != '\0') {
        size_t len = strcspn(path + 1, "/") + 1;

        if (path[1] == ':')
            buf_printf(&out, "/{%.*s}", (int)len - 2, path + 2);
        else
            buf_add(&out, path, len);
        path += len;
    }
    return buf_str(&out);
}

static json_t *document(struct arena *mem)
{
    struct reply r = get(mem, NULL, "/api/v1/openapi.json");

    expect(&r, 200, NULL);
    return json_object_get(r.json, "paths") == NULL ? NULL : (json_t *)(uintptr_t)r.json;
}

static const json_t *at(const json_t *v, const char *a, const char *b, const char *c)
{
    v = json_object_get(json_object_get(v, a), b);
    return c == NULL ? v : json_object_get(v, c);
}

static void each_route_is_in_it(void **state)
{
    struct arena *mem = *state;
    const json_t *doc = document(mem);
    size_t count, operations = 0;
    const struct route *routes = routes_all(&count);
    const char *path;
    json_t *methods;

    assert_string_equal(json_str(doc, "openapi"), "3.1.0");
    for (size_t i = 0; i < count; i++) {
        const struct route *route = &routes[i];
        const json_t *op = at(doc, "paths", path_of(mem, route->path), method_names[route->method]);
        const char *success = text_printf(mem, "%d", route->status);
        const json_t *responses = json_object_get(op, "responses");

        if (op == NULL)
            fail_msg("%s is not in the document", route->path);
        assert_string_equal(json_str(op, "summary"), route->about);
        assert_non_null(json_object_get(responses, success));
        assert_non_null(json_object_get(responses, "503"));
        if (json_object_get(op, "tags") == NULL || json_str(op, "operationId") == NULL)
            fail_msg("%s has no tag or no name", route->path);
        assert_int_equal(json_object_get(op, "requestBody") != NULL,
                         route->in != NULL || (route->kind == ANSWER_MODEL && route->body_max > 0));
        assert_int_equal(json_array_size(json_object_get(op, "security")) > 0,
                         route->who >= WHO_METRICS);
        if (route->who >= WHO_HOST && json_object_get(responses, "403") == NULL)
            fail_msg("a program at %s is refused with a status that nobody reads of", route->path);
    }
    json_object_foreach((json_t *)(uintptr_t)json_object_get(doc, "paths"), path, methods)
        operations += json_object_size(methods);
    assert_int_equal(operations, count); /* and nothing that is no route */
}

/* Each parameter of the path is declared, and each one of the query. */
static void parameters_are_declared(void **state)
{
    struct arena *mem = *state;
    const json_t *doc = document(mem);
    size_t count;
    const struct route *routes = routes_all(&count);

    for (size_t i = 0; i < count; i++) {
        const char *path = path_of(mem, routes[i].path);
        const json_t *list = json_object_get(at(doc, "paths", path, method_names[routes[i].method]),
                                             "parameters");
        size_t in_path = 0, in_query = 0, braces = 0, names = routes[i].query != NULL;

        for (size_t k = 0; k < json_array_size(list); k++) {
            const json_t *p = json_array_get(list, k);
            bool path_one = text_is(json_str(p, "in"), "path");

            in_path += path_one;
            in_query += text_is(json_str(p, "in"), "query");
            assert_true(!path_one || json_is_true(json_object_get(p, "required")));
            if (path_one)
                assert_non_null(strstr(path, text_printf(mem, "{%s}", json_str(p, "name"))));
        }
        for (const char *s = path; *s != '\0'; s++)
            braces += *s == '{';
        for (const char *s = routes[i].query; s != NULL && *s != '\0'; s++)
            names += *s == ' ';
        assert_int_equal(in_path, braces);
        assert_int_equal(in_query, names);
    }
}

/* Every reference leads somewhere, and every name of an operation is its own. */
static void check_references(const json_t *doc, const json_t *v, json_t *ids)
{
    static const char start[] = "#/components/";
    const char *ref = json_str(v, "$ref"), *id = json_str(v, "operationId"), *key;
    json_t *member;
    size_t i;

    if (ref != NULL) {
        assert_memory_equal(ref, start, sizeof(start) - 1);
        const char *name = strrchr(ref, '/') + 1;
        char part[20] = "";

        memcpy(part, ref + sizeof(start) - 1, (size_t)(name - ref) - sizeof(start));
        if (at(doc, "components", part, name) == NULL)
            fail_msg("%s leads nowhere", ref);
    }
    if (id != NULL) {
        assert_null(json_object_get(ids, id));
        json_object_set_new(ids, id, json_true());
    }
    json_object_foreach((json_t *)(uintptr_t)v, key, member) check_references(doc, member, ids);
    json_array_foreach(v, i, member) check_references(doc, member, ids);
}

static void references_lead_somewhere(void **state)
{
    const json_t *doc = document(*state);
    json_t *ids = json_object();

    check_references(doc, doc, ids);
    assert_true(json_object_size(ids) > 10);
    json_decref(ids);
}

/* Every member that an answer has is described, and every one described is there. */
static void answers_are_as_described(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    const json_t *doc = document(mem);
    struct reply me = get(mem, o.admin, "/api/v1/me"),
                 list = get(mem, o.admin, "/api/v1/employees");
    struct reply talk = get(
        mem, o.member, text_printf(mem, "/api/v1/conversations?employee_id=%s", o.at.employee_id));
    struct reply problem = get(mem, NULL, "/api/v1/me");
    const struct {
        const char *schema;
        const json_t *answer;
    } rows[] = {{"Me", me.json},
                {"Employee", item_of(&list, 0)},
                {"EmployeeList", list.json},
                {"Conversation", item_of(&talk, 0)},
                {"Problem", problem.json}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const json_t *schema = at(doc, "components", "schemas", rows[i].schema), *required;
        const char *key;
        json_t *member;
        size_t k;

        required = json_object_get(schema, "required");
        json_object_foreach((json_t *)(uintptr_t)rows[i].answer, key,
                            member) if (at(schema, "properties", key, NULL) == NULL)
            fail_msg("%s.%s is not described", rows[i].schema, key);
        json_array_foreach(required, k,
                           member) if (json_object_get(rows[i].answer, json_string_value(member)) ==
                                       NULL)
            fail_msg("%s lacks %s", rows[i].schema, json_string_value(member));
    }
    /* A password goes in and never comes out. */
    const json_t *password = at(at(doc, "components", "schemas", "Login"), "properties", "password",
                                NULL);

    assert_true(json_is_true(json_object_get(password, "writeOnly")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_route_is_in_it, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(parameters_are_declared, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(references_lead_somewhere, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(answers_are_as_described, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
