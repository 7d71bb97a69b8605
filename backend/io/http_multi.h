/*
 * The HTTP client of an event loop: thousands of calls on one thread, with the limits and faults of
 * io/http.h. Connections are kept and shared by all calls of one http_multi.
 */
#ifndef IO_HTTP_MULTI_H
#define IO_HTTP_MULTI_H

#include "io/http.h"
#include "io/loop.h"

struct http_multi;
struct http_flight; /* a call under way */

struct http_multi *http_multi_new(struct loop *loop);
/* No call is under way any more. */
void http_multi_free(struct http_multi *m);

/*
 * Begins a call. `done` is told once how it ended, as http_call would have answered, and never
 * before this returns; the flight is gone with it. Until then c, ask, out and what they point to
 * stay as they are. Not OK: nothing has begun, and done is not called. ask->cancelled is not asked.
 */
rc_t http_multi_begin(struct http_multi *m, struct ctx *c, const struct http_ask *ask,
                      struct http_answer *out, void (*done)(void *arg, rc_t rc), void *arg,
                      struct http_flight **flight) MUST;

/*
 * Stops reading the answer, or goes on. What was read already may still come, 16 KiB at most; the
 * other side is then held back by its full window. While it is stopped silence is no fault, and
 * only total_ms counts. May be called from on_piece.
 */
void http_flight_hold(struct http_flight *f, bool hold);

/* Ends it with E_TIMEOUT http_cancelled; done is told in the loop's next turn. */
void http_flight_cancel(struct http_flight *f);

#endif
