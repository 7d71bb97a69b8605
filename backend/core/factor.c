/* See factor.h. */
#include "core/factor.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "core/tenant_key.h"
#include "io/crypto.h"
#include "io/crypto_otp.h"
#include "io/db.h"

#define HASH_BYTES 32
#define CODE_SYMBOLS 12 /* of 5 random bits each */
#define GROUP 4

static const struct field factor_fields[] = {
    FIELD(struct factor, on, READ_ONLY, 0, "Logging in asks for a code"),
    FIELD(struct factor, since, READ_ONLY, 0, "When it was turned on; 0 while it is off"),
    FIELD(struct factor, codes_left, READ_ONLY, 0, "Recovery codes that were not used yet"),
    FIELD(struct factor, required, READ_ONLY, 0, "The company asks everybody for it"),
};
const struct shape factor_shape = SHAPE("Factor", struct factor, factor_fields);

static const struct field setup_fields[] = {
    FIELD(struct factor_setup, secret, READ_ONLY, 32, "For typing into an app; shown once"),
    FIELD(struct factor_setup, address, READ_ONLY, 1200,
          "The same as otpauth: address, for a QR code"),
};
const struct shape factor_setup_shape = SHAPE("FactorSetup", struct factor_setup, setup_fields);

static const struct field recovery_fields[] = {
    FIELD(struct recovery_code, code, READ_ONLY, 14, "Works once instead of an app's code"),
};
const struct shape recovery_code_shape = SHAPE("RecoveryCode", struct recovery_code,
                                               recovery_fields);

static const struct field password_fields[] = {
    FIELD(struct password_only, password, REQUIRED | WRITE_ONLY, 200, NULL),
};
const struct shape password_only_shape = SHAPE("PasswordOnly", struct password_only,
                                               password_fields);

#define CODE_ABOUT "Of the app, or a recovery code"

static const struct field code_fields[] = {
    FIELD(struct factor_code, code, REQUIRED | WRITE_ONLY, 40, "Of the app"),
};
const struct shape factor_code_shape = SHAPE("FactorCode", struct factor_code, code_fields);

static const struct field proof_fields[] = {
    FIELD(struct factor_proof, password, REQUIRED | WRITE_ONLY, 200, NULL),
    FIELD(struct factor_proof, code, REQUIRED | WRITE_ONLY, 40, CODE_ABOUT),
};
const struct shape factor_proof_shape = SHAPE("FactorProof", struct factor_proof, proof_fields);

static const struct field login_fields[] = {
    FIELD(struct login_code, step, REQUIRED | WRITE_ONLY, 100, "From the answer to the password"),
    FIELD(struct login_code, code, REQUIRED | WRITE_ONLY, 40, CODE_ABOUT),
};
const struct shape login_code_shape = SHAPE("LoginCode", struct login_code, login_fields);

static const struct field rule_fields[] = {
    FIELD(struct factor_rule, required, REQUIRED, 0, "Whether everybody must have a second factor"),
};
const struct shape factor_rule_shape = SHAPE("FactorRule", struct factor_rule, rule_fields);

struct seal_place factor_place(const char *person_id)
{
    return (struct seal_place){"people", "person_factor", "secret_sealed", person_id};
}

static const struct stmt q_find = {
    "factor_find", "SELECT f.confirmed_at IS NOT NULL AS on,"
                   " coalesce(extract(epoch FROM f.confirmed_at)::bigint, 0) AS since,"
                   " CASE WHEN f.confirmed_at IS NULL THEN 0 ELSE f.codes_left END AS codes_left,"
                   " t.factor_required AS required FROM tenant t LEFT JOIN factor_get($1) f ON true"
                   " WHERE t.tenant_id = tenant_now()"};

rc_t factor_find(struct ctx *c, const char *person_id, struct factor *out)
{
    return db_one(c, &q_find, ARGS(A(person_id)), &factor_shape, out);
}

static rc_t refuse_on(struct ctx *c)
{
    return ctx_fail(c, E_CONFLICT, "factor_on", "Your second factor is on already.");
}

static rc_t wrong(struct ctx *c)
{
    return ctx_bad(c, "code", "code_wrong", "This code is not right, or its time is over.");
}

