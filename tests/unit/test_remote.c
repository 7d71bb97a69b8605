/* Whose address a request comes from: nobody chooses it for himself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "api/remote.h"
#include "base/conf.h"

static void the_client_is_who_the_last_trusted_proxy_saw(void **state)
{
    static const struct {
        const char *peer, *forwarded, *client;
    } rows[] = {
        {"192.0.2.9", NULL, "192.0.2.9"},
        {"192.0.2.9", "198.51.100.1", "192.0.2.9"}, /* nobody trusts this peer */
        {"10.0.0.1", "198.51.100.1", "198.51.100.1"},
        {"10.0.0.1", NULL, "10.0.0.1"},
        {"10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"}, /* 1.2.3.4 is the client's word */
        {"10.0.0.1", "1.2.3.4 ,198.51.100.1 , 2001:db8::1", "198.51.100.1"},
        {"2001:db8::1", "1.2.3.4, 198.51.100.1, 10.0.0.1", "198.51.100.1"},
        {"10.0.0.1", "2001:DB8:0:0:0:0:0:7", "2001:db8::7"},
        {"10.0.0.1", "10.0.0.1, 10.0.0.1", "10.0.0.1"}, /* the proxy itself asks */
        {"10.0.0.1", "unknown", "10.0.0.1"},
        {"10.0.0.1", "1.2.3.4, ", "10.0.0.1"},
        {"10.0.0.1", "198.51.100.1:4711", "10.0.0.1"},
        {"10.0.0.12", "198.51.100.1", "10.0.0.12"}, /* begins like a trusted one */
    };

    (void)state;
    conf_set(CONF_trusted_proxies, "10.0.0.1 2001:db8::1");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(KIB(64), NULL);

        assert_string_equal(remote_of(c, rows[i].peer, rows[i].forwarded), rows[i].client);
        ctx_end(c);
    }
}

static void without_the_setting_nobody_is_trusted(void **state)
{
    struct ctx *c = ctx_new(KIB(64), NULL);

    (void)state;
    conf_set(CONF_trusted_proxies, "");
    assert_string_equal(remote_of(c, "127.0.0.1", "198.51.100.1"), "127.0.0.1");
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_is_who_the_last_trusted_proxy_saw),
        cmocka_unit_test(without_the_setting_nobody_is_trusted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
