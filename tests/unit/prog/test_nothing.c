/* SPDX-License-Identifier: MIT */
/** Every public function that may be given nothing, given nothing: an error or no effect, no crash.
 */
#include <winnow/prog.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <winnow/build.h>
#include <winnow/object.h>
#include <winnow/text.h>
#include <winnow/vm.h>

static const struct wn_slot two[] = {{0xb7, 0, 0, 3}, {0x95, 0, 0, 0}};

static int assemble_nothing(void)
{
    struct wn_slot *slots = NULL;
    size_t n = 77;
    int r = wn_assemble("", 0, NULL, &slots, &n, NULL);
    free(slots);
    return r == 0 && n != 0 ? -1 : r;
}

static int disassemble_nothing(void)
{
    char *text = NULL;
    int r = wn_disassemble(two, 0, NULL, &text, NULL);
    if (r == 0 && text[0])
        r = -1;
    free(text);
    return r;
}

static int parse_no_classic_text(void)
{
    struct wn_cbpf_insn *insns = NULL;
    size_t n;
    return wn_cbpf_parse("", 0, &insns, &n, NULL);
}

static int translate_nothing(void)
{
    struct wn_slot *slots = NULL;
    size_t n;
    return wn_cbpf_translate(NULL, 0, &slots, &n, NULL);
}

static int parse_no_object(void)
{
    struct wn_object *obj = NULL;
    return wn_object_parse("", 0, &obj, NULL);
}

static int load_no_file(void)
{
    struct wn_object *obj = NULL;
    return wn_object_load("/nowhere", &obj, NULL);
}

static int make_no_program(void)
{
    struct wn_prog *prog = NULL;
    return wn_prog_new(two, 0, NULL, &prog, NULL);
}

static int run_no_packets(void)
{
    struct wn_prog *prog = NULL;
    struct wn_run *run = wn_run_new();
    int r = wn_prog_new(two, 2, NULL, &prog, NULL);
    wn_prog_run_batch(prog, run, NULL, 0, NULL);
    struct wn_packet nothing = {0};
    if (r == 0 && wn_prog_run(prog, run, &nothing).value != 3)
        r = -1;
    wn_prog_free(prog);
    wn_run_free(run);
    return r;
}

static int free_nothing(void)
{
    wn_prog_free(NULL);
    wn_run_free(NULL);
    wn_object_free(NULL);
    wn_vm_free(NULL);
    return 0;
}

static int call_a_helper_that_is_missing(void)
{
    struct wn_slot slots[] = {{0x85, 0, 0, 424242}, {0x95, 0, 0, 0}};
    struct wn_prog *prog = NULL;
    return wn_prog_new(slots, 2, NULL, &prog, NULL);
}

static int finish_nothing(void)
{
    struct wn_builder b = {0};
    struct wn_slot *slots = NULL;
    size_t n;
    wn_build_reset(&b);
    return wn_build_finish(&b, &slots, &n, NULL);
}

static int fail_with_nowhere_to_say_so(void)
{
    return wn_fail(NULL, WN_E_LIMIT, WN_NOWHERE, "%d", 5);
}

/** A machine without program; `use` does something with it. */
static int with_machine(int (*use)(struct wn_vm *))
{
    struct wn_vm *vm = NULL;
    int r = wn_vm_new(NULL, NULL, 0, &vm, NULL);
    if (r == 0)
        r = use(vm);
    wn_vm_free(vm);
    return r;
}

static int execute(struct wn_vm *vm)
{
    uint64_t value;
    return wn_vm_execute(vm, NULL, &value, NULL);
}

static int execute_jit(struct wn_vm *vm)
{
    uint64_t value;
    return wn_vm_execute_jit(vm, NULL, &value, NULL);
}

static int compile(struct wn_vm *vm)
{
    return wn_vm_compile(vm, NULL);
}

static int take_no_program(struct wn_vm *vm)
{
    return wn_vm_set_program(vm, NULL, 0, NULL);
}

static int take_an_empty_program(struct wn_vm *vm)
{
    return wn_vm_set_program(vm, two, 0, NULL);
}

static int allow_no_memory(struct wn_vm *vm)
{
    return wn_vm_allow_memory(vm, NULL, 8, true, NULL);
}

static int allow_no_bytes(struct wn_vm *vm)
{
    static uint8_t byte;
    return wn_vm_allow_memory(vm, &byte, 0, true, NULL);
}

static int take_a_helper_away_that_is_not_there(struct wn_vm *vm)
{
    return wn_vm_register_helper(vm, 9, NULL, NULL);
}

static int take_no_verifier(struct wn_vm *vm)
{
    return wn_vm_set_verifier(vm, NULL, NULL, NULL);
}

static int look_at_nothing(struct wn_vm *vm)
{
    return !wn_vm_code(vm, NULL) && !wn_vm_meta(vm, NULL) && wn_vm_fault(vm) == WN_FAULT_NONE ? 0
                                                                                              : -1;
}

static int print(struct wn_vm *vm)
{
    char *text = NULL;
    int r = wn_vm_print(vm, &text, NULL);
    free(text);
    return r;
}

static int copy(struct wn_vm *vm)
{
    struct wn_vm *other = NULL;
    int r = wn_vm_clone(vm, &other, NULL);
    wn_vm_free(other);
    return r;
}

static const struct {
    const char *what;
    int (*call)(void);
    int (*use)(struct wn_vm *);
    int expected;
} rows[] = {
    {"assemble no text", assemble_nothing, NULL, 0},
    {"disassemble no slots", disassemble_nothing, NULL, 0},
    {"parse no classic text", parse_no_classic_text, NULL, WN_E_SYNTAX},
    {"translate no instructions", translate_nothing, NULL, WN_E_MALFORMED},
    {"parse no object", parse_no_object, NULL, WN_E_FORMAT},
    {"load a file that is not there", load_no_file, NULL, -ENOENT},
    {"make a program of no slots", make_no_program, NULL, WN_E_MALFORMED},
    {"run on no packets", run_no_packets, NULL, 0},
    {"free nothing", free_nothing, NULL, 0},
    {"call a missing helper", call_a_helper_that_is_missing, NULL, WN_E_UNSUPPORTED},
    {"finish an empty builder", finish_nothing, NULL, WN_E_MALFORMED},
    {"fail without struct wn_error", fail_with_nowhere_to_say_so, NULL, WN_E_LIMIT},
    {"execute no program", NULL, execute, -ENOENT},
    {"execute no compiled program", NULL, execute_jit, -ENOENT},
    {"compile no program", NULL, compile, -ENOENT},
    {"take no program", NULL, take_no_program, 0},
    {"take an empty program", NULL, take_an_empty_program, WN_E_MALFORMED},
    {"allow no memory", NULL, allow_no_memory, -EINVAL},
    {"allow no bytes", NULL, allow_no_bytes, -EINVAL},
    {"take away no helper", NULL, take_a_helper_away_that_is_not_there, 0},
    {"take no verifier", NULL, take_no_verifier, 0},
    {"look at nothing", NULL, look_at_nothing, 0},
    {"print an empty machine", NULL, print, 0},
    {"clone an empty machine", NULL, copy, 0},
};

static void nothing_gives_an_error_or_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int r = rows[i].use ? with_machine(rows[i].use) : rows[i].call();
        if (r != rows[i].expected)
            fail_msg("%s: %d, not %d", rows[i].what, r, rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_gives_an_error_or_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
