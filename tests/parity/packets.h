/* SPDX-License-Identifier: MIT */
/** The packets that programs are compared on: the same ones in every run, in the same order. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/prog.h>

#define PACKET_LONGEST 3520u /* what the kernel lets XDP programs have in one piece */
#define PACKET_LEAST   500u  /* packets for each program */

struct packet {
    const char *family; /* "tcp4", "vlan", "truncated", ... */
    const uint8_t *data;
    uint32_t bytes;
};

/** Make all packets, once; families lie together. They live as long as the process. */
const struct packet *packets_all(size_t *n);

/** Whether the kernel runs a type's programs on a packet: it looks at lengths itself
 * (net/bpf/test_run.c). */
bool packet_is_for(enum wn_prog_type type, const struct packet *packet);
