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

struct wn_map;
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

/**
 * What a program was written for: what it finds in r1, what it may call and what
 * its result means (wn_verdict()). All but the first are the kernel's program
 * types; their programs work on a copy of the packet, which they may write.
 */
enum wn_prog_type {
    WN_PROG_FILTER = 0, /* r1 to r3: data, bytes captured, bytes on the wire */
    WN_PROG_XDP,        /* r1: struct xdp_md */
    WN_PROG_SOCKET,     /* r1: struct __sk_buff; the packet by helpers and packet loads only */
    WN_PROG_TC,         /* r1: struct __sk_buff */
    WN_PROG_TYPES
};

enum wn_prog_flags {
    WN_PROG_BLIND = 1, /* no constant of the program stands in machine code as it is: each is joined
                          from two random ones when it is needed, as if for authors that are not
                          trusted. Offsets of memory accesses (16 bits) and distances of shifts
                          stay. Costs time; interpreters ignore it */
    WN_PROG_COOKED =
        2, /* socket programs count from the network header, as on a SOCK_DGRAM packet
              socket and in the kernel's BPF_PROG_TEST_RUN, not from the frame's beginning */
};

/** What becomes of accesses that are not proved safe. */
enum wn_verify {
    WN_VERIFY_GUARD = 0, /* they are checked when the program runs, and a run that fails the check
                            ends with a fault; loops without a proved bound spend fuel */
    WN_VERIFY_STRICT, /* the program is rejected, and one with such a loop as well, with more stack
                         in all than kernels give, or that reads stack to which nothing was written:
                         what one wants before giving it to a kernel */
    WN_VERIFY_NONE,   /* nothing is proved, so nearly everything is checked when the program runs;
                         rejected is only what has no meaning */
};

/** Takes what the verifier says it does, one line without its end. */
typedef void (*wn_log_fn)(void *arg, const char *line);

struct wn_prog_opts {
    enum wn_engine engine;
    enum wn_verify verify;
    enum wn_prog_type type; /* wn_prog_load(): 0 means what the section's name says */
    uint64_t fuel;          /* slots a run may spend on loops and calls; 0 means 1,000,000 */
    uint32_t max_slots;     /* longest program; 0 means 1,000,000 */
    uint32_t flags;         /* enum wn_prog_flags, as bits */
    bool lines;             /* keep where machine code came from: wn_prog_lines() of debug.h */
    const char *name;       /* what perf and gdb call the program (debug.h); borrowed for the call;
                               may be NULL */
    uint64_t verify_ns;     /* most time the verifier may take; 0 means 5 s */
    uint64_t verify_bytes;  /* most memory it may take; 0 means 256 MiB */
    bool explain;           /* keep why what is checked at run time could not be proved:
                               wn_prog_unproved() */
    wn_log_fn log;          /* told what the verifier does, slot by slot; NULL: nobody is */
    void *log_arg;
    struct wn_map *const *maps; /* wn_prog_new(): what the slots' map references index; borrowed for
                                   the call, the program keeps a reference of each */
    size_t n_maps;
};

/** What became of a program. */
struct wn_prog_info {
    enum wn_prog_type type;
    enum wn_engine engine;  /* the one that runs: never WN_ENGINE_AUTO */
    struct wn_error no_jit; /* code 0, or why WN_ENGINE_AUTO chose the interpreter */
    uint32_t slots;         /* length as loaded */
    uint32_t functions;     /* the main one included */
    uint32_t maps;          /* that the program may use */
    uint32_t accesses;      /* loads, stores and atomics */
    uint32_t guarded;       /* of these, checked at run time */
    uint32_t calls;         /* of helpers that are given memory, maps or the context */
    uint32_t calls_checked; /* of these, checked at run time */
    uint32_t loops;         /* jumps that close a loop */
    uint32_t loops_fuelled; /* of these, without a proved bound: they spend fuel */
    bool in_place;          /* written for the kernel, but only reads: no copy is made of packets */
    uint32_t ops;           /* operations after lowering */
    uint32_t stack_bytes;   /* stack the program may reach */
    uint32_t stack_cleared; /* of these, cleared before each run */
    uint64_t verify_ns;     /* what verifying took: time, */
    uint64_t verify_steps;  /* instructions looked at, */
    uint64_t verify_states; /* states kept to compare with, */
    uint64_t verify_bytes;  /* and most memory at once */
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
 * flag or type) or -ENOMEM; WN_E_LIMIT also says that verifying took more time or
 * memory than it may; with WN_PROG_BLIND and WN_ENGINE_JIT also the -errno with which
 * the system refuses random numbers.
 */
WN_API int wn_prog_new(const struct wn_slot *slots, size_t count, const struct wn_prog_opts *opts,
                       struct wn_prog **out, struct wn_error *err);

