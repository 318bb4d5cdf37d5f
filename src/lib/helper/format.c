/* SPDX-License-Identifier: MIT */
#include "helper/format.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "helper/helper.h"

enum {
    MOST_STRING = 512,
    MOST_WIDTH = 1 << 20,
    MOST_NUMBER = 1024, /* characters of one */
};

/** One conversion: what stands behind %. */
struct conversion {
    char flags[8];
    int width;
    unsigned bytes; /* of the argument, or of the network address that it points to */
    char letter;    /* N, n: such an address, the shorter way and the longer */
};

static void put(struct wn_format *f, const char *text, size_t len)
{
    size_t room = f->room - f->len;
    f->whole += len;
    if (len > room)
        len = room;
    if (f->text)
        memcpy(f->text + f->len, text, len);
    f->len += len;
}

/** Text in a field of the conversion's width. */
static void put_field(struct wn_format *f, const struct conversion *c, const char *text, size_t len)
{
    bool left = strchr(c->flags, '-');
    size_t spaces = (size_t)c->width > len ? (size_t)c->width - len : 0;
    if (left)
        put(f, text, len);
    for (size_t i = 0; i < spaces; i++)
        put(f, " ", 1);
    if (!left)
        put(f, text, len);
}

static bool ends_word(char c)
{
    return !c || isspace((unsigned char)c) || ispunct((unsigned char)c);
}

/** Behind %p: what kind of pointer; NULL if it is one that the kernel refuses. */
static const char *parse_pointer(const char *p, struct conversion *c)
{
    if (ends_word(*p))
        return p;
    if (strchr("KxsSB", *p))
        return p + 1;
    if ((*p != 'i' && *p != 'I') || (p[1] != '4' && p[1] != '6'))
        return NULL;
    c->bytes = p[1] == '4' ? 4 : 16;
    c->letter = (*p == 'I') == (c->bytes == 4) ? 'N' : 'n';
    return p + 2;
}

/** Parse behind a %; NULL if it is nothing that programs may print. */
static const char *parse(const char *p, struct conversion *c)
{
    size_t flags = 0;
    *c = (struct conversion){.bytes = 4};
    for (; *p && strchr("0+- ", *p); p++)
        if (!strchr(c->flags, *p))
            c->flags[flags++] = *p;
    for (; isdigit((unsigned char)*p); p++)
        c->width = c->width < MOST_WIDTH ? c->width * 10 + (*p - '0') : c->width;
    c->letter = *p;
    if (*p == 'c')
        return p + 1;
    if (*p == 's')
        return ends_word(p[1]) ? p + 1 : NULL;
    if (*p == 'p')
        return parse_pointer(p + 1, c);
    for (unsigned longs = 0; *p == 'l' && longs < 2; longs++, p++)
        c->bytes = 8;
    c->letter = *p;
    return *p && strchr("diuxX", *p) ? p + 1 : NULL;
}

/** A string of the program's, as far as it may be read. */
static void put_string(struct wn_format *f, const struct conversion *c, uint64_t address)
{
    char text[MOST_STRING];
    size_t len = 0;
    while (len < sizeof text && f->run && wn_run_holds(f->run, address + len, 1, false)) {
        char byte = *(const char *)(uintptr_t)(address + len);
        if (!byte)
            break;
        text[len++] = byte;
    }
    put_field(f, c, text, len);
}

/** An IPv4 or IPv6 address in the program's memory, zeros if it may not be read. */
static void put_address(struct wn_format *f, const struct conversion *c, uint64_t address)
{
    uint8_t a[16] = {0};
    char text[48];
    size_t len = 0;
    if (f->run && wn_run_holds(f->run, address, c->bytes, false))
        memcpy(a, (const void *)(uintptr_t)address, c->bytes);
    for (unsigned i = 0; c->bytes == 4 && i < 4; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, c->letter == 'N' ? "%s%u" : "%s%03u",
                                i ? "." : "", a[i]);
    for (unsigned i = 0; c->bytes == 16 && i < 16; i += 2)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%02x%02x",
                                i && c->letter == 'n' ? ":" : "", a[i], a[i + 1]);
    put_field(f, c, text, len);
}

static void put_number(struct wn_format *f, const struct conversion *c, uint64_t value)
{
    char format[24], text[MOST_NUMBER];
    bool is_signed = c->letter == 'd' || c->letter == 'i';
    if (c->bytes == 4)
        value = is_signed ? (uint64_t)(int64_t)(int32_t)value : (uint32_t)value;
    snprintf(format, sizeof format, "%%%s*%s", c->flags,
             is_signed          ? PRId64
             : c->letter == 'u' ? PRIu64
             : c->letter == 'x' ? PRIx64
                                : PRIX64);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    size_t len = (size_t)snprintf(text, sizeof text, format, c->width, value);
#pragma GCC diagnostic pop
    put(f, text, len < sizeof text ? len : sizeof text - 1);
    f->whole += len < sizeof text ? 0 : len - (sizeof text - 1);
}

static void put_argument(struct wn_format *f, const struct conversion *c, uint64_t value)
{
    char text[24];
    switch (c->letter) {
    case 's': put_string(f, c, value); break;
    case 'c':
        text[0] = (char)value;
        put_field(f, c, text, 1);
        break;
    case 'p':
        put_field(f, c, text, (size_t)snprintf(text, sizeof text, "%016" PRIx64, value));
        break;
    case 'N':
    case 'n': put_address(f, c, value); break;
    default: put_number(f, c, value); break;
    }
}

/** Whether there are only characters that are for people to read. */
static bool readable(const char *format)
{
    for (; *format; format++)
        if ((unsigned char)*format > 0x7e ||
            (!isprint((unsigned char)*format) && !isspace((unsigned char)*format)))
            return false;
    return true;
}

bool wn_format_print(struct wn_format *f, const char *format)
{
    if (!readable(format))
        return false;
    for (const char *p = format; *p;) {
        if (*p != '%' || p[1] == '%') {
            put(f, p, 1);
            p += *p == '%' ? 2 : 1;
            continue;
        }
        struct conversion c;
        p = parse(p + 1, &c);
        if (!p || f->used == f->n_args)
            return false;
        put_argument(f, &c, f->args[f->used++]);
    }
    return true;
}

bool wn_format_holds(const char *format, unsigned args)
{
    struct wn_format f = {.n_args = args};
    return args <= WN_FORMAT_ARGS && wn_format_print(&f, format);
}

bool wn_format_take(struct wn_format *f, uint64_t address, uint32_t bytes)
{
    if (bytes % sizeof *f->args || bytes > sizeof f->args)
        return false;
    f->n_args = bytes / sizeof *f->args;
    if (bytes)
        memcpy(f->args, (const void *)(uintptr_t)address, bytes);
    return true;
}
