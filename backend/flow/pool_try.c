/* See pool_try.h. */
#include "flow/pool_try.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "flow/pool_cost.h"
#include "llm/gather.h"
#include "llm/openai.h"
#include "llm/vectors.h"

/*
 * A question of POOL_ASK_MAX and LLM_IMAGES_MAX as JSON, an answer of LLM_BODY_MAX, several times.
 */
#define TRY_MEMORY_MAX MIB(192)
#define PIECE_MEMORY_MAX MIB(32) /* of reading one piece of a stream */
#define DETAIL_MAX 300
#define THINKS_MS \
    300000             /* silence of a model that thinks; the limit of the try holds all the same */
#define LOCAL_PIECE 48 /* bytes after which a local answer is handed on at the next blank */

/* At least 1: 0 means that nothing came. */
static int64_t since_start(const struct pool_trial *t)
{
    int64_t ms = clock_mono_ms() - t->started_ms;

    return ms < 1 ? 1 : ms;
}

static void show(struct pool_trial *t, const char *text, size_t len)
{
    if (len > 0 && t->sink->delta != NULL) {
        t->sink->delta(t->sink->arg, (struct bytes){text, len});
        t->shown += len;
    }
}

static rc_t on_frame(void *arg, struct bytes event, struct bytes data)
{
    struct pool_trial *t = arg;

    TRY(t->llm->event(t->piece, event, data, &t->stream));
    t->heard = true;
    return OK;
}

/* Runs one step of reading in memory that ends right after, and keeps its fault. */
static rc_t read_piece(struct pool_trial *t, rc_t (*step)(struct pool_trial *t, struct bytes piece),
                       struct bytes piece)
{
    t->piece = ctx_part(t->c, PIECE_MEMORY_MAX);

    rc_t rc = step(t, piece);

    if (t->piece->fault.rc != OK)
        rc = ctx_fail(t->c, rc, t->piece->fault.code, "%s", t->piece->fault.detail);
    else if (rc != OK)
        rc = ctx_fail(t->c, rc, "llm_broken", "%s: an event of the stream is too long",
                      t->llm->name);
    ctx_end(t->piece);
    t->piece = NULL;
    return rc;
}

static rc_t feed(struct pool_trial *t, struct bytes piece)
{
    return frames_feed(&t->frames, piece, on_frame, t);
}

static rc_t feed_end(struct pool_trial *t, struct bytes piece)
{
    (void)piece;
    return frames_end(&t->frames, on_frame, t);
}

/*
 * Some servers can't stream, and some say so with status 200: no event begins with a brace, so this
 * is an answer, or a fault, in one piece.
 */
static bool is_whole(const struct pool_trial *t, struct bytes piece)
{
    size_t at = 0;

    if (t->whole.len > 0)
        return true;
    while (at < piece.len && strchr(" \t\r\n", piece.data[at]) != NULL)
        at++;
    return t->llm->framing == LLM_SSE && !t->fed && at < piece.len && piece.data[at] == '{';
}

static rc_t add_whole(struct pool_trial *t, struct bytes piece)
{
    buf_add(&t->whole, piece.data, piece.len);
    return t->whole.over ? ctx_fail(t->c, E_UPSTREAM, "llm_broken", "%s: the answer is too long",
                                    t->llm->name)
                         : OK;
}

static rc_t on_piece(void *arg, struct bytes piece)
{
    struct pool_trial *t = arg;
    rc_t rc;

    if (is_whole(t, piece))
        return add_whole(t, piece);
    t->fed = true;
    rc = read_piece(t, feed, piece);
    if (t->first_ms == 0 && (t->stream.text.len > 0 || t->stream.block_count > 0))
        t->first_ms = since_start(t);
    if (rc == OK && t->heard && !t->begun && t->sink->began != NULL) {
        t->begun = true;
        t->sink->began(t->sink->arg);
    }
    show(t, buf_str(&t->stream.text) + t->shown, t->stream.text.len - t->shown);
    return rc;
}

/*
 * Once the provider has said that the answer is complete, a line that breaks behind it takes
 * nothing away.
 */
static bool is_complete(struct pool_trial *t)
{
    return t->stream.ended && (t->stream.call_count > 0 || !text_blank(buf_str(&t->stream.text)));
}

/* The stream is over, or broke off with this rc. */
static rc_t end_streaming(struct pool_trial *t, rc_t rc, struct llm_answer *out)
{
    bool good_status = t->http.status >= 200 && t->http.status < 300;

    if (rc == OK && !good_status) {
        TRY(t->llm->answer(t->c, &t->http, out));
        return ctx_fail(t->c, E_UPSTREAM, "llm_broken", "%s answered %d", t->llm->name,
                        t->http.status);
    }
    if (rc == OK && t->whole.len > 0) {
        t->http.body = buf_bytes(&t->whole);
        TRY(t->llm->answer(t->c, &t->http, out));
        show(t, out->text, strlen(out->text));
        return OK;
    }
    if (rc == OK) {
        rc = read_piece(t, feed_end, (struct bytes){"", 0});
        show(t, buf_str(&t->stream.text) + t->shown, t->stream.text.len - t->shown);
    }
    *out = llm_stream_answer(&t->stream);
    if (rc != OK && !is_complete(t))
        return rc;
    ctx_forgive(t->c);
    t->stream.so_far.request_id = t->http.request_id;
    return llm_stream_finish(t->c, t->llm->name, &t->stream, out);
}

