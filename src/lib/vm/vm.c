/* SPDX-License-Identifier: MIT */
#include "vm/machine.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/frozen.h"
#include "base/own.h"
#include "base/vec.h"
#include "map/map.h"

#define ADDRESS_BYTES 8u /* of the data, as it stands in metadata */

WN_OWN_BY(vm, struct wn_vm, wn_vm_free)

static int no_memory(struct wn_error *err)
{
    return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
}

int wn_vm_check_idle(const struct wn_vm *vm, struct wn_error *err)
{
    if (!vm->running)
        return 0;
    return wn_fail(err, -EBUSY, WN_NOWHERE, "the machine is running: a helper may not use it");
}

/* ---- programs */

static void text_unref(struct wn_vm_text *text)
{
    if (!text || atomic_fetch_sub_explicit(&text->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < text->n_maps + text->n_more; i++)
        wn_map_free(text->maps[i]);
    free(text->maps);
    free(text->name);
    wn_frozen_free(text->slots, text->count * sizeof *text->slots);
    free(text);
}

WN_OWN_BY(text, struct wn_vm_text, text_unref)

static struct wn_vm_text *text_ref(struct wn_vm_text *text)
{
    if (text)
        atomic_fetch_add_explicit(&text->refs, 1, memory_order_relaxed);
    return text;
}

/** bound: what the program is of an object; its maps become the text's. NULL without. */
static struct wn_vm_text *text_new(const struct wn_slot *slots, size_t count,
                                   struct wn_bound *bound, const char *name)
{
    WN_OWN(text) struct wn_vm_text *text = calloc(1, sizeof *text);
    if (!text)
        return NULL;
    atomic_init(&text->refs, 1);
    text->count = count;
    text->slots = wn_frozen_copy(slots, count * sizeof *slots);
    text->name = name ? strdup(name) : NULL;
    if (!text->slots || (name && !text->name))
        return NULL;
    if (bound) {
        text->maps = wn_give(bound->maps);
        text->n_maps = bound->n_maps;
        text->n_more = bound->n_more;
    }
    return wn_give(text);
}

/** Let go of what was made of the program. */
static void forget_made(struct wn_vm *vm)
{
    wn_prog_free(wn_give(vm->interp));
    wn_prog_free(wn_give(vm->jit));
}

static int ask_verifier(wn_vm_verifier_fn verifier, void *context, const struct wn_slot *slots,
                        size_t count, struct wn_error *err)
{
    struct wn_error said = {.at = WN_NOWHERE};
    int r = verifier ? verifier(slots, count, context, &said) : 0;
    if (r == 0)
        return 0;
    said.text[sizeof said.text - 1] = '\0';
    return wn_fail(err, r < 0 ? r : WN_E_REJECTED, said.at, "%s",
                   said.text[0] ? said.text : "the machine's verifier refuses the program");
}

/** Whether a program may be this machine's, whatever helpers it will have. */
static int check_program(const struct wn_vm *vm, const struct wn_slot *slots, size_t count,
                         const struct wn_bound *bound, struct wn_error *err)
{
    struct wn_prog_env env = {.divide_faults = vm->opts.flags & WN_DIV_FAULT};
    if (bound) {
        env.maps = bound->maps;
        env.n_maps = bound->n_maps;
    }
    int r = wn_prog_check(slots, count, vm->opts.max_slots, &env, err);
    return r ? r : ask_verifier(vm->verifier, vm->verifier_context, slots, count, err);
}

/** Put a program in place, or none: takes `text` on success. */
static int set_text(struct wn_vm *vm, struct wn_vm_text **text, struct wn_error *err)
{
    uint32_t n = *text ? (*text)->n_maps : 0;
    struct wn_region *all = malloc((vm->allowed + n) * sizeof *all);
    if (!all)
        return no_memory(err);
    memcpy(all, vm->regions.data, vm->allowed * sizeof *all);
    size_t len = vm->allowed;
    for (uint32_t i = 0; i < n; i++) {
        wn_map_values((*text)->maps[i], &all[len]);
        len += all[len].bytes != 0;
    }
    free(vm->regions.data);
    vm->regions.data = all;
    vm->regions.len = len;
    vm->regions.cap = vm->allowed + n;
    forget_made(vm);
    text_unref(vm->text);
    vm->text = wn_give(*text);
    return 0;
}

static int set_program(struct wn_vm *vm, const struct wn_slot *slots, size_t count,
                       struct wn_bound *bound, const char *name, struct wn_error *err)
{
    int r = wn_vm_check_idle(vm, err);
    if (r == 0 && slots)
        r = check_program(vm, slots, count, bound, err);
    if (r)
        return r;
    WN_OWN(text) struct wn_vm_text *text = slots ? text_new(slots, count, bound, name) : NULL;
    if (slots && !text)
        return no_memory(err);
    return set_text(vm, &text, err);
}

int wn_vm_set_program(struct wn_vm *vm, const struct wn_slot *slots, size_t count,
                      struct wn_error *err)
{
    return set_program(vm, slots, count, NULL, NULL, err);
}

static inline void wn_own_bound(struct wn_bound *bound)
{
    wn_bound_fini(bound);
}

int wn_vm_set_object(struct wn_vm *vm, struct wn_object *obj, const char *name,
                     struct wn_error *err)
{
    WN_OWN(bound) struct wn_bound bound = {0};
    struct wn_object_prog about;
    int i = wn_object_find(obj, name, err);
    if (i < 0)
        return i;
    int r = wn_prog_bind_object(obj, (size_t)i, &bound, err);
    if (r)
        return r;
    wn_object_describe(obj, (size_t)i, &about);
    return set_program(vm, bound.slots, bound.count, &bound,
                       *about.name ? about.name : about.section, err);
}

int wn_vm_set_verifier(struct wn_vm *vm, wn_vm_verifier_fn verifier, void *context,
                       struct wn_error *err)
{
    int r = wn_vm_check_idle(vm, err);
    if (r == 0 && vm->text)
        r = ask_verifier(verifier, context, vm->text->slots, vm->text->count, err);
    if (r)
        return r;
    vm->verifier = verifier;
    vm->verifier_context = context;
    return 0;
}

/* ---- machines */

static uint32_t frame_bytes(const struct wn_vm_opts *o)
{
    return o->stack_bytes ? o->stack_bytes : WN_STACK_FRAME;
}

static uint32_t call_depth(const struct wn_vm_opts *o)
{
    uint32_t fit = WN_STACK_BYTES / frame_bytes(o);
    if (o->call_depth)
        return o->call_depth;
    return fit < WN_CALL_DEPTH ? fit : WN_CALL_DEPTH;
}

uint32_t wn_vm_frame_bytes(const struct wn_vm *vm)
{
    return frame_bytes(&vm->opts);
}

uint32_t wn_vm_call_depth(const struct wn_vm *vm)
{
    return call_depth(&vm->opts);
}

static const char *bad_stack(const struct wn_vm_opts *o)
{
    if (frame_bytes(o) % 16)
        return "the stack of a function is no multiple of 16 bytes";
    if (frame_bytes(o) > WN_STACK_BYTES)
        return "the stack of a function is longer than 4096 bytes";
    if (call_depth(o) > WN_CALL_DEPTH)
        return "functions cannot nest more than 8 deep";
    if (call_depth(o) * frame_bytes(o) > WN_STACK_BYTES)
        return "all functions together have more than 4096 bytes of stack";
    return NULL;
}

/** Whether addresses are written into the metadata before a run. */
static bool writes_addresses(const struct wn_vm_opts *o)
{
    return o->kind == WN_VM_FIXED_META || o->data_at || o->data_end_at;
}

/** Bytes of metadata that the addresses need. */
static uint64_t address_room(const struct wn_vm_opts *o)
{
    uint32_t last = o->data_at > o->data_end_at ? o->data_at : o->data_end_at;
    return (uint64_t)last + ADDRESS_BYTES;
}

static int bad_option(struct wn_error *err, const char *what)
{
    return wn_fail(err, -EINVAL, WN_NOWHERE, "%s", what);
}

static int check_opts(const struct wn_vm_opts *o, struct wn_error *err)
{
    uint32_t distance =
        o->data_at > o->data_end_at ? o->data_at - o->data_end_at : o->data_end_at - o->data_at;
    bool has_meta = o->kind == WN_VM_META || o->kind == WN_VM_FIXED_META;
    if ((unsigned)o->kind > WN_VM_NO_DATA)
        return bad_option(err, "there is no such kind of machine");
    if (o->flags & ~(uint32_t)(WN_DIV_FAULT | WN_BLIND))
        return bad_option(err, "there is no such flag");
    if ((unsigned)o->interpreter > WN_ENGINE_REFERENCE || o->interpreter == WN_ENGINE_JIT)
        return bad_option(err, "machine code is no interpreter; compile with wn_vm_compile()");
    if (!has_meta && (o->data_at || o->data_end_at))
        return bad_option(err, "addresses are written into metadata, which this kind has not");
    if (o->kind != WN_VM_FIXED_META && o->meta_bytes)
        return bad_option(err, "only a machine with fixed metadata keeps a buffer");
    if (has_meta && writes_addresses(o) && distance < ADDRESS_BYTES)
        return bad_option(err, "the two addresses in the metadata overlap");
    if (o->meta_bytes && o->meta_bytes < address_room(o))
        return bad_option(err, "the metadata is too short for the addresses in it");
    if (address_room(o) > UINT32_MAX)
        return bad_option(err, "the addresses lie too far behind in the metadata");
    const char *wrong = bad_stack(o);
    return wrong ? bad_option(err, wrong) : 0;
}

/** Let a machine have the options, and fresh metadata if it keeps that; false without memory. */
static bool take_opts(struct wn_vm *vm, const struct wn_vm_opts *opts)
{
    bool keeps = opts->kind == WN_VM_FIXED_META;
    uint32_t bytes = opts->meta_bytes ? opts->meta_bytes : (uint32_t)address_room(opts);
    uint8_t *meta = keeps ? calloc(1, bytes) : NULL;
    if (keeps && !meta)
        return false;
    free(vm->meta);
    vm->meta = meta;
    vm->meta_bytes = keeps ? bytes : 0;
    vm->opts = *opts;
    return true;
}

/** A machine without program. */
static struct wn_vm *alloc_vm(const struct wn_vm_opts *opts)
{
    WN_OWN(vm) struct wn_vm *vm = calloc(1, sizeof *vm);
    if (!vm || !take_opts(vm, opts))
        return NULL;
    vm->run = wn_run_new();
    if (!vm->run)
        return NULL;
    while (vm->allowed < WN_VM_PER_RUN && wn_vec_push(&vm->regions, (struct wn_region){0}))
        vm->allowed++;
    if (vm->allowed < WN_VM_PER_RUN)
        return NULL;
    vm->run->context = opts->context;
    return wn_give(vm);
}

int wn_vm_new(const struct wn_vm_opts *opts, const struct wn_slot *slots, size_t count,
              struct wn_vm **out, struct wn_error *err)
{
    static const struct wn_vm_opts defaults;
    int r = check_opts(opts ? opts : &defaults, err);
    if (r)
        return r;
    WN_OWN(vm) struct wn_vm *vm = alloc_vm(opts ? opts : &defaults);
    if (!vm)
        return no_memory(err);
    r = set_program(vm, slots, count, NULL, NULL, err);
    if (r == 0)
        *out = wn_give(vm);
    return r;
}

int wn_vm_set_addresses(struct wn_vm *vm, uint32_t data_at, uint32_t data_end_at,
                        struct wn_error *err)
{
    struct wn_vm_opts opts = vm->opts;
    opts.data_at = data_at;
    opts.data_end_at = data_end_at;
    int r = wn_vm_check_idle(vm, err);
    if (r == 0)
        r = check_opts(&opts, err);
    if (r)
        return r;
    return take_opts(vm, &opts) ? 0 : no_memory(err);
}

void wn_vm_free(struct wn_vm *vm)
{
    if (!vm)
        return;
    assert(!vm->running);
    forget_made(vm);
    text_unref(vm->text);
    wn_run_free(vm->run);
    free(vm->meta);
    free(vm->helpers.data);
    free(vm->regions.data);
    free(vm);
}

/** Copy what a machine has grown; false without memory. */
static bool copy_grown(struct wn_vm *to, const struct wn_vm *from)
{
    for (size_t i = 0; i < from->helpers.len; i++)
        if (!wn_vec_push(&to->helpers, from->helpers.data[i]))
            return false;
    for (size_t i = WN_VM_PER_RUN; i < from->regions.len; i++)
        if (!wn_vec_push(&to->regions, from->regions.data[i]))
            return false;
    return true;
}

int wn_vm_clone(const struct wn_vm *vm, struct wn_vm **out, struct wn_error *err)
{
    WN_OWN(vm) struct wn_vm *new = alloc_vm(&vm->opts);
    if (!new || !copy_grown(new, vm))
        return no_memory(err);
    new->allowed = vm->allowed;
    new->verifier = vm->verifier;
    new->verifier_context = vm->verifier_context;
    new->unwinds = vm->unwinds;
    new->unwind = vm->unwind;
    new->text = text_ref(vm->text);
    new->interp = vm->interp ? wn_prog_ref(vm->interp) : NULL;
    new->jit = vm->jit ? wn_prog_ref(vm->jit) : NULL;
    if (new->meta) /* exactly if the old one has */
        memcpy(new->meta, vm->meta, vm->meta_bytes);
    *out = wn_give(new);
    return 0;
}

/* ---- what a machine has beside its program */

const struct wn_vm_helper *wn_vm_find_helper(const struct wn_vm *vm, uint32_t key)
{
    size_t lo = 0, hi = vm->helpers.len;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (vm->helpers.data[mid].key < key)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == vm->helpers.len || vm->helpers.data[lo].key != key)
        return NULL;
    return &vm->helpers.data[lo];
}

