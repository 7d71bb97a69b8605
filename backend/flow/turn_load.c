/* See turn_load.h. */
#include "flow/turn_load.h"

#include <string.h>

#include "base/conf.h"
#include "core/connection.h"
#include "flow/say.h"
#include "flow/turn_prompt.h"

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
    list = arena_take(c->mem, (count - first + 1) * sizeof(*list));
    t->ask.messages = list;
    for (size_t i = first; i < count; i++) {
        bool own = text_is(items[i].author, "employee");

        if (own && !text_is(items[i].outcome, "answered"))
            continue;
        list[t->ask.count++] = (struct llm_message){.author = own ? LLM_EMPLOYEE : LLM_PERSON,
                                                    .text = items[i].text};
    }
    return OK;
}

static rc_t find_routing(struct ctx *c, struct turn *t)
{
    const struct routing_want want = {.task = turn_prompt_task(c, t->asked.text),
                                      .employee = &t->who,
                                      .tokens = llm_estimate_ask(&t->ask) + t->ask.max_tokens};

    TRY(routing_find(c, &want, &t->routing));
    t->routing.pool.limits.turn_ms = conf_number(CONF_turn_seconds) * 1000;
    t->routing.pool.pause_ms = conf_number(CONF_breaker_seconds) * 1000;
    t->payer = (struct payer){.employee_id = t->who.id,
                              .team_id = t->who.team_id,
                              .conversation_id = t->in.conversation_id};
    t->routing.pool.payer = &t->payer;
    return OK;
}

static void hash_text(struct buf *b, const char *text)
{
    buf_printf(b, "%zu:%s", text == NULL ? 0 : strlen(text), text == NULL ? "" : text);
}

/*
 * The same question gets the same hash, whoever asks it again after a crash, and whomever it would
 * ask by then: an answer that was paid for is not paid for again.
 */
static void hash_request(struct ctx *c, struct turn *t)
{
    struct buf b = buf_new(c->mem, MIB(4));
    unsigned char *hash = arena_take(c->mem, 32);

    hash_text(&b, t->ask.system);
    for (size_t i = 0; i < t->ask.count; i++)
        hash_text(&b, t->ask.messages[i].text);
    crypto_sha256(buf_bytes(&b), hash);
    t->request_hash = (struct bytes){(const char *)hash, 32};
}

rc_t turn_load(struct ctx *c, const struct job *job, struct turn *t)
{
    const char **facts;

    *t = (struct turn){.from_channel = false};
    TRY(turn_load_place(c, job, t));
    TRY(employee_facts(c, t->who.id, &facts, &t->ask.fact_count));
    t->ask.facts = facts;
    t->ask.name = t->who.name;
    t->ask.role = t->who.role;
    t->ask.max_tokens = TURN_ANSWER_TOKENS;
    TRY(window(c, t));
    turn_prompt(c, t);
    TRY(find_routing(c, t));
    hash_request(c, t);
    return OK;
}
