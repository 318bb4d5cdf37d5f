/* SPDX-License-Identifier: MIT */
/** Helpers that read and write text. What they answer is Linux 6.18's. */
#include "../engines.h"

/** The only value of a map that nobody writes any more; the program finds it in r7. */
static char constant[64];

static struct wn_map *constant_map(void)
{
    struct wn_map_opts of = {WN_MAP_ARRAY, 4, sizeof constant, 1, WN_MAP_RDONLY_PROG};
    struct wn_map *map = NULL;
    const uint32_t zero = 0;
    assert_int_equal(wn_map_new(&of, &map, NULL), 0);
    assert_int_equal(wn_map_update(map, &zero, constant, 0), 0);
    assert_int_equal(wn_map_freeze(map), 0);
    return map;
}

static void text_runs(enum wn_verify verify, const char *text, struct wn_result wanted)
{
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_map *map = constant_map();
        struct wn_prog_opts opts = {
            .engine = engines[i], .verify = verify, .type = WN_PROG_XDP, .maps = &map, .n_maps = 1};
        struct wn_prog *prog = make(text, &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        if (prog) {
            struct wn_result r = wn_prog_run(prog, run, &pkt);
            assert_int_equal(r.fault, wanted.fault);
            assert_int_equal(r.slot, wanted.slot);
            if (r.value != wanted.value)
                fail_msg("%s%lld, not %lld", text, (long long)r.value, (long long)wanted.value);
        }
        wn_run_free(run);
        wn_prog_free(prog);
        wn_map_free(map);
    }
}

static void is(const char *text, int64_t value)
{
    text_runs(WN_VERIFY_GUARD, text, (struct wn_result){.value = (uint64_t)value});
    text_runs(WN_VERIFY_NONE, text, (struct wn_result){.value = (uint64_t)value});
}

/** A number in the text at r10 - 32, with what the helper says and what it leaves at r10 - 40. */
static void number(unsigned helper, const char *digits, unsigned base, int64_t says, int64_t leaves)
{
    char program[1024], bytes[32] = {0};
    uint64_t words[4];
    strncpy(bytes, digits, sizeof bytes - 1);
    memcpy(words, bytes, sizeof words);
    for (unsigned which = 0; which < 2; which++) {
        int n = snprintf(program, sizeof program, "*(u64 *)(r10 - 40) = 77\n");
        for (int i = 0; i < 4; i++)
            n += snprintf(program + n, sizeof program - (size_t)n,
                          "r1 = 0x%llx ll\n*(u64 *)(r10 - %d) = r1\n", (unsigned long long)words[i],
                          32 - 8 * i);
        snprintf(program + n, sizeof program - (size_t)n,
                 "r1 = r10\nr1 += -32\nr2 = %zu\nr3 = %u\nr4 = r10\nr4 += -40\ncall %u\n%sexit\n",
                 strlen(digits), base, helper, which ? "r0 = *(u64 *)(r10 - 40)\n" : "");
        is(program, which ? leaves : says);
    }
}

static void numbers_are_read_as_the_kernel_reads_them(void **state)
{
    (void)state;
    enum { STRTOL = 105, STRTOUL };
    number(STRTOL, "42", 0, 2, 42);
    number(STRTOL, "  -42x", 0, 5, -42);
    number(STRTOL, "0x1f", 0, 4, 31);
    number(STRTOL, "0x1f", 16, 4, 31);
    number(STRTOL, "0xg", 0, 1, 0);
    number(STRTOL, "0xg", 16, -22, 0);
    number(STRTOL, "017", 0, 3, 15);
    number(STRTOL, "019", 0, 2, 1);
    number(STRTOL, "9", 8, -22, 0);
    number(STRTOL, "-", 10, -22, 0);
    number(STRTOL, "- 1", 10, -22, 0);
    number(STRTOL, "+1", 10, -22, 0);
    number(STRTOL, "1", 7, -22, 0);
    number(STRTOL, "1", 32, -22, 0);
    number(STRTOL, "9223372036854775807", 10, 19, INT64_MAX);
    number(STRTOL, "9223372036854775808", 10, -34, 0);
    number(STRTOL, "-9223372036854775808", 10, 20, INT64_MIN);
    number(STRTOL, "-9223372036854775809", 10, -34, 0);
    number(STRTOUL, "18446744073709551615", 10, 20, -1);
    number(STRTOUL, "18446744073709551616", 10, -34, 0);
    number(STRTOUL, "-1", 10, -22, 0);
    number(STRTOUL, "\xa0\t\n7", 10, 4, 7);
}

#define CONSTANT(at) "r3 = map_value(0, " #at ") ll\n"
/** A number that has these bytes in memory, given as where the first one is the lowest. */
static uint64_t host(uint64_t bytes)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? bytes : __builtin_bswap64(bytes);
}

