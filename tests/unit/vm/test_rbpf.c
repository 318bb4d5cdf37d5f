/* SPDX-License-Identifier: MIT */
/**
 * The examples of rbpf's documentation: README.md, the doc comments of src/, and examples/. Each
 * test is named for where its program comes from; the bytes are those given there. Examples that
 * only repeat another for one more kind of machine stand with it.
 *
 * Not here, for want of something that corresponds: set_jit_exec_memory (no_std; code pages are
 * ours alone), cranelift_* (the same programs as with jit_*), to_json (what it prints of an
 * instruction is what wn_disassemble() says). Text is in test_rbpf_text.c.
 */
#include "rbpf.h"

#include <stdio.h>

#include "machine.h"

static const struct wn_vm_opts raw = {.kind = WN_VM_RAW};
static const struct wn_vm_opts mbuff = {.kind = WN_VM_META};
static const struct wn_vm_opts no_data = {.kind = WN_VM_NO_DATA};
static const struct wn_vm_opts fixed = {
    .kind = WN_VM_FIXED_META, .data_at = 0x40, .data_end_at = 0x50};

static struct wn_vm *loaded(struct wn_vm_opts opts, enum way way, struct program p)
{
    struct wn_vm *vm = NULL;
    struct wn_error err;
    if (way == REFERENCE)
        opts.interpreter = WN_ENGINE_REFERENCE;
    if (wn_vm_new(&opts, p.slots, p.count, &vm, &err))
        fail_msg("%s (slot %u)", err.text, err.at);
    return vm;
}

static void gives_each_way(struct wn_vm_opts opts, struct program p, struct wn_vm_input in,
                           uint64_t value)
{
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = loaded(opts, way, p);
        gives(vm, way, in, value);
        wn_vm_free(vm);
    }
}

/** What a load of 16 bits finds there on this machine. */
static uint64_t half(const uint8_t *at)
{
    uint16_t v;
    memcpy(&v, at, sizeof v);
    return v;
}

/* ---- README.md */

static void readme_simple_example(void **state)
{
    (void)state;
    gives_each_way(no_data,
                   PROGRAM(0xb4, 0, 0, 0, 0, 0, 0, 0, 0xb4, 1, 0, 0, 2, 0, 0, 0, 0x04, 0, 0, 0, 1,
                           0, 0, 0, 0x0c, 0x10, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0),
                   NOTHING, 3);
}

static void readme_with_jit_on_packet_data(void **state)
{
    (void)state;
    uint8_t mem[] = {0xaa, 0xbb, 0x11, 0xcc, 0xdd};
    gives_each_way(raw, PROGRAM(0x71, 0x10, 2, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0), DATA(mem),
                   0x11);
}

static void readme_using_a_metadata_buffer(void **state)
{
    (void)state;
    uint8_t mem[] = {0xaa, 0xbb, 0x11, 0x22, 0xcc, 0xdd};
    uint64_t buffer[4] = {[1] = (uintptr_t)mem, [3] = (uintptr_t)mem + sizeof mem};
    struct wn_vm_input in = {mem, sizeof mem, buffer, sizeof buffer, 0};
    gives_each_way(mbuff,
                   PROGRAM(0x79, 0x11, 8, 0, 0, 0, 0, 0, 0x69, 0x10, 2, 0, 0, 0, 0, 0, 0x95, 0, 0,
                           0, 0, 0, 0, 0),
                   in, half(mem + 2));
}

static void readme_object_file_and_virtual_metadata_buffer(void **state)
{
    (void)state;
    uint8_t packet[73] = {[12] = 0x08, 0x00, 0x45, [23] = 6, [34] = 0x99, 0x99, 0xc6, 0xcc};
    if (half((const uint8_t[]){1, 0}) != 1)
        skip(); /* the program was compiled for machines with the low byte first */
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = loaded(fixed, way, block_a_port());
        packet[34] = packet[35] = 0x99;
        gives(vm, way, DATA(packet), 0xffffffff);
        packet[34] = 0x98; /* examples/load_elf.rs: the second packet */
        packet[35] = 0x76;
        gives(vm, way, DATA(packet), 0);
        wn_vm_free(vm);
    }
}

