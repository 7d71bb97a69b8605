/*
 * The system calls that a worker may make besides Kore's own list; any other ends the process.
 * libpq and hiredis connect, the helper thread is made, and memory comes and goes. There is no way
 * to run a program or to open a listening socket. The key manager has a shorter list of its own.
 */
#include "app/web.h"

#include <stddef.h>
#include <sys/prctl.h>

#include <kore/hooks.h>
#include <kore/seccomp.h>
#include <sched.h>

static struct sock_filter more[] = {
    /*
     * A thread, but no process: clone3 hides its flags in memory, and the C library falls back to
     * clone.
     */
    KORE_SYSCALL_ALLOW_WITH_FLAG(clone, 0, CLONE_THREAD),
    KORE_SYSCALL_DENY(clone3, ENOSYS),
    KORE_SYSCALL_ALLOW(set_robust_list),
    KORE_SYSCALL_ALLOW(rseq),
    KORE_SYSCALL_ALLOW(eventfd2),
    KORE_SYSCALL_ALLOW(sched_yield),
    KORE_SYSCALL_ALLOW(sched_getaffinity),
    KORE_SYSCALL_ALLOW_ARG(prctl, 0, PR_SET_NAME),

    /* Connecting to PostgreSQL and Redis, names looked up on the way. */
    KORE_SYSCALL_ALLOW_ARG(socket, 0, AF_UNIX),
    KORE_SYSCALL_ALLOW_ARG(socket, 0, AF_INET),
    KORE_SYSCALL_ALLOW_ARG(socket, 0, AF_INET6),
    KORE_SYSCALL_ALLOW_ARG(socket, 0, AF_NETLINK),
    KORE_SYSCALL_DENY(socket, EACCES),
    KORE_SYSCALL_ALLOW(bind),
    KORE_SYSCALL_ALLOW(connect),
    KORE_SYSCALL_ALLOW(shutdown),
    KORE_SYSCALL_ALLOW(getsockopt),
    KORE_SYSCALL_ALLOW(getsockname),
    KORE_SYSCALL_ALLOW(getpeername),
    KORE_SYSCALL_ALLOW(sendmsg),
    KORE_SYSCALL_ALLOW(sendmmsg),
    KORE_SYSCALL_ALLOW(recvmsg),
    KORE_SYSCALL_ALLOW(select),
    KORE_SYSCALL_ALLOW(pselect6),
    KORE_SYSCALL_ALLOW(rt_sigpending),
    KORE_SYSCALL_ALLOW(rt_sigtimedwait),

    /* Files that libraries read, such as /etc/hosts and a client's certificate. */
    KORE_SYSCALL_ALLOW(newfstatat),
    KORE_SYSCALL_ALLOW(statx),
    KORE_SYSCALL_ALLOW(faccessat2),
    KORE_SYSCALL_ALLOW(pread64),
    KORE_SYSCALL_ALLOW(readv),
    /* The folder in which workers have their sockets. */
    KORE_SYSCALL_ALLOW(getdents64),

    KORE_SYSCALL_ALLOW(mremap),
    KORE_SYSCALL_ALLOW(mlock),
    KORE_SYSCALL_ALLOW(munlock),
    KORE_SYSCALL_ALLOW(sysinfo),
    KORE_SYSCALL_ALLOW(uname),
    KORE_SYSCALL_ALLOW(getegid),
    KORE_SYSCALL_ALLOW(getgid),
    KORE_SYSCALL_ALLOW(getppid),

    /* abort() and what a report of the checked build needs. */
    KORE_SYSCALL_ALLOW(gettid),
    KORE_SYSCALL_ALLOW(tgkill),
#if defined(__SANITIZE_ADDRESS__)
    KORE_SYSCALL_ALLOW(prctl),
    KORE_SYSCALL_ALLOW(prlimit64),
    KORE_SYSCALL_ALLOW(readlinkat),
    KORE_SYSCALL_ALLOW(mincore),
#endif
};

WEB_HOOK void kore_seccomp_hook(void)
{
    kore_seccomp_filter("konstruct", more, KORE_FILTER_LEN(more));
}
