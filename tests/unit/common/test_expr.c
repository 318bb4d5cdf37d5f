/* SPDX-License-Identifier: MIT */
#include "common/expr.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/pcap.h>

static char asked[256]; /* the last name that somebody wanted to be looked up */

/** Stands before the resolver's, so that libpcap's calls come here. */
__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    struct in6_addr any;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node && inet_pton(AF_INET, node, &any) != 1 && inet_pton(AF_INET6, node, &any) != 1) {
        snprintf(asked, sizeof asked, "%s", node);
        return EAI_NONAME;
    }
    return real(node, service, hints, out);
}

static int compile(const char *text, struct wn_error *err)
{
    struct wn_slot *slots = NULL;
    size_t count = 0;
    *err = (struct wn_error){0};
    int r = expr_compile(text, DLT_EN10MB, &slots, &count, err);
    assert_true(r == 0 ? slots && count : !slots);
    free(slots);
    return r;
}

static void expressions_compile(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "tcp port http or https",
        "port (http or 443 or domain)",
        "not port ssh and (src host 10.0.0.1 or dst net 192.168.0.0/16)",
        "udp portrange domain-1024",
        "ip proto \\tcp or \\udp",
        "ether proto \\ip && ip6 protochain 6",
        "ether host 00:11:22:33:44:55 or ether src 0-1-2-3-4-5 or ether dst 0011.2233.4455",
        "ether host 001122334455",
        "host 2001:db8::1 or net 2001:db8::/32 or ::ffff:1.2.3.4",
        "net 10 or 10.1 or 172.16.1",
        "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
        "icmp6[icmp6type] == icmp6-echo",
        "ip[2:2] - ((ip[0]&0xf)<<2) > len - 0x20",
        "llc xid or llc",
        "vlan 5 and port domain",
        "greater 100 or less 60 or broadcast",
    };
    struct wn_error err;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (compile(good[i], &err))
            fail_msg("%s: %s", good[i], err.text);
}

/* Each of these makes libpcap ask the resolver, or would after a change of ours. */
static void names_of_hosts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "host www.example.org",
        "localhost",
        "src localhost",
        "net loopback",
        "gateway router",
        "ether host printer",
        "host 1.2.3.4.5",
        "host 1.2.3.4.",
        "port http or host www",
        "port http and tcp and www",
        "port 80 or src www",
        "(port http) or (host www)",
        "host\twww",
        "host (1.2.3.4 or www)",
        "host \\www",
        "host 1.2.3.4/www",
        "len-14 > 5",
        "host !www",
        "host abc:1:2",
        "host ::1 or abc:",
        "llc and www",
        "llc xid www",
        "llc 5 www",
        "type ::1 www",
        "port http and len > 5 and www",
        "-www",
        ".www",
        "host 1-2-3-4-5",
        "not vxlan",
    };
    struct wn_error err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (compile(bad[i], &err) != WN_E_SYNTAX || !strstr(err.text, "address"))
            fail_msg("%s: %d %s", bad[i], err.code, err.text);
        assert_int_equal(err.at, WN_NOWHERE);
    }
    compile("tcp and host www.example.org", &err);
    assert_string_equal(err.text, "'www.example.org' is no keyword, and names of hosts and nets "
                                  "are not looked up: write the address");
    compile("len-14 > 5", &err);
    assert_string_equal(err.text, "'len-14' is read as the name of a host: write its address, or "
                                  "spaces around a minus");
}

static void what_only_the_kernel_knows_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"inbound", "outbound", "ifindex 3", "ether[0xfffff030] = 1"};
    struct wn_error err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (compile(bad[i], &err) != WN_E_UNSUPPORTED)
            fail_msg("%s: %d %s", bad[i], err.code, err.text);
        assert_non_null(strstr(err.text, "not in the packet but in the kernel"));
    }
}

static void errors_are_in_the_words_of_libpcap(void **state)
{
    (void)state;
    struct wn_error err;
    assert_int_equal(compile("tcp port http https", &err), WN_E_SYNTAX);
    assert_string_equal(err.text, "can't parse filter expression: syntax error");
    assert_int_equal(compile("port nonsense", &err), WN_E_SYNTAX);
    assert_string_equal(err.text, "unknown port 'nonsense'");
    assert_int_equal(compile("ip proto \\nonsense", &err), WN_E_SYNTAX);
    assert_string_equal(err.text, "unknown ip proto 'nonsense'");
    assert_int_equal(compile("tcp[0:3]", &err), WN_E_SYNTAX);
}

