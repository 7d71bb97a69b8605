/*
 * What the patched Kore asks of the program that it serves: the seam between build/kore and
 * backend/app/web*.c. Both sides include it, so that they can't disagree.
 */
#ifndef KORE_SEAM_H
#define KORE_SEAM_H

#include <stddef.h>
#include <stdint.h>

struct connection;
struct http_request;

/* A line that Kore would have printed; `prio` is one of syslog.h. */
void kore_app_log(int prio, const char *text);

/*
 * Queues the whole answer for a request that Kore itself refuses. The connection closes after it.
 */
void kore_app_error(struct connection *c, int status);

/* The largest body that this request may have, in bytes. */
size_t kore_app_body_limit(struct http_request *req);

/* 1 when there is room for a body of so many bytes of this request, now or by its next chunk. */
int kore_app_body_fits(struct http_request *req, uint64_t length);

/* 1 to take a new connection, 0 to close it at once; each taken one is reported when it ends. */
int kore_app_accept(struct connection *c);
void kore_app_closed(struct connection *c);

/* Once in each round of a worker's loop, after the requests that came in it. */
void kore_app_round(void);

/* The worker is to finish: called once, and then asked each round whether everything is done. */
void kore_app_drain(void);
int kore_app_drained(uint64_t elapsed_ms);

/* In the parent: a worker died and will be replaced. */
void kore_app_crashed(int id);

#endif
