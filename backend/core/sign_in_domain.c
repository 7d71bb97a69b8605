/* The domains of sign_in.h. */
#include <ctype.h>
#include <string.h>

#include "base/id.h"
#include "core/id_token.h"
#include "core/person.h"
#include "core/sign_in.h"
#include "io/db.h"

static const struct field fields[] = {
    FIELD(struct sign_in_domain, id, READ_ONLY, 36, NULL),
    FIELD(struct sign_in_domain, domain, READ_ONLY, 253, NULL),
    FIELD(struct sign_in_domain, created, READ_ONLY, 0, NULL),
};
const struct shape sign_in_domain_shape = SHAPE("SignInDomain", struct sign_in_domain, fields);

static const struct field new_fields[] = {
    FIELD(struct sign_in_domain_new, domain, REQUIRED, 253,
          "The domain of your own verified e-mail address"),
};
const struct shape sign_in_domain_new_shape = SHAPE("NewSignInDomain", struct sign_in_domain_new,
                                                    new_fields);

bool domain_public(const char *domain)
{
    static const char *const names[] = {
#define DOMAIN(name) name,
#include "core/public_domains.def"
#undef DOMAIN
    };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcasecmp(names[i], domain) == 0)
            return true;
    return false;
}

static const struct stmt q_list = {
    "sign_in_domain_list",
    "SELECT id, domain, extract(epoch FROM created_at)::bigint AS created, domain AS page_key,"
    " id AS page_id FROM sign_in_domain WHERE tenant_id = tenant_now()"
    " AND (domain, id) > (coalesce($1, ''),"
    "  coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')) ORDER BY domain, id LIMIT $3"};

rc_t sign_in_domain_list(struct ctx *c, struct page *page, struct sign_in_domain **items,
                         size_t *count)
{
    return db_page(c, &q_list, page, NO_ARGS, &sign_in_domain_shape, (void **)items, count);
}

/* Whoever gets mail there belongs there, and nobody can say so of a domain that is not theirs. */
static rc_t domain_check(struct ctx *c, const char *domain)
{
    struct person_record person;

    if (strchr(domain, '.') == NULL || domain_public(domain))
        return ctx_bad(c, "domain", "domain_public",
                       "Anybody can have an address there, so it can't lead to one company.");
    TRY(person_find(c, c->person_id, &person));
    if (!person.verified || strcasecmp(email_domain(person.email), domain) != 0)
        return ctx_fail(c, E_FORBIDDEN, "domain_not_yours",
                        "You can add the domain of your own verified e-mail address. For another "
                        "one ask an admin who has an address there.");
    return OK;
}

static const struct stmt q_add = {
    "sign_in_domain_add",
    "INSERT INTO sign_in_domain (tenant_id, id, domain, person_id) VALUES (tenant_now(), $1, $2, "
    "$3) RETURNING id, domain, extract(epoch FROM created_at)::bigint AS created"};

rc_t sign_in_domain_add(struct ctx *c, const char *domain, struct sign_in_domain *out)
{
    char *lower = text_trim(c->mem, domain);
    rc_t rc;

    for (char *p = lower; *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    TRY(domain_check(c, lower));
    rc = db_one(c, &q_add, ARGS(A(id_new(c->mem)), A(lower), A(c->person_id)),
                &sign_in_domain_shape, out);
    if (rc != E_CONFLICT)
        return rc;
    ctx_forgive(c);
    return ctx_fail(c, E_CONFLICT, "domain_taken",
                    "This domain leads to a company already, perhaps to this one.");
}

static const struct stmt q_drop = {
    "sign_in_domain_drop",
    "DELETE FROM sign_in_domain WHERE tenant_id = tenant_now() AND id = $1 RETURNING domain"};

rc_t sign_in_domain_drop(struct ctx *c, const char *id, const char **domain)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_drop, ARGS(A(id)), &rows));
    if (rows.count == 0)
        return ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such domain.");
    *domain = db_text(&rows, 0, 0);
    return OK;
}

static const struct stmt q_ours = {
    "sign_in_domain_ours",
    "SELECT 1 FROM sign_in_domain WHERE tenant_id = tenant_now() AND domain = lower($1)"};

rc_t sign_in_domain_ours(struct ctx *c, const char *email, bool *ours)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_ours, ARGS(A(email_domain(email))), &rows));
    *ours = rows.count > 0;
    return OK;
}