/**
 * Turn one program of an object file into something that can be run. The maps that
 * it uses are made, unless an earlier program's use made them. Program arrays with
 * initial values get these: programs of the object, made with the same options.
 *
 * obj    borrowed for the call; the program owns what it needs of it
 * name   section or function; NULL takes the only program there is
 * opts   as wn_prog_new(); type: 0 means what the section's name says
 *
 * Otherwise as wn_prog_new(), and what wn_map_new() says of a map; also -ENOENT if
 * there is no such program, WN_E_UNSUPPORTED (the section's name says no type; a
 * symbol, field or map that does not exist here), WN_E_FORMAT (the program is
 * damaged, or for the other byte order). Where the object has lines (-g), the text
 * names the one that err->at came from.
 */
WN_API int wn_prog_load(struct wn_object *obj, const char *name, const struct wn_prog_opts *opts,
                        struct wn_prog **out, struct wn_error *err);

/** Free a program that no thread runs any more; NULL is allowed. */
WN_API void wn_prog_free(struct wn_prog *prog);

/** Describe a program. */
WN_API void wn_prog_info(const struct wn_prog *prog, struct wn_prog_info *info);

/**
 * What is checked when the program runs, and why it could not be proved: with
 * wn_prog_opts.explain. Of each, `at` is the slot, `code` is 0 and `text` says why.
 *
 * list   set to the first, in order of slots; they live as long as the program
 *
 * Returns how many there are: 0 without wn_prog_opts.explain.
 */
WN_API size_t wn_prog_unproved(const struct wn_prog *prog, const struct wn_error **list);

/** What the program's result means for its packet. */
struct wn_verdict {
    bool accept;
    uint32_t keep;    /* bytes of the packet to keep, if accepted; UINT32_MAX: all there are */
    const char *name; /* "pass", "shot", "aborted", ..., static memory; never NULL */
    bool aborted;     /* the program says that something went wrong in it (XDP_ABORTED) */
};

/**
 * What a result means, by the program's type; the upper half of the value means
 * nothing. Filters and socket programs: bytes to keep, 0 rejects. XDP: PASS, TX and
 * REDIRECT accept, the rest rejects. tc: SHOT and unknown actions reject, what goes
 * on in the kernel or is taken from it (UNSPEC, OK, RECLASSIFY, PIPE, STOLEN,
 * QUEUED, REPEAT, REDIRECT, TRAP) accepts.
 */
WN_API struct wn_verdict wn_verdict(enum wn_prog_type type, uint64_t value);

/** A program type's name as in messages: "filter", "xdp", "socket", "tc"; never NULL. */
WN_API const char *wn_prog_type_name(enum wn_prog_type type);

/**
 * Make what one thread needs to run programs, one at a time; NULL without memory.
 * 260 KiB of address space below 4 GiB are part of it.
 */
WN_API struct wn_run *wn_run_new(void);

/** Free a run structure; NULL is allowed. */
WN_API void wn_run_free(struct wn_run *run);

/**
 * Address that the last run's WN_FAULT_MEMORY was about; meaningless otherwise.
 */
WN_API uint64_t wn_run_fault_address(const struct wn_run *run);

/**
 * After a fault: the program whose instruction wn_result.slot is, if the one that
 * ran had called it by a tail call; else NULL.
 */
WN_API const struct wn_prog *wn_run_fault_prog(const struct wn_run *run);

/**
 * The packet as the last run of a program written for the kernel has left it; it
 * lives until the next one, which may be of this very packet. Runs of filters change
 * nothing about it. NULL and 0 bytes if there was none.
 */
WN_API const uint8_t *wn_run_packet(const struct wn_run *run, uint32_t *bytes);

/** As wn_run_packet(), the metadata that an XDP program has put before its packet
 * (bpf_xdp_adjust_meta); 0 bytes if none. */
WN_API const uint8_t *wn_run_metadata(const struct wn_run *run, uint32_t *bytes);

/** As wn_run_packet(), the structure that r1 pointed to. */
WN_API const void *wn_run_context(const struct wn_run *run, uint32_t *bytes);

/** As wn_run_packet(), the interface that bpf_redirect() or one of its kin asked for last; 0 if
 * none was called. */
WN_API uint32_t wn_run_redirect(const struct wn_run *run);

/** Say which slot of per-CPU maps is this thread's, and bpf_get_smp_processor_id(); 0 at first. */
WN_API void wn_run_set_cpu(struct wn_run *run, uint32_t cpu);

/** Where bpf_trace_printk() of this thread's programs goes: one line without its end. */
typedef void (*wn_print_fn)(void *arg, const char *line);

/** Take what programs print; NULL: nothing is done with it. */
WN_API void wn_run_set_print(struct wn_run *run, wn_print_fn print, void *arg);

/** A packet that bpf_clone_redirect() was to send: the program's as it was then. */
struct wn_clone {
    const uint8_t *data; /* from the link layer on; valid for the call */
    uint32_t caplen;     /* bytes at data */
    uint32_t wirelen;    /* bytes the packet has, at least caplen */
    uint32_t ifindex;    /* where it was to go */
    bool ingress;        /* as if it had come in there; else out */
};

/** Takes clones; called while the program runs, so it must not run another one with the same
 * struct wn_run. */
typedef void (*wn_clone_fn)(void *arg, const struct wn_clone *clone);

/** Take what this thread's programs clone; NULL: nothing is done with it. */
WN_API void wn_run_set_clone(struct wn_run *run, wn_clone_fn clone, void *arg);

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
