/* A mail as it leaves: what RFC 5322 and 2045 want, and that nobody's text can become a header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/conf.h"
#include "io/mail.h"

#include <cmocka.h>

#define ID "0192f0c1-0000-7000-8000-000000000001"

static const char *written(struct ctx *c, const char *text)
{
    struct letter letter = {ID, "ann@example.org", "A subject", text};
    struct bytes out;

    assert_int_equal(letter_write(c, &letter, &out), OK);
    return text_copy(c->mem, out.data, out.len);
}

static const char *body_of(const char *mail)
{
    const char *end = strstr(mail, "\r\n\r\n");

    assert_non_null(end);
    return end + 4;
}

static void plain_text_stays_readable(void **state)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    const char *mail = written(c, "Hello Ann,\n\nhttps://a.example/verify#abc=\n");

    (void)state;
    assert_non_null(strstr(mail, "From: Konstruct <office@konstruct.example>\r\n"));
    assert_non_null(strstr(mail, "\r\nTo: <ann@example.org>\r\n"));
    assert_non_null(strstr(mail, "\r\nSubject: A subject\r\n"));
    assert_non_null(strstr(mail, "\r\nMessage-ID: <" ID "@konstruct.example>\r\n"));
    assert_non_null(strstr(mail, "\r\nContent-Transfer-Encoding: 7bit\r\n"));
    assert_string_equal(body_of(mail), "Hello Ann,\r\n\r\nhttps://a.example/verify#abc=\r\n");
    ctx_end(c);
}

static void other_text_is_quoted(void **state)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    const char *mail = written(c, "Gr\xc3\xbc\xc3\x9f"
                                  "e = \n");
    char line[400];

    (void)state;
    assert_non_null(strstr(mail, "\r\nContent-Transfer-Encoding: quoted-printable\r\n"));
    assert_string_equal(body_of(mail), "Gr=C3=BC=C3=9Fe =3D=20\r\n");
    /* Long lines are folded, and no line of a mail is longer than is allowed. */
    memset(line, 'x', sizeof(line));
    memcpy(line + sizeof(line) - 3, "\xc3\xbc", 3);
    mail = body_of(written(c, line));
    for (const char *at = mail; *at != '\0';) {
        size_t len = strcspn(at, "\r");

        assert_true(len <= 76);
        at += len + strspn(at + len, "\r\n");
    }
    ctx_end(c);
}

static void a_line_break_makes_no_header(void **state)
{
    static const struct {
        const char *to, *subject;
    } rows[] = {{"ann@example.org>\r\nBcc: <x@example.org", "A subject"},
                {"ann@example.org", "A\nBcc: x@example.org"},
                {"ann@example.org\r", "A subject"},
                {"ann@example.org", "A\x7f"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(1), NULL);
        struct letter letter = {ID, rows[i].to, rows[i].subject, "text"};
        struct bytes out;

        assert_int_equal(letter_write(c, &letter, &out), E_INVALID);
        assert_string_equal(c->fault.code, "mail_header");
        ctx_end(c);
    }
}

static void without_a_way_nothing_is_pretended(void **state)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct letter letter = {ID, "ann@example.org", "A subject", "text"};
    enum letter_fate fate;
    const char *why;

    (void)state;
    assert_int_equal(letter_send(c, &letter, &fate, &why), E_INVALID);
    assert_string_equal(c->fault.code, "mail_not_set_up");
    ctx_end(c);
}

static int start(void **state)
{
    (void)state;
    conf_set(CONF_mail_from, "Konstruct <office@konstruct.example>");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays_readable),
        cmocka_unit_test(other_text_is_quoted),
        cmocka_unit_test(a_line_break_makes_no_header),
        cmocka_unit_test(without_a_way_nothing_is_pretended),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
