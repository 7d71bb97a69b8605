/* See served_check.h. */
#include "served_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <string.h>

#include "base/shape.h"
#include "llm_recorded.h"

/* Calls `each` for every file in a folder of recordings. */
static size_t each_file(const char *folder, void (*each)(void *arg, const char *path), void *arg)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    DIR *open = opendir(text_printf(c->mem, "tests/unit/recordings/%s", folder));
    struct dirent *entry;
    size_t count = 0;

    assert_non_null(open);
    while ((entry = readdir(open)) != NULL)
        if (entry->d_name[0] != '.' && strstr(entry->d_name, ".expect") == NULL) {
            each(arg, text_printf(c->mem, "%s/%s", folder, entry->d_name));
            count++;
        }
    closedir(open);
    ctx_end(c);
    return count;
}

struct judged {
    const struct served *served;
    const struct llm *llm;
    const struct llm *from; /* whose recording it is */
};

static void ask_again(void *arg, const char *path)
{
    const struct judged *j = arg;
    struct ctx *c = ctx_new(MIB(64), NULL);
    struct bytes body = recorded_file(c, path);
    struct llm_account account = {.key = "k"};
    struct served_ask asked;
    struct http_ask http;
    json_t *before, *after;

    if (strstr(body.data, "\"cannot\"") == NULL) {
        assert_int_equal(j->served->read(c, body, &asked), OK);
        assert_int_equal(llm_check(c, &asked.ask), OK);
        assert_int_equal(j->llm->ask(c, &account, &asked.ask, &http), OK);
        assert_int_equal(json_parse(c, body, &before), OK);
        assert_int_equal(json_parse(c, http.body, &after), OK);
        if (!json_equal(before, after))
            print_error("%s: became\n%s\n", path, json_text(c->mem, after));
        assert_true(json_equal(before, after));
    }
    ctx_end(c);
}

void served_check_asks(const struct served *served, const struct llm *llm, const char *folder)
{
    struct judged j = {.served = served, .llm = llm};
    struct ctx *c = ctx_new(MIB(1), NULL);

    assert_true(each_file(text_printf(c->mem, "asks/%s", folder), ask_again, &j) > 10);
    ctx_end(c);
}

struct served_talk served_talk_of(struct ctx *c, const struct served_ask *asked)
{
    return (struct served_talk){
        .asked = asked, .id = "one", .model = "acme-1", .created = 1700000000, .mem = c->mem};
}

/*
 * The stream of an answer whose text comes in pieces of at most `step` bytes; 0: only at its end.
 */
static struct bytes stream_of(struct ctx *c, const struct judged *j, const struct llm_answer *a,
                              size_t step)
{
    struct served_ask asked = {.ask = {.stream = true}, .usage = true, .echo = ""};
    struct served_talk talk = served_talk_of(c, &asked);
    struct buf out = buf_new(c->mem, MIB(8));
    size_t len = step == 0 ? 0 : strlen(a->text);

    if (step > 0)
        j->served->begin(&talk, &out);
    for (size_t at = 0, next; at < len; at += next) {
        next = text_cut(a->text + at, len - at, step);
        j->served->text(&talk, (struct bytes){a->text + at, next}, &out);
    }
    j->served->end(&talk, a, &out);
    assert_false(out.over);
    assert_true(text_utf8(buf_bytes(&out)));
    return buf_bytes(&out);
}

static struct bytes whole_of(struct ctx *c, const struct judged *j, const struct llm_answer *a)
{
    struct served_ask asked = {.echo = ""};
    struct served_talk talk = served_talk_of(c, &asked);
    struct buf out = buf_new(c->mem, MIB(8));

    j->served->whole(&talk, a, &out);
    assert_false(out.over);
    return buf_bytes(&out);
}

/* What is the answer's own, and what only another API can say. */
static void same(struct ctx *c, const struct judged *j, const char *path, struct bytes bytes,
                 size_t step, const struct llm_answer *given)
{
    struct llm_answer read;
    rc_t rc = recorded_read(c, j->llm, path, bytes, 200, step, &read);

    if (rc != OK)
        print_error("%s: %s\n%s\n", path, c->fault.detail, bytes.data);
    assert_int_equal(rc, OK);
    assert_string_equal(read.text, given->text);
    assert_int_equal(llm_refused(&read), llm_refused(given));
    assert_int_equal(read.call_count, given->call_count);
    assert_int_equal(read.input_tokens, given->input_tokens);
    assert_int_equal(read.cached_tokens, given->cached_tokens);
    assert_int_equal(read.output_tokens, given->output_tokens);
    assert_int_equal(read.reasoning_tokens, given->reasoning_tokens);
    assert_string_equal(read.model, "acme-1");
    for (size_t i = 0, k = 0; i < given->part_count; i++) {
        if (given->parts[i].kind != LLM_CALL)
            continue;
        while (read.parts[k].kind != LLM_CALL)
            k++;
        assert_string_equal(read.parts[k].call_id, given->parts[i].call_id);
        assert_string_equal(read.parts[k].tool, given->parts[i].tool);
        assert_string_equal(read.parts[k].arguments, given->parts[i].arguments);
        k++;
    }
}

static void answer_again(void *arg, const char *path)
{
    const struct judged *j = arg;
    struct ctx *c = ctx_new(MIB(256), NULL);
    struct llm_answer a;

    if (recorded_read(c, j->from, path, recorded_file(c, path), 200, 7, &a) == OK) {
        same(c, j, "whole.json", whole_of(c, j, &a), 0, &a);
        same(c, j, "stream.sse", stream_of(c, j, &a, 0), 11, &a);
        same(c, j, "stream.sse", stream_of(c, j, &a, 5), 64, &a);
    }
    ctx_end(c);
}

void served_check_answers(const struct served *served, const struct llm *llm)
{
    static const char *const apis[] = {"openai", "responses", "anthropic", "ollama"};
    struct ctx *c = ctx_new(MIB(1), NULL);
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(apis); i++) {
        struct judged j = {.served = served, .llm = llm, .from = recorded_api(apis[i])};

        count += each_file(text_printf(c->mem, "llm/%s", apis[i]), answer_again, &j);
    }
    assert_true(count > 60);
    ctx_end(c);
}

void served_check_refused(const struct served *served, const struct served_refused *rows,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct ctx *c = ctx_new(MIB(16), NULL);
        struct served_ask asked;
        rc_t rc = served->read(c, bytes_of(rows[i].body), &asked);
        struct served_error e = served_error_of(&c->fault);

        if (rc == OK || !text_is(c->fault.code, rows[i].code) ||
            !text_is(c->fault.field, rows[i].param))
            print_error("%s: %s %s\n", rows[i].body, c->fault.code, c->fault.field);
        assert_true(rc == E_INVALID || rc == E_LIMIT);
        assert_string_equal(c->fault.code, rows[i].code);
        assert_true(text_is(c->fault.field, rows[i].param));
        assert_int_equal(e.status, 400);
        assert_string_equal(e.type, "invalid_request_error");
        ctx_end(c);
    }
}

struct served_ask served_good(struct ctx *c, const struct served *served, const char *body)
{
    struct served_ask asked;
    rc_t rc = served->read(c, bytes_of(body), &asked);

    if (rc != OK)
        print_error("%s: %s\n", body, c->fault.detail);
    assert_int_equal(rc, OK);
    return asked;
}
