/* konstruct employee: who works for a tenant, and which models think for whom. */
#include <stdio.h>
#include <string.h>

#include "app/cli.h"
#include "core/audit.h"
#include "core/employee.h"
#include "io/db.h"
#include "llm/llm.h"

static rc_t list(struct ctx *c)
{
    struct page page = {.most = PAGE_MOST};
    struct employee *items;
    size_t count;

    TRY(employee_list(c, NULL, &page, &items, &count));
    for (size_t i = 0; i < count; i++)
        printf("%s  %-12s %-24s %s:%s\n", items[i].id, items[i].name, items[i].role,
               items[i].provider, items[i].model);
    return OK;
}

/* "openai:gpt-x" cut in two; "none" takes it away. */
static rc_t model_of(struct ctx *c, const char *text, const char **provider, const char **model)
{
    const char *colon;

    if (text == NULL)
        return OK;
    if (strcmp(text, "none") == 0) {
        *provider = *model = "";
        return OK;
    }
    colon = strchr(text, ':');
    if (colon == NULL || colon[1] == '\0')
        return ctx_fail(c, E_INVALID, "model_form",
                        "Write a model as provider:model, such as openai:gpt-4o-mini.");
    *provider = text_copy(c->mem, text, (size_t)(colon - text));
    *model = colon + 1;
    if (llm_find(*provider) == NULL && strcmp(text, "auto:auto") != 0)
        return ctx_fail(c, E_INVALID, "provider_unknown", "There is no provider %s.", *provider);
    return OK;
}

static rc_t models(struct ctx *c, int argc, char **argv)
{
    struct employee_brain wanted = {.id = NULL};
    struct employee employee;

    TRY(employee_find(c, cli_word(argc, argv, 1), &employee));
    TRY(model_of(c, cli_option(argc, argv, "--primary"), &wanted.primary_provider,
                 &wanted.primary_model));
    TRY(model_of(c, cli_option(argc, argv, "--fallback"), &wanted.fallback_provider,
                 &wanted.fallback_model));
    TRY(model_of(c, cli_option(argc, argv, "--local"), &wanted.local_provider,
                 &wanted.local_model));
    if (text_is(wanted.primary_provider, ""))
        return ctx_fail(c, E_INVALID, "primary_needed",
                        "An employee needs a primary model; starter:starter always works.");
    TRY(employee_models(c, employee.id, &wanted));
    TRY(audit_add(c, "host", "employee.models_changed", employee.id, "{}"));
    TRY(db_commit(c));
    return list(c);
}

int cmd_employee(int argc, char **argv)
{
    const char *what = cli_word(argc, argv, 0);
    bool listing = text_is(what, "list");

    if (!listing && !text_is(what, "models")) {
        fprintf(
            stderr,
            "konstruct employee list [--tenant T]\nkonstruct employee models NAME [--primary P:M] "
            "[--fallback P:M|none] [--local P:M|none] [--tenant T]\n");
        return 2;
    }

    struct ctx *c = cli_tenant_ctx(argc, argv);

    if (c == NULL)
        return 2;

    int code = (listing ? list(c) : models(c, argc, argv)) == OK ? 0 : cli_fault(c);

    cli_end(c);
    return code;
}
