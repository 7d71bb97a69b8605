/* See vendor.h. */
#include "llm/vendor.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/shape.h"

const char *vendor_url(struct ctx *c, const char *base, const char *root, bool always,
                       const char *path)
{
    size_t len = strcspn(base, "?#"), root_len = strlen(root);
    const char *query = base + len;

    while (len > 0 && base[len - 1] == '/')
        len--;

    const char *host = strstr(base, "://");
    bool bare = host == NULL || memchr(host, '/', len - (size_t)(host - base)) == NULL ||
                strcspn(host + 3, "/") + 3 >= len - (size_t)(host - base);
    bool has_root = len > root_len && strncmp(base + len - root_len, root, root_len) == 0;

    return text_printf(c->mem, "%.*s%s%s%s", (int)len, base,
                       !has_root && (bare || always) ? root : "", path, query);
}

static void drop_json(void *v)
{
    json_decref(v);
}

rc_t vendor_body(struct ctx *c, json_t *body)
{
    if (body == NULL)
        return ctx_fail(c, E_INVALID, "llm_bad_text",
                        "the model's name or the persona is not valid UTF-8");
    arena_on_end(c->mem, drop_json, body);
    return OK;
}

void vendor_post(struct ctx *c, const char *url, json_t *body, struct http_ask *out)
{
    *out = (struct http_ask){.method = "POST", .url = url, .body = vendor_written(c->mem, body)};
    http_header_add(out, "Content-Type", "application/json");
    json_object_clear(body); /* it is written, and its answer may take long */
}

void vendor_get(const char *url, struct http_ask *out)
{
    *out = (struct http_ask){.method = "GET", .url = url};
    http_header_add(out, "Accept", "application/json");
}

rc_t vendor_put(struct ctx *c, json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0
               ? OK
               : ctx_fail(c, E_INVALID, "llm_bad_text", "\"%s\" is not valid UTF-8", key);
}

/* Jansson would look at each character for itself. */
json_t *vendor_string(const char *text)
{
    const struct bytes all = bytes_of(text);

    return text_utf8(all) ? json_stringn_nocheck(all.data, all.len) : NULL;
}

rc_t vendor_push(struct ctx *c, json_t *list, json_t *value)
{
    return json_array_append_new(list, value) == 0
               ? OK
               : ctx_fail(c, E_INVALID, "llm_bad_text", "a message is not valid UTF-8");
}

const char *vendor_compact(struct arena *mem, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_t *again = text == NULL ? NULL : json_loads(text, 0, NULL);
    const char *found = json_equal(again, value) ? text_dup(mem, text) : json_text(mem, value);

    json_decref(again);
    free(text);
    return found;
}

rc_t vendor_given(struct ctx *c, const char *text, json_t **out)
{
    if (json_parse(c, bytes_of(text), out) == OK && json_is_object(*out))
        return OK;
    ctx_forgive(c);
    return ctx_fail(c, E_INVALID, "llm_bad_schema",
                    "a schema, arguments or a block that is no JSON object");
}

const char *vendor_image_url(struct arena *mem, const struct llm_part *image)
{
    return image->base64 == NULL
               ? image->url
               : text_printf(mem, "data:%s;base64,%s", image->media, image->base64);
}

/* FNV-1a: short, the same everywhere, and no secret hangs on it. */
static uint64_t hash(uint64_t from, const char *text)
{
    for (const char *at = text == NULL ? "" : text; *at != '\0'; at++)
        from = (from ^ (unsigned char)*at) * 1099511628211u;
    return (from ^ 0xff) * 1099511628211u;
}

static const char *id_of(struct arena *mem, uint64_t value)
{
    return text_printf(mem, "call_%016llx", (unsigned long long)value);
}

#define HASH_BEGIN 14695981039346656037u
#define CALL_ID_MAX 40 /* the shortest limit among providers */

const char *vendor_call_id(struct arena *mem, const char *id)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t len = strlen(id);

    return len <= CALL_ID_MAX && strspn(id, plain) == len ? id : id_of(mem, hash(HASH_BEGIN, id));
}

const char *vendor_made_id(struct arena *mem, const char *answer, const char *tool,
                           const char *arguments, size_t number)
{
    uint64_t value = hash(hash(hash(HASH_BEGIN, answer), tool), arguments);

    return id_of(mem, hash(value, text_printf(mem, "%zu", number)));
}

rc_t vendor_cannot(struct ctx *c, const char *provider, const char *what)
{
    return ctx_fail(c, E_INVALID, "llm_cannot", "%s: %s", provider, what);
}

rc_t vendor_json(struct ctx *c, const char *provider, struct bytes text, json_t **out)
{
    if (json_parse(c, text, out) != OK) {
        const char *why = c->fault.detail;

        ctx_forgive(c);
        return ctx_fail(c, E_UPSTREAM, "llm_broken", "%s: what it sent can't be read (%s)",
                        provider, why);
    }
    if (!json_is_object(*out))
        return ctx_fail(c, E_UPSTREAM, "llm_broken", "%s: what it sent is not a JSON object",
                        provider);
    return OK;
}

/* The member, or NULL when it is missing or null; a type that is not `type` is a fault. */
static rc_t member(struct ctx *c, const char *provider, const json_t *from, const char *key,
                   json_type type, json_t **out)
{
    *out = json_object_get(from, key);
    if (json_is_null(*out))
        *out = NULL;
    if (*out != NULL && json_typeof(*out) != type)
        return ctx_fail(c, E_UPSTREAM, "llm_broken", "%s: \"%s\" has the wrong type", provider,
                        key);
    return OK;
}

