/*
 * What one HTTP call is made of, whoever drives it: its options, its limits, its answer and its
 * faults. For io/http*.c only.
 */
#ifndef IO_HTTP_TRANSFER_H
#define IO_HTTP_TRANSFER_H

#include <curl/curl.h>

#include "io/http.h"
#include "io/http_line.h"

#define HTTP_WAKE_MS 250 /* how often limits are looked at */

enum http_end { RUNNING, TOO_LATE, TOO_SLOW, NO_FIRST_BYTE, SILENT, CANCELLED, TOO_LONG, STOPPED };

struct http_transfer {
    const struct http_ask *ask;
    CURL *easy;
    struct curl_slist *headers;
    const char *host; /* for details */
    char *body;       /* collected so far; malloc, because its final size is not known */
    size_t len, room, max, received, sent;
    int64_t started_ms, last_ms; /* last_ms: when the last byte came, 0 before the first one */
    int64_t total_ms;
    enum http_end end;
    /* its empty line was seen: curl takes a head that breaks off for an answer */
    bool head_complete;
    bool begun;    /* the request has a connection: it does not leave on a second one */
    bool again;    /* curl wanted it to */
    bool held;     /* we do not read, so silence is no fault of the other side */
    rc_t piece_rc; /* what on_piece answered when it ended the call */
    bool inside;   /* an address was refused because it is not public */
    char why[CURL_ERROR_SIZE];
};

/* Checks what is asked. E_INVALID http_url, http_header. `origin` names the connection. */
rc_t http_transfer_new(struct ctx *c, const struct http_ask *ask, struct http_transfer *out,
                       char origin[HTTP_ORIGIN_MAX]) MUST;
/* The call begins now, on this handle, which is as new; the transfer stays where it is. */
void http_transfer_begin(struct http_transfer *k, CURL *easy);
/* Sets k->end when a limit has passed. How long to wait before looking again. */
int http_transfer_look(struct http_transfer *k);
/* The call is over, as curl says or by k->end: fills the answer, and answers as http_call does. */
rc_t http_transfer_end(struct ctx *c, struct http_transfer *k, CURLcode result,
                       struct http_answer *out) MUST;

#endif
