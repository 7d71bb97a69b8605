/* How entries of flow/pool_ledger.h get into the database. For flow/pool_ledger*.c only. */
#ifndef FLOW_POOL_LEDGER_WRITE_H
#define FLOW_POOL_LEDGER_WRITE_H

#include "flow/pool_ledger_entry.h"

/* What is written in one go; what was written is taken out, and what has ended then is freed. */
struct ledger_batch {
    struct ledger_entry **tell, **book;
    size_t tell_count, book_count;
};
void ledger_batch_add(struct ledger_entry ***list, size_t *count, struct ledger_entry *e);
/* True: nothing is left. */
bool ledger_batch_write(struct db_pool *db, struct ledger_batch *batch);

#endif
