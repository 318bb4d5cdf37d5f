/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the types of an object and what refers to them: an error, or types of which every
 * part can be asked, maps be read, values be printed and relocations be applied.
 *
 * A byte, 1 if the object is big-endian; the length of .BTF in three bytes, lowest first; .BTF;
 * .BTF.ext.
 */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "elf/btf.h"
#include "elf/btf_ext.h"
#include "elf/btf_make.h"
#include "elf/btf_print.h"
#include "elf/core.h"
#include "elf/map_def.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static volatile uint64_t seen; /* so that what was asked is not optimised away */

static void ask_parts(const struct wn_btf *btf, uint32_t id)
{
    const struct wn_btf_type *t = &btf->types[id];
    seen += strlen(wn_btf_name(btf, id)) + wn_btf_skip(btf, id);
    if (t->kind == WN_BTF_INT)
        seen += wn_btf_int(btf, id).bits;
    if (t->kind == WN_BTF_ARRAY)
        seen += wn_btf_array(btf, id).count;
    if (t->kind == WN_BTF_FUNC || t->kind == WN_BTF_VAR)
        seen += wn_btf_linkage(btf, id);
    for (uint32_t i = 0; i < t->count; i++) {
        if (t->kind == WN_BTF_STRUCT || t->kind == WN_BTF_UNION)
            seen += strlen(wn_btf_member(btf, id, i).name);
        if (t->kind == WN_BTF_ENUM || t->kind == WN_BTF_ENUM64)
            seen += strlen(wn_btf_value(btf, id, i).name);
        if (t->kind == WN_BTF_FUNC_PROTO)
            seen += strlen(wn_btf_param(btf, id, i).name);
        if (t->kind == WN_BTF_DATASEC)
            seen += btf->types[wn_btf_secvar(btf, id, i).type].kind;
    }
}

static void print_value(const struct wn_btf *btf, uint32_t id)
{
    static char text[512];
    struct wn_error err = {0};
    size_t bytes = btf->types[id].bytes;
    if (bytes > 4096)
        return;
    WN_OWN(free) uint8_t *value = malloc(bytes ? bytes : 1);
    if (!value)
        abort();
    memset(value, 0xa5, bytes);
    int n = wn_btf_print(btf, id, value, bytes, text, sizeof text, &err);
    if (n >= 0 ? strlen(text) != (size_t)n : err.text[0] == '\0')
        abort();
}

static void read_maps(const struct wn_btf *btf)
{
    uint32_t sec = wn_btf_find(btf, WN_MAP_SECTION, WN_BTF_DATASEC);
    for (uint32_t i = 0; i < btf->types[sec].count; i++) {
        struct wn_map_def def;
        struct wn_error err = {0};
        uint32_t var = wn_btf_secvar(btf, sec, i).type;
        if (wn_map_def_parse(btf, var, &def, &err) && err.text[0] == '\0')
            abort();
    }
}

/** Instructions that relocations of each kind may belong to. */
static void apply(const struct wn_btf_ext *ext, const struct wn_btf *target)
{
    static const uint8_t opcodes[] = {0xb7, 0x18, 0x61, 0x79, 0x7b, 0x05};
    for (size_t i = 0; i < ext->relos.len && i < 64; i++) {
        struct wn_core_relo relo = wn_core_relo(ext, i);
        for (size_t k = 0; k < sizeof opcodes; k++) {
            struct wn_slot slots[2] = {{.opcode = opcodes[k]}};
            struct wn_core_patch patch;
            struct wn_error err = {0};
            int r = wn_core_apply(ext->btf, target, &relo, slots, 1 + (opcodes[k] == 0x18), &patch,
                                  &err);
            if (r ? err.text[0] == '\0' : patch.poisoned && patch.why[0] == '\0')
                abort();
        }
    }
}

static void use_ext(const struct wn_btf_ext *ext)
{
    static const struct wn_btf_field fields[] = {{"data", 0, 4}, {"cb", 8, 20}, {"pid", 32, 8}};
    static const struct wn_btf_struct structs[] = {
        {"xdp_md", 40, fields, 3}, {"__sk_buff", 40, fields, 3}, {"task_struct", 40, fields, 3}};
    uint8_t *bytes;
    size_t len;
    struct wn_btf target;
    struct wn_btf_line line;
    if (wn_btf_make(structs, 3, &bytes, &len, NULL) ||
        wn_btf_parse(bytes, len, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, &target, NULL))
        abort();
    for (size_t i = 0; i < ext->sections.len && i < 16; i++)
        if (wn_btf_line(ext, ext->sections.data[i], (uint32_t)i, &line))
            seen += strlen(line.file) + strlen(line.text);
    apply(ext, &target);
    apply(ext, ext->btf); /* its own types: everything is found */
    wn_btf_fini(&target);
    free(bytes);
}

/** Any slots with a poisoned one in the middle, which is there afterwards exactly if it was
 * reported. */
static void prune(const uint8_t *data, size_t len)
{
    struct wn_slot slots[64] = {0};
    uint32_t n = (uint32_t)(len / WN_SLOT_BYTES), reached = 0;
    n = n < 64 ? n : 64;
    if (n < 2)
        return;
    memcpy(slots, data, n * sizeof *slots);
    slots[n / 2] = wn_slot(0x85, 0, 0, 0, WN_CORE_POISON);
    if (wn_core_prune(slots, n, &reached, NULL) || (reached >= n && reached != WN_NOWHERE) ||
        (reached == WN_NOWHERE && slots[n / 2].opcode != 0x05) ||
        (reached == n / 2 && slots[n / 2].opcode != 0x85))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct wn_btf btf = {0};
    struct wn_btf_ext ext = {0};
    struct wn_error err = {0};
    if (len < 4)
        return 0;
    prune(data + 4, len - 4);
    size_t types = data[1] | (size_t)data[2] << 8 | (size_t)data[3] << 16;
    types = types < len - 4 ? types : len - 4;
    if (wn_btf_parse(data + 4, types, data[0] & 1, &btf, &err)) {
        if (btf.types || err.code == 0 || err.text[0] == '\0')
            abort();
        return 0;
    }
    for (uint32_t id = 0; id < btf.n_types; id++) {
        ask_parts(&btf, id);
        print_value(&btf, id);
    }
    read_maps(&btf);
    if (wn_btf_ext_parse(data + 4 + types, len - 4 - types, &btf, &ext, &err) == 0)
        use_ext(&ext);
    else if (err.text[0] == '\0')
        abort();
    wn_btf_ext_fini(&ext);
    wn_btf_fini(&btf);
    return 0;
}
