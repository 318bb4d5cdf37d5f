/* SPDX-License-Identifier: MIT */
/* WN_ELF_DIR is the directory of the objects, tests/elf. */
#include <winnow/object.h>

#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <winnow/prog.h>

static const enum wn_engine engines[] = {WN_ENGINE_REFERENCE, WN_ENGINE_INTERP, WN_ENGINE_JIT};
static const bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

/** What clang made of a source; for big-endian machines there is one build, of one object. */
static const char *const builds[] = {"o", "v1.o", "v4.o"}, *const big_builds[] = {"eb.o"};

static const char *build_name(size_t b)
{
    return big ? big_builds[b] : builds[b];
}
#define BUILDS (big ? 1 : 3)

static int load(const char *name, const char *build, struct wn_object **out, struct wn_error *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", WN_ELF_DIR, name, build);
    *out = NULL;
    *err = (struct wn_error){0};
    return wn_object_load(path, out, err);
}

static struct wn_object *loaded(const char *name, const char *build)
{
    struct wn_error err;
    struct wn_object *obj;
    if (load(name, build, &obj, &err))
        fail_msg("%s.%s: %s", name, build, err.text);
    return obj;
}

/** What every build of an object says of a packet, on every engine; all must say the same. */
static uint64_t value_of(const char *name, const char *section, const char *data, uint32_t caplen)
{
    bool have = false;
    uint64_t value = 0;
    struct wn_run *run = wn_run_new();
    for (size_t b = 0; b < BUILDS; b++) {
        struct wn_object *obj = loaded(name, build_name(b));
        for (size_t e = 0; e < 3; e++) {
            struct wn_prog_opts opts = {.engine = engines[e]};
            struct wn_prog *prog = NULL;
            struct wn_error err = {0};
            int r = wn_prog_load(obj, section, &opts, &prog, &err);
            if (r == WN_E_NOJIT)
                continue;
            if (r)
                fail_msg("%s.%s: slot %u: %s", name, build_name(b), err.at, err.text);
            struct wn_packet pkt = {
                .data = (const uint8_t *)data, .caplen = caplen, .wirelen = caplen};
            struct wn_result got = wn_prog_run(prog, run, &pkt);
            if (got.fault != WN_FAULT_NONE || (have && got.value != value))
                fail_msg("%s.%s, engine %zu: %#llx, fault %s at slot %u; before: %#llx", name,
                         build_name(b), e, (unsigned long long)got.value,
                         wn_fault_name((enum wn_fault)got.fault), got.slot,
                         (unsigned long long)value);
            value = got.value;
            have = true;
            wn_prog_free(prog);
        }
        wn_object_free(obj);
    }
    wn_run_free(run);
    return value;
}

static void a_filter_is_found_and_runs(void **state)
{
    (void)state;
    assert_int_equal(value_of("plain", NULL, "123456abcdef\x08\x00", 14), 64);
    assert_int_equal(value_of("plain", NULL, "123456abcdef\x08\x06", 14), 0);
    assert_int_equal(value_of("plain", "filter", "123456abcdef\x08\x00", 13), 0);
    assert_int_equal(value_of("plain", "plain", "", 0), 0);
    struct wn_object *obj = loaded("plain", build_name(0));
    struct wn_object_prog p;
    wn_object_describe(obj, 0, &p);
    assert_string_equal(p.name, "plain");
    assert_string_equal(p.section, "filter");
    assert_in_range(p.slots, 4, 12);
    wn_object_free(obj);
}

static unsigned deepest(unsigned long a)
{
    return (unsigned)(a * 3 + 1);
}

static unsigned middle(unsigned long a)
{
    return deepest(a) + deepest(a + 1);
}

static void called_functions_are_linked_behind_the_program(void **state)
{
    (void)state;
    unsigned want = (middle(7) ^ deepest(1)) + middle(200) + 1000;
    assert_int_equal(value_of("calls", "calls", "\310\007", 2), want);
    assert_int_equal(value_of("calls", "calls", "\310", 1), 0);
}

static void a_function_that_nobody_calls_stays_out(void **state)
{
    (void)state;
    struct wn_object *obj = loaded("calls", "o");
    assert_int_equal(wn_object_count(obj), 1);
    size_t count;
    const struct wn_slot *slots = wn_object_slots(obj, 0, &count);
    for (size_t i = 0; i < count; i++)
        assert_false(slots[i].opcode == 0x07 && slots[i].imm == 7);
    wn_object_free(obj);
}

