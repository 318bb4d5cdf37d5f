/* SPDX-License-Identifier: MIT */
/**
 * Every arithmetic, shift, move, conversion and branch instruction on every pair
 * of numbers at which arithmetic goes wrong, against RFC 9669 in plain C, on
 * each of our engines and, where bpf(2) works, in the kernel.
 *
 * A program takes one number and a table of others from its data, and leaves a
 * table of results there. It is unrolled, so that one run is some 200 cases.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines.h"
#include "isa/decode.h"
#include "kernel.h"
#include "numbers.h"
#include "program.h"
#include "rfc9669.h"

/** The data: one operand of all cases, the other one of each, and what came of it. */
struct board {
    uint64_t first;
    uint64_t second[NUMBERS_MAX];
    uint64_t result[NUMBERS_MAX];
};

/** Programs of one kind: how an operation gets its operands, for how many cases. */
struct plan {
    const struct rfc_operation *op;
    bool by_register;
    unsigned dst, src; /* equal: both operands are the second one */
    size_t n;
    uint64_t seconds[NUMBERS_MAX]; /* second operands; constants are extended as the RFC says */
};

static uint64_t corners[NUMBERS_MAX];
static size_t n_corners;
static int32_t immediates[NUMBERS_MAX];
static size_t n_immediates;

static unsigned tests_run, tests_failed;
static uint64_t cases[ENGINES + 1]; /* the kernel is the last one */

#define KERNEL ENGINES

static const char *name_of(unsigned which)
{
    return which == KERNEL ? "kernel" : engine_names[which];
}

/** A register that is none of two others. */
static unsigned another(unsigned from, unsigned a, unsigned b)
{
    while (from == a || from == b)
        from++;
    return from;
}

static struct wn_slot operation(const struct plan *p, size_t i)
{
    const struct rfc_operation *op = p->op;
    if (op->shape == RFC_UNARY)
        return wn_slot(op->opcode, p->dst, 0, op->off, op->imm);
    int16_t off = op->shape == RFC_BRANCH ? 2 : op->off;
    if (p->by_register)
        return wn_slot(op->opcode | RFC_SRC, p->dst, p->src, off, 0);
    return wn_slot(op->opcode, p->dst, 0, off, (int32_t)(uint32_t)p->seconds[i]);
}

/** Rows of the library's table that took part. */
static bool covered[WN_OPS_ENCODED];

static void cover(struct wn_slot slot)
{
    int row = wn_slot_row(slot, 0, NULL);
    if (row >= 0)
        covered[row] = true;
}

static void write_case(struct program *out, const struct plan *p, unsigned base, size_t i)
{
    int16_t second = (int16_t)(offsetof(struct board, second) + 8 * i);
    int16_t result = (int16_t)(offsetof(struct board, result) + 8 * i);
    bool unary = p->op->shape == RFC_UNARY;
    if (p->by_register && p->src != p->dst)
        program_put(out, wn_ldx_dw(p->src, base, second));
    program_put(out, wn_ldx_dw(p->dst, base,
                               unary || (p->by_register && p->src == p->dst)
                                   ? second
                                   : (int16_t)offsetof(struct board, first)));
    program_put(out, operation(p, i));
    cover(operation(p, i));
    if (p->op->shape == RFC_BRANCH) {
        program_put(out, wn_st_dw(base, result, 0));
        program_put(out, wn_ja(1));
        program_put(out, wn_st_dw(base, result, 1));
    } else {
        program_put(out, wn_stx_dw(base, result, p->dst));
    }
}

static void write_program(struct program *out, const struct plan *p, enum program_for whom)
{
    unsigned base = another(WN_R1, p->dst, p->src), end = another(WN_R6, base, base);
    out->n = 0;
    program_begin(out, whom, base, end, another(WN_R3, base, end), sizeof(struct board));
    for (size_t i = 0; i < p->n; i++)
        write_case(out, p, base, i);
    program_put(out, wn_mov64_k(WN_R0, 1));
    program_put(out, wn_exit());
}

static uint64_t expected(const struct plan *p, uint64_t first, size_t i)
{
    bool same = p->op->shape == RFC_UNARY || (p->by_register && p->src == p->dst);
    return rfc_result(p->op, same ? p->seconds[i] : first, p->seconds[i]);
}

static void judge(const struct plan *p, unsigned which, const struct board *b, uint64_t ended,
                  unsigned *wrong)
{
    cases[which] += p->n;
    if (ended != 1 && (*wrong)++ < 5)
        printf("# %s: the program of %s did not reach its end\n", name_of(which), p->op->name);
    for (size_t i = 0; i < p->n; i++) {
        uint64_t want = expected(p, b->first, i);
        if (b->result[i] == want || (*wrong)++ >= 5)
            continue;
        printf("# %s: %s r%u, %s: 0x%" PRIx64 " and 0x%" PRIx64 " give 0x%" PRIx64
               ", not 0x%" PRIx64 "\n",
               name_of(which), p->op->name, p->dst, p->by_register ? "register" : "constant",
               p->op->shape == RFC_UNARY ? 0 : b->first, p->seconds[i], b->result[i], want);
    }
}

static void fill(struct board *b, const struct plan *p, uint64_t first)
{
    b->first = first;
    memcpy(b->second, p->seconds, sizeof b->second);
    memset(b->result, 0xa5, sizeof b->result);
}

