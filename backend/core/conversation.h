/* A conversation: one thread between people and one employee, and its messages in order. */
#ifndef CORE_CONVERSATION_H
#define CORE_CONVERSATION_H

#include "base/shape.h"
#include "io/db.h"

struct conversation {
    const char *id, *employee_id, *connection_id, *person_id, *channel, *title;
    int64_t created, last_at;
};
extern const struct shape conversation_shape; /* without connection_id and person_id */

struct message {
    const char *id, *author, *name, *text, *outcome;
    int64_t seq, created;
    const char *job_id; /* on the way in: of an answer, the job that gives it; or NULL */
};
extern const struct shape message_shape; /* without job_id */

struct new_message {
    const char *text, *key;
};
extern const struct shape new_message_shape;

#define MESSAGE_TEXT_MAX 40000 /* bytes of one message, in and out */

/* Makes it unless it is there; the first values stay. connection_id and person_id may be NULL. */
rc_t conversation_open(struct ctx *c, const struct conversation *conversation) MUST;

/*
 * Those of an employee with the context's person, by page->sort: -last_at (where something was said
 * last comes first; what is said meanwhile moves a conversation there) or -created.
 */
rc_t conversation_list(struct ctx *c, const char *employee_id, struct page *page,
                       struct conversation **items, size_t *count) MUST;

/* One conversation; for a person of the portal only his own: E_NOT_FOUND otherwise. */
rc_t conversation_get(struct ctx *c, const char *id, struct conversation *out) MUST;

/*
 * Adds a message at the end, once: the same id again changes nothing and gives back the one that is
 * there. Fills seq and created.
 */
rc_t message_add(struct ctx *c, const char *conversation_id, struct message *message) MUST;

/*
 * Messages after `after` (0: from the start), oldest first, at most `most`. Once their text has
 * passed MESSAGE_PAGE_BYTES no more are taken, so that a page has a bounded size whatever was said.
 * There may be more when the page is full.
 */
#define MESSAGE_PAGE_BYTES (256 * 1024)
bool message_page_full(const struct message *items, size_t count, int64_t most);
rc_t message_list(struct ctx *c, const char *conversation_id, int64_t after, int64_t most,
                  struct message **items, size_t *count) MUST;

/*
 * The newest `most` messages with a seq of at most `until`, oldest first: what an employee
 * remembers of a conversation.
 */
rc_t message_window(struct ctx *c, const char *conversation_id, int64_t until, int64_t most,
                    struct message **items, size_t *count) MUST;

/* A message by its id; *found is false when it is not there (yet). */
rc_t message_find(struct ctx *c, const char *id, struct message *out, bool *found) MUST;

/* The id that the answer to an inbound message has, before it exists. */
const char *message_answer_id(struct ctx *c, const char *inbound_id);

#endif
