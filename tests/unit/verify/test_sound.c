/* SPDX-License-Identifier: MIT */
/** Programs that say more than is true: what only seems to be proved is checked when they run. */
#include <stdio.h>

#include "proves.h"

static enum wn_prog_type xdp = WN_PROG_XDP;

#define EXIT "out: r0 = 0; exit"
/* r2 is data, r3 its end; r4 and r5 are numbers of which nothing is known. */
#define BEGIN                                                                                      \
    "r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4);"                                                \
    "r4 = *(u32 *)(r1 + 16); r5 = *(u32 *)(r1 + 12);"
/* r0 is a value of a hash, or 0. */
#define LOOKUP "*(u32 *)(r10 - 4) = 1; r1 = map_fd(0) ll; r2 = r10; r2 += -4; call 1;"
/* A store that is within the stack if r6 is 0. */
#define USE_R6 "use: r7 = r10; r7 += -8; r7 += r6; ?*(u64 *)(r7 + 0) = 0;"

static void addresses_are_not_compared_with_lengths(void **state)
{
    (void)state;
    /* r4 + 64 against the length, and against the address of the end. */
    assert_string_equal(proves(xdp,
                               BEGIN "r4 &= 255; r5 = r2; r5 += r4; r0 = r3; r0 -= r2;"
                                     "r4 += 64; if r4 > r0 goto out; ?r0 = *(u8 *)(r5 + 63);" EXIT),
                        "+");
    assert_string_equal(proves(xdp,
                               BEGIN "r4 &= 255; r5 = r2; r5 += r4;"
                                     "r4 += 64; if r4 > r3 goto out; ?r0 = *(u8 *)(r5 + 63);" EXIT),
                        "p");
    /* What is less than no address may be less than the length. */
    assert_string_equal(proves(xdp, BEGIN
                               "r4 = r3; r4 -= r2; r6 = 0; if r2 < r4 goto use;"
                               "r5 = r2; r5 += 1; if r5 > r3 goto use; r6 = 100000;" USE_R6 EXIT),
                        "-");
}

static void addresses_before_the_packet_may_wrap(void **state)
{
    (void)state;
    assert_string_equal(proves(xdp, BEGIN "r6 = 0; r5 = r2; r5 += 8; if r5 <= r3 goto use;"
                                          "if r5 > r3 goto use; r6 = 100000;" USE_R6 EXIT),
                        "+");
    assert_string_equal(proves(xdp, BEGIN "r6 = 0; r5 = r2; r5 += -100000000;"
                                          "if r5 <= r3 goto use; r6 = 100000;" USE_R6 EXIT),
                        "-");
    assert_string_equal(proves(xdp, BEGIN
                               "r4 = -r4; r5 = r2; r5 += r4; r6 = 0; if r5 <= r3 goto use;"
                               "r5 += 500000000; if r5 > r3 goto use; r6 = 100000;" USE_R6 EXIT),
                        "-");
}

static void ends_before_the_packet_may_wrap(void **state)
{
    (void)state;
    assert_string_equal(proves(xdp, BEGIN "r3 += -400000000; if r2 > r3 goto out;"
                                          "?r0 = *(u8 *)(r2 + 10000);" EXIT),
                        "p");
    assert_string_equal(proves(xdp,
                               BEGIN "r5 = r2; r5 += 14; if r5 > r3 goto out; r3 += -14;"
                                     "r2 += 20; if r2 > r3 goto out; ?r0 = *(u8 *)(r2 + 13);" EXIT),
                        "+");
    assert_string_equal(proves(xdp,
                               BEGIN "r5 = r2; r5 += 14; if r5 > r3 goto out; r3 += -15;"
                                     "r2 += 20; if r2 > r3 goto out; ?r0 = *(u8 *)(r2 + 13);" EXIT),
                        "p");
    assert_string_equal(proves(xdp, BEGIN "r3 = r2; r3 += -400000000; if r2 > r3 goto out;"
                                          "?r0 = *(u8 *)(r2 + 10000);" EXIT),
                        "p");
}

