/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "helper/helper.h"

enum {
    LINE = 1024,   /* bytes that come out of one call at most (Linux: BPF_TRACE_PRINTK_SIZE) */
    MOST_ARGS = 3, /* r3 to r5 */
    MOST_STRING = 512,
};

/** A line while it is written, and the arguments left. */
struct line {
    struct wn_run *run;
    uint64_t args[MOST_ARGS];
    unsigned used;
    size_t len;
    char text[LINE];
};

/** One conversion: what stands between % and its letter. */
struct conversion {
    char flags[8];
    int width;
    unsigned bytes; /* of the argument */
    char letter;
};

static void put(struct line *l, const char *text, size_t len)
{
    size_t room = sizeof l->text - 1 - l->len;
    if (len > room)
        len = room;
    memcpy(l->text + l->len, text, len);
    l->len += len;
}

/** Parse behind a %; NULL if it is nothing that programs may print. */
static const char *parse(const char *p, struct conversion *c)
{
    size_t flags = 0;
    *c = (struct conversion){.bytes = 4};
    for (; *p && strchr("0+-# ", *p); p++)
        if (flags + 1 < sizeof c->flags && !strchr(c->flags, *p))
            c->flags[flags++] = *p;
    for (; isdigit((unsigned char)*p); p++)
        c->width = c->width < LINE ? c->width * 10 + (*p - '0') : LINE;
    for (unsigned longs = 0; *p == 'l' && longs < 2; longs++, p++)
        c->bytes = 8;
    c->letter = *p;
    return *p && strchr("diuxXcsp", *p) ? p + 1 : NULL;
}

/** A string of the program's, as far as it may be read. */
static void put_string(struct line *l, uint64_t address)
{
    char text[MOST_STRING];
    size_t len = 0;
    while (len < sizeof text && wn_run_holds(l->run, address + len, 1, false)) {
        char c = *(const char *)(uintptr_t)(address + len);
        if (!c)
            break;
        text[len++] = c;
    }
    put(l, text, len);
}

static void put_number(struct line *l, const struct conversion *c, uint64_t value)
{
    char format[24], text[64];
    bool is_signed = c->letter == 'd' || c->letter == 'i';
    if (c->bytes == 4)
        value = is_signed ? (uint64_t)(int64_t)(int32_t)value : (uint32_t)value;
    snprintf(format, sizeof format, "%%%s*%s", c->flags,
             is_signed          ? PRId64
             : c->letter == 'u' ? PRIu64
             : c->letter == 'x' ? PRIx64
                                : PRIX64);
    int width = c->width < (int)sizeof text ? c->width : (int)sizeof text - 1;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int len = snprintf(text, sizeof text, format, width, value);
#pragma GCC diagnostic pop
    put(l, text, (size_t)len);
}

static void put_argument(struct line *l, const struct conversion *c, uint64_t value)
{
    char text[24];
    switch (c->letter) {
    case 's': put_string(l, value); break;
    case 'c':
        text[0] = (char)value;
        put(l, text, 1);
        break;
    case 'p': put(l, text, (size_t)snprintf(text, sizeof text, "0x%" PRIx64, value)); break;
    default: put_number(l, c, value); break;
    }
}

/** Write out a format; false if it asks for what there is not. */
static bool print(struct line *l, const char *format)
{
    for (const char *p = format; *p;) {
        if (*p != '%' || p[1] == '%') {
            put(l, p, 1);
            p += *p == '%' ? 2 : 1;
            continue;
        }
        struct conversion c;
        p = parse(p + 1, &c);
        if (!p || l->used == MOST_ARGS)
            return false;
        put_argument(l, &c, l->args[l->used++]);
    }
    return true;
}

/** A line for whoever takes this thread's (wn_run_set_print()); the kernel's result, its length. */
HELPER(trace_printk)
{
    const char *format = (const char *)(uintptr_t)r1;
    char own[LINE]; /* a program of another thread may change what lies in a map */
    struct line l = {.run = run, .args = {r3, r4, r5}};
    size_t bytes = (uint32_t)r2;
    if (bytes > sizeof own || format[bytes - 1])
        return (uint64_t)-EINVAL;
    memcpy(own, format, bytes);
    own[bytes - 1] = '\0';
    if (!print(&l, own))
        return (uint64_t)-EINVAL;
    uint64_t result = l.len;
    while (l.len && l.text[l.len - 1] == '\n')
        l.len--;
    l.text[l.len] = '\0';
    if (run->print)
        run->print(run->print_arg, l.text);
    return result;
}
