/*
 * What `konstruct up` makes once and keeps: secrets, the certificate for localhost, and the
 * settings that follow.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/cli_up.h"
#include "base/conf.h"
#include "io/crypto.h"

#define CERTIFICATE_DAYS 397
#define RENEW_AFTER_SECONDS ((time_t)330 * 24 * 3600)

/*
 * Each secret is one file, so that one that is lost is named. The passwords are those of the
 * private cluster's roles.
 */
static const struct secret {
    const char *file;
    enum conf conf;
    const char *role; /* NULL: the secret itself is the setting */
} secrets[] = {
    {"web", CONF_web_key, NULL},
    {"master", CONF_master_key, NULL},
    {"db-owner", CONF_db_owner, "konstruct_owner"},
    {"db-web", CONF_db_web, "konstruct_web"},
    {"db-worker", CONF_db_worker, "konstruct_worker"},
    {"db-dispatch", CONF_db_dispatch, "konstruct_dispatch"},
    {"db-superuser", CONF_COUNT, "postgres"},
};

/* Settings by their names in the environment. */
static const struct known {
    enum conf conf;
    const char *env;
} known[] = {
#define CONF(name, env, kind, preset, flags, least, most, about) {CONF_##name, env},
#include "base/settings.def"
#undef CONF
};

static const char *secret_path(struct up *u, const struct secret *s)
{
    return text_printf(u->c->mem, "%s/keys/%s", u->run, s->file);
}

/* The value of a libpq connection parameter, quoted. */
static const char *quoted(struct up *u, const char *value)
{
    struct buf out = buf_new(u->c->mem, KIB(8));

    buf_char(&out, '\'');
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\')
            buf_char(&out, '\\');
        buf_char(&out, *value);
    }
    buf_char(&out, '\'');
    return buf_str(&out);
}

static void use(struct up *u, const struct secret *s, const char *value)
{
    const char *conninfo = s->role == NULL
                               ? NULL
                               : text_printf(u->c->mem,
                                             "host=%s dbname=konstruct user=%s password=%s",
                                             quoted(u, u->sock), s->role, value);

    if (s->conf == CONF_COUNT)
        u->superuser_db = conninfo;
    else if (s->role == NULL && conf_text(s->conf) == NULL)
        conf_set(s->conf, value);
    else if (s->role != NULL && u->own_postgres)
        conf_set(s->conf, conninfo);
}

rc_t up_keys(struct up *u)
{
    for (size_t i = 0; i < COUNT_OF(secrets); i++) {
        const char *path = secret_path(u, &secrets[i]);
        char *value = up_read(u, path);

        if (value == NULL && errno != ENOENT)
            return up_file_fail(u, "read", path);
        if (value == NULL && u->own_postgres && up_postgres_is_made(u))
            return ctx_fail(u->c, E_INVALID, "up_key_lost",
                            "%s is missing, and the data in %s/pg can't be read without it; bring "
                            "the file back from a "
                            "backup, or begin anew with `make clean-run` (the data is then gone)",
                            path, u->home);
        if (value == NULL) {
            value = crypto_token(u->c->mem);
            TRY(up_write(u, path, value, 0600));
        }
        use(u, &secrets[i], text_trim(u->c->mem, value));
    }
    return OK;
}

/* host of KONSTRUCT_LISTEN, without the brackets of an IPv6 address. */
static const char *listen_host(struct up *u)
{
    const char *listen = conf_text(CONF_listen), *colon = strrchr(listen, ':');
    size_t len = colon != NULL ? (size_t)(colon - listen) : strlen(listen);

    if (len >= 2 && listen[0] == '[' && listen[len - 1] == ']')
        return text_copy(u->c->mem, listen + 1, len - 2);
    return text_copy(u->c->mem, listen, len);
}

static const char *names_wanted(struct up *u)
{
    const char *host = listen_host(u);
    unsigned char raw[sizeof(struct in6_addr)];
    bool is_address = inet_pton(AF_INET, host, raw) == 1 || inet_pton(AF_INET6, host, raw) == 1;
    const char *names = "DNS:localhost,IP:127.0.0.1,IP:::1";

    if (text_is(host, "localhost"))
        return names;
    return text_printf(u->c->mem, "%s,%s:%s", names, is_address ? "IP" : "DNS", host);
}