/** Each of our engines, with every `step`th corner as the first operand. */
static void try_engines(const struct plan *p, size_t from, size_t step, unsigned *wrong)
{
    struct program program;
    struct engines e;
    struct board b;
    write_program(&program, p, FOR_US);
    engines_load(&e, program.slots, program.n);
    for (enum engine which = 0; which < ENGINES; which++)
        for (size_t a = from; e.progs[which] && a < n_corners; a += step) {
            fill(&b, p, corners[a]);
            struct wn_result r =
                engines_run(&e, which, &(struct engine_memory){.data = &b, .bytes = sizeof b});
            judge(p, which, &b, r.fault ? 0 : r.value, wrong);
        }
    engines_fini(&e);
}

static void try_kernel(struct plan *p, unsigned *wrong)
{
    struct program program;
    static char log[65536];
    struct board b;
    size_t kept = 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->by_register || rfc_kernel_takes(p->op, (int32_t)(uint32_t)p->seconds[i]))
            p->seconds[kept++] = p->seconds[i];
    p->n = kept;
    write_program(&program, p, FOR_XDP);
    int prog = kernel_load(BPF_PROG_TYPE_XDP, program.slots, program.n, log, sizeof log);
    if (prog < 0) {
        printf("# the kernel refuses %s: %s\n%s\n", p->op->name, strerror(-prog), log);
        ++*wrong;
        return;
    }
    for (size_t a = 0; a < n_corners; a++) {
        fill(&b, p, corners[a]);
        struct board out = b;
        struct kernel_run run = {
            .data = &b, .data_bytes = sizeof b, .data_out = &out, .data_out_bytes = sizeof out};
        int r = kernel_run(prog, &run);
        if (r && (*wrong)++ < 5)
            printf("# the kernel does not run %s: %s\n", p->op->name, strerror(-r));
        judge(p, KERNEL, &out, r ? 0 : run.result, wrong);
    }
    close(prog);
}

static void tap(const struct rfc_operation *op, const char *how, unsigned wrong)
{
    tests_run++;
    tests_failed += wrong > 0;
    printf("%s %u - %s %s\n", wrong ? "not ok" : "ok", tests_run, op->name, how);
}

static struct plan plan_of(const struct rfc_operation *op, bool by_register, unsigned dst,
                           unsigned src)
{
    struct plan p = {.op = op, .by_register = by_register, .dst = dst, .src = src};
    p.n = by_register ? n_corners : n_immediates;
    for (size_t i = 0; i < p.n; i++)
        p.seconds[i] = by_register ? corners[i] : (uint64_t)(int64_t)immediates[i];
    return p;
}

/** All pairs of operands; the registers change from one operation to the next. */
static void all_operands(const struct rfc_operation *op, size_t number, bool by_register,
                         bool ask_kernel)
{
    unsigned dst = (unsigned)number % 10, wrong = 0;
    unsigned src = by_register ? (dst + 1 + (unsigned)number / 10 % 9) % 10 : dst;
    struct plan p = plan_of(op, by_register, dst, src);
    try_engines(&p, 0, op->shape == RFC_UNARY ? n_corners : 1, &wrong);
    if (ask_kernel)
        try_kernel(&p, &wrong);
    tap(op, op->shape == RFC_UNARY ? "" : by_register ? "by register" : "by constant", wrong);
}

/** All pairs of registers, one with itself too: machines have operations that want certain ones. */
static void all_registers(const struct rfc_operation *op, size_t number)
{
    unsigned wrong = 0;
    for (unsigned pair = 0; pair < 100; pair++) {
        struct plan p = plan_of(op, true, pair / 10, pair % 10);
        if (op->shape == RFC_UNARY && p.dst != p.src)
            continue;
        if (p.dst != p.src) { /* every fifth number, others for each pair */
            p.n = 0;
            for (size_t i = (number + pair) % 5; i < n_corners; i += 5)
                p.seconds[p.n++] = corners[i];
        }
        size_t step = p.dst == p.src ? n_corners : n_corners / 3;
        try_engines(&p, (number * 7 + pair) % (n_corners / 3), step, &wrong);
    }
    tap(op, op->shape == RFC_UNARY ? "of each register" : "of each pair of registers", wrong);
}

/** Only the number of rows is the library's: one that RFC 9669 does not have is not tested above.
 */
static void nothing_left_out(void)
{
    unsigned missing = 0;
    for (unsigned id = 0; id < WN_OPS_ENCODED; id++)
        if ((wn_rows[id].kind == WN_KIND_ALU || wn_rows[id].kind == WN_KIND_BRANCH) &&
            !covered[id]) {
            printf("# %s took no part\n", wn_rows[id].name);
            missing++;
        }
    tests_run++;
    tests_failed += missing > 0;
    printf("%s %u - every row of arithmetic and branches took part\n", missing ? "not ok" : "ok",
           tests_run);
}

int main(void)
{
    struct rfc_operation ops[RFC_OPERATIONS];
    size_t n = rfc_operations(ops);
    const char *missing = kernel_missing();
    n_corners = numbers_corners(corners);
    n_immediates = numbers_immediates(immediates);
    for (size_t i = 0; i < n; i++) {
        all_operands(&ops[i], i, true, !missing);
        if (ops[i].shape == RFC_ALU || ops[i].shape == RFC_BRANCH)
            all_operands(&ops[i], i, false, !missing);
        all_registers(&ops[i], i);
    }
    nothing_left_out();
    for (unsigned which = 0; which <= ENGINES; which++)
        if (cases[which])
            printf("# %s: %" PRIu64 " cases\n", name_of(which), cases[which]);
    if (missing)
        printf("ok %u - the same in the kernel # SKIP %s\n", ++tests_run, missing);
    if (!cases[ENGINE_JIT])
        printf("ok %u - the same in machine code # SKIP not for this processor\n", ++tests_run);
    printf("1..%u\n", tests_run);
    return tests_failed != 0;
}
