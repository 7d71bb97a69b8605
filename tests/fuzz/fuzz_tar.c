/* Archives as strangers might make them: read to their end or refused, never past either. */
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static rc_t take(struct ctx *c, void *arg, const char *name, struct bytes piece)
{
    int64_t *taken = arg;

    (void)c;
    (void)name;
    *taken += (int64_t)piece.len;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    int fd = memfd_create("archive", MFD_CLOEXEC);
    struct tar_in *in = tar_read(c, fd);
    struct tar_member m;
    bool found = true;
    int64_t taken = 0, told = 0;

    if (write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
        __builtin_trap();
    while (found && tar_next(c, in, take, &taken, &m, &found) == OK)
        told += found ? m.bytes : 0;
    if (told > taken || taken > (int64_t)size)
        __builtin_trap();
    close(fd);
    ctx_end(c);
    return 0;
}
