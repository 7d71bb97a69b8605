/* The HTTP client: one blocking call, bounded in time and bytes. The only code that knows libcurl is http.c. */
#ifndef IO_HTTP_H
#define IO_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

#define HTTP_HEADERS_MAX 16

struct http_header {
    const char *name, *value;
};

struct http_ask {
    const char *method; /* "GET", "POST" */
    const char *url;
    struct http_header headers[HTTP_HEADERS_MAX];
    int header_count;
    struct bytes body;
    int64_t connect_ms; /* 0: 5,000 */
    int64_t total_ms;   /* 0: 30,000 */
    int64_t idle_ms;    /* longest silence between two bytes; 0: no bound but total_ms */
    size_t max_answer;  /* bytes; 0: 1 MiB; a longer answer is E_UPSTREAM "http_too_long" */
    /* When set, it gets each piece of a 2xx body as it arrives (and the body is not collected). Not OK ends the call. */
    rc_t (*on_piece)(void *arg, struct bytes piece);
    void *arg;
    /* When set, it is asked about four times a second; true ends the call with E_TIMEOUT "http_cancelled". */
    bool (*cancelled)(void *cancel_arg);
    void *cancel_arg;
};

struct http_answer {
    int status;
    struct bytes body;       /* ended by a zero as well */
    int64_t retry_after_ms;  /* from Retry-After in seconds or as a date; -1 when there was none */
    const char *content_type; /* or NULL */
    const char *request_id;   /* x-request-id, request-id or x-slack-req-id; or NULL */
    bool maybe_sent;          /* the request may have reached the other side: filled when the call failed, too */
};

/* Once per process, before threads. */
void http_start(void);
void http_stop(void);

void http_header_add(struct http_ask *ask, const char *name, const char *value);

/*
 * Any status is OK: the caller judges it. Failures: E_UPSTREAM http_connect, http_tls, http_broken, http_too_long;
 * E_TIMEOUT http_timeout, http_cancelled. Redirects are not followed. The detail names the host and curl's reason, never
 * a header or a body. Connections are kept and reused; safe from many threads.
 */
rc_t http_call(struct ctx *c, const struct http_ask *ask, struct http_answer *out) MUST;

#endif
