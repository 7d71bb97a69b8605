/*
 * Addresses that apps may send people back to, and when one that is asked for is a registered one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "core/redirect.h"

#include <cmocka.h>

static void only_https_and_this_machine(void **state)
{
    static const char *const good[] = {
        "https://app.example/back",       "https://app.example",
        "https://app.example:8443/a?b=c", "http://127.0.0.1/cb",
        "http://127.0.0.1:4711/cb",       "http://[::1]:4711/cb",
        "http://localhost:3000/cb",       "https://xn--bcher-kva.example/"};
    static const char *const bad[] = {"",
                                      "https://",
                                      "https:///path",
                                      "http://app.example/back",
                                      "http://127.0.0.1.app.example/",
                                      "http://127.0.0.2/",
                                      "http://localhost.example/",
                                      "https://app.example/#x",
                                      "https://user@app.example/",
                                      "https://app.example\\@evil.example/",
                                      "https://*.app.example/",
                                      "https://app.example/*",
                                      "https://app.example:0/",
                                      "https://app.example:65536/",
                                      "https://app.example:/",
                                      "https://app.example:80x/",
                                      "https://app.example/a b",
                                      "https://app.example/\n",
                                      "https://b\xc3\xbc"
                                      "cher.example/",
                                      "HTTPS://app.example/",
                                      "javascript:alert(1)",
                                      "com.example.app:/cb",
                                      "data:text/html,x",
                                      "//app.example/",
                                      "/back"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (!redirect_allowed(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (redirect_allowed(bad[i]))
            fail_msg("%s", bad[i]);
}

static void only_the_port_of_this_machine_may_differ(void **state)
{
    static const struct {
        const char *registered, *asked;
        bool fits;
    } rows[] = {
        {"https://app.example/back", "https://app.example/back", true},
        {"https://app.example/back", "https://app.example/back/", false},
        {"https://app.example/back", "https://app.example/back?x", false},
        {"https://app.example/back", "https://app.example:443/back", false},
        {"https://app.example/back", "https://APP.example/back", false},
        {"https://app.example/back", "http://app.example/back", false},
        {"https://127.0.0.1/back", "https://127.0.0.1:9/back", false},
        {"http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true},
        {"http://127.0.0.1:80/cb", "http://127.0.0.1:51004/cb", true},
        {"http://[::1]/cb", "http://[::1]:51004/cb", true},
        {"http://127.0.0.1/cb", "http://127.0.0.1:51004/other", false},
        {"http://127.0.0.1/cb", "http://localhost:51004/cb", false},
        {"http://127.0.0.1/cb", "http://127.0.0.1:51004@evil.example/cb", false},
        {"http://127.0.0.1/cb", "http://127.0.0.1:x/cb", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (redirect_fits(rows[i].registered, rows[i].asked) != rows[i].fits)
            fail_msg("%s and %s", rows[i].registered, rows[i].asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_https_and_this_machine),
        cmocka_unit_test(only_the_port_of_this_machine_may_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
