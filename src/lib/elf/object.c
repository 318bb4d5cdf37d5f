/* SPDX-License-Identifier: MIT */
#include "elf/object.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <winnow/map.h>
#include <winnow/prog.h>

#include "base/own.h"
#include "base/vec.h"

enum {
    MAX_FILE = 64 << 20, /* bytes */
    MAX_SLOTS = 4000000, /* of all programs together */
    MAX_PROGRAMS = 4096, /* functions that are one */
    MAX_NAME = 255,      /* bytes in the name of a program */
};

WN_OWN_BY(object, struct wn_object, wn_object_free)

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
    if (elf->machine != EM_BPF)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "compiled for machine %u%s, not for BPF: use clang -target bpf",
                       elf->machine, machine_name(elf->machine));
    if (elf->type != ET_REL)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "not an object file (ELF type %u): compile with clang -c, do not link",
                       elf->type);
    return 0;
}

static int check_order(const struct wn_elf *elf, struct wn_error *err)
{
    static const uint16_t one = 1;
    bool host_is_big = *(const uint8_t *)&one == 0;
    if (elf->big == host_is_big)
        return 0;
    return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                   "compiled for a %s-endian machine: use clang -target %s",
                   elf->big ? "big" : "little", elf->big ? "bpfel" : "bpfeb");
}

/** Put a program together; what is wrong with it alone is said when it is loaded. */
static int add_program(struct wn_object *obj, uint32_t func, bool in_text, struct wn_error *err)
{
    const struct wn_link_func *f = &obj->link.funcs[func];
    const char *section = obj->elf.sections[f->section].name;
    if (strlen(f->name) > MAX_NAME || strlen(section) > MAX_NAME)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "program '%.40s...': name over %d bytes",
                       f->name[0] ? f->name : section, MAX_NAME);
    if (obj->progs.len == MAX_PROGRAMS)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "more than %d programs", MAX_PROGRAMS);
    struct wn_elf_prog p = {.name = f->name,
                            .section = section,
                            .type = in_text ? WN_PROG_FILTER : wn_elf_section_type(section),
                            .func = func};
    int r = wn_link_prog(&obj->link, func, &p.linked, &p.refused);
    if (r == -ENOMEM || !wn_vec_push(&obj->progs, p)) {
        wn_link_prog_fini(&p.linked);
        return wn_elf_no_memory(err);
    }
    if (r)
        obj->progs.data[obj->progs.len - 1].linked.len = 0;
    else
        check_order(&obj->elf, &obj->progs.data[obj->progs.len - 1].refused);
    return 0;
}

/** How the functions that are programs are told from those that programs call. */
enum rule {
    IN_SECTION, /* not in .text, and global or called by nobody */
    IN_TEXT,    /* an object without sections of its own: in .text, called by nobody */
    GLOBAL,     /* the same, where all call each other */
};

static bool is_program(const struct wn_object *obj, const struct wn_link_func *f, bool has_global,
                       enum rule rule)
{
    bool text = strcmp(obj->elf.sections[f->section].name, ".text") == 0;
    switch (rule) {
    case IN_SECTION: return !text && (f->global || !f->used);
    case IN_TEXT: return text && !f->used && (f->global || !has_global);
    case GLOBAL: return text && f->global;
    }
    return false;
}

static int add_programs(struct wn_object *obj, struct wn_error *err)
{
    const struct wn_link *link = &obj->link;
    bool has_global = false;
    for (uint32_t i = 0; i < link->n_funcs; i++)
        has_global |= link->funcs[i].global;
    uint64_t slots = 0;
    for (int rule = IN_SECTION; rule <= GLOBAL && obj->progs.len == 0; rule++)
        for (uint32_t i = 0; i < link->n_funcs; i++) {
            if (!is_program(obj, &link->funcs[i], has_global, (enum rule)rule))
                continue;
            int r = add_program(obj, i, rule != IN_SECTION, err);
            if (r)
                return r;
            slots += obj->progs.data[obj->progs.len - 1].linked.len;
            if (slots > MAX_SLOTS)
                return wn_fail(err, WN_E_LIMIT, WN_NOWHERE,
                               "the programs have more than %d slots together", MAX_SLOTS);
        }
    if (obj->progs.len == 0)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "the object has no program");
    return 0;
}

