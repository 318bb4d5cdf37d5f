/* SPDX-License-Identifier: MIT */
/** Helpers that read and change packets: what each takes, and what it refuses. That they do with it
 * what the kernel does is for tests/oracle/packets. */
#include <errno.h>

#include "../engines.h"
#include "helper/helper.h"

#define BAD          WN_FAULT_MEMORY
#define ERROR(error) ((uint64_t)(int64_t) - (error))
#define NOT_KNOWN    524 /* the kernel's ENOTSUPP */

/* ---- The context ----------------------------------------------------------------------------- */

/** All helpers that want it, of programs that may call them. */
static void each_helper(void (*fn)(const struct wn_helper *h, struct wn_prog_opts opts))
{
    const struct wn_helper *h;
    for (size_t i = 0; (h = wn_helper_at(i)); i++)
        if (h->sig.args[0] == WN_ARG_CTX && h->fn != wn_helper_tail_call)
            fn(h, h->types >> WN_PROG_TC & 1 ? tc : xdp);
}

/** Good arguments but for the first one, which stays as it is: seven slots. */
static const char *const arguments = "r2 = 0\nr3 = r10\nr3 += -64\nr4 = 4\nr5 = 0\n"
                                     "*(u64 *)(r10 - 64) = 0\n*(u64 *)(r10 - 56) = 0\n";

static void is_wrong_without(const struct wn_helper *h, struct wn_prog_opts opts)
{
    char text[512];
    snprintf(text, sizeof text, "%sr1 += 4\ncall %u\nexit\n", arguments, h->id);
    is_wrong(opts, text, BAD, 8);
    snprintf(text, sizeof text, "%sr1 = r10\ncall %u\nexit\n", arguments, h->id);
    is_wrong(opts, text, BAD, 8);
}

static void helpers_want_their_context(void **state)
{
    (void)state;
    each_helper(is_wrong_without);
}

/** Load r1 from a place in the stack that nobody knows: eight slots. */
static const char *const from_somewhere =
    "r0 = *(u32 *)(r1 + %d)\nr0 &= 8\nr3 = r10\nr3 += -88\nr3 += r0\n*(u64 *)(r10 - 88) = %s\n"
    "*(u64 *)(r10 - 80) = %s\nr1 = *(u64 *)(r3 + 0)\n";

/** An address that nobody can prove to be the context, and is it or not. */
static void is_checked(const struct wn_helper *h, struct wn_prog_opts opts)
{
    char text[512];
    int queue = opts.type == WN_PROG_XDP ? 16 : 12, n;
    if (h->fn == wn_helper_fib_lookup || h->fn == wn_helper_perf_event_output)
        return; /* r3 is a length; r2 a map */
    n = snprintf(text, sizeof text, from_somewhere, queue, "r10", "r10");
    snprintf(text + n, sizeof text - (size_t)n, "%scall %u\nexit\n", arguments, h->id);
    faults(opts, text, BAD, 15);
    n = snprintf(text, sizeof text, from_somewhere, queue, "r1", "r1");
    snprintf(text + n, sizeof text - (size_t)n, "%scall %u\nr0 = 7\nexit\n", arguments, h->id);
    gives(opts, text, 7);
}

