/*
 * Checks an export of an audit chain, line by line and without a database: that no entry was
 * edited, inserted, removed, moved or taken from another tenant, and that the end is the head that
 * was signed with the key that the reader trusts.
 */
#ifndef CORE_AUDIT_CHECK_H
#define CORE_AUDIT_CHECK_H

#include "core/audit_chain.h"

/* What the reader knows from elsewhere. */
struct audit_trust {
    const unsigned char *public_key; /* never taken from the file itself */
    const char *tenant_id;           /* NULL: whoever the file is about */
    int64_t anchor_seq;              /* an anchor kept outside; 0: none */
    unsigned char anchor_hash[HASH_BYTES];
};

struct audit_check {
    struct audit_trust trust;
    struct digest *digest;
    char *room;
    int64_t line, seq;
    char tenant_id[37];
    unsigned char hash[HASH_BYTES];
    bool ended, anchor_met;
    char signed_at[32];
};

void audit_check_begin(struct ctx *c, struct audit_check *k, const struct audit_trust *trust);

/* A line without its end; E_INVALID with a sentence for the first that does not fit. */
rc_t audit_check_line(struct ctx *c, struct audit_check *k, struct bytes line) MUST;

/* After the last line. */
rc_t audit_check_end(struct ctx *c, const struct audit_check *k) MUST;

/* All of a text; for files see the command. */
rc_t audit_check_text(struct ctx *c, struct audit_check *k, struct bytes text) MUST;

#endif
