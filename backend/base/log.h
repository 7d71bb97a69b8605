/*
 * The one writer of log lines: JSON, one line each, on standard error. Every secret that the
 * process has opened is told to it and can't be written: it is replaced wherever it occurs in a
 * value.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/ctx.h"
#include "base/text.h"

/* `program` stands in every line. Lines of level debug are written only when verbose. */
void log_start(const char *program, bool verbose);

/*
 * Event name in snake_case, then pairs of name and text (a NULL text is left out), then NULL. Safe
 * from many threads.
 */
void log_debug(const char *event, ...) __attribute__((sentinel));
void log_info(const char *event, ...) __attribute__((sentinel));
void log_warn(const char *event, ...) __attribute__((sentinel));
void log_error(const char *event, ...) __attribute__((sentinel));

/* The fault that a request or job ended in, with its reference. */
void log_fault(const struct ctx *c, const char *event);

/* From now on this value is masked. Shorter than 8 bytes: ignored. The newest 4,096 are known. */
void log_secret_add(struct bytes secret);

/*
 * The text with every known secret replaced by "[secret]"; for what leaves the process other than
 * by the log.
 */
char *log_mask(struct arena *mem, const char *text);

#endif