static void a_context_that_is_not_proved_is_checked(void **state)
{
    (void)state;
    each_helper(is_checked);
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

#define STACK "*(u64 *)(r10 - 8) = 0\n*(u32 *)(r10 - 8) = 0x33333333\nr3 = r10\nr3 += -8\n"

/* Types of Ethernet frames, as a program has them that has loaded them. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define VLAN "0x81"
#define IP4  "0x0008"
#define IP6  "0xdd86"
enum { VLAN_TYPE = 0x81, IP6_TYPE = 0xdd86 };
#else
#define VLAN "0x8100"
#define IP4  "0x0800"
#define IP6  "0x86dd"
enum { VLAN_TYPE = 0x8100, IP6_TYPE = 0x86dd };
#endif

/** Behind a call: what is in the packet at a place, or the error. */
#define PACKET_BYTE(at)                                                                            \
    "if r0 != 0 goto out\nr1 = *(u32 *)(r6 + 76)\nr2 = *(u32 *)(r6 + 80)\nr0 = -1\n"               \
    "r3 = r1\nr3 += " #at " + 1\nif r3 > r2 goto out\nr0 = *(u8 *)(r1 + " #at ")\nout: exit\n"

static void bytes_are_stored(void **state)
{
    (void)state;
    gives(tc, "r6 = r1\nr2 = 20\n" STACK "r4 = 4\nr5 = 3\ncall 9\n" PACKET_BYTE(21), 0x33);
    gives(tc, "r2 = 56\n" STACK "r4 = 4\nr5 = 0\ncall 9\nexit\n", 0);
    gives(tc, "r2 = 57\n" STACK "r4 = 4\nr5 = 0\ncall 9\nexit\n", ERROR(EFAULT));
    gives(tc, "r2 = -1\n" STACK "r4 = 4\nr5 = 0\ncall 9\nexit\n", ERROR(EFAULT));
    gives(tc, "r2 = 20\n" STACK "r4 = 4\nr5 = 4\ncall 9\nexit\n", ERROR(EINVAL));
    is_wrong(tc, "r2 = 20\nr3 = 0\nr4 = 4\nr5 = 0\ncall 9\nexit\n", BAD, 4);
    is_wrong(tc, "r2 = 20\n" STACK "r4 = 9\nr5 = 0\ncall 9\nexit\n", BAD, 7);
    is_wrong(tc, "r2 = 20\n" STACK "r4 = 0\nr5 = 0\ncall 9\nexit\n", BAD, 7);
}

/** Lengths that come from the packet: 0x45 is more than there is, 8 is not. */
static void lengths_that_are_not_proved_are_checked(void **state)
{
    (void)state;
    static const char *const text =
        "r6 = r1\nr7 = *(u32 *)(r1 + %d)\nr8 = *(u32 *)(r1 + %d)\nr2 = r7\nr2 += 20\n"
        "if r2 > r8 goto out\nr4 = *(u8 *)(r7 + %d)\n" STACK
        "r1 = r6\nr2 = 20\nr5 = 0\ncall %d\nout: exit\n";
    static const struct {
        const struct wn_prog_opts *opts;
        int data, helper;
    } cases[] = {{&tc, 76, 9}, {&tc, 76, 26}, {&tc, 76, 68}, {&xdp, 0, 189}, {&xdp, 0, 190}};
    char good[512], bad[512];
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        int data = cases[i].data;
        snprintf(good, sizeof good, text, data, data + 4, 12, cases[i].helper);
        snprintf(bad, sizeof bad, text, data, data + 4, 14, cases[i].helper);
        gives(*cases[i].opts, good, 0);
        faults(*cases[i].opts, bad, BAD, 14);
    }
}

static void bytes_are_loaded_from_headers(void **state)
{
    (void)state;
#define RELATIVE(offset, start)                                                                    \
    STACK "r2 = " #offset "\nr4 = 1\nr5 = " #start                                                 \
          "\ncall 68\nif r0 != 0 goto out\nr0 = *(u8 *)(r10 - 8)\nout: exit\n"
    gives(tc, RELATIVE(0, 1), 0x45);
    gives(tc, RELATIVE(14, 0), 0x45);
    gives(sock, RELATIVE(0, 1), 0x45);
    gives(sock, RELATIVE(6, 0), 2);
    gives(tc, RELATIVE(45, 1), 0);
    gives(tc, RELATIVE(46, 1), ERROR(EFAULT));
    gives(tc, RELATIVE(0, 2), ERROR(EFAULT));
    gives(tc, RELATIVE(0x10000, 0), ERROR(EFAULT));
    is_wrong(tc, "r2 = 0\nr3 = r1\nr4 = 1\nr5 = 0\ncall 68\nexit\n", BAD, 4);
    is_wrong(sock, STACK "r2 = 0\nr4 = 9\nr5 = 0\ncall 68\nexit\n", BAD, 7);
}

