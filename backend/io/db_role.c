/* Whether a role is held by row-level security (db.h). */
#include "io/db.h"

/*
 * Ownership counts through membership too, and a schema's owner may make what he likes in it. Our
 * own NOLOGIN roles own nothing but functions.
 */
static const struct stmt q_check_role = {
    "check_role",
    "SELECT current_user,"
    " (SELECT string_agg(DISTINCT r.rolname, ', ') FROM pg_roles r WHERE pg_has_role(current_user, "
    "r.oid, 'MEMBER')"
    "   AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole)),"
    " (SELECT string_agg(k.relname, ', ') FROM pg_class k JOIN pg_namespace n ON n.oid = "
    "k.relnamespace"
    "   WHERE n.nspname = 'public' AND k.relkind IN ('r', 'p') AND pg_has_role(current_user, "
    "k.relowner, 'MEMBER')),"
    " (SELECT string_agg(n.nspname, ', ') FROM pg_namespace n"
    "   WHERE n.nspname = 'public' AND pg_has_role(current_user, n.nspowner, 'MEMBER'))"};

rc_t db_check_role(struct ctx *c)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_check_role, NO_ARGS, &rows));
    const char *who = db_text(&rows, 0, 0), *strong = db_text(&rows, 0, 1);
    const char *tables = db_text(&rows, 0, 2), *schema = db_text(&rows, 0, 3);

    if (strong != NULL)
        return ctx_fail(
            c, E_FORBIDDEN, "role_bypasses",
            "Database role %s is or may become %s, which can bypass row-level security. Connect as "
            "konstruct_web or konstruct_worker (see docs/operators.md).",
            who, strong);
    if (tables != NULL || schema != NULL)
        return ctx_fail(c, E_FORBIDDEN, "role_owns",
                        "Database role %s owns %s%s, so row-level security does not hold it. Only "
                        "konstruct_owner may "
                        "own tables; connect as konstruct_web or konstruct_worker.",
                        who, tables != NULL ? "tables: " : "the schema ",
                        tables != NULL ? tables : schema);
    return db_commit(c);
}
