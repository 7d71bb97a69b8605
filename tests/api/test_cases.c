/* What each kind of caller gets from each address: one row a case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "call.h"

#include <cmocka.h>

enum caller { NOBODY, VIEWER, MEMBER, MANAGER, ADMIN, STRANGER, FAKE };

#define METRICS_TOKEN "a-token-for-metrics-of-over-32-bytes"
#define KEY "01234567-89ab-cdef-0123-456789abcdef"

/*
 * In paths and bodies: {e} the employee, {c} the member's conversation, {x} an id that nothing has.
 */
static const struct {
    enum caller who;
    enum method method;
    const char *path, *body;
    int status;
    const char *part; /* of the answer; for problems the code */
} rows[] = {
    {NOBODY, GET, "/healthz", "", 200, "alive"},
    {NOBODY, GET, "/readyz", "", 200, "\"database\":\"ok\",\"migrations\":\"ok\""},
    {NOBODY, GET, "/api/v1/openapi.json", "", 200, "\"openapi\":\"3.1.0\""},
    {NOBODY, GET, "/metrics", "", 401, "unauthenticated"},
    {ADMIN, GET, "/metrics", "", 401, "unauthenticated"},

    {NOBODY, GET, "/api/v1/me", "", 401, "unauthenticated"},
    {FAKE, GET, "/api/v1/me", "", 401, "unauthenticated"},
    {VIEWER, GET, "/api/v1/me", "", 200, "\"role\":\"viewer\""},
    {ADMIN, GET, "/api/v1/me", "", 200, "\"role\":\"admin\""},

    {VIEWER, GET, "/api/v1/employees", "", 200, "\"name\":\"Mara\""},
    {STRANGER, GET, "/api/v1/employees", "", 200, "\"name\":\"Mara\""}, /* his own */
    {VIEWER, GET, "/api/v1/employees/{e}", "", 200, "\"id\":\"{e}\""},
    {STRANGER, GET, "/api/v1/employees/{e}", "", 404, "not_found"},
    {VIEWER, GET, "/api/v1/employees/{x}", "", 404, "not_found"},
    {VIEWER, GET, "/api/v1/employees/not-an-id", "", 404, "not_found"},
    {VIEWER, GET, "/api/v1/employees/{E}", "", 404,
     "not_found"}, /* in capitals it is no id of ours */
    {VIEWER, GET, "/api/v1/employees/' OR true --", "", 404, "not_found"},
    {VIEWER, GET, "/api/v1/employees/%00", "", 404, "not_found"},

    {VIEWER, POST, "/api/v1/employees/{e}/conversations", "{}", 403, "not_permitted"},
    {MEMBER, POST, "/api/v1/employees/{e}/conversations", "{}", 201, "\"channel\":\"portal\""},
    {MANAGER, POST, "/api/v1/employees/{e}/conversations", "", 201, "\"employee_id\":\"{e}\""},
    {STRANGER, POST, "/api/v1/employees/{e}/conversations", "{}", 404, "not_found"},
    {MEMBER, POST, "/api/v1/employees/{x}/conversations", "{}", 404, "not_found"},

    {MEMBER, GET, "/api/v1/conversations", "", 400, "missing"},
    {MEMBER, GET, "/api/v1/conversations?employee_id=", "", 400, "missing"},
    {MEMBER, GET, "/api/v1/conversations?employee_id=1", "", 400, "missing"},
    {MEMBER, GET, "/api/v1/conversations?employee_id={e}", "", 200, "\"id\":\"{c}\""},
    {MEMBER, GET, "/api/v1/conversations?other=1&employee_id={e}", "", 400, "unknown_parameter"},
    {MEMBER, GET, "/api/v1/conversations?employee_id={e}&employee_id=2", "", 400, "twice"},
    {ADMIN, GET, "/api/v1/conversations?employee_id={e}", "", 200, "{\"items\":[],\"next\":null}"},
    {STRANGER, GET, "/api/v1/conversations?employee_id={e}", "", 200,
     "{\"items\":[],\"next\":null}"},
    {MEMBER, GET, "/api/v1/conversations?employee_id={x}", "", 200, "{\"items\":[],\"next\":null}"},

    {MEMBER, GET, "/api/v1/conversations/{c}/messages", "", 200, "{\"items\":[],\"next\":null}"},
    {MEMBER, GET, "/api/v1/conversations/{c}/messages?after=5", "", 200, "{\"items\":[]"},
    {MEMBER, GET, "/api/v1/conversations/{c}/messages?after=-1", "", 400, "not_a_number"},
    {MEMBER, GET, "/api/v1/conversations/{c}/messages?after=x", "", 400, "not_a_number"},
    {MEMBER, GET, "/api/v1/conversations/{c}/messages?after=", "", 400, "not_a_number"},
    {MEMBER, GET, "/api/v1/conversations/{c}/messages?after=%30", "", 200, "items"},
    {MEMBER, GET, "/api/v1/conversations/{c}/messages?after=99999999999999999999", "", 400,
     "not_a_number"},
    {ADMIN, GET, "/api/v1/conversations/{c}/messages", "", 404, "not_found"}, /* somebody else's */
    {STRANGER, GET, "/api/v1/conversations/{c}/messages", "", 404, "not_found"},
    {MEMBER, GET, "/api/v1/conversations/{x}/messages", "", 404, "not_found"},

    {VIEWER, POST, "/api/v1/conversations/{c}/messages", "{\"text\":\"a\",\"key\":\"" KEY "\"}",
     403, "not_permitted"},
    {ADMIN, POST, "/api/v1/conversations/{c}/messages", "{\"text\":\"a\",\"key\":\"" KEY "\"}", 404,
     "not_found"},
    {STRANGER, POST, "/api/v1/conversations/{c}/messages", "{\"text\":\"a\",\"key\":\"" KEY "\"}",
     404, "not_found"},
    {MEMBER, POST, "/api/v1/conversations/{c}/messages", "", 400, "json_missing"},
    {MEMBER, POST, "/api/v1/conversations/{c}/messages", "{}", 400, "missing"},
    {MEMBER, POST, "/api/v1/conversations/{c}/messages", "[]", 400, "json_not_object"},
    {MEMBER, POST, "/api/v1/conversations/{c}/messages", "{\"text\":\"a\"}", 400, "missing"},
    {MEMBER, POST, "/api/v1/conversations/{c}/messages", "{\"text\":\"  \",\"key\":\"" KEY "\"}",
     400, "missing"},
    {MEMBER, POST, "/api/v1/conversations/{c}/messages", "{\"text\":\"a\",\"key\":\"7\"}", 400,
     "not_a_uuid"},
    {MEMBER, POST, "/api/v1/conversations/{c}/messages",
     "{\"text\":\"a\",\"key\":\"" KEY "\",\"seq\":1}", 400, "unknown_field"},
    {MEMBER, POST, "/api/v1/conversations/{c}/messages",
     "{\"text\":\"a\",\"text\":\"b\",\"key\":\"" KEY "\"}", 400, "json_malformed"},
    {MEMBER, POST, "/api/v1/conversations/{c}/messages", "{\"text\":\"\xff\",\"key\":\"" KEY "\"}",
     400, "body_not_utf8"},

    {MEMBER, GET, "/api/v1/conversations/{c}/stream?after=x", "", 400, "not_a_number"},
    {ADMIN, GET, "/api/v1/conversations/{c}/stream", "", 404, "not_found"},
    {STRANGER, GET, "/api/v1/conversations/{c}/stream", "", 404, "not_found"},

    {NOBODY, POST, "/api/v1/login", "{\"email\":\"a@b\"}", 400, "missing"},
    {NOBODY, POST, "/api/v1/login", "{\"email\":\"a@b\",\"password\":7}", 400, "wrong_type"},
    {NOBODY, POST, "/api/v1/logout", "", 401, "unauthenticated"},
    {NOBODY, POST, "/hooks/nothing/events", "{}", 404, "not_found"},
    {NOBODY, POST, "/hooks/portal/events", "{}", 404, "not_found"},

    {NOBODY, GET, "/", "", 404, "not_found"},
    {NOBODY, GET, "/api/v1", "", 404, "not_found"},
    {NOBODY, GET, "/api/v1/", "", 404, "not_found"},
    {NOBODY, GET, "/api/v1/me/", "", 404, "not_found"},
    {NOBODY, GET, "//api/v1/me", "", 404, "not_found"},
    {NOBODY, GET, "/api/v1/mee", "", 404, "not_found"},
    {NOBODY, GET, "/api/v1/m", "", 404, "not_found"},
    {NOBODY, GET, "/API/v1/me", "", 404, "not_found"},
    {NOBODY, GET, "/api/v1/employees//conversations", "", 404, "not_found"},
    {NOBODY, POST, "/api/v1/me", "", 405, "method_not_allowed"},
    {NOBODY, DELETE, "/healthz", "", 405, "method_not_allowed"},
    {NOBODY, GET, "/api/v1/login", "", 405, "method_not_allowed"},
    {NOBODY, PUT, "/api/v1/employees/{e}", "", 405, "method_not_allowed"},
    {NOBODY, PATCH, "/hooks/slack/events", "", 405, "method_not_allowed"},
};

