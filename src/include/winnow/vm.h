/* SPDX-License-Identifier: MIT */
/**
 * Machines: a program, what it may call, the memory it may use, and a way to
 * run it, in one handle. The interface of uBPF and rbpf, for programs that are
 * not packet filters alone; those are better off with prog.h.
 *
 * Programs run as they do there: registers start at 0, pointers may come from
 * anywhere. Unlike there, every access is checked in compiled code too: a
 * program reaches its stack, the data and metadata of the run, the read-only
 * data of its object and what wn_vm_allow_memory() has named, and nothing else.
 * Every run ends: loops and calls count against a limit. Calls nest 8 deep, and
 * each function has 512 bytes of stack, unless options say otherwise. Whatever a program does, the
 * caller gets an error, the same from the interpreter and from compiled code.
 *
 * A program that a machine keeps, and what an interpreter or compiled code runs of
 * it, lies in pages that nobody can write.
 *
 * A machine is used by one thread at a time; wn_vm_clone() makes one for
 * another. Helpers must return (no longjmp), and must not use the machine that
 * called them: functions that would change or run it return -EBUSY then.
 */
#pragma once

#include <stdbool.h>

#include <winnow/err.h>
#include <winnow/helper.h>
#include <winnow/insn.h>
#include <winnow/prog.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wn_object;
struct wn_run;
struct wn_vm;

/** What a program finds in r1 and r2. */
enum wn_vm_kind {
    WN_VM_RAW = 0,    /* the data and its length (uBPF; rbpf's EbpfVmRaw) */
    WN_VM_META,       /* the caller's metadata buffer and its length (EbpfVmMbuff) */
    WN_VM_FIXED_META, /* a metadata buffer that the machine keeps, and its length (EbpfVmFixedMbuff)
                       */
    WN_VM_NO_DATA,    /* 0 and 0 (EbpfVmNoData) */
};

enum wn_vm_flags {
    WN_DIV_FAULT = 1, /* division and modulo by 0 end the run with WN_FAULT_DIVIDE (rbpf); without,
                         the quotient is 0 and the remainder the dividend (RFC 9669) */
    WN_BLIND = 2,     /* blind constants in machine code, as WN_PROG_BLIND does (uBPF) */
};

/** All zero is the default. */
struct wn_vm_opts {
    enum wn_vm_kind kind;
    uint32_t flags;             /* enum wn_vm_flags, as bits */
    enum wn_engine interpreter; /* behind wn_vm_execute(): WN_ENGINE_INTERP, which 0 means too, or
                                   WN_ENGINE_REFERENCE */
    uint64_t instructions;      /* a run may spend on loops and calls; 0 means 1,000,000 */
    uint32_t max_slots;         /* longest program; 0 means 1,000,000 */

    /*
     * Metadata: before each run the addresses of the data's first byte and of
     * the first one behind it are written there, 8 bytes each in the host's
     * order. If both are 0, a WN_VM_META buffer is taken as the caller filled it.
     */
    uint32_t data_at;
    uint32_t data_end_at;
    uint32_t meta_bytes; /* WN_VM_FIXED_META: length, starting out as zeros; 0 means as long as the
                            addresses need */

    /*
     * Stack: a machine has 4096 bytes of it, since compiled code finds the run
     * at a fixed distance from its end. Options divide it differently: fewer and
     * larger frames, or less.
     */
    uint32_t stack_bytes; /* that a function has, a multiple of 16 up to 4096; 0 means 512 */
    uint32_t call_depth;  /* functions that may be in progress, main included; 0 means as many as
                             fit, 8 at most */

    void *context; /* for helpers: wn_vm_context() */

    const char *name; /* what perf and gdb call the program (winnow/debug.h); may be NULL; lives as
                         long as the machine and its clones */
};

/** The memory of one run; borrowed, and the program may write it. Lengths fit in 32 bits. */
struct wn_vm_input {
    void *data; /* NULL only if data_bytes is 0; nothing for WN_VM_NO_DATA */
    size_t data_bytes;
    void *meta; /* WN_VM_META only */
    size_t meta_bytes;
    uint64_t time_ns; /* what bpf_ktime_get_ns() answers */
};

/**
 * Make a machine.
 *
 * opts   NULL means the defaults
 * slots  its program, copied; NULL for none yet
 * out    set on success alone; the caller frees it with wn_vm_free()
 *
 * Returns 0, -EINVAL (options that contradict each other; the text says which),
 * what wn_vm_set_program() returns, or -ENOMEM.
 */
