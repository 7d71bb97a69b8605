/*
 * The parts of mrkdwn that know nothing of blocks: escaping, entities, links, tables. Used by
 * mrkdwn.c only.
 */
#ifndef CHANNELS_MRKDWN_TEXT_H
#define CHANNELS_MRKDWN_TEXT_H

#include <md4c.h>

#include "base/text.h"

#define ZERO_WIDTH "\u200b"

/* &, < and > as entities: Slack's only escapes. */
void mrkdwn_escape(struct buf *out, const char *text, size_t len);
/* The same inside a code block, where three backticks in a row would end it. */
void mrkdwn_escape_code(struct buf *out, const char *text, size_t len);

/*
 * The character that a Markdown entity such as "&lt;" or "&#8364;" stands for; NULL when we don't
 * know it.
 */
const char *mrkdwn_entity(struct arena *mem, const char *text, size_t len);

/* A link target with its entities undone. */
const char *mrkdwn_attribute(struct arena *mem, const MD_ATTRIBUTE *from);
/* Only http, https, mailto and tel become links: <!channel|x> and <@U1|x> would call people. */
bool mrkdwn_url_safe(const char *url);
/* "<url|label>", or "<url>" when the label says nothing more. */
struct bytes mrkdwn_link(struct arena *mem, const char *url, struct bytes label);

/* A table while it is read: start a row, start a cell, add text. */
struct mrkdwn_table;
struct mrkdwn_table *mrkdwn_table_new(struct arena *mem);
void mrkdwn_table_row(struct mrkdwn_table *t);
void mrkdwn_table_cell(struct mrkdwn_table *t);
void mrkdwn_table_text(struct mrkdwn_table *t, const char *text, size_t len);
/* Its lines with even columns, unescaped; `over` is set when they are longer than max. */
struct buf mrkdwn_table_code(struct mrkdwn_table *t, size_t max);

#endif
