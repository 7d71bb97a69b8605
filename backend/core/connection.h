/*
 * A connection: one installation of a channel, such as a Slack workspace, answered by one employee.
 */
#ifndef CORE_CONNECTION_H
#define CORE_CONNECTION_H

#include "base/ctx.h"
#include "io/crypto.h"

struct connection {
    const char *id, *channel, *install, *app, *self, *shown_name, *employee_id, *state, *fault;
    const char *bot_token;      /* sealed to the tenant */
    const char *signing_secret; /* sealed to the web process */
};

/*
 * Stores it; a workspace that this tenant had removed comes back. E_CONFLICT "install_taken" when
 * it is connected already.
 */
rc_t connection_add(struct ctx *c, const struct connection *in) MUST;
rc_t connection_list(struct ctx *c, struct connection **items, size_t *count) MUST;
rc_t connection_get(struct ctx *c, const char *id, struct connection *out) MUST;

/* Marks it broken (with the vendor's word) or connected (fault NULL). */
rc_t connection_state(struct ctx *c, const char *id, const char *state, const char *fault) MUST;

/* What a webhook needs to find its tenant; found without one. */
struct hook_record {
    const char *tenant_id, *connection_id, *employee_id, *self, *signing_secret;
};
/* tenant_id is NULL when nobody connected this installation. */
rc_t connection_for_hook(struct ctx *c, const char *channel, const char *install,
                         struct hook_record *out) MUST;
/* The newest 64 with this app id (NULL: any): to judge who signed when no installation is known. */
rc_t connection_secrets(struct ctx *c, const char *channel, const char *app,
                        struct hook_record **out, size_t *count) MUST;

/* Where the two secrets belong, for sealing and opening. */
struct seal_place connection_secret_place(const char *tenant_id, const char *connection_id);
struct seal_place connection_token_place(const char *tenant_id, const char *connection_id);

#endif
