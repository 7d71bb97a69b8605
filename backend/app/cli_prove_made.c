/* Requests made up from a route's row: its path, its query and its body, around an id. */
#include <string.h>

#include "api/query.h"
#include "app/cli_prove.h"

static const char *words(struct arena *mem, const struct field *f)
{
    if (f->one_of != NULL)
        return text_copy(mem, f->one_of, strcspn(f->one_of, " "));
    return text_is(f->name, "email") ? "nobody@proof.invalid" : "words of the proof";
}

const char *prove_body(struct arena *mem, const struct route *route, const char *id)
{
    json_t *body = json_object();

    for (size_t i = 0; route->in != NULL && i < route->in->count; i++) {
        const struct field *f = &route->in->fields[i];
        size_t len = strlen(f->name);
        bool takes_id = text_is(f->name, "id") || text_is(f->name, "key") ||
                        (len > 3 && strcmp(f->name + len - 3, "_id") == 0);

        if ((f->flags & READ_ONLY) != 0 || ((f->flags & REQUIRED) == 0 && !takes_id))
            continue;
        if (f->kind == F_BOOL)
            json_object_set_new(body, f->name, json_false());
        else if (f->kind != F_TEXT)
            json_object_set_new(body, f->name, json_integer(1));
        else
            json_object_set_new(body, f->name, json_string(takes_id ? id : words(mem, f)));
    }

    const char *text = route->body_max == 0 ? "" : json_text(mem, body);

    json_decref(body);
    return text;
}

bool prove_takes_ids(const struct route *route)
{
    const char *param = strstr(route->path, "/:");

    if (param != NULL && (!text_starts(param, "/:channel") || strstr(param + 1, "/:") != NULL))
        return true;
    return route->query != NULL && strstr(route->query, "_id") != NULL;
}

const char *prove_path(struct arena *mem, const struct route *route, const char *id)
{
    struct buf out = buf_new(mem, KIB(8));
    char joint = '?';
    struct query_param p;

    for (const char *s = route->path; *s != '\0'; s++) {
        if (*s != ':') {
            buf_char(&out, *s);
            continue;
        }
        buf_text(&out, text_starts(s, ":channel") ? "slack" : id);
        while (s[1] != '\0' && s[1] != '/')
            s++;
    }
    for (const char *rest = route->query; query_next(mem, &rest, &p);)
        if (strstr(p.name, "_id") != NULL) {
            buf_printf(&out, "%c%s=%s", joint, p.name, id);
            joint = '&';
        }
    return buf_str(&out);
}
