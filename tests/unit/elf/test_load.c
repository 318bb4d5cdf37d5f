/* SPDX-License-Identifier: MIT */
/* WN_ELF_DIR is the directory of the objects, tests/elf; those of here are in load/. */
#include <winnow/object.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <winnow/map.h>
#include <winnow/prog.h>

static const char *const builds[] = {"14", "16", "19"};
static const enum wn_engine engines[] = {WN_ENGINE_REFERENCE, WN_ENGINE_INTERP, WN_ENGINE_AUTO};

/** A frame of a type, of 60 bytes. */
static const struct wn_packet *frame(uint16_t type)
{
    static uint8_t bytes[60] = {1, 2, 3, [14] = 0x45, [23] = 17};
    static const struct wn_packet pkt = {
        .data = bytes, .caplen = sizeof bytes, .wirelen = sizeof bytes};
    bytes[12] = (uint8_t)(type >> 8);
    bytes[13] = (uint8_t)type;
    return &pkt;
}

static struct wn_object *opened(const char *name, const char *build)
{
    char path[4096];
    struct wn_object *obj = NULL;
    struct wn_error err = {0};
    snprintf(path, sizeof path, "%s/load/%s.%s.o", WN_ELF_DIR, name, build);
    if (wn_object_load(path, &obj, &err))
        fail_msg("%s.%s: %s", name, build, err.text);
    return obj;
}

static struct wn_prog *made(struct wn_object *obj, const char *name, enum wn_engine engine)
{
    struct wn_prog_opts opts = {.engine = engine};
    struct wn_prog *prog = NULL;
    struct wn_error err = {0};
    if (wn_prog_load(obj, name, &opts, &prog, &err))
        fail_msg("%s: slot %u: %s", name, err.at, err.text);
    return prog;
}

static uint64_t value_of(const struct wn_prog *prog, const struct wn_packet *pkt)
{
    struct wn_run *run = wn_run_new();
    struct wn_result got = wn_prog_run(prog, run, pkt);
    wn_run_free(run);
    if (got.fault)
        fail_msg("fault %s at slot %u", wn_fault_name((enum wn_fault)got.fault), got.slot);
    return got.value;
}

/** The same for each build and engine: a new object, its program `name`, and what that gives. */
static void gives(const char *object, const char *name, uint16_t type, uint32_t want)
{
    for (size_t b = 0; b < 3; b++)
        for (size_t e = 0; e < 3; e++) {
            struct wn_object *obj = opened(object, builds[b]);
            struct wn_prog *prog = made(obj, name, engines[e]);
            wn_object_free(obj); /* programs need it no longer */
            uint32_t got = (uint32_t)value_of(prog, frame(type));
            if (got != want)
                fail_msg("%s.%s, engine %zu: %u, not %u", object, builds[b], e, got, want);
            wn_prog_free(prog);
        }
}

static int64_t number(const struct wn_object *obj, const char *name, size_t bytes)
{
    int64_t value = 0;
    assert_int_equal(wn_object_get(obj, name, &value, bytes, NULL), 0);
    return value;
}

static void programs_for_the_kernel_run_on_every_engine(void **state)
{
    (void)state;
    gives("both", NULL, 0x0800, 2);
    gives("both", NULL, 0x0806, 1);
    gives("legacy", NULL, 0x0800, 2);
    gives("statics", "first", 0x0800, 34);
    gives("statics", "second", 0x0800, 35);
    gives("statics", "third", 0x0800, 60 * 3 + 1 + 33);
    gives("weak", "weak", 0x0800, 100);
    gives("exists", "exists", 0x0800, 1);
}

static void one_source_has_either_headers(void **state)
{
    (void)state;
    struct wn_object *obj = opened("both", "kernel");
    struct wn_prog *prog = made(obj, NULL, WN_ENGINE_AUTO);
    struct wn_map *lengths = NULL;
    uint64_t count;
    assert_int_equal(value_of(prog, frame(0x0800)), 2);
    assert_int_equal(wn_object_map(obj, "lengths", &lengths, NULL), 0);
    assert_int_equal(wn_map_lookup(lengths, &(uint32_t){0}, &count), 0);
    assert_int_equal(count, 1);
    wn_prog_free(prog);
    wn_object_free(obj);
}

