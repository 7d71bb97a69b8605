/* See v1_call.h. */
#include "flow/v1_call.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "flow/routing.h"
#include "flow/routing_book.h"
#include "flow/v1_embed.h"
#include "flow/v1_models.h"
#include "flow/v1_route.h"
#include "flow/v1_tell.h"
#include "io/db.h"
#include "llm/served.h"
#include "llm/served_embed.h"
#include "llm/served_models.h"

#define ALLOWED_MAX 200
#define ERROR_MAX KIB(64)
#define QUICK_BODY KIB(32) /* read within the loop: some hundred microseconds */

struct v1_call {
    struct ctx *c;
    const struct v1_place *place;
    struct line_open open;
    struct v1_out out;
    atomic_bool left; /* a helper looks at it as well */
    const struct served *api;
    struct served_ask asked;
    struct served_talk talk;
    struct routing route;
    struct payer payer;
    struct pool_call *asking;   /* NULL: nobody is asked */
    struct buf piece;           /* of a stream, used again for each */
    bool begun;                 /* part of a stream has left */
    struct errand errand;       /* what is done before anybody is asked */
    struct routing_want models; /* that may be asked */
    char *question;             /* its body, until it is read */
    struct bytes body;          /* of the question, then of the answer */
    rc_t rc;
};

static void drop(struct v1_call *v)
{
    ctx_end(v->c);
}

static void head(struct v1_call *v, const struct line_head *head)
{
    if (!v->left)
        v->out.head(v->out.arg, head);
}

static void data(struct v1_call *v, struct bytes piece)
{
    if (!v->left && piece.len > 0)
        v->out.data(v->out.arg, piece);
}

/* The call's last word; frees it. */
static void end(struct v1_call *v)
{
    if (!v->left)
        v->out.end(v->out.arg);
    drop(v);
}

static void whole(struct v1_call *v, struct bytes body)
{
    const struct line_head h = {.status = 200, .length = body.len};

    head(v, &h);
    data(v, body);
}

static void refuse(struct v1_call *v, const struct fault *fault)
{
    struct served_error error = served_error_of(fault);
    struct buf body = buf_new(v->c->mem, ERROR_MAX);

    if (v->api == &served_responses && text_is(error.param, "messages"))
        error.param = "input";

    if (fault->rc == E_INTERNAL || fault->rc == E_UNAVAILABLE)
        log_fault(v->c, v->open.path);
    if (v->begun) {
        v->api->broke(&v->talk, &error, &body);
        data(v, buf_bytes(&body));
        return;
    }
    served_error_write(&error, &body);

    const struct line_head h = {.status = (uint16_t)error.status,
                                .again = error.again ? LINE_AGAIN : LINE_NOT_AGAIN,
                                .wait_s = (uint32_t)error.wait_s,
                                .length = body.len};

    head(v, &h);
    data(v, buf_bytes(&body));
}

static struct buf *fresh(struct v1_call *v)
{
    v->piece.len = 0;
    return &v->piece;
}

static void begin(struct v1_call *v, const char *model)
{
    static const struct line_head stream = {.status = 200, .stream = 1};

    v->begun = true;
    v->talk.model = model;
    head(v, &stream);
}

/* Whoever waits is told at once that a model answers; until its first word another may step in. */
static void on_began(void *arg)
{
    struct v1_call *v = arg;
    struct buf *out = fresh(v);

    if (v->left || v->begun)
        return;
    begin(v, pool_asked(v->asking)->model);
    v->api->begin(&v->talk, out);
    data(v, buf_bytes(out));
}

static void on_delta(void *arg, struct bytes text)
{
    struct v1_call *v = arg;
    struct buf *out = fresh(v);

    if (v->left)
        return;
    if (!v->begun) {
        begin(v, pool_asked(v->asking)->model);
        v->api->begin(&v->talk, out);
    }
    v->talk.model = pool_asked(v->asking)->model;
    v->api->text(&v->talk, text, out);
    data(v, buf_bytes(out));
}

static void answer(struct v1_call *v, const struct pool_outcome *o)
{
    static const struct fault too_long = {.rc = E_UPSTREAM, .code = "answer_too_long"};
    struct buf *out = fresh(v);

    if (!v->asked.ask.stream) {
        v->talk.model = o->answer.model;
        v->api->whole(&v->talk, &o->answer, out);
    } else {
        if (!v->begun)
            begin(v, v->route.pool.candidates[o->candidate].model);
        v->api->end(&v->talk, &o->answer, out);
    }
    if (out->over)
        refuse(v, &too_long);
    else if (v->asked.ask.stream)
        data(v, buf_bytes(out));
    else
        whole(v, buf_bytes(out));
}

/*
 * Of a pool in which nobody answered, the last try says why; but one after which it is worth to ask
 * again comes first, as whoever gives up for good because of another one would be misled.
 */
static struct fault fault_of(const struct v1_call *v, const struct pool_outcome *o)
{
    const struct fault fault = v->c->fault;
    struct fault told = fault;

