/* How an answer that comes in stands in Redis: used by the two sides of live_text.h alone. */
#ifndef FLOW_LIVE_TEXT_REDIS_H
#define FLOW_LIVE_TEXT_REDIS_H

#include "flow/live_text.h"
#include "io/redis.h"

/* What is to be told of one answer. Everything is borrowed. */
struct live_write {
    const struct live_place *place;
    int64_t take;
    struct bytes text; /* all of it so far */
    size_t told;       /* so many bytes of it arrived before */
    bool first;        /* the turn begins: it takes the place of the turn before it */
    bool whole;        /* what stands there is not known: all of the text is written */
    /* what came of it: the new length, or one of those below; REDIS_REFUSED */
    int64_t result;
};
#define LIVE_WRITE_WHOLE 0   /* what stands there is not what was told: write all of it */
#define LIVE_WRITE_BARRED -1 /* somebody newer has the place */

/* All in one trip. E_UNAVAILABLE: nothing is known of any. */
rc_t live_text_write(struct ctx *c, struct redis *r, struct live_write *writes, size_t count) MUST;

/* The key of a conversation's answer. */
const char *live_text_key(struct ctx *c, const char *tenant_id, const char *conversation_id);
/*
 * What stands under the key of a conversation's answer, and no more of it than can be right, so
 * that nothing that lies there fills a reader's memory. NULL: nothing stands there, or Redis is
 * away.
 */
const char *live_text_stored(struct ctx *c, struct redis *r, const char *conversation_id);
/* Reads it; false for anything that is not whole, or too long to be an answer. */
bool live_text_read(struct ctx *c, const char *stored, struct live_piece *out);

#endif
