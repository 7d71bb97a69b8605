/* See http_transfer.h. */
#include "io/http_transfer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "io/http_address.h"

#define URL_KEPT 256 /* a longer address is taken apart each time */

void http_header_add(struct http_ask *ask, const char *name, const char *value)
{
    assert(ask->header_count < HTTP_HEADERS_MAX);
    ask->headers[ask->header_count++] = (struct http_header){name, value};
}

/* Room for as much as is announced, but no more than may well be true. */
static size_t first_room(const struct http_transfer *k)
{
    curl_off_t announced = -1;

    curl_easy_getinfo(k->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    return announced < 0 || announced >= (curl_off_t)KIB(4) ? KIB(4) : (size_t)announced + 1;
}

static void body_keep(struct http_transfer *k, const char *data, size_t len)
{
    if (k->len + len + 1 > k->room) {
        size_t room = k->room == 0 ? first_room(k) : k->room;

        while (room < k->len + len + 1)
            room *= 2;
        k->body = realloc(k->body, room);
        if (k->body == NULL)
            abort();
        k->room = room;
    }
    memcpy(k->body + k->len, data, len);
    k->len += len;
    k->body[k->len] = '\0';
}

/* Curl hands over a piece of the body. Any other return value than the length ends the transfer. */
static size_t on_body(char *data, size_t one, size_t len, void *arg)
{
    struct http_transfer *k = arg;
    long status = 0;

    (void)one;
    k->last_ms = clock_mono_ms();
    if (len > k->max - k->received) {
        k->end = TOO_LONG;
        return CURL_WRITEFUNC_ERROR;
    }
    k->received += len;
    curl_easy_getinfo(k->easy, CURLINFO_RESPONSE_CODE, &status);
    if (k->ask->on_piece == NULL || status < 200 || status > 299) {
        body_keep(k, data, len);
        return len;
    }
    k->piece_rc = k->ask->on_piece(k->ask->arg, (struct bytes){data, len});
    if (k->piece_rc == OK)
        return len;
    k->end = STOPPED;
    return CURL_WRITEFUNC_ERROR;
}

static size_t on_header(char *data, size_t one, size_t len, void *arg)
{
    struct http_transfer *k = arg;

    k->last_ms = clock_mono_ms();
    if (len > 5 && memcmp(data, "HTTP/", 5) == 0)
        k->head_complete = false;
    else if (len > 0 && (data[0] == '\r' || data[0] == '\n'))
        k->head_complete = true;
    return one * len;
}

static bool is_late(const struct http_transfer *k)
{
    return k->ask->send_by_ms > 0 && k->sent < k->ask->body.len &&
           clock_mono_ms() > k->ask->send_by_ms;
}

/* For a body that must leave in time; else curl sends it together with the head. */
static size_t on_send(char *to, size_t one, size_t room, void *arg)
{
    struct http_transfer *k = arg;
    size_t left = k->ask->body.len - k->sent, len = left < one * room ? left : one * room;

    /* As near to the sending as can be: the process may have been stopped since anybody looked. */
    if (is_late(k)) {
        k->end = TOO_LATE;
        return CURL_READFUNC_ABORT;
    }
    if (len > 0)
        memcpy(to, k->ask->body.data + k->sent, len);
    k->sent += len;
    return len;
}

/*
 * A request has a connection and is about to leave. When a kept one turns out to be dead, curl
 * would send it again by itself on another: for a message to a person that would be the message
 * twice, for a question to a model a second bill. And a kept one was made for somebody else,
 * perhaps, who may go where this one may not.
 */
static int on_leaving(void *arg, char *remote, char *local, int remote_port, int local_port)
{
    struct http_transfer *k = arg;

    (void)local;
    (void)remote_port;
    (void)local_port;
    k->again = k->begun;
    k->begun = true;
    if (k->ask->public_only && !address_text_public(remote))
        k->inside = true;
    return k->again || k->inside ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static bool plain_text(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static void drop_list(void *list)
{
    curl_slist_free_all(list);
}

static void header_line(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);

    if (longer == NULL)
        abort();
    *list = longer;
}

/* As curl wants it: a blank value is said by a sign of its own. */
static const char *header_text(struct arena *mem, const struct http_header *h)
{
    const size_t name = strlen(h->name), value = text_blank(h->value) ? 0 : strlen(h->value);
    char *text = arena_take(mem, name + value + sizeof(": "));

    memcpy(text, h->name, name);
    memcpy(text + name, value == 0 ? ";" : ": ", value == 0 ? 1 : 2);
    memcpy(text + name + 2, h->value, value);
    return text;
}

static rc_t headers_make(struct ctx *c, const struct http_ask *ask, struct curl_slist **out)
{
    bool typed = false;

    *out = NULL;
    /*
     * Curl would wait a second for "100 Continue" before a large body; hardly a server sends one.
     */
    header_line(out, "Expect:");
    arena_on_end(c->mem, drop_list, *out);
    for (int i = 0; i < ask->header_count; i++) {
        const struct http_header *h = &ask->headers[i];

        if (!plain_text(h->name) || !plain_text(h->value) || h->name[0] == '\0' ||
            strchr(h->name, ':') != NULL)
            return ctx_fail(c, E_INVALID, "http_header",
                            "the header %d holds control characters or has no name", i + 1);
        typed = typed || strcasecmp(h->name, "content-type") == 0;
        header_line(out, header_text(c->mem, h));
    }
    if (!typed)
        header_line(out, "Content-Type:");
    return OK;
}

/* "https://host:port" of the address; false for one that is not asked. */
static bool origin_read(const char *url, char origin[HTTP_ORIGIN_MAX])
{
    CURLU *u = curl_url();
    char *scheme = NULL, *name = NULL, *port = NULL, *user = NULL;
    bool good = u != NULL && url != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_HOST, &name, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                (strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0) &&
                curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_NO_USER;

    if (good)
        good = snprintf(origin, HTTP_ORIGIN_MAX, "%s://%s:%s", scheme, name, port) <
               HTTP_ORIGIN_MAX;
    curl_free(scheme);
    curl_free(name);
    curl_free(port);
    curl_free(user);
    curl_url_cleanup(u);
    return good;
}

/*
 * The same, and the bare host for details. A thread asks the same address again and again: the last
 * good one is not taken apart anew.
 */
static rc_t origin_of(struct ctx *c, const char *url, char origin[HTTP_ORIGIN_MAX],
                      const char **host)
{
    static _Thread_local struct {
        char url[URL_KEPT], origin[HTTP_ORIGIN_MAX];
    } last;
    const char *name;

    if (!text_blank(url) && strcmp(url, last.url) == 0) {
        memcpy(origin, last.origin, strlen(last.origin) + 1);
    } else {
        if (!origin_read(url, origin))
            return ctx_fail(c, E_INVALID, "http_url",
                            "not an http or https address without user name");
        if (strlen(url) < sizeof(last.url)) {
            memcpy(last.url, url, strlen(url) + 1);
            memcpy(last.origin, origin, strlen(origin) + 1);
        }
    }
    name = strstr(origin, "://") + 3;
    *host = text_copy(c->mem, name, (size_t)(strrchr(name, ':') - name));
    return OK;
}

static void set_method(CURL *easy, const struct http_ask *ask, struct http_transfer *k)
{
    if (ask->body.len == 0 && strcmp(ask->method, "GET") == 0)
        return;
    if (strcmp(ask->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, ask->method);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->body.len);
    if (ask->send_by_ms > 0) {
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_send);
        curl_easy_setopt(easy, CURLOPT_READDATA, k);
    } else {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, ask->body.len > 0 ? ask->body.data : "");
    }
}

