/* SPDX-License-Identifier: MIT */
/** Looking at an object: programs, lines, sections, relocations. */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "elf/object.h"

enum { WIDE = 0x18, CALL = 0x85, SMALL = WN_OBJECT_MAX_MAPS, MAX_LARGE = 64 };

const char *wn_object_license(const struct wn_object *obj)
{
    for (uint32_t i = 1; i < obj->elf.n_sections; i++) {
        const struct wn_elf_section *s = &obj->elf.sections[i];
        if (s->data && strcmp(s->name, "license") == 0 && memchr(s->data, 0, s->size))
            return (const char *)s->data;
    }
    return "";
}

/* ---- programs */

size_t wn_object_count(const struct wn_object *obj)
{
    return obj->progs.len;
}

void wn_object_describe(const struct wn_object *obj, size_t i, struct wn_object_prog *out)
{
    const struct wn_elf_prog *p = &obj->progs.data[i];
    *out = (struct wn_object_prog){
        .name = p->name,
        .section = p->section,
        .type = p->type,
        .slots = (uint32_t)p->linked.len,
        .functions = (uint32_t)p->linked.pieces.len,
        .refused = p->refused.code ? &p->refused : NULL,
    };
}

/** All the programs as "name (section), ...", as far as there is room. */
static void list_programs(const struct wn_object *obj, char *text, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < obj->progs.len && len < size; i++) {
        const struct wn_elf_prog *p = &obj->progs.data[i];
        int n = snprintf(text + len, size - len, "%s%s (%s)", i ? ", " : "", p->name, p->section);
        len += n > 0 ? (size_t)n : 0;
    }
}

int wn_object_find(const struct wn_object *obj, const char *name, struct wn_error *err)
{
    char all[100];
    size_t named = 0, in_section = 0, by_name = 0, by_section = 0;
    list_programs(obj, all, sizeof all);
    if (!name && obj->progs.len == 1)
        return 0;
    if (!name)
        return wn_fail(err, WN_E_REJECTED, WN_NOWHERE, "name one of %zu programs: %s",
                       obj->progs.len, all);
    for (size_t i = obj->progs.len; i-- > 0;) {
        if (strcmp(obj->progs.data[i].name, name) == 0) {
            named++;
            by_name = i;
        }
        if (strcmp(obj->progs.data[i].section, name) == 0) {
            in_section++;
            by_section = i;
        }
    }
    if (named > 1)
        return wn_fail(err, WN_E_REJECTED, WN_NOWHERE,
                       "%zu programs are called '%.30s', name a section: %s", named, name, all);
    if (named == 1)
        return (int)by_name;
    if (in_section == 0)
        return wn_fail(err, -ENOENT, WN_NOWHERE, "no program '%.40s'; there is: %s", name, all);
    if (in_section > 1)
        return wn_fail(err, WN_E_REJECTED, WN_NOWHERE,
                       "section '%.30s' has %zu programs, name one: %s", name, in_section, all);
    return (int)by_section;
}

const struct wn_slot *wn_object_slots(const struct wn_object *obj, size_t i, size_t *count)
{
    *count = obj->progs.data[i].linked.len;
    return obj->progs.data[i].linked.data;
}

/** The least number of a program above `after`, or -1; what a slot has says `of`. */
static int64_t next_number(const struct wn_link_prog *p, int64_t after,
                           int64_t (*of)(const struct wn_slot *))
{
    int64_t least = -1;
    for (size_t i = 0; i < p->len; i++) {
        int64_t n = of(&p->data[i]);
        if (n > after && (least < 0 || n < least))
            least = n;
        i += p->data[i].opcode == WIDE;
    }
    return least;
}

/** Small numbers are marked, in one walk; of large ones few are looked for, by one walk each. */
static size_t numbers_of(const struct wn_link_prog *p, int64_t (*of)(const struct wn_slot *),
                         uint32_t *numbers, size_t n)
{
    bool has[SMALL] = {false};
    size_t count = 0;
    for (size_t i = 0; i < p->len; i++) {
        int64_t number = of(&p->data[i]);
        if (number >= 0 && number < SMALL)
            has[number] = true;
        i += p->data[i].opcode == WIDE;
    }
    for (uint32_t i = 0; i < SMALL; i++) {
        if (has[i] && count < n)
            numbers[count] = i;
        count += has[i];
    }
    int64_t next = next_number(p, SMALL - 1, of);
    for (unsigned large = 0; next >= 0 && large < MAX_LARGE; large++) {
        if (count < n)
            numbers[count] = (uint32_t)next;
        count++;
        next = next_number(p, next, of);
    }
    return count;
}

