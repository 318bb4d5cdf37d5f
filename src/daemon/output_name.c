/* SPDX-License-Identifier: MIT */
#include "daemon/output_name.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum placeholder { LITERAL, OUTPUT, HOST, UTC, SEQ, END, UNKNOWN };

/** A piece of a pattern. */
struct piece {
    enum placeholder kind;
    const char *text; /* LITERAL */
    size_t len;
    char format[64]; /* UTC */
    int width;       /* SEQ */
};

static void classify(struct piece *p, const char *s, size_t n)
{
    p->kind = UNKNOWN;
    if (n == 6 && memcmp(s, "output", n) == 0)
        p->kind = OUTPUT;
    if (n == 4 && memcmp(s, "host", n) == 0)
        p->kind = HOST;
    if (n > 4 && n - 4 < sizeof p->format && memcmp(s, "utc:", 4) == 0) {
        p->kind = UTC;
        memcpy(p->format, s + 4, n - 4);
        p->format[n - 4] = '\0';
    }
    if ((n == 3 || (n == 5 && s[3] == ':' && isdigit((unsigned char)s[4]))) &&
        memcmp(s, "seq", 3) == 0) {
        p->kind = SEQ;
        p->width = n == 5 ? s[4] - '0' : 1;
    }
}

/** Take the next piece off a pattern. */
static struct piece next_piece(const char **pattern)
{
    const char *s = *pattern;
    struct piece p = {.kind = END, .text = s};
    if (*s == '\0')
        return p;
    if (*s != '%') {
        p.kind = LITERAL;
        p.len = strcspn(s, "%");
        *pattern += p.len;
        return p;
    }
    const char *end = s[1] == '{' ? strchr(s, '}') : NULL;
    p.kind = UNKNOWN;
    if (end) {
        classify(&p, s + 2, (size_t)(end - s - 2));
        *pattern = end + 1;
    }
    return p;
}

/** The text of a piece; its length, or -1 if it has none. */
static int piece_text(const struct piece *p, const struct output_name *with, char *to, size_t room)
{
    time_t seconds = (time_t)(with->now_ns / 1000000000);
    struct tm tm;
    switch (p->kind) {
    case LITERAL: return snprintf(to, room, "%.*s", (int)p->len, p->text);
    case OUTPUT: return snprintf(to, room, "%s", with->output);
    case SEQ: return snprintf(to, room, "%0*" PRIu64, p->width, with->seq);
    case HOST:
        if (gethostname(to, room) != 0)
            return -1;
        to[room - 1] = '\0';
        return (int)strlen(to);
    case UTC:
        if (!gmtime_r(&seconds, &tm))
            return -1;
        return (int)strftime(to, room, p->format, &tm);
    case END:
    case UNKNOWN: break;
    }
    return -1;
}

/** The copy's number goes before the extension, so that the file keeps its type. */
static int add_copy(char *name, size_t room, unsigned copy)
{
    char number[16];
    int n = snprintf(number, sizeof number, "-%u", copy);
    size_t len = strlen(name);
    char *dot = strrchr(name, '.');
    if (!dot || dot == name)
        dot = name + len;
    if (len + (size_t)n >= room)
        return -ENAMETOOLONG;
    memmove(dot + n, dot, strlen(dot) + 1);
    memcpy(dot, number, (size_t)n);
    return 0;
}

int output_name_print(const char *pattern, const struct output_name *with, char *to, size_t room)
{
    size_t len = 0;
    if (room > NAME_MAX + 1 - strlen(PART_SUFFIX))
        room = NAME_MAX + 1 - strlen(PART_SUFFIX);
    for (;;) {
        struct piece p = next_piece(&pattern);
        if (p.kind == END)
            break;
        int n = piece_text(&p, with, to + len, room - len);
        if (n < 0)
            return -EINVAL;
        if ((size_t)n >= room - len)
            return -ENAMETOOLONG;
        len += (size_t)n;
    }
    if (len == 0 || strchr(to, '/') || to[0] == '.')
        return -EINVAL;
    return with->copy > 1 ? add_copy(to, room, with->copy) : 0;
}

/* Recognising. */

/** Behind the time at s if it is one that strftime() would have written so; else NULL. */
static const char *parse_utc(const char *format, const char *s)
{
    struct tm tm = {0};
    char again[256];
    const char *end = strptime(s, format, &tm);
    if (!end)
        return NULL;
    size_t n = strftime(again, sizeof again, format, &tm);
    return n == (size_t)(end - s) && memcmp(again, s, n) == 0 ? end : NULL;
}

static const char *parse_seq(int width, const char *s, uint64_t *seq)
{
    size_t n = strspn(s, "0123456789");
    if (n < (size_t)width || n > 18 || (n > (size_t)width && *s == '0'))
        return NULL;
    *seq = 0;
    for (size_t i = 0; i < n; i++)
        *seq = *seq * 10 + (uint64_t)(s[i] - '0');
    return s + n;
}

static bool match(const char *pattern, const char *output, const char *s, uint64_t *seq)
{
    struct output_name with = {.output = output};
    char text[NAME_MAX + 1];
    while (s) {
        struct piece p = next_piece(&pattern);
        if (p.kind == END)
            return *s == '\0';
        if (p.kind == UTC) {
            s = parse_utc(p.format, s);
        } else if (p.kind == SEQ) {
            s = parse_seq(p.width, s, seq);
        } else {
            int n = piece_text(&p, &with, text, sizeof text);
            s = n >= 0 && strncmp(s, text, (size_t)n) == 0 ? s + n : NULL;
        }
    }
    return false;
}

bool output_name_parse(const char *pattern, const char *output, const char *name, uint64_t *seq)
{
    char plain[NAME_MAX + 1];
    if (match(pattern, output, name, seq))
        return true;
    /* Perhaps a copy: take its number off, which stands before the extension or at the end. */
    size_t len = strlen(name);
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name)
        dot = name + len;
    const char *dash = dot;
    while (dash > name && isdigit((unsigned char)dash[-1]))
        dash--;
    if (dash == dot || dash == name || dash[-1] != '-' || len >= sizeof plain)
        return false;
    snprintf(plain, sizeof plain, "%.*s%s", (int)(dash - 1 - name), name, dot);
    return match(pattern, output, plain, seq);
}
