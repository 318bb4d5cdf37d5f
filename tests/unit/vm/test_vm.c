/* SPDX-License-Identifier: MIT */
/** The examples of rbpf's documentation, and what uBPF's says of each call, with vm.h. */
#include "machine.h"

#include <errno.h>

#include <winnow/object.h>

static const struct wn_vm_opts raw = {.kind = WN_VM_RAW};
static const struct wn_vm_opts meta = {.kind = WN_VM_META};
static const struct wn_vm_opts no_data = {.kind = WN_VM_NO_DATA};

/* ---- rbpf: README and the documentation of its four machines */

static void a_program_without_data_adds(void **state)
{
    (void)state;
    RUN_EACH_WAY(no_data, "mov32 r0, 0\nmov32 r1, 2\nadd32 r0, 1\nadd32 r0, r1\nexit", NOTHING, 3);
}

static void a_raw_program_reads_its_data(void **state)
{
    (void)state;
    uint8_t mem[] = {0xaa, 0xbb, 0x11, 0xcc, 0xdd};
    /* 0x71, whatever the comment in the original says. */
    const struct wn_slot prog[] = {{.opcode = 0x71, .regs = 0x10, .off = 2}, {.opcode = 0x95}};
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = NULL;
        assert_int_equal(wn_vm_new(NULL, prog, 2, &vm, NULL), 0);
        gives(vm, way, DATA(mem), 0x11);
        wn_vm_free(vm);
    }
    RUN_EACH_WAY(raw, "ldxb r1, [r1+3]\nadd64 r1, 0x22\nmov64 r0, r1\nexit", DATA(mem), 0xee);
    RUN_EACH_WAY(raw, "mov64 r0, r2\nexit", DATA(mem), sizeof mem);
}

static void metadata_that_the_caller_filled_leads_to_the_data(void **state)
{
    (void)state;
    uint8_t mem[] = {0xaa, 0xbb, 0x11, 0x22, 0xcc, 0xdd};
    uint64_t buffer[4] = {[1] = (uintptr_t)mem, [3] = (uintptr_t)mem + sizeof mem};
    struct wn_vm_input in = {mem, sizeof mem, buffer, sizeof buffer, 0};
    RUN_EACH_WAY(meta, "ldxdw r1, [r1+8]\nldxh r0, [r1+2]\nbe16 r0\nexit", in, 0x1122);
    RUN_EACH_WAY(meta, "mov64 r0, r2\nexit", in, sizeof buffer);
}

static void addresses_are_written_into_metadata_if_asked(void **state)
{
    (void)state;
    uint8_t mem[] = {1, 2, 3};
    uint8_t buffer[25] = {0};
    struct wn_vm_opts opts = {.kind = WN_VM_META, .data_at = 1, .data_end_at = 17};
    struct wn_vm_input in = {mem, sizeof mem, buffer, sizeof buffer, 0};
    RUN_EACH_WAY(opts,
                 "ldxdw r2, [r1+1]\nldxdw r3, [r1+17]\nldxb r0, [r3-1]\nsub64 r3, r2\n"
                 "add64 r0, r3\nexit",
                 in, 6);
    in.meta_bytes--;
    uint64_t value = 5;
    struct wn_vm *vm = machine(opts, INTERP, "exit");
    assert_int_equal(wn_vm_execute(vm, &in, &value, NULL), -EINVAL);
    in.meta_bytes = 0;
    assert_int_equal(wn_vm_execute(vm, &in, &value, NULL), -EINVAL);
    assert_int_equal(value, 5);
    wn_vm_free(vm);
}

