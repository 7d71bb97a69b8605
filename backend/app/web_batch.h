/*
 * Group commit in the worker's loop: hands rows of parked requests to io/db_batch.h and wakes them
 * when they are stored.
 */
#ifndef APP_WEB_BATCH_H
#define APP_WEB_BATCH_H

#include "app/web.h"
#include "io/db_batch.h"

void web_batch_start(const char *conninfo);
/*
 * False when the process has not started it. The request is woken in a later round, never from
 * within.
 */
bool web_batch_add(struct web_parked *p, struct db_batch_item *item);
void web_batch_round(void);
void web_batch_tick(void);

#endif
