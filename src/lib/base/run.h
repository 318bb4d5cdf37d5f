/* SPDX-License-Identifier: MIT */
/**
 * What a run owns, and the memory it may reach. Interpreters, compiled code and
 * helpers all work on this one structure.
 *
 * Programs of which nothing is proved have their accesses checked against
 * *windows* (one per direction, tried first, cheap enough to be inlined) and,
 * where that fails, against everything else by wn_run_reach().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <winnow/prog.h>

/* Bytes of stack a function has (kernel: MAX_BPF_STACK) and frames, that of the main function
 * included; machines may ask for others (struct wn_code). */
#define WN_STACK_FRAME 512u
#define WN_CALL_DEPTH  8u
#define WN_STACK_BYTES (WN_STACK_FRAME * WN_CALL_DEPTH)

/** Function addresses are numbers that can be no address: this tag and the first slot. */
#define WN_FUNC_TAG UINT64_C(0xf0c0000000000000)

/**
 * A stretch of memory to be compared with first. room[k] counts the places at
 * which an access of 1 << k bytes may begin, 0 if it is too short for any: one
 * unsigned comparison `address - base < room[k]` is the whole check and cannot
 * wrap.
 */
struct wn_window {
    uint64_t base;
    uint64_t room[4];
};

/**
 * Memory beyond stack and packet: read-only data of an object, ranges of an
 * embedder, values of a map.
 *
 * With a stride it is a row of slots, the last one whole or cut, of which the
 * program may reach one part: an access lies within the part of one slot. All
 * zero behind `writable` means the whole stretch.
 */
struct wn_region {
    uint64_t start;
    uint64_t bytes;
    bool writable;
    bool unreadable; /* stores only */
    uint32_t stride; /* bytes from slot to slot; 0: no slots */
    uint32_t first;  /* where the part begins in its slot */
    uint32_t size;   /* and how long it is; first + size <= stride */
};

/** What a program calls by number. Arguments are r1 to r5; the result becomes r0. */
typedef uint64_t (*wn_helper_fn)(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                                 struct wn_run *run);

/** A helper as a program calls it. */
struct wn_call {
    wn_helper_fn fn;      /* what the program calls */
    wn_helper_fn checked; /* NULL; or fn is wn_call_checked(), and this the helper itself */
    uint8_t args[5];      /* enum wn_arg */
    uint64_t maps;        /* types of maps that it works on: 1 << type */
};

/** What a run has reached: counted by the reference interpreter, for tests. */
struct wn_trace {
    uint32_t *times;  /* by slot: how often it began */
    uint32_t deepest; /* calls within each other */
    /** Shown r0 to r10 before each instruction; may be NULL. */
    void (*look)(struct wn_trace *trace, uint32_t slot, const uint64_t *r);
};

#define WN_COPY_BEFORE  256u /* bytes before a packet that is copied, when a program starts */
#define WN_LONGEST_COPY (256u << 10) /* bytes of such a packet (libpcap's MAXIMUM_SNAPLEN) */
#define WN_COPY_AFTER   4096u        /* room to grow behind the longest */
#define WN_COPY_BYTES   (WN_COPY_BEFORE + WN_LONGEST_COPY + WN_COPY_AFTER)

/**
 * The packet of a program written for the kernel; all places are offsets from
 * `base`. The program reaches [meta, end). It is a copy of the program's own if it may be written,
 * or its addresses used as numbers; else the packet itself.
 */
struct wn_copy {
    uint8_t *own;  /* where copies go: below 4 GiB, for contexts hold addresses of 32 bits */
    uint8_t *base; /* own, or where the packet is */
    uint32_t meta; /* metadata before the packet begins here; equal to data if there is none */
    uint32_t data;
    uint32_t end;
    uint32_t limit;   /* how far the end may grow */
    uint32_t skipped; /* bytes before those that a socket program counts from */
    bool writable;    /* by the program; to read it may all that is in its packet */
};

/**
 * What a struct __sk_buff stands for has besides bytes. Places of headers count from the beginning
 * of a buffer, in 16 bits, as in the kernel's struct sk_buff: so what helpers do there to these
 * numbers has the same effect here.
 */
struct wn_skb {
    uint32_t headroom; /* of that buffer, before the packet */
    uint16_t mac, network, transport;
    uint16_t mac_bytes;  /* of the link layer's header, once a helper has asked; 0 until then */
    uint16_t protocol;   /* in network order, and so is the next one */
    uint16_t vlan_proto; /* 0, and so is the next one: no tag lies beside the packet */
    uint16_t vlan_tci;
    uint16_t queue; /* the last one that counts of those stored to queue_mapping */
    uint8_t packet_type;
    uint8_t tstamp_type;
    uint8_t
        sums; /* checksums that somebody has found right, one in another; 0: nobody has looked */
    bool encapsulated;
    bool hashed; /* `hash` has been computed or set */
    uint32_t hash;
};

