/* SPDX-License-Identifier: MIT */
/*
 * Packets through a filter that is given as assembly:
 *
 *     cc filter.c $(pkg-config --cflags --libs winnow) -o filter
 *     ./filter 'r0 = *(u8 *)(r1 + 23); exit'
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/prog.h>
#include <winnow/text.h>

static const uint8_t tcp[60] = {[12] = 0x08, [23] = 6}, udp[60] = {[12] = 0x08, [23] = 17};
static const uint8_t arp[42] = {[12] = 0x08, [13] = 0x06};
static const struct wn_packet packets[] = {
    {.data = tcp, .caplen = sizeof tcp, .wirelen = 1514}, /* cut off when captured */
    {.data = udp, .caplen = sizeof udp, .wirelen = sizeof udp},
    {.data = arp, .caplen = 20, .wirelen = sizeof arp},
};

int main(int argc, char **argv)
{
    struct wn_slot *slots = NULL;
    struct wn_prog *prog = NULL;
    struct wn_error err;
    size_t count = 0;
    const char *text = argc > 1 ? argv[1] : "exit";

    if (wn_assemble(text, strlen(text), NULL, &slots, &count, &err)) {
        fprintf(stderr, "line %u, column %u: %s\n", err.at, err.column, err.text);
        return 1;
    }
    int refused = wn_prog_new(slots, count, NULL, &prog, &err);
    free(slots);
    if (refused) {
        fprintf(stderr, "slot %u: %s\n", err.at, err.text);
        return 1;
    }
    struct wn_run *run = wn_run_new(); /* one a thread */
    for (size_t i = 0; run && i < sizeof packets / sizeof *packets; i++) {
        struct wn_result r = wn_prog_run(prog, run, &packets[i]);
        if (r.fault)
            printf("packet %zu: fault, %s, slot %u\n", i, wn_fault_name(r.fault), r.slot);
        else
            printf("packet %zu: %s\n", i, r.value ? "accepted" : "rejected");
    }
    wn_run_free(run);
    wn_prog_free(prog);
    return 0;
}
