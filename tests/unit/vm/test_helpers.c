/* SPDX-License-Identifier: MIT */
/** What helpers may end a run with, how programs reach them, and what is checked before. */
#include "machine.h"

#include <errno.h>
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

/* ---- through a register */

static uint64_t tell(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                     struct wn_run *run)
{
    (void)run;
    return r1 + 10 * r2 + 100 * r3 + 1000 * r4 + 10000 * r5;
}

static uint64_t other(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                      struct wn_run *run)
{
    return 1000000 + tell(r1, r2, r3, r4, r5, run);
}

static const uint32_t keys[] = {0,          1,          60,         0x7ffffffe, 0x7fffffff,
                                0x80000000, 0x80000001, 0xdeadbeef, 0xffffffff};
#define KEYS (sizeof keys / sizeof *keys)

/** Arguments 1 to 5, then a call through `reg` of the number in the data. */
static struct wn_vm *caller(enum way way, const char *verb, unsigned reg)
{
    static const struct wn_vm_opts raw = {.kind = WN_VM_RAW};
    char text[256];
    snprintf(text, sizeof text,
             "r6 = *(u64 *)(r1 + 0)\nr1 = 1\nr2 = 2\nr3 = 3\nr4 = 4\nr5 = 5\nr%u = r6\n%s r%u\n"
             "r0 += r1\nr0 += r5\nexit",
             reg, verb, reg);
    return machine(raw, way, text);
}

static void a_number_in_a_register_calls_its_helper(void **state)
{
    (void)state;
    static const unsigned regs[] = {WN_R0, WN_R6, WN_R9};
    for (enum way way = INTERP; way < WAYS; way++)
        for (size_t r = 0; r < sizeof regs / sizeof *regs; r++) {
            struct wn_vm *vm = caller(way, r % 2 ? "callx" : "callxi", regs[r] ? regs[r] : 7);
            if (!regs[r]) {
                wn_vm_free(vm);
                vm = caller(way, "callx", WN_R0);
            }
            for (size_t k = 0; k < KEYS; k++)
                assert_int_equal(wn_vm_register_helper(vm, keys[k], k % 2 ? other : tell, NULL), 0);
            for (size_t k = 0; k < KEYS; k++) {
                uint64_t number[] = {keys[k]};
                gives(vm, way, DATA(number), k % 2 ? 1054321 : 54321);
            }
            wn_vm_free(vm);
        }
}

static void a_number_that_is_no_helpers_is_a_fault(void **state)
{
    (void)state;
    static const uint64_t wrong[] = {2,
                                     5 + (UINT64_C(1) << 32),
                                     0x7ffffffd,
                                     0x80000002,
                                     UINT64_MAX,
                                     0xffffffff00000000 | 0x80000000,
                                     0xfffffffffffffff6,
                                     WN_FUNC_TAG,
                                     WN_FUNC_TAG | 1};
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = caller(way, "callx", WN_R6);
        uint64_t number[1];
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
            number[0] = wrong[i];
            faults(vm, way, DATA(number), WN_FAULT_CALL, 7);
        }
        for (size_t k = 0; k < KEYS; k++)
            assert_int_equal(wn_vm_register_helper(vm, keys[k], tell, NULL), 0);
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
            number[0] = wrong[i];
            faults(vm, way, DATA(number), WN_FAULT_CALL, 7);
        }
        number[0] = keys[2];
        gives(vm, way, DATA(number), 54321);
        assert_int_equal(wn_vm_register_helper(vm, keys[2], other, NULL), 0);
        gives(vm, way, DATA(number), 1054321);
        assert_int_equal(wn_vm_register_helper(vm, keys[2], NULL, NULL), 0);
        faults(vm, way, DATA(number), WN_FAULT_CALL, 7);
        wn_vm_free(vm);
    }
}

static void the_librarys_helpers_are_called_through_registers_too(void **state)
{
    (void)state;
    struct wn_vm_input in = {.time_ns = 99};
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(no_data, way, "r2 = 5\ncallx r2\nexit");
        gives(vm, way, in, 99);
        assert_int_equal(wn_vm_register_helper(vm, 5, tell, NULL), 0);
        gives(vm, way, in, 50);
        wn_vm_free(vm);
    }
}

