/*
 * Circuit breakers: a model that has failed several times in a row is left alone for a while, so
 * that its turns go to the next one at once instead of waiting for it. After the pause one call may
 * try; the others go on to the next model until that one has answered. A model whose provider says
 * for how long it wants to be left alone is, at once. One for each address, key and model, in this
 * process.
 */
#ifndef FLOW_BREAKER_H
#define FLOW_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define BREAKER_FAILURES 3 /* in a row open it */
#define BREAKER_PAUSE_MAX_MS 120000
#define BREAKER_PROBE_MS 120000 /* a probe that never reports back is forgotten after this */

/*
 * Whether a call may be made now. False: *open_ms says for how long it will be refused still (0:
 * until a probe under way has ended). A call that may be made is reported by breaker_ended.
 */
bool breaker_allows(const char *base_url, const char *key, const char *model, int64_t now_ms,
                    int64_t *open_ms);

/*
 * How a call ended. What says nothing about the model's health is BREAKER_NOTHING. pause_ms: the
 * first pause when this opens it; each probe that fails doubles it.
 */
enum breaker_end { BREAKER_WORKED, BREAKER_FAILED, BREAKER_NOTHING };
void breaker_ended(const char *base_url, const char *key, const char *model, int64_t now_ms,
                   enum breaker_end how, int64_t pause_ms);

/* It failed, and wants no call for so long, of which BREAKER_PAUSE_MAX_MS are kept to. */
void breaker_rests(const char *base_url, const char *key, const char *model, int64_t now_ms,
                   int64_t rest_ms);

/* All closed, as after a start: for tests. */
void breaker_reset(void);

#endif
