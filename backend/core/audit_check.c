/* See audit_check.h. */
#include "core/audit_check.h"

#include <string.h>

void audit_check_begin(struct ctx *c, struct audit_check *k, const struct audit_trust *trust)
{
    *k = (struct audit_check){
        .trust = *trust, .digest = digest_new(c->mem), .room = arena_take(c->mem, AUDIT_LINE_MAX)};
    audit_first_hash(k->hash);
}

static rc_t broken(struct ctx *c, const struct audit_check *k, const char *code, const char *why)
{
    return ctx_fail(c, E_INVALID, code, "Line %lld: %s", (long long)k->line, why);
}

static rc_t check_header(struct ctx *c, struct audit_check *k, struct bytes line)
{
    struct bytes tenant_id;

    if (!audit_read_header(line, &tenant_id))
        return broken(c, k, "audit_no_export",
                      "this is not the beginning of an audit export of Konstruct.");
    if (k->trust.tenant_id != NULL && !bytes_is(tenant_id, k->trust.tenant_id))
        return broken(c, k, "audit_other_tenant", "the file is about another tenant.");
    memcpy(k->tenant_id, tenant_id.data, tenant_id.len);
    return OK;
}

static rc_t check_entry(struct ctx *c, struct audit_check *k, struct bytes line)
{
    struct audit_entry_text e;
    unsigned char hash[HASH_BYTES];

    if (!audit_read_entry(line, k->room, &e))
        return broken(c, k, "audit_line_changed",
                      "it is no entry as Konstruct writes them; it was changed.");
    if (e.seq != k->seq + 1)
        return ctx_fail(c, E_INVALID, "audit_gap",
                        "Line %lld: entry %lld stands where entry %lld must be; entries were "
                        "removed, inserted or moved.",
                        (long long)k->line, (long long)e.seq, (long long)k->seq + 1);
    audit_hash(k->digest, k->hash, bytes_of(k->tenant_id), &e, hash);
    if (memcmp(hash, e.hash, HASH_BYTES) != 0)
        return ctx_fail(c, E_INVALID, "audit_hash_wrong",
                        "Line %lld: entry %lld does not fit the chain; it was changed, or comes "
                        "from elsewhere.",
                        (long long)k->line, (long long)e.seq);
    if (e.seq == k->trust.anchor_seq) {
        if (memcmp(hash, k->trust.anchor_hash, HASH_BYTES) != 0)
            return ctx_fail(c, E_INVALID, "audit_anchor_wrong",
                            "Entry %lld is not the one of your anchor: the chain was rebuilt.",
                            (long long)e.seq);
        k->anchor_met = true;
    }
    memcpy(k->hash, hash, HASH_BYTES);
    k->seq = e.seq;
    return OK;
}

static rc_t check_head(struct ctx *c, struct audit_check *k, struct bytes line)
{
    struct audit_head_text head;
    struct bytes message;

    if (!audit_read_head(line, &head) || head.at.len >= sizeof(k->signed_at))
        return broken(c, k, "audit_line_changed",
                      "it is no signed head as Konstruct writes them; it was changed.");
    if (head.seq != k->seq || memcmp(head.hash, k->hash, HASH_BYTES) != 0)
        return ctx_fail(c, E_INVALID, "audit_head_wrong",
                        "Line %lld: the signed head is that of entry %lld, and the file ends with "
                        "entry %lld; entries were cut off or added.",
                        (long long)k->line, (long long)head.seq, (long long)k->seq);
    if (memcmp(head.public_key, k->trust.public_key, SIGN_PUBLIC_BYTES) != 0)
        return broken(c, k, "audit_key_other", "the head is signed with another key than yours.");
    message = audit_head_message(c->mem, bytes_of(k->tenant_id), head.seq, head.hash, head.at);
    if (!sign_fits(k->trust.public_key, message, head.signature))
        return broken(c, k, "audit_signature_wrong", "the signature of the head is wrong.");
    memcpy(k->signed_at, head.at.data, head.at.len);
    k->ended = true;
    return OK;
}

rc_t audit_check_line(struct ctx *c, struct audit_check *k, struct bytes line)
{
    static const char head_start[] = "{\"head\":";

    k->line++;
    if (k->line == 1)
        return check_header(c, k, line);
    if (k->ended)
        return broken(c, k, "audit_after_end", "something stands behind the signed head.");
    if (line.len >= sizeof(head_start) - 1 &&
        memcmp(line.data, head_start, sizeof(head_start) - 1) == 0)
        return check_head(c, k, line);
    return check_entry(c, k, line);
}

rc_t audit_check_end(struct ctx *c, const struct audit_check *k)
{
    if (!k->ended)
        return ctx_fail(c, E_INVALID, "audit_cut",
                        "The file has no signed head at its end (it ends in line %lld): it was cut "
                        "off.",
                        (long long)k->line);
    if (k->trust.anchor_seq > 0 && !k->anchor_met)
        return ctx_fail(c, E_INVALID, "audit_cut",
                        "The file ends with entry %lld, before your anchor at entry %lld: newer "
                        "entries were cut off.",
                        (long long)k->seq, (long long)k->trust.anchor_seq);
    return OK;
}

rc_t audit_check_text(struct ctx *c, struct audit_check *k, struct bytes text)
{
    const char *at = text.data, *end = text.data + text.len;

    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));

        if (line_end == NULL)
            return ctx_fail(c, E_INVALID, "audit_cut", "The file ends in the middle of a line.");
        TRY(audit_check_line(c, k, (struct bytes){at, (size_t)(line_end - at)}));
        at = line_end + 1;
    }
    return audit_check_end(c, k);
}
