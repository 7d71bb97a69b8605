/* The line: frames come out as they went in, however the socket cuts them; nonsense ends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/id.h"
#include "flow/line_open.h"
#include "io/line.h"

#include <cmocka.h>

struct seen {
    size_t count, bytes;
    enum line_kind kind;
    uint32_t call;
    uint64_t hash;
    bool refuse;
};

static uint64_t hash_on(uint64_t hash, struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        hash = (hash ^ (unsigned char)b.data[i]) * 1099511628211u;
    return hash;
}

static bool got(void *arg, enum line_kind kind, uint32_t call, struct bytes payload)
{
    struct seen *s = arg;

    s->count++;
    s->bytes += payload.len;
    s->kind = kind;
    s->call = call;
    s->hash = hash_on(s->hash, payload);
    return !s->refuse;
}

/* Two ends, the far one as bare descriptor. */
static struct line *pair(struct seen *s, int *far)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    *far = fds[1];
    return line_new(fds[0], got, s);
}

static void frames_come_whole(void **state)
{
    struct seen near_seen = {.count = 0}, far_seen = {.count = 0};
    char *big = calloc(1, LINE_PAYLOAD_MAX);
    int fd;
    struct line *near_end = pair(&near_seen, &fd), *far_end = line_new(fd, got, &far_seen);
    uint64_t hash = 0;
    size_t bytes = 0;

    (void)state;
    for (uint32_t i = 0; i < 500; i++) {
        size_t len = i * 7919 % LINE_PAYLOAD_MAX, half = len / 2;

        memset(big, (int)i, len);
        line_put(near_end, LINE_DATA, i, (struct bytes){big, half},
                 (struct bytes){big + half, len - half});
        hash = hash_on(hash, (struct bytes){big, len});
        bytes += len;
        assert_true(line_flush(near_end));
        if (i % 3 == 0)
            assert_true(line_read(far_end));
    }
    while (far_seen.count < 500) {
        assert_true(line_flush(near_end));
        assert_true(line_read(far_end));
    }
    assert_int_equal(line_waiting(near_end), 0);
    assert_int_equal(far_seen.bytes, bytes);
    assert_true(far_seen.hash == hash);
    assert_int_equal(far_seen.call, 499);
    line_free(near_end);
    assert_false(line_read(far_end)); /* the other end is gone */
    line_free(far_end);
    free(big);
}

/* A byte at a time, as no kernel would. */
static void frames_may_come_in_pieces(void **state)
{
    struct seen s = {.count = 0};
    const char frame[] = {3, 0, 0, 0, 9, 0, 0, 0, LINE_DATA, 0, 0, 0, 'a', 'b', 'c'};
    int fd;
    struct line *l = pair(&s, &fd);

    (void)state;
    for (size_t i = 0; i < sizeof(frame); i++) {
        assert_int_equal(s.count, 0);
        assert_int_equal(write(fd, &frame[i], 1), 1);
        assert_true(line_read(l));
    }
    assert_int_equal(s.count, 1);
    assert_int_equal(s.call, 9);
    assert_int_equal(s.kind, LINE_DATA);
    assert_int_equal(s.bytes, 3);
    close(fd);
    line_free(l);
}

static void nonsense_ends_it(void **state)
{
    struct seen s = {.count = 0}, stern = {.refuse = true};
    const char large[] = {0, 0, 0, 127, 0, 0, 0, 0, LINE_DATA, 0, 0, 0};
    const char plain[] = {0, 0, 0, 0, 0, 0, 0, 0, LINE_END, 0, 0, 0};
    int fd;
    struct line *l = pair(&s, &fd);

    (void)state;
    assert_int_equal(write(fd, large, sizeof(large)), sizeof(large));
    assert_false(line_read(l));
    assert_int_equal(s.count, 0);
    close(fd);
    line_free(l);
    l = pair(&stern, &fd);
    assert_int_equal(write(fd, plain, sizeof(plain)), sizeof(plain));
    assert_false(line_read(l));
    close(fd);
    line_free(l);
}

static const struct line_open whole = {.path = "/v1/chat/completions",
                                       .tenant_id = "01980a5d-ac96-774b-bcce-b302099a8057",
                                       .key_id = "01980a5d-ac96-774b-bcce-b302099a8058",
                                       .models = "gpt-5 gpt-5-mini",
                                       .reference = "01980a5d-ac96-774b-bcce-b302099a8059",
                                       .body_len = 123456789};

static void the_head_of_a_call_comes_back(void **state)
{
    struct arena *mem = arena_new(MIB(1));
    char head[LINE_OPEN_MAX];
    size_t len = line_open_write(&whole, head, sizeof(head));
    struct line_open read;

    (void)state;
    assert_true(len > 0);
    assert_int_equal(line_open_read(mem, (struct bytes){head, len}, &read), len);
    assert_string_equal(read.path, whole.path);
    assert_string_equal(read.tenant_id, whole.tenant_id);
    assert_string_equal(read.key_id, whole.key_id);
    assert_string_equal(read.models, whole.models);
    assert_null(read.model);
    assert_string_equal(read.reference, whole.reference);
    assert_int_equal(read.body_len, whole.body_len);
    arena_free(mem);
}

static void a_broken_head_is_refused(void **state)
{
    struct arena *mem = arena_new(MIB(1));
    struct line_open odd = whole, read;
    char head[LINE_OPEN_MAX];
    size_t len = line_open_write(&whole, head, sizeof(head));

    (void)state;
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(line_open_read(mem, (struct bytes){head, cut}, &read), 0);
    odd.tenant_id = "another";
    len = line_open_write(&odd, head, sizeof(head));
    assert_int_equal(line_open_read(mem, (struct bytes){head, len}, &read), 0);
    assert_int_equal(line_open_write(&whole, head, 40), 0);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_whole),        cmocka_unit_test(frames_may_come_in_pieces),
        cmocka_unit_test(nonsense_ends_it),         cmocka_unit_test(the_head_of_a_call_comes_back),
        cmocka_unit_test(a_broken_head_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