/* ---- variables */

static void programs_share_variables(void **state)
{
    (void)state;
    for (size_t e = 0; e < 3; e++) {
        struct wn_object *obj = opened("globals", "19");
        struct wn_prog *count = made(obj, "globals", engines[e]);
        struct wn_prog *last = made(obj, "previous", engines[e]);
        assert_int_equal(value_of(last, frame(0)), 0);
        assert_int_equal(value_of(count, frame(0)), (6 << 16) + 443 - 1 + 'n' + 0x11);
        assert_int_equal(value_of(count, frame(0)), (7 << 16) + 443 - 1 + 'n' + 0x11);
        assert_int_equal(value_of(last, frame(0)), 60 + 2);
        assert_int_equal(number(obj, "total", 8), 7);
        assert_int_equal(number(obj, "last", 4), 60);
        wn_prog_free(count);
        wn_prog_free(last);
        wn_object_free(obj);
    }
}

static void variables_are_set_before_the_first_load(void **state)
{
    (void)state;
    static const char *const with_and_without_types[] = {"14", "16", "19", "nog"};
    for (size_t b = 0; b < 4; b++) {
        struct wn_object *obj = opened("globals", with_and_without_types[b]);
        struct wn_error err = {0};
        assert_int_equal(number(obj, "port", 4), 443);
        assert_int_equal(wn_object_set_number(obj, "port", 8080, &err), 0);
        assert_int_equal(wn_object_set_number(obj, "sign", -3, &err), 0);
        assert_int_equal(wn_object_set_number(obj, "mode", 7, &err), 0);
        assert_int_equal(wn_object_set(obj, "total", &(uint64_t){1}, 8, &err), 0);
        assert_int_equal(wn_object_set_number(obj, "last", 9, &err), 0); /* .bss */
        assert_int_equal(number(obj, "port", 4), 8080);
        struct wn_prog *last = made(obj, "previous", WN_ENGINE_AUTO);
        struct wn_prog *prog = made(obj, "globals", WN_ENGINE_AUTO);
        assert_int_equal(value_of(last, frame(0)), 9);
        assert_int_equal(value_of(prog, frame(0)), (61 << 16) + 8080 - 3 + 'n' + 0x11);
        assert_int_equal(wn_object_set_number(obj, "port", 1, &err), -EBUSY);
        assert_int_equal(number(obj, "port", 4), 8080);
        wn_prog_free(prog);
        wn_prog_free(last);
        wn_object_free(obj);
    }
}

static void numbers_have_to_fit(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t value;
        int typed, untyped;
    } cases[] = {
        {"port", 0xffffffff, 0, 0},
        {"port", INT64_C(0x100000000), -ERANGE, -ERANGE},
        {"port", -1, -ERANGE, 0},
        {"sign", 127, 0, 0},
        {"sign", 128, -ERANGE, 0},
        {"sign", 256, -ERANGE, -ERANGE},
        {"sign", -128, 0, 0},
        {"sign", -129, -ERANGE, -ERANGE},
        {"enabled", 1, 0, 0},
        {"enabled", 2, -ERANGE, 0},
        {"enabled", -1, -ERANGE, 0},
        {"mode", 99, 0, 0},
        {"wide", INT64_MIN, 0, 0},
        {"limits", 1, -EINVAL, -EINVAL},
        {"seen", 1, -EINVAL, -EINVAL},
        {"magic", 1, -EINVAL, 0}, /* four bytes */
        {"nobody", 1, -ENOENT, -ENOENT},
    };
    struct wn_object *typed = opened("globals", "14"), *untyped = opened("globals", "nog");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wn_error err = {0};
        int r = wn_object_set_number(typed, cases[i].name, cases[i].value, &err);
        int s = wn_object_set_number(untyped, cases[i].name, cases[i].value, NULL);
        if (r != cases[i].typed || s != cases[i].untyped || (r && !err.text[0]))
            fail_msg("%s = %lld: %d and %d (%s)", cases[i].name, (long long)cases[i].value, r, s,
                     err.text);
    }
    assert_int_equal(wn_object_set(typed, "port", "", 1, NULL), -EINVAL);
    assert_int_equal(wn_object_get(typed, "port", NULL, 1, NULL), -EINVAL);
    wn_object_free(typed);
    wn_object_free(untyped);
}

