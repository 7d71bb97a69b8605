/*
 * Markdown to mrkdwn. md4c reads the Markdown (CommonMark with tables, strike-through and task lists; HTML is text) and
 * calls back for blocks, spans and text; this file writes them down in Slack's way. Tables are in mrkdwn_table.c.
 *
 * Slack's marks do not reach over line breaks and are not seen inside words. So marks are written when the first text
 * inside them comes, are closed and opened again around each line break, and where a word touches them from outside a
 * zero-width space stands between.
 */
#include "channels/mrkdwn.h"

#include <ctype.h>
#include <md4c.h>
#include <string.h>

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

struct writer {
    struct arena *mem;
    struct buf out;
    struct span spans[SPANS_MAX];
    size_t span_depth; /* may pass SPANS_MAX: what is deeper has no marks */
    struct list lists[LISTS_MAX];
    size_t list_depth; /* may pass LISTS_MAX: what is deeper is not indented further */
    size_t quotes, quotes_least; /* now, and the least since something was written */
    int breaks;                  /* line breaks to write before the next text */
    bool after_mark;             /* the last byte closes a span */
    bool in_item;                /* a bullet was just written: the first block follows on its line */
    bool in_code;                /* code, span or block: text goes to `held` */
    size_t links;                /* nested links and images: text goes to `held` */
    struct buf held;
    struct mrkdwn_table *table; /* not NULL: text goes to its cell */
};

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
static void keep_apart(struct writer *w)
{
    if (!ends_with(&w->out, ZERO_WIDTH))
        buf_text(&w->out, ZERO_WIDTH);
}

static size_t spans_shown(const struct writer *w)
{
    return w->span_depth < SPANS_MAX ? w->span_depth : SPANS_MAX;
}

static void marks_close(struct writer *w, size_t down_to)
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

static void marks_open(struct writer *w)
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

static void line_break(struct writer *w, bool quoted)
{
    marks_close(w, 0);
    buf_char(&w->out, '\n');
    if (quoted)
        buf_text(&w->out, "> ");
    w->after_mark = false;
}

static void indent(struct writer *w)
{
    size_t depth = w->list_depth < LISTS_MAX ? w->list_depth : LISTS_MAX;

    for (size_t i = 1; i < depth; i++)
        buf_text(&w->out, "    ");
}

/* Writes what was put off: line breaks and quote marks. Called before anything that shows. */
static void settle(struct writer *w)
{
    bool first = w->out.len == 0;

    for (int i = first ? 0 : w->breaks; i > 0; i--)
        line_break(w, (i == 1 ? w->quotes : w->quotes_least) > 0);
    if (first && w->quotes > 0)
        buf_text(&w->out, "> ");
    w->breaks = 0;
    w->quotes_least = w->quotes;
    w->in_item = false;
}

static void block_break(struct writer *w)
{
    int wanted = w->list_depth > 0 ? 1 : 2;

    if (!w->in_item && w->breaks < wanted)
        w->breaks = wanted;
}

/* Begins or goes on with text: on a new line of a list item it stands under the item's text. */
static void begin(struct writer *w)
{
    bool new_line = w->breaks > 0 && w->out.len > 0;

    settle(w);
    if (new_line && w->list_depth > 0) {
        indent(w);
        buf_text(&w->out, "  ");
    }
    marks_open(w);
}

/* Text with marks around it, escaped. */
static void show(struct writer *w, const char *text, size_t len)
{
    if (len == 0)
        return;
    begin(w);
    if (w->after_mark && is_word(text[0]))
        keep_apart(w);
    w->after_mark = false;
    mrkdwn_escape(&w->out, text, len);
}

static void span_enter(struct writer *w, char mark)
{
    bool there = false;

    for (size_t i = 0; i < spans_shown(w); i++)
        there = there || w->spans[i].mark == mark;
    if (w->span_depth < SPANS_MAX)
        w->spans[w->span_depth] = (struct span){.mark = there ? '\0' : mark};
    w->span_depth++;
}

static void span_leave(struct writer *w)
{
    if (w->span_depth <= SPANS_MAX)
        marks_close(w, w->span_depth - 1);
    w->span_depth--;
}

/* Where plain text goes at this moment. */
static void text_put(struct writer *w, const char *text, size_t len)
{
    if (w->in_code || w->links > 0)
        buf_add(&w->held, text, len);
    else if (w->table != NULL)
        mrkdwn_table_text(w->table, text, len);
    else
        show(w, text, len);
}

