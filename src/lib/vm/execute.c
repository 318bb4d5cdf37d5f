/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "helper/helper.h"
#include "vm/machine.h"

/** Whether a helper of the library's is of use to machines: they have no maps and no contexts. */
static bool is_ours(const struct wn_helper *helper)
{
    for (unsigned i = 0; i < 5; i++)
        if (helper->sig.args[i] == WN_ARG_MAP || helper->sig.args[i] == WN_ARG_CTX)
            return false;
    return helper->types >> WN_PROG_FILTER & 1;
}

/** What a program may call: the embedder's helpers before the library's. */
static bool find(const void *arg, uint32_t id, struct wn_callee *out)
{
    const struct wn_vm *vm = arg;
    const struct wn_vm_helper *own = wn_vm_find_helper(vm, id);
    const struct wn_helper *helper = own ? NULL : wn_helper_find(id);
    if (!own && (!helper || !is_ours(helper)))
        return false;
    out->fn = own ? own->fn : helper->fn;
    memcpy(out->args, own ? own->sig.args : helper->sig.args, sizeof out->args);
    if (own)
        out->check |= WN_CHECK_RUN;
    if (vm->unwinds && vm->unwind == id)
        out->check |= WN_CHECK_RESULT;
    return true;
}

/** Every number that calls something, allocated; NULL without memory. */
static uint32_t *all_numbers(const struct wn_vm *vm, size_t *n)
{
    size_t library = 0;
    const struct wn_helper *helper;
    while (wn_helper_at(library))
        library++;
    uint32_t *numbers = calloc(vm->helpers.len + library, sizeof *numbers);
    *n = 0;
    for (size_t i = 0; numbers && i < vm->helpers.len; i++)
        numbers[(*n)++] = vm->helpers.data[i].key;
    for (size_t i = 0; numbers && (helper = wn_helper_at(i)); i++)
        if (is_ours(helper) && !wn_vm_find_helper(vm, helper->id))
            numbers[(*n)++] = helper->id;
    return numbers;
}

/** Make the machine's program for an engine, unless that has been done. */
static int make(const struct wn_vm *vm, enum wn_engine engine, struct wn_prog **prog,
                struct wn_error *err)
{
    if (!vm->text)
        return wn_fail(err, -ENOENT, WN_NOWHERE, "the machine has no program");
    if (*prog)
        return 0;
    struct wn_prog_opts opts = {.engine = engine,
                                .max_slots = vm->opts.max_slots,
                                .flags = vm->opts.flags & WN_BLIND ? WN_PROG_BLIND : 0,
                                .name = vm->opts.name};
    size_t n_numbers;
    WN_OWN(free) uint32_t *numbers = all_numbers(vm, &n_numbers);
    if (!numbers)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    struct wn_prog_env env = {
        .find = find,
        .arg = vm,
        .numbers = numbers,
        .n_numbers = n_numbers,
        .maps = vm->text->maps,
        .n_maps = vm->text->n_maps,
        .n_more = vm->text->n_more,
        .name = vm->text->name,
        .other_context = vm->opts.kind != WN_VM_RAW,
        .frame_bytes = wn_vm_frame_bytes(vm),
        .call_depth = wn_vm_call_depth(vm),
        .divide_faults = vm->opts.flags & WN_DIV_FAULT,
    };
    return wn_prog_make(vm->text->slots, vm->text->count, &opts, &env, prog, err);
}

static struct wn_region region_of(const void *start, size_t bytes)
{
    return (struct wn_region){(uint64_t)(uintptr_t)start, bytes, true};
}

/** What does not fit the machine's kind. */
static int check_input(const struct wn_vm *vm, const struct wn_vm_input *in, struct wn_error *err)
{
    const char *wrong = NULL;
    if ((!in->data && in->data_bytes) || (!in->meta && in->meta_bytes))
        wrong = "memory of some length is at NULL";
    else if (in->data_bytes > UINT32_MAX || in->meta_bytes > UINT32_MAX)
        wrong = "memory is longer than 4 GiB";
    else if (vm->opts.kind == WN_VM_NO_DATA && in->data_bytes)
        wrong = "this machine takes no data";
    else if (vm->opts.kind != WN_VM_META && in->meta_bytes)
        wrong = "this machine takes no metadata";
    return wrong ? wn_fail(err, -EINVAL, WN_NOWHERE, "%s", wrong) : 0;
}

/** Tell the program where its data is, if its metadata has a place for that. */
static int write_addresses(const struct wn_vm *vm, const struct wn_vm_input *in,
                           struct wn_region meta, struct wn_error *err)
{
    const struct wn_vm_opts *o = &vm->opts;
    uint32_t places[] = {o->data_at, o->data_end_at};
    uint64_t begin = (uint64_t)(uintptr_t)in->data;
    uint64_t addresses[] = {begin, begin + in->data_bytes};
    if (!o->data_at && !o->data_end_at)
        return 0;
    for (unsigned i = 0; i < 2; i++) {
        if (!meta.start || meta.bytes < sizeof addresses[i] ||
            places[i] > meta.bytes - sizeof addresses[i])
            return wn_fail(err, -EINVAL, WN_NOWHERE,
                           "the metadata has %" PRIu64 " bytes, too few for an address at %" PRIu32,
                           meta.bytes, places[i]);
        memcpy((uint8_t *)(uintptr_t)meta.start + places[i], &addresses[i], sizeof addresses[i]);
    }
    return 0;
}

