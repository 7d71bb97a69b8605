/* See audit_find.h. */
#include "core/audit_find.h"

#include "core/audit_subject.h"
#include "io/db.h"

/* Entries that one statement looks at, and how many such spans a call may look through. */
#define SPAN 20000
#define SPANS_MOST 5

static const struct field fields[] = {
    FIELD(struct audit_entry, seq, READ_ONLY, 0, "Number in the chain, from 1, without gaps"),
    FIELD(struct audit_entry, at, READ_ONLY, 0, NULL),
    FIELD(struct audit_entry, actor, READ_ONLY, 200,
          "person:ID, employee:ID, key:ID, app:ID, system or host"),
    FIELD(struct audit_entry, actor_name, READ_ONLY | NULLABLE, 200, "Who that is here now"),
    FIELD(struct audit_entry, action, READ_ONLY, 200, "noun.verb"),
    FIELD(struct audit_entry, object, READ_ONLY, 400, "What it was done to, mostly an id"),
    FIELD(struct audit_entry, body, READ_ONLY, 16384, "The entry's JSON, as it is hashed"),
    FIELD(struct audit_entry, personal, READ_ONLY | NULLABLE, 16384,
          "Personal text that the body holds sealed, opened"),
    FIELD(struct audit_entry, erased, READ_ONLY, 0, "Its personal text was erased for good"),
    FIELD(struct audit_entry, hash, READ_ONLY, 64, NULL),
};
const struct shape audit_entry_shape = SHAPE("AuditEntry", struct audit_entry, fields);

static const struct field name_fields[] = {
    FIELD(struct audit_name, value, READ_ONLY, 200, NULL),
    FIELD(struct audit_name, name, READ_ONLY | NULLABLE, 200, "Who that is here now"),
};
const struct shape audit_name_shape = SHAPE("AuditName", struct audit_name, name_fields);

/* Who an actor is, as far as he is still known. */
#define ACTOR_NAME                                                                        \
    "CASE WHEN actor ~ '^person:[0-9a-f-]{36}$' THEN (SELECT p.name FROM "                \
    "person_get(substr(actor, 8)::uuid) p)"                                               \
    " WHEN actor ~ '^employee:[0-9a-f-]{36}$' THEN (SELECT e.name FROM employee e WHERE " \
    "e.tenant_id = tenant_now() AND e.id = substr(actor, 10)::uuid)"                      \
    " WHEN actor ~ '^key:[0-9a-f-]{36}$' THEN (SELECT k.name FROM api_key k WHERE "       \
    "k.tenant_id = tenant_now() AND k.id = substr(actor, 5)::uuid)"                       \
    " WHEN actor ~ '^app:[0-9a-f-]{36}$' THEN (SELECT o.name FROM oauth_app o WHERE "     \
    "o.tenant_id = tenant_now() AND o.id = substr(actor, 5)::uuid) END"

/*
 * The newest entry that can fit, by the indexes alone, and the oldest worth looking at. Times of a
 * chain never go back, so a span of time is a span of numbers.
 */
static const struct stmt q_bounds = {
    "audit_bounds",
    "SELECT least("
    " (SELECT seq FROM audit_head WHERE tenant_id = tenant_now()),"
    " CASE WHEN $1::bigint > 0 THEN $1::bigint - 1 END,"
    " CASE WHEN $2::bigint > 0 THEN coalesce((SELECT seq FROM audit WHERE tenant_id = tenant_now() "
    "AND at < to_timestamp($2::bigint) ORDER BY at DESC, seq DESC LIMIT 1), 0) END,"
    " CASE WHEN $4::text IS NOT NULL THEN coalesce((SELECT max(seq) FROM audit WHERE tenant_id = "
    "tenant_now() AND actor = $4 AND seq <= $7::bigint), 0) END,"
    " CASE WHEN $5::text IS NOT NULL THEN coalesce((SELECT max(seq) FROM audit WHERE tenant_id = "
    "tenant_now() AND action = $5 AND seq <= $7::bigint), 0) END,"
    " CASE WHEN $6::text IS NOT NULL THEN coalesce((SELECT max(seq) FROM audit WHERE tenant_id = "
    "tenant_now() AND object = $6 AND seq <= $7::bigint), 0) END),"
    " CASE WHEN $3::bigint > 0 THEN coalesce((SELECT seq FROM audit WHERE tenant_id = tenant_now() "
    "AND at >= to_timestamp($3::bigint) ORDER BY at, seq LIMIT 1) - 1, 9223372036854775806) ELSE 0 "
    "END"};

