/* SPDX-License-Identifier: MIT */
#include "elf/btf_make.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/vec.h"
#include "elf/btf.h"

enum { HEADER = 24 };

/* What fields are made of; the numbers are those of the types written first. */
enum { U8 = 1, U16, U32, U64, POINTER };

struct making {
    struct {
        uint32_t *data;
        size_t len, cap;
    } words;
    struct {
        char *data;
        size_t len, cap;
    } strings;
    uint32_t next; /* number of the next type */
    bool failed;   /* out of memory */
};

static void add_word(struct making *m, uint32_t word)
{
    m->failed |= !wn_vec_push(&m->words, word);
}

static uint32_t add_string(struct making *m, const char *s)
{
    uint32_t at = (uint32_t)m->strings.len;
    do
        m->failed |= !wn_vec_push(&m->strings, *s);
    while (*s++ && !m->failed);
    return at;
}

/** Begin a type; what follows it is the caller's. Returns its number. */
static uint32_t add_type(struct making *m, uint32_t name, enum wn_btf_kind kind, uint32_t count,
                         uint32_t third)
{
    add_word(m, name);
    add_word(m, (uint32_t)kind << 24 | count);
    add_word(m, third);
    return m->next++;
}

static void add_member(struct making *m, uint32_t name, uint32_t type, uint32_t bit)
{
    add_word(m, name);
    add_word(m, type);
    add_word(m, bit);
}

static void add_basics(struct making *m)
{
    static const struct {
        const char *name;
        uint32_t bytes;
    } ints[] = {{"unsigned char", 1},
                {"unsigned short", 2},
                {"unsigned int", 4},
                {"unsigned long long", 8}};
    add_string(m, "");
    m->next = 1;
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) {
        add_type(m, add_string(m, ints[i].name), WN_BTF_INT, 0, ints[i].bytes);
        add_word(m, ints[i].bytes * 8);
    }
    add_type(m, 0, WN_BTF_PTR, 0, 0);
}

/** The type of a field; of 8 bytes, a union whose members have the name. */
static uint32_t add_field(struct making *m, const struct wn_btf_field *f, uint32_t name)
{
    uint32_t id;
    switch (f->bytes) {
    case 1: return U8;
    case 2: return U16;
    case 4: return U32;
    case 8:
        id = add_type(m, 0, WN_BTF_UNION, 2, 8);
        add_member(m, name, U64, 0);
        add_member(m, name, POINTER, 0);
        return id;
    default:
        id = add_type(m, 0, WN_BTF_ARRAY, 0, 0);
        add_member(m, U32, U32, f->bytes / 4); /* element, index, count */
        return id;
    }
}

static int add_struct(struct making *m, const struct wn_btf_struct *s)
{
    WN_OWN(free) uint32_t *types = calloc(s->n ? s->n : 1, 2 * sizeof *types);
    if (!types)
        return -ENOMEM;
    uint32_t *names = types + s->n;
    for (uint32_t i = 0; i < s->n; i++) {
        names[i] = add_string(m, s->fields[i].name);
        types[i] = add_field(m, &s->fields[i], names[i]);
    }
    add_type(m, add_string(m, s->name), WN_BTF_STRUCT, s->n, s->bytes);
    for (uint32_t i = 0; i < s->n; i++)
        add_member(m, s->fields[i].bytes == 8 ? 0 : names[i], types[i], s->fields[i].offset * 8);
    return 0;
}

int wn_btf_make(const struct wn_btf_struct *structs, size_t n, uint8_t **out, size_t *len,
                struct wn_error *err)
{
    struct making m = {0};
    add_basics(&m);
    for (size_t i = 0; i < n && !m.failed; i++)
        m.failed |= add_struct(&m, &structs[i]) != 0;
    uint32_t types = (uint32_t)(m.words.len * 4), strings = (uint32_t)m.strings.len;
    const uint16_t magic = 0xeb9f;
    const uint32_t header[5] = {HEADER, 0, types, types, strings};
    uint8_t *section = m.failed ? NULL : malloc((size_t)HEADER + types + strings);
    if (section) {
        memcpy(section, &magic, sizeof magic);
        section[2] = 1; /* version */
        section[3] = 0; /* flags */
        memcpy(section + 4, header, sizeof header);
        memcpy(section + HEADER, m.words.data, types);
        memcpy(section + HEADER + types, m.strings.data, strings);
        *out = section;
        *len = (size_t)HEADER + types + strings;
    }
    free(m.words.data);
    free(m.strings.data);
    return section ? 0 : wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
}
