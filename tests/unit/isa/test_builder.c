/* SPDX-License-Identifier: MIT */
/*
 * Every function of build.h against bytes that neither it nor the table made
 * (tests/data/raw, given as arguments), and what the builder says of mistakes.
 */
#include <winnow/build.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <winnow/prog.h>

#include "isa/decode.h"

#include "../failing.h"
#include "../raw_fixture.h"

static char *const *files;
static int n_files;

/** The slot that the function of a row makes of a fixture's operands. */
static struct wn_slot built(enum wn_op_id id, struct wn_slot s)
{
    unsigned dst = wn_slot_dst(s), src = wn_slot_src(s);
    int16_t off = s.off;
    int32_t imm = s.imm;
    /* clang-format off */
#define ROW(id, call) case WN_OP_##id: return call;
    switch (id) {
    ROW(ADD64_K, wn_add64_k(dst, imm))
    ROW(SUB64_K, wn_sub64_k(dst, imm))
    ROW(MUL64_K, wn_mul64_k(dst, imm))
    ROW(DIV64_K, wn_div64_k(dst, imm))
    ROW(SDIV64_K, wn_sdiv64_k(dst, imm))
    ROW(OR64_K, wn_or64_k(dst, imm))
    ROW(AND64_K, wn_and64_k(dst, imm))
    ROW(LSH64_K, wn_lsh64_k(dst, imm))
    ROW(RSH64_K, wn_rsh64_k(dst, imm))
    ROW(MOD64_K, wn_mod64_k(dst, imm))
    ROW(SMOD64_K, wn_smod64_k(dst, imm))
    ROW(XOR64_K, wn_xor64_k(dst, imm))
    ROW(ARSH64_K, wn_arsh64_k(dst, imm))
    ROW(ADD32_K, wn_add32_k(dst, imm))
    ROW(SUB32_K, wn_sub32_k(dst, imm))
    ROW(MUL32_K, wn_mul32_k(dst, imm))
    ROW(DIV32_K, wn_div32_k(dst, imm))
    ROW(SDIV32_K, wn_sdiv32_k(dst, imm))
    ROW(OR32_K, wn_or32_k(dst, imm))
    ROW(AND32_K, wn_and32_k(dst, imm))
    ROW(LSH32_K, wn_lsh32_k(dst, imm))
    ROW(RSH32_K, wn_rsh32_k(dst, imm))
    ROW(MOD32_K, wn_mod32_k(dst, imm))
    ROW(SMOD32_K, wn_smod32_k(dst, imm))
    ROW(XOR32_K, wn_xor32_k(dst, imm))
    ROW(ARSH32_K, wn_arsh32_k(dst, imm))
    ROW(MOV64_K, wn_mov64_k(dst, imm))
    ROW(MOV32_K, wn_mov32_k(dst, imm))
    ROW(ADD64_X, wn_add64_x(dst, src))
    ROW(SUB64_X, wn_sub64_x(dst, src))
    ROW(MUL64_X, wn_mul64_x(dst, src))
    ROW(DIV64_X, wn_div64_x(dst, src))
    ROW(SDIV64_X, wn_sdiv64_x(dst, src))
    ROW(OR64_X, wn_or64_x(dst, src))
    ROW(AND64_X, wn_and64_x(dst, src))
    ROW(LSH64_X, wn_lsh64_x(dst, src))
    ROW(RSH64_X, wn_rsh64_x(dst, src))
    ROW(MOD64_X, wn_mod64_x(dst, src))
    ROW(SMOD64_X, wn_smod64_x(dst, src))
    ROW(XOR64_X, wn_xor64_x(dst, src))
    ROW(ARSH64_X, wn_arsh64_x(dst, src))
    ROW(ADD32_X, wn_add32_x(dst, src))
    ROW(SUB32_X, wn_sub32_x(dst, src))
    ROW(MUL32_X, wn_mul32_x(dst, src))
    ROW(DIV32_X, wn_div32_x(dst, src))
    ROW(SDIV32_X, wn_sdiv32_x(dst, src))
    ROW(OR32_X, wn_or32_x(dst, src))
    ROW(AND32_X, wn_and32_x(dst, src))
    ROW(LSH32_X, wn_lsh32_x(dst, src))
    ROW(RSH32_X, wn_rsh32_x(dst, src))
    ROW(MOD32_X, wn_mod32_x(dst, src))
    ROW(SMOD32_X, wn_smod32_x(dst, src))
    ROW(XOR32_X, wn_xor32_x(dst, src))
    ROW(ARSH32_X, wn_arsh32_x(dst, src))
    ROW(MOV64_X, wn_mov64_x(dst, src))
    ROW(MOVSX8_64, wn_movsx8_64(dst, src))
    ROW(MOVSX16_64, wn_movsx16_64(dst, src))
    ROW(MOVSX32_64, wn_movsx32_64(dst, src))
    ROW(MOV32_X, wn_mov32_x(dst, src))
    ROW(MOVSX8_32, wn_movsx8_32(dst, src))
    ROW(MOVSX16_32, wn_movsx16_32(dst, src))
    ROW(NEG64, wn_neg64(dst))
    ROW(NEG32, wn_neg32(dst))
    ROW(LE16, wn_le16(dst))
    ROW(LE32, wn_le32(dst))
    ROW(LE64, wn_le64(dst))
    ROW(BE16, wn_be16(dst))
    ROW(BE32, wn_be32(dst))
    ROW(BE64, wn_be64(dst))
    ROW(BSWAP16, wn_bswap16(dst))
    ROW(BSWAP32, wn_bswap32(dst))
    ROW(BSWAP64, wn_bswap64(dst))
    ROW(LDX_B, wn_ldx_b(dst, src, off))
    ROW(LDX_H, wn_ldx_h(dst, src, off))
    ROW(LDX_W, wn_ldx_w(dst, src, off))
    ROW(LDX_DW, wn_ldx_dw(dst, src, off))
    ROW(LDSX_B, wn_ldsx_b(dst, src, off))
    ROW(LDSX_H, wn_ldsx_h(dst, src, off))
    ROW(LDSX_W, wn_ldsx_w(dst, src, off))
    ROW(ST_B, wn_st_b(dst, off, imm))
    ROW(ST_H, wn_st_h(dst, off, imm))
    ROW(ST_W, wn_st_w(dst, off, imm))
    ROW(ST_DW, wn_st_dw(dst, off, imm))
    ROW(STX_B, wn_stx_b(dst, off, src))
    ROW(STX_H, wn_stx_h(dst, off, src))
    ROW(STX_W, wn_stx_w(dst, off, src))
    ROW(STX_DW, wn_stx_dw(dst, off, src))
    ROW(ATOMIC_ADD32, wn_atomic_add32(dst, off, src))
    ROW(ATOMIC_OR32, wn_atomic_or32(dst, off, src))
    ROW(ATOMIC_AND32, wn_atomic_and32(dst, off, src))
    ROW(ATOMIC_XOR32, wn_atomic_xor32(dst, off, src))
    ROW(ATOMIC_FETCH_ADD32, wn_atomic_fetch_add32(dst, off, src))
    ROW(ATOMIC_FETCH_OR32, wn_atomic_fetch_or32(dst, off, src))
    ROW(ATOMIC_FETCH_AND32, wn_atomic_fetch_and32(dst, off, src))
    ROW(ATOMIC_FETCH_XOR32, wn_atomic_fetch_xor32(dst, off, src))
    ROW(ATOMIC_XCHG32, wn_atomic_xchg32(dst, off, src))
    ROW(ATOMIC_CMPXCHG32, wn_atomic_cmpxchg32(dst, off, src))
    ROW(ATOMIC_ADD64, wn_atomic_add64(dst, off, src))
    ROW(ATOMIC_OR64, wn_atomic_or64(dst, off, src))
    ROW(ATOMIC_AND64, wn_atomic_and64(dst, off, src))
    ROW(ATOMIC_XOR64, wn_atomic_xor64(dst, off, src))
    ROW(ATOMIC_FETCH_ADD64, wn_atomic_fetch_add64(dst, off, src))
    ROW(ATOMIC_FETCH_OR64, wn_atomic_fetch_or64(dst, off, src))
    ROW(ATOMIC_FETCH_AND64, wn_atomic_fetch_and64(dst, off, src))
    ROW(ATOMIC_FETCH_XOR64, wn_atomic_fetch_xor64(dst, off, src))
    ROW(ATOMIC_XCHG64, wn_atomic_xchg64(dst, off, src))
    ROW(ATOMIC_CMPXCHG64, wn_atomic_cmpxchg64(dst, off, src))
    ROW(JA, wn_ja(off))
    ROW(JA32, wn_ja32(imm))
    ROW(JEQ64_K, wn_jeq64_k(dst, imm, off))
    ROW(JGT64_K, wn_jgt64_k(dst, imm, off))
    ROW(JGE64_K, wn_jge64_k(dst, imm, off))
    ROW(JSET64_K, wn_jset64_k(dst, imm, off))
    ROW(JNE64_K, wn_jne64_k(dst, imm, off))
    ROW(JSGT64_K, wn_jsgt64_k(dst, imm, off))
    ROW(JSGE64_K, wn_jsge64_k(dst, imm, off))
    ROW(JLT64_K, wn_jlt64_k(dst, imm, off))
    ROW(JLE64_K, wn_jle64_k(dst, imm, off))
    ROW(JSLT64_K, wn_jslt64_k(dst, imm, off))
    ROW(JSLE64_K, wn_jsle64_k(dst, imm, off))
    ROW(JEQ32_K, wn_jeq32_k(dst, imm, off))
    ROW(JGT32_K, wn_jgt32_k(dst, imm, off))
    ROW(JGE32_K, wn_jge32_k(dst, imm, off))
    ROW(JSET32_K, wn_jset32_k(dst, imm, off))
    ROW(JNE32_K, wn_jne32_k(dst, imm, off))
    ROW(JSGT32_K, wn_jsgt32_k(dst, imm, off))
    ROW(JSGE32_K, wn_jsge32_k(dst, imm, off))
    ROW(JLT32_K, wn_jlt32_k(dst, imm, off))
    ROW(JLE32_K, wn_jle32_k(dst, imm, off))
    ROW(JSLT32_K, wn_jslt32_k(dst, imm, off))
    ROW(JSLE32_K, wn_jsle32_k(dst, imm, off))
    ROW(JEQ64_X, wn_jeq64_x(dst, src, off))
    ROW(JGT64_X, wn_jgt64_x(dst, src, off))
    ROW(JGE64_X, wn_jge64_x(dst, src, off))
    ROW(JSET64_X, wn_jset64_x(dst, src, off))
    ROW(JNE64_X, wn_jne64_x(dst, src, off))
    ROW(JSGT64_X, wn_jsgt64_x(dst, src, off))
    ROW(JSGE64_X, wn_jsge64_x(dst, src, off))
    ROW(JLT64_X, wn_jlt64_x(dst, src, off))
    ROW(JLE64_X, wn_jle64_x(dst, src, off))
    ROW(JSLT64_X, wn_jslt64_x(dst, src, off))
    ROW(JSLE64_X, wn_jsle64_x(dst, src, off))
    ROW(JEQ32_X, wn_jeq32_x(dst, src, off))
    ROW(JGT32_X, wn_jgt32_x(dst, src, off))
    ROW(JGE32_X, wn_jge32_x(dst, src, off))
    ROW(JSET32_X, wn_jset32_x(dst, src, off))
    ROW(JNE32_X, wn_jne32_x(dst, src, off))
    ROW(JSGT32_X, wn_jsgt32_x(dst, src, off))
    ROW(JSGE32_X, wn_jsge32_x(dst, src, off))
    ROW(JLT32_X, wn_jlt32_x(dst, src, off))
    ROW(JLE32_X, wn_jle32_x(dst, src, off))
    ROW(JSLT32_X, wn_jslt32_x(dst, src, off))
    ROW(JSLE32_X, wn_jsle32_x(dst, src, off))
    ROW(CALL, wn_call(imm))
    ROW(CALL_LOCAL, wn_call_local(imm))
    ROW(CALL_BTF, wn_call_btf(imm))
    ROW(CALLX, wn_callx(dst))
    ROW(CALLX_IMM, wn_callx_imm((unsigned)imm))
    ROW(EXIT, wn_exit())
    ROW(LD_ABS_B, wn_ld_abs_b(imm))
    ROW(LD_ABS_H, wn_ld_abs_h(imm))
    ROW(LD_ABS_W, wn_ld_abs_w(imm))
    ROW(LD_IND_B, wn_ld_ind_b(src, imm))
    ROW(LD_IND_H, wn_ld_ind_h(src, imm))
    ROW(LD_IND_W, wn_ld_ind_w(src, imm))
#undef ROW
    /* Wide ones are built below; the rest are no slots. */
#define I(id, ...)
#define X(id, ...) case WN_OP_##id:
#include "isa/isa.def"
#undef I
#undef X
    case WN_OP_IMM64: case WN_OP_MAP_FD: case WN_OP_MAP_VALUE: case WN_OP_VAR: case WN_OP_FUNC:
    case WN_OP_MAP_IDX: case WN_OP_MAP_IDX_VALUE:
    case WN_OPS: break;
    }
    /* clang-format on */
    fail_msg("row %d has no function of one slot", (int)id);
    return (struct wn_slot){0};
}

