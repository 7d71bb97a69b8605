/* See slack.h. */
#include "slack.h"

#include <setjmp.h>
#include <stdarg.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/id.h"
#include "core/connection.h"
#include "io/crypto.h"

#include <cmocka.h>

/* An id as Slack makes them, new for each test: capitals and digits. */
const char *slack_id(struct arena *mem, char kind)
{
    const char *id = id_new(mem);
    char *out = arena_take(mem, 14);

    out[0] = kind;
    for (size_t i = 24, at = 1; i < ID_LEN; i++)
        out[at++] = (char)(id[i] >= 'a' ? id[i] - 'a' + 'A' : id[i]);
    return out;
}

struct workspace workspace_new(struct arena *mem)
{
    struct workspace w = {.mem = mem,
                          .super = pg_open(PG_SUPER),
                          .at = place_new(mem),
                          .team = slack_id(mem, 'T'),
                          .app = slack_id(mem, 'A'),
                          .connection_id = id_new(mem)};
    struct ctx *c = pg_ctx(PG_WORKER, w.at.tenant_id);
    struct seal_place place = connection_secret_place(w.at.tenant_id, w.connection_id);
    const struct connection in = {
        .id = w.connection_id,
        .channel = "slack",
        .install = w.team,
        .app = w.app,
        .self = "UBOT",
        .employee_id = w.at.employee_id,
        .bot_token = "sealed",
        .signing_secret = seal_with_key(c, conf_text(CONF_web_key), place, BYTES(SLACK_SECRET))};

    if (connection_add(c, &in) != OK || db_commit(c) != OK)
        fail_msg("%s", c->fault.detail);
    ctx_end(c);
    return w;
}

const char *slack_sign(struct arena *mem, const char *stamp, struct bytes body, const char *secret)
{
    struct buf base = buf_new(mem, body.len + 100);
    unsigned char digest[32];

    buf_printf(&base, "v0:%s:", stamp);
    buf_add(&base, body.data, body.len);
    crypto_hmac_sha256(bytes_of(secret), buf_bytes(&base), digest);
    return text_printf(mem, "v0=%s", text_hex(mem, (struct bytes){(const char *)digest, 32}));
}

/* As Slack delivers it: no cookie, no origin; `off` seconds off our clock. */
struct reply slack_deliver_at(struct workspace *w, struct bytes body, const char *secret,
                              int64_t off)
{
    const char *stamp = text_printf(w->mem, "%lld", (long long)(clock_s() + off));

    return call(w->mem, &(struct call){.method = POST,
                                       .path = SLACK_HOOK,
                                       .body = body,
                                       .bare = true,
                                       .headers = {{"content-type", "application/json"},
                                                   {"x-slack-request-timestamp", stamp},
                                                   {"x-slack-signature",
                                                    slack_sign(w->mem, stamp, body, secret)}}});
}

struct reply slack_deliver(struct workspace *w, const char *body)
{
    return slack_deliver_at(w, bytes_of(body), SLACK_SECRET, 0);
}

const char *slack_envelope(struct workspace *w, const char *event)
{
    return text_printf(w->mem,
                       "{\"type\":\"event_callback\",\"team_id\":\"%s\",\"api_app_id\":\"%s\","
                       "\"event_id\":\"Ev%s\","
                       "\"event\":%s}",
                       w->team, w->app, id_new(w->mem), event);
}

const char *slack_mention(struct workspace *w, const char *ts)
{
    return slack_envelope(
        w, text_printf(w->mem,
                       "{\"type\":\"app_mention\",\"user\":\"U1\",\"channel\":\"C1\",\"ts\":\"%s\","
                       "\"text\":\"<@UBOT> hello\"}",
                       ts));
}

int64_t slack_rows(struct workspace *w)
{
    return pg_count(w->super,
                    "SELECT count(*) FROM inbound i JOIN job j ON j.tenant_id = i.tenant_id"
                    " AND j.subject_id = i.id AND j.kind = 'turn' WHERE i.tenant_id = '%s'",
                    w->at.tenant_id);
}

/* Messages without a job, and jobs without a message. */
int64_t slack_strays(struct workspace *w)
{
    return pg_count(w->super, "SELECT count(*) FROM inbound WHERE tenant_id = '%s'",
                    w->at.tenant_id) +
           pg_count(w->super, "SELECT count(*) FROM job WHERE tenant_id = '%s' AND kind = 'turn'",
                    w->at.tenant_id) -
           2 * slack_rows(w);
}