static void variables_are_described_and_printed(void **state)
{
    (void)state;
    struct wn_object *obj = opened("globals", "19");
    struct wn_object_var var;
    struct wn_map *data = NULL;
    char text[300];
    uint8_t value[36];
    int i = wn_object_find_var(obj, "limits", NULL);
    assert_true(i >= 0);
    wn_object_describe_var(obj, (size_t)i, &var);
    assert_string_equal(var.section, ".rodata");
    assert_string_equal(var.type, "struct limits");
    assert_int_equal(var.bytes, 10);
    assert_true(var.read_only && var.global);
    wn_object_describe_var(obj, (size_t)wn_object_find_var(obj, "last", NULL), &var);
    assert_string_equal(var.section, ".bss");
    assert_false(var.read_only || var.global);

    assert_int_equal(wn_object_map(obj, "globals.rodata", &data, NULL), 0); /* libbpf's name */
    assert_int_equal(wn_map_lookup(data, &(uint32_t){0}, value), 0);
    int n = wn_object_print_value(obj, (size_t)wn_object_find_map(obj, ".rodata", NULL), value,
                                  sizeof value, text, sizeof text, NULL);
    assert_int_equal(n, strlen(text));
    assert_string_equal(text, "{\"port\":443,\"sign\":-1,\"enabled\":true,\"mode\":\"COUNT\","
                              "\"limits\":{\"low\":10,\"high\":1500,\"name\":[108,97,110,0,0,0]},"
                              "\"wide\":1234605616436508552,\"magic\":[119,105,110,0]}");
    for (int size = 0; size <= n; size++) {
        char *exact = malloc(size ? (size_t)size : 1); /* for the sanitizer's sake */
        assert_int_equal(
            wn_object_print_value(obj, 0, value, sizeof value, exact, (size_t)size, NULL),
            WN_E_LIMIT);
        free(exact);
    }
    assert_int_equal(wn_map_update(data, &(uint32_t){0}, value, 0), -EPERM); /* frozen */
    wn_object_free(obj);
}

/* ---- maps */

static void maps_of_old_programs_are_defined_by_bytes(void **state)
{
    (void)state;
    struct wn_object *obj = opened("legacy", "nog");
    struct wn_object_map map;
    struct wn_object_limits limits = {.cpus = 3};
    struct wn_map_info info;
    wn_object_limit(obj, &limits);
    assert_int_equal(wn_object_map_count(obj), 2);
    wn_object_describe_map(obj, 0, &map);
    assert_string_equal(map.name, "by_protocol");
    assert_int_equal(map.kind, WN_OBJECT_MAP_LEGACY);
    assert_int_equal(map.type, WN_MAP_HASH);
    assert_int_equal(map.key_bytes, 1);
    assert_int_equal(map.max_entries, 256);
    assert_null(map.live);
    assert_string_equal(wn_object_license(obj), "MIT");
    struct wn_prog *prog = made(obj, "classify", WN_ENGINE_AUTO);
    assert_int_equal(value_of(prog, frame(0x0800)), 2);
    assert_int_equal(value_of(prog, frame(0x0800)), 2);
    uint64_t count, totals[3];
    wn_object_describe_map(obj, 0, &map);
    assert_int_equal(wn_map_lookup(map.live, &(uint8_t){17}, &count), 0);
    assert_int_equal(count, 2);
    wn_object_describe_map(obj, 1, &map);
    wn_map_info(map.live, &info);
    assert_int_equal(info.cpus, 3);
    assert_int_equal(wn_map_lookup(map.live, &(uint32_t){1}, totals), 0);
    assert_int_equal(totals[0] + totals[1] + totals[2], 120);
    wn_prog_free(prog);
    wn_object_free(obj);
}

