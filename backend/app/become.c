/* See become.h. */
#include "app/become.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

bool become_user(const char *name)
{
    int parent_death = 0;

    if (geteuid() != 0 || name == NULL)
        return true;

    const struct passwd *user = getpwnam(name);

    if (user == NULL) {
        fprintf(stderr, "There is no user %s (KONSTRUCT_USER). Make one, or name another.\n", name);
        return false;
    }
    /* Changing the user forgets the signal that comes when the parent dies; it is set again. */
    prctl(PR_GET_PDEATHSIG, &parent_death);
    if (initgroups(name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
        setuid(user->pw_uid) != 0) {
        fprintf(stderr, "Can't become user %s: %s\n", name, strerror(errno));
        return false;
    }
    prctl(PR_SET_PDEATHSIG, parent_death);
    return true;
}
