/* See oauth.h. */
#include "oauth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include "core/token.h"

#include <cmocka.h>

struct app app_new(struct arena *mem, const char *admin, bool confidential, const char *scopes)
{
    struct reply r = post(mem, admin, "/api/v1/oauth-apps",
                          text_printf(mem,
                                      "{\"name\":\"Meeting notes\",\"redirects\":\"" APP_BACK
                                      "\",\"scopes\":\"%s\",\"confidential\":%s}",
                                      scopes, confidential ? "true" : "false"));

    expect(&r, 201, NULL);
    return (struct app){text_of(&r, "id"), json_str(r.json, "secret")};
}

const char *app_query(struct arena *mem, const struct app *app, const char *more)
{
    return text_printf(mem,
                       "client_id=%s&redirect_uri=https%%3A%%2F%%2Fapp.example%%2Fback"
                       "&response_type=code&state=s+1%%2B&code_challenge_method=S256"
                       "&code_challenge=%s%s",
                       app->id, text_base64url(mem, token_hash(mem, VERIFIER)), more);
}

struct reply consent_ask(struct arena *mem, const char *session, const char *query)
{
    return post(mem, session, "/api/v1/oauth/requests",
                text_printf(mem, "{\"request\":\"%s\"}", query));
}

struct reply consent_say(struct arena *mem, const char *session, const char *query, bool allow)
{
    return post(
        mem, session, "/api/v1/oauth/answers",
        text_printf(mem, "{\"request\":\"%s\",\"allow\":%s}", query, allow ? "true" : "false"));
}

const char *way_param(struct arena *mem, const struct reply *answer, const char *name)
{
    const char *way = text_of(answer, "redirect");
    const char *at = strstr(way, text_printf(mem, "?%s=", name));

    if (at == NULL)
        at = strstr(way, text_printf(mem, "&%s=", name));
    if (at == NULL)
        return NULL;
    at += strlen(name) + 2;
    return text_copy(mem, at, strcspn(at, "&"));
}

const char *code_of(struct arena *mem, const char *session, const struct app *app)
{
    struct reply r = consent_say(mem, session, app_query(mem, app, ""), true);
    const char *code;

    expect(&r, 200, NULL);
    code = way_param(mem, &r, "code");
    if (code == NULL)
        fail_msg("%s", r.body);
    return code;
}

struct reply form(struct arena *mem, const struct app *app, const char *path, const char *fields)
{
    const char *secret = app->secret == NULL ? ""
                                             : text_printf(mem, "&client_secret=%s", app->secret);

    return call(
        mem, &(struct call){
                 .method = POST,
                 .path = path,
                 .bare = true,
                 .body = bytes_of(text_printf(mem, "client_id=%s%s&%s", app->id, secret, fields)),
                 .headers = {{"content-type", "application/x-www-form-urlencoded"}}});
}

struct reply code_take(struct arena *mem, const struct app *app, const char *code)
{
    return form(mem, app, "/oauth/token",
                text_printf(mem,
                            "grant_type=authorization_code&code=%s&code_verifier=" VERIFIER
                            "&redirect_uri=" APP_BACK,
                            code));
}

struct reply refresh(struct arena *mem, const struct app *app, const char *token)
{
    return form(mem, app, "/oauth/token",
                text_printf(mem, "grant_type=refresh_token&refresh_token=%s", token));
}

struct reply with_token(struct arena *mem, const char *token, enum method method, const char *path,
                        const char *body)
{
    return call(mem,
                &(struct call){.method = method,
                               .path = path,
                               .bare = true,
                               .body = bytes_of(body),
                               .headers = {{"authorization", text_printf(mem, "Bearer %s", token)},
                                           {"content-type", "application/json"}}});
}

void expect_error(const struct reply *r, int status, const char *error)
{
    if (r->status != status || !text_is(r->type, "application/json") ||
        !text_is(json_str(r->json, "error"), error) ||
        json_str(r->json, "error_description") == NULL)
        fail_msg("%s: %d %s %s, not %d %s", r->rq.path, r->status, r->type, r->body, status, error);
}
