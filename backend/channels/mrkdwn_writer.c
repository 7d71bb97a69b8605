/* See mrkdwn_writer.h. */
#include "channels/mrkdwn_writer.h"

#include <ctype.h>
#include <string.h>

#include "channels/mrkdwn.h"

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static bool ends_with(const struct buf *b, const char *text)
{
    size_t len = strlen(text);

    return b->len >= len && memcmp(b->data + b->len - len, text, len) == 0;
}

/* Keeps a mark and a word that touch apart, so that Slack sees the mark. */
static void keep_apart(struct mrkdwn_writer *w)
{
    if (!ends_with(&w->out, ZERO_WIDTH))
        buf_text(&w->out, ZERO_WIDTH);
}

static size_t spans_shown(const struct mrkdwn_writer *w)
{
    return w->span_depth < SPANS_MAX ? w->span_depth : SPANS_MAX;
}

static void marks_close(struct mrkdwn_writer *w, size_t down_to)
{
    for (size_t i = spans_shown(w); i > down_to; i--) {
        struct span *s = &w->spans[i - 1];

        if (s->written && s->mark != '\0') {
            buf_char(&w->out, s->mark);
            w->after_mark = true;
        }
        s->written = false;
    }
}

static void marks_open(struct mrkdwn_writer *w)
{
    for (size_t i = 0; i < spans_shown(w); i++) {
        struct span *s = &w->spans[i];

        if (s->written)
            continue;
        s->written = true;
        if (s->mark == '\0')
            continue;
        if (w->after_mark || (w->out.len > 0 && is_word(w->out.data[w->out.len - 1])))
            keep_apart(w);
        buf_char(&w->out, s->mark);
        w->after_mark = false;
    }
}

void mrkdwn_line_break(struct mrkdwn_writer *w, bool quoted)
{
    marks_close(w, 0);
    buf_char(&w->out, '\n');
    if (quoted)
        buf_text(&w->out, "> ");
    w->after_mark = false;
}

void mrkdwn_indent(struct mrkdwn_writer *w)
{
    size_t depth = w->list_depth < LISTS_MAX ? w->list_depth : LISTS_MAX;

    for (size_t i = 1; i < depth; i++)
        buf_text(&w->out, "    ");
}

/* Writes what was put off: line breaks and quote marks. Called before anything that shows. */
void mrkdwn_settle(struct mrkdwn_writer *w)
{
    bool first = w->out.len == 0;

    for (int i = first ? 0 : w->breaks; i > 0; i--)
        mrkdwn_line_break(w, (i == 1 ? w->quotes : w->quotes_least) > 0);
    if (first && w->quotes > 0)
        buf_text(&w->out, "> ");
    w->breaks = 0;
    w->quotes_least = w->quotes;
    w->in_item = false;
}

void mrkdwn_block_break(struct mrkdwn_writer *w)
{
    int wanted = w->list_depth > 0 ? 1 : 2;

    if (!w->in_item && w->breaks < wanted)
        w->breaks = wanted;
}

/* Begins or goes on with text: on a new line of a list item it stands under the item's text. */
static void begin(struct mrkdwn_writer *w)
{
    bool new_line = w->breaks > 0 && w->out.len > 0;

    mrkdwn_settle(w);
    if (new_line && w->list_depth > 0) {
        mrkdwn_indent(w);
        buf_text(&w->out, "  ");
    }
    marks_open(w);
}

/* Text with marks around it, escaped. */
void mrkdwn_show(struct mrkdwn_writer *w, const char *text, size_t len)
{
    if (len == 0)
        return;
    begin(w);
    if (w->after_mark && is_word(text[0]))
        keep_apart(w);
    w->after_mark = false;
    mrkdwn_escape(&w->out, text, len);
}

void mrkdwn_span_enter(struct mrkdwn_writer *w, char mark)
{
    bool there = false;

    for (size_t i = 0; i < spans_shown(w); i++)
        there = there || w->spans[i].mark == mark;
    if (w->span_depth < SPANS_MAX)
        w->spans[w->span_depth] = (struct span){.mark = there ? '\0' : mark};
    w->span_depth++;
}

void mrkdwn_span_leave(struct mrkdwn_writer *w)
{
    if (w->span_depth <= SPANS_MAX)
        marks_close(w, w->span_depth - 1);
    w->span_depth--;
}

/* Where plain text goes at this moment. */
void mrkdwn_put(struct mrkdwn_writer *w, const char *text, size_t len)
{
    if (w->in_code || w->links > 0)
        buf_add(&w->held, text, len);
    else if (w->table != NULL)
        mrkdwn_table_text(w->table, text, len);
    else
        mrkdwn_show(w, text, len);
}

/* Text that is already in Slack's mark-up, with the marks around it. */
void mrkdwn_show_raw(struct mrkdwn_writer *w, struct bytes raw)
{
    begin(w);
    w->after_mark = false;
    buf_add(&w->out, raw.data, raw.len);
}