static void metadata_is_not_proved_by_places_that_may_wrap(void **state)
{
    (void)state;
    assert_string_equal(proves(xdp,
                               "r2 = *(u32 *)(r1 + 8); r3 = *(u32 *)(r1 + 0); r4 = r2; r4 += 4;"
                               "if r4 > r3 goto out; ?r0 = *(u32 *)(r2 + 0);" EXIT),
                        "+");
    assert_string_equal(proves(xdp,
                               "r2 = *(u32 *)(r1 + 8); r3 = *(u32 *)(r1 + 0); r3 += -400000000;"
                               "if r2 > r3 goto out; ?r0 = *(u8 *)(r2 + 10000);" EXIT),
                        "-");
}

static void sums_with_anything_may_be_zero(void **state)
{
    (void)state;
    assert_string_equal(proves(xdp, "r5 = r10; r5 += -8; r6 = 0; if r5 != 0 goto use;"
                                    "r6 = 100000;" USE_R6 EXIT),
                        "+");
    assert_string_equal(proves(xdp, "r5 = r10; r5 += -100000; r6 = 0; if r5 != 0 goto use;"
                                    "r6 = 100000;" USE_R6 EXIT),
                        "-");
    /* A number that is less an address: memory gives it back as one. */
    assert_string_equal(proves(xdp, LOOKUP "if r0 == 0 goto out; *(u64 *)(r0 + 0) = r10;"
                                           "r3 = *(u64 *)(r0 + 0); r3 = -r3; r5 = r10; r5 += r3;"
                                           "r6 = 0; if r5 != 0 goto use; r6 = 100000;" USE_R6 EXIT),
                        "-");
}

/* What follows `m` is reached on two ways, of which `other` is the second. The last access before
 * that cannot be proved, so that ways are not only joined, but followed one by one. */
#define OPEN             "r8 = *(u32 *)(r1 + 0); r0 = *(u8 *)(r8 + 3000);"
#define FORK             "if r9 > 3 goto other; goto m; other:"
#define STORE_AT(number) "r4 = r10; r4 += -32; r4 += " number "; ?*(u64 *)(r4 + 0) = 0;"

static void frames_that_states_share_may_be_linked_otherwise(void **state)
{
    (void)state;
    /* r6 is kept in the stack twice. The second way puts another number into r8. */
#define KEPT(open, second)                                                                         \
    "r9 = *(u32 *)(r1 + 12); r6 = *(u32 *)(r1 + 16); r7 = *(u32 *)(r1 + 12);" open                 \
    "r8 = r6; *(u64 *)(r10 - 8) = r6; *(u64 *)(r10 - 16) = r6; r2 = r7;" FORK second               \
    "m: if r8 > 7 goto out; r3 = *(u64 *)(r10 - 8);" STORE_AT(                                     \
        "r3") "r5 = *(u64 *)(r10 - 16); if r5 > 3 goto out; if r2 > 3 goto out;" EXIT
    assert_string_equal(proves(xdp, KEPT("", "r2 = r6;")), "+");
    assert_string_equal(proves(xdp, KEPT("", "r8 = r7;")), "-");
    assert_string_equal(proves(xdp, KEPT(OPEN, "r2 = r6;")), "+");
    assert_string_equal(proves(xdp, KEPT(OPEN, "r8 = r7;")), "-");
}

static void of_two_copies_of_a_value_one_alone_may_be_there(void **state)
{
    (void)state;
#define COPIES(second)                                                                             \
    "r9 = *(u32 *)(r1 + 12);" OPEN LOOKUP "r6 = r0; r7 = r0;" FORK LOOKUP                          \
    "if r0 == 0 goto out;" second "m: if r6 == 0 goto out; ?r0 = *(u64 *)(r7 + 0);" EXIT
    assert_string_equal(proves(xdp, COPIES("r6 = r0; r7 = r0;")), "+");
    assert_string_equal(proves(xdp, COPIES("r6 = r0;")), "-");
    assert_string_equal(proves(xdp, COPIES("r7 = r0;")), "+");
}

