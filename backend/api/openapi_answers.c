/*
 * What each route may answer, by status: what its row tells (who may call it, ids, body), and what
 * answers.def adds.
 */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/health.h"
#include "api/openapi_parts.h"
#include "api/repeat.h"
#include "core/conversation.h"
#include "core/oauth_ask.h"

static const struct answer {
    rc_t (*handler)(struct ctx *c, const struct req *rq, struct res *rs);
    int status;
    const struct shape *shape;
    const char *code, *about;
} answers[] = {
#define ANSWER(handler, status, shape, code, about) {handler, status, shape, code, about},
#define TYPE(handler, types)
#include "api/answers.def"
#undef ANSWER
#undef TYPE
};

static const struct text_type {
    rc_t (*handler)(struct ctx *c, const struct req *rq, struct res *rs);
    const char *types;
} text_types[] = {
#define ANSWER(handler, status, shape, code, about)
#define TYPE(handler, types) {handler, types},
#include "api/answers.def"
#undef ANSWER
#undef TYPE
};

bool doc_needs_login(const struct route *r)
{
    return r->who >= WHO_HOST;
}

/* Who looks whether we are alive is not limited. */
static bool is_limited(const struct route *r)
{
    return r->who != WHO_METRICS && r->handler != health_alive && r->handler != health_ready;
}

static bool needs_proof(const struct route *r)
{
    return doc_needs_login(r) || r->who == WHO_METRICS;
}

/* What is for people alone is refused to programs, also when it is only read. */
static bool may_be_refused(const struct route *r)
{
    return doc_needs_login(r) || (r->method != GET && r->who != WHO_VENDOR);
}

static bool names_something(const struct route *r)
{
    return strchr(r->path, ':') != NULL || r->who == WHO_METRICS;
}

static bool changes_something(const struct route *r)
{
    return r->method != GET;
}

static bool has_parameters(const struct route *r)
{
    return r->query != NULL || strchr(r->path, ':') != NULL;
}

static bool takes_json(const struct route *r)
{
    return r->method != GET && r->who != WHO_VENDOR;
}

static bool any(const struct route *r)
{
    (void)r;
    return true;
}

/* What the gate says for every route of its kind; the names stand in components/responses. */
static const struct shared {
    int status;
    const char *name;
    bool (*applies)(const struct route *r);
    const char *about;
    const char *code, *detail; /* an example */
} shared[] = {
    {400, "BadRequest", any,
     "The request can't be read, or its body or a parameter is not as described: `field` names it",
     "missing", "name is missing."},
    {401, "Unauthenticated", needs_proof, "Nobody is logged in, or the session or key is over",
     "unauthenticated", "You are not logged in, or your session is over. Log in again."},
    {403, "Forbidden", may_be_refused,
     "The permission is missing, or the request comes from another site", "not_permitted",
     "This needs the permission audit:read, which your role (member) does not have. Ask an admin "
     "of your company."},
    {404, "NotFound", names_something, "There is no such thing, or it belongs to somebody else",
     "not_found", "There is no such thing here."},
    {409, "UnderWay", repeat_fits,
     "A request with this Idempotency-Key is being worked on: repeat it after Retry-After",
     "idempotency_under_way", "A request with this Idempotency-Key is being worked on."},
    {413, "TooLarge", changes_something, "The body is larger than this route takes",
     "body_too_large", "The body may have at most 8192 bytes here."},
    {414, "AddressTooLong", has_parameters, "The address with its parameters is too long",
     "address_too_long", "The address is too long."},
    {415, "NotJson", takes_json, "The body is not sent as application/json", "not_json",
     "Send the body as application/json."},
    {422, "KeyReused", repeat_fits, "The Idempotency-Key was used for another request",
     "idempotency_key_reused", "This Idempotency-Key was used for another request."},
    {429, "TooMany", is_limited,
     "Too many requests: `limit` names the limit, Retry-After says how many seconds to wait",
     "limit_reached",
     "This is more than the limit api_reads allows. Wait 3 seconds and try again."},
    {500, "OurFault", any, "A fault of ours; the reference finds it in the log", "unknown",
     "Something went wrong on our side. The reference finds it in our log."},
    {503, "Unavailable", any, "Not possible right now, and nothing was changed; try again",
     "db_away", "This can't be done right now, and nothing was changed. Try again in a moment."},
};

