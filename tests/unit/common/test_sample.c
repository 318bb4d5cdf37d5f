/* SPDX-License-Identifier: MIT */
/*
 * Over the sample capture, every engine says what libpcap says: of the
 * expressions in tests/e2e/expressions.txt, and of expressions that mean the
 * same as the sample filters.
 */
#include "common/expr.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include <winnow/object.h>
#include <winnow/prog.h>
#include <winnow/text.h>

enum { MAX_PACKETS = 1000, ENGINES = 3 };

static const enum wn_engine engines[ENGINES] = {WN_ENGINE_REFERENCE, WN_ENGINE_INTERP,
                                                WN_ENGINE_JIT};

static struct wn_packet packets[MAX_PACKETS];
static size_t n_packets;
static struct wn_run *run;

static int read_sample(void **state)
{
    (void)state;
    char text[PCAP_ERRBUF_SIZE];
    pcap_t *file = pcap_open_offline(WN_ROOT "/conf/sample.pcap", text);
    struct pcap_pkthdr *header;
    const u_char *data;
    while (file && pcap_next_ex(file, &header, &data) == 1 && n_packets < MAX_PACKETS) {
        uint8_t *copy = malloc(header->caplen ? header->caplen : 1);
        memcpy(copy, data, header->caplen);
        packets[n_packets++] =
            (struct wn_packet){.data = copy, .caplen = header->caplen, .wirelen = header->len};
    }
    if (file)
        pcap_close(file);
    run = wn_run_new();
    return n_packets && run ? 0 : -1;
}

static int forget_sample(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_packets; i++)
        free((void *)(uintptr_t)packets[i].data);
    wn_run_free(run);
    return 0;
}

/** libpcap's own program for an expression, with its optimiser or without. */
static struct bpf_program oracle(const char *expr, int optimise)
{
    struct bpf_program code;
    pcap_t *dead = pcap_open_dead(DLT_EN10MB, EXPR_KEEP);
    if (pcap_compile(dead, &code, expr, optimise, PCAP_NETMASK_UNKNOWN))
        fail_msg("%s: %s", expr, pcap_geterr(dead));
    pcap_close(dead);
    return code;
}

/** Compare a program with libpcap's on every packet; only whether it accepts, or what it returns.
 */
static size_t compare(const char *name, const struct wn_prog *prog, const struct bpf_program *code,
                      bool exactly)
{
    size_t accepted = 0;
    for (size_t i = 0; i < n_packets; i++) {
        const struct wn_packet *p = &packets[i];
        uint32_t want = bpf_filter(code->bf_insns, p->data, p->wirelen, p->caplen);
        struct wn_result got = wn_prog_run(prog, run, p);
        bool same = exactly ? got.value == want : (got.value != 0) == (want != 0);
        if (got.fault != WN_FAULT_NONE || !same)
            fail_msg("%s, packet %zu: %llu, fault %s at slot %u; libpcap: %u", name, i + 1,
                     (unsigned long long)got.value, wn_fault_name((enum wn_fault)got.fault),
                     got.slot, want);
        accepted += want != 0;
    }
    return accepted;
}

/** Nothing of it is checked when it runs; only protocol chains are as long as packets say. */
static void is_proved(const char *name, const struct wn_prog *prog)
{
    const struct wn_error *why;
    struct wn_prog_info info;
    wn_prog_info(prog, &info);
    if (info.guarded && wn_prog_unproved(prog, &why))
        fail_msg("%s: slot %u: %s", name, why->at, why->text);
    assert_int_equal(info.guarded, 0);
    if (info.loops_fuelled && !strstr(name, "protochain"))
        fail_msg("%s: %u loops spend fuel", name, info.loops_fuelled);
}

static struct wn_prog *prog_of(const char *name, const struct wn_slot *slots, size_t count,
                               enum wn_engine engine, enum wn_verify verify)
{
    struct wn_prog_opts opts = {.engine = engine, .verify = verify, .explain = true};
    struct wn_prog *prog = NULL;
    struct wn_error err;
    int r = wn_prog_new(slots, count, &opts, &prog, &err);
    if (r && r != WN_E_NOJIT)
        fail_msg("%s: slot %u: %s", name, err.at, err.text);
    if (prog && verify == WN_VERIFY_GUARD)
        is_proved(name, prog);
    return prog;
}

/** Slots against libpcap on every engine, proved, and with everything checked. */
static size_t compare_slots(const char *name, const struct wn_slot *slots, size_t count,
                            const char *expr, int optimise, bool exactly)
{
    struct bpf_program code = oracle(expr, optimise);
    size_t accepted = 0;
    for (size_t e = 0; e < 2 * ENGINES; e++) {
        struct wn_prog *prog =
            prog_of(name, slots, count, engines[e / 2], e % 2 ? WN_VERIFY_NONE : WN_VERIFY_GUARD);
        if (prog)
            accepted = compare(name, prog, &code, exactly);
        wn_prog_free(prog);
    }
    pcap_freecode(&code);
    return accepted;
}