static void links_of_what_may_be_an_address_are_compared(void **state)
{
    (void)state;
    /* r6 is a byte that a guarded load gave, r5 a place in the packet that it says. */
#define BYTES(second)                                                                              \
    "r8 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r2 = r8; r2 += 64; if r2 > r3 goto out;"        \
    "r9 = *(u32 *)(r1 + 12); r7 = *(u32 *)(r1 + 16); r4 = r10; r4 += -256; r4 += r7;"              \
    "r6 = *(u8 *)(r4 + 0); r0 = *(u8 *)(r4 + 1); r5 = r8; r5 += r6;" FORK second                   \
    "m: r3 = r6; r3 += 4; if r3 > 8 goto out; ?r0 = *(u8 *)(r5 + 32);" EXIT
    assert_string_equal(proves(xdp, BYTES("r0 = r6;")), "+");
    assert_string_equal(proves(xdp, BYTES("r6 = r0;")), "p");
}

static void more_links_than_can_be_followed_are_forgotten(void **state)
{
    (void)state;
    /* Every word of the stack holds a number twice; the second way changes one half of each. The
     * last of them is what the store depends on. */
    static char text[16384];
    for (unsigned second = 0; second < 2; second++) {
        size_t n = (size_t)sprintf(text, "r8 = *(u32 *)(r1 + 12); r9 = r1;");
        for (int at = -512; at < 0; at += 8)
            n += (size_t)sprintf(text + n,
                                 "r2 = *(u32 *)(r9 + 16); r3 = r2;"
                                 "*(u32 *)(r10 %d) = r2; *(u32 *)(r10 %d) = r3;",
                                 at, at + 4);
        n += (size_t)sprintf(text + n,
                             "r6 = *(u32 *)(r9 + 16); r7 = r6; r5 = *(u32 *)(r9 + 16); r4 = r5;"
                             "if r8 > 3 goto other; goto m; other: r7 = r5;");
        for (int at = -512; second && at < 0; at += 8)
            n += (size_t)sprintf(text + n, "*(u32 *)(r10 %d) = r5;", at + 4);
        n += (size_t)sprintf(text + n, "m: r2 = *(u32 *)(r10 - 8); if r2 > 7 goto out;"
                                       "r2 = *(u32 *)(r10 - 4);" STORE_AT("r2"));
        for (int at = -512; at < -8; at += 4)
            n += (size_t)sprintf(text + n, "r2 = *(u32 *)(r10 %d); if r2 > 3 goto out;", at);
        sprintf(text + n, "if r6 > 3 goto out; if r7 > 4 goto out; if r5 > 3 goto out;" EXIT);
        assert_string_equal(proves(xdp, text), second ? "-" : "+");
    }
}

static void what_is_widened_goes_on_allowing_what_it_did(void **state)
{
    (void)state;
    /* Two ways into a loop, with places up to 64 KiB and up to 32 GiB away. Of the latter the low
     * half alone is compared. */
#define PLACES(shift)                                                                              \
    "r9 = r1; r8 = *(u32 *)(r1 + 0); r0 = *(u32 *)(r1 + 4); r0 -= r8; r2 = *(u32 *)(r9 + 16);"     \
    "r4 = *(u32 *)(r9 + 12); if r4 > 3 goto other; r2 <<= " shift                                  \
    "; r6 = r8; r6 += r2; goto loop;"                                                              \
    "other: r2 &= 0xffff; r6 = r8; r6 += r2; r6 += 1; goto loop;"                                  \
    "loop: r5 = r6; r5 -= r8; w5 = w5; r5 += 8; if r5 > r0 goto out; ?r4 = *(u8 *)(r6 + 0);"       \
    "if r4 > 3 goto loop;" EXIT
    assert_string_equal(proves(xdp, PLACES("0")), "+");
    assert_string_equal(proves(xdp, PLACES("3")), "p");
}