void http_transfer_begin(struct http_transfer *k, CURL *easy)
{
    const struct http_ask *ask = k->ask;

    k->easy = easy;
    k->started_ms = clock_mono_ms();
    curl_easy_setopt(easy, CURLOPT_URL, ask->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* not from the environment, either */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* a limit must not wait for the resolver's thread */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)(HTTP_LINE_IDLE_MS / 1000));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(ask->connect_ms > 0 ? ask->connect_ms : 5000));
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "konstruct");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, k->headers);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, k->why);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, k);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, k);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_leaving);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, k);
    if (ask->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, ask->ca_file);
    set_method(easy, ask, k);
}

int http_transfer_look(struct http_transfer *k)
{
    const struct http_ask *ask = k->ask;
    int64_t now = clock_mono_ms(), until = k->started_ms + k->total_ms;
    enum http_end end = TOO_SLOW;

    if (ask->first_ms > 0 && k->last_ms == 0 && k->started_ms + ask->first_ms < until) {
        until = k->started_ms + ask->first_ms;
        end = NO_FIRST_BYTE;
    }
    if (ask->idle_ms > 0 && k->last_ms > 0 && !k->held && k->last_ms + ask->idle_ms < until) {
        until = k->last_ms + ask->idle_ms;
        end = SILENT;
    }
    if (ask->cancelled != NULL && ask->cancelled(ask->cancel_arg))
        k->end = CANCELLED;
    else if (now >= until)
        k->end = end;
    return until - now < HTTP_WAKE_MS ? (int)(until - now) : HTTP_WAKE_MS;
}

rc_t http_transfer_new(struct ctx *c, const struct http_ask *ask, struct http_transfer *out,
                       char origin[HTTP_ORIGIN_MAX])
{
    *out = (struct http_transfer){.ask = ask,
                                  .max = ask->max_answer > 0 ? ask->max_answer : MIB(1),
                                  .total_ms = ask->total_ms > 0 ? ask->total_ms : 30000};
    TRY(origin_of(c, ask->url, origin, &out->host));
    return headers_make(c, ask, &out->headers);
}
