/*
 * What is known of a model of an account: what the company says of it, and where it says nothing,
 * what stands in llm/models.def. Pure.
 */
#ifndef FLOW_ACCOUNT_FACTS_H
#define FLOW_ACCOUNT_FACTS_H

#include "core/account_book.h"
#include "flow/pool.h"
#include "llm/model.h"

struct account_facts {
    const struct price *price; /* that the company says; NULL: it says none */
    const char *priced_by;     /* the name of the line that says it; NULL: none */
    int64_t context;           /* tokens of question and answer together; 0: not known */
    int64_t answer;            /* the most of an answer; 0: not known */
    bool sized;                /* what it is for is known, and stands in size */
    enum model_size size;
    unsigned knows, can; /* enum model_can: of what is it known, and which of these can it do */
};

/*
 * Of several lines that fit, the one with the longest name that says something about a matter
 * decides it. `provider` is the account's. The price lives as long as the account.
 */
struct account_facts account_facts(const struct account *account, const char *provider,
                                   const char *model);

/* Sets what depends on it in the candidate, whose model is set. */
void account_facts_set(const struct account_facts *facts, struct pool_candidate *who);

/* What the company itself says of the size of a model; false: nothing. */
bool account_facts_size(const struct account *account, const char *model, enum model_size *size);

#endif