static int see_length(void *arg, const void *data, size_t bytes)
{
    uint32_t length;
    memcpy(&length, data, sizeof length);
    assert_int_equal(bytes, 12);
    assert_int_equal(length, 60);
    assert_memory_equal((const uint8_t *)data + 4, frame(0)->data, 6);
    ++*(unsigned *)arg;
    return 0;
}

/** Of 24 bytes, as many as fit into 8192; every build and engine. */
static void records_reach_whoever_has_the_map(void **state)
{
    (void)state;
    static const char *const compilers[] = {"14", "19"};
    for (size_t b = 0; b < 2; b++)
        for (size_t e = 0; e < 3; e++) {
            struct wn_object *obj = opened("ring", compilers[b]);
            struct wn_prog *prog = made(obj, "ring", engines[e]);
            struct wn_map *map = NULL;
            struct wn_map_info info;
            unsigned seen = 0;
            assert_int_equal(wn_object_map(obj, "lengths", &map, NULL), 0);
            wn_map_info(map, &info);
            assert_int_equal(info.max_entries, 8192);
            for (uint32_t i = 1; i <= 341; i++)
                assert_int_equal(value_of(prog, frame(0)), i * 24);
            assert_int_equal(value_of(prog, frame(0)), 1);
            assert_int_equal(wn_map_consume(map, see_length, &seen), 341);
            assert_int_equal(seen, 341);
            wn_prog_free(prog);
            wn_object_free(obj);
        }
}

static void rings_are_resized_to_whole_pages(void **state)
{
    (void)state;
    struct wn_object *obj = opened("ring", "19");
    struct wn_map *map = NULL;
    struct wn_map_info info;
    assert_int_equal(wn_object_resize_map(obj, "lengths", 8193, NULL), 0);
    assert_int_equal(wn_object_map(obj, "lengths", &map, NULL), 0);
    wn_map_info(map, &info);
    assert_int_equal(info.max_entries, 16384);
    wn_object_free(obj);
    obj = opened("ring", "14");
    struct wn_error err = {0};
    assert_int_equal(wn_object_resize_map(obj, "lengths", 0, NULL), 0);
    assert_int_equal(wn_object_map(obj, "lengths", &map, &err), -EINVAL);
    assert_int_equal(wn_object_resize_map(obj, "lengths", UINT32_MAX, NULL), 0);
    assert_int_equal(wn_object_map(obj, "lengths", &map, &err), -EINVAL);
    wn_object_free(obj);
}

static void maps_are_changed_before_they_are_made(void **state)
{
    (void)state;
    struct wn_object *obj = opened("both", "19"), *other = opened("both", "14");
    struct wn_error err = {0};
    struct wn_map *map = NULL, *wrong = NULL;
    struct wn_map_info info;
    struct wn_map_opts opts = {
        .type = WN_MAP_ARRAY, .key_bytes = 4, .value_bytes = 4, .max_entries = 9};
    assert_int_equal(wn_map_new(&opts, &wrong, NULL), 0);
    assert_int_equal(wn_object_resize_map(obj, "lengths", 9, &err), 0);
    assert_int_equal(wn_object_resize_map(obj, "nobody", 9, &err), -ENOENT);
    assert_int_equal(wn_object_resize_map(obj, "both.rodata", 9, &err), -EINVAL);
    assert_int_equal(wn_object_use_map(obj, "lengths", wrong, &err), -EINVAL);
    assert_string_equal(err.text, "map 'lengths': the value size is 8, not 4");
    assert_int_equal(wn_object_map(obj, "lengths", &map, &err), 0);
    wn_map_info(map, &info);
    assert_int_equal(info.max_entries, 9);
    assert_int_equal(wn_object_resize_map(obj, "lengths", 4, &err), -EBUSY);
    assert_int_equal(wn_object_use_map(other, "lengths", map, &err), -EINVAL); /* 4 entries */
    assert_int_equal(wn_object_resize_map(other, "lengths", 9, &err), 0);
    assert_int_equal(wn_object_use_map(other, "lengths", map, &err), 0);
    assert_int_equal(wn_object_use_map(other, "lengths", map, &err), -EBUSY);
    wn_map_free(wrong);

    /* Both objects' programs count in one map, which the last program keeps. */
    struct wn_prog *one = made(obj, NULL, WN_ENGINE_AUTO);
    struct wn_prog *two = made(other, NULL, WN_ENGINE_INTERP);
    uint64_t count;
    wn_map_ref(map);
    wn_object_free(obj);
    wn_object_free(other);
    value_of(one, frame(0x0800));
    wn_prog_free(one);
    value_of(two, frame(0x0800));
    wn_prog_free(two);
    assert_int_equal(wn_map_lookup(map, &(uint32_t){0}, &count), 0);
    assert_int_equal(count, 2);
    wn_map_free(map);
}

