/* See login_limit.h. */
#include "core/login_limit.h"

#include <ctype.h>
#include <string.h>

#include "base/conf.h"
#include "core/limit.h"
#include "io/crypto.h"
#include "io/db.h"

static const char *lower(struct ctx *c, const char *email)
{
    char *text = text_trim(c->mem, email);

    for (char *at = text; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return text;
}

static struct bytes key_of(struct ctx *c, const char *limit, const char *what)
{
    const char *secret = conf_text(CONF_web_key);
    char *key = arena_take(c->mem, 32);

    crypto_hmac_sha256(bytes_of(secret == NULL ? "" : secret),
                       bytes_of(text_printf(c->mem, "%s %s", limit, what)), (unsigned char *)key);
    return (struct bytes){key, 32};
}

static struct bytes account_key(struct ctx *c, const char *email)
{
    return email == NULL ? (struct bytes){NULL, 0} : key_of(c, "account", lower(c, email));
}

static struct bytes address_key(struct ctx *c, const char *remote)
{
    return remote == NULL ? (struct bytes){NULL, 0}
                          : key_of(c, "address", limit_address(c, remote));
}

static const struct stmt q_try = {"login_try",
                                  "SELECT login_try($1, $2, make_interval(mins => $3::int))"};

static rc_t count(struct ctx *c, const char *limit, struct bytes key, int64_t most)
{
    int64_t minutes = conf_number(CONF_login_minutes);
    struct db_rows rows;

    if (key.data == NULL)
        return OK;
    TRY(db_rows(c, &q_try, ARGS(A(key), A(most), A(minutes)), &rows));
    if (db_int(&rows, 0, 0) == 0)
        return OK;
    return ctx_over(c, "login_limit", limit, db_int(&rows, 0, 0),
                    "Too many attempts. Wait %lld seconds and try again.",
                    (long long)db_int(&rows, 0, 0));
}

rc_t login_try(struct ctx *c, const char *email, const char *remote)
{
    TRY(count(c, "login_address", address_key(c, remote), conf_number(CONF_login_address_tries)));
    return count(c, "login_account", account_key(c, email), conf_number(CONF_login_tries));
}

rc_t limit_try(struct ctx *c, const char *limit, const char *what, int64_t most, int64_t minutes,
               const char *sentence)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_try, ARGS(A(key_of(c, limit, lower(c, what))), A(most), A(minutes)), &rows));
    if (db_int(&rows, 0, 0) == 0)
        return OK;
    return ctx_over(c, limit, limit, db_int(&rows, 0, 0), "%s", sentence);
}

static const struct stmt q_right = {"login_right", "SELECT login_right($1, $2)"};

rc_t login_right(struct ctx *c, const char *email, const char *remote)
{
    struct bytes none = {NULL, 0};

    /* In the order in which login_try locks the rows, so that two log-ins never wait in a ring. */
    TRY(db_exec(c, &q_right, ARGS(A(none), A(address_key(c, remote))), NULL));
    return db_exec(c, &q_right, ARGS(A(account_key(c, email)), A(none)), NULL);
}