static void what_does_not_depend_on_a_number_may_depend_on_its_link(void **state)
{
    (void)state;
    /* r2 is a number that was shifted there and back, which the other way has linked with another
     * one. */
#define SHIFTED(second)                                                                            \
    "r9 = *(u32 *)(r1 + 12); r6 = *(u32 *)(r1 + 16); r7 = *(u32 *)(r1 + 16);" OPEN                 \
    "r2 = r6; r5 = r6; r3 = r7;" FORK second                                                       \
    "m: r2 <<= 32; r2 >>= 32; if r6 > 7 goto out;" STORE_AT(                                       \
        "r2") "if r5 > 3 goto out; if r3 > 3 goto out;" EXIT
    assert_string_equal(proves(xdp, SHIFTED("r9 = 0;")), "+");
    assert_string_equal(proves(xdp, SHIFTED("r2 = r7;")), "-");
}

static void a_remainder_may_be_what_it_was_made_of(void **state)
{
    (void)state;
    /* Numbers below 7 that are even: their remainder is, others' is not. */
#define REMAINDER(second)                                                                          \
    "r9 = *(u32 *)(r1 + 12); r6 = *(u32 *)(r1 + 16); r6 &= 6;" OPEN FORK second                    \
    "m: r6 %= 7; r6 <<= 2; r4 = r10; r4 += -64; r4 += r6; r5 = 1;"                                 \
    "?lock *(u64 *)(r4 + 0) += r5;" EXIT
    assert_string_equal(proves(xdp, REMAINDER("r6 = 2;")), "+");
    assert_string_equal(proves(xdp, REMAINDER("r6 = *(u32 *)(r1 + 16);")), "-");
}

static void where_a_place_begins_may_come_from_a_number(void **state)
{
    (void)state;
    /* r5 is a place that r6 says, and compared with the end; then r6 turns out not to be negative.
     */
#define NEGATIVE(second)                                                                           \
    "r9 = *(u32 *)(r1 + 12); r7 = *(u32 *)(r1 + 4);" OPEN                                          \
    "r6 = *(u32 *)(r1 + 16); r6 += -100; r4 = *(u32 *)(r1 + 16); r4 += -100; r3 = r4;"             \
    "r5 = r8; r5 += r6; r2 = r5; r2 += 8; if r2 > r7 goto out;" FORK second                        \
    "m: if r6 s< 0 goto out; ?r0 = *(u8 *)(r5 + 0); if r4 s> 3 goto out;" EXIT
    assert_string_equal(proves(xdp, NEGATIVE("r4 = r6;")), "+");
    assert_string_equal(proves(xdp, NEGATIVE("r6 = r4;")), "p");
}

static void swapped_addresses_have_64_bits(void **state)
{
    (void)state;
#define SWAP(how)                                                                                  \
    "r6 = *(u32 *)(r1 + 16); r2 = r10; if r6 > 3 goto m; r2 = 0; m: " how "; r2 >>= 32;"           \
    "r4 = r10; r4 += -8; r4 += r2; ?*(u64 *)(r4 + 0) = 0;" EXIT
    assert_string_equal(proves(xdp, SWAP("r2 = be32 r2")), "+");
    assert_string_equal(proves(xdp, SWAP("r2 = be64 r2")), "-");
    assert_string_equal(proves(xdp, SWAP("r2 = le64 r2")), "-");
    assert_string_equal(proves(xdp, SWAP("r2 = bswap64 r2")), "-");
}

static void what_joining_found_of_spills_is_not_forgotten_with_it(void **state)
{
    (void)state;
    /* What is kept at -8 is loaded through r7. So many calls that ways cannot be joined. */
    static char text[4096];
    for (unsigned second = 0; second < 2; second++) {
        size_t n = (size_t)sprintf(
            text,
            "r9 = *(u32 *)(r1 + 12); r6 = *(u32 *)(r1 + 16); r7 = r10; r7 += -8;"
            "*(u64 *)(r10 - 8) = 0;" FORK "%sm: r2 = *(u64 *)(r7 + 0);" STORE_AT("r2"),
            second ? "*(u64 *)(r10 - 8) = r6;" : "*(u64 *)(r10 - 8) = 3;");
        for (unsigned i = 0; i < 70; i++)
            n += (size_t)sprintf(text + n, "call local f;");
        sprintf(text + n, EXIT "; f: r0 = 0; goto g; g: exit");
        assert_string_equal(proves(xdp, text), second ? "-" : "+");
    }
}