static void large_maps_are_refused_before_they_are_made(void **state)
{
    (void)state;
    struct wn_object *obj = opened("both", "19");
    struct wn_object_limits limits = {.max_bytes = 1 << 20};
    struct wn_error err = {0};
    struct wn_prog *prog = NULL;
    wn_object_limit(obj, &limits);
    assert_int_equal(wn_object_resize_map(obj, "lengths", UINT32_MAX, &err), 0);
    assert_int_equal(wn_prog_load(obj, NULL, NULL, &prog, &err), WN_E_LIMIT);
    assert_non_null(strstr(err.text, "lengths"));
    assert_int_equal(wn_object_make_maps(obj, &err), WN_E_LIMIT);
    assert_int_equal(wn_object_resize_map(obj, "lengths", 4, &err), 0);
    assert_int_equal(wn_object_make_maps(obj, &err), 0);
    prog = made(obj, NULL, WN_ENGINE_AUTO);
    wn_prog_free(prog);
    wn_object_free(obj);
}

/* ---- tail calls */

static void program_arrays_have_their_first_programs(void **state)
{
    (void)state;
    gives("tail", "dispatch", 0x0806, 1);
    gives("tail", "dispatch", 0x0800, 2); /* dispatch, parse_ip, dispatch, ... four times */
    gives("tail", "parse_ip", 0x0806, 1); /* from the middle of the circle */
}

static void a_map_shows_what_tail_called_programs_did(void **state)
{
    (void)state;
    struct wn_object *obj = opened("tail", "16");
    struct wn_prog *prog = made(obj, "dispatch", WN_ENGINE_AUTO);
    struct wn_map *calls = NULL, *first = NULL;
    struct wn_map_info info;
    uint32_t n;
    assert_int_equal(wn_object_map(obj, "calls", &calls, NULL), 0);
    assert_int_equal(wn_object_map(obj, "first", &first, NULL), 0);
    wn_map_info(first, &info);
    assert_int_equal(info.entries, 2);
    assert_int_equal(value_of(prog, frame(0x0800)), 2);
    assert_int_equal(wn_map_lookup(calls, &(uint32_t){0}, &n), 0);
    assert_int_equal(n, 7);
    wn_prog_free(prog); /* the arrays keep theirs for the next one */
    prog = made(obj, "parse_ip", WN_ENGINE_INTERP);
    assert_int_equal(wn_map_update(calls, &(uint32_t){0}, &(uint32_t){0}, 0), 0);
    assert_int_equal(value_of(prog, frame(0x0806)), 1);
    wn_object_free(obj);
    assert_int_equal(value_of(prog, frame(0x0806)), 1);
    wn_prog_free(prog);
}

