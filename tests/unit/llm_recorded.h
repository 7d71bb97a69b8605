/*
 * Recorded answers of providers, as files: tests/unit/recordings/llm/API/NAME.json (whole), .sse or
 * .ndjson (streamed), and beside each NAME.json.expect, a JSON object of what must come of it.
 */
#ifndef TESTS_UNIT_LLM_RECORDED_H
#define TESTS_UNIT_LLM_RECORDED_H

#include <jansson.h>

#include "llm/llm.h"

/* The translator of an API by its folder's name. */
const struct llm *recorded_api(const char *folder);

/* A file below tests/unit/recordings, ended by a zero; the test fails without it. */
struct bytes recorded_file(struct ctx *c, const char *path);

/* A stream that is being read; its faults go to c. */
struct recorded_stream {
    struct ctx *c;
    const struct llm *llm;
    struct llm_stream stream;
};
/* Each event is read in a context of its own that ends right after, as flow/ does it. */
rc_t recorded_event(void *stream, struct bytes event, struct bytes data);

/* Reads a recording as flow/ would: whole with that status, or streamed in pieces of `step`. */
rc_t recorded_read(struct ctx *c, const struct llm *llm, const char *path, struct bytes bytes,
                   int status, size_t step, struct llm_answer *out);

/*
 * The answer, or the fault of c, as a JSON object of the members that say anything; the caller owns
 * it.
 */
json_t *recorded_json(const struct ctx *c, rc_t rc, const struct llm_answer *answer);

#endif
