/* SPDX-License-Identifier: MIT */
/* WN_ELF_DIR is the directory of the objects, tests/elf. */
#include "elf/btf_read.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "btf_object.h"
#include "elf/btf_print.h"

enum { TEXT = 4096 };

static uint32_t load(struct btf_object *o, const char *build)
{
    char path[4096];
    struct wn_error err = {0};
    snprintf(path, sizeof path, "%s/btf/types.%s.o", WN_ELF_DIR, build);
    if (!btf_object_load(path, o, &err))
        fail_msg("%s: %s", path, err.text);
    return wn_btf_find(&o->btf, "everything", WN_BTF_STRUCT);
}

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    return *seed ^= *seed << 17;
}

/** The compiler's choice of bytes that no member covers cannot come back. */
static void what_is_printed_is_read_again(void **state)
{
    (void)state;
    uint64_t seed = 0x9e3779b97f4a7c15;
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        uint32_t all = load(&o, btf_builds[b]), bytes = o.btf.types[all].bytes;
        for (int turn = 0; turn < 2000; turn++) {
            uint8_t value[256] = {0}, back[256];
            char text[TEXT], again[TEXT];
            struct wn_error err = {0};
            for (uint32_t i = 0; i < bytes; i++)
                value[i] = turn % 3 ? (uint8_t)next(&seed) : (uint8_t) - (turn & 1);
            value[12] &= 1; /* bool yes: other bytes are no values of it */
            int n = wn_btf_print(&o.btf, all, value, bytes, text, sizeof text, &err);
            assert_true(n > 0);
            memset(back, 0x5a, sizeof back);
            if (wn_btf_read(&o.btf, all, text, (size_t)n, back, bytes, &err))
                fail_msg("%s: %s", text, err.text);
            assert_int_equal(wn_btf_print(&o.btf, all, back, bytes, again, sizeof again, &err), n);
            assert_string_equal(again, text);
            assert_int_equal(back[bytes], 0x5a);
        }
        btf_object_free(&o);
    }
}

static void text_that_ends_early_is_an_error_and_changes_nothing(void **state)
{
    (void)state;
    struct btf_object o = {0};
    uint32_t all = load(&o, "19"), bytes = o.btf.types[all].bytes;
    uint8_t value[256] = {0}, before[256], back[256];
    char text[TEXT];
    int n = wn_btf_print(&o.btf, all, value, bytes, text, sizeof text, NULL);
    memset(before, 0x5a, sizeof before);
    for (int len = 0; len < n; len++) {
        struct wn_error err = {0};
        char *cut = malloc((size_t)len + 1); /* so that ASan sees the end */
        memcpy(cut, text, (size_t)len);
        char *exact = realloc(cut, len ? (size_t)len : 1);
        memcpy(back, before, sizeof back);
        int r = wn_btf_read(&o.btf, all, exact, (size_t)len, back, sizeof back, &err);
        assert_true(r == WN_E_SYNTAX || r == -ERANGE);
        assert_memory_equal(back, before, sizeof back);
        assert_true(err.text[0]);
        free(exact);
    }
    btf_object_free(&o);
}

static void damaged_text_is_an_error_or_a_value(void **state)
{
    (void)state;
    static const char bytes_of_json[] = "{}[]\",:\\u0123456789abcxeE-+. truefalsnl\x01\xff";
    struct btf_object o = {0};
    uint32_t all = load(&o, "19"), bytes = o.btf.types[all].bytes;
    uint8_t value[256] = {1}, back[256];
    char text[TEXT];
    uint64_t seed = 42;
    int n = wn_btf_print(&o.btf, all, value, bytes, text, sizeof text, NULL), good = 0, bad = 0;
    for (int turn = 0; turn < 20000; turn++) {
        char damaged[TEXT];
        struct wn_error err = {0};
        memcpy(damaged, text, (size_t)n);
        for (uint64_t k = next(&seed) % 3; k < 3; k++)
            damaged[next(&seed) % (uint64_t)n] =
                bytes_of_json[next(&seed) % (sizeof bytes_of_json - 1)];
        int r = wn_btf_read(&o.btf, all, damaged, (size_t)n, back, bytes, &err);
        assert_true(r == 0 || r == WN_E_SYNTAX || r == -ERANGE);
        assert_true(r == 0 || err.code == r);
        *(r ? &bad : &good) += 1;
    }
    assert_true(good && bad);
    btf_object_free(&o);
}

