/* See account.h. */
#include "flow/account.h"

#include "base/conf.h"

bool account_candidate(const struct account *account, struct pool_candidate *out)
{
    const struct llm *llm = llm_find(account->provider);

    if (llm == NULL || account->unreadable)
        return false;
    *out = (struct pool_candidate){
        .llm = llm,
        .account = {.base_url = text_blank(account->base_url) ? NULL : account->base_url,
                    .key = account->key,
                    .api = text_is(account->api, "responses") ? LLM_API_RESPONSES : LLM_API_USUAL,
                    .api_version = text_blank(account->api_version) ? NULL : account->api_version},
        .account_id = account->id,
        .account_name = account->name,
        .public_only = !conf_switch(CONF_private_addresses)};
    return true;
}

/* What the account is told of, or NULL. */
static const char *told_of(const struct pool_try *failed)
{
    static const struct {
        const char *code, *told;
    } rows[] = {{"llm_key_refused", "account_key"},
                {"llm_no_credit", "account_quota"},
                {"llm_no_key", "account_no_key"}};

    for (size_t i = 0; i < COUNT_OF(rows) && failed->account_id != NULL; i++)
        if (text_is(failed->code, rows[i].code))
            return failed->status == 403 ? "account_forbidden" : rows[i].told;
    return NULL;
}

bool account_tells(const struct pool_try *failed)
{
    return told_of(failed) != NULL;
}

rc_t account_tell(struct ctx *c, const struct pool_try *failed)
{
    const char *code = told_of(failed);

    return code == NULL ? OK : account_refused(c, failed->account_id, code);
}
