/*
 * An HTTP server for tests that says exactly what it was told to, also what no real server would
 * say.
 */
#ifndef TESTS_UNIT_TINY_SERVER_H
#define TESTS_UNIT_TINY_SERVER_H

#include <stdbool.h>
#include <stddef.h>

enum tiny_then {
    TINY_KEEP,  /* keep the connection for the next request */
    TINY_CLOSE, /* close it */
    TINY_RESET, /* close it so that the other side gets an error */
    TINY_HANG   /* say nothing more until the other side closes */
};

/* What is sent for one request, and what happens then. */
struct tiny_step {
    const char *bytes; /* whole bytes on the wire, status line included; NULL: nothing */
    size_t len;        /* 0: strlen */
    enum tiny_then then;
};

struct tiny;

/*
 * Answers request number i with step i, the last step for all that follow. Listens on a free port
 * of 127.0.0.1.
 */
struct tiny *tiny_start(const struct tiny_step *steps, size_t count);
/* Ends all connections and frees it; the text of the requests is gone then. */
void tiny_stop(struct tiny *t);

const char *tiny_url(const struct tiny *t); /* "http://127.0.0.1:port" */
size_t tiny_requests(struct tiny *t);       /* requests read so far */
size_t tiny_connections(struct tiny *t);
/* Head and body of request i as they came. */
const char *tiny_request(struct tiny *t, size_t i);

/* A 200 answer with this body and its length. */
#define TINY_OK(type, length, body) \
    "HTTP/1.1 200 OK\r\nContent-Type: " type "\r\nContent-Length: " length "\r\n\r\n" body

#endif
