/* Exports of the chain: see audit_find.h and, for what the lines say, docs/audit.md. */
#include <string.h>

#include "core/audit_chain.h"
#include "core/audit_find.h"
#include "io/db.h"

/* Entries of one piece, which also ends at 600 KB of bodies; one entry is always given. */
#define PIECE_ENTRIES 2000

static const struct stmt q_piece = {
    "audit_piece",
    "SELECT seq, at, actor, action, object, body, hash FROM ("
    " SELECT *, sum(octet_length(body) + 400) OVER (ORDER BY seq) - octet_length(body) AS before "
    "FROM ("
    "  SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS at, "
    "actor,"
    "  action, object, body, hash FROM audit"
    "  WHERE tenant_id = tenant_now() AND seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3) p) q"
    " WHERE before < 600000 ORDER BY seq"};
static const struct stmt q_signed = {
    "audit_signed_at",
    "SELECT hash, to_char(signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), "
    "public_key, signature FROM audit_signature WHERE tenant_id = tenant_now() AND seq = $1"
    " ORDER BY signed_at DESC LIMIT 1"};

static rc_t copy_raw(struct ctx *c, const struct db_rows *rows, int row, int column,
                     unsigned char *out, size_t len)
{
    struct bytes raw;

    TRY(db_raw(c, rows, row, column, &raw));
    if (raw.len != len)
        return ctx_fail(c, E_INTERNAL, "db_bad_bytes", "column %d has not %zu bytes", column, len);
    memcpy(out, raw.data, len);
    return OK;
}

static rc_t head_get(struct ctx *c, int64_t seq, struct audit_head_text *out)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_signed, ARGS(A(seq)), &rows));
    if (rows.count == 0)
        return ctx_fail(c, E_NOT_FOUND, "not_found", "There is no signed head of this number.");
    *out = (struct audit_head_text){.seq = seq, .at = bytes_of(db_text(&rows, 0, 1))};
    TRY(copy_raw(c, &rows, 0, 0, out->hash, HASH_BYTES));
    TRY(copy_raw(c, &rows, 0, 2, out->public_key, SIGN_PUBLIC_BYTES));
    return copy_raw(c, &rows, 0, 3, out->signature, SIGN_BYTES);
}

static rc_t add_piece(struct ctx *c, int64_t after, int64_t until, struct buf *out, int64_t *last)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_piece, ARGS(A(after), A(until), A(PIECE_ENTRIES)), &rows));
    *last = until; /* with no row left there is nothing between */
    for (int i = 0; i < rows.count; i++) {
        struct audit_entry_text e = {.seq = db_int(&rows, i, 0),
                                     .at = bytes_of(db_text(&rows, i, 1)),
                                     .actor = bytes_of(db_text(&rows, i, 2)),
                                     .action = bytes_of(db_text(&rows, i, 3)),
                                     .object = bytes_of(db_text(&rows, i, 4)),
                                     .body = bytes_of(db_text(&rows, i, 5))};

        TRY(copy_raw(c, &rows, i, 6, e.hash, HASH_BYTES));
        audit_line_entry(out, &e);
        *last = e.seq;
    }
    return OK;
}

rc_t audit_export(struct ctx *c, int64_t after, int64_t until, struct buf *out, int64_t *next)
{
    struct audit_head_text head;
    int64_t last;

    TRY(head_get(c, until, &head));
    if (after == 0)
        audit_line_header(out, c->tenant_id);
    TRY(add_piece(c, after, until, out, &last));
    *next = last < until ? last : 0;
    if (*next == 0)
        audit_line_head(out, &head);
    return out->over ? ctx_fail(c, E_LIMIT, "export_too_large", "This piece is too large.") : OK;
}
