/* SPDX-License-Identifier: MIT */
/**
 * CO-RE relocations: instructions that ask where a field is, how large, or
 * whether there is one, are given what is true of the target's types (Linux:
 * Documentation/bpf/llvm_reloc.rst; the rules are libbpf's).
 *
 * The target is what programs meet here: structures of contexts. Types whose
 * layout is the same everywhere, protocol headers and parts of the kernel's
 * interface, are what the object itself says they are. Other types of a kernel
 * do not exist.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/err.h>
#include <winnow/insn.h>

#include "elf/btf.h"
#include "elf/btf_ext.h"

/** The helper that instructions call whose relocation has no answer; the number is libbpf's. */
#define WN_CORE_POISON 0xbad2310

struct wn_core_patch {
    /* There is no such field or type, so the instruction is now a call of WN_CORE_POISON: an error
     * if it can be reached, fine behind a check whether the field exists. */
    bool poisoned;
    uint64_t value; /* what was put into the instruction otherwise */
    char why[128];  /* poisoned: what does not exist, as part of a message */
};

/**
 * Apply one relocation.
 *
 * local    types of the object
 * target   types there are here; NULL: none but those with a fixed layout
 * slots    from the relocation's slot on; n of them
 * out      set on success alone
 *
 * Returns 0, also when the instruction was poisoned, or WN_E_FORMAT: the relocation
 * makes no sense or does not belong to the instruction, which is as it was.
 */
int wn_core_apply(const struct wn_btf *local, const struct wn_btf *target,
                  const struct wn_core_relo *relo, struct wn_slot *slots, uint32_t n,
                  struct wn_core_patch *out, struct wn_error *err);

/**
 * Deal with the poisoned instructions of one function, once all its relocations
 * are applied: those that cannot be reached, since a constant decides a branch
 * before them, become jumps to the next instruction.
 *
 * slots     of the function, changed; calls need not be linked yet
 * reached   the first poisoned slot that may be reached; WN_NOWHERE: none
 *
 * Returns 0 or -ENOMEM.
 */
int wn_core_prune(struct wn_slot *slots, uint32_t n, uint32_t *reached, struct wn_error *err);
