/* SPDX-License-Identifier: MIT */
/** What machines do against those who have got hold of something already. */
#include "machine.h"

#include <stdio.h>

#include "../../../src/lib/vm/machine.h"

static const struct wn_vm_opts raw = {.kind = WN_VM_RAW};
static const struct wn_vm_opts no_data = {.kind = WN_VM_NO_DATA};

static uint64_t integer_root(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                             struct wn_run *run)
{
    (void)r2, (void)r3, (void)r4, (void)r5, (void)run;
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1)
        if ((root | bit) * (root | bit) <= r1)
            root |= bit;
    return root;
}

static void blinded_constants_are_others_each_time(void **state)
{
    (void)state;
    struct wn_vm_opts blind = {.flags = WN_BLIND};
    static const char text[] = "r0 = 0x123456789abcdef0 ll\nr0 ^= 0x5ca1ab1e\nexit";
    const void *code[3];
    size_t bytes[3];
    struct wn_vm *vms[3];
    for (int i = 0; i < 3; i++) {
        vms[i] = machine(i ? blind : raw, JIT, text);
        gives(vms[i], JIT, NOTHING, UINT64_C(0x12345678c61d75ee));
        code[i] = wn_vm_code(vms[i], &bytes[i]);
    }
    if (code[0]) {
        size_t least = bytes[1] < bytes[2] ? bytes[1] : bytes[2];
        assert_true(least > bytes[0]);
        assert_memory_not_equal(code[1], code[2], least);
    }
    for (int i = 0; i < 3; i++)
        wn_vm_free(vms[i]);
}

/** Whether the page of an address is mapped so that it can be written. */
static bool is_writable(const void *at)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    bool known = false, writable = false;
    unsigned long first, last;
    char line[512], write;
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%lx-%lx %*c%c", &first, &last, &write) != 3)
            continue;
        if ((uintptr_t)at >= first && (uintptr_t)at < last) {
            known = true;
            writable = write == 'w';
        }
    }
    (void)fclose(maps);
    assert_true(known);
    return writable;
}

static void nobody_writes_programs(void **state)
{
    (void)state;
    static uint8_t own[16];
    assert_true(is_writable(own));
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(no_data, way, "r0 = 64\nr1 = 81\ncall 7\nexit"), *clone = NULL;
        assert_int_equal(wn_vm_register_helper(vm, 7, integer_root, NULL), 0);
        gives(vm, way, NOTHING, 9);
        assert_int_equal(wn_vm_clone(vm, &clone, NULL), 0);
        const struct wn_prog *prog = vm->interp ? vm->interp : vm->jit;
        assert_false(is_writable(vm->text->slots));
        assert_false(is_writable(clone->text->slots));
        assert_false(is_writable(prog->callees.calls));
        if (prog->interp)
            assert_false(is_writable(prog->interp));
        if (prog->decoded)
            assert_false(is_writable(prog->decoded->ops));
        if (prog->jit.code)
            assert_false(is_writable(prog->jit.code));
        wn_vm_free(vm);
        gives(clone, way, NOTHING, 9);
        wn_vm_free(clone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blinded_constants_are_others_each_time),
        cmocka_unit_test(nobody_writes_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