static void what_counts_and_does_not_matter_bounds_no_loop(void **state)
{
    (void)state;
    assert_string_equal(proves(xdp, "r5 = 0; loop: r5 += 1; ?if r5 < 100 goto loop;" EXIT), "+");
    assert_string_equal(proves(xdp, "r6 = *(u32 *)(r1 + 16); r5 = 0; loop: r5 += 1;"
                                    "?if r6 != 0 goto loop;" EXIT),
                        "-");
    assert_string_equal(proves(xdp, "r6 = *(u32 *)(r1 + 16); r0 = 0; loop: r0 += 1;"
                                    "?if r6 != 0 goto loop; exit"),
                        "-");
}

static void loops_in_each_other_set_each_other_back(void **state)
{
    (void)state;
    /* `a` and `b` lie in the body of each other, but the way from `b` to `a` lies in that of `b`
     * alone. */
#define EACH_OTHER(times)                                                                          \
    "r9 = r1; r6 = 0; r7 = 0; b: r2 = *(u32 *)(r9 + 16); if r2 == 1 goto skip; r6 = 0;"            \
    "a: r0 = 0; skip: r2 = *(u32 *)(r9 + 12); if r2 == 2 goto tob; r6 += 1;"                       \
    "?if r6 < " times " goto a; exit; tob: r7 += 1; ?if r7 < " times " goto b; exit"
    assert_string_equal(proves(xdp, EACH_OTHER("80")), "++");
    assert_string_equal(proves(xdp, EACH_OTHER("8000")), "--");
    /* The inner one counts with r6, which nobody sets back, and sooner with r7; the outer one
     * sooner with r8. */
#define SHARED(times)                                                                              \
    "r6 = 0; r8 = 0; outer: r7 = 0; inner: r6 += 1; r7 += 1; if r6 > 500000 goto out;"             \
    "?if r7 < " times " goto inner; r8 += 1; ?if r8 < " times " goto outer;" EXIT
    assert_string_equal(proves(xdp, SHARED("100")), "++");
    assert_string_equal(proves(xdp, SHARED("1000")), "--");
    assert_string_equal(proves(xdp, "r6 = 0; outer: r7 = 0; inner: r6 += 1; r7 += 1;"
                                    "if r6 > 20000 goto out; ?if r7 < 100 goto inner;"
                                    "?if r6 < 20000 goto outer;" EXIT),
                        "++");
}

static void maps_that_programs_cannot_read_are_not_read(void **state)
{
    (void)state;
    assert_string_equal(proves(xdp, "r2 = map_value(1, 0) ll; ?r0 = *(u64 *)(r2 + 0); exit"), "+");
    assert_string_equal(proves(xdp, "r2 = map_value(4, 0) ll; ?*(u64 *)(r2 + 0) = 0;" EXIT), "+");
    assert_string_equal(proves(xdp, "r2 = map_value(4, 0) ll; ?r0 = *(u64 *)(r2 + 0); exit"),
                        "refused");
    assert_string_equal(proves(xdp, "r2 = map_value(5, 0) ll; ?r0 = *(u64 *)(r2 + 0); exit"), "+");
    assert_string_equal(proves(xdp, "r2 = map_value(5, 0) ll; ?*(u64 *)(r2 + 0) = 0;" EXIT),
                        "refused");
}

/** Whether the program's stack is cleared before each run, as it might read what it has not
 * written. */
static bool is_cleared(const char *program)
{
    return proves_info(WN_PROG_XDP, program).stack_cleared != 0;
}

