/* See turn_load.h. */
#include "flow/turn_load.h"

#include <string.h>

#include "base/conf.h"
#include "core/connection.h"
#include "flow/routing_book.h"
#include "flow/say.h"
#include "flow/turn_prompt.h"
#include "flow/turn_tools.h"

/* A conversation begins with its first message; its employee is the connection's, and stays. */
static rc_t place_of(struct ctx *c, struct turn *t, struct conversation *place)
{
    struct connection connection;

    if (t->from_channel) {
        TRY(connection_get(c, t->in.connection_id, &connection));
        const struct conversation wanted = {.id = t->in.conversation_id,
                                            .employee_id = connection.employee_id,
                                            .connection_id = connection.id,
                                            .channel = connection.channel};

        TRY(conversation_open(c, &wanted));
    }
    return conversation_get(c, t->in.conversation_id, place);
}

rc_t turn_load_place(struct ctx *c, const struct job *job, struct turn *t)
{
    struct conversation place;

    TRY(inbound_get(c, job->subject_id, &t->in));
    t->from_channel = !text_is(t->in.connection_id, SAY_NO_CONNECTION);
    TRY(place_of(c, t, &place));
    t->channel = place.channel;
    TRY(employee_brain(c, place.employee_id, &t->who));
    t->asked = (struct message){.id = t->in.id,
                                .author = "person",
                                .name = t->in.author_name != NULL ? t->in.author_name
                                                                  : t->in.author,
                                .text = t->in.text};
    return message_add(c, t->in.conversation_id, &t->asked);
}

/* Room for so many messages, and for those of all steps. */
static struct llm_message *room(struct ctx *c, struct turn *t, size_t count)
{
    t->messages = arena_take(c->mem, (count + 2 * TURN_STEPS_MAX) * sizeof(*t->messages));
    t->ask.messages = t->messages;
    return t->messages;
}

/*
 * The newest messages that fit; the one that is asked now is always among them. Answers that failed
 * are no part of it.
 */
static rc_t window(struct ctx *c, struct turn *t)
{
    struct llm_message *list;
    struct message *items;
    size_t count, first;

    TRY(message_window(c, t->in.conversation_id, t->asked.seq, TURN_WINDOW, &items, &count));
    first = turn_prompt_first(items, count);
    list = room(c, t, count - first);
    for (size_t i = first; i < count; i++) {
        bool own = text_is(items[i].author, "employee");

        if (own && !text_is(items[i].outcome, "answered"))
            continue;
        list[t->ask.count++] = (struct llm_message){.author = own ? LLM_EMPLOYEE : LLM_PERSON,
                                                    .text = items[i].text};
    }
    return OK;
}

static rc_t find_routing(struct ctx *c, const struct routing_book *book, struct turn *t)
{
    const struct routing_want want = {.task = task_guess(c, t->asked.text),
                                      .employee = &t->who,
                                      .tokens = llm_estimate_ask(&t->ask) + t->ask.max_tokens,
                                      .answer_tokens = t->ask.max_tokens};

    TRY(routing_choose(c, book, &want, &t->routing));
    t->routing.pool.limits.turn_ms = conf_number(CONF_turn_seconds) * 1000;
    t->routing.pool.pause_ms = conf_number(CONF_breaker_seconds) * 1000;
    t->payer = (struct payer){.employee_id = t->who.id,
                              .team_id = t->who.team_id,
                              .conversation_id = t->in.conversation_id};
    t->routing.pool.payer = &t->payer;
    return OK;
}

/* state = hash(state, hash(text)); a missing text is not a blank one. */
static void hash_text(unsigned char state[32], const char *text)
{
    unsigned char both[65];

    memcpy(both, state, 32);
    crypto_sha256(bytes_of(text == NULL ? "" : text), both + 32);
    both[64] = text == NULL;
    crypto_sha256((struct bytes){(const char *)both, sizeof(both)}, state);
}

static void hash_part(unsigned char state[32], const struct llm_part *p)
{
    const char *texts[] = {p->text, p->media,     p->base64, p->url,  p->call_id,
                           p->tool, p->arguments, p->owner,  p->block};

    hash_text(state, p->is_error ? "error" : NULL);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        hash_text(state, texts[i]);
}

/*
 * The same question gets the same hash, whoever asks it again after a crash, and whomever it would
 * ask by then: an answer that was paid for is not paid for again.
 */
static void hash(struct ctx *c, struct turn *t)
{
    unsigned char *state = arena_take(c->mem, 32);

    hash_text(state, t->ask.system);
    for (size_t i = 0; i < t->ask.tool_count; i++) {
        hash_text(state, t->ask.tools[i].name);
        hash_text(state, t->ask.tools[i].about);
        hash_text(state, t->ask.tools[i].schema);
    }
    for (size_t i = 0; i < t->ask.count; i++) {
        struct llm_part single;
        size_t count;
        const struct llm_part *parts = llm_parts(&t->ask.messages[i], &single, &count);

        hash_text(state, t->ask.messages[i].author == LLM_PERSON ? "person" : "employee");
        for (size_t k = 0; k < count; k++)
            hash_part(state, &parts[k]);
    }
    t->request_hash = (struct bytes){(const char *)state, 32};
}

void turn_next(struct ctx *c, struct turn *t)
{
    t->step = ++t->whole->step;
    t->own++;
    hash(c, t);
}

/* What there is to think with: the messages are there already. */
static rc_t prepare(struct ctx *c, struct turn *t)
{
    struct routing_book book;
    const char **facts;

    TRY(employee_facts(c, t->who.id, &facts, &t->ask.fact_count));
    t->ask.facts = facts;
    t->ask.name = t->who.name;
    t->ask.role = t->who.role;
    t->ask.max_tokens = TURN_ANSWER_TOKENS;
    turn_prompt(c, t);
    TRY(routing_book(c, &book));
    TRY(turn_tools_offer(c, &book, t));
    TRY(find_routing(c, &book, t));
    turn_next(c, t);
    return turn_tools_replay(c, t);
}

rc_t turn_load(struct ctx *c, const struct job *job, struct turn *t)
{
    struct step *kept;

    *t = (struct turn){.whole = arena_take(c->mem, sizeof(*t->whole))};
    TRY(turn_load_place(c, job, t));
    TRY(window(c, t));
    TRY(step_list(c, job, &kept, &t->whole->kept_count));
    t->whole->kept = kept;
    return prepare(c, t);
}

rc_t turn_load_colleague(struct ctx *c, const struct turn *asker, const char *employee_id,
                         const char *question, struct turn *t)
{
    *t = (struct turn){.asker = asker,
                       .whole = asker->whole,
                       .in = asker->in,
                       .from_channel = asker->from_channel,
                       .channel = asker->channel,
                       .asked = {.author = "employee", .name = asker->who.name, .text = question}};
    TRY(employee_brain(c, employee_id, &t->who));
    room(c, t, 1)[t->ask.count++] = (struct llm_message){.author = LLM_PERSON, .text = question};
    return prepare(c, t);
}
