/* Files that the programs carry inside themselves; made by scripts/embed. */
#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H

struct embedded {
    const char *name, *start, *end; /* *end is a zero byte, so that text can be used as it is */
};

/*
 * migrations/NNNN_name.sql in their order, and the files of seed/; both end with an entry whose
 * name is NULL.
 */
extern const struct embedded embedded_migrations[];
extern const struct embedded embedded_bootstrap[];
extern const struct embedded embedded_seed[];
/* The files of isolation/, for the proof that tenants are sealed off. */
extern const struct embedded embedded_isolation[];

#endif
