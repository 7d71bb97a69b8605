/* Passwords that nobody may choose, and hashes that are out of date. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "core/password.h"
#include "io/crypto.h"

#include <cmocka.h>

static rc_t checked(const char *password, const char **code)
{
    static char kept[40];
    struct ctx *c = ctx_new(MIB(1), NULL);
    rc_t rc = password_check(c, "password", password);

    snprintf(kept, sizeof(kept), "%s", rc == OK ? "" : c->fault.code);
    if (rc != OK)
        assert_string_equal(c->fault.field, "password");
    *code = kept;
    ctx_end(c);
    return rc;
}

static void each_of_the_list_is_refused(void **state)
{
    FILE *file = fopen("seed/passwords.txt", "re");
    char line[100];
    int count = 0, longer = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        const char *code;

        line[strcspn(line, "\n")] = '\0';
        count++;
        assert_int_equal(checked(line, &code), E_INVALID);
        if (strlen(line) < PASSWORD_LEAST) {
            assert_string_equal(code, "password_short");
            continue;
        }
        assert_string_equal(code, "password_common");
        longer++;
        line[0] = (char)(line[0] >= 'a' && line[0] <= 'z' ? line[0] - 32 : line[0]);
        assert_int_equal(checked(line, &code), E_INVALID);
    }
    fclose(file);
    assert_true(count >= 10000);
    assert_true(longer >= 200);
}

static void others_are_taken(void **state)
{
    static const char *const good[] = {"a quiet green garden", "passwordpassworx", "unbelievable!",
                                       "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc"};
    const char *code;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_int_equal(checked(good[i], &code), OK);
    assert_int_equal(checked("short", &code), E_INVALID);
    assert_int_equal(checked("", &code), E_INVALID);
}

static void a_hash_under_other_settings_is_stale(void **state)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    char *hash;

    (void)state;
    conf_set(CONF_argon2_mib, "8");
    conf_set(CONF_argon2_passes, "1");
    crypto_start();
    assert_int_equal(password_hash(c, "a quiet green garden", &hash), OK);
    assert_false(password_stale(hash));
    conf_set(CONF_argon2_passes, "2");
    assert_true(password_stale(hash));
    conf_set(CONF_argon2_passes, "1");
    conf_set(CONF_argon2_mib, "9");
    assert_true(password_stale(hash));
    assert_true(password_fits(hash, "a quiet green garden"));
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_the_list_is_refused),
        cmocka_unit_test(others_are_taken),
        cmocka_unit_test(a_hash_under_other_settings_is_stale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
