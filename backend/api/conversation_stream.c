/*
 * The live stream of a conversation: messages, and the answer that is coming in piece by piece. The
 * rows are the truth for messages and the text so far in Redis for the answer; news only say what
 * is new. Each event has an id that says all that its reader has by then, so that whoever comes
 * back with it gets the rest, without a gap and without a repeat:
 *
 *     12                     message 12 and all before it
 *     12.TURN.TAKE.340       and 340 bytes of the answer that this take of this turn makes
 *
 * Pieces come in order, each where the one before it ended. What can't be told so, because a part
 * of it was lost on the way, is left out; it comes with the next piece, or with the message.
 */
#include <string.h>

#include "api/handlers.h"
#include "base/id.h"
#include "core/conversation.h"
#include "flow/live.h"
#include "flow/live_text.h"

#define STREAM_MS (30 * 60 * 1000) /* then the stream ends, and the reader comes back */
#define LOOK_AGAIN_MS 3000         /* see conversations.c */
#define LOOKS 50
#define ID_ROOM (ID_LEN + 1)

/* A reader: what he has seen. It outlives the contexts of its wakes, so its texts are its own. */
struct reader {
    const char *conversation_id;
    int64_t seen; /* messages */
    /* how often the rows are still looked at without news: an answer may be on its way */
    int64_t looks;
    /*
     * the answer that is coming in: so many bytes of this take of this turn; "" when there is none
     */
    char turn[ID_ROOM];
    int64_t take;
    size_t at;
    char answer_id[ID_ROOM]; /* of that answer; "" when only the reader has told of it */
    char done[ID_ROOM];      /* the last answer that he has whole: pieces of it come too late */
};

/* `id` is valid, and maybe more text follows. */
static void keep_id(char *to, const char *id)
{
    memcpy(to, id, ID_LEN);
    to[ID_LEN] = '\0';
}

/* What the reader has by now. */
static const char *event_id(struct ctx *c, const struct reader *r)
{
    if (r->turn[0] == '\0')
        return text_printf(c->mem, "%lld", (long long)r->seen);
    return text_printf(c->mem, "%lld.%s.%lld.%zu", (long long)r->seen, r->turn, (long long)r->take,
                       r->at);
}

static rc_t bad_id(struct ctx *c)
{
    return ctx_bad(c, "after", "not_a_number",
                   "after must be the seq of a message, 0, or the id of an event of the stream.");
}

/* The number before the next dot, which must be there. */
static rc_t number_of(struct ctx *c, const char **text, int64_t *out)
{
    size_t len = strcspn(*text, ".");

    if (text_int(text_copy(c->mem, *text, len), out) != OK || *out < 0)
        return bad_id(c);
    *text += len;
    return OK;
}

static rc_t read_id(struct ctx *c, const char *text, struct reader *r)
{
    int64_t at;

    if (text == NULL)
        return OK;
    TRY(number_of(c, &text, &r->seen));
    if (*text == '\0')
        return OK;
    if (strlen(++text) < ID_ROOM || text[ID_ROOM - 1] != '.')
        return bad_id(c);
    keep_id(r->turn, text);
    text += ID_ROOM;
    if (!id_valid(r->turn))
        return bad_id(c);
    TRY(number_of(c, &text, &r->take));
    if (*text++ != '.')
        return bad_id(c);
    TRY(number_of(c, &text, &at));
    r->at = (size_t)at;
    return *text == '\0' ? OK : bad_id(c);
}

static void add_event(struct ctx *c, struct buf *out, const struct reader *r, const char *event,
                      json_t *data)
{
    buf_printf(out, "id: %s\nevent: %s\ndata: %s\n\n", event_id(c, r), event,
               json_text(c->mem, data));
    json_decref(data);
}

/* An answer is whole: no piece of it is awaited any more. */
static void answer_done(struct reader *r, const char *id)
{
    keep_id(r->done, id);
    r->turn[0] = r->answer_id[0] = '\0';
    r->take = 0;
    r->at = 0;
}

/*
 * Messages that the reader has not seen. When they are more than a page the stream ends behind it,
 * and the reader comes back for the rest: nobody would wake it for what is there already.
 */
static rc_t add_messages(struct ctx *c, struct reader *r, struct buf *out, struct res *rs)
{
    struct message *items;
    size_t count;

    TRY(message_list(c, r->conversation_id, r->seen, PAGE_MOST, &items, &count));
    for (size_t i = 0; i < count; i++) {
        bool is_answer = text_is(items[i].author, "employee");

        r->seen = items[i].seq;
        r->looks = is_answer ? 0 : LOOKS;
        if (is_answer)
            answer_done(r, items[i].id);
        add_event(c, out, r, "message", shape_json(&message_shape, &items[i]));
    }
    rs->close |= message_page_full(items, count, PAGE_MOST);
    return OK;
}

/* A turn, or a take of it, that the reader has nothing of. */
static void begin(struct reader *r, const struct live_piece *p)
{
    keep_id(r->turn, p->turn);
    keep_id(r->answer_id, p->answer_id);
    r->take = p->take;
    r->at = 0;
}

static void add_thinking(struct ctx *c, struct reader *r, const struct live_piece *p,
                         struct buf *out)
{
    begin(r, p);
    add_event(c, out, r, "state",
              json_pack("{s:s, s:s, s:I, s:s}", "turn", p->turn, "answer", p->answer_id, "take",
                        (json_int_t)p->take, "state", "thinking"));
}

/*
 * Where in the piece to go on for a reader who has `at` bytes of the answer: his id may be one that
 * we never gave, which stands within a character; then that character comes whole.
 */
