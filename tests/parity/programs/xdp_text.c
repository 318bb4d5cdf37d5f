/* SPDX-License-Identifier: MIT */
/** Reads numbers out of packets, compares words, and writes lines about both into a map. */
#include "net.h"

struct line {
    char text[64];
    long length;
    long values[4];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, struct line);
    __uint(max_entries, 8);
} lines SEC(".maps");

static const char method[] = "GET", other[] = "GE", none[] = "";
static const char ends[] = "\xc0\xa8";

/** What is at hand that may be a number: bytes of the packet, made into digits, signs and spaces.
 */
static __always_inline void spell(char *text, const __u8 *from, __u32 bytes)
{
    static const char letters[] = "0123456789abcdefxX- \t\nGE-0x0123";
    for (__u32 i = 0; i < bytes; i++)
        text[i] = letters[from[i] & 31];
}

static __always_inline __u32 compare(const char *word)
{
    return (__u32)(bpf_strncmp(word, 3, method) + 1) |
           (__u32)(bpf_strncmp(word, 3, other) + 1) << 2 |
           (__u32)(bpf_strncmp(word, 1, none) + 1) << 4 |
           (__u32)(bpf_strncmp(word, 2, ends) + 1) << 6;
}

SEC("xdp") int xdp_text(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    __u8 *p = data;
    char text[24];
    long number = -1;
    unsigned long positive = -1;
    if (data + 60 > end)
        return XDP_DROP;
    __u32 key = p[20] & 7;
    struct line *line = bpf_map_lookup_elem(&lines, &key);
    if (!line)
        return XDP_ABORTED;
    spell(text, p + 26, sizeof text);
    __u32 kind = p[21] % 6;
    __u64 base = kind == 0   ? 0
                 : kind == 1 ? 8
                 : kind == 2 ? 10
                 : kind == 3 ? 16
                 : kind == 4 ? 5
                             : 32;
    __be32 address = *(__be32 *)(p + 30);
    line->values[0] = bpf_strtol(text, sizeof text, base, &number);
    line->values[1] = bpf_strtoul(text + 1, 20, kind & 1 ? 16 : 0, &positive);
    line->values[2] = number;
    line->values[3] = (long)positive;
    __u64 data_of[] = {(__u64)number, positive, (__u64)p[23] << 20, p[23]};
    line->length = bpf_snprintf(line->text, p[24] & 1 ? 20 : sizeof line->text, "%d|%10lu|%-8x|%c",
                                data_of, 32);
    data_of[0] = (__u64)(long)(p[25] & 1 ? method : other);
    data_of[1] = (__u64)(long)&address;
    bpf_snprintf(line->text + 48, 16, "%s %pi4!", data_of, 16);
    return (int)compare(text) ^ (int)line->length << 8;
}

char _license[] SEC("license") = "GPL";