/** libpcap's program without its optimiser, translated: what long expressions go through. */
static void compare_unoptimised(const char *expr)
{
    struct bpf_program code = oracle(expr, 0);
    struct wn_cbpf_insn *insns = calloc(code.bf_len, sizeof *insns);
    for (unsigned i = 0; i < code.bf_len; i++) {
        const struct bpf_insn *p = &code.bf_insns[i];
        insns[i] = (struct wn_cbpf_insn){p->code, p->jt, p->jf, p->k};
    }
    struct wn_slot *slots = NULL;
    size_t count = 0;
    struct wn_error err;
    if (wn_cbpf_translate(insns, code.bf_len, &slots, &count, &err))
        fail_msg("%s: instruction %u: %s", expr, err.at, err.text);
    compare_slots(expr, slots, count, expr, 0, true);
    free(slots);
    free(insns);
    pcap_freecode(&code);
}

static void expressions_say_what_libpcap_says(void **state)
{
    (void)state;
    FILE *list = fopen(WN_ROOT "/tests/e2e/expressions.txt", "r");
    char line[1000];
    size_t n = 0, some = 0;
    assert_non_null(list);
    while (fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        struct wn_slot *slots = NULL;
        size_t count = 0;
        struct wn_error err;
        if (expr_compile(line, DLT_EN10MB, &slots, &count, &err))
            fail_msg("%s: %s", line, err.text);
        size_t accepted = compare_slots(line, slots, count, line, 1, true);
        some += accepted > 0 && accepted < n_packets;
        n++;
        free(slots);
        compare_unoptimised(line);
    }
    fclose(list);
    print_message("# %zu expressions, %zu of them accept some packets and reject others\n", n,
                  some);
    /* Expressions that nothing in the sample answers to would prove little. */
    assert_true(n >= 150 && some * 10 >= n * 8);
}

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 65536);
    assert_non_null(file);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

#define WEB   "(tcp port 443 or udp port 443)"
#define NAMES "port 53 or udp port 5353 or udp port 5355 or udp port 137"

static void the_filter_in_c_does_what_it_says(void **state)
{
    (void)state;
    struct wn_object *obj = NULL;
    struct wn_error err;
    if (wn_object_load(WN_ROOT "/conf/filters/https.o", &obj, &err))
        fail_msg("%s", err.text);
    size_t count;
    const struct wn_slot *slots = wn_object_slots(obj, 0, &count);
    const char *expr = WEB " or (vlan and (" WEB " or (vlan and " WEB ")))";
    assert_in_range(compare_slots("https.o", slots, count, expr, 1, false), 10, n_packets / 2);
    wn_object_free(obj);
}

static void the_filter_in_assembly_does_what_it_says(void **state)
{
    (void)state;
    struct wn_slot *slots = NULL;
    size_t count = 0;
    struct wn_error err;
    char *text = read_text(WN_ROOT "/conf/filters/syn.s");
    if (wn_assemble(text, strlen(text), NULL, &slots, &count, &err))
        fail_msg("syn.s:%u:%u: %s", err.at, err.column, err.text);
    const char *expr = "tcp[13] & 0x12 = 2 or (ip6[6] = 6 and ip6[53] & 0x12 = 2)";
    assert_in_range(compare_slots("syn.s", slots, count, expr, 1, false), 10, n_packets / 2);
    free(slots);
    free(text);
}

/** As `tcpdump -F` does. */
static void blank_comments(char *text)
{
    for (char *p = text; *p; p++)
        if (*p == '#')
            while (*p && *p != '\n')
                *p++ = ' ';
}

static void the_filter_as_expression_does_what_it_says(void **state)
{
    (void)state;
    struct wn_slot *slots = NULL;
    size_t count = 0;
    struct wn_error err;
    char *text = read_text(WN_ROOT "/conf/filters/names.pcapf");
    blank_comments(text);
    if (expr_compile(text, DLT_EN10MB, &slots, &count, &err))
        fail_msg("names.pcapf: %s", err.text);
    const char *expr = NAMES " or (vlan and (" NAMES "))";
    assert_in_range(compare_slots("names.pcapf", slots, count, expr, 1, false), 10, n_packets / 2);
    free(slots);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_say_what_libpcap_says),
        cmocka_unit_test(the_filter_in_c_does_what_it_says),
        cmocka_unit_test(the_filter_in_assembly_does_what_it_says),
        cmocka_unit_test(the_filter_as_expression_does_what_it_says),
    };
    return cmocka_run_group_tests(tests, read_sample, forget_sample);
}
