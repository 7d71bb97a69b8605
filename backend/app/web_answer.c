/*
 * Writes answers. Kore's own writer formats each header by itself and lets line breaks through;
 * this one lays the head out in one piece, with the same security headers on every answer.
 */
#include "app/web.h"

#include <time.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/metric.h"

#define HEAD_MAX KIB(16)

static const char security[] =
    "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'\r\n"
    "x-content-type-options: nosniff\r\n"
    "x-frame-options: DENY\r\n"
    "referrer-policy: no-referrer\r\n"
    "cross-origin-opener-policy: same-origin\r\n"
    "cross-origin-resource-policy: same-origin\r\n"
    "permissions-policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n";

/* One answer is written at a time, so that one buffer does for all. */
static char head[HEAD_MAX];
static size_t head_len;

static void put(const char *text, size_t len)
{
    if (len > sizeof(head) - head_len)
        abort(); /* our own headers do not fit: a bug of ours */
    memcpy(head + head_len, text, len);
    head_len += len;
}

static void put_text(const char *text)
{
    put(text, strlen(text));
}

static void put_number(uint64_t n)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    put(digits + at, sizeof(digits) - at);
}

/* The header of this second; made once for all its answers. */
static void put_date(void)
{
    static time_t made;
    static char line[64];
    time_t now = (time_t)clock_s();
    struct tm utc;

    if (now != made && gmtime_r(&now, &utc) != NULL) {
        strftime(line, sizeof(line), "date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
        made = now;
    }
    put_text(line);
}

/* A value with a line break would be a second header of somebody else's choice. */
static bool clean(const char *value)
{
    for (const char *p = value; *p != '\0'; p++)
        if ((unsigned char)*p < ' ' && *p != '\t')
            return false;
    return true;
}

static bool put_headers(const struct res *rs)
{
    bool cached = false;

    for (int i = 0; i < rs->header_count; i++) {
        const struct res_header *h = &rs->headers[i];

        if (!clean(h->name) || !clean(h->value)) {
            log_error("header_refused", "name", clean(h->name) ? h->name : "?", NULL);
            continue;
        }
        cached |= strcasecmp(h->name, "cache-control") == 0;
        put_text(h->name);
        put(": ", 2);
        put_text(h->value);
        put("\r\n", 2);
    }
    return cached;
}

static const char *status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } more[] = {{422, "Unprocessable Content"},
                {429, "Too Many Requests"},
                {431, "Request Header Fields Too Large"}};

    for (size_t i = 0; i < COUNT_OF(more); i++)
        if (more[i].status == status)
            return more[i].text;
    return http_status_text(status);
}

enum length { LENGTH_NONE, LENGTH_GIVEN, LENGTH_CHUNKS };

static void lay_out(const struct res *rs, bool old, bool close, enum length how, uint64_t length)
{
    head_len = 0;
    put_text(old ? "HTTP/1.0 " : "HTTP/1.1 ");
    put_number((uint64_t)rs->status);
    put(" ", 1);
    put_text(status_text(rs->status));
    put("\r\nserver: konstruct\r\n", 21);
    put_date();
    put(security, sizeof(security) - 1);
    put_text("strict-transport-security: max-age=");
    put_number((uint64_t)conf_number(CONF_hsts_seconds));
    put("\r\n", 2);
    if (!put_headers(rs))
        put_text("cache-control: no-store\r\n");
    if (rs->type != NULL && rs->status != 204 && rs->status != 304) {
        put_text("content-type: ");
        put_text(clean(rs->type) ? rs->type : "application/octet-stream");
        put("\r\n", 2);
    }
    if (how == LENGTH_GIVEN && rs->status != 204 && rs->status != 304) {
        put_text("content-length: ");
        put_number(length);
        put("\r\n", 2);
    } else if (how == LENGTH_CHUNKS) {
        put_text("transfer-encoding: chunked\r\n");
    }
    if (close)
        put_text("connection: close\r\n");
    put("\r\n", 2);
    metric_add(METRIC_http_requests, 1);
    if (rs->status >= 500)
        metric_add(METRIC_http_faults, 1);
}

