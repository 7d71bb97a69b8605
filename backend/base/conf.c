/* See conf.h. */
#include "base/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf_secret.h"
#include "base/log.h"

enum conf_kind { TEXT, NUMBER, SWITCH, ORIGINS };

static const struct row {
    const char *name, *env;
    enum conf_kind kind;
    const char *preset;
    unsigned flags;
    int64_t least, most;
    const char *about;
} rows[CONF_COUNT] = {
#define CONF(name, env, kind, preset, flags, least, most, about) \
    {#name, env, kind, preset, flags, least, most, about},
#include "base/settings.def"
#undef CONF
};

static const char *values[CONF_COUNT];
static int fault_count;
static unsigned not_taken; /* flags of the settings that this program leaves alone */

/* Values that stand in guides and examples; a secret that anybody can read is none. */
static const char *const examples[] = {
    "change-me-change-me-change-me-change-me",
    "0123456789abcdef0123456789abcdef",
    "00000000000000000000000000000000",
    "example-example-example-example-example",
};

static void fault(const char *env, const char *format, ...) PRINTF_LIKE(2, 3);
static void fault(const char *env, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s %s: ", fault_count++ == 0 ? "The settings are not right.\n " : " ", env);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/*
 * Replaced values live on, because somebody may hold them: they are kept where they can be found.
 */
struct kept {
    struct kept *older;
    char text[];
};
static struct kept *all_kept;

static const char *keep(const char *value)
{
    size_t size = strlen(value) + 1;
    struct kept *copy = malloc(sizeof(*copy) + size);

    if (copy == NULL)
        abort();
    copy->older = all_kept;
    all_kept = copy;
    memcpy(copy->text, value, size);
    return copy->text;
}

static bool is_secret(const struct row *row)
{
    return (row->flags & (CONF_SECRET | CONF_MASKED)) != 0;
}

static void take(const struct row *row, const char *value)
{
    if (row->flags & not_taken)
        return;
    values[row - rows] = is_secret(row) ? conf_secret_keep(value) : keep(value);
    if (is_secret(row))
        log_secret_add(bytes_of(value));
}

/* Where a secret may come from besides its own name. */
static const struct source {
    const char *ending;
    bool (*read)(const char *from, char *out, const char **why);
} sources[] = {{"_FILE", conf_secret_file}, {"_COMMAND", conf_secret_command}};

static void take_from(const struct row *row, const struct source *source, const char *from)
{
    char secret[CONF_SECRET_MAX] = "";
    const char *why = NULL;

    if (row->flags & not_taken)
        return;
    if (source->read(from, secret, &why))
        take(row, secret);
    else
        fault(row->env, "can't be had from what %s%s names: %s", row->env, source->ending, why);
    explicit_bzero(secret, sizeof(secret));
}

/* False when there is no such name. */
static bool take_named(const char *name, const char *value)
{
    for (const struct row *row = rows; row < rows + CONF_COUNT; row++) {
        size_t len = strlen(row->env);

        if (strcmp(row->env, name) == 0) {
            take(row, value);
            return true;
        }
        for (size_t i = 0; i < COUNT_OF(sources) && is_secret(row); i++) {
            if (strncmp(row->env, name, len) == 0 && strcmp(sources[i].ending, name + len) == 0) {
                take_from(row, &sources[i], value);
                return true;
            }
        }
    }
    return false;
}

void conf_set(enum conf which, const char *value)
{
    take(&rows[which], value);
}

static void take_line(const char *file, int number, char *line)
{
    char *equals = strchr(line, '=');

    line[strcspn(line, "\r\n")] = '\0';
    if (text_blank(line) || line[0] == '#')
        return;
    if (equals == NULL) {
        fault(file, "line %d has no '='; write NAME=value", number);
        return;
    }
    *equals = '\0';
    if (take_named(line, equals + 1))
        return;
    fault(line, "line %d of %s names a setting that does not exist; take it out or mend its name",
          number, file);
}

static void read_file(const char *path)
{
    char line[4096];
    int number = 0;
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        fault(path, "can't be read; mend its permissions or take KONSTRUCT_CONF away");
        return;
    }
    while (fgets(line, sizeof(line), file) != NULL)
        take_line(path, ++number, line);
    fclose(file);
}

/* What an operator wrote goes before what `konstruct up` left behind. */
static void read_files(void)
{
    static const char *const usual[] = {".run/konstruct.conf", "konstruct.conf"};
    const char *path = getenv("KONSTRUCT_CONF");

    if (path != NULL) {
        read_file(path);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(usual); i++)
        if (access(usual[i], F_OK) == 0)
            read_file(usual[i]);
}

static void check_secret(const struct row *row, const char *value)
{
    if (strlen(value) < 32)
        fault(row->env, "a secret needs at least 32 bytes; make one with: openssl rand -base64 32");
    for (size_t i = 0; i < COUNT_OF(examples); i++)
        if (strcmp(value, examples[i]) == 0)
            fault(row->env, "this is an example that anybody can read; make a secret with: openssl "
                            "rand -base64 32");
}

/* As browsers send them: in lower case, without a path; and no pattern. */
static bool is_origin(const char *text, size_t len)
{
    static const char *const schemes[] = {"https://", "http://"};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]";

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        size_t skip = strlen(schemes[i]);

        if (len > skip && strncmp(text, schemes[i], skip) == 0)
            return strspn(text + skip, letters) >= len - skip;
    }
    return false;
}