static struct wn_wide built_wide(enum wn_op_id id, unsigned dst, int32_t low, int32_t high)
{
    switch (id) {
    case WN_OP_IMM64: return wn_imm64(dst, (uint64_t)(uint32_t)high << 32 | (uint32_t)low);
    case WN_OP_MAP_FD: return wn_map_fd(dst, low);
    case WN_OP_MAP_VALUE: return wn_map_value(dst, low, high);
    case WN_OP_VAR: return wn_var(dst, low);
    case WN_OP_FUNC: return wn_func(dst, low);
    case WN_OP_MAP_IDX: return wn_map_idx(dst, low);
    case WN_OP_MAP_IDX_VALUE: return wn_map_idx_value(dst, low, high);
    default: fail_msg("row %d has no wide function", (int)id);
    }
    return (struct wn_wide){0};
}

/** Fixture, builder and table say the same; through the growable program too. */
static enum wn_op_id hold(const struct raw_fixture *f)
{
    struct wn_error err = {0};
    struct wn_slot s = f->slots[0], *slots = NULL;
    struct wn_builder b = {0};
    size_t count = 0;
    int id = wn_slot_row(s, 0, &err);
    if (id < 0)
        fail_msg("%s: %s", f->text, err.text);
    struct wn_slot table =
        wn_encode((enum wn_op_id)id, wn_slot_dst(s), wn_slot_src(s), s.off, s.imm);
    assert_memory_equal(&table, &s, sizeof s);
    if (f->count == 2)
        wn_build_wide(&b, built_wide((enum wn_op_id)id, wn_slot_dst(s), s.imm, f->slots[1].imm));
    else
        wn_build(&b, built((enum wn_op_id)id, s));
    if (wn_build_finish(&b, &slots, &count, &err))
        fail_msg("%s: %s", f->text, err.text);
    assert_int_equal(count, f->count);
    if (memcmp(slots, f->slots, count * sizeof *slots) != 0)
        fail_msg("%s is built otherwise", f->text);
    free(slots);
    return (enum wn_op_id)id;
}

