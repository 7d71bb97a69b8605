/*
 * What the files of the web process share. They, and no others, know Kore: the rest of the program
 * sees struct req and struct res (api/http.h) only.
 */
#ifndef APP_WEB_H
#define APP_WEB_H

#include <stdbool.h>
#include <stdint.h>

#include <kore/kore.h>

#include <kore/http.h>

#include "api/http.h"
#include "base/ctx.h"

/* The limits of one request's memory: its body, what the handler makes of it, and the answer. */
#define WEB_REQUEST_MEMORY MIB(16)
#define WEB_DRAIN_MS 10000

#define WEB_HOOK __attribute__((visibility("default")))

/*
 * web_listen.c: binds host:port, each address that the host has. Says what is wrong and returns
 * false when it can't.
 */
bool web_listen(const char *where);

/* web_request.c: Kore calls this for every request. */
int web_handle(struct http_request *kr);
/*
 * True while the database role has not been found harmless; nothing is answered from the database
 * before.
 */
void web_requests_start(struct db_pool *db);

/* web_answer.c */
/*
 * Queues the answer and flushes what the socket takes; then the connection waits for the next
 * request, or closes.
 */
void web_answer(struct http_request *kr, const struct res *rs);
/* The same for a body that lives as long as the process: it is not copied. */
void web_answer_static(struct http_request *kr, const struct res *rs);
/* The head of a stream; its end is the end of the connection. */
void web_stream_start(struct http_request *kr, const struct res *rs);
/* Queues a piece; false when the reader is too far behind and was cut. */
bool web_stream_add(struct connection *c, struct bytes piece);
void web_stream_end(struct connection *c);
/*
 * An answer that comes in pieces from elsewhere: its head, then pieces, then its end, after which
 * the connection takes the next request. A length of RELAY_UNKNOWN goes in chunks. The pieces
 * leave with web_relay_flush; it gives the bytes that the client has not taken yet.
 */
#define RELAY_UNKNOWN UINT64_MAX
void web_relay_start(struct http_request *kr, const struct res *rs, uint64_t length);
void web_relay_add(struct http_request *kr, struct bytes piece, uint64_t length);
void web_relay_end(struct http_request *kr, uint64_t length);
size_t web_relay_flush(struct connection *c);
/* Fills rs with problem details that the server itself has to give. */
void web_problem(struct arena *mem, struct res *rs, int status, const char *code,
                 const char *detail);

/* web_park.c */
/*
 * Keeps the request until an answer is there. Takes over c; rs->park is set. False: rs holds a
 * refusal instead.
 */
bool web_park(struct http_request *kr, struct ctx *c, const struct req *rq, struct res *rs);
/* Once in each round and about four times a second. */
void web_park_round(void);
void web_park_tick(int64_t now_ms);
/* Ends the streams; the others get an answer while there is time. */
void web_park_drain(void);
size_t web_park_count(void);

struct web_parked;
/* The parked request's turn, called by web_cpu.c, web_batch.c and web_live.c. May free it. */
void web_parked_wake(struct web_parked *p, enum wake why, struct bytes news);

/* The client's request, NULL once it has gone. */
struct http_request *web_parked_request(struct web_parked *p);
const struct park *web_parked_park(const struct web_parked *p);
const struct req *web_parked_asked(const struct web_parked *p);
/* Nobody needs the body any more. */
void web_parked_sent(struct web_parked *p);
/* It was answered; frees it. */
void web_parked_end(struct web_parked *p);

/* A link in one list of parked requests; web_parked_of gives the request. */
struct web_link {
    struct web_link *next, **at; /* at is NULL while it is in no list */
    struct web_parked *owner;
};
void web_link_add(struct web_link **list, struct web_link *link);
void web_link_remove(struct web_link *link);

/* web_cpu.c: false when the queue is full. */
bool web_cpu_add(struct web_parked *p, void (*work)(void *state), void *state);

/* web_line.c: calls that a worker answers */
struct web_call;
void web_line_start(const char *dir);
void web_line_round(void);
/* Hands the request to a worker; without one it is woken by WAKE_LOST in the next round. */
struct web_call *web_line_call(struct web_parked *p);
/* The client has gone, or the answer is complete. NULL is accepted. */
void web_line_drop(struct web_call *call);
/* Part of the answer has left: it can't be another one any more. */
bool web_line_begun(const struct web_call *call);
/* Ends what has begun: a stream with its last event, everything else with the connection. */
void web_line_break(struct web_call *call);

/* web_live.c */
void web_live_start(const char *url);
void web_live_tick(int64_t now_ms);
void web_live_round(void);
/* The link leaves its channel by web_live_leave. */
void web_live_join(struct web_link *link, const char *channel);
void web_live_leave(struct web_link *link);

/* web_portal.c */
void web_portal_load(void);
/* True for paths that are the portal's own and not the API's. */
bool web_portal_owns(const char *path);
void web_portal_answer(struct http_request *kr, const char *path);

/* web_seam.c: true once the worker was told to finish. */
bool web_draining(void);

#endif