static void fixed_metadata_has_the_addresses_of_each_run(void **state)
{
    (void)state;
    uint8_t mem1[] = {0xaa, 0xbb, 0x11, 0x22, 0xcc, 0xdd};
    uint8_t mem2[] = {0xaa, 0xbb, 0x11, 0x22, 0xcc, 0xdd, 0xee, 0xff, 0x01, 0x02, 0x77, 0x88, 0x33};
    struct wn_vm_opts opts = {.kind = WN_VM_FIXED_META, .data_at = 0x40, .data_end_at = 0x50};
    const char *text = "mov64 r0, 0\n"
                       "ldxdw r2, [r1+0x50]\n"
                       "ldxdw r1, [r1+0x40]\n"
                       "sub64 r2, r1\n"
                       "jlt r2, 12, +1\n"
                       "ldxh r0, [r1+10]\n"
                       "be16 r0\n"
                       "exit";
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(opts, way, text);
        gives(vm, way, DATA(mem2), 0x7788);
        gives(vm, way, DATA(mem1), 0);
        gives(vm, way, NOTHING, 0);
        size_t bytes;
        assert_non_null(wn_vm_meta(vm, &bytes));
        assert_int_equal(bytes, 0x58);
        wn_vm_free(vm);
    }
}

static void fixed_metadata_keeps_what_is_written(void **state)
{
    (void)state;
    struct wn_vm_opts opts = {
        .kind = WN_VM_FIXED_META, .data_at = 0, .data_end_at = 8, .meta_bytes = 32};
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm =
            machine(opts, way, "ldxdw r0, [r1+24]\nadd64 r0, 1\nstxdw [r1+24], r0\nexit");
        uint64_t *kept = wn_vm_meta(vm, NULL);
        kept[3] = 40;
        gives(vm, way, NOTHING, 41);
        gives(vm, way, NOTHING, 42);
        assert_int_equal(kept[3], 42);
        wn_vm_free(vm);
        vm = machine(opts, way, "ldxb r0, [r1+32]\nexit");
        faults(vm, way, NOTHING, WN_FAULT_MEMORY, 0);
        wn_vm_free(vm);
    }
}

static void addresses_can_be_moved(void **state)
{
    (void)state;
    static const struct {
        uint32_t data_at, data_end_at;
    } wrong[] = {{0, 0}, {8, 1}, {8, 15}, {0, 25}, {UINT32_MAX - 7, 0}};
    uint8_t mem[] = {1, 2, 3};
    uint8_t other[] = {9};
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm_opts opts = {.kind = WN_VM_FIXED_META, .data_end_at = 8, .meta_bytes = 32};
        struct wn_vm *clone = NULL, *vm = machine(opts, way,
                                                  "r1 = *(u64 *)(r1 + 16)\n"
                                                  "r0 = *(u8 *)(r1 + 0)\nexit");
        size_t bytes;
        faults(vm, way, DATA(mem), WN_FAULT_MEMORY, 1);
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
            struct wn_error err = {0};
            assert_int_equal(wn_vm_set_addresses(vm, wrong[i].data_at, wrong[i].data_end_at, &err),
                             -EINVAL);
            assert_true(err.text[0]);
        }
        ((uint8_t *)wn_vm_meta(vm, NULL))[31] = 7;
        faults(vm, way, DATA(mem), WN_FAULT_MEMORY, 1);
        assert_int_equal(((uint8_t *)wn_vm_meta(vm, NULL))[31], 7);
        assert_int_equal(wn_vm_set_addresses(vm, 16, 24, NULL), 0);
        assert_int_equal(((uint8_t *)wn_vm_meta(vm, &bytes))[31], 0);
        assert_int_equal(bytes, 32);
        gives(vm, way, DATA(mem), 1);
        assert_int_equal(wn_vm_clone(vm, &clone, NULL), 0);
        gives(clone, way, DATA(other), 9);
        wn_vm_free(clone);
        wn_vm_free(vm);
    }
    struct wn_vm *vm = machine(no_data, INTERP, "exit");
    assert_int_equal(wn_vm_set_addresses(vm, 0, 8, NULL), -EINVAL);
    wn_vm_free(vm);
}

