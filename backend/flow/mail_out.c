/* See mail_out.h. */
#include "flow/mail_out.h"

#include <string.h>
#include <time.h>

#include "base/conf.h"
#include "base/log.h"
#include "core/audit_head.h"
#include "core/cap_alert.h"
#include "core/erasure.h"
#include "core/invitation.h"
#include "core/mail.h"
#include "core/person.h"
#include "core/tenant.h"
#include "io/db.h"
#include "io/mail.h"

/*
 * What is said in each kind of mail. The text names who gets it, the company, and the link (where
 * there is one); `page` is the portal's page behind the link. The token stands behind the #,
 * which no browser sends: so it is in no log of any server.
 */
static const struct text {
    const char *kind, *page, *subject, *text;
} texts[] = {
    {"verify", "verify", "Confirm your e-mail address",
     "Hello {name},\n\nyou signed up {company} at Konstruct with this address. Confirm that it is "
     "yours:\n"
     "\n{link}\n\nThe link works once, for three days. If you have an account with this address "
     "already,\nlog in with that one instead. If you did not sign up, ignore this mail: without "
     "the\nconfirmation nobody can use your address.\n"},
    {"reset", "reset", "Choose a new password",
     "Hello {name},\n\nsomebody, probably you, asked for a new password for your account at "
     "{company}.\n"
     "Choose it here:\n\n{link}\n\nThe link works once, for one hour. If you did not ask, ignore "
     "this mail: your password\nstays as it is.\n"},
    {"change", "verify", "Confirm your new e-mail address",
     "Hello {name},\n\nyou want to log in to {company} with this address from now on. Confirm it "
     "here:\n"
     "\n{link}\n\nThe link works once, for one day. If this was not you, ignore this mail.\n"},
    {"invite", "invitation", "You are invited to a company on Konstruct",
     "Hello,\n\n{name} invites you to {company} on Konstruct. Your role there: {role}.\n"
     "Accept here:\n\n{link}\n\nThe link works once, for {days} days. If you do not know this "
     "company, ignore this\nmail: nothing happens then.\n"},
    {"email_changed", NULL, "Your e-mail address was changed",
     "Hello {name},\n\nyour account at {company} now has another e-mail address, and this one no "
     "longer "
     "works.\nIf this was not you, tell an admin of your company at once.\n"},
    {"password_changed", NULL, "Your password was changed",
     "Hello {name},\n\nthe password of your account at {company} was changed, and all other "
     "sessions "
     "were ended.\nIf this was not you, choose a new one at once: \"Forgotten your password?\" on "
     "the log-in page.\n"},
    {"factor_on", NULL, "Your second factor was turned on",
     "Hello {name},\n\nfrom now on, logging in to your account at {company} asks for a code of "
     "your "
     "authenticator\napp after the password. Keep the recovery codes in a safe place.\nIf this was "
     "not you, tell an admin of your company at once.\n"},
    {"factor_off", NULL, "Your second factor was turned off",
     "Hello {name},\n\nlogging in to your account at {company} asks for no code any more: your "
     "second\nfactor was turned off.\nIf this was not you, change your password and turn it on "
     "again at once.\n"},
    {"factor_codes", NULL, "You have new recovery codes",
     "Hello {name},\n\nnew recovery codes were made for your account at {company}; those from "
     "before no\nlonger work.\nIf this was not you, tell an admin of your company at once.\n"},
    {"recovery_used", NULL, "A recovery code was used",
     "Hello {name},\n\nsomebody, probably you, used one of the recovery codes of your account at "
     "{company}.\nIt does not work again. How many are left stands in your account, where you can "
     "make\nnew ones.\nIf this was not you, change your password and make new codes at once.\n"},
    {"cap_alert", NULL, "What your AI employees cost",
     "Hello {name},\n\n{company} has used {cap}.\n\nAt the limit your AI employees stop asking "
     "models that cost money and say so, until\nit is raised or the next day or month (UTC) "
     "begins. Caps and usage:\n\n{portal}/usage\n"},
    {"erasure_asked", NULL, "Your company is going to be erased",
     "Hello {name},\n\n{by} asked for everything of {company} to be erased at Konstruct. On {due} "
     "UTC it\nwill be gone, and nobody can bring it back. Until then any admin can stop it "
     "under\nSettings, Company:\n\n{portal}/settings/company\n\nIf there is anything that you "
     "want to keep, export it there first.\n"},
    {"erasure_stopped", NULL, "Your company stays",
     "Hello {name},\n\nan admin has stopped the erasure of {company}. Everything stays as it "
     "is.\n"},
    {"audit_anchor", NULL, "Where your audit stands today",
     "Hello {name},\n\nthe last signed entry in the audit of {company}, and its "
     "hash:\n\n{anchor}\n\n"
     "Keep this mail. With it you can check at any time that nothing was cut off\nor rebuilt: "
     "export the audit and run\n\n    konstruct audit verify FILE --anchor {anchor}\n"},
};