static bool wants_close(struct http_request *kr)
{
    const char *value;

    if (kr->flags & HTTP_VERSION_1_0)
        return true;
    return http_request_header(kr, "connection", &value) && strcasestr(value, "close") != NULL;
}

/* Whether the connection ends with this answer. */
static bool closes(struct http_request *kr)
{
    return web_draining() || (kr->owner->flags & (CONN_CLOSE_AFTER | CONN_CLOSE_EMPTY)) ||
           wants_close(kr);
}

static void flush(struct connection *c)
{
    if (!net_send_flush(c))
        kore_connection_disconnect(c);
}

static void answer(struct http_request *kr, const struct res *rs, bool copy)
{
    struct connection *c = kr->owner;

    if (c == NULL || c->state == CONN_STATE_DISCONNECTING)
        return;

    bool close = rs->close || closes(kr);
    bool body = rs->body.len > 0 && kr->method != HTTP_METHOD_HEAD && rs->status != 204 &&
                rs->status != 304;

    kr->status = (u_int16_t)rs->status;
    lay_out(rs, (kr->flags & HTTP_VERSION_1_0) != 0, close, LENGTH_GIVEN, rs->body.len);
    net_send_queue(c, head, head_len);
    if (body && copy)
        net_send_queue(c, rs->body.data, rs->body.len);
    else if (body)
        net_send_stream(c, (void *)(uintptr_t)rs->body.data, rs->body.len, NULL, NULL);
    /*
     * What follows is read when this has left: who does not read answers can't pile them up here.
     */
    c->flags |= close ? CONN_CLOSE_EMPTY : CONN_NEXT;
    flush(c);
}

void web_answer(struct http_request *kr, const struct res *rs)
{
    answer(kr, rs, true);
}

void web_answer_static(struct http_request *kr, const struct res *rs)
{
    answer(kr, rs, false);
}

void web_stream_start(struct http_request *kr, const struct res *rs)
{
    struct connection *c = kr->owner;

    if (c == NULL || c->state == CONN_STATE_DISCONNECTING)
        return;
    kr->status = (u_int16_t)rs->status;
    lay_out(rs, (kr->flags & HTTP_VERSION_1_0) != 0, true, LENGTH_NONE, 0);
    net_send_queue(c, head, head_len);
    if (rs->body.len > 0)
        net_send_queue(c, rs->body.data, rs->body.len);
    flush(c);
}

/* What the client has not taken yet. */
static size_t queued(const struct connection *c)
{
    const struct netbuf *nb;
    size_t waiting = 0;

    TAILQ_FOREACH(nb, &c->send_queue, list)
    waiting += nb->b_len - nb->s_off;
    return waiting;
}

bool web_stream_add(struct connection *c, struct bytes piece)
{
    size_t waiting = queued(c);

    if (c->state == CONN_STATE_DISCONNECTING)
        return false;
    /* What counts is how far behind the reader is: a long answer is one large piece. */
    if (waiting > STREAM_QUEUE_MAX) {
        metric_add(METRIC_stream_cut, 1);
        kore_connection_disconnect(c);
        return false;
    }
    net_send_queue(c, piece.data, piece.len);
    flush(c);
    return c->state != CONN_STATE_DISCONNECTING;
}

void web_stream_end(struct connection *c)
{
    if (c->state == CONN_STATE_DISCONNECTING)
        return;
    c->flags |= CONN_CLOSE_EMPTY;
    flush(c);
}

static bool has_gone(const struct connection *c)
{
    return c == NULL || c->state == CONN_STATE_DISCONNECTING;
}

static bool is_old(const struct http_request *kr)
{
    return (kr->flags & HTTP_VERSION_1_0) != 0;
}

