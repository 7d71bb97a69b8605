/* A Redis of the test's own, on a unix socket in a folder of its own: to be killed and halted. */
#ifndef TESTS_LIB_OWN_REDIS_H
#define TESTS_LIB_OWN_REDIS_H

struct own_redis;

/* Started, and answering. */
struct own_redis *own_redis_new(void);
void own_redis_free(struct own_redis *r);

const char *own_redis_url(const struct own_redis *r);

/* Killed; what it held is gone. */
void own_redis_kill(struct own_redis *r);
/* Started anew, at the same address. */
void own_redis_start(struct own_redis *r);
/* Halted: connections are taken and nothing is answered; and on again. */
void own_redis_halt(struct own_redis *r);
void own_redis_go_on(struct own_redis *r);

#endif
