/*
 * The head of a call on the line: who asks what. The web process has checked it, the worker acts
 * in this tenant's name. The body follows, in this frame and in those after it.
 */
#ifndef FLOW_LINE_OPEN_H
#define FLOW_LINE_OPEN_H

#include "base/arena.h"
#include "io/line.h"

#define LINE_OPEN_MAX KIB(8) /* of the head as written */

/* NULL texts stay NULL. */
struct line_open {
    const char *path; /* "/v1/chat/completions" */
    const char *tenant_id;
    const char *key_id; /* the API key that asks, for its caps and the ledger, or NULL */
    const char *models; /* those that the key may use, with blanks between; NULL: all */
    const char *model;  /* of GET /v1/models/:model; else NULL */
    const char *reference;
    size_t body_len;
};

/* The bytes written, 0 when they are more than `room`. */
size_t line_open_write(const struct line_open *open, char *out, size_t room);

/* Gives the bytes read, 0 for nonsense. Texts are copied. */
size_t line_open_read(struct arena *mem, struct bytes payload, struct line_open *out);

#endif
