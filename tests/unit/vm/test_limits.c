/* SPDX-License-Identifier: MIT */
/** Limits and hostile programs, input that does not fit, and machines as things, with vm.h. */
#include "machine.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

static const struct wn_vm_opts raw = {.kind = WN_VM_RAW};
static const struct wn_vm_opts meta = {.kind = WN_VM_META};
static const struct wn_vm_opts no_data = {.kind = WN_VM_NO_DATA};

static int accepts_all(const struct wn_slot *slots, size_t count, void *context,
                       struct wn_error *err)
{
    (void)slots;
    (void)count;
    (void)context;
    (void)err;
    return 0;
}

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

/* ---- limits and hostile programs */

static void the_instruction_limit_holds(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm_opts opts = {.kind = WN_VM_NO_DATA, .instructions = 18};
        struct wn_vm *vm = machine(opts, way, "r0 += 1\nif r0 < 10 goto -2\nexit");
        gives(vm, way, NOTHING, 10);
        wn_vm_set_instruction_limit(vm, 17);
        faults(vm, way, NOTHING, WN_FAULT_FUEL, 1);
        wn_vm_set_instruction_limit(vm, 0);
        gives(vm, way, NOTHING, 10);
        wn_vm_free(vm);
        vm = machine(no_data, way, "goto -1");
        faults(vm, way, NOTHING, WN_FAULT_FUEL, 0);
        wn_vm_free(vm);
    }
}

static void the_stack_ends(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(no_data, way, "f: call f\nexit");
        faults(vm, way, NOTHING, WN_FAULT_STACK, 0);
        wn_vm_free(vm);
        vm =
            machine(no_data, way, "*(u8 *)(r10 - 512) = 1\nr1 = r10\nr0 = *(u8 *)(r1 - 512)\nexit");
        gives(vm, way, NOTHING, 1);
        wn_vm_free(vm);
        vm = machine(no_data, way, "*(u8 *)(r10 - 513) = 1\nexit");
        faults(vm, way, NOTHING, WN_FAULT_MEMORY, 0);
        wn_vm_free(vm);
        vm = machine(no_data, way, "*(u8 *)(r10 + 0) = 1\nexit");
        faults(vm, way, NOTHING, WN_FAULT_MEMORY, 0);
        wn_vm_free(vm);
    }
}

/** `depth` functions, each of which keeps a value at the end of its frame, as far down as asked. */
static struct wn_vm *nested(struct wn_vm_opts opts, enum way way, unsigned depth, unsigned far)
{
    char text[2048] = "";
    for (unsigned d = 1; d <= depth; d++) {
        size_t n = strlen(text);
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "*(u64 *)(r10 - 8) = %u\n*(u64 *)(r10 - %u) = %u\n", d, far, 100 * d);
        if (d < depth)
            n += (size_t)snprintf(text + n, sizeof text - n, "call f%u\n", d);
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "r1 = *(u64 *)(r10 - 8)\nr0 += r1\n"
                              "r1 = *(u64 *)(r10 - %u)\nr0 += r1\nexit\n",
                              far);
        if (d < depth)
            snprintf(text + n, sizeof text - n, "f%u: r0 = 0\n", d);
    }
    return machine(opts, way, text);
}