/* As it stands behind the label in an otpauth: address. */
static const char *escaped(struct ctx *c, const char *text)
{
    struct buf out = buf_new(c->mem, KIB(4));

    for (; *text != '\0'; text++) {
        if (isalnum((unsigned char)*text) || strchr("-._~@", *text) != NULL)
            buf_char(&out, *text);
        else
            buf_printf(&out, "%%%02X", (unsigned char)*text);
    }
    return buf_str(&out);
}

static const struct stmt q_begin = {"factor_begin", "SELECT factor_begin($1, $2)::int"};

rc_t factor_begin(struct ctx *c, const char *person_id, const char *email, struct factor_setup *out)
{
    const char *key = conf_text(CONF_web_key), *sealed;
    unsigned char secret[OTP_SECRET_BYTES];
    const struct bytes raw = {(const char *)secret, sizeof(secret)};
    struct db_rows rows;

    if (key == NULL)
        return ctx_fail(c, E_FORBIDDEN, "no_web_key",
                        "A second factor needs KONSTRUCT_WEB_KEY, which is not set here.");
    otp_secret(secret);
    sealed = seal_with_key(c, key, factor_place(person_id), raw);
    out->secret = otp_base32(c->mem, raw);
    out->address = text_printf(c->mem, "otpauth://totp/Konstruct:%s?secret=%s&issuer=Konstruct",
                               escaped(c, email), out->secret);
    crypto_wipe(secret, sizeof(secret));
    TRY(db_rows(c, &q_begin, ARGS(A(person_id), A(sealed)), &rows));
    return db_int(&rows, 0, 0) == 1 ? OK : refuse_on(c);
}

/* The row of a person; sealed is NULL when there is none. */
struct stored {
    const char *sealed;
    int64_t last_step;
    bool on;
};

static const struct stmt q_get = {"factor_get",
                                  "SELECT secret_sealed, last_step, (confirmed_at IS NOT NULL)::int"
                                  " FROM factor_get($1)"};

static rc_t stored_get(struct ctx *c, const char *person_id, struct stored *out)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_get, ARGS(A(person_id)), &rows));
    *out = rows.count == 0 ? (struct stored){.sealed = NULL}
                           : (struct stored){.sealed = db_text(&rows, 0, 0),
                                             .last_step = db_int(&rows, 0, 1),
                                             .on = db_int(&rows, 0, 2) == 1};
    return OK;
}

static rc_t secret_of(struct ctx *c, const char *person_id, const struct stored *stored,
                      struct bytes *secret)
{
    return seal_open_key(c, key_web_for(c, stored->sealed), factor_place(person_id), stored->sealed,
                         secret);
}

static void wipe(struct bytes secret)
{
    crypto_wipe((void *)(uintptr_t)secret.data, secret.len);
}

/* Blanks and hyphens are for the eye, and i, l and o are written for 1 and 0. */
static const char *tidy(struct ctx *c, const char *code)
{
    struct buf out = buf_new(c->mem, 64);

    for (; *code != '\0'; code++) {
        int letter = tolower((unsigned char)*code);

        if (letter == ' ' || letter == '-')
            continue;
        if (letter == 'i' || letter == 'l')
            letter = '1';
        buf_char(&out, letter == 'o' ? '0' : (char)letter);
    }
    return buf_str(&out);
}

static const struct stmt q_confirm = {"factor_confirm", "SELECT factor_confirm($1, $2, $3)::int"};

rc_t factor_confirm(struct ctx *c, const char *person_id, const char *code)
{
    struct stored stored;
    struct bytes secret;
    struct db_rows rows;
    int64_t step;

    TRY(stored_get(c, person_id, &stored));
    if (stored.on)
        return refuse_on(c);
    if (stored.sealed == NULL)
        return ctx_fail(c, E_CONFLICT, "factor_not_begun", "Begin by asking for a new secret.");
    TRY(secret_of(c, person_id, &stored, &secret));
    step = otp_match(secret, clock_s(), tidy(c, code));
    wipe(secret);
    if (step < 0)
        return wrong(c);
    TRY(db_rows(c, &q_confirm, ARGS(A(person_id), A(stored.sealed), A(step)), &rows));
    return db_int(&rows, 0, 0) == 1
               ? OK
               : ctx_fail(c, E_CONFLICT, "factor_not_begun", "Somebody has begun anew meanwhile.");
}