static void an_array_is_as_long_as_its_first_programs_need(void **state)
{
    (void)state;
    struct wn_object *obj = opened("tail", "14");
    struct wn_error err = {0};
    assert_int_equal(wn_object_resize_map(obj, "first", 6, &err), -EINVAL);
    assert_string_equal(err.text, "map 'first' has an initial value at 6, so more than 6 entries");
    assert_int_equal(wn_object_resize_map(obj, "first", 7, &err), 0);
    wn_object_free(obj);
}

/* ---- what cannot be loaded, and looking */

/* The object says that the map in element 1 is there at first. */
static void maps_are_in_maps_at_first(void **state)
{
    (void)state;
    for (size_t b = 0; b < 3; b++)
        for (size_t e = 0; e < sizeof engines / sizeof *engines; e++) {
            struct wn_object *obj = opened("kernel", builds[b]);
            struct wn_prog *prog = made(obj, "nested", engines[e]);
            struct wn_run *run = wn_run_new();
            struct wn_packet pkt = {.data = (const uint8_t *)"", .caplen = 0};
            struct wn_map *outer = NULL, *inner = NULL, *same = NULL;
            uint32_t key = 1, none = 0;
            assert_int_equal(wn_object_map(obj, "outer", &outer, NULL), 0);
            assert_int_equal(wn_object_map(obj, "inner", &inner, NULL), 0);
            assert_int_equal(wn_map_get_inner(outer, &key, &same), 0);
            assert_ptr_equal(same, inner);
            wn_map_free(same);
            assert_int_equal(wn_map_get_inner(outer, &none, &same), -ENOENT);
            if (prog)
                assert_int_equal(wn_prog_run(prog, run, &pkt).value, 2);
            assert_int_equal(wn_map_delete(outer, &key), 0);
            wn_map_quiesce(outer);
            if (prog)
                assert_int_equal(wn_prog_run(prog, run, &pkt).value, 1);
            wn_run_free(run);
            wn_prog_free(prog);
            wn_object_free(obj);
        }
}

/* With what to do instead; whoever asks first gets along without. */
static void functions_of_a_kernel_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"dynptr",
         "'bpf_dynptr_from_xdp', which 'dynptr' calls, is a function of a kernel; compare "
         "with data_end, or use bpf_skb_load_bytes() or bpf_xdp_load_bytes()"},
        {"unknown", "'bpf_no_such_thing', which 'unknown' calls, is a function of a kernel; only "
                    "helpers are provided, see winnow-filter(7)"},
        {"locks", "function 'locks': calls 'bpf_rcu_read_lock' of a kernel; values of maps stay "
                  "there while a program runs; leave it out (ksyms.c:28)"},
    };
    static const char *const compilers[] = {"14", "19"};
    for (size_t b = 0; b < 2; b++) {
        struct wn_object *obj = opened("ksyms", compilers[b]);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct wn_prog *prog = NULL;
            struct wn_error err = {0};
            assert_int_equal(wn_prog_load(obj, cases[i].name, NULL, &prog, &err), WN_E_UNSUPPORTED);
            assert_string_equal(err.text, cases[i].text);
        }
        struct wn_prog *prog = made(obj, "asks", WN_ENGINE_AUTO);
        assert_int_equal(value_of(prog, frame(0)), 2);
        wn_prog_free(prog);
        wn_object_free(obj);
    }
}