WN_API int wn_vm_new(const struct wn_vm_opts *opts, const struct wn_slot *slots, size_t count,
                     struct wn_vm **out, struct wn_error *err);

/** Free a machine; NULL is allowed. Clones live on. */
WN_API void wn_vm_free(struct wn_vm *vm);

/**
 * Make a machine like this one, for another thread: same program, already
 * compiled if this one is, same helpers, memory, limits and metadata.
 *
 * out   set on success alone; the caller frees it with wn_vm_free()
 *
 * Returns 0 or -ENOMEM.
 */
WN_API int wn_vm_clone(const struct wn_vm *vm, struct wn_vm **out, struct wn_error *err);

/**
 * Change a machine's program; one that is refused leaves the old one in place.
 *
 * slots  copied; NULL leaves the machine without a program
 *
 * Returns 0, WN_E_MALFORMED, WN_E_REJECTED or WN_E_UNSUPPORTED (err->at is the
 * slot), what the machine's verifier returned, WN_E_LIMIT, -EBUSY or -ENOMEM.
 * Helpers need not be registered yet.
 */
WN_API int wn_vm_set_program(struct wn_vm *vm, const struct wn_slot *slots, size_t count,
                             struct wn_error *err);

/**
 * Change where the addresses of the data are written in the metadata
 * (wn_vm_opts.data_at and data_end_at), as a new program may want it: with
 * wn_vm_set_program() this is what rbpf's EbpfVmFixedMbuff::set_program() does. A
 * buffer that the machine keeps is a new one, of zeros: as long as
 * wn_vm_opts.meta_bytes says, or as the addresses need. What is compiled stays.
 *
 * Returns 0, -EINVAL (places that overlap, lie outside of meta_bytes, or a kind without
 * metadata; the text says which), -EBUSY or -ENOMEM.
 */
WN_API int wn_vm_set_addresses(struct wn_vm *vm, uint32_t data_at, uint32_t data_end_at,
                               struct wn_error *err);

/**
 * Take the program from an object file (winnow/object.h).
 *
 * obj    borrowed for the call; the variables that the program uses stay within its reach
 * name   section or function; NULL takes the only program there is
 *
 * Otherwise as wn_vm_set_program(); also -ENOENT if there is no such program.
 */
WN_API int wn_vm_set_object(struct wn_vm *vm, struct wn_object *obj, const char *name,
                            struct wn_error *err);

/**
 * An embedder's own check of programs: 0 accepts, anything else refuses. A
 * negative code is passed on, with what it left in err; others become WN_E_REJECTED.
 */
typedef int (*wn_vm_verifier_fn)(const struct wn_slot *slots, size_t count, void *context,
                                 struct wn_error *err);

/**
 * Have programs checked by the embedder as well. It runs at once on a program
 * that is loaded, and on every later one. It can refuse more, never less:
 * malformed programs are refused and accesses guarded as before.
 *
 * verifier  NULL takes the last one away
 *
 * Returns 0, -EBUSY, or what the verifier said of the loaded program: then the
 * machine is as it was.
 */
WN_API int wn_vm_set_verifier(struct wn_vm *vm, wn_vm_verifier_fn verifier, void *context,
                              struct wn_error *err);

/**
 * What a program calls by number. Arguments are r1 to r5, the result becomes r0,
 * and r1 to r5 are 0 afterwards. Compiled code calls it directly.
 *
 * run   the run that calls: for the three functions below
 */
typedef uint64_t (*wn_vm_helper_fn)(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                                    struct wn_run *run);

/**
 * Provide a helper, or replace it; NULL takes it away. Programs call it by its
 * number, and through a register that holds the number. Numbers nobody registered
 * mean the library's own helpers (winnow/bpf.h), if there are such. What was
 * compiled before is let go, as it calls the old one.
 *
 * Returns 0, -EBUSY or -ENOMEM.
 */
WN_API int wn_vm_register_helper(struct wn_vm *vm, uint32_t key, wn_vm_helper_fn helper,
                                 struct wn_error *err);

/**
 * As wn_vm_register_helper(), with a signature (winnow/helper.h). Before the
 * helper runs, the memory its arguments speak of is checked as the program's own
 * accesses are: if the program may not use all of it, the run ends at the call
 * with WN_FAULT_MEMORY, from the interpreter and from compiled code.
 *
 * sig   borrowed for the call; NULL checks nothing
 *
 * Returns 0, -EINVAL (a signature that makes no sense; the text says why), -EBUSY
 * or -ENOMEM.
 */
