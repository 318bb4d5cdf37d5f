/* SPDX-License-Identifier: MIT */
/** What helpers may end a run with, how programs reach them, and what is checked before. */
#include "machine.h"

#include <stdio.h>

#include "base/run.h"

static const struct wn_vm_opts no_data = {.kind = WN_VM_NO_DATA};

/** The fault is r1, the address of one of memory r2. */
static uint64_t end_with(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                         struct wn_run *run)
{
    (void)r3, (void)r4, (void)r5;
    if (r1 == WN_FAULT_MEMORY)
        wn_run_end_memory(run, r2);
    else if (r1)
        wn_run_end(run, (enum wn_fault)r1);
    wn_run_end(run, r1 ? WN_FAULT_DIVIDE : WN_FAULT_NONE); /* too late */
    return 5;
}

static void a_helper_ends_the_run_with_any_fault(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++)
        for (int fault = WN_FAULT_NONE; fault < WN_FAULTS; fault++)
            for (int depth = 0; depth < 2; depth++) {
                char text[128];
                snprintf(text, sizeof text, "r1 = %d\nr2 = 77\n%s\ncall 1\nexit\n", fault,
                         depth ? "call f\nexit\nf: r3 = 0" : "r3 = 0");
                struct wn_vm *vm = machine(no_data, way, text);
                assert_int_equal(wn_vm_register_helper(vm, 1, end_with, NULL), 0);
                for (int again = 0; again < 2; again++)
                    if (fault)
                        faults(vm, way, NOTHING, (enum wn_fault)fault, depth ? 5 : 3);
                    else
                        gives(vm, way, NOTHING, 5);
                if (fault == WN_FAULT_MEMORY)
                    assert_non_null(strstr(ran(vm, way, NOTHING).err.text, "0x4d"));
                wn_vm_free(vm);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_helper_ends_the_run_with_any_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
