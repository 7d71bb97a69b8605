/* Tables for a channel that has none: lines of code with even columns. See mrkdwn_text.h. */
#include <string.h>

#include "channels/mrkdwn_text.h"

/*
 * A column is padded up to this width; a longer cell simply sticks out, so that it does not widen
 * every row.
 */
#define PAD_MAX 40
#define CELL_MAX 8000

struct cell {
    struct buf text;
    struct cell *next;
};

struct row {
    struct cell *first, *last;
    struct row *next;
};

struct mrkdwn_table {
    struct arena *mem;
    struct row *first, *last;
};

struct mrkdwn_table *mrkdwn_table_new(struct arena *mem)
{
    struct mrkdwn_table *t = arena_take(mem, sizeof(*t));

    t->mem = mem;
    return t;
}

void mrkdwn_table_row(struct mrkdwn_table *t)
{
    struct row *row = arena_take(t->mem, sizeof(*row));

    if (t->last == NULL)
        t->first = row;
    else
        t->last->next = row;
    t->last = row;
}

void mrkdwn_table_cell(struct mrkdwn_table *t)
{
    struct cell *cell = arena_take(t->mem, sizeof(*cell));

    cell->text = buf_new(t->mem, CELL_MAX);
    if (t->last->last == NULL)
        t->last->first = cell;
    else
        t->last->last->next = cell;
    t->last->last = cell;
}

void mrkdwn_table_text(struct mrkdwn_table *t, const char *text, size_t len)
{
    buf_add(&t->last->last->text, text, len);
}

/* Characters, not bytes. */
static size_t width(const struct buf *text)
{
    size_t count = 0;

    for (size_t i = 0; i < text->len; i++)
        count += ((unsigned char)text->data[i] & 0xc0) != 0x80;
    return count;
}

/* The width of each column, in an array as long as the longest row. */
static size_t *widths(struct mrkdwn_table *t)
{
    size_t most = 0;

    for (const struct row *row = t->first; row != NULL; row = row->next) {
        size_t count = 0;

        for (const struct cell *cell = row->first; cell != NULL; cell = cell->next)
            count++;
        most = count > most ? count : most;
    }

    size_t *wide = arena_take(t->mem, (most + 1) * sizeof(*wide));

    for (const struct row *row = t->first; row != NULL; row = row->next) {
        size_t at = 0;

        for (const struct cell *cell = row->first; cell != NULL; cell = cell->next, at++) {
            size_t w = width(&cell->text) < PAD_MAX ? width(&cell->text) : PAD_MAX;

            wide[at] = w > wide[at] ? w : wide[at];
        }
    }
    return wide;
}

static void add_row(struct buf *out, const struct row *row, const size_t *wide)
{
    size_t at = 0;

    for (const struct cell *cell = row->first; cell != NULL; cell = cell->next, at++) {
        buf_add(out, cell->text.data, cell->text.len);
        if (cell->next == NULL)
            break;
        for (size_t w = width(&cell->text); w < wide[at]; w++)
            buf_char(out, ' ');
        buf_text(out, " | ");
    }
    buf_char(out, '\n');
}

static void add_rule(struct buf *out, const struct row *row, const size_t *wide)
{
    size_t at = 0;

    for (const struct cell *cell = row->first; cell != NULL; cell = cell->next, at++) {
        for (size_t w = 0; w < wide[at]; w++)
            buf_char(out, '-');
        if (cell->next != NULL)
            buf_text(out, "-|-");
    }
    buf_char(out, '\n');
}

struct buf mrkdwn_table_code(struct mrkdwn_table *t, size_t max)
{
    struct buf out = buf_new(t->mem, max);
    const size_t *wide = widths(t);

    for (const struct row *row = t->first; row != NULL; row = row->next) {
        add_row(&out, row, wide);
        if (row == t->first)
            add_rule(&out, row, wide);
    }
    return out;
}
