/* Addresses that a tenant may have us call, and those inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/ctx.h"
#include "io/http.h"
#include "io/http_address.h"
#include "tiny_server.h"

#include <cmocka.h>

static void only_what_is_out_in_the_open(void **state)
{
    static const char *const open[] = {"1.1.1.1",       "8.8.8.8",       "172.15.255.255",
                                       "172.32.0.1",    "100.63.0.1",    "192.169.0.1",
                                       "223.255.255.1", "11.0.0.1",      "2606:4700::1111",
                                       "2a00:1450::1",  "::ffff:8.8.8.8"};
    static const char *const inside[] = {"127.0.0.1",
                                         "127.255.255.255",
                                         "0.0.0.0",
                                         "10.1.2.3",
                                         "172.16.0.1",
                                         "172.31.255.255",
                                         "192.168.1.1",
                                         "169.254.169.254",
                                         "100.64.0.1",
                                         "192.0.2.1",
                                         "198.18.0.1",
                                         "198.51.100.7",
                                         "203.0.113.7",
                                         "224.0.0.1",
                                         "255.255.255.255",
                                         "240.0.0.1",
                                         "::1",
                                         "::",
                                         "fe80::1",
                                         "fc00::1",
                                         "fd00:ec2::254",
                                         "ff02::1",
                                         "2001:db8::1",
                                         "2002:7f00:1::",
                                         "2001::1",
                                         "64:ff9b::7f00:1",
                                         "::ffff:127.0.0.1",
                                         "::ffff:10.0.0.1",
                                         "",
                                         "localhost",
                                         "1.1.1",
                                         "1.1.1.1:443"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(open); i++)
        if (!address_text_public(open[i]))
            fail_msg("%s", open[i]);
    for (size_t i = 0; i < COUNT_OF(inside); i++)
        if (address_text_public(inside[i]))
            fail_msg("%s", inside[i]);
}

static rc_t ask(struct ctx *c, const char *url, bool public_only)
{
    struct http_answer answer;

    ctx_forgive(c);
    return http_call(c, &(struct http_ask){.method = "GET", .url = url, .public_only = public_only},
                     &answer);
}

/* Also by a name, and over a connection that was opened for somebody who may go there. */
static void nothing_inside_is_called(void **state)
{
    static const struct tiny_step steps[] = {{TINY_OK("text/plain", "2", "ok"), 0, TINY_KEEP}};
    struct ctx *c = ctx_new(MIB(4), NULL);
    struct tiny *t = tiny_start(steps, 1);
    const char *port = strrchr(tiny_url(t), ':');

    (void)state;
    http_start();
    assert_int_equal(ask(c, tiny_url(t), true), E_FORBIDDEN);
    assert_string_equal(c->fault.code, "http_private");
    assert_int_equal(ask(c, text_printf(c->mem, "http://localhost%s", port), true), E_FORBIDDEN);
    assert_string_equal(c->fault.code, "http_private");
    assert_int_equal(tiny_connections(t), 0);
    assert_int_equal(ask(c, tiny_url(t), false), OK);
    assert_int_equal(ask(c, tiny_url(t), true), E_FORBIDDEN);
    assert_string_equal(c->fault.code, "http_private");
    assert_int_equal(tiny_requests(t), 1);
    http_stop();
    tiny_stop(t);
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_out_in_the_open),
        cmocka_unit_test(nothing_inside_is_called),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
