/* How the kernel shares a core between us and whoever else wants it. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdint.h>

#define SLICE_SHORT_NS 100000 /* the least that Linux grants */

/*
 * Asks for short slices of the core for this thread, and for the threads and processes that it
 * begins from now on: for those who work for some microseconds and wait. Whoever asks for short
 * ones is let in soon where another would first use up his own, which are some milliseconds; the
 * share of each stays as it is. Linux does so from 6.12 on, before it nothing changes. See
 * sched(7), sched_setattr(2).
 */
void slice_short(void);

/* What this thread is granted, in nanoseconds; 0: the kernel does not say. */
int64_t slice_now(void);

#endif
