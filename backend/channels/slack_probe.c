/*
 * Proves a bot token when Slack is connected: auth.test says whose it is. A refusal comes with what
 * to do. https://api.slack.com/methods/auth.test
 */
#include <string.h>

#include "channels/slack.h"

rc_t slack_probe(struct ctx *c, const char *api_base, const char *secret, struct http_ask *out)
{
    TRY(slack_call(c, api_base, secret, "auth.test", "application/x-www-form-urlencoded", out));
    return OK;
}

static const struct {
    const char *word, *what_to_do;
} refusals[] = {
    {"invalid_auth", "Slack does not know this token. Copy the Bot User OAuth Token (xoxb-...) "
                     "again, from the app's "
                     "page OAuth & Permissions."},
    {"not_authed",
     "Slack saw no token. Copy the Bot User OAuth Token (xoxb-...), from the app's page OAuth & "
     "Permissions."},
    {"account_inactive",
     "The bot's user or workspace was removed. Install the app into the workspace again and copy "
     "the new token."},
    {"token_revoked",
     "The token was revoked. Install the app into the workspace again and copy the new token."},
    {"token_expired", "The token has expired. Switch token rotation off for the app, or install it "
                      "again and copy the "
                      "new token."},
    {"not_allowed_token_type",
     "This is not a bot's token. Copy the Bot User OAuth Token (xoxb-...), from the app's "
     "page OAuth & Permissions."},
    {"team_access_not_granted",
     "The app may not act in this workspace. Ask the organisation's admin to add it there."},
    {"accesslimited",
     "Slack refuses calls from this network. Check the app's list of allowed IP addresses."},
};

static rc_t refused(struct ctx *c, const char *word)
{
    for (size_t i = 0; i < COUNT_OF(refusals); i++)
        if (strcmp(refusals[i].word, word) == 0)
            return ctx_bad(c, "token", "token_refused", "%s (Slack says %s.)",
                           refusals[i].what_to_do, word);
    return ctx_bad(c, "token", "token_refused", "Slack refuses the token and says %.60s.", word);
}

rc_t slack_probed(struct ctx *c, const struct http_answer *http, struct hook_claim *claim,
                  const char **self, const char **shown_name)
{
    const json_t *root = http->status == 200 ? slack_answer(c, http) : NULL;
    const char *word = json_str(root, "error");

    if (http->status == 429 || text_is(word, "ratelimited"))
        return ctx_fail(c, E_UPSTREAM, "channel_busy",
                        "Slack asks us to wait; try again in %lld seconds.",
                        (long long)(slack_wait_ms(http) + 999) / 1000);
    if (root == NULL)
        return ctx_fail(c, E_UPSTREAM, "channel_broken",
                        "Slack answered status %d and nothing that can be read.", http->status);
    if (!json_is_true(json_object_get(root, "ok")))
        return refused(c, word == NULL ? "nothing" : word);

    *claim = (struct hook_claim){.install = json_str(root, "team_id"),
                                 .app = json_str(root, "app_id")};
    *self = json_str(root, "user_id");
    *shown_name = json_str(root, "team");
    if (!slack_id_valid(claim->install) || !slack_id_valid(*self))
        return ctx_fail(c, E_UPSTREAM, "channel_broken",
                        "Slack's answer names no workspace or no user.");
    if (claim->app != NULL && !slack_id_valid(claim->app))
        claim->app = NULL;
    /* A person's token would post in his name. */
    if (json_str(root, "bot_id") == NULL)
        return ctx_bad(c, "token", "token_not_bot",
                       "This is a person's token. Copy the Bot User OAuth Token (xoxb-...), from "
                       "the app's page OAuth "
                       "& Permissions.");
    return OK;
}
