/* SPDX-License-Identifier: MIT */
/* WN_ELF_DIR is the directory of the objects, tests/elf. */
#include "elf/btf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "btf_object.h"
#include "elf/btf_print.h"
#include "elf/map_def.h"

static void load(struct btf_object *o, const char *name, const char *build)
{
    char path[4096];
    struct wn_error err = {0};
    snprintf(path, sizeof path, "%s/btf/%s.%s.o", WN_ELF_DIR, name, build);
    if (!btf_object_load(path, o, &err))
        fail_msg("%s: %s", path, err.text);
}

static struct wn_btf_member member_called(const struct wn_btf *btf, uint32_t id, const char *name)
{
    for (uint32_t i = 0; i < btf->types[id].count; i++) {
        struct wn_btf_member m = wn_btf_member(btf, id, i);
        if (strcmp(m.name, name) == 0)
            return m;
    }
    fail_msg("no member '%s'", name);
    return (struct wn_btf_member){0};
}

static void types_have_the_sizes_that_c_says(void **state)
{
    (void)state;
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        load(&o, "types", btf_builds[b]);
        const struct wn_btf *btf = &o.btf;
        uint32_t all = wn_btf_find(btf, "everything", WN_BTF_STRUCT);
        assert_int_not_equal(all, 0);
        assert_int_equal(btf->types[all].bytes, 208);
        assert_int_equal(btf->types[member_called(btf, all, "grid").type].bytes, 48);
        assert_int_equal(btf->types[member_called(btf, all, "tail").type].bytes, 0);
        assert_true(btf->types[member_called(btf, all, "tail").type].sized);
        assert_int_equal(btf->types[member_called(btf, all, "wider").type].bytes, 16);
        assert_int_equal(btf->types[member_called(btf, all, "where").type].bytes, 8);
        assert_int_equal(btf->types[member_called(btf, all, "wide").type].bytes, 8);
        assert_int_equal(btf->types[wn_btf_find(btf, "unnamed_t", WN_BTF_TYPEDEF)].bytes, 4);
        assert_false(btf->types[wn_btf_find(btf, "later", WN_BTF_FWD)].sized);
        assert_int_equal(wn_btf_find(btf, "later", WN_BTF_STRUCT), 0);
        assert_int_equal(wn_btf_kind(btf, wn_btf_skip(btf, member_called(btf, all, "where").type)),
                         WN_BTF_PTR);
        btf_object_free(&o);
    }
}

static void bit_fields_have_their_place_and_width(void **state)
{
    (void)state;
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        load(&o, "types", btf_builds[b]);
        uint32_t flags = wn_btf_find(&o.btf, "flags", WN_BTF_STRUCT);
        struct wn_btf_member middle = member_called(&o.btf, flags, "middle");
        assert_int_equal(middle.bit, 3);
        assert_int_equal(middle.bits, 10);
        assert_int_equal(member_called(&o.btf, flags, "tint").bit, 32);
        assert_int_equal(member_called(&o.btf, flags, "tint").bits, 12);
        btf_object_free(&o);
    }
}

static uint32_t map_var(const struct wn_btf *btf, const char *name)
{
    uint32_t sec = wn_btf_find(btf, WN_MAP_SECTION, WN_BTF_DATASEC);
    for (uint32_t i = 0; i < btf->types[sec].count; i++) {
        uint32_t var = wn_btf_secvar(btf, sec, i).type;
        if (strcmp(wn_btf_name(btf, var), name) == 0)
            return var;
    }
    fail_msg("no map '%s'", name);
    return 0;
}

static struct wn_map_def map_called(const struct wn_btf *btf, const char *name)
{
    struct wn_map_def def = {0};
    struct wn_error err = {0};
    if (wn_map_def_parse(btf, map_var(btf, name), &def, &err))
        fail_msg("%s", err.text);
    assert_string_equal(def.name, name);
    return def;
}