rc_t vendor_text(struct ctx *c, const char *provider, const json_t *from, const char *key,
                 const char **out)
{
    json_t *v;

    TRY(member(c, provider, from, key, JSON_STRING, &v));
    if (v != NULL)
        *out = json_string_value(v);
    return OK;
}

rc_t vendor_count(struct ctx *c, const char *provider, const json_t *from, const char *key,
                  int64_t *out)
{
    json_t *v;

    TRY(member(c, provider, from, key, JSON_INTEGER, &v));
    if (v == NULL)
        return OK;
    if (json_integer_value(v) < 0 || json_integer_value(v) > LLM_TOKENS_MAX)
        return ctx_fail(c, E_UPSTREAM, "llm_broken", "%s: \"%s\" is no count of tokens", provider,
                        key);
    *out = json_integer_value(v);
    return OK;
}

rc_t vendor_object(struct ctx *c, const char *provider, const json_t *from, const char *key,
                   json_t **out)
{
    json_t *v;

    TRY(member(c, provider, from, key, JSON_OBJECT, &v));
    if (v != NULL)
        *out = v;
    return OK;
}

rc_t vendor_list(struct ctx *c, const char *provider, const json_t *from, const char *key,
                 json_t **out)
{
    json_t *v;

    TRY(member(c, provider, from, key, JSON_ARRAY, &v));
    if (v != NULL)
        *out = v;
    return OK;
}

static void at_most(int64_t *part, int64_t sum)
{
    if (*part > sum)
        *part = sum;
}

void vendor_settle(struct llm_answer *answer)
{
    at_most(&answer->cached_tokens, answer->input_tokens);
    at_most(&answer->cache_write_tokens, answer->input_tokens - answer->cached_tokens);
    at_most(&answer->image_tokens, answer->input_tokens);
    at_most(&answer->reasoning_tokens, answer->output_tokens);
    answer->counted = answer->input_tokens > 0 || answer->output_tokens > 0;
}

/* The status that a fault within a stream would have had as an answer of its own. */
static int status_of_kind(const char *kind)
{
    static const struct {
        const char *kind;
        int status;
    } rows[] = {
        {"overloaded", 529},         {"rate_limit", 429},     {"authentication", 401},
        {"invalid_api_key", 401},    {"permission", 403},     {"billing", 402},
        {"insufficient_quota", 402}, {"not_found", 404},      {"too_large", 413},
        {"context_len", 413},        {"content_filter", 400}, {"invalid_request", 400},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strstr(kind, rows[i].kind) != NULL)
            return rows[i].status;
    return 500;
}

/* Whom a gateway asked, and what that one said: OpenRouter tells it in a member of its own. */
static const char *upstream(struct ctx *c, const json_t *error)
{
    const json_t *more = json_object_get(error, "metadata");
    const char *who = json_str(more, "provider_name"), *said = json_str(more, "raw");

    if (who == NULL && said == NULL)
        return "";
    return text_printf(c->mem, " (%s%s%s)", who == NULL ? "" : who,
                       who == NULL || said == NULL ? "" : ": ", said == NULL ? "" : said);
}

rc_t vendor_fault(struct ctx *c, const char *provider, int status, const json_t *error)
{
    const char *message = json_is_string(error) ? json_string_value(error)
                                                : json_str(error, "message");
    const char *type = json_str(error, "type"), *code = json_str(error, "code");

    if (message == NULL)
        message = json_str(error, "detail");

    int64_t number = json_integer_value(json_object_get(error, "code"));
    const char *said = text_printf(c->mem, "%s%s%s%s%s%s", type == NULL ? "" : type,
                                   type == NULL ? "" : ": ", code == NULL ? "" : code,
                                   code == NULL ? "" : ": ", message == NULL ? "" : message,
                                   upstream(c, error));

    if (status >= 200 && status < 300)
        status = number >= 400 && number < 600 ? (int)number : status_of_kind(said);
    return llm_fault(c, provider, status, said);
}

rc_t vendor_refusal(struct ctx *c, const char *provider, const struct http_answer *http)
{
    json_t *root;

    if (vendor_json(c, provider, http->body, &root) != OK) {
        ctx_forgive(c);
        return llm_fault(c, provider, http->status, NULL);
    }

    const json_t *error = json_object_get(root, "error");

    return vendor_fault(c, provider, http->status, error == NULL ? root : error);
}

rc_t vendor_names(struct ctx *c, const char *provider, const struct http_answer *http,
                  const char *list, const char *name, const char **names)
{
    struct buf b = buf_new(c->mem, LLM_NAMES_MAX + 1);
    json_t *root, *items, *item;
    size_t i;

    *names = "";
    if (http->status < 200 || http->status > 299)
        return vendor_refusal(c, provider, http);
    if (json_parse(c, http->body, &root) != OK)
        return vendor_json(c, provider, http->body, &root);
    items = json_is_array(root) ? root : json_object_get(root, list);
    if (json_object_get(root, "error") != NULL)
        return vendor_refusal(c, provider, http);
    if (!json_is_array(items) && !json_is_null(items))
        return ctx_fail(c, E_UPSTREAM, "llm_broken", "%s: \"%s\" is no list of models", provider,
                        list);
    json_array_foreach(items, i, item)
    {
        const char *found = json_str(item, name);

        if (text_blank(found) || found[strcspn(found, " \t\r\n")] != '\0')
            continue;
        if (b.len + strlen(found) + 1 > LLM_NAMES_MAX)
            break;
        if (b.len > 0)
            buf_char(&b, ' ');
        buf_text(&b, found);
    }
    *names = buf_str(&b);
    if (b.len == 0 && json_array_size(items) > 0)
        return ctx_fail(c, E_UPSTREAM, "llm_broken", "%s: a list of models without names",
                        provider);
    return OK;
}