static void metadata_is_as_long_as_moved_addresses_need(void **state)
{
    (void)state;
    struct wn_vm_opts opts = {.kind = WN_VM_FIXED_META, .data_end_at = 0x50};
    struct wn_vm *vm = machine(opts, INTERP, "exit");
    size_t bytes;
    assert_non_null(wn_vm_meta(vm, &bytes));
    assert_int_equal(bytes, 0x58);
    assert_int_equal(wn_vm_set_addresses(vm, 8, 0, NULL), 0);
    assert_non_null(wn_vm_meta(vm, &bytes));
    assert_int_equal(bytes, 16);
    wn_vm_free(vm);

    uint8_t mem[] = {5}, room[16] = {0};
    struct wn_vm_input in = {
        .data = mem, .data_bytes = sizeof mem, .meta = room, .meta_bytes = sizeof room};
    opts = (struct wn_vm_opts){.kind = WN_VM_META};
    vm = machine(opts, INTERP, "r1 = *(u64 *)(r1 + 8)\nr0 = *(u8 *)(r1 + 0)\nexit");
    faults(vm, INTERP, in, WN_FAULT_MEMORY, 1);
    assert_int_equal(wn_vm_set_addresses(vm, 8, 0, NULL), 0);
    gives(vm, INTERP, in, 5);
    wn_vm_free(vm);
}

static void a_program_can_be_exchanged(void **state)
{
    (void)state;
    struct wn_slot two[] = {{.opcode = 0xb7, .imm = 2}, {.opcode = 0x95}};
    struct wn_slot bad[] = {{.opcode = 0xb7, .imm = 2}};
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(no_data, way, "r0 = 1\nexit");
        struct wn_error err = {0};
        gives(vm, way, NOTHING, 1);
        assert_int_equal(wn_vm_set_program(vm, bad, 1, &err), WN_E_MALFORMED);
        assert_int_equal(err.at, 0);
        gives(vm, way, NOTHING, 1);
        assert_int_equal(wn_vm_set_program(vm, two, 2, NULL), 0);
        uint64_t value;
        assert_int_equal(wn_vm_execute_jit(vm, NULL, &value, NULL), WN_E_NOJIT);
        gives(vm, way, NOTHING, 2);
        assert_int_equal(wn_vm_set_program(vm, NULL, 0, NULL), 0);
        assert_int_equal(ran(vm, way, NOTHING).code, -ENOENT);
        assert_int_equal(wn_vm_execute_jit(vm, NULL, &value, &err), -ENOENT);
        assert_int_equal(err.code, -ENOENT);
        wn_vm_free(vm);
    }
}

/* ---- the verifier */

/** As rbpf's example: no program is better than one that begins with a shift. */
static int no_shift_first(const struct wn_slot *slots, size_t count, void *context,
                          struct wn_error *err)
{
    ++*(int *)context;
    if (count && (slots[0].opcode & 0xf0) == 0x60)
        return wn_fail(err, WN_E_REJECTED, 0, "begins with a shift");
    return count > 3;
}

static void a_verifier_sees_loaded_and_later_programs(void **state)
{
    (void)state;
    int calls = 0;
    struct wn_error err = {0};
    struct wn_slot shift[] = {{.opcode = 0x67, .imm = 2}, {.opcode = 0x95}};
    struct wn_slot longer[] = {
        {.opcode = 0xb7}, {.opcode = 0xb7}, {.opcode = 0xb7}, {.opcode = 0x95}};
    struct wn_slot wild[] = {{.opcode = 0xff}};
    struct wn_vm *vm = NULL;
    assert_int_equal(wn_vm_new(&no_data, shift, 2, &vm, NULL), 0);
    assert_int_equal(wn_vm_set_verifier(vm, no_shift_first, &calls, &err), WN_E_REJECTED);
    assert_string_equal(err.text, "begins with a shift");
    assert_int_equal(err.at, 0);
    assert_int_equal(wn_vm_set_program(vm, longer, 4, NULL), 0); /* so it was not kept */
    assert_int_equal(wn_vm_set_program(vm, NULL, 0, NULL), 0);
    assert_int_equal(calls, 1);
    assert_int_equal(wn_vm_set_verifier(vm, no_shift_first, &calls, &err), 0);
    assert_int_equal(calls, 1);
    assert_int_equal(wn_vm_set_program(vm, shift, 2, &err), WN_E_REJECTED);
    assert_int_equal(wn_vm_set_program(vm, longer, 4, &err), WN_E_REJECTED);
    assert_true(err.text[0] && err.at == WN_NOWHERE);
    assert_int_equal(calls, 3);
    assert_int_equal(wn_vm_set_program(vm, wild, 1, &err), WN_E_MALFORMED);
    assert_int_equal(calls, 3);
    assert_int_equal(wn_vm_set_verifier(vm, NULL, NULL, NULL), 0);
    assert_int_equal(wn_vm_set_program(vm, shift, 2, NULL), 0);
    wn_vm_free(vm);
}

