/* konstruct chat: talk to an employee from the terminal; the answer appears as it is made. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/id.h"
#include "base/shape.h"
#include "core/conversation.h"
#include "core/employee.h"
#include "flow/live.h"
#include "flow/say.h"
#include "io/db.h"
#include "io/redis.h"

#define ANSWER_MS (180 * 1000)
#define LOOK_MS 250
#define LINE_MOST 8000

struct talk {
    const char *conversation_id;
    struct redis *redis;
    size_t shown; /* bytes of the answer that are on the screen */
    int64_t take; /* of which beginning of the answer; see flow/live_text.h */
};

static rc_t say(struct ctx *c, const struct talk *talk, const char *text, const char **inbound_id)
{
    const struct say say = {.conversation_id = talk->conversation_id,
                            .key = id_new(c->mem),
                            .author = "terminal",
                            .name = "Terminal",
                            .text = text};
    struct said said;

    TRY(say_add(c, &say, &said));
    TRY(db_commit(c));
    say_ring(c, &said);
    *inbound_id = said.inbound_id;
    return OK;
}

/* The answer begins anew: what stands on the screen can't be taken back, so it is marked. */
static void begin_take(struct talk *talk, int64_t take)
{
    if (take == talk->take)
        return;
    if (talk->shown > 0)
        fputs(" ...\n(begins anew) ", stdout);
    talk->take = take;
    talk->shown = 0;
}

/*
 * Shows a piece of the answer; one that does not follow on what is shown is left for the whole
 * answer to mend.
 */
static void show_delta(struct ctx *c, struct talk *talk, const char *text)
{
    json_t *event;

    if (json_parse(c, bytes_of(text), &event) != OK || !text_is(json_str(event, "type"), "delta"))
        return;

    const char *piece = json_str(event, "text");
    size_t at = (size_t)json_integer_value(json_object_get(event, "at"));

    if (piece == NULL)
        return;
    begin_take(talk, json_integer_value(json_object_get(event, "take")));
    if (at != talk->shown)
        return;
    fputs(piece, stdout);
    fflush(stdout);
    talk->shown += strlen(piece);
}

static rc_t listen(struct ctx *c, struct talk *talk, const char *inbound_id, struct message *answer)
{
    int64_t until = clock_mono_ms() + ANSWER_MS;
    const char *message;
    bool found = false;

    while (!found && clock_mono_ms() < until) {
        if (redis_wait(c, talk->redis, LOOK_MS, &message) != OK) {
            usleep(LOOK_MS * 1000); /* without Redis the rows are looked at */
            ctx_forgive(c);
            message = NULL;
        }
        if (message != NULL && strstr(message, "\"type\":\"message\"") == NULL) {
            show_delta(c, talk, message);
            continue;
        }
        TRY(message_find(c, message_answer_id(c, inbound_id), answer, &found));
        TRY(db_commit(c));
    }
    return found ? OK
                 : ctx_fail(c, E_TIMEOUT, "answer_late",
                            "No answer came in time. Is konstruct-worker running? "
                            "`konstruct doctor` tells.");
}

static rc_t turn(struct ctx *c, struct talk *talk, const char *name, const char *line)
{
    struct message answer;
    const char *inbound_id;

    talk->shown = 0;
    talk->take = 0;
    TRY(say(c, talk, line, &inbound_id));
    printf("%s: ", name);
    fflush(stdout);
    TRY(listen(c, talk, inbound_id, &answer));
    if (strlen(answer.text) >= talk->shown)
        fputs(answer.text + talk->shown, stdout);
    printf("\n");
    return OK;
}

static rc_t chat(struct ctx *c, const char *wanted)
{
    struct talk talk = {.redis = redis_new(conf_text(CONF_redis_url))};
    struct conversation conversation = {.id = id_new(c->mem), .channel = "terminal"};
    struct employee employee;
    char line[LINE_MOST];
    bool terminal = isatty(STDIN_FILENO);
    rc_t rc = OK;

    TRY(employee_find(c, wanted, &employee));
    conversation.employee_id = employee.id;
    TRY(conversation_open(c, &conversation));
    TRY(db_commit(c));
    talk.conversation_id = conversation.id;
    if (redis_subscribe(c, talk.redis, live_channel(c, conversation.id)) != OK)
        ctx_forgive(c);
    if (terminal)
        printf("You talk to %s, %s. An empty line or Ctrl-D ends it.\n", employee.name,
               employee.role);
    while (rc == OK) {
        if (terminal) {
            printf("you: ");
            fflush(stdout);
        }
        if (fgets(line, sizeof(line), stdin) == NULL || text_blank(line))
            break;
        if (!text_utf8(bytes_of(line)))
            rc = ctx_fail(c, E_INVALID, "bad_text", "This line is not valid UTF-8.");
        else
            rc = turn(c, &talk, employee.name, text_trim(c->mem, line));
    }
    redis_free(talk.redis);
    return rc;
}

int cmd_chat(int argc, char **argv)
{
    struct ctx *c = cli_tenant_ctx(argc, argv);

    if (c == NULL)
        return 2;
    live_start(conf_text(CONF_redis_url));

    int code = chat(c, cli_option(argc, argv, "--employee")) == OK ? 0 : cli_fault(c);

    live_stop();
    cli_end(c);
    return code;
}
