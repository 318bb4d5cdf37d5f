/* SPDX-License-Identifier: MIT */
/**
 * What uBPF documents, with vm.h: README.md, docs/VerifiedPrograms.md, custom_tests/descrs, and of
 * tests/ what is about uBPF rather than about the instruction set. Each test is named for where its
 * program comes from.
 *
 * Not here, for want of something that corresponds: the dispatcher (helpers are registered one by
 * one), read-only bytecode as a switch and buffers for compiled code (programs never change, pages
 * are the library's), profiles (there is one, and it is safe), the register offset.
 */
#include "machine.h"

#include <errno.h>

static const struct wn_vm_opts raw = {.kind = WN_VM_RAW};

#define HELPER(name)                                                                               \
    static uint64_t name(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,          \
                         struct wn_run *run)
#define UNUSED5() ((void)r1, (void)r2, (void)r3, (void)r4, (void)r5, (void)run)

HELPER(gather_bytes)
{
    UNUSED5();
    return r1 << 32 | r2 << 24 | r3 << 16 | r4 << 8 | r5;
}

HELPER(memfrob_)
{
    UNUSED5();
    uint8_t *at = wn_vm_memory(run, r1, r2, true);
    for (uint64_t i = 0; at && i < r2; i++)
        at[i] ^= 42;
    return r1;
}

HELPER(strcmp_ext)
{
    UNUSED5();
    for (;; r1++, r2++) {
        const uint8_t *a = wn_vm_memory(run, r1, 1, false), *b = wn_vm_memory(run, r2, 1, false);
        if (!a || !b || *a != *b)
            return 1;
        if (!*a)
            return 0;
    }
}

HELPER(unwind)
{
    UNUSED5();
    return r1;
}

/** The machine of uBPF's test program: helpers 0, 1, 4, 5, the last of which unwinds. */
static struct wn_vm *test_machine(enum way way, const char *text)
{
    struct wn_vm *vm = machine(raw, way, text);
    assert_int_equal(wn_vm_register_helper(vm, 0, gather_bytes, NULL), 0);
    assert_int_equal(wn_vm_register_helper(vm, 1, memfrob_, NULL), 0);
    assert_int_equal(wn_vm_register_helper(vm, 4, strcmp_ext, NULL), 0);
    assert_int_equal(wn_vm_register_helper(vm, 5, unwind, NULL), 0);
    assert_int_equal(wn_vm_set_unwind(vm, 5, NULL), 0);
    return vm;
}

static void returns(const char *text, struct wn_vm_input in, uint64_t value)
{
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = test_machine(way, text);
        gives(vm, way, in, value);
        wn_vm_free(vm);
    }
}

static void ends_in(const char *text, struct wn_vm_input in, enum wn_fault fault, uint32_t slot)
{
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = test_machine(way, text);
        faults(vm, way, in, fault, slot);
        wn_vm_free(vm);
    }
}

/** Text and the slot uBPF's own assembler makes of it: alu, alu64, jmp, ldx, st, stx. */
static void tests_assembler_raw(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t word;
    } cases[] = {
        {"add32 %r1, 0x2", 0x0000000200000104},
        {"add32 %r9, 0xffffffff", 0xffffffff00000904},
        {"neg32 %r1", 0x0000000000000184},
        {"arsh32 %r1, %r2", 0x00000000000021cc},
        {"le64 %r1", 0x00000040000001d4},
        {"be16 %r1", 0x00000010000001dc},
        {"add %r1, 0x2", 0x0000000200000107},
        {"neg %r1", 0x0000000000000187},
        {"mov %r1, %r2", 0x00000000000021bf},
        {"ja +32767", 0x000000007fff0005},
        {"ja -32768", 0x0000000080000005},
        {"jeq %r1, 0x33, +1", 0x0000003300010115},
        {"jsge %r1, %r2, +1", 0x000000000001217d},
        {"call 0x1", 0x0000000100000085},
        {"ldxdw %r1, [%r2]", 0x0000000000002179},
        {"ldxw %r1, [%r2-32768]", 0x0000000080002161},
        {"stw [%r1-1], 0x33", 0x00000033ffff0162},
        {"stxw [%r1+32767], %r2", 0x000000007fff2163},
        {"exit", 0x0000000000000095},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n;
        struct wn_slot *s = slots_of(cases[i].text, &n);
        assert_int_equal(n, 1);
        assert_int_equal((uint64_t)(uint32_t)s->imm << 32 | (uint64_t)(uint16_t)s->off << 16 |
                             (uint64_t)s->regs << 8 | s->opcode,
                         cases[i].word);
        free(s);
    }
}

/* ---- docs/VerifiedPrograms.md */

static const char verified[] =
    "mov64 r0, 0x0\narsh64 r0, r5\nldxw r3, [r1+0x1]\nmov64 r4, r1\nexit";

