/*
 * Rotation of keys: nothing that was sealed is ever closed to whoever may open it, however far a
 * rotation got.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "core/connection.h"
#include "core/factor.h"
#include "core/key_rotation.h"
#include "core/tenant_key.h"
#include "io/db.h"
#include "lib/pg.h"

#include <cmocka.h>

#define FIRST_KEY "the first key, which is longer than 32 bytes"
#define SECOND_KEY "the second key, which is longer than 32 bytes"
#define CONNECTIONS 25
#define READERS 4

struct fixture {
    struct arena *mem;
    PGconn *super;
    struct place at;
    struct ctx *c;
    const char *ids[CONNECTIONS];
};

static const char *token_of(struct arena *mem, const char *id)
{
    return text_printf(mem, "xoxb-%s", id);
}

static void connect_one(struct fixture *f, int i)
{
    struct connection made = {
        .id = id_new(f->mem), .channel = "slack", .employee_id = f->at.employee_id};
    char *sealed;

    f->ids[i] = made.id;
    made.install = text_printf(f->mem, "T%s", made.id);
    ok(f->c, secret_seal(f->c, connection_token_place(f->c->tenant_id, made.id),
                         bytes_of(token_of(f->mem, made.id)), &sealed));
    made.bot_token = sealed;
    made.signing_secret = seal_with_key(f->c, conf_text(CONF_web_key),
                                        connection_secret_place(f->c->tenant_id, made.id),
                                        bytes_of(text_printf(f->mem, "sign-%s", made.id)));
    ok(f->c, connection_add(f->c, &made));
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    crypto_start();
    conf_set(CONF_master_key, FIRST_KEY);
    conf_set(CONF_web_key, FIRST_KEY);
    conf_set(CONF_master_key_previous, "nobody's key, but longer than 32 bytes");
    conf_set(CONF_web_key_previous, "nobody's key, but longer than 32 bytes");
    f->mem = arena_new(MIB(16));
    f->super = pg_open(PG_SUPER);
    f->at = place_new(f->mem);
    f->c = pg_ctx(PG_WORKER, f->at.tenant_id);
    ok(f->c, tenant_key_make(f->c));
    for (int i = 0; i < CONNECTIONS; i++)
        connect_one(f, i);
    ok(f->c, db_commit(f->c));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    ctx_end(f->c);
    pg_do(f->super, "DELETE FROM connection WHERE tenant_id = '%s'", f->at.tenant_id);
    PQfinish(f->super);
    arena_free(f->mem);
    free(f);
    return 0;
}

/* Opens one connection's two secrets as the programs do. */
static rc_t open_both(struct ctx *c, const char *id)
{
    struct connection connection;
    struct bytes token, secret;

    TRY(connection_get(c, id, &connection));
    TRY(secret_open(c, connection_token_place(c->tenant_id, id), connection.bot_token, &token));
    TRY(seal_open_key(c, key_web_for(c, connection.signing_secret),
                      connection_secret_place(c->tenant_id, id), connection.signing_secret,
                      &secret));
    if (!bytes_is(token, token_of(c->mem, id)) ||
        !bytes_is(secret, text_printf(c->mem, "sign-%s", id)))
        return ctx_fail(c, E_INTERNAL, "wrong", "something else was opened");
    return db_commit(c);
}

static void all_open(struct fixture *f)
{
    for (int i = 0; i < CONNECTIONS; i++)
        ok(f->c, open_both(f->c, f->ids[i]));
}

static void new_keys(void)
{
    conf_set(CONF_master_key, SECOND_KEY);
    conf_set(CONF_master_key_previous, FIRST_KEY);
    conf_set(CONF_web_key, SECOND_KEY);
    conf_set(CONF_web_key_previous, FIRST_KEY);
}

static void forget_old_keys(void)
{
    conf_set(CONF_master_key_previous, "nobody's key, but longer than 32 bytes");
    conf_set(CONF_web_key_previous, "nobody's key, but longer than 32 bytes");
}

/* After a rotation the old keys open nothing and are needed for nothing. */
static void master_and_web_keys(void **state)
{
    struct fixture *f = *state;
    int64_t done;

    new_keys();
    all_open(f);
    ok(f->c, rotate_master(f->c, &done));
    assert_int_equal(done, 1);
    ok(f->c, rotate_web(f->c, &done));
    assert_int_equal(done, CONNECTIONS);
    forget_old_keys();
    all_open(f);
    ok(f->c, rotate_master(f->c, &done));
    assert_int_equal(done, 0);
    ok(f->c, rotate_web(f->c, &done));
    assert_int_equal(done, 0);
    conf_set(CONF_master_key, FIRST_KEY);
    assert_int_equal(open_both(f->c, f->ids[0]), E_INVALID);
    ctx_forgive(f->c);
    db_rollback(f->c);
}

