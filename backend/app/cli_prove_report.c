/* What the proof has found: a summary for the terminal, JSON for programs, a page for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/cli_prove.h"
#include "core/proof.h"

/* What nobody should believe to be proven by this; docs/isolation.md says more. */
static const char *const not_proven[] = {
    "that who may call a route is what you would wish: the list of routes below is for you to read",
    "conversations, jobs and secrets inside one tenant: who of it sees what is a matter of roles",
    "the running installation: the proof looks at a database of its own made by the same program",
    "time to the microsecond: medians are told and not judged",
    "what runs outside: backups, replicas, and whoever is superuser of the database server",
};

static const char *text_in(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static long long number_in(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static size_t unnoticed(const json_t *holes)
{
    size_t i, count = 0;
    const json_t *hole;

    json_array_foreach(holes, i, hole)
        count += json_is_null(json_object_get(hole, "noticed_by")) ? 1 : 0;
    return count;
}

void prove_say(const struct prove *p)
{
    const json_t *holes = json_object_get(p->report, "holes"), *part, *finding, *hole;
    const json_t *times = json_object_get(p->report, "median_us");
    size_t i, k;

    printf("%zu tables, %zu routes, PostgreSQL %s\n",
           json_array_size(json_object_get(p->report, "tables")),
           json_array_size(json_object_get(p->report, "routes")), text_in(p->report, "postgresql"));
    json_array_foreach(json_object_get(p->report, "parts"), i, part)
    {
        const json_t *findings = json_object_get(part, "findings");

        printf("  %-10s %6lld checked, %zu found\n", text_in(part, "name"),
               number_in(part, "checked"), json_array_size(findings));
        json_array_foreach(findings, k, finding) printf("      %s\n", json_string_value(finding));
    }
    printf("  %-10s %6zu made one at a time, %zu not noticed\n", "holes", json_array_size(holes),
           unnoticed(holes));
    json_array_foreach(holes, i, hole) if (json_is_null(json_object_get(hole, "noticed_by")))
        printf("      %s\n", text_in(hole, "hole"));
    printf("  an id of another tenant is answered in %lld us, a missing one in %lld us (medians)\n",
           number_in(times, "foreign_id"), number_in(times, "missing_id"));
    printf("%s\n", p->broken ? "NOT PROVEN: tenants are not sealed off."
                             : "Proven: tenants are sealed off.");
}

static void escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<')
            buf_text(out, "&lt;");
        else if (*text == '>')
            buf_text(out, "&gt;");
        else if (*text == '&')
            buf_text(out, "&amp;");
        else
            buf_char(out, *text);
    }
}

