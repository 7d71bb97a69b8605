/* See conf_secret.h. */
#include "base/conf_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define COMMAND_MS 10000

const char *conf_secret_keep(const char *value)
{
    size_t size = strlen(value) + 1;
    char *kept = sodium_init() < 0 ? NULL : sodium_malloc(size);

    if (kept == NULL)
        abort();
    memcpy(kept, value, size);
    return kept;
}

/* Reads until the end, a full buffer, or the deadline; then cuts behind the first line. */
static bool read_line(int fd, int64_t until_ms, char *out)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    size_t len = 0;
    ssize_t got = 1;

    while (got > 0 && len < CONF_SECRET_MAX - 1) {
        int64_t left_ms = until_ms - clock_mono_ms();

        if (left_ms <= 0 || poll(&pfd, 1, (int)left_ms) <= 0)
            return false;
        got = read(fd, out + len, CONF_SECRET_MAX - 1 - len);
        len += got > 0 ? (size_t)got : 0;
    }
    out[len] = '\0';
    out[strcspn(out, "\r\n")] = '\0';
    return got == 0 && out[0] != '\0';
}

bool conf_secret_file(const char *path, char *out, const char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd == -1) {
        *why = strerror(errno);
        return false;
    }

    bool good = read_line(fd, clock_mono_ms() + COMMAND_MS, out);

    *why = "it has no first line, or more than 4 KiB";
    close(fd);
    return good;
}

static pid_t start(const char *command, int out_fd)
{
    char shell[] = "/bin/sh", option[] = "-c", text[CONF_SECRET_MAX];
    char *argv[] = {shell, option, text, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;

    if (strlen(command) >= sizeof(text))
        return -1;
    memcpy(text, command, strlen(command) + 1);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
    if (posix_spawn(&pid, shell, &actions, NULL, argv, environ) != 0)
        pid = -1;
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

bool conf_secret_command(const char *command, char *out, const char **why)
{
    int ends[2], status = 0;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        *why = strerror(errno);
        return false;
    }

    pid_t pid = start(command, ends[1]);

    close(ends[1]);
    bool good = pid > 0 && read_line(ends[0], clock_mono_ms() + COMMAND_MS, out);
    close(ends[0]);
    if (pid > 0 && !good)
        kill(pid, SIGKILL);
    if (pid > 0)
        waitpid(pid, &status, 0);
    *why = "it failed, printed nothing, or took more than 10 seconds";
    return good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