static const char *replace(struct arena *mem, const char *text, const char *what, const char *with)
{
    for (const char *at; (at = strstr(text, what)) != NULL;)
        text = text_printf(mem, "%.*s%s%s", (int)(at - text), text, with, at + strlen(what));
    return text;
}

static const char *fill(struct arena *mem, const struct office *o, const char *text)
{
    char *capitals = text_dup(mem, o->at.employee_id);

    for (char *s = capitals; *s != '\0'; s++)
        if (*s >= 'a' && *s <= 'f')
            *s = (char)(*s - 'a' + 'A');
    text = replace(mem, text, "{e}", o->at.employee_id);
    text = replace(mem, text, "{E}", capitals);
    text = replace(mem, text, "{c}", o->conversation_id);
    return replace(mem, text, "{x}", id_new(mem));
}

static void each_case(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    const char *tokens[] = {[NOBODY] = NULL,
                            [VIEWER] = o.viewer,
                            [MEMBER] = o.member,
                            [MANAGER] = o.manager,
                            [ADMIN] = o.admin,
                            [STRANGER] = other.admin,
                            [FAKE] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};

    conf_set(CONF_metrics_token, METRICS_TOKEN);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct reply r = call(mem, &(struct call){.method = rows[i].method,
                                                  .path = fill(mem, &o, rows[i].path),
                                                  .token = tokens[rows[i].who],
                                                  .body = bytes_of(fill(mem, &o, rows[i].body))});
        const char *part = fill(mem, &o, rows[i].part);

        if (r.status != rows[i].status || (r.status >= 400 && !text_is(r.code, part)) ||
            strstr(r.body, part) == NULL)
            fail_msg("row %zu, %s: %d %s", i, rows[i].path, r.status, r.body);
    }
}

static void metrics_need_their_token(void **state)
{
    static const struct {
        const char *value;
        int status;
    } tokens[] = {{"Bearer " METRICS_TOKEN, 200},
                  {"Bearer " METRICS_TOKEN "x", 401},
                  {"Bearer", 401},
                  {"Bearer ", 401},
                  {METRICS_TOKEN, 401},
                  {"Basic " METRICS_TOKEN, 401},
                  {"bearer " METRICS_TOKEN, 401}};
    struct arena *mem = *state;

    conf_set(CONF_metrics_token, METRICS_TOKEN);
    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        struct reply r = call(mem, &(struct call){.method = GET,
                                                  .path = "/metrics",
                                                  .headers = {{"authorization", tokens[i].value}}});

        assert_int_equal(r.status, tokens[i].status);
    }
    struct reply r = call(mem, &(struct call){.method = GET,
                                              .path = "/metrics",
                                              .headers = {{"authorization", tokens[0].value}}});

    assert_string_equal(r.type, "text/plain; version=0.0.4; charset=utf-8");
    assert_non_null(strstr(r.body, "konstruct_hook_accepted_total"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_case, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(metrics_need_their_token, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
