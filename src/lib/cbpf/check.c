/* SPDX-License-Identifier: MIT */
#include "cbpf/cbpf.h"

/** Offsets from here up mean the kernel's extensions (linux/filter.h: SKF_LL_OFF, SKF_AD_OFF). */
#define EXTENSIONS 0xffe00000u

static bool is_alu(unsigned code)
{
    unsigned op = code & 0xf0;
    return op == CBPF_NEG ? code == (CBPF_ALU | CBPF_NEG) : op <= CBPF_XOR;
}

static bool is_jump(unsigned code)
{
    unsigned op = code & 0xf0;
    return op == CBPF_JA ? code == (CBPF_JMP | CBPF_JA) : op <= CBPF_JSET;
}

static bool is_opcode(unsigned code)
{
    if (code > 0xff)
        return false;
    switch (code & 7) {
    case CBPF_LD:
        switch (code & 0xe0) {
        case CBPF_ABS:
        case CBPF_IND: return (code & 0x18) != 0x18;
        case CBPF_IMM:
        case CBPF_MEM:
        case CBPF_LEN: return (code & 0x18) == CBPF_W;
        }
        return false;
    case CBPF_LDX:
        return code == (CBPF_LDX | CBPF_IMM) || code == (CBPF_LDX | CBPF_MEM) ||
               code == (CBPF_LDX | CBPF_LEN) || code == (CBPF_LDX | CBPF_B | CBPF_MSH);
    case CBPF_ST:
    case CBPF_STX: return code < 8;
    case CBPF_ALU: return is_alu(code);
    case CBPF_JMP: return is_jump(code);
    case CBPF_RET: return code == CBPF_RET || code == (CBPF_RET | CBPF_A);
    }
    return code == CBPF_TAX || code == CBPF_TXA;
}

static int check_load(const struct wn_cbpf_insn *p, uint32_t at, struct wn_error *err)
{
    unsigned mode = p->code & 0xe0;
    if (mode == CBPF_MEM && p->k >= CBPF_WORDS)
        return wn_fail(err, WN_E_MALFORMED, at, "M[%u] does not exist: there are 16 words", p->k);
    if (mode == CBPF_ABS && p->k >= EXTENSIONS)
        return wn_fail(err, WN_E_UNSUPPORTED, at,
                       "offset 0x%x is an extension of the Linux kernel, not a place in the packet",
                       p->k);
    return 0;
}

static int check_jump(const struct wn_cbpf_insn *p, uint32_t at, size_t n, struct wn_error *err)
{
    uint64_t next = (uint64_t)at + 1;
    /* Only JA may go backwards: its k is signed, as `ip6 protochain` needs it. */
    if (p->code == (CBPF_JMP | CBPF_JA)) {
        int64_t target = (int64_t)next + (int32_t)p->k;
        if (target < 0 || target >= (int64_t)n)
            return wn_fail(err, WN_E_MALFORMED, at, "jump to %lld, outside the program",
                           (long long)target);
        return 0;
    }
    if (next + p->jt >= n || next + p->jf >= n)
        return wn_fail(err, WN_E_MALFORMED, at, "jump to %llu, outside the program",
                       (unsigned long long)next + (p->jt > p->jf ? p->jt : p->jf));
    return 0;
}

static int check_insn(const struct wn_cbpf_insn *p, uint32_t at, size_t n, struct wn_error *err)
{
    if (!is_opcode(p->code))
        return wn_fail(err, WN_E_MALFORMED, at, "unknown classic opcode 0x%02x", p->code);
    switch (wn_cbpf_class(p)) {
    case CBPF_LD:
    case CBPF_LDX: return check_load(p, at, err);
    case CBPF_ST:
    case CBPF_STX:
        if (p->k >= CBPF_WORDS)
            return wn_fail(err, WN_E_MALFORMED, at, "M[%u] does not exist: there are 16 words",
                           p->k);
        return 0;
    case CBPF_ALU:
        if ((p->code == (CBPF_ALU | CBPF_DIV) || p->code == (CBPF_ALU | CBPF_MOD)) && p->k == 0)
            return wn_fail(err, WN_E_MALFORMED, at, "division by the constant 0");
        return 0;
    case CBPF_JMP: return check_jump(p, at, n, err);
    }
    return 0;
}

int wn_cbpf_check(const struct wn_cbpf_insn *insns, size_t n, struct wn_error *err)
{
    if (n == 0)
        return wn_fail(err, WN_E_MALFORMED, WN_NOWHERE, "the program is empty");
    if (n > CBPF_MAX)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE,
                       "%zu classic instructions are more than the %d allowed", n, CBPF_MAX);
    for (size_t i = 0; i < n; i++) {
        int r = check_insn(&insns[i], (uint32_t)i, n, err);
        if (r)
            return r;
    }
    if (wn_cbpf_class(&insns[n - 1]) != CBPF_RET)
        return wn_fail(err, WN_E_MALFORMED, (uint32_t)n - 1, "the last instruction is no return");
    return 0;
}
