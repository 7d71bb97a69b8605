/* See tar.h. */
#include "io/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 512
#define MEMBER_MAX ((int64_t)8 * 1024 * 1024 * 1024 - 1) /* eleven octal digits */
#define PIECE KIB(256)

/* A block of the header; all numbers are octal text. */
struct head {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100],
        magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct head) == BLOCK, "a header is one block");

struct tar_out {
    int fd;
    int64_t at, max;
    int64_t began; /* where the header of the open member stands */
    struct digest *digest;
    struct tar_member member;
};

static const char zeros[2 * BLOCK];

/* The sum of all bytes, with the field of the sum itself taken as blanks. */
static unsigned checksum_of(const struct head *h)
{
    struct head copy = *h;
    const unsigned char *bytes = (const unsigned char *)&copy;
    unsigned sum = 0;

    memset(copy.checksum, ' ', sizeof(copy.checksum));
    for (size_t i = 0; i < sizeof(copy); i++)
        sum += bytes[i];
    return sum;
}

static struct head head_of(const struct tar_member *m)
{
    struct head h = {.mode = "0000600", .uid = "0000000", .gid = "0000000", .type = '0'};

    memcpy(h.name, m->name, strlen(m->name));
    snprintf(h.size, sizeof(h.size), "%011llo", (unsigned long long)m->bytes);
    snprintf(h.mtime, sizeof(h.mtime), "%011o", 0U);
    memcpy(h.magic, "ustar", 6);
    memcpy(h.version, "00", 2);
    snprintf(h.checksum, sizeof(h.checksum), "%06o", checksum_of(&h));
    h.checksum[7] = ' ';
    return h;
}

static rc_t not_written(struct ctx *c)
{
    return ctx_fail(c, E_INTERNAL, "archive_not_written", "the archive can't be written: %s",
                    strerror(errno));
}

static rc_t write_at(struct ctx *c, struct tar_out *t, const void *data, size_t len, int64_t at)
{
    const char *from = data;

    while (len > 0) {
        ssize_t wrote = pwrite(t->fd, from, len, at);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return not_written(c);
        from += wrote;
        at += wrote;
        len -= (size_t)wrote;
    }
    return OK;
}

static void close_out(void *arg)
{
    struct tar_out *t = arg;

    if (t->fd >= 0)
        close(t->fd);
}

rc_t tar_make(struct ctx *c, const char *path, int64_t max_bytes, struct tar_out **out)
{
    struct tar_out *t = arena_take(c->mem, sizeof(*t));

    *t = (struct tar_out){.max = max_bytes, .digest = digest_new(c->mem)};
    t->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (t->fd < 0)
        return not_written(c);
    arena_on_end(c->mem, close_out, t);
    *out = t;
    return OK;
}

int64_t tar_bytes(const struct tar_out *t)
{
    return t->at;
}

rc_t tar_begin(struct ctx *c, struct tar_out *t, const char *name)
{
    if (strlen(name) >= TAR_NAME_MAX)
        return ctx_fail(c, E_INTERNAL, "archive_name", "%s is too long for an archive", name);
    t->member = (struct tar_member){.bytes = 0};
    memcpy(t->member.name, name, strlen(name) + 1);
    t->began = t->at;
    t->at += BLOCK;
    digest_begin(t->digest);
    return OK;
}

rc_t tar_add(struct ctx *c, struct tar_out *t, struct bytes data)
{
    if (t->at + (int64_t)data.len > t->max || t->member.bytes + (int64_t)data.len > MEMBER_MAX)
        return ctx_fail(c, E_LIMIT, "archive_too_large",
                        "The archive would be larger than %lld MiB.",
                        (long long)(t->max / (1024 * 1024)));
    TRY(write_at(c, t, data.data, data.len, t->at));
    digest_add(t->digest, data.data, data.len);
    for (size_t i = 0; i < data.len; i++)
        t->member.lines += data.data[i] == '\n';
    t->at += (int64_t)data.len;
    t->member.bytes += (int64_t)data.len;
    return OK;
}

/* How much is missing to whole blocks. */
static size_t padding(int64_t bytes)
{
    return (size_t)((BLOCK - bytes % BLOCK) % BLOCK);
}