static void frames_are_as_large_and_as_many_as_asked(void **state)
{
    (void)state;
    static const struct {
        uint32_t stack_bytes, call_depth; /* asked for */
        uint32_t frame, depth;            /* had */
    } rows[] = {
        {0, 0, 512, 8},     {16, 0, 16, 8},     {128, 0, 128, 8},   {512, 3, 512, 3},
        {1024, 0, 1024, 4}, {1024, 2, 1024, 2}, {2048, 0, 2048, 2}, {1040, 0, 1040, 3},
        {4096, 0, 4096, 1}, {0, 1, 512, 1},     {64, 8, 64, 8},     {1360, 3, 1360, 3},
    };
    for (enum way way = INTERP; way < WAYS; way++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            const uint32_t frame = rows[i].frame, depth = rows[i].depth;
            struct wn_vm_opts opts = {.kind = WN_VM_NO_DATA,
                                      .stack_bytes = rows[i].stack_bytes,
                                      .call_depth = rows[i].call_depth};
            struct wn_vm *vm = nested(opts, way, depth, frame);
            gives(vm, way, NOTHING, 101 * depth * (depth + 1) / 2);
            wn_vm_free(vm);

            vm = nested(opts, way, depth + 1, frame);
            struct outcome o = ran(vm, way, NOTHING);
            assert_int_equal(o.code, WN_E_FAULT);
            assert_int_equal(wn_vm_fault(vm), WN_FAULT_STACK);
            char said[64];
            snprintf(said, sizeof said, "more than %u deep", (unsigned)depth);
            assert_non_null(strstr(o.err.text, said));
            wn_vm_free(vm);

            vm = machine(opts, way, "f: r0 += 1\ncall f\nexit");
            faults(vm, way, NOTHING, WN_FAULT_STACK, 1);
            wn_vm_free(vm);

            char text[64];
            snprintf(text, sizeof text, "*(u8 *)(r10 - %u) = 1\nexit", frame + 1);
            vm = machine(opts, way, text);
            faults(vm, way, NOTHING, WN_FAULT_MEMORY, 0);
            wn_vm_free(vm);
            snprintf(text, sizeof text, "r1 = r10\n*(u8 *)(r1 - %u) = 1\nexit", frame + 1);
            vm = machine(opts, way, text);
            faults(vm, way, NOTHING, WN_FAULT_MEMORY, 1);
            wn_vm_free(vm);
        }
}

static void frames_start_clear(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++)
        for (uint32_t frame = 16; frame <= 4096; frame *= 4) {
            struct wn_vm_opts opts = {.kind = WN_VM_NO_DATA, .stack_bytes = frame};
            char text[128];
            snprintf(text, sizeof text,
                     "r1 = *(u64 *)(r10 - %u)\nr2 = 5\n*(u64 *)(r10 - %u) = r2\nr0 = r1\nexit",
                     (unsigned)frame, (unsigned)frame);
            struct wn_vm *vm = machine(opts, way, text);
            gives(vm, way, NOTHING, 0);
            gives(vm, way, NOTHING, 0);
            wn_vm_free(vm);
        }
}

static void division_by_0_is_an_error_where_asked(void **state)
{
    (void)state;
    static const char *const verbs[] = {"div64", "mod64", "sdiv64", "smod64",
                                        "div32", "mod32", "sdiv32", "smod32"};
    struct wn_vm_opts strict = {.flags = WN_DIV_FAULT};
    uint64_t mem[1];
    for (enum way way = INTERP; way < WAYS; way++)
        for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
            char text[128];
            bool is32 = strstr(verbs[i], "32"), is_mod = strstr(verbs[i], "mod");
            snprintf(text, sizeof text, "ldxdw r3, [r1+0]\nmov64 r0, 7\n%s r0, r3\nexit", verbs[i]);
            struct wn_vm *vm = machine(strict, way, text), *lax = machine(raw, way, text);
            mem[0] = 0;
            faults(vm, way, DATA(mem), WN_FAULT_DIVIDE, 2);
            gives(lax, way, DATA(mem), is_mod ? 7 : 0);
            mem[0] = UINT64_C(1) << 32; /* 0 to those of 32 bits */
            if (is32)
                faults(vm, way, DATA(mem), WN_FAULT_DIVIDE, 2);
            else
                gives(vm, way, DATA(mem), is_mod ? 7 : 0);
            mem[0] = 4;
            gives(vm, way, DATA(mem), is_mod ? 3 : 1);
            wn_vm_free(vm);
            wn_vm_free(lax);
            struct wn_error err = {0};
            snprintf(text, sizeof text, "mov64 r0, 7\n%s r0, 0\nexit", verbs[i]);
            vm = NULL;
            assert_int_equal(try_machine(strict, way, text, &vm, &err), WN_E_REJECTED);
            assert_int_equal(err.at, 1);
            assert_null(vm);
        }
    RUN_EACH_WAY(raw, "mov64 r0, 7\ndiv64 r0, 0\nexit", NOTHING, 0);
}