static void functions_and_numbers_are_told_apart(void **state)
{
    (void)state;
    static const struct wn_vm_opts raw = {.kind = WN_VM_RAW};
    uint64_t pick[1];
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(raw, way,
                                   "r6 = *(u64 *)(r1 + 0)\n"
                                   "r0 = func(f) ll\n"
                                   "if r6 == 0 goto +1\n"
                                   "r0 = r6\n"
                                   "r1 = 7\n"
                                   "callx r0\n"
                                   "r0 += r6\n"
                                   "exit\n"
                                   "f: r0 = 600\n"
                                   "r6 = 1\n"
                                   "exit");
        assert_int_equal(wn_vm_register_helper(vm, 9, tell, NULL), 0);
        pick[0] = 0;
        gives(vm, way, DATA(pick), 600);
        pick[0] = 9; /* the slot of the function, and a helper */
        gives(vm, way, DATA(pick), 7 + 10 * sizeof pick + 9);
        pick[0] = 10; /* 8 is one of the library's */
        faults(vm, way, DATA(pick), WN_FAULT_CALL, 6);
        wn_vm_free(vm);
    }
}

static void what_ends_a_run_does_so_through_registers(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(no_data, way,
                                   "r1 = 6\nr6 = 1\ncall f\nr0 += 1\nexit\n"
                                   "f: callx r6\nr0 += 1\nexit");
        assert_int_equal(wn_vm_register_helper(vm, 1, end_with, NULL), 0);
        faults(vm, way, NOTHING, WN_FAULT_HELPER, 5);
        wn_vm_free(vm);
        vm = machine(no_data, way, "r6 = 1\ncallx r6\nr0 += 1\nexit");
        assert_int_equal(wn_vm_register_helper(vm, 1, tell, NULL), 0);
        gives(vm, way, NOTHING, 1);
        assert_int_equal(wn_vm_set_unwind(vm, 1, NULL), 0);
        gives(vm, way, NOTHING, 0);
        wn_vm_free(vm);
    }
}

static void too_many_calls_of_too_many_numbers_are_refused(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_slot slots[301];
        for (int i = 0; i < 300; i++)
            slots[i] = (struct wn_slot){.opcode = 0x8d, .regs = 6};
        slots[300] = (struct wn_slot){.opcode = 0x95};
        struct wn_vm *vm = NULL;
        struct wn_vm_opts opts = {.interpreter = way == REFERENCE ? WN_ENGINE_REFERENCE : 0};
        assert_int_equal(wn_vm_new(&opts, slots, 301, &vm, NULL), 0);
        for (uint32_t k = 0; k < 300; k++)
            assert_int_equal(wn_vm_register_helper(vm, k, tell, NULL), 0);
        assert_int_equal(ran(vm, way, NOTHING).code, WN_E_LIMIT);
        for (uint32_t k = 150; k < 300; k++)
            assert_int_equal(wn_vm_register_helper(vm, k, NULL, NULL), 0);
        gives(vm, way, NOTHING, 0);
        wn_vm_free(vm);
    }
}

/* ---- signatures */

/** Adds the bytes of one memory and writes the sum into all of another. */
static uint64_t sum_into(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                         struct wn_run *run)
{
    (void)run;
    const uint8_t *from = (const uint8_t *)(uintptr_t)r1;
    uint8_t *to = (uint8_t *)(uintptr_t)r3;
    uint8_t sum = (uint8_t)r5;
    for (uint64_t i = 0; i < r2; i++)
        sum = (uint8_t)(sum + from[i]);
    for (uint64_t i = 0; i < r4; i++)
        to[i] = sum;
    return sum;
}

static const struct wn_helper_sig sum_sig = {
    WN_ARG_SCALAR, {WN_ARG_MEM, WN_ARG_SIZE, WN_ARG_MEM_WRITE, WN_ARG_SIZE0, WN_ARG_SCALAR}};

struct memory_args {
    uint64_t from, from_bytes, to, to_bytes;
};

