/* SPDX-License-Identifier: MIT */
#include "elf/link.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/reader.h"
#include "base/vec.h"

/** The two opcodes that refer to functions. */
enum { WIDE = 0x18, CALL = 0x85 };

struct funcs {
    struct wn_link_func *data;
    size_t len, cap;
};

static int no_memory(struct wn_error *err)
{
    return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
}

static bool is_code(const struct wn_elf_section *s)
{
    return s->type == SHT_PROGBITS && s->flags & SHF_EXECINSTR && s->size > 0;
}

/** Slots from the bytes of a section. Registers stand the other way round in big-endian files. */
static int read_slots(const struct wn_elf *elf, const struct wn_elf_section *s,
                      struct wn_link_code *code, struct wn_error *err)
{
    if (s->size % WN_SLOT_BYTES)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "section '%.60s': %llu bytes are no whole number of instructions", s->name,
                       (unsigned long long)s->size);
    size_t n = s->size / WN_SLOT_BYTES;
    if (n > UINT32_MAX / 2)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "section '%.60s' is too long", s->name);
    code->slots = calloc(n, sizeof *code->slots);
    code->reloc = calloc(n, sizeof *code->reloc);
    if (!code->slots || !code->reloc)
        return no_memory(err);
    code->n = (uint32_t)n;
    struct wn_reader r = wn_reader_init(s->data, s->size, elf->big);
    for (uint32_t i = 0; i < code->n; i++) {
        struct wn_slot *slot = &code->slots[i];
        slot->opcode = wn_reader_u8(&r);
        uint8_t regs = wn_reader_u8(&r);
        slot->regs = elf->big ? (uint8_t)(regs << 4 | regs >> 4) : regs;
        slot->off = (int16_t)wn_reader_u16(&r);
        slot->imm = (int32_t)wn_reader_u32(&r);
    }
    return 0;
}

static int read_relocs(struct wn_link *link, const struct wn_elf_section *s, struct wn_error *err)
{
    struct wn_link_code *code = &link->code[s->info];
    for (uint64_t i = 0; i < wn_elf_reloc_count(s); i++) {
        struct wn_elf_reloc reloc;
        int r = wn_elf_reloc(link->elf, s, i, &reloc, err);
        if (r)
            return r;
        if (reloc.type == 0) /* R_BPF_NONE */
            continue;
        if (reloc.offset % WN_SLOT_BYTES || reloc.offset / WN_SLOT_BYTES >= code->n)
            return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                           "%.60s: relocation %llu is at no instruction", s->name,
                           (unsigned long long)i);
        uint32_t *at = &code->reloc[reloc.offset / WN_SLOT_BYTES];
        if (*at)
            return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "%.60s: two relocations at byte %llu",
                           s->name, (unsigned long long)reloc.offset);
        if (!wn_vec_push(&link->relocs, reloc))
            return no_memory(err);
        *at = (uint32_t)link->relocs.len;
    }
    return 0;
}

static int add_func(struct wn_link *link, struct funcs *funcs, const struct wn_elf_symbol *s,
                    struct wn_error *err)
{
    uint32_t n = link->code[s->section].n;
    if (s->value % WN_SLOT_BYTES || s->size % WN_SLOT_BYTES || s->value / WN_SLOT_BYTES >= n ||
        s->size / WN_SLOT_BYTES > n - s->value / WN_SLOT_BYTES)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "function '%.60s' does not lie within its section", s->name);
    struct wn_link_func f = {
        .name = s->name,
        .section = s->section,
        .first = (uint32_t)(s->value / WN_SLOT_BYTES),
        .count = (uint32_t)(s->size / WN_SLOT_BYTES),
        .global = s->bind != STB_LOCAL,
    };
    return wn_vec_push(funcs, f) ? 0 : no_memory(err);
}

/** Where symbols have no type, as from old assemblers, a section is one function. */
static int add_whole_sections(struct wn_link *link, struct funcs *funcs, struct wn_error *err)
{
    const struct wn_elf *elf = link->elf;
    enum { NONE, TYPED, WHOLE }; /* from WHOLE on: WHOLE + index in funcs */
    WN_OWN(free) size_t *has = calloc(elf->n_sections, sizeof *has);
    if (!has)
        return no_memory(err);
    for (size_t i = 0; i < funcs->len; i++)
        has[funcs->data[i].section] = TYPED;
    for (uint32_t i = 0; i < elf->n_sections; i++) {
        struct wn_link_func f = {
            .name = "", .section = i, .count = link->code[i].n, .global = true};
        if (!link->code[i].n || has[i] != NONE)
            continue;
        has[i] = WHOLE + funcs->len;
        if (!wn_vec_push(funcs, f))
            return no_memory(err);
    }
    for (uint32_t i = 0; i < elf->n_symbols; i++) {
        const struct wn_elf_symbol *s = &elf->symbols[i];
        if (s->type == STT_NOTYPE && s->bind == STB_GLOBAL && s->section < elf->n_sections &&
            s->value == 0 && has[s->section] >= WHOLE)
            funcs->data[has[s->section] - WHOLE].name = s->name;
    }
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct wn_link_func *f = a, *g = b;
    if (f->section != g->section)
        return f->section < g->section ? -1 : 1;
    if (f->first != g->first)
        return f->first < g->first ? -1 : 1;
    return (int)g->global - (int)f->global;
}