static void every_row_is_built_as_others_wrote_it(void **state)
{
    (void)state;
    unsigned seen[WN_OPS_ENCODED] = {0};
    for (int i = 0; i < n_files; i++) {
        FILE *file = fopen(files[i], "r");
        char line[256];
        assert_non_null(file);
        while (fgets(line, sizeof line, file)) {
            struct raw_fixture f = raw_fixture_parse(line);
            if (f.count)
                seen[hold(&f)]++;
        }
        fclose(file);
    }
    for (int id = 0; id < WN_OPS_ENCODED; id++)
        if (!seen[id])
            fail_msg("%s (row %d) has no fixture", wn_rows[id].name, id);
}

/** Every kind of reference: forwards, backwards, to a function by call and by address. */
static void build_program(struct wn_builder *b)
{
    uint32_t loop = wn_build_label(b), done = wn_build_label(b), twice = wn_build_label(b);
    wn_build(b, wn_mov64_k(WN_R1, 10));
    wn_build(b, wn_mov64_k(WN_R6, 0));
    wn_build_place(b, loop);
    wn_build_jump(b, wn_jeq64_k(WN_R1, 0, 0), done);
    wn_build(b, wn_add64_x(WN_R6, WN_R1));
    wn_build(b, wn_sub32_k(WN_R1, 1));
    wn_build_jump(b, wn_ja32(0), loop);
    wn_build_place(b, done);
    wn_build(b, wn_mov64_x(WN_R1, WN_R6));
    wn_build_func(b, wn_func(WN_R2, 0), twice);
    wn_build_jump(b, wn_call_local(0), twice);
    wn_build(b, wn_exit());
    wn_build_place(b, twice);
    wn_build(b, wn_mov64_x(WN_R0, WN_R1));
    wn_build(b, wn_lsh64_k(WN_R0, 1));
    wn_build(b, wn_exit());
}

