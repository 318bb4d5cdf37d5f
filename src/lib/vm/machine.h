/* SPDX-License-Identifier: MIT */
/** A machine of vm.h, as the files of this room share it. */
#pragma once

#include <stdatomic.h>

#include <winnow/vm.h>

#include "prog/prog.h"

/** A program as it was given; shared by clones, and never changed. */
struct wn_vm_text {
    atomic_uint refs;
    struct wn_map **maps; /* by the numbers that the slots have; of each a reference */
    uint32_t n_maps;
    uint32_t n_more; /* behind these: as in struct wn_prog_env */
    char *name;      /* in the object that it is from; NULL without */
    size_t count;
    const struct wn_slot *slots; /* in pages that nobody writes */
};

struct wn_vm_helper {
    uint32_t key;
    wn_vm_helper_fn fn;
    struct wn_helper_sig sig; /* all zero if nobody gave one */
};

/** Where the memory of a run stands among the regions; what is allowed for good follows. */
enum { WN_VM_DATA, WN_VM_METADATA, WN_VM_PER_RUN };

struct wn_vm {
    struct wn_vm_opts opts;
    struct wn_vm_text *text; /* NULL without program */
    struct wn_prog *interp;  /* made from text when first needed; NULL before */
    struct wn_prog *jit;     /* the same, compiled */
    struct wn_run *run;
    uint8_t *meta; /* WN_VM_FIXED_META; else NULL */
    uint32_t meta_bytes;
    wn_vm_verifier_fn verifier;
    void *verifier_context;
    struct {
        struct wn_vm_helper *data; /* by key */
        size_t len, cap;
    } helpers;
    struct {
        struct wn_region *data; /* WN_VM_PER_RUN, then the allowed ones, then the maps' */
        size_t len, cap;
    } regions;
    size_t allowed; /* regions that are no maps' */
    bool unwinds;
    uint32_t unwind; /* key of the helper that does */
    bool running;
    enum wn_fault fault; /* of the last run */
};

/** The helper of a key; NULL if nobody registered it. */
const struct wn_vm_helper *wn_vm_find_helper(const struct wn_vm *vm, uint32_t key);

/** Bytes of stack that each function of the machine's has. */
uint32_t wn_vm_frame_bytes(const struct wn_vm *vm);

/** Frames that fit. */
uint32_t wn_vm_call_depth(const struct wn_vm *vm);

/** -EBUSY while the machine runs: a helper may not change it. */
int wn_vm_check_idle(const struct wn_vm *vm, struct wn_error *err);
