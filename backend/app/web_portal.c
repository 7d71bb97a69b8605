/*
 * The portal's files, built into the program and served from its memory. Each was compressed when
 * it was built; names with a hash are kept by browsers for ever, the page itself is asked for each
 * time.
 */
#include "app/web.h"

#include <stdlib.h>

#define FILES_MAX 256
#define LINE_MAX_LEN 1024

enum coding { IDENTITY, GZIP, BR, CODING_COUNT };

struct body {
    struct bytes bytes;
    const char *etag; /* NULL: not there in this coding */
};

struct file {
    const char *path, *type;
    bool immutable;
    struct body bodies[CODING_COUNT];
};

extern const char web_portal_pack[];
extern const uint64_t web_portal_pack_len;
__asm__(".section .rodata\n"
        ".balign 16\n"
        "web_portal_pack:\n"
        ".incbin \"" PORTAL_PACK "\"\n"
        "1:\n"
        ".balign 8\n"
        "web_portal_pack_len:\n"
        ".quad 1b - web_portal_pack\n"
        ".previous\n");

static const char *const coding_names[CODING_COUNT] = {"identity", "gzip", "br"};
static struct file files[FILES_MAX];
static size_t file_count;

static _Noreturn void broken(const char *why)
{
    fprintf(stderr,
            "The portal's pack in this program is broken: %s. Run 'make portal' and build again.\n",
            why);
    exit(1);
}

static struct file *file_find(const char *path)
{
    for (size_t i = 0; i < file_count; i++)
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    return NULL;
}

/* As HTTP wants it: in quotes. */
static const char *quoted(const char *tag)
{
    char *text = NULL;

    if (asprintf(&text, "\"%s\"", tag) < 0)
        abort();
    return text;
}

/*
 * <path> <type> <coding> <immutable 0|1> <etag> <offset> <length>, with tabs between. Keeps what it
 * is given.
 */
static void take_line(char *line, const char *blobs, size_t blobs_len)
{
    char *words[7], *rest = line;
    int64_t offset, len;

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if ((words[i] = strsep(&rest, "\t")) == NULL)
            broken("a line is short");
    if (text_int(words[5], &offset) != OK || text_int(words[6], &len) != OK || offset < 0 ||
        len < 0 || (uint64_t)offset > blobs_len || (uint64_t)len > blobs_len - (uint64_t)offset)
        broken("a file lies outside");

    struct file *f = file_find(words[0]);

    if (f == NULL) {
        if (file_count == FILES_MAX)
            broken("it has too many files");
        f = &files[file_count++];
        *f = (struct file){.path = words[0], .type = words[1], .immutable = words[3][0] == '1'};
    }
    for (int coding = 0; coding < CODING_COUNT; coding++)
        if (strcmp(words[2], coding_names[coding]) == 0)
            f->bodies[coding] = (struct body){{blobs + offset, (size_t)len}, quoted(words[4])};
}

void web_portal_load(void)
{
    static const char first[] = "KONSTRUCT-PACK 1\n";
    size_t len = web_portal_pack_len;
    const char *end = memmem(web_portal_pack, len, "\n\n", 2);

    if (len < sizeof(first) || memcmp(web_portal_pack, first, sizeof(first) - 1) != 0 ||
        end == NULL)
        broken("it does not begin as it should");

    const char *blobs = end + 2;
    size_t table_len = (size_t)(end - web_portal_pack) + 1 - (sizeof(first) - 1);
    char *table = malloc(table_len + 1), *line;

    if (table == NULL)
        abort();
    memcpy(table, web_portal_pack + sizeof(first) - 1, table_len);
    table[table_len] = '\0';
    while ((line = strsep(&table, "\n")) != NULL && *line != '\0')
        take_line(line, blobs, len - (size_t)(blobs - web_portal_pack));
    if (file_find("/index.html") == NULL)
        broken("it has no /index.html");
}

