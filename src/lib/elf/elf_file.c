/* SPDX-License-Identifier: MIT */
#include "elf/elf_file.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/reader.h"

enum { MAX_NAME = 4096 }; /* so that many names in one long string cost no quadratic time */

/** The terminated name at an offset; NULL if there is none. */
static const char *read_name(const struct wn_elf_section *strings, uint64_t at)
{
    if (!strings->data || at >= strings->size)
        return NULL;
    uint64_t room = strings->size - at;
    struct wn_reader r =
        wn_reader_init(strings->data + at, room < MAX_NAME ? room : MAX_NAME, false);
    return wn_reader_string(&r, 0);
}

static int parse_header(struct wn_elf *elf, struct wn_reader *r, struct wn_error *err)
{
    const uint8_t *ident = wn_reader_take(r, EI_NIDENT);
    if (elf->len < SELFMAG || memcmp(elf->data, ELFMAG, SELFMAG) != 0)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "not an ELF file");
    if (!ident)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "the file ends within the ELF header");
    if (ident[EI_CLASS] != ELFCLASS64)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "not an ELF file of 64 bits (class %u)",
                       ident[EI_CLASS]);
    if (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "ELF header: byte order %u does not exist",
                       ident[EI_DATA]);
    elf->big = r->big = ident[EI_DATA] == ELFDATA2MSB;
    elf->type = wn_reader_u16(r);
    elf->machine = wn_reader_u16(r);
    return 0;
}

/** Where the section table is; section 0 has what does not fit into the header. */
struct table {
    uint64_t at;
    uint64_t count;
    uint64_t names; /* index of the section with the names */
};

static int parse_table(const struct wn_elf *elf, struct wn_reader *r, struct table *t,
                       struct wn_error *err)
{
    wn_reader_seek(r, offsetof(Elf64_Ehdr, e_shoff));
    t->at = wn_reader_u64(r);
    wn_reader_seek(r, offsetof(Elf64_Ehdr, e_shentsize));
    unsigned entry = wn_reader_u16(r);
    t->count = wn_reader_u16(r);
    t->names = wn_reader_u16(r);
    if (r->bad)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "the file ends within the ELF header");
    if (t->at == 0)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "ELF file without sections");
    if (entry != sizeof(Elf64_Shdr))
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "ELF header: section headers of %u bytes, must be %zu", entry,
                       sizeof(Elf64_Shdr));
    if (t->count == 0 || t->names == SHN_XINDEX) {
        struct wn_reader first = *r;
        wn_reader_seek(&first, t->at);
        wn_reader_take(&first, offsetof(Elf64_Shdr, sh_size));
        uint64_t size = wn_reader_u64(&first);
        uint32_t link = wn_reader_u32(&first);
        t->count = t->count ? t->count : size;
        t->names = t->names == SHN_XINDEX ? link : t->names;
    }
    if (t->at > elf->len || t->count > (elf->len - t->at) / sizeof(Elf64_Shdr))
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "the file ends within the section headers");
    if (t->names >= t->count)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "ELF file without names of sections");
    return 0;
}

/** Read one section header; *name is the place of its name in the section of names. */
static int parse_section(const struct wn_elf *elf, struct wn_reader *r, uint32_t i,
                         struct wn_elf_section *s, uint32_t *name, struct wn_error *err)
{
    *name = wn_reader_u32(r);
    s->type = wn_reader_u32(r);
    s->flags = wn_reader_u64(r);
    wn_reader_u64(r); /* address */
    uint64_t at = wn_reader_u64(r);
    s->size = wn_reader_u64(r);
    s->link = wn_reader_u32(r);
    s->info = wn_reader_u32(r);
    s->align = wn_reader_u64(r);
    uint64_t entry = wn_reader_u64(r);
    s->align = s->align ? s->align : 1;
    if (s->type == SHT_NULL || s->type == SHT_NOBITS)
        return 0;
    if (at > elf->len || s->size > elf->len - at)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "the file ends within section %u", i);
    if (s->align & (s->align - 1))
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "section %u: alignment %llu", i,
                       (unsigned long long)s->align);
    uint64_t want = s->type == SHT_SYMTAB ? sizeof(Elf64_Sym)
                    : s->type == SHT_REL  ? sizeof(Elf64_Rel)
                    : s->type == SHT_RELA ? sizeof(Elf64_Rela)
                                          : entry;
    if (entry != want)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "section %u: entries of %llu bytes", i,
                       (unsigned long long)entry);
    s->data = elf->data + at;
    return 0;
}

static int name_sections(struct wn_elf *elf, const uint32_t *names, uint64_t at,
                         struct wn_error *err)
{
    const struct wn_elf_section *strings = &elf->sections[at];
    for (uint32_t i = 0; i < elf->n_sections; i++) {
        elf->sections[i].name = read_name(strings, names[i]);
        if (!elf->sections[i].name)
            return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "section %u has no readable name", i);
    }
    return 0;
}