static void a_dead_division_by_0_faults_all_the_same(void **state)
{
    (void)state;
    struct wn_vm_opts strict = {.flags = WN_DIV_FAULT};
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(strict, way, "r3 = 1\nr3 /= r4\nr0 = 1\nexit");
        faults(vm, way, NOTHING, WN_FAULT_DIVIDE, 1);
        wn_vm_free(vm);
    }
}

static void registers_start_at_0(void **state)
{
    (void)state;
    uint8_t mem[1];
    RUN_EACH_WAY(raw, "r0 |= r3\nr0 |= r4\nr0 |= r5\nr0 |= r6\nr0 |= r7\nr0 |= r8\nr0 |= r9\nexit",
                 DATA(mem), 0);
    RUN_EACH_WAY(no_data, "r0 |= r1\nr0 |= r2\nr0 |= r3\nexit", NOTHING, 0);
    RUN_EACH_WAY(meta, "r0 |= r1\nr0 |= r2\nexit", DATA(mem), 0);
}

static void metadata_programs_prove_nothing_by_r2(void **state)
{
    (void)state;
    /* For a raw packet this comparison would make the load safe. */
    static uint8_t mem[64];
    uint8_t room[128] = {0}; /* nothing that may be read lies within 59 bytes of its beginning */
    struct wn_vm_input in = {mem, sizeof mem, room, 4, 0};
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = machine(meta, way,
                                   "r2 = r2\nr2 += 60\nif r2 < 60 goto +1\n"
                                   "r0 = *(u8 *)(r1 + 59)\nexit");
        faults(vm, way, in, WN_FAULT_MEMORY, 3);
        wn_vm_free(vm);
    }
}

