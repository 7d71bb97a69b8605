/* Links in mails: the worker's part, a link for the mail, is done here as the worker does it. */
#ifndef TESTS_API_MAIL_HELP_H
#define TESTS_API_MAIL_HELP_H

#include "call.h"

/* The newest mail of a kind to this person or invitation (NULL: to anybody): its link. */
const char *mailed_link(struct arena *mem, const char *tenant_id, const char *kind,
                        const char *person_id);

/* Somebody without a session who has followed a link. */
struct reply post_token(struct arena *mem, const char *path, const char *token);

#endif
