/* SPDX-License-Identifier: MIT */
/** Types, what refers to them, and types made here, when memory runs out at each allocation in
 * turn. */
#include "elf/btf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../failing.h"
#include "btf_object.h"
#include "elf/btf_make.h"
#include "elf/core.h"

static void parsing_gives_all_memory_back(void **state)
{
    (void)state;
    struct btf_object o = {0};
    struct wn_error err = {0};
    if (!btf_object_load(WN_ELF_DIR "/btf/fields.14.o", &o, &err))
        fail_msg("%s", err.text);
    const struct wn_elf_section *types = btf_section(&o.elf, ".BTF");
    const struct wn_elf_section *records = btf_section(&o.elf, ".BTF.ext");
    long tries = 0, met;
    do {
        struct wn_btf btf = {.n_types = 77};
        struct wn_btf_ext ext = {0};
        long before = live;
        failures = 0;
        until_failure = tries++;
        int r = wn_btf_parse(types->data, types->size, o.elf.big, &btf, &err);
        assert_true(r == 0 || btf.n_types == 77);
        bool parsed = r == 0;
        if (parsed)
            r = wn_btf_ext_parse(records->data, records->size, &btf, &ext, &err);
        until_failure = -1;
        met = failures;
        assert_int_equal(r, met ? -ENOMEM : 0);
        wn_btf_ext_fini(&ext);
        if (parsed)
            wn_btf_fini(&btf);
        assert_int_equal(live, before);
    } while (met);
    assert_true(tries > 5);
    btf_object_free(&o);
}

static void making_and_pruning_give_all_memory_back(void **state)
{
    (void)state;
    static const struct wn_btf_field fields[] = {{"a", 0, 4}, {"b", 8, 8}, {"c", 16, 12}};
    static const struct wn_btf_struct made = {"some_structure", 32, fields, 3};
    long tries = 0, met;
    do {
        struct wn_slot slots[2] = {{0x95, 0, 0, 0}, {0x85, 0, 0, WN_CORE_POISON}};
        uint32_t reached;
        uint8_t *bytes = NULL;
        size_t len;
        long before = live;
        failures = 0;
        until_failure = tries++;
        int r = wn_btf_make(&made, 1, &bytes, &len, NULL);
        if (r == 0)
            r = wn_core_prune(slots, 2, &reached, NULL);
        until_failure = -1;
        met = failures;
        assert_int_equal(r, met ? -ENOMEM : 0);
        assert_int_equal(slots[1].opcode, met ? 0x85 : 0x05);
        free(bytes);
        assert_int_equal(live, before);
    } while (met);
    assert_true(tries > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsing_gives_all_memory_back),
        cmocka_unit_test(making_and_pruning_give_all_memory_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