static void verified_program_reads_its_context(void **state)
{
    (void)state;
    uint8_t context[] = "dummy_context_data";
    returns(verified, DATA(context), 0);
}

static void verified_program_without_context_faults_and_does_not_crash(void **state)
{
    (void)state;
    ends_in(verified, NOTHING, WN_FAULT_MEMORY, 2);
    uint8_t smallest[5] = {0}; /* the access needs 4 bytes from the second on */
    returns(verified, DATA(smallest), 0);
    uint8_t small[4] = {0};
    ends_in(verified, DATA(small), WN_FAULT_MEMORY, 2);
}

static void verified_program_of_registers_only(void **state)
{
    (void)state;
    returns("mov64 r0, 0x42      ; local registers\nadd64 r0, 0x10\nexit", NOTHING, 0x52);
}

static void verified_xdp_context(void **state)
{
    (void)state;
    uint8_t packet[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0};
    struct wn_vm_opts opts = {.kind = WN_VM_META, .data_at = 0, .data_end_at = 8};
    uint64_t context[3] = {0};
    struct wn_vm_input in = {packet, sizeof packet, context, sizeof context, 0};
    const char *text = "ldxdw r2, [r1+0]\nldxdw r3, [r1+8]\nmov r4, r2\nadd r4, 14\nmov r0, 1\n"
                       "jgt r4, r3, +2\nldxb r0, [r2+12]\nadd r0, 2\nexit";
    RUN_EACH_WAY(opts, text, in, 10);
    in.data_bytes = 13;
    RUN_EACH_WAY(opts, text, in, 1);
}

/* ---- tests/helpers, tests/extensions, tests */

static void tests_helpers_call(void **state)
{
    (void)state;
    returns("mov %r1, 1\nmov %r2, 2\nmov %r3, 3\nmov %r4, 4\nmov %r5, 5\ncall 0\nexit", NOTHING,
            0x0102030405);
}

static void tests_helpers_call_memfrob(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++) {
        uint8_t mem[] = {1, 2, 3, 4, 5, 6, 7, 8};
        struct wn_vm *vm = test_machine(way, "mov %r6, %r1\nadd %r1, 2\nmov %r2, 4\ncall 1\n"
                                             "ldxdw %r0, [%r6]\nbe64 %r0\nexit");
        gives(vm, way, DATA(mem), 0x102292e2f2c0708);
        wn_vm_free(vm);
    }
}

static void tests_helpers_call_save(void **state)
{
    (void)state;
    returns("mov %r6, 0x0001\nmov %r7, 0x0020\nmov %r8, 0x0300\nmov %r9, 0x4000\nmov %r1, 1\n"
            "call 0\nmov %r0, 0\nor %r0, %r6\nor %r0, %r7\nor %r0, %r8\nor %r0, %r9\nexit",
            NOTHING, 0x4321);
}

static void tests_string_stack(void **state)
{
    (void)state;
    /* Two strings on the stack, equal to themselves and not to each other. */
    returns("stw [%r10-8], 0x78636261\nstb [%r10-4], 0\nstb [%r10-12], 0\n"
            "stw [%r10-16], 0x79636261\nmov %r1, %r10\nadd %r1, 0xfffffff8\nmov %r2, %r1\n"
            "call 0x4\njne %r0, 0x0, +7\nmov %r1, %r10\nadd %r1, 0xfffffff8\nmov %r2, %r10\n"
            "add %r2, 0xfffffff0\ncall 0x4\nxor %r0, 1\nexit\nmov %r0, 7\nexit",
            NOTHING, 0);
}

static void tests_extensions_call_unwind(void **state)
{
    (void)state;
    returns("mov %r1, 0\ncall 5\nmov %r0, 2\nexit", NOTHING, 0);
    returns("mov %r1, 1\ncall 5\nmov %r0, 2\nexit", NOTHING, 2);
    returns("call local deep\nmov %r0, 2\nexit\ndeep: mov %r1, 0\ncall 5\nmov %r0, 3\nexit",
            NOTHING, 0);
}

static void tests_extensions_call_local_use_stack(void **state)
{
    (void)state;
    returns("mov %r0, 0x55\n# of the caller\nstxw [%r10-4], %r0\ncall local func1\n"
            "ldxw %r0, [%r10-4]\nexit\n\nfunc1:\n# of the function called\nmov %r0, 0x66\n"
            "stxw [%r10-4], %r0\nexit\n",
            NOTHING, 0x55);
}

static void tests_stack(void **state)
{
    (void)state;
    returns("stdw [%r10-256], 123\nstdw [%r10-512], 456\nmov %r2, %r10\nsub %r2, 256\n"
            "ldxdw %r0, [%r2]\nsub %r2, 256\nldxdw %r1, [%r2]\nadd %r0, %r1\n\nexit",
            NOTHING, 0x243);
}

