/*
 * Asks our signature check, for judges that are not written in C. Reads one JSON object a line:
 *     {"secret", "stamp", "signature", "body", "now"}      (stamp and signature may be missing)
 * and answers each with a line: "ok", or the code of the refusal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shape.h"
#include "channels/channel.h"
#include "io/crypto.h"

static const char *header(const void *native, const char *name)
{
    return json_str(native, strcmp(name, "x-slack-signature") == 0 ? "signature" : "stamp");
}

static void answer(const char *line, size_t len)
{
    struct ctx *c = ctx_new(MIB(64), NULL);
    json_t *row;

    if (json_parse(c, (struct bytes){line, len}, &row) != OK || json_str(row, "secret") == NULL) {
        puts("bad_line");
    } else {
        const json_t *body = json_object_get(row, "body");
        struct hook hook = {
            .body = {json_string_value(body), json_string_length(body)},
            .header = header,
            .native = row,
            .now_s = json_integer_value(json_object_get(row, "now")),
        };

        puts(channel_slack.check(c, &hook, bytes_of(json_str(row, "secret"))) == OK
                 ? "ok"
                 : c->fault.code);
    }
    fflush(stdout);
    ctx_end(c);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    crypto_start();
    while ((len = getline(&line, &room, stdin)) > 0)
        answer(line, (size_t)len);
    free(line);
    return 0;
}
