/* Sessions as their person sees them: listed, ended, and over when nobody uses them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/id.h"
#include "call.h"
#include "core/session.h"

#include <cmocka.h>

static struct reply drop(struct arena *mem, const char *token, const char *path)
{
    return call(mem, &(struct call){.method = DELETE, .path = path, .token = token});
}

static bool is_in(struct arena *mem, const char *token)
{
    return get(mem, token, "/api/v1/me").status == 200;
}

static const char *other_id(struct reply *list)
{
    for (size_t i = 0; i < count_of(list); i++)
        if (!json_is_true(json_object_get(item_of(list, i), "current")))
            return json_str(item_of(list, i), "id");
    fail_msg("no other session in %s", list->body);
    return NULL;
}

static void one_sees_and_ends_ones_own(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), foreign = office_new(mem);
    const char *second = session_of(mem, o.at.tenant_id, o.at.person_id), *id;
    struct reply r = get(mem, o.admin, "/api/v1/sessions"), theirs;

    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 2); /* nobody else's of the company */
    assert_true(json_is_true(json_object_get(item_of(&r, 0), "current")));
    assert_null(strstr(r.body, second));
    id = other_id(&r);

    /* Neither another person's nor another company's can be ended. */
    theirs = get(mem, foreign.admin, "/api/v1/sessions");
    r = drop(mem, o.admin,
             text_printf(mem, "/api/v1/sessions/%s", json_str(item_of(&theirs, 0), "id")));
    expect(&r, 404, "not_found");
    theirs = get(mem, o.member, "/api/v1/sessions");
    r = drop(mem, o.admin,
             text_printf(mem, "/api/v1/sessions/%s", json_str(item_of(&theirs, 0), "id")));
    expect(&r, 404, "not_found");
    assert_true(is_in(mem, foreign.admin));
    assert_true(is_in(mem, o.member));

    r = drop(mem, o.admin, text_printf(mem, "/api/v1/sessions/%s", id));
    assert_int_equal(r.status, 204);
    assert_false(is_in(mem, second));
    assert_true(is_in(mem, o.admin));
    r = drop(mem, o.admin, text_printf(mem, "/api/v1/sessions/%s", id));
    expect(&r, 404, "not_found");
}

static void all_others_end_at_once(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    const char *second = session_of(mem, o.at.tenant_id, o.at.person_id),
               *third = session_of(mem, o.at.tenant_id, o.at.person_id);
    struct reply r = drop(mem, o.admin, "/api/v1/sessions");

    assert_int_equal(r.status, 204);
    assert_false(is_in(mem, second));
    assert_false(is_in(mem, third));
    assert_true(is_in(mem, o.admin));
    assert_true(is_in(mem, o.member));
}

/* The cookie alone changes nothing, whatever origin is claimed. */
static void a_change_needs_the_second_proof(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply me = get(mem, o.member, "/api/v1/me"), other = get(mem, o.admin, "/api/v1/me"), r;
    const char *path = text_printf(mem, "/api/v1/employees/%s/conversations", o.at.employee_id);
    const char *good = text_of(&me, "csrf");
    const struct {
        const char *csrf;
        int status;
    } rows[] = {{"", 403},
                {text_of(&other, "csrf"), 403},
                {text_printf(mem, "%sx", good), 403},
                {text_copy(mem, good, 42), 403},
                {o.member, 403},
                {good, 201}};

    assert_int_equal(strlen(good), 43);
    assert_null(strstr(me.body, o.member)); /* it does not betray the session */
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        r = call(mem, &(struct call){.method = POST,
                                     .path = path,
                                     .token = o.member,
                                     .body = BYTES("{}"),
                                     .headers = {{"x-csrf", rows[i].csrf}}});
        expect(&r, rows[i].status, rows[i].status == 403 ? "csrf_wrong" : NULL);
        r = call(mem, &(struct call){.method = GET,
                                     .path = "/api/v1/me",
                                     .token = o.member,
                                     .headers = {{"x-csrf", rows[i].csrf}}});
        expect(&r, 200, NULL);
    }
    r = call(mem, &(struct call){.method = DELETE,
                                 .path = "/api/v1/sessions",
                                 .token = o.member,
                                 .headers = {{"x-csrf", ""}}});
    expect(&r, 403, "csrf_wrong");
}

static void an_unused_session_ends(void **state)
{
    struct arena *mem = *state;
    PGconn *super = pg_open(PG_SUPER);
    struct office o = office_new(mem);
    const char *person = o.at.person_id;

    /* Used after a while, it is good for a while again. */
    pg_do(
        super,
        "UPDATE session SET seen_at = now() - interval '1 hour', idle_until = now() + interval '1 "
        "hour' WHERE person_id = '%s'",
        person);
    assert_true(is_in(mem, o.admin));
    assert_int_equal(
        pg_count(super,
                 "SELECT count(*) FROM session WHERE person_id = '%s' AND seen_at > "
                 "now() - interval '1 minute' AND idle_until > now() + interval '1 day'",
                 person),
        1);
    pg_do(super,
          "UPDATE session SET idle_until = now() - interval '1 second' WHERE person_id = '%s'",
          person);
    assert_false(is_in(mem, o.admin));
    /* The next one takes it away. */
    session_of(mem, o.at.tenant_id, person);
    assert_int_equal(pg_count(super, "SELECT count(*) FROM session WHERE person_id = '%s'", person),
                     1);
    PQfinish(super);
}

static void browsers_are_known_by_kind_only(void **state)
{
    static const struct {
        const char *said, *kept;
    } rows[] = {
        {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
         "Firefox on Linux"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/140.0 Safari/537.36 Edg/140.0",
         "Edge on Windows"},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 "
         "Mobile/15E148 Safari/604.1",
         "Safari on iPhone"},
        {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/140.0 "
         "Safari/537.36",
         "Chrome on macOS"},
        {"curl/8.5", "curl"},
        {"<script>alert(1)</script>", "Unknown browser"},
        {"", "Unknown browser"},
        {NULL, "Unknown browser"},
    };
    struct arena *mem = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_string_equal(session_agent(mem, rows[i].said), rows[i].kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_sees_and_ends_ones_own, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(all_others_end_at_once, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_change_needs_the_second_proof, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(an_unused_session_ends, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(browsers_are_known_by_kind_only, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