/** What was not captured cannot be had. */
static void packets_lie_in_one_piece(void **state)
{
    (void)state;
    gives(tc, "r2 = 0\ncall 39\nexit\n", 0);
    gives(tc, "r2 = 60\ncall 39\nexit\n", 0);
    gives(tc, "r2 = 61\ncall 39\nexit\n", ERROR(ENOMEM));
    /* Addresses are to be asked for again, as in the kernel, and there is no copy. */
    faults(tc, "r6 = *(u32 *)(r1 + 76)\nr2 = 0\ncall 39\nr0 = *(u8 *)(r6 + 60)\nexit\n", BAD, 3);
    gives(tc, "r6 = *(u32 *)(r1 + 76)\nr2 = 0\ncall 39\nr0 = *(u8 *)(r6 + 14)\nexit\n", 0x45);
}

/* ---- Checksums ------------------------------------------------------------------------------- */

static void checksums_are_replaced(void **state)
{
    (void)state;
#define L3(offset, from, to, flags)                                                                \
    "r6 = r1\nr2 = " #offset "\nr3 = " #from "\nr4 = " #to "\nr5 = " #flags "\ncall 10\n"
#define L4(offset, from, to, flags)                                                                \
    "r6 = r1\nr2 = " #offset "\nr3 = " #from "\nr4 = " #to "\nr5 = " #flags "\ncall 11\n"
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
        skip();
    /* 0 means that the sum is 0xffff: less 0x0101 and more by 0x0102, little-endian. */
    gives(tc, L3(24, 0x0101, 0x0102, 2) PACKET_BYTE(24), 0xfe);
    gives(tc, L3(24, 0, 0xffff, 0) PACKET_BYTE(24), 0);
    gives(tc, L3(24, 0x01000000, 0x02000000, 4) PACKET_BYTE(25), 0xfe);
    gives(tc, L3(24, 1, 0, 0) "exit\n", ERROR(EINVAL));
    gives(tc, L3(24, 0, 0, 3) "exit\n", ERROR(EINVAL));
    gives(tc, L3(24, 0, 0, 16) "exit\n", ERROR(EINVAL));
    gives(tc, L3(25, 0, 0, 2) "exit\n", ERROR(EFAULT));
    gives(tc, L3(60, 0, 0, 2) "exit\n", ERROR(EFAULT));
    gives(tc, L3(0x10000, 0, 0, 2) "exit\n", ERROR(EFAULT));
    gives(tc, L4(24, 0, 7, 52) PACKET_BYTE(24), 0);      /* a sum of 0 that means none stays */
    gives(tc, L4(24, 0, 7, 0x74) PACKET_BYTE(24), 0xf8); /* unless that is enforced */
    gives(tc, L4(24, 0, 0xffff, 0x70) PACKET_BYTE(24), 0xff);
    gives(tc, L4(24, 0, 7, 0x84) PACKET_BYTE(24), 0xf8);
    gives(tc, L4(24, 0, 7, 0x104) "exit\n", ERROR(EINVAL));
    gives(tc, L4(24, 9, 7, 16) "exit\n", ERROR(EINVAL));
    gives(tc, L4(23, 0, 7, 4) "exit\n", ERROR(EFAULT));
}

static void nobody_has_summed_up_the_packet(void **state)
{
    (void)state;
    gives(tc, "r2 = 1\ncall 40\nexit\n", ERROR(NOT_KNOWN));
    gives(tc, "r2 = 0\ncall 135\nexit\n", ERROR(EACCES));
    gives(tc,
          "r6 = r1\nr2 = 1\ncall 135\nr1 = r6\nr2 = 1\ncall 135\nr1 = r6\nr2 = 0\ncall 135\nexit\n",
          1);
    gives(tc,
          "r6 = r1\nr2 = 1\ncall 135\nr1 = r6\nr2 = 2\ncall 135\nr1 = r6\nr2 = 0\ncall 135\nexit\n",
          ERROR(EACCES));
    gives(tc, "r2 = 4\ncall 135\nexit\n", ERROR(EINVAL));
}

/* ---- Length and layers ----------------------------------------------------------------------- */

/** The error, or what a field holds. */
#define FIELD(offset) "if r0 != 0 goto out\nr0 = *(u32 *)(r6 + " #offset ")\nout: exit\n"
/** Or how many bytes the program has of the packet. */
#define CAPTURED                                                                                   \
    "if r0 != 0 goto out\nr1 = *(u32 *)(r6 + 76)\nr0 = *(u32 *)(r6 + 80)\nr0 -= r1\nout: exit\n"
