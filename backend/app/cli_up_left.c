/*
 * The children of `konstruct up` by pid and start time, in .run/children: what a start that was
 * killed left behind is ended by the next one, and no other process that was given the same pid
 * since.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cli_up.h"

#define PATIENCE_MS 5000 /* the kernel has told them already */

/*
 * When the process started, in clock ticks since boot: a pid that was given again has another one.
 * 0: no such process.
 */
static unsigned long long start_of(pid_t pid)
{
    char path[64], line[1024];
    unsigned long long start = 0;

    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);

    FILE *file = fopen(path, "re");

    if (file == NULL)
        return 0;

    size_t len = fread(line, 1, sizeof(line) - 1, file);

    fclose(file);
    line[len] = '\0';

    /*
     * The name in brackets may hold anything; the fields are counted from its end. Field 22 is the
     * start.
     */
    char *at = strrchr(line, ')');

    for (int field = 3; field <= 22 && at != NULL; field++)
        at = strchr(at + 1, ' ');
    if (at != NULL)
        start = strtoull(at + 1, NULL, 10);
    return start;
}

static void note(struct buf *out, const char *name, pid_t pid, int ending)
{
    if (pid != 0)
        buf_printf(out, "%s %ld %llu %d\n", name, (long)pid, start_of(pid), ending);
}

void up_note_children(struct up *u)
{
    const char *path = text_printf(u->c->mem, "%s/children", u->run);
    const char *fresh = text_printf(u->c->mem, "%s.new", path);
    struct buf out = buf_new(u->c->mem, KIB(4));

    note(&out, "step", u->step, SIGTERM);
    for (int i = 0; i < UP_CHILDREN; i++)
        note(&out, up_child_name((enum up_child)i), u->children[i].pid,
             up_child_signal((enum up_child)i));

    /* Not synced: after a power cut nobody needs it. A fault here is no reason to stop. */
    FILE *file = fopen(fresh, "we");

    if (file == NULL)
        return;
    fputs(buf_str(&out), file);
    if (fclose(file) != 0 || rename(fresh, path) != 0)
        unlink(fresh);
}

/*
 * A process that is dead but was not waited for counts, too: PostgreSQL takes it for a running
 * server. Where nobody ever waits (a container without an init) we go on after the limit.
 */
static void end_process(struct up *u, pid_t pid, unsigned long long start, int ending)
{
    int64_t hard = up_now_ms() + PATIENCE_MS, limit = hard + PATIENCE_MS;

    if (start_of(pid) == start)
        kill(pid, ending);
    while (start_of(pid) == start && !u->stop && up_now_ms() < limit) {
        up_pause(u, 20);
        if (up_now_ms() > hard && start_of(pid) == start)
            kill(pid, SIGKILL);
    }
}

rc_t up_leftovers(struct up *u)
{
    char *text = up_read(u, text_printf(u->c->mem, "%s/children", u->run)), *rest = NULL;

    for (char *line = text != NULL ? strtok_r(text, "\n", &rest) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char name[32];
        long pid;
        unsigned long long start;
        int ending;

        if (sscanf(line, "%31s %ld %llu %d", name, &pid, &start, &ending) == 4 && pid > 1 &&
            start != 0)
            end_process(u, (pid_t)pid, start, ending);
    }
    return u->stop ? ctx_fail(u->c, E_TIMEOUT, "up_stopped", "stopped before it was ready") : OK;
}
