/*
 * What a customer relies on: exports that verify, entries that nobody can write or unwrite,
 * signatures, and personal text that is gone once its subject is erased.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_help.h"
#include "base/conf.h"
#include "base/id.h"
#include "core/audit.h"
#include "core/audit_check.h"
#include "core/audit_find.h"
#include "core/audit_head.h"
#include "core/audit_subject.h"
#include "core/key_rotation.h"

#include <cmocka.h>

#define SECRETIVE "Annabel Quillfeather"

static int64_t sign(const char *tenant_id)
{
    struct ctx *c = pg_ctx(PG_WORKER, tenant_id);
    struct audit_state state;

    ok(c, audit_head_sign(c));
    ok(c, audit_state_get(c, &state));
    ok(c, db_commit(c));

    int64_t seq = state.signed_entries;

    ctx_end(c);
    return seq;
}

/* The whole export, piece by piece as a client would fetch it. */
static struct bytes exported(struct arena *mem, const char *tenant_id, int *pieces)
{
    struct buf out = buf_new(mem, MIB(32));
    int64_t until = sign(tenant_id), after = 0;

    *pieces = 0;
    do {
        struct ctx *c = pg_ctx(PG_WEB, tenant_id);
        struct buf piece = buf_new(c->mem, MIB(8));

        ok(c, audit_export(c, after, until, &piece, &after));
        buf_add(&out, piece.data, piece.len);
        ctx_end(c);
        ++*pieces;
    } while (after != 0);
    return buf_bytes(&out);
}

static const char *verdict(struct arena *mem, struct bytes text, int64_t *entries)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    unsigned char key[SIGN_PUBLIC_BYTES], private_key[SIGN_PRIVATE_BYTES];
    struct audit_trust trust = {.public_key = key};
    struct audit_check k;

    ok(c, audit_keys(c, key, private_key));
    audit_check_begin(c, &k, &trust);

    const char *code = audit_check_text(c, &k, text) == OK ? "whole" : text_dup(mem, c->fault.code);

    *entries = k.seq;
    ctx_end(c);
    return code;
}

static void exports_verify(void **state)
{
    static const char *const bodies[] = {"{}", "{\"a\":\"\\\"\\n\"}", "", "1:x",
                                         "\xe2\x82\xac\n\t'\"\\\x01"};
    struct place at = place_new(*state);
    int64_t entries;
    int pieces;

    for (size_t i = 0; i < COUNT_OF(bodies); i++)
        add(at.tenant_id, "person:\xe2\x82\xac", "thing.done", "object \"x\"", bodies[i]);

    struct bytes text = exported(*state, at.tenant_id, &pieces);

    assert_string_equal(verdict(*state, text, &entries), "whole");
    assert_int_equal(entries, 1 + (int)COUNT_OF(bodies));
    assert_int_equal(pieces, 1);
}

static void long_exports_come_in_pieces(void **state)
{
    struct place at = place_new(*state);
    int64_t entries;
    int pieces;

    add_many(at.tenant_id, 4500);

    struct bytes text = exported(*state, at.tenant_id, &pieces);

    assert_string_equal(verdict(*state, text, &entries), "whole");
    assert_int_equal(entries, 4501);
    assert_true(pieces > 2);
}

/* Whoever rebuilds the chain in the database itself has no key to sign it with. */
static void a_rebuilt_chain_does_not_verify(void **state)
{
    struct place at = place_new(*state);
    PGconn *super = pg_open(PG_SUPER);
    int64_t entries;
    int pieces;

    add(at.tenant_id, "a", "b", "c", "{}");
    exported(*state, at.tenant_id, &pieces);
    pg_do(super,
          "BEGIN; SET LOCAL session_replication_role = replica;"
          " UPDATE audit SET body = '{\"x\":1}' WHERE tenant_id = '%s' AND seq = 2; COMMIT",
          at.tenant_id);
    assert_string_equal(verdict(*state, exported(*state, at.tenant_id, &pieces), &entries),
                        "audit_hash_wrong");
    PQfinish(super);
}