static int accepts_all(const struct wn_slot *slots, size_t count, void *context,
                       struct wn_error *err)
{
    (void)slots;
    (void)count;
    (void)context;
    (void)err;
    return 0;
}

static void a_verifier_removes_no_guard(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(no_data, way, "r1 = 16 ll\nr0 = *(u8 *)(r1 + 0)\nexit");
        assert_int_equal(wn_vm_set_verifier(vm, accepts_all, NULL, NULL), 0);
        assert_true(wn_vm_set_bounds_check(vm, false));
        faults(vm, way, NOTHING, WN_FAULT_MEMORY, 2);
        assert_true(wn_vm_set_bounds_check(vm, true));
        wn_vm_free(vm);
    }
}

/* ---- helpers */

static uint64_t gather_bytes(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                             struct wn_run *run)
{
    (void)run;
    return r1 << 32 | r2 << 24 | r3 << 16 | r4 << 8 | r5;
}

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

static void helpers_have_any_key(void **state)
{
    (void)state;
    static const uint32_t keys[] = {0, 1, 60, 0x7fffffff, 0x80000000, 0xffffffff};
    for (enum way way = INTERP; way < WAYS; way++)
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            struct wn_slot prog[] = {{.opcode = 0xb7, .regs = 1, .imm = 1},
                                     {.opcode = 0xb7, .regs = 2, .imm = 2},
                                     {.opcode = 0xb7, .regs = 3, .imm = 3},
                                     {.opcode = 0xb7, .regs = 4, .imm = 4},
                                     {.opcode = 0xb7, .regs = 5, .imm = 5},
                                     {.opcode = 0x85, .imm = (int32_t)keys[k]},
                                     {.opcode = 0x95}};
            struct wn_vm *vm = machine(no_data, way, "exit");
            assert_int_equal(wn_vm_set_program(vm, prog, 7, NULL), 0);
            struct outcome o = ran(vm, way, NOTHING);
            assert_int_equal(o.code, WN_E_UNSUPPORTED);
            assert_int_equal(o.err.at, 5);
            for (size_t other = 0; other < sizeof keys / sizeof *keys; other++)
                assert_int_equal(wn_vm_register_helper(vm, keys[other], integer_root, NULL), 0);
            assert_int_equal(wn_vm_register_helper(vm, keys[k], gather_bytes, NULL), 0);
            gives(vm, way, NOTHING, 0x0102030405);
            assert_int_equal(wn_vm_register_helper(vm, keys[k], NULL, NULL), 0);
            assert_int_equal(wn_vm_register_helper(vm, keys[k], NULL, NULL), 0);
            assert_int_equal(ran(vm, way, NOTHING).code, WN_E_UNSUPPORTED);
            wn_vm_free(vm);
        }
}

static void a_helper_can_be_replaced_between_runs(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm =
            machine(no_data, way, "r1 = 65536\nr2 = 1\ncall 9\nr0 += r1\nr0 += r2\nexit");
        assert_int_equal(wn_vm_register_helper(vm, 9, integer_root, NULL), 0);
        gives(vm, way, NOTHING, 256);
        assert_int_equal(wn_vm_register_helper(vm, 9, gather_bytes, NULL), 0);
        assert_null(wn_vm_code(vm, NULL));
        gives(vm, way, NOTHING, UINT64_C(65536) << 32 | 1 << 24);
        wn_vm_free(vm);
    }
}