rc_t tar_end(struct ctx *c, struct tar_out *t, struct tar_member *out)
{
    struct head h = head_of(&t->member);
    size_t pad = padding(t->member.bytes);

    digest_end(t->digest, t->member.hash);
    TRY(write_at(c, t, &h, sizeof(h), t->began));
    TRY(write_at(c, t, zeros, pad, t->at));
    t->at += (int64_t)pad;
    *out = t->member;
    return OK;
}

rc_t tar_close(struct ctx *c, struct tar_out *t)
{
    int fd = t->fd;

    TRY(write_at(c, t, zeros, sizeof(zeros), t->at));
    t->at += (int64_t)sizeof(zeros);
    if (fsync(fd) != 0)
        return not_written(c);
    t->fd = -1;
    return close(fd) == 0 ? OK : not_written(c);
}

struct tar_in {
    int fd;
    char *room;
    struct digest *digest;
    bool over;
};

struct tar_in *tar_read(struct ctx *c, int fd)
{
    struct tar_in *t = arena_take(c->mem, sizeof(*t));

    *t = (struct tar_in){.fd = fd, .room = arena_take(c->mem, PIECE), .digest = digest_new(c->mem)};
    return t;
}

static rc_t broken(struct ctx *c, const char *why)
{
    return ctx_fail(c, E_INVALID, "archive_broken", "The archive is broken: %s.", why);
}

static rc_t read_whole(struct ctx *c, struct tar_in *t, void *to, size_t len)
{
    char *at = to;

    while (len > 0) {
        ssize_t got = read(t->fd, at, len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ctx_fail(c, E_INTERNAL, "archive_not_read", "The archive can't be read: %s.",
                            strerror(errno));
        if (got == 0)
            return broken(c, "it ends too early");
        at += got;
        len -= (size_t)got;
    }
    return OK;
}

static bool size_read(const char digits[12], int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < 11; i++) {
        if (digits[i] < '0' || digits[i] > '7')
            return false;
        *out = *out * 8 + (digits[i] - '0');
    }
    return digits[11] == '\0';
}

/* Byte for byte what the writer makes of this name and size. */
static rc_t head_read(struct ctx *c, const struct head *h, struct tar_member *out)
{
    struct head same;

    *out = (struct tar_member){.bytes = 0};
    memcpy(out->name, h->name, sizeof(out->name));
    if (out->name[0] == '\0' || out->name[TAR_NAME_MAX - 1] != '\0' ||
        !size_read(h->size, &out->bytes))
        return broken(c, "a member has no name or no size");
    same = head_of(out);
    if (memcmp(&same, h, sizeof(same)) != 0)
        return broken(c, "the head of a member was changed");
    return OK;
}

/* Behind the last member two blocks of zeros, and nothing. */
static rc_t end_read(struct ctx *c, struct tar_in *t)
{
    char byte;

    TRY(read_whole(c, t, t->room, BLOCK));
    if (memcmp(t->room, zeros, BLOCK) != 0 || read(t->fd, &byte, 1) != 0)
        return broken(c, "something stands behind its end");
    t->over = true;
    return OK;
}

static rc_t body_read(struct ctx *c, struct tar_in *t, tar_take take, void *arg,
                      struct tar_member *m)
{
    digest_begin(t->digest);
    for (int64_t left = m->bytes; left > 0;) {
        size_t len = left < (int64_t)PIECE ? (size_t)left : PIECE;

        TRY(read_whole(c, t, t->room, len));
        digest_add(t->digest, t->room, len);
        for (size_t i = 0; i < len; i++)
            m->lines += t->room[i] == '\n';
        if (take != NULL)
            TRY(take(c, arg, m->name, (struct bytes){t->room, len}));
        left -= (int64_t)len;
    }
    digest_end(t->digest, m->hash);
    return OK;
}

rc_t tar_next(struct ctx *c, struct tar_in *t, tar_take take, void *arg, struct tar_member *out,
              bool *found)
{
    struct head h;
    size_t pad;

    *found = false;
    if (t->over)
        return OK;
    TRY(read_whole(c, t, &h, sizeof(h)));
    if (memcmp(&h, zeros, sizeof(h)) == 0)
        return end_read(c, t);
    TRY(head_read(c, &h, out));
    TRY(body_read(c, t, take, arg, out));
    pad = padding(out->bytes);
    TRY(read_whole(c, t, t->room, pad));
    if (memcmp(t->room, zeros, pad) != 0)
        return broken(c, "something stands between its members");
    *found = true;
    return OK;
}
