/* One-time passwords, judged by the vectors that the RFCs publish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "io/crypto.h"
#include "io/crypto_otp.h"

#include <cmocka.h>

#define SECRET BYTES("12345678901234567890")

/* RFC 4226, appendix D. */
static void codes_by_counter(void **state)
{
    static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314",
                                        "254676", "287922", "162583", "399871", "520489"};
    char code[OTP_DIGITS + 1];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        otp_code(SECRET, (int64_t)i, code);
        assert_string_equal(code, codes[i]);
    }
}

/* RFC 6238, appendix B, SHA-1: eight digits there, of which the last six are the same. */
static const struct {
    int64_t seconds;
    const char *eight;
} by_time[] = {
    {59, "94287082"},         {1111111109, "07081804"}, {1111111111, "14050471"},
    {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"},
};

static void codes_by_time(void **state)
{
    char code[OTP_DIGITS + 1];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(by_time); i++) {
        otp_code(SECRET, by_time[i].seconds / OTP_STEP_S, code);
        assert_string_equal(code, by_time[i].eight + 2);
        assert_int_equal(otp_match(SECRET, by_time[i].seconds, code),
                         by_time[i].seconds / OTP_STEP_S);
    }
}

static void a_clock_may_be_off_by_one_step(void **state)
{
    const int64_t now = 1234567890, step = now / OTP_STEP_S;
    char code[OTP_DIGITS + 1];

    (void)state;
    for (int64_t off = -3; off <= 3; off++) {
        otp_code(SECRET, step + off, code);
        assert_int_equal(otp_match(SECRET, now, code), off >= -1 && off <= 1 ? step + off : -1);
    }
}

static void what_is_no_code_matches_nothing(void **state)
{
    static const char *const codes[] = {"",         "0",       "00592", "0059244",
                                        "89005924", "005924 ", "abcdef"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        assert_int_equal(otp_match(SECRET, 1234567890, codes[i]), -1);
}

/* RFC 4648, section 10, without the padding. */
static void base32(void **state)
{
    static const struct {
        const char *raw, *text;
    } rows[] = {{"", ""},
                {"f", "MY"},
                {"fo", "MZXQ"},
                {"foo", "MZXW6"},
                {"foob", "MZXW6YQ"},
                {"fooba", "MZXW6YTB"},
                {"foobar", "MZXW6YTBOI"},
                {"12345678901234567890", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}};
    struct arena *mem = arena_new(MIB(1));

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_string_equal(otp_base32(mem, bytes_of(rows[i].raw)), rows[i].text);
    arena_free(mem);
}

static void secrets_differ(void **state)
{
    unsigned char a[OTP_SECRET_BYTES], b[OTP_SECRET_BYTES];

    (void)state;
    crypto_start();
    otp_secret(a);
    otp_secret(b);
    assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_by_counter),
        cmocka_unit_test(codes_by_time),
        cmocka_unit_test(a_clock_may_be_off_by_one_step),
        cmocka_unit_test(what_is_no_code_matches_nothing),
        cmocka_unit_test(base32),
        cmocka_unit_test(secrets_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