static void the_librarys_helpers_answer_unless_replaced(void **state)
{
    (void)state;
    struct wn_vm_input in = {.time_ns = 77};
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(no_data, way, "call 5\nexit");
        gives(vm, way, in, 77);
        assert_int_equal(wn_vm_register_helper(vm, 5, integer_root, NULL), 0);
        gives(vm, way, in, 0);
        assert_int_equal(wn_vm_register_helper(vm, 5, NULL, NULL), 0);
        gives(vm, way, in, 77);
        wn_vm_free(vm);
    }
}

/** Copies what its first argument points to into the embedder's own memory. */
static uint64_t keep_bytes(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                           struct wn_run *run)
{
    (void)r4, (void)r5;
    void *from = wn_vm_memory(run, r1, r2, r3);
    if (!from)
        return 1;
    memcpy(wn_vm_context(run), from, r2);
    return 0;
}

static void a_helper_finds_its_context_and_the_programs_memory(void **state)
{
    (void)state;
    uint8_t mem[4] = "abcd";
    static const char readable[] = "frozen";
    for (enum way way = INTERP; way < WAYS; way++) {
        char kept[16] = "";
        struct wn_vm_opts opts = {.context = kept};
        struct wn_vm *vm =
            machine(opts, way, "r2 = *(u8 *)(r1 + 3)\nr2 &= 7\nr3 = 1\ncall 1\nexit");
        assert_int_equal(wn_vm_register_helper(vm, 1, keep_bytes, NULL), 0);
        gives(vm, way, DATA(mem), 0);
        assert_string_equal(kept, "abcd");
        mem[3] = 5; /* one byte more than there are */
        gives(vm, way, DATA(mem), 1);
        mem[3] = 0;
        gives(vm, way, DATA(mem), 1);
        wn_vm_free(vm);
        mem[3] = 'd';

        vm = machine(opts, way,
                     "*(u8 *)(r10 - 8) = 0x79\n*(u8 *)(r10 - 7) = 0x7a\n"
                     "r1 = r10\nr1 += -8\nr2 = 8\nr3 = 1\n"
                     "call 1\nexit");
        assert_int_equal(wn_vm_register_helper(vm, 1, keep_bytes, NULL), 0);
        gives(vm, way, NOTHING, 0);
        assert_string_equal(kept, "yz");
        wn_vm_free(vm);

        vm = machine(opts, way, "r1 = *(u64 *)(r1 + 0)\nr2 = 7\nr3 = 0\ncall 1\nexit");
        uint64_t pointer = (uintptr_t)readable;
        struct wn_vm_input in = {.data = &pointer, .data_bytes = sizeof pointer};
        assert_int_equal(wn_vm_register_helper(vm, 1, keep_bytes, NULL), 0);
        gives(vm, way, in, 1);
        char *writable = (char *)pointer;
        assert_int_equal(wn_vm_allow_memory(vm, writable, 7, false, NULL), 0);
        gives(vm, way, in, 0);
        assert_string_equal(kept, "frozen");
        wn_vm_free(vm);
    }
}

static uint64_t ends_on_3(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                          struct wn_run *run)
{
    (void)r2, (void)r3, (void)r4, (void)r5;
    if (r1 == 3)
        wn_vm_end(run);
    return r1 - 1;
}

static void a_helper_ends_the_run_from_any_depth(void **state)
{
    (void)state;
    uint8_t mem[1];
    const char *text = "r1 = *(u8 *)(r1 + 0)\n"
                       "call f\n"
                       "r0 += 100\n"
                       "exit\n"
                       "f: r6 = r1\n"
                       "call g\n"
                       "exit\n"
                       "g: call 4\n"
                       "exit\n";
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(raw, way, text);
        assert_int_equal(wn_vm_register_helper(vm, 4, ends_on_3, NULL), 0);
        for (int again = 0; again < 2; again++) {
            mem[0] = 3;
            faults(vm, way, DATA(mem), WN_FAULT_HELPER, 7);
            mem[0] = 9;
            gives(vm, way, DATA(mem), 108);
            mem[0] = 1; /* its result is 0, which only unwinding minds */
            gives(vm, way, DATA(mem), 100);
        }
        assert_int_equal(wn_vm_set_unwind(vm, 4, NULL), 0);
        gives(vm, way, DATA(mem), 0);
        mem[0] = 9;
        gives(vm, way, DATA(mem), 108);
        mem[0] = 3;
        faults(vm, way, DATA(mem), WN_FAULT_HELPER, 7);
        wn_vm_free(vm);
    }
}

