/* Exports by the API: who may, how far it is, and the file in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/id.h"
#include "call.h"
#include "flow/runner.h"

#include <cmocka.h>

static char folder[] = "/tmp/konstruct-exports-XXXXXX";

static int start(void **state)
{
    if (api_start(state) != 0 || mkdtemp(folder) == NULL)
        return 1;
    conf_set(CONF_master_key, "a master key for tests, long enough to be one");
    return 0;
}

static int stop(void **state)
{
    char exports[60];

    snprintf(exports, sizeof(exports), "%s/exports", folder);
    rmdir(exports);
    return rmdir(folder) == 0 ? api_stop(state) : 1;
}

static const char *path_of(struct arena *mem, const char *id, const char *rest)
{
    return text_printf(mem, "/api/v1/exports/%s%s", id, rest);
}

static void work(struct arena *mem, const char *tenant_id, const char *id, const char *kind)
{
    PGconn *super = pg_open(PG_SUPER);
    struct job_hint hint = {tenant_id,
                            pg_get(mem, super,
                                   "UPDATE job SET run_at = now() WHERE subject_id = '%s' AND kind "
                                   "= '%s' RETURNING id",
                                   id, kind)};

    assert_non_null(hint.job_id);
    runner_run(pg_pool(PG_WORKER), &hint, arena_take(mem, sizeof(struct run)));
    PQfinish(super);
}

static const char *link_of(const struct reply *r)
{
    for (int i = 0; i < r->res.header_count; i++)
        if (strcmp(r->res.headers[i].name, "link") == 0)
            return r->res.headers[i].value;
    return NULL;
}

static void only_admins_take_everything_out(void **state)
{
    struct office o = office_new(*state);
    const char *others[] = {o.manager, o.member, o.viewer};
    struct reply r;

    for (size_t i = 0; i < COUNT_OF(others); i++) {
        r = post(*state, others[i], "/api/v1/exports", "");
        expect(&r, 403, "not_permitted");
        r = get(*state, others[i], "/api/v1/exports");
        expect(&r, 403, "not_permitted");
    }
}

static void the_file_comes_in_pieces(void **state)
{
    struct office o = office_new(*state), other = office_new(*state);
    struct buf whole = buf_new(*state, MIB(8));
    PGconn *super = pg_open(PG_SUPER);
    const char *id, *link;
    struct reply r;

    conf_set(CONF_files_dir, folder);
    pg_do(super,
          "INSERT INTO employee_fact (tenant_id, employee_id, position, fact) SELECT '%s', '%s', "
          "n, repeat('x', 1900) FROM generate_series(100, 1600) n",
          o.at.tenant_id, o.at.employee_id);
    /* Asked twice under one key, because the first answer got lost: it is one export. */
    for (int i = 0; i < 2; i++) {
        r = call(*state, &(struct call){.method = POST,
                                        .path = "/api/v1/exports",
                                        .token = o.admin,
                                        .headers = {{"idempotency-key", "the-first"}}});
        expect(&r, 201, NULL);
        assert_string_equal(text_of(&r, "state"), "waiting");
        assert_true(i == 0 || strcmp(id, text_of(&r, "id")) == 0);
        id = text_of(&r, "id");
    }
    r = post(*state, o.admin, "/api/v1/exports", "");
    expect(&r, 409, "export_running");
    r = get(*state, o.admin, path_of(*state, id, "/file"));
    expect(&r, 404, "export_gone");
    work(*state, o.at.tenant_id, id, "tenant_export");
    r = get(*state, o.admin, path_of(*state, id, ""));
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "state"), "ready");
    assert_int_equal(number_of(&r, "files"), number_of(&r, "files_done"));

    int64_t size = number_of(&r, "bytes");
    const char *next = path_of(*state, id, "/file");

    assert_true(size > 2 * 1024 * 1024);
    while (next != NULL) {
        r = get(*state, o.admin, next);
        expect(&r, 200, NULL);
        assert_string_equal(r.type, "application/x-tar");
        buf_add(&whole, r.res.body.data, r.res.body.len);
        link = link_of(&r);
        next = link == NULL ? NULL : text_copy(*state, link + 1, strcspn(link, ">") - 1);
    }
    assert_int_equal(whole.len, size);
    assert_memory_equal(whole.data + 257, "ustar", 6);
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND action IN "
                              "('tenant.export_asked', 'tenant.export_fetched')",
                              o.at.tenant_id),
                     2);

    /* Behind its end, and of another company. */
    r = get(*state, o.admin,
            text_printf(*state, "/api/v1/exports/%s/file?from=%lld", id, (long long)size));
    expect(&r, 400, "not_a_number");
    r = get(*state, other.admin, path_of(*state, id, ""));
    expect(&r, 404, "not_found");
    r = get(*state, other.admin, path_of(*state, id, "/file"));
    expect(&r, 404, "not_found");

    work(*state, o.at.tenant_id, id, "export_remove");
    r = get(*state, o.admin, path_of(*state, id, "/file"));
    expect(&r, 404, "export_gone");
    r = get(*state, o.admin, "/api/v1/exports");
    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 1);
    assert_string_equal(json_string_value(json_object_get(item_of(&r, 0), "state")), "removed");
    rmdir(text_printf(*state, "%s/exports/%s", folder, o.at.tenant_id));
    PQfinish(super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_admins_take_everything_out, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(the_file_comes_in_pieces, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
