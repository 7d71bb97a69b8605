/* See ingest.h. */
#include "flow/ingest.h"

#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/id.h"
#include "base/log.h"
#include "core/connection.h"
#include "core/tenant_key.h"
#include "io/crypto.h"

#define CACHE_SIZE 256
#define CACHE_MS 3000 /* so long a change of a connection may go unnoticed */

/*
 * One installation, its texts held in the entry itself. Direct-mapped: a newcomer takes the place.
 */
struct entry {
    char key[160];
    int64_t until_ms;
    bool known;
    char tenant_id[ID_LEN + 1], connection_id[ID_LEN + 1], employee_id[ID_LEN + 1];
    char self[64], signing_secret[256];
};

static struct entry cache[CACHE_SIZE];

static struct entry *place_of(const char *key)
{
    uint64_t hash = 1469598103934665603u; /* FNV-1a */

    for (const char *s = key; *s != '\0'; s++)
        hash = (hash ^ (unsigned char)*s) * 1099511628211u;
    return &cache[hash % CACHE_SIZE];
}

static bool fits(char *to, size_t room, const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);

    if (len >= room)
        return false;
    if (len > 0)
        memcpy(to, text, len);
    to[len] = '\0';
    return true;
}

static void remember(const char *key, const struct hook_target *t)
{
    struct entry *e = place_of(key);
    bool all = fits(e->key, sizeof(e->key), key) &&
               fits(e->tenant_id, sizeof(e->tenant_id), t->tenant_id) &&
               fits(e->connection_id, sizeof(e->connection_id), t->connection_id) &&
               fits(e->employee_id, sizeof(e->employee_id), t->employee_id) &&
               fits(e->self, sizeof(e->self), t->self) &&
               fits(e->signing_secret, sizeof(e->signing_secret), t->signing_secret);

    e->known = t->known;
    e->until_ms = all ? clock_mono_ms() + CACHE_MS : 0;
}

static bool recall(struct ctx *c, const char *key, struct hook_target *t)
{
    const struct entry *e = place_of(key);

    if (e->until_ms < clock_mono_ms() || strcmp(e->key, key) != 0)
        return false;
    *t = (struct hook_target){.known = e->known};
    if (e->known)
        *t = (struct hook_target){true,
                                  text_dup(c->mem, e->tenant_id),
                                  text_dup(c->mem, e->connection_id),
                                  text_dup(c->mem, e->employee_id),
                                  e->self[0] == '\0' ? NULL : text_dup(c->mem, e->self),
                                  text_dup(c->mem, e->signing_secret)};
    return true;
}

static rc_t open_secret(struct ctx *c, const struct hook_record *record, const char **out)
{
    struct bytes secret;

    TRY(seal_open_key(c, key_web_for(c, record->signing_secret),
                      connection_secret_place(record->tenant_id, record->connection_id),
                      record->signing_secret, &secret));
    *out = text_copy(c->mem, secret.data, secret.len);
    return OK;
}

rc_t hook_target(struct ctx *c, const struct channel *channel, const char *install,
                 struct hook_target *out)
{
    const char *key = text_printf(c->mem, "%s/%s", channel->name, install == NULL ? "" : install);
    struct hook_record record;

    *out = (struct hook_target){.known = false};
    if (install == NULL || recall(c, key, out))
        return OK;
    TRY(connection_for_hook(c, channel->name, install, &record));
    if (record.tenant_id != NULL) {
        *out = (struct hook_target){
            true, record.tenant_id, record.connection_id, record.employee_id, record.self, NULL};
        TRY(open_secret(c, &record, &out->signing_secret));
    }
    remember(key, out);
    return OK;
}

rc_t hook_app_secrets(struct ctx *c, const struct channel *channel, const char *app,
                      struct bytes *secrets, size_t *count)
{
    const char *own = text_is(channel->name, "slack") ? conf_text(CONF_slack_signing_secret) : NULL;
    struct hook_record *records;
    size_t record_count;
    const char *secret;

    *count = 0;
    if (own != NULL)
        secrets[(*count)++] = bytes_of(own);
    TRY(connection_secrets(c, channel->name, app, &records, &record_count));
    for (size_t i = 0; i < record_count && *count < HOOK_SECRETS_MAX; i++) {
        rc_t rc = open_secret(c, &records[i], &secret);

        /* One company's secret that does not open is no reason to turn the others away. */
        if (rc != OK) {
            log_fault(c, "hook_secret_closed");
            ctx_forgive(c);
            continue;
        }
        secrets[(*count)++] = bytes_of(secret);
    }
    return OK;
}

