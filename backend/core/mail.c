/* See mail.h. */
#include "core/mail.h"

#include "base/conf.h"
#include "base/id.h"
#include "base/shape.h"
#include "core/job.h"
#include "core/link.h"
#include "io/crypto.h"
#include "io/db.h"

/* How long the link of a kind of mail works. Kinds without a link have no time. */
static const struct {
    const char *kind;
    int64_t seconds;
} lives[] = {{"verify", 3 * 86400L}, {"reset", 3600}, {"change", 86400L}};

static int64_t life_of(const char *kind)
{
    if (text_is(kind, "invite"))
        return conf_number(CONF_invite_days) * 86400L;
    for (size_t i = 0; i < COUNT_OF(lives); i++)
        if (text_is(lives[i].kind, kind))
            return lives[i].seconds;
    return 0;
}

static const struct stmt q_add = {
    "mail_add",
    "INSERT INTO mail (tenant_id, id, person_id, kind, recipient, expires_at, about_id)"
    " VALUES (tenant_now(), $1, $2, $3, $4, now() + make_interval(secs => $5::int), $6)"};

static rc_t add(struct ctx *c, const char *person_id, const char *kind, const char *recipient,
                const char *about_id)
{
    const char *id = id_new(c->mem);

    TRY(db_exec(c, &q_add,
                ARGS(A(id), A(person_id), A(kind), A(recipient), A(life_of(kind)), A(about_id)),
                NULL));
    return job_add(c, id_new(c->mem), "mail", id, id);
}

rc_t mail_add(struct ctx *c, const char *person_id, const char *kind, const char *recipient)
{
    return add(c, person_id, kind, recipient, NULL);
}

static const struct stmt q_admins = {
    "mail_admins",
    "SELECT m.person_id, p.email FROM membership m, LATERAL person_get(m.person_id) p"
    " WHERE m.tenant_id = tenant_now() AND m.role = 'admin' AND p.verified ORDER BY 1"};

rc_t mail_add_admins(struct ctx *c, const char *kind, const char *about_id)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_admins, NO_ARGS, &rows));
    for (int i = 0; i < rows.count; i++)
        TRY(add(c, db_text(&rows, i, 0), kind, db_text(&rows, i, 1), about_id));
    return OK;
}

static const struct stmt q_recent = {
    "mail_recent",
    "SELECT count(*), ceil(extract(epoch FROM min(created_at) + interval '1 hour' - "
    "now()))::bigint FROM mail WHERE tenant_id = tenant_now() AND "
    "person_id = $1 AND kind <> 'cap_alert' AND created_at > now() - interval '1 hour'"};

rc_t mail_allowed(struct ctx *c, const char *person_id)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_recent, ARGS(A(person_id)), &rows));
    if (db_int(&rows, 0, 0) >= MAIL_PER_HOUR)
        return ctx_over(c, "mail_limit", "mails", db_int(&rows, 0, 1),
                        "You were sent %d mails in the last hour; look for them, or wait.",
                        MAIL_PER_HOUR);
    return OK;
}

static const struct field fields[] = {
    FIELD(struct mail, id, 0, 0, NULL),     FIELD(struct mail, person_id, 0, 0, NULL),
    FIELD(struct mail, kind, 0, 0, NULL),   FIELD(struct mail, recipient, 0, 0, NULL),
    FIELD(struct mail, state, 0, 0, NULL),  FIELD(struct mail, attempts, 0, 0, NULL),
    FIELD(struct mail, recent, 0, 0, NULL), FIELD(struct mail, about_id, NULLABLE, 0, NULL),
};
static const struct shape mail_shape = SHAPE("Mail", struct mail, fields);

static const struct stmt q_get = {
    "mail_get",
    "SELECT id, person_id, kind, recipient, state, attempts, about_id,"
    " (SELECT count(*) FROM mail o WHERE o.tenant_id = m.tenant_id AND o.person_id = m.person_id"
    "  AND (o.kind = 'cap_alert') = (m.kind = 'cap_alert')"
    "  AND o.created_at < m.created_at AND o.created_at > m.created_at - interval '1 hour')"
    " AS recent FROM mail m WHERE tenant_id = tenant_now() AND id = $1"};

rc_t mail_get(struct ctx *c, const char *id, struct mail *out)
{
    return db_one(c, &q_get, ARGS(A(id)), &mail_shape, out);
}

/*
 * It follows from the master key, which only the worker has: the web process and the database can't
 * make a link, and no row holds one.
 */
rc_t mail_token(struct ctx *c, const char *id, const char **out)
{
    const char *master = conf_text(CONF_master_key);
    unsigned char token[32];

    if (master == NULL)
        return ctx_fail(c, E_FORBIDDEN, "no_master_key",
                        "This needs KONSTRUCT_MASTER_KEY, which is not set here.");
    crypto_hmac_sha256(bytes_of(master), bytes_of(text_printf(c->mem, "link of mail %s", id)),
                       token);
    *out = text_base64url(c->mem, (struct bytes){(const char *)token, sizeof(token)});
    return OK;
}

static const struct stmt q_sending = {
    "mail_sending", "UPDATE mail SET state = 'sending', attempts = attempts + 1, token_hash = $2"
                    " WHERE tenant_id = tenant_now() AND id = $1"};

rc_t mail_sending(struct ctx *c, const char *id, const char *token)
{
    const struct bytes none = {NULL, 0};

    return db_exec(c, &q_sending, ARGS(A(id), A(token == NULL ? none : link_hash(c, token))), NULL);
}

static const struct stmt q_settle = {
    "mail_settle",
    "UPDATE mail SET state = $2, fault = $3, sent_at = CASE WHEN $2 = 'sent' THEN now() END"
    " WHERE tenant_id = tenant_now() AND id = $1"};

rc_t mail_settle(struct ctx *c, const char *id, const char *state, const char *fault)
{
    return db_exec(c, &q_settle, ARGS(A(id), A(state), A(fault)), NULL);
}

static const struct stmt q_drop = {"mail_drop",
                                   "DELETE FROM mail WHERE tenant_id = tenant_now() AND id = $1"};

rc_t mail_drop(struct ctx *c, const char *id)
{
    return db_exec(c, &q_drop, ARGS(A(id)), NULL);
}
