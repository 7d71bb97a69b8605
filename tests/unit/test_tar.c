/* Archives: what is written is read again, and no byte can be changed unseen. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/tar.h"

#include <cmocka.h>

struct made {
    struct ctx *c;
    char path[60];
    struct tar_member members[3];
};

static void must(struct ctx *c, rc_t rc)
{
    if (rc != OK)
        fail_msg("%s: %s", c->fault.code, c->fault.detail);
}

static int setup(void **state)
{
    struct made *m = calloc(1, sizeof(*m));
    int fd;

    if (m == NULL)
        return 1;
    m->c = ctx_new(MIB(64), NULL);
    snprintf(m->path, sizeof(m->path), "/tmp/konstruct-tar-XXXXXX");
    fd = mkstemp(m->path);
    if (fd < 0)
        return 1;
    close(fd);
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    struct made *m = *state;

    unlink(m->path);
    ctx_end(m->c);
    free(m);
    return 0;
}

/* Of lengths around a block, and one without anything. */
static void make(struct made *m)
{
    struct tar_out *t;

    must(m->c, tar_make(m->c, m->path, MIB(4), &t));
    must(m->c, tar_begin(m->c, t, "tables/a.jsonl"));
    must(m->c, tar_add(m->c, t, BYTES("{\"a\":1}\n")));
    must(m->c, tar_add(m->c, t, BYTES("{\"a\":2}\n")));
    must(m->c, tar_end(m->c, t, &m->members[0]));
    must(m->c, tar_begin(m->c, t, "empty"));
    must(m->c, tar_end(m->c, t, &m->members[1]));
    must(m->c, tar_begin(m->c, t, "block"));
    must(m->c, tar_add(m->c, t, (struct bytes){arena_take(m->c->mem, 512), 512}));
    must(m->c, tar_end(m->c, t, &m->members[2]));
    must(m->c, tar_close(m->c, t));
    assert_int_equal(tar_bytes(t), 512 * (2 + 1 + 2 + 2));
}

/* Whether the file reads as the members that were written. */
static bool reads_whole(struct made *m)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    int fd = open(m->path, O_RDONLY | O_CLOEXEC);
    struct tar_in *in = tar_read(c, fd);
    struct tar_member got;
    bool found = true, same = true;
    size_t count = 0;

    while (same && found) {
        same = tar_next(c, in, NULL, NULL, &got, &found) == OK;
        if (same && found) {
            same = count < COUNT_OF(m->members) &&
                   memcmp(&got, &m->members[count], sizeof(got)) == 0;
            count++;
        }
    }
    close(fd);
    ctx_end(c);
    return same && count == COUNT_OF(m->members);
}

static void what_is_written_is_read_again(void **state)
{
    struct made *m = *state;
    struct stat at;

    make(m);
    assert_true(reads_whole(m));
    assert_int_equal(m->members[0].lines, 2);
    assert_int_equal(m->members[0].bytes, 16);
    assert_int_equal(stat(m->path, &at), 0);
    assert_int_equal(at.st_mode & 0777, 0600);
}

static void every_changed_byte_is_found(void **state)
{
    struct made *m = *state;
    unsigned char byte, other;
    struct stat at;
    int fd;

    make(m);
    assert_int_equal(stat(m->path, &at), 0);
    fd = open(m->path, O_RDWR | O_CLOEXEC);
    for (off_t i = 0; i < at.st_size; i++) {
        assert_int_equal(pread(fd, &byte, 1, i), 1);
        other = byte ^ 0x01;
        assert_int_equal(pwrite(fd, &other, 1, i), 1);
        if (reads_whole(m))
            fail_msg("byte %lld was changed unseen", (long long)i);
        assert_int_equal(pwrite(fd, &byte, 1, i), 1);
    }
    assert_true(reads_whole(m));
    for (off_t cut = at.st_size - 1; cut >= 0; cut -= 171) {
        assert_int_equal(ftruncate(fd, cut), 0);
        assert_false(reads_whole(m));
    }
    close(fd);
    make(m);
    fd = open(m->path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "", 1), 1);
    close(fd);
    assert_false(reads_whole(m));
}

static void limits_are_told(void **state)
{
    struct made *m = *state;
    struct tar_out *t;
    struct bytes much = {arena_take(m->c->mem, MIB(1)), MIB(1)};

    must(m->c, tar_make(m->c, m->path, MIB(1), &t));
    must(m->c, tar_begin(m->c, t, "much"));
    assert_int_equal(tar_add(m->c, t, much), E_LIMIT);
    assert_string_equal(m->c->fault.code, "archive_too_large");
    ctx_forgive(m->c);
    assert_int_equal(tar_begin(m->c, t, text_printf(m->c->mem, "%0100d", 1)), E_INTERNAL);
    ctx_forgive(m->c);
    assert_int_equal(tar_make(m->c, "/nonexistent/a.tar", MIB(1), &t), E_INTERNAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(what_is_written_is_read_again),
                                       TEST(every_changed_byte_is_found), TEST(limits_are_told)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
