/*
 * Archives in the ustar format (POSIX.1-1988), written and read in one pass and with little memory,
 * with the SHA-256 of each member. Only what our own archives need: regular files, names of at most
 * 99 bytes, members of at most 8 GiB.
 */
#ifndef IO_TAR_H
#define IO_TAR_H

#include "io/crypto_audit.h"

#define TAR_NAME_MAX 100 /* with the zero at its end */

/* A member, once it is whole. */
struct tar_member {
    char name[TAR_NAME_MAX];
    int64_t bytes, lines;
    unsigned char hash[HASH_BYTES];
};

/* A new archive at this path, readable by its owner only; what stood there is overwritten. */
struct tar_out;
rc_t tar_make(struct ctx *c, const char *path, int64_t max_bytes, struct tar_out **out) MUST;
rc_t tar_begin(struct ctx *c, struct tar_out *t, const char *name) MUST;
/* E_LIMIT "archive_too_large" past max_bytes. */
rc_t tar_add(struct ctx *c, struct tar_out *t, struct bytes data) MUST;
rc_t tar_end(struct ctx *c, struct tar_out *t, struct tar_member *out) MUST;
/* After the last member: the archive is on disk when this returns. */
rc_t tar_close(struct ctx *c, struct tar_out *t) MUST;
int64_t tar_bytes(const struct tar_out *t);

/*
 * Reads an archive from a descriptor, which stays the caller's, member by member: `take` (or NULL)
 * gets the pieces of each as they come. *found is false behind the last. E_INVALID "archive_broken"
 * for anything that tar_make would not have written.
 */
struct tar_in;
typedef rc_t (*tar_take)(struct ctx *c, void *arg, const char *name, struct bytes piece);
struct tar_in *tar_read(struct ctx *c, int fd);
rc_t tar_next(struct ctx *c, struct tar_in *t, tar_take take, void *arg, struct tar_member *out,
              bool *found) MUST;

#endif
