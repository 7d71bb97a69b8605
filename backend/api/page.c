/* See page.h. */
#include "api/page.h"

#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/query.h"
#include "base/conf.h"
#include "io/crypto.h"

#define MAC_BYTES 16

static const char *usual_sort(struct ctx *c, const struct route *route)
{
    struct query_param p;

    for (const char *rest = route->query; query_next(c->mem, &rest, &p);)
        if (strcmp(p.name, "sort") == 0)
            return text_copy(c->mem, p.one_of, strcspn(p.one_of, " "));
    return NULL;
}

static void sign(struct ctx *c, const struct req *rq, struct bytes text, unsigned char mac[32])
{
    const char *secret = conf_text(CONF_web_key);
    struct buf all = buf_new(c->mem, KIB(16));

    buf_printf(&all, "page %s %s ", c->tenant_id == NULL ? "" : c->tenant_id, rq->route->path);
    buf_add(&all, text.data, text.len);
    crypto_hmac_sha256(bytes_of(secret == NULL ? "" : secret), buf_bytes(&all), mac);
}

static rc_t cursor_read(struct ctx *c, const struct req *rq, const char *given, struct page *out)
{
    struct bytes raw, text;
    unsigned char mac[32];
    const char *sort;
    json_t *key;

    if (text_unbase64url(c->mem, bytes_of(given), &raw) != OK || raw.len <= MAC_BYTES)
        goto wrong;
    text = (struct bytes){raw.data + MAC_BYTES, raw.len - MAC_BYTES};
    sign(c, rq, text, mac);
    if (!text_same_secret((struct bytes){(const char *)mac, MAC_BYTES},
                          (struct bytes){raw.data, MAC_BYTES}))
        goto wrong;
    TRY(json_parse(c, text, &key));
    sort = json_string_value(json_array_get(key, 0));
    out->key = json_string_value(json_array_get(key, 1));
    out->id = json_string_value(json_array_get(key, 2));
    if (text_is(sort, out->sort))
        return OK;
wrong:
    return ctx_bad(
        c, "after", "cursor_wrong",
        "after is the member next of a page of this list, asked for with the same sort.");
}

rc_t req_page(struct ctx *c, const struct req *rq, struct page *out)
{
    const char *limit = req_query(c, rq, "limit"), *sort = req_query(c, rq, "sort"),
               *after = req_query(c, rq, "after");

    *out = (struct page){.most = PAGE_USUAL, .sort = sort};
    if (sort == NULL)
        out->sort = usual_sort(c, rq->route);
    if (limit != NULL)
        TRY(text_int(limit, &out->most));
    return after == NULL ? OK : cursor_read(c, rq, after, out);
}

static const char *cursor(struct ctx *c, const struct req *rq, const struct page *page)
{
    json_t *key = json_pack("[s?, s?, s?]", page->sort, page->key, page->id);
    struct bytes text;
    unsigned char mac[32];
    char *raw;

    if (key == NULL)
        abort();
    text = bytes_of(json_text(c->mem, key));
    json_decref(key);
    sign(c, rq, text, mac);
    raw = arena_take(c->mem, MAC_BYTES + text.len);
    memcpy(raw, mac, MAC_BYTES);
    memcpy(raw + MAC_BYTES, text.data, text.len);
    return text_base64url(c->mem, (struct bytes){raw, MAC_BYTES + text.len});
}

rc_t res_page(struct ctx *c, const struct req *rq, struct res *rs, const struct shape *shape,
              const void *items, size_t count, const struct page *page)
{
    return res_list(c, rs, shape, items, count, page->more ? cursor(c, rq, page) : NULL);
}
