/*
 * Slack's text as people read it. In events &, < and > are written as entities, and everything
 * between < and > is mark-up: mentions, channels, dates, links.
 * https://api.slack.com/reference/surfaces/formatting#retrieving-messages
 */
#include <string.h>

#include "channels/slack.h"

static const struct {
    const char *entity;
    char plain;
} entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}};

/* Adds text with the three entities undone. */
static void add_plain(struct buf *out, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t step = 1;
        char c = text[at];

        for (size_t i = 0; c == '&' && i < COUNT_OF(entities); i++) {
            size_t width = strlen(entities[i].entity);

            if (width <= len - at && memcmp(text + at, entities[i].entity, width) == 0) {
                c = entities[i].plain;
                step = width;
                break;
            }
        }
        buf_char(out, c);
        at += step;
    }
}

/* One piece of mark-up, cut at its first bar: <target|label>. */
struct token {
    struct bytes target, label; /* label is empty when there is none */
    size_t len;                 /* with both angle brackets */
};

/* Reads the mark-up that begins at text[0] == '<'; false when it is none. */
static bool token_read(const char *text, struct token *out)
{
    size_t inside = strcspn(text + 1, "<>");

    if (text[1 + inside] != '>' || inside == 0)
        return false;

    const char *bar = memchr(text + 1, '|', inside);
    size_t target = bar == NULL ? inside : (size_t)(bar - text - 1);

    *out = (struct token){
        .target = {text + 1, target}, .label = {text + 1 + inside, 0}, .len = inside + 2};
    if (bar != NULL)
        out->label = (struct bytes){bar + 1, inside - target - 1};
    return true;
}

static bool token_is_user(const struct token *t, const char *user)
{
    return user != NULL && t->target.len > 1 && t->target.data[0] == '@' &&
           bytes_is((struct bytes){t->target.data + 1, t->target.len - 1}, user);
}

static bool starts(struct bytes b, const char *with)
{
    return b.len >= strlen(with) && memcmp(b.data, with, strlen(with)) == 0;
}

/* <!here>, <!subteam^S1|@ops>, <!date^1392734382^{date}|18 February>. */
static void add_special(struct buf *out, const struct token *t)
{
    if (t->label.len > 0) {
        add_plain(out, t->label.data, t->label.len);
        return;
    }
    const char *end = memchr(t->target.data, '^', t->target.len);

    buf_char(out, '@');
    add_plain(out, t->target.data + 1,
              end == NULL ? t->target.len - 1 : (size_t)(end - t->target.data) - 1);
}

static void add_link(struct buf *out, const struct token *t)
{
    struct bytes url = t->target;
    struct bytes bare = url;

    if (starts(url, "mailto:"))
        url = bare = (struct bytes){url.data + 7, url.len - 7};
    else if (starts(url, "http://"))
        bare = (struct bytes){url.data + 7, url.len - 7};

    /* Slack links what looks like an address by itself: then the label says it all. */
    if (t->label.len == 0 || bytes_eq(t->label, url) || bytes_eq(t->label, bare)) {
        add_plain(out, url.data, url.len);
        return;
    }
    add_plain(out, t->label.data, t->label.len);
    buf_text(out, " (");
    add_plain(out, url.data, url.len);
    buf_char(out, ')');
}

static void add_token(struct buf *out, const struct token *t, const char *self)
{
    char kind = t->target.len == 0 ? '\0' : t->target.data[0];
    struct bytes name = t->label.len > 0 || kind == '\0'
                            ? t->label
                            : (struct bytes){t->target.data + 1, t->target.len - 1};

    if (token_is_user(t, self)) {
        buf_text(out, "@you");
    } else if (kind == '@' || kind == '#') {
        /* Some labels bring their own sign along. */
        if (name.len == 0 || name.data[0] != kind)
            buf_char(out, kind);
        add_plain(out, name.data, name.len);
    } else if (kind == '!') {
        add_special(out, t);
    } else {
        add_link(out, t);
    }
}

/* Steps over mentions of ourselves at the start, and what stands between them and the message. */
static const char *skip_own(const char *text, const char *self)
{
    const char *at = text + strspn(text, " \t\r\n");
    struct token t;

    while (*at == '<' && token_read(at, &t) && token_is_user(&t, self)) {
        at += t.len;
        at += strspn(at, " \t\r\n:,");
    }
    return *at == '\0' ? text : at;
}

bool slack_mentions(const char *text, const char *user)
{
    struct token t;

    for (const char *at = strchr(text, '<'); at != NULL; at = strchr(at + 1, '<'))
        if (token_read(at, &t) && token_is_user(&t, user))
            return true;
    return false;
}

const char *slack_plain(struct arena *mem, const char *text, const char *self)
{
    /*
     * Undone mark-up is at most as long as the mark-up, but for the sign of a mention and the
     * brackets of a link.
     */
    struct buf out = buf_new(mem, 2 * strlen(text) + 8);
    const char *at = skip_own(text, self);

    while (*at != '\0') {
        size_t plain = strcspn(at, "<");
        struct token t;

        add_plain(&out, at, plain);
        at += plain;
        if (*at == '<' && token_read(at, &t)) {
            add_token(&out, &t, self);
            at += t.len;
        } else if (*at == '<') {
            buf_char(&out, '<');
            at++;
        }
    }
    return buf_str(&out);
}
