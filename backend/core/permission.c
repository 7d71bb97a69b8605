/* See permission.h. */
#include "core/permission.h"

#include <string.h>

#define YES true
#define NO false
static const struct permission_row rows[] = {
#define PERMISSION(name, shown, about, viewer, member, manager, admin, key) \
    [PERMISSION_##name] = {(shown),                                         \
                           (about),                                         \
                           {[ROLE_VIEWER] = (viewer),                       \
                            [ROLE_MEMBER] = (member),                       \
                            [ROLE_MANAGER] = (manager),                     \
                            [ROLE_ADMIN] = (admin)},                        \
                           (key)},
#include "core/permissions.def"
#undef PERMISSION
};

static const char *const role_names[ROLE_COUNT] = {[ROLE_VIEWER] = "viewer",
                                                   [ROLE_MEMBER] = "member",
                                                   [ROLE_MANAGER] = "manager",
                                                   [ROLE_ADMIN] = "admin"};

const struct permission_row *permission_row(enum permission which)
{
    return &rows[which];
}

const char *role_name(enum role role)
{
    return role_names[role];
}

enum role role_of(const char *name)
{
    enum role role = ROLE_VIEWER;

    while (role < ROLE_COUNT && !text_is(role_names[role], name))
        role++;
    return role;
}

permits permits_of_role(const char *name)
{
    enum role role = role_of(name);
    permits set = 0;

    for (size_t i = 0; i < PERMISSION_COUNT && role < ROLE_COUNT; i++)
        set |= (permits)rows[i].role[role] << i;
    return set;
}

permits permits_for_keys(void)
{
    permits set = 0;

    for (size_t i = 0; i < PERMISSION_COUNT; i++)
        set |= (permits)rows[i].key << i;
    return set;
}

const char *permits_text(struct arena *mem, permits set)
{
    struct buf out = buf_new(mem, KIB(4));

    for (size_t i = 0; i < PERMISSION_COUNT; i++)
        if (permits_has(set, (enum permission)i))
            buf_printf(&out, "%s%s", out.len == 0 ? "" : " ", rows[i].shown);
    return buf_str(&out);
}

static permits permit_named(struct bytes name)
{
    for (size_t i = 0; i < PERMISSION_COUNT; i++)
        if (bytes_is(name, rows[i].shown))
            return (permits)1 << i;
    return 0;
}

bool permits_of_text(const char *text, permits *out)
{
    *out = 0;
    for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
        struct bytes name = {text, strcspn(text, " ")};
        permits one = permit_named(name);

        if (one == 0)
            return false;
        *out |= one;
        text += name.len;
    }
    return *out != 0;
}

static const struct field view_fields[] = {
    FIELD(struct permission_view, name, READ_ONLY, 60, NULL),
    FIELD(struct permission_view, about, READ_ONLY, 200, "What it allows"),
    FIELD(struct permission_view, viewer, READ_ONLY, 0, "Whether a viewer has it"),
    FIELD(struct permission_view, member, READ_ONLY, 0, NULL),
    FIELD(struct permission_view, manager, READ_ONLY, 0, NULL),
    FIELD(struct permission_view, admin, READ_ONLY, 0, NULL),
    FIELD(struct permission_view, programs, READ_ONLY, 0, "Whether a program may be given it"),
};
const struct shape permission_shape = SHAPE("Permission", struct permission_view, view_fields);

const struct permission_view *permission_views(struct arena *mem, size_t *count)
{
    struct permission_view *views = arena_take(mem, sizeof(*views) * PERMISSION_COUNT);

    *count = PERMISSION_COUNT;
    for (size_t i = 0; i < PERMISSION_COUNT; i++)
        views[i] = (struct permission_view){rows[i].shown,
                                            rows[i].about,
                                            rows[i].role[ROLE_VIEWER],
                                            rows[i].role[ROLE_MEMBER],
                                            rows[i].role[ROLE_MANAGER],
                                            rows[i].role[ROLE_ADMIN],
                                            rows[i].key};
    return views;
}

void permissions_print(struct buf *out)
{
    buf_text(out, "| permission | what it allows | viewer | member | manager | admin | programs |\n"
                  "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < PERMISSION_COUNT; i++) {
        buf_printf(out, "| `%s` | %s |", rows[i].shown, rows[i].about);
        for (enum role role = ROLE_VIEWER; role < ROLE_COUNT; role++)
            buf_text(out, rows[i].role[role] ? " yes |" : " |");
        buf_text(out, rows[i].key ? " yes |\n" : " |\n");
    }
}