/* Under the secret, so that a copy of the table alone gives nothing to try codes against. */
static void hash_code(struct ctx *c, struct bytes secret, const char *code,
                      unsigned char hash[HASH_BYTES])
{
    crypto_hmac_sha256(secret, bytes_of(text_printf(c->mem, "recovery %s", code)), hash);
}

static const char *code_new(struct ctx *c)
{
    static const char symbols[] = "0123456789abcdefghjkmnpqrstvwxyz";
    struct buf out = buf_new(c->mem, 32);

    for (int i = 0; i < CODE_SYMBOLS; i++) {
        if (i > 0 && i % GROUP == 0)
            buf_char(&out, '-');
        buf_char(&out, symbols[crypto_random_below(32)]);
    }
    return buf_str(&out);
}

static const struct stmt q_codes = {"factor_codes", "SELECT factor_codes($1, $2)"};

rc_t factor_codes_make(struct ctx *c, const char *person_id, struct recovery_code **items)
{
    char *hashes = arena_take(c->mem, (size_t)RECOVERY_CODES * HASH_BYTES);
    const struct bytes all = {hashes, (size_t)RECOVERY_CODES * HASH_BYTES};
    struct stored stored;
    struct bytes secret;

    TRY(stored_get(c, person_id, &stored));
    if (!stored.on)
        return ctx_fail(c, E_CONFLICT, "factor_off", "Your second factor is off.");
    TRY(secret_of(c, person_id, &stored, &secret));
    *items = arena_take(c->mem, RECOVERY_CODES * sizeof(**items));
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        (*items)[i].code = code_new(c);
        hash_code(c, secret, tidy(c, (*items)[i].code), (unsigned char *)hashes + i * HASH_BYTES);
    }
    wipe(secret);
    return db_exec(c, &q_codes, ARGS(A(person_id), A(all)), NULL);
}

static const struct stmt q_step = {"factor_step", "SELECT factor_step($1, $2)::int"};

static rc_t step_take(struct ctx *c, const char *person_id, int64_t step)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_step, ARGS(A(person_id), A(step)), &rows));
    if (db_int(&rows, 0, 0) == 1)
        return OK;
    return ctx_bad(c, "code", "code_used", "This code was used already. Wait for the next one.");
}

static const struct stmt q_use = {"factor_code_use", "SELECT factor_code_use($1, $2)::int"};

static rc_t recovery_use(struct ctx *c, const char *person_id, struct bytes hash)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_use, ARGS(A(person_id), A(hash)), &rows));
    return db_int(&rows, 0, 0) == 1 ? OK : wrong(c);
}

rc_t factor_check(struct ctx *c, const char *person_id, const char *code, bool *recovery)
{
    const char *tidied = tidy(c, code);
    unsigned char *hash = arena_take(c->mem, HASH_BYTES);
    struct stored stored;
    struct bytes secret;
    int64_t step;

    TRY(stored_get(c, person_id, &stored));
    if (!stored.on)
        return ctx_fail(c, E_CONFLICT, "factor_off", "Your second factor is off.");
    TRY(secret_of(c, person_id, &stored, &secret));
    step = otp_match(secret, clock_s(), tidied);
    hash_code(c, secret, tidied, hash);
    wipe(secret);
    *recovery = strlen(tidied) == CODE_SYMBOLS;
    if (*recovery)
        return recovery_use(c, person_id, (struct bytes){(const char *)hash, HASH_BYTES});
    return step < 0 ? wrong(c) : step_take(c, person_id, step);
}

static const struct stmt q_drop = {"factor_drop", "SELECT factor_drop($1)::int"};

rc_t factor_drop(struct ctx *c, const char *person_id, bool *was)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_drop, ARGS(A(person_id)), &rows));
    *was = db_int(&rows, 0, 0) == 1;
    return OK;
}

static const struct stmt q_require = {
    "factor_require", "UPDATE tenant SET factor_required = $1 WHERE tenant_id = tenant_now()"};

rc_t factor_require(struct ctx *c, bool required)
{
    return db_exec(c, &q_require, ARGS(A(required)), NULL);
}