static void constants_are_read_where_the_object_keeps_them(void **state)
{
    (void)state;
    assert_int_equal(value_of("constants", NULL, "\001\002\003winnow.......", 16),
                     141 + 79 + 8 + 100000);
    assert_int_equal(value_of("constants", NULL, "\007\003\000chaff!.......", 16),
                     3238 + 3238 + 1 + 100000);
    assert_int_equal(value_of("constants", NULL, "\000\000\000winnov.......", 16), 3 + 535 + 1);
}

static void constants_may_point_to_constants(void **state)
{
    (void)state;
    assert_int_equal(value_of("pointers", NULL, "\002\001", 2), 'a');
    assert_int_equal(value_of("pointers", NULL, "\001\000", 2), 'b');
}

static void constants_outlive_the_object(void **state)
{
    (void)state;
    struct wn_object *obj = loaded("pointers", "o");
    struct wn_prog *prog = NULL;
    assert_int_equal(wn_prog_load(obj, NULL, NULL, &prog, NULL), 0);
    wn_object_free(obj);
    struct wn_run *run = wn_run_new();
    struct wn_packet pkt = {.data = (const uint8_t *)"\003\000", .caplen = 2, .wirelen = 2};
    assert_int_equal(wn_prog_run(prog, run, &pkt).value, 'd');
    wn_run_free(run);
    wn_prog_free(prog);
}

static void addresses_of_functions_are_distances_to_them(void **state)
{
    (void)state;
    for (size_t b = 0; b < 3; b++) {
        struct wn_object *obj = loaded("through", builds[b]);
        size_t count, n = 0, target[2] = {0};
        const struct wn_slot *s = wn_object_slots(obj, 0, &count);
        for (size_t i = 0; i < count; i++)
            if (s[i].opcode == 0x18) {
                assert_in_range(n, 0, 1);
                assert_int_equal(wn_slot_src(s[i]), WN_PSEUDO_FUNC);
                assert_int_equal(s[i + 1].imm, 0);
                target[n++] = i + 1 + (size_t)s[i].imm;
                i++;
            }
        /* Each function stands behind an exit, the other's or the program's. */
        assert_int_equal(n, 2);
        assert_true(target[0] != target[1]);
        for (size_t i = 0; i < 2; i++) {
            assert_in_range(target[i], 1, count - 1);
            assert_int_equal(s[target[i] - 1].opcode, 0x95);
        }
        wn_object_free(obj);
    }
}

static void without_sections_text_is_the_program(void **state)
{
    (void)state;
    assert_int_equal(value_of("text", NULL, "1234", 4), 7 + 8);
    assert_int_equal(value_of("text", ".text", "1234", 4), 7 + 8);
}

static void one_of_several_programs_is_chosen_by_name(void **state)
{
    (void)state;
    assert_int_equal(value_of("several", "one", "1234", 4), 5);
    assert_int_equal(value_of("several", "two", "1234", 4), 6);
    assert_int_equal(value_of("several", "three", "1234", 4), 7);
    assert_int_equal(value_of("several", "filter/other", "1234", 4), 7);

    struct wn_object *obj = loaded("several", "o");
    struct wn_error err;
    assert_int_equal(wn_object_count(obj), 3);
    assert_int_equal(wn_object_find(obj, NULL, &err), WN_E_REJECTED);
    assert_string_equal(err.text,
                        "name one of 3 programs: one (filter), two (filter), three (filter/other)");
    assert_int_equal(wn_object_find(obj, "filter", &err), WN_E_REJECTED);
    assert_string_equal(err.text, "section 'filter' has 2 programs, name one: one (filter), two "
                                  "(filter), three (filter/other)");
    assert_int_equal(wn_object_find(obj, "four", &err), -ENOENT);
    assert_string_equal(
        err.text, "no program 'four'; there is: one (filter), two (filter), three (filter/other)");
    wn_object_free(obj);
}