#define WN_CONTEXT_BYTES 192u /* the largest structure that r1 points to: struct __sk_buff */

/** Addresses that have something to do with the packet. */
enum wn_place { WN_PLACE_DATA, WN_PLACE_META, WN_PLACE_END, WN_PLACES };

/** The structure of a program that was written for the kernel. */
struct wn_context {
    _Alignas(8) uint8_t bytes[WN_CONTEXT_BYTES];
    uint64_t places[WN_PLACES]; /* the addresses among its fields, whole: loads of these are changed
                                   to load them from here where they are proved to be such */
    /** Whether the program may load or store so many bytes (1, 2, 4, 8) there; what has been stored
     * before is made what the kernel would have made of it. */
    bool (*use)(struct wn_run *run, uint32_t offset, uint32_t bytes, bool write);
    const uint8_t *access; /* of each byte: 1 may be read, 2 written; NULL: there is no context */
    uint32_t n;            /* bytes there are */
    uint8_t type;          /* enum wn_prog_type */
};

struct wn_map;
struct wn_net;
struct wn_lock;

/** An element of a map that is being gone through, and where to look for the next one. */
struct wn_cursor {
    const void *key; /* the map's, or `index`; NULL: no element */
    void *value;
    uint32_t index; /* arrays: of the element. Hashes: of the bucket */
    uint32_t link;  /* hashes: to what comes next in the bucket */
    uint32_t begun;
};

/** Repetitions within each other: as many as frames, but for those below a tail call. */
#define WN_REPEATS (2 * WN_CALL_DEPTH)

/** A helper that has a function of the program called again and again (base/repeat.h). */
struct wn_repeat {
    uint64_t args[5]; /* of the next call, which reads them here, r1 to r5 */
    uint64_t slot;    /* of the function, if it is one's number */
    uint64_t result;  /* the helper's, if there is no next call */
    bool (*next)(struct wn_run *run, struct wn_repeat *rep); /* set `args`; false: that was all */
    uint64_t count;     /* the helper's, and so is what follows */
    struct wn_map *map; /* of the program */
    struct wn_cursor at;
    uint32_t key_bytes; /* that the function may read at at.key */
};

/** So many maps that a run has found in others are remembered; if there are more, all are looked
 * at. */
#define WN_INNER_MAPS 64u

/** So many records may be held at a time; there is no room for more. */
#define WN_HOLDS 16u

/** A record of a ring buffer that a run has to give back. */
struct wn_hold {
    struct wn_map *map;
    uint64_t address;
    uint64_t bytes;
};

/** A map that a program may use, with what checking its helpers' arguments takes. */
struct wn_bound_map {
    struct wn_map *map;
    uint32_t key_bytes;
    uint32_t value_bytes;
    uint32_t type;           /* enum wn_map_type */
    struct wn_region values; /* where programs reach values */
    /** Maps of maps: the one whose handle, or one of whose values, an address is; NULL if none. */
    const struct wn_bound_map *(*around)(struct wn_map *map, uint64_t address);
    struct wn_lock *locks; /* shared by its values, so many; NULL: they have none */
    uint32_t n_locks;
    struct wn_region lock_at; /* of each value the bytes that stand for its lock */
};

/** What a program sees as the address of its map number `index`: no address, as with functions. */
#define WN_MAP_TAG UINT64_C(0xf0c1000000000000)

/**
 * One thread's. The stack grows down from its end, which is where frame 0's r10
 * points to and what compiled code addresses everything else from.
 */
struct wn_run {
    _Alignas(64) uint8_t stack[WN_STACK_BYTES];
    uint64_t fuel;          /* slots left to spend */
    struct wn_window load;  /* what most loads hit: the packet */
    struct wn_window store; /* as much of the stack as the program may see; it was cleared */
    uint64_t native_sp;     /* compiled code: where to return from any depth */
    uint64_t fault_address;
    const struct wn_region *regions; /* borrowed from the program */
    uint32_t n_regions;
    const struct wn_packet *packet; /* borrowed for one run */
    uint64_t random;                /* state of get_prandom_u32 */
    uint32_t ended; /* enum wn_fault with which the run ends behind the helper; 0: it goes on */
    void *context;  /* what the embedder's helpers find */
    const struct wn_call *call; /* set before wn_call_checked() */
    struct wn_trace *trace;     /* NULL: nobody asks */

