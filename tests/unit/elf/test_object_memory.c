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

static const char *object_path(void)
{
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? WN_ELF_DIR "/plain.eb.o"
                                                  : WN_ELF_DIR "/constants.v4.o";
}

/** Call `step` with one more allocation each time until it needs no more; all it took is back. */
static void sweep(int (*step)(struct wn_object *, struct wn_error *))
{
    long tries = 0;
    do {
        struct wn_object *obj = NULL; /* keeps the maps that a step has made */
        struct wn_error err = {0};
        long before = live;
        assert_int_equal(wn_object_load(object_path(), &obj, NULL), 0);
        failures = 0;
        until_failure = tries++;
        int r = step(obj, &err);
        until_failure = -1;
        assert_int_equal(r, failures ? -ENOMEM : 0);
        assert_int_equal(err.code, r);
        assert_true(!r == !err.text[0]);
        wn_object_free(obj);
        assert_int_equal(live, before);
    } while (failures);
    assert_true(tries > 3);
}

static int load(struct wn_object *ignored, struct wn_error *err)
{
    (void)ignored;
    struct wn_object *obj = NULL;
    int r = wn_object_load(object_path(), &obj, err);
    assert_int_equal(r == 0, obj != NULL);
    wn_object_free(obj);
    return r;
}

static int make_program(struct wn_object *obj, struct wn_error *err)
{
    struct wn_prog_opts opts = {.engine = WN_ENGINE_INTERP};
    struct wn_prog *prog = NULL;
    int r = wn_prog_load(obj, NULL, &opts, &prog, err);
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
    sweep(load);
}

static void a_program_of_an_object_gives_all_memory_back(void **state)
{
    (void)state;
    sweep(make_program);
}

static void a_machine_of_an_object_gives_all_memory_back(void **state)
{
    (void)state;
    sweep(make_machine);
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
