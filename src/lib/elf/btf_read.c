/* SPDX-License-Identifier: MIT */
#include "elf/btf_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"

enum { MOST_VISITED = 1 << 22 }; /* anonymous members could be made to be 2^32 */

/** What is left of the text, and where in the value we are, for messages. */
struct scan {
    const struct wn_btf *btf;
    const char *at, *end;
    const char *member; /* the last one that was named; NULL: none */
    size_t visited;     /* members that were looked at */
    struct wn_error *err;
};

WN_PRINTF(3, 4) static int fail(struct scan *s, int code, const char *fmt, ...)
{
    char text[100];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (s->member)
        wn_fail(s->err, code, WN_NOWHERE, "member '%.40s': %s", s->member, text);
    else
        wn_fail(s->err, code, WN_NOWHERE, "%s", text);
    return code;
}

/** An error that shows what stands there instead. */
static int unexpected(struct scan *s, const char *wanted)
{
    size_t left = (size_t)(s->end - s->at);
    if (left == 0)
        return fail(s, WN_E_SYNTAX, "expected %s, not the end", wanted);
    return fail(s, WN_E_SYNTAX, "expected %s, not %.*s", wanted, (int)(left < 20 ? left : 20),
                s->at);
}

static void blanks(struct scan *s)
{
    while (s->at < s->end && memchr(" \t\r\n", *s->at, 4))
        s->at++;
}

