/* See gather.h. */
#include "llm/gather.h"

#include <string.h>

#include "base/shape.h"

#define PIECES_MAX (SIZE_MAX / 4) /* the sum of all is what is limited, not each */

static rc_t broken(struct ctx *c, const char *provider, const char *what)
{
    return ctx_fail(c, E_UPSTREAM, "llm_broken", "%s: %s", provider, what);
}

static rc_t new_block(struct ctx *c, const char *provider, struct llm_stream *s,
                      const struct llm_block *from, struct llm_block **out)
{
    if (s->block_count == LLM_PARTS_MAX)
        return broken(c, provider, "the answer has too many parts");
    /* Room for one, as most answers have, and for more by doubling. */
    if ((s->block_count & (s->block_count - 1)) == 0) {
        size_t room = s->block_count == 0 ? 1 : 2 * s->block_count;
        struct llm_block *blocks = arena_take(s->text.mem, room * sizeof(*blocks));

        if (s->block_count > 0)
            memcpy(blocks, s->blocks, s->block_count * sizeof(*blocks));
        s->blocks = blocks;
    }
    *out = &s->blocks[s->block_count++];
    **out = *from;
    return OK;
}

rc_t gather_bytes(struct ctx *c, const char *provider, struct llm_stream *s, struct bytes text)
{
    struct llm_block *last = gather_last(s);

    if (text.len == 0)
        return OK;
    if (last == NULL || last->kind != LLM_TEXT)
        TRY(new_block(c, provider, s,
                      &(struct llm_block){.kind = LLM_TEXT, .index = -1, .from = s->text.len},
                      &last));
    buf_add(&s->text, text.data, text.len);
    if (s->text.over)
        return ctx_fail(c, E_UPSTREAM, "llm_broken", "%s: the answer is longer than %zu bytes",
                        provider, LLM_TEXT_MAX);
    last->len = s->text.len - last->from;
    return OK;
}

rc_t gather_text(struct ctx *c, const char *provider, struct llm_stream *s, const char *text)
{
    return gather_bytes(c, provider, s, bytes_of(text));
}

rc_t gather_refusal(struct ctx *c, const char *provider, struct llm_stream *s, const char *text,
                    bool aside)
{
    if (text[0] == '\0')
        return OK;
    s->so_far.stop = LLM_STOP_REFUSED;
    buf_text(&s->refusal, text);
    if (s->refusal.over)
        return broken(c, provider, "the refusal is too long");
    return aside ? OK : gather_text(c, provider, s, text);
}

void gather_stop(struct llm_stream *s, enum llm_stop stop)
{
    if (s->so_far.stop != LLM_STOP_REFUSED)
        s->so_far.stop = stop;
    s->ended = true;
}

bool gather_is_name(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t len = name == NULL ? 0 : strlen(name);

    return len > 0 && len <= LLM_NAME_MAX && strspn(name, letters) == len;
}

rc_t gather_call(struct ctx *c, const char *provider, struct llm_stream *s, int64_t index,
                 const char *id, const char *name, struct llm_block **out)
{
    if (text_blank(id) || strlen(id) > LLM_ID_MAX)
        return broken(c, provider, "a tool call without an id, or with too long a one");
    if (!gather_is_name(name))
        return broken(c, provider, "a tool call whose tool has no possible name");
    if (s->call_count == LLM_CALLS_MAX)
        return broken(c, provider, "the answer has too many tool calls");
    for (size_t i = 0; i < s->block_count; i++)
        if (s->blocks[i].kind == LLM_CALL && text_is(s->blocks[i].id, id))
            return broken(c, provider, "two tool calls have the same id");
    TRY(new_block(c, provider, s,
                  &(struct llm_block){.kind = LLM_CALL,
                                      .index = index,
                                      .id = text_dup(s->text.mem, id),
                                      .name = text_dup(s->text.mem, name),
                                      .content = buf_new(s->text.mem, LLM_ARGUMENTS_MAX)},
                  out));
    s->call_count++;
    return OK;
}

rc_t gather_arguments(struct ctx *c, const char *provider, struct llm_block *call,
                      const char *piece)
{
    buf_text(&call->content, piece);
    return call->content.over ? broken(c, provider, "the arguments of a tool call are too long")
                              : OK;
}

static rc_t count_opaque(struct ctx *c, const char *provider, struct llm_stream *s, size_t bytes)
{
    s->opaque_bytes += bytes;
    return s->opaque_bytes > LLM_OPAQUE_MAX
               ? broken(c, provider, "the provider's own blocks are too long")
               : OK;
}

rc_t gather_opaque(struct ctx *c, const char *provider, struct llm_stream *s, int64_t index,
                   const char *owner, const json_t *block, struct llm_block **out)
{
    const char *whole = json_text(s->text.mem, block);

    TRY(count_opaque(c, provider, s, strlen(whole)));
    return new_block(c, provider, s,
                     &(struct llm_block){.kind = LLM_OPAQUE,
                                         .index = index,
                                         .name = owner,
                                         .whole = whole,
                                         .content = buf_new(s->text.mem, PIECES_MAX),
                                         .signature = buf_new(s->text.mem, PIECES_MAX)},
                     out);
}

rc_t gather_opaque_piece(struct ctx *c, const char *provider, struct llm_stream *s,
                         struct buf *where, const char *piece)
{
    buf_text(where, piece);
    return count_opaque(c, provider, s, strlen(piece));
}

