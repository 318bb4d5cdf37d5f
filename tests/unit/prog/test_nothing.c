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
#include <winnow/debug.h>
#include <winnow/map.h>
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
    wn_map_free(NULL);
    return 0;
}

/** Numbers that mean nothing have names all the same, or none where that is promised. */
static int name_what_is_not_there(void)
{
    static const int wrong[] = {INT32_MIN, -4096, -1000, -1, 1, 99, INT32_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (!wn_strerror(wrong[i])[0] || !wn_strerror(0)[0])
            return -1;
        if (wrong[i] == 1)
            continue; /* is a fault, a type and a map */
        if (strcmp(wn_fault_name((enum wn_fault)wrong[i]), "unknown") != 0 ||
            wn_map_type_name((enum wn_map_type)wrong[i]))
            return -2;
        if (!wn_prog_type_name((enum wn_prog_type)wrong[i])[0] ||
            !wn_verdict((enum wn_prog_type)wrong[i], 0).name[0])
            return -3;
    }
    return 0;
}

static int make_a_map_of_nothing(void)
{
    struct wn_map_opts opts = {0};
    struct wn_map *map = NULL;
    return wn_map_new(&opts, &map, NULL);
}

/** A map with every optional argument missing; what it holds is asked for and is not there. */
static int use_an_empty_map(void)
{
    struct wn_map_opts opts = {.type = WN_MAP_HASH, 4, 8, 1};
    struct wn_map *map = NULL;
    uint32_t key = 0;
    uint64_t value = 0;
    int r = wn_map_new(&opts, &map, NULL);
    if (r)
        return r;
    if (wn_map_lookup(map, &key, &value) != -ENOENT || wn_map_delete(map, &key) != -ENOENT ||
        wn_map_next(map, NULL, &key) != -ENOENT ||
        wn_map_lookup_cpu(map, &key, 7, &value) != -EINVAL ||
        wn_map_set_prog(map, 0, NULL) != -EINVAL)
        r = -1;
    wn_map_quiesce(map);
    wn_map_free(map);
    return r;
}

/** What can be asked of a run structure before any run. */
static int look_at_a_run_that_was_not(void)
{
    struct wn_run *run = wn_run_new();
    if (!run)
        return -ENOMEM;
    uint32_t bytes = 1;
    bool something = wn_run_packet(run, &bytes) || bytes;
    bytes = 1;
    something |= wn_run_context(run, &bytes) || bytes;
    something |= wn_run_redirect(run) || wn_run_fault_prog(run);
    (void)wn_run_fault_address(run);
    wn_run_set_cpu(run, 0);
    wn_run_set_print(run, NULL, NULL);
    wn_run_free(run);
    return something ? -1 : 0;
}

/** A program that nobody asked to be compiled, or to keep lines. */
static int look_for_lines_that_are_not_kept(void)
{
    struct wn_prog_opts opts = {.engine = WN_ENGINE_REFERENCE};
    struct wn_prog *prog = NULL;
    struct wn_prog_info info;
    size_t n = 1;
    int r = wn_prog_new(two, 2, &opts, &prog, NULL);
    if (r)
        return r;
    wn_prog_info(prog, &info);
    if (wn_prog_lines(prog, &n) || n || info.code || info.code_bytes || info.no_jit.code)
        r = -1;
    wn_prog_free(prog);
    return r;
}

static int end_a_record_that_was_not_begun(void)
{
    return wn_jitdump_close(NULL);
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

static int take_a_helper_without_signature(struct wn_vm *vm)
{
    return wn_vm_register_helper_typed(vm, 9, NULL, NULL, NULL);
}

static int move_addresses_of_no_metadata(struct wn_vm *vm)
{
    return wn_vm_set_addresses(vm, 8, 16, NULL);
}

static int take_the_usual_limit(struct wn_vm *vm)
{
    uint64_t value = 0;
    wn_vm_set_instruction_limit(vm, 0);
    int r = wn_vm_set_program(vm, two, 2, NULL);
    if (r == 0)
        r = wn_vm_execute(vm, NULL, &value, NULL);
    return r == 0 && value != 3 ? -1 : r;
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
    {"name what is not there", name_what_is_not_there, NULL, 0},
    {"make a map of nothing", make_a_map_of_nothing, NULL, WN_E_UNSUPPORTED},
    {"use an empty map", use_an_empty_map, NULL, 0},
    {"look at a run that was not", look_at_a_run_that_was_not, NULL, 0},
    {"look for lines", look_for_lines_that_are_not_kept, NULL, 0},
    {"end a record that was not begun", end_a_record_that_was_not_begun, NULL, 0},
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
    {"take no typed helper", NULL, take_a_helper_without_signature, 0},
    {"move addresses of no metadata", NULL, move_addresses_of_no_metadata, -EINVAL},
    {"take the usual limit", NULL, take_the_usual_limit, 0},
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