static void there_is_no_way_around_the_door(void **state)
{
    static const struct {
        enum pg_role role;
        const char *sql, *sqlstate;
    } rows[] = {
        {PG_WEB, "INSERT INTO audit VALUES (tenant_now(), 99, now(), 'a', 'b', 'c', 'd', '', '')",
         "42501"},
        {PG_WORKER,
         "INSERT INTO audit VALUES (tenant_now(), 99, now(), 'a', 'b', 'c', 'd', '', '')", "42501"},
        {PG_WEB, "UPDATE audit_head SET seq = 0", "42501"},
        {PG_WORKER, "UPDATE audit_head SET hash = ''", "42501"},
        {PG_WEB, "DELETE FROM audit_head", "42501"},
        {PG_WEB, "INSERT INTO audit_head (tenant_id, seq) VALUES (tenant_now(), 5)", "42501"},
        {PG_WEB, "INSERT INTO audit_signature VALUES (tenant_now(), 1, '', now(), '', '')",
         "42501"},
        {PG_WORKER, "UPDATE audit_signature SET seq = 2", "42501"},
        {PG_WORKER, "DELETE FROM audit_signature", "42501"},
        {PG_WEB, "UPDATE audit_subject SET key_sealed = NULL", "42501"},
        {PG_WORKER, "DELETE FROM audit_subject", "42501"},
        {PG_OWNER, "TRUNCATE audit", "P0001"},
        {PG_OWNER, "TRUNCATE audit_head", "P0001"},
        {PG_OWNER, "TRUNCATE audit_signature", "P0001"},
        {PG_OWNER, "DELETE FROM audit_head", "P0001"},
        {PG_OWNER, "UPDATE audit_head SET seq = seq - 1", "P0001"},
        {PG_OWNER, "UPDATE audit_head SET seq = seq + 2", "P0001"},
        {PG_OWNER, "UPDATE audit_signature SET seq = 7", "P0001"},
        {PG_OWNER, "DELETE FROM audit_signature", "P0001"},
    };
    struct place at = place_new(*state);

    sign(at.tenant_id);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        PGconn *conn = pg_open(rows[i].role);
        const char *got;

        pg_do(conn, "BEGIN; SET LOCAL app.tenant_id = '%s'", at.tenant_id);
        got = pg_try(conn, "%s", rows[i].sql);
        if (strcmp(got, rows[i].sqlstate) != 0)
            fail_msg("%s as %s: %s, not %s", rows[i].sql, pg_name(rows[i].role), got,
                     rows[i].sqlstate);
        PQfinish(conn);
    }
}

static bool due(const char *tenant_id)
{
    struct ctx *c = pg_ctx(PG_WORKER, NULL);
    struct audit_due *list;
    size_t count;
    bool found = false;

    ok(c, audit_due_list(c, 24, 100000, &list, &count));
    for (size_t i = 0; i < count; i++)
        found |= strcmp(list[i].tenant_id, tenant_id) == 0;
    ctx_end(c);
    return found;
}

static void chains_that_grew_are_due_once_a_day(void **state)
{
    struct place at = place_new(*state);
    PGconn *super = pg_open(PG_SUPER);

    assert_true(due(at.tenant_id));
    assert_int_equal(sign(at.tenant_id), 1);
    assert_int_equal(sign(at.tenant_id), 1);
    assert_int_equal(pg_count(super, "SELECT count(*) FROM audit_signature WHERE tenant_id = '%s'",
                              at.tenant_id),
                     1);
    add(at.tenant_id, "a", "b", "c", "{}");
    assert_false(due(at.tenant_id));
    pg_do(super,
          "BEGIN; SET LOCAL session_replication_role = replica; UPDATE audit_signature SET "
          "signed_at = signed_at - interval '25 hours' WHERE tenant_id = '%s'; COMMIT",
          at.tenant_id);
    assert_true(due(at.tenant_id));
    assert_int_equal(sign(at.tenant_id), 2);
    assert_false(due(at.tenant_id));
    PQfinish(super);
}

/* The newest entry as a reader sees it. */
static struct audit_entry newest(struct ctx *c)
{
    struct audit_entry *items;
    size_t count;
    int64_t next;

    ok(c, audit_find(c, &(struct audit_filter){.before = 0}, 1, &items, &count, &next));
    assert_int_equal(count, 1);
    return items[0];
}

static void add_personal(const char *tenant_id, const char *subject_id)
{
    struct ctx *c = pg_ctx(PG_WEB, tenant_id);

    ok(c, audit_add_personal(c, "system", "person.invited", subject_id, subject_id,
                             "{\"name\":\"" SECRETIVE "\"}"));
    ok(c, db_commit(c));
    ctx_end(c);
}

/* How often the text stands in any form in the audit's tables. */
static int64_t plain_text(PGconn *super)
{
    return pg_count(super,
                    "SELECT (SELECT count(*) FROM audit a WHERE a::text LIKE '%%%s%%' OR "
                    "a.words @@ audit_query('quillfeather')) + (SELECT count(*) FROM "
                    "audit_subject s WHERE s::text LIKE '%%%s%%')",
                    SECRETIVE, SECRETIVE);
}