static const struct text *text_of(const char *kind)
{
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (text_is(texts[i].kind, kind))
            return &texts[i];
    return NULL;
}

static const char *portal_url(struct ctx *c)
{
    const char *public_url = conf_text(CONF_public_url);

    return public_url != NULL ? public_url
                              : text_printf(c->mem, "https://%s", conf_text(CONF_listen));
}

static const char *address_of(struct ctx *c, const char *page, const char *token)
{
    return text_printf(c->mem, "%s/%s#%s", portal_url(c), page, token);
}

static const char *day_text(struct ctx *c, int64_t at)
{
    time_t moment = (time_t)at;
    struct tm utc;
    char text[60];

    gmtime_r(&moment, &utc);
    strftime(text, sizeof(text), "%A, %d %B %Y, %H:%M", &utc);
    return text_dup(c->mem, text);
}

struct word {
    const char *mark, *value;
};

static const char *fill(struct ctx *c, const char *text, const struct word *words, size_t count)
{
    struct buf out = buf_new(c->mem, KIB(16));

    while (*text != '\0') {
        const struct word *found = NULL;

        for (size_t i = 0; i < count; i++)
            if (text_starts(text, words[i].mark))
                found = &words[i];
        if (found == NULL) {
            buf_char(&out, *text++);
            continue;
        }
        buf_text(&out, found->value);
        text += strlen(found->mark);
    }
    return buf_str(&out);
}

/* What a mail says of whom. */
struct about {
    const char *name, *role;
    bool wanted; /* false: what it is about is no longer there, so it is not sent */
};

/* Who has invited may have left since. */
static rc_t about_invitation(struct ctx *c, const char *id, struct about *out)
{
    struct invitation invitation;
    rc_t rc = invitation_get(c, id, &invitation);

    if (rc == E_NOT_FOUND) {
        ctx_forgive(c);
        return OK;
    }
    TRY(rc);
    out->wanted = !invitation.expired;
    out->name = invitation.invited_by == NULL ? "An admin" : invitation.invited_by;
    out->role = invitation.role;
    return OK;
}

static rc_t about_person(struct ctx *c, const char *id, struct about *out)
{
    struct person_record person;

    TRY(person_find(c, id, &person));
    out->wanted = true;
    out->name = person.name;
    return OK;
}

/* Only a mail about a cap says something about one; it is not wanted where that is gone. */
static rc_t about_cap(struct ctx *c, const struct mail *m, const char **subject, const char **words,
                      bool *wanted)
{
    struct cap_alert alert;
    rc_t rc;

    *words = "";
    if (!text_is(m->kind, "cap_alert"))
        return OK;
    rc = m->about_id == NULL ? E_NOT_FOUND : cap_alert_get(c, m->about_id, &alert);
    if (rc == E_NOT_FOUND) {
        ctx_forgive(c);
        *wanted = false;
        return OK;
    }
    TRY(rc);
    *words = cap_alert_text(c, &alert);
    *subject = cap_alert_title(&alert);
    return OK;
}

