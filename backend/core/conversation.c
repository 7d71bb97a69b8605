/* See conversation.h. */
#include "core/conversation.h"

#include <string.h>

#include "base/id.h"
#include "io/db.h"

static const struct field fields[] = {
    FIELD(struct conversation, id, READ_ONLY, 36, NULL),
    FIELD(struct conversation, employee_id, READ_ONLY, 36, NULL),
    FIELD(struct conversation, channel, READ_ONLY, 40, "portal, slack, ..."),
    FIELD(struct conversation, title, READ_ONLY, 200, "How it began"),
    FIELD(struct conversation, created, READ_ONLY, 0, "Seconds UTC"),
    FIELD(struct conversation, last_at, READ_ONLY, 0, "Seconds UTC of the newest message"),
};
const struct shape conversation_shape = SHAPE("Conversation", struct conversation, fields);

static const struct field message_fields[] = {
    FIELD(struct message, id, READ_ONLY, 36, NULL),
    FIELD(struct message, seq, READ_ONLY, 0, "Place in the conversation, from 1"),
    FIELD_OF(struct message, author, READ_ONLY, "person employee", NULL),
    FIELD(struct message, name, READ_ONLY, 200, "Who wrote it"),
    FIELD(struct message, text, READ_ONLY, MESSAGE_TEXT_MAX, "What was said"),
    FIELD_OF(struct message, outcome, READ_ONLY | NULLABLE, "answered refused failed",
             "Of an employee's message: how it ended"),
    FIELD(struct message, created, READ_ONLY, 0, "Seconds UTC"),
};
const struct shape message_shape = SHAPE("Message", struct message, message_fields);

static const struct field new_message_fields[] = {
    FIELD(struct new_message, text, REQUIRED, MESSAGE_TEXT_MAX, NULL),
    FIELD(struct new_message, key, REQUIRED, 36,
          "A UUID made by the client: sending it again is the same message"),
};
const struct shape new_message_shape = SHAPE("NewMessage", struct new_message, new_message_fields);

static const struct stmt q_open = {
    "conversation_open",
    "INSERT INTO conversation (tenant_id, id, employee_id, connection_id, person_id, channel, "
    "title)"
    " VALUES (tenant_now(), $1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, id) DO NOTHING"};

rc_t conversation_open(struct ctx *c, const struct conversation *v)
{
    return db_later(c, &q_open,
                    ARGS(A(v->id), A(v->employee_id), A(v->connection_id), A(v->person_id),
                         A(v->channel), A(v->title == NULL ? "" : v->title)));
}

#define COLUMNS                                                                           \
    "id, employee_id, channel, title, extract(epoch FROM created_at)::bigint AS created," \
    " extract(epoch FROM last_at)::bigint AS last_at"

#define LIST(key)                                                                    \
    "SELECT " COLUMNS ", " key "::text AS page_key, id AS page_id FROM conversation" \
    " WHERE tenant_id = tenant_now() AND employee_id = $4 AND person_id = $5"        \
    " AND (" key ", id) < (coalesce($1::timestamptz, 'infinity'),"                   \
    "  coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))"                  \
    " ORDER BY " key " DESC, id DESC LIMIT $3"

static const struct stmt q_list = {"conversation_list", LIST("last_at")};
static const struct stmt q_list_created = {"conversation_list_created", LIST("created_at")};

rc_t conversation_list(struct ctx *c, const char *employee_id, struct page *page,
                       struct conversation **items, size_t *count)
{
    return db_page(c, text_is(page->sort, "-created") ? &q_list_created : &q_list, page,
                   ARGS(A(employee_id), A(c->person_id)), &conversation_shape, (void **)items,
                   count);
}

static const struct field all_fields[] = {
    FIELD(struct conversation, id, 0, 0, NULL),
    FIELD(struct conversation, employee_id, 0, 0, NULL),
    FIELD(struct conversation, connection_id, 0, 0, NULL),
    FIELD(struct conversation, person_id, 0, 0, NULL),
    FIELD(struct conversation, channel, 0, 0, NULL),
    FIELD(struct conversation, title, 0, 0, NULL),
    FIELD(struct conversation, created, 0, 0, NULL),
    FIELD(struct conversation, last_at, 0, 0, NULL),
};
static const struct shape all_shape = SHAPE("ConversationRow", struct conversation, all_fields);