static rc_t end_whole(struct pool_trial *t, rc_t rc, struct llm_answer *out)
{
    TRY(rc);
    return t->llm->answer(t->c, &t->http, out);
}

static rc_t ask_local(struct pool_trial *t, const struct llm_ask *ask, struct llm_answer *out)
{
    TRY(t->llm->local(t->c, ask, out));

    const char *text = out->text;

    while (ask->stream && *text != '\0') {
        size_t len = strlen(text) > LOCAL_PIECE ? LOCAL_PIECE + strcspn(text + LOCAL_PIECE, " ")
                                                : strlen(text);

        show(t, text, len);
        text += len;
    }
    return OK;
}

static bool thinks(const struct pool_trial *t)
{
    return openai_thinks(t->who->model) || t->ask.effort > LLM_EFFORT_NONE;
}

static rc_t make_request(struct pool_trial *t, const struct pool_limits *limits)
{
    const struct llm_account *account = &t->who->account;
    struct http_ask *r = &t->request;

    if (t->who->llm->needs_key && text_blank(account->key) && text_blank(account->base_url))
        return ctx_fail(t->c, E_UPSTREAM, "llm_no_key", "%s: no key is set", t->who->llm->name);
    TRY(t->llm->ask(t->c, account, &t->ask, r));
    r->public_only = t->who->public_only;
    r->connect_ms = limits->connect_ms;
    r->total_ms = limits->total_ms;
    r->cancelled = t->sink->cancelled;
    r->cancel_arg = t->sink->arg;
    r->max_answer = t->llm->answer_max > 0 ? t->llm->answer_max : LLM_BODY_MAX;
    if (!t->ask.stream)
        return OK;
    /* Who thinks is silent meanwhile, before the first piece or behind it. */
    r->first_ms = thinks(t) ? THINKS_MS : limits->first_ms;
    r->idle_ms = thinks(t) ? THINKS_MS : limits->idle_ms;
    r->on_piece = on_piece;
    r->arg = t;
    r->max_answer = LLM_STREAM_MAX;
    t->frames = frames_new(t->c->mem, t->llm->framing, LLM_FRAME_MAX);
    return OK;
}

/*
 * Providers may repeat the key that they refuse, so it is taken out by its value before the words
 * are shortened.
 */
static const char *masked(struct arena *mem, const char *detail, const char *key)
{
    struct buf b = buf_new(mem, KIB(64));
    size_t key_len = key == NULL ? 0 : strlen(key);

    for (const char *at = detail; *at != '\0' && b.len < DETAIL_MAX * 4;) {
        if (key_len >= 4 && strncmp(at, key, key_len) == 0) {
            buf_text(&b, "[key]");
            at += key_len;
        } else {
            buf_char(&b, iscntrl((unsigned char)*at) ? ' ' : *at);
            at++;
        }
    }

    const char *text = log_mask(mem, buf_str(&b));

    return text_copy(mem, text, text_cut(text, strlen(text), DETAIL_MAX));
}

int64_t pool_trial_tokens(const struct pool_trial *t)
{
    const struct llm_answer *a = &t->answer;
    int64_t sum = llm_estimate_tokens(t->stream.text.len > 0 ? t->stream.text.data : a->text);

    for (size_t i = 0; i < a->part_count; i++)
        sum += llm_estimate_tokens(a->parts[i].tool) + llm_estimate_tokens(a->parts[i].arguments);
    for (size_t i = 0; a->part_count == 0 && i < t->stream.block_count; i++)
        sum += llm_estimate_tokens(buf_str(&t->stream.blocks[i].content));
    return sum;
}

/*
 * Our own count where the provider gave none. Of an answer that broke off its count may be that of
 * the beginning: then the higher one holds.
 */
static void estimate(const struct pool_trial *t, bool whole, struct llm_answer *answer)
{
    const int64_t came = pool_trial_tokens(t);

    if (answer->counted && (whole || came <= answer->output_tokens))
        return;
    answer->output_tokens = came;
    if (answer->counted) {
        answer->counted = false;
        return;
    }
    answer->input_tokens = llm_estimate_ask(&t->ask);
    answer->cached_tokens = answer->cache_write_tokens = answer->image_tokens = 0;
    answer->reasoning_tokens = 0;
}

