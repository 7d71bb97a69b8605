/* Escaping, entities and links of mrkdwn; see mrkdwn_text.h. */
#include "channels/mrkdwn_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void mrkdwn_escape(struct buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '&')
            buf_text(out, "&amp;");
        else if (text[i] == '<')
            buf_text(out, "&lt;");
        else if (text[i] == '>')
            buf_text(out, "&gt;");
        else
            buf_char(out, text[i]);
    }
}

void mrkdwn_escape_code(struct buf *out, const char *text, size_t len)
{
    size_t ticks = 0;

    for (size_t i = 0; i < len; i++) {
        ticks = text[i] == '`' ? ticks + 1 : 0;
        if (ticks == 3) {
            buf_text(out, ZERO_WIDTH);
            ticks = 1;
        }
        mrkdwn_escape(out, text + i, 1);
    }
}

/* UTF-8 of a code point; what is none becomes the replacement character. */
static const char *utf8_of(struct arena *mem, unsigned long at)
{
    if (at == 0 || at > 0x10ffff || (at >= 0xd800 && at <= 0xdfff))
        at = 0xfffd;
    if (at < 0x80)
        return text_printf(mem, "%c", (int)at);
    if (at < 0x800)
        return text_printf(mem, "%c%c", (int)(0xc0 | (at >> 6)), (int)(0x80 | (at & 63)));
    if (at < 0x10000)
        return text_printf(mem, "%c%c%c", (int)(0xe0 | (at >> 12)), (int)(0x80 | ((at >> 6) & 63)),
                           (int)(0x80 | (at & 63)));
    return text_printf(mem, "%c%c%c%c", (int)(0xf0 | (at >> 18)), (int)(0x80 | ((at >> 12) & 63)),
                       (int)(0x80 | ((at >> 6) & 63)), (int)(0x80 | (at & 63)));
}

/* HTML has two thousand names; these are the ones that models write. Others stay as they stand. */
static const struct {
    const char *name, *plain;
} entities[] = {
    {"&amp;", "&"},         {"&lt;", "<"},         {"&gt;", ">"},         {"&quot;", "\""},
    {"&apos;", "'"},        {"&nbsp;", "\u00a0"},  {"&ndash;", "\u2013"}, {"&mdash;", "\u2014"},
    {"&hellip;", "\u2026"}, {"&bull;", "\u2022"},  {"&copy;", "\u00a9"},  {"&reg;", "\u00ae"},
    {"&trade;", "\u2122"},  {"&euro;", "\u20ac"},  {"&pound;", "\u00a3"}, {"&deg;", "\u00b0"},
    {"&times;", "\u00d7"},  {"&larr;", "\u2190"},  {"&rarr;", "\u2192"},  {"&laquo;", "\u00ab"},
    {"&raquo;", "\u00bb"},  {"&lsquo;", "\u2018"}, {"&rsquo;", "\u2019"}, {"&ldquo;", "\u201c"},
    {"&rdquo;", "\u201d"},
};

const char *mrkdwn_entity(struct arena *mem, const char *text, size_t len)
{
    const char *name = text_copy(mem, text, len);

    if (len > 3 && name[1] == '#') {
        bool hex = name[2] == 'x' || name[2] == 'X';

        return utf8_of(mem, strtoul(name + (hex ? 3 : 2), NULL, hex ? 16 : 10));
    }
    for (size_t i = 0; i < COUNT_OF(entities); i++)
        if (strcmp(entities[i].name, name) == 0)
            return entities[i].plain;
    return NULL;
}

const char *mrkdwn_attribute(struct arena *mem, const MD_ATTRIBUTE *from)
{
    struct buf out = buf_new(mem, (size_t)from->size * 4 + 8);

    for (size_t i = 0; from->size > 0 && from->substr_offsets[i] < from->size; i++) {
        const char *text = from->text + from->substr_offsets[i];
        size_t len = from->substr_offsets[i + 1] - from->substr_offsets[i];
        const char *entity = from->substr_types[i] == MD_TEXT_ENTITY ? mrkdwn_entity(mem, text, len)
                                                                     : NULL;

        if (entity != NULL)
            buf_text(&out, entity);
        else if (from->substr_types[i] == MD_TEXT_NULLCHAR)
            buf_text(&out, "\ufffd");
        else
            buf_add(&out, text, len);
    }
    return buf_str(&out);
}

bool mrkdwn_url_safe(const char *url)
{
    static const char *const schemes[] = {"http://", "https://", "mailto:", "tel:"};

    for (size_t i = 0; i < COUNT_OF(schemes); i++)
        if (strncasecmp(url, schemes[i], strlen(schemes[i])) == 0 &&
            url[strlen(schemes[i])] != '\0')
            return true;
    return false;
}

struct bytes mrkdwn_link(struct arena *mem, const char *url, struct bytes label)
{
    struct buf out = buf_new(mem, strlen(url) * 5 + label.len * 5 + 8);

    buf_char(&out, '<');
    for (const char *at = url; *at != '\0'; at++) {
        if (*at == '&')
            buf_text(&out, "&amp;");
        else if ((unsigned char)*at <= ' ' || *at == '<' || *at == '>' || *at == '|' ||
                 *at == '\x7f')
            buf_printf(&out, "%%%02X", (unsigned)(unsigned char)*at);
        else
            buf_char(&out, *at);
    }
    if (label.len > 0 && !bytes_is(label, url)) {
        buf_char(&out, '|');
        mrkdwn_escape(&out, label.data, label.len);
    }
    buf_char(&out, '>');
    return buf_bytes(&out);
}