static const struct stmt q_get = {"conversation_get",
                                  "SELECT connection_id, person_id, " COLUMNS
                                  " FROM conversation WHERE tenant_id = tenant_now() AND id = $1"
                                  " AND ($2::uuid IS NULL OR person_id = $2)"};

rc_t conversation_get(struct ctx *c, const char *id, struct conversation *out)
{
    return db_one(c, &q_get, ARGS(A(id), A(c->person_id)), &all_shape, out);
}

#define MESSAGE_COLUMNS \
    "id, seq, author, name, text, outcome, extract(epoch FROM created_at)::bigint AS created"

/* The conversation's row is locked by the update, so numbers have no gap and no twin. */
static const struct stmt q_message_add = {
    "message_add",
    "WITH next AS (UPDATE conversation SET message_count = message_count + 1, last_at = "
    "clock_timestamp(),"
    "   title = CASE WHEN title = '' THEN left($5, 80) ELSE title END"
    "  WHERE tenant_id = tenant_now() AND id = $2"
    "  AND NOT EXISTS (SELECT 1 FROM message m WHERE m.tenant_id = tenant_now() AND m.id = $1)"
    "  RETURNING message_count)"
    " INSERT INTO message (tenant_id, id, conversation_id, seq, author, name, text, outcome,"
    "  job_id)"
    " SELECT tenant_now(), $1, $2, next.message_count, $3, $4, $5, $6, $7 FROM next"
    " RETURNING " MESSAGE_COLUMNS};

static const struct stmt q_message_find = {
    "message_find",
    "SELECT " MESSAGE_COLUMNS " FROM message WHERE tenant_id = tenant_now() AND id = $1"};

rc_t message_add(struct ctx *c, const char *conversation_id, struct message *m)
{
    const char *id = m->id;
    rc_t rc = db_one(c, &q_message_add,
                     ARGS(A(id), A(conversation_id), A(m->author), A(m->name), A(m->text),
                          A(m->outcome), A(m->job_id)),
                     &message_shape, m);

    if (rc != E_NOT_FOUND)
        return rc;
    /* It is there already: an earlier attempt has added it. */
    ctx_forgive(c);
    return db_one(c, &q_message_find, ARGS(A(id)), &message_shape, m);
}

rc_t message_find(struct ctx *c, const char *id, struct message *out, bool *found)
{
    rc_t rc = db_one(c, &q_message_find, ARGS(A(id)), &message_shape, out);

    *found = rc == OK;
    if (rc == E_NOT_FOUND) {
        ctx_forgive(c);
        return OK;
    }
    return rc;
}

static const struct stmt q_message_list = {
    "message_list",
    "SELECT " MESSAGE_COLUMNS
    " FROM (SELECT *, sum(octet_length(text)) OVER (ORDER BY seq) - octet_length(text) AS before"
    "  FROM (SELECT * FROM message WHERE tenant_id = tenant_now() AND conversation_id = $1"
    "   AND seq > $2 ORDER BY seq LIMIT $3) page) counted WHERE before < $4 ORDER BY seq"};

bool message_page_full(const struct message *items, size_t count, int64_t most)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += strlen(items[i].text);
    return (int64_t)count == most || bytes >= MESSAGE_PAGE_BYTES;
}

rc_t message_list(struct ctx *c, const char *conversation_id, int64_t after, int64_t most,
                  struct message **items, size_t *count)
{
    void *list;

    TRY(db_list(c, &q_message_list,
                ARGS(A(conversation_id), A(after), A(most), A(MESSAGE_PAGE_BYTES)), &message_shape,
                &list, count));
    *items = list;
    return OK;
}

static const struct stmt q_window = {
    "message_window", "SELECT * FROM (SELECT " MESSAGE_COLUMNS
                      " FROM message WHERE tenant_id = tenant_now() AND conversation_id = $1"
                      " AND seq <= $2 ORDER BY seq DESC LIMIT $3) newest ORDER BY seq"};

rc_t message_window(struct ctx *c, const char *conversation_id, int64_t until, int64_t most,
                    struct message **items, size_t *count)
{
    void *list;

    TRY(db_list(c, &q_window, ARGS(A(conversation_id), A(until), A(most)), &message_shape, &list,
                count));
    *items = list;
    return OK;
}

const char *message_answer_id(struct ctx *c, const char *inbound_id)
{
    return ID_OF(c->mem, BYTES("answer"), bytes_of(inbound_id));
}
