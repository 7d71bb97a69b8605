/* See minilm.h. */
#include "memory/minilm.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory/tensors.h"

#define WIDTH ((size_t)MINILM_DIMENSIONS)
#define INNER ((size_t)4 * WIDTH)
#define HEADS (WIDTH / KERNEL_HEAD)
#define LAYERS 6
#define EPSILON 1e-12f
#define TOGETHER MINILM_TOKENS_MAX /* tokens of texts that go through the layers together */
#define TOKENIZER_MAX MIB(4)

/* A step that is a matrix and what is added, and one that is a norm. */
struct dense {
    const struct half *weight, *bias;
};

struct layer {
    struct dense query, key, value, joined, norm, wide, narrow, end_norm;
};

struct minilm {
    struct wordpiece *vocabulary;
    struct tensors *tensors;
    const struct half *words, *positions, *kind;
    struct dense norm;
    struct layer layers[LAYERS];
};

static rc_t get_dense(struct ctx *c, const struct minilm *m, const char *name, size_t rows,
                      size_t columns, struct dense *out)
{
    const char *weight = text_printf(c->mem, "%s.weight", name);
    const char *bias = text_printf(c->mem, "%s.bias", name);

    TRY(tensors_get(c, m->tensors, weight, rows, columns, &out->weight));
    return tensors_get(c, m->tensors, bias, 1, rows == 1 ? columns : rows, &out->bias);
}

static rc_t get_layer(struct ctx *c, struct minilm *m, int index)
{
    struct layer *l = &m->layers[index];
    const struct {
        const char *name;
        size_t rows, columns;
        struct dense *out;
    } rows[] = {{"attention.self.query", WIDTH, WIDTH, &l->query},
                {"attention.self.key", WIDTH, WIDTH, &l->key},
                {"attention.self.value", WIDTH, WIDTH, &l->value},
                {"attention.output.dense", WIDTH, WIDTH, &l->joined},
                {"attention.output.LayerNorm", 1, WIDTH, &l->norm},
                {"intermediate.dense", INNER, WIDTH, &l->wide},
                {"output.dense", WIDTH, INNER, &l->narrow},
                {"output.LayerNorm", 1, WIDTH, &l->end_norm}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *name = text_printf(c->mem, "encoder.layer.%d.%s", index, rows[i].name);

        TRY(get_dense(c, m, name, rows[i].rows, rows[i].columns, rows[i].out));
    }
    return OK;
}

static rc_t get_weights(struct ctx *c, struct minilm *m)
{
    TRY(tensors_get(c, m->tensors, "embeddings.word_embeddings.weight",
                    wordpiece_count(m->vocabulary), WIDTH, &m->words));
    TRY(tensors_get(c, m->tensors, "embeddings.position_embeddings.weight", MINILM_TOKENS_MAX,
                    WIDTH, &m->positions));
    TRY(tensors_get(c, m->tensors, "embeddings.token_type_embeddings.weight", 2, WIDTH, &m->kind));
    TRY(get_dense(c, m, "embeddings.LayerNorm", 1, WIDTH, &m->norm));
    for (int i = 0; i < LAYERS; i++)
        TRY(get_layer(c, m, i));
    return OK;
}

static rc_t read_file(struct ctx *c, const char *path, struct bytes *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about = {.st_size = 0};
    char *data = NULL;
    ssize_t got = -1;

    if (fd >= 0 && fstat(fd, &about) == 0 && about.st_size <= (off_t)TOKENIZER_MAX) {
        data = arena_take(c->mem, (size_t)about.st_size + 1);
        got = read(fd, data, (size_t)about.st_size);
    }
    if (fd >= 0)
        close(fd);
    if (got != about.st_size)
        return ctx_fail(c, E_UNAVAILABLE, "minilm_missing", "%s can't be read", path);
    *out = (struct bytes){data, (size_t)got};
    return OK;
}

rc_t minilm_open(struct ctx *c, struct arena *mem, const char *folder, struct minilm **out)
{
    struct minilm *m = *out = arena_take(mem, sizeof(*m));
    const char *weights = text_printf(c->mem, "%s/model.fp16.safetensors", folder);
    struct bytes json;

    TRY(read_file(c, text_printf(c->mem, "%s/tokenizer.json", folder), &json));
    TRY(wordpiece_new(c, mem, json, &m->vocabulary));
    TRY(tensors_open(c, mem, weights, &m->tensors));
    return get_weights(c, m);
}

const struct wordpiece *minilm_vocabulary(const struct minilm *m)
{
    return m->vocabulary;
}

/* Texts that go through the layers together, one behind the other, and the room for it. */
struct pass {
    const struct minilm *m;
    const struct kernel *k;
    uint16_t ids[TOGETHER];
    size_t begin[TOGETHER], rows[TOGETHER]; /* of each text */
    size_t count, total;                    /* texts; tokens of all */
    float *state;                           /* total * WIDTH: what becomes the answer */
    float *mixed;                           /* the same again */
    float *inner;                           /* total * INNER; queries, keys and values before */
    float *room;
};

