/* SPDX-License-Identifier: MIT */
#include "daemon/output_name.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define STANDARD "%{output}-%{utc:%Y%m%dT%H%M%SZ}-%{seq:6}.pcapng"

static const struct output_name with = {
    .output = "disk", .now_ns = 1700000000999999999, .seq = 42, .copy = 1};

static void check(const char *pattern, unsigned copy, const char *expected)
{
    char name[NAME_MAX + 1];
    struct output_name w = with;
    w.copy = copy;
    assert_int_equal(output_name_print(pattern, &w, name, sizeof name), 0);
    assert_string_equal(name, expected);
}

static void placeholders_become_text(void **state)
{
    char host[64], expected[80];
    (void)state;
    check(STANDARD, 1, "disk-20231114T221320Z-000042.pcapng");
    check("%{seq}", 1, "42");
    check("%{seq:1}.%{seq:9}", 1, "42.000000042");
    check("a%{utc:%y%j}b", 1, "a23318b");
    assert_int_equal(gethostname(host, sizeof host), 0);
    snprintf(expected, sizeof expected, "%s.x", host);
    check("%{host}.x", 1, expected);
}

static void copies_keep_the_extension(void **state)
{
    (void)state;
    check("x-%{seq}.pcapng", 2, "x-42-2.pcapng");
    check("x%{seq}", 10, "x42-10");
}

static void what_makes_no_name_is_refused(void **state)
{
    static const char *const bad[] = {"%{seq}/x", "../%{seq}",   "%{nope}", "%seq",
                                      "%",        "x%{utc:%Y",   "",        ".hid%{seq}",
                                      "%{seq:x}", "%{utc:%%/%Y}"};
    char name[NAME_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(output_name_print(bad[i], &with, name, sizeof name), -EINVAL);
}

static void names_leave_room_for_the_suffix(void **state)
{
    char pattern[NAME_MAX + 8], name[NAME_MAX + 1];
    (void)state;
    for (size_t n = 1; n < sizeof pattern; n++) {
        memset(pattern, 'x', n);
        pattern[n] = '\0';
        int r = output_name_print(pattern, &with, name, sizeof name);
        assert_int_equal(r, n <= NAME_MAX - strlen(PART_SUFFIX) ? 0 : -ENAMETOOLONG);
    }
}

static bool ours(const char *pattern, const char *name, uint64_t *seq)
{
    *seq = 0;
    return output_name_parse(pattern, "disk", name, seq);
}

static void own_names_are_recognised(void **state)
{
    uint64_t seq;
    (void)state;
    assert_true(ours(STANDARD, "disk-20231114T221320Z-000042.pcapng", &seq));
    assert_int_equal(seq, 42);
    assert_true(ours(STANDARD, "disk-20231114T221320Z-1000042.pcapng", &seq));
    assert_int_equal(seq, 1000042);
    assert_true(ours(STANDARD, "disk-20231114T221320Z-000042-2.pcapng", &seq));
    assert_int_equal(seq, 42);
    assert_true(ours("a%{utc:%y%j}", "a23318", &seq));
    assert_true(ours("a%{utc:%y%j}", "a23318-17", &seq));
}

static void names_of_others_are_not(void **state)
{
    static const char *const foreign[] = {
        "",
        "disk-20231114T221320Z-000042.pcap",
        "disk-20231114T221320Z-00042.pcapng",
        "disk-20231114T221320Z-0000042.pcapng",
        "disk-20231314T221320Z-000042.pcapng",
        "disk-2023111T221320Z-000042.pcapng",
        "disk2-20231114T221320Z-000042.pcapng",
        "disk-20231114T221320Z-000042-.pcapng",
        "disk-20231114T221320Z-000042.pcapng-2",
        "disk-20231114T221320Z-000042.pcapng ",
        "disk-20231114T221320Z-99999999999999999999.pcapng",
    };
    uint64_t seq;
    (void)state;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        assert_false(ours(STANDARD, foreign[i], &seq));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders_become_text),
        cmocka_unit_test(copies_keep_the_extension),
        cmocka_unit_test(what_makes_no_name_is_refused),
        cmocka_unit_test(names_leave_room_for_the_suffix),
        cmocka_unit_test(own_names_are_recognised),
        cmocka_unit_test(names_of_others_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
