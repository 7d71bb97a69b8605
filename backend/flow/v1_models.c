/* See v1_models.h. */
#include "flow/v1_models.h"

#include "llm/served_models.h"

rc_t v1_models_write(struct ctx *c, const struct routing_want *want, const char *only,
                     struct buf *out)
{
    const struct routing_model *items;
    struct served_model *shown;
    size_t count, shown_count = 0;

    TRY(routing_models(c, &items, &count));
    shown = arena_take(c->mem, (count + 1) * sizeof(*shown));
    for (size_t i = 0; i < count; i++)
        if (routing_allows(want, items[i].provider, items[i].account, items[i].name) &&
            (only == NULL || text_is(items[i].name, only)))
            shown[shown_count++] = (struct served_model){
                .id = items[i].name,
                .owner = items[i].account == NULL ? items[i].provider : items[i].account};
    if (only == NULL)
        served_models_write(shown, shown_count, out);
    else if (shown_count > 0)
        served_model_write(&shown[0], out);
    else
        return ctx_fail(c, E_NOT_FOUND, "model_not_found",
                        "There is no model %s here, or this key may not use it.", only);
    return OK;
}
