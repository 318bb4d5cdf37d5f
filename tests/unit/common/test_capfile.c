/* SPDX-License-Identifier: MIT */
#include "common/capfile.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/pcapng.h"

static char path[] = "/tmp/test_capfile.XXXXXX";

static void spill(const uint8_t *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/** Three packets of 3, 4 and 5 bytes, a second and a nanosecond apart. */
static size_t classic(uint8_t *b, uint32_t linktype)
{
    size_t n = PCAP_FILE_HEAD;
    pcap_file_head(b, linktype, 1000);
    for (uint32_t i = 0; i < 3; i++) {
        pcap_packet(b + n, (1700000000 + i) * 1000000001ull, (const uint8_t *)"abcdef", 3 + i,
                    60 + i);
        n += PCAP_PACKET_HEAD + 3 + i;
    }
    return n;
}

static size_t modern(uint8_t *b, size_t room, int second_linktype)
{
    size_t n = pcapng_section(b, room, &(struct pcapng_section){0});
    n += pcapng_interface(b + n, room - n, &(struct pcapng_interface){.linktype = 1, .snaplen = 9});
    pcapng_packet(b + n, 0, 1700000000123456789, (const uint8_t *)"abc", 3, 60);
    n += pcapng_packet_size(3);
    if (second_linktype >= 0) {
        struct pcapng_interface i = {.linktype = (uint16_t)second_linktype, .snaplen = 9};
        n += pcapng_interface(b + n, room - n, &i);
        pcapng_packet(b + n, 1, 1700000001123456789, (const uint8_t *)"abcd", 4, 60);
        n += pcapng_packet_size(4);
    }
    return n;
}

static void packets_come_in_order_with_nanoseconds(void **state)
{
    uint8_t b[256];
    struct capfile *f;
    struct wn_packet p;
    struct wn_error err = {0};
    (void)state;
    spill(b, classic(b, 1));
    assert_int_equal(capfile_open(path, &f, &err), 0);
    assert_int_equal(capfile_dlt(f), 1);
    assert_int_equal(capfile_linktype(f), 1);
    assert_int_equal(capfile_snaplen(f), 1000);
    assert_string_equal(capfile_name(f), path);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(capfile_next(f, &p, &err), 1);
        assert_int_equal(p.caplen, 3 + i);
        assert_int_equal(p.wirelen, 60 + i);
        assert_true(p.time_ns == (1700000000 + i) * 1000000001ull);
        assert_memory_equal(p.data, "abcdef", 3 + i);
    }
    assert_int_equal(capfile_next(f, &p, &err), 0);
    assert_int_equal(err.code, 0);
    capfile_close(f);
}

static void microseconds_become_nanoseconds(void **state)
{
    uint8_t b[256];
    struct capfile *f;
    struct wn_packet p;
    struct wn_error err = {0};
    (void)state;
    size_t n = classic(b, 1);
    pcapng_put32(b, PCAP_MAGIC_US);
    pcapng_put32(b + 28, 123456);
    spill(b, n);
    assert_int_equal(capfile_open(path, &f, &err), 0);
    assert_int_equal(capfile_next(f, &p, &err), 1);
    assert_int_equal(p.time_ns % 1000000000, 123456000);
    capfile_close(f);
}

static void pcapng_is_read_too(void **state)
{
    uint8_t b[512];
    struct capfile *f;
    struct wn_packet p;
    struct wn_error err = {0};
    (void)state;
    spill(b, modern(b, sizeof b, 1));
    assert_int_equal(capfile_open(path, &f, &err), 0);
    assert_int_equal(capfile_next(f, &p, &err), 1);
    assert_true(p.time_ns == 1700000000123456789);
    assert_int_equal(capfile_next(f, &p, &err), 1);
    assert_int_equal(p.caplen, 4);
    assert_int_equal(capfile_next(f, &p, &err), 0);
    capfile_close(f);
}

