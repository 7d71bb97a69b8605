/* See web_lines.h. */
#include "app/web_lines.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/log.h"

#define LINES_MAX 64
#define LOOK_EVERY_MS 1000
#define QUEUED_MAX MIB(4) /* bytes that a worker may leave unread before it gets no more bodies */

static const char *folder;
static const struct web_lines_user *user;
static struct web_line *lines[LINES_MAX];
static size_t line_count;

static bool known(const char *name)
{
    for (size_t i = 0; i < line_count; i++)
        if (strcmp(lines[i]->name, name) == 0)
            return true;
    return false;
}

static void join(const char *name)
{
    char path[128];
    size_t len = strlen(name), end = strlen(LINE_ENDING);

    if (len <= end || strcmp(name + len - end, LINE_ENDING) != 0 || known(name) ||
        line_count == LINES_MAX ||
        (size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
        return;

    int fd = line_connect(path);

    if (fd < 0) /* of a worker that is gone */
        return;

    struct web_line *l = calloc(1, sizeof(*l) + len + 1);

    if (l == NULL)
        abort();
    l->event.handle = user->ready;
    memcpy(l->name, name, len + 1);
    l->line = line_new(fd, user->got, l);
    lines[line_count++] = l;
    kore_platform_event_schedule(fd, EPOLLIN, 0, l);
}

static void look(void)
{
    DIR *dir = folder == NULL ? NULL : opendir(folder);
    const struct dirent *entry;

    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL)
        join(entry->d_name);
    closedir(dir);
}

void web_lines_start(const char *dir, const struct web_lines_user *of)
{
    folder = dir;
    user = of;
}

/* A worker that has just started is found with the next tick when there is no other. */
void web_lines_tick(int64_t now_ms)
{
    static int64_t next_ms;

    if (now_ms < next_ms && line_count > 0)
        return;
    next_ms = now_ms + LOOK_EVERY_MS;
    look();
}

struct web_line *web_lines_best(void)
{
    struct web_line *best = NULL;

    if (line_count == 0)
        look();
    for (size_t i = 0; i < line_count; i++) {
        struct web_line *l = lines[i];

        if (!l->broken && !l->rests && line_waiting(l->line) < QUEUED_MAX &&
            (best == NULL || l->open < best->open))
            best = l;
    }
    return best;
}

void web_lines_flush(void)
{
    for (size_t i = 0; i < line_count; i++)
        lines[i]->broken |= !lines[i]->broken && !line_flush(lines[i]->line);
}

static void watch(struct web_line *l)
{
    bool writing = line_waiting(l->line) > 0;

    if (writing != l->writing)
        kore_platform_event_schedule(line_fd(l->line), writing ? EPOLLIN | EPOLLOUT : EPOLLIN, 0,
                                     l);
    l->writing = writing;
}

/* The others see what became of it in this round; its memory must outlive what the loop holds. */
static void drop_line(size_t index)
{
    struct web_line *l = lines[index];

    user->lost(l);
    log_warn("line_lost", "name", l->name, NULL);
    lines[index] = lines[--line_count];
    line_free(l->line);
    free(l);
}

void web_lines_settle(void)
{
    for (size_t i = line_count; i > 0; i--)
        if (lines[i - 1]->broken)
            drop_line(i - 1);
        else
            watch(lines[i - 1]);
}