static void objects_share_maps_that_are_pinned(void **state)
{
    (void)state;
    struct wn_object *first = opened("pinned", "14"), *second = opened("pinned", "19");
    struct wn_pins *pins = wn_pins_new();
    struct wn_map *map = NULL;
    struct wn_error err = {0};
    assert_null(wn_pins_find(pins, "shared"));
    assert_int_equal(wn_object_pin(first, pins, &err), 0);
    assert_int_equal(wn_object_pin(second, pins, &err), 0);
    assert_int_equal(wn_object_map(second, "shared", &map, &err), 0);
    assert_ptr_equal(wn_pins_find(pins, "shared"), map);
    assert_null(wn_pins_find(pins, "own"));
    struct wn_prog *a = made(first, "pinned", WN_ENGINE_AUTO);
    struct wn_prog *b = made(second, "pinned", WN_ENGINE_INTERP);
    assert_int_equal(value_of(a, frame(0)), 101);
    assert_int_equal(value_of(b, frame(0)), 201);
    assert_int_equal(value_of(a, frame(0)), 302);
    /* another shape is another map */
    struct wn_object *third = opened("pinned", "14");
    assert_int_equal(wn_object_resize_map(third, "shared", 2, &err), 0);
    assert_int_equal(wn_object_pin(third, pins, &err), -EINVAL);
    assert_string_equal(err.text, "map 'shared': the number of entries is 2, not 1");
    wn_pins_free(pins);
    assert_int_equal(value_of(b, frame(0)), 402);
    wn_prog_free(a);
    wn_prog_free(b);
    wn_object_free(first);
    wn_object_free(second);
    wn_object_free(third);
}

static void events_are_not_looked_up(void **state)
{
    (void)state;
    struct wn_object *obj = opened("kernel", "19");
    struct wn_prog *prog = NULL;
    struct wn_error err = {0};
    assert_int_equal(wn_prog_load(obj, "eventful", NULL, &prog, &err), WN_E_REJECTED);
    assert_non_null(strstr(err.text, "map 'events' is of type perf_event_array, which "
                                     "bpf_map_lookup_elem() does not work on; "));
    wn_object_free(obj);
}

static void what_needs_a_kernel_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *object, *name, *text;
    } cases[] = {
        {"kernel", "probe",
         "section 'kprobe/do_exit': such programs see no packets, and run in a kernel only"},
        {"kernel", "misspelt",
         "section 'scoket' says no type of programs; did you mean \"socket\"?"},
        {"kernel", "lost",
         "section 'somewhere' says no type of programs: use SEC(\"filter\"), \"xdp\", \"socket\" "
         "or \"tc\""},
        {"kernel", "calls",
         "helper 14 (bpf_get_current_pid_tgid) looks into a running kernel; there is none here, "
         "only packets (kernel.c:62)"},
        {"weak", "config",
         "'CONFIG_HZ', which 'config' uses, is of a kernel's configuration, which does not exist "
         "here"},
        {"weak", "symbol", "'jiffies', which 'symbol' uses, is a symbol of a kernel"},
        {"exists", "task",
         "function 'task': field 'pid' of 'struct task_struct': kernel types do not exist here "
         "(exists.c:31)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t b = 0; b < 3; b++) {
            struct wn_object *obj = opened(cases[i].object, builds[b]);
            struct wn_prog *prog = NULL;
            struct wn_error err = {0};
            assert_int_equal(wn_prog_load(obj, cases[i].name, NULL, &prog, &err), WN_E_UNSUPPORTED);
            assert_string_equal(err.text, cases[i].text);
            assert_null(prog);
            wn_object_free(obj);
        }
}

static void a_type_may_be_asked_for(void **state)
{
    (void)state;
    struct wn_object *obj = opened("kernel", "19");
    struct wn_prog_opts opts = {.type = WN_PROG_SOCKET};
    struct wn_prog *prog = NULL;
    assert_int_equal(wn_prog_load(obj, "misspelt", &opts, &prog, NULL), 0);
    assert_int_equal(value_of(prog, frame(0)), 60);
    wn_prog_free(prog);
    wn_object_free(obj);
}

static void programs_say_what_they_use(void **state)
{
    (void)state;
    struct wn_object *obj = opened("legacy", "16");
    struct wn_object_prog p;
    uint32_t numbers[4];
    wn_object_describe(obj, 0, &p);
    assert_int_equal(p.type, WN_PROG_TC);
    assert_null(p.refused);
    assert_int_equal(wn_object_prog_maps(obj, 0, numbers, 4), 2);
    assert_int_equal(numbers[0], 0);
    assert_int_equal(numbers[1], 1);
    assert_int_equal(wn_object_prog_helpers(obj, 0, numbers, 1), 2);
    assert_int_equal(numbers[0], 1);
    wn_object_free(obj);
}

