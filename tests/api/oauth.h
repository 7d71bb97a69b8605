/* An OAuth client as the tests play it: through the consent of a person, in-process. */
#ifndef TESTS_API_OAUTH_H
#define TESTS_API_OAUTH_H

#include "call.h"

#define APP_BACK "https://app.example/back"
#define VERIFIER "a-verifier-of-forty-three-characters-or-more-1"

struct app {
    const char *id, *secret; /* secret NULL: it has none */
};

/* Registered by an admin; with a secret or without. */
struct app app_new(struct arena *mem, const char *admin, bool confidential, const char *scopes);

/* The query that sends a person to us, with `more` behind it. */
const char *app_query(struct arena *mem, const struct app *app, const char *more);

/* The page's question and the person's answer. */
struct reply consent_ask(struct arena *mem, const char *session, const char *query);
struct reply consent_say(struct arena *mem, const char *session, const char *query, bool allow);

/* A parameter of the address that a person is sent to, decoded enough for codes; or NULL. */
const char *way_param(struct arena *mem, const struct reply *answer, const char *name);

/* A code that the person has allowed just now. */
const char *code_of(struct arena *mem, const char *session, const struct app *app);

/* A form of this app, posted; the secret goes with it. */
struct reply form(struct arena *mem, const struct app *app, const char *path, const char *fields);
struct reply code_take(struct arena *mem, const struct app *app, const char *code);
struct reply refresh(struct arena *mem, const struct app *app, const char *token);

/* The API asked with this token. */
struct reply with_token(struct arena *mem, const char *token, enum method method, const char *path,
                        const char *body);

/* Ends the test unless the reply is this error of RFC 6749. */
void expect_error(const struct reply *r, int status, const char *error);

#endif
