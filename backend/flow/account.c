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
