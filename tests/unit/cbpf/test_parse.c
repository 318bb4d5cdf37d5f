/* SPDX-License-Identifier: MIT */
/*
 * Classic BPF as text. The oracles are libpcap's bpf_image(), which is what
 * `tcpdump -d` prints with, and tcpdump itself.
 */
#include <winnow/text.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "../failing.h"

/** Whether an instruction has a use for k; libpcap leaves there what it likes if not. */
static bool uses_k(unsigned code)
{
    switch (BPF_CLASS(code)) {
    case BPF_LD:
    case BPF_LDX: return BPF_MODE(code) != BPF_LEN;
    case BPF_ALU: return code != (BPF_ALU | BPF_NEG) && BPF_SRC(code) == BPF_K;
    case BPF_JMP: return BPF_SRC(code) == BPF_K;
    case BPF_RET: return BPF_RVAL(code) == BPF_K;
    case BPF_MISC: return false;
    }
    return true;
}

static void holds(const char *text, const struct bpf_insn *want, size_t n)
{
    struct wn_cbpf_insn *insns = NULL;
    size_t count = 0;
    struct wn_error err = {0};
    if (wn_cbpf_parse(text, strlen(text), &insns, &count, &err))
        fail_msg("%u:%u: %s\n%s", err.at, err.column, err.text, text);
    if (count != n)
        fail_msg("%zu instructions are read instead of %zu from\n%s", count, n, text);
    for (size_t i = 0; i < n; i++)
        if (insns[i].code != want[i].code || insns[i].jt != want[i].jt ||
            insns[i].jf != want[i].jf || (uses_k(want[i].code) && insns[i].k != want[i].k))
            fail_msg("instruction %zu is read as {%#x, %u, %u, %#x} from\n%s", i, insns[i].code,
                     insns[i].jt, insns[i].jf, insns[i].k, text);
    free(insns);
}

/** Whether libpcap has words for an opcode, and what they are. */
static bool image(const struct bpf_insn *insn, int at, char *out, size_t size)
{
    snprintf(out, size, "%s\n", bpf_image(insn, at));
    return !strstr(out, "unimp");
}

static void every_opcode_is_read_as_libpcap_writes_it(void **state)
{
    (void)state;
    static const uint32_t ks[] = {0, 1, 15, 0x800, 0x7fffffff, 0x80000000, 0xffffffff};
    unsigned opcodes = 0;
    for (unsigned code = 0; code < 256; code++) {
        bool jumps = (code & 7) == BPF_JMP;
        for (size_t i = 0; i < sizeof ks / sizeof *ks; i++) {
            struct bpf_insn insn = {(u_short)code, jumps ? 3 : 0, jumps ? 255 : 0, ks[i]};
            char text[128];
            if (!image(&insn, 0, text, sizeof text))
                continue;
            if (code == (BPF_JMP | BPF_JA)) {
                insn.jt = insn.jf = 0;
                insn.k = ks[i] & 0xff;
                image(&insn, 0, text, sizeof text);
            }
            opcodes += i == 0;
            holds(text, &insn, 1);
        }
    }
    assert_int_equal(opcodes, 48); /* libpcap has no words for this one */
    holds("(000) ldx #pktlen", &(struct bpf_insn){BPF_LDX | BPF_LEN, 0, 0, 0}, 1);
}

/** What tcpdump prints for an expression; empty without it. */
static void ask_tcpdump(const char *how, const char *expression, char *out, size_t size)
{
    char command[2048];
    snprintf(command, sizeof command, "tcpdump -r '%s/conf/sample.pcap' %s -- '%s' 2>&-", WN_ROOT,
             how, expression);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    size_t n = fread(out, 1, size - 1, f);
    out[n] = 0;
    pclose(f);
}

static void all_three_forms_are_read_as_tcpdump_writes_them(void **state)
{
    (void)state;
    static char text[1 << 20], line[1024], error[PCAP_ERRBUF_SIZE];
    FILE *list = fopen(WN_ROOT "/tests/e2e/expressions.txt", "r");
    pcap_t *pcap = pcap_open_offline(WN_ROOT "/conf/sample.pcap", error);
    unsigned checked = 0;
    assert_non_null(list);
    assert_non_null(pcap);
    ask_tcpdump("-d", "ip", text, sizeof text);
    if (!text[0])
        skip();
    while (fgets(line, sizeof line, list)) {
        struct bpf_program program;
        line[strcspn(line, "\n")] = 0;
        if (line[0] == '#' || line[0] == 0 || strchr(line, '\'') ||
            pcap_compile(pcap, &program, line, 1, PCAP_NETMASK_UNKNOWN))
            continue;
        for (size_t i = 0; i < 3; i++) {
            static const char *const forms[] = {"-d", "-dd", "-ddd"};
            ask_tcpdump(forms[i], line, text, sizeof text);
            holds(text, program.bf_insns, program.bf_len);
        }
        pcap_freecode(&program);
        checked++;
    }
    assert_true(checked > 200);
    pcap_close(pcap);
    fclose(list);
}

static void refused(const char *text, size_t len, int code, uint32_t line, uint32_t column,
                    const char *words)
{
    struct wn_cbpf_insn *insns = NULL;
    size_t count = 77;
    struct wn_error err = {0};
    assert_int_equal(wn_cbpf_parse(text, len, &insns, &count, &err), code);
    assert_null(insns);
    assert_int_equal(count, 77);
    if (err.at != line || err.column != column || !strstr(err.text, words))
        fail_msg("%u:%u: %s\n%s", err.at, err.column, err.text, text);
}

