/* SPDX-License-Identifier: MIT */
/**
 * What the filters of the benchmark are written in: each is compiled twice from
 * the same source, by gcc -O2 for this machine and by clang for BPF.
 */
#pragma once

/* No header of a C library: there is none for BPF. */
typedef __UINT8_TYPE__ u8;
typedef __UINT16_TYPE__ u16;
typedef __UINT32_TYPE__ u32;
typedef __UINT64_TYPE__ u64;

#define be16(x) __builtin_bswap16(x)
#define be32(x) __builtin_bswap32(x)

/** A field, read as programs for the kernel read theirs: by a pointer of its type. */
#define READ(type, at) (*(const type __attribute__((may_alias)) *)(at))

/** The same without a promise of alignment: the BPF compiler makes bytes and shifts of it. */
#define READ_PACKED(type, at)                                                                      \
    ({                                                                                             \
        type value_;                                                                               \
        __builtin_memcpy(&value_, (at), sizeof value_);                                            \
        value_;                                                                                    \
    })

/** As the BPF compiler sees it, every filter is a program of its own. */
#ifdef __bpf__
#define FILTER(name) __attribute__((section("filter"), used)) u64 name
#define INLINE       static inline __attribute__((always_inline))
#else
#define FILTER(name) u64 name
#define INLINE       static inline
#endif