static int fill(struct wn_object *obj, size_t len, struct wn_error *err)
{
    int r = wn_elf_parse(obj->file, len, &obj->elf, err);
    if (r == 0)
        r = check_kind(&obj->elf, err);
    if (r == 0)
        r = wn_elf_read_types(obj, err);
    if (r == 0)
        r = wn_link_init(&obj->link, &obj->elf, err);
    obj->link.btf = obj->has_btf ? &obj->btf : NULL;
    if (r == 0)
        r = wn_elf_adjust(obj, err);
    if (r == 0)
        r = wn_elf_read_maps(obj, err);
    if (r == 0)
        r = wn_elf_read_vars(obj, err);
    if (r)
        return r;
    wn_link_mark_used(&obj->link);
    r = add_programs(obj, err);
    return r ? r : wn_elf_read_inits(obj, err);
}

/** Takes the file, also on failure. */
static int parse(uint8_t *file, size_t len, struct wn_object **out, struct wn_error *err)
{
    WN_OWN(object) struct wn_object *obj = calloc(1, sizeof *obj);
    if (!obj) {
        free(file);
        return wn_elf_no_memory(err);
    }
    obj->file = file;
    int r = fill(obj, len, err);
    if (r == 0)
        *out = wn_give(obj);
    return r;
}

int wn_object_parse(const void *data, size_t len, struct wn_object **out, struct wn_error *err)
{
    if (len > MAX_FILE)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "larger than %d MiB", MAX_FILE >> 20);
    uint8_t *copy = malloc(len ? len : 1);
    if (!copy)
        return wn_elf_no_memory(err);
    if (len)
        memcpy(copy, data, len);
    return parse(copy, len, out, err);
}

static int check_file(const struct stat *st, struct wn_error *err)
{
    if (S_ISDIR(st->st_mode))
        return wn_fail(err, -EISDIR, WN_NOWHERE, "not a regular file");
    if (!S_ISREG(st->st_mode))
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "not a regular file");
    if (st->st_size > MAX_FILE)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "larger than %d MiB", MAX_FILE >> 20);
    return 0;
}

static int read_file(int fd, uint8_t **out, size_t *len, struct wn_error *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return wn_fail(err, -errno, WN_NOWHERE, "%s", strerror(errno));
    int r = check_file(&st, err);
    if (r)
        return r;
    WN_OWN(free) uint8_t *data = malloc((size_t)st.st_size + 1);
    size_t have = 0;
    if (!data)
        return wn_elf_no_memory(err);
    while (have < (size_t)st.st_size) {
        ssize_t n = read(fd, data + have, (size_t)st.st_size - have);
        if (n < 0 && errno != EINTR)
            return wn_fail(err, -errno, WN_NOWHERE, "%s", strerror(errno));
        if (n == 0)
            break;
        have += n > 0 ? (size_t)n : 0;
    }
    *out = wn_give(data);
    *len = have;
    return 0;
}

int wn_object_load(const char *path, struct wn_object **out, struct wn_error *err)
{
    /* O_NONBLOCK: opening a pipe that nobody writes must not wait. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return wn_fail(err, -errno, WN_NOWHERE, "%s", strerror(errno));
    uint8_t *data = NULL;
    size_t len = 0;
    int r = read_file(fd, &data, &len, err);
    close(fd);
    return r ? r : parse(data, len, out, err);
}

void wn_object_free(struct wn_object *obj)
{
    if (!obj)
        return;
    for (size_t i = 0; i < obj->progs.len; i++)
        wn_link_prog_fini(&obj->progs.data[i].linked);
    for (size_t i = 0; i < obj->maps.len; i++) {
        struct wn_elf_map *m = &obj->maps.data[i];
        wn_map_free(m->live);
        free(m->own);
        free(m->key_type);
        free(m->value_type);
    }
    for (size_t i = 0; i < obj->vars.len; i++)
        free(obj->vars.data[i].type);
    free(obj->progs.data);
    free(obj->maps.data);
    free(obj->inits.data);
    free(obj->vars.data);
    wn_link_fini(&obj->link);
    wn_btf_ext_fini(&obj->ext);
    wn_btf_fini(&obj->btf);
    wn_elf_fini(&obj->elf);
    free(obj->types);
    free(obj->file);
    free(obj);
}
