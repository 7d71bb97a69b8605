/*
 * Puts an answer together from its pieces, streamed or whole: text, tool calls by the provider's
 * index, and blocks of the provider's own. Every limit of an answer is kept here. Faults are
 * E_UPSTREAM llm_broken.
 */
#ifndef LLM_GATHER_H
#define LLM_GATHER_H

#include <jansson.h>

#include "llm/llm.h"

/* A part in the making, in the order of its beginning. */
struct llm_block {
    enum llm_kind kind; /* LLM_TEXT, LLM_CALL or LLM_OPAQUE */
    int64_t index;      /* the provider's number of it, -1 for none */
    size_t from, len;   /* LLM_TEXT: where it stands in the stream's text */
    const char *id;     /* LLM_CALL; LLM_OPAQUE: its kind, where the reader needs it */
    const char *name;   /* LLM_CALL: the tool; LLM_OPAQUE: the owner */
    /* LLM_CALL: arguments so far; LLM_OPAQUE: its thinking, where that streams */
    struct buf content;
    struct buf signature; /* LLM_OPAQUE: the same for its signature */
    bool is_signed;       /* LLM_OPAQUE: where the reader must know */
    const char *whole;    /* LLM_OPAQUE: JSON of the block, as it is or as it began */
    bool cut; /* LLM_CALL: known to have broken off; LLM_OPAQUE: nothing that must go back */
};

rc_t gather_text(struct ctx *c, const char *provider, struct llm_stream *s, const char *text) MUST;
rc_t gather_bytes(struct ctx *c, const char *provider, struct llm_stream *s, struct bytes text)
    MUST;

/* Words of a refusal: text as well, unless `aside`. The answer counts as refused. */
rc_t gather_refusal(struct ctx *c, const char *provider, struct llm_stream *s, const char *text,
                    bool aside) MUST;

/* The answer is complete, and why; a refusal stays one. */
void gather_stop(struct llm_stream *s, enum llm_stop stop);

/* A new call. Its id may not be blank, its name must be one that a tool can have. */
rc_t gather_call(struct ctx *c, const char *provider, struct llm_stream *s, int64_t index,
                 const char *id, const char *name, struct llm_block **out) MUST;
/* Adds to its arguments. */
rc_t gather_arguments(struct ctx *c, const char *provider, struct llm_block *call,
                      const char *piece) MUST;

/* A block of the provider's own. */
rc_t gather_opaque(struct ctx *c, const char *provider, struct llm_stream *s, int64_t index,
                   const char *owner, const json_t *block, struct llm_block **out) MUST;
/* Adds to its content or signature. */
rc_t gather_opaque_piece(struct ctx *c, const char *provider, struct llm_stream *s,
                         struct buf *where, const char *piece) MUST;

/* The newest block of this kind and index, or NULL. */
struct llm_block *gather_find(struct llm_stream *s, enum llm_kind kind, int64_t index);
/* The newest block, or NULL. */
struct llm_block *gather_last(struct llm_stream *s);

/* Keeps a name of the whole answer (id, model): the first that came stays. */
void gather_name(struct llm_stream *s, const char **where, const char *name);

/* True for what a tool or a structure may be called everywhere. */
bool gather_is_name(const char *name);

#endif