static void stack_that_may_be_read_before_it_is_written_is_cleared(void **state)
{
    (void)state;
#define VARY "r6 = *(u32 *)(r1 + 16); r2 = *(u32 *)(r1 + 0);"
    assert_false(is_cleared("*(u64 *)(r10 - 8) = 0; r0 = *(u64 *)(r10 - 8); exit"));
    assert_true(is_cleared("*(u32 *)(r10 - 8) = 0; r0 = *(u64 *)(r10 - 8); exit"));
    assert_true(is_cleared(
        VARY "if r6 > 3 goto m; *(u64 *)(r10 - 8) = 0; m: r0 = *(u64 *)(r10 - 8); exit"));
    /* An access of the packet or of the stack: its guard lets both of them pass. */
    assert_false(is_cleared(VARY "*(u64 *)(r10 - 8) = 0; r2 += r6; r0 = *(u8 *)(r2 + 0); exit"));
    assert_true(is_cleared(VARY
                           "r3 = *(u32 *)(r1 + 12); *(u64 *)(r10 - 8) = 0; r2 += r3;"
                           "if r6 > 3 goto m; r2 = r10; r2 += -8; m: r0 = *(u8 *)(r2 + 0); exit"));
    /* Atomics through what may be any address. */
    assert_false(
        is_cleared(LOOKUP "if r0 == 0 goto out; r1 = 1; lock *(u64 *)(r0 + 0) += r1;" EXIT));
    assert_true(is_cleared(LOOKUP "r1 = 1; lock *(u64 *)(r0 + 0) += r1;" EXIT));
    /* Text that is printed, by its address. */
#define PRINT(third)                                                                               \
    "*(u64 *)(r10 - 8) = 0x7325; r1 = r10; r1 += -8; r2 = 8; " third "; call 6;" EXIT
    assert_false(is_cleared(PRINT("r3 = 5")));
    assert_true(is_cleared(PRINT("r3 = r10; r3 += -16")));
}

/** Whether the program runs on packets where they lie, as it cannot tell. */
static bool is_in_place(const char *program)
{
    return proves_info(WN_PROG_XDP, program).in_place;
}

static void who_sees_where_the_packet_is_gets_a_copy(void **state)
{
    (void)state;
    assert_true(is_in_place(BEGIN "r0 = r3; r0 -= r2; exit"));
    assert_true(is_in_place(BEGIN "w0 = w3; exit") == false);
    assert_true(is_in_place(BEGIN "w3 -= w2; r0 = r3; exit"));
    assert_false(is_in_place(BEGIN "w4 -= w2; r0 = r4; exit"));
    assert_false(is_in_place(BEGIN "r0 = r2; exit"));
    assert_false(is_in_place(BEGIN "r0 = r2; r6 = 0x100000000000 ll; r0 += r6; exit"));
    assert_false(is_in_place(BEGIN "r0 = r2; r0 -= r10; exit"));
    assert_false(is_in_place(BEGIN "r0 = r10; w0 += w2; exit"));
    assert_false(is_in_place(BEGIN "if r4 > 3 goto m; r2 = 7; m: r0 = r2; exit"));
    /* Comparisons: of places that cannot have wrapped, and with 0. */
    assert_true(is_in_place(BEGIN "r0 = 0; r2 += r4; if r2 > r3 goto out; r0 = 1; out: exit"));
    assert_true(is_in_place(BEGIN "r0 = 0; if r2 == 0 goto out; r0 = 1; out: exit"));
    assert_true(is_in_place(BEGIN "r0 = 0; r2 += -8; if r2 == r3 goto out; r0 = 1; out: exit"));
    assert_false(is_in_place(BEGIN "r0 = 0; r2 += -8; if r2 > r3 goto out; r0 = 1; out: exit"));
    assert_false(is_in_place(BEGIN "r0 = 0; r2 -= r4; if r2 > r3 goto out; r0 = 1; out: exit"));
    assert_false(is_in_place(BEGIN "r0 = 0; if w2 > w3 goto out; r0 = 1; out: exit"));
    assert_false(is_in_place(BEGIN "r0 = 0; if r2 > 4096 goto out; r0 = 1; out: exit"));
    assert_false(is_in_place(BEGIN "r0 = 0; if r2 & 4096 goto out; r0 = 1; out: exit"));
    assert_false(is_in_place(BEGIN "r0 = 0; if r2 > r4 goto out; r0 = 1; out: exit"));
    /* The stack, and other memory. */
    assert_true(is_in_place(
        BEGIN "*(u64 *)(r10 - 8) = r2; r4 = *(u64 *)(r10 - 8); r0 = r3; r0 -= r4; exit"));
    assert_false(is_in_place(BEGIN "*(u64 *)(r10 - 8) = r2; r0 = *(u32 *)(r10 - 8); exit"));
    assert_false(
        is_in_place(BEGIN "*(u64 *)(r10 - 8) = 0; lock *(u64 *)(r10 - 8) += r2; r0 = 0; exit"));
    assert_false(is_in_place(BEGIN "*(u64 *)(r10 - 8) = r2; r4 = 0; r4 = atomic_fetch_add((u64 "
                                   "*)(r10 - 8), r4); r0 = 0; exit"));
    assert_false(is_in_place(BEGIN "r4 = map_value(1, 0) ll; *(u64 *)(r4 + 0) = r2;" EXIT));
    assert_true(is_in_place(BEGIN "r4 = map_value(1, 0) ll; *(u64 *)(r4 + 0) = r5;" EXIT));
    /* Helpers: what they are given, and what lies there. */
    assert_true(is_in_place(BEGIN LOOKUP EXIT));
    assert_false(is_in_place(BEGIN "*(u64 *)(r10 - 8) = r2;"
                                   "r1 = map_fd(0) ll; r2 = r10; r2 += -8; call 1;" EXIT));
    assert_false(is_in_place(BEGIN "r6 = r2; r1 = r2; r2 = 0; call 23;" EXIT));
    assert_false(is_in_place("r2 = r1; r1 = map_fd(0) ll; call 1;" EXIT));
}

