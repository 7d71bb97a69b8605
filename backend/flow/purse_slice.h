/* What the database said of slices, and how it gets into the books. For flow/purse*.c only. */
#ifndef FLOW_PURSE_SLICE_H
#define FLOW_PURSE_SLICE_H

#include "flow/purse_tenants.h"

/* The texts live in the context of the asking. */
struct purse_said {
    enum cap_taken how;
    struct cap *caps;
    size_t cap_count;
    struct cap_slice slices[CAPS_MAX];
    size_t count;
    int64_t asked; /* purse_lease: what for */
};

/* With the lock held. */
void purse_take_over(struct purse_tenant *t, const struct purse_said *said, int64_t asked_ms);
/* E_LIMIT: which of several caps, in words. */
rc_t purse_refuse(struct ctx *c, const struct cap_slice *slice);

#endif