static void errors_have_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line, column;
        const char *words;
    } bad[] = {
        {"", 1, 1, "the number of instructions"},
        {" \n ", 2, 2, "the end of the text"},
        {"0", 1, 2, "an instruction"},
        {"hello", 1, 1, "the number of instructions"},
        {"2\n6 0 0 1\n", 3, 1, "an opcode, found the end"},
        {"1\n6 0 0 1\n6 0 0 1\n", 3, 1, "the end of the program"},
        {"1\n6 0 256 1", 2, 5, "a distance up to 255"},
        {"1\n6 0 0 4294967296", 2, 7, "32 bits"},
        {"1\n65536 0 0 1", 2, 1, "an opcode"},
        {"1\n6 0 0 1x", 2, 7, "32 bits"},
        {"100001\n", 1, 1, "100000"},
        {"{ 6, 0, 0 }", 1, 11, "expected ,"},
        {"{ 6, 0, 0, 1 ", 1, 14, "expected }"},
        {"{ 6, 0, 0, 1 }, x", 1, 17, "the end of the program"},
        {"{ 6, 0, -1, 1 }", 1, 9, "a distance"},
        {"(001) ret #1", 1, 2, "the next number"},
        {"(000) ret #1\n(002) ret #0", 2, 2, "the next number"},
        {"(000 ret #1", 1, 6, "expected )"},
        {"(000) bogus #1", 1, 7, "a classic instruction"},
        {"(000) ret [1]", 1, 11, "an operand"},
        {"(000) tax #1", 1, 11, "an operand"},
        {"(000) ldh M[1]", 1, 11, "an operand"},
        {"(000) ld [x 1]", 1, 13, "expected +"},
        {"(000) ld [vlan_tci]", 1, 11, "an offset"},
        {"(000) ldxb 4*([14]&0xff)", 1, 18, "]&0xf)"},
        {"(000) jeq #1 jt 0 jf 1", 1, 17, "the next 256"},
        {"(000) jeq #1 jt 257 jf 1", 1, 17, "the next 256"},
        {"(000) jeq #1 jt 1", 1, 18, "expected jf"},
        {"(000) ld #0x", 1, 11, "a number"},
        {"(000) ld #-2147483649", 1, 12, "a number"},
        {"(000) ret #1 \x01", 1, 14, "byte 0x01"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(bad[i].text, strlen(bad[i].text), WN_E_SYNTAX, bad[i].line, bad[i].column,
                bad[i].words);
    refused("1\n6 0 0 \0001", 10, WN_E_SYNTAX, 2, 7, "byte 0x00");
}

static void every_beginning_of_a_program_is_survived(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "(000) ldxb 4*([14]&0xf)\n(001) ld [x + 3]\n(002) jeq #0x1 jt 3 jf 4\n(003) ja 4\n",
        "{ 0x28, 0, 0, 0x0000000c },\n{ 0x6, 0, 0, 0 },\n",
        "2\n40 0 0 12\n6 0 0 0\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t len = 0; len <= strlen(texts[i]); len++) {
            char *copy = malloc(len ? len : 1); /* so that reading beyond it is found */
            memcpy(copy, texts[i], len);
            struct wn_cbpf_insn *insns = NULL;
            size_t count;
            int r = wn_cbpf_parse(copy, len, &insns, &count, NULL);
            assert_true(r == 0 || r == WN_E_SYNTAX);
            assert_int_equal(r == 0, insns != NULL);
            free(insns);
            free(copy);
        }
}

static void what_is_too_long_is_refused(void **state)
{
    (void)state;
    size_t n = 100001, line = strlen("{6,0,0,0},");
    char *text = malloc(n * line);
    for (size_t i = 0; i < n; i++)
        memcpy(text + i * line, "{6,0,0,0},", line);
    struct wn_cbpf_insn *insns = NULL;
    size_t count;
    assert_int_equal(wn_cbpf_parse(text, n * line, &insns, &count, NULL), WN_E_LIMIT);
    assert_int_equal(wn_cbpf_parse(text, (n - 1) * line, &insns, &count, NULL), 0);
    assert_int_equal(count, n - 1);
    free(insns);
    free(text);
}

static void without_memory_all_is_given_back(void **state)
{
    (void)state;
    char text[2000] = "40\n";
    for (int i = 0; i < 40; i++)
        strcat(text, "6 0 0 1\n");
    long tries = 0;
    do {
        struct wn_cbpf_insn *insns = NULL;
        size_t count;
        struct wn_error err = {0};
        long before = live;
        failures = 0;
        until_failure = tries++;
        int r = wn_cbpf_parse(text, strlen(text), &insns, &count, &err);
        until_failure = -1;
        assert_int_equal(r, failures ? -ENOMEM : 0);
        assert_int_equal(err.code, r);
        assert_int_equal(live, before + (r == 0));
        free(insns);
    } while (failures);
    assert_true(tries > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_opcode_is_read_as_libpcap_writes_it),
        cmocka_unit_test(all_three_forms_are_read_as_tcpdump_writes_them),
        cmocka_unit_test(errors_have_a_place),
        cmocka_unit_test(every_beginning_of_a_program_is_survived),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(without_memory_all_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
