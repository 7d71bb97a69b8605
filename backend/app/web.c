/*
 * konstruct-web: the hooks that Kore calls at its start, and its configuration, made from our
 * settings. Kore's return codes (1 is well, 0 is not) stay within app/web*.c.
 */
#include "app/web.h"

#include <kore/hooks.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "app/web_batch.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/slice.h"
#include "core/limit.h"
#include "flow/live.h"
#include "flow/live_text.h"
#include "io/db.h"

/*
 * The limits of HTTP, decided here; docs/decisions/0001-kore-from-sources.md has them all.
 */
#define HEADER_BYTES 16384
#define REQUESTS_AT_ONCE (2 * PARK_PER_PROCESS)
#define TIMER_MS 250
#define KEPT_MEMORY MIB(1)

/* Kore wants to know what it is. */
const char *kore_version = "4.1.0";

static _Noreturn void refuse(void)
{
    exit(2);
}

/*
 * Both files are looked at while we may still read everything; the key manager reads them again by
 * itself.
 */
static struct stat readable(const char *path, const char *what)
{
    struct stat st;

    if (stat(path, &st) == -1 || access(path, R_OK) == -1) {
        fprintf(stderr, "The %s in %s can't be read: %s.\n", what, path, strerror(errno));
        refuse();
    }
    return st;
}

static char *user_named(uid_t id)
{
    const struct passwd *pw = getpwuid(id);

    return pw == NULL ? NULL : kore_strdup(pw->pw_name);
}

/*
 * Started as root, the workers become the user of the settings, and the key manager becomes the
 * owner of the key, who alone must read it when it is renewed. Started as anybody else, everybody
 * stays who he is.
 */
static void choose_users(const struct stat *key)
{
    const char *user = conf_text(CONF_user);

    skip_chroot = 1;
    skip_runas = geteuid() != 0 || user == NULL;
    if (skip_runas)
        return;
    if (getpwnam(user) == NULL) {
        fprintf(stderr, "KONSTRUCT_USER=%s: there is no such user.\n", user);
        refuse();
    }
    kore_runas_user = kore_strdup(user);
    keymgr_runas_user = user_named(key->st_uid);
}

/*
 * A request to stop must not be lost between two looks; the timer also turns the loop for the watch
 * over it.
 */
static void turn(void *arg, u_int64_t now)
{
    (void)arg;
    (void)now;
}

static void set_limits(void)
{
    struct rlimit files;
    int64_t connections_wanted = conf_number(CONF_web_connections);

    /* Kore tries every number up to the soft limit at start. */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        if ((uint64_t)connections_wanted + 256 > files.rlim_max) {
            connections_wanted = (int64_t)files.rlim_max - 256;
            log_warn("web_few_files", "why",
                     "the limit of open files is lower than KONSTRUCT_WEB_CONNECTIONS needs", NULL);
        }
        files.rlim_cur = files.rlim_max < 1024 ? files.rlim_max : 1024;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    worker_max_connections = (u_int32_t)connections_wanted;
    worker_rlimit_nofiles = (u_int32_t)connections_wanted + 192;
    worker_count = (u_int8_t)conf_number(CONF_web_workers);
    worker_set_affinity = 0;
    http_header_max = HEADER_BYTES;
    http_header_timeout = (u_int16_t)conf_number(CONF_web_header_seconds);
    http_body_timeout = (u_int16_t)conf_number(CONF_web_body_seconds);
    http_keepalive_time = (u_int16_t)conf_number(CONF_web_idle_seconds);
    http_request_limit = REQUESTS_AT_ONCE;
    http_body_max = api_body_limit_max();
}

static void set_site(void)
{
    struct kore_domain *site = kore_domain_new("*");

    site->certfile = kore_strdup(conf_text(CONF_tls_cert));
    site->certkey = kore_strdup(conf_text(CONF_tls_key));
    tls_version = KORE_TLS_VERSION_1_3;
    if (!kore_domain_attach(site, kore_server_lookup("web")) ||
        !kore_module_handler_new(site, "*", "web_handle", NULL, HANDLER_TYPE_STATIC))
        abort();
}

/* With the database away the workers judge the role at their first chance. */
static void check_role(void)
{
    struct db_pool *pool = db_pool_new(conf_text(CONF_db_web), 1);
    struct ctx *c = ctx_new(WEB_REQUEST_MEMORY, pool);
    rc_t rc = db_check_role(c);

    if (rc == E_FORBIDDEN) {
        fprintf(stderr, "%s\n", c->fault.detail);
        refuse();
    }
    if (rc != OK)
        log_fault(c, "database_away_at_start");
    ctx_end(c);
    db_pool_free(pool);
}

WEB_HOOK void kore_parent_configure(int argc, char **argv)
{
    struct rlimit none = {0, 0};

    (void)argc;
    (void)argv;
    /* A dump would hold secrets and people's messages. */
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    slice_short();
    kore_foreground = 1;
    kore_quiet = 1;
    if (conf_load(CONF_NEED_WEB) != OK)
        refuse();
    log_start("web", conf_switch(CONF_verbose));
    metric_share();

    struct stat key = readable(conf_text(CONF_tls_key), "private key");

    readable(conf_text(CONF_tls_cert), "certificate");
    web_portal_load();
    choose_users(&key);
    if (!web_listen(conf_text(CONF_listen)))
        refuse();
    set_limits();
    set_site();
    check_role();
}

WEB_HOOK void kore_worker_configure(void)
{
    struct db_pool *pool = db_pool_new(conf_text(CONF_db_web), 1);

    arena_keep(KEPT_MEMORY);
    web_requests_start(pool);
    web_batch_start(conf_text(CONF_db_web));
    live_start(conf_text(CONF_redis_url));
    live_text_listen(conf_text(CONF_redis_url));
    limit_start(conf_text(CONF_redis_url));
    web_live_start(conf_text(CONF_redis_url));
    web_line_start(conf_text(CONF_line_dir));
    kore_timer_add(turn, TIMER_MS, NULL, 0);
}
