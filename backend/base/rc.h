/*
 * Result codes: what every function that can fail returns, and the two macros that keep the good
 * path at the left edge.
 */
#ifndef BASE_RC_H
#define BASE_RC_H

typedef enum {
    OK = 0,
    E_INVALID,     /* the caller's input is wrong; the fault names the field */
    E_UNAUTH,      /* nobody is logged in, or a signature does not fit */
    E_FORBIDDEN,   /* known, but not allowed */
    E_NOT_FOUND,   /* missing, or another tenant's: the two look alike on purpose */
    E_CONFLICT,    /* the state of things refuses it */
    E_LIMIT,       /* a limit decided by us was passed */
    E_UPSTREAM,    /* a vendor failed or spoke nonsense */
    E_TIMEOUT,     /* a deadline passed */
    E_UNAVAILABLE, /* one of our own services is away; trying again later is right */
    E_INTERNAL     /* our own fault */
} rc_t;

#define MUST __attribute__((warn_unused_result))
#define PRINTF_LIKE(at, first) __attribute__((format(printf, at, first)))

#define TRY(call)              \
    do {                       \
        rc_t try_rc_ = (call); \
        if (try_rc_ != OK)     \
            return try_rc_;    \
    } while (0)

#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))
#define KIB(n) ((size_t)(n)*1024u)
#define MIB(n) ((size_t)(n)*1024u * 1024u)

#endif