void web_relay_start(struct http_request *kr, const struct res *rs, uint64_t length)
{
    struct connection *c = kr->owner;
    bool known = length != RELAY_UNKNOWN, close;

    if (has_gone(c))
        return;
    close = closes(kr) || (!known && is_old(kr));
    kr->status = (u_int16_t)rs->status;
    c->flags |= close ? CONN_CLOSE_AFTER : 0;
    lay_out(rs, is_old(kr), close,
            known        ? LENGTH_GIVEN
            : is_old(kr) ? LENGTH_NONE
                         : LENGTH_CHUNKS,
            length);
    net_send_queue(c, head, head_len);
}

void web_relay_add(struct http_request *kr, struct bytes piece, uint64_t length)
{
    struct connection *c = kr->owner;
    bool chunked = length == RELAY_UNKNOWN && !is_old(kr);
    char size[20];

    if (has_gone(c) || piece.len == 0 || kr->method == HTTP_METHOD_HEAD)
        return;
    if (chunked)
        net_send_queue(c, size, (size_t)snprintf(size, sizeof(size), "%zx\r\n", piece.len));
    net_send_queue(c, piece.data, piece.len);
    if (chunked)
        net_send_queue(c, "\r\n", 2);
}

void web_relay_end(struct http_request *kr, uint64_t length)
{
    struct connection *c = kr->owner;

    if (has_gone(c))
        return;
    if (length == RELAY_UNKNOWN && !is_old(kr))
        net_send_queue(c, "0\r\n\r\n", 5);
    c->flags |= (c->flags & CONN_CLOSE_AFTER) ? CONN_CLOSE_EMPTY : CONN_NEXT;
    flush(c);
}

size_t web_relay_flush(struct connection *c)
{
    if (has_gone(c))
        return 0;
    flush(c);
    return has_gone(c) ? 0 : queued(c);
}

/*
 * A problem in a form that OpenAI's clients read, too: they show the message of a member `error`,
 * and nothing of a body without one.
 */
#define PROBLEM                                                                 \
    "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"code\":\"%s\"," \
    "\"detail\":\"%s\",\"error\":{\"message\":\"%s\",\"type\":\"%s\","          \
    "\"param\":null,\"code\":\"%s\"}}"

static const char *error_type(int status)
{
    return status < 500 ? "invalid_request_error" : "server_error";
}

void web_problem(struct arena *mem, struct res *rs, int status, const char *code,
                 const char *detail)
{
    *rs = (struct res){.status = status, .type = "application/problem+json"};
    rs->body = bytes_of(text_printf(mem, PROBLEM, status_text(status), status, code, detail, detail,
                                    error_type(status), code));
}

/* Kore refused the request before there was one: no arena, no context. */
void kore_app_error(struct connection *c, int status);
void kore_app_error(struct connection *c, int status)
{
    static const struct {
        int status;
        const char *code, *detail;
    } known[] = {
        {408, "request_slow", "The request did not arrive in time."},
        {411, "length_required", "A body needs a Content-Length, or plain chunks."},
        {413, "body_too_large", "The body is larger than this address takes."},
        {414, "address_too_long", "The address is too long."},
        {421, "host_wrong", "The host is not the one that the connection was made to."},
        {431, "headers_too_large", "The header is too large or has too many lines."},
        {501, "method_unknown", "The method is not known."},
        {503, "busy", "The server has too much to do; try again in a moment."},
        {505, "version_unknown", "The server speaks HTTP/1.1."},
    };
    const char *code = "request_malformed", *detail = "The request could not be read.";
    char body[1024];

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (known[i].status == status) {
            code = known[i].code;
            detail = known[i].detail;
        }
    }
    snprintf(body, sizeof(body), PROBLEM, status_text(status), status, code, detail, detail,
             error_type(status), code);

    struct res rs = {.status = status, .type = "application/problem+json", .body = bytes_of(body)};

    if (status == 503)
        res_header(&rs, "retry-after", "2");
    lay_out(&rs, false, true, LENGTH_GIVEN, rs.body.len);
    net_send_queue(c, head, head_len);
    net_send_queue(c, body, rs.body.len);
}
