/* Exports of audit chains made without a database: whole ones, for tests to break. */
#ifndef TESTS_UNIT_AUDIT_MADE_H
#define TESTS_UNIT_AUDIT_MADE_H

#include "core/audit_chain.h"

#define MADE_MOST 64

struct made {
    struct arena *mem;
    struct digest *digest;
    const char *tenant_id;
    int count;
    struct audit_entry_text entries[MADE_MOST];
    unsigned char public_key[SIGN_PUBLIC_BYTES], private_key[SIGN_PRIVATE_BYTES];
};

/* A whole chain of `count` entries, signed with the key that follows from `secret`. */
struct made *made_new(struct arena *mem, const char *tenant_id, const char *secret, int count);

/* Numbers and hashes anew from entry `from` on (0 is the first), as a forger would. */
void made_chain(struct made *m, int from);

/* The export, with the head over the last entry; and one whose head is given. */
struct bytes made_text(struct made *m);
struct bytes made_text_with(struct made *m, const struct audit_head_text *head);

/* A head over the first `count` entries, signed with the chain's key. */
struct audit_head_text made_head(struct made *m, int count);

/* An export of `count` entries written to a file: how long chains are made. */
void made_file(const char *path, const char *tenant_id, const char *secret, int64_t count);

#endif
