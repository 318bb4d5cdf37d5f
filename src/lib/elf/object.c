/* SPDX-License-Identifier: MIT */
#include "elf/object.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/reader.h"
#include "base/vec.h"
#include "elf/link.h"

enum {
    MAX_FILE = 64 << 20,     /* bytes */
    MAX_SLOTS = 4000000,     /* of all programs together */
    MAX_PROGRAMS = 4096,     /* functions that are one */
    MAX_NAME = 255,          /* bytes in the name of a program */
    MAX_ALIGN = 64,          /* of constants; no instruction asks for more than 8 */
    RELOC_ABS64 = 2,         /* R_BPF_64_ABS64: an address in a constant */
    CORE_OFFSET = 24,        /* of core_relo_off in the header of .BTF.ext (Linux: btf_ext) */
    CORE_HEADER_LENGTH = 32, /* of a header that has it */
};

struct program {
    char *name;
    char *section;
    struct wn_slot *slots;
    uint32_t count;
};

struct wn_object {
    atomic_uint refs;
    struct {
        struct program *data;
        size_t len, cap;
    } programs;
    uint8_t *constants; /* pages that nobody may write, once they are filled */
    size_t constants_size;
    struct wn_region region; /* all of them */
};

static int no_memory(struct wn_error *err)
{
    return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
}

static const char *machine_name(uint16_t machine)
{
    switch (machine) {
    case EM_386: return " (x86)";
    case EM_ARM: return " (ARM)";
    case EM_X86_64: return " (x86-64)";
    case EM_AARCH64: return " (AArch64)";
    case EM_RISCV: return " (RISC-V)";
    }
    return "";
}

static int check_kind(const struct wn_elf *elf, struct wn_error *err)
{
    static const uint16_t one = 1;
    bool host_is_big = *(const uint8_t *)&one == 0;
    if (elf->machine != EM_BPF)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "compiled for machine %u%s, not for BPF: use clang -target bpf",
                       elf->machine, machine_name(elf->machine));
    if (elf->type != ET_REL)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "not an object file (ELF type %u): compile with clang -c, do not link",
                       elf->type);
    if (elf->big != host_is_big)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "compiled for a %s-endian machine: use clang -target %s",
                       elf->big ? "big" : "little", elf->big ? "bpfel" : "bpfeb");
    return 0;
}

/** CO-RE relocations change instructions; ignoring them would run the wrong program. */
static int check_core(const struct wn_elf *elf, struct wn_error *err)
{
    for (uint32_t i = 0; i < elf->n_sections; i++) {
        const struct wn_elf_section *s = &elf->sections[i];
        if (strcmp(s->name, ".BTF.ext") != 0 || !s->data)
            continue;
        struct wn_reader r = wn_reader_init(s->data, s->size, elf->big);
        wn_reader_u32(&r); /* magic, version, flags */
        uint32_t header = wn_reader_u32(&r);
        wn_reader_seek(&r, CORE_OFFSET + 4);
        uint32_t bytes = wn_reader_u32(&r);
        if (header >= CORE_HEADER_LENGTH && !r.bad && bytes > 4)
            return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE,
                           "the object has CO-RE relocations (preserve_access_index), which are "
                           "not supported yet");
    }
    return 0;
}

/** Copy the constants to pages of their own, and say where each section's are. */
static int load_constants(struct wn_object *obj, struct wn_link *link, struct wn_error *err)
{
    const struct wn_elf *elf = link->elf;
    uint64_t total = 0;
    for (uint32_t i = 0; i < elf->n_sections; i++)
        if (wn_link_is_const(&elf->sections[i]))
            total += elf->sections[i].size + MAX_ALIGN;
    if (total == 0)
        return 0;
    void *pages = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return no_memory(err);
    obj->constants = pages;
    obj->constants_size = total;
    uint64_t at = 0;
    for (uint32_t i = 0; i < elf->n_sections; i++) {
        const struct wn_elf_section *s = &elf->sections[i];
        if (!wn_link_is_const(s) || s->size == 0)
            continue;
        uint64_t align = s->align < MAX_ALIGN ? s->align : MAX_ALIGN;
        at = (at + align - 1) & ~(align - 1);
        memcpy(obj->constants + at, s->data, s->size);
        link->address[i] = (uint64_t)(uintptr_t)(obj->constants + at);
        at += s->size;
    }
    obj->region = (struct wn_region){.start = (uint64_t)(uintptr_t)pages, .bytes = at};
    return 0;
}

