/*
 * Cuts a long answer into parts that a channel takes; see channel_split in channel.h. A part is
 * never cut at a worse place than needed, but a good place too early would make parts of one line
 * each: a boundary counts when it leaves the part at least a third full.
 */
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "channels/channel.h"

#define LANGUAGE_MAX 20
#define FENCE_MAX 8

/*
 * A code fence that is open: its marks and its language, as they are written again in the next
 * part.
 */
struct fence {
    char mark; /* 0: none is open */
    size_t run;
    const char *language;
    size_t language_len;
    const char *line; /* where it was opened */
    const char *body; /* and what follows */
};

static size_t run_of(const char *text, size_t len, char mark)
{
    size_t run = 0;

    while (run < len && text[run] == mark)
        run++;
    return run;
}

/*
 * Looks at one line and opens or closes a fence. Lists indent fences, so any indentation is
 * allowed.
 */
static void fence_line(struct fence *f, const char *line, size_t len)
{
    size_t blank = 0;

    while (blank < len && (line[blank] == ' ' || line[blank] == '\t'))
        blank++;
    line += blank;
    len -= blank;
    if (len == 0 || (line[0] != '`' && line[0] != '~'))
        return;

    char mark = line[0];
    size_t run = run_of(line, len, mark);
    const char *rest = line + run;
    size_t rest_len = len - run;

    while (rest_len > 0 && isspace((unsigned char)rest[0])) {
        rest++;
        rest_len--;
    }
    if (run < 3)
        return;
    if (f->mark != '\0') {
        if (mark == f->mark && run >= f->run && rest_len == 0)
            f->mark = '\0';
        return;
    }
    if (run > FENCE_MAX || (mark == '`' && memchr(rest, '`', rest_len) != NULL))
        return;

    size_t word = 0;

    while (word < rest_len && !isspace((unsigned char)rest[word]))
        word++;
    *f = (struct fence){.mark = mark,
                        .run = run,
                        .language = rest,
                        .language_len = word <= LANGUAGE_MAX ? word : 0};
    f->body = line + len;
}

static size_t line_len(const char *text, size_t len)
{
    const char *end = memchr(text, '\n', len);

    return end == NULL ? len : (size_t)(end - text);
}

/* The fence as it stands after `len` bytes of text that begin in state f. */
static struct fence fence_after(struct fence f, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t line = line_len(text + at, len - at);
        bool was_open = f.mark != '\0';

        fence_line(&f, text + at, line);
        if (!was_open)
            f.line = text + at;
        at += line + 1;
    }
    return f;
}

static size_t paragraph_end(const char *text, size_t len)
{
    for (size_t at = len; at >= 2; at--)
        if (text[at - 1] == '\n' && text[at - 2] == '\n')
            return at;
    return 0;
}

static size_t line_end(const char *text, size_t len)
{
    for (size_t at = len; at >= 1; at--)
        if (text[at - 1] == '\n')
            return at;
    return 0;
}

/* After ". ", "! ", "? " or the full stops of Chinese and Japanese, which stand without a blank. */
static size_t sentence_end(const char *text, size_t len)
{
    static const char *const wide[] = {"\u3002", "\uff01", "\uff1f"};

    for (size_t at = len; at >= 3; at--) {
        if (isspace((unsigned char)text[at - 1]) && strchr(".!?", text[at - 2]) != NULL)
            return at;
        for (size_t i = 0; i < COUNT_OF(wide); i++)
            if (memcmp(text + at - 3, wide[i], 3) == 0)
                return at;
    }
    return 0;
}

static size_t word_end(const char *text, size_t len)
{
    for (size_t at = len; at >= 1; at--)
        if (isspace((unsigned char)text[at - 1]))
            return at;
    return 0;
}

/*
 * Where to cut text that is longer than max: the first kind of boundary that leaves the part a
 * third full.
 */
static size_t cut_at(const char *text, size_t len, size_t max, bool in_code)
{
    static size_t (*const kinds[])(const char *text, size_t len) = {paragraph_end, line_end,
                                                                    sentence_end, word_end};

    /* In code there are no sentences, and an empty line is no better than another. */
    static const bool for_code[] = {false, true, false, true};

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        size_t at = in_code && !for_code[i] ? 0 : kinds[i](text, max);

        if (at >= max / 3)
            return at;
    }

    size_t at = word_end(text, max);

    if (at == 0)
        at = text_cut(text, len, max);
    /* Only text that is no UTF-8 has no place between two characters. */
    return at > 0 ? at : max;
}