/** n terms joined by "or". */
static char *many_terms(unsigned n)
{
    char *text = malloc(n * 32 + 1), *p = text;
    for (unsigned i = 0; i < n; i++)
        p += sprintf(p, "%shost 10.%u.%u.1", i ? i & 1 ? " or " : "||" : "", i / 250, i % 250);
    return text;
}

static void long_expressions_are_refused(void **state)
{
    (void)state;
    struct wn_error err;
    char *text = many_terms(1001);
    assert_int_equal(compile(text, &err), WN_E_LIMIT);
    assert_string_equal(err.text, "expression has 1001 terms, 1000 at most");
    free(text);
    text = many_terms(200);
    assert_int_equal(compile(text, &err), 0);
    free(text);

    text = malloc(EXPR_MAX_BYTES + 2);
    memset(text, ' ', EXPR_MAX_BYTES + 1);
    text[EXPR_MAX_BYTES + 1] = '\0';
    assert_int_equal(compile(text, &err), WN_E_LIMIT);
    assert_string_equal(err.text, "expression is longer than 65536 bytes");
    text[EXPR_MAX_BYTES] = '\0';
    assert_int_equal(compile(text, &err), 0);
    free(text);
}

static void link_types_differ(void **state)
{
    (void)state;
    struct wn_slot *ether = NULL, *raw = NULL;
    size_t n_ether = 0, n_raw = 0;
    assert_int_equal(expr_compile("ip proto 6", DLT_EN10MB, &ether, &n_ether, NULL), 0);
    assert_int_equal(expr_compile("ip proto 6", DLT_RAW, &raw, &n_raw, NULL), 0);
    assert_true(n_ether != n_raw || memcmp(ether, raw, n_raw * sizeof *raw) != 0);
    free(ether);
    free(raw);
    struct wn_error err;
    assert_int_equal(expr_compile("ether host 1:2:3:4:5:6", DLT_RAW, &raw, &n_raw, &err),
                     WN_E_SYNTAX);
}

static uint64_t seed = 1;

/** Below n; xorshift64*. */
static uint32_t any_of(uint32_t n)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (uint32_t)((seed * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % n;
}

static void nothing_makes_libpcap_ask_for_a_name(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "www",  "a.b.c",     "foo-1",       "x:y",   "\\www",     "host",       "net",
        "port", "portrange", "proto",       "src",   "dst",       "and",        "or",
        "not",  "(",         ")",           "!",     "&&",        "||",         "ip",
        "tcp",  "ether",     "vlan",        "llc",   "type",      "dir",        "gateway",
        "mask", "len",       "80",          "1.2",   "::1",       "http",       "[",
        "]",    "/",         "-",           "=",     ">",         "1:2:3",      "0x1f",
        "ip6",  "less",      "xid",         "aa:bb", "host",      "or",         "and",
        "port", "10.",       "10.1.1.1",    "-",     "broadcast", "protochain", "ifname",
        "on",   "wlan",      "1-2-3-4-5-6",
    };
    struct wn_error err;
    size_t compiled = 0;

    /* First that this test can see it at all. */
    struct bpf_program code;
    pcap_t *dead = pcap_open_dead(DLT_EN10MB, 100);
    assert_int_not_equal(pcap_compile(dead, &code, "host www.invalid", 1, 0), 0);
    assert_string_equal(asked, "www.invalid");
    pcap_close(dead);

    asked[0] = '\0';
    for (int round = 0; round < 200000; round++) {
        char text[256] = "";
        for (uint32_t n = 1 + any_of(7); n > 0; n--) {
            strcat(text, parts[any_of(sizeof parts / sizeof *parts)]);
            strcat(text, any_of(6) ? " " : "");
        }
        compiled += compile(text, &err) == 0;
        if (asked[0])
            fail_msg("'%s' asked for '%s'", text, asked);
    }
    assert_true(compiled > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_compile),
        cmocka_unit_test(names_of_hosts_are_refused),
        cmocka_unit_test(nothing_makes_libpcap_ask_for_a_name),
        cmocka_unit_test(what_only_the_kernel_knows_is_refused),
        cmocka_unit_test(errors_are_in_the_words_of_libpcap),
        cmocka_unit_test(long_expressions_are_refused),
        cmocka_unit_test(link_types_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
