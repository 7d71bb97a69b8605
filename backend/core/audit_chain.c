/* See audit_chain.h. */
#include "core/audit_chain.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"

#define HEAD_MARK "konstruct audit head 1"

void audit_first_hash(unsigned char out[HASH_BYTES])
{
    static const unsigned char empty[HASH_BYTES] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
                                                    0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
                                                    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
                                                    0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};

    memcpy(out, empty, HASH_BYTES);
}

/* A number in decimal digits; returns how many. */
static size_t digits_of(uint64_t n, char out[20])
{
    char back[20];
    size_t len = 0;

    do {
        back[len++] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    for (size_t i = 0; i < len; i++)
        out[i] = back[len - 1 - i];
    return len;
}

/* A field as it is hashed: its length in bytes, a colon, itself. */
static void add_field(struct digest *d, struct bytes field)
{
    char head[21];
    size_t len = digits_of(field.len, head);

    head[len] = ':';
    digest_add(d, head, len + 1);
    digest_add(d, field.data, field.len);
}

void audit_hash(struct digest *d, const unsigned char prev[HASH_BYTES], struct bytes tenant_id,
                const struct audit_entry_text *e, unsigned char out[HASH_BYTES])
{
    char seq[20];

    digest_begin(d);
    digest_add(d, prev, HASH_BYTES);
    add_field(d, tenant_id);
    add_field(d, (struct bytes){seq, digits_of((uint64_t)e->seq, seq)});
    add_field(d, e->at);
    add_field(d, e->actor);
    add_field(d, e->action);
    add_field(d, e->object);
    add_field(d, e->body);
    digest_end(d, out);
}

static void hex_of(const unsigned char *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
}

static void put_hex(struct buf *out, const unsigned char *data, size_t len)
{
    char hex[2 * SIGN_BYTES];

    hex_of(data, len, hex);
    buf_add(out, hex, 2 * len);
}

static void put_field(struct buf *out, struct bytes field)
{
    char seq[20];

    buf_add(out, seq, digits_of(field.len, seq));
    buf_char(out, ':');
    buf_add(out, field.data, field.len);
}

struct bytes audit_head_message(struct arena *mem, struct bytes tenant_id, int64_t seq,
                                const unsigned char hash[HASH_BYTES], struct bytes at)
{
    struct buf out = buf_new(mem, KIB(1));
    char number[20], hex[2 * HASH_BYTES];

    hex_of(hash, HASH_BYTES, hex);
    put_field(&out, BYTES(HEAD_MARK));
    put_field(&out, tenant_id);
    put_field(&out, (struct bytes){number, digits_of((uint64_t)seq, number)});
    put_field(&out, (struct bytes){hex, sizeof(hex)});
    put_field(&out, at);
    return buf_bytes(&out);
}

/* Escapes what JSON demands and nothing else, so that a text has one spelling. */
static void put_text(struct buf *out, struct bytes text)
{
    size_t from = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char ch = (unsigned char)text.data[i];

        if (ch >= ' ' && ch != '"' && ch != '\\')
            continue;
        buf_add(out, text.data + from, i - from);
        if (ch < ' ')
            buf_printf(out, "\\u%04x", ch);
        else
            buf_printf(out, "\\%c", ch);
        from = i + 1;
    }
    buf_add(out, text.data + from, text.len - from);
}

void audit_line_header(struct buf *out, const char *tenant_id)
{
    buf_printf(out, "{\"konstruct\":\"audit\",\"version\":1,\"tenant\":\"%s\"}\n", tenant_id);
}

void audit_line_entry(struct buf *out, const struct audit_entry_text *e)
{
    buf_printf(out, "{\"seq\":%lld,\"at\":\"", (long long)e->seq);
    put_text(out, e->at);
    buf_text(out, "\",\"actor\":\"");
    put_text(out, e->actor);
    buf_text(out, "\",\"action\":\"");
    put_text(out, e->action);
    buf_text(out, "\",\"object\":\"");
    put_text(out, e->object);
    buf_text(out, "\",\"body\":\"");
    put_text(out, e->body);
    buf_text(out, "\",\"hash\":\"");
    put_hex(out, e->hash, HASH_BYTES);
    buf_text(out, "\"}\n");
}

void audit_line_head(struct buf *out, const struct audit_head_text *head)
{
    buf_printf(out, "{\"head\":%lld,\"hash\":\"", (long long)head->seq);
    put_hex(out, head->hash, HASH_BYTES);
    buf_text(out, "\",\"at\":\"");
    put_text(out, head->at);
    buf_text(out, "\",\"key\":\"");
    put_hex(out, head->public_key, SIGN_PUBLIC_BYTES);
    buf_text(out, "\",\"signature\":\"");
    put_hex(out, head->signature, SIGN_BYTES);
    buf_text(out, "\"}\n");
}

/* The line that is being read. */
struct reader {
    const char *at, *end;
};

#define EXPECT(r, literal) expect(r, literal, sizeof(literal) - 1)

