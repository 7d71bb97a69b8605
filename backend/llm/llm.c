/* See llm.h: the table of providers, what their refusals mean, and the estimate of tokens. */
#include "llm/llm.h"

#include <ctype.h>
#include <string.h>

#define LLM(name) extern const struct llm llm_##name;
#include "llm/llms.def"
#undef LLM

static const struct llm *const all[] = {
#define LLM(name) &llm_##name,
#include "llm/llms.def"
#undef LLM
};

const struct llm *llm_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (text_is(all[i]->name, name))
            return all[i];
    return NULL;
}

const struct llm *const *llm_all(size_t *count)
{
    *count = COUNT_OF(all);
    return all;
}

const struct llm *llm_speaking(const struct llm *llm, const struct llm_account *account)
{
    return account->api == LLM_API_RESPONSES && llm->responses != NULL ? llm->responses : llm;
}

/*
 * One piece of text that tokenizers treat alike, starting at s: its length, and its tokens times
 * two.
 */
static size_t piece(const unsigned char *s, int64_t *halves)
{
    size_t len = 1;

    if (isalpha(s[0])) {
        while (isalpha(s[len]))
            len++;
        *halves = 2 * (1 + (int64_t)(len - 1) / 6);
    } else if (isdigit(s[0])) {
        while (len < 3 && isdigit(s[len]))
            len++;
        *halves = 2;
    } else if (s[0] == ' ' || (s[0] & 0xc0) == 0x80) {
        *halves =
            0; /* a blank joins its word; the rest of a character was counted with its first byte */
    } else {
        *halves = s[0] >= 0xc0 && s[0] < 0xe0
                      ? 1
                      : 2; /* Latin, Greek, Cyrillic letters: about two a token */
    }
    return len;
}

int64_t llm_estimate_tokens(const char *text)
{
    const unsigned char *s = (const unsigned char *)(text == NULL ? "" : text);
    int64_t sum = 0, halves;

    for (; *s != '\0'; sum += halves)
        s += piece(s, &halves);
    return (sum + 1) / 2;
}

static int64_t estimate_part(const struct llm_part *p)
{
    if (p->kind == LLM_IMAGE)
        return LLM_IMAGE_TOKENS;
    return llm_estimate_tokens(p->text) + llm_estimate_tokens(p->tool) +
           llm_estimate_tokens(p->arguments) + llm_estimate_tokens(p->block);
}

int64_t llm_estimate_ask(const struct llm_ask *ask)
{
    const int64_t wrapping = 4;
    int64_t sum = wrapping + llm_estimate_tokens(ask->system) +
                  llm_estimate_tokens(ask->format_schema);

    for (size_t i = 0; i < ask->text_count; i++)
        sum += 2 + llm_estimate_tokens(ask->texts[i]);
    for (size_t i = 0; i < ask->tool_count; i++)
        sum += 2 * wrapping + llm_estimate_tokens(ask->tools[i].name) +
               llm_estimate_tokens(ask->tools[i].about) + llm_estimate_tokens(ask->tools[i].schema);
    for (size_t i = 0; i < ask->count; i++) {
        struct llm_part single;
        size_t count;
        const struct llm_part *parts = llm_parts(&ask->messages[i], &single, &count);

        sum += wrapping;
        for (size_t k = 0; k < count; k++)
            sum += estimate_part(&parts[k]);
    }
    return sum;
}

/* What a provider's words give away where its status does not. */
static const char *code_by_words(const char *said)
{
    static const struct {
        const char *words, *code;
    } rows[] = {
        {"insufficient_quota", "llm_no_credit"},  {"credit balance", "llm_no_credit"},
        {"billing_error", "llm_no_credit"},       {"context_length", "llm_too_long"},
        {"context length", "llm_too_long"},       {"context window", "llm_too_long"},
        {"prompt is too long", "llm_too_long"},   {"maximum context", "llm_too_long"},
        {"context limit", "llm_too_long"},        {"context size", "llm_too_long"},
        {"input is too long", "llm_too_long"},    {"maximum number of tokens", "llm_too_long"},
        {"model_not_found", "llm_model_unknown"}, {"content_filter", "llm_filtered"},
        {"content_policy", "llm_filtered"},       {"flagged", "llm_filtered"},
    };

    for (size_t i = 0; said != NULL && i < COUNT_OF(rows); i++)
        if (strcasestr(said, rows[i].words) != NULL)
            return rows[i].code;
    return NULL;
}

static const char *code_by_status(int status)
{
    static const struct {
        int status;
        const char *code;
    } rows[] = {
        {401, "llm_key_refused"},   {402, "llm_no_credit"},  {403, "llm_key_refused"},
        {404, "llm_model_unknown"}, {408, "llm_overloaded"}, {413, "llm_too_long"},
        {429, "llm_rate_limited"},  {503, "llm_overloaded"}, {529, "llm_overloaded"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].status == status)
            return rows[i].code;
    return status >= 400 && status < 500 ? "llm_bad_request" : "llm_broken";
}

rc_t llm_fault(struct ctx *c, const char *provider, int status, const char *said)
{
    const char *code = status >= 400 && status < 500 && status != 401 ? code_by_words(said) : NULL;

    if (code == NULL)
        code = code_by_status(status);
    if (text_blank(said))
        said = "(no reason given)";
    return ctx_fail(c, E_UPSTREAM, code, "%s answered %d: %.*s", provider, status,
                    (int)text_cut(said, strlen(said), LLM_SAID_MAX), said);
}
