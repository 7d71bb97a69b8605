/* See person.h. */
#include "core/person.h"

#include <string.h>

#include "core/tenant.h"
#include "io/db.h"

#define PASSWORD_LEAST 12

static const struct field sign_up_fields[] = {
    FIELD(struct sign_up, company, REQUIRED, 200, "Name of the company"),
    FIELD(struct sign_up, name, REQUIRED, 200, "Your name"),
    FIELD(struct sign_up, email, REQUIRED, 320, "Your e-mail address; it is also your login"),
    FIELD(struct sign_up, password, REQUIRED | WRITE_ONLY, 200, "At least 12 characters"),
};
const struct shape sign_up_shape = SHAPE("SignUp", struct sign_up, sign_up_fields);

static const struct field login_fields[] = {
    FIELD(struct login, email, REQUIRED, 320, NULL),
    FIELD(struct login, password, REQUIRED | WRITE_ONLY, 200, NULL),
};
const struct shape login_shape = SHAPE("Login", struct login, login_fields);

static const struct field me_fields[] = {
    FIELD(struct me, person_id, READ_ONLY, 36, NULL),
    FIELD(struct me, name, READ_ONLY, 200, NULL),
    FIELD(struct me, email, READ_ONLY, 320, NULL),
    FIELD(struct me, tenant_id, READ_ONLY, 36, NULL),
    FIELD(struct me, tenant_name, READ_ONLY, 200, NULL),
    FIELD(struct me, role, READ_ONLY, 20, "admin, manager, member or viewer"),
};
const struct shape me_shape = SHAPE("Me", struct me, me_fields);

/*
 * One @ with something on both sides and no blanks: the only proof of an address is a mail to it.
 */
static bool email_plausible(const char *email)
{
    const char *at = strchr(email, '@');

    return at != NULL && at != email && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
           strpbrk(email, " \t\r\n<>,;") == NULL;
}

rc_t sign_up_check(struct ctx *c, struct sign_up *in)
{
    in->email = text_trim(c->mem, in->email);
    in->name = text_trim(c->mem, in->name);
    in->company = text_trim(c->mem, in->company);
    if (!email_plausible(in->email))
        return ctx_bad(c, "email", "email_malformed", "This is not an e-mail address.");
    if (strlen(in->password) < PASSWORD_LEAST)
        return ctx_bad(c, "password", "password_short",
                       "The password needs at least %d characters.", PASSWORD_LEAST);
    return OK;
}

static const struct stmt q_add = {"person_add", "SELECT person_add($1, $2, $3, $4)"};

rc_t person_add(struct ctx *c, const char *id, const char *name, const char *email,
                const char *password_hash)
{
    rc_t rc = db_exec(c, &q_add, ARGS(A(id), A(name), A(email), A(password_hash)), NULL);

    if (rc != E_CONFLICT)
        return rc;
    ctx_forgive(c);
    ctx_bad(c, "email", "email_taken",
            "There is an account with this e-mail address already. Log in instead.");
    c->fault.rc = E_CONFLICT;
    return E_CONFLICT;
}

static const struct stmt q_login = {
    "person_for_login", "SELECT person_id, password_hash, tenant_id, role FROM login_find($1)"};

rc_t person_for_login(struct ctx *c, const char *email, struct login_record *out)
{
    struct db_rows rows;

    *out = (struct login_record){.person_id = NULL};
    TRY(db_rows(c, &q_login, ARGS(A(email)), &rows));
    if (rows.count > 0)
        *out = (struct login_record){db_text(&rows, 0, 0), db_text(&rows, 0, 1),
                                     db_text(&rows, 0, 2), db_text(&rows, 0, 3)};
    return OK;
}

static const struct stmt q_member = {
    "membership_add",
    "INSERT INTO membership (tenant_id, person_id, role) VALUES (tenant_now(), $1, $2)"};

rc_t membership_add(struct ctx *c, const char *person_id, const char *role)
{
    return db_exec(c, &q_member, ARGS(A(person_id), A(role)), NULL);
}

static const struct stmt q_get = {"person_get", "SELECT name, email FROM person_get($1)"};

rc_t me_get(struct ctx *c, const char *role, struct me *out)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_get, ARGS(A(c->person_id)), &rows));
    if (rows.count == 0)
        return ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such person here.");
    *out = (struct me){.person_id = c->person_id,
                       .name = db_text(&rows, 0, 0),
                       .email = db_text(&rows, 0, 1),
                       .tenant_id = c->tenant_id,
                       .role = role};
    return tenant_name(c, &out->tenant_name);
}
