/*
 * Cuts a stream into its events as the bytes come in, wherever the pieces begin and end:
 * server-sent events (the WHATWG rules) and one JSON object a line. Memory is bounded: an event
 * past the maximum is E_UPSTREAM.
 */
#ifndef LLM_FRAMES_H
#define LLM_FRAMES_H

#include "llm/llm.h"

/*
 * Gets one event: its name (SSE only, else empty) and its data; borrowed for the call. Not OK ends
 * the feeding.
 */
typedef rc_t (*frame_fn)(void *arg, struct bytes event, struct bytes data);

struct frames {
    enum llm_framing framing;
    struct buf line;       /* the line so far */
    struct buf data, name; /* SSE: of the event so far */
    struct bytes alone;    /* SSE: its only line of data, still where it was fed; else empty */
    bool has_data;
    bool after_cr; /* SSE: the last byte was a CR, so a LF right after it belongs to it */
    bool begun;    /* the first line is over: a byte order mark may stand before it only */
};

struct frames frames_new(struct arena *mem, enum llm_framing framing, size_t max);

/* E_UPSTREAM when an event is longer than max, or what `each` answered. */
rc_t frames_feed(struct frames *f, struct bytes piece, frame_fn each, void *arg) MUST;

/*
 * The stream has ended. A last line without its end counts; an SSE event without its blank line
 * does not.
 */
rc_t frames_end(struct frames *f, frame_fn each, void *arg) MUST;

#endif