const char *ingest_conversation_id(struct ctx *c, const char *connection_id, const char *thread_key)
{
    return ID_OF(c->mem, BYTES("conversation"), bytes_of(connection_id), bytes_of(thread_key));
}

/*
 * $9 says that the message counts only when its conversation is known already: a reply in a thread
 * that did not mention the employee. A conversation is known from the moment its first job waits.
 */
#define FOR_US                                                                            \
    " WHERE (NOT $9::boolean"                                                             \
    "  OR EXISTS (SELECT 1 FROM conversation WHERE tenant_id = tenant_now() AND id = $4)" \
    "  OR EXISTS (SELECT 1 FROM job WHERE tenant_id = tenant_now() AND lane_id = $4"      \
    "   AND state IN ('ready', 'running')))"                                              \
    "  ON CONFLICT (tenant_id, connection_id, message_key) DO NOTHING RETURNING id)"
static const struct stmt q_ingest = {
    "ingest", "WITH fresh AS (INSERT INTO inbound (tenant_id, id, connection_id, message_key, "
              "conversation_id, reply_to, author,"
              "  author_name, text) SELECT tenant_now(), $1, $2, $3, $4, $5, $6, $7, $8" FOR_US
              " INSERT INTO job (tenant_id, id, kind, lane_id, subject_id) SELECT tenant_now(), "
              "$10, 'turn', $4, id FROM fresh"
              " RETURNING id"};

/*
 * Looked at before it is written, so that a flood of refused messages does not queue up for one
 * row; of several at once the row lets one through.
 */
static const struct stmt q_refused = {
    "ingest_refused",
    "WITH fresh AS (INSERT INTO inbound (tenant_id, id, connection_id, message_key, "
    "conversation_id, reply_to, author,"
    "  author_name, text, refused_by) SELECT tenant_now(), $1, $2, $3, $4, $5, $6, $7, $8, "
    "$11" FOR_US ", told AS (INSERT INTO refusal_told AS r (tenant_id, conversation_id, told_at)"
    "  SELECT tenant_now(), $4, now() FROM fresh WHERE NOT EXISTS (SELECT 1 FROM refusal_told o"
    "   WHERE o.tenant_id = tenant_now() AND o.conversation_id = $4"
    "   AND o.told_at > now() - interval '1 minute')"
    "  ON CONFLICT (tenant_id, conversation_id) DO UPDATE SET told_at = excluded.told_at"
    "   WHERE r.told_at <= excluded.told_at - interval '1 minute' RETURNING 1),"
    " said AS (INSERT INTO job (tenant_id, id, kind, lane_id, subject_id) SELECT tenant_now(), "
    "$10, 'turn', $4, fresh.id FROM fresh, told RETURNING id)"
    " SELECT id FROM fresh UNION ALL SELECT id FROM said"};

static void fill(struct ctx *c, const struct stmt *q, const struct hook_target *target,
                 const struct hook_event *event, struct db_batch_item *item, const char **job_id)
{
    const char *conversation_id = ingest_conversation_id(c, target->connection_id,
                                                         event->thread_key);
    const struct arg args[] = {
        A(id_new(c->mem)),          A(target->connection_id), A(event->message_key),
        A(conversation_id),         A(event->reply_to),       A(event->author),
        A(event->author_name),      A(event->text),           A(event->only_if_known_thread),
        A(*job_id = id_new(c->mem))};

    *item = (struct db_batch_item){
        .tenant_id = target->tenant_id, .q = q, .arg_count = COUNT_OF(args)};
    memcpy(item->args, args, sizeof(args));
}

void ingest_item(struct ctx *c, const struct hook_target *target, const struct hook_event *event,
                 struct db_batch_item *item, const char **job_id)
{
    fill(c, &q_ingest, target, event, item, job_id);
}

void ingest_refused(struct ctx *c, const struct hook_target *target, const struct hook_event *event,
                    const char *limit, struct db_batch_item *item, const char **job_id)
{
    fill(c, &q_refused, target, event, item, job_id);
    item->args[item->arg_count++] = A(limit);
}