static void remove_helper(struct wn_vm *vm, struct wn_vm_helper *h)
{
    size_t behind = (size_t)(vm->helpers.data + vm->helpers.len - (h + 1));
    memmove(h, h + 1, behind * sizeof *h);
    vm->helpers.len--;
}

/** Add a helper at its place; false without memory. */
static bool insert_helper(struct wn_vm *vm, struct wn_vm_helper new)
{
    if (!wn_vec_push(&vm->helpers, new))
        return false;
    size_t i = vm->helpers.len - 1;
    for (; i > 0 && vm->helpers.data[i - 1].key > new.key; i--)
        vm->helpers.data[i] = vm->helpers.data[i - 1];
    vm->helpers.data[i] = new;
    return true;
}

/** Whether the length of an argument's memory is the next one. */
static bool is_memory(enum wn_arg arg)
{
    return arg == WN_ARG_MEM || arg == WN_ARG_MEM_WRITE || arg == WN_ARG_MEM_INOUT;
}

/** What is wrong with an argument of a signature, NULL if nothing. */
static const char *bad_argument(const struct wn_helper_sig *sig, unsigned i)
{
    enum wn_arg before = i ? (enum wn_arg)sig->args[i - 1] : WN_ARG_SCALAR;
    enum wn_arg arg = (enum wn_arg)sig->args[i];
    bool has_length = is_memory(before);
    bool is_length = arg == WN_ARG_SIZE || arg == WN_ARG_SIZE0;
    if (arg >= WN_ARG_CTX)
        return "is of no type";
    if (arg != WN_ARG_NONE && before == WN_ARG_NONE)
        return "comes behind one that is not there";
    if (has_length && !is_length)
        return "must be the length of the memory before it";
    if (is_length && !has_length)
        return "is a length, but no memory is before it";
    if (i == 4 && is_memory(arg))
        return "is memory without a length";
    return NULL;
}

