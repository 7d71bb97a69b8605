/* See account_pick.h. */
#include "flow/account_pick.h"

#include <string.h>

#include "base/text.h"
#include "llm/model.h"

#define NOT_FOR_TALK (-1)
#define RANKS 4

/* Small ones first; one of which nothing is known may cost anything, but hardly as a large one. */
static int rank_of(const char *provider, const char *name)
{
    static const int ranks[] = {
        [MODEL_SMALL] = 0, [MODEL_USUAL] = 1, [MODEL_LARGE] = 3, [MODEL_EMBEDS] = NOT_FOR_TALK};
    const char *slash = strrchr(name, '/');
    const struct llm_model *known = llm_model_find(provider, slash == NULL ? name : slash + 1);

    if (!llm_model_talks(name))
        return NOT_FOR_TALK;
    return known == NULL ? 2 : ranks[known->size];
}

const char *account_pick(struct arena *mem, const char *provider, const char *names, bool in_order,
                         size_t n)
{
    for (int rank = 0; rank < RANKS; rank++)
        for (const char *at = names; *at != '\0';) {
            size_t len = strcspn(at, " ");
            const char *name = text_copy(mem, at, len);
            int own = rank_of(provider, name);

            if (in_order && own != NOT_FOR_TALK)
                own = 0;
            if (own == rank && n-- == 0)
                return name;
            at += len + strspn(at + len, " ");
        }
    return NULL;
}
