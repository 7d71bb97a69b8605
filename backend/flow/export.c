/* See export.h. */
#include "flow/export.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "core/audit_find.h"
#include "core/audit_head.h"
#include "core/tenant.h"
#include "core/tenant_export.h"
#include "io/db.h"
#include "io/tar.h"

#define PIECE_MEMORY MIB(64)
#define PIECE_MAX MIB(16)
#define FORMAT_VERSION 1

/* One export on its way. */
struct work {
    struct ctx *c; /* its memory lasts until the end */
    struct run *run;
    struct tar_out *tar;
    struct tenant_export now;
    json_t *files, *left_out; /* of the manifest */
    int64_t audit_until;
};

static void drop_json(void *json)
{
    json_decref(json);
}

static rc_t stopped(struct work *w)
{
    if (atomic_load(&w->run->hurry) || atomic_load(&w->run->lost))
        return ctx_fail(w->c, E_CONFLICT, "export_stopped", "the worker is stopping");
    return OK;
}

/* The fault of a piece, whose memory ends, told by the job. */
static rc_t pass_on(struct ctx *c, const struct ctx *piece, rc_t rc)
{
    return ctx_fail(c, rc, text_dup(c->mem, piece->fault.code == NULL ? "?" : piece->fault.code),
                    "%s", piece->fault.detail == NULL ? "" : piece->fault.detail);
}

/* Reads a piece and writes it down, while nobody else has the job. */
typedef rc_t (*reader)(struct ctx *piece, struct work *w, void *state, struct buf *out);

static rc_t piece_run(struct ctx *piece, struct work *w, reader read, void *state)
{
    struct buf out = buf_new(piece->mem, PIECE_MAX);

    TRY(job_guard(piece, &w->run->job));
    TRY(read(piece, w, state, &out));
    TRY(tar_add(piece, w->tar, buf_bytes(&out)));
    for (size_t i = 0; i < out.len; i++)
        w->now.rows += out.data[i] == '\n';
    w->now.bytes = tar_bytes(w->tar);
    TRY(tenant_export_progress(piece, &w->now));
    return db_commit(piece);
}

/* Each in a context of its own: a tenant may be larger than any memory. */
static rc_t add_piece(struct work *w, reader read, void *state)
{
    struct ctx *piece;
    rc_t rc;

    TRY(stopped(w));
    piece = ctx_new(PIECE_MEMORY, w->c->db);
    piece->tenant_id = w->c->tenant_id;
    rc = piece_run(piece, w, read, state);
    if (rc != OK)
        rc = pass_on(w->c, piece, rc);
    ctx_end(piece);
    return rc;
}

static rc_t end_file(struct work *w, bool rows)
{
    struct tar_member m;
    struct bytes hash = {(const char *)m.hash, HASH_BYTES};

    TRY(tar_end(w->c, w->tar, &m));
    w->now.files_done++;
    json_array_append_new(w->files,
                          json_pack("{s:s, s:I, s:I, s:s}", "name", m.name, rows ? "rows" : "lines",
                                    (json_int_t)m.lines, "bytes", (json_int_t)m.bytes, "sha256",
                                    text_hex(w->c->mem, hash)));
    return OK;
}

struct table_state {
    const char *name, *place;
};

static rc_t read_table(struct ctx *piece, struct work *w, void *state, struct buf *out)
{
    struct table_state *t = state;

    return export_table_page(piece, t->name, w->c->mem, &t->place, out);
}

static rc_t add_table(struct work *w, const struct export_table *table)
{
    struct table_state state = {table->name, NULL};
    char name[TAR_NAME_MAX];

    if (snprintf(name, sizeof(name), "tables/%s.jsonl", table->name) >= (int)sizeof(name))
        return ctx_fail(w->c, E_INTERNAL, "archive_name", "%s is too long", table->name);
    TRY(tar_begin(w->c, w->tar, name));
    do
        TRY(add_piece(w, read_table, &state));
    while (state.place != NULL);
    if (table->left_out[0] != '\0')
        json_array_append_new(
            w->left_out, json_pack("{s:s, s:s}", "table", table->name, "columns", table->left_out));
    return end_file(w, true);
}

static rc_t read_audit(struct ctx *piece, struct work *w, void *state, struct buf *out)
{
    int64_t *after = state;

    return audit_export(piece, *after, w->audit_until, out, after);
}

static rc_t add_audit(struct work *w)
{
    int64_t after = 0;

    TRY(tar_begin(w->c, w->tar, "audit.jsonl"));
    do
        TRY(add_piece(w, read_audit, &after));
    while (after != 0);
    return end_file(w, false);
}

static const char *time_text(struct ctx *c)
{
    time_t now = (time_t)clock_s();
    struct tm utc;
    char text[32];

    gmtime_r(&now, &utc);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text_dup(c->mem, text);
}

static rc_t add_manifest(struct work *w, const char *company)
{
    struct tar_member m;
    json_t *manifest = json_pack("{s:s, s:i, s:s, s:s, s:s, s:O, s:O}", "konstruct", "export",
                                 "version", FORMAT_VERSION, "tenant", w->c->tenant_id, "company",
                                 company, "made", time_text(w->c), "files", w->files, "left_out",
                                 w->left_out);
    char *text = json_dumps(manifest, JSON_INDENT(1));
    rc_t rc;

    json_decref(manifest);
    if (text == NULL)
        return ctx_fail(w->c, E_INTERNAL, "manifest", "the manifest can't be made");
    rc = tar_begin(w->c, w->tar, "manifest.json");
    if (rc == OK)
        rc = tar_add(w->c, w->tar, bytes_of(text));
    free(text);
    TRY(rc);
    return tar_end(w->c, w->tar, &m);
}

