/*
 * One-time passwords (RFC 4226, RFC 6238): SHA-1, six digits, a step of 30 seconds, as every
 * authenticator app takes them; and the base32 that such apps take a secret in.
 */
#ifndef IO_CRYPTO_OTP_H
#define IO_CRYPTO_OTP_H

#include "base/text.h"

#define OTP_SECRET_BYTES 20
#define OTP_DIGITS 6
#define OTP_STEP_S 30

/* A new random secret. */
void otp_secret(unsigned char secret[OTP_SECRET_BYTES]);

/* The code of a counter, or of a time step (seconds UTC / OTP_STEP_S). */
void otp_code(struct bytes secret, int64_t counter, char code[OTP_DIGITS + 1]);

/*
 * The step, of that of `now_s`, the one before and the one after, whose code this is, the newest
 * when it is of several; -1 for none. Takes the same time whatever the code is.
 */
int64_t otp_match(struct bytes secret, int64_t now_s, const char *code);

/* RFC 4648 base32 in capitals, without padding. */
char *otp_base32(struct arena *mem, struct bytes raw);

#endif
