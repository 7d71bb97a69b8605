/* See pool_ledger_write.h. */
#include "flow/pool_ledger_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/db.h"

#define AT_ONCE 500      /* entries of one transaction */
#define REFUSALS_MOST 10 /* of one alone: some seconds */

void ledger_batch_add(struct ledger_entry ***list, size_t *count, struct ledger_entry *e)
{
    /* Grows at each power of two. */
    if ((*count & (*count - 1)) == 0) {
        *list = reallocarray(*list, *count == 0 ? 1 : 2 * *count, sizeof(**list));
        if (*list == NULL)
            abort();
    }
    (*list)[(*count)++] = e;
}

static struct ctx *ctx_of(struct db_pool *db, const struct ledger_entry *e)
{
    struct ctx *c = ctx_new(MIB(16), db);

    c->tenant_id = text_dup(c->mem, e->tenant_id);
    return c;
}

static rc_t tell_all(struct ctx *c, struct ledger_entry **list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct call_open call = ledger_entry_call(list[i]);

        list[i]->touched = true;
        TRY(call_open_add(c, &call));
    }
    return db_commit(c);
}

static void told(struct ledger_entry *e)
{
    purse_told(&e->hold);
}

/* Those that had a row, or may have. */
static rc_t close_told(struct ctx *c, struct ledger_entry **list, size_t count)
{
    struct buf ids = buf_new(c->mem, KIB(16));

    for (size_t i = 0; i < count; i++)
        if (list[i]->touched)
            buf_printf(&ids, "%c%s", ids.len == 0 ? '{' : ',', list[i]->id);
    if (ids.len == 0)
        return OK;
    buf_char(&ids, '}');
    return call_close_all(c, buf_str(&ids));
}

static bool among(const char *id, const char *const *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (text_is(id, ids[i]))
            return true;
    return false;
}

/*
 * The rows of those that have one to enter. Some may be there already: their holder was taken for
 * dead, or a commit went through of which nobody heard. They are over.
 */
static rc_t add_rows(struct ctx *c, struct ledger_entry **list, size_t count)
{
    const struct usage **rows = arena_take(c->mem, count * sizeof(*rows));
    const char *const *added;
    size_t row_count = 0, added_count;
    bool sure = true;

    for (size_t i = 0; i < count; i++) {
        sure = sure && !list[i]->touched && !list[i]->again;
        if (!list[i]->nothing)
            rows[row_count++] = &list[i]->u;
    }
    if (sure || row_count == 0)
        return usage_add_many(c, rows, row_count);
    TRY(usage_add_missing(c, rows, row_count, &added, &added_count));
    for (size_t i = 0; i < count; i++)
        list[i]->there = !among(list[i]->id, added, added_count);
    return OK;
}

/* What comes out of each cap, in one sum, in the order in which caps are locked everywhere. */
struct settled {
    const char *cap_id, *starts;
    int64_t cost;
};

static int by_cap(const void *a, const void *b)
{
    const struct settled *x = a, *y = b;
    int order = strcmp(x->cap_id, y->cap_id);

    return order != 0 ? order : strcmp(x->starts, y->starts);
}

/* One sum for each cap; how many there are. */
static size_t sums(struct settled *s, size_t n)
{
    size_t count = 0;

    qsort(s, n, sizeof(*s), by_cap);
    for (size_t i = 0; i < n; i++)
        if (count > 0 && by_cap(&s[count - 1], &s[i]) == 0)
            s[count - 1].cost += s[i].cost;
        else
            s[count++] = s[i];
    return count;
}

/* Mostly the same comes out of all caps of a company, and goes there in one statement. */
static rc_t settle_sums(struct ctx *c, const struct settled *s, size_t n)
{
    for (size_t i = 0, next; i < n; i = next) {
        struct buf ids = buf_new(c->mem, KIB(64)), starts = buf_new(c->mem, KIB(64));

        for (next = i; next < n && next < i + CAPS_MAX && s[next].cost == s[i].cost; next++) {
            if (next > i && strcmp(s[next].cap_id, s[next - 1].cap_id) == 0)
                break; /* another period of the same cap: the order of both is not sure in one */
            buf_printf(&ids, "%c%s", next == i ? '{' : ',', s[next].cap_id);
            buf_printf(&starts, "%c%s", next == i ? '{' : ',', s[next].starts);
        }
        buf_char(&ids, '}');
        buf_char(&starts, '}');

        struct cap_list list = {buf_str(&ids), buf_str(&starts)};

        TRY(cap_settle(c, purse_holder(), &list, s[i].cost));
    }
    return OK;
}

static bool pays(const struct ledger_entry *e)
{
    return !e->nothing && !e->there && e->u.cost_micros > 0;
}

static rc_t settle(struct ctx *c, struct ledger_entry **list, size_t count)
{
    struct settled *s = arena_take(c->mem, (count * CAPS_MAX + 1) * sizeof(*s));
    const struct purse_hold *before = NULL; /* of the last call that pays, and where its sums are */
    size_t at[CAPS_MAX], n = 0;

    for (size_t i = 0; i < count; i++) {
        const struct purse_hold *hold = &list[i]->hold;

        if (!pays(list[i]))
            continue;
        for (size_t k = 0; k < hold->count; k++) {
            if (before == NULL || k >= before->count ||
                memcmp(&before->caps[k], &hold->caps[k], sizeof(hold->caps[k])) != 0) {
                s[n] = (struct settled){.cap_id = hold->caps[k].cap_id,
                                        .starts = hold->caps[k].starts};
                at[k] = n++;
            }
            s[at[k]].cost += list[i]->u.cost_micros;
        }
        before = hold;
    }
    return settle_sums(c, s, sums(s, n));
}