static void fence_open(struct buf *part, const struct fence *f)
{
    for (size_t i = 0; i < f->run; i++)
        buf_char(part, f->mark);
    buf_add(part, f->language, f->language_len);
    buf_char(part, '\n');
}

static void fence_close(struct buf *part, const struct fence *f)
{
    if (part->data[part->len - 1] != '\n')
        buf_char(part, '\n');
    for (size_t i = 0; i < f->run; i++)
        buf_char(part, f->mark);
}

/* A fence that was opened just before the cut has nothing in it yet: better to cut before it. */
static bool fence_empty(const struct fence *f, const char *from, size_t cut)
{
    if (f->mark == '\0' || f->line <= from)
        return false;
    for (const char *at = f->body; at < from + cut; at++)
        if (!isspace((unsigned char)*at))
            return false;
    return true;
}

/* The length of the line at text when it closes the fence, with its line break; else 0. */
static size_t fence_end_line(struct fence f, const char *text)
{
    size_t left = strlen(text);
    size_t line = line_len(text, left);

    fence_line(&f, text, line);
    return f.mark != '\0' ? 0 : line + (line < left);
}

/* Text of a part without the white space at its end. */
static size_t trimmed(const char *text, size_t len)
{
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    return len;
}

struct parts {
    const char **list;
    size_t count, room;
};

static void parts_add(struct arena *mem, struct parts *p, const char *part)
{
    if (p->count == p->room) {
        size_t room = p->room == 0 ? 8 : p->room * 2;
        const char **list = arena_take(mem, room * sizeof(*list));

        if (p->count > 0)
            memcpy(list, p->list, p->count * sizeof(*list));
        p->list = list;
        p->room = room;
    }
    p->list[p->count++] = part;
}

/* Between two parts of prose all white space goes; code keeps its indentation. */
static size_t gap(const char *text, bool in_code)
{
    size_t line = strspn(text, "\r\n");

    if (in_code)
        return 0;
    /* The indentation of a list stays, as long as it begins a line. */
    return line > 0 ? line : strspn(text, " \t");
}

/*
 * Where this part ends. *after becomes the fence's state there; an open one is known to find room
 * for its end.
 */
static size_t part_end(const char *text, size_t room, const struct fence *before,
                       struct fence *after)
{
    size_t left = strlen(text);
    size_t cut = left <= room ? left : cut_at(text, left, room, before->mark != '\0');

    *after = fence_after(*before, text, cut);
    if (cut == left || after->mark == '\0')
        return cut;
    cut = cut_at(text, left, room - after->run - 1, before->mark != '\0');
    *after = fence_after(*before, text, cut);
    if (fence_empty(after, text, cut)) {
        cut = (size_t)(after->line - text);
        *after = fence_after(*before, text, cut);
    }
    return cut;
}

rc_t channel_split(struct ctx *c, const char *markdown, size_t max, const char ***parts,
                   size_t *count)
{
    struct parts found = {0};
    struct fence before = {0}, after;
    const char *at = markdown +
                     (text_blank(markdown) ? strlen(markdown) : strspn(markdown, "\r\n"));

    if (max < CHANNEL_SPLIT_LEAST)
        return ctx_fail(c, E_INTERNAL, "split_max", "parts of %zu bytes are too small", max);
    for (; *at != '\0'; before = after) {
        struct buf part = buf_new(c->mem, max);

        if (before.mark != '\0')
            fence_open(&part, &before);

        size_t cut = part_end(at, max - part.len, &before, &after);
        bool open = after.mark != '\0' && at[cut] != '\0';

        buf_add(&part, at, open ? cut : trimmed(at, cut));
        at += cut;
        if (open) {
            bool whole_line = part.data[part.len - 1] == '\n';

            fence_close(&part, &after);
            if (whole_line && fence_end_line(after, at) > 0) {
                at += fence_end_line(after, at);
                after.mark = '\0';
            }
        }
        assert(!part.over);
        if (!text_blank(buf_str(&part)))
            parts_add(c->mem, &found, buf_str(&part));
        at += gap(at, after.mark != '\0');
    }
    *parts = found.list;
    *count = found.count;
    return OK;
}