    /* programs written for the kernel, and maps */
    const struct wn_prog *prog;      /* the one that runs */
    const struct wn_bound_map *maps; /* borrowed from the program */
    uint32_t n_maps;
    uint32_t cpu;        /* slot of per-CPU maps that is this thread's */
    uint32_t redirect;   /* interface that the packet is to leave by; 0 if none */
    uint32_t tailed;     /* a tail call was made: the function is over, r0 its result */
    uint32_t tail_calls; /* made in this run */
    uint32_t fault_slot; /* of a fault behind a tail call, in fault_prog */
    const struct wn_prog *fault_prog;
    uint64_t (*tail)(struct wn_run *run, const struct wn_prog *next); /* what a tail call does */
    struct wn_packet copied;                                          /* describes the copy */
    struct wn_copy copy;
    struct wn_skb skb;        /* of programs with a struct __sk_buff */
    struct wn_context kernel; /* what r1 points to */
    wn_print_fn print;        /* where bpf_trace_printk() goes; may be NULL */
    void *print_arg;
    wn_clone_fn clone; /* where bpf_clone_redirect() goes; may be NULL */
    void *clone_arg;
    struct wn_repeat repeats[WN_REPEATS]; /* the last of them is the innermost */
    uint32_t n_repeats;
    struct wn_hold holds[WN_HOLDS];
    uint32_t n_holds; /* when the run ends they are given back */
    const struct wn_bound_map
        *inner[WN_INNER_MAPS]; /* that have been found in maps, the last ones */
    uint32_t n_inner;          /* that have been found */
    struct wn_lock *lock;      /* held, or NULL; let go when the run ends */
    uint64_t lock_address;     /* what it was taken by */
    const struct wn_net *net;  /* routes and devices, borrowed from the embedder; may be NULL */
};

/** Make a window of `bytes` bytes at `base`. */
static inline void wn_window_set(struct wn_window *w, uint64_t base, uint64_t bytes)
{
    w->base = base;
    if (__builtin_expect(bytes >= 8, 1)) { /* packets are; nothing to decide */
        w->room[0] = bytes;
        w->room[1] = bytes - 1;
        w->room[2] = bytes - 3;
        w->room[3] = bytes - 7;
        return;
    }
    for (unsigned k = 0; k < 4; k++) { /* no room where bytes <= last, so nothing wraps */
        uint64_t last = (1u << k) - 1;
        w->room[k] = bytes > last ? bytes - last : 0;
    }
}

/**
 * Whether the program may access `size` bytes (1, 2, 4, 8) at `address`; if
 * not, the address is kept for the message. This is guard ANY in full: the store
 * window, which is what the program has of the stack; the packet; the program's
 * regions.
 */
bool wn_run_reach(struct wn_run *run, uint64_t address, unsigned size, bool write);

/** As wn_run_reach(), of the packet alone. This is guard PACKET. */
bool wn_run_reach_packet(struct wn_run *run, uint64_t address, unsigned size);

/** As wn_run_reach() for any length, and nothing is kept. */
bool wn_run_holds(const struct wn_run *run, uint64_t address, uint64_t bytes, bool write);

/** How many bytes of a map or of read-only data the program may read from an address on; 0 if it is
 * elsewhere. */
uint64_t wn_run_readable(const struct wn_run *run, uint64_t address);

/** The map that a handle stands for: one of the program's, or one that has been found in another
 * map, which is its address. It is one of these. */
static inline const struct wn_bound_map *wn_run_map(const struct wn_run *run, uint64_t handle)
{
    uint64_t number = handle - WN_MAP_TAG;
    return number < run->n_maps ? &run->maps[number]
                                : (const struct wn_bound_map *)(uintptr_t)handle;
}

/** The lock that an address stands for; NULL if it is none of a map's that the program may use. */
struct wn_lock *wn_run_lock_at(const struct wn_run *run, uint64_t address);

/** As wn_run_reach(), for an atomic operation: a store that must be aligned to its size. */
bool wn_run_reach_atomic(struct wn_run *run, uint64_t address, unsigned size);

/**
 * In a helper that may do so (WN_CHECK_RUN): end the run as soon as the helper
 * returns. The first cause counts.
 */
static inline void wn_run_end(struct wn_run *run, enum wn_fault fault)
{
    if (!run->ended)
        run->ended = fault;
}

/** As wn_run_end(), for memory at `address` that is not the program's. */
static inline void wn_run_end_memory(struct wn_run *run, uint64_t address)
{
    if (run->ended)
        return;
    run->ended = WN_FAULT_MEMORY;
    run->fault_address = address;
}

/**
 * Call run->call->checked if the program may use the memory that the arguments
 * speak of; else end the run with WN_FAULT_MEMORY. Whoever calls looks at
 * run->ended afterwards (WN_CHECK_RUN).
 */
uint64_t wn_call_checked(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                         struct wn_run *run);
