/* See web_batch.h. */
#include "app/web_batch.h"

#include <sys/epoll.h>

#define FINISHED_MAX (PARK_PER_PROCESS + 1)

static struct {
    struct kore_event event; /* first: the loop calls its handle */
    struct db_batch *batch;
    int fd;
    bool writing;
    size_t finished_count;
    struct web_parked *finished[FINISHED_MAX];
} own = {.fd = -1};

/*
 * Tells the loop what to watch. A connection that was closed and opened again may have the same
 * number.
 */
static void watch(bool anew)
{
    int fd = db_batch_fd(own.batch);
    bool writing = fd != -1 && db_batch_wants_write(own.batch);

    if (fd != -1 && (anew || fd != own.fd || writing != own.writing))
        kore_platform_event_schedule(fd, writing ? EPOLLIN | EPOLLOUT : EPOLLIN, 0, &own);
    own.fd = fd;
    own.writing = writing;
}

static void ready(void *event, int error)
{
    (void)event;
    (void)error;
    own.event.flags = 0;
    db_batch_ready(own.batch);
    watch(false);
}

static void done(struct db_batch_item *item, void *owner)
{
    (void)item;
    own.finished[own.finished_count++] = owner;
}

void web_batch_start(const char *conninfo)
{
    own.event.handle = ready;
    own.batch = db_batch_new(conninfo);
}

bool web_batch_add(struct web_parked *p, struct db_batch_item *item)
{
    if (own.batch == NULL)
        return false;
    item->done = done;
    item->owner = p;
    db_batch_add(own.batch, item);
    watch(false);
    return true;
}

void web_batch_round(void)
{
    /*
     * Waking one may add another, which finishes at once while the database is away: those come in
     * the next round.
     */
    size_t count = own.finished_count;
    struct web_parked *now[FINISHED_MAX];

    if (count == 0)
        return;
    memcpy(now, own.finished, count * sizeof(now[0]));
    own.finished_count = 0;
    for (size_t i = 0; i < count; i++)
        web_parked_wake(now[i], WAKE_DONE, (struct bytes){0});
}

void web_batch_tick(void)
{
    if (own.batch == NULL)
        return;
    db_batch_tick(own.batch);
    watch(true);
}
