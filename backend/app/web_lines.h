/*
 * The lines from this web process to the workers of this machine: found by their sockets in a
 * folder, joined, watched, and dropped once they are broken.
 */
#ifndef APP_WEB_LINES_H
#define APP_WEB_LINES_H

#include "app/web.h"
#include "io/line.h"

struct web_line {
    struct kore_event event; /* first: the loop calls its handle */
    struct line *line;
    bool rests;  /* takes no new calls */
    bool broken; /* dropped with the end of this round */
    bool writing;
    size_t open; /* calls that it has */
    char name[]; /* of its socket */
};

struct web_lines_user {
    line_got got;                          /* a frame; its `arg` is the web_line */
    void (*ready)(void *line, int error);  /* there is something to read, or room to write */
    void (*lost)(const struct web_line *); /* about to be freed */
};

/* Nothing is looked for before the first tick or web_lines_best. */
void web_lines_start(const char *dir, const struct web_lines_user *user);
/* Looks for new ones now and then: at once while there is none. */
void web_lines_tick(int64_t now_ms);
/* The one with the fewest calls that takes more; NULL: there is none. */
struct web_line *web_lines_best(void);
/* Writes what waits, as far as the sockets take it. */
void web_lines_flush(void);
/* The end of a round: watches those that could not write all, and drops broken ones. */
void web_lines_settle(void);

#endif