static void embed(struct pass *p)
{
    float position[WIDTH], kind[WIDTH];

    p->k->widen(p->m->kind, kind, WIDTH);
    for (size_t t = 0; t < p->count; t++)
        for (size_t i = 0; i < p->rows[t]; i++) {
            size_t row = p->begin[t] + i;
            float *state = p->state + row * WIDTH;

            p->k->widen(p->m->words + p->ids[row] * WIDTH, state, WIDTH);
            p->k->widen(p->m->positions + i * WIDTH, position, WIDTH);
            for (size_t d = 0; d < WIDTH; d++)
                state[d] += kind[d];
            p->k->add_and_norm(state, position, 1, WIDTH, p->m->norm.weight, p->m->norm.bias,
                               EPSILON);
        }
}

static void apply(const struct pass *p, const struct dense *step, const float *in, size_t in_len,
                  size_t out_len, float *out)
{
    p->k->linear(in, p->total, in_len, step->weight, step->bias, out_len, out);
}

static void attention(struct pass *p, const struct layer *l)
{
    float *query = p->inner, *key = query + p->total * WIDTH, *value = key + p->total * WIDTH;

    apply(p, &l->query, p->state, WIDTH, WIDTH, query);
    apply(p, &l->key, p->state, WIDTH, WIDTH, key);
    apply(p, &l->value, p->state, WIDTH, WIDTH, value);
    for (size_t t = 0; t < p->count; t++)
        for (size_t h = 0; h < HEADS; h++) {
            size_t at = p->begin[t] * WIDTH + h * KERNEL_HEAD;

            p->k->attend(query + at, key + at, value + at, WIDTH, p->rows[t], p->room,
                         p->mixed + at, WIDTH);
        }
    apply(p, &l->joined, p->mixed, WIDTH, WIDTH, p->inner);
    p->k->add_and_norm(p->state, p->inner, p->total, WIDTH, l->norm.weight, l->norm.bias, EPSILON);
}

static void think(struct pass *p, const struct layer *l)
{
    apply(p, &l->wide, p->state, WIDTH, INNER, p->inner);
    p->k->gelu(p->inner, p->total * INNER);
    apply(p, &l->narrow, p->inner, INNER, WIDTH, p->mixed);
    p->k->add_and_norm(p->state, p->mixed, p->total, WIDTH, l->end_norm.weight, l->end_norm.bias,
                       EPSILON);
}

/* The mean of a text's rows, brought to length 1. */
static void finish(const struct pass *p, size_t text, float *vector)
{
    const float *rows = p->state + p->begin[text] * WIDTH;
    double length = 0;

    for (size_t d = 0; d < WIDTH; d++) {
        double sum = 0;

        for (size_t i = 0; i < p->rows[text]; i++)
            sum += (double)rows[i * WIDTH + d];
        sum /= (double)p->rows[text];
        vector[d] = (float)sum;
        length += sum * sum;
    }
    length = length > 0 ? sqrt(length) : 1;
    for (size_t d = 0; d < WIDTH; d++)
        vector[d] = (float)((double)vector[d] / length);
}

static void run(struct pass *p, float *vectors)
{
    embed(p);
    for (size_t i = 0; i < LAYERS; i++) {
        attention(p, &p->m->layers[i]);
        think(p, &p->m->layers[i]);
    }
    for (size_t t = 0; t < p->count; t++)
        finish(p, t, vectors + t * WIDTH);
    p->count = p->total = 0;
}

void minilm_vectors_by(struct ctx *c, const struct minilm *m, const struct kernel *kernel,
                       const char *const *texts, size_t count, float *vectors, size_t *tokens)
{
    struct pass *p = arena_take(c->mem, sizeof(*p));
    uint16_t ids[MINILM_TOKENS_MAX];

    p->m = m;
    p->k = kernel;
    p->state = arena_take(c->mem, TOGETHER * WIDTH * sizeof(float));
    p->mixed = arena_take(c->mem, TOGETHER * WIDTH * sizeof(float));
    p->inner = arena_take(c->mem, TOGETHER * INNER * sizeof(float));
    p->room = arena_take(c->mem, KERNEL_ROOM(MINILM_TOKENS_MAX) * sizeof(float));
    for (size_t i = 0; i < count; i++) {
        size_t rows;

        tokens[i] = wordpiece_ids(m->vocabulary, bytes_of(texts[i]), ids, MINILM_TOKENS_MAX);
        rows = tokens[i] < MINILM_TOKENS_MAX ? tokens[i] : MINILM_TOKENS_MAX;
        if (p->total + rows > TOGETHER)
            run(p, vectors + (i - p->count) * WIDTH);
        memcpy(p->ids + p->total, ids, rows * sizeof(ids[0]));
        p->begin[p->count] = p->total;
        p->rows[p->count++] = rows;
        p->total += rows;
    }
    run(p, vectors + (count - p->count) * WIDTH);
}

void minilm_vectors(struct ctx *c, const struct minilm *m, const char *const *texts, size_t count,
                    float *vectors, size_t *tokens)
{
    minilm_vectors_by(c, m, kernel_best(), texts, count, vectors, tokens);
}
