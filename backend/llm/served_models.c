/* See served_models.h. */
#include "llm/served_models.h"

#include "llm/served_parts.h"

void served_model_write(const struct served_model *model, struct buf *out)
{
    buf_text(out, "{\"id\":");
    served_string(out, model->id);
    buf_text(out, ",\"object\":\"model\",\"created\":");
    buf_number(out, model->created);
    buf_text(out, ",\"owned_by\":");
    served_string(out, model->owner);
    buf_char(out, '}');
}

void served_models_write(const struct served_model *models, size_t count, struct buf *out)
{
    buf_text(out, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_char(out, ',');
        served_model_write(&models[i], out);
    }
    buf_text(out, "]}");
}
