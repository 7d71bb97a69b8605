/* What time it is somewhere: models don't know. */
#include "core/zone.h"
#include "tools/tool.h"

struct input {
    const char *zone;
};

static const struct field fields[] = {
    FIELD(struct input, zone, REQUIRED, 64,
          "IANA time zone, such as Europe/Berlin or America/New_York; UTC when nothing is known"),
};
static const struct shape shape = SHAPE("DateAndTime", struct input, fields);

static rc_t run(struct ctx *c, const struct tool_host *host, const void *in, const char **out)
{
    const struct input *asked = in;
    struct zone_time now;

    (void)host;
    TRY(zone_now(c, asked->zone, &now));
    *out = text_printf(c->mem, "%s in %s (%s, %s from UTC)", now.text, now.zone, now.abbreviation,
                       now.offset);
    return OK;
}

const struct tool tool_date_and_time = {
    .name = "date_and_time",
    .about = "The present date, weekday and time in a time zone.",
    .input = &shape,
    .words = " time date day today tomorrow yesterday now clock hour hours week weekday month year "
             "when weekend noon midnight uhr uhrzeit zeit datum heute morgen gestern jetzt tag "
             "woche wann heure jour date maintenant demain hora fecha hoy cuando ",
    .run = run,
};
