/*
 * The job `mail` as the worker runs it, into a folder: sent once, again after a crash, or not at
 * all.
 */
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
#include "core/invitation.h"
#include "core/mail.h"
#include "flow/live.h"
#include "flow/runner.h"
#include "lib/pg.h"

#include <cmocka.h>

#define TO "ann@example.org"

struct fixture {
    struct arena *mem;
    PGconn *super;
    struct place at;
    char folder[40];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->mem = arena_new(MIB(16));
    f->super = pg_open(PG_SUPER);
    f->at = place_new(f->mem);
    snprintf(f->folder, sizeof(f->folder), "/tmp/konstruct-mail.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    conf_set(CONF_mail_dir, f->folder);
    conf_set(CONF_master_key, "tests-of-mails-master-key-61b0d2a97e");
    conf_set(CONF_public_url, "https://konstruct.example");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    rmdir(f->folder);
    PQfinish(f->super);
    arena_free(f->mem);
    free(f);
    return 0;
}

/* Writes a mail as the web process does; gives its id. */
static const char *add(struct fixture *f, const char *tenant_id, const char *person_id,
                       const char *kind)
{
    struct ctx *c = pg_ctx(PG_WEB, tenant_id);

    if (mail_add(c, person_id, kind, TO) != OK || db_commit(c) != OK)
        fail_msg("%s", c->fault.detail);
    ctx_end(c);
    return pg_get(f->mem, f->super,
                  "SELECT id FROM mail WHERE tenant_id = '%s' ORDER BY created_at DESC, id DESC",
                  tenant_id);
}

static const char *job_of(struct fixture *f, const char *what, const char *mail_id)
{
    return pg_get(f->mem, f->super, "SELECT %s FROM job WHERE subject_id = '%s'", what, mail_id);
}

static const char *of(struct fixture *f, const char *what, const char *mail_id)
{
    return pg_get(f->mem, f->super, "SELECT %s FROM mail WHERE id = '%s'", what, mail_id);
}

static void run_job(struct fixture *f, const char *tenant_id, const char *mail_id)
{
    struct job_hint hint = {tenant_id, job_of(f, "id", mail_id)};
    struct run *run = arena_take(f->mem, sizeof(*run));

    runner_run(pg_pool(PG_WORKER), &hint, run);
}

/* The mail in the folder, or NULL; it is taken out. */
static char *taken(struct fixture *f, const char *mail_id)
{
    const char *path = text_printf(f->mem, "%s/%s.eml", f->folder, mail_id);
    char *text = arena_take(f->mem, KIB(8));
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return NULL;
    text[fread(text, 1, KIB(8) - 1, file)] = '\0';
    fclose(file);
    unlink(path);
    return text;
}

static void a_mail_is_sent_and_its_link_known_by_its_hash(void **state)
{
    struct fixture *f = *state;
    const char *id = add(f, f->at.tenant_id, f->at.person_id, "verify"), *mail, *link;

    run_job(f, f->at.tenant_id, id);
    mail = taken(f, id);
    assert_non_null(mail);
    assert_non_null(strstr(mail, "\r\nTo: <" TO ">\r\n"));
    assert_non_null(strstr(mail, text_printf(f->mem, "Message-ID: <%s@", id)));
    link = strstr(mail, "https://konstruct.example/verify#");
    assert_non_null(link);
    link = text_copy(f->mem, strchr(link, '#') + 1, 43);
    assert_string_equal(of(f, "state", id), "sent");
    assert_string_equal(job_of(f, "state", id), "done");
    assert_int_equal(pg_count(f->super,
                              "SELECT count(*) FROM mail WHERE id = '%s' AND token_hash = "
                              "sha256('%s'::bytea) AND sent_at IS NOT NULL",
                              id, link),
                     1);
    /* Nothing in the database holds the link. */
    assert_int_equal(
        pg_count(f->super, "SELECT count(*) FROM mail WHERE id = '%s' AND mail::text LIKE '%%%s%%'",
                 id, link),
        0);
}

static void after_a_crash_it_is_the_same_mail(void **state)
{
    struct fixture *f = *state;
    const char *id = add(f, f->at.tenant_id, f->at.person_id, "reset"), *first, *second;

    run_job(f, f->at.tenant_id, id);
    first = taken(f, id);
    /* As if the worker had died after the call, before it wrote down that the mail was sent. */
    pg_do(f->super, "UPDATE mail SET state = 'sending', sent_at = NULL WHERE id = '%s'", id);
    pg_do(f->super, "UPDATE job SET state = 'ready', holder = NULL WHERE subject_id = '%s'", id);
    run_job(f, f->at.tenant_id, id);
    second = taken(f, id);
    assert_string_equal(strstr(first, "Message-ID"), strstr(second, "Message-ID"));
    assert_string_equal(of(f, "state", id), "sent");
    assert_string_equal(of(f, "attempts", id), "2");
}

static void nobodys_mail_is_dropped(void **state)
{
    struct fixture *f = *state;
    const char *id = add(f, MAIL_NOBODY, MAIL_NOBODY, "reset");

    run_job(f, MAIL_NOBODY, id);
    assert_null(taken(f, id));
    assert_null(of(f, "state", id));
    assert_string_equal(job_of(f, "state", id), "done");
}

/* An invitation with its mail, as the web process writes them. */
static const char *invite(struct fixture *f, const char **invitation_id)
{
    struct ctx *c = pg_ctx(PG_WEB, f->at.tenant_id);
    struct invitation made;

    c->person_id = f->at.person_id;
    if (invitation_add(c, &(struct new_invitation){TO, "viewer"}, &made) != OK ||
        db_commit(c) != OK)
        fail_msg("%s", c->fault.detail);
    *invitation_id = text_dup(f->mem, made.id);
    ctx_end(c);
    return pg_get(f->mem, f->super, "SELECT id FROM mail WHERE person_id = '%s'", *invitation_id);
}

static void an_invitation_says_who_and_what(void **state)
{
    struct fixture *f = *state;
    const char *invitation_id, *id = invite(f, &invitation_id), *mail;

    run_job(f, f->at.tenant_id, id);
    mail = taken(f, id);
    assert_non_null(mail);
    assert_non_null(strstr(mail, "\r\nTo: <" TO ">\r\n"));
    assert_non_null(strstr(mail, "Somebody invites you to Company "));
    assert_non_null(strstr(mail, "Your role there: viewer."));
    assert_non_null(strstr(mail, "https://konstruct.example/invitation#"));
    assert_non_null(strstr(mail, "for 7 days"));
    assert_string_equal(of(f, "state", id), "sent");
}

static void a_withdrawn_invitation_is_not_sent(void **state)
{
    struct fixture *f = *state;
    const char *invitation_id, *id = invite(f, &invitation_id);

    pg_do(f->super, "DELETE FROM invitation WHERE id = '%s'", invitation_id);
    run_job(f, f->at.tenant_id, id);
    assert_null(taken(f, id));
    assert_string_equal(of(f, "state", id), "refused");
    assert_string_equal(of(f, "fault", id), "withdrawn");
    assert_string_equal(job_of(f, "state", id), "done");
}

static void too_many_are_not_sent(void **state)
{
    struct fixture *f = *state;
    const char *id = NULL;

    for (int i = 0; i < MAIL_PER_HOUR; i++)
        id = add(f, f->at.tenant_id, f->at.person_id, "reset");
    run_job(f, f->at.tenant_id, id);
    assert_non_null(taken(f, id));
    id = add(f, f->at.tenant_id, f->at.person_id, "reset");
    run_job(f, f->at.tenant_id, id);
    assert_null(taken(f, id));
    assert_string_equal(of(f, "state", id), "refused");
    assert_string_equal(of(f, "fault", id), "too_many");
    assert_string_equal(job_of(f, "state", id), "done");
}

/* A day on which many caps are reached takes nobody's new password away. */
static void alerts_leave_room_for_others(void **state)
{
    struct fixture *f = *state;
    struct ctx *c = pg_ctx(PG_WEB, f->at.tenant_id);
    const char *id;

    for (int i = 0; i < MAIL_PER_HOUR; i++)
        add(f, f->at.tenant_id, f->at.person_id, "cap_alert");
    assert_int_equal(mail_allowed(c, f->at.person_id), OK);
    ctx_end(c);
    id = add(f, f->at.tenant_id, f->at.person_id, "reset");
    run_job(f, f->at.tenant_id, id);
    assert_non_null(taken(f, id));
    id = add(f, f->at.tenant_id, f->at.person_id, "cap_alert");
    run_job(f, f->at.tenant_id, id);
    assert_string_equal(of(f, "fault", id), "too_many");
}

static void an_alert_says_which_cap_and_how_far(void **state)
{
    struct fixture *f = *state;
    const char *alert = id_new(f->mem), *id, *mail;

    pg_do(f->super,
          "INSERT INTO cap_alert (tenant_id, id, cap_id, starts, percent, spent_micros,"
          " limit_micros) SELECT tenant_id, '%s', id, cap_starts(period), 80, 8000000, 10000000"
          " FROM cap WHERE tenant_id = '%s' AND period = 'day'",
          alert, f->at.tenant_id);
    id = add(f, f->at.tenant_id, f->at.person_id, "cap_alert");
    pg_do(f->super, "UPDATE mail SET about_id = '%s' WHERE id = '%s'", alert, id);
    run_job(f, f->at.tenant_id, id);
    mail = taken(f, id);
    assert_non_null(mail);
    assert_non_null(strstr(mail, "\r\nSubject: A cap on what your AI employees cost is nearly"));
    assert_non_null(
        strstr(mail, " has used 8.00 of the 10.00 dollars that models may cost today."));
    assert_non_null(strstr(mail, "https://konstruct.example/usage"));
}

static void what_cannot_be_sent_is_said_so(void **state)
{
    struct fixture *f = *state;
    const char *id = add(f, f->at.tenant_id, f->at.person_id, "verify");

    /* Writing fails for now: it is tried again. */
    conf_set(CONF_mail_dir, "/nonexistent");
    run_job(f, f->at.tenant_id, id);
    assert_string_equal(job_of(f, "state", id), "ready");
    assert_string_equal(job_of(f, "errors", id), "1");
    assert_string_equal(of(f, "state", id), "sending");
    /* The last time. */
    pg_do(f->super, "UPDATE job SET errors = 7, run_at = now() WHERE subject_id = '%s'", id);
    run_job(f, f->at.tenant_id, id);
    assert_string_equal(job_of(f, "state", id), "dead");
    assert_string_equal(of(f, "state", id), "refused");
    assert_string_equal(of(f, "fault", id), "gave_up");
}

static int start(void **state)
{
    live_start(NULL);
    return pg_start(state);
}

static int stop(void **state)
{
    live_stop();
    return pg_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_mail_is_sent_and_its_link_known_by_its_hash, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(after_a_crash_it_is_the_same_mail, setup, teardown),
        cmocka_unit_test_setup_teardown(nobodys_mail_is_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(an_invitation_says_who_and_what, setup, teardown),
        cmocka_unit_test_setup_teardown(a_withdrawn_invitation_is_not_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_are_not_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(alerts_leave_room_for_others, setup, teardown),
        cmocka_unit_test_setup_teardown(an_alert_says_which_cap_and_how_far, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_sent_is_said_so, setup, teardown),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
