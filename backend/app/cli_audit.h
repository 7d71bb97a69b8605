/* The parts of `konstruct audit`. */
#ifndef APP_CLI_AUDIT_H
#define APP_CLI_AUDIT_H

#include "io/crypto_audit.h"

/* The public key that follows from the master key here. */
rc_t cli_audit_key(struct ctx *c, unsigned char public_key[SIGN_PUBLIC_BYTES]) MUST;

int cli_audit_verify(int argc, char **argv);

#endif
