/*
 * See live_text_redis.h. A text is kept as one line that says whose it is, "TURN TAKE ANSWER", and
 * behind it the words. The line has one length, so that two of a turn compare like their takes.
 */
#include "flow/live_text_redis.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/shape.h"
#include "flow/live.h"
#include "llm/llm.h"

#define TAKE_LEN 19
#define MARK_LEN (ID_LEN + 1 + TAKE_LEN)     /* turn and take */
#define HEAD_LEN (MARK_LEN + 1 + ID_LEN + 1) /* and answer and line break */
#define STORED_MAX (HEAD_LEN + LLM_TEXT_MAX)
#define SHA_LEN 40
#define WORDS 11

/*
 * KEYS: the text. ARGV: turn and take, how long the text has to be by now (0: all of it comes), 1
 * when the turn begins, what to write, for how long, channel, event. Gives the new length; 0:
 * all of it is wanted; -1: somebody newer has the place.
 */
static const char script[] =
    "local mark = redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1)\n"
    "if mark ~= '' then\n"
    "  local same = string.sub(mark, 1, 36) == string.sub(ARGV[1], 1, 36)\n"
    "  if same and mark > ARGV[1] or not same and ARGV[3] ~= '1' then return -1 end\n"
    "end\n"
    "local length = tonumber(ARGV[2])\n"
    "if length == 0 then\n"
    "  redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])\n"
    "elseif mark ~= ARGV[1] or redis.call('STRLEN', KEYS[1]) ~= length then\n"
    "  return 0\n"
    "else\n"
    "  redis.call('APPEND', KEYS[1], ARGV[4])\n"
    "  redis.call('PEXPIRE', KEYS[1], ARGV[5])\n"
    "end\n"
    "redis.call('PUBLISH', ARGV[6], ARGV[7])\n"
    "return redis.call('STRLEN', KEYS[1])";

/* What Redis calls the script, once it was told it. One thread writes. */
static char sha[SHA_LEN + 1];

const char *live_text_key(struct ctx *c, const char *tenant_id, const char *conversation_id)
{
    return text_printf(c->mem, "konstruct:text:%s:%s", tenant_id, conversation_id);
}

static struct bytes number(struct ctx *c, int64_t n)
{
    return bytes_of(text_printf(c->mem, "%lld", (long long)n));
}

static struct bytes event_of(struct ctx *c, const struct live_write *w)
{
    bool begins = w->first && w->text.len == 0;
    json_t *event = json_pack("{s:s, s:s, s:s, s:I}", "type", begins ? "thinking" : "delta", "turn",
                              w->place->turn, "answer", w->place->answer_id, "take",
                              (json_int_t)w->take);

    if (!begins) {
        json_object_set_new(event, "at", json_integer((json_int_t)w->told));
        json_object_set_new(event, "text",
                            json_stringn(w->text.data + w->told, w->text.len - w->told));
    }

    const char *text = json_text(c->mem, event);

    json_decref(event);
    return bytes_of(text);
}

static struct redis_command command_of(struct ctx *c, const struct live_write *w)
{
    struct bytes *words = arena_take(c->mem, WORDS * sizeof(*words));
    const char *mark = text_printf(c->mem, "%.36s %0*lld", w->place->turn, TAKE_LEN,
                                   (long long)w->take);
    size_t from = w->whole ? 0 : w->told;
    struct buf written = buf_new(c->mem, LLM_TEXT_MAX + KIB(1));

    if (w->whole)
        buf_printf(&written, "%s %.36s\n", mark, w->place->answer_id);
    buf_add(&written, w->text.data + from, w->text.len - from);
    words[0] = BYTES("EVALSHA");
    words[1] = bytes_of(sha);
    words[2] = BYTES("1");
    words[3] = bytes_of(live_text_key(c, w->place->tenant_id, w->place->conversation_id));
    words[4] = bytes_of(mark);
    words[5] = number(c, w->whole ? 0 : (int64_t)(HEAD_LEN + w->told));
    words[6] = w->first ? BYTES("1") : BYTES("0");
    words[7] = buf_bytes(&written);
    words[8] = number(c, LIVE_TEXT_KEPT_MS);
    words[9] = bytes_of(live_channel(c, w->place->conversation_id));
    words[10] = event_of(c, w);
    return (struct redis_command){words, WORDS};
}

static rc_t tell_script(struct ctx *c, struct redis *r)
{
    const char *text;

    TRY(redis_do(c, r, REDIS_WORDS(BYTES("SCRIPT"), BYTES("LOAD"), BYTES(script)), &text, NULL));
    if (text == NULL || strlen(text) != SHA_LEN)
        return ctx_fail(c, E_UNAVAILABLE, "redis_refused", "no name for a script");
    memcpy(sha, text, SHA_LEN);
    return OK;
}

rc_t live_text_write(struct ctx *c, struct redis *r, struct live_write *writes, size_t count)
{
    struct redis_command *commands = arena_take(c->mem, count * sizeof(*commands));
    int64_t *results = arena_take(c->mem, count * sizeof(*results));

    if (sha[0] == '\0')
        TRY(tell_script(c, r));
    for (size_t i = 0; i < count; i++)
        commands[i] = command_of(c, &writes[i]);
    TRY(redis_many(c, r, commands, count, results));
    for (size_t i = 0; i < count; i++) {
        writes[i].result = results[i];
        /* A Redis that was emptied or started anew has to be told the script again. */
        if (results[i] == REDIS_REFUSED)
            sha[0] = '\0';
    }
    return OK;
}

const char *live_text_stored(struct ctx *c, struct redis *r, const char *conversation_id)
{
    const char *key = live_text_key(c, c->tenant_id, conversation_id), *stored = NULL;
    const struct bytes last = number(c, STORED_MAX); /* one more than is right, so that it shows */
    const struct fault before = c->fault;

    if (redis_do(c, r, REDIS_WORDS(BYTES("GETRANGE"), bytes_of(key), BYTES("0"), last), &stored,
                 NULL) != OK)
        c->fault = before;
    return text_blank(stored) ? NULL : stored;
}

bool live_text_read(struct ctx *c, const char *stored, struct live_piece *out)
{
    const size_t len = stored == NULL ? 0 : strlen(stored);
    int64_t take;

    if (len < HEAD_LEN || len > STORED_MAX || stored[ID_LEN] != ' ' || stored[MARK_LEN] != ' ' ||
        stored[HEAD_LEN - 1] != '\n')
        return false;

    const char *turn = text_copy(c->mem, stored, ID_LEN),
               *answer_id = text_copy(c->mem, stored + MARK_LEN + 1, ID_LEN),
               *digits = text_copy(c->mem, stored + ID_LEN + 1, TAKE_LEN);

    if (!id_valid(turn) || !id_valid(answer_id) || text_int(digits, &take) != OK ||
        !text_utf8(bytes_of(stored + HEAD_LEN)))
        return false;
    *out = (struct live_piece){turn, answer_id, take, 0, bytes_of(stored + HEAD_LEN)};
    return true;
}
