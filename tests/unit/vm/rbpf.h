/* SPDX-License-Identifier: MIT */
/** Programs as rbpf's documentation has them: bytes. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <winnow/insn.h>

enum { MOST = 32 };

struct program {
    struct wn_slot slots[MOST];
    size_t count;
};

static inline struct program program_of(const uint8_t *bytes, size_t n)
{
    struct program p = {.count = n / WN_SLOT_BYTES};
    assert_int_equal(n % WN_SLOT_BYTES, 0);
    assert_true(p.count <= MOST);
    for (size_t i = 0; i < p.count; i++)
        p.slots[i] = wn_slot_decode(bytes + i * WN_SLOT_BYTES);
    return p;
}
#define PROGRAM(...)                                                                               \
    program_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/** The program of examples/load_elf__block_a_port.o, as examples/disassemble.rs lists it. */
static inline struct program block_a_port(void)
{
    static const uint64_t words[] = {
        0x00000000000000b7, 0x0000000000501279, 0x0000000000401179, 0x00000000000013bf,
        0x0000003600000307, 0x000000000012232d, 0x00000000000c1269, 0x0000000800100255,
        0x0000000000171271, 0x00000006000e0255, 0xffffffff00000018, 0x0000000000000000,
        0x0000000000221179, 0x00000000000012bf, 0x0000ffff00000257, 0x0000999900080215,
        0xffff000000000218, 0x0000000000000000, 0x000000000000215f, 0xffffffff000000b7,
        0x9999000000000218, 0x0000000000000000, 0x000000000001211d, 0x00000000000000b7,
        0x0000000000000095,
    };
    struct program p = {.count = sizeof words / sizeof *words};
    for (size_t i = 0; i < p.count; i++)
        p.slots[i] = (struct wn_slot){(uint8_t)words[i], (uint8_t)(words[i] >> 8),
                                      (int16_t)(words[i] >> 16), (int32_t)(words[i] >> 32)};
    return p;
}