static void erasing_a_subject_leaves_the_chain_whole_and_no_text(void **state)
{
    struct place at = place_new(*state), other = place_new(*state);
    const char *subject = id_new(*state), *second = id_new(*state);
    PGconn *super = pg_open(PG_SUPER);
    int64_t entries;
    int pieces;

    add_personal(at.tenant_id, second);
    add_personal(at.tenant_id, subject);
    add_personal(other.tenant_id, subject);
    assert_int_equal(plain_text(super), 0);

    struct ctx *c = pg_ctx(PG_WEB, at.tenant_id);

    assert_string_equal(newest(c).personal, "{\"name\":\"" SECRETIVE "\"}");
    assert_false(newest(c).erased);
    ctx_end(c);

    /* The web process can't; the worker's role can, and again changes nothing. */
    c = pg_ctx(PG_WEB, at.tenant_id);
    assert_int_not_equal(audit_erase(c, "host", subject), OK);
    ctx_end(c);
    for (int i = 0; i < 2; i++) {
        c = pg_ctx(PG_WORKER, at.tenant_id);
        ok(c, audit_erase(c, "host", subject));
        ok(c, db_commit(c));
        ctx_end(c);
        c = pg_ctx(PG_WEB, at.tenant_id);
        assert_string_equal(newest(c).action, "subject.erased");
        assert_int_equal(newest(c).seq, 4);
        ctx_end(c);
    }
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM audit_subject WHERE tenant_id = '%s' AND "
                              "id = '%s' AND key_sealed IS NOT NULL",
                              at.tenant_id, subject),
                     0);

    c = pg_ctx(PG_WEB, at.tenant_id);

    struct audit_entry *items;
    size_t count;
    int64_t next;

    ok(c, audit_find(c, &(struct audit_filter){.action = "person.invited"}, 10, &items, &count,
                     &next));
    assert_int_equal(count, 2);
    assert_null(items[0].personal);
    assert_true(items[0].erased);
    assert_non_null(items[1].personal);
    ctx_end(c);

    /* Nothing new about an erased subject is kept, and nobody can give him a key again. */
    add_personal(at.tenant_id, subject);
    c = pg_ctx(PG_WEB, at.tenant_id);
    assert_true(newest(c).erased);
    assert_null(strstr(newest(c).body, "sealed"));
    ctx_end(c);
    c = pg_ctx(PG_WEB, other.tenant_id);
    assert_non_null(newest(c).personal);
    ctx_end(c);
    assert_string_equal(pg_try(super,
                               "UPDATE audit_subject SET key_sealed = 'x', erased_at = NULL "
                               "WHERE id = '%s' AND tenant_id = '%s'",
                               subject, at.tenant_id),
                        "P0001");
    assert_int_equal(plain_text(super), 0);

    struct bytes text = exported(*state, at.tenant_id, &pieces);

    assert_string_equal(verdict(*state, text, &entries), "whole");
    assert_int_equal(entries, 5);
    assert_null(strstr(text.data, "Quillfeather"));
    PQfinish(super);
}

/* Sealed text that is copied to another subject's entry, or another tenant's, does not open. */
static void sealed_text_does_not_move(void **state)
{
    struct place at = place_new(*state);
    const char *first = id_new(*state), *second = id_new(*state), *body, *personal;
    struct ctx *c = pg_ctx(PG_WEB, at.tenant_id);
    bool erased;

    ok(c, audit_seal(c, second, "{}", &body));
    ok(c, audit_seal(c, first, "{\"name\":\"x\"}", &body));

    char *moved = text_dup(c->mem, body);

    memcpy(moved + strlen("{\"subject\":\""), second, ID_LEN);
    assert_int_equal(audit_unseal(c, moved, &personal, &erased), E_INVALID);
    ctx_end(c);
}

/* Keys of subjects go over to the new web key; an erased one has none to go. */
static void subjects_survive_a_new_web_key(void **state)
{
    struct place at = place_new(*state);
    const char *kept = id_new(*state), *erased = id_new(*state),
               *before = text_dup(*state, conf_text(CONF_web_key));
    int64_t done;

    add_personal(at.tenant_id, kept);
    add_personal(at.tenant_id, erased);

    struct ctx *c = pg_ctx(PG_WORKER, at.tenant_id);

    ok(c, audit_erase(c, "host", erased));
    ok(c, db_commit(c));
    conf_set(CONF_web_key_previous, before);
    conf_set(CONF_web_key, "another web key, as long as it has to be");
    ok(c, rotate_web(c, &done));
    assert_int_equal(done, 1);
    conf_set(CONF_web_key_previous, "nobody's key, but longer than 32 bytes");
    ctx_end(c);
    c = pg_ctx(PG_WEB, at.tenant_id);

    struct audit_entry *items;
    size_t count;
    int64_t next;

    ok(c, audit_find(c, &(struct audit_filter){.action = "person.invited"}, 10, &items, &count,
                     &next));
    assert_int_equal(count, 2);
    assert_true(items[0].erased);
    assert_string_equal(items[1].personal, "{\"name\":\"" SECRETIVE "\"}");
    conf_set(CONF_web_key, before);
    ctx_end(c);
}

static void too_long_bodies_are_refused(void **state)
{
    struct place at = place_new(*state);
    struct ctx *c = pg_ctx(PG_WEB, at.tenant_id);
    char *body = arena_take(*state, 20000);

    memset(body, 'x', 19999);
    assert_int_equal(audit_add(c, "a", "b", "c", body), E_INVALID);
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AUDIT_TEST(exports_verify),
        AUDIT_TEST(long_exports_come_in_pieces),
        AUDIT_TEST(a_rebuilt_chain_does_not_verify),
        AUDIT_TEST(there_is_no_way_around_the_door),
        AUDIT_TEST(chains_that_grew_are_due_once_a_day),
        AUDIT_TEST(erasing_a_subject_leaves_the_chain_whole_and_no_text),
        AUDIT_TEST(sealed_text_does_not_move),
        AUDIT_TEST(subjects_survive_a_new_web_key),
        AUDIT_TEST(too_long_bodies_are_refused),
    };

    return cmocka_run_group_tests(tests, audit_help_start, pg_stop);
}
