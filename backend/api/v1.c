/* See v1.h. */
#include "api/v1.h"

#include <string.h>

#include "api/handlers.h"
#include "base/conf.h"
#include "flow/line_open.h"
#include "llm/served.h"

#define LATER_MS 30000 /* the worker keeps to the time of a call; this is for one that hangs */

bool v1_owns(const char *path)
{
    return text_starts(path, "/v1/") || text_is(path, "/v1");
}

void v1_problem(struct ctx *c, struct res *rs)
{
    const struct served_error error = served_error_of(&c->fault);
    struct buf body = buf_new(c->mem, KIB(64));

    *rs = (struct res){.status = error.status, .type = "application/json"};
    served_error_write(&error, &body);
    rs->body = buf_bytes(&body);
    res_header(rs, "x-request-id", c->reference);
    res_header(rs, "x-should-retry", error.again ? "true" : "false");
    if (error.wait_s > 0)
        res_header(rs, "retry-after", text_printf(c->mem, "%lld", (long long)error.wait_s));
    if (c->fault.challenge != NULL)
        res_header(rs, "www-authenticate", c->fault.challenge);
}

/* The worker could not answer, and nothing of an answer has left. */
static rc_t lost(struct ctx *c, const struct req *rq, struct res *rs, void *state, enum wake why,
                 struct bytes news)
{
    (void)rq;
    (void)rs;
    (void)state;
    (void)news;
    if (why == WAKE_DEADLINE)
        return ctx_fail(c, E_TIMEOUT, "answer_late", "the worker did not answer in time");
    return ctx_fail(c, E_UNAVAILABLE, "worker_away",
                    "no worker is there, or it ended in this call");
}

/* What ends a stream whose worker left it. */
#define BROKE "The answer broke off on our side. Nothing follows; please ask again."
static const struct bytes chat_broken = {
    "data: {\"error\":{\"message\":\"" BROKE
    "\",\"type\":\"server_error\",\"param\":null,\"code\":\"stream_broken\"}}\n\n",
    sizeof("data: {\"error\":{\"message\":\"" BROKE
           "\",\"type\":\"server_error\",\"param\":null,\"code\":\"stream_broken\"}}\n\n") -
        1};
static const struct bytes responses_broken = {
    "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"" BROKE
    "\",\"param\":null}\n\n",
    sizeof("event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"" BROKE
           "\",\"param\":null}\n\n") -
        1};

static rc_t call(struct ctx *c, const struct req *rq, struct res *rs, const char *path,
                 const char *model, struct bytes broken)
{
    struct line_open *open = arena_take(c->mem, sizeof(*open));
    struct park *park = arena_take(c->mem, sizeof(*park));

    *open = (struct line_open){.path = path,
                               .tenant_id = c->tenant_id,
                               .key_id = rq->key_id,
                               .models = rq->models,
                               .model = model,
                               .reference = c->reference,
                               .body_len = rq->body.len};
    *park = (struct park){.kind = PARK_LINE,
                          .deadline_ms = conf_number(CONF_call_seconds) * 1000 + LATER_MS,
                          .resume = lost,
                          .call = open,
                          .broken = broken};
    rs->park = park;
    return OK;
}

rc_t v1_chat(struct ctx *c, const struct req *rq, struct res *rs)
{
    return call(c, rq, rs, "/v1/chat/completions", NULL, chat_broken);
}

rc_t v1_responses(struct ctx *c, const struct req *rq, struct res *rs)
{
    return call(c, rq, rs, "/v1/responses", NULL, responses_broken);
}

rc_t v1_embeddings(struct ctx *c, const struct req *rq, struct res *rs)
{
    return call(c, rq, rs, "/v1/embeddings", NULL, chat_broken);
}

rc_t v1_models(struct ctx *c, const struct req *rq, struct res *rs)
{
    return call(c, rq, rs, "/v1/models", NULL, chat_broken);
}

/* "openai%2Fgpt-5" is openai/gpt-5. */
static const char *unescaped(struct arena *mem, const char *name)
{
    char *out = text_dup(mem, name), *to = out;

    for (const char *at = name; *at != '\0'; at++) {
        bool slash = strncasecmp(at, "%2f", 3) == 0;

        *to++ = slash ? '/' : *at;
        at += slash ? 2 : 0;
    }
    *to = '\0';
    return out;
}

rc_t v1_model(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *model = unescaped(c->mem, req_param(c, rq, "model"));

    if (strlen(model) > SERVED_MODEL_MAX)
        return ctx_fail(c, E_NOT_FOUND, "model_not_found", "There is no such model here.");
    return call(c, rq, rs, "/v1/models", model, chat_broken);
}