static rc_t compose(struct ctx *c, const struct mail *m, struct letter *out, const char **token,
                    const char **link, bool *wanted)
{
    const struct text *t = text_of(m->kind);
    struct about about = {.role = ""};
    struct audit_state audit;
    const char *company, *cap, *subject;
    struct erasure erasure;

    if (t == NULL)
        return ctx_fail(c, E_INVALID, "mail_unknown_kind", "no such kind of mail: %s", m->kind);
    TRY(text_is(m->kind, "invite") ? about_invitation(c, m->person_id, &about)
                                   : about_person(c, m->person_id, &about));
    *wanted = about.wanted;
    if (!about.wanted)
        return OK;
    TRY(tenant_name(c, &company));
    if (t->page != NULL) {
        TRY(mail_token(c, m->id, token));
        *link = address_of(c, t->page, *token);
    }
    TRY(audit_state_get(c, &audit));
    TRY(erasure_get(c, &erasure));
    /* Stopped before anybody was told. */
    *wanted = !text_is(m->kind, "erasure_asked") || text_is(erasure.state, "waiting");
    subject = t->subject;
    TRY(about_cap(c, m, &subject, &cap, wanted));

    const struct word words[] = {
        {"{name}", about.name},
        {"{role}", about.role},
        {"{days}", text_printf(c->mem, "%lld", (long long)conf_number(CONF_invite_days))},
        {"{portal}", portal_url(c)},
        {"{by}", erasure.by == NULL ? "Whoever runs this instance" : erasure.by},
        {"{due}", day_text(c, erasure.due)},
        {"{company}", company},
        {"{link}", *link},
        {"{cap}", cap},
        {"{anchor}", text_printf(c->mem, "%lld:%s", (long long)audit.signed_entries,
                                 audit.signed_hash == NULL ? "" : audit.signed_hash)}};

    *out = (struct letter){m->id, m->recipient, subject, fill(c, t->text, words, COUNT_OF(words))};
    return OK;
}

static rc_t end(struct ctx *c, const struct run *run, const char *state, const char *why)
{
    TRY(job_guard(c, &run->job));
    TRY(mail_settle(c, run->job.subject_id, state, why));
    TRY(job_done(c, &run->job));
    return db_commit(c);
}

static rc_t send(struct ctx *c, struct run *run, const struct letter *letter, const char *token,
                 const char *link)
{
    const char *file = letter_file(c, letter), *why;
    enum letter_fate fate;

    TRY(job_guard(c, &run->job));
    TRY(mail_sending(c, letter->id, token));
    TRY(db_commit(c));
    TRY(letter_send(c, letter, &fate, &why));
    if (fate == LETTER_LATER)
        return ctx_fail(c, E_UPSTREAM, "mail_later", "%s", why);
    if (fate == LETTER_REFUSED)
        log_warn("mail_refused", "mail", letter->id, "why", why, NULL);
    if (file != NULL)
        log_info("mail_written", "file", file, "link", link[0] == '\0' ? NULL : link, NULL);
    return end(c, run, fate == LETTER_SENT ? "sent" : "refused", why);
}

rc_t mail_run(struct ctx *c, struct run *run)
{
    struct mail m;
    struct letter letter;
    const char *token = NULL, *link = "";
    bool wanted = false;

    TRY(mail_get(c, run->job.subject_id, &m));
    if (text_is(m.person_id, MAIL_NOBODY)) {
        TRY(job_guard(c, &run->job));
        TRY(mail_drop(c, m.id));
        TRY(job_done(c, &run->job));
        return db_commit(c);
    }
    if (m.recent >= MAIL_PER_HOUR)
        return end(c, run, "refused", "too_many");
    TRY(compose(c, &m, &letter, &token, &link, &wanted));
    if (!wanted)
        return end(c, run, "refused", "withdrawn");
    return send(c, run, &letter, token, link);
}

/* Who waits for it can ask again; the row says why it did not come. */
rc_t mail_bury(struct ctx *c, struct run *run)
{
    return mail_settle(c, run->job.subject_id, "refused", "gave_up");
}
