/* Checking exports: whole ones pass, and every way of tampering with one is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_made.h"
#include "core/audit_check.h"
#include "io/crypto.h"

#include <cmocka.h>

#define TENANT "0190a0a0-0000-7000-8000-000000000001"
#define OTHER "0190a0a0-0000-7000-8000-000000000002"
#define SECRET "the master key of the instance under test"
#define COUNT 12

/* What the corpus is made of, and how much of it was found. */
struct corpus {
    struct ctx *c;
    const unsigned char *key;
    int cases, found;
};

static bool passes(const unsigned char *key, struct bytes text, int64_t anchor,
                   const unsigned char *anchor_hash)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    struct audit_trust trust = {.public_key = key, .anchor_seq = anchor};
    struct audit_check k;

    if (anchor > 0)
        memcpy(trust.anchor_hash, anchor_hash, HASH_BYTES);
    audit_check_begin(c, &k, &trust);

    bool good = audit_check_text(c, &k, text) == OK;

    ctx_end(c);
    return good;
}

static void tampered(struct corpus *all, const char *how, int at, struct bytes text)
{
    all->cases++;
    if (passes(all->key, text, 0, NULL))
        print_error("not found: %s %d\n", how, at);
    else
        all->found++;
}

static struct made *fresh(struct corpus *all)
{
    return made_new(all->c->mem, TENANT, SECRET, COUNT);
}

static struct bytes line_of(struct bytes text, int n)
{
    const char *at = text.data;

    for (; n > 0; n--)
        at = strchr(at, '\n') + 1;
    return (struct bytes){at, (size_t)(strchr(at, '\n') - at) + 1};
}

/* The export with its lines in another order; -1 ends it. */
static struct bytes lines_as(struct corpus *all, struct bytes text, const int *order)
{
    struct buf out = buf_new(all->c->mem, KIB(64));

    for (; *order >= 0; order++) {
        struct bytes line = line_of(text, *order);

        buf_add(&out, line.data, line.len);
    }
    return buf_bytes(&out);
}

static struct bytes *field_of(struct audit_entry_text *e, int field)
{
    struct bytes *fields[] = {&e->at, &e->actor, &e->action, &e->object, &e->body};

    return fields[field];
}

/* One field changed: left so, its hash made anew, all hashes behind it, the head bent to fit. */
static void edits(struct corpus *all)
{
    for (int i = 0; i < COUNT; i++)
        for (int field = 0; field < 5; field++)
            for (int depth = 0; depth < 4; depth++) {
                struct made *m = fresh(all);
                struct audit_head_text head = made_head(m, COUNT);
                struct bytes *text = field_of(&m->entries[i], field);

                *text = bytes_of(text_printf(all->c->mem, "%.*s!", (int)text->len, text->data));
                if (depth == 1) {
                    int count = m->count;

                    m->count = i + 1;
                    made_chain(m, i);
                    m->count = count;
                    if (i == COUNT - 1)
                        continue; /* that is the next depth */
                }
                if (depth >= 2)
                    made_chain(m, i);
                if (depth == 3)
                    memcpy(head.hash, m->entries[COUNT - 1].hash, HASH_BYTES);
                tampered(all, "edit", i * 100 + field * 10 + depth, made_text_with(m, &head));
            }
}

static void resigned(struct corpus *all)
{
    for (int i = 0; i < COUNT; i++) {
        struct made *m = fresh(all);
        struct audit_head_text head;

        sign_keys("the key of a forger, quite another", "KonAudit", m->public_key, m->private_key);
        m->entries[i].object = BYTES("forged");
        made_chain(m, i);
        head = made_head(m, COUNT);
        tampered(all, "signed with another key", i, made_text_with(m, &head));
        memcpy(head.public_key, all->key, SIGN_PUBLIC_BYTES);
        tampered(all, "signed with another key under the name of ours", i,
                 made_text_with(m, &head));
    }
}

/* Lines removed, doubled, swapped, moved; each also with the numbers and hashes made anew. */
static void lines(struct corpus *all)
{
    struct bytes text = made_text(fresh(all));
    int order[COUNT + 4];

    for (int gone = 0; gone < COUNT + 2; gone++) {
        int n = 0;

        for (int i = 0; i < COUNT + 2; i++)
            if (i != gone)
                order[n++] = i;
        order[n] = -1;
        tampered(all, "line removed", gone, lines_as(all, text, order));
    }
    for (int twice = 0; twice < COUNT + 2; twice++) {
        int n = 0;

        for (int i = 0; i < COUNT + 2; i++) {
            order[n++] = i;
            if (i == twice)
                order[n++] = i;
        }
        order[n] = -1;
        tampered(all, "line doubled", twice, lines_as(all, text, order));
    }
    for (int a = 0; a < COUNT + 2; a++)
        for (int b = a + 1; b < COUNT + 2; b++) {
            for (int i = 0; i < COUNT + 2; i++)
                order[i] = i == a ? b : i == b ? a : i;
            order[COUNT + 2] = -1;
            tampered(all, "lines swapped", a * 100 + b, lines_as(all, text, order));
        }
}

