/* See provider_account.h. */
#include "core/provider_account.h"

#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "core/account_unpriced.h"
#include "core/job.h"
#include "core/tenant_key.h"

#define HINT_LEN 4
#define NAME_MAX 100
#define URL_MAX 300
#define KEY_MAX 1000
#define MODELS_MAX 8000
#define APIS "usual responses"
#define MODELS_ABOUT "With blanks between; none: all that the account offers"

static const struct field fields[] = {
    FIELD(struct provider_account, id, READ_ONLY, 36, NULL),
    FIELD_OF(struct provider_account, provider, READ_ONLY, ACCOUNT_PROVIDERS, NULL),
    FIELD(struct provider_account, name, READ_ONLY, NAME_MAX, NULL),
    FIELD(struct provider_account, base_url, READ_ONLY, URL_MAX,
          "Empty: the provider's own address"),
    FIELD_OF(struct provider_account, api, READ_ONLY, APIS,
             "OpenAI's chat completions or Responses"),
    FIELD(struct provider_account, api_version, READ_ONLY, 100, "Of Azure's dated API, else empty"),
    FIELD(struct provider_account, has_key, READ_ONLY, 0, NULL),
    FIELD(struct provider_account, hint, READ_ONLY, HINT_LEN, "The last characters of the key"),
    FIELD(struct provider_account, models, READ_ONLY, MODELS_MAX, MODELS_ABOUT),
    FIELD(struct provider_account, models_found, READ_ONLY, 0,
          "What it offers, as the newest good test found, with blanks between"),
    FIELD(struct provider_account, on, READ_ONLY, 0, "Off: it is kept, and never asked"),
    FIELD_OF(struct provider_account, state, READ_ONLY, "untested testing ok broken off", NULL),
    FIELD(struct provider_account, fault, READ_ONLY | NULLABLE, 60, "What the newest test found"),
    FIELD(struct provider_account, fault_text, READ_ONLY | NULLABLE, 300,
          "The same as a sentence, and what to do"),
    FIELD(struct provider_account, fault_detail, READ_ONLY | NULLABLE, 600,
          "And in detail, with the provider's own words"),
    FIELD(struct provider_account, checked, READ_ONLY, 0, "Seconds UTC of the newest test, or 0"),
    FIELD(struct provider_account, refused, READ_ONLY, 0,
          "When the provider last refused a call because of the account, unless a test went well "
          "since; else 0"),
    FIELD(struct provider_account, refused_text, READ_ONLY | NULLABLE, 300, "Why, and what to do"),
    FIELD(struct provider_account, unpriced, READ_ONLY, 0,
          "How many of the models that it offers have no known price, and count as 0 against caps; "
          "of the first 1,000"),
};
const struct shape provider_account_shape = SHAPE("ProviderAccount", struct provider_account,
                                                  fields);

static const struct field new_fields[] = {
    FIELD_OF(struct new_provider_account, provider, REQUIRED, ACCOUNT_PROVIDERS,
             "openai: also whatever speaks like it"),
    FIELD(struct new_provider_account, name, REQUIRED, NAME_MAX, "For people, such as \"Main\""),
    FIELD_LIKE(struct new_provider_account, base_url, 0, URL_MAX,
               "Left out: the provider's own address", "\"https://models.example.com/v1\""),
    FIELD_OF(struct new_provider_account, api, 0, APIS, "Left out: usual"),
    FIELD_LIKE(struct new_provider_account, api_version, 0, 100, "Of Azure's dated API only",
               "\"2024-10-21\""),
    FIELD(struct new_provider_account, key, WRITE_ONLY, KEY_MAX, NULL),
    FIELD_LIKE(struct new_provider_account, models, 0, MODELS_MAX, MODELS_ABOUT,
               "\"gpt-5-mini gpt-5\""),
};
const struct shape new_provider_account_shape = SHAPE("NewProviderAccount",
                                                      struct new_provider_account, new_fields);

static const struct field change_fields[] = {
    FIELD(struct provider_account_change, name, 0, NAME_MAX, NULL),
    FIELD_LIKE(struct provider_account_change, base_url, 0, URL_MAX,
               "Empty: the provider's own. Another address needs the key again",
               "\"https://models.example.com/v1\""),
    FIELD_OF(struct provider_account_change, api, 0, APIS, NULL),
    FIELD_LIKE(struct provider_account_change, api_version, 0, 100, NULL, "\"2024-10-21\""),
    FIELD(struct provider_account_change, key, WRITE_ONLY, KEY_MAX, "Empty: it needs none"),
    FIELD_LIKE(struct provider_account_change, models, 0, MODELS_MAX, MODELS_ABOUT,
               "\"gpt-5-mini gpt-5\""),
    FIELD_OF(struct provider_account_change, turned, 0, "on off", NULL),
};
const struct shape provider_account_change_shape = SHAPE(
    "ProviderAccountChange", struct provider_account_change, change_fields);

