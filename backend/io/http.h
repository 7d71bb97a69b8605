/*
 * The HTTP client: one blocking call, bounded in time and bytes. Only http.c and http_line.c know
 * libcurl.
 */
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
    const char *url;    /* http or https, without user name and password */
    struct http_header headers[HTTP_HEADERS_MAX];
    int header_count;
    struct bytes body;
    const char *ca_file; /* a PEM file to trust instead of the system's certificates, or NULL */
    /*
     * A tenant named the address: nothing inside a private network, this machine included, is
     * called, whatever the name resolves to. E_FORBIDDEN "http_private".
     */
    bool public_only;
    int64_t connect_ms; /* 0: 5,000 */
    int64_t total_ms;   /* 0: 30,000 */
    /* by clock_mono_ms: past this moment no part of the body leaves any more; 0: no such moment */
    int64_t send_by_ms;
    /* longest wait for the first byte of the answer; 0: no bound but total_ms */
    int64_t first_ms;
    /* longest silence between two pieces of the body; 0: no bound but total_ms */
    int64_t idle_ms;
    size_t max_answer; /* bytes; 0: 1 MiB; a longer answer is E_UPSTREAM "http_too_long" */
    /*
     * When set, it gets each piece of a 2xx body as it arrives (and the body is not collected). Not
     * OK ends the call.
     */
    rc_t (*on_piece)(void *arg, struct bytes piece);
    void *arg;
    /*
     * When set, it is asked about four times a second; true ends the call with E_TIMEOUT
     * "http_cancelled".
     */
    bool (*cancelled)(void *cancel_arg);
    void *cancel_arg;
};

struct http_answer {
    int status;
    struct bytes body; /* ended by a zero as well */
    /* from Retry-After in seconds or as a date, or retry-after-ms; -1 when there was none */
    int64_t retry_after_ms;
    const char *content_type; /* or NULL */
    const char *request_id;   /* x-request-id, request-id or x-slack-req-id; or NULL */
    /* the request may have reached the other side: filled when the call failed, too */
    bool maybe_sent;
};

/* Once per process, before threads. */
void http_start(void);
void http_stop(void);

/* Name and value are borrowed until the call is over. */
void http_header_add(struct http_ask *ask, const char *name, const char *value);

/*
 * Any status is OK: the caller judges it. Failures: E_INVALID http_url, http_header (the caller's
 * own input); E_FORBIDDEN http_private; E_UPSTREAM http_connect, http_tls, http_broken,
 * http_too_long; E_TIMEOUT http_timeout, http_cancelled; and what on_piece answered. Redirects are
 * not followed, and a request with a body is never sent a second time by itself. The detail names
 * the host and curl's reason, never a header or a body. Connections are kept and reused; safe from
 * many threads.
 */
rc_t http_call(struct ctx *c, const struct http_ask *ask, struct http_answer *out) MUST;

#endif