static void values_have_the_shape_of_their_type(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
        const char *says;
    } cases[] = {
        {"{}", 0, NULL},
        {" { \"plain\" : -70000 } ", 0, NULL},
        {"{\"plain\":\"-0x11170\"}", 0, NULL},
        {"{\"huge\":\"18446744073709551615\"}", 0, NULL},
        {"{\"huge\":18446744073709551616}", -ERANGE, "64 bits"},
        {"{\"big\":-9223372036854775808}", 0, NULL},
        {"{\"big\":-9223372036854775809}", -ERANGE, "does not fit"},
        {"{\"big\":9223372036854775808}", -ERANGE, "does not fit"},
        {"{\"tiny\":-128}", 0, NULL},
        {"{\"tiny\":-129}", -ERANGE, "member 'tiny': -129 does not fit 8 bits"},
        {"{\"tiny\":128}", -ERANGE, "does not fit"},
        {"{\"word\":-1}", -ERANGE, "without a sign"},
        {"{\"yes\":true}", 0, NULL},
        {"{\"yes\":2}", -ERANGE, "does not fit"},
        {"{\"flags\":{\"low\":7}}", 0, NULL},
        {"{\"flags\":{\"low\":8}}", -ERANGE, "member 'low': 8 does not fit 3 bits"},
        {"{\"flags\":{\"level\":-16}}", 0, NULL},
        {"{\"flags\":{\"level\":-17}}", -ERANGE, "does not fit 5 bits"},
        {"{\"colour\":\"BLUE\"}", 0, NULL},
        {"{\"colour\":\"PURPLE\"}", WN_E_SYNTAX, "has no 'PURPLE'"},
        {"{\"bytes\":[1,2,3]}", WN_E_SYNTAX, "expected 4 elements, not 3"},
        {"{\"bytes\":[1,2,3,4,5]}", -ERANGE, "more than 4 elements"},
        {"{\"bytes\":[1,2,3,4,]}", -ERANGE, "more than 4 elements"},
        {"{\"bytes\":\"01020304\"}", 0, NULL},
        {"{\"bytes\":\"010203\"}", WN_E_SYNTAX, "8 hexadecimal digits"},
        {"{\"name\":\"12345678\"}", 0, NULL},
        {"{\"name\":\"123456789\"}", -ERANGE, "9 characters for an array of 8"},
        {"{\"name\":[49,50,51,52,53,54,55,0]}", 0, NULL},
        {"{\"wider\":\"0xabc0000000000000001\"}", 0, NULL},
        {"{\"wider\":1}", WN_E_SYNTAX, "expected a string"},
        {"{\"grid\":[[{},{},{}],[{},{},{\"x\":1}]]}", 0, NULL},
        {"{\"nobody\":1}", WN_E_SYNTAX, "struct 'everything' has no member 'nobody'"},
        {"{\"plain\":1,}", WN_E_SYNTAX, "expected a string"},
        {"{\"plain\":1}}", WN_E_SYNTAX, "expected nothing more"},
        {"{\"plain\"}", WN_E_SYNTAX, "expected a colon"},
        {"[]", WN_E_SYNTAX, "expected an object"},
        {"", WN_E_SYNTAX, "not the end"},
    };
    struct btf_object o = {0};
    uint32_t all = load(&o, "19");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t value[256];
        struct wn_error err = {.text = ""};
        int r = wn_btf_read(&o.btf, all, cases[i].text, strlen(cases[i].text), value, 208, &err);
        if (r != cases[i].code || (r && !strstr(err.text, cases[i].says)))
            fail_msg("%s: %d, %s", cases[i].text, r, err.text);
    }
    btf_object_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_printed_is_read_again),
        cmocka_unit_test(text_that_ends_early_is_an_error_and_changes_nothing),
        cmocka_unit_test(damaged_text_is_an_error_or_a_value),
        cmocka_unit_test(values_have_the_shape_of_their_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
