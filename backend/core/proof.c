/* See proof.h. */
#include "core/proof.h"

#include "io/db.h"

static const struct field fields[] = {
    FIELD(struct proof, made, READ_ONLY, 0, "when it was made"),
    FIELD(struct proof, proven, READ_ONLY, 0,
          "whether tenants are sealed off, as far as it looked"),
    FIELD(struct proof, postgresql, READ_ONLY, 0, "version of the database server"),
    FIELD(struct proof, tables, READ_ONLY, 0, "tables that were filled for two tenants"),
    FIELD(struct proof, routes, READ_ONLY, 0, "routes that were asked"),
    FIELD(struct proof, holes, READ_ONLY, 0, "holes that were made on purpose, to be noticed"),
};
const struct shape proof_shape = SHAPE("Proof", struct proof, fields);

static const struct stmt q_add = {
    "proof_add", "INSERT INTO proof (made_at, proven, postgresql, tables, routes, holes, report, "
                 "page) VALUES (to_timestamp($1::bigint), $2, $3, $4, $5, $6, $7, $8)"
                 " ON CONFLICT (made_at) DO NOTHING"};

rc_t proof_add(struct ctx *c, const struct proof *proof, const char *report, const char *page)
{
    TRY(db_exec(c, &q_add,
                ARGS(A(proof->made), A(proof->proven), A(proof->postgresql), A(proof->tables),
                     A(proof->routes), A(proof->holes), A(report), A(page)),
                NULL));
    return db_commit(c);
}

static const struct stmt q_list = {
    "proof_list", "SELECT extract(epoch FROM made_at)::bigint AS made, proven, postgresql, "
                  "tables, routes, holes, made_at::text AS page_key, $2::text AS page_id"
                  " FROM proof WHERE made_at < coalesce($1::timestamptz, 'infinity')"
                  " ORDER BY made_at DESC LIMIT $3"};

rc_t proof_list(struct ctx *c, struct page *page, struct proof **items, size_t *count)
{
    return db_page(c, &q_list, page, NO_ARGS, &proof_shape, (void **)items, count);
}

static const struct stmt q_text = {
    "proof_text", "SELECT CASE WHEN $1::boolean THEN page ELSE report END FROM proof"
                  " ORDER BY made_at DESC LIMIT 1"};

rc_t proof_text(struct ctx *c, bool as_page, const char **out)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_text, ARGS(A(as_page)), &rows));
    if (rows.count == 0)
        return ctx_fail(c, E_NOT_FOUND, "no_proof",
                        "Nobody has proven the isolation of tenants on this installation yet.");
    *out = db_text(&rows, 0, 0);
    return OK;
}