static void input_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    uint8_t mem[4];
    const struct {
        enum wn_vm_kind kind;
        struct wn_vm_input in;
        int code;
    } rows[] = {
        {WN_VM_RAW, {.data_bytes = 1}, -EINVAL},
        {WN_VM_RAW, {.data = mem, .data_bytes = (size_t)UINT32_MAX + 1}, -EINVAL},
        {WN_VM_RAW, {.meta = mem, .meta_bytes = 1}, -EINVAL},
        {WN_VM_RAW, {.data = mem}, 0},
        {WN_VM_META, {.meta_bytes = 1}, -EINVAL},
        {WN_VM_META, {.meta = mem, .meta_bytes = 4}, 0},
        {WN_VM_NO_DATA, {.data = mem, .data_bytes = 1}, -EINVAL},
        {WN_VM_NO_DATA, {0}, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (enum way way = INTERP; way < WAYS; way++) {
            struct wn_vm *vm = machine((struct wn_vm_opts){.kind = rows[i].kind}, way, "exit");
            assert_int_equal(ran(vm, way, rows[i].in).code, rows[i].code);
            wn_vm_free(vm);
        }
}

static void options_that_contradict_are_refused(void **state)
{
    (void)state;
    const struct wn_vm_opts rows[] = {
        {.kind = (enum wn_vm_kind)4},
        {.flags = 4},
        {.interpreter = WN_ENGINE_JIT},
        {.interpreter = (enum wn_engine)9},
        {.data_at = 8},
        {.kind = WN_VM_NO_DATA, .data_end_at = 8},
        {.meta_bytes = 8},
        {.kind = WN_VM_META, .meta_bytes = 8},
        {.kind = WN_VM_META, .data_at = 8, .data_end_at = 15},
        {.kind = WN_VM_FIXED_META},
        {.kind = WN_VM_FIXED_META, .data_at = 8, .meta_bytes = 15},
        {.kind = WN_VM_FIXED_META, .data_at = UINT32_MAX},
        {.stack_bytes = 8},
        {.stack_bytes = 520},
        {.stack_bytes = 4112},
        {.stack_bytes = UINT32_MAX - 15},
        {.call_depth = 9},
        {.call_depth = UINT32_MAX},
        {.stack_bytes = 528, .call_depth = 8},
        {.stack_bytes = 4096, .call_depth = 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wn_vm *vm = NULL;
        struct wn_error err = {0};
        assert_int_equal(wn_vm_new(&rows[i], NULL, 0, &vm, &err), -EINVAL);
        assert_true(err.text[0]);
        assert_null(vm);
    }
}

/* ---- machines as things */

static void a_clone_is_independent(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm_opts opts = {.kind = WN_VM_FIXED_META, .data_end_at = 8, .meta_bytes = 24};
        struct wn_vm *vm =
            machine(opts, way, "r6 = *(u8 *)(r1 + 16)\nr1 = 81\nr2 = 0\ncall 3\nr0 += r6\nexit");
        struct wn_vm *clone = NULL;
        ((uint8_t *)wn_vm_meta(vm, NULL))[16] = 1;
        assert_int_equal(wn_vm_register_helper(vm, 3, integer_root, NULL), 0);
        gives(vm, way, NOTHING, 10);
        assert_int_equal(wn_vm_clone(vm, &clone, NULL), 0);
        assert_ptr_equal(wn_vm_code(clone, NULL), wn_vm_code(vm, NULL));
        ((uint8_t *)wn_vm_meta(vm, NULL))[16] = 2;
        assert_int_equal(wn_vm_register_helper(vm, 3, gather_bytes, NULL), 0);
        gives(vm, way, NOTHING, (UINT64_C(81) << 32) + 2);
        gives(clone, way, NOTHING, 10);
        wn_vm_free(vm);
        gives(clone, way, NOTHING, 10);
        wn_vm_free(clone);
    }
}

static void *run_clone(void *arg)
{
    uint64_t value = 0, right = 1;
    for (int i = 0; i < 2000; i++)
        right &= wn_vm_execute(arg, NULL, &value, NULL) == 0 && value == 10;
    return right ? arg : NULL;
}

static void clones_run_in_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    struct wn_vm *clones[4] = {0};
    struct wn_vm *vm = machine(no_data, INTERP, "r0 += 1\nif r0 < 10 goto -2\nexit");
    gives(vm, INTERP, NOTHING, 10);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(wn_vm_clone(vm, &clones[i], NULL), 0);
        assert_int_equal(pthread_create(&threads[i], NULL, run_clone, clones[i]), 0);
    }
    wn_vm_free(vm);
    for (int i = 0; i < 4; i++) {
        void *right = NULL;
        assert_int_equal(pthread_join(threads[i], &right), 0);
        assert_ptr_equal(right, clones[i]);
        wn_vm_free(clones[i]);
    }
}

