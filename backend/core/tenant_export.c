/* See tenant_export.h. */
#include "core/tenant_export.h"

#include "base/conf.h"
#include "base/id.h"
#include "core/job.h"
#include "io/db.h"

#define PAGE_ROWS 500

static const struct field fields[] = {
    FIELD(struct tenant_export, id, READ_ONLY, 36, NULL),
    FIELD_OF(struct tenant_export, state, READ_ONLY, "waiting running ready failed removed",
             "removed: its days are over"),
    FIELD(struct tenant_export, by, READ_ONLY | NULLABLE, 200, "Who asked for it"),
    FIELD(struct tenant_export, files, READ_ONLY, 0, "Files that the archive will have"),
    FIELD(struct tenant_export, files_done, READ_ONLY, 0, "Files that it has so far"),
    FIELD(struct tenant_export, rows, READ_ONLY, 0, "Rows that it has so far"),
    FIELD(struct tenant_export, bytes, READ_ONLY, 0, "Size of the archive so far"),
    FIELD(struct tenant_export, fault, READ_ONLY | NULLABLE, 600, "Why it failed"),
    FIELD(struct tenant_export, created, READ_ONLY, 0, "Seconds UTC"),
    FIELD(struct tenant_export, finished, READ_ONLY, 0, "Seconds UTC; 0: not yet"),
    FIELD(struct tenant_export, expires, READ_ONLY, 0, "When the archive is removed; 0: not known"),
};
const struct shape tenant_export_shape = SHAPE("Export", struct tenant_export, fields);

#define COLUMNS                                                                          \
    "e.id, e.state, (SELECT p.name FROM person_get(CASE WHEN e.actor ~ '^person:' THEN " \
    "substr(e.actor, 8)::uuid END) p) AS by, e.files, "                                  \
    "e.files_done, e.rows_done AS rows, e.bytes, e.fault,"                               \
    " extract(epoch FROM e.created_at)::bigint AS created,"                              \
    " coalesce(extract(epoch FROM e.finished_at), 0)::bigint AS finished,"               \
    " coalesce(extract(epoch FROM e.expires_at), 0)::bigint AS expires"
#define ROWS " FROM tenant_export e WHERE e.tenant_id = tenant_now()"

static const struct stmt q_today = {
    "export_today", "SELECT count(*), ceil(extract(epoch FROM min(created_at) + interval '1 day' - "
                    "now()))::bigint FROM tenant_export WHERE tenant_id = tenant_now() AND "
                    "created_at > now() - interval '1 day'"};
static const struct stmt q_add = {
    "export_add", "INSERT INTO tenant_export (tenant_id, id, actor) VALUES (tenant_now(), $1, "
                  "$2)"};

rc_t tenant_export_add(struct ctx *c, const char **id, const char **job_id)
{
    struct db_rows rows;
    rc_t rc;

    if (conf_text(CONF_files_dir) == NULL)
        return ctx_fail(c, E_CONFLICT, "no_files_dir",
                        "This instance keeps no files; whoever runs it can set "
                        "KONSTRUCT_FILES_DIR.");
    TRY(db_rows(c, &q_today, NO_ARGS, &rows));
    if (db_int(&rows, 0, 0) >= EXPORTS_PER_DAY)
        return ctx_over(c, "export_limit", "exports", db_int(&rows, 0, 1),
                        "There were %d exports in the last day; that is the most.",
                        EXPORTS_PER_DAY);
    *id = id_new(c->mem);
    *job_id = id_new(c->mem);
    rc = db_exec(c, &q_add, ARGS(A(*id), A(c->actor)), NULL);
    if (rc == E_CONFLICT) {
        ctx_forgive(c);
        return ctx_fail(c, E_CONFLICT, "export_running", "An export is under way already.");
    }
    TRY(rc);
    return job_add(c, *job_id, "tenant_export", *id, *id);
}

static const struct stmt q_get = {"export_get", "SELECT " COLUMNS ROWS " AND e.id = $1"};

rc_t tenant_export_get(struct ctx *c, const char *id, struct tenant_export *out)
{
    return db_one(c, &q_get, ARGS(A(id)), &tenant_export_shape, out);
}