static void a_second_link_type_is_an_error_that_names_the_place(void **state)
{
    uint8_t b[512];
    struct capfile *f;
    struct wn_packet p;
    struct wn_error err = {0};
    (void)state;
    spill(b, modern(b, sizeof b, 101));
    assert_int_equal(capfile_open(path, &f, &err), 0);
    assert_int_equal(capfile_next(f, &p, &err), 1);
    assert_int_equal(capfile_next(f, &p, &err), WN_E_FORMAT);
    assert_non_null(strstr(err.text, "packet 2"));
    assert_non_null(strstr(err.text, "type"));
    capfile_close(f);
}

/** At every length: as many packets as are whole, then the end or an error that says where. */
static void a_cut_file_gives_what_is_whole(void **state)
{
    uint8_t b[256];
    (void)state;
    size_t n = classic(b, 1);
    const size_t ends[] = {24, 24 + 19, 24 + 19 + 20, n};
    for (size_t len = 24; len <= n; len++) {
        struct capfile *f;
        struct wn_packet p;
        struct wn_error err = {0};
        spill(b, len);
        assert_int_equal(capfile_open(path, &f, &err), 0);
        unsigned whole = 0;
        while (whole < 3 && ends[whole + 1] <= len)
            whole++;
        for (unsigned i = 0; i < whole; i++)
            assert_int_equal(capfile_next(f, &p, &err), 1);
        int r = capfile_next(f, &p, &err);
        assert_int_equal(r, ends[whole] == len ? 0 : WN_E_FORMAT);
        char at[16];
        snprintf(at, sizeof at, "packet %u:", whole + 1);
        assert_true(r == 0 || (strstr(err.text, at) && strstr(err.text, path)));
        capfile_close(f);
    }
}

static void refused(const char *file, int code, const char *text)
{
    struct capfile *f;
    struct wn_error err = {0};
    assert_int_equal(capfile_open(file, &f, &err), code);
    assert_int_equal(err.code, code);
    if (!strstr(err.text, text) || !strstr(err.text, file))
        fail_msg("\"%s\" must say \"%s\" and \"%s\"", err.text, file, text);
}

static void what_is_no_capture_file_is_named(void **state)
{
    uint8_t b[256];
    (void)state;
    refused("/nonexistent/x.pcap", -ENOENT, "No such file");
    refused("/tmp", -EISDIR, "directory");
    spill(b, 0);
    refused(path, WN_E_FORMAT, "empty");
    spill((const uint8_t *)"\x1f\x8b\x08", 3);
    refused(path, WN_E_FORMAT, "zcat");
    spill((const uint8_t *)"hello, this is no capture", 25);
    refused(path, WN_E_FORMAT, "unknown file format");
    for (size_t n = 1; n < 24; n++) {
        classic(b, 1);
        spill(b, n);
        refused(path, WN_E_FORMAT, "truncated");
    }
}

static void link_types_of_files_differ_from_libpcaps(void **state)
{
    uint8_t b[256];
    struct capfile *f;
    (void)state;
    spill(b, classic(b, 101));
    assert_int_equal(capfile_open(path, &f, NULL), 0);
    assert_int_equal(capfile_dlt(f), 12); /* DLT_RAW on Linux */
    assert_int_equal(capfile_linktype(f), 101);
    assert_string_equal(capfile_dlt_name(capfile_dlt(f)), "RAW");
    capfile_close(f);
    assert_int_equal(capfile_linktype_of_dlt(1), 1);
    assert_int_equal(capfile_linktype_of_dlt(113), 113);
    assert_string_equal(capfile_dlt_name(9999), "DLT 9999");
}

static int make(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int clean(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_come_in_order_with_nanoseconds),
        cmocka_unit_test(microseconds_become_nanoseconds),
        cmocka_unit_test(pcapng_is_read_too),
        cmocka_unit_test(a_second_link_type_is_an_error_that_names_the_place),
        cmocka_unit_test(a_cut_file_gives_what_is_whole),
        cmocka_unit_test(what_is_no_capture_file_is_named),
        cmocka_unit_test(link_types_of_files_differ_from_libpcaps),
    };
    return cmocka_run_group_tests(tests, make, clean);
}