static size_t rest_from(const struct live_piece *p, size_t at)
{
    size_t from = at - p->at;

    while (from > 0 && from < p->text.len && ((unsigned char)p->text.data[from] & 0xc0) == 0x80)
        from--;
    return p->at + from;
}

/* What the reader lacks of a piece that begins no further on than where he is. */
static void add_rest(struct ctx *c, struct reader *r, const struct live_piece *p, bool anew,
                     struct buf *out)
{
    size_t end = p->at + p->text.len, from;

    if (anew)
        begin(r, p);
    if (end <= r->at && !anew)
        return;
    from = rest_from(p, r->at);
    r->at = end;
    add_event(c, out, r, "delta",
              json_pack("{s:s, s:s, s:I, s:I, s:o}", "turn", p->turn, "answer", p->answer_id,
                        "take", (json_int_t)p->take, "at", (json_int_t)from, "text",
                        json_stringn(p->text.data + (from - p->at), end - from)));
}

/* Older than what the reader has. */
static bool is_late(const struct reader *r, const struct live_piece *p)
{
    return text_is(p->answer_id, r->done) || (text_is(p->turn, r->turn) && p->take < r->take);
}

static bool is_anew(const struct reader *r, const struct live_piece *p)
{
    return !text_is(p->turn, r->turn) || p->take > r->take;
}

/*
 * The text so far, read before the rows were looked at: it may be that of an answer that is there.
 */
static rc_t add_text(struct ctx *c, struct reader *r, const struct live_piece *p, struct buf *out)
{
    struct message answer;
    bool is_there, anew = is_anew(r, p);

    if (is_late(r, p))
        return OK;
    if (!text_is(p->answer_id, r->answer_id)) {
        TRY(message_find(c, p->answer_id, &answer, &is_there));
        if (is_there)
            return OK;
    }
    if (anew && p->text.len == 0 && !text_is(p->turn, r->turn))
        add_thinking(c, r, p, out);
    else
        add_rest(c, r, p, anew, out);
    return OK;
}

static rc_t add_piece(struct ctx *c, struct reader *r, const struct live_piece *p, struct buf *out)
{
    struct live_piece all;
    bool anew = is_anew(r, p);

    if (is_late(r, p))
        return OK;
    if (p->at > (anew ? 0 : r->at))
        return live_text_now(c, r->conversation_id, &all) ? add_text(c, r, &all, out) : OK;
    add_rest(c, r, p, anew, out);
    return OK;
}

static bool read_piece(const json_t *event, struct live_piece *p)
{
    const json_t *text = json_object_get(event, "text");

    *p = (struct live_piece){.turn = json_str(event, "turn"),
                             .answer_id = json_str(event, "answer"),
                             .take = json_integer_value(json_object_get(event, "take")),
                             .at = (size_t)json_integer_value(json_object_get(event, "at")),
                             .text = {json_string_value(text), json_string_length(text)}};
    return id_valid(p->turn) && id_valid(p->answer_id);
}

static rc_t add_news(struct ctx *c, struct reader *r, struct bytes news, struct buf *out,
                     struct res *rs)
{
    struct live_piece piece;
    json_t *event;
    const char *type;

    TRY(json_parse(c, news, &event));
    type = json_str(event, "type");
    if (text_is(type, "message"))
        return add_messages(c, r, out, rs);
    r->looks = LOOKS;
    if (!read_piece(event, &piece))
        return OK;
    if (text_is(type, "thinking") && is_anew(r, &piece) && !is_late(r, &piece))
        add_thinking(c, r, &piece, out);
    if (text_is(type, "delta") && piece.text.data != NULL)
        return add_piece(c, r, &piece, out);
    return OK;
}

/* Everything that there is and the reader has not. */
static rc_t add_all(struct ctx *c, struct reader *r, struct buf *out, struct res *rs)
{
    struct live_piece all;
    bool is_coming = live_text_now(c, r->conversation_id, &all);

    TRY(add_messages(c, r, out, rs));
    return is_coming && !rs->close ? add_text(c, r, &all, out) : OK;
}

static rc_t stream_more(struct ctx *c, const struct req *rq, struct res *rs, void *state,
                        enum wake why, struct bytes news)
{
    struct reader *reader = state;
    struct buf out = buf_new(c->mem, MIB(12));

    (void)rq;
    rs->close = why == WAKE_DEADLINE;
    if (why == WAKE_NEWS)
        TRY(add_news(c, reader, news, &out, rs));
    else
        TRY(add_all(c, reader, &out, rs));
    if (why == WAKE_LOOK && reader->looks > 0)
        reader->looks--;
    rs->look_ms = reader->looks > 0 ? LOOK_AGAIN_MS : 0;
    rs->body = buf_bytes(&out);
    return OK;
}

rc_t messages_stream(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct reader *reader = arena_take(c->mem, sizeof(*reader));
    const char *last = rq->header(rq, "last-event-id");
    struct conversation conversation;

    TRY(req_id(c, rq, "id", &reader->conversation_id));
    TRY(read_id(c, last != NULL ? last : req_query(c, rq, "after"), reader));
    TRY(conversation_get(c, reader->conversation_id, &conversation));
    rs->status = 200;
    rs->type = "text/event-stream";
    res_header(rs, "cache-control", "no-store");
    reader->looks = LOOKS;
    rs->look_ms = LOOK_AGAIN_MS;
    rs->park = arena_take(c->mem, sizeof(*rs->park));
    *rs->park = (struct park){.kind = PARK_LIVE,
                              .stream = true,
                              .deadline_ms = STREAM_MS,
                              .state = reader,
                              .resume = stream_more,
                              .channel = live_channel(c, reader->conversation_id)};
    return OK;
}