static void labels_lead_where_they_were_placed(void **state)
{
    (void)state;
    struct wn_builder b = {0};
    struct wn_slot *slots = NULL;
    size_t count = 0;
    struct wn_error err = {0};
    build_program(&b);
    if (wn_build_finish(&b, &slots, &count, &err))
        fail_msg("%s", err.text);
    assert_int_equal(count, 14);
    assert_int_equal(slots[2].off, 3);
    assert_int_equal(slots[5].imm, -4);
    assert_int_equal(slots[7].imm, 3);
    assert_int_equal(slots[9].imm, 1);

    struct wn_prog *prog = NULL;
    if (wn_prog_new(slots, count, NULL, &prog, &err))
        fail_msg("%s", err.text);
    struct wn_run *run = wn_run_new();
    struct wn_packet packet = {0};
    assert_int_equal(wn_prog_run(prog, run, &packet).value, 110);
    wn_run_free(run);
    wn_prog_free(prog);
    free(slots);
}

/** Finish a builder that holds a mistake, and free it. */
static void refused(struct wn_builder *b, int code, uint32_t at, const char *word)
{
    struct wn_slot *slots = NULL;
    size_t count = 77;
    struct wn_error err = {0};
    assert_int_equal(wn_build_finish(b, &slots, &count, &err), code);
    assert_int_equal(err.code, code);
    assert_int_equal(err.at, at);
    if (!strstr(err.text, word))
        fail_msg("\"%s\" does not say \"%s\"", err.text, word);
    assert_null(slots);
    assert_int_equal(count, 77);
    wn_build_reset(b);
}