static void tests_mul_loop(void **state)
{
    (void)state;
    returns("mov %r0, 0x7\nadd %r1, 0xa\nlsh %r1, 0x20\nrsh %r1, 0x20\njeq %r1, 0x0, +4\n"
            "mov %r0, 0x7\nmul %r0, 0x7\nadd %r1, 0xffffffff\njne %r1, 0x0, -3\nexit",
            NOTHING, 0x75db9c97);
}

static void tests_early_exit(void **state)
{
    (void)state;
    returns("mov %r0, 3\nexit\nmov %r0, 4\nexit", NOTHING, 3);
}

/** 80 to and from, TCP and UDP, IPv4 and something else. */
static void tests_tcp_port_80(void **state)
{
    (void)state;
    const char *text =
        "    ldxb %r2, [%r1+0xc]\n    ldxb %r3, [%r1+0xd]\n    lsh64 %r3, 0x8\n"
        "    or %r3, %r2\n    mov %r0, 0x0\n    jne %r3, 0x8, out\n"
        "    ldxb %r2, [%r1+0x17]\n    jne %r2, 0x6, out\n"
        "    ldxb %r2, [%r1+0xe]\n    add %r1, 0xe\n    and %r2, 0xf\n"
        "    lsh %r2, 0x2\n    add %r1, %r2\n    ldxh %r2, [%r1+2]\n"
        "    be16 %r2\n    jeq %r2, 0x50, yes\n    ldxh %r2, [%r1]\n"
        "    be16 %r2\n    jne %r2, 0x50, out\nyes:\n    mov %r0, 0x1\nout:\n    exit";
    uint8_t packet[54] = {[12] = 8, 0, 0x45, [23] = 6, [34] = 0x27, 0x10, 0, 80};
    returns(text, DATA(packet), 1);
    packet[37] = 81;
    returns(text, DATA(packet), 0);
    packet[34] = 0;
    packet[35] = 80;
    returns(text, DATA(packet), 1);
    packet[23] = 17;
    returns(text, DATA(packet), 0);
    packet[23] = 6;
    packet[13] = 1;
    returns(text, DATA(packet), 0);
}

/* ---- tests/errors: at run time an error, in compiled code too */

static void tests_errors_of_a_run(void **state)
{
    (void)state;
    ends_in("mov %r6, -16\nstb [%r6+16], 0\nexit", NOTHING, WN_FAULT_MEMORY, 1);
    ends_in("mov %r6, 0\nsub %r6, 1\nstb [%r6], 0\nexit", NOTHING, WN_FAULT_MEMORY, 2);
    ends_in("mov %r6, 1\nstb [%r6-2], 0\nexit", NOTHING, WN_FAULT_MEMORY, 1);
    ends_in("stb [%r10], 0\nexit", NOTHING, WN_FAULT_MEMORY, 0);
    /* uBPF refuses this one when it is loaded; here it runs out of fuel. */
    ends_in("ja -1\nexit", NOTHING, WN_FAULT_FUEL, 0);
}

static void refused(const char *text, int code, uint32_t at)
{
    struct wn_vm *vm = NULL;
    struct wn_error err = {0};
    assert_int_equal(try_machine(raw, INTERP, text, &vm, &err), code);
    assert_int_equal(err.at, at);
    assert_true(err.text[0]);
}

/** Programs that cannot be assembled are slots as numbers. */
static void tests_errors_of_loading(void **state)
{
    (void)state;
    refused("ja +2\nexit", WN_E_MALFORMED, 0);              /* jmp-out */
    refused("ja +1\nlddw %r0, 5\nexit", WN_E_MALFORMED, 0); /* jmp-lddw */
    refused(".quad 0x18", WN_E_MALFORMED, 0);               /* incomplete-lddw */
    refused(".quad 0x18\nexit", WN_E_MALFORMED, 1);         /* incomplete-lddw2 */
    refused(".quad 0x7018, 0\nexit", WN_E_MALFORMED, 0);    /* lddw-invalid-src */
    refused(".quad 0x18, 0x100\nexit", WN_E_MALFORMED, 1);  /* second-half-invalid */
    refused(".quad 0x18, 0x10000\nexit", WN_E_MALFORMED, 1);
    refused(".quad 0x0bb7\nexit", WN_E_MALFORMED, 0);       /* invalid-reg-dst */
    refused(".quad 0xb0bf\nexit", WN_E_MALFORMED, 0);       /* invalid-reg-src */
    refused(".quad 0xff\nexit", WN_E_MALFORMED, 0);         /* unknown-opcode */
    refused(".quad 0x3000000dc\nexit", WN_E_MALFORMED, 0);  /* endian-size */
    refused("call local +5\nexit", WN_E_MALFORMED, 0);      /* call-invalid-jump */
    refused(".quad 0x12000000db\nexit", WN_E_MALFORMED, 0); /* atomic_validate */
    refused("mov %r10, 1\nexit", WN_E_REJECTED, 0);         /* err-write-r10 */
}

