/* See audit_head.h. */
#include "core/audit_head.h"

#include "base/conf.h"
#include "base/id.h"
#include "core/audit_chain.h"
#include "io/crypto.h"
#include "io/db.h"

#define KEY_PURPOSE "KonAudit"

static const struct field fields[] = {
    FIELD(struct audit_state, entries, READ_ONLY, 0, "Entries in the chain"),
    FIELD(struct audit_state, hash, READ_ONLY, 64, "Hash of the newest entry"),
    FIELD(struct audit_state, signed_entries, READ_ONLY, 0,
          "Entries that the newest signature covers"),
    FIELD(struct audit_state, signed_hash, READ_ONLY | NULLABLE, 64,
          "Hash of the newest signed entry"),
    FIELD(struct audit_state, signed_at, READ_ONLY, 0, "When it was signed; 0: not yet"),
    FIELD(struct audit_state, public_key, READ_ONLY | NULLABLE, 64,
          "Ed25519 key that fits the signature"),
    FIELD(struct audit_state, signature, READ_ONLY | NULLABLE, 128, NULL),
};
const struct shape audit_state_shape = SHAPE("AuditState", struct audit_state, fields);

static const struct stmt q_state = {
    "audit_state",
    "SELECT h.seq AS entries, encode(h.hash, 'hex') AS hash, coalesce(s.seq, 0) AS signed_entries,"
    " encode(s.hash, 'hex') AS signed_hash, coalesce(extract(epoch FROM s.signed_at)::bigint, 0) "
    "AS "
    "signed_at,"
    " encode(s.public_key, 'hex') AS public_key, encode(s.signature, 'hex') AS signature"
    " FROM audit_head h LEFT JOIN LATERAL (SELECT * FROM audit_signature s WHERE s.tenant_id = "
    "h.tenant_id ORDER BY s.seq DESC, s.signed_at DESC LIMIT 1) s ON true WHERE h.tenant_id = "
    "tenant_now()"};

rc_t audit_state_get(struct ctx *c, struct audit_state *out)
{
    return db_one(c, &q_state, NO_ARGS, &audit_state_shape, out);
}

rc_t audit_keys(struct ctx *c, unsigned char public_key[SIGN_PUBLIC_BYTES],
                unsigned char private_key[SIGN_PRIVATE_BYTES])
{
    const char *master = conf_text(CONF_master_key);

    if (master == NULL)
        return ctx_fail(c, E_FORBIDDEN, "no_master_key",
                        "This needs KONSTRUCT_MASTER_KEY, which is not set here.");
    sign_keys(master, KEY_PURPOSE, public_key, private_key);
    return OK;
}

static const struct stmt q_head = {
    "audit_head_now", "SELECT seq, hash, to_char(clock_timestamp() AT TIME ZONE 'UTC', "
                      "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
                      " FROM audit_head WHERE tenant_id = tenant_now() AND seq > 0"};
static const struct stmt q_store = {
    "audit_signature_add",
    "INSERT INTO audit_signature (tenant_id, seq, hash, signed_at, public_key, signature)"
    " VALUES (tenant_now(), $1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"};

static struct bytes raw(const unsigned char *data, size_t len)
{
    return (struct bytes){(const char *)data, len};
}

rc_t audit_head_sign(struct ctx *c)
{
    unsigned char public_key[SIGN_PUBLIC_BYTES], private_key[SIGN_PRIVATE_BYTES],
        signature[SIGN_BYTES];
    struct db_rows rows;
    struct bytes hash;

    TRY(db_rows(c, &q_head, NO_ARGS, &rows));
    if (rows.count == 0)
        return OK; /* nothing has happened here yet */
    TRY(db_raw(c, &rows, 0, 1, &hash));

    const char *at = db_text(&rows, 0, 2);
    struct bytes message = audit_head_message(c->mem, bytes_of(c->tenant_id), db_int(&rows, 0, 0),
                                              (const unsigned char *)hash.data, bytes_of(at));

    TRY(audit_keys(c, public_key, private_key));
    sign_make(private_key, message, signature);
    crypto_wipe(private_key, sizeof(private_key));
    return db_exec(c, &q_store,
                   ARGS(A(db_int(&rows, 0, 0)), A(hash), A(at),
                        A(raw(public_key, sizeof(public_key))),
                        A(raw(signature, sizeof(signature)))),
                   NULL);
}

static const struct stmt q_due = {"audit_due", "SELECT tenant_id, seq FROM audit_due($1, $2)"};

rc_t audit_due_list(struct ctx *c, int64_t hours, int64_t most, struct audit_due **out,
                    size_t *count)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_due, ARGS(A(hours), A(most)), &rows));
    *count = (size_t)rows.count;
    *out = arena_take(c->mem, (*count + 1) * sizeof(**out));
    for (int i = 0; i < rows.count; i++)
        (*out)[i] = (struct audit_due){db_text(&rows, i, 0), db_int(&rows, i, 1)};
    return OK;
}

const char *audit_sign_subject(struct ctx *c, int64_t seq)
{
    return ID_OF(c->mem, BYTES("audit sign"), bytes_of(c->tenant_id),
                 bytes_of(text_printf(c->mem, "%lld", (long long)seq)));
}
