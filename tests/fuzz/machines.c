/* SPDX-License-Identifier: MIT */
#include "machines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/vm.h>

#include "isa/code.h"
#include "vm/machine.h"

#define META 64 /* bytes of metadata */

/** Everything a machine's run leaves behind. */
struct left {
    int r;
    enum wn_fault fault;
    uint64_t value;
    struct wn_error err;
    struct trial_calls calls;
    uint8_t stack[WN_STACK_BYTES];
    uint8_t writable[GEN_REGION_BYTES];
    uint8_t meta[META];
    uint8_t data[TRIAL_PACKET];
};

/** The engines in the order in which one machine goes through them. */
enum { REFERENCE, INTERP, JIT, ENGINES };
static const char *const names[] = {"reference", "interp", "jit"};

static void must(int r)
{
    if (r == 0)
        return;
    fprintf(stderr, "a machine cannot be made: %s\n", wn_strerror(r));
    abort();
}

/** A machine as the trial has it, but for the program. */
static struct wn_vm *make(const struct trial *t)
{
    struct wn_vm_opts opts = {
        .kind = (enum wn_vm_kind)(t->machine - 1),
        .flags = t->divide_faults ? WN_DIV_FAULT : 0,
        .interpreter = WN_ENGINE_REFERENCE,
        .instructions = t->fuel,
    };
    if (opts.kind == WN_VM_META || opts.kind == WN_VM_FIXED_META) {
        opts.data_at = 8;
        opts.data_end_at = META - 8;
    }
    if (opts.kind == WN_VM_FIXED_META)
        opts.meta_bytes = META;
    struct wn_vm *vm = NULL;
    must(wn_vm_new(&opts, NULL, 0, &vm, NULL));
    for (unsigned i = 0; i < TRIAL_HELPERS; i++)
        must(wn_vm_register_helper_typed(vm, (uint32_t)trial_numbers[i], trial_helpers[i].fn,
                                         &trial_helpers[i].sig, NULL));
    if (t->check & WN_CHECK_RESULT)
        must(wn_vm_set_unwind(vm, UINT32_MAX, NULL));
    must(wn_vm_allow_memory(vm, trial_memory.readable, GEN_REGION_BYTES, false, NULL));
    must(wn_vm_allow_memory(vm, trial_memory.writable, GEN_REGION_BYTES, true, NULL));
    return vm;
}

/** Run a machine once; false if there is no compiler here. */
static bool run(struct wn_vm *vm, int engine, const struct trial_input *input, struct left *out)
{
    static uint8_t meta[META];
    struct wn_vm_input in = {.time_ns = 1234567890123456789};
    memset(out, 0, sizeof *out);
    trial_reset();
    trial_place(input);
    memset(meta, 0x22, sizeof meta);
    memset(vm->run->stack, 0xa5, sizeof vm->run->stack);
    vm->run->random = 42;
    if (vm->meta)
        memset(vm->meta, 0x22, META);
    if (vm->opts.kind != WN_VM_NO_DATA) {
        in.data = trial_memory.input;
        in.data_bytes = input->length;
    }
    if (vm->opts.kind == WN_VM_META) {
        in.meta = meta;
        in.meta_bytes = sizeof meta;
    }
    out->r = engine == JIT ? wn_vm_compile(vm, &out->err) : 0;
    if (out->r == WN_E_NOJIT)
        return false;
    if (out->r == 0)
        out->r =
            (engine == JIT ? wn_vm_execute_jit : wn_vm_execute)(vm, &in, &out->value, &out->err);
    out->fault = wn_vm_fault(vm);
    out->calls = trial_calls;
    memcpy(out->stack, vm->run->stack, sizeof out->stack);
    memcpy(out->writable, trial_memory.writable, sizeof out->writable);
    memcpy(out->meta, vm->meta ? vm->meta : meta, sizeof out->meta);
    memcpy(out->data, trial_memory.input, input->length);
    return true;
}

static void print(const char *name, const struct left *l)
{
    fprintf(stderr, "  %-10s returns %d value %016llx fault %s slot %u calls %llu (%016llx) %s\n",
            name, l->r, (unsigned long long)l->value, wn_fault_name(l->fault), l->err.at,
            (unsigned long long)l->calls.count, (unsigned long long)l->calls.seen, l->err.text);
}

static void print_difference(int engine, const struct left *a, const struct left *b)
{
    print(names[REFERENCE], a);
    print(names[engine], b);
    if (memcmp(a->stack, b->stack, sizeof a->stack))
        fprintf(stderr, "  the stack differs\n");
    if (memcmp(a->meta, b->meta, sizeof a->meta))
        fprintf(stderr, "  the metadata differs\n");
    if (memcmp(a->data, b->data, sizeof a->data))
        fprintf(stderr, "  the data differs\n");
    if (memcmp(a->writable, b->writable, sizeof a->writable))
        fprintf(stderr, "  other memory differs\n");
}

static void count_run(const struct wn_vm *vm, const struct left *l, struct wn_trace *trace,
                      struct diff_counts *counts)
{
    if (!vm->interp)
        return;
    struct wn_result result = {.fault = l->fault, .slot = l->err.at};
    diff_count(counts, vm->interp->decoded, trace, result);
    counts->machines[vm->opts.kind]++;
}

/** All inputs on one engine; what the first one leaves is what the others have to leave. */
static bool go(struct wn_vm *vm, int engine, const struct trial *t, bool quiet,
               struct left first[TRIAL_INPUTS], struct diff_counts *counts)
{
    static struct left other;
    static uint32_t times[GEN_SLOTS];
    struct wn_trace trace = {.times = times};
    vm->run->trace = engine == REFERENCE ? &trace : NULL;
    for (unsigned i = 0; i < TRIAL_INPUTS; i++) {
        struct left *out = engine == REFERENCE ? &first[i] : &other;
        if (!run(vm, engine, &t->inputs[i], out))
            return true;
        if (engine == REFERENCE) {
            count_run(vm, out, &trace, counts);
        } else if (memcmp(&first[i], out, sizeof *out)) {
            if (!quiet)
                print_difference(engine, &first[i], out);
            return false;
        }
    }
    return true;
}

bool machines_agree(const struct trial *t, bool quiet, struct diff_counts *counts)
{
    static struct left first[TRIAL_INPUTS];
    struct wn_vm *vm = make(t);
    struct wn_error err = {0};
    bool same = true;
    int r = wn_vm_set_program(vm, t->slots, t->n, &err);
    if (r && !t->damaged) {
        if (!quiet)
            fprintf(stderr, "the machine refuses: %s (slot %u)\n", err.text, err.at);
        same = false;
    }
    if (r)
        diff_count_refused(counts, t, &err);
    for (int engine = REFERENCE; r == 0 && same && engine < ENGINES; engine++) {
        same = go(vm, engine, t, quiet, first, counts);
        if (engine == REFERENCE) { /* the same machine, so that addresses are the same */
            wn_prog_free(vm->interp);
            vm->interp = NULL;
            vm->opts.interpreter = WN_ENGINE_INTERP;
        }
    }
    counts->compiled += vm->jit != NULL;
    wn_vm_free(vm);
    return same;
}
