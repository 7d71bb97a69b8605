/* See log.h. */
#include "base/log.h"

#include <jansson.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/shape.h"

#define SECRETS_MAX 4096
#define SECRET_SHORTEST 8
#define LINE_MAX_BYTES KIB(16)
#define VALUE_MAX KIB(4)
#define VALUE_SHORT 256

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *program_name = "konstruct";
static bool is_verbose;
static struct bytes secrets[SECRETS_MAX];
static size_t secret_count, secret_next;

void log_start(const char *program, bool verbose)
{
    program_name = program;
    is_verbose = verbose;
}

void log_secret_add(struct bytes secret)
{
    if (secret.len < SECRET_SHORTEST)
        return;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < secret_count; i++)
        if (bytes_eq(secrets[i], secret))
            goto known;

    char *copy = malloc(secret.len);

    if (copy == NULL)
        abort();
    memcpy(copy, secret.data, secret.len);
    if (secret_count == SECRETS_MAX) {
        explicit_bzero((void *)(uintptr_t)secrets[secret_next].data, secrets[secret_next].len);
        free((void *)(uintptr_t)secrets[secret_next].data);
    } else {
        secret_count++;
    }
    secrets[secret_next] = (struct bytes){copy, secret.len};
    secret_next = (secret_next + 1) % SECRETS_MAX;
known:
    pthread_mutex_unlock(&lock);
}

/* Replaces one secret everywhere in text; the result is in mem. The caller holds the lock. */
static char *mask_one(struct arena *mem, char *text, struct bytes secret)
{
    char *at = memmem(text, strlen(text), secret.data, secret.len);

    if (at == NULL)
        return text;

    struct buf out = buf_new(mem, MIB(1));
    char *from = text;

    for (; at != NULL; at = memmem(from, strlen(from), secret.data, secret.len)) {
        buf_add(&out, from, (size_t)(at - from));
        buf_text(&out, "[secret]");
        from = at + secret.len;
    }
    buf_text(&out, from);
    return text_dup(mem, buf_str(&out));
}

char *log_mask(struct arena *mem, const char *text)
{
    char *masked = text_dup(mem, text);

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < secret_count; i++)
        masked = mask_one(mem, masked, secrets[i]);
    pthread_mutex_unlock(&lock);
    return masked;
}

/* Masked before it is cut, so that no half of a secret is left. */
static json_t *text_value(struct arena *mem, const char *text, size_t max)
{
    return json_string(text_clean(mem, log_mask(mem, text), max));
}

static const char *time_text(struct arena *mem)
{
    int64_t now = clock_ms();
    time_t seconds = (time_t)(now / 1000);
    struct tm parts;
    char text[32];

    gmtime_r(&seconds, &parts);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
    return text_printf(mem, "%s.%03dZ", text, (int)(now % 1000));
}

static char *line_text(struct arena *mem, const char *level, const char *event, va_list pairs,
                       size_t value_max)
{
    json_t *line = json_object();
    const char *name;

    json_object_set_new(line, "time", json_string(time_text(mem)));
    json_object_set_new(line, "level", json_string(level));
    json_object_set_new(line, "program", json_string(program_name));
    json_object_set_new(line, "pid", json_integer(getpid()));
    json_object_set_new(line, "event", text_value(mem, event, value_max));
    while ((name = va_arg(pairs, const char *)) != NULL) {
        const char *text = va_arg(pairs, const char *);

        if (text != NULL)
            json_object_set_new(line, name, text_value(mem, text, value_max));
    }

    char *text = text_printf(mem, "%s\n", json_text(mem, line));

    json_decref(line);
    return text;
}

/*
 * One write a line, so that lines of several processes never mix. A line that is too long is made
 * again of shorter values: half a line could be read by nobody.
 */
static void write_line(const char *level, const char *event, va_list pairs)
{
    struct arena *mem = arena_new(MIB(16));
    va_list again;

    va_copy(again, pairs);
    char *text = line_text(mem, level, event, pairs, VALUE_MAX);

    if (strlen(text) > LINE_MAX_BYTES)
        text = line_text(mem, level, event, again, VALUE_SHORT);
    va_end(again);
    if (write(STDERR_FILENO, text, strlen(text)) < 0) {
        /* There is nowhere left to say it. */
    }
    arena_free(mem);
}

#define LOG_FUNCTION(level)                  \
    void log_##level(const char *event, ...) \
    {                                        \
        va_list pairs;                       \
                                             \
        va_start(pairs, event);              \
        write_line(#level, event, pairs);    \
        va_end(pairs);                       \
    }

LOG_FUNCTION(info)
LOG_FUNCTION(warn)
LOG_FUNCTION(error)

void log_debug(const char *event, ...)
{
    va_list pairs;

    if (!is_verbose)
        return;
    va_start(pairs, event);
    write_line("debug", event, pairs);
    va_end(pairs);
}

void log_fault(const struct ctx *c, const char *event)
{
    bool ours = c->fault.rc == E_INTERNAL;

    (ours ? log_error : log_warn)(event, "reference", c->reference, "tenant", c->tenant_id, "code",
                                  c->fault.code, "detail", c->fault.detail, "field", c->fault.field,
                                  NULL);
}
