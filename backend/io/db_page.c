/* Lists by pages; see db.h. */
#include <stdlib.h>
#include <string.h>

#include "io/db_conn.h"

#define ARGS_MOST 20 /* of a list's own */

rc_t db_page(struct ctx *c, const struct stmt *q, struct page *page, struct args args,
             const struct shape *shape, void **items, size_t *count)
{
    struct arg all[3 + ARGS_MOST] = {A(page->key), A(page->id), A(page->most + 1)};
    struct db_rows rows;

    if (args.count > ARGS_MOST)
        abort();
    if (args.count > 0)
        memcpy(all + 3, args.list, (size_t)args.count * sizeof(all[0]));
    TRY(db_rows(c, q, (struct args){all, 3 + args.count}, &rows));

    /* One row more was asked for than is told: it says whether there is another page. */
    int columns = PQnfields(rows.native) - 2;

    page->more = rows.count > page->most;
    *count = page->more ? (size_t)page->most : (size_t)rows.count;
    *items = arena_take(c->mem, *count * shape->size + 1);
    for (size_t i = 0; i < *count; i++)
        TRY(db_row(c, rows.native, (int)i, columns, shape, (char *)*items + i * shape->size));
    if (*count > 0) {
        page->key = db_text(&rows, (int)*count - 1, columns);
        page->id = db_text(&rows, (int)*count - 1, columns + 1);
    }
    return OK;
}
