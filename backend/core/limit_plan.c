/* See limit_plan.h. */
#include "core/limit_plan.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "core/plan.h"

#define PLACES 1024
#define KEPT_MS 60000 /* so long a change of a plan may go unnoticed */
#define NOT_SAID (-1)

struct entry {
    char tenant_id[ID_LEN + 1];
    struct {
        int64_t value, until_ms;
    } said[LIMIT_COUNT];
};

static struct entry entries[PLACES];

static struct entry *place_of(const char *tenant_id)
{
    struct entry *e = &entries[hash_text(tenant_id) % PLACES];

    if (strcmp(e->tenant_id, tenant_id) != 0) {
        *e = (struct entry){.tenant_id = ""};
        snprintf(e->tenant_id, sizeof(e->tenant_id), "%s", tenant_id);
    }
    return e;
}

int64_t limit_planned(struct ctx *c, enum limit which, int64_t usual)
{
    struct fault before = c->fault;
    int64_t value = NOT_SAID;

    if (c->tenant_id == NULL || c->db == NULL)
        return usual;

    struct entry *e = place_of(c->tenant_id);

    if (e->said[which].until_ms <= clock_mono_ms()) {
        if (plan_limit(c, limit_name(which), &value) != OK) {
            c->fault = before;
            return usual;
        }
        e->said[which].value = value;
        e->said[which].until_ms = clock_mono_ms() + KEPT_MS;
    }
    return e->said[which].value == NOT_SAID ? usual : e->said[which].value;
}

void limit_plans_clear(void)
{
    memset(entries, 0, sizeof(entries));
}