static void definitions_of_maps_are_read(void **state)
{
    (void)state;
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        load(&o, "maps", btf_builds[b]);
        struct wn_map_shape flows = map_called(&o.btf, "flows").shape;
        assert_int_equal(flows.type, 1);
        assert_int_equal(flows.key_bytes, 16);
        assert_int_equal(flows.value_bytes, 24);
        assert_int_equal(flows.max_entries, 1024);
        assert_int_equal(flows.flags, 1);
        assert_int_equal(flows.pinning, 1);
        assert_int_equal(flows.numa_node, 2);
        assert_string_equal(wn_btf_name(&o.btf, flows.key_type), "flow");
        assert_string_equal(wn_btf_name(&o.btf, wn_btf_skip(&o.btf, flows.value_type)), "counters");
        struct wn_map_def table = map_called(&o.btf, "table");
        assert_int_equal(table.shape.key_bytes, 4);
        assert_int_equal(table.shape.value_bytes, 24);
        assert_int_equal(table.shape.key_type, 0);
        assert_int_equal(table.bytes, 32);
        assert_int_equal(map_called(&o.btf, "bloom").shape.extra, 5);
        assert_int_equal(map_called(&o.btf, "bloom").shape.key_bytes, 0);
        btf_object_free(&o);
    }
}

static void maps_of_maps_and_of_programs_say_what_they_hold(void **state)
{
    (void)state;
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        load(&o, "maps", btf_builds[b]);
        struct wn_map_def programs = map_called(&o.btf, "programs");
        assert_int_equal(programs.holds, WN_MAP_HOLDS_PROGS);
        assert_int_equal(programs.values_at, 24);
        assert_int_equal(programs.shape.value_bytes, 4);
        struct wn_map_def outer = map_called(&o.btf, "outer");
        assert_int_equal(outer.holds, WN_MAP_HOLDS_MAPS);
        assert_int_equal(outer.inner.type, 2);
        assert_int_equal(outer.inner.max_entries, 5);
        assert_int_equal(outer.inner.value_bytes, 24);
        assert_int_equal(outer.values_at, 24);
        assert_int_equal(map_called(&o.btf, "inner_a").holds, WN_MAP_HOLDS_DATA);
        btf_object_free(&o);
    }
}

static void wrong_definitions_of_maps_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *map, *says;
        int code;
    } cases[] = {
        {"unknown_attribute", "no attribute is called 'colour'", WN_E_UNSUPPORTED},
        {"no_type", "map 'no_type' has no 'type'", WN_E_FORMAT},
        {"two_key_sizes", "'key' is of another size than an earlier member says", WN_E_FORMAT},
        {"plain_number", "'max_entries' is no number: use __uint()", WN_E_FORMAT},
        {"incomplete_value", "'value' is no pointer to a complete type", WN_E_FORMAT},
        {"values_of_hash", "must be programs of a prog array", WN_E_FORMAT},
        {"values_first", "must be the last member", WN_E_FORMAT},
        {"too_deep", "'too_deep': inner map: 'values' in a map that is itself", WN_E_FORMAT},
        {"inner_without_type", "map 'inner_without_type': inner map has no 'type'", WN_E_FORMAT},
        {"no_structure", "'no_structure' is no variable of a structure", WN_E_FORMAT},
    };
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        load(&o, "wrongmaps", btf_builds[b]);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct wn_map_def def = {.name = "untouched"};
            struct wn_error err = {0};
            int r = wn_map_def_parse(&o.btf, map_var(&o.btf, cases[i].map), &def, &err);
            assert_int_equal(r, cases[i].code);
            assert_string_equal(def.name, "untouched");
            if (!strstr(err.text, cases[i].says))
                fail_msg("%s: %s", cases[i].map, err.text);
        }
        btf_object_free(&o);
    }
}

