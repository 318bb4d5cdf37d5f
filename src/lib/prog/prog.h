/* SPDX-License-Identifier: MIT */
/** A program ready to run, as the two halves of this room and the machines of vm.h share it. */
#pragma once

#include <stdatomic.h>

#include <winnow/object.h>
#include <winnow/prog.h>

#include "base/run.h"
#include "exec/interp.h"
#include "isa/code.h"
#include "jit/jit.h"

/** What a run may spend unless the caller says otherwise. */
#define WN_FUEL UINT64_C(1000000)

/** The helpers that a program calls, as struct wn_code borrows them. */
struct wn_callees {
    const struct wn_call *calls; /* in pages that nobody writes */
    uint32_t n_calls;
    struct wn_callable *numbers;
    uint32_t n_numbers;
};

struct wn_prog {
    struct wn_prog_entry entry; /* first: wn_prog_run() knows nothing else */
    atomic_uint refs;           /* owners, and program arrays that have it */
    atomic_uint owners;         /* without any it does not own its maps either */
    uint32_t stack_bytes;       /* of the stack's end: within reach */
    uint32_t n_regions;
    const struct wn_region *regions; /* within reach: own_regions */
    struct wn_region *own_regions;   /* the values of the maps */
    struct wn_bound_map *maps;       /* by the numbers that the program has for them */
    uint32_t n_maps;
    uint32_t n_kept; /* with those behind, which the program keeps for others */
    bool cooked;
    bool reads_unwritten; /* the stack has to be cleared before a run */
    uint64_t fuel;
    struct wn_code *decoded;   /* WN_ENGINE_REFERENCE */
    struct wn_interp *interp;  /* WN_ENGINE_INTERP */
    struct wn_jit jit;         /* WN_ENGINE_JIT */
    struct wn_callees callees; /* what all of these call */
    struct wn_prog_info info;
    struct wn_error *unproved; /* wn_prog_opts.explain */
    uint32_t n_unproved;
};

/** What a number calls. */
struct wn_callee {
    wn_helper_fn fn;
    uint8_t args[5]; /* enum wn_arg: memory is checked before each call */
    uint8_t check;   /* enum wn_check: what may end the run behind it */
    uint64_t maps;   /* types of maps that it works on: 1 << type */
};

/** What a program may call, and how it is entered; all zero is what wn_prog_new() makes. */
struct wn_prog_env {
    /** Find what a number calls, false if nothing; `out` is all zero. NULL: the library's helpers.
     */
    bool (*find)(const void *arg, uint32_t id, struct wn_callee *out);
    const void *arg;
    const uint32_t *numbers; /* borrowed: what calls through a register may name; those of which
                                find() knows nothing are passed over */
    size_t n_numbers;
    const char *name;           /* in tools, where wn_prog_opts has none; may be NULL */
    struct wn_map *const *maps; /* borrowed: what map references mean */
    size_t n_maps;
    size_t n_more; /* maps behind these, which programs need that this one calls by tail calls */
    bool other_context;   /* r1 and r2 are not the data and length of a packet */
    uint32_t frame_bytes; /* stack of a function, a multiple of 16; 0 means 512 */
    uint32_t call_depth;  /* frames; 0 means 8. Together they fit the stack of a run */
    bool divide_faults;   /* division by 0 ends the run, or is refused if it is constant */
};

/** As wn_prog_new(). */
int wn_prog_make(const struct wn_slot *slots, size_t count, const struct wn_prog_opts *opts,
                 const struct wn_prog_env *env, struct wn_prog **out, struct wn_error *err);

/** What wn_prog_make() checks of a program before it asks for helpers. */
int wn_prog_check(const struct wn_slot *slots, size_t count, uint32_t max_slots,
                  const struct wn_prog_env *env, struct wn_error *err);

/**
 * Make numbers of what decoded code says of maps: a map's handle, or the address of
 * a value.
 *
 * Returns 0, WN_E_UNSUPPORTED (there is no such map) or WN_E_REJECTED (its values have
 * no such place).
 */
int wn_prog_bind_maps(struct wn_code *code, struct wn_map *const *maps, size_t n_maps,
                      struct wn_error *err);

/**
 * Prove what can be proved of a program's accesses: marks in `decoded`, the rest in
 * prog. Its helpers are resolved. Nothing is proved of programs with helpers or a
 * context of their own, nor where that is not asked for.
 *
 * Returns as wn_verify().
 */
int wn_prog_verify(struct wn_prog *prog, struct wn_code *decoded, const struct wn_prog_opts *opts,
                   const struct wn_prog_env *env, struct wn_error *err);

/** Have packet loads of a program with a __sk_buff count from the frame's first byte. */
void wn_prog_bind_packet_loads(struct wn_code *code, bool cooked);

/**
 * Own the maps, and let the program reach the values of those that it refers to.
 *
 * Returns 0 or -ENOMEM.
 */
int wn_prog_keep_maps(struct wn_prog *prog, const struct wn_prog_env *env, struct wn_error *err);

/**
 * Own the maps no longer but only hold them (wn_map_hold()): they may have the
 * program in them.
 */
void wn_prog_disown_maps(struct wn_prog *prog);

/** Let go of maps that are only held. */
void wn_prog_drop_maps(struct wn_prog *prog);

/** A program of an object, with the maps that it needs. */
struct wn_bound {
    struct wn_slot *slots; /* with numbers of these maps */
    size_t count;
    struct wn_map **maps; /* of each a reference */
    uint32_t n_maps;      /* that the program may use */
    uint32_t n_more;      /* behind these: as in struct wn_prog_env */
};

/**
 * Bind program i of an object to maps, which are made if they have not been yet.
 *
 * out   all zero; filled on success; the caller releases it with wn_bound_fini()
 *
 * Returns 0, what is said against the program or one of its maps, or -ENOMEM.
 */
int wn_prog_bind_object(struct wn_object *obj, size_t i, struct wn_bound *out,
                        struct wn_error *err);

/** Let go; all zero is allowed. */
void wn_bound_fini(struct wn_bound *bound);

/** One more owner; each lets go with wn_prog_free(). */
struct wn_prog *wn_prog_ref(struct wn_prog *prog);

/** Keep a program without owning it, as program arrays do; wn_prog_drop() ends that. */
void wn_prog_hold(struct wn_prog *prog);
void wn_prog_drop(struct wn_prog *prog);

/** What a run that is no packet filter's starts with. */
struct wn_start {
    const struct wn_packet *packet; /* what packet loads read; never NULL */
    uint64_t args[2];               /* r1 and r2; the other registers are 0 */
    const struct wn_region *regions;
    uint32_t n_regions; /* instead of the program's own */
    uint64_t fuel;
};

/** Run a program, whatever engine it has been made for. */
struct wn_result wn_prog_start(const struct wn_prog *prog, struct wn_run *run,
                               const struct wn_start *start);

/** The function that runs a program on an engine it has been made for. */
struct wn_prog_entry wn_prog_enter(const struct wn_prog *prog, enum wn_engine engine);
