/*
 * OpenAI and the many that speak like it: OpenAI itself, Azure, OpenRouter, vLLM, LM Studio,
 * Ollama, gateways, an own endpoint. Here is what the two APIs share; see openai.h.
 */
#include "llm/openai.h"

#include <ctype.h>
#include <string.h>

#define AZURE_VERSION \
    "2024-10-21" /* of the dated API, for an address that names a deployment only */

static const char *base_of(const struct llm_account *account)
{
    return text_blank(account->base_url) ? OPENAI_HOME : account->base_url;
}

/* Whether the address' host is `name` or ends with it, which then begins with a dot. */
static bool host_is(const char *base, const char *name)
{
    const char *host = strstr(base, "://");
    size_t len = strlen(name);

    if (host == NULL)
        return false;
    host += 3;

    size_t host_len = strcspn(host, ":/?#");

    return host_len >= len && strncasecmp(host + host_len - len, name, len) == 0 &&
           (name[0] == '.' || host_len == len);
}

enum openai_host openai_host(const struct llm_account *account)
{
    static const struct {
        const char *name;
        enum openai_host host;
    } rows[] = {{"api.openai.com", OPENAI_OWN},
                {"eu.api.openai.com", OPENAI_OWN},
                {"us.api.openai.com", OPENAI_OWN},
                {".openai.azure.com", OPENAI_AZURE},
                {".cognitiveservices.azure.com", OPENAI_AZURE},
                {".services.ai.azure.com", OPENAI_AZURE},
                {"openrouter.ai", OPENAI_OPENROUTER}};

    if (!text_blank(account->api_version))
        return OPENAI_AZURE;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (host_is(base_of(account), rows[i].name))
            return rows[i].host;
    return OPENAI_LIKE;
}

/* A name as one part of an address' path. */
static const char *escaped(struct arena *mem, const char *name)
{
    struct buf b = buf_new(mem, KIB(4));

    for (const char *at = name; *at != '\0'; at++)
        if (isalnum((unsigned char)*at) || strchr("-._~", *at) != NULL)
            buf_char(&b, *at);
        else
            buf_printf(&b, "%%%02X", (unsigned char)*at);
    return buf_str(&b);
}

/*
 * Azure's addresses: "/openai/v1" without a date; with one "/openai", and for most calls the
 * deployment behind it. Whoever gives an address with the deployment in it means the dated API.
 */
static const char *azure_url(struct ctx *c, const struct llm_account *account, const char *model,
                             bool by_deployment, const char *path)
{
    const char *base = base_of(account), *query = base + strcspn(base, "?#"),
               *version = account->api_version;
    const char *plain = text_copy(c->mem, base, (size_t)(query - base));
    bool names_one = strstr(plain, "/deployments/") != NULL;
    bool in_query = strstr(query, "api-version=") != NULL;
    bool undated = strstr(plain, "/openai/v1") != NULL;

    if (undated || (text_blank(version) && !in_query && !names_one))
        return vendor_url(c, base,
                          text_is(strstr(plain, "/openai"), "/openai") ? "/v1" : "/openai/v1",
                          !undated, path);

    const char *where = by_deployment && !names_one
                            ? text_printf(c->mem, "/deployments/%s", escaped(c->mem, model))
                            : "";
    const char *url = vendor_url(c, plain, "/openai",
                                 !names_one && strstr(plain, "/openai") == NULL,
                                 text_printf(c->mem, "%s%s", where, path));

    if (in_query)
        return text_printf(c->mem, "%s%s", url, query);
    return text_printf(c->mem, "%s?api-version=%s", url,
                       escaped(c->mem, text_blank(version) ? AZURE_VERSION : version));
}

static const char *url_of(struct ctx *c, const struct llm_account *account, const char *model,
                          bool by_deployment, const char *path)
{
    return openai_host(account) == OPENAI_AZURE
               ? azure_url(c, account, model, by_deployment, path)
               : vendor_url(c, base_of(account), "/v1", false, path);
}

