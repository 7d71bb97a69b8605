/* See person.h. */
#include "core/person.h"

#include <string.h>

#include "core/password.h"
#include "core/permission.h"
#include "core/tenant.h"
#include "io/db.h"

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
    FIELD_OF(struct me, role, READ_ONLY, "admin manager member viewer", NULL),
    FIELD(struct me, may, READ_ONLY, 2000, "Permissions of the role, with blanks between"),
    FIELD(struct me, verified, READ_ONLY, 0, "Mail to the address has been proven to arrive"),
    FIELD(struct me, barred, READ_ONLY, 40,
          "What must be done before anything else works: factor_missing or tenant_suspended; "
          "mostly empty"),
    FIELD(struct me, barred_why, READ_ONLY | NULLABLE, 300, "Of a suspended company: why"),
    FIELD(struct me, host, READ_ONLY, 0, "Runs this instance: may use what stands under /host"),
    FIELD(struct me, csrf, READ_ONLY, 43,
          "To be sent as X-CSRF with every request of this session that is not a GET"),
};
const struct shape me_shape = SHAPE("Me", struct me, me_fields);

static const struct field reset_fields[] = {
    FIELD(struct password_reset, token, REQUIRED | WRITE_ONLY, 100, "From the link in the mail"),
    FIELD(struct password_reset, password, REQUIRED | WRITE_ONLY, 200, "At least 12 characters"),
};
const struct shape password_reset_shape = SHAPE("PasswordReset", struct password_reset,
                                                reset_fields);

static const struct field change_fields[] = {
    FIELD(struct password_change, password, REQUIRED | WRITE_ONLY, 200, "The one until now"),
    FIELD(struct password_change, new_password, REQUIRED | WRITE_ONLY, 200,
          "At least 12 characters"),
};
const struct shape password_change_shape = SHAPE("PasswordChange", struct password_change,
                                                 change_fields);

static const struct field email_change_fields[] = {
    FIELD(struct email_change, password, REQUIRED | WRITE_ONLY, 200, NULL),
    FIELD(struct email_change, email, REQUIRED, 320, "The new address; a mail goes there"),
};
const struct shape email_change_shape = SHAPE("EmailChange", struct email_change,
                                              email_change_fields);

static const struct field email_only_fields[] = {
    FIELD(struct email_only, email, REQUIRED, 320, NULL),
};
const struct shape email_only_shape = SHAPE("EmailOnly", struct email_only, email_only_fields);

/*
 * One @ with something on both sides and no blanks: the only proof of an address is a mail to it.
 */
static bool email_plausible(const char *email)
{
    const char *at = strchr(email, '@');

    return at != NULL && at != email && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
           strpbrk(email, " \t\r\n<>,;") == NULL;
}

rc_t email_check(struct ctx *c, const char **email)
{
    *email = text_trim(c->mem, *email);
    if (!email_plausible(*email))
        return ctx_bad(c, "email", "email_malformed", "This is not an e-mail address.");
    return OK;
}

rc_t sign_up_check(struct ctx *c, struct sign_up *in)
{
    in->name = text_trim(c->mem, in->name);
    in->company = text_trim(c->mem, in->company);
    TRY(email_check(c, &in->email));
    return password_check(c, "password", in->password);
}

static const struct stmt q_add = {"person_add", "SELECT person_add($1, $2, $3, $4)"};

rc_t person_add(struct ctx *c, const char *id, const char *name, const char *email,
                const char *password_hash)
{
    return db_exec(c, &q_add, ARGS(A(id), A(name), A(email), A(password_hash)), NULL);
}

static const struct stmt q_login = {
    "person_for_login",
    "SELECT person_id, password_hash, tenant_id, role FROM login_find($1) ORDER BY proven DESC"};

/* Nothing fits what is no hash, and testing it must not be quicker than testing one. */
static const char *hash_of(const struct db_rows *rows, int row)
{
    const char *hash = db_text(rows, row, 1);

    return text_is(hash, NO_PASSWORD) ? NULL : hash;
}