/* A row of cells. */
static void row(struct buf *out, const char *const *cells, size_t count)
{
    buf_text(out, "<tr>");
    for (size_t i = 0; i < count; i++) {
        buf_text(out, "<td>");
        escaped(out, cells[i]);
        buf_text(out, "</td>");
    }
    buf_text(out, "</tr>\n");
}
#define ROW(out, ...)                              \
    row((out), (const char *const[]){__VA_ARGS__}, \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void parts_table(struct arena *mem, struct buf *out, const json_t *report)
{
    const json_t *part, *finding;
    size_t i, k;

    buf_text(out, "<h2>What was looked at</h2>\n<table><thead><tr><th>Part</th><th>What holds"
                  "</th><th>Checked</th><th>Found</th></tr></thead><tbody>\n");
    json_array_foreach(json_object_get(report, "parts"), i, part)
    {
        const json_t *findings = json_object_get(part, "findings");
        struct buf said = buf_new(mem, KIB(256));

        json_array_foreach(findings, k, finding)
            buf_printf(&said, "%s. ", json_string_value(finding));
        ROW(out, text_in(part, "name"), text_in(part, "about"),
            text_printf(mem, "%lld", number_in(part, "checked")),
            json_array_size(findings) == 0 ? "nothing" : buf_str(&said));
    }
    buf_text(out, "</tbody></table>\n");
}

static void holes_table(struct buf *out, const json_t *report)
{
    const json_t *hole;
    size_t i;

    buf_text(out, "<h2>Holes made on purpose</h2>\n<p>One at a time, in the database of the proof; "
                  "a proof that would not notice them would prove nothing.</p>\n<table><thead><tr>"
                  "<th>Hole</th><th>Noticed by</th><th>It said</th></tr></thead><tbody>\n");
    json_array_foreach(json_object_get(report, "holes"), i, hole)
    {
        const char *by = text_in(hole, "noticed_by");

        ROW(out, text_in(hole, "hole"), by[0] == '\0' ? "NOTHING" : by, text_in(hole, "said"));
    }
    buf_text(out, "</tbody></table>\n");
}

static void routes_table(struct arena *mem, struct buf *out, const json_t *report)
{
    const json_t *route, *table;
    size_t i;

    buf_text(out, "<h2>Routes</h2>\n<table><thead><tr><th>Method</th><th>Path</th><th>Open from"
                  "</th><th>Requests</th></tr></thead><tbody>\n");
    json_array_foreach(json_object_get(report, "routes"), i, route)
        ROW(out, text_in(route, "method"), text_in(route, "path"), text_in(route, "who"),
            text_printf(mem, "%lld", number_in(route, "asked")));
    buf_text(out, "</tbody></table>\n<h2>Tables filled for two tenants</h2>\n<p>");
    json_array_foreach(json_object_get(report, "tables"), i, table)
    {
        buf_text(out, i == 0 ? "" : ", ");
        escaped(out, json_string_value(table));
    }
    buf_text(out, "</p>\n");
}

static const char *page_of(struct arena *mem, const json_t *report)
{
    struct buf out = buf_new(mem, MIB(8));
    time_t at = (time_t)number_in(report, "made_at");
    char day[40] = "";
    struct tm parts;
    bool proven = json_is_true(json_object_get(report, "proven"));

    if (gmtime_r(&at, &parts) != NULL)
        strftime(day, sizeof(day), "%Y-%m-%d %H:%M UTC", &parts);
    buf_text(&out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
                   "name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<title>Isolation of tenants</title>\n<style>body{font:16px/1.5 sans-serif;"
                   "max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
                   "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:"
                   "top;padding:.3rem .6rem;border-bottom:1px solid #ccc;overflow-wrap:anywhere}"
                   "</style></head><body>\n<h1>Isolation of tenants</h1>\n");
    buf_printf(&out, "<p><strong>%s</strong> %s, PostgreSQL ",
               proven ? "Proven: tenants are sealed off." : "NOT PROVEN.", day);
    escaped(&out, text_in(report, "postgresql"));
    buf_text(&out, ".</p>\n");
    parts_table(mem, &out, report);
    buf_text(&out, "<h2>What this does not prove</h2>\n<ul>\n");
    for (size_t i = 0; i < COUNT_OF(not_proven); i++)
        buf_printf(&out, "<li>%s</li>\n", not_proven[i]);
    buf_text(&out, "</ul>\n");
    holes_table(&out, report);
    routes_table(mem, &out, report);
    buf_text(&out, "</body></html>\n");
    return buf_str(&out);
}

static bool write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        return false;

    bool written = fputs(text, file) >= 0;

    return fclose(file) == 0 && written;
}

void prove_finish(struct prove *p)
{
    json_t *limits = json_array();

    for (size_t i = 0; i < COUNT_OF(not_proven); i++)
        json_array_append_new(limits, json_string(not_proven[i]));
    json_object_set_new(p->report, "not_proven", limits);
    json_object_set_new(p->report, "proven", json_boolean(!p->broken));

    char *text = json_dumps(p->report, JSON_INDENT(2));

    if (text == NULL)
        abort();
    p->json_text = text_dup(p->c->mem, text);
    p->page_text = page_of(p->c->mem, p->report);
    free(text);
}

bool prove_write(const struct prove *p, const char *path, const char **page)
{
    struct arena *mem = p->c->mem;
    const char *end = strrchr(path, '.');
    size_t stem = text_is(end, ".json") ? (size_t)(end - path) : strlen(path);

    *page = text_printf(mem, "%s.html", text_copy(mem, path, stem));
    return write_file(path, p->json_text) && write_file(*page, p->page_text);
}

rc_t prove_keep(const struct prove *p, struct ctx *owner)
{
    const json_t *r = p->report;
    const struct proof proof = {.made = number_in(r, "made_at"),
                                .proven = !p->broken,
                                .postgresql = text_in(r, "postgresql"),
                                .tables = (int64_t)json_array_size(json_object_get(r, "tables")),
                                .routes = (int64_t)json_array_size(json_object_get(r, "routes")),
                                .holes = (int64_t)json_array_size(json_object_get(r, "holes"))};

    return proof_add(owner, &proof, p->json_text, p->page_text);
}
