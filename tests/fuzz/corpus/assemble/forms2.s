  0: r1 = bswap64 r1
  1: *(u8 *)(r1 + 0) = 5
  2: *(u32 *)(r10 -8) = w1
  3: lock *(u64 *)(r1 + 0) ^= r2
  4: r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)
  5: r2 = xchg_64(r1 + 8, r2)
  6: w0 = cmpxchg32_32(r1 + 0, w0, w2)
  7: if r1 & 0x40 goto +0x3 <main+0x58>
  8: gotol -4
  9: call pc-2
 10: callx r3
 11: r0 = *(u16 *)skb[r3 + 4]
 12: r1 s%= -3
