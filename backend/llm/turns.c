/* See turns.h. */
#include "llm/turns.h"

/* Turns in the making. */
struct making {
    struct ctx *c;
    const struct llm_ask *ask;
    const char *owner;
    struct llm_turn *turns;
    size_t count;
};

static bool counts(const struct making *m, const struct llm_part *p)
{
    if (p->kind == LLM_TEXT)
        return !text_blank(p->text);
    return p->kind != LLM_OPAQUE || text_is(p->owner, m->owner);
}

/* Adds the parts of a message to the turn: the results only, or all the others. */
static void add(struct making *m, struct llm_turn *turn, size_t index, bool results)
{
    const struct llm_message *message = &m->ask->messages[index];
    struct llm_part *single = arena_take(m->c->mem, sizeof(*single));
    size_t count;
    const struct llm_part *parts = llm_parts(message, single, &count);

    for (size_t i = 0; i < count; i++)
        if ((parts[i].kind == LLM_RESULT) == results && counts(m, &parts[i]))
            turn->parts[turn->count++] = &parts[i];
}

static size_t parts_of(const struct llm_ask *ask, size_t from, size_t to)
{
    size_t sum = 0;

    for (size_t i = from; i < to; i++)
        sum += ask->messages[i].part_count > 0 ? ask->messages[i].part_count : 1;
    return sum;
}

static struct llm_turn new_turn(struct making *m, size_t from, size_t to)
{
    return (struct llm_turn){
        .author = m->ask->messages[from].author,
        .parts = arena_take(m->c->mem, parts_of(m->ask, from, to) * sizeof(struct llm_part *)),
        .stable = to <= m->ask->stable_count};
}

/* A turn of blocks alone says nothing. */
static void keep(struct making *m, const struct llm_turn *turn)
{
    if (turn->count > turn_has(turn, LLM_OPAQUE))
        m->turns[m->count++] = *turn;
}

/* The messages of one author in a row. */
static void add_run(struct making *m, size_t from, size_t to, bool merge)
{
    struct llm_turn turn = new_turn(m, from, to);

    for (size_t i = from; i < to; i++)
        add(m, &turn, i, true);
    for (size_t i = from; i < to; i++) {
        if (i > from && !merge) {
            keep(m, &turn);
            turn = new_turn(m, i, to);
        }
        add(m, &turn, i, false);
    }
    keep(m, &turn);
}

rc_t turns_of(struct ctx *c, const struct llm_ask *ask, const char *owner, bool merge,
              struct llm_turn **out, size_t *count)
{
    struct making m = {.c = c,
                       .ask = ask,
                       .owner = owner,
                       .turns = arena_take(c->mem, (ask->count + 1) * sizeof(*m.turns))};
    size_t to;

    for (size_t from = 0; from < ask->count; from = to) {
        to = from + 1;
        while (to < ask->count && ask->messages[to].author == ask->messages[from].author)
            to++;
        add_run(&m, from, to, merge);
    }
    if (m.count == 0)
        return ctx_fail(c, E_INVALID, "llm_no_message",
                        "the conversation has no message with text");
    *out = m.turns;
    *count = m.count;
    return OK;
}

size_t turn_has(const struct llm_turn *turn, enum llm_kind kind)
{
    size_t sum = 0;

    for (size_t i = 0; i < turn->count; i++)
        sum += turn->parts[i]->kind == kind;
    return sum;
}

bool turn_is_text(const struct llm_turn *turn)
{
    return turn_has(turn, LLM_TEXT) == turn->count;
}

const char *turn_text(struct arena *mem, const struct llm_turn *turn)
{
    struct buf text = buf_new(mem, SIZE_MAX / 2);

    for (size_t i = 0; i < turn->count; i++) {
        if (turn->parts[i]->kind != LLM_TEXT)
            continue;
        if (text.len > 0)
            buf_text(&text, "\n\n");
        buf_text(&text, turn->parts[i]->text);
    }
    return buf_str(&text);
}

const char *turns_tool_of(const struct llm_turn *turns, size_t count, const char *call_id)
{
    for (size_t t = count; t-- > 0;)
        for (size_t i = 0; i < turns[t].count; i++)
            if (turns[t].parts[i]->kind == LLM_CALL && text_is(turns[t].parts[i]->call_id, call_id))
                return turns[t].parts[i]->tool;
    return "";
}
