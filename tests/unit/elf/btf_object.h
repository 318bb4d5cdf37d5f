/* SPDX-License-Identifier: MIT */
/** An object of tests/elf/btf with its types parsed; WN_ELF_DIR is tests/elf. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/insn.h>

#include "base/reader.h"
#include "elf/btf.h"
#include "elf/btf_ext.h"
#include "elf/elf_file.h"

struct btf_object {
    uint8_t *data;
    struct wn_elf elf;
    struct wn_btf btf;
    struct wn_btf_ext ext; /* if there is one */
};

/** What clang made of a source: versions, and one for big-endian machines. */
static const char *const btf_builds[] = {"14", "16", "19", "eb"};
enum { BTF_BUILDS = 4 };

static inline const struct wn_elf_section *btf_section(const struct wn_elf *elf, const char *name)
{
    for (uint32_t i = 0; i < elf->n_sections; i++)
        if (strcmp(elf->sections[i].name, name) == 0 && elf->sections[i].data)
            return &elf->sections[i];
    return NULL;
}

/** Load an object by path: whether it is one with types. It refers to itself: do not copy it. */
static inline bool btf_object_load(const char *path, struct btf_object *o, struct wn_error *err)
{
    enum { MAX = 1 << 20 };
    FILE *file = fopen(path, "rb");
    o->data = malloc(MAX);
    size_t len = file && o->data ? fread(o->data, 1, MAX, file) : 0;
    if (file)
        fclose(file);
    if (wn_elf_parse(o->data, len, &o->elf, err)) {
        free(o->data);
        return false;
    }
    const struct wn_elf_section *s = btf_section(&o->elf, ".BTF");
    const struct wn_elf_section *ext = btf_section(&o->elf, ".BTF.ext");
    if (s && wn_btf_parse(s->data, s->size, o->elf.big, &o->btf, err) == 0) {
        if (!ext || wn_btf_ext_parse(ext->data, ext->size, &o->btf, &o->ext, err) == 0)
            return true;
        wn_btf_fini(&o->btf);
    }
    if (!s)
        wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "no section .BTF");
    wn_elf_fini(&o->elf);
    free(o->data);
    return false;
}

/** The instructions of a section; the caller frees them. */
static inline struct wn_slot *btf_slots(const struct btf_object *o, const char *section,
                                        uint32_t *n)
{
    const struct wn_elf_section *s = btf_section(&o->elf, section);
    *n = s ? (uint32_t)(s->size / WN_SLOT_BYTES) : 0;
    struct wn_slot *slots = calloc(*n ? *n : 1, sizeof *slots);
    struct wn_reader r = wn_reader_init(s ? s->data : NULL, s ? s->size : 0, o->elf.big);
    for (uint32_t i = 0; slots && i < *n; i++) {
        slots[i].opcode = wn_reader_u8(&r);
        uint8_t regs = wn_reader_u8(&r);
        slots[i].regs = o->elf.big ? (uint8_t)(regs << 4 | regs >> 4) : regs;
        slots[i].off = (int16_t)wn_reader_u16(&r);
        slots[i].imm = (int32_t)wn_reader_u32(&r);
    }
    return slots;
}

static inline void btf_object_free(struct btf_object *o)
{
    wn_btf_ext_fini(&o->ext);
    wn_btf_fini(&o->btf);
    wn_elf_fini(&o->elf);
    free(o->data);
}