/** Whether the next character, blanks apart, is c, which is then behind us. */
static bool take(struct scan *s, char c)
{
    blanks(s);
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool next_is(struct scan *s, char c)
{
    blanks(s);
    return s->at < s->end && *s->at == c;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/** The character of an escape, behind its backslash; negative: there is none. */
static int escape(struct scan *s)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (s->at == s->end)
        return -1;
    char c = *s->at++;
    const char *name = c ? strchr(names, c) : NULL;
    if (name)
        return values[name - names];
    if (c != 'u' || s->end - s->at < 4)
        return -1;
    int v = 0;
    for (int i = 0; i < 4; i++) {
        int d = digit(*s->at++);
        if (d < 0)
            return -1;
        v = v << 4 | d;
    }
    return v <= 0xff ? v : -1; /* strings are bytes here */
}

/** A string, which begins here; the caller frees it. It is terminated, and may hold zeros. */
static int string(struct scan *s, char **out, size_t *len)
{
    if (!take(s, '"'))
        return unexpected(s, "a string");
    WN_OWN(free) char *text = calloc((size_t)(s->end - s->at) + 1, 1);
    if (!text)
        return fail(s, -ENOMEM, "out of memory");
    size_t n = 0;
    for (; s->at < s->end && *s->at != '"'; n++) {
        int c = (unsigned char)*s->at++;
        if (c == '\\')
            c = escape(s);
        if (c < 0)
            return fail(s, WN_E_SYNTAX, "a string with an escape that is no byte");
        text[n] = (char)c;
    }
    if (s->at == s->end)
        return fail(s, WN_E_SYNTAX, "a string without an end");
    s->at++;
    text[n] = '\0';
    *len = n;
    *out = wn_give(text);
    return 0;
}

/** A string of bytes in hexadecimal, exactly as many as there are. */
static int hex_bytes(struct scan *s, uint8_t *p, size_t bytes)
{
    WN_OWN(free) char *text = NULL;
    size_t len = 0;
    int r = string(s, &text, &len);
    if (r || !text)
        return r;
    if (len != 2 * bytes)
        return fail(s, WN_E_SYNTAX, "expected %zu hexadecimal digits, not %zu characters",
                    2 * bytes, len);
    for (size_t i = 0; i < bytes; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return fail(s, WN_E_SYNTAX, "\"%.20s\" is not hexadecimal", text);
        p[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

/** Put `bits` bits at bit `at`, counted as the object's byte order counts. */
static void store_bits(const struct wn_btf *btf, uint8_t *p, uint32_t at, uint32_t bits, uint64_t v)
{
    for (uint32_t i = 0; i < bits; i++) {
        uint32_t b = at + i, place = btf->big ? 7 - b % 8 : b % 8;
        uint32_t shift = btf->big ? bits - 1 - i : i;
        uint8_t bit = shift < 64 ? v >> shift & 1 : 0;
        p[b / 8] = (uint8_t)((p[b / 8] & ~(1u << place)) | bit << place);
    }
}

/** A number as it is written. */
struct number {
    bool negative;
    uint64_t magnitude;
};

static int digits(struct scan *s, const char *text, size_t len, struct number *out)
{
    size_t i = 0;
    out->negative = len && text[0] == '-';
    i += out->negative;
    unsigned base = 10;
    if (len - i > 2 && text[i] == '0' && (text[i + 1] | 0x20) == 'x') {
        base = 16;
        i += 2;
    }
    out->magnitude = 0;
    if (i == len)
        return fail(s, WN_E_SYNTAX, "expected a number");
    for (; i < len; i++) {
        int d = digit(text[i]);
        if (d < 0 || (unsigned)d >= base)
            return fail(s, WN_E_SYNTAX, "\"%.*s\" is no whole number", (int)(len < 30 ? len : 30),
                        text);
        if (__builtin_mul_overflow(out->magnitude, base, &out->magnitude) ||
            __builtin_add_overflow(out->magnitude, (unsigned)d, &out->magnitude))
            return fail(s, -ERANGE, "a number of more than 64 bits");
    }
    return 0;
}

/** A bare word, up to what may stand behind a value. */
static size_t word(const struct scan *s)
{
    size_t n = 0;
    while (s->at + n < s->end && !memchr(" \t\r\n,]}:\"[{", s->at[n], 11))
        n++;
    return n;
}

static bool is_enum(const struct wn_btf *btf, uint32_t id)
{
    return btf->types[id].kind == WN_BTF_ENUM || btf->types[id].kind == WN_BTF_ENUM64;
}

static bool find_name(const struct wn_btf *btf, uint32_t id, const char *name, struct number *out)
{
    const struct wn_btf_type *t = &btf->types[id];
    for (uint32_t i = 0; is_enum(btf, id) && i < t->count; i++) {
        struct wn_btf_value v = wn_btf_value(btf, id, i);
        if (strcmp(v.name, name) != 0)
            continue;
        out->negative = t->flag && (int64_t)v.value < 0;
        out->magnitude = out->negative ? 0 - v.value : v.value;
        return true;
    }
    return false;
}

static int number(struct scan *s, uint32_t id, struct number *out)
{
    blanks(s);
    if (next_is(s, '"')) {
        WN_OWN(free) char *text = NULL;
        size_t len = 0;
        int r = string(s, &text, &len);
        if (r || !text)
            return r;
        if (find_name(s->btf, id, text, out))
            return 0;
        if (len && digit(text[0]) < 0 && text[0] != '-' && is_enum(s->btf, id))
            return fail(s, WN_E_SYNTAX, "enum '%.30s' has no '%.30s'", wn_btf_name(s->btf, id),
                        text);
        return digits(s, text, len, out);
    }
    size_t n = word(s);
    const char *text = s->at;
    if (n == 0)
        return unexpected(s, "a number");
    s->at += n;
    bool yes = n == 4 && memcmp(text, "true", 4) == 0;
    if (yes || (n == 5 && memcmp(text, "false", 5) == 0)) {
        *out = (struct number){false, yes};
        return 0;
    }
    return digits(s, text, n, out);
}

/** Whether a number fits so many bits; enumerations and pointers are unsigned unless they say. */
static int fit(struct scan *s, uint32_t id, const struct number *n, uint32_t bits)
{
    const struct wn_btf_type *t = &s->btf->types[id];
    bool is_signed = t->kind == WN_BTF_INT ? wn_btf_int(s->btf, id).is_signed : t->flag;
    bits = bits < 64 ? bits : 64;
    uint64_t most = is_signed ? UINT64_C(1) << (bits - 1) : bits == 64 ? 0 : UINT64_C(1) << bits;
    most -= !(is_signed && n->negative);
    if (t->kind == WN_BTF_INT && wn_btf_int(s->btf, id).is_bool)
        most = 1;
    if (n->negative && !is_signed && n->magnitude)
        return fail(s, -ERANGE, "-%" PRIu64 " for a number without a sign", n->magnitude);
    if (n->magnitude > most)
        return fail(s, -ERANGE, "%s%" PRIu64 " does not fit %u bits", n->negative ? "-" : "",
                    n->magnitude, bits);
    return 0;
}

/** A number of at most 64 bits to where it belongs. */
static int scalar(struct scan *s, uint32_t id, uint8_t *p, uint32_t at, uint32_t bits)
{
    struct number n = {false, 0};
    int r = number(s, id, &n);
    if (r == 0)
        r = fit(s, id, &n, bits);
    if (r == 0)
        store_bits(s->btf, p, at, bits, n.negative ? 0 - n.magnitude : n.magnitude);
    return r;
}

/** More than 64 bits: a string of hexadecimal digits after 0x. */
static int wide(struct scan *s, uint8_t *p, uint32_t bytes)
{
    WN_OWN(free) char *text = NULL;
    size_t len = 0;
    int r = string(s, &text, &len);
    if (r || !text)
        return r;
    if (len < 3 || len > 2 + 2 * (size_t)bytes || text[0] != '0' || (text[1] | 0x20) != 'x')
        return fail(s, WN_E_SYNTAX, "expected 0x and up to %u digits", 2 * bytes);
    for (size_t i = 0; i + 2 < len; i++) {
        int d = digit(text[len - 1 - i]);
        if (d < 0)
            return fail(s, WN_E_SYNTAX, "\"%.20s\" is not hexadecimal", text);
        size_t byte = s->btf->big ? bytes - 1 - i / 2 : i / 2;
        p[byte] |= (uint8_t)(d << (i % 2 ? 4 : 0));
    }
    return 0;
}

static int value(struct scan *s, uint32_t id, uint8_t *p);

static bool is_char(const struct wn_btf *btf, uint32_t id)
{
    id = wn_btf_skip(btf, id);
    return btf->types[id].kind == WN_BTF_INT && btf->types[id].bytes == 1 &&
           strcmp(wn_btf_name(btf, id), "char") == 0;
}

static int char_array(struct scan *s, uint8_t *p, uint32_t count)
{
    WN_OWN(free) char *text = NULL;
    size_t len = 0;
    int r = string(s, &text, &len);
    if (r || !text)
        return r;
    if (len > count)
        return fail(s, -ERANGE, "%zu characters for an array of %u", len, count);
    memcpy(p, text, len);
    return 0;
}

static int array(struct scan *s, uint32_t id, uint8_t *p)
{
    struct wn_btf_array a = wn_btf_array(s->btf, id);
    uint32_t i = 0, bytes = s->btf->types[a.element].bytes;
    if (next_is(s, '"'))
        return is_char(s->btf, a.element) ? char_array(s, p, a.count)
                                          : hex_bytes(s, p, s->btf->types[id].bytes);
    if (!take(s, '['))
        return unexpected(s, "an array");
    if (!next_is(s, ']')) {
        do {
            if (i == a.count)
                return fail(s, -ERANGE, "more than %u elements", a.count);
            int r = value(s, a.element, p + (size_t)i++ * bytes);
            if (r)
                return r;
        } while (take(s, ','));
    }
    if (!take(s, ']'))
        return unexpected(s, "a comma or ]");
    if (i != a.count)
        return fail(s, WN_E_SYNTAX, "expected %u elements, not %u", a.count, i);
    return 0;
}

/** A member and where it is, through anonymous ones. */
struct found {
    struct wn_btf_member member;
    uint32_t at; /* byte in which what contains it begins */
};

static bool find_member(struct scan *s, uint32_t id, const char *name, uint32_t at,
                        struct found *out)
{
    const struct wn_btf *btf = s->btf;
    for (uint32_t i = 0; i < btf->types[id].count && s->visited < MOST_VISITED; i++) {
        s->visited++;
        struct wn_btf_member m = wn_btf_member(btf, id, i);
        uint32_t plain = wn_btf_skip(btf, m.type);
        uint8_t kind = btf->types[plain].kind;
        if (name && m.name[0] && strcmp(m.name, name) == 0) {
            *out = (struct found){m, at};
            return true;
        }
        if (!m.name[0] && (kind == WN_BTF_STRUCT || kind == WN_BTF_UNION) &&
            find_member(s, plain, name, at + m.bit / 8, out))
            return true;
    }
    return false;
}

/** The member of a structure or union that has been named. */
static int member(struct scan *s, uint32_t id, const char *name, uint8_t *p)
{
    struct found f;
    if (!find_member(s, id, name, 0, &f))
        return fail(s, WN_E_SYNTAX, "%s '%.30s' has no member '%.30s'",
                    wn_btf_kind_name(wn_btf_kind(s->btf, id)), wn_btf_name(s->btf, id), name);
    s->member = f.member.name;
    p += f.at;
    return f.member.bits
               ? scalar(s, wn_btf_skip(s->btf, f.member.type), p, f.member.bit, f.member.bits)
               : value(s, f.member.type, p + f.member.bit / 8);
}

/** A name and the colon behind it; the caller frees the name. */
static int name_of_member(struct scan *s, char **out)
{
    size_t len;
    int r = string(s, out, &len);
    if (r == 0 && !take(s, ':'))
        r = unexpected(s, "a colon");
    return r;
}

static int structure(struct scan *s, uint32_t id, uint8_t *p)
{
    const char *outer = s->member;
    bool more = false;
    if (next_is(s, '"'))
        return hex_bytes(s, p, s->btf->types[id].bytes);
    if (!take(s, '{'))
        return unexpected(s, "an object");
    while (more || !next_is(s, '}')) {
        WN_OWN(free) char *name = NULL;
        int r = name_of_member(s, &name);
        if (r == 0)
            r = member(s, id, name, p);
        if (r)
            return r;
        s->member = outer;
        more = take(s, ',');
        if (!more && !next_is(s, '}'))
            return unexpected(s, "a comma or }");
    }
    s->at++;
    return 0;
}

static int value(struct scan *s, uint32_t id, uint8_t *p)
{
    id = wn_btf_skip(s->btf, id);
    const struct wn_btf_type *type = &s->btf->types[id];
    switch (type->kind) {
    case WN_BTF_ARRAY: return array(s, id, p);
    case WN_BTF_STRUCT:
    case WN_BTF_UNION: return structure(s, id, p);
    default:
        return type->bytes > 8 ? wide(s, p, type->bytes) : scalar(s, id, p, 0, type->bytes * 8);
    }
}

/** Nothing may stand behind a value. */
static int end(struct scan *s)
{
    blanks(s);
    return s->at == s->end ? 0 : unexpected(s, "nothing more");
}

int wn_btf_read(const struct wn_btf *btf, uint32_t type, const char *text, size_t len, void *out,
                size_t bytes, struct wn_error *err)
{
    struct scan s = {.btf = btf, .at = text, .end = text + len, .err = err};
    if (type && (type >= btf->n_types || !btf->types[type].sized || btf->types[type].bytes > bytes))
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "type %u has no values of %zu bytes", type,
                       bytes);
    WN_OWN(free) uint8_t *p = calloc(bytes + 1, 1);
    if (!p)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    int r = type ? value(&s, type, p) : hex_bytes(&s, p, bytes);
    if (r == 0)
        r = end(&s);
    if (r == 0)
        memcpy(out, p, bytes);
    return r;
}

/** One variable of a section, which is 0 before, as members are. */
static int variable(struct scan *s, wn_btf_place_fn find, const void *arg, uint8_t *p, size_t bytes)
{
    WN_OWN(free) char *name = NULL;
    struct wn_btf_place place;
    int r = name_of_member(s, &name);
    if (r)
        return r;
    if (!find(arg, name, &place) || place.offset > bytes || place.bytes > bytes - place.offset)
        return fail(s, WN_E_SYNTAX, "there is no variable '%.60s'", name);
    s->member = name;
    p += place.offset;
    memset(p, 0, place.bytes);
    r = place.type ? value(s, place.type, p) : hex_bytes(s, p, place.bytes);
    s->member = NULL;
    return r;
}

int wn_btf_read_section(const struct wn_btf *btf, wn_btf_place_fn find, const void *arg,
                        const char *text, size_t len, void *out, size_t bytes, struct wn_error *err)
{
    struct scan s = {.btf = btf, .at = text, .end = text + len, .err = err};
    WN_OWN(free) uint8_t *p = malloc(bytes + 1);
    bool more = false;
    if (!p)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    memcpy(p, out, bytes);
    if (!take(&s, '{'))
        return unexpected(&s, "an object with variables");
    while (more || !next_is(&s, '}')) {
        int r = variable(&s, find, arg, p, bytes);
        if (r)
            return r;
        more = take(&s, ',');
        if (!more && !next_is(&s, '}'))
            return unexpected(&s, "a comma or }");
    }
    s.at++;
    int r = end(&s);
    if (r == 0)
        memcpy(out, p, bytes);
    return r;
}
