/*
 * The proof in the database: the catalogue, the rows as each role sees them, and the holes that SQL
 * makes. The work is done by the functions of isolation/.
 */
#include "app/cli_prove.h"
#include "base/id.h"
#include "core/session.h"
#include "io/db.h"

static const struct stmt q_fill = {"prove_fill", "SELECT pg_temp.isolation_fill($1::uuid, $2)"};
static const struct stmt q_person = {"prove_person",
                                     "SELECT pg_temp.isolation_person($1::uuid, $2, $3)"};
static const struct stmt q_employee = {"prove_employee",
                                       "SELECT id FROM employee WHERE tenant_id = $1::uuid"};
static const struct stmt q_ids = {
    "prove_ids", "SELECT DISTINCT id FROM pg_temp.isolation_ids($1::uuid) AS id ORDER BY 1"};
static const struct stmt q_tables = {"prove_tables",
                                     "SELECT tab::text FROM pg_temp.isolation_tables() ORDER BY 1"};
static const struct stmt q_objects = {
    "prove_objects",
    "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace)"
    " + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)"
    " + (SELECT count(*) FROM pg_policy) + (SELECT count(*) FROM pg_roles)"
    " + (SELECT count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace)"};
static const struct stmt q_gate = {"prove_gate",
                                   "SELECT finding, object, why FROM pg_temp.isolation_gate()"};
static const struct stmt q_walk = {
    "prove_walk", "SELECT tab, walker, hole, tries FROM pg_temp.isolation_walk($1::uuid, $2::uuid,"
                  " $3)"};
static const struct stmt q_holes = {"prove_holes",
                                    "SELECT name, sql, tab FROM pg_temp.isolation_mutations()"};
static const struct stmt q_run = {"prove_run", "SELECT pg_temp.isolation_run($1)"};

static rc_t session_of(struct prove *p, const struct prove_tenant *t, const char *person_id,
                       const char **token)
{
    struct ctx *c = ctx_new(MIB(16), p->web);

    c->tenant_id = t->id;

    rc_t rc = session_start(c, person_id, "the proof", token);

    if (rc == OK)
        rc = db_commit(c);
    if (rc == OK)
        *token = text_dup(p->c->mem, *token);
    else
        rc = ctx_fail(p->c, rc, c->fault.code, "%s", c->fault.detail);
    ctx_end(c);
    return rc;
}

static rc_t people(struct prove *p, struct prove_tenant *t)
{
    struct db_rows rows;

    for (size_t i = 0; i < PROVE_ROLES; i++) {
        TRY(db_rows(p->c, &q_person, ARGS(A(t->id), A(prove_roles[i]), A(t->mark)), &rows));
        const char *person_id = db_text(&rows, 0, 0);

        TRY(db_commit(p->c));
        TRY(session_of(p, t, person_id, &t->tokens[i]));
    }
    return OK;
}

/* A conversation as people have it, with the canary said in it. */
static rc_t talk(struct prove *p, const struct prove_tenant *t)
{
    struct arena *mem = p->c->mem;
    struct db_rows rows;
    struct prove_answer made, said;
    json_t *conversation;

    TRY(db_rows(p->c, &q_employee, ARGS(A(t->id)), &rows));
    TRY(db_commit(p->c));
    prove_ask(p, mem,
              &(struct prove_request){.method = POST,
                                      .path = text_printf(mem, "/api/v1/employees/%s/conversations",
                                                          db_text(&rows, 0, 0)),
                                      .token = t->tokens[PROVE_ROLES - 1],
                                      .body = "{}"},
              &made);
    if (made.status != 201)
        return ctx_fail(p->c, E_INTERNAL, "proof_blind", "no conversation could be begun: %d %s",
                        made.status, made.body);
    TRY(json_parse(p->c, bytes_of(made.body), &conversation));
    prove_ask(p, mem,
              &(struct prove_request){.method = POST,
                                      .path = text_printf(mem, "/api/v1/conversations/%s/messages",
                                                          json_str(conversation, "id")),
                                      .token = t->tokens[PROVE_ROLES - 1],
                                      .body = text_printf(mem, "{\"text\":\"%s\",\"key\":\"%s\"}",
                                                          t->mark, id_new(mem))},
              &said);
    if (said.status != 202)
        return ctx_fail(p->c, E_INTERNAL, "proof_blind", "nothing could be said: %d %s",
                        said.status, said.body);
    return OK;
}

