/* See tensors.h. */
#include "memory/tensors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shape.h"

#define HEADER_MAX MIB(1)

struct tensors {
    struct bytes numbers;
    json_t *header;
    void *mapped;
    size_t mapped_len;
};

static void end(void *v)
{
    struct tensors *t = v;

    json_decref(t->header);
    if (t->mapped != NULL)
        munmap(t->mapped, t->mapped_len);
}

static rc_t broken(struct ctx *c, const char *what, const char *which)
{
    return ctx_fail(c, E_INVALID, "tensors_broken", "the weights can't be used: %s%s", what, which);
}

static uint64_t number(const char *at)
{
    uint64_t n = 0;

    for (size_t i = 8; i-- > 0;)
        n = n << 8 | (unsigned char)at[i];
    return n;
}

rc_t tensors_read(struct ctx *c, struct arena *mem, struct bytes file, struct tensors **out)
{
    struct tensors *t = *out = arena_take(mem, sizeof(*t));
    uint64_t len = file.len < 8 ? 0 : number(file.data);
    json_t *header;

    arena_on_end(mem, end, t);
    if (len == 0 || len > HEADER_MAX || len > file.len - 8)
        return broken(c, "the file is too short, or of another kind", "");
    if (json_parse(c, (struct bytes){file.data + 8, len}, &header) != OK) {
        ctx_forgive(c);
        return broken(c, "the header is no JSON", "");
    }
    t->header = json_incref(header);
    t->numbers = (struct bytes){file.data + 8 + len, file.len - 8 - len};
    return OK;
}

rc_t tensors_open(struct ctx *c, struct arena *mem, const char *path, struct tensors **out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about = {.st_size = 0};
    void *at = MAP_FAILED;

    if (fd >= 0 && fstat(fd, &about) == 0 && about.st_size > 0)
        at = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) {
        int why = errno;

        if (fd >= 0)
            close(fd);
        return ctx_fail(c, E_UNAVAILABLE, "tensors_missing", "%s can't be read: %s", path,
                        strerror(why));
    }
    close(fd);

    rc_t rc = tensors_read(c, mem, (struct bytes){at, (size_t)about.st_size}, out);

    (*out)->mapped = at;
    (*out)->mapped_len = (size_t)about.st_size;
    return rc;
}

static bool has_shape(const json_t *about, size_t rows, size_t columns)
{
    const json_t *shape = json_object_get(about, "shape");
    json_int_t last = json_integer_value(json_array_get(shape, json_array_size(shape) - 1));

    if (!text_is(json_str(about, "dtype"), "F16") || (size_t)last != columns)
        return false;
    if (json_array_size(shape) == 1)
        return rows == 1;
    return json_array_size(shape) == 2 &&
           (size_t)json_integer_value(json_array_get(shape, 0)) == rows;
}

rc_t tensors_get(struct ctx *c, const struct tensors *t, const char *name, size_t rows,
                 size_t columns, const struct half **out)
{
    const json_t *about = json_object_get(t->header, name);
    const json_t *span = json_object_get(about, "data_offsets");
    const json_int_t from = json_integer_value(json_array_get(span, 0));
    const size_t bytes = rows * columns * sizeof(struct half);

    if (about == NULL || !has_shape(about, rows, columns))
        return broken(c, "missing, or of another shape: ", name);
    if (from < 0 || (uint64_t)from > t->numbers.len || bytes > t->numbers.len - (size_t)from ||
        json_integer_value(json_array_get(span, 1)) - from != (json_int_t)bytes)
        return broken(c, "not within the file: ", name);
    *out = (const struct half *)(const void *)(t->numbers.data + from);
    return OK;
}