static rc_t book_all(struct ctx *c, struct ledger_entry **list, size_t count)
{
    TRY(close_told(c, list, count));
    TRY(add_rows(c, list, count));
    TRY(settle(c, list, count));
    return db_commit(c);
}

static int by_tenant(const void *a, const void *b)
{
    const struct ledger_entry *const *x = a, *const *y = b;

    return strcmp((*x)->tenant_id, (*y)->tenant_id);
}

/* How many of the first are of one tenant, as many as go into one transaction. */
static size_t group(struct ledger_entry **list, size_t count)
{
    size_t n = 1;

    while (n < count && n < AT_ONCE && strcmp(list[0]->tenant_id, list[n]->tenant_id) == 0)
        n++;
    return n;
}

/* What is done with a list of entries. */
struct writing {
    struct db_pool *db;
    rc_t (*write)(struct ctx *c, struct ledger_entry **list, size_t count); /* of one tenant */
    void (*written)(struct ledger_entry *e);
    void (*given_up)(struct ledger_entry *e); /* the database refuses it, however often */
    bool relaxed;                             /* a crash of the database may lose it */
};

static bool is_well_or_away(rc_t rc)
{
    return rc == OK || rc == E_UNAVAILABLE || rc == E_TIMEOUT;
}

/* In one transaction. */
static rc_t write_some(const struct writing *w, struct ledger_entry **list, size_t count,
                       bool relaxed)
{
    struct ctx *c = ctx_of(w->db, list[0]);
    rc_t rc;

    if (relaxed)
        db_relaxed(c);
    rc = w->write(c, list, count);
    if (rc != OK)
        log_fault(c, "calls_not_written");
    db_rollback(c);
    ctx_end(c);
    list[0]->refusals += count == 1 && !is_well_or_away(rc);
    for (size_t i = 0; i < count; i++) {
        list[i]->stored = rc == OK;
        list[i]->again = list[i]->again || rc != OK;
    }
    return rc;
}

/* False: what was written relaxed may not be on disk. */
static bool flush(struct db_pool *db)
{
    struct ctx *c = ctx_new(KIB(64), db);
    const rc_t rc = db_flush(c);

    if (rc != OK)
        log_fault(c, "calls_not_flushed");
    ctx_end(c);
    return rc == OK;
}

/*
 * Each tenant's in a transaction of its own, so that nobody waits for the rows of others. Those of
 * many wait for the disk together: where that fails, all come again.
 */
static void write_groups(const struct writing *w, struct ledger_entry **list, size_t count)
{
    const bool many = group(list, count) < count, relaxed = w->relaxed || many;

    for (size_t i = 0, n; i < count; i += n) {
        n = group(list + i, count - i);

        const rc_t rc = write_some(w, list + i, n, relaxed);

        /* One of them spoils it for the others. */
        for (size_t k = 0; k < n && n > 1 && !is_well_or_away(rc); k++)
            write_some(w, list + i + k, 1, relaxed);
    }
    if (!relaxed || w->relaxed || flush(w->db))
        return;
    for (size_t i = 0; i < count; i++) {
        list[i]->stored = false;
        list[i]->again = true;
    }
}

/* Keeps those that failed, at the front. */
static void write_each(const struct writing *w, struct ledger_entry **list, size_t *count)
{
    size_t left = 0;

    if (*count > 1)
        qsort(list, *count, sizeof(struct ledger_entry *), by_tenant);
    if (*count > 0)
        write_groups(w, list, *count);
    for (size_t i = 0; i < *count; i++)
        if (list[i]->stored)
            w->written(list[i]);
        else if (list[i]->refusals >= REFUSALS_MOST)
            w->given_up(list[i]);
        else
            list[left++] = list[i];
    *count = left;
}

static void booked(struct ledger_entry *e)
{
    purse_told(&e->hold);
    ledger_entry_free(e);
}

/* The log has what the ledger does not: its company was erased meanwhile, or it is our fault. */
static void not_booked(struct ledger_entry *e)
{
    struct ctx *c = ctx_new(KIB(16), NULL);

    log_error("call_not_booked", "call", e->id, "tenant", e->tenant_id, "provider", e->provider,
              "model", e->u.model, "outcome", e->u.outcome, "input",
              text_printf(c->mem, "%lld", (long long)e->u.tokens.input), "output",
              text_printf(c->mem, "%lld", (long long)e->u.tokens.output), "cost_micros",
              text_printf(c->mem, "%lld", (long long)e->u.cost_micros), NULL);
    ctx_end(c);
    booked(e);
}

/* It is booked all the same when it ends; until then its hold stays quiet. */
static void not_told(struct ledger_entry *e)
{
    e->refusals = 0;
}

bool ledger_batch_write(struct db_pool *db, struct ledger_batch *batch)
{
    /* A crash of the database makes all of a slice lost anyway: what it is told may be, too. */
    const struct writing tell = {db, tell_all, told, not_told, true},
                         book = {db, book_all, booked, not_booked, false};

    write_each(&tell, batch->tell, &batch->tell_count);
    write_each(&book, batch->book, &batch->book_count);
    return batch->tell_count == 0 && batch->book_count == 0;
}