/** Functions end where they say, or where the next begins; aliases apart, none overlap. */
static int settle_funcs(struct wn_link *link, struct wn_error *err)
{
    for (uint32_t i = link->n_funcs; i-- > 0;) {
        struct wn_link_func *f = &link->funcs[i], *next = f + 1;
        uint32_t end = link->code[f->section].n;
        bool last = i + 1 == link->n_funcs || next->section != f->section;
        bool alias = !last && next->first == f->first;
        if (alias && f->count == 0)
            f->count = next->count;
        if (f->count == 0)
            f->count = (last ? end : next->first) - f->first;
        if (alias ? f->count != next->count : !last && f->count > next->first - f->first)
            return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "functions '%.50s' and '%.50s' overlap",
                           f->name, next->name);
    }
    return 0;
}

static int find_funcs(struct wn_link *link, struct wn_error *err)
{
    const struct wn_elf *elf = link->elf;
    struct funcs funcs = {0};
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < elf->n_symbols; i++) {
        const struct wn_elf_symbol *s = &elf->symbols[i];
        if (s->type == STT_FUNC && s->section < elf->n_sections && link->code[s->section].n)
            r = add_func(link, &funcs, s, err);
    }
    if (r == 0)
        r = add_whole_sections(link, &funcs, err);
    link->funcs = funcs.data;
    link->n_funcs = (uint32_t)funcs.len;
    if (r)
        return r;
    if (funcs.len)
        qsort(link->funcs, link->n_funcs, sizeof *link->funcs, by_place);
    link->placed = calloc(funcs.len ? funcs.len : 1, sizeof *link->placed);
    return link->placed ? settle_funcs(link, err) : no_memory(err);
}

int wn_link_init(struct wn_link *out, const struct wn_elf *elf, struct wn_error *err)
{
    *out = (struct wn_link){.elf = elf};
    out->code = calloc(elf->n_sections, sizeof *out->code);
    if (!out->code)
        return no_memory(err);
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < elf->n_sections; i++)
        if (is_code(&elf->sections[i]))
            r = read_slots(elf, &elf->sections[i], &out->code[i], err);
    for (uint32_t i = 0; r == 0 && i < elf->n_sections; i++) {
        const struct wn_elf_section *s = &elf->sections[i];
        if (wn_elf_reloc_count(s) && s->info < elf->n_sections && out->code[s->info].n)
            r = read_relocs(out, s, err);
    }
    return r ? r : find_funcs(out, err);
}

/** What a slot of a section refers to: the function, or n_funcs. */
static uint32_t target(const struct wn_link *link, uint32_t section, uint32_t at)
{
    const struct wn_link_code *code = &link->code[section];
    const struct wn_slot *s = &code->slots[at];
    bool call = s->opcode == CALL && wn_slot_src(*s) == WN_PSEUDO_CALL_LOCAL;
    int64_t byte = call ? ((int64_t)s->imm + 1) * WN_SLOT_BYTES : (uint32_t)s->imm;
    if (!code->reloc[at])
        return call ? wn_link_find_func(link, section, (uint64_t)(byte + at * INT64_C(8)))
                    : link->n_funcs;
    const struct wn_elf_reloc *reloc = &link->relocs.data[code->reloc[at] - 1];
    const struct wn_elf_symbol *symbol = &link->elf->symbols[reloc->symbol];
    if (symbol->section >= link->elf->n_sections || (!call && s->opcode != WIDE))
        return link->n_funcs;
    return wn_link_find_func(link, symbol->section, symbol->value + (uint64_t)byte);
}

void wn_link_mark_used(struct wn_link *link)
{
    for (uint32_t i = 0; i < link->n_funcs; i++) {
        const struct wn_link_func *f = &link->funcs[i];
        for (uint32_t at = f->first; at < f->first + f->count; at++) {
            uint32_t to = target(link, f->section, at);
            if (to != link->n_funcs && to != i)
                link->funcs[to].used = true;
        }
    }
}

void wn_link_fini(struct wn_link *link)
{
    for (uint32_t i = 0; link->code && i < link->elf->n_sections; i++) {
        free(link->code[i].slots);
        free(link->code[i].reloc);
    }
    free(link->code);
    free(link->relocs.data);
    free(link->maps);
    for (uint32_t i = 0; i < link->n_funcs; i++)
        free(link->funcs[i].why);
    free(link->funcs);
    free(link->placed);
}
