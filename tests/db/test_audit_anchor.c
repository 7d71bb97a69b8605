/* The daily job: signs the chains that grew, and mails the anchor to the admins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_help.h"
#include "base/conf.h"
#include "flow/anchor.h"
#include "flow/live.h"
#include "flow/runner.h"

#include <cmocka.h>

static void sweep(void)
{
    struct ctx *c = pg_ctx(PG_WORKER, NULL);

    ok(c, anchor_sweep(c));
    ctx_end(c);
}

static const char *run_next(struct arena *mem, PGconn *super, const char *tenant_id,
                            const char *kind)
{
    const char *id = pg_get(mem, super,
                            "SELECT id FROM job WHERE tenant_id = '%s' AND kind = '%s' AND state = "
                            "'ready' ORDER BY number LIMIT 1",
                            tenant_id, kind);
    struct job_hint hint = {tenant_id, id};

    if (id != NULL)
        runner_run(pg_pool(PG_WORKER), &hint, arena_take(mem, sizeof(struct run)));
    return id;
}

static void a_day_passes(PGconn *super, const char *tenant_id)
{
    pg_do(super,
          "BEGIN; SET LOCAL session_replication_role = replica; UPDATE audit_signature SET "
          "signed_at = signed_at - interval '25 hours' WHERE tenant_id = '%s'; COMMIT",
          tenant_id);
}

static void chains_are_signed_and_anchors_go_to_the_admins(void **state)
{
    struct place at = place_new(*state);
    PGconn *super = pg_open(PG_SUPER);
    const char *member = place_person(*state, &at, "manager"),
               *unproven = place_person(*state, &at, "admin"), *mail, *anchor;
    char folder[] = "/tmp/konstruct-anchor-XXXXXX", text[4000] = "";

    (void)unproven;
    assert_non_null(mkdtemp(folder));
    conf_set(CONF_mail_dir, folder);
    pg_do(super, "UPDATE person SET email_verified_at = now() WHERE id IN ('%s', '%s')",
          at.person_id, member);

    /* The first signature comes without a mail, and once. */
    sweep();
    assert_non_null(run_next(*state, super, at.tenant_id, "audit_daily"));
    sweep();
    assert_null(run_next(*state, super, at.tenant_id, "audit_daily"));
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM mail WHERE tenant_id = '%s'", at.tenant_id), 0);

    /* A chain that did not grow needs nothing. */
    a_day_passes(super, at.tenant_id);
    sweep();
    assert_null(run_next(*state, super, at.tenant_id, "audit_daily"));

    add(at.tenant_id, "system", "thing.done", "x", "{}");
    sweep();
    assert_non_null(run_next(*state, super, at.tenant_id, "audit_daily"));
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM mail WHERE tenant_id = '%s'", at.tenant_id), 1);
    mail = pg_get(*state, super, "SELECT id FROM mail WHERE tenant_id = '%s' AND person_id = '%s'",
                  at.tenant_id, at.person_id);
    assert_non_null(mail);
    anchor = pg_get(
        *state, super,
        "SELECT seq || ':' || encode(hash, 'hex') FROM audit_head WHERE tenant_id = '%s'",
        at.tenant_id);
    run_next(*state, super, at.tenant_id, "mail");

    const char *path = text_printf(*state, "%s/%s.eml", folder, mail);
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(text, anchor));
    unlink(path);
    rmdir(folder);
    PQfinish(super);
}

static int start(void **state)
{
    live_start(NULL);
    return audit_help_start(state);
}

static int stop(void **state)
{
    live_stop();
    return pg_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {AUDIT_TEST(chains_are_signed_and_anchors_go_to_the_admins)};

    return cmocka_run_group_tests(tests, start, stop);
}
