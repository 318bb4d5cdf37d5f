/* SPDX-License-Identifier: MIT */
/** Messages for the operator. Only where errors stop; never on the packet path. */
#pragma once

#include <stdint.h>

enum log_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_NOTICE, LEVEL_INFO, LEVEL_DEBUG };

/** How lines look: by what stderr is, or as said. */
enum log_target { LOG_TO_AUTO, LOG_TO_JOURNAL, LOG_TO_STDERR };

/**
 * Begin. Until then lines go to stderr at LEVEL_NOTICE.
 *
 * Under systemd (JOURNAL_STREAM names stderr) lines carry the journal's
 * priority as a `<N>` prefix; else they begin with the program's name.
 */
void log_init(const char *program, enum log_target target, enum log_level level);

void log_set_level(enum log_level level);

/**
 * Say something. `event` is a stable word for scripts ("interface.down"); more
 * than 10 lines a second of one event (after a burst of 50) are counted and
 * summed up in one line instead.
 */
void log_event(enum log_level level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** Sum up at once what is held back; for the end of a program. (Else it waits up to 10 s.) */
void log_flush(void);

/** For tests: take the time from here, and forget all events; NULL is the monotonic clock. */
void log_set_clock(uint64_t (*now_ns)(void));
