/* SPDX-License-Identifier: MIT */
/**
 * Instructions after relocation against the types of another object: libbpf's and ours.
 *
 *     core_is_libbpfs TARGET OBJECT...
 */
#include <bpf/libbpf.h>
#include <unistd.h>

#include "base/own.h"
#include "btf_object.h"
#include "elf/core.h"

static bool relocated; /* libbpf got as far as that */

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
    char text[400];
    (void)level;
    vsnprintf(text, sizeof text, fmt, ap);
    relocated |= strstr(text, "CO-RE relocating") != NULL;
    if (getenv("WN_VERBOSE"))
        fputs(text, stderr);
    return 0;
}

/** Ours in place of the slots of a section. */
static bool relocate(const struct btf_object *o, const struct wn_btf *target, const char *section,
                     struct wn_slot *slots, uint32_t n)
{
    size_t first, count = wn_core_find(&o->ext, section, &first);
    for (size_t i = first; i < first + count; i++) {
        struct wn_core_relo relo = wn_core_relo(&o->ext, i);
        struct wn_core_patch patch;
        struct wn_error err = {0};
        if (relo.slot >= n ||
            wn_core_apply(&o->btf, target, &relo, slots + relo.slot, n - relo.slot, &patch, &err)) {
            printf("%s, slot %u: %s\n", section, relo.slot, err.text);
            return false;
        }
    }
    return true;
}

static bool same(const struct btf_object *o, const struct wn_btf *target,
                 const struct bpf_program *prog)
{
    uint32_t n;
    const char *section = bpf_program__section_name(prog);
    WN_OWN(free) struct wn_slot *ours = btf_slots(o, section, &n);
    const struct bpf_insn *theirs = bpf_program__insns(prog);
    if (n != bpf_program__insn_cnt(prog) || !relocate(o, target, section, ours, n))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (memcmp(&ours[i], &theirs[i], sizeof *ours) != 0) {
            printf("%s, slot %u: ours %02x off %d imm %#x, theirs %02x off %d imm %#x\n", section,
                   i, ours[i].opcode, ours[i].off, (unsigned)ours[i].imm, theirs[i].code,
                   theirs[i].off, (unsigned)theirs[i].imm);
            return false;
        }
    return true;
}

/** The types of the target as a file, which is what libbpf takes. */
static bool save(const struct btf_object *target, char *path)
{
    const struct wn_elf_section *s = btf_section(&target->elf, ".BTF");
    int fd = mkstemp(path);
    bool good = fd >= 0 && write(fd, s->data, s->size) == (ssize_t)s->size;
    close(fd);
    return good;
}

/** How many programs are alike; -1: one is not. */
static int compare(const char *path, const struct btf_object *target, const char *types)
{
    struct btf_object o = {0};
    struct wn_error err = {0};
    struct bpf_object_open_opts opts = {.sz = sizeof opts, .btf_custom_path = types};
    struct bpf_object *theirs = bpf_object__open_file(path, &opts);
    struct bpf_program *prog;
    int alike = 0;
    if (!theirs || !btf_object_load(path, &o, &err)) {
        printf("%s: %s\n", path, err.text);
        return -1;
    }
    bpf_object__load(theirs); /* the kernel may refuse it: what matters comes before */
    bpf_object__for_each_program(prog, theirs)
    {
        bool good = same(&o, &target->btf, prog);
        alike = good && alike >= 0 ? alike + 1 : -1;
    }
    bpf_object__close(theirs);
    btf_object_free(&o);
    return alike;
}

int main(int argc, char **argv)
{
    struct btf_object target = {0};
    struct wn_error err = {0};
    char types[] = "/tmp/winnow-types-XXXXXX";
    int programs = 0;
    if (argc < 3 || !btf_object_load(argv[1], &target, &err) || !save(&target, types)) {
        printf("%s: %s\n", argc < 2 ? "which target?" : argv[1], err.text);
        return 1;
    }
    libbpf_set_print(quiet);
    for (int i = 2; i < argc && programs >= 0; i++) {
        int n = compare(argv[i], &target, types);
        programs = n < 0 ? -1 : programs + n;
        if (!relocated)
            break;
    }
    unlink(types);
    btf_object_free(&target);
    if (!relocated) {
        printf("SKIP: libbpf relocates only for who may load programs\n");
        return 77;
    }
    printf("%d programs alike\n", programs);
    return programs <= 0;
}