struct bounds {
    int64_t top, floor;
};

static rc_t bounds_get(struct ctx *c, const struct audit_filter *f, int64_t before,
                       struct bounds *out)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_bounds,
                ARGS(A(before), A(f->to), A(f->from), A(f->actor), A(f->action), A(f->object),
                     A(before > 0 ? before - 1 : INT64_MAX)),
                &rows));
    *out = (struct bounds){db_int(&rows, 0, 0), db_int(&rows, 0, 1)};
    return OK;
}

static const struct stmt q_span = {
    "audit_span",
    "SELECT seq, extract(epoch FROM at)::bigint AS at, actor, " ACTOR_NAME
    " AS actor_name, action, "
    "object, body, encode(hash, 'hex') AS hash"
    " FROM audit WHERE tenant_id = tenant_now() AND seq <= $1 AND seq > $2"
    " AND ($3::text IS NULL OR actor = $3) AND ($4::text IS NULL OR action = $4)"
    " AND ($5::text IS NULL OR object = $5) AND ($6::text IS NULL OR words @@ audit_query($6))"
    " ORDER BY seq DESC LIMIT $7"};

static rc_t open_personal(struct ctx *c, struct audit_entry *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        TRY(audit_unseal(c, items[i].body, &items[i].personal, &items[i].erased));
    return OK;
}

rc_t audit_find(struct ctx *c, const struct audit_filter *f, size_t most,
                struct audit_entry **items, size_t *count, int64_t *next)
{
    int64_t before = f->before;

    *items = arena_take(c->mem, (most + 1) * sizeof(**items));
    *count = 0;
    *next = 0;
    for (int spans = 0; spans < SPANS_MOST && *count < most; spans++) {
        struct bounds b;
        void *found;
        size_t n;

        TRY(bounds_get(c, f, before, &b));
        if (b.top <= b.floor) {
            before = 0;
            break;
        }

        int64_t bottom = b.top - SPAN > b.floor ? b.top - SPAN : b.floor;
        int64_t wanted = (int64_t)(most - *count);

        TRY(db_list(c, &q_span,
                    ARGS(A(b.top), A(bottom), A(f->actor), A(f->action), A(f->object), A(f->text),
                         A(wanted)),
                    &audit_entry_shape, &found, &n));
        for (size_t i = 0; i < n; i++)
            (*items)[(*count)++] = ((struct audit_entry *)found)[i];
        before = (int64_t)n == wanted ? (*items)[*count - 1].seq : bottom + 1;
        if (before <= b.floor + 1) {
            before = 0;
            break;
        }
    }
    *next = before;
    return open_personal(c, *items, *count);
}

/* Hops along the index from one value to the next: many entries, few values. */
#define HOPS(column)                                                                            \
    "WITH RECURSIVE v AS ((SELECT " column                                                      \
    " FROM audit WHERE tenant_id = tenant_now() AND " column                                    \
    " > coalesce($1::text, '') ORDER BY " column " LIMIT 1)"                                    \
    " UNION ALL SELECT (SELECT a." column " FROM audit a WHERE a.tenant_id = tenant_now() AND " \
    "a." column " > v." column " ORDER BY a." column " LIMIT 1) FROM v WHERE v." column         \
    " IS NOT NULL) SELECT " column " AS value, "
#define HOPPED(column) \
    column " AS page_key, $2::text AS page_id FROM v WHERE " column " IS NOT NULL LIMIT $3"

static const struct stmt q_actors = {"audit_actors",
                                     HOPS("actor") ACTOR_NAME " AS name, " HOPPED("actor")};
static const struct stmt q_actions = {"audit_actions", HOPS("action") HOPPED("action")};

rc_t audit_names(struct ctx *c, bool actors, struct page *page, struct audit_name **items,
                 size_t *count)
{
    return db_page(c, actors ? &q_actors : &q_actions, page, NO_ARGS, &audit_name_shape,
                   (void **)items, count);
}
