/*
 * Bytes, growing buffers and the few text helpers that everything needs. All results live in the
 * given arena.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/rc.h"

/* A piece of memory with its length; not ended by a zero unless said so. */
struct bytes {
    const char *data;
    size_t len;
};

#define BYTES(literal) ((struct bytes){(literal), sizeof(literal) - 1})
struct bytes bytes_of(const char *text);
bool bytes_eq(struct bytes a, struct bytes b);
bool bytes_is(struct bytes a, const char *text);

/*
 * A buffer that grows inside an arena up to max bytes. Past max nothing more is added and `over` is
 * set: check it once at the end.
 */
struct buf {
    struct arena *mem;
    char *data; /* always ended by a zero once something was added */
    size_t len, room, max;
    bool over;
};

struct buf buf_new(struct arena *mem, size_t max);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_text(struct buf *b, const char *text);
void buf_char(struct buf *b, char c);
/* In decimal digits. */
void buf_number(struct buf *b, int64_t number);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* Adds what stands for this UTF-8 text inside of a JSON string, whose quotes are the caller's. */
void buf_json(struct buf *b, struct bytes text);
/* How many bytes that is. */
size_t buf_json_len(struct bytes text);
struct bytes buf_bytes(const struct buf *b);
/* The content as text ended by a zero; "" when empty. */
const char *buf_str(struct buf *b);

char *text_copy(struct arena *mem, const char *text, size_t len);
char *text_dup(struct arena *mem, const char *text);
char *text_printf(struct arena *mem, const char *format, ...) PRINTF_LIKE(2, 3);
char *text_vprintf(struct arena *mem, const char *format, va_list args);

bool text_is(const char *a, const char *b); /* NULL equals only NULL */
bool text_blank(const char *text);          /* NULL, empty or white space only */
bool text_starts(const char *text, const char *with);
/* Like text_is in a time that does not depend on where the two differ. Lengths are not secret. */
bool text_same_secret(struct bytes a, struct bytes b);
/* True for well-formed UTF-8 without NUL bytes (RFC 3629: no surrogates, no overlong forms). */
bool text_utf8(struct bytes b);
/* Largest length <= max at which the text can be cut without breaking a UTF-8 character. */
size_t text_cut(const char *text, size_t len, size_t max);
/*
 * At most `max` bytes of the text as UTF-8: cut between characters, and where it is not UTF-8 (a
 * vendor's answer, say) its odd bytes become '?'.
 */
char *text_clean(struct arena *mem, const char *text, size_t max);
/* Whether the word is one of those in `words`, which have blanks between. */
bool text_among(const char *words, const char *word);
/* Such words for people: "a, b, c". */
char *text_listed(struct arena *mem, const char *words);
/* White space off both ends. */
char *text_trim(struct arena *mem, const char *text);
/* Reads a whole decimal number; E_INVALID for anything else, blanks and overflow included. */
rc_t text_int(const char *text, int64_t *out) MUST;

char *text_hex(struct arena *mem, struct bytes b);
int text_hex_digit(char c); /* -1 for what is none */
rc_t text_unhex(struct arena *mem, struct bytes hex, struct bytes *out) MUST;
/* Base64 with the URL alphabet and no padding (RFC 4648 section 5). */
char *text_base64url(struct arena *mem, struct bytes b);
rc_t text_unbase64url(struct arena *mem, struct bytes in, struct bytes *out) MUST;

#endif