static void a_register_above_r10_is_refused_everywhere(void **state)
{
    (void)state;
    static const unsigned wrong[] = {11, 15, 16, 17, 33, 256, UINT32_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        unsigned r = wrong[i];
        const struct wn_slot slots[] = {
            wn_add64_k(r, 1),    wn_mov32_x(0, r),          wn_neg64(r),
            wn_ldx_b(0, r, 0),   wn_st_w(r, 0, 1),          wn_stx_dw(1, 0, r),
            wn_jeq64_k(r, 1, 1), wn_jle32_x(1, r, 1),       wn_atomic_add64(r, 0, 1),
            wn_callx(r),         wn_callx_imm(r),           wn_ld_ind_b(r, 0),
            wn_movsx8_64(1, r),  wn_atomic_xchg32(1, 0, r),
        };
        for (size_t k = 0; k < sizeof slots / sizeof *slots; k++) {
            struct wn_builder b = {0};
            wn_build(&b, wn_exit());
            wn_build(&b, slots[k]);
            wn_build(&b, wn_exit());
            refused(&b, WN_E_MALFORMED, 1, "regist");
        }
        struct wn_builder b = {0};
        wn_build_wide(&b, wn_imm64(r, 1));
        refused(&b, WN_E_MALFORMED, 0, "regist");
    }
}