static int check_sig(const struct wn_helper_sig *sig, struct wn_error *err)
{
    if (sig->result > WN_ARG_ANY)
        return wn_fail(err, -EINVAL, WN_NOWHERE, "a helper's result is a number, or anything");
    for (unsigned i = 0; i < 5; i++) {
        const char *wrong = bad_argument(sig, i);
        if (wrong)
            return wn_fail(err, -EINVAL, WN_NOWHERE, "argument %u %s", i + 1, wrong);
    }
    return 0;
}

int wn_vm_register_helper_typed(struct wn_vm *vm, uint32_t key, wn_vm_helper_fn helper,
                                const struct wn_helper_sig *sig, struct wn_error *err)
{
    static const struct wn_helper_sig untyped;
    sig = sig ? sig : &untyped;
    int r = wn_vm_check_idle(vm, err);
    if (r == 0)
        r = check_sig(sig, err);
    if (r)
        return r;
    const struct wn_vm_helper *found = wn_vm_find_helper(vm, key);
    struct wn_vm_helper *old = found ? vm->helpers.data + (found - vm->helpers.data) : NULL;
    struct wn_vm_helper new = {key, helper, *sig};
    if (!old && helper && !insert_helper(vm, new))
        return no_memory(err);
    if (old && helper)
        *old = new;
    else if (old)
        remove_helper(vm, old);
    forget_made(vm);
    return 0;
}

