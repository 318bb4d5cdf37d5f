/* SPDX-License-Identifier: MIT */
/** Machines when memory runs out: each step fails cleanly, and nothing is kept. */
#include "machine.h"

#include <errno.h>
#include <stdio.h>

#include "../failing.h"

FILE *__real_open_memstream(char **text, size_t *len);
FILE *__wrap_open_memstream(char **text, size_t *len);

/** What it is about to allocate is the caller's to free. */
FILE *__wrap_open_memstream(char **text, size_t *len)
{
    FILE *to = fails() ? NULL : __real_open_memstream(text, len);
    live += to != NULL;
    return to;
}

static uint64_t helper(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                       struct wn_run *run)
{
    (void)r2, (void)r3, (void)r4, (void)r5, (void)run;
    return r1 | 1;
}

static const struct wn_vm_opts opts = {
    .kind = WN_VM_FIXED_META, .data_end_at = 8, .flags = WN_DIV_FAULT};
static const char *const program = "r1 = 0\ncall 77\nr0 /= r0\nr0 += 1\ncall f\nexit\n"
                                   "f: r0 += 3\nexit";
static uint8_t allowed[8];

/** Nearly all that a machine can do, in order; the first code that is not 0. */
static int live_a_life(const struct wn_slot *slots, size_t n, struct wn_error *err)
{
    struct wn_vm *vm = NULL, *clone = NULL;
    char *text = NULL;
    uint64_t value = 0;
    int r = wn_vm_new(&opts, NULL, 0, &vm, err);
    assert_true(r ? vm == NULL : vm != NULL);
    for (uint32_t key = 80; r == 0 && key > 70; key--)
        r = wn_vm_register_helper(vm, key, helper, err);
    for (int i = 0; r == 0 && i < 10; i++)
        r = wn_vm_allow_memory(vm, allowed, sizeof allowed, true, err);
    if (r == 0)
        r = wn_vm_set_program(vm, slots, n, err);
    if (r == 0)
        r = wn_vm_set_addresses(vm, 8, 16, err);
    if (r == 0)
        r = wn_vm_execute(vm, NULL, &value, err);
    if (r == 0)
        r = wn_vm_print(vm, &text, err);
    if (r == 0)
        r = wn_vm_compile(vm, err);
    if (r == WN_E_NOJIT)
        r = 0;
    if (r == 0)
        r = wn_vm_clone(vm, &clone, err);
    free(text);
    wn_vm_free(vm);
    if (r == 0)
        r = wn_vm_execute(clone, NULL, &value, err);
    wn_vm_free(clone);
    assert_true(r || value == 3);
    return r;
}

static void a_life_gives_all_memory_back_wherever_it_ends(void **state)
{
    (void)state;
    size_t n;
    struct wn_slot *slots = slots_of(program, &n);
    long tries = 0;
    do {
        struct wn_error err = {0};
        long before = live;
        failures = 0;
        until_failure = tries++;
        int r = live_a_life(slots, n, &err);
        until_failure = -1;
        if (r) {
            assert_int_equal(r, -ENOMEM);
            assert_int_equal(err.code, -ENOMEM);
            assert_true(err.text[0]);
        }
        assert_true(r || !failures);
        assert_int_equal(live, before);
    } while (failures);
    assert_true(tries > 20);
    free(slots);
}

static void what_fails_changes_nothing(void **state)
{
    (void)state;
    struct wn_vm *vm = machine(opts, INTERP, program);
    struct wn_slot other[] = {{.opcode = 0xb7, .imm = 9}, {.opcode = 0x95}};
    assert_int_equal(wn_vm_register_helper(vm, 77, helper, NULL), 0);
    gives(vm, INTERP, NOTHING, 3);
    long tries = 0;
    do {
        failures = 0;
        until_failure = tries++;
        int r = wn_vm_set_program(vm, other, 2, NULL);
        until_failure = -1;
        assert_int_equal(r, failures ? -ENOMEM : 0);
        gives(vm, INTERP, NOTHING, failures ? 3 : 9);
    } while (failures);
    wn_vm_free(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_life_gives_all_memory_back_wherever_it_ends),
        cmocka_unit_test(what_fails_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
