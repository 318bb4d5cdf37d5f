/* SPDX-License-Identifier: MIT */
/** An object of tests/elf/btf with its types parsed; WN_ELF_DIR is tests/elf. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/btf.h"
#include "elf/elf_file.h"

struct btf_object {
    uint8_t *data;
    struct wn_elf elf;
    struct wn_btf btf;
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

/** Load an object by path: whether it is one with types. */
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
    if (s && wn_btf_parse(s->data, s->size, o->elf.big, &o->btf, err) == 0)
        return true;
    if (!s)
        wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "no section .BTF");
    wn_elf_fini(&o->elf);
    free(o->data);
    return false;
}

static inline void btf_object_free(struct btf_object *o)
{
    wn_btf_fini(&o->btf);
    wn_elf_fini(&o->elf);
    free(o->data);
}