static void memory_is_checked_before_a_helper_sees_it(void **state)
{
    (void)state;
    static const struct wn_vm_opts raw = {.kind = WN_VM_RAW};
    static const char text[] = "r6 = r1\nr1 = *(u64 *)(r6 + 0)\nr2 = *(u64 *)(r6 + 8)\n"
                               "r3 = *(u64 *)(r6 + 16)\nr4 = *(u64 *)(r6 + 24)\nr5 = 1\ncall 3\n"
                               "r0 += r1\nexit";
    static uint8_t room[64] = {[8] = 1, 2, 3, 4, 5, 6, 7, 8}; /* with gaps between what is whose */
    uint8_t *frozen = room + 8, *own = room + 24, *foreign = room + 40;
    const uint64_t r = (uintptr_t)frozen, w = (uintptr_t)own, f = (uintptr_t)foreign;
    const struct {
        struct memory_args args;
        uint64_t result;  /* or */
        uint64_t address; /* that is not the program's */
    } rows[] = {
        {{r, 8, w, 8}, 37, 0},         {{r, 1, w, 8}, 2, 0},
        {{r + 7, 1, w + 7, 1}, 9, 0},  {{w, 8, r, 0}, 1, 0},
        {{r, 8, 0, 0}, 37, 0},         {{r, 8, UINT64_MAX, 0}, 37, 0},
        {{r, 0, w, 8}, 0, r},          {{r, 9, w, 8}, 0, r},
        {{r - 1, 2, w, 8}, 0, r - 1},  {{r + 8, 1, w, 8}, 0, r + 8},
        {{r, UINT64_MAX, w, 8}, 0, r}, {{r + 1, UINT64_MAX, w, 8}, 0, r + 1},
        {{f, 1, w, 8}, 0, f},          {{0, 1, w, 8}, 0, 0},
        {{r, 8, r, 1}, 0, r}, /* may be read only */
        {{r, 8, w, 9}, 0, w},          {{r, 8, f, 1}, 0, f},
    };
    for (enum way way = INTERP; way < WAYS; way++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            struct memory_args args = rows[i].args;
            struct wn_vm_input in = {.data = &args, .data_bytes = sizeof args};
            struct wn_vm *vm = machine(raw, way, text);
            memset(own, 0, 8);
            assert_int_equal(wn_vm_allow_memory(vm, frozen, 8, false, NULL), 0);
            assert_int_equal(wn_vm_allow_memory(vm, own, 8, true, NULL), 0);
            assert_int_equal(wn_vm_register_helper_typed(vm, 3, sum_into, &sum_sig, NULL), 0);
            if (rows[i].result) {
                gives(vm, way, in, rows[i].result);
            } else {
                char address[32];
                faults(vm, way, in, WN_FAULT_MEMORY, 6);
                snprintf(address, sizeof address, "at 0x%llx", (unsigned long long)rows[i].address);
                assert_non_null(strstr(ran(vm, way, in).err.text, address));
                for (size_t k = 0; k < 8; k++)
                    assert_int_equal(own[k], 0); /* it has not run */
            }
            wn_vm_free(vm);
        }
}

static void a_signature_holds_from_every_depth_and_through_registers(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++)
        for (unsigned depth = 1; depth <= WN_CALL_DEPTH; depth++)
            for (int size = 8; size <= 4096; size += 4088) {
                char text[512] = "r6 = 3\n";
                for (unsigned d = 1; d < depth; d++)
                    snprintf(text + strlen(text), sizeof text - strlen(text),
                             "r1 = r10\ncall f%u\nr0 += 1\nexit\nf%u: r9 = %u\n", d, d, d);
                snprintf(text + strlen(text), sizeof text - strlen(text),
                         "*(u64 *)(r10 - 8) = 0\nr1 = r10\nr1 += -8\nr2 = %d\nr3 = r1\nr4 = 8\n"
                         "r5 = 4\n%s\nexit",
                         size, depth % 2 ? "call 3" : "callx r6");
                struct wn_vm *vm = machine(no_data, way, text);
                assert_int_equal(wn_vm_register_helper_typed(vm, 3, sum_into, &sum_sig, NULL), 0);
                if (size == 8)
                    gives(vm, way, NOTHING, 4 + depth - 1);
                else
                    faults(vm, way, NOTHING, WN_FAULT_MEMORY, 1 + 5 * (depth - 1) + 7);
                wn_vm_free(vm);
            }
}

