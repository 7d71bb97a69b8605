/*
 * konstruct audit verify: an export against the key that its reader trusts. No database, no
 * network; the key never comes from the file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "app/cli_audit.h"
#include "base/conf.h"
#include "core/audit_check.h"

#define READ_BYTES MIB(4)

static rc_t unhex(struct ctx *c, const char *text, size_t len, unsigned char *out)
{
    struct bytes raw;

    if (strlen(text) != 2 * len || text_unhex(c->mem, bytes_of(text), &raw) != OK)
        return ctx_fail(c, E_INVALID, "not_hex", "%.80s has not %zu hexadecimal digits.", text,
                        2 * len);
    memcpy(out, raw.data, len);
    return OK;
}

/* The key that was given, the one of the settings, or this instance's own. */
static rc_t trusted_key(struct ctx *c, const char *given, unsigned char out[SIGN_PUBLIC_BYTES])
{
    if (given == NULL)
        given = conf_text(CONF_audit_key);
    if (given != NULL)
        return unhex(c, given, SIGN_PUBLIC_BYTES, out);
    if (cli_audit_key(c, out) == OK)
        return OK;
    ctx_forgive(c);
    return ctx_fail(c, E_INVALID, "no_key",
                    "Say which key you trust: --key KEY. `konstruct audit key` and the page Audit "
                    "show it; the one in the file proves nothing.");
}

/* "ENTRY:HASH", as the page Audit and the anchors print them. */
static rc_t anchor_of(struct ctx *c, const char *given, struct audit_trust *trust)
{
    const char *colon = given == NULL ? NULL : strchr(given, ':');

    if (given == NULL)
        return OK;
    if (colon == NULL ||
        text_int(text_copy(c->mem, given, (size_t)(colon - given)), &trust->anchor_seq) != OK ||
        trust->anchor_seq < 1)
        return ctx_fail(c, E_INVALID, "anchor_form", "Write an anchor as ENTRY:HASH.");
    return unhex(c, colon + 1, HASH_BYTES, trust->anchor_hash);
}

/* Whole lines of what was read; what is left of a broken one moves to the front. */
static rc_t take_lines(struct ctx *c, struct audit_check *k, char *data, size_t *len)
{
    const char *at = data, *end = data + *len, *line_end;

    while ((line_end = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        TRY(audit_check_line(c, k, (struct bytes){at, (size_t)(line_end - at)}));
        at = line_end + 1;
    }
    *len = (size_t)(end - at);
    memmove(data, at, *len);
    return OK;
}

static rc_t check_file(struct ctx *c, struct audit_check *k, FILE *file)
{
    char *data = arena_take(c->mem, READ_BYTES);
    size_t len = 0, got;

    while ((got = fread(data + len, 1, READ_BYTES - len, file)) > 0) {
        len += got;
        TRY(take_lines(c, k, data, &len));
        if (len == READ_BYTES)
            return ctx_fail(c, E_INVALID, "audit_line_changed",
                            "Line %lld is longer than any that Konstruct writes.",
                            (long long)k->line + 1);
    }
    if (ferror(file))
        return ctx_fail(c, E_INTERNAL, "not_read", "The file can't be read: %s.", strerror(errno));
    if (len > 0)
        return ctx_fail(c, E_INVALID, "audit_cut", "The file ends in the middle of line %lld.",
                        (long long)k->line + 1);
    return audit_check_end(c, k);
}

static rc_t verify(struct ctx *c, int argc, char **argv, FILE *file)
{
    unsigned char key[SIGN_PUBLIC_BYTES];
    struct audit_trust trust = {.public_key = key};
    struct audit_check k;

    TRY(trusted_key(c, cli_option(argc, argv, "--key"), key));
    TRY(anchor_of(c, cli_option(argc, argv, "--anchor"), &trust));
    audit_check_begin(c, &k, &trust);
    TRY(check_file(c, &k, file));
    printf("Whole: %lld entries of tenant %s, signed %s, last hash %s.\n", (long long)k.seq,
           k.tenant_id, k.signed_at,
           text_hex(c->mem, (struct bytes){(const char *)k.hash, HASH_BYTES}));
    return OK;
}

int cli_audit_verify(int argc, char **argv)
{
    const char *path = cli_word(argc, argv, 1);
    FILE *file = fopen(path, "re");
    int code;

    if (file == NULL) {
        fprintf(stderr, "%s can't be read: %s.\n", path, strerror(errno));
        return 2;
    }
    if (!cli_settings()) {
        fclose(file);
        return 2;
    }

    struct ctx *c = ctx_new(MIB(16), NULL);

    code = verify(c, argc, argv, file) == OK ? 0 : cli_fault(c);
    ctx_end(c);
    fclose(file);
    return code;
}