int wn_vm_register_helper(struct wn_vm *vm, uint32_t key, wn_vm_helper_fn helper,
                          struct wn_error *err)
{
    return wn_vm_register_helper_typed(vm, key, helper, NULL, err);
}

int wn_vm_set_unwind(struct wn_vm *vm, uint32_t key, struct wn_error *err)
{
    int r = wn_vm_check_idle(vm, err);
    if (r)
        return r;
    vm->unwinds = true;
    vm->unwind = key;
    forget_made(vm);
    return 0;
}

int wn_vm_allow_memory(struct wn_vm *vm, void *start, size_t bytes, bool writable,
                       struct wn_error *err)
{
    uint64_t at = (uint64_t)(uintptr_t)start;
    int r = wn_vm_check_idle(vm, err);
    if (r)
        return r;
    if (!start || !bytes || bytes - 1 > UINT64_MAX - at)
        return wn_fail(err, -EINVAL, WN_NOWHERE, "a range of %zu bytes at %p is no memory", bytes,
                       start);
    struct wn_region new = {at, bytes, writable};
    if (!wn_vec_push(&vm->regions, new))
        return no_memory(err);
    vm->regions.data[vm->regions.len - 1] = vm->regions.data[vm->allowed];
    vm->regions.data[vm->allowed++] = new;
    return 0;
}

void wn_vm_set_instruction_limit(struct wn_vm *vm, uint64_t instructions)
{
    vm->opts.instructions = instructions;
}

bool wn_vm_set_bounds_check(struct wn_vm *vm, bool on)
{
    (void)vm;
    (void)on;
    return true;
}

enum wn_fault wn_vm_fault(const struct wn_vm *vm)
{
    return vm->fault;
}

void *wn_vm_meta(struct wn_vm *vm, size_t *bytes)
{
    if (bytes)
        *bytes = vm->meta_bytes;
    return vm->meta;
}
