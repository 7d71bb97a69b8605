/* See audit_made.h. */
#include "audit_made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"

#define AT "2026-02-01T00:00:00.000Z"

static const char *const bodies[] = {
    "{}", "{\"channel\":\"slack\",\"connection\":\"0190a0a0-0000-7000-8000-0000000000aa\"}",
    "{\"odd\":\"tab\\t, quote \\\", euro \xe2\x82\xac\"}", "line\nend\\ and \x01 control", ""};

static struct audit_entry_text entry(struct arena *mem, int i)
{
    return (struct audit_entry_text){
        .at = bytes_of(text_printf(mem, "2026-02-01T00:%02d:%02d.%03dZ", i / 60, i % 60, i % 1000)),
        .actor = bytes_of(text_printf(mem, "person:0190a0a0-0000-7000-8000-%012d", i % 5)),
        .action = bytes_of(i % 3 == 0 ? "person.logged_in" : "employee.changed"),
        .object = bytes_of(text_printf(mem, "object %d", i)),
        .body = bytes_of(bodies[(size_t)i % COUNT_OF(bodies)])};
}

struct made *made_new(struct arena *mem, const char *tenant_id, const char *secret, int count)
{
    struct made *m = arena_take(mem, sizeof(*m));

    *m = (struct made){
        .mem = mem, .digest = digest_new(mem), .tenant_id = tenant_id, .count = count};
    sign_keys(secret, "KonAudit", m->public_key, m->private_key);
    for (int i = 0; i < count; i++)
        m->entries[i] = entry(mem, i);
    made_chain(m, 0);
    return m;
}

void made_chain(struct made *m, int from)
{
    unsigned char prev[HASH_BYTES];

    audit_first_hash(prev);
    for (int i = 0; i < m->count; i++) {
        if (i >= from) {
            m->entries[i].seq = i + 1;
            audit_hash(m->digest, prev, bytes_of(m->tenant_id), &m->entries[i], m->entries[i].hash);
        }
        memcpy(prev, m->entries[i].hash, HASH_BYTES);
    }
}

struct audit_head_text made_head(struct made *m, int count)
{
    struct audit_head_text head = {.seq = count, .at = BYTES(AT)};

    memcpy(head.hash, m->entries[count - 1].hash, HASH_BYTES);
    memcpy(head.public_key, m->public_key, SIGN_PUBLIC_BYTES);
    sign_make(m->private_key,
              audit_head_message(m->mem, bytes_of(m->tenant_id), head.seq, head.hash, head.at),
              head.signature);
    return head;
}

struct bytes made_text_with(struct made *m, const struct audit_head_text *head)
{
    struct buf out = buf_new(m->mem, KIB(64));

    audit_line_header(&out, m->tenant_id);
    for (int i = 0; i < m->count; i++)
        audit_line_entry(&out, &m->entries[i]);
    audit_line_head(&out, head);
    if (out.over)
        abort();
    return buf_bytes(&out);
}

struct bytes made_text(struct made *m)
{
    struct audit_head_text head = made_head(m, m->count);

    return made_text_with(m, &head);
}

void made_file(const char *path, const char *tenant_id, const char *secret, int64_t count)
{
    FILE *file = fopen(path, "w");
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct made *m = made_new(c->mem, tenant_id, secret, 1);
    struct audit_entry_text *e = &m->entries[0];

    if (file == NULL)
        abort();
    fputs(text_printf(c->mem, "{\"konstruct\":\"audit\",\"version\":1,\"tenant\":\"%s\"}\n",
                      tenant_id),
          file);
    audit_first_hash(e->hash);
    for (int64_t i = 0; i < count; i++) {
        struct ctx *piece = ctx_new(MIB(1), NULL);
        struct buf line = buf_new(piece->mem, KIB(8));
        unsigned char prev[HASH_BYTES];

        memcpy(prev, e->hash, HASH_BYTES);
        *e = entry(piece->mem, (int)(i % 3600));
        e->seq = i + 1;
        e->body = bytes_of(bodies[1]);
        audit_hash(m->digest, prev, bytes_of(tenant_id), e, e->hash);
        audit_line_entry(&line, e);
        fwrite(line.data, 1, line.len, file);
        ctx_end(piece);
    }

    struct audit_head_text head = made_head(m, 1);
    struct buf last = buf_new(c->mem, KIB(8));

    head.seq = count;
    sign_make(m->private_key,
              audit_head_message(c->mem, bytes_of(tenant_id), count, head.hash, head.at),
              head.signature);
    audit_line_head(&last, &head);
    fwrite(last.data, 1, last.len, file);
    if (fclose(file) != 0)
        abort();
    ctx_end(c);
}
