/*
 * For tests of delivery: a tenant with a connected Slack that says what each test tells it, and a
 * claimed job with an answer to deliver.
 */
#ifndef TESTS_DB_OFFICE_H
#define TESTS_DB_OFFICE_H

#include <stddef.h>
#include <stdint.h>

#include "core/job.h"
#include "lib/pg.h"
#include "unit/tiny_server.h"

/* An answer that ends with its connection. */
#define SAYS(body)                                                         \
    {                                                                      \
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body, 0, TINY_CLOSE \
    }
#define POSTED SAYS("{\"ok\":true,\"channel\":\"C1\",\"ts\":\"10.6\"}")

struct office {
    struct ctx *c;
    struct job job;
    const char *connection_id;
    struct tiny *slack;
};

/* As the worker; between office_start and office_end (a group's set-up and tear-down). */
extern struct db_pool *office_pool;
int office_start(void **state);
int office_end(void **state);

/* An office whose Slack answers with these steps, and an answer of so many parts. */
struct office office_open(const struct tiny_step *steps, size_t count, int parts);
void office_close(struct office *o);

/* "state fault" of each part, and the job's state, as one line. */
const char *office_left(struct office *o);
/* A statement about the job, committed. */
void office_exec(struct office *o, const struct stmt *q);

/* As if the worker had died in the middle of sending part 0, an hour ago. */
void office_crash(struct office *o);
/* As if the job had been made more than a day ago. */
void office_make_old(struct office *o);

#endif