/* Ids of ours go by time. */
static const struct stmt q_list = {
    "export_list", "SELECT " COLUMNS ", e.id::text AS page_key, $2::text AS page_id" ROWS
                   " AND e.id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')"
                   " ORDER BY e.id DESC LIMIT $3"};

rc_t tenant_export_list(struct ctx *c, struct page *page, struct tenant_export **items,
                        size_t *count)
{
    return db_page(c, &q_list, page, NO_ARGS, &tenant_export_shape, (void **)items, count);
}

static const struct stmt q_begin = {
    "export_begin", "UPDATE tenant_export SET state = 'running', files = $2, files_done = 0, "
                    "rows_done = 0, bytes = 0 WHERE tenant_id = tenant_now() AND id = $1"};

rc_t tenant_export_begin(struct ctx *c, const char *id, int64_t files)
{
    return db_exec(c, &q_begin, ARGS(A(id), A(files)), NULL);
}

static const struct stmt q_progress = {
    "export_progress", "UPDATE tenant_export SET files_done = $2, rows_done = $3, bytes = $4"
                       " WHERE tenant_id = tenant_now() AND id = $1"};

rc_t tenant_export_progress(struct ctx *c, const struct tenant_export *now)
{
    return db_exec(c, &q_progress,
                   ARGS(A(now->id), A(now->files_done), A(now->rows), A(now->bytes)), NULL);
}

static const struct stmt q_ready = {
    "export_ready", "UPDATE tenant_export SET state = 'ready', fault = NULL, finished_at = now(),"
                    " expires_at = now() + make_interval(days => $2::int)"
                    " WHERE tenant_id = tenant_now() AND id = $1"};

rc_t tenant_export_ready(struct ctx *c, const struct tenant_export *now)
{
    int64_t days = conf_number(CONF_export_days);

    TRY(tenant_export_progress(c, now));
    TRY(db_exec(c, &q_ready, ARGS(A(now->id), A(days)), NULL));
    return job_add_after(c, id_new(c->mem), "export_remove", now->id, days * 86400);
}

static const struct stmt q_end = {
    "export_end", "UPDATE tenant_export SET state = $2, fault = $3, finished_at = "
                  "coalesce(finished_at, now()) WHERE tenant_id = tenant_now() AND id = $1"};

rc_t tenant_export_end(struct ctx *c, const char *id, const char *state, const char *fault)
{
    return db_exec(c, &q_end, ARGS(A(id), A(state), A(fault)), NULL);
}

static const struct stmt q_tables = {"export_tables", "SELECT tab, left_out FROM export_tables()"};

rc_t export_table_list(struct ctx *c, struct export_table **items, size_t *count)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_tables, NO_ARGS, &rows));
    *count = (size_t)rows.count;
    *items = arena_take(c->mem, (*count + 1) * sizeof(**items));
    for (int i = 0; i < rows.count; i++)
        (*items)[i] = (struct export_table){db_text(&rows, i, 0), db_text(&rows, i, 1)};
    return OK;
}

static const struct stmt q_page = {"export_page",
                                   "SELECT place, line FROM export_page($1, $2, $3)"};

rc_t export_table_page(struct ctx *c, const char *table, struct arena *keep, const char **place,
                       struct buf *out)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_page, ARGS(A(table), A(*place), A(PAGE_ROWS)), &rows));
    *place = NULL;
    for (int i = 0; i < rows.count; i++) {
        buf_text(out, db_text(&rows, i, 1));
        buf_char(out, '\n');
    }
    if (rows.count > 0)
        *place = text_dup(keep, db_text(&rows, rows.count - 1, 0));
    return out->over ? ctx_fail(c, E_LIMIT, "export_row", "a row of %s is too large", table) : OK;
}

const char *tenant_export_folder(struct ctx *c)
{
    const char *files = conf_text(CONF_files_dir);

    return files == NULL ? NULL : text_printf(c->mem, "%s/exports/%s", files, c->tenant_id);
}

const char *tenant_export_file(struct ctx *c, const char *id)
{
    const char *folder = tenant_export_folder(c);

    return folder == NULL ? NULL : text_printf(c->mem, "%s/%s.tar", folder, id);
}
