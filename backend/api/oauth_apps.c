/* The OAuth apps of a company: registered, changed, given a new secret, removed. */
#include "api/handlers.h"
#include "api/page.h"
#include "core/audit.h"
#include "core/oauth_app.h"

rc_t oauth_apps_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct oauth_app *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(oauth_app_list(c, &page, &items, &count));
    return res_page(c, rq, rs, &oauth_app_shape, items, count, &page);
}

static rc_t record(struct ctx *c, const char *action, const struct oauth_app *app)
{
    json_t *about = json_pack("{s:s, s:s, s:s}", "name", app->name, "scopes", app->scopes,
                              "redirects", app->redirects);
    const char *body = json_text(c->mem, about);

    json_decref(about);
    return audit_add(c, c->actor, action, app->id, body);
}

rc_t oauth_apps_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct new_oauth_app in;
    struct oauth_app app;

    TRY(req_body(c, rq, &new_oauth_app_shape, &in));
    TRY(oauth_app_add(c, &in, &app));
    TRY(record(c, "app.registered", &app));
    return res_one(c, rs, 201, &oauth_app_made_shape, &app);
}

rc_t oauth_apps_change(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct new_oauth_app in;
    struct oauth_app app;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &oauth_app_change_shape, &in));
    TRY(oauth_app_change(c, id, &in, &app));
    TRY(record(c, "app.changed", &app));
    return res_one(c, rs, 200, &oauth_app_shape, &app);
}

rc_t oauth_apps_rotate(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct rotation in;
    struct oauth_app app;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &rotation_shape, &in));
    TRY(oauth_app_rotate(c, id, &in, &app));
    TRY(record(c, "app.secret_rotated", &app));
    return res_one(c, rs, 200, &oauth_app_made_shape, &app);
}

rc_t oauth_apps_remove(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(oauth_app_remove(c, id));
    rs->status = 204;
    return audit_add(c, c->actor, "app.removed", id, "{}");
}
