/* See own_redis.h. */
#include "own_redis.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ctx.h"
#include "io/redis.h"

#include <cmocka.h>

struct own_redis {
    char dir[64], socket[80], url[100];
    pid_t pid;
};

static bool answers(const struct own_redis *r)
{
    struct ctx *c = ctx_new(KIB(64), NULL);
    struct redis *redis = redis_new(r->url);
    const char *text = NULL;
    rc_t rc = redis_do(c, redis, REDIS_WORDS(BYTES("PING")), &text, NULL);

    redis_free(redis);
    ctx_end(c);
    return rc == OK;
}

void own_redis_start(struct own_redis *r)
{
    r->pid = fork();
    assert_int_not_equal(r->pid, -1);
    if (r->pid == 0) {
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", r->socket, "--save",
               "", "--appendonly", "no", "--dir", r->dir, "--logfile", "/dev/null", NULL);
        _exit(127);
    }
    for (int tries = 0; !answers(r); tries++) {
        assert_true(tries < 1000);
        usleep(20 * 1000);
    }
}

void own_redis_kill(struct own_redis *r)
{
    if (r->pid <= 0)
        return;
    kill(r->pid, SIGKILL);
    waitpid(r->pid, NULL, 0);
    unlink(r->socket);
    r->pid = 0;
}

void own_redis_halt(struct own_redis *r)
{
    int status;

    kill(r->pid, SIGSTOP);
    waitpid(r->pid, &status, WUNTRACED);
    assert_true(WIFSTOPPED(status));
}

void own_redis_go_on(struct own_redis *r)
{
    kill(r->pid, SIGCONT);
}

struct own_redis *own_redis_new(void)
{
    struct own_redis *r = calloc(1, sizeof(*r));

    assert_non_null(r);
    snprintf(r->dir, sizeof(r->dir), "/tmp/konstruct-redis-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    snprintf(r->socket, sizeof(r->socket), "%s/redis.sock", r->dir);
    snprintf(r->url, sizeof(r->url), "unix://%s", r->socket);
    own_redis_start(r);
    return r;
}

void own_redis_free(struct own_redis *r)
{
    own_redis_kill(r);
    rmdir(r->dir);
    free(r);
}

const char *own_redis_url(const struct own_redis *r)
{
    return r->url;
}
