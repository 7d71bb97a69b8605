/*
 * What safety costs, asked of our own code and of the bare calls below it in the same run:
 *   bench_secure hash MIB PASSES THREADS SECONDS     passwords tested a second
 *   bench_secure open SECONDS                        sealed keys opened a second
 *   bench_secure audit THREADS SECONDS TENANT...     entries appended a second, each in its own
 *                                                    transaction, and the same without a chain
 * Prints one JSON object.
 */
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/id.h"
#include "core/audit.h"
#include "core/tenant_key.h"
#include "io/crypto.h"
#include "io/db.h"

#define THREADS_MOST 64

struct load {
    bool (*once)(struct load *of, long turn); /* false: it failed */
    int64_t until_us;
    int number;
    long done;
    const void *with;
};

static int whole(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

static void *carry(void *arg)
{
    struct load *of = arg;

    for (long turn = 0; clock_mono_us() < of->until_us; turn++) {
        if (!of->once(of, turn))
            exit(1);
        of->done++;
    }
    return NULL;
}

/* As often as so many threads do it in so many seconds: times a second. */
static double rate(int threads, double seconds, bool (*once)(struct load *, long), const void *with)
{
    struct load loads[THREADS_MOST];
    pthread_t ids[THREADS_MOST];
    int64_t began = clock_mono_us();
    long done = 0;

    for (int i = 0; i < threads; i++) {
        loads[i] = (struct load){once, began + (int64_t)(seconds * 1e6), i, 0, with};
        if (pthread_create(&ids[i], NULL, carry, &loads[i]) != 0)
            exit(1);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        done += loads[i].done;
    }
    return (double)done * 1e6 / (double)(clock_mono_us() - began);
}

/*
 * Ours and the bare work below it in turns of a slice each, so that what else the machine does
 * meets both alike; printed as one JSON object.
 */
#define SLICES 10
static void in_turns(int threads, double seconds, bool (*ours)(struct load *, long),
                     bool (*bare)(struct load *, long), const void *with)
{
    double slice = seconds / (2 * SLICES), ours_sum = 0, bare_sum = 0;

    for (int i = 0; i < SLICES; i++) {
        bare_sum += rate(threads, slice, bare, with);
        ours_sum += rate(threads, slice, ours, with);
    }
    printf("{\"ours\":%.1f,\"bare\":%.1f}\n", ours_sum / SLICES, bare_sum / SLICES);
}

static bool test_password(struct load *of, long turn)
{
    (void)turn;
    return password_fits(of->with, "a password of the bench");
}

static int hash(char **argv)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    char *made;

    conf_set(CONF_argon2_mib, argv[0]);
    conf_set(CONF_argon2_passes, argv[1]);
    if (password_hash(c, "a password of the bench", &made) != OK)
        return 1;
    printf("{\"per_second\":%.2f}\n",
           rate(whole(argv[2]), strtod(argv[3], NULL), test_password, made));
    ctx_end(c);
    return 0;
}

struct sealed {
    unsigned char public_key[32], private_key[32];
    struct seal_place place;
    const char *token;
    unsigned char box[crypto_box_SEALBYTES + 48];
};

static bool open_ours(struct load *of, long turn)
{
    const struct sealed *s = of->with;
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct bytes plain;
    bool opened = seal_open_tenant(c, s->public_key, s->private_key, s->place, s->token, &plain) ==
                  OK;

    (void)turn;
    ctx_end(c);
    return opened;
}

/* libsodium's sealed box alone, of a vendor key's length: no place bound in, no age, no masking. */
static bool open_bare(struct load *of, long turn)
{
    const struct sealed *s = of->with;
    unsigned char plain[48];

    (void)turn;
    return crypto_box_seal_open(plain, s->box, sizeof(s->box), s->public_key, s->private_key) == 0;
}

static int open_sealed(char **argv)
{
    static const char key[48] = "sk-bench-0123456789abcdef0123456789abcdef012345";
    double seconds = strtod(argv[0], NULL);
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct sealed s = {.place = {id_new(c->mem), "connection", "bot_token", id_new(c->mem)}};

    crypto_key_pair(s.public_key, s.private_key);
    s.token = seal_to_tenant(c, s.public_key, 1, s.place, (struct bytes){key, sizeof(key)});
    if (crypto_box_seal(s.box, (const unsigned char *)key, sizeof(key), s.public_key) != 0)
        return 1;
    in_turns(1, seconds, open_ours, open_bare, &s);
    ctx_end(c);
    return 0;
}

struct tenants {
    struct db_pool *pool;
    char **ids;
    int count;
};

static bool run_in(struct load *of, long turn, rc_t (*run)(struct ctx *c))
{
    const struct tenants *all = of->with;
    struct ctx *c = ctx_new(MIB(1), all->pool);
    rc_t rc;

    c->tenant_id = all->ids[(of->number + turn * 7) % all->count];
    rc = run(c);
    if (rc == OK)
        rc = db_commit(c);
    if (rc != OK)
        fprintf(stderr, "%s: %s\n", c->fault.code, c->fault.detail);
    ctx_end(c);
    return rc == OK;
}

#define BODY "{\"address\":\"203.0.113.7\",\"words\":\"as long as entries usually are\"}"

static rc_t add_entry(struct ctx *c)
{
    return audit_add(c, "system", "bench.appended", "01980a5d-ac96-774b-bcce-b302099a8057", BODY);
}

static const struct stmt q_bare = {
    "bench_bare", "INSERT INTO bench_bare (tenant_id, actor, action, object, body) VALUES "
                  "(tenant_now(), 'system', 'bench.appended', $1, $2)"};

static rc_t add_bare(struct ctx *c)
{
    return db_exec(c, &q_bare, ARGS(A("01980a5d-ac96-774b-bcce-b302099a8057"), A(BODY)), NULL);
}

static bool append(struct load *of, long turn)
{
    return run_in(of, turn, add_entry);
}

static bool append_bare(struct load *of, long turn)
{
    return run_in(of, turn, add_bare);
}

static int audit(char **argv, int count)
{
    int threads = whole(argv[0]);
    double seconds = strtod(argv[1], NULL);
    struct tenants all = {db_pool_new(conf_text(CONF_db_web), threads), argv + 2, count - 2};

    in_turns(threads, seconds, append, append_bare, &all);
    db_pool_free(all.pool);
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (conf_load(0) != OK)
        return 2;
    crypto_start();
    if (strcmp(what, "hash") == 0 && argc == 6)
        return hash(argv + 2);
    if (strcmp(what, "open") == 0 && argc == 3)
        return open_sealed(argv + 2);
    if (strcmp(what, "audit") == 0 && argc > 4 && whole(argv[2]) <= THREADS_MOST)
        return audit(argv + 2, argc - 2);
    fprintf(stderr, "usage: see the beginning of tests/bench/bench_secure.c\n");
    return 2;
}