#define PUSH(tci) "r1 = r6\nr2 = " VLAN "\nr3 = " #tci "\ncall 18\n"
#define POP       "r1 = r6\ncall 19\n"

static void a_first_tag_lies_beside_the_packet(void **state)
{
    (void)state;
    gives(tc, "r6 = r1\n" PUSH(7) FIELD(24), 7);
    gives(tc, "r6 = r1\n" PUSH(7) FIELD(28), VLAN_TYPE);
    gives(tc, "r6 = r1\n" PUSH(7) FIELD(20), 1);
    gives(tc, "r6 = r1\n" PUSH(7) CAPTURED, 60);
    gives(tc, "r6 = r1\n" PUSH(7) PUSH(9) FIELD(24), 9);
    gives(tc, "r6 = r1\n" PUSH(7) PUSH(9) FIELD(0), 1504);
    gives(tc, "r6 = r1\n" PUSH(7) PUSH(9) CAPTURED, 64);
    gives(tc, "r6 = r1\n" PUSH(7) PUSH(9) PACKET_BYTE(15), 7);
    gives(tc, "r6 = r1\n" PUSH(7) PUSH(9) POP FIELD(24), 7);
    gives(tc, "r6 = r1\n" PUSH(7) PUSH(9) POP POP FIELD(20), 0);
    gives(tc, "r6 = r1\n" PUSH(7) PUSH(9) POP POP PACKET_BYTE(14), 0x45);
    gives(tc, "r6 = r1\n" POP CAPTURED, 60);
    faults(tc,
           "r6 = r1\nr7 = *(u32 *)(r6 + 80)\n" PUSH(7) PUSH(9) "r0 = *(u8 *)(r7 - 1)\n" POP
                                                               "r0 = *(u8 *)(r7 + 4)\nexit\n",
           BAD, 13);
}

static void tags_end_where_memory_does(void **state)
{
    (void)state;
    gives(tc,
          "r6 = r1\nr7 = 0\nagain: r1 = r6\nr2 = " VLAN "\nr3 = 1\ncall 18\nr7 += 1\n"
          "if r7 > 70000 goto out\nif r0 == 0 goto again\nout: exit\n",
          ERROR(ENOMEM));
}

/** What was not captured is still a part of the packet. */
static void the_end_moves(void **state)
{
    (void)state;
#define TAIL(bytes) "r6 = r1\nr2 = " #bytes "\nr3 = 0\ncall 38\n"
    gives(tc, TAIL(40) CAPTURED, 40);
    gives(tc, TAIL(40) FIELD(0), 40);
    gives(tc, TAIL(200) CAPTURED, 60);
    gives(tc, TAIL(200) FIELD(0), 200);
    gives(tc, TAIL(50) "r1 = r6\nr2 = 100\nr3 = 0\ncall 38\n" CAPTURED, 100);
    gives(tc, TAIL(50) "r1 = r6\nr2 = 100\nr3 = 0\ncall 38\n" PACKET_BYTE(99), 0);
    gives(tc, TAIL(13) "exit\n", ERROR(EINVAL));
    gives(tc, TAIL(16065) "exit\n", ERROR(EINVAL));
    gives(tc, "r2 = 40\nr3 = 1\ncall 38\nexit\n", ERROR(EINVAL));
    gives(tc, "r6 = r1\nr2 = 100\nr3 = 0\ncall 43\n" CAPTURED, 160);
    gives(tc, "r6 = r1\nr2 = 5000\nr3 = 0\ncall 43\n" PACKET_BYTE(4999), 0);
    gives(tc, "r6 = r1\nr2 = 5000\nr3 = 0\ncall 43\n" PACKET_BYTE(5014), 0x45);
    gives(tc, "r2 = 15000\nr3 = 0\ncall 43\nexit\n", ERROR(EINVAL));
    gives(tc, "r2 = -1\nr3 = 0\ncall 43\nexit\n", ERROR(EINVAL));
    gives(tc, "r2 = 4\nr3 = 2\ncall 43\nexit\n", ERROR(EINVAL));
}

