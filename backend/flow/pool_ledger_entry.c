/* See pool_ledger_entry.h. */
#include "flow/pool_ledger_entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"

static void copy(char to[37], const char *from)
{
    snprintf(to, 37, "%s", from == NULL ? "" : from);
}

static const char *or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static char *own(const char *text)
{
    char *made = text == NULL ? NULL : strdup(text);

    if (text != NULL && made == NULL)
        abort();
    return made;
}

struct ledger_entry *ledger_entry_new(const char *tenant_id, const struct payer *payer,
                                      const struct pool_candidate *who,
                                      const struct purse_hold *hold)
{
    struct ledger_entry *e = calloc(1, sizeof(*e));
    struct arena *mem = arena_new(KIB(8));

    if (e == NULL)
        abort();
    copy(e->id, id_new(mem));
    arena_free(mem);
    copy(e->tenant_id, tenant_id);
    copy(e->employee_id, payer->employee_id);
    copy(e->team_id, payer->team_id);
    copy(e->conversation_id, payer->conversation_id);
    copy(e->key_id, payer->key_id);
    copy(e->account_id, who->account_id);
    e->provider = who->llm->name;
    e->asked = own(who->model);
    e->hold = *hold;
    return e;
}

void ledger_entry_fill(struct ledger_entry *e, const struct usage *u)
{
    if (u == NULL) {
        e->nothing = true;
        return;
    }
    e->u = *u;
    e->u.id = e->id;
    e->u.job = NULL;
    e->u.step_no = -1;
    e->u.employee_id = or_null(e->employee_id);
    e->u.team_id = or_null(e->team_id);
    e->u.conversation_id = or_null(e->conversation_id);
    e->u.key_id = or_null(e->key_id);
    e->u.account_id = or_null(e->account_id);
    e->u.provider = e->provider;
    e->model = own(u->model);
    e->u.model = e->model == NULL ? e->asked : e->model;
    snprintf(e->price_from, sizeof(e->price_from), "%s",
             u->price_from == NULL ? "" : u->price_from);
    e->u.price_from = or_null(e->price_from);
    e->u.tries = e->tries = own(u->tries);
}

void ledger_entry_free(struct ledger_entry *e)
{
    free(e->asked);
    free(e->model);
    free(e->tries);
    free(e);
}

struct call_open ledger_entry_call(const struct ledger_entry *e)
{
    return (struct call_open){.id = e->id,
                              .holder = purse_holder(),
                              .provider = e->provider,
                              .model = e->asked,
                              .account_id = or_null(e->account_id),
                              .payer = {.employee_id = or_null(e->employee_id),
                                        .team_id = or_null(e->team_id),
                                        .conversation_id = or_null(e->conversation_id),
                                        .key_id = or_null(e->key_id)},
                              .held = e->hold.micros};
}
