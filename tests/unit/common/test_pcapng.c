/* SPDX-License-Identifier: MIT */
#include "common/pcapng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/** Compare with bytes written as hex, blanks between them as the reader likes. */
static void check_hex(const uint8_t *got, size_t n, const char *hex)
{
    size_t i = 0;
    for (; *hex; hex += 2) {
        hex += strspn(hex, " \n");
        unsigned byte;
        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        assert_true(i < n);
        if (got[i] != byte)
            fail_msg("byte %zu is %02x, must be %02x", i, got[i], byte);
        i++;
    }
    assert_int_equal(i, n);
}

/* The expected bytes were put together by hand from the draft's figures. */

static void a_section_without_options_is_28_bytes(void **state)
{
    uint8_t b[28];
    (void)state;
    assert_int_equal(pcapng_section(b, sizeof b, &(struct pcapng_section){0}), 28);
    check_hex(b, 28, "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000");
}

static void a_section_says_who_wrote_it_and_where(void **state)
{
    uint8_t b[128];
    (void)state;
    size_t n = pcapng_section(
        b, sizeof b,
        &(struct pcapng_section){.comment = "why", .os = "Linux", .application = "winnow 1"});
    check_hex(b, n,
              "0a0d0d0a 40000000 4d3c2b1a 0100 0000 ffffffffffffffff"
              "0100 0300 77687900"
              "0300 0500 4c696e7578 000000"
              "0400 0800 77696e6e6f772031"
              "0000 0000 40000000");
}

static void an_interface_has_name_nanoseconds_and_filter(void **state)
{
    uint8_t b[128];
    (void)state;
    size_t n =
        pcapng_interface(b, sizeof b,
                         &(struct pcapng_interface){
                             .linktype = 1, .snaplen = 262144, .name = "eth0", .filter = "tcp"});
    check_hex(b, n,
              "01000000 30000000 0100 0000 00000400"
              "0200 0400 65746830"
              "0900 0100 09000000"
              "0b00 0400 00746370"
              "0000 0000 30000000");
}

static void an_empty_filter_accepts_all_and_is_written(void **state)
{
    uint8_t b[128];
    (void)state;
    size_t n = pcapng_interface(b, sizeof b, &(struct pcapng_interface){.filter = ""});
    check_hex(b, n,
              "01000000 28000000 0000 0000 00000000 0900 0100 09000000 0b00 0100 00000000"
              "0000 0000 28000000");
}

static void statistics_hold_what_is_known(void **state)
{
    uint8_t b[128];
    (void)state;
    struct pcapng_statistics s = {.interface = 2,
                                  .time_ns = 0x0102030405060708,
                                  .start_ns = 0x1112131415161718,
                                  .end_ns = 0x2122232425262728,
                                  .received = 5,
                                  .dropped = UINT64_MAX,
                                  .accepted = 4,
                                  .delivered = UINT64_MAX - 1};
    size_t n = pcapng_statistics(b, sizeof b, &s);
    check_hex(b, n,
              "05000000 58000000 02000000 04030201 08070605"
              "0200 0800 14131211 18171615"
              "0300 0800 24232221 28272625"
              "0400 0800 0500000000000000"
              "0600 0800 0400000000000000"
              "0800 0800 feffffffffffffff"
              "0000 0000 58000000");
}

static void a_packet_is_padded_to_four_bytes(void **state)
{
    static const char *const expected[] = {
        "06000000 20000000 01000000 02000000 01000000 00000000 09000000 20000000",
        "06000000 24000000 01000000 02000000 01000000 01000000 09000000 aa000000 24000000",
        "06000000 24000000 01000000 02000000 01000000 02000000 09000000 aabb0000 24000000",
        "06000000 24000000 01000000 02000000 01000000 03000000 09000000 aabbcc00 24000000",
        "06000000 24000000 01000000 02000000 01000000 04000000 09000000 aabbccdd 24000000",
        "06000000 28000000 01000000 02000000 01000000 05000000 09000000 aabbccdd ee000000 28000000",
    };
    static const uint8_t data[] = {0xaa, 0xbb, 0xcc, 0xdd, 0xee};
    (void)state;
    for (uint32_t n = 0; n <= 5; n++) {
        uint8_t b[64];
        memset(b, 0xff, sizeof b);
        pcapng_packet(b, 1, 0x200000001, data, n, 9);
        check_hex(b, pcapng_packet_size(n), expected[n]);
        assert_int_equal(b[pcapng_packet_size(n)], 0xff);
    }
}

static void the_classic_format_has_nanoseconds(void **state)
{
    uint8_t b[24];
    (void)state;
    pcap_file_head(b, 101, 65535);
    check_hex(b, 24, "4d3cb2a1 0200 0400 00000000 00000000 ffff0000 65000000");
    pcap_packet(b, 1700000000123456789, (const uint8_t *)"abc", 3, 60);
    check_hex(b, 19, "00f15365 15cd5b07 03000000 3c000000 616263");
}

static void nothing_is_written_beyond_the_room(void **state)
{
    (void)state;
    struct pcapng_interface i = {.name = "eth0", .filter = "tcp port 80"};
    size_t need = pcapng_interface(NULL, 0, &i);
    for (size_t room = 0; room <= need; room++) {
        uint8_t *b = malloc(room + 1);
        assert_non_null(b);
        b[room] = 0x5a;
        assert_int_equal(pcapng_interface(b, room, &i), need);
        assert_int_equal(b[room], 0x5a);
        free(b);
    }
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    char *text = malloc(10001);
    assert_non_null(text);
    for (size_t i = 0; i < 9999; i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3); /* the euro sign: 4096 is no multiple of three */
    text[9999] = 0;
    struct pcapng_interface i = {.name = text};
    uint8_t b[8192];
    size_t n = pcapng_interface(b, sizeof b, &i);
    assert_int_equal(n, 16 + 4 + 4096 + 8 + 4 + 4);
    assert_int_equal(b[18] | b[19] << 8, 4095);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section_without_options_is_28_bytes),
        cmocka_unit_test(a_section_says_who_wrote_it_and_where),
        cmocka_unit_test(an_interface_has_name_nanoseconds_and_filter),
        cmocka_unit_test(an_empty_filter_accepts_all_and_is_written),
        cmocka_unit_test(statistics_hold_what_is_known),
        cmocka_unit_test(a_packet_is_padded_to_four_bytes),
        cmocka_unit_test(the_classic_format_has_nanoseconds),
        cmocka_unit_test(nothing_is_written_beyond_the_room),
        cmocka_unit_test(long_texts_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
