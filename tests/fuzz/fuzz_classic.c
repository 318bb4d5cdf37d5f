/* SPDX-License-Identifier: MIT */
/**
 * Any bytes as a classic program: what libpcap accepts is translated, proved
 * wholly, and gives the verdict of libpcap's own interpreter, on each engine.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <pcap/bpf.h>

#include <winnow/prog.h>
#include <winnow/text.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/** Scratch memory starts undefined there and as zeros here: these make it zeros in both. */
enum { WORDS = 16, FIRST = WORDS + 2, MOST = 256, PACKET = 64, EXTENSIONS = 0xffe00000u };

static void must(int holds)
{
    if (!holds)
        abort();
}

/** A program of which only the part behind the first instructions is the fuzzer's. */
static size_t read_program(const uint8_t *data, size_t len, struct bpf_insn out[MOST])
{
    size_t n = len / sizeof *out;
    if (n > MOST - FIRST)
        n = MOST - FIRST;
    out[0] = (struct bpf_insn)BPF_STMT(BPF_LD | BPF_IMM, 0);
    out[1] = (struct bpf_insn)BPF_STMT(BPF_MISC | BPF_TAX, 0);
    for (unsigned i = 0; i < WORDS; i++)
        out[2 + i] = (struct bpf_insn)BPF_STMT(BPF_ST, i);
    memcpy(out + FIRST, data, n * sizeof *out);
    return FIRST + n;
}

/**
 * What libpcap's interpreter does not end or leaves to the compiler that made it
 * (shifts by 32 and more), and what means something only in the kernel.
 */
static bool beyond_oracle(const struct bpf_insn *insns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (insns[i].code == (BPF_JMP | BPF_JA) && (uint32_t)insns[i].k >= n)
            return true;
        bool shift = insns[i].code == (BPF_ALU | BPF_LSH) || insns[i].code == (BPF_ALU | BPF_RSH);
        if (shift && (uint32_t)insns[i].k > 31)
            return true;
        if (BPF_CLASS(insns[i].code) == BPF_LD && (uint32_t)insns[i].k >= EXTENSIONS)
            return true;
    }
    return false;
}

static void run(const struct bpf_insn *insns, const struct wn_slot *slots, size_t count)
{
    static const enum wn_engine engines[] = {WN_ENGINE_REFERENCE, WN_ENGINE_INTERP, WN_ENGINE_AUTO};
    static const enum wn_verify ways[] = {WN_VERIFY_STRICT, WN_VERIFY_NONE};
    struct wn_run *run = wn_run_new();
    must(run != NULL);
    for (unsigned e = 0; e < 6; e++) {
        struct wn_prog_opts opts = {.engine = engines[e / 2], .verify = ways[e % 2]};
        struct wn_prog *prog = NULL;
        must(wn_prog_new(slots, count, &opts, &prog, NULL) == 0);
        for (uint32_t length = 0; length <= PACKET; length += length < 4 ? 1 : 15) {
            uint8_t *packet = malloc(length ? length : 1);
            must(packet != NULL);
            for (uint32_t i = 0; i < length; i++)
                packet[i] = (uint8_t)(i * 37 + 9);
            struct wn_packet pkt = {.data = packet, .caplen = length, .wirelen = length + 7};
            struct wn_result got = wn_prog_run(prog, run, &pkt);
            must(got.fault == WN_FAULT_NONE);
            must(got.value == bpf_filter(insns, packet, length + 7, length));
            free(packet);
        }
        wn_prog_free(prog);
    }
    wn_run_free(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct bpf_insn insns[MOST];
    static struct wn_cbpf_insn ours[MOST];
    size_t n = read_program(data, len, insns);
    for (size_t i = 0; i < n; i++)
        ours[i] = (struct wn_cbpf_insn){insns[i].code, insns[i].jt, insns[i].jf, insns[i].k};
    struct wn_slot *slots = NULL;
    size_t count = 77;
    struct wn_error err = {0};
    int r = wn_cbpf_translate(ours, n, &slots, &count, &err);
    must(r == 0 || (r == err.code && err.text[0] && !slots && count == 77));
    if (!beyond_oracle(insns, n) && bpf_validate(insns, (int)n)) {
        if (r == 0)
            run(insns, slots, count);
        else /* libpcap looks at parts of an opcode, not at the whole */
            must(strncmp(err.text, "unknown classic opcode", 22) == 0);
    }
    free(slots);
    return 0;
}