static void what_nobody_reads_says_nothing(void **state)
{
    (void)state;
    /* On the first way r0, which nobody reads behind `m`, is a length of 8 at most. */
#define LENGTH(first)                                                                              \
    "r9 = *(u32 *)(r1 + 12);" BEGIN "r8 = r10; r8 += r4; r0 = *(u8 *)(r8 - 300);"                  \
    "r0 = r3; r0 -= r2; if r9 > 3 goto other;" first                                               \
    "goto m; other: r4 = 0; m: r5 = r3; r5 -= r2; r6 = 0; if r5 <= 8 goto use; r6 = "              \
    "100000;" USE_R6 EXIT
    assert_string_equal(proves(xdp, LENGTH("")), "-");
    assert_string_equal(proves(xdp, LENGTH("if r0 > 8 goto out;")), "-");
    /* The same with what is kept in the stack. */
    assert_string_equal(proves(xdp, LENGTH("if r0 > 8 goto out; *(u64 *)(r10 - 64) = r0; r0 = 0;")),
                        "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_not_compared_with_lengths),
        cmocka_unit_test(addresses_before_the_packet_may_wrap),
        cmocka_unit_test(ends_before_the_packet_may_wrap),
        cmocka_unit_test(sums_with_anything_may_be_zero),
        cmocka_unit_test(metadata_is_not_proved_by_places_that_may_wrap),
        cmocka_unit_test(frames_that_states_share_may_be_linked_otherwise),
        cmocka_unit_test(of_two_copies_of_a_value_one_alone_may_be_there),
        cmocka_unit_test(links_of_what_may_be_an_address_are_compared),
        cmocka_unit_test(more_links_than_can_be_followed_are_forgotten),
        cmocka_unit_test(what_is_widened_goes_on_allowing_what_it_did),
        cmocka_unit_test(what_does_not_depend_on_a_number_may_depend_on_its_link),
        cmocka_unit_test(a_remainder_may_be_what_it_was_made_of),
        cmocka_unit_test(where_a_place_begins_may_come_from_a_number),
        cmocka_unit_test(swapped_addresses_have_64_bits),
        cmocka_unit_test(what_joining_found_of_spills_is_not_forgotten_with_it),
        cmocka_unit_test(what_counts_and_does_not_matter_bounds_no_loop),
        cmocka_unit_test(loops_in_each_other_set_each_other_back),
        cmocka_unit_test(maps_that_programs_cannot_read_are_not_read),
        cmocka_unit_test(stack_that_may_be_read_before_it_is_written_is_cleared),
        cmocka_unit_test(who_sees_where_the_packet_is_gets_a_copy),
        cmocka_unit_test(what_nobody_reads_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
