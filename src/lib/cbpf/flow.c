/* SPDX-License-Identifier: MIT */
/*
 * One pass backwards and one forwards. Conditional jumps of classic BPF only go
 * forward, so nearly every program is settled by these; at the rare backward
 * jump the passes assume the worst instead of going round until nothing
 * changes, so that time stays linear whoever wrote the program.
 */
#include "cbpf/cbpf.h"

#define ALL_REJECT UINT64_MAX

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool is_conditional(const struct wn_cbpf_insn *p)
{
    return wn_cbpf_class(p) == CBPF_JMP && p->code != (CBPF_JMP | CBPF_JA);
}

/** Bytes the packet must have for an instruction not to reject. */
static uint64_t bytes_needed(const struct wn_cbpf_insn *p)
{
    switch (p->code & 0xe7) {
    case CBPF_LD | CBPF_ABS:
    case CBPF_LD | CBPF_IND: return (uint64_t)p->k + wn_cbpf_size(p);
    case CBPF_LDX | CBPF_MSH: return (uint64_t)p->k + 1;
    }
    return 0;
}

static uint32_t uses(const struct wn_cbpf_insn *p)
{
    uint32_t x = p->code & CBPF_X ? CBPF_LIVE_X : 0;
    switch (wn_cbpf_class(p)) {
    case CBPF_LD:
    case CBPF_LDX:
        if ((p->code & 0xe0) == CBPF_MEM)
            return 1u << p->k;
        return (p->code & 0xe0) == CBPF_IND ? CBPF_LIVE_X : 0;
    case CBPF_ST: return CBPF_LIVE_A;
    case CBPF_STX: return CBPF_LIVE_X;
    case CBPF_ALU: return CBPF_LIVE_A | x;
    case CBPF_JMP: return is_conditional(p) ? CBPF_LIVE_A | x : 0;
    case CBPF_RET: return p->code & CBPF_A ? CBPF_LIVE_A : 0;
    }
    return p->code == CBPF_TAX ? CBPF_LIVE_A : CBPF_LIVE_X;
}

static uint32_t defs(const struct wn_cbpf_insn *p)
{
    switch (wn_cbpf_class(p)) {
    case CBPF_LD:
    case CBPF_ALU: return CBPF_LIVE_A;
    case CBPF_LDX: return CBPF_LIVE_X;
    case CBPF_ST:
    case CBPF_STX: return 1u << p->k;
    case CBPF_MISC: return p->code == CBPF_TAX ? CBPF_LIVE_X : CBPF_LIVE_A;
    }
    return 0;
}

/** What the rest of the program needs: its live state, and bytes of the packet. */
static void backward(const struct wn_cbpf_insn *insns, size_t n, struct wn_cbpf_fact *facts)
{
    uint32_t anything = 0;
    for (size_t i = 0; i < n; i++)
        anything |= uses(&insns[i]);

    for (size_t i = n; i-- > 0;) {
        const struct wn_cbpf_insn *p = &insns[i];
        size_t t = i + 1, f = i + 1;
        uint64_t need;
        if (is_conditional(p)) {
            t += p->jt;
            f += p->jf;
        } else if (wn_cbpf_class(p) == CBPF_JMP) {
            t = f = i + 1 + (size_t)(int64_t)(int32_t)p->k;
        }
        if (wn_cbpf_class(p) == CBPF_RET) {
            facts[i].live = uses(p);
            need = p->code == CBPF_RET && p->k == 0 ? ALL_REJECT : 0;
        } else if (t <= i) {
            facts[i].live = anything;
            need = 0;
        } else {
            facts[i].live = ((facts[t].live | facts[f].live) & ~defs(p)) | uses(p);
            need = min_u64(facts[t].need, facts[f].need);
        }
        facts[i].need = need > bytes_needed(p) ? need : bytes_needed(p);
    }
}

static void arrive(struct wn_cbpf_fact *fact, uint64_t have)
{
    fact->have = fact->reached ? min_u64(fact->have, have) : have;
    fact->reached = true;
}

/**
 * Decide what a load compares the packet's length with. As a packet that is too
 * short rejects, the comparison may as well be for all that every way to
 * acceptance needs: the loads behind it find theirs already made.
 */
static void check_load(const struct wn_cbpf_insn *p, struct wn_cbpf_fact *fact)
{
    /* An indirect load is compared with X in the sum; what is known of k alone does not help. */
    if ((p->code & 0xe7) == (CBPF_LD | CBPF_IND) || bytes_needed(p) <= fact->have)
        return;
    fact->check = fact->need == ALL_REJECT ? bytes_needed(p) : fact->need;
}

/** Where control can come, and how much of the packet is known to be there. */
static void forward(const struct wn_cbpf_insn *insns, size_t n, struct wn_cbpf_fact *facts)
{
    facts[0].reached = true;
    for (size_t i = 0; i < n; i++)
        if (insns[i].code == (CBPF_JMP | CBPF_JA) && (int32_t)insns[i].k < 0)
            arrive(&facts[i + 1 + (size_t)(int64_t)(int32_t)insns[i].k], 0);

    for (size_t i = 0; i < n; i++) {
        const struct wn_cbpf_insn *p = &insns[i];
        if (!facts[i].reached || wn_cbpf_class(p) == CBPF_RET)
            continue;
        if (is_conditional(p)) {
            arrive(&facts[i + 1 + p->jt], facts[i].have);
            arrive(&facts[i + 1 + p->jf], facts[i].have);
        } else if (wn_cbpf_class(p) != CBPF_JMP) {
            check_load(p, &facts[i]);
            uint64_t here = bytes_needed(p) > facts[i].check ? bytes_needed(p) : facts[i].check;
            arrive(&facts[i + 1], here > facts[i].have ? here : facts[i].have);
        } else if ((int32_t)p->k >= 0) {
            arrive(&facts[i + 1 + p->k], facts[i].have);
        }
    }
}

void wn_cbpf_flow(const struct wn_cbpf_insn *insns, size_t n, struct wn_cbpf_fact *facts)
{
    backward(insns, n, facts);
    forward(insns, n, facts);
}
