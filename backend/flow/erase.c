/* See erase.h. */
#include "flow/erase.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/conf.h"
#include "core/erasure.h"
#include "core/tenant_export.h"
#include "flow/queue.h"
#include "io/db.h"
#include "io/mail.h"

#define STEP_MEMORY MIB(8)
#define QUIET_LOOK_MS 1000
#define NO_ID "00000000-0000-0000-0000-000000000000"

struct erasing {
    struct ctx *c;
    struct run *run; /* NULL: a command does it */
    void (*tell)(const char *table);
};

typedef rc_t (*step)(struct ctx *c, void *state);

/* A step in a context and transaction of its own, while nobody else has the job. */
static rc_t take_step(const struct erasing *e, step what, void *state)
{
    struct ctx *c = ctx_new(STEP_MEMORY, e->c->db);
    rc_t rc = OK;

    c->tenant_id = e->c->tenant_id;
    if (e->run != NULL && (atomic_load(&e->run->hurry) || atomic_load(&e->run->lost)))
        rc = ctx_fail(c, E_CONFLICT, "erase_stopped", "the worker is stopping");
    if (rc == OK && e->run != NULL)
        rc = job_guard(c, &e->run->job);
    if (rc == OK)
        rc = what(c, state);
    if (rc == OK)
        rc = db_commit(c);
    if (rc != OK)
        ctx_fail(e->c, rc, text_dup(e->c->mem, c->fault.code), "%s", c->fault.detail);
    ctx_end(c);
    return rc;
}

static rc_t begin_step(struct ctx *c, void *state)
{
    const struct erasing *e = state;

    return erasure_begin(c, e->run == NULL ? NULL : e->run->job.id);
}

/* The files of exports, finished or not, and the folder that they lie in. */
static rc_t drop_archives(struct ctx *c)
{
    const char *folder = tenant_export_folder(c);
    DIR *dir = folder == NULL ? NULL : opendir(folder);
    const struct dirent *entry;

    if (dir == NULL)
        return OK;
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            unlink(text_printf(c->mem, "%s/%s", folder, entry->d_name));
    closedir(dir);
    if (rmdir(folder) != 0 && errno != ENOENT)
        return ctx_fail(c, E_INTERNAL, "archive_not_removed", "%s: %s", folder, strerror(errno));
    return OK;
}

/* A page of mails that were written into files for want of a mail server. */
static rc_t mails_step(struct ctx *c, void *state)
{
    char *after = state;
    const char **ids, *file;
    size_t count;

    TRY(erasure_mails(c, after, &ids, &count));
    for (size_t i = 0; i < count; i++) {
        const struct letter letter = {.id = ids[i]};

        file = letter_file(c, &letter);
        if (file != NULL)
            unlink(file);
    }
    after[0] = '\0';
    if (count > 0)
        memcpy(after, ids[count - 1], strlen(ids[count - 1]) + 1);
    return OK;
}

static rc_t drop_files(const struct erasing *e)
{
    char after[] = NO_ID;

    TRY(drop_archives(e->c));
    while (after[0] != '\0')
        TRY(take_step(e, mails_step, after));
    return OK;
}

#define TABLE_NAME_MAX 64 /* PostgreSQL's names have at most 63 bytes */

static rc_t rows_step(struct ctx *c, void *state)
{
    char *name = state;
    const char *table;

    TRY(erasure_rows(c, &table));
    name[0] = '\0';
    if (table != NULL)
        memcpy(name, table, strnlen(table, TABLE_NAME_MAX - 1) + 1);
    return OK;
}

static rc_t drop_rows(const struct erasing *e)
{
    char name[TABLE_NAME_MAX], last[TABLE_NAME_MAX] = "";

    do {
        memset(name, 0, sizeof(name));
        TRY(take_step(e, rows_step, name));
        if (e->tell != NULL && name[0] != '\0' && strcmp(name, last) != 0)
            e->tell(name);
        memcpy(last, name, sizeof(last));
    } while (name[0] != '\0');
    return OK;
}

static rc_t quiet_step(struct ctx *c, void *state)
{
    return erasure_quiet(c, state);
}

static rc_t word_step(struct ctx *c, void *state)
{
    (void)state;
    return erasure_word(c);
}

static rc_t words_step(struct ctx *c, void *state)
{
    return erasure_words(c, state);
}

static rc_t end_step(struct ctx *c, void *state)
{
    (void)state;
    return erasure_end(c);
}

/* All that can be done by now; *done is false while something from before may still write. */
static rc_t erase(struct erasing *e, bool *done)
{
    int64_t words = 1;

    TRY(take_step(e, begin_step, e));
    TRY(drop_files(e));
    TRY(drop_rows(e));
    TRY(take_step(e, quiet_step, done));
    if (!*done)
        return OK;
    /* What was written in the meantime. */
    TRY(drop_rows(e));
    TRY(take_step(e, word_step, NULL));
    while (words > 0)
        TRY(take_step(e, words_step, &words));
    TRY(take_step(e, end_step, NULL));
    queue_forget(e->c, e->c->tenant_id);
    return OK;
}

rc_t tenant_erase_run(struct ctx *c, struct run *run)
{
    struct erasing e = {.c = c, .run = run};
    bool done = false;

    TRY(job_guard(c, &run->job));
    TRY(erasure_start(c, run->job.subject_id, &done));
    if (!done) {
        TRY(job_done(c, &run->job)); /* it was stopped */
        return db_commit(c);
    }
    TRY(db_commit(c));
    TRY(erase(&e, &done));
    if (done)
        return OK;
    TRY(job_later(c, &run->job, QUIET_LOOK_MS));
    return db_commit(c);
}

rc_t erase_at_once(struct ctx *c, void (*tell)(const char *table))
{
    struct erasing e = {.c = c, .tell = tell};
    bool done = false;

    TRY(erasure_now(c));
    TRY(db_commit(c));
    while (true) {
        TRY(erase(&e, &done));
        if (done)
            return OK;
        nanosleep(&(struct timespec){.tv_sec = QUIET_LOOK_MS / 1000}, NULL);
    }
}