static void protocols_change(void **state)
{
    (void)state;
#define PROTO(type) "r6 = r1\nr2 = " type "\nr3 = 0\ncall 31\n"
    gives(tc, PROTO(IP6) CAPTURED, 80);
    gives(tc, PROTO(IP6) FIELD(16), IP6_TYPE);
    gives(tc, PROTO(IP6) PACKET_BYTE(34), 0x45);
    gives(tc, PROTO(IP4) "exit\n", ERROR(NOT_KNOWN));
    gives(tc, "r2 = " IP6 "\nr3 = 1\ncall 31\nexit\n", ERROR(EINVAL));
}

static void room_is_made_behind_headers(void **state)
{
    (void)state;
#define ROOM(bytes, mode, flags)                                                                   \
    "r6 = r1\nr2 = " #bytes "\nr3 = " #mode "\nr4 = " #flags " ll\ncall 50\n"
    gives(tc, ROOM(8, 1, 0) PACKET_BYTE(22), 0x45);
    gives(tc, ROOM(8, 0, 0) PACKET_BYTE(14), 0x45);
    gives(tc, ROOM(-8, 1, 0) CAPTURED, 52);
    gives(tc, ROOM(40, 1, 4) FIELD(16), IP6_TYPE);
    gives(tc, ROOM(20, 1, 2) "r1 = r6\nr2 = 20\nr3 = 1\nr4 = 2\ncall 50\nexit\n", ERROR(EALREADY));
    gives(tc, ROOM(20, 1, 2) "r1 = r6\nr2 = 40\nr3 = 0\ncall 38\nexit\n", ERROR(NOT_KNOWN));
    gives(tc, ROOM(20, 2, 0) "exit\n", ERROR(NOT_KNOWN));
    gives(tc, ROOM(4096, 1, 0) "exit\n", ERROR(EFAULT));
    gives(tc, ROOM(-4096, 1, 0) "exit\n", ERROR(EFAULT));
    gives(tc, ROOM(20, 1, 512) "exit\n", ERROR(EINVAL));
    gives(tc, ROOM(20, 1, 6) "exit\n", ERROR(EINVAL));
    gives(tc, ROOM(20, 1, 26) "exit\n", ERROR(EINVAL));
    gives(tc, ROOM(20, 1, 0x0d00000000000042) "exit\n", ERROR(EINVAL));
    gives(tc, ROOM(20, 1, 0x1500000000000002) "exit\n", ERROR(EINVAL));
    gives(tc, ROOM(20, 1, 128) "exit\n", ERROR(EINVAL));
    gives(tc, ROOM(-20, 1, 384) "exit\n", ERROR(EINVAL));
    gives(tc, ROOM(-20, 1, 2) "exit\n", ERROR(EINVAL));
    gives(tc, ROOM(-1500, 1, 0) "exit\n", ERROR(NOT_KNOWN));
    gives(tc, ROOM(-100, 1, 0) "exit\n", ERROR(ENOMEM)); /* not captured */
}

/* ---- What goes along ------------------------------------------------------------------------- */

static void hashes_are_the_same_for_a_conversation(void **state)
{
    (void)state;
    gives(tc,
          "r6 = r1\ncall 34\nr7 = r0\nr0 = *(u32 *)(r6 + 68)\nr0 -= r7\n"
          "if r7 != 0 goto out\nr0 = 1\nout: exit\n",
          0);
    gives(tc, "r6 = r1\ncall 34\nr7 = r0\nr1 = r6\ncall 41\nr1 = r6\ncall 34\nr0 -= r7\nexit\n", 0);
    gives(tc, "r6 = r1\nr2 = 99\ncall 48\nr1 = r6\ncall 34\nexit\n", 99);
    gives(tc, "r6 = r1\nr2 = 0\ncall 48\nr1 = r6\ncall 34\nexit\n", 0);
    gives(tc, "r6 = r1\nr2 = 99\ncall 48\nr1 = r6\ncall 41\n" FIELD(68), 0);
    /* Both addresses and ports change places. */
    gives(
        tc,
        "r0 = 9\nr6 = r1\nr7 = *(u32 *)(r1 + 76)\nr2 = *(u32 *)(r1 + 80)\nr3 = r7\nr3 += 38\n"
        "if r3 > r2 goto out\n*(u8 *)(r7 + 23) = 17\n*(u32 *)(r7 + 26) = 1\n*(u32 *)(r7 + 30) = 2\n"
        "*(u16 *)(r7 + 34) = 3\n*(u16 *)(r7 + 36) = 4\ncall 34\nr8 = r0\nr1 = r6\ncall 41\n"
        "*(u32 *)(r7 + 26) = 2\n*(u32 *)(r7 + 30) = 1\n*(u16 *)(r7 + 34) = 4\n"
        "*(u16 *)(r7 + 36) = 3\nr1 = r6\ncall 34\nr0 -= r8\nout: exit\n",
        0);
    gives(tc,
          "r0 = 9\nr6 = r1\nr7 = *(u32 *)(r1 + 76)\nr2 = *(u32 *)(r1 + 80)\nr3 = r7\nr3 += 38\n"
          "if r3 > r2 goto out\ncall 34\nr8 = r0\nr1 = r6\ncall 41\n*(u32 *)(r7 + 26) = 2\n"
          "r1 = r6\ncall 34\nif r0 != r8 goto out\nr0 = 0\nout: if r0 != 0 goto differ\nexit\n"
          "differ: r0 = 1\nexit\n",
          1);
}

