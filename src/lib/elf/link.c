/* SPDX-License-Identifier: MIT */
#include "elf/link.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "elf/ksyms.h"

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

/** The section of externs that types say a symbol is in, "" if they do not; whether it is a
 * function there. */
static const char *extern_section(const struct wn_btf *btf, const char *name, bool *func)
{
    *func = false;
    static const char *const sections[] = {".kconfig", ".ksyms"};
    for (size_t i = 0; btf && i < sizeof sections / sizeof *sections; i++) {
        uint32_t id = wn_btf_find(btf, sections[i], WN_BTF_DATASEC);
        for (uint32_t k = 0; id && k < btf->types[id].count; k++) {
            uint32_t type = wn_btf_secvar(btf, id, k).type;
            if (strcmp(wn_btf_name(btf, type), name) != 0)
                continue;
            *func = btf->types[type].kind == WN_BTF_FUNC;
            return sections[i];
        }
    }
    return "";
}

bool wn_link_is_ksym(const struct wn_link *link, const char *name)
{
    bool func;
    extern_section(link->btf, name, &func);
    return func;
}

int wn_link_refuse(const struct wn_link *link, const struct wn_elf_symbol *symbol,
                   const char *where, struct wn_error *err)
{
    const struct wn_elf *elf = link->elf;
    const char *name = symbol->name;
    if (symbol->section == SHN_UNDEF) {
        bool func;
        const char *section = extern_section(link->btf, name, &func);
        if (func)
            return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE,
                           "'%.40s', which '%.40s' calls, is a function of a kernel; %s", name,
                           where, wn_ksym_instead(name));
        const char *what = strcmp(section, ".kconfig") == 0
                               ? "is of a kernel's configuration, which does not exist here"
                           : strcmp(section, ".ksyms") == 0 ? "is a symbol of a kernel"
                                                            : "is not in this object";
        return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE, "'%.40s', which '%.40s' uses, %s", name,
                       where, what);
    }
    if (symbol->section >= elf->n_sections)
        return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE,
                       "variable '%.40s', which '%.40s' uses: give it a value and compile with "
                       "-fno-common",
                       name, where);
    return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                   "'%.40s' refers to '%.40s' in section '%.40s', which has nothing there for "
                   "programs",
                   where, name, elf->sections[symbol->section].name);
}

static int fail_in(const struct linking *l, int code, const char *what, struct wn_error *err)
{
    return wn_fail(err, code, WN_NOWHERE, "function '%.40s', instruction %u: %s", l->in->name,
                   l->slot - l->in->first, what);
}

uint32_t wn_link_find_func(const struct wn_link *link, uint32_t section, uint64_t byte)
{
    uint32_t low = 0, high = link->n_funcs;
    uint64_t slot = byte / WN_SLOT_BYTES;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const struct wn_link_func *f = &link->funcs[mid];
        if (f->section < section || (f->section == section && f->first < slot))
            low = mid + 1;
        else
            high = mid;
    }
    bool found = byte % WN_SLOT_BYTES == 0 && low < link->n_funcs &&
                 link->funcs[low].section == section && link->funcs[low].first == slot;
    return found ? low : link->n_funcs;
}

uint32_t wn_link_find_map(const struct wn_link *link, uint32_t section, uint64_t byte)
{
    uint32_t low = 0, high = link->n_maps;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const struct wn_link_map *m = &link->maps[mid];
        if (m->section < section || (m->section == section && m->offset <= byte))
            low = mid + 1;
        else
            high = mid;
    }
    if (low == 0 || link->maps[low - 1].section != section)
        return link->n_maps;
    const struct wn_link_map *m = &link->maps[low - 1];
    bool found = m->data ? byte <= m->bytes : byte == m->offset;
    return found ? low - 1 : link->n_maps;
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
    if (byte >= 0)
        func = wn_link_find_func(l->link, section, (uint64_t)byte);
    if (func == l->link->n_funcs)
        return fail_in(l, WN_E_FORMAT, "calls what is no function", err);
    int r = place(l, func, err);
    if (r == 0)
        s->imm = (int32_t)(l->link->placed[func] - 1) - (int32_t)l->at - 1;
    return r;
}

