/* See audit_subject.h. */
#include "core/audit_subject.h"

#include "base/conf.h"
#include "base/id.h"
#include "base/shape.h"
#include "core/audit.h"
#include "core/tenant_key.h"
#include "io/crypto.h"
#include "io/crypto_audit.h"
#include "io/db.h"

static struct seal_place key_place(struct ctx *c, const char *subject_id)
{
    return (struct seal_place){c->tenant_id, "audit_subject", "key_sealed", subject_id};
}

/* What a box is bound to: it opens for this tenant and subject only. */
static struct bytes box_place(struct ctx *c, const char *subject_id)
{
    return bytes_of(text_printf(c->mem, "audit %s %s", c->tenant_id, subject_id));
}

static rc_t web_key(struct ctx *c, const char **out)
{
    *out = conf_text(CONF_web_key);
    if (*out == NULL)
        return ctx_fail(
            c, E_FORBIDDEN, "no_web_key",
            "Personal text in the audit needs KONSTRUCT_WEB_KEY, which is not set here.");
    return OK;
}

static const struct stmt q_get = {
    "audit_subject_get", "SELECT key_sealed FROM audit_subject WHERE tenant_id = tenant_now() AND "
                         "id = $1"};

/* NULL: the subject is erased, or was never known (*known). */
static rc_t key_get(struct ctx *c, const char *subject_id, const unsigned char **key, bool *known)
{
    const char *secret, *sealed;
    struct db_rows rows;
    struct bytes plain;

    *key = NULL;
    TRY(db_rows(c, &q_get, ARGS(A(subject_id)), &rows));
    *known = rows.count > 0;
    sealed = *known ? db_text(&rows, 0, 0) : NULL;
    if (sealed == NULL)
        return OK;
    TRY(web_key(c, &secret));
    TRY(seal_open_key(c, key_web_for(c, sealed), key_place(c, subject_id), sealed, &plain));
    if (plain.len != BOX_KEY_BYTES)
        return ctx_fail(c, E_INTERNAL, "seal_broken",
                        "the key of an audit subject has no key's length");
    *key = (const unsigned char *)plain.data;
    return OK;
}

static const struct stmt q_add = {"audit_subject_add",
                                  "INSERT INTO audit_subject (tenant_id, id, key_sealed)"
                                  " VALUES (tenant_now(), $1, $2) ON CONFLICT DO NOTHING"};

static rc_t key_make(struct ctx *c, const char *subject_id)
{
    unsigned char key[BOX_KEY_BYTES];
    const char *secret;

    TRY(web_key(c, &secret));
    box_key(key);

    const char *sealed = seal_with_key(c, secret, key_place(c, subject_id),
                                       (struct bytes){(const char *)key, sizeof(key)});

    crypto_wipe(key, sizeof(key));
    return db_exec(c, &q_add, ARGS(A(subject_id), A(sealed)), NULL);
}

rc_t audit_seal(struct ctx *c, const char *subject_id, const char *personal, const char **body)
{
    const unsigned char *key;
    bool known;

    TRY(key_get(c, subject_id, &key, &known));
    if (!known) {
        TRY(key_make(c, subject_id));
        TRY(key_get(c, subject_id, &key, &known));
    }
    if (key == NULL) {
        *body = text_printf(c->mem, "{\"subject\":\"%s\",\"erased\":true}", subject_id);
        return OK;
    }
    *body = text_printf(c->mem, "{\"subject\":\"%s\",\"sealed\":\"%s\"}", subject_id,
                        box_close(c, key, box_place(c, subject_id), bytes_of(personal)));
    return OK;
}

rc_t audit_unseal(struct ctx *c, const char *body, const char **personal, bool *erased)
{
    const unsigned char *key;
    struct bytes plain;
    json_t *root;
    bool known;

    *personal = NULL;
    *erased = false;
    if (!text_starts(body, "{\"subject\":\""))
        return OK;
    TRY(json_parse(c, bytes_of(body), &root));

    const char *subject_id = json_str(root, "subject"), *box = json_str(root, "sealed");

    if (subject_id == NULL || !id_valid(subject_id))
        return OK;
    *erased = box == NULL;
    if (box == NULL)
        return OK;
    TRY(key_get(c, subject_id, &key, &known));
    *erased = key == NULL;
    if (key == NULL)
        return OK;
    TRY(box_open(c, key, box_place(c, subject_id), box, &plain));
    *personal = text_copy(c->mem, plain.data, plain.len);
    return OK;
}

rc_t audit_subject_find(struct ctx *c, const char *subject_id, bool *known, bool *erased)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_get, ARGS(A(subject_id)), &rows));
    *known = rows.count > 0;
    *erased = *known && db_text(&rows, 0, 0) == NULL;
    return OK;
}

static const struct stmt q_erase = {
    "audit_subject_erase", "UPDATE audit_subject SET key_sealed = NULL, erased_at = now()"
                           " WHERE tenant_id = tenant_now() AND id = $1 AND erased_at IS NULL"};
static const struct stmt q_bar = {"audit_subject_bar",
                                  "INSERT INTO audit_subject (tenant_id, id, erased_at)"
                                  " VALUES (tenant_now(), $1, now()) ON CONFLICT DO NOTHING"};

rc_t audit_erase(struct ctx *c, const char *actor, const char *subject_id)
{
    int64_t erased, barred = 0;

    TRY(db_exec(c, &q_erase, ARGS(A(subject_id)), &erased));
    /* One who was never written about can't be either from now on. */
    if (erased == 0)
        TRY(db_exec(c, &q_bar, ARGS(A(subject_id)), &barred));
    return erased + barred == 0 ? OK : audit_add(c, actor, "subject.erased", subject_id, "{}");
}
