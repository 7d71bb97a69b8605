/*
 * See http_line.h. Also the start and stop of libcurl (http.h), because the idle lines end with it.
 */
#include "io/http_line.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "io/http.h"
#include "io/http_address.h"

#define IDLE_MAX 64 /* lines kept for the next call; a burst above this opens and closes */

/* Idle lines, the longest idle first. */
static struct {
    pthread_mutex_t lock;
    struct http_line *idle[IDLE_MAX];
    size_t count;
    bool started;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void line_free(struct http_line *l)
{
    curl_easy_cleanup(l->easy);
    curl_multi_cleanup(l->multi);
    free(l);
}

static struct http_line *line_new(const char *origin)
{
    struct http_line *l = calloc(1, sizeof(*l));

    if (l == NULL)
        abort();
    l->multi = curl_multi_init();
    l->easy = curl_easy_init();
    if (l->multi == NULL || l->easy == NULL)
        abort();
    curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, 1L);
    snprintf(l->origin, sizeof(l->origin), "%s", origin);
    return l;
}

/* Takes the idle line at `at` out of the pool, which is locked. */
static struct http_line *take_idle(size_t at)
{
    struct http_line *l = pool.idle[at];

    pool.count--;
    memmove(pool.idle + at, pool.idle + at + 1, (pool.count - at) * sizeof(pool.idle[0]));
    return l;
}

struct http_line *http_line_get(const char *origin)
{
    struct http_line *found = NULL;

    assert(pool.started);
    pthread_mutex_lock(&pool.lock);
    for (size_t i = pool.count; i-- > 0 && found == NULL;)
        if (strcmp(pool.idle[i]->origin, origin) == 0)
            found = take_idle(i);
    pthread_mutex_unlock(&pool.lock);
    return found != NULL ? found : line_new(origin);
}

void http_line_put(struct http_line *l)
{
    struct http_line *old = NULL;
    int64_t now = clock_mono_ms();

    l->idle_since = now;
    pthread_mutex_lock(&pool.lock);
    if (pool.count == IDLE_MAX ||
        (pool.count > 0 && now - pool.idle[0]->idle_since > HTTP_LINE_IDLE_MS))
        old = take_idle(0);
    pool.idle[pool.count++] = l;
    pthread_mutex_unlock(&pool.lock);
    if (old != NULL)
        line_free(old);
}

/* The name was resolved by now; what is checked here is what is connected to. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    bool *inside = arg;

    (void)purpose;
    if (address_public(&to->addr))
        return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    *inside = true;
    return CURL_SOCKET_BAD;
}

void http_line_public_only(CURL *easy, bool *inside)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, inside);
}

void http_start(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    pool.started = true;
}

void http_stop(void)
{
    while (pool.count > 0)
        line_free(take_idle(0));
    pool.started = false;
    curl_global_cleanup();
}
