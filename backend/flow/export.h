/*
 * The job `tenant_export`: writes everything that a tenant has into an archive, page by page, each
 * in a short transaction that also tells how far it is. A worker that dies leaves a part behind,
 * and the next one begins anew. docs/export.md describes the archive.
 */
#ifndef FLOW_EXPORT_H
#define FLOW_EXPORT_H

#include "flow/runner.h"

rc_t tenant_export_run(struct ctx *c, struct run *run) MUST;
rc_t tenant_export_bury(struct ctx *c, struct run *run) MUST;

/* The job `export_remove`, when the days of an archive are over. */
rc_t export_remove_run(struct ctx *c, struct run *run) MUST;

#endif