WN_API int wn_vm_register_helper_typed(struct wn_vm *vm, uint32_t key, wn_vm_helper_fn helper,
                                       const struct wn_helper_sig *sig, struct wn_error *err);

/** In a helper: wn_vm_opts.context of the machine that runs. */
WN_API void *wn_vm_context(const struct wn_run *run);

/**
 * In a helper: the memory a program's pointer points to, if the program itself
 * may use all of it; else NULL, also for 0 bytes.
 */
WN_API void *wn_vm_memory(const struct wn_run *run, uint64_t address, uint64_t bytes,
                          bool writable);

/** In a helper: end the run when the helper returns, with WN_FAULT_HELPER. */
WN_API void wn_vm_end(struct wn_run *run);

/**
 * Name the helper whose result 0 ends the run from any depth, with the result 0
 * and without error (uBPF's unwind function). What was compiled is let go.
 *
 * Returns 0 or -EBUSY.
 */
WN_API int wn_vm_set_unwind(struct wn_vm *vm, uint32_t key, struct wn_error *err);

/**
 * Let programs use memory of the embedder, which has to stay until the machine
 * and its clones are freed. What is compiled already may use it too.
 *
 * Returns 0, -EINVAL (NULL, no bytes, beyond the end of the address space),
 * -EBUSY or -ENOMEM.
 */
WN_API int wn_vm_allow_memory(struct wn_vm *vm, void *start, size_t bytes, bool writable,
                              struct wn_error *err);

/** Change the limit on instructions; 0 means 1,000,000. Holds from the next run on. */
WN_API void wn_vm_set_instruction_limit(struct wn_vm *vm, uint64_t instructions);

/**
 * There for those who come from uBPF: accesses are always checked, whatever is
 * asked for. Returns true, the state before and after.
 */
WN_API bool wn_vm_set_bounds_check(struct wn_vm *vm, bool on);

/**
 * Run the program in the interpreter.
 *
 * in      NULL means no memory
 * result  r0 at the exit; unchanged on failure
 *
 * Returns 0; WN_E_FAULT (err->at is the slot, wn_vm_fault() the cause);
 * -ENOENT (no program); WN_E_UNSUPPORTED (err->at calls a helper that nobody
 * registered); -EINVAL (memory that does not fit the kind), -EBUSY or -ENOMEM.
 */
WN_API int wn_vm_execute(struct wn_vm *vm, const struct wn_vm_input *in, uint64_t *result,
                         struct wn_error *err);

/**
 * Compile the program for this machine's processor.
 *
 * Returns 0, -ENOENT (no program), WN_E_UNSUPPORTED as above, WN_E_NOJIT (the
 * text says why), WN_E_LIMIT, -EBUSY or -ENOMEM; with WN_BLIND also the -errno with
 * which the system refuses random numbers.
 */
WN_API int wn_vm_compile(struct wn_vm *vm, struct wn_error *err);

/**
 * Run the compiled program: same results and same errors as wn_vm_execute(), and
 * as safe; also WN_E_NOJIT if it has not been compiled.
 */
WN_API int wn_vm_execute_jit(struct wn_vm *vm, const struct wn_vm_input *in, uint64_t *result,
                             struct wn_error *err);

/** Why the last run ended; WN_FAULT_NONE if it gave a result. */
WN_API enum wn_fault wn_vm_fault(const struct wn_vm *vm);

/**
 * The metadata buffer that a WN_VM_FIXED_META machine keeps, to be filled and
 * read by the caller; NULL for other kinds. Lives until wn_vm_set_addresses(), or as
 * long as the machine.
 */
WN_API void *wn_vm_meta(struct wn_vm *vm, size_t *bytes);

/**
 * The compiled program's machine code, to be read; NULL without. Lives until the
 * machine is changed or freed.
 */
WN_API const void *wn_vm_code(const struct wn_vm *vm, size_t *bytes);

/**
 * Describe a machine in text: kind, limits, helpers, memory, program.
 *
 * out   set on success alone: a terminated string, which the caller frees with free()
 *
 * Returns 0 or -ENOMEM.
 */
WN_API int wn_vm_print(const struct wn_vm *vm, char **out, struct wn_error *err);

#ifdef __cplusplus
}
#endif