static void slots_have_source_lines(void **state)
{
    (void)state;
    for (size_t b = 0; b < 3; b++) {
        struct wn_object *obj = opened("statics", builds[b]);
        int i = wn_object_find(obj, "third", NULL);
        struct wn_object_prog p;
        struct wn_object_line line;
        unsigned functions = 0;
        wn_object_describe(obj, (size_t)i, &p);
        assert_int_equal(p.functions, 3);
        for (uint32_t s = 0; s < p.slots; s++) {
            assert_true(wn_object_line(obj, (size_t)i, s, &line));
            assert_non_null(strstr(line.file, "statics.c"));
            functions |= !strcmp(line.function, "third") && line.line >= 26 && line.line <= 28;
            functions |= (!strcmp(line.function, "half") && line.line >= 5 && line.line <= 8) << 1;
            functions |= (!strcmp(line.function, "shared") && line.line == 22) << 2;
        }
        assert_int_equal(functions, 7);
        assert_false(wn_object_line(obj, (size_t)i, p.slots, &line));
        wn_object_free(obj);
    }
    struct wn_object *obj = opened("statics", "nog");
    struct wn_object_line line;
    assert_true(wn_object_line(obj, 0, 0, &line));
    assert_int_equal(line.line, 0);
    assert_string_equal(line.file, "");
    wn_object_free(obj);
}

static void sections_and_relocations_can_be_listed(void **state)
{
    (void)state;
    struct wn_object *obj = opened("tail", "19");
    unsigned maps = 0, arrays = 0;
    for (size_t i = 0; i < wn_object_section_count(obj); i++) {
        struct wn_object_section s;
        struct wn_object_reloc r;
        wn_object_describe_section(obj, i, &s);
        for (uint32_t k = 0; k < s.relocs; k++) {
            assert_true(wn_object_reloc(obj, i, k, &r));
            maps += !strcmp(r.section, "xdp") && !strcmp(r.kind, "R_BPF_64_64");
            arrays += !strcmp(r.section, ".maps") && !strcmp(r.kind, "R_BPF_64_ABS64");
        }
        assert_false(wn_object_reloc(obj, i, s.relocs, &r));
    }
    assert_int_equal(maps, 2);
    assert_int_equal(arrays, 3);
    wn_object_free(obj);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_for_the_kernel_run_on_every_engine),
        cmocka_unit_test(one_source_has_either_headers),
        cmocka_unit_test(programs_share_variables),
        cmocka_unit_test(variables_are_set_before_the_first_load),
        cmocka_unit_test(numbers_have_to_fit),
        cmocka_unit_test(variables_are_described_and_printed),
        cmocka_unit_test(maps_of_old_programs_are_defined_by_bytes),
        cmocka_unit_test(records_reach_whoever_has_the_map),
        cmocka_unit_test(rings_are_resized_to_whole_pages),
        cmocka_unit_test(maps_are_changed_before_they_are_made),
        cmocka_unit_test(large_maps_are_refused_before_they_are_made),
        cmocka_unit_test(program_arrays_have_their_first_programs),
        cmocka_unit_test(a_map_shows_what_tail_called_programs_did),
        cmocka_unit_test(an_array_is_as_long_as_its_first_programs_need),
        cmocka_unit_test(maps_are_in_maps_at_first),
        cmocka_unit_test(functions_of_a_kernel_are_refused_by_name),
        cmocka_unit_test(objects_share_maps_that_are_pinned),
        cmocka_unit_test(events_are_not_looked_up),
        cmocka_unit_test(what_needs_a_kernel_is_refused_by_name),
        cmocka_unit_test(a_type_may_be_asked_for),
        cmocka_unit_test(programs_say_what_they_use),
        cmocka_unit_test(slots_have_source_lines),
        cmocka_unit_test(sections_and_relocations_can_be_listed),
    };
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) {
        puts("1..0 # SKIP the objects are for little-endian machines");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
