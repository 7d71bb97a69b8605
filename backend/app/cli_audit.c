/* konstruct audit: the signing key, exports, checking one offline, erasing a subject. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/cli.h"
#include "app/cli_audit.h"
#include "base/conf.h"
#include "base/id.h"
#include "core/audit.h"
#include "core/audit_find.h"
#include "core/audit_head.h"
#include "core/audit_subject.h"
#include "io/crypto.h"
#include "io/db.h"

static const char usage[] =
    "konstruct audit verify FILE [--key KEY] [--anchor ENTRY:HASH]   check an export, offline\n"
    "konstruct audit export [--tenant T] [--to FILE]                 write one, signed now\n"
    "konstruct audit key                                             the public key that signs\n"
    "konstruct audit erase SUBJECT [--tenant T]                      destroy a subject's key\n";

rc_t cli_audit_key(struct ctx *c, unsigned char public_key[SIGN_PUBLIC_BYTES])
{
    unsigned char private_key[SIGN_PRIVATE_BYTES];

    TRY(audit_keys(c, public_key, private_key));
    crypto_wipe(private_key, sizeof(private_key));
    return OK;
}

static int show_key(void)
{
    struct ctx *c = cli_settings() ? ctx_new(MIB(1), NULL) : NULL;
    unsigned char key[SIGN_PUBLIC_BYTES];

    if (c == NULL)
        return 2;

    int code = cli_audit_key(c, key) == OK ? 0 : cli_fault(c);

    if (code == 0)
        printf("%s\n", text_hex(c->mem, (struct bytes){(const char *)key, sizeof(key)}));
    ctx_end(c);
    return code;
}

static rc_t sign_now(struct ctx *c, int64_t *until)
{
    struct audit_state state;

    TRY(audit_add(c, "host", "audit.exported", c->tenant_id, "{}"));
    TRY(audit_head_sign(c));
    TRY(audit_state_get(c, &state));
    *until = state.signed_entries;
    return db_commit(c);
}

/* Each piece in a context of its own: a chain may be longer than any memory. */
static rc_t write_piece(struct ctx *c, int64_t *after, int64_t until, FILE *to)
{
    struct ctx *piece = ctx_new(MIB(64), c->db);
    struct buf out = buf_new(piece->mem, MIB(16));

    piece->tenant_id = text_dup(piece->mem, c->tenant_id);

    rc_t rc = audit_export(piece, *after, until, &out, after);

    if (rc != OK)
        ctx_fail(c, rc, text_dup(c->mem, piece->fault.code), "%s", piece->fault.detail);
    else if (fwrite(out.data, 1, out.len, to) != out.len)
        rc = ctx_fail(c, E_INTERNAL, "not_written", "The export can't be written: %s.",
                      strerror(errno));
    ctx_end(piece);
    return rc;
}

static rc_t write_all(struct ctx *c, FILE *to)
{
    int64_t after = 0, until;

    TRY(sign_now(c, &until));
    do
        TRY(write_piece(c, &after, until, to));
    while (after != 0);
    if (fflush(to) != 0)
        return ctx_fail(c, E_INTERNAL, "not_written", "The export can't be written: %s.",
                        strerror(errno));
    return OK;
}

static int export(int argc, char **argv)
{
    const char *path = cli_option(argc, argv, "--to");
    struct ctx *c = cli_tenant_ctx(argc, argv);

    if (c == NULL)
        return 2;

    FILE *to = path == NULL ? stdout : fopen(path, "we");

    if (to == NULL)
        fprintf(stderr, "%s can't be written: %s.\n", path, strerror(errno));

    int code = to == NULL || write_all(c, to) != OK ? cli_fault(c) : 0;

    if (to != NULL && to != stdout)
        fclose(to);
    cli_end(c);
    return code;
}

static int erase(int argc, char **argv)
{
    const char *subject = cli_word(argc, argv, 1);

    if (subject == NULL || !id_valid(subject)) {
        fprintf(stderr, "Name the subject by its id, as it stands in the audit.\n%s", usage);
        return 2;
    }

    struct ctx *c = cli_tenant_ctx(argc, argv);

    if (c == NULL)
        return 2;

    int code = audit_erase(c, "host", subject) == OK && db_commit(c) == OK ? 0 : cli_fault(c);

    if (code == 0)
        printf("The key of %s is destroyed; its personal text in the audit can't be read again.\n",
               subject);
    cli_end(c);
    return code;
}

int cmd_audit(int argc, char **argv)
{
    const char *what = cli_word(argc, argv, 0);

    if (text_is(what, "verify") && cli_word(argc, argv, 1) != NULL)
        return cli_audit_verify(argc, argv);
    if (text_is(what, "export"))
        return export(argc, argv);
    if (text_is(what, "key"))
        return show_key();
    if (text_is(what, "erase"))
        return erase(argc, argv);
    fputs(usage, stderr);
    return 2;
}
