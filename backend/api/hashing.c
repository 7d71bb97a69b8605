/* See hashing.h. */
#include "api/hashing.h"

#include "core/login_limit.h"
#include "core/person.h"
#include "io/crypto.h"

#define HASHING_MS 30000 /* waiting for the helper thread; a full queue is answered at once */

struct parked {
    struct hashing *h;
    hashing_done done;
};

struct hashing *hashing_new(struct ctx *c)
{
    struct hashing *h = arena_take(c->mem, sizeof(*h));

    *h = (struct hashing){.c = c, .fitting = -1};
    return h;
}

rc_t hashing_own(struct ctx *c, struct hashing *h, const char *password)
{
    struct person_record person;

    TRY(person_find(c, c->person_id, &person));
    TRY(login_try(c, person.email, NULL));
    TRY(person_password(c, c->person_id, &h->hashes[0]));
    h->email = person.email;
    h->password = password;
    h->tests = 1;
    return OK;
}

rc_t hashing_wrong(struct ctx *c)
{
    return ctx_bad(c, "password", "password_wrong", "This is not your password.");
}

static rc_t test(struct hashing *h, int which)
{
    char *wasted = NULL;

    if (h->hashes[which] == NULL)
        return password_hash(h->c, h->password, &wasted);
    if (password_fits(h->hashes[which], h->password))
        h->fitting = which;
    return OK;
}

static void work(void *state)
{
    struct parked *p = state;
    struct hashing *h = p->h;
    char *hash = NULL;

    for (int i = 0; i < h->tests && h->fitting < 0 && h->rc == OK; i++)
        h->rc = test(h, i);
    if (h->renew && h->fitting >= 0 && password_stale(h->hashes[h->fitting]))
        h->fresh = h->password;
    if (h->rc == OK && h->fresh != NULL && (h->tests == 0 || h->fitting >= 0))
        h->rc = password_hash(h->c, h->fresh, &hash);
    h->hash = hash;
}

static rc_t resume(struct ctx *c, const struct req *rq, struct res *rs, void *state, enum wake why,
                   struct bytes news)
{
    struct parked *p = state;

    (void)news;
    if (why == WAKE_DEADLINE)
        return ctx_fail(c, E_UNAVAILABLE, "busy", "the helper thread did not come to it in time");
    if (p->h->rc != OK)
        return ctx_fail(c, p->h->rc, "no_memory", "a password could not be hashed");
    return p->done(c, rq, rs, p->h);
}

rc_t hashing_park(struct ctx *c, struct res *rs, struct hashing *h, hashing_done done)
{
    struct park *park = arena_take(c->mem, sizeof(*park));
    struct parked *p = arena_take(c->mem, sizeof(*p));

    *p = (struct parked){h, done};
    *park = (struct park){
        .kind = PARK_CPU, .deadline_ms = HASHING_MS, .state = p, .work = work, .resume = resume};
    rs->park = park;
    return OK;
}