static void a_helper_with_another_signature_is_another_one(void **state)
{
    (void)state;
    static const struct wn_helper_sig none;
    static const struct wn_helper_sig read = {WN_ARG_ANY, {WN_ARG_MEM, WN_ARG_SIZE}};
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(no_data, way,
                                   "r1 = 4\nr2 = 4\ncall 1\nr6 = r0\nr1 = 4\n"
                                   "r2 = 4\ncall 2\nr0 += r6\nexit");
        assert_int_equal(wn_vm_register_helper(vm, 1, tell, NULL), 0);
        assert_int_equal(wn_vm_register_helper_typed(vm, 2, tell, &read, NULL), 0);
        faults(vm, way, NOTHING, WN_FAULT_MEMORY, 6);
        assert_int_equal(wn_vm_register_helper_typed(vm, 2, tell, &none, NULL), 0);
        gives(vm, way, NOTHING, 88);
        assert_int_equal(wn_vm_register_helper_typed(vm, 1, tell, &read, NULL), 0);
        faults(vm, way, NOTHING, WN_FAULT_MEMORY, 2);
        assert_int_equal(wn_vm_register_helper(vm, 1, tell, NULL), 0);
        gives(vm, way, NOTHING, 88);
        wn_vm_free(vm);
    }
}

static void signatures_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    enum { NO = WN_ARG_NONE, NUM = WN_ARG_SCALAR, MEM = WN_ARG_MEM, SIZE = WN_ARG_SIZE };
    const struct {
        struct wn_helper_sig sig;
        int code;
    } rows[] = {
        {{NO, {NO}}, 0},
        {{NUM, {NUM, NUM, NUM, NUM, NUM}}, 0},
        {{NUM, {MEM, SIZE, NUM, WN_ARG_MEM_WRITE, WN_ARG_SIZE0}}, 0},
        {{NUM, {WN_ARG_MEM_INOUT, SIZE, WN_ARG_INOUT32, NUM, WN_ARG_INOUT32}}, 0},
        {{NO, {WN_ARG_MEM_INOUT}}, -EINVAL},
        {{NO, {NUM, NUM, NUM, NUM, WN_ARG_MEM_INOUT}}, -EINVAL},
        {{NO, {WN_ARG_INOUT32, SIZE}}, -EINVAL},
        {{MEM, {NO}}, -EINVAL},
        {{SIZE, {NO}}, -EINVAL},
        {{99, {NO}}, -EINVAL},
        {{NO, {WN_ARGS}}, -EINVAL},
        {{NO, {NO, NUM}}, -EINVAL},
        {{NO, {SIZE}}, -EINVAL},
        {{NO, {NUM, SIZE}}, -EINVAL},
        {{NO, {MEM}}, -EINVAL},
        {{NO, {MEM, NUM}}, -EINVAL},
        {{NO, {MEM, MEM, SIZE}}, -EINVAL},
        {{NO, {MEM, SIZE, SIZE}}, -EINVAL},
        {{NO, {NUM, NUM, NUM, NUM, MEM}}, -EINVAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wn_vm *vm = machine(no_data, INTERP, "call 1\nexit");
        struct wn_error err = {0};
        assert_int_equal(wn_vm_register_helper_typed(vm, 1, tell, &rows[i].sig, &err),
                         rows[i].code);
        assert_true(!rows[i].code == !err.text[0]);
        if (rows[i].code)
            assert_int_equal(ran(vm, INTERP, NOTHING).code, WN_E_UNSUPPORTED);
        wn_vm_free(vm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_helper_ends_the_run_with_any_fault),
        cmocka_unit_test(a_number_in_a_register_calls_its_helper),
        cmocka_unit_test(a_number_that_is_no_helpers_is_a_fault),
        cmocka_unit_test(the_librarys_helpers_are_called_through_registers_too),
        cmocka_unit_test(functions_and_numbers_are_told_apart),
        cmocka_unit_test(what_ends_a_run_does_so_through_registers),
        cmocka_unit_test(too_many_calls_of_too_many_numbers_are_refused),
        cmocka_unit_test(memory_is_checked_before_a_helper_sees_it),
        cmocka_unit_test(a_signature_holds_from_every_depth_and_through_registers),
        cmocka_unit_test(a_helper_with_another_signature_is_another_one),
        cmocka_unit_test(signatures_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
