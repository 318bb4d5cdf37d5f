/* SPDX-License-Identifier: MIT */
/** Any bytes as classic BPF in text: no crash; what is read can be written and read again. */
#include <winnow/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(int holds)
{
    if (!holds)
        abort();
}

/** As `tcpdump -dd` or `-ddd` write it. */
static char *write_numbers(const struct wn_cbpf_insn *insns, size_t n, int plain)
{
    size_t room = n * 64 + 32, at = 0;
    char *out = malloc(room);
    must(out != NULL);
    if (plain)
        at += (size_t)snprintf(out, room, "%zu\n", n);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(out + at, room - at,
                               plain ? "%u %u %u %u\n" : "{ 0x%x, %u, %u, 0x%08x },\n",
                               insns[i].code, insns[i].jt, insns[i].jf, insns[i].k);
    must(at < room);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct wn_cbpf_insn *insns = NULL;
    size_t n = 77;
    struct wn_error err = {0};
    if (len > 1 << 16)
        return 0;
    int r = wn_cbpf_parse((const char *)data, len, &insns, &n, &err);
    must(r == 0 || r == WN_E_SYNTAX || r == WN_E_LIMIT);
    must(r == 0 || (r == err.code && err.text[0] && !insns && n == 77));
    for (int plain = 0; r == 0 && plain < 2; plain++) {
        char *text = write_numbers(insns, n, plain);
        struct wn_cbpf_insn *again = NULL;
        size_t count = 0;
        must(wn_cbpf_parse(text, strlen(text), &again, &count, &err) == 0);
        must(count == n && memcmp(again, insns, n * sizeof *insns) == 0);
        free(again);
        free(text);
    }
    if (r == 0) { /* what can be read can be translated, or is refused */
        struct wn_slot *slots = NULL;
        size_t count;
        if (wn_cbpf_translate(insns, n, &slots, &count, &err) == 0)
            free(slots);
        else
            must(err.text[0] != 0);
    }
    free(insns);
    return 0;
}
