/* SPDX-License-Identifier: MIT */
/*
 * Look whether numbered packets are all there: sequence COUNT FILE...
 *
 * Reads what sender sent from capture files; numbers 0 to COUNT - 1 must each
 * appear exactly once over all files. Packets that are not the sender's are
 * passed over. Exits 1 and says what is missing or there twice.
 */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_AT = 42 };

struct tally {
    uint8_t *seen; /* how often each number appeared, up to 255 */
    uint64_t count, strangers, above;
};

static void take(struct tally *t, const struct pcap_pkthdr *h, const uint8_t *data)
{
    if (h->caplen < NUMBER_AT + 8 || data[12] != 0x08 || data[13] != 0 || data[23] != 17 ||
        data[36] != 0 || data[37] != 9) {
        t->strangers++;
        return;
    }
    uint64_t n = 0;
    for (int b = 0; b < 8; b++)
        n = n << 8 | data[NUMBER_AT + b];
    if (n >= t->count)
        t->above++;
    else if (t->seen[n] < 255)
        t->seen[n]++;
}

static int read_file(struct tally *t, const char *path)
{
    char why[PCAP_ERRBUF_SIZE];
    pcap_t *p = pcap_open_offline(path, why);
    if (!p) {
        fprintf(stderr, "%s: %s\n", path, why);
        return -1;
    }
    struct pcap_pkthdr *h;
    const uint8_t *data;
    int r;
    while ((r = pcap_next_ex(p, &h, &data)) == 1)
        take(t, h, data);
    if (r == PCAP_ERROR)
        fprintf(stderr, "%s: %s\n", path, pcap_geterr(p));
    pcap_close(p);
    return r == PCAP_ERROR ? -1 : 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: sequence COUNT FILE...\n");
        return 64;
    }
    struct tally t = {.count = strtoull(argv[1], NULL, 10)};
    t.seen = calloc(t.count ? t.count : 1, 1);
    int bad = !t.seen;
    for (int i = 2; i < argc && t.seen; i++)
        bad |= read_file(&t, argv[i]) != 0;

    uint64_t missing = 0, twice = 0, once = 0;
    for (uint64_t n = 0; t.seen && n < t.count; n++) {
        missing += t.seen[n] == 0;
        once += t.seen[n] == 1;
        twice += t.seen[n] > 1;
    }
    printf("%llu of %llu packets exactly once, %llu missing, %llu more than once\n",
           (unsigned long long)once, (unsigned long long)t.count, (unsigned long long)missing,
           (unsigned long long)twice);
    if (t.above)
        printf("%llu numbers nobody sent\n", (unsigned long long)t.above);
    free(t.seen);
    return bad || missing || twice || t.above;
}
