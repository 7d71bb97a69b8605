/*
 * The audit chain as bytes: what is hashed, what is signed, and the lines of an export. Pure, and
 * described for strangers in docs/audit.md; the database makes the same hash in audit_add.
 */
#ifndef CORE_AUDIT_CHAIN_H
#define CORE_AUDIT_CHAIN_H

#include "io/crypto_audit.h"

#define AUDIT_LINE_MAX KIB(128) /* a line of an export; a longer one is none of ours */

struct audit_entry_text {
    int64_t seq;
    struct bytes at; /* "2026-01-31T23:59:59.123Z" */
    struct bytes actor, action, object, body;
    unsigned char hash[HASH_BYTES];
};

struct audit_head_text {
    int64_t seq;
    unsigned char hash[HASH_BYTES];
    struct bytes at;
    unsigned char public_key[SIGN_PUBLIC_BYTES];
    unsigned char signature[SIGN_BYTES];
};

/* The hash before the first entry: SHA-256 of nothing. */
void audit_first_hash(unsigned char out[HASH_BYTES]);

/* The hash of an entry behind `prev`. */
void audit_hash(struct digest *d, const unsigned char prev[HASH_BYTES], struct bytes tenant_id,
                const struct audit_entry_text *e, unsigned char out[HASH_BYTES]);

/* What is signed of a head. */
struct bytes audit_head_message(struct arena *mem, struct bytes tenant_id, int64_t seq,
                                const unsigned char hash[HASH_BYTES], struct bytes at);

/* The lines of an export, each with its line end. */
void audit_line_header(struct buf *out, const char *tenant_id);
void audit_line_entry(struct buf *out, const struct audit_entry_text *e);
void audit_line_head(struct buf *out, const struct audit_head_text *head);

/*
 * Reads a line without its end; false for anything that is not byte for byte what the writer above
 * makes. Texts without escapes point into the line, the others into `room` of AUDIT_LINE_MAX bytes.
 */
bool audit_read_header(struct bytes line, struct bytes *tenant_id);
bool audit_read_entry(struct bytes line, char *room, struct audit_entry_text *out);
bool audit_read_head(struct bytes line, struct audit_head_text *out);

#endif
