/*
 * A request and its answer as the whole backend knows them; only app/web.c knows the server behind.
 * Handlers run on an event loop: they do short SQL and answer, or they park.
 */
#ifndef API_HTTP_H
#define API_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/text.h"
#include "core/permission.h"

struct idempotency; /* core/idempotency.h */
struct line_open;   /* flow/line_open.h */

enum method { GET, POST, PUT, PATCH, DELETE, METHOD_COUNT };

#define REQ_PARAMS_MAX 8
#define RES_HEADERS_MAX 24

struct req_param {
    const char *name;
    struct bytes value;
};

struct route; /* routes.h */

struct req {
    enum method method;
    const char *path;  /* decoded, without the query */
    const char *query; /* as sent, or NULL */
    struct bytes body;
    const char *remote; /* the client's address as text */
    /* what `:name` stood for in the route; filled by the router */
    struct req_param params[REQ_PARAMS_MAX];
    int param_count;
    const struct route *route; /* that it fell on; filled by the gate */
    /*
     * A header's value by its name in lower case, or NULL. Provided by the server; `native` is its
     * own.
     */
    const char *(*header)(const struct req *rq, const char *name);
    void *native;
    /* filled by the gate once a session was accepted, else NULL */
    const char *session_token, *role;
    /* the name of the API key or app that asks in its own name, or NULL: a person does */
    const char *program;
    const char *bearer;                /* what a program has shown, or NULL */
    bool form;                         /* the route speaks in forms, as OAuth does */
    const struct oauth_client *client; /* WHO_CLIENT: the app that asks */
    const char *barred;                /* see struct session_found */
    const struct idempotency *repeat;  /* the gate's: api/repeat.h; NULL: not to be repeated */
    permits may;                       /* what whoever asks is allowed to do; filled by the gate */
    const char *key_id;                /* the API key that asks, or NULL; filled by the gate */
    const char *models; /* the models that it may use, with blanks between; NULL: all */
};

struct res_header {
    const char *name, *value;
};

struct res {
    int status; /* 0 until set */
    const char *type;
    struct bytes body; /* borrowed: arena of the request, or constant */
    struct res_header headers[RES_HEADERS_MAX];
    int header_count;
    bool close;        /* close the connection after this answer */
    struct park *park; /* not NULL: there is no answer yet; see below */
    /*
     * PARK_LIVE: look at the rows after so long, news or not, since an event may be lost; 0: do
     * not.
     */
    int64_t look_ms;
    /*
     * Called once the handler's transaction is committed, never otherwise: for hints to the
     * workers.
     */
    void (*committed)(struct ctx *c, void *arg);
    void *committed_arg;
};

/*
 * Parking. A handler that can't answer at once sets rs->park (in its arena) and returns OK; its
 * transaction is committed. The server keeps the request and calls resume on each event until an
 * answer is there (rs->status set) or, for a stream, until it is ended. resume gets a fresh context
 * with the same tenant, person and reference, because a parked request may live long: what must
 * outlive the call belongs into `state`, which the handler took from the first context.
 *
 * Streams (server-sent events): when `stream` is set the server sends the status and headers of the
 * first answer at once, and then whatever each resume leaves in rs->body, until resume sets
 * rs->close. A reader who is more than 64 KiB behind is disconnected; he comes back with
 * Last-Event-ID.
 */
enum park_kind {
    PARK_CPU, /* `work(state)` runs on the process's one helper thread; then resume(WAKE_DONE) */
    /*
     * the row in `batch` is written by the next group commit (io/db_batch.h); then
     * resume(WAKE_DONE). The server sets the item's done and owner, and keeps the request's memory
     * until done, even if the client leaves.
     */
    PARK_BATCH,
    PARK_LIVE, /* waits for messages on the Redis channel `channel` */
    /*
     * a worker answers `call` over the line, whole or as a stream: the server hands its bytes on
     * as the client takes them. resume is called only when that fails before anything was sent.
     */
    PARK_LINE
};

enum wake {
    WAKE_DONE, /* PARK_CPU, PARK_BATCH: finished */
    /* PARK_LIVE: the subscription stands; look at the rows now, so that nothing falls between */
    WAKE_START,
    WAKE_NEWS,     /* PARK_LIVE: `news` came on the channel */
    WAKE_LOOK,     /* PARK_LIVE: Redis is away and 250 ms have passed; look at the rows */
    WAKE_DEADLINE, /* deadline_ms is over: answer now; a stream ends itself */
    WAKE_LOST      /* PARK_LINE: no worker is there, or it left before it answered */
};

struct park {
    enum park_kind kind;
    bool stream;
    int64_t deadline_ms; /* from now; at most PARK_MAX_MS */
    void *state;
    rc_t (*resume)(struct ctx *c, const struct req *rq, struct res *rs, void *state, enum wake why,
                   struct bytes news);
    void (*work)(void *state);    /* PARK_CPU: touches nothing but state */
    struct db_batch_item *batch;  /* PARK_BATCH */
    const char *channel;          /* PARK_LIVE */
    const struct line_open *call; /* PARK_LINE; its body is the request's */
    /* PARK_LINE: what ends a stream that broke, as a server-sent event */
    struct bytes broken;
    int64_t checked_ms; /* the gate's: when it last made sure that a program may still be here */
};

#define PARK_MAX_MS (3600 * 1000)
#define PARK_PER_TENANT \
    256 /* parked requests of one tenant in one process; more are answered 429 */
#define PARK_PER_PROCESS 2048    /* more are answered 503 */
#define LINE_PER_TENANT 1024     /* the same as PARK_PER_TENANT for calls of models */
#define STREAM_QUEUE_MAX KIB(64) /* bytes a slow stream reader may be behind */

void res_header(struct res *rs, const char *name, const char *value);

/*
 * Runs the whole path: route, gate, handler, answer or problem details. Never fails: rs is always
 * filled.
 */
void api_handle(struct ctx *c, struct req *rq, struct res *rs);

/*
 * Runs one resume of a parked request through the same gate (transaction, problem details). rs is
 * empty if it stays parked.
 */
void api_resume(struct ctx *c, const struct req *rq, struct res *rs, struct park *park,
                enum wake why, struct bytes news);

/* The answer for the fault of the context, in the form that this request's address has for it. */
void api_refuse(struct ctx *c, const struct req *rq, struct res *rs);

/* The answer to OPTIONS: what may be done here, also for a browser that asks before it sends. */
void api_options(struct ctx *c, const struct req *rq, struct res *rs);

/* The methods of an address, for the header Allow; NULL when there is nothing there. */
const char *api_methods(struct ctx *c, const char *path);

/*
 * The body limit of the route that a request line falls on, or what is read where there is none.
 * Bytes.
 */
size_t api_body_limit(enum method method, const char *path);

/* Whether this program may be here at all, by its header: before a large body of its is read. */
bool api_may_send(struct ctx *c, struct req *rq);

/* The largest body limit of any route. */
size_t api_body_limit_max(void);

#endif