/** An object can be looked at, but its program not loaded, and this is why. */
static void refused(const char *name, const char *build, int code, const char *text)
{
    struct wn_object *obj = loaded(name, build);
    struct wn_error err = {0};
    struct wn_prog *prog = NULL;
    assert_int_equal(wn_object_count(obj), 1);
    assert_int_equal(wn_prog_load(obj, NULL, NULL, &prog, &err), code);
    assert_int_equal(err.code, code);
    assert_string_equal(err.text, text);
    assert_null(prog);
    wn_object_free(obj);
}

static void what_is_not_supported_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *object;
        int code;
        const char *text;
    } cases[] = {
        {"absent", WN_E_UNSUPPORTED, "'elsewhere', which 'absent' uses, is not in this object"},
        {"table", WN_E_UNSUPPORTED,
         "section '.rodata': addresses of functions in variables are not supported"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t b = 0; b < 3; b++)
            refused(cases[i].object, builds[b], cases[i].code, cases[i].text);
    refused("map", "v1.o", WN_E_FORMAT, "map 'counts' is described by no types: compile with -g");
    refused("core", "o", WN_E_UNSUPPORTED,
            "function 'core': field 'b' of 'struct place': kernel types do not exist here "
            "(core.c:12)");
}

static void other_byte_orders_can_be_looked_at(void **state)
{
    (void)state;
    refused("plain", big ? "o" : "eb.o", WN_E_FORMAT,
            big ? "compiled for a little-endian machine: use clang -target bpfeb"
                : "compiled for a big-endian machine: use clang -target bpfel");
    struct wn_object *obj = loaded("plain", big ? "o" : "eb.o");
    struct wn_object_prog p;
    size_t count;
    wn_object_describe(obj, 0, &p);
    assert_string_equal(p.name, "plain");
    assert_in_range(p.slots, 4, 12);
    assert_string_equal(p.refused->text, big ? "compiled for a little-endian machine: use clang "
                                               "-target bpfeb"
                                             : "compiled for a big-endian machine: use clang "
                                               "-target bpfel");
    assert_int_equal(wn_object_slots(obj, 0, &count)[p.slots - 1].opcode, 0x95);
    wn_object_free(obj);
}

static void files_that_are_no_objects_are_refused(void **state)
{
    (void)state;
    struct wn_error err;
    struct wn_object *obj = NULL;
    assert_int_equal(wn_object_load("/nonexistent/filter.o", &obj, &err), -ENOENT);
    assert_string_equal(err.text, "No such file or directory");
    assert_int_equal(wn_object_load(WN_ELF_DIR, &obj, &err), -EISDIR);
    assert_int_equal(wn_object_load("/dev/zero", &obj, &err), WN_E_FORMAT);
    assert_string_equal(err.text, "not a regular file");
    assert_int_equal(wn_object_load("/proc/self/exe", &obj, &err), WN_E_FORMAT);
    assert_non_null(strstr(err.text, "not for BPF: use clang -target bpf"));
    assert_int_equal(load("plain", "c", &obj, &err), WN_E_FORMAT);
    assert_string_equal(err.text, "not an ELF file");
    assert_null(obj);

    char path[] = "/tmp/winnow-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && ftruncate(fd, (64 << 20) + 1) == 0);
    assert_int_equal(wn_object_load(path, &obj, &err), WN_E_LIMIT);
    assert_string_equal(err.text, "larger than 64 MiB");
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(wn_object_load(path, &obj, &err), WN_E_FORMAT);
    assert_string_equal(err.text, "not an ELF file");
    close(fd);
    unlink(path);
}

/** A file in memory of its own size, for the sanitizer's sake; the caller frees it. */
static uint8_t *read_object(const char *name, size_t *len)
{
    static uint8_t data[1 << 16];
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", WN_ELF_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    *len = fread(data, 1, sizeof data, file);
    fclose(file);
    uint8_t *copy = malloc(*len);
    memcpy(copy, data, *len);
    return copy;
}

static void a_file_that_ends_early_is_refused_wherever_it_ends(void **state)
{
    (void)state;
    static const char *const names[] = {
        "calls.v1.o",       "constants.o",       "pointers.v4.o",  "load/tail.14.o",
        "load/legacy.16.o", "load/exists.19.o",  "load/weak.16.o", "load/globals.14.o",
        "load/kernel.19.o", "load/statics.nog.o"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len;
        uint8_t *data = read_object(names[i], &len);
        for (size_t n = 0; n < len; n++) {
            uint8_t *part = malloc(n ? n : 1);
            memcpy(part, data, n);
            struct wn_object *obj = NULL;
            struct wn_error err = {0};
            if (wn_object_parse(part, n, &obj, &err) != WN_E_FORMAT || obj || !err.text[0])
                fail_msg("%s cut to %zu bytes: %d %s", names[i], n, err.code, err.text);
            free(part);
        }
        free(data);
    }
}