static uint64_t misuse(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                       struct wn_run *run)
{
    (void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
    struct wn_vm *vm = *(struct wn_vm **)wn_vm_context(run);
    uint64_t value;
    struct wn_slot exit_only = {.opcode = 0x95};
    int sum = wn_vm_execute(vm, NULL, &value, NULL) == -EBUSY;
    sum += wn_vm_execute_jit(vm, NULL, &value, NULL) == -EBUSY;
    sum += wn_vm_compile(vm, NULL) == -EBUSY;
    sum += wn_vm_set_program(vm, &exit_only, 1, NULL) == -EBUSY;
    sum += wn_vm_register_helper(vm, 1, NULL, NULL) == -EBUSY;
    sum += wn_vm_set_unwind(vm, 1, NULL) == -EBUSY;
    sum += wn_vm_allow_memory(vm, &value, sizeof value, true, NULL) == -EBUSY;
    sum += wn_vm_set_verifier(vm, NULL, NULL, NULL) == -EBUSY;
    sum += wn_vm_set_addresses(vm, 0, 0, NULL) == -EBUSY;
    return (uint64_t)sum;
}

static void a_helper_cannot_use_the_machine_that_runs(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = NULL;
        struct wn_vm_opts opts = {.context = &vm};
        vm = machine(opts, way, "call 1\nexit");
        assert_int_equal(wn_vm_register_helper(vm, 1, misuse, NULL), 0);
        gives(vm, way, NOTHING, 9);
        wn_vm_free(vm);
    }
}

/* ---- memory */

static void allowed_memory_is_reached_and_no_more(void **state)
{
    (void)state;
    static uint64_t table[4];
    for (enum way way = INTERP; way < WAYS; way++)
        for (int writable = 0; writable < 2; writable++) {
            uint64_t args[2] = {(uintptr_t)table, 8};
            struct wn_vm *vm = machine(raw, way,
                                       "r2 = *(u64 *)(r1 + 0)\nr3 = *(u64 *)(r1 + 8)\nr2 += r3\n"
                                       "r0 = *(u64 *)(r2 + 0)\n*(u64 *)(r2 + 0) = 7\nexit");
            table[0] = table[1] = table[2] = 5;
            faults(vm, way, DATA(args), WN_FAULT_MEMORY, 3);
            assert_int_equal(wn_vm_allow_memory(vm, &table[1], 12, writable, NULL), 0);
            if (writable)
                gives(vm, way, DATA(args), 5);
            else
                faults(vm, way, DATA(args), WN_FAULT_MEMORY, 4);
            assert_int_equal(table[1], writable ? 7 : 5);
            args[1] = 12;
            /* The upper half of what was stored, then the lower half of what lies behind. */
            if (writable && BYTE_ORDER == LITTLE_ENDIAN)
                gives(vm, way, DATA(args), 5ull << 32);
            args[1] = 13;
            faults(vm, way, DATA(args), WN_FAULT_MEMORY, 3);
            args[1] = 7;
            faults(vm, way, DATA(args), WN_FAULT_MEMORY, 3);
            wn_vm_free(vm);
        }
}

static void what_is_no_memory_is_not_allowed(void **state)
{
    (void)state;
    struct wn_vm *vm = machine(raw, INTERP, "exit");
    uint8_t byte;
    assert_int_equal(wn_vm_allow_memory(vm, NULL, 1, true, NULL), -EINVAL);
    assert_int_equal(wn_vm_allow_memory(vm, &byte, 0, true, NULL), -EINVAL);
    assert_int_equal(wn_vm_allow_memory(vm, &byte, SIZE_MAX, true, NULL), -EINVAL);
    wn_vm_free(vm);
}

