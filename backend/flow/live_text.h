/*
 * The text of an answer while it comes in. One thread of the worker tells all answers that grow:
 * forty times a second it takes what is new of each and sends it to Redis in one
 * trip. There the whole text so far stands under a key, for a reader who comes in the middle, and
 * each new piece goes to those who listen, in one step, so that the two never disagree.
 *
 * Every piece has its place: the turn, the take (a number that grows each time an answer begins
 * anew, be it with another model or on another worker) and the byte at which it starts. By these a
 * reader sees what is missing and what he has already.
 *
 * Events on live_channel, each a JSON object: thinking {turn, answer, take} when a turn begins, and
 * delta {turn, answer, take, at, text}; `answer` is the id that the finished message will have. A
 * delta at 0 begins anew; its text may be empty.
 *
 * Without Redis nothing is told, and the finished message is found in its row.
 */
#ifndef FLOW_LIVE_TEXT_H
#define FLOW_LIVE_TEXT_H

#include <stdbool.h>

#include "base/ctx.h"

#define LIVE_TEXT_ROUND_MS 25    /* pieces of so long go together */
#define LIVE_TEXT_KEPT_MS 180000 /* a text that nobody goes on with is forgotten */
#define LIVE_TEXT_TAKES 1000     /* more than one claim of a job can have */

/* Whose answer it is. */
struct live_place {
    const char *tenant_id, *conversation_id, *turn, *answer_id;
    int64_t fence; /* of the job: a worker who lost it tells nothing any more */
};

/* The worker's side: once per process; url may be NULL. Stops when all answers have ended. */
void live_text_start(const char *redis_url);
void live_text_stop(void);

struct live_text;

/* An answer begins. Takes count up from fence * LIVE_TEXT_TAKES. */
struct live_text *live_text_begin(const struct live_place *place);
/* Whole UTF-8 characters. Never waits. */
void live_text_add(struct live_text *t, struct bytes piece);
/* Forget all of it: the answer begins anew. */
void live_text_restart(struct live_text *t);
/* Tells what is left if Redis is there, and ends it; waits for no more than one trip. */
void live_text_end(struct live_text *t);

/* The reader's side. */
struct live_piece {
    const char *turn, *answer_id;
    int64_t take;
    size_t at;
    struct bytes text;
};

/* Once per process that reads; url may be NULL. */
void live_text_listen(const char *redis_url);
/* The text so far of the answer that is coming in, from byte 0 on; false when there is none. */
bool live_text_now(struct ctx *c, const char *conversation_id, struct live_piece *out);
/* The answer stands in its row: its text so far is forgotten. In the context's tenant. */
void live_text_forget(struct ctx *c, const char *conversation_id);

#endif
