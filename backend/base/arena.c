/*
 * See arena.h. A release build cuts pieces from blocks; a checked build does one malloc per piece
 * so that ASan sees every overflow.
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rc.h"

#define BLOCK_SIZE KIB(2)
#define ALIGNMENT 16u

#if defined(__SANITIZE_ADDRESS__)
#define ONE_MALLOC_PER_PIECE 1
#else
#define ONE_MALLOC_PER_PIECE 0
#endif

struct block {
    struct block *next;
    size_t size, used;
    _Alignas(16) unsigned char data[];
};

struct ending {
    struct ending *next;
    void (*end)(void *);
    void *thing;
};

struct arena {
    struct block *blocks;
    struct ending *endings;
    size_t used, max;
};

/* Blocks for the next arenas of this thread. */
static _Thread_local struct {
    struct block *first;
    size_t count, most;
} kept;

void arena_keep(size_t bytes)
{
    kept.most = ONE_MALLOC_PER_PIECE ? 0 : bytes / BLOCK_SIZE;
}

static _Noreturn void die(const char *why, size_t size)
{
    fprintf(stderr, "arena: %s (%zu bytes asked)\n", why, size);
    abort();
}

struct arena *arena_new(size_t max)
{
    struct arena *a = calloc(1, sizeof(*a));

    if (a == NULL)
        die("out of memory", sizeof(*a));
    a->max = max;
    return a;
}

static struct block *block_new(size_t size)
{
    struct block *b;

    if (size == BLOCK_SIZE && kept.first != NULL) {
        b = kept.first;
        kept.first = b->next;
        kept.count--;
        return b;
    }
    b = calloc(1, sizeof(*b) + size);
    if (b == NULL)
        die("out of memory", size);
    return b;
}

/* What was in it is gone at once, not when it is used again. */
static void block_free(struct block *b)
{
    if (b->size != BLOCK_SIZE || kept.count >= kept.most) {
        free(b);
        return;
    }
    memset(b->data, 0, b->used);
    b->used = 0;
    b->next = kept.first;
    kept.first = b;
    kept.count++;
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    for (struct ending *e = a->endings; e != NULL; e = e->next)
        e->end(e->thing);
    for (struct block *b = a->blocks, *next; b != NULL; b = next) {
        next = b->next;
        block_free(b);
    }
    free(a);
}

static struct block *block_add(struct arena *a, size_t size)
{
    struct block *b = block_new(size);

    b->size = size;
    b->next = a->blocks;
    a->blocks = b;
    return b;
}

/*
 * A large piece gets a block of its own behind the current one, so that the rest of the current one
 * stays in use; unless it leaves more of a usual block than that.
 */
static struct block *block_for(struct arena *a, size_t size)
{
    struct block *head = a->blocks;
    const size_t left = head == NULL ? 0 : head->size - head->used;

    if (ONE_MALLOC_PER_PIECE)
        return block_add(a, size);
    if (head != NULL && left >= size)
        return head;
    if (size <= BLOCK_SIZE / 4 || head == NULL || (size < BLOCK_SIZE && BLOCK_SIZE - size > left))
        return block_add(a, size > BLOCK_SIZE ? size : BLOCK_SIZE);

    struct block *own = block_add(a, size);

    a->blocks = head;
    own->next = head->next;
    head->next = own;
    return own;
}

void *arena_take(struct arena *a, size_t size)
{
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);

    if (size > SIZE_MAX - ALIGNMENT || rounded > a->max - a->used)
        die("passed its hard maximum", size);
    if (ONE_MALLOC_PER_PIECE)
        rounded = size;

    struct block *b = block_for(a, rounded);
    void *piece = b->data + b->used;

    b->used += rounded;
    a->used += rounded;
    return piece;
}

void arena_on_end(struct arena *a, void (*end)(void *thing), void *thing)
{
    struct ending *e = arena_take(a, sizeof(*e));

    *e = (struct ending){.next = a->endings, .end = end, .thing = thing};
    a->endings = e;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}
