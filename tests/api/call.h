/*
 * The router called in-process with a made-up request, as the web process calls it: parked requests
 * are carried to their end with the helper thread's work, a group commit or a wake-up done here.
 */
#ifndef TESTS_API_CALL_H
#define TESTS_API_CALL_H

#include <jansson.h>

#include "api/http.h"
#include "io/db_batch.h"
#include "lib/pg.h"

#define HOST "konstruct.example"
#define CALL_HEADERS_MAX 6

struct call {
    enum method method;
    const char *path;   /* with its query */
    const char *token;  /* of a session, or NULL */
    const char *remote; /* the client's address, or NULL: this machine's */
    struct bytes body;
    bool bare; /* no origin and no content type but those in `headers`: as no browser would */
    struct {
        const char *name, *value;
    } headers[CALL_HEADERS_MAX];
};

struct reply {
    int status; /* 0: parked, see wake() */
    const char *type, *body;
    const json_t *json; /* NULL when the body is none */
    const char *code;   /* of problem details, or NULL */
    /* the session that a cookie began; "" when it was taken away; NULL: no cookie */
    const char *token;
    struct res res;
    struct ctx *c;
    struct req rq;
    struct park *park;
};

/* For the statements of PARK_BATCH; made on first use, or given. */
void call_batch(struct db_batch *batch);

/* Everything lives in mem. PARK_CPU and PARK_BATCH are carried on; PARK_LIVE stays parked. */
struct reply call(struct arena *mem, const struct call *call);
/* The same by OPTIONS; the method given counts for nothing. */
struct reply call_options(struct arena *mem, const struct call *call);
/* One wake-up of a parked request: what comes of it. */
struct reply wake(struct arena *mem, const struct reply *parked, enum wake why, struct bytes news);

/* The same in one line; path and body may be made up by text_printf. */
struct reply get(struct arena *mem, const char *token, const char *path);
struct reply post(struct arena *mem, const char *token, const char *path, const char *body);

/* A member of the reply as text or number; the test ends when it is not there. */
const char *text_of(const struct reply *reply, const char *name);
int64_t number_of(const struct reply *reply, const char *name);
/* The list `items`. */
size_t count_of(const struct reply *reply);
const json_t *item_of(const struct reply *reply, size_t i);

/* Ends the test with what came instead. */
void expect(const struct reply *reply, int status, const char *code);

/* A session of this person. */
const char *session_of(struct arena *mem, const char *tenant_id, const char *person_id);

/* A company with a person for each role, an employee, and a conversation of the member. */
struct office {
    struct place at;
    const char *admin, *manager, *member, *viewer; /* sessions */
    const char *member_id;
    const char *conversation_id;
};
struct office office_new(struct arena *mem);

/* Group setup and teardown of every program: pg_start with Redis away (NULL) or there. */
int api_start(void **state);
int api_start_with_redis(void **state);
int api_stop(void **state);

/* An arena for one test. */
int api_setup(void **state);
int api_teardown(void **state);

#endif