/* Calls that nobody could have asked for, since no tool was offered, are no part of the answer. */
static void drop_unasked(struct pool_trial *t, struct llm_answer *answer)
{
    struct llm_part *parts = arena_take(t->c->mem, (answer->part_count + 1) * sizeof(*parts));
    size_t count = 0;

    if (t->tools_offered || answer->call_count == 0)
        return;
    for (size_t i = 0; i < answer->part_count; i++)
        if (answer->parts[i].kind != LLM_CALL)
            parts[count++] = answer->parts[i];
    answer->parts = parts;
    answer->part_count = count;
    answer->call_count = 0;
    if (answer->stop == LLM_STOP_CALLS)
        answer->stop = LLM_STOP_END;
}

/* Without a word: the provider says why, or at least that it has done something. */
static bool is_complete_in_silence(const struct llm_answer *answer)
{
    return answer->stop != LLM_STOP_END || answer->counted;
}

static rc_t judge(struct pool_trial *t, const struct llm_answer *answer)
{
    if (t->ask.text_count > 0)
        return vectors_fit(t->c, t->llm->name, &t->ask, answer);
    if (answer->call_count > 0 || !text_blank(answer->text))
        return OK;
    if (t->sink->as_it_is && is_complete_in_silence(answer))
        return OK;
    if (llm_refused(answer))
        return ctx_fail(t->c, E_UPSTREAM, "llm_refused", "%s: the model refused without a word%s%s",
                        t->llm->name, answer->refusal == NULL ? "" : ": ",
                        answer->refusal == NULL ? "" : answer->refusal);
    return ctx_fail(t->c, E_UPSTREAM, "llm_empty", "%s: the answer has no text%s", t->llm->name,
                    answer->stop == LLM_STOP_LENGTH ? "; the limit of tokens was reached before any"
                                                    : "");
}

static void keep(struct ctx *c, const struct pool_trial *t, const struct llm_answer *from,
                 struct llm_answer *out)
{
    *out = llm_answer_copy(c->mem, from);
    if (!t->sink->as_it_is)
        out->text = text_trim(c->mem, from->text);
    /* What a server calls itself goes into the ledger and its sums. */
    out->model = text_clean(c->mem, text_blank(from->model) ? t->who->model : from->model,
                            LLM_MODEL_MAX);
}

rc_t pool_trial_begin(struct pool_trial *t, const struct ctx *c, const struct pool_candidate *who,
                      const struct pool_limits *limits, const struct llm_ask *ask,
                      const struct pool_sink *sink, bool *call)
{
    *t = (struct pool_trial){.c = ctx_part(c, TRY_MEMORY_MAX),
                             .llm = llm_speaking(who->llm, &who->account),
                             .who = who,
                             .sink = sink,
                             .ask = *ask,
                             .tools_offered = ask->tool_count > 0 && !who->no_tools,
                             .answer = {.text = ""},
                             .http = {.retry_after_ms = -1}};
    t->started_ms = clock_mono_ms();
    t->ask.model = who->model;
    t->ask.max_tokens = pool_most_answer(who, ask);
    if (who->no_tools)
        t->ask.tool_count = 0;
    t->ask.stream = ask->stream && (who->llm->can & (LLM_CAN_STREAM | LLM_CAN_LOCAL)) != 0;
    t->stream = llm_stream_new(t->c->mem);
    t->whole = buf_new(t->c->mem, LLM_BODY_MAX);
    *call = (who->llm->can & LLM_CAN_LOCAL) == 0;
    return *call ? make_request(t, limits) : ask_local(t, &t->ask, &t->answer);
}

/*
 * The question is on its way, or answered in part, and nobody waits for it any more: the provider
 * may bill what it has done, so it counts.
 */
static bool was_left(const struct pool_trial *t)
{
    return text_is(t->c->fault.code, "http_cancelled") && t->http.maybe_sent;
}

rc_t pool_trial_end(struct pool_trial *t, struct ctx *c, rc_t rc, struct llm_answer *out,
                    struct pool_failure *f)
{
    struct llm_answer *answer = &t->answer;

    if (t->request.url != NULL)
        rc = t->ask.stream ? end_streaming(t, rc, answer) : end_whole(t, rc, answer);
    if (rc == OK) {
        drop_unasked(t, answer);
        rc = judge(t, answer);
    }
    if (rc == OK || answer->counted || !text_blank(answer->text) || was_left(t))
        estimate(t, rc == OK, answer);
    if (rc == OK) {
        keep(c, t, answer, out);
    } else {
        *f = (struct pool_failure){
            .code = t->c->fault.code,
            .detail = masked(c->mem, t->c->fault.detail, t->who->account.key),
            .status = t->http.status,
            .retry_after_ms = t->http.retry_after_ms,
            .shown = t->shown > 0,
            .sent = t->http.maybe_sent,
            .first_ms = t->first_ms};
        f->partial = (struct llm_answer){.input_tokens = answer->input_tokens,
                                         .cached_tokens = answer->cached_tokens,
                                         .cache_write_tokens = answer->cache_write_tokens,
                                         .output_tokens = answer->output_tokens,
                                         .reasoning_tokens = answer->reasoning_tokens,
                                         .counted = answer->counted};
    }
    ctx_end(t->c);
    t->c = NULL;
    return rc;
}
