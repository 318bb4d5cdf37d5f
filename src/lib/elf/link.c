/* SPDX-License-Identifier: MIT */
#include "elf/link.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

/** Relocation types of BPF (LLVM: BPF relocations; Linux Documentation/bpf/llvm_reloc.rst). */
enum { RELOC_64_64 = 1, RELOC_64_32 = 10 };

/** The two opcodes that relocations are for. */
enum { WIDE = 0x18, CALL = 0x85 };

/** A program being put together. */
struct linking {
    struct wn_link *link;
    struct wn_link_prog *out;
    struct {
        uint32_t *data;
        size_t len, cap;
    } order;       /* functions, in the order in which they are laid out */
    uint32_t next; /* slot at which the next function will begin */
    const struct wn_link_func *in;
    uint32_t slot; /* being linked, in the section */
    uint32_t at;   /* the same, in the program */
};

bool wn_link_is_const(const struct wn_elf_section *s)
{
    /* Constants with relocations are writable to a dynamic linker; there is none here. */
    bool sealed = strncmp(s->name, ".data.rel.ro", 12) == 0;
    return s->type == SHT_PROGBITS && s->flags & SHF_ALLOC && !(s->flags & SHF_EXECINSTR) &&
           (!(s->flags & SHF_WRITE) || sealed);
}

/** The variable that has a place, where only a section's symbol is given. */
static const char *name_at(const struct wn_elf *elf, const struct wn_elf_symbol *symbol,
                           uint64_t offset)
{
    for (uint32_t i = 0; symbol->type == STT_SECTION && i < elf->n_symbols; i++) {
        const struct wn_elf_symbol *s = &elf->symbols[i];
        if (s->section == symbol->section && s->type == STT_OBJECT && offset >= s->value &&
            offset - s->value < s->size)
            return s->name;
    }
    return symbol->name;
}

int wn_link_refuse(const struct wn_elf *elf, const struct wn_elf_symbol *symbol, uint64_t offset,
                   const char *where, struct wn_error *err)
{
    const char *name = name_at(elf, symbol, offset);
    if (symbol->section == SHN_UNDEF)
        return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE,
                       "'%.40s', which '%.40s' uses, is not in this object", name, where);
    if (symbol->section >= elf->n_sections)
        return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE,
                       "variable '%.40s', which '%.40s' uses: give it a value and compile with "
                       "-fno-common",
                       name, where);
    const char *section = elf->sections[symbol->section].name;
    if (strcmp(section, "maps") == 0 || strcmp(section, ".maps") == 0)
        return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE,
                       "map '%.40s', which '%.40s' uses: maps are not supported yet", name, where);
    if (elf->sections[symbol->section].flags & SHF_WRITE)
        return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE,
                       "variable '%.40s', which '%.40s' uses, can change: only constants are "
                       "supported yet",
                       name, where);
    return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                   "'%.40s' refers to section '%.40s', which has nothing for programs", where,
                   section);
}

static int fail_in(const struct linking *l, int code, const char *what, struct wn_error *err)
{
    return wn_fail(err, code, WN_NOWHERE, "function '%.40s', instruction %u: %s", l->in->name,
                   l->slot - l->in->first, what);
}

/** The function that begins at a slot of a section; n_funcs if none does. */
static uint32_t find_func(const struct wn_link *link, uint32_t section, uint64_t slot)
{
    uint32_t low = 0, high = link->n_funcs;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const struct wn_link_func *f = &link->funcs[mid];
        if (f->section < section || (f->section == section && f->first < slot))
            low = mid + 1;
        else
            high = mid;
    }
    bool found = low < link->n_funcs && link->funcs[low].section == section &&
                 link->funcs[low].first == slot;
    return found ? low : link->n_funcs;
}

/** Lay a function out behind the others, unless it has its place. */
static int place(struct linking *l, uint32_t func, struct wn_error *err)
{
    struct wn_link *link = l->link;
    if (link->placed[func])
        return 0;
    if (link->funcs[func].count > WN_LINK_MAX_SLOTS - l->next)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE,
                       "program '%.40s' has more than %u slots with the functions it calls",
                       link->funcs[l->order.len ? l->order.data[0] : func].name, WN_LINK_MAX_SLOTS);
    if (!wn_vec_push(&l->order, func))
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    link->placed[func] = l->next + 1;
    l->next += link->funcs[func].count;
    return 0;
}

/** Point an instruction to the function at a byte of a section. */
static int refer(struct linking *l, struct wn_slot *s, uint32_t section, int64_t byte,
                 struct wn_error *err)
{
    uint32_t func = l->link->n_funcs;
    if (byte >= 0 && byte % WN_SLOT_BYTES == 0)
        func = find_func(l->link, section, (uint64_t)byte / WN_SLOT_BYTES);
    if (func == l->link->n_funcs)
        return fail_in(l, WN_E_FORMAT, "calls what is no function", err);
    int r = place(l, func, err);
    if (r == 0)
        s->imm = (int32_t)(l->link->placed[func] - 1) - (int32_t)l->at - 1;
    return r;
}

