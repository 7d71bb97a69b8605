/*
 * Markdown to mrkdwn. md4c reads the Markdown (CommonMark with tables, strike-through and task
 * lists; HTML is text) and calls back for blocks, spans and text; here is decided what each
 * becomes. mrkdwn_writer.c writes it down.
 */
#include "channels/mrkdwn.h"

#include <md4c.h>
#include <string.h>

#include "channels/mrkdwn_writer.h"

static void link_leave(struct mrkdwn_writer *w, const MD_ATTRIBUTE *target)
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
        mrkdwn_show_raw(w, mrkdwn_link(w->mem, url, label));
        return;
    }
    mrkdwn_show(w, label.data, label.len);
    if (!text_blank(url) && !bytes_is(label, url)) {
        url = text_printf(w->mem, label.len > 0 ? " (%s)" : "%s", url);
        mrkdwn_show(w, url, strlen(url));
    }
}

static void code_span_leave(struct mrkdwn_writer *w)
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
        mrkdwn_show(w, code.data, code.len);
    } else {
        mrkdwn_span_enter(w, '`');
        mrkdwn_show(w, code.data, code.len);
        mrkdwn_span_leave(w);
    }
}

/* Code that Slack shows as a block; each line of it in a quote needs the quote's mark again. */
static void show_block(struct mrkdwn_writer *w, struct bytes code)
{
    mrkdwn_settle(w);
    buf_text(&w->out, "```\n");
    if (w->quotes > 0)
        buf_text(&w->out, "> ");
    while (code.len > 0 && code.data[code.len - 1] == '\n')
        code.len--;
    for (size_t at = 0; at < code.len;) {
        const char *end = memchr(code.data + at, '\n', code.len - at);
        size_t len = end == NULL ? code.len - at : (size_t)(end - code.data) - at;

        mrkdwn_escape_code(&w->out, code.data + at, len);
        mrkdwn_line_break(w, w->quotes > 0);
        at += len + 1;
    }
    buf_text(&w->out, "```");
}

static void item_enter(struct mrkdwn_writer *w, const MD_BLOCK_LI_DETAIL *item)
{
    size_t at = w->list_depth < LISTS_MAX ? w->list_depth : LISTS_MAX;
    struct list *list = &w->lists[at - 1];

    w->in_item = false;
    mrkdwn_block_break(w);
    mrkdwn_settle(w);
    mrkdwn_indent(w);
    if (item->is_task)
        buf_text(&w->out, item->task_mark == ' ' ? "\u2610 " : "\u2611 ");
    else if (list->ordered)
        buf_printf(&w->out, "%u. ", list->number++);
    else
        buf_text(&w->out, w->list_depth % 2 == 1 ? "\u2022 " : "\u25e6 ");
    w->after_mark = false;
    w->in_item = true;
}

static void list_enter(struct mrkdwn_writer *w, bool ordered, unsigned first)
{
    w->in_item = false;
    mrkdwn_block_break(w);
    if (w->list_depth < LISTS_MAX)
        w->lists[w->list_depth] = (struct list){.ordered = ordered, .number = first};
    w->list_depth++;
}

static int on_enter_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
    struct mrkdwn_writer *w = arg;

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
        mrkdwn_block_break(w);

    if (type == MD_BLOCK_QUOTE)
        w->quotes++;
    else if (type == MD_BLOCK_H)
        mrkdwn_span_enter(w, '*');
    else if (type == MD_BLOCK_CODE)
        w->in_code = true;
    else if (type == MD_BLOCK_HR)
        mrkdwn_show(w, "\u2014\u2014\u2014", 9);
    return w->out.over || w->held.over;
}

static int on_leave_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
    struct mrkdwn_writer *w = arg;

    (void)detail;
    if (type == MD_BLOCK_H) {
        mrkdwn_span_leave(w);
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
        mrkdwn_block_break(w);
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
    struct mrkdwn_writer *w = arg;

    (void)detail;
    if (type == MD_SPAN_CODE)
        w->in_code = true;
    else if (type == MD_SPAN_A || type == MD_SPAN_IMG)
        w->links++;
    else if (w->links == 0 && w->table == NULL)
        mrkdwn_span_enter(w, span_mark(type));
    return 0;
}

static int on_leave_span(MD_SPANTYPE type, void *detail, void *arg)
{
    struct mrkdwn_writer *w = arg;

    if (type == MD_SPAN_CODE)
        code_span_leave(w);
    else if (type == MD_SPAN_A)
        link_leave(w, &((MD_SPAN_A_DETAIL *)detail)->href);
    else if (type == MD_SPAN_IMG)
        link_leave(w, &((MD_SPAN_IMG_DETAIL *)detail)->src);
    else if (w->links == 0 && w->table == NULL)
        mrkdwn_span_leave(w);
    return w->out.over || w->held.over;
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE len, void *arg)
{
    struct mrkdwn_writer *w = arg;
    const char *entity = type == MD_TEXT_ENTITY ? mrkdwn_entity(w->mem, text, len) : NULL;

    if (entity != NULL)
        mrkdwn_put(w, entity, strlen(entity));
    else if (type == MD_TEXT_NULLCHAR)
        mrkdwn_put(w, "\ufffd", 3);
    else if (type != MD_TEXT_BR && type != MD_TEXT_SOFTBR)
        mrkdwn_put(w, text, len);
    else if (w->links > 0 || w->table != NULL)
        mrkdwn_put(w, " ", 1);
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
    struct mrkdwn_writer w = {
        .mem = c->mem, .out = buf_new(c->mem, MRKDWN_MAX), .held = buf_new(c->mem, MRKDWN_MAX)};
    size_t len = strlen(markdown);

    if (len <= MRKDWN_MAX && md_parse(markdown, (MD_SIZE)len, &parser, &w) == 0 && !w.out.over) {
        *out = buf_str(&w.out);
        return OK;
    }

    struct buf plain = buf_new(c->mem, MRKDWN_MAX);

    mrkdwn_escape(&plain, markdown, len);
    if (plain.over)
        return ctx_fail(c, E_LIMIT, "text_too_long",
                        "The text is longer than one Slack message can be.");
    *out = buf_str(&plain);
    return OK;
}
