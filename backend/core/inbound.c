/* See inbound.h. */
#include "core/inbound.h"

#include "base/shape.h"
#include "io/db.h"

static const struct field fields[] = {
    FIELD(struct inbound, id, 0, 0, NULL),
    FIELD(struct inbound, connection_id, 0, 0, NULL),
    FIELD(struct inbound, message_key, 0, 0, NULL),
    FIELD(struct inbound, conversation_id, 0, 0, NULL),
    FIELD(struct inbound, reply_to, 0, 0, NULL),
    FIELD(struct inbound, author, 0, 0, NULL),
    FIELD(struct inbound, author_name, 0, 0, NULL),
    FIELD(struct inbound, text, 0, 0, NULL),
    FIELD(struct inbound, refused_by, 0, 0, NULL),
};
static const struct shape inbound_shape = SHAPE("Inbound", struct inbound, fields);

static const struct stmt q_add = {"inbound_add",
                                  "INSERT INTO inbound (tenant_id, id, connection_id, message_key, "
                                  "conversation_id, reply_to, author, author_name, text)"
                                  " VALUES (tenant_now(), $1, $2, $3, $4, $5, $6, $7, $8) ON "
                                  "CONFLICT (tenant_id, connection_id, message_key) DO NOTHING"};

rc_t inbound_add(struct ctx *c, const struct inbound *in, bool *fresh)
{
    int64_t affected;

    TRY(db_exec(c, &q_add,
                ARGS(A(in->id), A(in->connection_id), A(in->message_key), A(in->conversation_id),
                     A(in->reply_to), A(in->author), A(in->author_name), A(in->text)),
                &affected));
    *fresh = affected == 1;
    return OK;
}

static const struct stmt q_get = {
    "inbound_get",
    "SELECT id, connection_id, message_key, conversation_id, reply_to, author, author_name, text, "
    "refused_by FROM inbound WHERE tenant_id = tenant_now() AND id = $1"};

rc_t inbound_get(struct ctx *c, const char *id, struct inbound *out)
{
    return db_one(c, &q_get, ARGS(A(id)), &inbound_shape, out);
}