static void what_is_said_of_a_packet_changes(void **state)
{
    (void)state;
    gives(tc, "r6 = r1\nr2 = 3\ncall 32\n" FIELD(4), 3);
    gives(tc, "r2 = 4\ncall 32\nexit\n", ERROR(EINVAL));
    gives(tc, "r6 = r1\nr2 = 5\nr3 = 1\ncall 192\nr0 = *(u64 *)(r6 + 152)\nexit\n", 5);
    gives(tc, "r6 = r1\nr2 = 5\nr3 = 2\ncall 192\nr0 = *(u8 *)(r6 + 180)\nexit\n", 2);
    gives(tc, "r2 = 0\nr3 = 1\ncall 192\nexit\n", ERROR(EINVAL));
    gives(tc, "r2 = 5\nr3 = 3\ncall 192\nexit\n", ERROR(EINVAL));
    gives(tc, "r6 = r1\n" PROTO(IP6) "r1 = r6\nr2 = 0\nr3 = 0\ncall 192\nexit\n", 0);
    gives(tc, "call 24\nexit\n", 0);
    gives(tc, "call 42\nexit\n", 0);
    gives(tc, "call 97\nexit\n", 0);
}

static void congestion_is_marked(void **state)
{
    (void)state;
    static const char *const text =
        "r6 = r1\nr7 = *(u32 *)(r1 + 76)\nr2 = *(u32 *)(r1 + 80)\nr3 = r7\nr3 += 34\n"
        "if r3 > r2 goto out\n*(u8 *)(r7 + 15) = %d\ncall 97\nr0 <<= 8\nr1 = *(u8 *)(r7 + 15)\n"
        "r0 |= r1\nout: exit\n";
    static const int answers[4] = {0x004, 0x107, 0x107, 0x107};
    for (int ecn = 0; ecn < 4; ecn++) {
        char program[512];
        snprintf(program, sizeof program, text, 4 | ecn);
        gives(tc, program, (uint64_t)answers[ecn]);
    }
}

/** Half of what is stored is kept, and the last number is not. */
static void fields_keep_what_the_kernel_keeps(void **state)
{
    (void)state;
    gives(tc, "*(u32 *)(r1 + 44) = 0x12345\nr0 = *(u32 *)(r1 + 44)\nexit\n", 0x2345);
    gives(tc, "*(u32 *)(r1 + 72) = 0x12345\nr0 = *(u32 *)(r1 + 72)\nexit\n", 0x2345);
    gives(tc, "*(u32 *)(r1 + 12) = 0x1234\nr0 = *(u32 *)(r1 + 12)\nexit\n", 0x1234);
    gives(tc, "r0 = 0xffff\n*(u32 *)(r1 + 12) = r0\nr0 = *(u32 *)(r1 + 12)\nexit\n", 3);
    gives(tc,
          "*(u32 *)(r1 + 12) = 9\nr0 = 0xffff\n*(u32 *)(r1 + 12) = r0\n*(u32 *)(r1 + 12) = r0\n"
          "r0 = *(u32 *)(r1 + 12)\nexit\n",
          9);
    is_wrong(tc, "*(u16 *)(r1 + 44) = 1\nr0 = 0\nexit\n", BAD, 0);
    is_wrong(tc, "r0 = *(u16 *)(r1 + 76)\nexit\n", BAD, 0);
    is_wrong(tc, "r0 = *(u16 *)(r1 + 9)\nexit\n", BAD, 0);
    is_wrong(xdp, "r0 = *(u8 *)(r1 + 12)\nexit\n", BAD, 0);
    gives(tc, "r0 = *(u64 *)(r1 + 168)\nif r0 == 0 goto out\nr0 = *(u32 *)(r0 + 4)\nout: exit\n",
          0);
}

