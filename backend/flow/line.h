/*
 * The worker's end of the line: a thread that takes calls from the web processes of this machine,
 * thousands at once, and hands answers back as fast as their clients take them.
 */
#ifndef FLOW_LINE_H
#define FLOW_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/db.h"

/* Listens in the folder and begins. False when it can't: the log says why. After purse_start. */
bool line_start(const char *dir, struct db_pool *db);

/* Takes no new calls, lets those under way finish for so long, then leaves the others. */
void line_stop(int64_t wait_ms);
/* Waits until that is done. */
void line_join(void);

#endif