static void tests_errors_call_unreg(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = test_machine(way, "call 63\nexit");
        struct outcome o = ran(vm, way, NOTHING);
        assert_int_equal(o.code, WN_E_UNSUPPORTED);
        assert_int_equal(o.err.at, 0);
        wn_vm_free(vm);
    }
}

static void tests_errors_too_many_instructions(void **state)
{
    (void)state;
    enum { MANY = 65537 };
    struct wn_slot *slots = malloc(MANY * sizeof *slots);
    for (size_t i = 0; i < MANY; i++)
        slots[i] = wn_slot(0x95, 0, 0, 0, 0);
    struct wn_vm_opts opts = {.max_slots = MANY - 1};
    struct wn_vm *vm = NULL;
    assert_int_equal(wn_vm_new(&opts, slots, MANY, &vm, NULL), WN_E_LIMIT);
    assert_int_equal(wn_vm_new(&opts, slots, MANY - 1, &vm, NULL), 0);
    wn_vm_free(vm);
    free(slots);
}

/* ---- tests/reload, tests/unload_reload, custom_tests/descrs */

static void tests_reload_and_unload(void **state)
{
    (void)state;
    size_t n;
    uint64_t value = 0;
    struct wn_slot *slots = slots_of("mov %r0, 9\nexit", &n);
    struct wn_vm *vm = test_machine(INTERP, "mov %r0, 0\nexit");
    /* uBPF wants an unload first; here a program takes the place of another at once. */
    assert_int_equal(wn_vm_set_program(vm, slots, n, NULL), 0);
    gives(vm, INTERP, NOTHING, 9);
    assert_int_equal(wn_vm_set_program(vm, NULL, 0, NULL), 0);
    assert_int_equal(wn_vm_execute(vm, NULL, &value, NULL), -ENOENT);
    assert_int_equal(wn_vm_set_program(vm, slots, n, NULL), 0);
    gives(vm, INTERP, NOTHING, 9);
    free(slots);
    wn_vm_free(vm);
}

static void custom_update_helpers_after_compiling(void **state)
{
    (void)state;
    for (enum way way = INTERP; way < WAYS; way++) {
        struct wn_vm *vm = test_machine(way, "mov %r1, 4\nmov %r5, 1\ncall 0\nexit");
        gives(vm, way, NOTHING, UINT64_C(4) << 32 | 1);
        assert_int_equal(wn_vm_register_helper(vm, 0, unwind, NULL), 0);
        gives(vm, way, NOTHING, 4);
        wn_vm_free(vm);
    }
}

static void custom_local_function_stack_size(void **state)
{
    (void)state;
    const char *text = "stdw [%r10-8], 1\ncall local f\nldxdw %r0, [%r10-8]\nexit\n"
                       "f: stdw [%r10-8], 2\nstdw [%r10-32], 2\nexit";
    struct wn_vm_opts opts = {.stack_bytes = 32};
    RUN_EACH_WAY(opts, text, NOTHING, 1);
    opts.stack_bytes = 24; /* not a multiple of 16 */
    struct wn_vm *vm = NULL;
    struct wn_error err;
    assert_int_equal(try_machine(opts, INTERP, text, &vm, &err), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_assembler_raw),
        cmocka_unit_test(verified_program_reads_its_context),
        cmocka_unit_test(verified_program_without_context_faults_and_does_not_crash),
        cmocka_unit_test(verified_program_of_registers_only),
        cmocka_unit_test(verified_xdp_context),
        cmocka_unit_test(tests_helpers_call),
        cmocka_unit_test(tests_helpers_call_memfrob),
        cmocka_unit_test(tests_helpers_call_save),
        cmocka_unit_test(tests_string_stack),
        cmocka_unit_test(tests_extensions_call_unwind),
        cmocka_unit_test(tests_extensions_call_local_use_stack),
        cmocka_unit_test(tests_stack),
        cmocka_unit_test(tests_mul_loop),
        cmocka_unit_test(tests_early_exit),
        cmocka_unit_test(tests_tcp_port_80),
        cmocka_unit_test(tests_errors_of_a_run),
        cmocka_unit_test(tests_errors_of_loading),
        cmocka_unit_test(tests_errors_call_unreg),
        cmocka_unit_test(tests_errors_too_many_instructions),
        cmocka_unit_test(tests_reload_and_unload),
        cmocka_unit_test(custom_update_helpers_after_compiling),
        cmocka_unit_test(custom_local_function_stack_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