/** A program that begins with a word on the stack, to which r1 points. */
static const char *with_word(uint64_t bytes, const char *rest)
{
    static char text[512];
    snprintf(text, sizeof text, "r1 = 0x%llx ll\n*(u64 *)(r10 - 8) = r1\nr1 = r10\nr1 += -8\n%s",
             (unsigned long long)host(bytes), rest);
    return text;
}

static void strings_are_compared_up_to_a_length(void **state)
{
    (void)state;
    strcpy(constant, "GET");
    is(with_word(0x544547, "r2 = 8\n" CONSTANT(0) "call 182\nexit\n"), 0);
    is(with_word(0x58544547, "r2 = 3\n" CONSTANT(0) "call 182\nexit\n"), 0);
    is(with_word(0x58544547, "r2 = 4\n" CONSTANT(0) "call 182\nexit\n"), 1);
    is(with_word(0x4547, "r2 = 4\n" CONSTANT(0) "call 182\nexit\n"), -1);
    is(with_word(0xff, "r2 = 1\n" CONSTANT(1) "call 182\nexit\n"), 1);
}

#define PRINTS(size, format, values)                                                               \
    "r6 = 0x1234\n*(u64 *)(r10 - 16) = r6\nr6 = -5\n*(u64 *)(r10 - 8) = r6\n"                      \
    "*(u64 *)(r10 - 40) = 0\n*(u64 *)(r10 - 32) = 0\n*(u64 *)(r10 - 24) = 0\n"                     \
    "r1 = r10\nr1 += -40\nr2 = " #size "\n" CONSTANT(format) "r4 = r10\nr4 += -16\n"               \
                                                             "r5 = " #values "\ncall 165\n"

static void lines_are_written_from_formats(void **state)
{
    (void)state;
    memset(constant, 0, sizeof constant);
    strcpy(constant, "%x %d");
    strcpy(constant + 8, "%c");
    is(PRINTS(24, 0, 16) "exit\n", 8); /* "1234 -5" and its end */
    is(PRINTS(24, 0, 16) "r0 = *(u64 *)(r10 - 40)\nexit\n", (int64_t)host(0x352d2034333231));
    is(PRINTS(4, 0, 16) "exit\n", 8);
    is(PRINTS(4, 0, 16) "r0 = *(u64 *)(r10 - 40)\nexit\n", (int64_t)host(0x333231));
    is(PRINTS(0, 0, 16) "exit\n", 8);
    is(PRINTS(0, 0, 16) "r0 = *(u64 *)(r10 - 40)\nexit\n", 0);
    is(PRINTS(24, 8, 8) "r0 = *(u64 *)(r10 - 40)\nexit\n", (int64_t)host(0x34));
    is(PRINTS(24, 5, 0) "exit\n", 1); /* an empty one */
}

/** What the kernel refuses when it loads a program is refused; unverified it is an error. */
static void formats_without_their_values_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {PRINTS(24, 0, 8) "exit\n", PRINTS(24, 0, 4) "exit\n",
                                        PRINTS(24, 16, 16) "exit\n"};
    memset(constant, 0, sizeof constant);
    strcpy(constant, "%x %d");
    strcpy(constant + 16, "%y");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct wn_map *map = constant_map();
        struct wn_prog_opts opts = {.type = WN_PROG_XDP, .maps = &map, .n_maps = 1};
        refuses(opts, wrong[i], 15);
        wn_map_free(map);
        text_runs(WN_VERIFY_NONE, wrong[i], (struct wn_result){.value = (uint64_t)-22});
    }
}

/** A string elsewhere than in a map is refused, and a fault if nobody looks. */
static void strings_are_constants(void **state)
{
    (void)state;
    const char *text = with_word(0x544547, "r2 = 3\nr3 = r1\ncall 182\nexit\n");
    struct wn_prog_opts opts = {.type = WN_PROG_XDP};
    refuses(opts, text, 7);
    text_runs(WN_VERIFY_NONE, text, (struct wn_result){.fault = WN_FAULT_MEMORY, .slot = 7});
}

static void clocks_tell_the_packets_time(void **state)
{
    (void)state;
    is("call 5\nexit\n", 77);
    is("call 125\nexit\n", 77);
    is("call 160\nexit\n", 77);
    is("call 208\nexit\n", 77 + INT64_C(37000000000));
    is("call 118\nexit\n", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_as_the_kernel_reads_them),
        cmocka_unit_test(strings_are_compared_up_to_a_length),
        cmocka_unit_test(lines_are_written_from_formats),
        cmocka_unit_test(formats_without_their_values_are_refused),
        cmocka_unit_test(strings_are_constants),
        cmocka_unit_test(clocks_tell_the_packets_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