/* Text that is already in Slack's mark-up, with the marks around it. */
static void show_raw(struct writer *w, struct bytes raw)
{
    begin(w);
    w->after_mark = false;
    buf_add(&w->out, raw.data, raw.len);
}

static void link_leave(struct writer *w, const MD_ATTRIBUTE *target)
{
    struct bytes label = buf_bytes(&w->held);
    const char *url = mrkdwn_attribute(w->mem, target);

    if (--w->links > 0)
        return;
    w->held = buf_new(w->mem, MRKDWN_MAX);
    if (w->table != NULL) {
        mrkdwn_table_text(w->table, label.data, label.len);
        return;
    }
    if (mrkdwn_url_safe(url)) {
        show_raw(w, mrkdwn_link(w->mem, url, label));
        return;
    }
    show(w, label.data, label.len);
    if (!text_blank(url) && !bytes_is(label, url)) {
        url = text_printf(w->mem, label.len > 0 ? " (%s)" : "%s", url);
        show(w, url, strlen(url));
    }
}

static void code_span_leave(struct writer *w)
{
    struct bytes code = buf_bytes(&w->held);

    w->in_code = false;
    if (w->links > 0)
        return;
    w->held = buf_new(w->mem, MRKDWN_MAX);
    if (w->table != NULL) {
        mrkdwn_table_text(w->table, code.data, code.len);
    } else if (code.len == 0 || memchr(code.data, '`', code.len) != NULL) {
        /* Slack has no way to write a backtick inside code. */
        show(w, code.data, code.len);
    } else {
        span_enter(w, '`');
        show(w, code.data, code.len);
        span_leave(w);
    }
}

/* Code that Slack shows as a block; each line of it in a quote needs the quote's mark again. */
static void show_block(struct writer *w, struct bytes code)
{
    settle(w);
    buf_text(&w->out, "```\n");
    if (w->quotes > 0)
        buf_text(&w->out, "> ");
    while (code.len > 0 && code.data[code.len - 1] == '\n')
        code.len--;
    for (size_t at = 0; at < code.len;) {
        const char *end = memchr(code.data + at, '\n', code.len - at);
        size_t len = end == NULL ? code.len - at : (size_t)(end - code.data) - at;

        mrkdwn_escape_code(&w->out, code.data + at, len);
        line_break(w, w->quotes > 0);
        at += len + 1;
    }
    buf_text(&w->out, "```");
}

static void item_enter(struct writer *w, const MD_BLOCK_LI_DETAIL *item)
{
    size_t at = w->list_depth < LISTS_MAX ? w->list_depth : LISTS_MAX;
    struct list *list = &w->lists[at - 1];

    w->in_item = false;
    block_break(w);
    settle(w);
    indent(w);
    if (item->is_task)
        buf_text(&w->out, item->task_mark == ' ' ? "\u2610 " : "\u2611 ");
    else if (list->ordered)
        buf_printf(&w->out, "%u. ", list->number++);
    else
        buf_text(&w->out, w->list_depth % 2 == 1 ? "\u2022 " : "\u25e6 ");
    w->after_mark = false;
    w->in_item = true;
}

static void list_enter(struct writer *w, bool ordered, unsigned first)
{
    w->in_item = false;
    block_break(w);
    if (w->list_depth < LISTS_MAX)
        w->lists[w->list_depth] = (struct list){.ordered = ordered, .number = first};
    w->list_depth++;
}

static int on_enter_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
    struct writer *w = arg;

    if (type == MD_BLOCK_UL)
        list_enter(w, false, 0);
    else if (type == MD_BLOCK_OL)
        list_enter(w, true, ((MD_BLOCK_OL_DETAIL *)detail)->start);
    else if (type == MD_BLOCK_LI)
        item_enter(w, detail);
    else if (type == MD_BLOCK_TABLE)
        w->table = mrkdwn_table_new(w->mem);
    else if (type == MD_BLOCK_TR)
        mrkdwn_table_row(w->table);
    else if (type == MD_BLOCK_TH || type == MD_BLOCK_TD)
        mrkdwn_table_cell(w->table);
    else if (type != MD_BLOCK_DOC && type != MD_BLOCK_THEAD && type != MD_BLOCK_TBODY)
        block_break(w);

    if (type == MD_BLOCK_QUOTE)
        w->quotes++;
    else if (type == MD_BLOCK_H)
        span_enter(w, '*');
    else if (type == MD_BLOCK_CODE)
        w->in_code = true;
    else if (type == MD_BLOCK_HR)
        show(w, "\u2014\u2014\u2014", 9);
    return w->out.over || w->held.over;
}