/** What is weak and in no object has been settled, and is not reached. */
static bool is_nowhere(const struct wn_elf_symbol *symbol)
{
    return symbol->section == SHN_UNDEF && symbol->bind == STB_WEAK;
}

/** A call: of the same section if there is no relocation, else of wherever the symbol is. */
static int link_call(struct linking *l, struct wn_slot *s, const struct wn_elf_reloc *reloc,
                     struct wn_error *err)
{
    if (!reloc)
        return refer(l, s, l->in->section, ((int64_t)l->slot + 1 + s->imm) * WN_SLOT_BYTES, err);
    const struct wn_elf_symbol *symbol = &l->link->elf->symbols[reloc->symbol];
    if (symbol->section >= l->link->elf->n_sections || !l->link->code[symbol->section].n)
        return wn_link_refuse(l->link, symbol, l->in->name, err);
    if (symbol->value > UINT32_MAX)
        return fail_in(l, WN_E_FORMAT, "the symbol lies outside its section", err);
    int64_t byte = (int64_t)symbol->value + ((int64_t)s->imm + 1) * WN_SLOT_BYTES;
    return refer(l, s, symbol->section, byte, err);
}

/** The address of a variable or a function, or a map. */
static int link_address(struct linking *l, struct wn_slot *s, const struct wn_elf_reloc *reloc,
                        struct wn_error *err)
{
    const struct wn_link *link = l->link;
    const struct wn_elf_symbol *symbol = &link->elf->symbols[reloc->symbol];
    uint64_t offset = (uint32_t)s[0].imm | (uint64_t)(uint32_t)s[1].imm << 32;
    bool here = symbol->section < link->elf->n_sections;
    if (here && (symbol->value > UINT32_MAX || offset > UINT32_MAX))
        return fail_in(l, WN_E_FORMAT, "the symbol lies outside its section", err);
    offset += symbol->value;
    uint32_t map = here ? wn_link_find_map(link, symbol->section, offset) : link->n_maps;
    if (map < link->n_maps) {
        bool data = link->maps[map].data;
        s[0] = wn_slot(s[0].opcode, wn_slot_dst(s[0]),
                       data ? WN_PSEUDO_MAP_VALUE : WN_PSEUDO_MAP_FD, 0, (int32_t)map);
        s[1].imm = data ? (int32_t)(uint32_t)offset : 0;
        return 0;
    }
    if (!here || !link->code[symbol->section].n)
        return wn_link_refuse(link, symbol, l->in->name, err);
    s[0] = wn_slot(s[0].opcode, wn_slot_dst(s[0]), WN_PSEUDO_FUNC, 0, 0);
    s[1].imm = 0;
    return refer(l, s, symbol->section, (int64_t)offset, err);
}

/** Apply what a slot of a function needs; s is its copy in the program. */
static int link_slot(struct linking *l, struct wn_slot *s, bool has_next, struct wn_error *err)
{
    const struct wn_link_code *code = &l->link->code[l->in->section];
    const struct wn_elf_reloc *reloc = NULL;
    if (code->reloc[l->slot])
        reloc = &l->link->relocs.data[code->reloc[l->slot] - 1];

    bool local = s->opcode == CALL && wn_slot_src(*s) == WN_PSEUDO_CALL_LOCAL;
    if (reloc && is_nowhere(&l->link->elf->symbols[reloc->symbol]))
        reloc = NULL;
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
    if (f->why)
        return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE, "function '%.30s': %s", f->name, f->why);
    if (!wn_vec_push(&l->out->pieces, (struct wn_link_piece){start, func}))
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
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

void wn_link_prog_fini(struct wn_link_prog *prog)
{
    free(prog->data);
    free(prog->pieces.data);
}