static bool expect(struct reader *r, const char *literal, size_t len)
{
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, literal, len) != 0)
        return false;
    r->at += len;
    return true;
}

static bool read_number(struct reader *r, int64_t *out)
{
    const char *from = r->at;

    *out = 0;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && r->at - from < 18)
        *out = *out * 10 + (*r->at++ - '0');
    return r->at > from && from[0] != '0';
}

static int nibble(char ch)
{
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

static bool read_hex(struct reader *r, unsigned char *out, size_t len)
{
    if ((size_t)(r->end - r->at) < 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = nibble(r->at[2 * i]), low = nibble(r->at[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high * 16 + low);
    }
    r->at += 2 * len;
    return true;
}

/* What stands behind a backslash; only the spellings that put_text writes. */
static bool read_escape(struct reader *r, char *out)
{
    if (r->end - r->at >= 2 && (r->at[1] == '"' || r->at[1] == '\\')) {
        *out = r->at[1];
        r->at += 2;
        return true;
    }
    if (r->end - r->at < 6 || memcmp(r->at, "\\u00", 4) != 0)
        return false;

    int high = nibble(r->at[4]), low = nibble(r->at[5]);

    if (high < 0 || high > 1 || low < 0)
        return false;
    *out = (char)(high * 16 + low);
    r->at += 6;
    return true;
}

/* A text up to its quotation mark. Escaped ones are copied to *room, which moves on. */
static bool read_text(struct reader *r, char **room, struct bytes *out)
{
    const char *from = r->at;
    char *copy = NULL;
    size_t copied = 0;

    while (r->at < r->end && *r->at != '"') {
        const char *plain = r->at;

        while (r->at < r->end && *r->at != '"' && *r->at != '\\' && (unsigned char)*r->at >= ' ')
            r->at++;
        if (copy != NULL) {
            memcpy(copy + copied, plain, (size_t)(r->at - plain));
            copied += (size_t)(r->at - plain);
        }
        if (r->at == r->end || *r->at == '"')
            break;
        if (*r->at != '\\')
            return false;
        if (copy == NULL) {
            copy = *room;
            copied = (size_t)(r->at - from);
            memcpy(copy, from, copied);
        }
        if (!read_escape(r, &copy[copied]))
            return false;
        copied++;
    }
    if (copy == NULL) {
        *out = (struct bytes){from, (size_t)(r->at - from)};
    } else {
        *out = (struct bytes){copy, copied};
        *room += copied;
    }
    return true;
}

bool audit_read_header(struct bytes line, struct bytes *tenant_id)
{
    struct reader r = {line.data, line.data + line.len};
    char id[ID_LEN + 1];

    if (!EXPECT(&r, "{\"konstruct\":\"audit\",\"version\":1,\"tenant\":\"") ||
        r.end - r.at < ID_LEN)
        return false;
    memcpy(id, r.at, ID_LEN);
    id[ID_LEN] = '\0';
    *tenant_id = (struct bytes){r.at, ID_LEN};
    r.at += ID_LEN;
    return id_valid(id) && EXPECT(&r, "\"}") && r.at == r.end;
}

bool audit_read_entry(struct bytes line, char *room, struct audit_entry_text *out)
{
    struct reader r = {line.data, line.data + line.len};

    return line.len < AUDIT_LINE_MAX && EXPECT(&r, "{\"seq\":") && read_number(&r, &out->seq) &&
           EXPECT(&r, ",\"at\":\"") && read_text(&r, &room, &out->at) &&
           EXPECT(&r, "\",\"actor\":\"") && read_text(&r, &room, &out->actor) &&
           EXPECT(&r, "\",\"action\":\"") && read_text(&r, &room, &out->action) &&
           EXPECT(&r, "\",\"object\":\"") && read_text(&r, &room, &out->object) &&
           EXPECT(&r, "\",\"body\":\"") && read_text(&r, &room, &out->body) &&
           EXPECT(&r, "\",\"hash\":\"") && read_hex(&r, out->hash, HASH_BYTES) &&
           EXPECT(&r, "\"}") && r.at == r.end;
}

bool audit_read_head(struct bytes line, struct audit_head_text *out)
{
    struct reader r = {line.data, line.data + line.len};
    char none[1], *room = none;

    if (!EXPECT(&r, "{\"head\":") || !read_number(&r, &out->seq) || !EXPECT(&r, ",\"hash\":\"") ||
        !read_hex(&r, out->hash, HASH_BYTES) || !EXPECT(&r, "\",\"at\":\"") ||
        memchr(r.at, '\\', (size_t)(r.end - r.at)) != NULL)
        return false;
    return read_text(&r, &room, &out->at) && EXPECT(&r, "\",\"key\":\"") &&
           read_hex(&r, out->public_key, SIGN_PUBLIC_BYTES) && EXPECT(&r, "\",\"signature\":\"") &&
           read_hex(&r, out->signature, SIGN_BYTES) && EXPECT(&r, "\"}") && r.at == r.end;
}
