/*
 * Who may use a processor for vectors of texts: as many at once as there are places, and of those
 * who wait the company that has had its turn the longest time ago, whoever asked first.
 */
#ifndef FLOW_EMBED_PLACES_H
#define FLOW_EMBED_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Before the first one is taken. */
void embed_places_set(size_t count);
/* For some texts; false when it was nobody's turn for so long. NULL: of no company. */
bool embed_place_take(const char *tenant_id, int64_t wait_ms);
void embed_place_leave(void);
/* How many wait just now. */
size_t embed_places_wanted(void);

#endif
