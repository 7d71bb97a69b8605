/*
 * An arena is the memory of one request or one job: everything made on the way lives in it and ends
 * with it. There is no free for single pieces. Foreign handles (results, JSON, curl) are given to
 * it with a clean-up.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena;

/*
 * Makes an arena that may hold at most `max` bytes. Passing that, or running out of memory, is our
 * bug: log and abort.
 */
struct arena *arena_new(size_t max);

/* Runs the clean-ups, newest first, and gives all memory back. NULL is accepted. */
void arena_free(struct arena *a);

/* Zeroed memory, aligned for any type; borrowed until arena_free. */
void *arena_take(struct arena *a, size_t size);

/* Calls end(thing) when the arena ends. Clean-ups run in reverse order of registration. */
void arena_on_end(struct arena *a, void (*end)(void *thing), void *thing);

/*
 * For a thread that lives as long as the process and makes many arenas, an event loop's: so much of
 * what they give back it keeps for the next ones.
 */
void arena_keep(size_t bytes);

/* Bytes handed out so far. */
size_t arena_used(const struct arena *a);

#endif