rc_t up_certificate(struct up *u)
{
    const char *folder = text_printf(u->c->mem, "%s/tls", u->run);
    const char *cert = text_printf(u->c->mem, "%s/cert.pem", folder),
               *key = text_printf(u->c->mem, "%s/key.pem", folder);
    const char *names = names_wanted(u), *names_file = text_printf(u->c->mem, "%s/names", folder);
    const char *new_cert = text_printf(u->c->mem, "%s/cert.new", folder),
               *new_key = text_printf(u->c->mem, "%s/key.new", folder);
    const char *subject = text_printf(u->c->mem, "subjectAltName=%s", names);
    const char *days = text_printf(u->c->mem, "%d", CERTIFICATE_DAYS);
    const char *const argv[] = {"openssl",
                                "req",
                                "-x509",
                                "-newkey",
                                "ec",
                                "-pkeyopt",
                                "ec_paramgen_curve:prime256v1",
                                "-nodes",
                                "-keyout",
                                new_key,
                                "-out",
                                new_cert,
                                "-days",
                                days,
                                "-subj",
                                "/CN=localhost",
                                "-addext",
                                subject,
                                "-addext",
                                "extendedKeyUsage=serverAuth",
                                NULL};
    struct stat st;

    if (conf_text(CONF_tls_cert) != NULL && conf_text(CONF_tls_key) != NULL)
        return OK; /* the operator has one */
    conf_set(CONF_tls_cert, cert);
    conf_set(CONF_tls_key, key);
    if (text_is(up_read(u, names_file), names) && access(key, R_OK) == 0 && stat(cert, &st) == 0 &&
        time(NULL) - st.st_mtime < RENEW_AFTER_SECONDS)
        return OK;
    unlink(names_file);
    TRY(up_run(u, &(struct command){.name = "openssl", .argv = argv, .end_signal = SIGKILL}));
    if (chmod(new_key, 0600) != 0 || rename(new_key, key) != 0 || rename(new_cert, cert) != 0)
        return up_file_fail(u, "write", cert);
    return up_write(u, names_file, names, 0600);
}

/*
 * For everything started in this folder by hand: `konstruct chat`, `konstruct doctor`, psql with a
 * role's connection.
 */
rc_t up_settings(struct up *u)
{
    struct buf out = buf_new(u->c->mem, KIB(64));

    buf_text(&out, "# Made by `konstruct up` at each start; settings of your own go into "
                   "konstruct.conf one folder above.\n");
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (conf_text(known[i].conf) != NULL)
            buf_printf(&out, "%s=%s\n", known[i].env, conf_text(known[i].conf));
    return up_write(u, text_printf(u->c->mem, "%s/konstruct.conf", u->run), buf_str(&out), 0600);
}

static bool is_ours(const char *pair)
{
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        size_t len = strlen(known[i].env);

        if (strncmp(pair, known[i].env, len) == 0 && pair[len] == '=')
            return true;
    }
    return text_starts(pair, "KONSTRUCT_CONF=");
}

/* DATABASE_URL is for those who have no address of their own, and here each role has one. */
static bool may_know(enum conf conf, enum up_for whom)
{
    unsigned not_for = whom == UP_FOR_WEB ? CONF_NOT_WEB : CONF_NOT_WORKER;

    return whom == UP_FOR_COMMAND || (conf != CONF_database_url && !(conf_flags(conf) & not_for));
}

char **up_environment(struct up *u, enum up_for whom)
{
    size_t inherited = 0, n = 0;

    while (environ[inherited] != NULL)
        inherited++;

    char **env = arena_take(u->c->mem, (inherited + COUNT_OF(known) + 8) * sizeof(*env));

    for (size_t i = 0; i < inherited; i++)
        if (!is_ours(environ[i]))
            env[n++] = environ[i];
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (conf_text(known[i].conf) != NULL && may_know(known[i].conf, whom))
            env[n++] = text_printf(u->c->mem, "%s=%s", known[i].env, conf_text(known[i].conf));
    if (whom == UP_FOR_COMMAND) {
        env[n++] = text_printf(u->c->mem, "KONSTRUCT_CONF=%s/konstruct.conf", u->run);
        env[n++] = text_printf(u->c->mem, "KONSTRUCT_DIR=%s", u->run);
        if (conf_text(CONF_public_url) != NULL)
            env[n++] = text_printf(u->c->mem, "KONSTRUCT_URL=%s", conf_text(CONF_public_url));
        if (u->own_postgres)
            env[n++] = text_printf(u->c->mem, "KONSTRUCT_DB_SUPER=%s", u->superuser_db);
    } else {
        env[n++] = text_dup(u->c->mem, "KONSTRUCT_CONF=/dev/null"); /* everything is here already */
    }
    env[n] = NULL;
    return env;
}
