/* SPDX-License-Identifier: MIT */
/** The types of an object, and how they change its instructions. */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/prog.h>

#include "base/own.h"
#include "base/reader.h"
#include "context/context.h"
#include "elf/btf_make.h"
#include "elf/core.h"
#include "elf/ksyms.h"
#include "elf/object.h"

/* R_BPF_64_ABS64, _ABS32, _NODYLD32: what is not code refers to symbols by these. */
enum { RELOC_ABS64 = 2, RELOC_ABS32 = 3, RELOC_NODYLD32 = 4 };

enum { WIDE = 0x18, CALL = 0x85, MAX_CONTEXT_FIELDS = 64 };

int wn_elf_no_memory(struct wn_error *err)
{
    return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
}

static uint32_t find_section(const struct wn_elf *elf, const char *name)
{
    for (uint32_t i = 1; i < elf->n_sections; i++)
        if (elf->sections[i].data && strcmp(elf->sections[i].name, name) == 0)
            return i;
    return 0;
}

/** Add the address of a symbol, as far as an object has any, to a number in a section. */
static int relocate(const struct wn_elf *elf, const struct wn_elf_reloc *reloc, uint8_t *data,
                    uint64_t size)
{
    unsigned bytes = reloc->type == RELOC_ABS64 ? 8 : 4;
    if (reloc->type < RELOC_ABS64 || reloc->type > RELOC_NODYLD32 || reloc->offset > size ||
        size - reloc->offset < bytes)
        return WN_E_FORMAT;
    struct wn_reader r = wn_reader_init(data + reloc->offset, bytes, elf->big);
    uint64_t value =
        wn_reader_uint(&r, bytes) + elf->symbols[reloc->symbol].value + (uint64_t)reloc->addend;
    for (unsigned i = 0; i < bytes; i++)
        data[reloc->offset + i] = (uint8_t)(value >> 8 * (elf->big ? bytes - 1 - i : i));
    return 0;
}

/** A copy of a section with its relocations applied; the caller frees it. */
static int copy_section(const struct wn_elf *elf, uint32_t section, uint8_t **out,
                        struct wn_error *err)
{
    const struct wn_elf_section *from = &elf->sections[section];
    WN_OWN(free) uint8_t *copy = malloc(from->size ? from->size : 1);
    if (!copy)
        return wn_elf_no_memory(err);
    memcpy(copy, from->data, from->size);
    for (uint32_t i = 0; i < elf->n_sections; i++) {
        const struct wn_elf_section *s = &elf->sections[i];
        uint64_t n = s->info == section ? wn_elf_reloc_count(s) : 0;
        for (uint64_t k = 0; k < n; k++) {
            struct wn_elf_reloc reloc;
            int r = wn_elf_reloc(elf, s, k, &reloc, err);
            if (r == 0 && reloc.type != 0 && relocate(elf, &reloc, copy, from->size))
                r = wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                            "%.40s: relocation %llu makes no sense in section '%.40s'", s->name,
                            (unsigned long long)k, from->name);
            if (r)
                return r;
        }
    }
    *out = wn_give(copy);
    return 0;
}

int wn_elf_read_types(struct wn_object *obj, struct wn_error *err)
{
    const struct wn_elf *elf = &obj->elf;
    uint32_t types = find_section(elf, ".BTF"), ext = find_section(elf, ".BTF.ext");
    if (!types)
        return 0;
    int r = copy_section(elf, types, &obj->types, err);
    if (r == 0)
        r = wn_btf_parse(obj->types, elf->sections[types].size, elf->big, &obj->btf, err);
    if (r)
        return r;
    obj->has_btf = true;
    if (!ext)
        return 0;
    WN_OWN(free) uint8_t *data = NULL;
    r = copy_section(elf, ext, &data, err);
    return r ? r : wn_btf_ext_parse(data, elf->sections[ext].size, &obj->btf, &obj->ext, err);
}

/** The contexts as types. */
struct target {
    uint8_t *bytes;
    struct wn_btf btf;
};

static void wn_own_target(struct target *t)
{
    wn_btf_fini(&t->btf);
    free(t->bytes);
}

static struct wn_btf_struct context_struct(enum wn_prog_type type, const char *name,
                                           struct wn_btf_field fields[MAX_CONTEXT_FIELDS])
{
    struct wn_btf_struct s = {.name = name, .bytes = wn_context_bytes(type), .fields = fields};
    for (uint32_t at = 0; at < s.bytes && s.n < MAX_CONTEXT_FIELDS;) {
        const struct wn_context_field *f = wn_context_field(type, at);
        if (f)
            fields[s.n++] = (struct wn_btf_field){f->name, f->offset, f->bytes};
        at = f ? (uint32_t)f->offset + f->bytes : at + 1;
    }
    return s;
}

static int make_target(struct target *out, struct wn_error *err)
{
    struct wn_btf_field xdp[MAX_CONTEXT_FIELDS], skb[MAX_CONTEXT_FIELDS];
    const struct wn_btf_struct structs[] = {
        context_struct(WN_PROG_XDP, "xdp_md", xdp),
        context_struct(WN_PROG_TC, "__sk_buff", skb),
    };
    size_t len = 0;
    static const uint16_t one = 1;
    bool big = *(const uint8_t *)&one == 0;
    int r = wn_btf_make(structs, 2, &out->bytes, &len, err);
    return r ? r : wn_btf_parse(out->bytes, len, big, &out->btf, err);
}

