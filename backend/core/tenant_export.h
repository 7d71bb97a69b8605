/*
 * Exports: everything that a tenant has, as an archive for its admins. The row tells how far the
 * worker is; the archive is a file that ends by itself. What is in it: docs/export.md.
 */
#ifndef CORE_TENANT_EXPORT_H
#define CORE_TENANT_EXPORT_H

#include "base/shape.h"
#include "io/db.h"

#define EXPORTS_PER_DAY 5

struct tenant_export {
    const char *id, *state; /* waiting, running, ready, failed, removed */
    const char *by;         /* who asked; NULL: nobody who is known here now */
    int64_t files, files_done, rows, bytes;
    const char *fault; /* of a failed one: what to tell */
    int64_t created, finished, expires;
};
extern const struct shape tenant_export_shape;

/*
 * Asks for one, as whoever the context is. E_CONFLICT "export_running": one is under way;
 * E_LIMIT "export_limit": EXPORTS_PER_DAY were asked for; E_CONFLICT "no_files_dir": this instance
 * keeps no files.
 */
rc_t tenant_export_add(struct ctx *c, const char **id, const char **job_id) MUST;
rc_t tenant_export_get(struct ctx *c, const char *id, struct tenant_export *out) MUST;
/* Newest first. */
rc_t tenant_export_list(struct ctx *c, struct page *page, struct tenant_export **items,
                        size_t *count) MUST;

/* For the worker. */
rc_t tenant_export_begin(struct ctx *c, const char *id, int64_t files) MUST;
rc_t tenant_export_progress(struct ctx *c, const struct tenant_export *now) MUST;
/* Ready, and removed again after the days of the settings. */
rc_t tenant_export_ready(struct ctx *c, const struct tenant_export *now) MUST;
rc_t tenant_export_end(struct ctx *c, const char *id, const char *state, const char *fault) MUST;

/* What an export consists of, from the catalogue. */
struct export_table {
    const char *name;
    const char *left_out; /* its columns that are not exported, with blanks between */
};
rc_t export_table_list(struct ctx *c, struct export_table **items, size_t *count) MUST;

/*
 * The next rows of a table as lines, added to out, behind *place (NULL: from the beginning). *place
 * moves on, in the memory of `keep`; it is NULL when there was nothing left.
 */
rc_t export_table_page(struct ctx *c, const char *table, struct arena *keep, const char **place,
                       struct buf *out) MUST;

/* Where its archive lies; NULL where KONSTRUCT_FILES_DIR is not set. */
const char *tenant_export_folder(struct ctx *c);
const char *tenant_export_file(struct ctx *c, const char *id);

#endif
