/* The registry of channels; see channel.h. */
#include "channels/channel.h"

static const struct channel *const all[] = {
#define CHANNEL(name) &channel_##name,
#include "channels/channels.def"
#undef CHANNEL
};

const struct channel *channel_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (text_is(all[i]->name, name))
            return all[i];
    return NULL;
}

const struct channel *const *channel_all(size_t *count)
{
    *count = COUNT_OF(all);
    return all;
}