static void labels_used_wrongly_are_refused(void **state)
{
    (void)state;
    struct wn_builder b = {0};
    uint32_t label = wn_build_label(&b);
    wn_build(&b, wn_mov64_k(0, 0));
    wn_build_jump(&b, wn_ja(0), label);
    wn_build(&b, wn_exit());
    refused(&b, -EINVAL, 1, "never placed");

    label = wn_build_label(&b);
    wn_build_place(&b, label);
    wn_build(&b, wn_exit());
    wn_build_place(&b, label);
    refused(&b, -EINVAL, 1, "placed already, at slot 0");

    wn_build_jump(&b, wn_ja(0), 0);
    refused(&b, -EINVAL, 0, "not made");
    wn_build_place(&b, 1);
    refused(&b, -EINVAL, 0, "not made");
    wn_build_jump(&b, wn_call_local(0), WN_NOWHERE);
    refused(&b, -EINVAL, 0, "not made");

    label = wn_build_label(&b);
    wn_build_jump(&b, wn_add64_k(1, 1), label);
    refused(&b, WN_E_MALFORMED, 0, "goes to no label");
    label = wn_build_label(&b);
    wn_build_func(&b, wn_imm64(1, 1), label);
    refused(&b, WN_E_MALFORMED, 0, "no function's address");
}

static void slots_that_are_no_instruction_are_refused(void **state)
{
    (void)state;
    struct wn_builder b = {0};
    wn_build(&b, wn_slot(0xff, 0, 0, 0, 0));
    refused(&b, WN_E_MALFORMED, 0, "unknown opcode");
    wn_build(&b, wn_exit());
    wn_build(&b, wn_slot(0x95, 0, 0, 0, 1));
    refused(&b, WN_E_MALFORMED, 1, "must be 0");
    wn_build(&b, wn_imm64(1, 1).half[0]);
    refused(&b, WN_E_MALFORMED, 0, "half");
    wn_build_wide(&b, (struct wn_wide){{wn_exit(), wn_exit()}});
    refused(&b, WN_E_MALFORMED, 0, "no wide");
    wn_build_wide(&b, (struct wn_wide){{wn_imm64(1, 1).half[0], wn_exit()}});
    refused(&b, WN_E_MALFORMED, 0, "second slot");
    wn_build(&b, wn_callx_imm(0)); /* which is what callx r0 looks like, so a slot of its own */
    wn_build(&b, wn_ldx_b(12, 0, 0));
    refused(&b, WN_E_MALFORMED, 1, "r15");
    refused(&b, WN_E_MALFORMED, 0, "empty");
}

/** A jump over `between` slots, forwards or backwards. */
static void build_far(struct wn_builder *b, int between, bool back, struct wn_slot jump)
{
    uint32_t label = wn_build_label(b);
    if (back)
        wn_build_place(b, label);
    else
        wn_build_jump(b, jump, label);
    for (int i = 0; i < between; i++)
        wn_build(b, wn_exit());
    if (back)
        wn_build_jump(b, jump, label);
    else
        wn_build_place(b, label);
    wn_build(b, wn_exit());
}

static void a_jump_reaches_as_far_as_its_offset(void **state)
{
    (void)state;
    struct wn_slot *slots;
    size_t count;
    struct wn_builder b = {0};
    build_far(&b, INT16_MAX, false, wn_ja(0));
    assert_int_equal(wn_build_finish(&b, &slots, &count, NULL), 0);
    assert_int_equal(slots[0].off, INT16_MAX);
    free(slots);
    wn_build_reset(&b);
    build_far(&b, INT16_MAX, true, wn_jeq64_k(1, 1, 0));
    assert_int_equal(wn_build_finish(&b, &slots, &count, NULL), 0);
    assert_int_equal(slots[INT16_MAX].off, INT16_MIN);
    free(slots);
    wn_build_reset(&b);

    build_far(&b, INT16_MAX + 1, false, wn_jeq64_k(1, 1, 0));
    refused(&b, WN_E_MALFORMED, 0, "ja32");
    build_far(&b, INT16_MAX + 1, true, wn_ja(0));
    refused(&b, WN_E_MALFORMED, INT16_MAX + 1, "ja32");
    build_far(&b, INT16_MAX + 1, false, wn_ja32(0));
    assert_int_equal(wn_build_finish(&b, &slots, &count, NULL), 0);
    assert_int_equal(slots[0].imm, INT16_MAX + 1);
    free(slots);
}