static json_t *content(const char *type, json_t *schema, json_t *example)
{
    json_t *media = json_pack("{s:o}", "schema", schema);

    if (example != NULL)
        doc_put(media, "example", example);
    return json_pack("{s:o}", type, media);
}

static json_t *problem(int status, const char *code, const char *detail)
{
    return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "type", "about:blank", "title",
                     res_title(status), "status", status, "code", code, "detail", detail,
                     "reference", "01980a5d-ac96-774b-bcce-b302099a8057");
}

json_t *doc_shared_responses(struct ctx *c)
{
    json_t *all = json_object();

    for (size_t i = 0; i < COUNT_OF(shared); i++)
        doc_put(all, shared[i].name,
                json_pack("{s:s, s:o}", "description", shared[i].about, "content",
                          content("application/problem+json", doc_ref(c, "schemas", "Problem"),
                                  problem(shared[i].status, shared[i].code, shared[i].detail))));
    return all;
}

static const struct shared *shared_of(const struct route *r, int status)
{
    for (size_t i = 0; i < COUNT_OF(shared); i++)
        if (shared[i].status == status && shared[i].applies(r))
            return &shared[i];
    return NULL;
}

/* What is special about a route's status: its own codes, one example each, before the usual. */
static json_t *own_problems(struct ctx *c, const struct route *r, int status)
{
    const struct shared *usual = shared_of(r, status);
    struct buf about = buf_new(c->mem, KIB(8));
    json_t *examples = json_object();

    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        const struct answer *a = &answers[i];

        if (a->handler != r->handler || a->status != status || a->shape != NULL)
            continue;
        buf_printf(&about, "%s`%s`: %s", about.len > 0 ? ". " : "", a->code, a->about);
        doc_put(examples, a->code,
                json_pack("{s:s, s:o}", "summary", a->about, "value",
                          problem(status, a->code, a->about)));
    }
    if (usual != NULL) {
        buf_printf(&about, ". %s", usual->about);
        doc_put(examples, usual->code,
                json_pack("{s:s, s:o}", "summary", usual->about, "value",
                          problem(status, usual->code, usual->detail)));
    }
    return json_pack("{s:s, s:{s:{s:o, s:o}}}", "description", buf_str(&about), "content",
                     "application/problem+json", "schema", doc_ref(c, "schemas", "Problem"),
                     "examples", examples);
}

static json_t *text_content(struct ctx *c, const struct route *r)
{
    json_t *all = json_object();
    const char *types = "text/plain";

    for (size_t i = 0; i < COUNT_OF(text_types); i++)
        if (text_types[i].handler == r->handler)
            types = text_types[i].types;
    for (char *rest = text_dup(c->mem, types), *type; (type = strsep(&rest, " ")) != NULL;)
        doc_put(all, type,
                json_pack("{s:{s:s}}", "schema", "type",
                          text_is(type, "application/json") ? "object" : "string"));
    return all;
}

/* Described by OpenAI, whose format it is; a question may ask for a stream. */
static json_t *model_content(const struct route *r)
{
    json_t *all = content("application/json", json_pack("{s:s}", "type", "object"), NULL);

    if (r->method != GET)
        doc_put(all, "text/event-stream", json_pack("{s:{s:s}}", "schema", "type", "string"));
    return all;
}

static json_t *success_content(struct ctx *c, const struct route *r)
{
    switch (r->kind) {
    case ANSWER_ONE:
        return content("application/json", doc_ref(c, "schemas", r->out->name),
                       doc_example(c, r->out, false));
    case ANSWER_LIST:
        return content("application/json",
                       doc_ref(c, "schemas", text_printf(c->mem, "%sList", r->out->name)),
                       doc_list_example(c, r->out));
    case ANSWER_STREAM:
        return content("text/event-stream", json_pack("{s:s}", "type", "string"), NULL);
    case ANSWER_TEXT:
        return text_content(c, r);
    case ANSWER_FILE:
        return content("application/x-tar",
                       json_pack("{s:s, s:s}", "type", "string", "format", "binary"), NULL);
    case ANSWER_OBJECT:
        return content("application/json", json_pack("{s:s}", "type", "object"), NULL);
    case ANSWER_MODEL:
        return model_content(r);
    case ANSWER_NONE:
        break;
    }
    return NULL;
}

