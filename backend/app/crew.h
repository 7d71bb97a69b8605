/* The threads of the worker: one a job, started when they are needed, kept for the next one. */
#ifndef APP_CREW_H
#define APP_CREW_H

#include "flow/runner.h"

void crew_start(struct db_pool *db, size_t most);

/*
 * Takes the fairest hints from the queue, at most `most` and never more than there are free hands,
 * and runs them. Gives how many; *away says that Redis could not be asked.
 */
size_t crew_pick(int64_t most, bool *away);

/*
 * Takes a copy of the hint and runs it as soon as a hand is free; a hint that is known already, or
 * too much, is dropped.
 */
void crew_offer(const struct job_hint *hint);

/*
 * Renews the leases of everything that runs; what was lost is told to its thread. False when the
 * database could not be asked. The pool is the dispatcher's.
 */
bool crew_renew(struct db_pool *dispatch);

/*
 * Takes no more, waits for what runs, after wait_ms hurries it, and ends the threads. False when
 * some of them are still at work, with all that they use.
 */
bool crew_stop(int64_t wait_ms);

#endif
