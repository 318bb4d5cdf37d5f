/* SPDX-License-Identifier: MIT */
/** The way from a type to one of its parts, and the same way in other types. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/btf.h"
#include "elf/btf_ext.h"

#define WN_CORE_STEPS 64u

/** One step: into a member, an element, or, at the end, an enumerator. */
struct wn_core_step {
    const char *name; /* of the member or enumerator; NULL: an element */
    uint32_t type;    /* that the member is one of, or that the element has */
    uint32_t index;
};

struct wn_core_spec {
    const struct wn_btf *btf;
    uint32_t root; /* the type as the relocation has it */
    uint32_t n;
    uint64_t bit; /* where the part is, from the beginning */
    struct wn_core_step step[WN_CORE_STEPS];
};

/** The part that a way leads to. */
struct wn_core_part {
    uint32_t type; /* without modifiers */
    uint32_t bits; /* of a bit-field; else 0 */
};

/** Read the way of a relocation: false if it makes no sense. */
bool wn_core_spec_parse(const struct wn_btf *btf, const struct wn_core_relo *relo,
                        struct wn_core_spec *out);

/** Find the same way in a type of other types: whether there is one. */
bool wn_core_spec_match(const struct wn_core_spec *local, const struct wn_btf *btf, uint32_t root,
                        enum wn_core_kind kind, struct wn_core_spec *out);

/** What a way to a field leads to. */
struct wn_core_part wn_core_spec_part(const struct wn_core_spec *spec);

/** Print a way as "a.b[3].c", cut where there is no more room. */
void wn_core_spec_print(const struct wn_core_spec *spec, char *text, size_t size);

/** Length of a name without its flavour: "sk_buff___old" is sk_buff. */
size_t wn_core_name_length(const char *name);

/** Whether two names are the same but for their flavours. */
bool wn_core_same_name(const char *a, const char *b);

/** Whether two kinds may stand for each other: the same, or both enumerations. */
bool wn_core_same_kind(enum wn_btf_kind a, enum wn_btf_kind b);

/** Whether a field of one type may be found in one of another (libbpf: bpf_core_fields_are_compat).
 */
bool wn_core_fields_agree(const struct wn_btf *a, uint32_t a_id, const struct wn_btf *b,
                          uint32_t b_id);

/** Whether two types may stand for each other, whatever is in them (bpf_core_types_are_compat). */
bool wn_core_types_agree(const struct wn_btf *a, uint32_t a_id, const struct wn_btf *b,
                         uint32_t b_id);

/** Whether everything of a local type is in the target's alike (bpf_core_types_match). */
bool wn_core_types_match(const struct wn_btf *local, uint32_t local_id, const struct wn_btf *target,
                         uint32_t target_id);
