/* REDIS_URL in all its forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/rc.h"
#include "io/redis_url.h"

static void reads_each_form(void **state)
{
    static const struct {
        const char *url, *path, *host, *password;
        int port, number;
    } rows[] = {
        {"unix:///run/redis.sock", "/run/redis.sock", "", "", 6379, 0},
        {"redis://localhost", "", "localhost", "", 6379, 0},
        {"redis://10.0.0.1:7000/3", "", "10.0.0.1", "", 7000, 3},
        {"redis://:secret@cache:6380/0", "", "cache", "secret", 6380, 0},
        {"redis://me:p:a@ss@cache", "", "cache", "p:a@ss", 6379, 0},
        {"redis://cache/", "", "cache", "", 6379, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct redis_url to;

        assert_true(redis_url_read(rows[i].url, &to));
        assert_string_equal(to.path, rows[i].path);
        assert_string_equal(to.host, rows[i].host);
        assert_string_equal(to.password, rows[i].password);
        assert_int_equal(to.port, rows[i].port);
        assert_int_equal(to.number, rows[i].number);
    }
}

static void refuses_what_is_none(void **state)
{
    static const char *const urls[] = {
        "",
        "http://localhost",
        "redis://",
        "redis://:6379",
        "redis://host:port",
        "redis://host:99999",
        "redis://host:6379/x",
        "redis://host:123456789",
        "unix:///a/path/that/is/longer/than/a/unix/socket/may/have/"
        "0123456789012345678901234567890123456789"
        "0123456789012345678901234567890123456789",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct redis_url to;

        assert_false(redis_url_read(urls[i], &to));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_form),
        cmocka_unit_test(refuses_what_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
