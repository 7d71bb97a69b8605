/* See say.h. */
#include "flow/say.h"

#include "base/id.h"
#include "core/inbound.h"
#include "core/job.h"
#include "flow/live.h"
#include "flow/queue.h"

/*
 * Ids follow from the key, so that saying it again finds what is there: one message, one job, one
 * answer. The job's id is new each time, for its order, and of a repeated one nothing comes.
 */
rc_t say_add(struct ctx *c, const struct say *say, struct said *out)
{
    bool fresh;

    *out = (struct said){.conversation_id = say->conversation_id,
                         .inbound_id = ID_OF(c->mem, BYTES("portal"),
                                             bytes_of(say->conversation_id), bytes_of(say->key)),
                         .job_id = id_new(c->mem)};
    const struct inbound inbound = {
        .id = out->inbound_id,
        .connection_id = SAY_NO_CONNECTION,
        .message_key = text_printf(c->mem, "%s/%s", say->conversation_id, say->key),
        .conversation_id = say->conversation_id,
        .reply_to = "",
        .author = say->author,
        .author_name = say->name,
        .text = say->text};

    out->message = (struct message){
        .id = out->inbound_id, .author = "person", .name = say->name, .text = say->text};
    TRY(inbound_add(c, &inbound, &fresh));
    TRY(job_add(c, out->job_id, "turn", say->conversation_id, out->inbound_id));
    return message_add(c, say->conversation_id, &out->message);
}

void say_ring(struct ctx *c, const struct said *said)
{
    queue_ring(c, c->tenant_id, said->job_id);
    live_message(c, said->conversation_id, said->job_id, said->message.seq);
}
