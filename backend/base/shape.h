/*
 * A shape describes a flat struct once; JSON in, JSON out, database rows and the OpenAPI document
 * all read it. Four types, no nesting, no relations. The field's type is taken from the struct
 * itself, so the two cannot disagree.
 */
#ifndef BASE_SHAPE_H
#define BASE_SHAPE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

enum field_kind { F_TEXT, F_INT, F_BOOL, F_NUM };

enum field_flag {
    REQUIRED = 1,   /* must be there on the way in, and not blank */
    READ_ONLY = 2,  /* refused on the way in */
    WRITE_ONLY = 4, /* never on the way out: passwords, keys */
    NULLABLE = 8    /* text that may be null on the way out */
};

struct field {
    const char *name;
    size_t offset;
    enum field_kind kind;
    unsigned flags;
    /* text: most characters (bytes) accepted; numbers: largest accepted; 0: no bound of its own */
    int64_t max;
    const char *about;   /* one line for the API document, or NULL */
    const char *one_of;  /* text: the values that there are, with blanks between; NULL: any text */
    const char *example; /* for the API document, as JSON; NULL: what suits the name and the kind */
};

struct shape {
    const char *name; /* as in the API document: "Employee" */
    const struct field *fields;
    size_t count, size;
};

#define FIELD_KIND(type, member) \
    _Generic(((type *)0)->member, const char *: F_TEXT, char *: F_TEXT, int64_t: F_INT,            \
             bool: F_BOOL, double: F_NUM)
#define FIELD_FULL(type, member, flags, max, about, one_of, example)                        \
    {                                                                                       \
#member, offsetof(type, member), FIELD_KIND(type, member), (flags), (max), (about), \
            (one_of), (example)                                                             \
    }
#define FIELD(type, member, flags, max, about) \
    FIELD_FULL(type, member, flags, max, about, NULL, NULL)
/* Text that is one of a few words: "working paused". */
#define FIELD_OF(type, member, flags, one_of, about) \
    FIELD_FULL(type, member, flags, 0, about, one_of, NULL)
/* With an example of its own, as JSON: "\"0.25\"". */
#define FIELD_LIKE(type, member, flags, max, about, example) \
    FIELD_FULL(type, member, flags, max, about, NULL, example)
#define SHAPE(shown, type, fields)                        \
    {                                                     \
        (shown), (fields), COUNT_OF(fields), sizeof(type) \
    }

/*
 * Reads a JSON object into `out` (a struct of shape->size bytes, cleared first). Unknown,
 * duplicate, missing, read-only or ill-typed members, text past its limit or none of the choices,
 * control characters and bad UTF-8 are E_INVALID with the field named. Texts live in c->mem and are
 * NULL when absent.
 */
rc_t shape_read(struct ctx *c, const struct shape *shape, struct bytes json, void *out) MUST;

/* The JSON object of one struct; a new reference, never NULL (running out of memory aborts). */
json_t *shape_json(const struct shape *shape, const void *from);

/*
 * Sets one field from its database text form (NULL for SQL NULL); dates must be selected as epoch
 * seconds.
 */
rc_t shape_set(struct ctx *c, const struct field *f, void *object, const char *text) MUST;

const struct field *shape_field(const struct shape *shape, const char *name);

/*
 * Parses JSON of at most 32 levels, without duplicate keys; the value belongs to c->mem. E_INVALID
 * for what is none, and for what would take more than 64 MiB of memory.
 */
rc_t json_parse(struct ctx *c, struct bytes text, json_t **out) MUST;

/* Compact JSON text of v, in the arena. */
char *json_text(struct arena *mem, const json_t *v);

/* A member of an object as text, or NULL when it is missing or no text. */
const char *json_str(const json_t *object, const char *key);

#endif
