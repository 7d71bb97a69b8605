/* konstruct person: what the host does for one person. */
#include <stdio.h>

#include "app/cli.h"
#include "base/conf.h"
#include "core/audit.h"
#include "core/factor.h"
#include "core/mail.h"
#include "core/person.h"
#include "io/db.h"

/* In every company of the person, so that each finds it in its audit. */
static rc_t record(struct ctx *c, const struct person_place *places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        TRY(db_tenant(c, places[i].tenant_id));
        TRY(audit_add(c, "host", "person.factor_reset", places[i].person_id, "{}"));
    }
    return OK;
}

static rc_t reset_factor(struct ctx *c, const char *email)
{
    struct person_record person;
    struct person_place *places;
    size_t count;
    bool was;

    TRY(person_places(c, email, &places, &count));
    if (count == 0)
        return ctx_fail(c, E_NOT_FOUND, "not_found", "Nobody logs in with %s.", email);
    TRY(db_tenant(c, places[0].tenant_id));
    TRY(factor_drop(c, places[0].person_id, &was));
    if (!was)
        return ctx_fail(c, E_CONFLICT, "factor_off", "%s has no second factor.", email);
    TRY(person_find(c, places[0].person_id, &person));
    TRY(mail_add(c, places[0].person_id, "factor_off", person.email));
    TRY(record(c, places, count));
    TRY(db_commit(c));
    printf("The second factor of %s is off; a mail tells them.\n", email);
    return OK;
}

int cmd_person(int argc, char **argv)
{
    const char *email = cli_word(argc, argv, 1);

    if (!text_is(cli_word(argc, argv, 0), "reset-factor") || email == NULL) {
        fprintf(stderr, "konstruct person reset-factor EMAIL\n"
                        "Turns off the second factor of somebody who has lost it. Make sure that "
                        "it is really them who ask.\n");
        return 2;
    }

    struct ctx *c = cli_settings() ? cli_ctx(conf_text(CONF_db_worker), "KONSTRUCT_DB_WORKER")
                                   : NULL;

    if (c == NULL)
        return 2;

    int code = reset_factor(c, email) == OK ? 0 : cli_fault(c);

    cli_end(c);
    return code;
}