static void rebuilt(struct corpus *all)
{
    for (int i = 0; i < COUNT; i++) {
        struct made *m = fresh(all);
        struct audit_head_text head = made_head(m, COUNT);

        memmove(&m->entries[i], &m->entries[i + 1],
                (size_t)(COUNT - i - 1) * sizeof(m->entries[0]));
        m->count--;
        made_chain(m, i);
        tampered(all, "entry removed and the rest rebuilt", i, made_text_with(m, &head));
        head.seq = m->count;
        tampered(all, "the same, with the head's number", i, made_text_with(m, &head));

        m = fresh(all);
        memmove(&m->entries[i + 1], &m->entries[i], (size_t)(COUNT - i) * sizeof(m->entries[0]));
        m->entries[i].object = BYTES("put in");
        m->count++;
        made_chain(m, i);
        head = made_head(fresh(all), COUNT);
        tampered(all, "entry put in and the rest rebuilt", i, made_text_with(m, &head));
    }
}

static void between_tenants(struct corpus *all)
{
    struct made *theirs = made_new(all->c->mem, OTHER, SECRET, COUNT);
    struct audit_head_text their_head = made_head(theirs, COUNT);

    for (int i = 0; i < COUNT; i++) {
        struct made *m = fresh(all);
        struct audit_head_text head = made_head(m, COUNT);

        m->entries[i] = theirs->entries[i];
        tampered(all, "entry of another tenant", i, made_text_with(m, &head));
    }

    struct made *m = fresh(all);

    tampered(all, "head of another tenant", 0, made_text_with(m, &their_head));
    theirs->tenant_id = TENANT;
    tampered(all, "chain of another tenant", 0, made_text_with(theirs, &their_head));
    m->tenant_id = OTHER;
    tampered(all, "name of another tenant", 0, made_text(m));
}

static void cut(struct corpus *all)
{
    struct bytes text = made_text(fresh(all));

    for (size_t len = 0; len < text.len; len += 7)
        tampered(all, "cut", (int)len, (struct bytes){text.data, len});
    for (int count = 1; count < COUNT; count++) {
        struct made *m = fresh(all);
        struct audit_head_text head = made_head(m, COUNT);

        m->count = count;
        tampered(all, "last entries cut off", count, made_text_with(m, &head));
        head.seq = count;
        memcpy(head.hash, m->entries[count - 1].hash, HASH_BYTES);
        tampered(all, "cut off, head bent to fit", count, made_text_with(m, &head));
    }
}

static void every_byte(struct corpus *all)
{
    struct bytes text = made_text(fresh(all));
    char *copy = text_copy(all->c->mem, text.data, text.len);

    for (size_t i = 0; i < text.len; i++) {
        copy[i] ^= 1;
        tampered(all, "byte", (int)i, (struct bytes){copy, text.len});
        copy[i] ^= 1;
    }
}

/* The same content in another spelling is not what was written. */
static void spellings(struct corpus *all)
{
    static const char *const swaps[][2] = {{"\",\"actor\"", "\", \"actor\""},
                                           {"\"seq\":3", "\"seq\":03"},
                                           {"\"seq\":3", "\"seq\":3.0"},
                                           {"person.logged_in", "person\\u002elogged_in"},
                                           {"}\n{\"seq\":4", "}\r\n{\"seq\":4"},
                                           {"}\n{\"seq\":4", "}\n\n{\"seq\":4"},
                                           {"\\u0001", "\x01"},
                                           {"\"version\":1", "\"version\":2"},
                                           {"\"body\":\"{}\"", "\"body\":\"{}\",\"body\":\"{}\""},
                                           {"\"hash\":\"", "\"hash\":\"0"}};
    struct bytes text = made_text(fresh(all));

    for (size_t i = 0; i < COUNT_OF(swaps); i++) {
        const char *at = strstr(text.data, swaps[i][0]);

        assert_non_null(at);
        tampered(all, "spelling", (int)i,
                 bytes_of(text_printf(all->c->mem, "%.*s%s%s", (int)(at - text.data), text.data,
                                      swaps[i][1], at + strlen(swaps[i][0]))));
    }
    tampered(all, "more at the end", 0, bytes_of(text_printf(all->c->mem, "%s\n", text.data)));
    tampered(all, "nothing", 0, BYTES(""));
}

static void every_tampering_is_found(void **state)
{
    struct corpus all = {.c = ctx_new(MIB(512), NULL)};

    (void)state;
    all.key = fresh(&all)->public_key;
    edits(&all);
    resigned(&all);
    lines(&all);
    rebuilt(&all);
    between_tenants(&all);
    cut(&all);
    spellings(&all);

    int made_by_hand = all.cases;

    every_byte(&all);
    print_message("%d ways of tampering and %d changed bytes, %d found\n", made_by_hand,
                  all.cases - made_by_hand, all.found);
    assert_true(made_by_hand >= 200);
    assert_int_equal(all.found, all.cases);
    ctx_end(all.c);
}

