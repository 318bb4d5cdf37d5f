/* SPDX-License-Identifier: MIT */
#include "elf/btf_ext.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/insn.h>

#include "base/reader.h"
#include "base/vec.h"

enum {
    MAGIC = 0xeb9f,
    HEADER = 24,      /* bytes, without relocations */
    HEADER_CORE = 32, /* and with them */
    MAX_SECTIONS = 4096,
};

/** The tables, in the order of the header. */
enum table { FUNCS, LINES, RELOS, TABLES };

/* Words of a record that we read; later compilers may write more. */
static const unsigned n_words[TABLES] = {1, 3, 3};

static int no_memory(struct wn_error *err)
{
    return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
}

/** Number of a section in the list, which it is put into if it is new. */
static int intern(struct wn_btf_ext *ext, const char *name, uint32_t *out, struct wn_error *err)
{
    for (size_t i = ext->sections.len; i-- > 0;)
        if (strcmp(ext->sections.data[i], name) == 0) {
            *out = (uint32_t)i;
            return 0;
        }
    if (ext->sections.len == MAX_SECTIONS)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, ".BTF.ext: more than %d sections",
                       MAX_SECTIONS);
    *out = (uint32_t)ext->sections.len;
    return wn_vec_push(&ext->sections, name) ? 0 : no_memory(err);
}

static int check_record(const struct wn_btf *btf, enum table table, const struct wn_btf_record *r,
                        const char *section, struct wn_error *err)
{
    bool good = true;
    switch (table) {
    case FUNCS:
        good = r->word[0] < btf->n_types && btf->types[r->word[0]].kind == WN_BTF_FUNC;
        break;
    case LINES: good = wn_btf_string(btf, r->word[0]) && wn_btf_string(btf, r->word[1]); break;
    case RELOS:
        good = r->word[0] && r->word[0] < btf->n_types && wn_btf_string(btf, r->word[1]);
        if (good && r->word[2] >= WN_CORE_KINDS)
            return wn_fail(err, WN_E_UNSUPPORTED, r->slot,
                           "section '%.60s': a CO-RE relocation of kind %u", section, r->word[2]);
        break;
    case TABLES: break;
    }
    if (good)
        return 0;
    return wn_fail(err, WN_E_FORMAT, r->slot,
                   ".BTF.ext: section '%.60s', slot %u: no such type or string", section, r->slot);
}

/** The records of one section; the reader holds the rest of the table. */
static int read_block(struct wn_btf_ext *ext, enum table table, struct wn_reader *t, uint32_t bytes,
                      struct wn_error *err)
{
    struct wn_btf_records *all = table == FUNCS   ? &ext->funcs
                                 : table == LINES ? &ext->lines
                                                  : &ext->relos;
    const char *name = wn_btf_string(ext->btf, wn_reader_u32(t));
    uint32_t n = wn_reader_u32(t), section = 0;
    if (t->bad || !name || n == 0 || n > (t->len - t->pos) / bytes)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF.ext: records of no section");
    int r = intern(ext, name, &section, err);
    for (uint32_t i = 0; r == 0 && i < n; i++) {
        struct wn_reader one = wn_reader_init(wn_reader_take(t, bytes), bytes, t->big);
        uint32_t at = wn_reader_u32(&one);
        struct wn_btf_record record = {.section = section, .slot = at / WN_SLOT_BYTES};
        for (unsigned k = 0; k < n_words[table]; k++)
            record.word[k] = wn_reader_u32(&one);
        if (at % WN_SLOT_BYTES)
            return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                           ".BTF.ext: section '%.60s': byte %u is no instruction", name, at);
        r = check_record(ext->btf, table, &record, name, err);
        if (r == 0 && !wn_vec_push(all, record))
            r = no_memory(err);
    }
    return r;
}

static int by_slot(const void *a, const void *b)
{
    const struct wn_btf_record *r = a, *s = b;
    if (r->section != s->section)
        return r->section < s->section ? -1 : 1;
    if (r->slot != s->slot)
        return r->slot < s->slot ? -1 : 1;
    return memcmp(r->word, s->word, sizeof r->word);
}

static int read_table(struct wn_btf_ext *ext, enum table table, const uint8_t *data, uint32_t len,
                      struct wn_error *err)
{
    struct wn_reader t = wn_reader_init(data, len, ext->btf->big);
    if (len == 0)
        return 0;
    uint32_t bytes = wn_reader_u32(&t);
    if (t.bad || bytes % 4 || bytes < 4 * (1 + n_words[table]))
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF.ext: records of %u bytes", bytes);
    int r = 0;
    while (r == 0 && t.pos < t.len)
        r = read_block(ext, table, &t, bytes, err);
    return r;
}

