/*
 * Settings: from the environment or a file konstruct.conf of lines NAME=value (the environment
 * wins). Everything is checked at start, and every fault is named in one go. A secret may come from
 * a file or a command instead: NAME_FILE=path, NAME_COMMAND=shell command; its first line is the
 * secret.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include "base/arena.h"
#include "base/text.h"

enum conf {
#define CONF(name, env, kind, preset, flags, least, most, about) CONF_##name,
#include "base/settings.def"
#undef CONF
    CONF_COUNT
};

enum conf_flag {
    CONF_SECRET = 1,
    CONF_NEED_WEB = 2,
    CONF_NEED_WORKER = 4,
    CONF_MASKED = 8,
    CONF_NOT_WEB = 16,
    CONF_NOT_WORKER = 32
};

/*
 * Reads and checks all settings once per process. `need` is CONF_NEED_WEB, CONF_NEED_WORKER or 0.
 * On faults it prints each of them with what to do to standard error and returns E_INVALID: the
 * program then exits with 2. The file is $KONSTRUCT_CONF; without that .run/konstruct.conf, which
 * `konstruct up` writes, and then konstruct.conf, which goes before it.
 */
rc_t conf_load(unsigned need) MUST;

/* The checked value; NULL when it is not set and has no default. */
const char *conf_text(enum conf which);
int64_t conf_number(enum conf which);
bool conf_switch(enum conf which);

/* The flags of its row. */
unsigned conf_flags(enum conf which);

/* By its short name, for tables that name a setting; aborts on a name that is none. */
const char *conf_named(const char *name);

/*
 * Overrides a setting for this process: command-line options, tests. The text is copied and lives
 * as long as the process.
 */
void conf_set(enum conf which, const char *value);

/* All settings with their meaning and default, for the operators' guide. */
void conf_print(struct buf *out);

#endif