/* The codes of a person's app outlive the key that their secret was sealed with. */
static void secrets_of_people(void **state)
{
    struct fixture *f = *state;
    struct ctx *web = pg_ctx(PG_WEB, f->at.tenant_id);
    const char *person = f->at.person_id;
    struct factor_setup setup;
    struct recovery_code *codes;
    bool recovery;
    int64_t done;

    ok(web, factor_begin(web, person, "ann@example.org", &setup));
    ok(web, db_commit(web));
    pg_do(f->super, "UPDATE person_factor SET confirmed_at = now() WHERE person_id = '%s'", person);
    ok(web, factor_codes_make(web, person, &codes));
    ok(web, db_commit(web));
    new_keys();
    ok(web, factor_check(web, person, codes[0].code, &recovery));
    ok(f->c, rotate_web(f->c, &done));
    assert_int_equal(done, CONNECTIONS + 1);
    forget_old_keys();
    ok(web, db_commit(web));
    ok(web, factor_check(web, person, codes[1].code, &recovery));
    ok(web, db_commit(web));
    conf_set(CONF_web_key, FIRST_KEY);
    assert_int_equal(factor_check(web, person, codes[2].code, &recovery), E_INVALID);
    ctx_end(web);
}

static int64_t key_count(struct fixture *f, const char *condition)
{
    return pg_count(f->super, "SELECT count(*) FROM tenant_key WHERE tenant_id = '%s' AND %s",
                    f->at.tenant_id, condition);
}

static void tenant_keys(void **state)
{
    struct fixture *f = *state;
    int64_t done;

    ok(f->c, rotate_tenant(f->c, &done));
    assert_int_equal(done, CONNECTIONS);
    all_open(f);
    assert_int_equal(key_count(f, "retired_at IS NULL"), 1);
    assert_int_equal(key_count(f, "true"), 2);
    /* A day later the next rotation destroys the one before the last. */
    pg_do(
        f->super,
        "UPDATE tenant_key SET retired_at = now() - interval '25 hours' WHERE tenant_id = '%s' AND "
        "retired_at IS NOT NULL",
        f->at.tenant_id);
    ok(f->c, rotate_tenant(f->c, &done));
    assert_int_equal(done, CONNECTIONS);
    assert_int_equal(key_count(f, "key_id = 1"), 0);
    assert_int_equal(key_count(f, "true"), 2);
    all_open(f);
}

/*
 * Broken off after the new key was made and some values were sealed to it, it goes on, and makes no
 * third key.
 */
static void a_broken_off_rotation_goes_on(void **state)
{
    struct fixture *f = *state;
    int64_t newest, done;
    char *sealed;

    ok(f->c, tenant_key_next(f->c, &newest));
    for (int i = 0; i < 5; i++) {
        const struct seal_place place = connection_token_place(f->c->tenant_id, f->ids[i]);

        ok(f->c, secret_seal(f->c, place, bytes_of(token_of(f->mem, f->ids[i])), &sealed));
        ok(f->c, db_commit(f->c));
        pg_do(f->super, "UPDATE connection SET bot_token = '%s' WHERE id = '%s'", sealed,
              f->ids[i]);
    }
    all_open(f);
    ok(f->c, rotate_tenant(f->c, &done));
    assert_int_equal(done, CONNECTIONS - 5);
    assert_int_equal(key_count(f, "true"), 2);
    all_open(f);
}

struct reader {
    struct fixture *f;
    atomic_bool *over;
    int failed, opened;
};

static void *read_on(void *arg)
{
    struct reader *r = arg;

    while (!atomic_load(r->over)) {
        struct ctx *c = pg_ctx(PG_WORKER, r->f->at.tenant_id);

        for (int i = 0; i < CONNECTIONS; i++) {
            if (open_both(c, r->f->ids[i]) == OK) {
                r->opened++;
                continue;
            }
            r->failed++;
            ctx_forgive(c);
            db_rollback(c);
        }
        ctx_end(c);
    }
    return NULL;
}

/* While others open secrets all the time, three rotations of all keys close none of them. */
static void nobody_notices(void **state)
{
    struct fixture *f = *state;
    atomic_bool over = false;
    struct reader readers[READERS];
    pthread_t threads[READERS];
    int64_t done;

    new_keys();
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){f, &over, 0, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
    }
    ok(f->c, rotate_master(f->c, &done));
    ok(f->c, rotate_web(f->c, &done));
    for (int i = 0; i < 3; i++)
        ok(f->c, rotate_tenant(f->c, &done));
    atomic_store(&over, true);
    for (int i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(readers[i].failed, 0);
        assert_true(readers[i].opened > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(master_and_web_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(secrets_of_people, setup, teardown),
        cmocka_unit_test_setup_teardown(tenant_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(a_broken_off_rotation_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_notices, setup, teardown),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