static void check_origins(const struct row *row, const char *value)
{
    for (const char *at = value; *at != '\0';) {
        size_t len = strcspn(at, " ");

        if (!is_origin(at, len))
            fault(row->env,
                  "%.*s is no origin; write https://host or https://host:port in lower case, "
                  "without a path, and blanks between several",
                  (int)len, at);
        at += len;
        at += strspn(at, " ");
    }
}

static void check(const struct row *row, const char *value)
{
    int64_t n;

    if (row->flags & CONF_SECRET) {
        check_secret(row, value);
        return;
    }
    switch (row->kind) {
    case TEXT:
        if (strlen(value) < (size_t)row->least || strlen(value) > (size_t)row->most)
            fault(row->env, "must have %lld to %lld characters: %s", (long long)row->least,
                  (long long)row->most, row->about);
        break;
    case NUMBER:
        if (text_int(value, &n) != OK || n < row->least || n > row->most)
            fault(row->env, "must be a whole number from %lld to %lld: %s", (long long)row->least,
                  (long long)row->most, row->about);
        break;
    case ORIGINS:
        check_origins(row, value);
        break;
    case SWITCH:
        if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
            fault(row->env, "must be on or off: %s", row->about);
        break;
    }
}

static void take_environment(const struct row *row)
{
    const char *value = getenv(row->env);
    char name[100];

    if (value != NULL && value[0] != '\0') {
        take(row, value);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(sources) && is_secret(row); i++) {
        snprintf(name, sizeof(name), "%s%s", row->env, sources[i].ending);
        value = getenv(name);
        if (value != NULL && value[0] != '\0')
            take_from(row, &sources[i], value);
    }
}

/*
 * DATABASE_URL serves every role that has no address of its own; libpq takes the later user of two.
 */
static void derive_databases(void)
{
    static const struct {
        enum conf which;
        const char *role;
    } roles[] = {{CONF_db_owner, "konstruct_owner"},
                 {CONF_db_web, "konstruct_web"},
                 {CONF_db_worker, "konstruct_worker"},
                 {CONF_db_dispatch, "konstruct_dispatch"}};
    const char *base = values[CONF_database_url];
    char text[2400];

    if (base == NULL)
        return;
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        bool is_uri = strstr(base, "://") != NULL;
        char joint = ' ';

        if (values[roles[i].which] != NULL)
            continue;
        if (is_uri)
            joint = strchr(base, '?') != NULL ? '&' : '?';
        snprintf(text, sizeof(text), is_uri ? "%s%cuser=%s" : "%s%cuser='%s'", base, joint,
                 roles[i].role);
        take(&rows[roles[i].which], text);
    }
}

rc_t conf_load(unsigned need)
{
    fault_count = 0;
    not_taken = need & CONF_NEED_WEB ? CONF_NOT_WEB : 0;
    not_taken |= need & CONF_NEED_WORKER ? CONF_NOT_WORKER : 0;
    read_files();
    for (size_t i = 0; i < CONF_COUNT; i++) {
        take_environment(&rows[i]);
        if (values[i] == NULL && rows[i].preset != NULL)
            take(&rows[i], rows[i].preset);
    }
    derive_databases();
    for (size_t i = 0; i < CONF_COUNT; i++) {
        if (values[i] != NULL)
            check(&rows[i], values[i]);
        else if (rows[i].flags & need)
            fault(rows[i].env, "must be set: %s", rows[i].about);
    }
    return fault_count == 0 ? OK : E_INVALID;
}

const char *conf_text(enum conf which)
{
    return values[which];
}

int64_t conf_number(enum conf which)
{
    int64_t n = 0;

    if (values[which] == NULL || text_int(values[which], &n) != OK)
        abort();
    return n;
}

unsigned conf_flags(enum conf which)
{
    return rows[which].flags;
}

bool conf_switch(enum conf which)
{
    return text_is(values[which], "on");
}

const char *conf_named(const char *name)
{
    for (size_t i = 0; i < CONF_COUNT; i++)
        if (strcmp(rows[i].name, name) == 0)
            return values[i];
    abort();
}

void conf_print(struct buf *out)
{
    for (size_t i = 0; i < CONF_COUNT; i++)
        buf_printf(out, "%-32s %s%s%s%s\n", rows[i].env, rows[i].about,
                   rows[i].preset != NULL ? " (default " : "",
                   rows[i].preset != NULL ? rows[i].preset : "", rows[i].preset != NULL ? ")" : "");
}