/* A folder that only we can look into; it may be there already. */
static rc_t make_folder(struct ctx *c, const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return OK;
    return ctx_fail(c, E_INTERNAL, "archive_not_written", "%s can't be made: %s", path,
                    strerror(errno));
}

static rc_t make_folders(struct ctx *c)
{
    const char *files = conf_text(CONF_files_dir);

    if (files == NULL)
        return ctx_fail(c, E_FORBIDDEN, "no_files_dir", "KONSTRUCT_FILES_DIR is not set");
    TRY(make_folder(c, text_printf(c->mem, "%s/exports", files)));
    return make_folder(c, tenant_export_folder(c));
}

/* What workers that died have left of this export. */
static void drop_parts(struct ctx *c, const char *id)
{
    const char *folder = tenant_export_folder(c);
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (text_starts(entry->d_name, id))
            unlink(text_printf(c->mem, "%s/%s", folder, entry->d_name));
    if (dir != NULL)
        closedir(dir);
}

/* Signs the audit as it stands, and tells how much there is to do. */
static rc_t begin(struct work *w, struct export_table **tables, size_t *count, const char **company)
{
    struct audit_state audit;

    TRY(job_guard(w->c, &w->run->job));
    TRY(audit_head_sign(w->c));
    TRY(audit_state_get(w->c, &audit));
    w->audit_until = audit.signed_entries;
    TRY(tenant_name(w->c, company));
    TRY(export_table_list(w->c, tables, count));
    w->now.files = (int64_t)*count + 1;
    TRY(tenant_export_begin(w->c, w->now.id, w->now.files));
    return db_commit(w->c);
}

static rc_t write_archive(struct work *w, const char *part)
{
    struct export_table *tables;
    const char *company;
    size_t count;

    TRY(make_folders(w->c));
    drop_parts(w->c, w->now.id);
    TRY(begin(w, &tables, &count, &company));
    TRY(tar_make(w->c, part, conf_number(CONF_export_mib) * 1024 * 1024, &w->tar));
    for (size_t i = 0; i < count; i++)
        TRY(add_table(w, &tables[i]));
    TRY(add_audit(w));
    TRY(add_manifest(w, company));
    TRY(tar_close(w->c, w->tar));
    w->now.bytes = tar_bytes(w->tar);
    return OK;
}

/* The archive gets its name while the row is locked: a worker that has lost the job gives none. */
static rc_t finish(struct work *w, const char *part)
{
    TRY(job_guard(w->c, &w->run->job));
    if (rename(part, tenant_export_file(w->c, w->now.id)) != 0)
        return ctx_fail(w->c, E_INTERNAL, "archive_not_written", "%s: %s", part, strerror(errno));
    TRY(tenant_export_ready(w->c, &w->now));
    TRY(job_done(w->c, &w->run->job));
    return db_commit(w->c);
}

/* More than this instance lets out will not become less by trying again. */
static rc_t give_up(struct ctx *c, struct run *run)
{
    const char *why = c->fault.detail;

    ctx_forgive(c);
    TRY(job_guard(c, &run->job));
    TRY(tenant_export_end(c, run->job.subject_id, "failed", why));
    TRY(job_done(c, &run->job));
    return db_commit(c);
}

rc_t tenant_export_run(struct ctx *c, struct run *run)
{
    struct work w = {.c = c,
                     .run = run,
                     .now = {.id = run->job.subject_id},
                     .files = json_array(),
                     .left_out = json_array()};
    /* Two who both think that they have the job do not write one file. */
    const char *part = text_printf(c->mem, "%s.%s.part", tenant_export_file(c, run->job.subject_id),
                                   run->job.holder);
    rc_t rc;

    arena_on_end(c->mem, drop_json, w.files);
    arena_on_end(c->mem, drop_json, w.left_out);
    rc = write_archive(&w, part);
    if (rc == OK)
        rc = finish(&w, part);
    if (rc != OK)
        unlink(part);
    if (text_is(c->fault.code, "archive_too_large")) {
        db_rollback(c);
        return give_up(c, run);
    }
    return rc;
}

rc_t tenant_export_bury(struct ctx *c, struct run *run)
{
    return tenant_export_end(c, run->job.subject_id, "failed",
                             "It was tried several times and failed each time; whoever runs this "
                             "instance finds the reason in the log.");
}

rc_t export_remove_run(struct ctx *c, struct run *run)
{
    const char *file = tenant_export_file(c, run->job.subject_id);

    if (file != NULL && unlink(file) != 0 && errno != ENOENT)
        return ctx_fail(c, E_INTERNAL, "archive_not_removed", "%s: %s", file, strerror(errno));
    TRY(job_guard(c, &run->job));
    TRY(tenant_export_end(c, run->job.subject_id, "removed", NULL));
    TRY(job_done(c, &run->job));
    return db_commit(c);
}
