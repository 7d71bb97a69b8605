/* See life_help.h. */
#include "life_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/id.h"
#include "flow/live.h"
#include "walk.h"

#include <cmocka.h>

static char folder[] = "/tmp/konstruct-life-XXXXXX";

int life_start(void **state)
{
    if (audit_help_start(state) != 0 || mkdtemp(folder) == NULL)
        return 1;
    conf_set(CONF_files_dir, folder);
    live_start(NULL);
    return 0;
}

int life_stop(void **state)
{
    char path[100];

    snprintf(path, sizeof(path), "%s/exports", folder);
    rmdir(path);
    if (rmdir(folder) != 0)
        return 1; /* a test has left a file behind */
    live_stop();
    return pg_stop(state);
}

const char *life_fill(struct arena *mem, PGconn *super, const char *mark)
{
    const char *tenant_id = id_new(mem);

    pg_do(super, "BEGIN");
    pg_do(super, "%s", file_text(mem, "isolation/fill.sql"));
    pg_do(super, "SELECT pg_temp.isolation_fill('%s', '%s')", tenant_id, mark);
    /* A true chain in the place of the row that was made up. */
    pg_do(super,
          "SET LOCAL session_replication_role = replica; DELETE FROM audit WHERE tenant_id = '%s';"
          " UPDATE audit_head SET seq = 0, hash = sha256('') WHERE tenant_id = '%s';"
          " SET LOCAL session_replication_role = origin",
          tenant_id, tenant_id);
    pg_do(super, "DISCARD TEMP; COMMIT");
    add(tenant_id, "system", "tenant.created", tenant_id, "{}");
    return tenant_id;
}

const char **life_tables(struct arena *mem, PGconn *super, int *count)
{
    PGresult *r = PQexec(super, "SELECT tab FROM tenant_tables()");
    const char **names;

    assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
    *count = PQntuples(r);
    assert_true(*count > 15);
    names = arena_take(mem, (size_t)*count * sizeof(*names));
    for (int i = 0; i < *count; i++)
        names[i] = text_dup(mem, PQgetvalue(r, i, 0));
    PQclear(r);
    return names;
}

const char *life_run(struct arena *mem, PGconn *super, const char *tenant_id, const char *kind)
{
    const char *id = pg_get(mem, super,
                            "UPDATE job SET run_at = now() WHERE tenant_id = '%s' AND kind = '%s'"
                            " AND state = 'ready' RETURNING id",
                            tenant_id, kind);
    struct job_hint hint = {tenant_id, id};

    if (id != NULL)
        runner_run(pg_pool(PG_WORKER), &hint, arena_take(mem, sizeof(struct run)));
    return id;
}
