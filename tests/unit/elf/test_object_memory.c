/* SPDX-License-Identifier: MIT */
/** Objects when memory runs out at each allocation in turn. */
#include <winnow/object.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <winnow/prog.h>
#include <winnow/vm.h>

#include "../failing.h"

/** An object, and the program of it that needs most of the others. */
struct subject {
    const char *path, *program;
};

static const struct subject *subject;

/** Constants, and what maps, variables, program arrays and relocations against types bring. */
static const struct subject subjects[] = {
    {WN_ELF_DIR "/constants.v4.o", NULL},       {WN_ELF_DIR "/pointers.o", NULL},
    {WN_ELF_DIR "/load/tail.19.o", "parse_ip"}, {WN_ELF_DIR "/load/globals.14.o", "globals"},
    {WN_ELF_DIR "/load/legacy.16.o", NULL},     {WN_ELF_DIR "/load/exists.14.o", "exists"},
    {WN_ELF_DIR "/load/kernel.16.o", "calls"},
};

static const struct subject big = {WN_ELF_DIR "/plain.eb.o", NULL};

/** Call `step` with one more allocation each time until it needs no more; all it took is back. */
static void sweep_one(int (*step)(struct wn_object *, struct wn_error *), int good)
{
    long tries = 0;
    do {
        struct wn_object *obj = NULL; /* keeps the maps that a step has made */
        struct wn_error err = {0};
        long before = live;
        assert_int_equal(wn_object_load(subject->path, &obj, NULL), 0);
        failures = 0;
        until_failure = tries++;
        int r = step(obj, &err);
        until_failure = -1;
        assert_int_equal(r, failures ? -ENOMEM : good);
        assert_int_equal(err.code, r);
        assert_true(!r == !err.text[0]);
        wn_object_free(obj);
        assert_int_equal(live, before);
    } while (failures);
    assert_true(tries > 3);
}

static void sweep(int (*step)(struct wn_object *, struct wn_error *), size_t n, bool runs)
{
    for (size_t i = 0; i < n; i++) {
        subject = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? &big : &subjects[i];
        bool whole = !runs || !subject->program || strcmp(subject->program, "calls") != 0;
        sweep_one(step, whole ? 0 : WN_E_UNSUPPORTED);
    }
}

static int load(struct wn_object *ignored, struct wn_error *err)
{
    (void)ignored;
    struct wn_object *obj = NULL;
    int r = wn_object_load(subject->path, &obj, err);
    assert_int_equal(r == 0, obj != NULL);
    wn_object_free(obj);
    return r;
}

static int make_program(struct wn_object *obj, struct wn_error *err)
{
    struct wn_prog_opts opts = {.engine = WN_ENGINE_INTERP};
    struct wn_prog *prog = NULL;
    int r = wn_prog_load(obj, subject->program, &opts, &prog, err);
    assert_int_equal(r == 0, prog != NULL);
    wn_prog_free(prog);
    return r;
}

static int make_machine(struct wn_object *obj, struct wn_error *err)
{
    struct wn_vm *vm = NULL;
    int r = wn_vm_new(NULL, NULL, 0, &vm, err);
    if (r == 0)
        r = wn_vm_set_object(vm, obj, NULL, err);
    wn_vm_free(vm);
    return r;
}

static void loading_gives_all_memory_back(void **state)
{
    (void)state;
    sweep(load, sizeof subjects / sizeof *subjects, false);
}

static void a_program_of_an_object_gives_all_memory_back(void **state)
{
    (void)state;
    sweep(make_program, sizeof subjects / sizeof *subjects, true);
}

static void a_machine_of_an_object_gives_all_memory_back(void **state)
{
    (void)state;
    sweep(make_machine, 2, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading_gives_all_memory_back),
        cmocka_unit_test(a_program_of_an_object_gives_all_memory_back),
        cmocka_unit_test(a_machine_of_an_object_gives_all_memory_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