rc_t person_for_login(struct ctx *c, const char *email, struct login_record out[LOGIN_RECORDS])
{
    struct db_rows rows;

    TRY(db_rows(c, &q_login, ARGS(A(email)), &rows));
    for (int i = 0; i < LOGIN_RECORDS; i++)
        out[i] = i < rows.count ? (struct login_record){db_text(&rows, i, 0), hash_of(&rows, i),
                                                        db_text(&rows, i, 2), db_text(&rows, i, 3)}
                                : (struct login_record){.person_id = NULL};
    return OK;
}

static const struct field place_fields[] = {
    FIELD(struct person_place, person_id, 0, 0, NULL),
    FIELD(struct person_place, tenant_id, 0, 0, NULL),
};
static const struct shape place_shape = SHAPE("PersonPlace", struct person_place, place_fields);

static const struct stmt q_places = {"person_places",
                                     "SELECT person_id, tenant_id FROM person_places($1)"};

rc_t person_places(struct ctx *c, const char *email, struct person_place **items, size_t *count)
{
    return db_list(c, &q_places, ARGS(A(email)), &place_shape, (void **)items, count);
}

static const struct stmt q_password = {"person_password", "SELECT person_password_hash($1)"};

rc_t person_password(struct ctx *c, const char *person_id, const char **hash)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_password, ARGS(A(person_id)), &rows));
    *hash = db_text(&rows, 0, 0);
    return OK;
}

static const struct stmt q_password_set = {"person_password_set",
                                           "SELECT person_password_set($1, $2)"};

rc_t person_password_set(struct ctx *c, const char *person_id, const char *hash)
{
    return db_exec(c, &q_password_set, ARGS(A(person_id), A(hash)), NULL);
}

static const struct stmt q_prove = {"person_prove", "SELECT person_prove($1, $2)"};

rc_t person_prove(struct ctx *c, const char *person_id, const char *email)
{
    rc_t rc = db_exec(c, &q_prove, ARGS(A(person_id), A(email)), NULL);

    if (rc != E_CONFLICT)
        return rc;
    ctx_forgive(c);
    return ctx_fail(c, E_CONFLICT, "email_taken",
                    "There is an account with this e-mail address already. Log in with that one.");
}

static const struct stmt q_member = {"membership_add",
                                     "INSERT INTO membership (tenant_id, person_id, role, used_at)"
                                     " VALUES (tenant_now(), $1, $2, now())"};

rc_t membership_add(struct ctx *c, const char *person_id, const char *role)
{
    return db_exec(c, &q_member, ARGS(A(person_id), A(role)), NULL);
}

static const struct stmt q_get = {"person_get", "SELECT name, email, verified FROM person_get($1)"};

static const struct field record_fields[] = {
    FIELD(struct person_record, name, 0, 0, NULL),
    FIELD(struct person_record, email, 0, 0, NULL),
    FIELD(struct person_record, verified, 0, 0, NULL),
};
static const struct shape record_shape = SHAPE("Person", struct person_record, record_fields);

rc_t person_find(struct ctx *c, const char *person_id, struct person_record *out)
{
    return db_one(c, &q_get, ARGS(A(person_id)), &record_shape, out);
}

rc_t person_proven(struct ctx *c)
{
    struct person_record person;

    TRY(person_find(c, c->person_id, &person));
    if (person.verified)
        return OK;
    return ctx_fail(c, E_FORBIDDEN, "email_unverified",
                    "Confirm your own e-mail address first, by the link in the mail to it.");
}

rc_t me_get(struct ctx *c, const char *role, struct me *out)
{
    struct person_record person;

    TRY(person_find(c, c->person_id, &person));
    *out = (struct me){.person_id = c->person_id,
                       .name = person.name,
                       .email = person.email,
                       .tenant_id = c->tenant_id,
                       .role = role,
                       .may = permits_text(c->mem, permits_of_role(role)),
                       .verified = person.verified};
    return tenant_name(c, &out->tenant_name);
}
