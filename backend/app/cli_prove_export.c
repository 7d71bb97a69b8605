/*
 * The proof of what a company takes out: every page of every table of an export holds its own words
 * and none of the other's. The pages come from one function of the database, whose owner sees more
 * than one tenant; so a hole is made in just that.
 */
#include <string.h>

#include "app/cli_prove.h"
#include "io/db.h"

#define ROWS_MOST 10000 /* of one table: the proof has a few in each */

static const struct stmt q_tables = {"prove_export_tables", "SELECT tab FROM export_tables()"};
static const struct stmt q_page = {"prove_export_page",
                                   "SELECT line FROM export_page($1, NULL, $2::int)"};

/* What is wrong with one line, or NULL. */
static const char *foreign_in(struct prove *p, const char *table, const char *line)
{
    if (strstr(line, p->b.mark) != NULL || strstr(line, p->b.id) != NULL)
        return text_printf(p->c->mem, "the export of table %s holds the other tenant's words",
                           table);
    for (size_t i = 0; i < p->b.id_count; i++)
        if (strstr(line, p->b.ids[i]) != NULL)
            return text_printf(p->c->mem, "the export of table %s holds an id of the other tenant",
                               table);
    return NULL;
}

/* Exports the first tenant; what is found first, or NULL. */
static rc_t look(struct prove *p, size_t *lines, size_t *own, const char **first)
{
    struct db_rows tables, rows;

    *lines = *own = 0;
    *first = NULL;
    TRY(db_tenant(p->c, p->a.id));
    TRY(db_rows(p->c, &q_tables, NO_ARGS, &tables));
    for (int i = 0; i < tables.count; i++) {
        const char *table = db_text(&tables, i, 0);

        TRY(prove_go_on(p->c));
        TRY(db_rows(p->c, &q_page, ARGS(A(table), A(ROWS_MOST)), &rows));
        for (int k = 0; k < rows.count; k++) {
            const char *line = db_text(&rows, k, 0);

            *own += strstr(line, p->a.mark) != NULL;
            *lines += 1;
            if (*first == NULL)
                *first = foreign_in(p, table, line);
        }
    }
    return OK;
}

rc_t prove_export(struct prove *p)
{
    json_t *part = prove_part(p, "export",
                              "every row that a company's export holds, table by table: its own, "
                              "and no word or id of the other");
    const char *first;
    size_t lines, own;

    TRY(look(p, &lines, &own, &first));
    prove_checked(part, lines);
    if (first != NULL)
        prove_finding(p, part, first);
    if (own == 0)
        prove_finding(p, part, "no line held the tenant's own canary: the look was blind");
    db_rollback(p->c);
    return db_tenant(p->c, NULL);
}

static const struct stmt q_open = {
    "prove_export_open",
    "SELECT pg_temp.isolation_run(replace(pg_get_functiondef('export_page'::regproc),"
    " ' x WHERE x.tenant_id = $1', ' x WHERE $1 IS NOT NULL'))"};

/* Taken back, because its transaction is never committed. */
rc_t prove_export_hole(struct prove *p)
{
    const char *first;
    size_t lines, own;

    TRY(db_exec(p->c, &q_open, NO_ARGS, NULL));
    TRY(look(p, &lines, &own, &first));
    db_rollback(p->c);
    TRY(db_tenant(p->c, NULL));
    prove_hole(p, "an export that does not ask for its tenant", first == NULL ? NULL : "export",
               first);
    return OK;
}
