/* See employee_models.h. */
#include "core/employee_models.h"

#include <string.h>

#include "core/employee.h"

/* auto: whichever account suits the task; then the model is auto as well */
#define PROVIDERS "openai anthropic ollama starter auto"
#define MODEL_MAX 200

static const struct field fields[] = {
    FIELD(struct employee_models_row, id, READ_ONLY, 36, NULL),
    FIELD(struct employee_models_row, name, READ_ONLY, 100, NULL),
    FIELD(struct employee_models_row, role, READ_ONLY, 200, NULL),
    FIELD(struct employee_models_row, primary_provider, READ_ONLY, 40, "Who is asked first"),
    FIELD(struct employee_models_row, primary_model, READ_ONLY, MODEL_MAX, NULL),
    FIELD(struct employee_models_row, fallback_provider, READ_ONLY | NULLABLE, 40,
          "Who is asked when the first one does not answer; null: nobody"),
    FIELD(struct employee_models_row, fallback_model, READ_ONLY | NULLABLE, MODEL_MAX, NULL),
    FIELD(struct employee_models_row, local_provider, READ_ONLY | NULLABLE, 40,
          "Who is asked last, near at hand; null: nobody"),
    FIELD(struct employee_models_row, local_model, READ_ONLY | NULLABLE, MODEL_MAX, NULL),
};
const struct shape employee_models_shape = SHAPE("EmployeeModels", struct employee_models_row,
                                                 fields);

static const struct field change_fields[] = {
    FIELD_LIKE(struct employee_models_change, primary_provider, 0, 40, PROVIDERS, "\"openai\""),
    FIELD_LIKE(struct employee_models_change, primary_model, 0, MODEL_MAX,
               "With its provider, or neither: then it stays; auto: whichever suits the task",
               "\"gpt-5\""),
    FIELD_LIKE(struct employee_models_change, fallback_provider, 0, 40, "Both empty: there is none",
               "\"anthropic\""),
    FIELD_LIKE(struct employee_models_change, fallback_model, 0, MODEL_MAX, NULL,
               "\"claude-haiku-4-5\""),
    FIELD_LIKE(struct employee_models_change, local_provider, 0, 40, "Both empty: there is none",
               "\"starter\""),
    FIELD_LIKE(struct employee_models_change, local_model, 0, MODEL_MAX, NULL, "\"starter\""),
};
const struct shape employee_models_change_shape = SHAPE(
    "EmployeeModelsChange", struct employee_models_change, change_fields);

#define ROW                                                                      \
    "SELECT id, name, role, primary_provider, primary_model, fallback_provider," \
    " fallback_model, local_provider, local_model"

static const struct stmt q_list = {
    "employee_models_list",
    ROW ", created_at::text AS page_key, id AS page_id FROM employee"
        " WHERE tenant_id = tenant_now() AND (created_at, id) > (coalesce($1::timestamptz,"
        " '-infinity'), coalesce($2::uuid, '00000000-0000-0000-0000-000000000000'))"
        " ORDER BY created_at, id LIMIT $3"};
static const struct stmt q_get = {"employee_models_get",
                                  ROW " FROM employee WHERE tenant_id = tenant_now() AND id = $1"};

rc_t employee_models_list(struct ctx *c, struct page *page, struct employee_models_row **items,
                          size_t *count)
{
    return db_page(c, &q_list, page, NO_ARGS, &employee_models_shape, (void **)items, count);
}

rc_t employee_models_get(struct ctx *c, const char *id, struct employee_models_row *out)
{
    return db_one(c, &q_get, ARGS(A(id)), &employee_models_shape, out);
}

static rc_t pair_check(struct ctx *c, const char *place, const char *provider, const char **model)
{
    const char *field = text_printf(c->mem, "%s_provider", place);
    bool removed = provider != NULL && provider[0] == '\0';

    if (provider == NULL && *model == NULL)
        return OK;
    if (provider == NULL || *model == NULL || removed != text_blank(*model))
        return ctx_bad(c, text_printf(c->mem, "%s_model", place), "missing",
                       "A model is named with its provider.");
    if (removed && text_is(place, "primary"))
        return ctx_bad(c, field, "missing", "An employee needs a model to think with.");
    if (!removed && !text_among(PROVIDERS, provider))
        return ctx_bad(c, field, "not_a_choice", "A provider is one of: %s.",
                       text_listed(c->mem, PROVIDERS));
    *model = removed ? "" : text_trim(c->mem, *model);
    if (text_is(provider, "auto") && !text_is(*model, "auto"))
        return ctx_bad(c, text_printf(c->mem, "%s_model", place), "not_a_choice",
                       "Of no certain provider the model is auto.");
    return OK;
}

rc_t employee_models_set(struct ctx *c, const char *id, struct employee_models_change *in,
                         struct employee_models_row *out)
{
    TRY(pair_check(c, "primary", in->primary_provider, &in->primary_model));
    TRY(pair_check(c, "fallback", in->fallback_provider, &in->fallback_model));
    TRY(pair_check(c, "local", in->local_provider, &in->local_model));

    const struct employee_brain models = {.primary_provider = in->primary_provider,
                                          .primary_model = in->primary_model,
                                          .fallback_provider = in->fallback_provider,
                                          .fallback_model = in->fallback_model,
                                          .local_provider = in->local_provider,
                                          .local_model = in->local_model};

    TRY(employee_models(c, id, &models));
    return employee_models_get(c, id, out);
}