/* ---- XDP ------------------------------------------------------------------------------------- */

#define META(bytes) "r6 = r1\nr2 = " #bytes "\ncall 54\n"

static void metadata_lies_before_the_packet(void **state)
{
    (void)state;
    gives(
        xdp,
        META(-4) "if r0 != 0 goto out\nr1 = *(u32 *)(r6 + 8)\nr2 = *(u32 *)(r6 + 0)\nr3 = r1\n"
                 "r3 += 4\nif r3 > r2 goto out\n*(u32 *)(r1 + 0) = 77\nr1 = r6\nr2 = 20\ncall 44\n"
                 "r1 = *(u32 *)(r6 + 8)\nr2 = *(u32 *)(r6 + 0)\nr3 = r1\nr3 += 4\nif r3 > r2 goto "
                 "out\n"
                 "r0 = *(u32 *)(r1 + 0)\nout: exit\n",
        77);
    gives(xdp, META(-216) "exit\n", 0);
    gives(xdp, META(-220) "exit\n", ERROR(EINVAL));
    gives(xdp, META(4) "exit\n", ERROR(EINVAL));
    gives(xdp, META(-3) "exit\n", ERROR(EACCES));
    gives(xdp,
          META(-8) "r1 = r6\nr2 = 8\ncall 54\nr1 = *(u32 *)(r6 + 8)\nr0 = *(u32 *)(r6 + 0)\n"
                   "r0 -= r1\nexit\n",
          0);
    gives(xdp, META(-216) "r1 = r6\nr2 = -1\ncall 44\nexit\n", ERROR(EINVAL));
    faults(xdp, META(-4) "r1 = *(u32 *)(r6 + 8)\nr0 = *(u8 *)(r1 - 1)\nexit\n", BAD, 4);
    faults(xdp, "r7 = *(u32 *)(r1 + 8)\n" META(-4) "r0 = *(u32 *)(r7 - 8)\nexit\n", BAD, 4);
}

static void metadata_is_there_for_the_caller(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_prog_opts opts = {.engine = engines[i], .type = WN_PROG_XDP};
        struct wn_prog *prog =
            make(META(-4) "r1 = *(u32 *)(r6 + 8)\n*(u32 *)(r1 + 0) = 0x01010101\n"
                          "r0 = 2\nexit\n",
                 &opts);
        struct wn_prog *none = make("r0 = 2\nexit\n", &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        uint32_t bytes = 9;
        assert_null(wn_run_metadata(run, &bytes));
        assert_int_equal(bytes, 0);
        if (prog) {
            wn_prog_run(prog, run, &pkt);
            const uint8_t *meta = wn_run_metadata(run, &bytes);
            assert_int_equal(bytes, 4);
            assert_memory_equal(meta, "\1\1\1\1", 4);
            wn_prog_run(none, run, &pkt);
            wn_run_metadata(run, &bytes);
            assert_int_equal(bytes, 0);
        }
        wn_run_free(run);
        wn_prog_free(none);
        wn_prog_free(prog);
    }
}

