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
             "woche wochentag monat jahr wann stunde spät spaet heure heures jour date maintenant "
             "demain aujourd'hui quand mois semaine hora horas fecha hoy cuando cuándo mañana "
             "ayer ahora día dia mes semana hoje amanhã ontem agora quando ora ore oggi domani "
             "ieri adesso giorno mese settimana tijd vandaag gisteren nu dag wanneer "
             "maand tid idag imorgon igår klockan klokken dato godzina godzinie czas dziś "
             "dzisiaj jutro wczoraj teraz kiedy dzień saat tarih bugün yarın dün şimdi gün "
             "время час дата сегодня Сегодня завтра Завтра "
             "вчера сейчас день когда Когда ",
    .run = run,
};
