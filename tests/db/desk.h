/*
 * For tests of the pool on an event loop: a company, a model that counts what it would bill, and
 * questions with all that they point to.
 */
#ifndef TESTS_DB_DESK_H
#define TESTS_DB_DESK_H

#include "flow/pool_loop.h"
#include "lib/model.h"
#include "lib/pg.h"

#define DESK_DOLLAR 1000000
#define DESK_MODEL "loop-model" /* 20 and 40 dollars for a million tokens */
#define DESK_OURS "ours-32b"    /* of which nothing is known here */
#define DESK_STREAM(tokens)                    \
    {                                          \
        .max_tokens = (tokens), .stream = true \
    }

struct desk {
    struct arena *mem;
    PGconn *super;
    struct place at;
    struct model *model, *second;
    const char *url; /* NULL: model's */
    struct loop *loop;
    struct pool_loop *pool;
    size_t ended, answered, refused, failed;
    int64_t cost;
    int64_t pieces_of_left; /* that clients had seen who left */
};

/* A question with all that it points to. */
struct desk_asked {
    struct desk *f;
    struct ctx *c;
    struct payer payer;
    struct pool_route route;
    struct llm_message message;
    struct llm_ask ask;
    struct pool_call *call;
    struct buf seen;
    int pieces, leaves_at;     /* the client goes away behind so many pieces; 0: never */
    int stops_at;              /* it reads no more behind so many; 0: never */
    const char **code;         /* what it ended in; or NULL */
    const struct price *price; /* that the company says; NULL: that of the table */
};

/* Around each test; *state is a struct desk. */
int desk_open(void **state);
int desk_close(void **state);

/* The limit of the company's caps. */
void desk_limit(struct desk *f, int64_t micros);
int64_t desk_sum(struct desk *f, const char *what, const char *table, const char *where);
/* Of the company's cap of the day. */
int64_t desk_of_day(struct desk *f, const char *column);

/* One more question, as `like` says. */
struct desk_asked *desk_ask(struct desk *f, struct desk_asked like);
/* Until so many have ended, and the ledger has them. */
void desk_run(struct desk *f, size_t ended);
/* What was spent is what the ledger says, and nothing is held any more. */
void desk_agrees(struct desk *f);

#endif
