/* A question to a colleague in the same team, who thinks about it with models of his own. */
#include "core/team.h"
#include "tools/tool.h"

#define LISTED_MOST 20 /* colleagues that a model is told of; others can be asked all the same */
#define ROLE_MOST 80   /* bytes of a role that it is told */
#define QUESTION_MOST 4000

struct input {
    const char *colleague, *question;
};

static const struct field fields[] = {
    FIELD(struct input, colleague, REQUIRED, 100, "The colleague's name"),
    FIELD(
        struct input, question, REQUIRED, QUESTION_MOST,
        "The whole question, with all that must be known to answer it: nothing else is passed on"),
};
static const struct shape shape = SHAPE("AskColleague", struct input, fields);

/* "Ben (Billing), Zoe (Shipping)" */
static const char *listed(struct ctx *c, const struct colleague *items, size_t count)
{
    struct buf b = buf_new(c->mem, KIB(8));

    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s%s (%s)", i == 0 ? "" : ", ", items[i].name,
                   text_clean(c->mem, items[i].role, ROLE_MOST));
    return buf_str(&b);
}

static rc_t offer(struct ctx *c, const struct employee_brain *who, struct tool_offer *out)
{
    struct colleague *items;
    size_t count;
    const char *all;

    TRY(team_colleagues(c, who->team_id, who->id, NULL, LISTED_MOST, &items, &count));
    all = listed(c, items, count);
    out->about = count == 0 ? NULL
                            : text_printf(c->mem, "%s Your colleagues: %s.", out->about, all);
    out->names = all;
    return OK;
}

static rc_t run(struct ctx *c, const struct tool_host *host, const void *in, const char **out)
{
    const struct input *asked = in;
    struct colleague *found;
    size_t count;

    TRY(team_colleagues(c, host->who->team_id, host->who->id, text_trim(c->mem, asked->colleague),
                        1, &found, &count));
    if (count == 0)
        return ctx_fail(c, E_NOT_FOUND, "colleague_unknown",
                        "You have no colleague of this name who is working: %s.", asked->colleague);
    return host->consult(c, host->arg, found[0].id, asked->question, out);
}

const struct tool tool_ask_colleague = {
    .name = "ask_colleague",
    .about = "Asks a colleague in your team what you don't know and that one may, and waits for "
             "the answer. Ask only when it is needed, and one thing once.",
    .input = &shape,
    .words = " colleague colleagues coworker coworkers team teammate teammates teams "
             "kollege kollegen kollegin kolleginnen mitarbeiter mitarbeiterin "
             "collègue collègues collegue collegues équipe equipe "
             "compañero compañera compañeros companero companera colega colegas equipo "
             "collega colleghi squadra ",
    .offer = offer,
    .run = run,
};
