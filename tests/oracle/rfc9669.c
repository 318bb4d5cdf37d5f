/* SPDX-License-Identifier: MIT */
#include "rfc9669.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/** Rows of tables 4.1 and 4.3, in their order; the number is the code, unless said otherwise. */
enum { ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, NEG, MOD, XOR, MOV, ARSH, END };
enum { JEQ = 1, JGT, JGE, JSET, JNE, JSGT, JSGE, JLT = 10, JLE, JSLT, JSLE };

static const char *const alu_names[] = {"add", "sub", "mul", "div", "or",  "and", "lsh",
                                        "rsh", "neg", "mod", "xor", "mov", "arsh"};
static const char *const branch_names[] = {NULL,   "jeq", "jgt", "jge", "jset", "jne",  "jsgt",
                                           "jsge", NULL,  NULL,  "jlt", "jle",  "jslt", "jsle"};

static void add(struct rfc_operation *out, size_t *n, const char *name, struct rfc_operation op)
{
    assert(*n < RFC_OPERATIONS);
    snprintf(op.name, sizeof op.name, "%s", name);
    out[(*n)++] = op;
}

static void add_width(struct rfc_operation *out, size_t *n, unsigned bits)
{
    const uint8_t alu = bits == 64 ? 7 : 4, jump = bits == 64 ? 5 : 6;
    char name[16];
    for (unsigned code = ADD; code < END; code++) {
        enum rfc_shape shape = code == NEG ? RFC_UNARY : RFC_ALU;
        for (int16_t off = 0; off <= (code == DIV || code == MOD); off++) {
            snprintf(name, sizeof name, "%s%s%u", off ? "s" : "", alu_names[code], bits);
            add(out, n, name,
                (struct rfc_operation){.shape = shape,
                                       .bits = bits,
                                       .opcode = (uint8_t)(code << 4 | alu),
                                       .off = off,
                                       .code = code});
        }
    }
    for (int16_t width = 8; width <= (int16_t)bits / 2; width = (int16_t)(2 * width)) {
        snprintf(name, sizeof name, "movsx%d to %u", width, bits);
        add(out, n, name,
            (struct rfc_operation){.shape = RFC_MOVE,
                                   .bits = bits,
                                   .opcode = (uint8_t)(MOV << 4 | alu),
                                   .off = width,
                                   .code = MOV});
    }
    for (unsigned code = JEQ; code <= JSLE; code++) {
        if (!branch_names[code])
            continue;
        snprintf(name, sizeof name, "%s%u", branch_names[code], bits);
        add(out, n, name,
            (struct rfc_operation){.shape = RFC_BRANCH,
                                   .bits = bits,
                                   .opcode = (uint8_t)(code << 4 | jump),
                                   .code = code});
    }
}

/** Table 4.2: the class says whether always (7) or only for a byte order (4), the source bit which.
 */
static void add_byte_order(struct rfc_operation *out, size_t *n)
{
    static const struct {
        const char *name;
        uint8_t opcode;
    } kinds[] = {{"le", 0xd4}, {"be", 0xdc}, {"bswap", 0xd7}};
    char name[16];
    for (unsigned k = 0; k < 3; k++)
        for (unsigned bits = 16; bits <= 64; bits *= 2) {
            snprintf(name, sizeof name, "%s%u", kinds[k].name, bits);
            add(out, n, name,
                (struct rfc_operation){.shape = RFC_UNARY,
                                       .bits = bits,
                                       .opcode = kinds[k].opcode,
                                       .imm = (int32_t)bits,
                                       .code = END});
        }
}

size_t rfc_operations(struct rfc_operation out[RFC_OPERATIONS])
{
    size_t n = 0;
    add_width(out, &n, 64);
    add_width(out, &n, 32);
    add_byte_order(out, &n);
    return n;
}

static uint64_t low(uint64_t v, unsigned bits)
{
    return bits == 64 ? v : v & ((UINT64_C(1) << bits) - 1);
}

/** In 128 bits nothing below overflows, and no operation is undefined. */
static __int128 with_sign(uint64_t v, unsigned bits)
{
    __int128 wide = low(v, bits);
    return v >> (bits - 1) & 1 ? wide - ((__int128)1 << bits) : wide;
}

static __int128 floor_halved(__int128 v, unsigned times)
{
    for (; times > 0; times--)
        v = (v - (v & 1)) / 2;
    return v;
}

static uint64_t alu_result(const struct rfc_operation *op, uint64_t dst, uint64_t operand)
{
    const unsigned bits = op->bits;
    const __int128 a = low(dst, bits), b = low(operand, bits);
    const __int128 sa = with_sign(dst, bits), sb = with_sign(operand, bits);
    const unsigned shift = (unsigned)(operand % bits);
    __int128 r = 0;
    switch (op->code) {
    case ADD: r = a + b; break;
    case SUB: r = a - b; break;
    case MUL: r = (__int128)((unsigned __int128)a * (unsigned __int128)b); break;
    case DIV: r = b == 0 ? 0 : op->off ? sa / sb : a / b; break;
    case OR: r = a | b; break;
    case AND: r = a & b; break;
    case LSH: r = (__int128)((unsigned __int128)a << shift); break;
    case RSH: r = floor_halved(a, shift); break;
    case NEG: r = -a; break;
    case MOD: r = b == 0 ? a : op->off ? sa % sb : a % b; break;
    case XOR: r = a ^ b; break;
    case MOV: r = op->off ? with_sign(operand, (unsigned)op->off) : b; break;
    case ARSH: r = floor_halved(sa, shift); break;
    default: assert(!"a row that is not in table 4.1");
    }
    return low((uint64_t)r, bits);
}

static bool branch_taken(const struct rfc_operation *op, uint64_t dst, uint64_t operand)
{
    const unsigned bits = op->bits;
    const uint64_t a = low(dst, bits), b = low(operand, bits);
    const __int128 sa = with_sign(dst, bits), sb = with_sign(operand, bits);
    switch (op->code) {
    case JEQ: return a == b;
    case JGT: return a > b;
    case JGE: return a >= b;
    case JSET: return (a & b) != 0;
    case JNE: return a != b;
    case JSGT: return sa > sb;
    case JSGE: return sa >= sb;
    case JLT: return a < b;
    case JLE: return a <= b;
    case JSLT: return sa < sb;
    case JSLE: return sa <= sb;
    default: assert(!"a row that is not in table 4.3"); return false;
    }
}

static uint64_t byte_order_result(const struct rfc_operation *op, uint64_t v)
{
    const bool host_is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    uint64_t swapped = 0;
    for (unsigned byte = 0; byte < op->bits / 8; byte++)
        swapped = swapped << 8 | (v >> 8 * byte & 0xff);
    bool swaps = op->opcode == 0xd7 || (op->opcode == 0xdc) != host_is_big;
    return swaps ? swapped : low(v, op->bits);
}

uint64_t rfc_result(const struct rfc_operation *op, uint64_t dst, uint64_t operand)
{
    if (op->shape == RFC_BRANCH)
        return branch_taken(op, dst, operand);
    return op->code == END ? byte_order_result(op, dst) : alu_result(op, dst, operand);
}

bool rfc_kernel_takes(const struct rfc_operation *op, int32_t imm)
{
    if (op->shape != RFC_ALU)
        return true;
    switch (op->code) {
    case DIV:
    case MOD: return imm != 0;
    case LSH:
    case RSH:
    case ARSH: return imm >= 0 && (unsigned)imm < op->bits;
    default: return true;
    }
}