/** Apply one relocation to a constant: the address of another one. */
static int relocate_constant(const struct wn_link *link, const struct wn_elf_section *target,
                             uint64_t start, const struct wn_elf_reloc *reloc, struct wn_error *err)
{
    const struct wn_elf_symbol *symbol = &link->elf->symbols[reloc->symbol];
    if (reloc->type != RELOC_ABS64)
        return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE, "section '%.40s': relocation of type %u",
                       target->name, reloc->type);
    if (reloc->offset > target->size || target->size - reloc->offset < sizeof(uint64_t))
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "section '%.40s': relocation outside the section", target->name);
    uint64_t value;
    uint8_t *place = (uint8_t *)(uintptr_t)start + reloc->offset;
    memcpy(&value, place, sizeof value);
    if (symbol->section < link->elf->n_sections && link->code[symbol->section].n)
        return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE,
                       "section '%.40s': addresses of functions in constants are not supported",
                       target->name);
    if (symbol->section >= link->elf->n_sections || !link->address[symbol->section])
        return wn_link_refuse(link->elf, symbol, symbol->value + value, target->name, err);
    value += link->address[symbol->section] + symbol->value + (uint64_t)reloc->addend;
    memcpy(place, &value, sizeof value);
    return 0;
}

static int relocate_constants(struct wn_object *obj, const struct wn_link *link,
                              struct wn_error *err)
{
    const struct wn_elf *elf = link->elf;
    for (uint32_t i = 0; i < elf->n_sections; i++) {
        const struct wn_elf_section *s = &elf->sections[i];
        uint64_t n = wn_elf_reloc_count(s);
        if (s->info >= elf->n_sections || !link->address[s->info])
            continue;
        for (uint64_t k = 0; k < n; k++) {
            struct wn_elf_reloc reloc;
            int r = wn_elf_reloc(elf, s, k, &reloc, err);
            if (r == 0 && reloc.type != 0)
                r = relocate_constant(link, &elf->sections[s->info], link->address[s->info], &reloc,
                                      err);
            if (r)
                return r;
        }
    }
    if (obj->constants && mprotect(obj->constants, obj->constants_size, PROT_READ))
        return wn_fail(err, -errno, WN_NOWHERE, "constants cannot be protected");
    return 0;
}

static int add_program(struct wn_object *obj, struct wn_link *link, uint32_t func,
                       struct wn_error *err)
{
    const struct wn_link_func *f = &link->funcs[func];
    const char *section = link->elf->sections[f->section].name;
    if (strlen(f->name) > MAX_NAME || strlen(section) > MAX_NAME)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "program '%.40s...': name over %d bytes",
                       f->name[0] ? f->name : section, MAX_NAME);
    if (obj->programs.len == MAX_PROGRAMS)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "more than %d programs", MAX_PROGRAMS);
    struct program p = {.name = strdup(f->name), .section = strdup(section)};
    struct wn_link_prog linked = {0};
    int r = p.name && p.section ? wn_link_prog(link, func, &linked, err) : no_memory(err);
    p.slots = linked.data;
    p.count = (uint32_t)linked.len;
    if (r == 0 && !wn_vec_push(&obj->programs, p))
        r = no_memory(err);
    if (r) {
        free(p.name);
        free(p.section);
        free(p.slots);
    }
    return r;
}

/**
 * Which functions are programs: global ones, in sections other than .text; in a
 * section without global ones, all. Objects that have only .text are taken for
 * what they are, a program without SEC().
 */
static bool is_program(const struct wn_link *link, const struct wn_link_func *f,
                       const bool *has_global, bool in_text)
{
    bool text = strcmp(link->elf->sections[f->section].name, ".text") == 0;
    return text == in_text && (f->global || !has_global[f->section]);
}

static int add_programs(struct wn_object *obj, struct wn_link *link, struct wn_error *err)
{
    WN_OWN(free) bool *has_global = calloc(link->elf->n_sections, sizeof *has_global);
    if (!has_global)
        return no_memory(err);
    for (uint32_t i = 0; i < link->n_funcs; i++)
        has_global[link->funcs[i].section] |= link->funcs[i].global;

    uint64_t slots = 0;
    for (int in_text = 0; in_text < 2 && obj->programs.len == 0; in_text++)
        for (uint32_t i = 0; i < link->n_funcs; i++) {
            if (!is_program(link, &link->funcs[i], has_global, in_text))
                continue;
            int r = add_program(obj, link, i, err);
            if (r)
                return r;
            slots += obj->programs.data[obj->programs.len - 1].count;
            if (slots > MAX_SLOTS)
                return wn_fail(err, WN_E_LIMIT, WN_NOWHERE,
                               "the programs have more than %d slots together", MAX_SLOTS);
        }
    if (obj->programs.len == 0)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "the object has no program");
    return 0;
}

static int fill(struct wn_object *obj, const struct wn_elf *elf, struct wn_error *err)
{
    struct wn_link link;
    int r = wn_link_init(&link, elf, err);
    if (r == 0)
        r = load_constants(obj, &link, err);
    if (r == 0)
        r = relocate_constants(obj, &link, err);
    if (r == 0)
        r = add_programs(obj, &link, err);
    wn_link_fini(&link);
    return r;
}

