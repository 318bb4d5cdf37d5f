/* SPDX-License-Identifier: MIT */
/** Programs as text, and programs of other machines. */
#pragma once

#include <winnow/err.h>
#include <winnow/insn.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How instructions are written. */
enum wn_dialect {
    WN_DIALECT_AUTO = 0, /* reading: recognised line by line; writing: as WN_DIALECT_KERNEL */
    WN_DIALECT_KERNEL,   /* `r1 += 5`, `if w1 s> 5 goto +3`: the kernel, LLVM, bpftool */
    WN_DIALECT_MNEMONIC, /* `add64 r1, 5`, `jsgt32 r1, 5, +3`: uBPF, rbpf */
};

struct wn_text_opts {
    enum wn_dialect dialect;
    unsigned labels : 1;  /* writing: jump targets as labels instead of distances */
    unsigned numbers : 1; /* writing: each line begins with the number of its slot */
};

/**
 * Read a program from text.
 *
 * text   borrowed, any bytes, need not be terminated
 * opts   NULL means the defaults
 * out    set on success alone: *count slots, which the caller frees with free()
 * err    filled on failure: at is the line, column the place in it
 *
 * Returns 0, WN_E_SYNTAX, WN_E_LIMIT (over 1,000,000 slots) or -ENOMEM.
 */
WN_API int wn_assemble(const char *text, size_t len, const struct wn_text_opts *opts,
                       struct wn_slot **out, size_t *count, struct wn_error *err);

/**
 * Write a program as text, one instruction a line. Assembling the text gives
 * the same slots again.
 *
 * out    set on success alone: a terminated string, which the caller frees with free()
 *
 * Returns 0, WN_E_MALFORMED (err->at is the slot that is no instruction) or -ENOMEM.
 */
WN_API int wn_disassemble(const struct wn_slot *slots, size_t count,
                          const struct wn_text_opts *opts, char **out, struct wn_error *err);

/**
 * Read classic BPF as tcpdump writes it: `-d` (`(000) ldh [12]`), `-dd`
 * (`{ 0x28, 0, 0, 0x0000000c },`) or `-ddd` (a count, then four numbers a
 * line), told apart by how the text begins. Whether the program makes sense is
 * for wn_cbpf_translate() to say.
 *
 * text   borrowed, any bytes, need not be terminated
 * out    set on success alone: *count instructions, which the caller frees with free()
 * err    filled on failure: at is the line, column the place in it
 *
 * Returns 0, WN_E_SYNTAX, WN_E_LIMIT (over 100,000 instructions) or -ENOMEM.
 */
WN_API int wn_cbpf_parse(const char *text, size_t len, struct wn_cbpf_insn **out, size_t *count,
                         struct wn_error *err);

/**
 * Translate classic BPF into eBPF for a raw packet (r1 data, r2 bytes
 * captured, r3 bytes on the wire). r0 is what the classic program returns: the
 * number of bytes to keep, 0 to reject. A load beyond the packet rejects.
 *
 * out    set on success alone: *count slots, which the caller frees with free()
 *
 * Returns 0, WN_E_MALFORMED (err->at is the classic instruction), WN_E_LIMIT,
 * WN_E_UNSUPPORTED (Linux extensions of SKF_AD_OFF) or -ENOMEM.
 */
WN_API int wn_cbpf_translate(const struct wn_cbpf_insn *insns, size_t n, struct wn_slot **out,
                             size_t *count, struct wn_error *err);

#ifdef __cplusplus
}
#endif