struct llm_block *gather_find(struct llm_stream *s, enum llm_kind kind, int64_t index)
{
    for (size_t i = s->block_count; i-- > 0;)
        if (s->blocks[i].kind == kind && s->blocks[i].index == index)
            return &s->blocks[i];
    return NULL;
}

struct llm_block *gather_last(struct llm_stream *s)
{
    return s->block_count == 0 ? NULL : &s->blocks[s->block_count - 1];
}

void gather_name(struct llm_stream *s, const char **where, const char *name)
{
    if (*where == NULL && !text_blank(name))
        *where = text_dup(s->text.mem, name);
}

struct llm_stream llm_stream_new(struct arena *mem)
{
    return (struct llm_stream){.text = buf_new(mem, LLM_TEXT_MAX),
                               .refusal = buf_new(mem, LLM_TEXT_MAX),
                               .like = like_new(mem)};
}

struct llm_answer llm_stream_answer(struct llm_stream *stream)
{
    struct llm_answer answer = stream->so_far;

    answer.text = buf_str(&stream->text);
    answer.refusal = stream->refusal.len == 0 ? NULL : buf_str(&stream->refusal);
    return answer;
}

/* Whether the text is one JSON object; nothing of it stays, and no fault. */
static bool is_object(const char *text)
{
    struct ctx *own = ctx_new(MIB(8), NULL);
    json_t *root = NULL;
    bool is = json_parse(own, bytes_of(text), &root) == OK && json_is_object(root);

    ctx_end(own);
    return is;
}

/*
 * A call as a part of the answer. One that broke off is left out and counted, and so is each of an
 * answer that was refused in the end; arguments without a word are an empty object, unless the
 * answer was cut off there.
 */
static rc_t finish_call(struct ctx *c, const char *provider, struct llm_block *b,
                        struct llm_answer *out, struct llm_part *part, bool *kept)
{
    bool may_be_cut = out->stop == LLM_STOP_LENGTH || llm_refused(out);
    const char *arguments = buf_str(&b->content);

    if (text_blank(arguments) && !may_be_cut)
        arguments = "{}";
    *kept = !b->cut && !llm_refused(out) && is_object(arguments);
    if (!*kept && !b->cut && !may_be_cut)
        return broken(c, provider, "the arguments of a tool call are not a JSON object");
    out->cut_calls += !*kept;
    *part = (struct llm_part){
        .kind = LLM_CALL, .call_id = b->id, .tool = b->name, .arguments = arguments};
    return OK;
}

rc_t llm_stream_finish(struct ctx *c, const char *provider, struct llm_stream *stream,
                       struct llm_answer *out)
{
    struct llm_part *parts = arena_take(stream->text.mem,
                                        (stream->block_count + 1) * sizeof(*parts));
    size_t part_count = 0, call_count = 0;

    *out = llm_stream_answer(stream);
    if (!stream->ended)
        return ctx_fail(c, E_UPSTREAM, "llm_torn",
                        "%s: the stream stopped before the answer was complete", provider);
    for (size_t i = 0; i < stream->block_count; i++) {
        struct llm_block *b = &stream->blocks[i];
        struct llm_part *next = &parts[part_count];
        bool kept = true;

        if (b->kind == LLM_CALL)
            TRY(finish_call(c, provider, b, out, next, &kept));
        else if (b->kind == LLM_TEXT)
            *next = (struct llm_part){
                .kind = LLM_TEXT, .text = text_copy(stream->text.mem, out->text + b->from, b->len)};
        else
            *next = (struct llm_part){.kind = LLM_OPAQUE, .owner = b->name, .block = b->whole};
        kept = kept && (b->kind != LLM_OPAQUE || !b->cut);
        part_count += kept;
        call_count += kept && b->kind == LLM_CALL;
    }
    /* All or none: of an answer that can't be taken its tokens are still counted. */
    out->parts = parts;
    out->part_count = part_count;
    out->call_count = call_count;
    if (out->stop == LLM_STOP_END && out->call_count > 0)
        out->stop = LLM_STOP_CALLS;
    if (out->stop == LLM_STOP_CALLS && out->call_count == 0)
        out->stop = LLM_STOP_END;
    return OK;
}

struct llm_answer llm_answer_copy(struct arena *mem, const struct llm_answer *from)
{
    struct llm_answer copy = *from;
    struct llm_part *parts = arena_take(mem, (from->part_count + 1) * sizeof(*parts));
    size_t vectors = from->vector_count * from->dimensions * sizeof(float);

    if (vectors > 0)
        copy.vectors = memcpy(arena_take(mem, vectors), from->vectors, vectors);
    for (size_t i = 0; i < from->part_count; i++) {
        const struct llm_part *p = &from->parts[i];

        parts[i] = (struct llm_part){.kind = p->kind,
                                     .text = text_dup(mem, p->text),
                                     .call_id = text_dup(mem, p->call_id),
                                     .tool = text_dup(mem, p->tool),
                                     .arguments = text_dup(mem, p->arguments),
                                     .owner = text_dup(mem, p->owner),
                                     .block = text_dup(mem, p->block)};
    }
    copy.parts = parts;
    copy.text = text_dup(mem, from->text);
    copy.model = text_dup(mem, from->model);
    copy.refusal = text_dup(mem, from->refusal);
    copy.id = text_dup(mem, from->id);
    copy.request_id = text_dup(mem, from->request_id);
    return copy;
}

bool llm_refused(const struct llm_answer *answer)
{
    return answer->stop == LLM_STOP_REFUSED || answer->stop == LLM_STOP_FILTERED;
}