/** Note why a function cannot run, and where that is in the source. */
static int refuse(struct wn_object *obj, struct wn_link_func *f, uint32_t slot, const char *why,
                  struct wn_error *err)
{
    struct wn_btf_line line;
    char text[200];
    bool known = wn_btf_line(&obj->ext, obj->elf.sections[f->section].name, slot, &line);
    const char *slash = known ? strrchr(line.file, '/') : NULL;
    if (known)
        snprintf(text, sizeof text, "%s (%.40s:%u)", why, slash ? slash + 1 : line.file, line.line);
    f->why = strdup(known ? text : why);
    return f->why ? 0 : wn_elf_no_memory(err);
}

static int apply_relos(struct wn_object *obj, uint32_t section, const struct wn_btf *target,
                       struct wn_error *err)
{
    struct wn_link_code *code = &obj->link.code[section];
    size_t first, n = wn_core_find(&obj->ext, obj->elf.sections[section].name, &first);
    for (size_t i = first; i < first + n; i++) {
        struct wn_core_relo relo = wn_core_relo(&obj->ext, i);
        struct wn_core_patch patch;
        if (relo.slot >= code->n)
            return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                           "section '%.60s': a CO-RE relocation is at no instruction",
                           obj->elf.sections[section].name);
        int r = wn_core_apply(&obj->btf, target, &relo, code->slots + relo.slot,
                              code->n - relo.slot, &patch, err);
        if (r)
            return r;
    }
    return 0;
}

/** Say of a poisoned slot why it is one. */
static int refuse_poison(struct wn_object *obj, struct wn_link_func *f, uint32_t slot,
                         const struct wn_btf *target, struct wn_error *err)
{
    size_t first, n = wn_core_find(&obj->ext, obj->elf.sections[f->section].name, &first);
    struct wn_core_patch patch;
    const struct wn_link_code *code = &obj->link.code[f->section];
    if (code->reloc[slot]) {
        const struct wn_elf_reloc *reloc = &obj->link.relocs.data[code->reloc[slot] - 1];
        const char *name = obj->elf.symbols[reloc->symbol].name;
        if (wn_link_is_ksym(&obj->link, name))
            snprintf(patch.why, sizeof patch.why, "calls '%.30s' of a kernel; %s", name,
                     wn_ksym_instead(name));
        else
            snprintf(patch.why, sizeof patch.why,
                     "calls the weak function '%.40s', which is not in this object", name);
        return refuse(obj, f, slot, patch.why, err);
    }
    size_t low = first, high = first + n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (wn_core_relo(&obj->ext, mid).slot < slot)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < first + n && wn_core_relo(&obj->ext, low).slot == slot) {
        struct wn_core_relo relo = wn_core_relo(&obj->ext, low);
        struct wn_slot poison = wn_slot(CALL, 0, 0, 0, WN_CORE_POISON);
        int r = wn_core_apply(&obj->btf, target, &relo, &poison, 1, &patch, err);
        if (r)
            return r;
    }
    return refuse(obj, f, slot, patch.why, err);
}

/** Weak symbols that are not in the object are 0; to call one is an error if that can happen. */
static void settle_weak(struct wn_object *obj, uint32_t section)
{
    struct wn_link_code *code = &obj->link.code[section];
    for (uint32_t i = 0; i < code->n; i++) {
        struct wn_slot *s = &code->slots[i];
        if (!code->reloc[i])
            continue;
        const struct wn_elf_reloc *reloc = &obj->link.relocs.data[code->reloc[i] - 1];
        const struct wn_elf_symbol *symbol = &obj->elf.symbols[reloc->symbol];
        if (symbol->section != SHN_UNDEF || symbol->bind != STB_WEAK)
            continue;
        if (s->opcode == WIDE && i + 1 < code->n) {
            s[0] = wn_slot(WIDE, wn_slot_dst(s[0]), 0, 0, 0);
            s[1].imm = 0;
            code->reloc[i] = 0;
        } else if (s->opcode == CALL) {
            *s = wn_slot(CALL, 0, 0, 0, WN_CORE_POISON);
        }
    }
}

static int prune(struct wn_object *obj, const struct wn_btf *target, struct wn_error *err)
{
    struct wn_link *link = &obj->link;
    for (uint32_t i = 0; i < link->n_funcs; i++) {
        struct wn_link_func *f = &link->funcs[i];
        uint32_t reached = WN_NOWHERE;
        int r = wn_core_prune(link->code[f->section].slots + f->first, f->count, &reached, err);
        if (r == 0 && reached != WN_NOWHERE)
            r = refuse_poison(obj, f, f->first + reached, target, err);
        if (r)
            return r;
    }
    return 0;
}

int wn_elf_adjust(struct wn_object *obj, struct wn_error *err)
{
    WN_OWN(target) struct target target = {0};
    int r = obj->ext.relos.len ? make_target(&target, err) : 0;
    const struct wn_btf *types = obj->ext.relos.len ? &target.btf : NULL;
    for (uint32_t i = 0; r == 0 && i < obj->elf.n_sections; i++) {
        if (!obj->link.code[i].n)
            continue;
        r = apply_relos(obj, i, types, err);
        settle_weak(obj, i);
    }
    return r ? r : prune(obj, types, err);
}