static rc_t ids_of(struct prove *p, struct prove_tenant *t)
{
    struct db_rows rows;

    TRY(db_rows(p->c, &q_ids, ARGS(A(t->id)), &rows));
    t->id_count = (size_t)rows.count;
    t->ids = arena_take(p->c->mem, (t->id_count + 1) * sizeof(*t->ids));
    for (size_t i = 0; i < t->id_count; i++)
        t->ids[i] = db_text(&rows, (int)i, 0);
    return db_commit(p->c);
}

static rc_t fill_one(struct prove *p, struct prove_tenant *t, const char *mark)
{
    *t = (struct prove_tenant){.id = id_new(p->c->mem), .mark = mark};
    TRY(db_exec(p->c, &q_fill, ARGS(A(t->id), A(t->mark)), NULL));
    TRY(db_commit(p->c));
    TRY(people(p, t));
    TRY(talk(p, t));
    return ids_of(p, t);
}

rc_t prove_fill(struct prove *p)
{
    struct db_rows rows;

    TRY(db_rows(p->c, &q_tables, NO_ARGS, &rows));
    for (int i = 0; i < rows.count; i++)
        json_array_append_new(json_object_get(p->report, "tables"),
                              json_string(db_text(&rows, i, 0)));
    TRY(fill_one(p, &p->a, "canary_of_the_one"));
    return fill_one(p, &p->b, "canary_of_the_other");
}

/* What the gate says first, or NULL; all of it goes into `part`, when there is one. */
static rc_t gate(struct prove *p, json_t *part, const char **first)
{
    struct db_rows rows;

    *first = NULL;
    TRY(db_rows(p->c, &q_gate, NO_ARGS, &rows));
    for (int i = 0; i < rows.count; i++) {
        const char *text = text_printf(p->c->mem, "%s: %s %s", db_text(&rows, i, 0),
                                       db_text(&rows, i, 1), db_text(&rows, i, 2));

        *first = *first == NULL ? text : *first;
        if (part != NULL)
            prove_finding(p, part, text);
    }
    return OK;
}

rc_t prove_catalogue(struct prove *p)
{
    json_t *part = prove_part(p, "catalogue",
                              "tables, views, partitions, functions, grants, roles, keys, "
                              "references, sequences, policies of the migrated schema");
    const char *first;
    struct db_rows rows;

    TRY(db_rows(p->c, &q_objects, NO_ARGS, &rows));
    prove_checked(part, (size_t)db_int(&rows, 0, 0));
    TRY(gate(p, part, &first));
    return db_commit(p->c);
}

static rc_t walk(struct prove *p, const char *table, json_t *part, const char **first)
{
    struct db_rows rows;

    *first = NULL;
    TRY(db_rows(p->c, &q_walk, ARGS(A(p->a.id), A(p->b.id), A(table)), &rows));
    for (int i = 0; i < rows.count; i++) {
        const char *hole = db_text(&rows, i, 2);

        if (part != NULL && hole == NULL)
            prove_checked(part, (size_t)db_int(&rows, i, 3));
        if (hole == NULL)
            continue;
        const char *text = text_printf(p->c->mem, "%s: %s %s", db_text(&rows, i, 0),
                                       db_text(&rows, i, 1), hole);

        *first = *first == NULL ? text : *first;
        if (part != NULL)
            prove_finding(p, part, text);
    }
    return OK;
}

rc_t prove_rows(struct prove *p)
{
    json_t *part = prove_part(p, "rows",
                              "each database role in every table: without a tenant it sees "
                              "nothing, in one tenant nothing of the other, and it can't add, "
                              "change, remove or give away a row across");
    const char *first;

    TRY(walk(p, NULL, part, &first));
    /* Nothing of it stays. */
    db_rollback(p->c);
    return OK;
}

/* One hole: made, looked at, and taken back, because its transaction is never committed. */
static rc_t hole(struct prove *p, const char *name, const char *sql, const char *table)
{
    const char *seen, *walked;

    TRY(prove_go_on(p->c));
    TRY(db_exec(p->c, &q_run, ARGS(A(sql)), NULL));
    TRY(gate(p, NULL, &seen));
    TRY(walk(p, table, NULL, &walked));
    db_rollback(p->c);
    prove_hole(p, name,
               seen != NULL && walked != NULL ? "catalogue, rows"
               : seen != NULL                 ? "catalogue"
               : walked != NULL               ? "rows"
                                              : NULL,
               seen != NULL ? seen : walked);
    return OK;
}

rc_t prove_holes(struct prove *p)
{
    struct db_rows rows;

    TRY(db_rows(p->c, &q_holes, NO_ARGS, &rows));
    TRY(db_commit(p->c));
    for (int i = 0; i < rows.count; i++)
        TRY(hole(p, db_text(&rows, i, 0), db_text(&rows, i, 1), db_text(&rows, i, 2)));
    return OK;
}
