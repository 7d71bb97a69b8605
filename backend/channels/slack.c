/* Slack, put together: Events API in, Web API out. docs/delivery.md says what is promised. */
#include "channels/slack.h"

#include <ctype.h>
#include <string.h>

/*
 * Slack wants a message's text below 4,000 characters and cuts it at 40,000. Turning Markdown into
 * mrkdwn lengthens ordinary text a little, and text full of & and < up to five times.
 */
#define MAX_TEXT 3000

#define ID_MAX 32
#define TS_PART_MAX 12

bool slack_id_valid(const char *id)
{
    size_t len = id == NULL ? 0 : strlen(id);

    for (size_t i = 0; i < len; i++)
        if (!isupper((unsigned char)id[i]) && !isdigit((unsigned char)id[i]))
            return false;
    return len > 0 && len <= ID_MAX;
}

bool slack_ts_valid(const char *ts)
{
    static const char digits[] = "0123456789";

    if (ts == NULL)
        return false;

    size_t whole = strspn(ts, digits);

    if (whole == 0 || whole > TS_PART_MAX || ts[whole] != '.')
        return false;

    size_t part = strspn(ts + whole + 1, digits);

    return part > 0 && part <= TS_PART_MAX && ts[whole + 1 + part] == '\0';
}

const struct channel channel_slack = {
    .name = "slack",
    .max_text = MAX_TEXT,
    .can_find = true,
    .api_setting = "slack_api",
    .claim = slack_claim,
    .check = slack_check,
    .place_valid = slack_id_valid,
    .read = slack_read,
    .write = slack_write,
    .wrote = slack_wrote,
    .find = slack_find,
    .found = slack_found,
    .probe = slack_probe,
    .probed = slack_probed,
};
