/* SPDX-License-Identifier: MIT */
#include "common/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"

#define SECOND UINT64_C(1000000000)

enum {
    LINE_MAX_BYTES = 1024, /* below PIPE_BUF, so that lines of two processes never mix */
    RATE = 10,             /* lines a second of one event */
    BURST = 50,
    SUM_UP_SECONDS = 10,
    EVENTS = 64, /* words that are told apart; the rest share one budget */
    WORD_MAX = 40,
    PATIENCE_MS = 100, /* for a reader of stderr that is slow */
};

/** A token bucket, counted in the nanoseconds that tokens take to come back. */
struct event {
    char word[WORD_MAX];
    uint64_t empty_at; /* the bucket is full again by then */
    uint64_t held_since;
    uint64_t held;
};

static uint64_t monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static struct {
    pthread_mutex_t lock;
    char program[32];
    enum log_level level;
    bool journal;
    bool stuck; /* stderr took nothing the last time: do not wait for it again */
    uint64_t (*now_ns)(void);
    struct event events[EVENTS];
    size_t n_events;
} g = {.lock = PTHREAD_MUTEX_INITIALIZER,
       .program = "winnow",
       .level = LEVEL_NOTICE,
       .now_ns = monotonic_ns};

/** Is stderr the journal? systemd.exec(5): JOURNAL_STREAM is "device:inode" of it. */
static bool stderr_is_journal(void)
{
    const char *env = getenv("JOURNAL_STREAM");
    char mine[48];
    struct stat st;
    if (!env || fstat(STDERR_FILENO, &st) < 0)
        return false;
    snprintf(mine, sizeof(mine), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return strcmp(env, mine) == 0;
}

void log_init(const char *program, enum log_target target, enum log_level level)
{
    pthread_mutex_lock(&g.lock);
    snprintf(g.program, sizeof(g.program), "%s", program);
    g.level = level;
    g.journal = target == LOG_TO_JOURNAL || (target == LOG_TO_AUTO && stderr_is_journal());
    pthread_mutex_unlock(&g.lock);
}

void log_set_level(enum log_level level)
{
    pthread_mutex_lock(&g.lock);
    g.level = level;
    pthread_mutex_unlock(&g.lock);
}

void log_set_clock(uint64_t (*now_ns)(void))
{
    pthread_mutex_lock(&g.lock);
    g.now_ns = now_ns ? now_ns : monotonic_ns;
    g.n_events = 0;
    pthread_mutex_unlock(&g.lock);
}

/** Write a line, or lose it: the daemon does not stand still because nobody reads its stderr. */
static void put(const char *line, size_t len)
{
    struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
    g.stuck = poll(&p, 1, g.stuck ? 0 : PATIENCE_MS) == 0;
    while (!g.stuck && len) {
        ssize_t n = write(STDERR_FILENO, line, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        line += n;
        len -= (size_t)n;
    }
}

/** Priorities of syslog(3). */
static const struct {
    int priority;
    const char *mark;
} levels[] = {
    [LEVEL_ERROR] = {3, "error: "}, [LEVEL_WARNING] = {4, "warning: "}, [LEVEL_NOTICE] = {5, ""},
    [LEVEL_INFO] = {6, ""},         [LEVEL_DEBUG] = {7, "debug: "},
};

static void say(enum log_level level, const char *event, const char *text)
{
    char line[LINE_MAX_BYTES];
    int head;
    if (g.journal)
        head = snprintf(line, sizeof(line), "<%d>", levels[level].priority);
    else
        head = snprintf(line, sizeof(line), "%s: %s", g.program, levels[level].mark);
    /* The text gives way where there is too much: the word at the end is what scripts look for. */
    int room = (int)sizeof(line) - head - (int)strnlen(event, WORD_MAX) - 5;
    int n = head + snprintf(line + head, sizeof(line) - (size_t)head, "%.*s [%.*s]", room, text,
                            WORD_MAX, event);
    for (int i = 0; i < n; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' '; /* one event, one line */
    line[n] = '\n';
    put(line, (size_t)n + 1);
}

static void sum_up(struct event *e, uint64_t now)
{
    char text[128];
    snprintf(text, sizeof(text), "suppressed %" PRIu64 " lines of %s in %" PRIu64 " s", e->held,
             e->word, (now - e->held_since + SECOND / 2) / SECOND);
    e->held = 0;
    say(LEVEL_NOTICE, "log.suppressed", text);
}

static struct event *find_event(const char *word)
{
    for (size_t i = 0; i < g.n_events; i++)
        if (strncmp(g.events[i].word, word, WORD_MAX - 1) == 0)
            return &g.events[i];
    if (g.n_events == EVENTS)
        return &g.events[EVENTS - 1];
    struct event *e = &g.events[g.n_events++];
    *e = (struct event){0};
    snprintf(e->word, sizeof(e->word), "%s", word);
    return e;
}

/** Take one token; without one the line is held back and counted. */
static bool may_say(struct event *e, uint64_t now)
{
    uint64_t from = e->empty_at > now ? e->empty_at : now;
    if (from + SECOND / RATE > now + BURST * (SECOND / RATE)) {
        if (!e->held++)
            e->held_since = now;
        return false;
    }
    e->empty_at = from + SECOND / RATE;
    return true;
}

static void sum_up_older(uint64_t now, uint64_t age)
{
    for (size_t i = 0; i < g.n_events; i++)
        if (g.events[i].held && now - g.events[i].held_since >= age)
            sum_up(&g.events[i], now);
}

void log_flush(void)
{
    pthread_mutex_lock(&g.lock);
    sum_up_older(g.now_ns(), 0);
    pthread_mutex_unlock(&g.lock);
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
    int saved = errno;
    pthread_mutex_lock(&g.lock);
    if (level <= g.level) {
        uint64_t now = g.now_ns();
        sum_up_older(now, SUM_UP_SECONDS * SECOND);
        struct event *e = find_event(event);
        if (may_say(e, now)) {
            char text[LINE_MAX_BYTES];
            va_list args;
            va_start(args, fmt);
            vsnprintf(text, sizeof(text), fmt, args);
            va_end(args);
            say(level, event, text);
        }
    }
    pthread_mutex_unlock(&g.lock);
    errno = saved;
}
