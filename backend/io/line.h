/*
 * The line between a web process and a worker of the same machine: a unix socket that carries the
 * frames of many calls. This file cuts, queues and moves frames and never blocks; what they mean
 * is said here too, because both ends include it.
 */
#ifndef IO_LINE_H
#define IO_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define LINE_PAYLOAD_MAX KIB(32) /* so that a large body does not hold up the frames of others */
/* Bytes of an answer that may be under way to a client: he who reads slowly holds up himself. */
#define LINE_WINDOW KIB(64)
#define LINE_ENDING ".line" /* of the sockets in KONSTRUCT_LINE_DIR, one for each worker */

enum line_kind {
    /* From the web process. */
    LINE_OPEN = 1, /* a call: its head (flow/line_open.h), and as much of the body as fits */
    LINE_BODY,     /* more of the body */
    LINE_CREDIT,   /* struct line_credit: so much more of the answer may be sent */
    LINE_GONE,     /* nobody waits any more; both ends forget the call */
    /* From the worker. */
    LINE_HEAD, /* struct line_head */
    LINE_DATA, /* a piece of the answer, bounded by the credit; LINE_WINDOW are there at first */
    LINE_END,  /* the answer is whole; both ends forget the call */
    LINE_RESTS /* of no call: no new ones please, those under way go on */
};

struct line_credit {
    uint32_t bytes;
};

/* Whether a client that got an error shall try again. */
enum line_again { LINE_AGAIN_UNSAID, LINE_AGAIN, LINE_NOT_AGAIN };

struct line_head {
    uint16_t status;
    uint8_t stream;  /* 1: server-sent events, whose length nobody knows yet */
    uint8_t again;   /* enum line_again */
    uint32_t wait_s; /* for Retry-After; 0: none */
    uint64_t length; /* of the whole answer; no stream only */
};

struct line;

/* Judges a frame that came in; false for nonsense, which ends the line. May not free the line. */
typedef bool (*line_got)(void *arg, enum line_kind kind, uint32_t call, struct bytes payload);

/* A line over a connected socket, which it takes over. */
struct line *line_new(int fd, line_got got, void *arg);
void line_free(struct line *l);
int line_fd(const struct line *l);

/* Reads what is there, within reason. False: the other end is gone, or spoke nonsense. */
bool line_read(struct line *l) MUST;

/* Queues a frame whose payload is a and b together, at most LINE_PAYLOAD_MAX. */
void line_put(struct line *l, enum line_kind kind, uint32_t call, struct bytes a, struct bytes b);

/* Writes what the socket takes. False: the other end is gone. */
bool line_flush(struct line *l) MUST;

/* Bytes that are queued. */
size_t line_waiting(const struct line *l);

/*
 * Sockets; -1 with errno. A socket may be used by its owner alone; line_accept takes nobody but
 * the same user and root.
 */
int line_listen(const char *path);
int line_connect(const char *path);
int line_accept(int listening);

/* Removes the sockets of a folder at which nobody answers, since their worker was killed. */
void line_sweep(const char *dir);

#endif
