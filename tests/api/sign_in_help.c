/* See sign_in_help.h. */
#include "sign_in_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "core/sign_in_attempt.h"
#include "core/tenant_key.h"

#include <cmocka.h>

void PRINTF_LIKE(1, 2) super(const char *format, ...)
{
    PGconn *conn = pg_open(PG_SUPER);
    struct ctx *c = ctx_new(KIB(64), NULL);
    va_list args;

    va_start(args, format);
    pg_do(conn, "%s", text_vprintf(c->mem, format, args));
    va_end(args);
    ctx_end(c);
    PQfinish(conn);
}

void prove(const char *person_id)
{
    super("UPDATE person SET email_verified_at = now() WHERE id = '%s'", person_id);
}

struct company company_at(struct arena *mem, const char *domain)
{
    struct company o = {.domain = domain, .email = text_printf(mem, "ann@%s", domain)};
    struct reply up = post(mem, NULL, "/api/v1/signup",
                           text_printf(mem,
                                       "{\"company\":\"Fern\",\"name\":\"Ann\",\"email\":\"%s\","
                                       "\"password\":\"" PASSWORD "\"}",
                                       o.email));
    struct ctx *c;

    expect(&up, 201, NULL);
    o.tenant_id = text_of(&up, "tenant_id");
    o.admin_id = text_of(&up, "person_id");
    o.admin = up.token;
    prove(o.admin_id);
    c = pg_ctx(PG_WORKER, o.tenant_id);
    if (tenant_key_make(c) != OK || db_commit(c) != OK)
        fail_msg("%s", c->fault.detail);
    ctx_end(c);
    return o;
}

struct company company_new(struct arena *mem)
{
    return company_at(mem, text_printf(mem, "%s.example", id_new(mem)));
}

struct reply put(struct arena *mem, const char *token, const char *issuer, const char *secret,
                 const char *more)
{
    return call(mem, &(struct call){.method = PUT,
                                    .path = "/api/v1/sign-in",
                                    .token = token,
                                    .body = bytes_of(text_printf(
                                        mem, "{\"issuer\":\"%s\",\"client_id\":\"us\"%s%s}", issuer,
                                        secret, more))});
}

/* Set up, found by the worker, and the domain added. */
struct company company_ready(struct arena *mem, const char *more)
{
    struct company o = company_new(mem);
    struct reply r = put(mem, o.admin, ISSUER, SECRET, more);

    expect(&r, 200, NULL);
    super("UPDATE sign_in SET authorize_at = '" ISSUER "/authorize?x=1', exchange_at = '" ISSUER
          "/token', keys_from = '" ISSUER "/keys', client_auth = 'basic', found_at = now()"
          " WHERE tenant_id = '%s'",
          o.tenant_id);
    r = post(mem, o.admin, "/api/v1/sign-in/domains",
             text_printf(mem, "{\"domain\":\"%s\"}", o.domain));
    expect(&r, 201, NULL);
    return o;
}

struct reply begin(struct arena *mem, const char *email)
{
    return post(mem, NULL, "/api/v1/sign-in/begin", text_printf(mem, "{\"email\":\"%s\"}", email));
}

const char *param(struct arena *mem, const char *address, const char *name)
{
    const char *at = strstr(address, text_printf(mem, "&%s=", name));

    assert_non_null(at);
    at = strchr(at, '=') + 1;
    return text_copy(mem, at, strcspn(at, "&"));
}

struct way way_of(struct arena *mem, const struct reply *r)
{
    struct way w = {.address = text_of(r, "address")};

    assert_string_equal(text_of(r, "way"), "company");
    w.state = param(mem, w.address, "state");
    for (int i = 0; i < r->res.header_count; i++)
        if (text_starts(r->res.headers[i].value, COOKIE))
            w.cookie = text_copy(mem, r->res.headers[i].value,
                                 strcspn(r->res.headers[i].value, ";"));
    assert_non_null(w.cookie);
    return w;
}

struct way go(struct arena *mem, const char *email)
{
    struct reply r = begin(mem, email);

    expect(&r, 200, NULL);
    return way_of(mem, &r);
}

struct reply come_back(struct arena *mem, const struct way *w, const char *cookie, const char *more)
{
    return call(mem, &(struct call){.method = POST,
                                    .path = "/api/v1/sign-in/finish",
                                    .headers = {{"cookie", cookie}},
                                    .body = bytes_of(
                                        text_printf(mem, "{\"state\":\"%s\"%s}", w->state, more))});
}

const char *attempt_of(struct arena *mem, const char *tenant_id)
{
    PGconn *conn = pg_open(PG_SUPER);
    const char *id = pg_get(mem, conn, "SELECT id FROM sign_in_attempt WHERE tenant_id = '%s'",
                            tenant_id);

    PQfinish(conn);
    return id;
}

/* As the worker, which has found out who it is; then the request goes on. */
struct reply proven(struct arena *mem, const struct company *o, struct reply *parked,
                    const char *subject, const char *email)
{
    struct ctx *c = pg_ctx(PG_WORKER, o->tenant_id);
    const char *id = attempt_of(mem, o->tenant_id);
    struct sign_in_question q;

    assert_non_null(parked->park);
    if (sign_in_question_get(c, id, &q) != OK ||
        sign_in_attempt_proven(c, id, &(struct id_token_person){subject, email, "Bob"}) != OK ||
        db_commit(c) != OK)
        fail_msg("%s", c->fault.detail);
    assert_string_equal(q.code, "from the provider");
    assert_string_equal(q.step, "asked");
    ctx_end(c);
    return wake(mem, parked, WAKE_LOOK, (struct bytes){NULL, 0});
}

/* The whole way for somebody. */
struct reply sign_in_as(struct arena *mem, const struct company *o, const char *subject,
                        const char *email)
{
    struct way w = go(mem, email);
    struct reply r = come_back(mem, &w, w.cookie, CODE);
    return proven(mem, o, &r, subject, email);
}

int64_t entries(const struct company *o, const char *action)
{
    PGconn *conn = pg_open(PG_SUPER);
    int64_t n = pg_count(conn,
                         "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND action = "
                         "'%s'",
                         o->tenant_id, action);

    PQfinish(conn);
    return n;
}
