/* SPDX-License-Identifier: MIT */
/**
 * Programs that can be run.
 *
 * A program is checked and compiled once and never changes afterwards, so any
 * number of threads may run it, each with a run structure of its own.
 */
#pragma once

#include <stdbool.h>

#include <winnow/err.h>
#include <winnow/insn.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wn_object;
struct wn_prog;
struct wn_run;

/** Who executes a program. */
enum wn_engine {
    WN_ENGINE_AUTO = 0,  /* machine code where it can be made, else the fast interpreter */
    WN_ENGINE_JIT,       /* machine code, or an error */
    WN_ENGINE_INTERP,    /* the fast interpreter */
    WN_ENGINE_REFERENCE, /* the slow interpreter that is right by inspection */
};

/** Why a run ended without a result. */
enum wn_fault {
    WN_FAULT_NONE = 0,
    WN_FAULT_MEMORY, /* an access outside the memory the program may touch so */
    WN_FAULT_FUEL,   /* the run was longer than its fuel allows */
    WN_FAULT_STACK,  /* calls nested too deep: more than 8 */
    WN_FAULT_CALL,   /* a call through a register that holds no function */
    WN_FAULT_DIVIDE, /* division by zero, where that was asked to be an error */
    WN_FAULT_HELPER, /* a helper ended the run */
    WN_FAULTS
};

/** What a run gave. Two words, so that it travels in registers. */
struct wn_result {
    uint64_t value; /* r0 at the exit; 0 after a fault */
    uint32_t fault; /* enum wn_fault */
    uint32_t slot;  /* after a fault: the instruction; else 0 */
};

/** One packet as it was delivered. */
struct wn_packet {
    const uint8_t *data; /* borrowed for the run; programs can read it, not write it */
    uint32_t caplen;     /* bytes at data */
    uint32_t wirelen;    /* bytes the packet had on the wire, at least caplen */
    uint64_t time_ns;    /* since 1970 */
    uint32_t ifindex;
    uint32_t queue;
};

enum wn_prog_flags {
    WN_PROG_BLIND = 1, /* no constant of the program stands in machine code as it is: each is joined
                          from two random ones when it is needed, as if for authors that are not
                          trusted. Offsets of memory accesses (16 bits) and distances of shifts
                          stay. Costs time; interpreters ignore it */
};

struct wn_prog_opts {
    enum wn_engine engine;
    uint64_t fuel;      /* slots a run may spend on loops and calls; 0 means 1,000,000 */
    uint32_t max_slots; /* longest program; 0 means 1,000,000 */
    uint32_t flags;     /* enum wn_prog_flags, as bits */
    bool lines;         /* keep where machine code came from: wn_prog_lines() of debug.h */
    const char *name;   /* what perf and gdb call the program (debug.h); borrowed for the call; may
                           be NULL */
};

/** What became of a program. */
struct wn_prog_info {
    enum wn_engine engine;  /* the one that runs: never WN_ENGINE_AUTO */
    struct wn_error no_jit; /* code 0, or why WN_ENGINE_AUTO chose the interpreter */
    uint32_t slots;         /* length as loaded */
    uint32_t functions;     /* the main one included */
    uint32_t accesses;      /* loads, stores and atomics */
    uint32_t guarded;       /* of these, checked at run time */
    uint32_t ops;           /* operations after lowering */
    uint32_t stack_bytes;   /* stack cleared before each run */
    size_t code_bytes;      /* machine code; 0 without */
    const uint8_t *code;    /* machine code, lives as long as the program; NULL without */
};

/**
 * Turn slots into a program for raw packets: r1 is the data, r2 the bytes
 * captured, r3 the bytes on the wire.
 *
 * slots  borrowed for the call
 * opts   NULL means the defaults
 * out    set on success alone; the caller frees it with wn_prog_free()
 *
 * Returns 0, WN_E_MALFORMED or WN_E_REJECTED (err->at is the slot), WN_E_LIMIT,
 * WN_E_UNSUPPORTED (a helper or instruction this version does not provide),
 * WN_E_NOJIT (WN_ENGINE_JIT was asked for and cannot be had), -EINVAL (no such
 * flag) or -ENOMEM; with WN_PROG_BLIND and WN_ENGINE_JIT also the -errno with which
 * the system refuses random numbers.
 */
WN_API int wn_prog_new(const struct wn_slot *slots, size_t count, const struct wn_prog_opts *opts,
                       struct wn_prog **out, struct wn_error *err);

/**
 * Turn one program of an object file into something that can be run.
 *
 * obj    borrowed for the call; what the program needs of it is copied
 * name   section or function; NULL takes the only program there is
 *
 * Otherwise as wn_prog_new(); also -ENOENT if there is no such program.
 */
WN_API int wn_prog_load(const struct wn_object *obj, const char *name,
                        const struct wn_prog_opts *opts, struct wn_prog **out,
                        struct wn_error *err);

/** Free a program that no thread runs any more; NULL is allowed. */
WN_API void wn_prog_free(struct wn_prog *prog);

/** Describe a program. */
WN_API void wn_prog_info(const struct wn_prog *prog, struct wn_prog_info *info);

/** Make what one thread needs to run programs, one at a time; NULL without memory. */
WN_API struct wn_run *wn_run_new(void);

/** Free a run structure; NULL is allowed. */
WN_API void wn_run_free(struct wn_run *run);

/**
 * Address that the last run's WN_FAULT_MEMORY was about; meaningless otherwise.
 */
WN_API uint64_t wn_run_fault_address(const struct wn_run *run);

/** A fault's name as it appears in counters: "memory", "fuel"; never NULL. */
WN_API const char *wn_fault_name(enum wn_fault fault);

/** The first member of every program; only wn_prog_run() uses it. */
struct wn_prog_entry {
    struct wn_result (*enter)(const struct wn_prog *prog, struct wn_run *run,
                              const struct wn_packet *pkt);
};

/**
 * Run a program on one packet.
 *
 * run    the calling thread's own
 * pkt    borrowed for the call
 *
 * Allocates nothing, always ends, and fails in no other way than by a fault.
 */
static inline struct wn_result wn_prog_run(const struct wn_prog *prog, struct wn_run *run,
                                           const struct wn_packet *pkt)
{
    return ((const struct wn_prog_entry *)prog)->enter(prog, run, pkt);
}

/**
 * Run a program on n packets, one after the other: the same as n times
 * wn_prog_run().
 *
 * pkts     n of them, borrowed for the call
 * results  n of them, filled; a fault ends the run of its packet alone
 */
WN_API void wn_prog_run_batch(const struct wn_prog *prog, struct wn_run *run,
                              const struct wn_packet *pkts, size_t n, struct wn_result *results);

#ifdef __cplusplus
}
#endif
