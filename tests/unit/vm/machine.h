/* SPDX-License-Identifier: MIT */
/** Machines from assembly, and the ways to run them, for the tests of vm.h. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <winnow/text.h>
#include <winnow/vm.h>

/** How a program is run; JIT is skipped where nothing can be compiled. */
enum way { INTERP, REFERENCE, JIT, WAYS };

/** What came of a run. */
struct outcome {
    int code;
    uint64_t value;
    struct wn_error err;
};

static inline struct wn_slot *slots_of(const char *text, size_t *n)
{
    struct wn_slot *slots = NULL;
    struct wn_error err;
    if (wn_assemble(text, strlen(text), NULL, &slots, n, &err))
        fail_msg("%s (line %u)", err.text, err.at);
    return slots;
}

static inline int try_machine(struct wn_vm_opts opts, enum way way, const char *text,
                              struct wn_vm **vm, struct wn_error *err)
{
    size_t n;
    struct wn_slot *slots = slots_of(text, &n);
    if (way == REFERENCE)
        opts.interpreter = WN_ENGINE_REFERENCE;
    int r = wn_vm_new(&opts, slots, n, vm, err);
    free(slots);
    return r;
}

static inline struct wn_vm *machine(struct wn_vm_opts opts, enum way way, const char *text)
{
    struct wn_vm *vm = NULL;
    struct wn_error err;
    if (try_machine(opts, way, text, &vm, &err))
        fail_msg("%s (slot %u)", err.text, err.at);
    return vm;
}

static inline struct outcome ran(struct wn_vm *vm, enum way way, struct wn_vm_input in)
{
    struct outcome o = {.value = 0xdeadbeef};
    if (way != JIT) {
        o.code = wn_vm_execute(vm, &in, &o.value, &o.err);
        return o;
    }
    o.code = wn_vm_compile(vm, &o.err);
    if (o.code == WN_E_NOJIT) {
        o.code = wn_vm_execute(vm, &in, &o.value, &o.err);
        return o;
    }
    if (o.code == 0)
        o.code = wn_vm_execute_jit(vm, &in, &o.value, &o.err);
    return o;
}

static inline void gives(struct wn_vm *vm, enum way way, struct wn_vm_input in, uint64_t value)
{
    struct outcome o = ran(vm, way, in);
    if (o.code)
        fail_msg("way %d: %s (slot %u)", way, o.err.text, o.err.at);
    assert_int_equal(o.value, value);
    assert_int_equal(wn_vm_fault(vm), WN_FAULT_NONE);
}

static inline void faults(struct wn_vm *vm, enum way way, struct wn_vm_input in,
                          enum wn_fault fault, uint32_t slot)
{
    struct outcome o = ran(vm, way, in);
    assert_int_equal(o.code, WN_E_FAULT);
    assert_int_equal(o.err.code, WN_E_FAULT);
    assert_int_equal(o.err.at, slot);
    assert_true(o.err.text[0]);
    assert_int_equal(o.value, 0xdeadbeef);
    assert_int_equal(wn_vm_fault(vm), fault);
}

#define DATA(bytes)                                                                                \
    (struct wn_vm_input)                                                                           \
    {                                                                                              \
        .data = (bytes), .data_bytes = sizeof(bytes)                                               \
    }
#define NOTHING                                                                                    \
    (struct wn_vm_input)                                                                           \
    {                                                                                              \
        0                                                                                          \
    }

/** On a new machine each. */
#define RUN_EACH_WAY(opts, text, ...)                                                              \
    do {                                                                                           \
        for (enum way each = INTERP; each < WAYS; each++) {                                        \
            struct wn_vm *machine_ = machine(opts, each, text);                                    \
            gives(machine_, each, __VA_ARGS__);                                                    \
            wn_vm_free(machine_);                                                                  \
        }                                                                                          \
    } while (0)