static void a_finished_builder_refuses_everything(void **state)
{
    (void)state;
    struct wn_builder b = {0};
    struct wn_slot *slots;
    size_t count;
    for (int what = 0; what < 6; what++) {
        wn_build(&b, wn_exit());
        uint32_t label = wn_build_label(&b);
        assert_int_equal(wn_build_finish(&b, &slots, &count, NULL), 0);
        free(slots);
        switch (what) {
        case 0: wn_build(&b, wn_exit()); break;
        case 1: wn_build_wide(&b, wn_imm64(1, 1)); break;
        case 2: wn_build_place(&b, label); break;
        case 3: wn_build_jump(&b, wn_ja(0), label); break;
        case 4: assert_int_equal(wn_build_label(&b), WN_NOWHERE); break;
        default: break; /* finished twice */
        }
        refused(&b, -EINVAL, 1, "after it was finished");
    }
}

static void the_first_mistake_is_the_one_told(void **state)
{
    (void)state;
    struct wn_builder b = {0};
    wn_build(&b, wn_exit());
    wn_build(&b, wn_mov64_k(11, 0));
    wn_build(&b, wn_slot(0xff, 0, 0, 0, 0));
    wn_build_place(&b, 5);
    wn_build_jump(&b, wn_ja(0), wn_build_label(&b));
    refused(&b, WN_E_MALFORMED, 1, "mov64");
}

static void programs_end_at_the_limit(void **state)
{
    (void)state;
    struct wn_builder b = {0};
    for (int i = 0; i < 999999; i++)
        wn_build(&b, wn_exit());
    struct wn_builder other = b; /* not used again: only the slots' owner is */
    wn_build_wide(&b, wn_imm64(1, 1));
    assert_int_equal(b.error.code, WN_E_LIMIT);
    b = other;
    wn_build(&b, wn_exit());
    assert_int_equal(b.error.code, 0);
    wn_build(&b, wn_exit());
    refused(&b, WN_E_LIMIT, 1000000, "longer");
}

static void without_memory_all_is_given_back(void **state)
{
    (void)state;
    long tries = 0;
    do {
        struct wn_builder b = {0};
        struct wn_slot *slots = NULL;
        size_t count = 0;
        struct wn_error err = {0};
        long before = live;
        failures = 0;
        until_failure = tries++;
        for (int i = 0; i < 10; i++)
            build_program(&b);
        int r = wn_build_finish(&b, &slots, &count, &err);
        until_failure = -1;
        assert_int_equal(r, failures ? -ENOMEM : 0);
        assert_int_equal(err.code, r);
        assert_int_equal(live, before + (r == 0));
        free(slots);
    } while (failures);
    assert_true(tries > 5);
}

int main(int argc, char **argv)
{
    files = argv + 1;
    n_files = argc - 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_built_as_others_wrote_it),
        cmocka_unit_test(labels_lead_where_they_were_placed),
        cmocka_unit_test(a_register_above_r10_is_refused_everywhere),
        cmocka_unit_test(labels_used_wrongly_are_refused),
        cmocka_unit_test(slots_that_are_no_instruction_are_refused),
        cmocka_unit_test(a_jump_reaches_as_far_as_its_offset),
        cmocka_unit_test(a_finished_builder_refuses_everything),
        cmocka_unit_test(the_first_mistake_is_the_one_told),
        cmocka_unit_test(programs_end_at_the_limit),
        cmocka_unit_test(without_memory_all_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