    if (!text_is(fault.code, "llm_all_failed"))
        return fault;
    for (size_t i = o->try_count; i-- > 0;) {
        struct fault one = fault;

        one.code = o->tries[i].code;
        one.detail = o->tries[i].detail;
        one.wait_s = o->tries[i].retry_after_ms <= 0 ? 0
                                                     : (o->tries[i].retry_after_ms + 999) / 1000;
        if (i + 1 == o->try_count)
            told = one;
        if (served_error_of(&one).again)
            return one;
    }
    return told;
}

static void on_ended(void *arg, rc_t rc, const struct pool_outcome *o)
{
    struct v1_call *v = arg;

    v->asking = NULL;
    v1_tell(v->place->helpers, v->c, o);
    if (v->left) {
        end(v);
        return;
    }
    if (rc == OK) {
        answer(v, o);
    } else {
        const struct fault fault = fault_of(v, o);

        refuse(v, &fault);
    }
    end(v);
}

/* The models that the key may use; none: all. */
static struct routing_want allowed(struct v1_call *v)
{
    struct routing_want want = {.model = NULL};
    const char **names;

    if (v->open.models == NULL)
        return want;
    names = arena_take(v->c->mem, ALLOWED_MAX * sizeof(*names));
    for (char *rest = text_dup(v->c->mem, v->open.models), *name;
         (name = strsep(&rest, " ")) != NULL && want.allowed_count < ALLOWED_MAX;)
        if (*name != '\0')
            names[want.allowed_count++] = name;
    want.allowed = names;
    return want;
}

static rc_t prepare(struct v1_call *v, struct bytes body)
{
    v->api = served_find(v->open.path);
    if (v->api == NULL)
        return ctx_fail(v->c, E_NOT_FOUND, "not_found", "There is nothing at this address.");
    TRY(v->api->read(v->c, body, &v->asked));
    v->payer = (struct payer){.key_id = v->open.key_id};
    TRY(v1_route(v->c, &v->models, &v->asked, &v->route));
    v->route.pool.payer = &v->payer;
    v->talk = (struct served_talk){
        .asked = &v->asked, .id = v->c->reference, .created = clock_s(), .mem = v->c->mem};
    return OK;
}

static rc_t list_models(struct v1_call *v)
{
    struct buf *out = fresh(v);

    TRY(v1_models_write(v->c, &v->models, v->open.model, out));
    v->body = buf_bytes(out);
    return db_commit(v->c);
}

static void ask(struct v1_call *v, struct pool_loop *pool)
{
    /* What was said cannot be taken back: no restart. */
    const struct pool_question question = {
        .c = v->c,
        .route = &v->route.pool,
        .ask = &v->asked.ask,
        .sink = {.delta = on_delta, .began = on_began, .as_it_is = true, .arg = v},
        .ended = on_ended,
        .arg = v};

    v->asking = pool_start(pool, &question);
}

static void drop_question(void *of)
{
    struct v1_call *v = of;

    free(v->question);
    v->question = NULL;
}

/* What may take a while: a large body, accounts that are not at hand, vectors. */
static void work(void *arg)
{
    struct v1_call *v = arg;

    v->models = allowed(v);
    if (text_is(v->open.path, SERVED_MODELS_PATH))
        v->rc = list_models(v);
    else if (text_is(v->open.path, SERVED_EMBED_PATH))
        v->rc = v1_embed(v->c, &v->open, &v->models, v->body, &v->left, &v->body);
    else
        v->rc = prepare(v, v->body);
    drop_question(v);
}

static void worked(void *arg)
{
    struct v1_call *v = arg;

    if (v->rc == OK && v->api != NULL && !v->left) {
        ask(v, v->place->pool);
        return;
    }
    if (v->rc == OK) {
        whole(v, v->body);
    } else {
        db_rollback(v->c);
        refuse(v, &v->c->fault);
    }
    end(v);
}

static bool is_quick(const struct v1_call *v)
{
    return v->body.len <= QUICK_BODY && served_find(v->open.path) != NULL &&
           routing_book_fresh(v->open.tenant_id);
}

struct v1_call *v1_call_start(const struct v1_place *place, struct ctx *c,
                              const struct line_open *open, char *body, size_t len,
                              const struct v1_out *out)
{
    struct v1_call *v = arena_take(c->mem, sizeof(*v));

    *v = (struct v1_call){
        .c = c, .place = place, .open = *open, .out = *out, .question = body, .body = {body, len}};
    arena_on_end(c->mem, drop_question, v);
    v->piece = buf_new(c->mem, MIB(16));
    v->errand = (struct errand){
        .work = work, .arg = v, .done = {.fn = worked, .arg = v}, .lane = v->open.tenant_id};
    if (!is_quick(v)) {
        helpers_send(text_is(open->path, SERVED_EMBED_PATH) ? place->embedders : place->helpers,
                     &v->errand);
        return v;
    }
    work(v);
    if (v->rc == OK)
        ask(v, place->pool);
    else
        loop_soon(place->loop, &v->errand.done);
    return v;
}

void v1_call_hold(struct v1_call *v, bool hold)
{
    if (v->asking != NULL)
        pool_hold_back(v->asking, hold);
}

void v1_call_leave(struct v1_call *v)
{
    atomic_store(&v->left, true);
    if (v->asking != NULL)
        pool_leave(v->asking);
}