static void key_add(struct ctx *c, const struct llm_account *account, struct http_ask *out)
{
    if (account->key == NULL)
        return;
    if (openai_host(account) == OPENAI_AZURE)
        http_header_add(out, "api-key", account->key);
    else
        http_header_add(out, "Authorization", text_printf(c->mem, "Bearer %s", account->key));
}

void openai_post(struct ctx *c, const struct llm_account *account, const char *model,
                 bool by_deployment, const char *path, json_t *body, struct http_ask *out)
{
    vendor_post(c, url_of(c, account, model, by_deployment, path), body, out);
    key_add(c, account, out);
}

rc_t openai_list(struct ctx *c, const struct llm_account *account, struct http_ask *out)
{
    vendor_get(url_of(c, account, NULL, false, "/models"), out);
    key_add(c, account, out);
    return OK;
}

rc_t openai_listed(struct ctx *c, const struct llm_account *account, const struct http_answer *http,
                   const char **names)
{
    TRY(vendor_names(c, OPENAI, http, "data", "id", names));
    if (openai_host(account) == OPENAI_AZURE)
        *names = "";
    return OK;
}

/* The model's name without who offers it. */
static const char *bare_name(const char *model)
{
    const char *slash = strrchr(model, '/');

    return slash == NULL ? model : slash + 1;
}

bool openai_thinks(const char *model)
{
    const char *name = bare_name(model);

    if (strstr(name, "-chat") != NULL)
        return false;
    return (name[0] == 'o' && isdigit((unsigned char)name[1])) ||
           (text_starts(name, "gpt-") && isdigit((unsigned char)name[4]) && name[4] >= '5') ||
           text_starts(name, "codex-");
}

const char *openai_effort(const struct llm_ask *ask)
{
    static const char *const words[] = {[LLM_EFFORT_USUAL] = NULL,
                                        [LLM_EFFORT_NONE] = "none",
                                        [LLM_EFFORT_LOW] = "low",
                                        [LLM_EFFORT_MEDIUM] = "medium",
                                        [LLM_EFFORT_HIGH] = "high"};
    const char *name = bare_name(ask->model);

    if (ask->effort == LLM_EFFORT_NONE && openai_thinks(ask->model)) {
        if (name[0] == 'o' || text_starts(name, "codex-"))
            return "low";
        if (text_starts(name, "gpt-5") && name[5] != '.')
            return "minimal";
    }
    return words[ask->effort];
}

rc_t openai_sampling(struct ctx *c, const struct llm_ask *ask, json_t *body)
{
    if (openai_thinks(ask->model))
        return OK;
    if (ask->temperature != NULL)
        TRY(vendor_put(c, body, "temperature", json_real(*ask->temperature)));
    if (ask->top_p != NULL)
        TRY(vendor_put(c, body, "top_p", json_real(*ask->top_p)));
    return OK;
}

const char *openai_result(struct arena *mem, const struct llm_part *result)
{
    const char *text = result->text == NULL ? "" : result->text;

    return result->is_error ? text_printf(mem, "The tool failed: %s", text) : text;
}

static const struct llm responses = {
    .name = OPENAI,
    .default_url = OPENAI_HOME,
    .can = LLM_CAN_STREAM,
    .framing = LLM_SSE,
    .needs_key = true,
    .ask = responses_ask,
    .answer = responses_answer,
    .event = responses_event,
    .list = openai_list,
    .listed = openai_listed,
};

const struct llm llm_openai = {
    .name = OPENAI,
    .responses = &responses,
    .vectors = &openai_vectors,
    .default_url = OPENAI_HOME,
    .can = LLM_CAN_STREAM,
    .framing = LLM_SSE,
    .needs_key = true,
    .ask = openai_ask,
    .answer = openai_answer,
    .event = openai_event,
    .list = openai_list,
    .listed = openai_listed,
};
