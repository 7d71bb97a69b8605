/*
 * konstruct channel: connects a channel's installation to an employee, after a live test of its
 * token.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/conf.h"
#include "base/id.h"
#include "channels/channel.h"
#include "core/audit.h"
#include "core/connection.h"
#include "core/employee.h"
#include "core/tenant_key.h"
#include "io/db.h"
#include "io/http.h"

#define SECRET_MAX 400

/*
 * A secret from its option, its variable, or typed without an echo: so that it need not stand in
 * the shell's history.
 */
static const char *secret(struct ctx *c, int argc, char **argv, const char *option, const char *env,
                          const char *ask)
{
    const char *given = cli_option(argc, argv, option);
    char line[SECRET_MAX] = "";
    struct termios before, quiet;
    bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;

    if (given == NULL)
        given = getenv(env);
    if (given != NULL)
        return given;
    if (terminal) {
        fprintf(stderr, "%s: ", ask);
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    if (fgets(line, sizeof(line), stdin) == NULL)
        line[0] = '\0';
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    return text_trim(c->mem, line);
}

/* Asks the vendor whose token this is. */
static rc_t probe(struct ctx *c, const struct channel *channel, const char *token,
                  struct connection *out)
{
    struct http_ask ask = {.method = NULL};
    struct http_answer answer;
    struct hook_claim claim = {.install = NULL};

    TRY(channel->probe(c, conf_named(channel->api_setting), token, &ask));
    TRY(http_call(c, &ask, &answer));
    TRY(channel->probed(c, &answer, &claim, &out->self, &out->shown_name));
    out->install = claim.install;
    if (out->app == NULL)
        out->app = claim.app;
    return OK;
}

static rc_t store(struct ctx *c, struct connection *made, const char *token,
                  const char *signing_secret)
{
    char *sealed = NULL;

    made->id = id_new(c->mem);
    TRY(tenant_key_make(c));
    TRY(secret_seal(c, connection_token_place(c->tenant_id, made->id), bytes_of(token), &sealed));
    made->bot_token = sealed;
    made->signing_secret = seal_with_key(c, conf_text(CONF_web_key),
                                         connection_secret_place(c->tenant_id, made->id),
                                         bytes_of(signing_secret));
    TRY(connection_add(c, made));
    TRY(audit_add(c, "host", "connection.added", made->id,
                  text_printf(c->mem, "{\"channel\":\"%s\"}", made->channel)));
    return db_commit(c);
}

static rc_t add(struct ctx *c, int argc, char **argv, const struct channel *channel)
{
    struct connection made = {.channel = channel->name, .app = cli_option(argc, argv, "--app")};
    struct employee employee;
    const char *token = secret(c, argc, argv, "--token", "KONSTRUCT_CHANNEL_TOKEN",
                               "Bot token (xoxb-...)");
    const char *signing = secret(c, argc, argv, "--signing-secret", "KONSTRUCT_CHANNEL_SECRET",
                                 "Signing secret");

    if (text_blank(token) || text_blank(signing))
        return ctx_fail(c, E_INVALID, "missing",
                        "Both the bot token and the signing secret are needed; find them in "
                        "your Slack app under OAuth & Permissions and Basic Information.");
    if (conf_text(CONF_web_key) == NULL)
        return ctx_fail(c, E_INVALID, "no_web_key",
                        "KONSTRUCT_WEB_KEY is not set here; the web process's key is needed.");
    TRY(employee_find(c, cli_option(argc, argv, "--employee"), &employee));
    made.employee_id = employee.id;
    TRY(probe(c, channel, token, &made));
    TRY(store(c, &made, token, signing));
    printf("Connected: %s (%s), answered by %s.\n",
           made.shown_name == NULL ? made.install : made.shown_name, made.install, employee.name);
    printf(
        "Set the Request URL of your Slack app's Event Subscriptions to\n  %s/hooks/%s/events/%s\n"
        "and subscribe to the bot events app_mention and message.im (message.channels for replies "
        "in threads).\n",
        conf_text(CONF_public_url) == NULL ? "https://YOUR-ADDRESS" : conf_text(CONF_public_url),
        channel->name, made.id);
    return OK;
}

static rc_t list(struct ctx *c)
{
    struct connection *items;
    size_t count;

    TRY(connection_list(c, &items, &count));
    if (count == 0)
        printf("Nothing is connected yet: konstruct channel add slack\n");
    for (size_t i = 0; i < count; i++)
        printf("%s  %-8s %-14s %s%s%s\n", items[i].id, items[i].channel, items[i].install,
               items[i].state, items[i].fault == NULL ? "" : ": ",
               items[i].fault == NULL ? "" : items[i].fault);
    return OK;
}

int cmd_channel(int argc, char **argv)
{
    const char *what = cli_word(argc, argv, 0), *name = cli_word(argc, argv, 1);
    const struct channel *channel = name == NULL ? NULL : channel_find(name);
    bool adding = text_is(what, "add");

    if ((!adding && !text_is(what, "list")) ||
        (adding && (channel == NULL || channel->probe == NULL))) {
        fprintf(stderr,
                "konstruct channel add slack [--tenant T] [--employee NAME] [--token xoxb-...] "
                "[--signing-secret S] [--app A...]\nkonstruct channel list [--tenant T]\n"
                "Without --token and --signing-secret they are asked for, or taken from "
                "KONSTRUCT_CHANNEL_TOKEN and KONSTRUCT_CHANNEL_SECRET.\n");
        return 2;
    }

    struct ctx *c = cli_tenant_ctx(argc, argv);

    if (c == NULL)
        return 2;

    rc_t rc = adding ? add(c, argc, argv, channel) : list(c);
    int code = rc == OK ? 0 : cli_fault(c);

    cli_end(c);
    return code;
}