/** Print a value of a named type in the object's byte order, which must be the host's. */
static const char *printed(const struct wn_btf *btf, uint32_t type, const void *value)
{
    static char text[2048];
    struct wn_error err = {0};
    int n = wn_btf_print(btf, type, value, btf->types[type].bytes, text, sizeof text, &err);
    if (n < 0)
        fail_msg("%s", err.text);
    assert_int_equal(n, strlen(text));
    return text;
}

/** The structures of tests/elf/btf/types.c, as this compiler lays them out. */
enum colour { RED, GREEN = 5, BLUE = 1000 };
struct flags {
    uint32_t low : 3;
    uint32_t middle : 10;
    int level : 5;
    uint32_t : 4;
    uint32_t high : 10;
    enum colour tint : 12;
};
struct point {
    int x, y;
};
struct everything {
    char name[8];
    uint8_t bytes[4];
    bool yes;
    signed char tiny;
    short small;
    int plain;
    int64_t big;
    uint64_t huge;
    __extension__ unsigned __int128 wider __attribute__((aligned(16)));
    float half;
    double whole;
    int colour, temperature;
    uint64_t wide;
    struct flags flags;
    struct point grid[2][3];
    uint32_t word;
    uint64_t pointers[6];
} __attribute__((aligned(16)));

static const char *host_build(void)
{
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? "eb" : "19";
}

static void values_are_printed_as_json(void **state)
{
    (void)state;
    struct btf_object o = {0};
    load(&o, "types", host_build());
    struct everything e = {
        .name = "a\"\\\x01z",
        .bytes = {1, 2, 3, 255},
        .yes = true,
        .tiny = -3,
        .small = -300,
        .plain = -70000,
        .big = INT64_MIN,
        .huge = UINT64_MAX,
        .wider = (unsigned __int128)0xabc << 64 | 1,
        .half = 1.0f,
        .whole = -2.0,
        .colour = 1000,
        .temperature = -20,
        .wide = 0x123456789abc,
        .flags = {.low = 5, .middle = 1000, .level = -7, .high = 1023, .tint = GREEN},
        .grid = {{{1, 2}, {3, 4}, {5, 6}}, {{-1, -2}, {-3, -4}, {-5, -6}}},
        .word = 0x01010101,
        .pointers = {0xffff888000000010, 0, 1, 2, 3, 4},
    };
    uint32_t all = wn_btf_find(&o.btf, "everything", WN_BTF_STRUCT);
    assert_int_equal(o.btf.types[all].bytes, sizeof e);
    const char *wide = o.elf.big ? "20015998343868" : "\"LARGE\"";
    char want[1024];
    snprintf(want, sizeof want,
             "{\"name\":\"a\\\"\\\\\\u0001z\",\"bytes\":[1,2,3,255],\"yes\":true,\"tiny\":-3,"
             "\"small\":-300,\"plain\":-70000,\"big\":-9223372036854775808,"
             "\"huge\":18446744073709551615,\"wider\":\"0xabc0000000000000001\","
             "\"half\":\"0x3f800000\",\"whole\":\"0xc000000000000000\",\"colour\":\"BLUE\","
             "\"temperature\":\"COLD\",\"wide\":%s,\"flags\":{\"low\":5,\"middle\":1000,"
             "\"level\":-7,\"high\":1023,\"tint\":\"GREEN\"},\"grid\":[[{\"x\":1,\"y\":2},"
             "{\"x\":3,\"y\":4},{\"x\":5,\"y\":6}],[{\"x\":-1,\"y\":-2},{\"x\":-3,\"y\":-4},"
             "{\"x\":-5,\"y\":-6}]],\"word\":16843009,\"parts\":[1,1,1,1],\"lower\":257,"
             "\"upper\":257,\"where\":\"0xffff888000000010\",\"later\":\"0x0\",\"also\":\"0x1\","
             "\"call\":\"0x2\",\"nothing\":\"0x3\",\"next\":\"0x4\",\"tail\":[]}",
             wide);
    assert_string_equal(printed(&o.btf, all, &e), want);
    btf_object_free(&o);
}