static void whole_chains_pass(void **state)
{
    struct ctx *c = ctx_new(MIB(64), NULL);

    (void)state;
    for (int count = 1; count <= 40; count++) {
        struct made *m = made_new(c->mem, TENANT, SECRET, count);

        assert_true(passes(m->public_key, made_text(m), 0, NULL));
        assert_true(passes(m->public_key, made_text(m), count, m->entries[count - 1].hash));
    }
    ctx_end(c);
}

/* An older export, whole in itself and truly signed, is found by an anchor kept outside. */
static void an_anchor_finds_what_was_signed_and_cut_off(void **state)
{
    struct ctx *c = ctx_new(MIB(64), NULL);
    struct made *m = made_new(c->mem, TENANT, SECRET, COUNT);
    unsigned char newest[HASH_BYTES];

    (void)state;
    memcpy(newest, m->entries[COUNT - 1].hash, HASH_BYTES);
    for (m->count = 1; m->count < COUNT; m->count++) {
        assert_true(passes(m->public_key, made_text(m), 0, NULL));
        assert_false(passes(m->public_key, made_text(m), COUNT, newest));
    }
    /* And one that the owner of the signing key rebuilt. */
    m->count = COUNT;
    m->entries[3].object = BYTES("forged");
    made_chain(m, 3);
    assert_true(passes(m->public_key, made_text(m), 0, NULL));
    assert_false(passes(m->public_key, made_text(m), COUNT, newest));
    ctx_end(c);
}

/* Hashes of docs/audit.md, worked out by another program. */
static void hashes_are_those_of_the_guide(void **state)
{
    static const char *const wanted[] = {
        "6a90b1734a41576a72f9902071f41f2e8d8acdb3f3d493f20af9c954ad927db5",
        "24937d5e6100d7b71d1cf2c8ad7aa4cd432ed9b68722b63cce94b2f905d3aea5"};
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct digest *d = digest_new(c->mem);
    struct audit_entry_text entries[] = {{.seq = 1,
                                          .at = BYTES("2026-01-31T23:59:59.123Z"),
                                          .actor = BYTES("system"),
                                          .action = BYTES("tenant.created"),
                                          .object = BYTES(TENANT),
                                          .body = BYTES("{}")},
                                         {.seq = 2,
                                          .at = BYTES("2026-02-01T00:00:00.000Z"),
                                          .actor = BYTES("person:Zo\xc3\xab"),
                                          .action = BYTES("person.logged_in"),
                                          .object = BYTES("x"),
                                          .body = BYTES("{\"a\":\"\\\"q\\\"\\n\"}")}};
    unsigned char hash[HASH_BYTES];

    (void)state;
    audit_first_hash(hash);
    for (size_t i = 0; i < COUNT_OF(entries); i++) {
        audit_hash(d, hash, BYTES(TENANT), &entries[i], entries[i].hash);
        memcpy(hash, entries[i].hash, HASH_BYTES);
        assert_string_equal(text_hex(c->mem, (struct bytes){(const char *)hash, HASH_BYTES}),
                            wanted[i]);
    }
    ctx_end(c);
}

/* KONSTRUCT_AUDIT_FILE keeps the file for `konstruct audit verify`; its key is printed. */
static void long_chains_pass(void **state)
{
    const char *given = getenv("KONSTRUCT_AUDIT_FILE"), *number = getenv("KONSTRUCT_AUDIT_ENTRIES");
    int64_t count = number == NULL ? 5000 : strtoll(number, NULL, 10);
    struct ctx *c = ctx_new(MIB(16), NULL);
    struct made *m = made_new(c->mem, TENANT, SECRET, 1);
    struct audit_trust trust = {.public_key = m->public_key};
    struct audit_check k;
    char path[] = "/tmp/konstruct-audit-XXXXXX", *line = NULL;
    size_t room = 0;
    ssize_t len;

    (void)state;
    if (given == NULL)
        close(mkstemp(path));
    made_file(given == NULL ? path : given, TENANT, SECRET, count);
    print_message("key %s\n",
                  text_hex(c->mem, (struct bytes){(const char *)m->public_key, SIGN_PUBLIC_BYTES}));

    FILE *file = fopen(given == NULL ? path : given, "r");

    audit_check_begin(c, &k, &trust);
    while ((len = getline(&line, &room, file)) > 0)
        assert_int_equal(audit_check_line(c, &k, (struct bytes){line, (size_t)len - 1}), OK);
    assert_int_equal(audit_check_end(c, &k), OK);
    assert_int_equal(k.seq, count);
    free(line);
    fclose(file);
    if (given == NULL)
        unlink(path);
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_chains_pass),
        cmocka_unit_test(every_tampering_is_found),
        cmocka_unit_test(an_anchor_finds_what_was_signed_and_cut_off),
        cmocka_unit_test(hashes_are_those_of_the_guide),
        cmocka_unit_test(long_chains_pass),
    };

    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
