/*
 * The calls that one web process has on the line: their questions as they come in, and their
 * answers as fast as their clients take them.
 */
#ifndef FLOW_LINE_CALLS_H
#define FLOW_LINE_CALLS_H

#include "io/db.h"
#include "io/line.h"

#define LINE_SLOTS 2048 /* calls of one web process; a power of two, as in app/web_line.c */

struct call;
struct v1_place;

struct line_calls {
    struct line *line;
    const struct v1_place *place;
    struct db_pool *db;
    void (*flush)(void *arg); /* something was put on the line */
    void *arg;
    struct call *calls[LINE_SLOTS];
};

/* A frame came. False for one that makes no sense: the line is of no use any more. */
bool line_calls_got(struct line_calls *l, enum line_kind kind, uint32_t id, struct bytes payload)
    MUST;
/* The web process is gone: nobody waits for any of them. */
void line_calls_forget(struct line_calls *l);
/* The open calls of all lines. */
size_t line_calls_count(void);

#endif