static const struct field order_fields[] = {
    FIELD(struct provider_account_order, ids, REQUIRED, ACCOUNTS_MAX * 40,
          "Of all accounts, the first to be asked first, with blanks between"),
};
const struct shape provider_account_order_shape = SHAPE(
    "ProviderAccountOrder", struct provider_account_order, order_fields);

const char *provider_account_sentence(const char *code)
{
    static const struct {
        const char *code, *text;
    } rows[] = {
#define FAULT(code, mends, text) {#code, text},
#include "core/provider_account_faults.def"
#undef FAULT
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (text_is(rows[i].code, code))
            return rows[i].text;
    return NULL;
}

static const struct field row_fields[] = {
    FIELD(struct provider_account, id, 0, 0, NULL),
    FIELD(struct provider_account, provider, 0, 0, NULL),
    FIELD(struct provider_account, name, 0, 0, NULL),
    FIELD(struct provider_account, base_url, 0, 0, NULL),
    FIELD(struct provider_account, api, 0, 0, NULL),
    FIELD(struct provider_account, api_version, 0, 0, NULL),
    FIELD(struct provider_account, has_key, 0, 0, NULL),
    FIELD(struct provider_account, hint, 0, 0, NULL),
    FIELD(struct provider_account, models, 0, 0, NULL),
    FIELD(struct provider_account, models_found, 0, 0, NULL),
    FIELD(struct provider_account, on, 0, 0, NULL),
    FIELD(struct provider_account, state, 0, 0, NULL),
    FIELD(struct provider_account, fault, 0, 0, NULL),
    FIELD(struct provider_account, fault_detail, 0, 0, NULL),
    FIELD(struct provider_account, checked, 0, 0, NULL),
    FIELD(struct provider_account, refused, 0, 0, NULL),
    FIELD(struct provider_account, refused_code, 0, 0, NULL),
    FIELD(struct provider_account, test_id, 0, 0, NULL),
};
static const struct shape row_shape = SHAPE("ProviderAccountRow", struct provider_account,
                                            row_fields);

#define ROW                                                                         \
    "SELECT id, provider, name, base_url, api, api_version, has_key, hint, models," \
    " models_found, is_on AS on, CASE WHEN test_id IS NOT NULL THEN 'testing'"      \
    " WHEN NOT is_on THEN 'off' ELSE state END AS state, fault, fault_detail,"      \
    " coalesce(extract(epoch FROM checked_at)::bigint, 0) AS checked, test_id,"     \
    " coalesce(extract(epoch FROM refused_at)::bigint, 0) AS refused, refused_code" \
    " FROM provider_account WHERE tenant_id = tenant_now()"

static const struct stmt q_list = {"provider_account_list",
                                   ROW " ORDER BY position, created_at, id"};
static const struct stmt q_get = {"provider_account_get", ROW " AND id = $1"};

static void say(struct provider_account *a)
{
    a->fault_text = provider_account_sentence(a->fault);
    a->refused_text = provider_account_sentence(a->refused_code);
}

rc_t provider_account_list(struct ctx *c, struct provider_account **items, size_t *count)
{
    TRY(db_list(c, &q_list, NO_ARGS, &row_shape, (void **)items, count));
    for (size_t i = 0; i < *count; i++)
        say(&(*items)[i]);
    return account_unpriced(c, *items, *count);
}

rc_t provider_account_get(struct ctx *c, const char *id, struct provider_account *out)
{
    TRY(db_one(c, &q_get, ARGS(A(id)), &row_shape, out));
    say(out);
    return account_unpriced(c, out, 1);
}

/* What can't be an address is refused here; whether it leads to a provider is for the test. */
static rc_t address_check(struct ctx *c, const char **base_url)
{
    bool plain = conf_switch(CONF_private_addresses);

    *base_url = text_trim(c->mem, *base_url);
    if (text_blank(*base_url))
        return OK;
    if ((!text_starts(*base_url, "https://") && !(plain && text_starts(*base_url, "http://"))) ||
        strlen(*base_url) < 10 || strpbrk(*base_url, "#@\\ \t\r\n\"<>") != NULL)
        return ctx_bad(c, "base_url", "address_malformed",
                       "This is an address that begins with https://, without # and @.");
    return OK;
}

/* Line breaks and commas between names are what people type. */
static const char *models_tidy(struct ctx *c, const char *models)
{
    struct buf b = buf_new(c->mem, MODELS_MAX);

    for (const char *at = models; *at != '\0';) {
        size_t len = strcspn(at, " ,;\t\r\n");

        if (len > 0) {
            if (b.len > 0)
                buf_char(&b, ' ');
            buf_add(&b, at, len);
        }
        at += len + (at[len] != '\0');
    }
    return buf_str(&b);
}

static rc_t key_seal(struct ctx *c, const char *id, const char *key, const char **sealed,
                     const char **hint)
{
    const struct seal_place place = {c->tenant_id, "provider_account", "key_sealed", id};
    size_t len = strlen(key);
    char *token;

    *sealed = NULL;
    *hint = "";
    if (len == 0)
        return OK;
    /* It goes into the header of a request. */
    if (key[strcspn(key, " \t\r\n")] != '\0')
        return ctx_bad(c, "key", "key_malformed", "A key has neither blanks nor line breaks.");
    /* Of a short one the end would be half of it. */
    if (len >= 3 * (size_t)HINT_LEN && text_utf8(bytes_of(key + len - HINT_LEN)))
        *hint = key + len - HINT_LEN;
    TRY(secret_seal(c, place, bytes_of(key), &token));
    *sealed = token;
    return OK;
}

/* One at a time for a tenant, so that number and order hold. */
static const struct stmt q_lock = {
    "provider_account_lock",
    "SELECT pg_advisory_xact_lock(hashtextextended('provider_account ' || tenant_now(), 0))"};
static const struct stmt q_add = {
    "provider_account_add",
    "INSERT INTO provider_account (tenant_id, id, position, provider, name, base_url, api,"
    " api_version, key_sealed, has_key, hint, models)"
    " SELECT tenant_now(), $1, coalesce(max(position), 0) + 1, $2, $3, $4, $5, $6, $7,"
    " $7::text IS NOT NULL, $8, $9 FROM provider_account WHERE tenant_id = tenant_now()"
    " HAVING count(*) < $10"};

rc_t provider_account_add(struct ctx *c, struct new_provider_account *in,
                          struct provider_account *out)
{
    const char *id = id_new(c->mem), *sealed, *hint;
    const char *base_url = in->base_url == NULL ? "" : in->base_url;
    const char *key = in->key == NULL ? "" : text_trim(c->mem, in->key);
    int64_t affected;

    TRY(address_check(c, &base_url));
    TRY(key_seal(c, id, key, &sealed, &hint));
    TRY(db_exec(c, &q_lock, NO_ARGS, NULL));
    TRY(db_exec(c, &q_add,
                ARGS(A(id), A(in->provider), A(in->name), A(base_url),
                     A(in->api == NULL ? "usual" : in->api),
                     A(in->api_version == NULL ? "" : in->api_version), A(sealed), A(hint),
                     A(models_tidy(c, in->models == NULL ? "" : in->models)), A(ACCOUNTS_MAX)),
                &affected));
    if (affected == 0)
        return ctx_fail(c, E_CONFLICT, "accounts_too_many", "A company has at most %d accounts.",
                        ACCOUNTS_MAX);
    return provider_account_get(c, id, out);
}

static const struct stmt q_change = {
    "provider_account_change",
    "UPDATE provider_account SET name = coalesce($2, name), base_url = coalesce($3, base_url),"
    " api = coalesce($4, api), api_version = coalesce($5, api_version),"
    " models = coalesce($6, models), is_on = coalesce($7::text = 'on', is_on)"
    " WHERE tenant_id = tenant_now() AND id = $1"};
static const struct stmt q_key = {
    "provider_account_key",
    "UPDATE provider_account SET key_sealed = $2, has_key = $2::text IS NOT NULL, hint = $3"
    " WHERE tenant_id = tenant_now() AND id = $1"};
/* What was found stands for the account as it was. */
static const struct stmt q_forget = {
    "provider_account_forget",
    "UPDATE provider_account SET state = 'untested', fault = NULL, fault_detail = NULL,"
    " checked_at = NULL, test_id = NULL, refused_code = NULL, refused_at = NULL, broken_at = NULL,"
    " models_found = '' WHERE tenant_id = tenant_now() AND id = $1"};

static bool differs(const char *now, const char *wanted)
{
    return wanted != NULL && !text_is(now, wanted);
}

rc_t provider_account_change(struct ctx *c, const char *id, struct provider_account_change *in,
                             struct provider_account *out, bool *anew)
{
    const char *base_url = in->base_url, *sealed, *hint;
    const char *models = in->models == NULL ? NULL : models_tidy(c, in->models);
    struct provider_account was;

    TRY(db_exec(c, &q_lock, NO_ARGS, NULL));
    TRY(provider_account_get(c, id, &was));
    if (base_url != NULL)
        TRY(address_check(c, &base_url));
    if (in->name != NULL && text_blank(in->name))
        return ctx_bad(c, "name", "missing", "An account needs a name.");
    if (differs(was.base_url, base_url) && was.has_key && in->key == NULL)
        return ctx_bad(c, "key", "missing",
                       "The key belongs to the address. Type the one of the new address.");
    TRY(db_exec(c, &q_change,
                ARGS(A(id), A(in->name), A(base_url), A(in->api), A(in->api_version), A(models),
                     A(in->turned)),
                NULL));
    *anew = differs(was.base_url, base_url) || differs(was.api, in->api) ||
            differs(was.api_version, in->api_version) || differs(was.models, models) ||
            in->key != NULL;
    if (in->key != NULL) {
        TRY(key_seal(c, id, text_trim(c->mem, in->key), &sealed, &hint));
        TRY(db_exec(c, &q_key, ARGS(A(id), A(sealed), A(hint)), NULL));
    }
    if (*anew)
        TRY(db_exec(c, &q_forget, ARGS(A(id)), NULL));
    return provider_account_get(c, id, out);
}

static const struct stmt q_drop = {
    "provider_account_drop",
    "DELETE FROM provider_account WHERE tenant_id = tenant_now() AND id = $1"};

rc_t provider_account_drop(struct ctx *c, const char *id, struct provider_account *was)
{
    TRY(provider_account_get(c, id, was));
    return db_exec(c, &q_drop, ARGS(A(id)), NULL);
}

/* As many as there are, and each of them once: then it is all of them in some order. */
static const struct stmt q_sort = {
    "provider_account_sort",
    "WITH wanted AS (SELECT id, n FROM unnest(string_to_array($1, ' ')) WITH ORDINALITY AS w(id, n)"
    "  WHERE id <> '')"
    " UPDATE provider_account a SET position = w.n FROM wanted w"
    " WHERE a.tenant_id = tenant_now() AND a.id::text = w.id"
    " AND (SELECT count(DISTINCT w2.id) FROM wanted w2 JOIN provider_account a2"
    "   ON a2.tenant_id = tenant_now() AND a2.id::text = w2.id)"
    "  = (SELECT count(*) FROM provider_account a3 WHERE a3.tenant_id = tenant_now())"
    " AND (SELECT count(*) FROM wanted)"
    "  = (SELECT count(*) FROM provider_account a4 WHERE a4.tenant_id = tenant_now())"};

rc_t provider_account_sort(struct ctx *c, const char *ids)
{
    int64_t affected;

    TRY(db_exec(c, &q_lock, NO_ARGS, NULL));
    TRY(db_exec(c, &q_sort, ARGS(A(ids)), &affected));
    return affected > 0 ? OK
                        : ctx_fail(c, E_CONFLICT, "order_changed",
                                   "Accounts have come or gone in the meantime. Look at the list "
                                   "again.");
}

static const struct stmt q_test = {
    "provider_account_test",
    "UPDATE provider_account SET test_id = $2 WHERE tenant_id = tenant_now() AND id = $1"};

rc_t provider_account_test(struct ctx *c, const char *id, bool anew, struct account_test *out)
{
    struct provider_account now;

    TRY(db_exec(c, &q_lock, NO_ARGS, NULL));
    TRY(provider_account_get(c, id, &now));
    *out = (struct account_test){.test_id = now.test_id};
    if (now.test_id != NULL && !anew)
        return OK;
    *out = (struct account_test){id_new(c->mem), id_new(c->mem)};
    TRY(db_exec(c, &q_test, ARGS(A(id), A(out->test_id)), NULL));
    return job_add(c, out->job_id, "account_test", out->test_id, out->test_id);
}
