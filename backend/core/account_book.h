/*
 * A company's accounts at providers of models as the worker uses them: in order, with opened keys.
 * Needs the master key. What people see of them: provider_account.h.
 */
#ifndef CORE_ACCOUNT_BOOK_H
#define CORE_ACCOUNT_BOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account_line.h"

struct account {
    const char *id, *provider, *name;
    const char *base_url;             /* "": the provider's own */
    const char *api;                  /* usual, responses */
    const char *api_version;          /* "": none */
    const char *key;                  /* opened; NULL: it has none, or `unreadable` */
    const char *models;               /* that it offers, with blanks between; "": not known */
    const char *named;                /* those of them that an admin named; "": all are offered */
    const struct account_line *lines; /* what the company says of its models */
    size_t line_count;
    const char *lines_text; /* the same as it was read; NULL: nothing */
    bool unreadable; /* its key does not open: it can't be used until somebody types it again */
    /*
     * The newest test found a fault that a person must mend. It may have been mended since, so such
     * an account is asked behind the others rather than never.
     */
    bool broken;
};

/* Those that are turned on, the first to be asked first; all texts live in c->mem. */
rc_t account_book(struct ctx *c, struct account **items, size_t *count) MUST;

/*
 * Whether a model that is listed with its date may be asked for by this name: without the date, or
 * with "latest" in its place, any of its dates is meant.
 */
bool account_means(const char *listed, const char *model);

/*
 * Whether the account may be asked for this model: it offers it, or nobody knows what it offers.
 */
bool account_serves(const struct account *account, const char *model);

/*
 * The account that a test was asked for, turned on or not. E_NOT_FOUND when it is gone, or another
 * test was begun meanwhile.
 */
rc_t account_tested(struct ctx *c, const char *test_id, struct account *out) MUST;

/*
 * Ends that test: code NULL when all is well. `models` as found, with blanks between; NULL leaves
 * what was found before. Nothing when another test was begun meanwhile.
 */
rc_t account_test_end(struct ctx *c, const char *test_id, const char *code, const char *detail,
                      const char *models) MUST;

/*
 * A provider refused a call for the account's sake: `code` of provider_account_faults.def. Told
 * once a minute at most; it travels with the next statement.
 */
rc_t account_refused(struct ctx *c, const char *id, const char *code) MUST;

/*
 * Accounts of any tenant that are to be tested again, at most so many, the one that was tested
 * longest ago first: an hour after a fault was found, then each time as long again as it has been
 * there, at least daily. No tenant needed.
 */
struct account_due {
    const char *tenant_id, *id;
};
rc_t account_due_list(struct ctx *c, int64_t most, struct account_due **out, size_t *count) MUST;

#define ACCOUNT_MODELS_MAX 32000 /* bytes of all names found; more are left out */

#endif
