/* See mail.h. */
#include "io/mail.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/conf.h"

#define LETTER_MAX KIB(64)
#define TEXT_LINE_MAX 900 /* RFC 5322 allows 998 */
#define QUOTED_LINE_MAX 75
#define CONNECT_MS 10000L
#define TOTAL_MS 30000L

static bool header_safe(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

/* Plain ASCII in lines that every server takes. */
static bool goes_as_it_is(const char *text)
{
    size_t column = 0;

    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x80 || ++column > TEXT_LINE_MAX)
            return false;
        if (*text == '\n')
            column = 0;
    }
    return true;
}

static void put_plain(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            buf_char(b, '\r');
        buf_char(b, *text);
    }
}

/* Quoted-printable, RFC 2045 section 6.7. */
static void put_quoted(struct buf *b, const char *text)
{
    size_t column = 0;

    for (; *text != '\0'; text++) {
        unsigned char at = (unsigned char)*text;
        bool last = text[1] == '\n' || text[1] == '\0';
        bool quoted = at >= 0x7f || at == '=' || (at < 0x20 && at != '\n') || (at == ' ' && last);

        if (at == '\n') {
            buf_text(b, "\r\n");
            column = 0;
            continue;
        }
        if (column + (quoted ? 3 : 1) > QUOTED_LINE_MAX) {
            buf_text(b, "=\r\n");
            column = 0;
        }
        if (quoted)
            buf_printf(b, "=%02X", at);
        else
            buf_char(b, *text);
        column += quoted ? 3 : 1;
    }
}

/* The domain of the sender; of "Konstruct <a@b.c>" it is b.c. */
static const char *domain_of(struct ctx *c, const char *from)
{
    const char *at = strrchr(from, '@');

    return at == NULL ? "localhost" : text_copy(c->mem, at + 1, strcspn(at + 1, "> "));
}

rc_t letter_write(struct ctx *c, const struct letter *letter, struct bytes *out)
{
    const char *from = conf_text(CONF_mail_from);
    bool plain = goes_as_it_is(letter->text);
    struct buf b = buf_new(c->mem, LETTER_MAX);
    time_t now = time(NULL);
    struct tm utc;
    char date[64];

    if (!header_safe(from) || !header_safe(letter->to) || !header_safe(letter->subject))
        return ctx_fail(c, E_INVALID, "mail_header", "a header of a mail holds a line break");
    gmtime_r(&now, &utc);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &utc);
    buf_printf(&b,
               "Date: %s\r\nFrom: %s\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <%s@%s>\r\n"
               "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
               "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
               date, from, letter->to, letter->subject, letter->id, domain_of(c, from),
               plain ? "7bit" : "quoted-printable");
    if (plain)
        put_plain(&b, letter->text);
    else
        put_quoted(&b, letter->text);
    if (b.over)
        return ctx_fail(c, E_LIMIT, "mail_too_long", "a mail is longer than %zu bytes", LETTER_MAX);
    *out = buf_bytes(&b);
    return OK;
}

const char *letter_file(struct ctx *c, const struct letter *letter)
{
    if (conf_text(CONF_smtp_url) != NULL || conf_text(CONF_mail_dir) == NULL)
        return NULL;
    return text_printf(c->mem, "%s/%s.eml", conf_text(CONF_mail_dir), letter->id);
}

/* Whole or not at all: whoever reads the folder never sees half a mail. */
static rc_t write_file(struct ctx *c, const char *path, struct bytes text)
{
    const char *fresh = text_printf(c->mem, "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd >= 0) {
        bool good = write(fd, text.data, text.len) == (ssize_t)text.len;

        good = close(fd) == 0 && good;
        if (good && rename(fresh, path) == 0)
            return OK;
    }
    return ctx_fail(c, E_UNAVAILABLE, "mail_file", "can't write %s: %s", path, strerror(errno));
}

struct upload {
    struct bytes text;
    size_t sent;
};

static size_t on_send(char *to, size_t one, size_t room, void *arg)
{
    struct upload *up = arg;
    size_t left = up->text.len - up->sent, len = left < one * room ? left : one * room;

    if (len > 0)
        memcpy(to, up->text.data + up->sent, len);
    up->sent += len;
    return len;
}

/* "a@b.c" of "Konstruct <a@b.c>". */
static const char *bare_address(struct ctx *c, const char *from)
{
    const char *open = strchr(from, '<');

    return open == NULL ? from : text_copy(c->mem, open + 1, strcspn(open + 1, ">"));
}

/*
 * Only a server on this very machine may be spoken to in the clear: nothing leaves the machine.
 * Every other one must offer TLS under a certificate that we know.
 */
static bool on_this_machine(const char *url)
{
    static const char *const hosts[] = {"smtp://localhost", "smtp://127.0.0.1", "smtp://[::1]"};

    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        char next = text_starts(url, hosts[i]) ? url[strlen(hosts[i])] : 'x';

        if (next == '\0' || next == ':' || next == '/')
            return true;
    }
    return false;
}

static void set_options(CURL *easy, struct upload *up, char *why)
{
    const char *url = conf_text(CONF_smtp_url);

    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TOTAL_MS);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     (long)(on_this_machine(url) ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    if (conf_text(CONF_smtp_ca) != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, conf_text(CONF_smtp_ca));
    if (conf_text(CONF_smtp_user) != NULL)
        curl_easy_setopt(easy, CURLOPT_USERNAME, conf_text(CONF_smtp_user));
    if (conf_text(CONF_smtp_password) != NULL)
        curl_easy_setopt(easy, CURLOPT_PASSWORD, conf_text(CONF_smtp_password));
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_send);
    curl_easy_setopt(easy, CURLOPT_READDATA, up);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
}

/*
 * The server's last reply tells: 5xx is a no for ever, unless it is about us (530, 535: log-in),
 * which an operator mends.
 */
static enum letter_fate fate_of(CURLcode result, long reply)
{
    if (result == CURLE_OK)
        return LETTER_SENT;
    if (result != CURLE_LOGIN_DENIED && reply >= 550 && reply <= 559)
        return LETTER_REFUSED;
    return LETTER_LATER;
}

static rc_t post(struct ctx *c, const struct letter *letter, struct bytes text,
                 enum letter_fate *fate, const char **why)
{
    struct upload up = {.text = text};
    char said[CURL_ERROR_SIZE] = "";
    CURL *easy = curl_easy_init();
    struct curl_slist *to = curl_slist_append(NULL, letter->to);
    long reply = 0;

    if (easy == NULL || to == NULL)
        abort();
    set_options(easy, &up, said);
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, bare_address(c, conf_text(CONF_mail_from)));
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, to);

    CURLcode result = curl_easy_perform(easy);

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
    *fate = fate_of(result, reply);
    *why = text_printf(c->mem, "%ld %s", reply,
                       said[0] != '\0' ? said : curl_easy_strerror(result));
    curl_slist_free_all(to);
    curl_easy_cleanup(easy);
    return OK;
}

rc_t letter_send(struct ctx *c, const struct letter *letter, enum letter_fate *fate,
                 const char **why)
{
    const char *file = letter_file(c, letter);
    struct bytes text;

    *why = NULL;
    TRY(letter_write(c, letter, &text));
    if (conf_text(CONF_smtp_url) != NULL)
        return post(c, letter, text, fate, why);
    if (file == NULL)
        return ctx_fail(c, E_INVALID, "mail_not_set_up",
                        "neither KONSTRUCT_SMTP_URL nor KONSTRUCT_MAIL_DIR is set");
    TRY(write_file(c, file, text));
    *fate = LETTER_SENT;
    return OK;
}