static int explain(struct wn_vm *vm, struct wn_result result, struct wn_error *err)
{
    switch ((enum wn_fault)result.fault) {
    case WN_FAULT_MEMORY:
        return wn_fail(err, WN_E_FAULT, result.slot,
                       "access to memory that is not the program's, at 0x%" PRIx64,
                       wn_run_fault_address(vm->run));
    case WN_FAULT_FUEL:
        return wn_fail(err, WN_E_FAULT, result.slot, "the run has reached its instruction limit");
    case WN_FAULT_STACK:
        return wn_fail(err, WN_E_FAULT, result.slot, "calls nest more than %u deep",
                       wn_vm_call_depth(vm));
    case WN_FAULT_CALL: return wn_fail(err, WN_E_FAULT, result.slot, "call of what is no function");
    case WN_FAULT_DIVIDE: return wn_fail(err, WN_E_FAULT, result.slot, "division by 0");
    case WN_FAULT_HELPER: return wn_fail(err, WN_E_FAULT, result.slot, "a helper ended the run");
    case WN_FAULT_NONE:
    case WN_FAULTS: break;
    }
    return 0;
}

static int start(struct wn_vm *vm, const struct wn_prog *prog, const struct wn_vm_input *in,
                 uint64_t *result, struct wn_error *err)
{
    struct wn_region *regions = vm->regions.data;
    struct wn_packet packet = {.data = in->data,
                               .caplen = (uint32_t)in->data_bytes,
                               .wirelen = (uint32_t)in->data_bytes,
                               .time_ns = in->time_ns};
    regions[WN_VM_DATA] = region_of(in->data, in->data_bytes);
    regions[WN_VM_METADATA] =
        vm->meta ? region_of(vm->meta, vm->meta_bytes) : region_of(in->meta, in->meta_bytes);
    struct wn_region context =
        vm->opts.kind == WN_VM_RAW ? regions[WN_VM_DATA] : regions[WN_VM_METADATA];
    int r = write_addresses(vm, in, regions[WN_VM_METADATA], err);
    if (r)
        return r;
    struct wn_start with = {.packet = &packet,
                            .args = {context.start, context.bytes},
                            .regions = regions,
                            .n_regions = (uint32_t)vm->regions.len,
                            .fuel = vm->opts.instructions ? vm->opts.instructions : WN_FUEL};
    vm->running = true;
    struct wn_result got = wn_prog_start(prog, vm->run, &with);
    vm->running = false;
    vm->run->packet = NULL;
    vm->fault = (enum wn_fault)got.fault;
    if (vm->fault == WN_FAULT_NONE)
        *result = got.value;
    return explain(vm, got, err);
}

int wn_vm_execute(struct wn_vm *vm, const struct wn_vm_input *in, uint64_t *result,
                  struct wn_error *err)
{
    static const struct wn_vm_input nothing;
    enum wn_engine engine = vm->opts.interpreter ? vm->opts.interpreter : WN_ENGINE_INTERP;
    in = in ? in : &nothing;
    int r = wn_vm_check_idle(vm, err);
    if (r == 0)
        r = check_input(vm, in, err);
    if (r == 0)
        r = make(vm, engine, &vm->interp, err);
    return r ? r : start(vm, vm->interp, in, result, err);
}

int wn_vm_compile(struct wn_vm *vm, struct wn_error *err)
{
    int r = wn_vm_check_idle(vm, err);
    return r ? r : make(vm, WN_ENGINE_JIT, &vm->jit, err);
}

int wn_vm_execute_jit(struct wn_vm *vm, const struct wn_vm_input *in, uint64_t *result,
                      struct wn_error *err)
{
    static const struct wn_vm_input nothing;
    in = in ? in : &nothing;
    int r = wn_vm_check_idle(vm, err);
    if (r == 0)
        r = check_input(vm, in, err);
    if (r == 0 && !vm->text)
        r = wn_fail(err, -ENOENT, WN_NOWHERE, "the machine has no program");
    if (r == 0 && !vm->jit)
        r = wn_fail(err, WN_E_NOJIT, WN_NOWHERE, "the program has not been compiled");
    return r ? r : start(vm, vm->jit, in, result, err);
}

const void *wn_vm_code(const struct wn_vm *vm, size_t *bytes)
{
    if (bytes)
        *bytes = vm->jit ? vm->jit->info.code_bytes : 0;
    return vm->jit ? vm->jit->info.code : NULL;
}

/* ---- for helpers */

void *wn_vm_context(const struct wn_run *run)
{
    return run->context;
}

void *wn_vm_memory(const struct wn_run *run, uint64_t address, uint64_t bytes, bool writable)
{
    if (!bytes || !wn_run_holds(run, address, bytes, writable))
        return NULL;
    return (void *)(uintptr_t)address;
}

void wn_vm_end(struct wn_run *run)
{
    wn_run_end(run, WN_FAULT_HELPER);
}
