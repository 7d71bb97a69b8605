/* See served.h: refusals in OpenAI's form. */
#include "llm/served_parts.h"

#define INVALID "invalid_request_error"
#define SERVER "server_error"

/*
 * What a code becomes, first of all by its own row, else by its kind. A NULL code stays as it is; a
 * NULL message is the fault's own, which rows for E_UPSTREAM and E_INTERNAL may not use: theirs is
 * for the log. (What llm_cannot says are our own words wherever it comes from; with
 * llm_bad_request it is the provider's words that say what to mend, without the key.)
 */
struct row {
    const char *from;
    int status;
    const char *type, *code, *param, *message;
    bool again;
};

static const struct row by_code[] = {
    {"cap_day", 429, "insufficient_quota", "insufficient_quota", NULL, NULL, false},
    {"cap_month", 429, "insufficient_quota", "insufficient_quota", NULL, NULL, false},
    {"cap_ever", 429, "insufficient_quota", "insufficient_quota", NULL, NULL, false},
    {"body_too_large", 413, INVALID, NULL, NULL, NULL, false},
    {"not_json", 415, INVALID, NULL, NULL, NULL, false},
    {"method_not_allowed", 405, INVALID, NULL, NULL, NULL, false},
    {"llm_too_many", 400, INVALID, NULL, NULL, NULL, false},
    {"llm_ask_too_long", 400, INVALID, "context_length_exceeded", "messages", NULL, false},
    {"embed_too_long", 400, INVALID, "context_length_exceeded", "input", NULL, false},
    {"llm_no_message", 400, INVALID, NULL, "messages", NULL, false},
    {"llm_bad_order", 400, INVALID, NULL, "messages", NULL, false},
    {"llm_bad_image", 400, INVALID, NULL, "messages", NULL, false},
    {"llm_bad_tool", 400, INVALID, NULL, "tools", NULL, false},
    {"llm_bad_schema", 400, INVALID, NULL, NULL, NULL, false},
    {"llm_cannot", 400, INVALID, "unsupported_parameter", NULL, NULL, false},
    {"llm_too_long", 400, INVALID, "context_length_exceeded", "messages",
     "This is longer than the model can read. Make the messages shorter.", false},
    {"llm_bad_request", 400, INVALID, "bad_request", NULL, NULL, false},
    {"llm_filtered", 400, INVALID, "content_filter", NULL,
     "The provider's safety filter did not let this request pass.", false},
    {"llm_model_unknown", 404, INVALID, "model_not_found", "model",
     "The provider does not know this model, or your account has no access to it.", false},
    {"llm_rate_limited", 429, "requests", "rate_limit_exceeded", NULL,
     "The model's provider takes no more requests just now. Try again in a moment.", true},
    {"llm_no_credit", 503, SERVER, "provider_no_credit", NULL,
     "The provider's account has no credit left. Whoever manages models can mend this.", false},
    {"llm_key_refused", 503, SERVER, "provider_key_refused", NULL,
     "The provider did not take the key that it was shown. Whoever manages models can mend this.",
     false},
    {"llm_overloaded", 503, SERVER, "overloaded", NULL,
     "The model's provider is overloaded. Try again in a moment.", true},
    {"llm_broke_off", 502, SERVER, "stream_broken", NULL,
     "The answer broke off at the model's provider. Nothing follows; please ask again.", true},
    {"unauthenticated", 401, INVALID, "invalid_api_key", NULL,
     "There is no API key in this request. Send one in a header: \"Authorization: Bearer "
     "kst_...\".",
     false},
    {"llm_cancelled", 499, INVALID, "cancelled", NULL, "The request was given up.", false},
};

static const struct {
    rc_t rc;
    struct row row;
} by_kind[] = {
    {E_INVALID, {NULL, 400, INVALID, NULL, NULL, NULL, false}},
    {E_UNAUTH, {NULL, 401, INVALID, "invalid_api_key", NULL, NULL, false}},
    {E_FORBIDDEN, {NULL, 403, INVALID, NULL, NULL, NULL, false}},
    {E_NOT_FOUND, {NULL, 404, INVALID, NULL, NULL, NULL, false}},
    {E_CONFLICT, {NULL, 409, INVALID, NULL, NULL, NULL, false}},
    {E_LIMIT, {NULL, 429, "requests", "rate_limit_exceeded", NULL, NULL, true}},
    {E_UPSTREAM,
     {NULL, 502, SERVER, NULL, NULL, "No model answered. Try again in a moment.", true}},
    {E_TIMEOUT,
     {NULL, 504, SERVER, NULL, NULL, "The model took too long. Try again in a moment.", true}},
    {E_UNAVAILABLE,
     {NULL, 503, SERVER, NULL, NULL, "This can't be done right now. Try again in a moment.", true}},
    {E_INTERNAL, {NULL, 500, SERVER, NULL, NULL, "Something went wrong on our side.", true}},
};

static const struct row *row_of(const struct fault *fault)
{
    size_t kind = 0;

    for (size_t i = 0; i < COUNT_OF(by_code); i++)
        if (text_is(by_code[i].from, fault->code))
            return &by_code[i];
    while (kind < COUNT_OF(by_kind) - 1 && by_kind[kind].rc != fault->rc)
        kind++;
    return &by_kind[kind].row;
}

struct served_error served_error_of(const struct fault *fault)
{
    const struct row *row = row_of(fault);
    const char *words = row->message == NULL ? fault->detail : row->message;

    return (struct served_error){
        .status = row->status,
        .type = row->type,
        .code = row->code == NULL ? fault->code : row->code,
        .message = words == NULL ? "The request is not right." : words,
        .param = fault->field == NULL ? row->param : fault->field,
        .wait_s = fault->wait_s > 0 || row->status != 503 || !row->again ? fault->wait_s : 2,
        .again = row->again,
    };
}

void served_error_write(const struct served_error *e, struct buf *out)
{
    buf_text(out, "{\"error\":{\"message\":");
    served_string(out, e->message);
    buf_text(out, ",\"type\":");
    served_string(out, e->type);
    buf_text(out, ",\"param\":");
    served_string(out, e->param);
    buf_text(out, ",\"code\":");
    served_string(out, e->code);
    buf_text(out, "}}");
}