static void a_number_without_name_is_printed_as_one(void **state)
{
    (void)state;
    struct btf_object o = {0};
    load(&o, "types", host_build());
    int cold = -21, mild = 15;
    uint32_t id = wn_btf_find(&o.btf, "temperature", WN_BTF_ENUM);
    assert_string_equal(printed(&o.btf, id, &mild), "\"MILD\"");
    assert_string_equal(printed(&o.btf, id, &cold), o.elf.big ? "4294967275" : "-21");
    btf_object_free(&o);
}

static void text_that_does_not_fit_is_an_error_at_every_length(void **state)
{
    (void)state;
    struct btf_object o = {0};
    load(&o, "types", host_build());
    struct everything e = {.name = "abc"};
    uint32_t all = wn_btf_find(&o.btf, "everything", WN_BTF_STRUCT);
    size_t len = strlen(printed(&o.btf, all, &e));
    for (size_t size = 0; size <= len + 1; size++) {
        char *text = malloc(size ? size : 1);
        struct wn_error err = {0};
        int r = wn_btf_print(&o.btf, all, &e, sizeof e, text, size, &err);
        assert_int_equal(r, size > len ? (int)len : WN_E_LIMIT);
        free(text);
    }
    char text[8];
    assert_int_equal(wn_btf_print(&o.btf, all, &e, 10, text, sizeof text, NULL), WN_E_FORMAT);
    assert_int_equal(wn_btf_print(&o.btf, 0, &e, 10, text, sizeof text, NULL), WN_E_FORMAT);
    btf_object_free(&o);
}

/** A section made by hand: header, words, strings "\0a\0b\0". */
static int parse_words(const uint32_t *words, uint32_t n, struct wn_error *err)
{
    uint8_t bytes[1024];
    uint32_t header[6] = {0x0001eb9f, 24, 0, n * 4, n * 4, 5};
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
        header[0] = 0xeb9f0100;
    memcpy(bytes, header, sizeof header);
    memcpy(bytes + 24, words, n * 4);
    memcpy(bytes + 24 + n * 4, "\0a\0b", 5);
    struct wn_btf btf = {0};
    *err = (struct wn_error){0};
    int r = wn_btf_parse(bytes, 24 + n * 4 + 5, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, &btf, err);
    wn_btf_fini(&btf);
    return r;
}

#define INFO(kind, count) ((uint32_t)(kind) << 24 | (count))
#define INT32             0, INFO(1, 0), 4, 32

