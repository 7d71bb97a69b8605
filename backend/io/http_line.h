/*
 * The pool of connections behind io/http.c. A line is one connection to one origin with the curl
 * handles that drive it.
 */
#ifndef IO_HTTP_LINE_H
#define IO_HTTP_LINE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#define HTTP_ORIGIN_MAX 300
#define HTTP_LINE_IDLE_MS \
    60000 /* most servers and proxies close silent connections soon after a minute */

struct http_line {
    CURLM *multi;
    CURL *easy;
    int64_t idle_since;
    char origin[HTTP_ORIGIN_MAX];
};

/*
 * An idle line to this origin ("https://host:port") or a new one: the caller's alone until it is
 * put back.
 */
struct http_line *http_line_get(const char *origin);
void http_line_put(struct http_line *l);

/*
 * For one call: no connection is made to any but public addresses (http_address.h); *inside becomes
 * true when one was refused for that. Kept ones were made for others: the caller checks them.
 */
void http_line_public_only(CURL *easy, bool *inside);

#endif