static void sort(struct wn_btf_records *records)
{
    if (records->len)
        qsort(records->data, records->len, sizeof *records->data, by_slot);
}

static int parse(struct wn_btf_ext *ext, struct wn_reader *all, struct wn_error *err)
{
    uint32_t at[TABLES], len[TABLES];
    uint16_t magic = wn_reader_u16(all);
    uint8_t version = wn_reader_u8(all);
    uint8_t flags = wn_reader_u8(all);
    uint32_t header = wn_reader_u32(all);
    for (int i = 0; i < TABLES; i++) {
        bool there = i != RELOS || header >= HEADER_CORE;
        at[i] = there ? wn_reader_u32(all) : 0;
        len[i] = there ? wn_reader_u32(all) : 0;
    }
    if (all->bad || magic != MAGIC || header < HEADER)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF.ext has no readable header");
    if (version != 1 || flags)
        return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE, ".BTF.ext of version %u, flags %#x",
                       version, flags);
    for (int i = 0; i < TABLES; i++) {
        wn_reader_seek(all, (uint64_t)header + at[i]);
        const uint8_t *data = wn_reader_take(all, len[i]);
        if (all->bad)
            return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF.ext ends within its records");
        int r = read_table(ext, (enum table)i, data, len[i], err);
        if (r)
            return r;
    }
    sort(&ext->funcs);
    sort(&ext->lines);
    sort(&ext->relos);
    return 0;
}

int wn_btf_ext_parse(const void *data, size_t len, const struct wn_btf *btf, struct wn_btf_ext *out,
                     struct wn_error *err)
{
    struct wn_btf_ext ext = {.btf = btf};
    struct wn_reader all = wn_reader_init(data, len, btf->big);
    int r = parse(&ext, &all, err);
    if (r) {
        wn_btf_ext_fini(&ext);
        return r;
    }
    *out = ext;
    return 0;
}

void wn_btf_ext_fini(struct wn_btf_ext *ext)
{
    free(ext->sections.data);
    free(ext->funcs.data);
    free(ext->lines.data);
    free(ext->relos.data);
}

/** Number of records that stand before a slot of a section, numbered as the records are. */
static size_t count_before(const struct wn_btf_records *all, uint32_t section, uint64_t slot)
{
    size_t low = 0, high = all->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct wn_btf_record *r = &all->data[mid];
        bool before = r->section != section ? r->section < section : r->slot < slot;
        if (before)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool find_section(const struct wn_btf_ext *ext, const char *name, uint32_t *out)
{
    for (size_t i = 0; i < ext->sections.len; i++)
        if (strcmp(ext->sections.data[i], name) == 0) {
            *out = (uint32_t)i;
            return true;
        }
    return false;
}

/** The last record of a section at a slot or before it; NULL if there is none. */
static const struct wn_btf_record *at_or_before(const struct wn_btf_ext *ext,
                                                const struct wn_btf_records *all, const char *name,
                                                uint32_t slot)
{
    uint32_t section = 0;
    if (!find_section(ext, name, &section))
        return NULL;
    size_t i = count_before(all, section, (uint64_t)slot + 1);
    return i && all->data[i - 1].section == section ? &all->data[i - 1] : NULL;
}

bool wn_btf_line(const struct wn_btf_ext *ext, const char *section, uint32_t slot,
                 struct wn_btf_line *out)
{
    const struct wn_btf_record *r = at_or_before(ext, &ext->lines, section, slot);
    if (!r)
        return false;
    const char *text = wn_btf_string(ext->btf, r->word[1]);
    *out = (struct wn_btf_line){
        .file = wn_btf_string(ext->btf, r->word[0]),
        .text = text + strspn(text, " \t"),
        .line = r->word[2] >> 10,
        .column = r->word[2] & 0x3ff,
    };
    return true;
}

uint32_t wn_btf_func(const struct wn_btf_ext *ext, const char *section, uint32_t slot)
{
    const struct wn_btf_record *r = at_or_before(ext, &ext->funcs, section, slot);
    return r ? r->word[0] : 0;
}

size_t wn_core_find(const struct wn_btf_ext *ext, const char *section, size_t *first)
{
    uint32_t number = 0;
    *first = 0;
    if (!find_section(ext, section, &number))
        return 0;
    *first = count_before(&ext->relos, number, 0);
    return count_before(&ext->relos, number + 1, 0) - *first;
}

struct wn_core_relo wn_core_relo(const struct wn_btf_ext *ext, size_t i)
{
    const struct wn_btf_record *r = &ext->relos.data[i];
    return (struct wn_core_relo){
        .slot = r->slot,
        .type = r->word[0],
        .access = wn_btf_string(ext->btf, r->word[1]),
        .kind = (enum wn_core_kind)r->word[2],
    };
}