static void data_is_written_in_place(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++) {
        uint8_t mem[8] = {0};
        struct wn_vm *vm = machine(raw, way,
                                   "*(u32 *)(r1 + 4) = 0x01010101\n"
                                   "r2 = 3\nlock *(u32 *)(r1 + 0) += r2\n"
                                   "r0 = *(u8 *)skb[7]\n*(u8 *)(r1 - 1) = 0\nexit");
        faults(vm, way, DATA(mem), WN_FAULT_MEMORY, 4); /* packet loads clear r1 */
        uint32_t word;
        memcpy(&word, mem, sizeof word);
        assert_int_equal(word, 3);
        assert_memory_equal(mem + 4, "\1\1\1\1", 4);
        wn_vm_free(vm);
    }
}

/* ---- objects */

static void a_program_comes_from_an_object_with_its_data(void **state)
{
    (void)state;
    struct wn_object *obj = NULL;
    struct wn_error err;
    if (BYTE_ORDER == BIG_ENDIAN)
        skip(); /* the object is for the other byte order */
    if (wn_object_load(WN_ELF_DIR "/constants.o", &obj, &err))
        fail_msg("%s", err.text);
    uint8_t mem[16] = {1, 2, 3, 'w', 'i', 'n', 'n', 'o', 'w'};
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(raw, way, "exit"), *clone = NULL;
        assert_int_equal(wn_vm_set_object(vm, obj, "nothing like it", NULL), -ENOENT);
        assert_int_equal(wn_vm_set_object(vm, obj, "constants", &err), 0);
        gives(vm, way, DATA(mem), 141 + 79 + 8 + 100000);
        assert_int_equal(wn_vm_clone(vm, &clone, NULL), 0);
        wn_vm_free(vm);
        assert_int_equal(wn_vm_allow_memory(clone, mem, 1, false, NULL), 0);
        gives(clone, way, DATA(mem), 141 + 79 + 8 + 100000);
        wn_vm_free(clone);
    }
    struct wn_vm *vm = machine(raw, INTERP, "exit");
    assert_int_equal(wn_vm_set_object(vm, obj, NULL, NULL), 0);
    wn_object_free(obj);
    gives(vm, INTERP, DATA(mem), 141 + 79 + 8 + 100000);
    wn_vm_free(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_without_data_adds),
        cmocka_unit_test(a_raw_program_reads_its_data),
        cmocka_unit_test(metadata_that_the_caller_filled_leads_to_the_data),
        cmocka_unit_test(addresses_are_written_into_metadata_if_asked),
        cmocka_unit_test(fixed_metadata_has_the_addresses_of_each_run),
        cmocka_unit_test(fixed_metadata_keeps_what_is_written),
        cmocka_unit_test(addresses_can_be_moved),
        cmocka_unit_test(metadata_is_as_long_as_moved_addresses_need),
        cmocka_unit_test(a_program_can_be_exchanged),
        cmocka_unit_test(a_verifier_sees_loaded_and_later_programs),
        cmocka_unit_test(a_verifier_removes_no_guard),
        cmocka_unit_test(helpers_have_any_key),
        cmocka_unit_test(a_helper_can_be_replaced_between_runs),
        cmocka_unit_test(the_librarys_helpers_answer_unless_replaced),
        cmocka_unit_test(a_helper_finds_its_context_and_the_programs_memory),
        cmocka_unit_test(a_helper_ends_the_run_from_any_depth),
        cmocka_unit_test(a_helper_cannot_use_the_machine_that_runs),
        cmocka_unit_test(allowed_memory_is_reached_and_no_more),
        cmocka_unit_test(what_is_no_memory_is_not_allowed),
        cmocka_unit_test(data_is_written_in_place),
        cmocka_unit_test(a_program_comes_from_an_object_with_its_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