/** Where a kernel has several pieces: the first of a test run has 3,520 bytes. */
static void long_packets_lie_in_one_piece(void **state)
{
    (void)state;
    static uint8_t jumbo[9000] = {[8999] = 7};
    static const struct {
        enum wn_prog_type type;
        const char *text;
        uint64_t value;
    } cases[] = {
        {WN_PROG_XDP, "r2 = *(u32 *)(r1 + 0)\nr0 = *(u32 *)(r1 + 4)\nr0 -= r2\nexit\n", 9000},
        {WN_PROG_XDP, "r2 = 8999\n" STACK "r4 = 1\ncall 189\nr0 = *(u8 *)(r10 - 8)\nexit\n", 7},
        {WN_PROG_XDP, "r2 = 1\ncall 65\nexit\n", ERROR(EINVAL)},
        {WN_PROG_TC, "r2 = 9000\ncall 39\nexit\n", 0},
        {WN_PROG_TC, "r2 = 9001\ncall 39\nexit\n", ERROR(ENOMEM)},
        {WN_PROG_TC, "r6 = r1\n" TAIL(16064) FIELD(0), 16064},
        {WN_PROG_TC, "r2 = 7065\nr3 = 0\ncall 43\nexit\n", ERROR(EINVAL)},
    };
    for (unsigned i = 0; i < ENGINES * (sizeof cases / sizeof *cases); i++) {
        struct wn_prog_opts opts = {.engine = engines[i % ENGINES],
                                    .type = cases[i / ENGINES].type};
        struct wn_packet pkt = {.data = jumbo, .caplen = sizeof jumbo, .wirelen = sizeof jumbo};
        struct wn_prog *prog = make(cases[i / ENGINES].text, &opts);
        struct wn_run *run = wn_run_new();
        if (prog)
            assert_int_equal(wn_prog_run(prog, run, &pkt).value, cases[i / ENGINES].value);
        wn_run_free(run);
        wn_prog_free(prog);
    }
}

static void xdp_bytes_are_loaded_and_stored(void **state)
{
    (void)state;
    gives(xdp, "call 188\nexit\n", 60);
    gives(xdp,
          "r6 = r1\nr2 = 20\n" STACK "r4 = 4\ncall 190\nr1 = r6\nr2 = 21\nr3 = r10\nr3 += -8\n"
          "r4 = 1\ncall 189\nif r0 != 0 goto out\nr0 = *(u8 *)(r10 - 8)\nout: exit\n",
          0x33);
    gives(xdp, "r2 = 57\n" STACK "r4 = 4\ncall 189\nexit\n", ERROR(EINVAL));
    gives(xdp, "r2 = 57\n" STACK "r4 = 4\ncall 190\nexit\n", ERROR(EINVAL));
    gives(xdp, "r2 = 0x10000\n" STACK "r4 = 4\ncall 189\nexit\n", ERROR(EFAULT));
    is_wrong(xdp, "r2 = 0\nr3 = 8\nr4 = 4\ncall 189\nexit\n", BAD, 3);
    is_wrong(xdp, "r2 = 0\n" STACK "r4 = 9\ncall 190\nexit\n", BAD, 6);
    /* What is stored is a change: the frame that was given stays as it is. */
    gives(xdp, "r2 = 14\n" STACK "r4 = 4\ncall 190\nr0 = 2\nexit\n", 2);
    assert_int_equal(frame[14], 0x45);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(helpers_want_their_context),
        cmocka_unit_test(a_context_that_is_not_proved_is_checked),
        cmocka_unit_test(bytes_are_stored),
        cmocka_unit_test(lengths_that_are_not_proved_are_checked),
        cmocka_unit_test(bytes_are_loaded_from_headers),
        cmocka_unit_test(packets_lie_in_one_piece),
        cmocka_unit_test(checksums_are_replaced),
        cmocka_unit_test(nobody_has_summed_up_the_packet),
        cmocka_unit_test(a_first_tag_lies_beside_the_packet),
        cmocka_unit_test(tags_end_where_memory_does),
        cmocka_unit_test(the_end_moves),
        cmocka_unit_test(protocols_change),
        cmocka_unit_test(room_is_made_behind_headers),
        cmocka_unit_test(hashes_are_the_same_for_a_conversation),
        cmocka_unit_test(what_is_said_of_a_packet_changes),
        cmocka_unit_test(congestion_is_marked),
        cmocka_unit_test(fields_keep_what_the_kernel_keeps),
        cmocka_unit_test(metadata_lies_before_the_packet),
        cmocka_unit_test(metadata_is_there_for_the_caller),
        cmocka_unit_test(long_packets_lie_in_one_piece),
        cmocka_unit_test(xdp_bytes_are_loaded_and_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
