/*
 * konstruct export verify: an archive against its own manifest. No database, no network; the format
 * stands in docs/export.md.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/shape.h"
#include "io/tar.h"

#define MANIFEST "manifest.json"
#define MANIFEST_MAX MIB(4)
#define MEMBERS_MAX 2000

static const char usage[] =
    "konstruct export verify FILE    check an archive of a company against its manifest, offline\n";

/* What the archive holds, and what it says that it holds. */
struct archive {
    struct tar_member members[MEMBERS_MAX];
    size_t count;
    struct buf manifest;
};

static rc_t take(struct ctx *c, void *arg, const char *name, struct bytes piece)
{
    struct archive *a = arg;

    (void)c;
    if (text_is(name, MANIFEST))
        buf_add(&a->manifest, piece.data, piece.len);
    return OK;
}

/* The manifest is the last member: what comes behind it is nothing that it speaks of. */
static rc_t read_all(struct ctx *c, int fd, struct archive *a)
{
    struct tar_in *in = tar_read(c, fd);
    struct tar_member m;
    bool found, ended = false;

    TRY(tar_next(c, in, take, a, &m, &found));
    while (found) {
        if (ended || a->count == MEMBERS_MAX)
            return ctx_fail(c, E_INVALID, "export_more", "%s is more than the archive should hold.",
                            m.name);
        ended = text_is(m.name, MANIFEST);
        if (!ended)
            a->members[a->count++] = m;
        TRY(tar_next(c, in, take, a, &m, &found));
    }
    if (!ended || a->manifest.over)
        return ctx_fail(c, E_INVALID, "export_no_manifest", "The archive has no " MANIFEST ".");
    return OK;
}

static int64_t number_in(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static rc_t check_member(struct ctx *c, const struct tar_member *m, const json_t *told)
{
    const struct bytes hash = {(const char *)m->hash, HASH_BYTES};
    int64_t lines = number_in(told, json_object_get(told, "rows") != NULL ? "rows" : "lines");

    if (!text_is(json_str(told, "name"), m->name))
        return ctx_fail(c, E_INVALID, "export_order",
                        "%s stands where the manifest tells of another file.", m->name);
    if (number_in(told, "bytes") != m->bytes || lines != m->lines)
        return ctx_fail(c, E_INVALID, "export_count",
                        "%s has %lld lines and %lld bytes; the manifest tells of others.", m->name,
                        (long long)m->lines, (long long)m->bytes);
    if (!text_is(json_str(told, "sha256"), text_hex(c->mem, hash)))
        return ctx_fail(c, E_INVALID, "export_changed", "%s was changed: its SHA-256 is another.",
                        m->name);
    return OK;
}

static rc_t check(struct ctx *c, const struct archive *a)
{
    const json_t *files;
    int64_t rows = 0, bytes = 0;
    json_t *manifest;

    TRY(json_parse(c, buf_bytes(&a->manifest), &manifest));
    files = json_object_get(manifest, "files");
    if (!text_is(json_str(manifest, "konstruct"), "export") || !json_is_array(files))
        return ctx_fail(c, E_INVALID, "export_no_manifest", MANIFEST " is no manifest.");
    if (number_in(manifest, "version") != 1)
        return ctx_fail(c, E_INVALID, "export_version",
                        "The archive is of a version that this program does not know.");
    if (json_array_size(files) != a->count)
        return ctx_fail(c, E_INVALID, "export_count",
                        "The manifest tells of %zu files, the archive has %zu.",
                        json_array_size(files), a->count);
    for (size_t i = 0; i < a->count; i++) {
        TRY(check_member(c, &a->members[i], json_array_get(files, i)));
        rows += a->members[i].lines;
        bytes += a->members[i].bytes;
    }
    printf("Whole: %zu files, %lld lines, %lld bytes of tenant %s, made %s.\n", a->count,
           (long long)rows, (long long)bytes, json_str(manifest, "tenant"),
           json_str(manifest, "made"));
    return OK;
}

static rc_t verify(struct ctx *c, int fd)
{
    struct archive *a = arena_take(c->mem, sizeof(*a));

    a->manifest = buf_new(c->mem, MANIFEST_MAX);
    TRY(read_all(c, fd, a));
    return check(c, a);
}

int cmd_export(int argc, char **argv)
{
    const char *path = cli_word(argc, argv, 1);
    struct ctx *c;
    int fd, code;

    if (!text_is(cli_word(argc, argv, 0), "verify") || path == NULL) {
        fputs(usage, stderr);
        return 2;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fprintf(stderr, "%s can't be read: %s.\n", path, strerror(errno));
        return 2;
    }
    c = ctx_new(MIB(32), NULL);
    code = verify(c, fd) == OK ? 0 : cli_fault(c);
    ctx_end(c);
    close(fd);
    return code;
}