static int64_t map_of(const struct wn_slot *s)
{
    unsigned src = wn_slot_src(*s);
    bool map = s->opcode == WIDE && (src == WN_PSEUDO_MAP_FD || src == WN_PSEUDO_MAP_VALUE);
    return map ? (int64_t)(uint32_t)s->imm : -1;
}

static int64_t helper_of(const struct wn_slot *s)
{
    return s->opcode == CALL && wn_slot_src(*s) == 0 ? (int64_t)(uint32_t)s->imm : -1;
}

size_t wn_object_prog_maps(const struct wn_object *obj, size_t i, uint32_t *numbers, size_t n)
{
    return numbers_of(&obj->progs.data[i].linked, map_of, numbers, n);
}

size_t wn_object_prog_helpers(const struct wn_object *obj, size_t i, uint32_t *numbers, size_t n)
{
    return numbers_of(&obj->progs.data[i].linked, helper_of, numbers, n);
}

bool wn_object_line(const struct wn_object *obj, size_t i, uint32_t slot,
                    struct wn_object_line *out)
{
    const struct wn_link_prog *p = &obj->progs.data[i].linked;
    size_t low = 0, high = p->pieces.len;
    if (slot >= p->len)
        return false;
    while (high - low > 1) { /* the last piece that begins at the slot or before it */
        size_t mid = low + (high - low) / 2;
        if (p->pieces.data[mid].at <= slot)
            low = mid;
        else
            high = mid;
    }
    const struct wn_link_piece *piece = &p->pieces.data[low];
    const struct wn_link_func *f = &obj->link.funcs[piece->func];
    struct wn_btf_line line = {.file = "", .text = ""};
    *out = (struct wn_object_line){.function = f->name,
                                   .section = obj->elf.sections[f->section].name,
                                   .at = f->first + slot - piece->at};
    wn_btf_line(&obj->ext, out->section, out->at, &line);
    out->file = line.file;
    out->text = line.text;
    out->line = line.line;
    out->column = line.column;
    return true;
}

/* ---- the file */

size_t wn_object_section_count(const struct wn_object *obj)
{
    return obj->elf.n_sections;
}

void wn_object_describe_section(const struct wn_object *obj, size_t i,
                                struct wn_object_section *out)
{
    const struct wn_elf_section *s = &obj->elf.sections[i];
    *out = (struct wn_object_section){
        .name = s->name,
        .type = s->type,
        .flags = s->flags,
        .bytes = s->size,
        .relocs = (uint32_t)wn_elf_reloc_count(s),
    };
}

bool wn_object_reloc(const struct wn_object *obj, size_t i, size_t k, struct wn_object_reloc *out)
{
    static const char *const kinds[] = {
        [0] = "R_BPF_NONE",     [1] = "R_BPF_64_64",       [2] = "R_BPF_64_ABS64",
        [3] = "R_BPF_64_ABS32", [4] = "R_BPF_64_NODYLD32", [10] = "R_BPF_64_32",
    };
    const struct wn_elf_section *s = &obj->elf.sections[i];
    struct wn_elf_reloc reloc;
    if (k >= wn_elf_reloc_count(s) || wn_elf_reloc(&obj->elf, s, k, &reloc, NULL))
        return false;
    const char *kind = reloc.type < sizeof kinds / sizeof *kinds ? kinds[reloc.type] : NULL;
    *out = (struct wn_object_reloc){
        .section = s->info < obj->elf.n_sections ? obj->elf.sections[s->info].name : "",
        .symbol = obj->elf.symbols[reloc.symbol].name,
        .kind = kind ? kind : "",
        .offset = reloc.offset,
        .addend = reloc.addend,
        .type = reloc.type,
    };
    return true;
}