static int parse_sections(struct wn_elf *elf, struct wn_reader *r, const struct table *t,
                          struct wn_error *err)
{
    WN_OWN(free) uint32_t *names = calloc(t->count, sizeof *names);
    elf->sections = calloc(t->count, sizeof *elf->sections);
    if (!elf->sections || !names)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    elf->n_sections = (uint32_t)t->count;
    wn_reader_seek(r, t->at);
    uint64_t total = 0;
    for (uint32_t i = 0; i < elf->n_sections; i++) {
        int result = parse_section(elf, r, i, &elf->sections[i], &names[i], err);
        if (result)
            return result;
        total += elf->sections[i].data ? elf->sections[i].size : 0;
        /* Else a small file could be made to look like a huge one. */
        if (total > elf->len)
            return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "sections lie over each other");
    }
    return name_sections(elf, names, t->names, err);
}

static int parse_symbol(const struct wn_elf *elf, struct wn_reader *r,
                        const struct wn_elf_section *names, uint32_t i, struct wn_elf_symbol *s,
                        struct wn_error *err)
{
    uint32_t name = wn_reader_u32(r);
    uint8_t info = wn_reader_u8(r);
    wn_reader_u8(r); /* visibility */
    s->section = wn_reader_u16(r);
    s->value = wn_reader_u64(r);
    s->size = wn_reader_u64(r);
    s->type = ELF64_ST_TYPE(info);
    s->bind = ELF64_ST_BIND(info);
    if (s->section >= elf->n_sections && s->section < SHN_LORESERVE)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "symbol %u is in section %u of %u", i,
                       s->section, elf->n_sections);
    s->name = read_name(names, name);
    if (s->type == STT_SECTION && s->section < elf->n_sections)
        s->name = elf->sections[s->section].name;
    if (!s->name)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "symbol %u has no readable name", i);
    return 0;
}

static int parse_symbols(struct wn_elf *elf, struct wn_error *err)
{
    const struct wn_elf_section *table = NULL;
    for (uint32_t i = 0; i < elf->n_sections && !table; i++)
        if (elf->sections[i].type == SHT_SYMTAB)
            table = &elf->sections[i];
    if (!table)
        return 0;
    if (table->link >= elf->n_sections || !elf->sections[table->link].data)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "symbols without their names");
    const struct wn_elf_section *names = &elf->sections[table->link];
    struct wn_reader r = wn_reader_init(table->data, table->size, elf->big);

    uint64_t n = table->size / sizeof(Elf64_Sym);
    if (n > UINT32_MAX)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "more symbols than a file can have");
    elf->symbols = calloc(n ? n : 1, sizeof *elf->symbols);
    if (!elf->symbols)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    elf->n_symbols = (uint32_t)n;
    for (uint32_t i = 0; i < elf->n_symbols; i++) {
        int result = parse_symbol(elf, &r, names, i, &elf->symbols[i], err);
        if (result)
            return result;
    }
    return 0;
}

int wn_elf_parse(const void *data, size_t len, struct wn_elf *out, struct wn_error *err)
{
    struct wn_elf elf = {.data = data, .len = len};
    struct wn_reader r = wn_reader_init(data, len, false);
    struct table table = {0};
    int result = parse_header(&elf, &r, err);
    if (result == 0)
        result = parse_table(&elf, &r, &table, err);
    if (result == 0)
        result = parse_sections(&elf, &r, &table, err);
    if (result == 0)
        result = parse_symbols(&elf, err);
    if (result) {
        wn_elf_fini(&elf);
        return result;
    }
    *out = elf;
    return 0;
}

void wn_elf_fini(struct wn_elf *elf)
{
    free(elf->sections);
    free(elf->symbols);
}

static uint64_t entry_size(const struct wn_elf_section *section)
{
    return section->type == SHT_RELA ? sizeof(Elf64_Rela) : sizeof(Elf64_Rel);
}

uint64_t wn_elf_reloc_count(const struct wn_elf_section *section)
{
    if (section->type != SHT_REL && section->type != SHT_RELA)
        return 0;
    return section->size / entry_size(section);
}

int wn_elf_reloc(const struct wn_elf *elf, const struct wn_elf_section *section, uint64_t i,
                 struct wn_elf_reloc *out, struct wn_error *err)
{
    uint64_t entry = entry_size(section);
    struct wn_reader r = wn_reader_init(section->data + i * entry, entry, elf->big);
    out->offset = wn_reader_u64(&r);
    uint64_t info = wn_reader_u64(&r);
    out->addend = section->type == SHT_RELA ? (int64_t)wn_reader_u64(&r) : 0;
    out->type = (uint32_t)ELF64_R_TYPE(info);
    out->symbol = (uint32_t)ELF64_R_SYM(info);
    if (out->symbol >= elf->n_symbols)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "%s: relocation %llu has no symbol",
                       section->name, (unsigned long long)i);
    return 0;
}
