/* SPDX-License-Identifier: MIT */
/** Text that programs read and write. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "helper/format.h"
#include "helper/helper.h"

static uint64_t failure(int error)
{
    return (uint64_t)(int64_t)-error;
}

/* ---- numbers (Linux: kernel/bpf/helpers.c, lib/kstrtox.c) ------------------------------------ */

enum {
    BASE_MASK = 0x1f,
    LONGEST = 63, /* characters that are looked at behind spaces and a sign */
};

struct number {
    uint64_t value;
    bool negative;
    size_t read; /* characters, what stands before the digits included */
};

/** Spaces as the kernel has them: Latin-1's, too. */
static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (uint8_t)c == 0xa0;
}

static unsigned digit(char c)
{
    char lower = (char)(c | 0x20);
    return c >= '0' && c <= '9'           ? (unsigned)(c - '0')
           : lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10
                                          : UINT_MAX;
}

/** Go over what says the base, which is 0 if it is asked for; the text ends with 0. */
static const char *skip_prefix(const char *p, unsigned *base)
{
    bool hex = p[0] == '0' && (p[1] | 0x20) == 'x';
    if (*base == 0)
        *base = hex && digit(p[2]) < 16 ? 16 : p[0] == '0' ? 8 : 10;
    return hex && *base == 16 ? p + 2 : p;
}

static int parse_digits(const char *p, unsigned base, struct number *n)
{
    const char *start = p;
    bool over = false;
    n->value = 0;
    for (; digit(*p) < base; p++) {
        over |= n->value > (UINT64_MAX - digit(*p)) / base;
        n->value = n->value * base + digit(*p);
    }
    n->read += (size_t)(p - start);
    return over ? -ERANGE : p == start ? -EINVAL : 0;
}

static int parse_number(const char *text, size_t bytes, uint64_t flags, struct number *n)
{
    char own[LONGEST + 1];
    unsigned base = flags & BASE_MASK;
    size_t at = 0;
    if (flags & ~(uint64_t)BASE_MASK || (base != 0 && base != 8 && base != 10 && base != 16))
        return -EINVAL;
    while (at < bytes && is_space(text[at]))
        at++;
    n->negative = at < bytes && text[at] == '-';
    at += n->negative;
    if (at == bytes)
        return -EINVAL;
    size_t len = bytes - at < LONGEST ? bytes - at : LONGEST;
    memcpy(own, text + at, len);
    own[len] = '\0';
    const char *digits = skip_prefix(own, &base);
    n->read = at + (size_t)(digits - own);
    return parse_digits(digits, base, n);
}

/** The number, or 0 with an error; how many characters were read is the result. */
static uint64_t give_number(uint64_t to, int r, const struct number *n)
{
    uint64_t value = r ? 0 : n->negative ? -n->value : n->value;
    memcpy((void *)(uintptr_t)to, &value, sizeof value);
    return r ? failure(-r) : n->read;
}

HELPER(strtol)
{
    struct number n = {0};
    int r = parse_number((const char *)(uintptr_t)r1, (uint32_t)r2, r3, &n);
    if (!r && n.value > (uint64_t)INT64_MAX + n.negative)
        r = -ERANGE;
    return give_number(r4, r, &n);
}

HELPER(strtoul)
{
    struct number n = {0};
    int r = parse_number((const char *)(uintptr_t)r1, (uint32_t)r2, r3, &n);
    if (!r && n.negative)
        r = -EINVAL;
    return give_number(r4, r, &n);
}

/* ---- strings --------------------------------------------------------------------------------- */

/** The second one ends where what may be read ends, if no 0 is found before. */
HELPER(strncmp)
{
    const uint8_t *a = (const uint8_t *)(uintptr_t)r1, *b = (const uint8_t *)(uintptr_t)r3;
    uint64_t room = wn_run_readable(run, r3), n = (uint32_t)r2 < room ? (uint32_t)r2 : room;
    for (uint64_t i = 0; i < n; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? (uint64_t)-1 : 1;
        if (!a[i])
            break;
    }
    return 0;
}

HELPER(snprintf)
{
    char own[1024];
    struct wn_format f = {.run = run, .text = (char *)(uintptr_t)r1};
    uint32_t bytes = (uint32_t)r2;
    uint64_t room = wn_run_readable(run, r3);
    size_t n = room < sizeof own ? (size_t)room : sizeof own;
    memcpy(own, (const void *)(uintptr_t)r3, n);
    f.room = bytes ? bytes - 1 : 0;
    if (!memchr(own, '\0', n) || !wn_format_take(&f, r4, (uint32_t)r5) || !wn_format_print(&f, own))
        return failure(EINVAL);
    if (bytes)
        f.text[f.len] = '\0';
    return f.whole + 1;
}