/** A call: of the same section if there is no relocation, else of wherever the symbol is. */
static int link_call(struct linking *l, struct wn_slot *s, const struct wn_elf_reloc *reloc,
                     struct wn_error *err)
{
    if (!reloc)
        return refer(l, s, l->in->section, ((int64_t)l->slot + 1 + s->imm) * WN_SLOT_BYTES, err);
    const struct wn_elf_symbol *symbol = &l->link->elf->symbols[reloc->symbol];
    if (symbol->section >= l->link->elf->n_sections || !l->link->code[symbol->section].n)
        return wn_link_refuse(l->link->elf, symbol, 0, l->in->name, err);
    if (symbol->value > UINT32_MAX)
        return fail_in(l, WN_E_FORMAT, "the symbol lies outside its section", err);
    int64_t byte = (int64_t)symbol->value + ((int64_t)s->imm + 1) * WN_SLOT_BYTES;
    return refer(l, s, symbol->section, byte, err);
}

/** The address of a constant or a function. */
static int link_address(struct linking *l, struct wn_slot *s, const struct wn_elf_reloc *reloc,
                        struct wn_error *err)
{
    const struct wn_elf *elf = l->link->elf;
    const struct wn_elf_symbol *symbol = &elf->symbols[reloc->symbol];
    uint64_t offset = (uint32_t)s[0].imm | (uint64_t)(uint32_t)s[1].imm << 32;
    if (symbol->section < elf->n_sections && l->link->address[symbol->section]) {
        uint64_t address = l->link->address[symbol->section] + symbol->value + offset;
        s[0] = wn_slot(s[0].opcode, wn_slot_dst(s[0]), 0, 0, (int32_t)(uint32_t)address);
        s[1].imm = (int32_t)(address >> 32);
        return 0;
    }
    if (symbol->section >= elf->n_sections || !l->link->code[symbol->section].n)
        return wn_link_refuse(elf, symbol, symbol->value + offset, l->in->name, err);
    if (symbol->value > UINT32_MAX || offset > UINT32_MAX)
        return fail_in(l, WN_E_FORMAT, "the symbol lies outside its section", err);
    s[0] = wn_slot(s[0].opcode, wn_slot_dst(s[0]), WN_PSEUDO_FUNC, 0, 0);
    s[1].imm = 0;
    return refer(l, s, symbol->section, (int64_t)(symbol->value + offset), err);
}

/** Apply what a slot of a function needs; s is its copy in the program. */
static int link_slot(struct linking *l, struct wn_slot *s, bool has_next, struct wn_error *err)
{
    const struct wn_link_code *code = &l->link->code[l->in->section];
    const struct wn_elf_reloc *reloc = NULL;
    if (code->reloc[l->slot])
        reloc = &l->link->relocs.data[code->reloc[l->slot] - 1];

    bool local = s->opcode == CALL && wn_slot_src(*s) == WN_PSEUDO_CALL_LOCAL;
    if (!reloc)
        return local ? link_call(l, s, NULL, err) : 0;
    if (reloc->addend)
        return fail_in(l, WN_E_UNSUPPORTED, "relocation with an addend of its own", err);
    if (reloc->type == RELOC_64_32 && local)
        return link_call(l, s, reloc, err);
    if (reloc->type == RELOC_64_64 && s->opcode == WIDE && has_next)
        return link_address(l, s, reloc, err);
    if (reloc->type == RELOC_64_32 || reloc->type == RELOC_64_64)
        return fail_in(l, WN_E_FORMAT, "relocation on the wrong instruction", err);
    return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE,
                   "function '%.40s', instruction %u: relocation of type %u", l->in->name,
                   l->slot - l->in->first, reloc->type);
}

static int link_func(struct linking *l, uint32_t func, struct wn_error *err)
{
    const struct wn_link_func *f = l->in = &l->link->funcs[func];
    const struct wn_slot *slots = l->link->code[f->section].slots + f->first;
    uint32_t start = (uint32_t)l->out->len;
    for (uint32_t i = 0; i < f->count; i++)
        if (!wn_vec_push(l->out, slots[i]))
            return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    for (uint32_t i = 0; i < f->count; i++) {
        struct wn_slot *s = &l->out->data[start + i];
        l->slot = f->first + i;
        l->at = start + i;
        int r = link_slot(l, s, i + 1 < f->count, err);
        if (r)
            return r;
        if (s->opcode == WIDE)
            i++; /* the second slot of a wide instruction is no instruction */
    }
    return 0;
}

int wn_link_prog(struct wn_link *link, uint32_t func, struct wn_link_prog *out,
                 struct wn_error *err)
{
    struct linking l = {.link = link, .out = out};
    int r = place(&l, func, err);
    for (size_t i = 0; r == 0 && i < l.order.len; i++)
        r = link_func(&l, l.order.data[i], err);
    for (size_t i = 0; i < l.order.len; i++)
        link->placed[l.order.data[i]] = 0;
    free(l.order.data);
    return r;
}