static int on_leave_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
    struct writer *w = arg;

    (void)detail;
    if (type == MD_BLOCK_H) {
        span_leave(w);
    } else if (type == MD_BLOCK_QUOTE) {
        if (--w->quotes < w->quotes_least)
            w->quotes_least = w->quotes;
    } else if (type == MD_BLOCK_UL || type == MD_BLOCK_OL) {
        w->list_depth--;
        w->in_item = false;
    } else if (type == MD_BLOCK_CODE) {
        w->in_code = false;
        show_block(w, buf_bytes(&w->held));
        w->held = buf_new(w->mem, MRKDWN_MAX);
    } else if (type == MD_BLOCK_TABLE) {
        struct buf code = mrkdwn_table_code(w->table, MRKDWN_MAX);

        w->table = NULL;
        block_break(w);
        show_block(w, buf_bytes(&code));
        w->out.over |= code.over;
    }
    return w->out.over || w->held.over;
}

static const char marks[] = {[MD_SPAN_EM] = '_', [MD_SPAN_STRONG] = '*', [MD_SPAN_DEL] = '~'};

static char span_mark(MD_SPANTYPE type)
{
    return (size_t)type < sizeof(marks) ? marks[type] : '\0';
}

static int on_enter_span(MD_SPANTYPE type, void *detail, void *arg)
{
    struct writer *w = arg;

    (void)detail;
    if (type == MD_SPAN_CODE)
        w->in_code = true;
    else if (type == MD_SPAN_A || type == MD_SPAN_IMG)
        w->links++;
    else if (w->links == 0 && w->table == NULL)
        span_enter(w, span_mark(type));
    return 0;
}

static int on_leave_span(MD_SPANTYPE type, void *detail, void *arg)
{
    struct writer *w = arg;

    if (type == MD_SPAN_CODE)
        code_span_leave(w);
    else if (type == MD_SPAN_A)
        link_leave(w, &((MD_SPAN_A_DETAIL *)detail)->href);
    else if (type == MD_SPAN_IMG)
        link_leave(w, &((MD_SPAN_IMG_DETAIL *)detail)->src);
    else if (w->links == 0 && w->table == NULL)
        span_leave(w);
    return w->out.over || w->held.over;
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE len, void *arg)
{
    struct writer *w = arg;
    const char *entity = type == MD_TEXT_ENTITY ? mrkdwn_entity(w->mem, text, len) : NULL;

    if (entity != NULL)
        text_put(w, entity, strlen(entity));
    else if (type == MD_TEXT_NULLCHAR)
        text_put(w, "\ufffd", 3);
    else if (type != MD_TEXT_BR && type != MD_TEXT_SOFTBR)
        text_put(w, text, len);
    else if (w->links > 0 || w->table != NULL)
        text_put(w, " ", 1);
    else if (w->breaks == 0)
        w->breaks = 1;
    return w->out.over || w->held.over;
}

rc_t mrkdwn_of(struct ctx *c, const char *markdown, const char **out)
{
    static const MD_PARSER parser = {
        .flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_NOHTML |
                 MD_FLAG_NOINDENTEDCODEBLOCKS | MD_FLAG_PERMISSIVEURLAUTOLINKS,
        .enter_block = on_enter_block,
        .leave_block = on_leave_block,
        .enter_span = on_enter_span,
        .leave_span = on_leave_span,
        .text = on_text,
    };
    struct writer w = {
        .mem = c->mem, .out = buf_new(c->mem, MRKDWN_MAX), .held = buf_new(c->mem, MRKDWN_MAX)};
    size_t len = strlen(markdown);

    if (len <= MRKDWN_MAX && md_parse(markdown, (MD_SIZE)len, &parser, &w) == 0 && !w.out.over) {
        *out = buf_str(&w.out);
        return OK;
    }

    struct buf plain = buf_new(c->mem, MRKDWN_MAX);

    mrkdwn_escape(&plain, markdown, len);
    if (plain.over)
        return ctx_fail(c, E_LIMIT, "text_too_long", "The text is longer than one Slack message can be.");
    *out = buf_str(&plain);
    return OK;
}