bool web_portal_owns(const char *path)
{
    static const char *const ours[] = {"/api/", "/hooks/", "/v1/"};
    static const char *const exact[] = {"/api",
                                        "/hooks",
                                        "/v1",
                                        "/healthz",
                                        "/readyz",
                                        "/metrics",
                                        "/oauth/token",
                                        "/oauth/revoke",
                                        "/oauth/introspect",
                                        "/.well-known/oauth-authorization-server"};

    for (size_t i = 0; i < COUNT_OF(ours); i++)
        if (text_starts(path, ours[i]))
            return false;
    for (size_t i = 0; i < COUNT_OF(exact); i++)
        if (strcmp(path, exact[i]) == 0)
            return false;
    return true;
}

/* The weight that one element of Accept-Encoding gives, in thousandths; 1000 without a q. */
static int weight(const char *at, const char *end)
{
    const char *q = memmem(at, (size_t)(end - at), ";q=", 3);

    if (q == NULL)
        q = memmem(at, (size_t)(end - at), "; q=", 4);
    if (q == NULL)
        return 1000;
    return (int)(strtod(strchr(q, '=') + 1, NULL) * 1000);
}

/*
 * What the client gives for a coding; -1 when he does not name it. `any` is what he gives for "*".
 */
static int wanted(const char *accept, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = accept; *at != '\0';) {
        at += strspn(at, " \t,");

        const char *end = at + strcspn(at, ",");

        if (strncasecmp(at, name, len) == 0 && strchr(" \t,;", at[len]) != NULL)
            return weight(at, end);
        at = end;
    }
    return -1;
}

/* The heaviest that is there; of equals the smaller one, which is the later in our order. */
static enum coding choose(const struct file *f, const char *accept)
{
    enum coding best = IDENTITY;
    int best_weight = 0, any;

    if (accept == NULL)
        return IDENTITY;
    any = wanted(accept, "*");
    for (int coding = 0; coding < CODING_COUNT; coding++) {
        int w = wanted(accept, coding_names[coding]);

        if (w < 0)
            w = coding == IDENTITY ? 1 : any;
        if (f->bodies[coding].etag != NULL && w > 0 && w >= best_weight) {
            best = (enum coding)coding;
            best_weight = w;
        }
    }
    return best;
}

/* If-None-Match is "*" or a list of tags; a weak one is as good here. */
static bool known_to(const char *tags, const char *etag)
{
    size_t len = strlen(etag);

    if (tags == NULL)
        return false;
    if (strcmp(tags, "*") == 0)
        return true;
    for (const char *at = strstr(tags, etag); at != NULL; at = strstr(at + 1, etag))
        if (strchr(" \t,", at[len]) != NULL)
            return true;
    return false;
}

/* A path without an ending is an address within the portal, which finds its way by itself. */
static const struct file *file_for(const char *path)
{
    const struct file *f = file_find(strcmp(path, "/") == 0 ? "/index.html" : path);
    const char *name = strrchr(path, '/');

    if (f == NULL && name != NULL && strchr(name, '.') == NULL)
        f = file_find("/index.html");
    return f;
}

static const char *header(struct http_request *kr, const char *name)
{
    const char *value;

    return http_request_header(kr, name, &value) ? value : NULL;
}

void web_portal_answer(struct http_request *kr, const char *path)
{
    const struct file *f = file_for(path);
    struct res rs = {.status = 200};

    if (f == NULL) {
        rs = (struct res){.status = 404, .type = "application/problem+json"};
        rs.body = BYTES("{\"type\":\"about:blank\",\"title\":\"Not "
                        "Found\",\"status\":404,\"code\":\"not_found\","
                        "\"detail\":\"There is no such file.\"}");
        web_answer_static(kr, &rs);
        return;
    }

    enum coding coding = choose(f, header(kr, "accept-encoding"));
    const struct body *body = &f->bodies[coding];

    rs.type = f->type;
    res_header(&rs, "etag", body->etag);
    res_header(&rs, "vary", "accept-encoding");
    res_header(&rs, "cache-control",
               f->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (known_to(header(kr, "if-none-match"), body->etag)) {
        rs.status = 304;
    } else {
        rs.body = body->bytes;
        if (coding != IDENTITY)
            res_header(&rs, "content-encoding", coding_names[coding]);
    }
    web_answer_static(kr, &rs);
}
