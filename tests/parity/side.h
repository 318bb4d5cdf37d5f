/* SPDX-License-Identifier: MIT */
/** What a program does to packets and maps, in one form for whoever runs it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/net.h>
#include <winnow/prog.h>

#include "packets.h"

#define SIDE_ROOM 4096u /* no program makes a packet longer */

/** What one run gave. */
struct outcome {
    uint32_t value; /* low half of r0 */
    uint32_t bytes;
    uint8_t data[SIDE_ROOM]; /* metadata of XDP programs comes first */
    /* tc: what the program may have written into its struct __sk_buff; else 0 */
    uint32_t mark, priority, cb[5];
    uint64_t tstamp;
};

/** One element of a map, for lists that can be compared. */
struct element {
    char map[64]; /* a section of variables: ".bss" */
    uint8_t *key; /* and the value behind it */
    uint32_t key_bytes, value_bytes;
};

struct elements {
    struct element *data;
    size_t n, room;
};

/** Make room for one more element, with its key and value to be filled in. */
struct element *elements_add(struct elements *list, const char *map, uint32_t key_bytes,
                             uint32_t value_bytes);

/** Add what a queue or stack gave: its number is the key. */
void elements_add_next(struct elements *list, const char *map, uint32_t number, const void *value,
                       uint32_t value_bytes);

/** Order by map, key, value. */
void elements_sort(struct elements *list);

/** Free all there is in the list. */
void elements_fini(struct elements *list);

/** Whether results are the same; if not, says on standard output who differs in what. */
bool outcome_same(const struct outcome *theirs, const struct outcome *ours, const char *who,
                  size_t number, const struct packet *packet);

/** The same of maps, both sorted. */
bool elements_same(const struct elements *theirs, const struct elements *ours, const char *who);

/** FNV-1a, carried on. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t outcome_hash(const struct outcome *o, uint64_t hash);
uint64_t elements_hash(const struct elements *list);

/** What packets bring along besides their bytes. */
#define SIDE_IFINDEX 1u /* the loopback device, which the kernel's test runs take */
#define SIDE_TIME    UINT64_C(1700000000000000000)

/** Where packets could go: what the kernel's test runs find in a namespace of their own. */
extern const struct wn_net_opts side_network;

/**
 * What a map holds before the first packet: who loads a program for the kernel
 * fills it. Both in hexadecimal, as in memory; a program's name as a value of a
 * program array is that program.
 */
struct preset {
    const char *prog, *map, *key, *value;
};

extern const struct preset presets[]; /* ends with prog NULL */

/** Bytes from hexadecimal digits; the rest of the room is 0. */
void preset_bytes(const char *hex, void *to, size_t room);
