/* Conversations in the portal: begin one, say something, read on, and watch the answer come. */
#include <string.h>

#include "api/handlers.h"
#include "api/page.h"
#include "base/id.h"
#include "core/conversation.h"
#include "core/employee.h"
#include "core/limit.h"
#include "core/person.h"
#include "flow/live.h"
#include "flow/say.h"

#define WAIT_FOR_ANSWER_MS (150 * 1000) /* a little more than a turn may take */
/*
 * Events may be lost, and the one that says an answer is there would be missed for long: as long as
 * an answer may be under way (a turn's time) its rows are looked at now and then.
 */
#define LOOK_AGAIN_MS 3000
#define LOOKS 50

rc_t conversations_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct employee employee;
    const char *employee_id;
    struct conversation made = {
        .id = id_new(c->mem), .channel = "portal", .person_id = c->person_id};

    TRY(req_id(c, rq, "id", &employee_id));
    TRY(employee_get(c, employee_id, &employee));
    made.employee_id = employee_id;
    TRY(conversation_open(c, &made));
    TRY(conversation_get(c, made.id, &made));
    return res_one(c, rs, 201, &conversation_shape, &made);
}

rc_t conversations_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *employee_id = req_query(c, rq, "employee_id");
    struct conversation *items;
    struct page page;
    size_t count;

    if (!id_valid(employee_id))
        return ctx_bad(c, "employee_id", "missing", "Say whose conversations: ?employee_id=...");
    TRY(req_page(c, rq, &page));
    TRY(conversation_list(c, employee_id, &page, &items, &count));
    return res_page(c, rq, rs, &conversation_shape, items, count, &page);
}

static rc_t after_of(struct ctx *c, const char *text, int64_t *after)
{
    *after = 0;
    if (text == NULL)
        return OK;
    if (text_int(text, after) != OK || *after < 0)
        return ctx_bad(c, "after", "not_a_number", "after must be the seq of a message, or 0.");
    return OK;
}

/* The place in the conversation is the key that everybody sees, so it is no secret of a cursor. */
rc_t messages_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *limit = req_query(c, rq, "limit"), *id, *next = NULL;
    struct conversation conversation;
    struct message *items;
    int64_t after, most = PAGE_MOST;
    size_t count;

    TRY(req_id(c, rq, "id", &id));
    TRY(after_of(c, req_query(c, rq, "after"), &after));
    if (limit != NULL)
        TRY(text_int(limit, &most));
    TRY(conversation_get(c, id, &conversation));
    TRY(message_list(c, id, after, most, &items, &count));
    if (message_page_full(items, count, most))
        next = text_printf(c->mem, "%lld", (long long)items[count - 1].seq);
    return res_list(c, rs, &message_shape, items, count, next);
}

static void ring(struct ctx *c, void *said)
{
    say_ring(c, said);
}

static rc_t say(struct ctx *c, const struct req *rq, const char *conversation_id,
                const struct new_message *in, struct said *said)
{
    struct say say = {.conversation_id = conversation_id,
                      .key = in->key,
                      .author = c->person_id,
                      .text = in->text};
    struct person_record person = {.name = rq->program};

    if (rq->program == NULL)
        TRY(person_find(c, c->person_id, &person));
    say.name = person.name;
    return say_add(c, &say, said);
}

static rc_t answer_look(struct ctx *c, const struct req *rq, struct res *rs, void *state,
                        enum wake why, struct bytes news)
{
    const struct said *said = state;
    struct message answer;
    bool found;

    (void)rq;
    (void)news;
    TRY(message_find(c, message_answer_id(c, said->inbound_id), &answer, &found));
    if (found)
        return res_one(c, rs, 200, &message_shape, &answer);
    if (why == WAKE_DEADLINE)
        return ctx_fail(c, E_TIMEOUT, "answer_late",
                        "the answer was not there in time; it will stand in the conversation");
    rs->look_ms = LOOK_AGAIN_MS;
    return OK;
}

static struct park *park_live(struct ctx *c, const char *conversation_id, int64_t deadline_ms,
                              void *state,
                              rc_t (*resume)(struct ctx *, const struct req *, struct res *, void *,
                                             enum wake, struct bytes))
{
    struct park *park = arena_take(c->mem, sizeof(*park));

    *park = (struct park){.kind = PARK_LIVE,
                          .deadline_ms = deadline_ms,
                          .state = state,
                          .resume = resume,
                          .channel = live_channel(c, conversation_id)};
    return park;
}

rc_t messages_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct conversation conversation;
    struct said *said = arena_take(c->mem, sizeof(*said));
    struct new_message in;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &new_message_shape, &in));
    if (!id_valid(in.key))
        return ctx_bad(c, "key", "not_a_uuid",
                       "key must be a UUID in lower case, new for each message.");
    TRY(conversation_get(c, id, &conversation));

    const struct limit_use uses[] = {{LIMIT_messages, c->tenant_id},
                                     {LIMIT_employee, conversation.employee_id}};

    TRY(limit_take(c, uses, COUNT_OF(uses)));
    TRY(say(c, rq, id, &in, said));
    rs->committed = ring;
    rs->committed_arg = said;
    if (text_is(req_query(c, rq, "wait"), "1")) {
        rs->look_ms = LOOK_AGAIN_MS;
        rs->park = park_live(c, id, WAIT_FOR_ANSWER_MS, said, answer_look);
        return OK;
    }
    return res_one(c, rs, 202, &message_shape, &said->message);
}