static json_t *success(struct ctx *c, const struct route *r)
{
    json_t *answer = json_pack("{s:s}", "description", r->about), *body = success_content(c, r);

    if (body != NULL)
        doc_put(answer, "content", body);
    return answer;
}

/*
 * The token endpoints refuse in their own form; what is too large the server refuses before them.
 */
static void form_refusals(struct ctx *c, json_t *all)
{
    static const struct {
        int status;
        const char *about;
    } rows[] = {{400, "The form, the grant or the scope is not right"},
                {401, "The app is not known, or its secret is wrong"},
                {429, "Too many requests; Retry-After says how many seconds to wait"},
                {500, "A fault of ours; the reference finds it in the log"},
                {503, "Not possible right now, and nothing was changed; try again"}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *said = content("application/json", doc_ref(c, "schemas", oauth_error_shape.name),
                               NULL);

        /* What the server refuses unread, it refuses in its own way. */
        doc_put(said, "application/problem+json",
                json_pack("{s:o}", "schema", doc_ref(c, "schemas", "Problem")));
        doc_put(all, text_printf(c->mem, "%d", rows[i].status),
                json_pack("{s:s, s:o}", "description", rows[i].about, "content", said));
    }
}

/* The same for models: in OpenAI's form, so that its own clients understand. */
static void model_refusals(struct ctx *c, const struct route *r, json_t *all)
{
    static const struct {
        int status;
        const char *about;
    } rows[] = {{400, "The question is not right: `param` names the member"},
                {401, "The key is missing, wrong, or over"},
                {403, "The key may not ask models, or the company is suspended"},
                {404, "There is no such model, or the key may not use it"},
                {413, "The question is larger than this takes"},
                {414, "The address is too long"},
                {415, "The question is not sent as application/json"},
                {429, "Too many calls, or a cap is used up: `insufficient_quota`"},
                {500, "A fault of ours; the header x-request-id finds it in the log"},
                {502, "No model answered"},
                {503, "Not possible right now; try again after Retry-After"},
                {504, "The model took too long"}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *said;

        if ((rows[i].status == 413 && !changes_something(r)) ||
            (rows[i].status == 414 && !has_parameters(r)))
            continue;
        said = content("application/json",
                       json_pack("{s:s, s:[s], s:{s:{s:s}}}", "type", "object", "required", "error",
                                 "properties", "error", "type", "object"),
                       NULL);
        doc_put(said, "application/problem+json",
                json_pack("{s:o}", "schema", doc_ref(c, "schemas", "Problem")));
        doc_put(all, text_printf(c->mem, "%d", rows[i].status),
                json_pack("{s:s, s:o}", "description", rows[i].about, "content", said));
    }
}

json_t *doc_responses(struct ctx *c, const struct route *r)
{
    json_t *all = json_object();

    doc_put(all, text_printf(c->mem, "%d", r->status), success(c, r));
    if (r->who == WHO_CLIENT) {
        /* What is too large the server refuses before them, in the usual way. */
        doc_put(all, "413", doc_ref(c, "responses", "TooLarge"));
        form_refusals(c, all);
        return all;
    }
    if (r->kind == ANSWER_MODEL) {
        model_refusals(c, r, all);
        return all;
    }
    for (size_t i = 0; i < COUNT_OF(shared); i++)
        if (shared[i].applies(r))
            doc_put(all, text_printf(c->mem, "%d", shared[i].status),
                    doc_ref(c, "responses", shared[i].name));
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        const struct answer *a = &answers[i];

        if (a->handler != r->handler)
            continue;
        doc_put(all, text_printf(c->mem, "%d", a->status),
                a->shape == NULL
                    ? own_problems(c, r, a->status)
                    : json_pack("{s:s, s:o}", "description", a->about, "content",
                                content("application/json", doc_ref(c, "schemas", a->shape->name),
                                        doc_example(c, a->shape, false))));
    }
    return all;
}

void doc_other_shapes(void (*add)(const struct shape *shape, void *arg), void *arg)
{
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        if (answers[i].shape != NULL)
            add(answers[i].shape, arg);
    add(&oauth_error_shape, arg);
}