static void damaged_types_are_refused_with_their_number(void **state)
{
    (void)state;
    static const struct {
        const char *says;
        int code;
        uint32_t n, words[16];
    } cases[] = {
        {"", 0, 8, {INT32, INT32}},
        {"type 1 (typedef 'a') contains itself", WN_E_FORMAT, 3, {1, INFO(8, 0), 1}},
        {"contains itself", WN_E_FORMAT, 6, {1, INFO(8, 0), 2, 0, INFO(10, 0), 1}},
        {"type 1 (struct 'a') contains itself", WN_E_FORMAT, 6, {1, INFO(4, 1), 8, 3, 1, 0}},
        {"contains itself", WN_E_FORMAT, 6, {0, INFO(3, 0), 0, 1, 1, 2}},
        {"", 0, 9, {1, INFO(4, 1), 8, 3, 2, 0, 0, INFO(2, 0), 1}},
        {"type 1 refers to type 7 of 2", WN_E_FORMAT, 3, {0, INFO(2, 0), 7}},
        {"type 2: a name at 5", WN_E_FORMAT, 7, {INT32, 5, INFO(2, 0), 1}},
        {"type 1 is of kind 20", WN_E_UNSUPPORTED, 3, {0, INFO(20, 0), 0}},
        {"type 1 is of kind 0", WN_E_FORMAT, 3, {0, 0, 0}},
        {"type 1 (integer): described by", WN_E_FORMAT, 4, {0, INFO(1, 1), 4, 32}},
        {"type 1: no integer is like that", WN_E_FORMAT, 4, {0, INFO(1, 0), 4, 33}},
        {"type 1: no integer is like that", WN_E_FORMAT, 4, {0, INFO(1, 0), 3, 8}},
        {"ends within type 1", WN_E_FORMAT, 3, {0, INFO(1, 0), 4}},
        {"ends within type 2", WN_E_FORMAT, 6, {INT32, 0, 0}},
        {"ends within type 1", WN_E_FORMAT, 6, {1, INFO(4, 2), 8, 3, 1, 0}},
        {"type 2 (struct 'a'): member 0 ('b') does not fit",
         WN_E_FORMAT,
         10,
         {INT32, 1, INFO(4, 1), 4, 3, 1, 8}},
        {"member 0 ('b') does not fit", WN_E_FORMAT, 10, {INT32, 1, INFO(4, 1), 8, 3, 1, 1}},
        {"member 0 ('b') does not fit", WN_E_FORMAT, 6, {1, INFO(4, 1), 8, 3, 0, 0}},
        {"type 2: an array of 1073741824 times type 1",
         WN_E_FORMAT,
         10,
         {INT32, 0, INFO(3, 0), 0, 1, 1, 1u << 30}},
        {"type 1: no function is like that", WN_E_FORMAT, 3, {1, INFO(12, 0), 0}},
        {"type 2: a section with type 1, which is no variable",
         WN_E_FORMAT,
         10,
         {INT32, 1, INFO(15, 1), 4, 1, 0, 4}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wn_error err;
        int r = parse_words(cases[i].words, cases[i].n, &err);
        if (r != cases[i].code || !strstr(err.text, cases[i].says))
            fail_msg("case %zu: %d, %s", i, r, err.text);
    }
}

static void types_nest_so_deep_and_no_deeper(void **state)
{
    (void)state;
    for (uint32_t n = 30; n < 60; n++) {
        uint32_t words[240] = {INT32};
        for (uint32_t i = 0; i < n; i++) { /* each the next one's, the last the integer's */
            uint32_t alias[3] = {1, INFO(8, 0), i + 1 == n ? 1 : i + 3};
            memcpy(words + 4 + i * 3, alias, sizeof alias);
        }
        struct wn_error err;
        int r = parse_words(words, 4 + n * 3, &err);
        assert_int_equal(r, n <= WN_BTF_DEPTH ? 0 : WN_E_LIMIT);
    }
}

static void every_truncation_is_an_error(void **state)
{
    (void)state;
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        load(&o, "types", btf_builds[b]);
        const struct wn_elf_section *s = btf_section(&o.elf, ".BTF");
        for (size_t len = 0; len < s->size; len++) {
            struct wn_btf btf = {0};
            struct wn_error err = {0};
            uint8_t *copy = malloc(len ? len : 1);
            memcpy(copy, s->data, len);
            assert_int_equal(wn_btf_parse(copy, len, o.elf.big, &btf, &err), WN_E_FORMAT);
            assert_true(err.text[0] && !btf.types);
            free(copy);
        }
        btf_object_free(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_have_the_sizes_that_c_says),
        cmocka_unit_test(bit_fields_have_their_place_and_width),
        cmocka_unit_test(definitions_of_maps_are_read),
        cmocka_unit_test(maps_of_maps_and_of_programs_say_what_they_hold),
        cmocka_unit_test(wrong_definitions_of_maps_are_refused_by_name),
        cmocka_unit_test(values_are_printed_as_json),
        cmocka_unit_test(a_number_without_name_is_printed_as_one),
        cmocka_unit_test(text_that_does_not_fit_is_an_error_at_every_length),
        cmocka_unit_test(damaged_types_are_refused_with_their_number),
        cmocka_unit_test(types_nest_so_deep_and_no_deeper),
        cmocka_unit_test(every_truncation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
