/* See limit_plan.h. */
#include "core/limit_plan.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "core/plan.h"

#define SETS 1024
#define WAYS 4
#define KEPT_MS 60000 /* so long a change of a plan may go unnoticed */
#define NOT_SAID (-1)

struct entry {
    char tenant_id[ID_LEN + 1];
    int64_t used_ms;
    struct {
        int64_t value, until_ms;
    } said[LIMIT_COUNT];
};

static struct entry entries[SETS][WAYS];

/* The tenant's, in the place of the one that was used longest ago if it has none. */
static struct entry *place_of(const char *tenant_id, int64_t now_ms)
{
    struct entry *set = entries[hash_text(tenant_id) % SETS], *oldest = set;

    for (size_t i = 0; i < WAYS; i++) {
        if (strcmp(set[i].tenant_id, tenant_id) == 0) {
            set[i].used_ms = now_ms;
            return &set[i];
        }
        if (set[i].used_ms < oldest->used_ms)
            oldest = &set[i];
    }
    *oldest = (struct entry){.used_ms = now_ms};
    snprintf(oldest->tenant_id, sizeof(oldest->tenant_id), "%s", tenant_id);
    return oldest;
}

int64_t limit_planned(struct ctx *c, enum limit which, int64_t usual)
{
    struct fault before = c->fault;
    int64_t value = NOT_SAID;

    if (c->tenant_id == NULL || c->db == NULL)
        return usual;

    const int64_t now_ms = clock_mono_ms();
    struct entry *e = place_of(c->tenant_id, now_ms);

    if (e->said[which].until_ms <= now_ms) {
        if (plan_limit(c, limit_name(which), &value) != OK) {
            c->fault = before;
            return usual;
        }
        e->said[which].value = value;
        e->said[which].until_ms = now_ms + KEPT_MS;
    }
    return e->said[which].value == NOT_SAID ? usual : e->said[which].value;
}

void limit_plans_clear(void)
{
    memset(entries, 0, sizeof(entries));
}