/** An object with one damage gives this error. */
static void damaged(size_t at, unsigned width, uint64_t value, int code, const char *text)
{
    size_t len;
    uint8_t *data = read_object("calls.v1.o", &len);
    struct wn_object *obj = NULL;
    struct wn_error err = {0};
    assert_true(at + width <= len);
    for (unsigned i = 0; i < width; i++)
        data[at + i] = (uint8_t)(value >> 8 * i);
    int r = wn_object_parse(data, len, &obj, &err);
    if (r == 0) { /* what is wrong with a program alone is said when it is loaded */
        struct wn_prog *prog = NULL;
        r = wn_prog_load(obj, "calls", NULL, &prog, &err);
        wn_prog_free(prog);
    }
    assert_int_equal(r, code);
    assert_string_equal(err.text, text);
    wn_object_free(obj);
    free(data);
}

static uint64_t number_at(const uint8_t *p, unsigned width)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < width; i++)
        v |= (uint64_t)p[i] << 8 * i;
    return v;
}

/** Where the header of the nth section of a type is in calls.v1.o. */
static size_t header_of(uint32_t type, unsigned nth)
{
    size_t len;
    uint8_t *data = read_object("calls.v1.o", &len);
    size_t at = (size_t)number_at(data + offsetof(Elf64_Ehdr, e_shoff), 8);
    for (; at + sizeof(Elf64_Shdr) <= len; at += sizeof(Elf64_Shdr))
        if (number_at(data + at + offsetof(Elf64_Shdr, sh_type), 4) == type && nth-- == 0)
            break;
    assert_true(at + sizeof(Elf64_Shdr) <= len);
    free(data);
    return at;
}

/** Where the bytes of that section are. */
static size_t bytes_of(uint32_t type, unsigned nth)
{
    size_t len, header = header_of(type, nth);
    uint8_t *data = read_object("calls.v1.o", &len);
    size_t at = (size_t)number_at(data + header + offsetof(Elf64_Shdr, sh_offset), 8);
    free(data);
    return at;
}

/** Where the symbol of a name is. */
static size_t symbol_of(const char *name)
{
    size_t len, at = bytes_of(SHT_SYMTAB, 0), names = bytes_of(SHT_STRTAB, 0);
    uint8_t *data = read_object("calls.v1.o", &len);
    while (strcmp((char *)data + names + number_at(data + at, 4), name) != 0) {
        at += sizeof(Elf64_Sym);
        assert_true(at + sizeof(Elf64_Sym) <= len);
    }
    free(data);
    return at;
}

#define EHDR(field) offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field)
#define SHDR(type, nth, field)                                                                     \
    header_of(type, nth) + offsetof(Elf64_Shdr, field), sizeof(((Elf64_Shdr *)0)->field)
#define SYM(name, field)                                                                           \
    symbol_of(name) + offsetof(Elf64_Sym, field), sizeof(((Elf64_Sym *)0)->field)

