/* See price.h. */
#include "billing/price.h"

#include <ctype.h>
#include <string.h>

#define MILLION 1000000
/* Largest count and price taken: their product, three times, stays far below 2^63. */
#define TOKENS_MAX 1000000000
#define PRICE_MAX 1000000000
#define COLUMNS 6

static int64_t between(int64_t n, int64_t least, int64_t most)
{
    if (n < least)
        return least;
    return n > most ? most : n;
}

int64_t price_cost_micros(const struct price *price, int64_t input, int64_t cached, int64_t output)
{
    input = between(input, 0, TOKENS_MAX);
    cached = between(cached, 0, input);
    output = between(output, 0, TOKENS_MAX);

    int64_t sum = (input - cached) * between(price->input, 0, PRICE_MAX) +
                  cached * between(price->cached, 0, PRICE_MAX) +
                  output * between(price->output, 0, PRICE_MAX);

    return (sum + MILLION - 1) / MILLION;
}

bool price_fits(const char *pattern, const char *model)
{
    size_t len = strlen(pattern);

    if (len > 0 && pattern[len - 1] == '*')
        return strncmp(pattern, model, len - 1) == 0;
    return strcmp(pattern, model) == 0;
}

static bool better(const struct price *a, const struct price *b)
{
    size_t a_len = strlen(a->model), b_len = strlen(b->model);

    if (a_len != b_len)
        return a_len > b_len;
    return strcmp(a->valid_from, b->valid_from) > 0;
}

const struct price *price_find(const struct price *list, size_t count, const char *provider,
                               const char *model, const char *day)
{
    const struct price *found = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct price *p = &list[i];

        if (strcmp(p->provider, provider) != 0 || strcmp(p->valid_from, day) > 0 ||
            !price_fits(p->model, model))
            continue;
        if (found == NULL || better(p, found))
            found = p;
    }
    return found;
}

static bool is_day(const char *text)
{
    static const char form[] = "dddd-dd-dd";

    for (size_t i = 0; i < sizeof(form); i++)
        if (form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
            return false;
    return true;
}

/* "*" stands at the end only, and a price is never below zero nor absurd. */
static bool is_good(const struct price *p)
{
    const char *star = strchr(p->model, '*');

    return p->provider[0] != '\0' && p->model[0] != '\0' && (star == NULL || star[1] == '\0') &&
           is_day(p->valid_from) && p->input >= 0 && p->input <= PRICE_MAX && p->cached >= 0 &&
           p->cached <= PRICE_MAX && p->output >= 0 && p->output <= PRICE_MAX;
}

static bool read_line(struct ctx *c, const char *line, size_t len, struct price *out)
{
    const char *cells[COLUMNS];
    size_t count = 0;

    for (size_t at = 0; at <= len && count < COLUMNS; count++) {
        const char *tab = memchr(line + at, '\t', len - at);
        size_t size = tab == NULL ? len - at : (size_t)(tab - line) - at;

        cells[count] = text_copy(c->mem, line + at, size);
        at += size + 1;
        if (count == COLUMNS - 1 && tab != NULL)
            return false;
    }
    if (count != COLUMNS)
        return false;
    *out = (struct price){.provider = cells[0], .model = cells[1], .valid_from = cells[2]};
    return text_int(cells[3], &out->input) == OK && text_int(cells[4], &out->cached) == OK &&
           text_int(cells[5], &out->output) == OK && is_good(out);
}

rc_t price_read(struct ctx *c, struct bytes file, struct price **list, size_t *count)
{
    size_t room = 1, line_no = 0;

    for (size_t i = 0; i < file.len; i++)
        room += file.data[i] == '\n';
    *list = arena_take(c->mem, room * sizeof(**list));
    *count = 0;
    for (size_t at = 0; at < file.len;) {
        const char *line = file.data + at, *end = memchr(line, '\n', file.len - at);
        size_t len = end == NULL ? file.len - at : (size_t)(end - line);

        at += len + 1;
        line_no++;
        if (len == 0 || line[0] == '#')
            continue;
        if (!read_line(c, line, len, &(*list)[*count]))
            return ctx_fail(
                c, E_INVALID, "price_line",
                "line %zu must be: provider, model, day, and three prices, parted by tabs",
                line_no);
        ++*count;
    }
    return OK;
}
