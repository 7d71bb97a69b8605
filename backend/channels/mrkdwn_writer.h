/*
 * Writes mrkdwn: line breaks, quote marks, and the marks of spans. What it is that gets written is
 * decided in mrkdwn.c.
 *
 * Slack's marks do not reach over line breaks and are not seen inside words. So marks are written
 * when the first text inside them comes, are closed and opened again around each line break, and
 * where a word touches them from outside a zero-width space stands between.
 */
#ifndef CHANNELS_MRKDWN_WRITER_H
#define CHANNELS_MRKDWN_WRITER_H

#include "channels/mrkdwn_text.h"

#define SPANS_MAX 32
#define LISTS_MAX 16

struct span {
    char mark; /* 0: shown by nothing, such as bold inside a heading */
    bool written;
};

struct list {
    bool ordered;
    unsigned number;
};

struct mrkdwn_writer {
    struct arena *mem;
    struct buf out;
    struct span spans[SPANS_MAX];
    size_t span_depth; /* may pass SPANS_MAX: what is deeper has no marks */
    struct list lists[LISTS_MAX];
    size_t list_depth;           /* may pass LISTS_MAX: what is deeper is not indented further */
    size_t quotes, quotes_least; /* now, and the least since something was written */
    int breaks;                  /* line breaks to write before the next text */
    bool after_mark;             /* the last byte closes a span */
    bool in_item; /* a bullet was just written: the first block follows on its line */
    bool in_code; /* code, span or block: text goes to `held` */
    size_t links; /* nested links and images: text goes to `held` */
    struct buf held;
    struct mrkdwn_table *table; /* not NULL: text goes to its cell */
};

/*
 * Line breaks and marks as they are due; then text goes on where it stands. For bullets and code
 * blocks.
 */
void mrkdwn_settle(struct mrkdwn_writer *w);
/* The indentation of a list item. */
void mrkdwn_indent(struct mrkdwn_writer *w);
/* A line break now, with the quote's mark on the new line when `quoted`. */
void mrkdwn_line_break(struct mrkdwn_writer *w, bool quoted);
/* Asks for the break that stands before a block. */
void mrkdwn_block_break(struct mrkdwn_writer *w);

/* Text, escaped, with the marks of the open spans around it. */
void mrkdwn_show(struct mrkdwn_writer *w, const char *text, size_t len);
/* The same for what is mrkdwn already, such as a link. */
void mrkdwn_show_raw(struct mrkdwn_writer *w, struct bytes raw);
/* Plain text to where it goes at this moment: held back (code, links), into a table, or shown. */
void mrkdwn_put(struct mrkdwn_writer *w, const char *text, size_t len);

/* A span; mark 0 is one that does not show. A mark inside itself shows once. */
void mrkdwn_span_enter(struct mrkdwn_writer *w, char mark);
void mrkdwn_span_leave(struct mrkdwn_writer *w);

#endif