int wn_object_parse(const void *data, size_t len, struct wn_object **out, struct wn_error *err)
{
    struct wn_elf elf = {0};
    int r = wn_elf_parse(data, len, &elf, err);
    if (r)
        return r;
    r = check_kind(&elf, err);
    if (r == 0)
        r = check_core(&elf, err);
    struct wn_object *obj = NULL;
    if (r == 0) {
        obj = calloc(1, sizeof *obj);
        r = obj ? 0 : no_memory(err);
    }
    if (obj) {
        atomic_init(&obj->refs, 1);
        r = fill(obj, &elf, err);
    }
    wn_elf_fini(&elf);
    if (r) {
        wn_object_free(obj);
        return r;
    }
    *out = obj;
    return 0;
}

int wn_object_load(const char *path, struct wn_object **out, struct wn_error *err)
{
    /* O_NONBLOCK: opening a pipe that nobody writes must not wait. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) {
        int r = wn_fail(err, -errno, WN_NOWHERE, "%s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return r;
    }
    int r = 0;
    if (!S_ISREG(st.st_mode))
        r = wn_fail(err, S_ISDIR(st.st_mode) ? -EISDIR : WN_E_FORMAT, WN_NOWHERE,
                    "not a regular file");
    else if (st.st_size > MAX_FILE)
        r = wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "larger than %d MiB", MAX_FILE >> 20);
    WN_OWN(free) uint8_t *data = r ? NULL : malloc((size_t)st.st_size + 1);
    size_t len = 0;
    if (r == 0 && !data)
        r = no_memory(err);
    while (r == 0 && len < (size_t)st.st_size) {
        ssize_t n = read(fd, data + len, (size_t)st.st_size - len);
        if (n < 0 && errno != EINTR)
            r = wn_fail(err, -errno, WN_NOWHERE, "%s", strerror(errno));
        if (n == 0)
            break;
        len += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    return r ? r : wn_object_parse(data, len, out, err);
}

struct wn_object *wn_object_ref(const struct wn_object *obj)
{
    /* What callers see of an object is constant; the count is not for them to see. */
    struct wn_object *shared = (struct wn_object *)(uintptr_t)obj;
    atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
    return shared;
}

void wn_object_free(struct wn_object *obj)
{
    if (!obj || atomic_fetch_sub_explicit(&obj->refs, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < obj->programs.len; i++) {
        free(obj->programs.data[i].name);
        free(obj->programs.data[i].section);
        free(obj->programs.data[i].slots);
    }
    free(obj->programs.data);
    if (obj->constants)
        munmap(obj->constants, obj->constants_size);
    free(obj);
}

const struct wn_region *wn_object_regions(const struct wn_object *obj, uint32_t *n)
{
    *n = obj->constants ? 1 : 0;
    return &obj->region;
}

size_t wn_object_count(const struct wn_object *obj)
{
    return obj->programs.len;
}

void wn_object_describe(const struct wn_object *obj, size_t i, struct wn_object_prog *out)
{
    const struct program *p = &obj->programs.data[i];
    *out = (struct wn_object_prog){.name = p->name, .section = p->section, .slots = p->count};
}

/** All the programs as "name (section), ...", as far as there is room. */
static void list_programs(const struct wn_object *obj, char *text, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < obj->programs.len && len < size; i++) {
        const struct program *p = &obj->programs.data[i];
        int n = snprintf(text + len, size - len, "%s%s (%s)", i ? ", " : "", p->name, p->section);
        len += n > 0 ? (size_t)n : 0;
    }
}

int wn_object_find(const struct wn_object *obj, const char *name, struct wn_error *err)
{
    char all[100];
    size_t matches = 0, found = 0;
    list_programs(obj, all, sizeof all);
    if (!name && obj->programs.len == 1)
        return 0;
    if (!name)
        return wn_fail(err, WN_E_REJECTED, WN_NOWHERE, "name one of %zu programs: %s",
                       obj->programs.len, all);
    for (size_t i = 0; i < obj->programs.len; i++)
        if (strcmp(obj->programs.data[i].name, name) == 0)
            return (int)i;
    for (size_t i = 0; i < obj->programs.len; i++)
        if (strcmp(obj->programs.data[i].section, name) == 0 && matches++ == 0)
            found = i;
    if (matches == 0)
        return wn_fail(err, -ENOENT, WN_NOWHERE, "no program '%.40s'; there is: %s", name, all);
    if (matches > 1)
        return wn_fail(err, WN_E_REJECTED, WN_NOWHERE,
                       "section '%.30s' has %zu programs, name one: %s", name, matches, all);
    return (int)found;
}

const struct wn_slot *wn_object_slots(const struct wn_object *obj, size_t i, size_t *count)
{
    *count = obj->programs.data[i].count;
    return obj->programs.data[i].slots;
}
