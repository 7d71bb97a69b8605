/*
 * A request in this process, as the web process would make it of what came over the wire. Parked
 * ones are carried on: the helper thread's work and the group commit are done here, and who waits
 * for live events is woken at the start and at the end of his time.
 */
#include <string.h>
#include <strings.h>

#include "api/handlers.h"
#include "app/cli_prove.h"
#include "core/session.h"

#define HOST "proof.invalid"
#define REQUEST_MEMORY MIB(16) /* as the web process gives to a request */
#define WAKES_MAX 8

struct asked {
    const struct prove_request *given;
    const char *cookie, *csrf;
};

static const char *header(const struct req *rq, const char *name)
{
    const struct asked *asked = rq->native;

    if (strcasecmp(name, "host") == 0)
        return HOST;
    if (strcasecmp(name, "cookie") == 0)
        return asked->cookie;
    if (strcasecmp(name, "x-csrf") == 0)
        return asked->csrf;
    if (strcasecmp(name, "origin") == 0 && asked->given->method != GET)
        return "https://" HOST;
    return strcasecmp(name, "content-type") == 0 ? "application/json" : NULL;
}

static void stored(struct db_batch_item *item, void *owner)
{
    (void)item;
    *(bool *)owner = true;
}

/* Group commit: as long as it takes. */
static void commit_group(struct prove *p, struct db_batch_item *item)
{
    bool done = false;

    item->done = stored;
    item->owner = &done;
    db_batch_add(p->group, item);
    while (!done)
        db_batch_wait(p->group, 1000);
}

static enum wake carry(struct prove *p, const struct park *park, int wakes)
{
    if (park->kind == PARK_CPU)
        park->work(park->state);
    else if (park->kind == PARK_BATCH)
        commit_group(p, park->batch);
    else if (park->kind == PARK_LINE)
        return WAKE_LOST; /* what a worker would answer is not the web process's */
    else
        return wakes == 0 ? WAKE_START : WAKE_DEADLINE;
    return WAKE_DONE;
}

/* Whether there is more to come: no answer yet, or a stream that has not ended. */
static bool open_still(const struct res *rs, const struct park *park)
{
    return park != NULL && (rs->status == 0 || park->stream) && !rs->close;
}

/* References differ from answer to answer, and tell nothing. */
static const char *without_reference(struct ctx *c, struct arena *mem, const char *body,
                                     const char **code)
{
    json_t *json;

    *code = NULL;
    ctx_forgive(c);
    if (json_parse(c, bytes_of(body), &json) != OK || !json_is_object(json))
        return body;
    if (json_object_get(json, "reference") != NULL) {
        json_object_del(json, "reference");
        *code = text_dup(mem, json_str(json, "code"));
    } else if (json_is_object(json_object_get(json, "error"))) { /* in OpenAI's form */
        const char *said = json_str(json_object_get(json, "error"), "code");

        *code = text_dup(mem, said == NULL ? "" : said);
    }
    return json_text(mem, json);
}

static void answer_read(struct ctx *c, struct arena *mem, const struct res *rs, struct buf *body,
                        struct prove_answer *out)
{
    out->status = rs->status == 0 ? out->status : rs->status;
    if (rs->body.len > 0)
        buf_add(body, rs->body.data, rs->body.len);
    out->body = buf_str(body);
    if (rs->type != NULL && strstr(rs->type, "json") != NULL)
        out->body = without_reference(c, mem, out->body, &out->code);
}

void prove_ask(struct prove *p, struct arena *mem, const struct prove_request *given,
               struct prove_answer *out)
{
    struct asked asked = {.given = given};
    struct ctx *contexts[WAKES_MAX + 1] = {ctx_new(REQUEST_MEMORY, p->web)};
    struct buf body = buf_new(mem, MIB(4));
    const char *query = strchr(given->path, '?');
    struct req rq = {.method = given->method,
                     .path = text_copy(mem, given->path, strcspn(given->path, "?")),
                     .query = query == NULL ? NULL : query + 1,
                     .body = bytes_of(given->body == NULL ? "" : given->body),
                     .remote = "127.0.0.1",
                     .header = header,
                     .native = &asked};
    struct res rs;
    int wakes = 0, lives = 0;

    if (given->token != NULL) {
        asked.cookie = text_printf(mem, SESSION_COOKIE "=%s", given->token);
        asked.csrf = session_csrf(mem, given->token);
    }
    *out = (struct prove_answer){.body = ""};
    api_handle(contexts[0], &rq, &rs);
    answer_read(contexts[0], mem, &rs, &body, out);
    for (struct park *park = rs.park; open_still(&rs, park) && wakes < WAKES_MAX; wakes++) {
        enum wake why = carry(p, park, lives);
        struct ctx *c = contexts[wakes + 1] = ctx_new(REQUEST_MEMORY, p->web);

        if (park->kind == PARK_LIVE) {
            lives++;
            out->channel = text_dup(mem, park->channel);
        }
        c->tenant_id = contexts[0]->tenant_id;
        c->person_id = contexts[0]->person_id;
        c->actor = contexts[0]->actor;
        c->app_id = contexts[0]->app_id;
        c->reference = contexts[0]->reference;
        api_resume(c, &rq, &rs, park, why, (struct bytes){NULL, 0});
        answer_read(c, mem, &rs, &body, out);
        park = rs.park != NULL ? rs.park : park;
    }
    for (int i = wakes; i >= 0; i--)
        ctx_end(contexts[i]);
}