static void a_machine_prints_all_it_has(void **state)
{
    (void)state;
    static uint8_t memory[9];
    struct wn_vm_opts opts = {.kind = WN_VM_FIXED_META,
                              .data_at = 8,
                              .flags = WN_DIV_FAULT | WN_BLIND,
                              .instructions = 123};
    struct wn_vm *vm = machine(opts, INTERP, "r0 = 1\ncall 77\nexit");
    assert_int_equal(wn_vm_register_helper(vm, 77, integer_root, NULL), 0);
    assert_int_equal(wn_vm_set_unwind(vm, 88, NULL), 0);
    assert_int_equal(wn_vm_allow_memory(vm, memory, sizeof memory, false, NULL), 0);
    assert_int_equal(wn_vm_set_verifier(vm, accepts_all, NULL, NULL), 0);
    static const char *const parts[] = {
        "metadata of the machine",
        "8, 0",
        "metadata: 16 bytes",
        "limit: 123",
        "code: blinded",
        "512 bytes a function, 8 deep",
        "ends the run",
        "one more",
        "helper: 88",
        "helper: 77",
        "9 bytes, read-only",
        "3 slots\n",
        "call 77",
    };
    char *text = NULL;
    assert_int_equal(wn_vm_print(vm, &text, NULL), 0);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(text, parts[i]))
            fail_msg("no '%s' in:\n%s", parts[i], text);
    free(text);
    assert_int_equal(wn_vm_set_program(vm, NULL, 0, NULL), 0);
    assert_int_equal(wn_vm_print(vm, &text, NULL), 0);
    assert_non_null(strstr(text, "program: none"));
    free(text);
    wn_vm_free(vm);
}

static void machine_code_can_be_read(void **state)
{
    (void)state;
    size_t bytes = 1;
    struct wn_vm *vm = machine(no_data, INTERP, "r0 = 1\nexit");
    assert_null(wn_vm_code(vm, &bytes));
    assert_int_equal(bytes, 0);
    int r = wn_vm_compile(vm, NULL);
    assert_true(r == 0 || r == WN_E_NOJIT);
    if (r == 0) {
        const uint8_t *code = wn_vm_code(vm, &bytes);
        uint8_t any = 0;
        for (size_t i = 0; i < bytes; i++)
            any |= code[i];
        assert_true(any);
        assert_int_equal(wn_vm_compile(vm, NULL), 0);
        assert_ptr_equal(wn_vm_code(vm, NULL), code);
    }
    wn_vm_free(vm);
    wn_vm_free(NULL);
}

static void a_machine_can_begin_empty(void **state)
{
    (void)state;
    struct wn_vm *vm = NULL;
    uint64_t value = 3;
    struct wn_slot one = {.opcode = 0x95};
    assert_int_equal(wn_vm_new(NULL, NULL, 0, &vm, NULL), 0);
    assert_int_equal(wn_vm_execute(vm, NULL, &value, NULL), -ENOENT);
    assert_int_equal(wn_vm_compile(vm, NULL), -ENOENT);
    assert_int_equal(wn_vm_set_program(vm, &one, 0, NULL), WN_E_MALFORMED);
    assert_int_equal(wn_vm_set_program(vm, &one, 1, NULL), 0);
    assert_int_equal(wn_vm_execute(vm, NULL, &value, NULL), 0);
    assert_int_equal(value, 0);
    wn_vm_free(vm);
    vm = NULL;
    struct wn_vm_opts small = {.max_slots = 1};
    struct wn_slot two[] = {{.opcode = 0xb7}, {.opcode = 0x95}};
    assert_int_equal(wn_vm_new(&small, two, 2, &vm, NULL), WN_E_LIMIT);
    assert_null(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_instruction_limit_holds),
        cmocka_unit_test(the_stack_ends),
        cmocka_unit_test(frames_are_as_large_and_as_many_as_asked),
        cmocka_unit_test(frames_start_clear),
        cmocka_unit_test(division_by_0_is_an_error_where_asked),
        cmocka_unit_test(a_dead_division_by_0_faults_all_the_same),
        cmocka_unit_test(registers_start_at_0),
        cmocka_unit_test(metadata_programs_prove_nothing_by_r2),
        cmocka_unit_test(input_that_does_not_fit_is_refused),
        cmocka_unit_test(options_that_contradict_are_refused),
        cmocka_unit_test(a_clone_is_independent),
        cmocka_unit_test(clones_run_in_threads),
        cmocka_unit_test(a_machine_prints_all_it_has),
        cmocka_unit_test(machine_code_can_be_read),
        cmocka_unit_test(a_machine_can_begin_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
