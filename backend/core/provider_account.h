/*
 * A company's accounts at providers of models, as its people see and change them: never with a key.
 * What the worker reads, with opened keys, is account_book.h. All in the tenant of the context.
 */
#ifndef CORE_PROVIDER_ACCOUNT_H
#define CORE_PROVIDER_ACCOUNT_H

#include "base/shape.h"
#include "io/db.h"

#define ACCOUNTS_MAX 50
#define ACCOUNT_PROVIDERS "openai anthropic ollama"

struct provider_account {
    const char *id, *provider, *name;
    const char *base_url; /* "": the provider's own */
    const char *api;      /* usual, responses */
    const char *api_version;
    const char *hint;         /* the end of its key; "" when there is none, or it is too short */
    const char *models;       /* that an admin named, with blanks between; "": all that there are */
    const char *models_found; /* by the newest test that went well, in the same way */
    bool on, has_key;
    const char *state; /* untested, testing, ok, broken, off */
    const char *fault; /* of the newest test; NULL: it went well, or there was none */
    const char *fault_text, *fault_detail;
    int64_t checked; /* seconds UTC; 0: never */
    /* the provider refused a call for the account's sake, and no test went well since; else 0 */
    int64_t refused;
    const char *refused_code, *refused_text;
    int64_t unpriced;    /* how many of the models that it offers have no known price */
    const char *test_id; /* of the test that is under way, or NULL */
};
extern const struct shape provider_account_shape;

struct new_provider_account {
    const char *provider, *name, *base_url, *api, *api_version, *key, *models;
};
extern const struct shape new_provider_account_shape;

/* What is NULL stays; "" takes it away. */
struct provider_account_change {
    const char *name, *base_url, *api, *api_version, *key, *models;
    const char *turned; /* on, off */
};
extern const struct shape provider_account_change_shape;

struct provider_account_order {
    const char *ids; /* all of them, with blanks between */
};
extern const struct shape provider_account_order_shape;

/* All of them, in their order. */
rc_t provider_account_list(struct ctx *c, struct provider_account **items, size_t *count) MUST;
rc_t provider_account_get(struct ctx *c, const char *id, struct provider_account *out) MUST;

/*
 * Adds one behind all others. E_INVALID for what can be no address (address_malformed) or no key
 * (key_malformed); E_CONFLICT "accounts_too_many".
 */
rc_t provider_account_add(struct ctx *c, struct new_provider_account *in,
                          struct provider_account *out) MUST;

/*
 * Changes it. A key goes to the address that it was typed for: another address needs the key again,
 * E_INVALID. *anew: it must be tested again, and its state says so.
 */
rc_t provider_account_change(struct ctx *c, const char *id, struct provider_account_change *in,
                             struct provider_account *out, bool *anew) MUST;

rc_t provider_account_drop(struct ctx *c, const char *id, struct provider_account *was) MUST;

/* E_CONFLICT "order_changed" when these are not all accounts, each once. */
rc_t provider_account_sort(struct ctx *c, const char *ids) MUST;

/*
 * Asks for a test; one that is under way already is as good, unless `anew`: then job_id is NULL and
 * nobody need be rung.
 */
struct account_test {
    const char *job_id, *test_id;
};
rc_t provider_account_test(struct ctx *c, const char *id, bool anew, struct account_test *out) MUST;

/* The sentence of a code in provider_account_faults.def, or NULL. */
const char *provider_account_sentence(const char *code);

#endif
