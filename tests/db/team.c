/* See team.h. */
#include "team.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/id.h"
#include "flow/purse.h"

#include <cmocka.h>

int team_start(void **state)
{
    int rc = chat_start(state);

    purse_start(pg_pool(PG_WORKER));
    return rc;
}

int team_stop(void **state)
{
    purse_stop();
    return chat_stop(state);
}

void team_open(struct chat *f, const struct tiny_step *steps, size_t count,
               const char *const *names, size_t name_count)
{
    const char *id = id_new(f->in.mem);

    pg_do(f->in.super, "INSERT INTO team (tenant_id, id, name) VALUES ('%s', '%s', 'Office')",
          f->in.at.tenant_id, id);
    pg_do(f->in.super, "UPDATE employee SET team_id = '%s' WHERE tenant_id = '%s'", id,
          f->in.at.tenant_id);
    for (size_t i = 0; i < name_count; i++)
        pg_do(f->in.super,
              "INSERT INTO employee (tenant_id, id, name, role, about, persona, team_id)"
              " VALUES ('%s', '%s', '%s', 'Keeper of the books', '', 'You count.', '%s')",
              f->in.at.tenant_id, id_new(f->in.mem), names[i], id);
    chat_model(f, steps, count);
}
const char *team_of(struct chat *f, const char *name, const char *column)
{
    return chat_get(f, column, text_printf(f->in.mem, "employee WHERE name = '%s'", name));
}

void team_said(struct chat *f, const char *outcome, const char *text)
{
    chat_answered(f, "1", outcome);
    assert_non_null(strstr(chat_get(f, "text", "message WHERE author = 'employee'"), text));
}

bool team_asked(struct chat *f, size_t i, const char *text)
{
    return strstr(tiny_request(f->model, i), text) != NULL;
}
