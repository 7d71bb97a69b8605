/*
 * Threads beside an event loop, for what takes long or waits: started when they are needed, kept
 * for the next errand. Each errand's `done` comes back into the loop.
 */
#ifndef FLOW_HELPERS_H
#define FLOW_HELPERS_H

#include "io/loop.h"

struct helpers;

struct errand {
    void (*work)(void *arg); /* on a thread of its own for as long as it takes */
    struct loop_task done;   /* then this, in the loop */
    void *arg;
    const char *lane;    /* whose it is: a company; it outlives `work` */
    struct errand *next; /* own */
};

/* Of one lane at most so many are at work at once, so that others need not wait for it. */
struct helpers *helpers_new(struct loop *loop, size_t most, size_t most_of_lane);
/* Waits for what is at work; what has not begun is not done at all. */
void helpers_free(struct helpers *h);

/*
 * More than `most` wait for their turn, as do those of a lane that has its most. Of those who wait
 * the one comes next whose lane has the fewest at work.
 */
void helpers_send(struct helpers *h, struct errand *e);

#endif