static void each_damage_has_its_words(void **state)
{
    (void)state;
    const int bad = WN_E_FORMAT;
    damaged(0, 1, 'E', bad, "not an ELF file");
    damaged(EI_CLASS, 1, 1, bad, "not an ELF file of 64 bits (class 1)");
    damaged(EI_DATA, 1, 3, bad, "ELF header: byte order 3 does not exist");
    damaged(EHDR(e_type), ET_EXEC, bad,
            "not an object file (ELF type 2): compile with clang -c, do not link");
    damaged(EHDR(e_machine), EM_X86_64, bad,
            "compiled for machine 62 (x86-64), not for BPF: use clang -target bpf");
    damaged(EHDR(e_shoff), 0, bad, "ELF file without sections");
    damaged(EHDR(e_shoff), UINT64_MAX - 7, bad, "the file ends within the section headers");
    damaged(EHDR(e_shentsize), 40, bad, "ELF header: section headers of 40 bytes, must be 64");
    damaged(EHDR(e_shnum), 0xfff0, bad, "the file ends within the section headers");
    damaged(EHDR(e_shstrndx), 0x1000, bad, "ELF file without names of sections");
    damaged(SHDR(SHT_PROGBITS, 0, sh_offset), UINT64_MAX, bad, "the file ends within section 2");
    damaged(SHDR(SHT_PROGBITS, 0, sh_size), UINT64_MAX, bad, "the file ends within section 2");
    damaged(SHDR(SHT_PROGBITS, 0, sh_size), 12, bad,
            "section '.text': 12 bytes are no whole number of instructions");
    damaged(SHDR(SHT_PROGBITS, 0, sh_addralign), 3, bad, "section 2: alignment 3");
    damaged(SHDR(SHT_PROGBITS, 0, sh_name), 0xffff, bad, "section 2 has no readable name");
    damaged(SHDR(SHT_SYMTAB, 0, sh_entsize), 16, bad, "section 7: entries of 16 bytes");
    damaged(SHDR(SHT_SYMTAB, 0, sh_link), 0x1000, bad, "symbols without their names");
    damaged(SYM("middle", st_name), 0xffff, bad, "symbol 8 has no readable name");
    damaged(SYM("middle", st_shndx), 0x1000, bad, "symbol 8 is in section 4096 of 8");
    damaged(SYM("middle", st_value), 4, bad, "function 'middle' does not lie within its section");
    damaged(SYM("middle", st_value), UINT64_MAX - 7, bad,
            "function 'middle' does not lie within its section");
    damaged(SYM("middle", st_size), 0xfff8, bad,
            "function 'middle' does not lie within its section");
    damaged(SYM("middle", st_value), 8, bad, "functions 'middle' and 'deepest' overlap");
    damaged(SYM("middle", st_shndx), SHN_UNDEF, WN_E_UNSUPPORTED,
            "'middle', which 'outer' uses, is not in this object");
    damaged(bytes_of(SHT_REL, 0), 8, 4, bad, ".rel.text: relocation 0 is at no instruction");
    damaged(bytes_of(SHT_REL, 0), 8, 8, bad,
            "function 'outer', instruction 1: calls what is no function");
    damaged(bytes_of(SHT_REL, 0) + 8, 4, 1, bad,
            "function 'outer', instruction 1: relocation on the wrong instruction");
    damaged(bytes_of(SHT_REL, 0) + 8, 4, 3, WN_E_UNSUPPORTED,
            "function 'outer', instruction 1: relocation of type 3");
    damaged(bytes_of(SHT_REL, 0) + 12, 4, 0xffff, bad, ".rel.text: relocation 0 has no symbol");
    damaged(bytes_of(SHT_REL, 0) + 16, 8, 0x68, bad, ".rel.text: two relocations at byte 104");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_is_found_and_runs),
        cmocka_unit_test(called_functions_are_linked_behind_the_program),
        cmocka_unit_test(a_function_that_nobody_calls_stays_out),
        cmocka_unit_test(constants_are_read_where_the_object_keeps_them),
        cmocka_unit_test(constants_may_point_to_constants),
        cmocka_unit_test(constants_outlive_the_object),
        cmocka_unit_test(addresses_of_functions_are_distances_to_them),
        cmocka_unit_test(without_sections_text_is_the_program),
        cmocka_unit_test(one_of_several_programs_is_chosen_by_name),
        cmocka_unit_test(what_is_not_supported_is_named),
        cmocka_unit_test(other_byte_orders_can_be_looked_at),
        cmocka_unit_test(a_file_that_ends_early_is_refused_wherever_it_ends),
        cmocka_unit_test(each_damage_has_its_words),
        cmocka_unit_test(files_that_are_no_objects_are_refused),
    };
    const struct CMUnitTest of_other_machines[] = {
        cmocka_unit_test(a_filter_is_found_and_runs),
        cmocka_unit_test(other_byte_orders_can_be_looked_at),
        cmocka_unit_test(files_that_are_no_objects_are_refused),
    };
    return big ? cmocka_run_group_tests(of_other_machines, NULL, NULL)
               : cmocka_run_group_tests(tests, NULL, NULL);
}