/* ---- src/lib.rs */

static struct program nothing(void)
{
    return PROGRAM(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
}

static struct program fifth_byte(void)
{
    return PROGRAM(0x71, 0x11, 4, 0, 0, 0, 0, 0, 0x07, 1, 0, 0, 0, 0x22, 0, 0, 0xbf, 0x10, 0, 0, 0,
                   0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
}

static void lib_raw_execute_program(void **state)
{
    (void)state;
    uint8_t mem[] = {0xaa, 0xbb, 0x11, 0x22, 0xcc, 0xdd};
    gives_each_way(raw, fifth_byte(), DATA(mem), 0x22cc);
}

static void lib_set_program(void **state)
{
    (void)state;
    uint8_t mem[] = {0xaa, 0xbb, 0x11, 0x22, 0xcc, 0x27};
    struct program next = fifth_byte();
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = loaded(raw, way, nothing());
        gives(vm, way, DATA(mem), 0);
        assert_int_equal(wn_vm_set_program(vm, next.slots, next.count, NULL), 0);
        gives(vm, way, DATA(mem), 0x22cc);
        wn_vm_free(vm);
    }
}

static void lib_fixed_mbuff_execute_program(void **state)
{
    (void)state;
    uint8_t mem[] = {0xaa, 0xbb, 0x11, 0x22, 0xcc, 0xdd};
    struct program p = PROGRAM(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x79, 0x12, 0x40, 0, 0, 0, 0, 0, 0x07, 2,
                               0, 0, 5, 0, 0, 0, 0x79, 0x11, 0x50, 0, 0, 0, 0, 0, 0x2d, 0x12, 1, 0,
                               0, 0, 0, 0, 0x71, 0x20, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
    gives_each_way(fixed, p, DATA(mem), 0xdd);
    struct wn_vm_input shorter = {.data = mem, .data_bytes = 4};
    gives_each_way(fixed, p, shorter, 0);
}

static void lib_fixed_mbuff_sign_extends(void **state)
{
    (void)state;
    uint8_t mem[] = {0xaa, 0xbb, 0x11, 0x22, 0xcc, 0xdd};
    struct program p = PROGRAM(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x79, 0x12, 0x40, 0, 0, 0, 0, 0, 0x07, 2,
                               0, 0, 5, 0, 0, 0, 0x79, 0x11, 0x50, 0, 0, 0, 0, 0, 0x2d, 0x12, 3, 0,
                               0, 0, 0, 0, 0x71, 0x20, 0, 0, 0, 0, 0, 0, 0x67, 0, 0, 0, 0x38, 0, 0,
                               0, 0xc7, 0, 0, 0, 0x38, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
    gives_each_way(fixed, p, DATA(mem), 0xffffffffffffffdd);
    mem[5] = 0x27;
    gives_each_way(fixed, p, DATA(mem), 0x27);
}

/** There the machine begins with both addresses at 0, which overlap: that is refused here. */
static void lib_fixed_mbuff_set_program(void **state)
{
    (void)state;
    uint8_t mem[] = {0xaa, 0xbb, 0x11, 0x22, 0xcc, 0x27};
    struct wn_vm_opts opts = {.kind = WN_VM_FIXED_META, .data_at = 0, .data_end_at = 8};
    struct program next =
        PROGRAM(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x79, 0x12, 0x40, 0, 0, 0, 0, 0, 0x07, 2, 0, 0, 5, 0, 0,
                0, 0x79, 0x11, 0x50, 0, 0, 0, 0, 0, 0x2d, 0x12, 1, 0, 0, 0, 0, 0, 0x71, 0x20, 0, 0,
                0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = loaded(opts, way, nothing());
        assert_int_equal(wn_vm_set_addresses(vm, 0x40, 0x50, NULL), 0);
        assert_int_equal(wn_vm_set_program(vm, next.slots, next.count, NULL), 0);
        gives(vm, way, DATA(mem), 0x27);
        wn_vm_free(vm);
    }
}

static void lib_no_data_set_program(void **state)
{
    (void)state;
    struct program one = PROGRAM(0xb7, 0, 0, 0, 0x11, 0x22, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
    struct program two = PROGRAM(0xb7, 0, 0, 0, 0x11, 0x22, 0, 0, 0xdc, 0, 0, 0, 0x10, 0, 0, 0,
                                 0x95, 0, 0, 0, 0, 0, 0, 0);
    /* be16 changes nothing where numbers lie that way already. */
    uint64_t swapped = half((const uint8_t[]){1, 0}) == 1 ? 0x1122 : 0x2211;
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = loaded(no_data, way, one);
        gives(vm, way, NOTHING, 0x2211);
        assert_int_equal(wn_vm_set_program(vm, two.slots, two.count, NULL), 0);
        gives(vm, way, NOTHING, swapped);
        wn_vm_free(vm);
    }
}

static int ends_with_exit(const struct wn_slot *slots, size_t count, void *context,
                          struct wn_error *err)
{
    (void)context;
    if (slots[count - 1].opcode == 0x95)
        return 0;
    return wn_fail(err, WN_E_REJECTED, (uint32_t)count - 1, "does not end with exit");
}

static void lib_set_verifier(void **state)
{
    (void)state;
    struct program endless = PROGRAM(0x95, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0xfe, 0xff, 0, 0, 0, 0);
    struct wn_error err;
    struct wn_vm *vm = loaded(mbuff, INTERP, nothing());
    assert_int_equal(wn_vm_set_verifier(vm, ends_with_exit, NULL, &err), 0);
    assert_int_equal(wn_vm_set_program(vm, endless.slots, endless.count, &err), WN_E_REJECTED);
    assert_string_equal(err.text, "does not end with exit");
    wn_vm_free(vm);
}

static void lib_set_stack_usage_calculator(void **state)
{
    (void)state;
    struct wn_vm_opts opts = {.kind = WN_VM_NO_DATA, .stack_bytes = 16};
    RUN_EACH_WAY(opts, "stdw [r10-16], 5\nldxdw r0, [r10-16]\nexit", NOTHING, 5);
    /* What the two functions have does not overlap. */
    RUN_EACH_WAY(opts,
                 "stdw [r10-16], 5\ncall local f\nldxdw r0, [r10-16]\nexit\n"
                 "f: stdw [r10-8], 7\nstdw [r10-16], 7\nexit",
                 NOTHING, 5);
}

/* ---- helpers: src/helpers.rs, and the examples that register them */

#define HELPER(name)                                                                               \
    static uint64_t name(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,          \
                         struct wn_run *run)
#define UNUSED5() ((void)r1, (void)r2, (void)r3, (void)r4, (void)r5, (void)run)

static char printed[64];

HELPER(print_three)
{
    UNUSED5();
    int n = snprintf(printed, sizeof printed, "print: 0x%llx, 0x%llx, 0x%llx\n",
                     (unsigned long long)r3, (unsigned long long)r4, (unsigned long long)r5);
    return (uint64_t)n;
}

HELPER(gather)
{
    UNUSED5();
    return r1 << 32 | r2 << 24 | r3 << 16 | r4 << 8 | r5;
}

HELPER(root)
{
    UNUSED5();
    uint64_t v = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1)
        if ((v | bit) * (v | bit) <= r1)
            v |= bit;
    return v;
}

HELPER(frob)
{
    UNUSED5();
    uint8_t *at = wn_vm_memory(run, r1, r2, true);
    for (uint64_t i = 0; at && i < r2; i++)
        at[i] ^= 42;
    return at != NULL;
}

HELPER(compare)
{
    UNUSED5();
    for (;; r1++, r2++) {
        const uint8_t *a = wn_vm_memory(run, r1, 1, false), *b = wn_vm_memory(run, r2, 1, false);
        if (!a || !b)
            return UINT64_MAX;
        if (*a != *b || !*a)
            return *a != *b;
    }
}

HELPER(seconds)
{
    UNUSED5();
    return 1700000000;
}

/** One helper, one program in assembly, each way. */
static void helper_gives(struct wn_vm_opts opts, uint32_t key, wn_vm_helper_fn helper,
                         struct program p, struct wn_vm_input in, uint64_t value)
{
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = loaded(opts, way, p);
        assert_int_equal(wn_vm_register_helper(vm, key, helper, NULL), 0);
        gives(vm, way, in, value);
        wn_vm_free(vm);
    }
}

static struct program assembled(const char *text)
{
    struct program p;
    struct wn_slot *slots = slots_of(text, &p.count);
    assert_true(p.count <= MOST);
    memcpy(p.slots, slots, p.count * sizeof *slots);
    free(slots);
    return p;
}

static void lib_register_helper_trace_printf(void **state)
{
    (void)state;
    uint8_t buffer[8] = {0};
    struct wn_vm_input in = {.meta = buffer, .meta_bytes = sizeof buffer};
    helper_gives(mbuff, 6, print_three,
                 PROGRAM(0x18, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xb7, 2, 0, 0, 10, 0, 0,
                         0, 0xb7, 3, 0, 0, 1, 0, 0, 0, 0xb7, 4, 0, 0, 2, 0, 0, 0, 0xb7, 5, 0, 0, 3,
                         0, 0, 0, 0x85, 0, 0, 0, 6, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0),
                 in, sizeof "print: 0x1, 0x2, 0x3\n" - 1);
    assert_string_equal(printed, "print: 0x1, 0x2, 0x3\n");
}

static void lib_fixed_mbuff_register_helper_sqrti(void **state)
{
    (void)state;
    uint8_t mem[] = {0xaa, 0xbb, 0x11, 0x22, 0xcc, 9};
    helper_gives(fixed, 1, root,
                 PROGRAM(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x79, 0x12, 0x40, 0, 0, 0, 0, 0, 7, 2, 0, 0, 5,
                         0, 0, 0, 0x79, 0x11, 0x50, 0, 0, 0, 0, 0, 0x2d, 0x12, 6, 0, 0, 0, 0, 0,
                         0x71, 0x21, 0, 0, 0, 0, 0, 0, 0xb7, 2, 0, 0, 0, 0, 0, 0, 0xb7, 3, 0, 0, 0,
                         0, 0, 0, 0xb7, 4, 0, 0, 0, 0, 0, 0, 0xb7, 5, 0, 0, 0, 0, 0, 0, 0x85, 0, 0,
                         0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0),
                 DATA(mem), 3);
}

static void lib_no_data_register_helper_sqrti(void **state)
{
    (void)state;
    helper_gives(no_data, 1, root,
                 PROGRAM(0xb7, 1, 0, 0, 0, 0, 0, 1, 0xb7, 2, 0, 0, 0, 0, 0, 0, 0xb7, 3, 0, 0, 0, 0,
                         0, 0, 0xb7, 4, 0, 0, 0, 0, 0, 0, 0xb7, 5, 0, 0, 0, 0, 0, 0, 0x85, 0, 0, 0,
                         1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0),
                 NOTHING, 0x1000);
}

static void lib_raw_register_helper_sqrti(void **state)
{
    (void)state;
    uint64_t mem[] = {UINT64_C(1) << 56}; /* there as bytes, the last of them 1 */
    helper_gives(raw, 1, root,
                 PROGRAM(0x79, 0x11, 0, 0, 0, 0, 0, 0, 0xb7, 2, 0, 0, 0, 0, 0, 0, 0xb7, 3, 0, 0, 0,
                         0, 0, 0, 0xb7, 4, 0, 0, 0, 0, 0, 0, 0xb7, 5, 0, 0, 0, 0, 0, 0, 0x85, 0, 0,
                         0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0),
                 DATA(mem), 0x10000000);
}

static void helpers_gather_bytes(void **state)
{
    (void)state;
    helper_gives(no_data, 0, gather,
                 assembled("mov r1, 0x11\nmov r2, 0x22\nmov r3, 0x33\nmov r4, 0x44\nmov r5, 0x55\n"
                           "call 0\nexit"),
                 NOTHING, 0x1122334455);
}

static void helpers_memfrob(void **state)
{
    (void)state;
    helper_gives(no_data, 1, frob,
                 assembled("mov r1, 0x112233\nstxdw [r10-8], r1\nmov r1, r10\nsub r1, 8\n"
                           "mov r2, 8\ncall 1\nldxdw r0, [r10-8]\nexit"),
                 NOTHING, 0x2a2a2a2a2a3b0819);
    helper_gives(no_data, 1, frob,
                 assembled("mov r1, 0x112233\nstxdw [r10-8], r1\nmov r1, r10\nsub r1, 8\n"
                           "mov r2, 8\ncall 1\nmov r1, r10\nsub r1, 8\nmov r2, 8\ncall 1\n"
                           "ldxdw r0, [r10-8]\nexit"),
                 NOTHING, 0x112233);
}

static void helpers_strcmp(void **state)
{
    (void)state;
    uint8_t strings[] = "This is a string.\0This is another sting.";
    helper_gives(raw, 4, compare, assembled("mov r2, r1\ncall 4\nexit"), DATA(strings), 0);
    helper_gives(raw, 4, compare, assembled("mov r2, r1\nadd r2, 18\ncall 4\nexit"), DATA(strings),
                 1);
}

static void helpers_bpf_time_getns(void **state)
{
    (void)state;
    struct wn_vm_input in = {.time_ns = 1234567890123456789};
    RUN_EACH_WAY(no_data, "call 5\nexit", in, 1234567890123456789);
}

/* ---- examples/ */

static void example_date(void **state)
{
    (void)state;
    helper_gives(no_data, 1, seconds, PROGRAM(0x85, 0, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0),
                 NOTHING, 1700000000);
}

static int32_t map_value = 1;

HELPER(look_up)
{
    UNUSED5();
    const uint8_t *key = wn_vm_memory(run, r2, 1, false);
    return key && *key == 1 ? (uintptr_t)&map_value : 0;
}

static void example_allowed_memory(void **state)
{
    (void)state;
    const char *text = "stb [r10-1], 1\nmov r2, r10\nadd r2, -1\nlddw r1, 0\ncall 1\n"
                       "jeq r0, 0, +1\nldxw r0, [r0]\nexit";
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(no_data, way, text);
        assert_int_equal(wn_vm_register_helper(vm, 1, look_up, NULL), 0);
        faults(vm, way, NOTHING, WN_FAULT_MEMORY, 7);
        assert_int_equal(wn_vm_allow_memory(vm, &map_value, sizeof map_value, false, NULL), 0);
        gives(vm, way, NOTHING, 1);
        wn_vm_free(vm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readme_simple_example),
        cmocka_unit_test(readme_with_jit_on_packet_data),
        cmocka_unit_test(readme_using_a_metadata_buffer),
        cmocka_unit_test(readme_object_file_and_virtual_metadata_buffer),
        cmocka_unit_test(lib_raw_execute_program),
        cmocka_unit_test(lib_set_program),
        cmocka_unit_test(lib_fixed_mbuff_execute_program),
        cmocka_unit_test(lib_fixed_mbuff_sign_extends),
        cmocka_unit_test(lib_fixed_mbuff_set_program),
        cmocka_unit_test(lib_no_data_set_program),
        cmocka_unit_test(lib_set_verifier),
        cmocka_unit_test(lib_set_stack_usage_calculator),
        cmocka_unit_test(lib_register_helper_trace_printf),
        cmocka_unit_test(lib_fixed_mbuff_register_helper_sqrti),
        cmocka_unit_test(lib_no_data_register_helper_sqrti),
        cmocka_unit_test(lib_raw_register_helper_sqrti),
        cmocka_unit_test(helpers_gather_bytes),
        cmocka_unit_test(helpers_memfrob),
        cmocka_unit_test(helpers_strcmp),
        cmocka_unit_test(helpers_bpf_time_getns),
        cmocka_unit_test(example_date),
        cmocka_unit_test(example_allowed_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
