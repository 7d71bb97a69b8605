/*
 * Passwords in handlers: a request that tests or hashes one is parked while the helper thread does
 * it, never on the event loop.
 */
#ifndef API_HASHING_H
#define API_HASHING_H

#include "api/http.h"

#define HASHING_TESTS 2

struct hashing {
    struct ctx *c; /* the parked request's own context: its memory */
    /*
     * The password given is tested against these hashes in turn, until one fits. A NULL among the
     * first `tests` is nobody's and costs the same time.
     */
    const char *password;
    const char *hashes[HASHING_TESTS];
    int tests;
    int fitting; /* which one it was, or -1 */
    /* Hashed after that (NULL: nothing is), unless there were tests and none fits. */
    const char *fresh;
    bool renew;       /* the password that fitted becomes `fresh` when its hash is out of date */
    const char *hash; /* of `fresh`, or NULL */
    rc_t rc;
    const char *email; /* whose attempts are counted */
    void *state;       /* the handler's own */
};

typedef rc_t (*hashing_done)(struct ctx *c, const struct req *rq, struct res *rs,
                             struct hashing *h);

/* A new one in the memory of the request. */
struct hashing *hashing_new(struct ctx *c);

/*
 * For testing one's own password: as often as at the log-in, since a session may be stolen. Whoever
 * calls says login_right() once all was right.
 */
rc_t hashing_own(struct ctx *c, struct hashing *h, const char *password) MUST;

/* E_INVALID: what was tested was not one's own password. */
rc_t hashing_wrong(struct ctx *c);

/* Parks the request; `done` gets the result and answers. */
rc_t hashing_park(struct ctx *c, struct res *rs, struct hashing *h, hashing_done done) MUST;

#endif
