/* See embed_built_in.h. */
#include "flow/embed_built_in.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "flow/embed.h"
#include "flow/embed_places.h"
#include "memory/minilm.h"

#define OPEN_MEMORY MIB(16) /* the vocabulary, as long as the process lives */
#define READ_MEMORY MIB(64) /* while it is read */
#define RUN_MEMORY MIB(16)  /* while texts go through it */
/* Texts after which others have their turn: some tenths of a second. */
#define AT_ONCE 16
#define AT_ONCE_BYTES KIB(4)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct arena *volatile kept; /* so that what looks for leaks finds it */
static struct minilm *model;

/* Beside the programs, unless a setting says where. */
static const char *folder(struct arena *mem)
{
    char path[4096];
    ssize_t len;

    if (conf_text(CONF_embed_dir) != NULL)
        return conf_text(CONF_embed_dir);
    len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    path[len > 0 ? len : 0] = '\0';
    *(strrchr(path, '/') == NULL ? path : strrchr(path, '/')) = '\0';
    return text_printf(mem, "%s/minilm", path);
}

static rc_t open_model(struct ctx *c)
{
    struct ctx *own = ctx_new(READ_MEMORY, NULL);
    struct arena *mem = arena_new(OPEN_MEMORY);
    struct minilm *opened;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    rc_t rc = minilm_open(own, mem, folder(own->mem), &opened);

    if (rc == OK) {
        embed_places_set(processors > 0 ? (size_t)processors : 1);
        kept = mem;
        model = opened;
    } else {
        arena_free(mem);
        rc = ctx_fail(c, E_UPSTREAM, "llm_not_installed", "the built-in model: %s",
                      own->fault.detail);
    }
    ctx_end(own);
    return rc;
}

rc_t embed_built_in_open(struct ctx *c)
{
    rc_t rc = OK;

    pthread_mutex_lock(&lock);
    if (model == NULL)
        rc = open_model(c);
    pthread_mutex_unlock(&lock);
    return rc;
}

static rc_t check(struct ctx *c, const struct llm_ask *ask)
{
    if (ask->dimensions != 0 && ask->dimensions != EMBED_BUILT_IN_DIMENSIONS)
        return ctx_fail(c, E_INVALID, "llm_cannot", EMBED_BUILT_IN " has %d dimensions",
                        EMBED_BUILT_IN_DIMENSIONS);
    for (size_t i = 0; i < ask->text_count; i++) {
        uint16_t ids[2];
        size_t tokens = wordpiece_ids(minilm_vocabulary(model), bytes_of(ask->texts[i]), ids,
                                      COUNT_OF(ids));

        if (tokens > EMBED_BUILT_IN_TOKENS)
            return ctx_fail(c, E_INVALID, "llm_too_long",
                            "text %zu has %zu tokens; the context length of " EMBED_BUILT_IN
                            " is %d",
                            i + 1, tokens, EMBED_BUILT_IN_TOKENS);
    }
    return OK;
}

static rc_t some(struct ctx *c, const char *const *texts, size_t count, float *vectors,
                 size_t *tokens)
{
    struct ctx *own;

    if (!embed_place_take(c->tenant_id, EMBED_WAIT_MS))
        return ctx_fail(c, E_UPSTREAM, "llm_overloaded",
                        "the built-in model is busy, and %zu others wait", embed_places_wanted());
    own = ctx_new(RUN_MEMORY, NULL);
    minilm_vectors(own, model, texts, count, vectors, tokens);
    ctx_end(own);
    embed_place_leave();
    return OK;
}

static size_t piece_of(const char *const *texts, size_t count)
{
    size_t bytes = strlen(texts[0]), n = 1;

    while (n < count && n < AT_ONCE && bytes + strlen(texts[n]) <= AT_ONCE_BYTES)
        bytes += strlen(texts[n++]);
    return n;
}

static rc_t local(struct ctx *c, const struct llm_ask *ask, struct llm_answer *out)
{
    float *vectors = arena_take(c->mem,
                                ask->text_count * EMBED_BUILT_IN_DIMENSIONS * sizeof(*vectors));
    size_t *tokens = arena_take(c->mem, ask->text_count * sizeof(*tokens));

    TRY(embed_built_in_open(c));
    TRY(check(c, ask));
    for (size_t from = 0, n; from < ask->text_count; from += n) {
        n = piece_of(ask->texts + from, ask->text_count - from);
        TRY(some(c, ask->texts + from, n, vectors + from * EMBED_BUILT_IN_DIMENSIONS,
                 tokens + from));
    }
    *out = (struct llm_answer){.text = "",
                               .model = EMBED_BUILT_IN,
                               .counted = true,
                               .vectors = vectors,
                               .vector_count = ask->text_count,
                               .dimensions = EMBED_BUILT_IN_DIMENSIONS};
    for (size_t i = 0; i < ask->text_count; i++)
        out->input_tokens += (int64_t)tokens[i];
    return OK;
}

const struct llm embed_built_in = {
    .name = "starter",
    .can = LLM_CAN_LOCAL,
    .local = local,
};
