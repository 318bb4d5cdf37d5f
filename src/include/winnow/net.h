/* SPDX-License-Identifier: MIT */
/**
 * The network that bpf_fib_lookup(), bpf_check_mtu() and bpf_clone_redirect() ask about:
 * devices, routes and neighbours, as whoever embeds the library gives them. They are what a kernel
 * would have; nothing is read from the one that runs.
 *
 * A network never changes, so any number of threads may use it; whoever has a new
 * route makes a new one and gives that to its runs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/err.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wn_net;
struct wn_run;

/** Addresses are in network order; those of IPv4 are the first 4 bytes. */
struct wn_net_device {
    uint32_t ifindex; /* at least 1 */
    uint32_t mtu;     /* bytes behind the link layer's header; that has 14 */
    uint8_t mac[6];
    bool forwards_ip4, forwards_ip6; /* what comes in here may go out elsewhere */
    uint8_t ip4[4], ip6[16];         /* where packets to be sent come from; all 0: there is none */
};

/** What becomes of packets to some addresses. */
enum wn_net_route_type {
    WN_NET_UNICAST = 0, /* they go out */
    WN_NET_LOCAL,       /* they are for us, and so are broadcasts */
    WN_NET_BLACKHOLE,   /* they are dropped, */
    WN_NET_UNREACHABLE, /* and it is said that nobody can be reached, */
    WN_NET_PROHIBIT,    /* or that it is not allowed */
};

/** Tables that are looked into without being named, in this order. IPv4's first two are one, as in
 * a kernel without rules of its own: the longest prefix of both counts. */
#define WN_NET_TABLE_LOCAL   255u
#define WN_NET_TABLE_MAIN    254u
#define WN_NET_TABLE_DEFAULT 253u /* IPv4 alone */

struct wn_net_route {
    uint8_t family;         /* 4 or 6: of the addresses */
    uint8_t prefix_bits;    /* at most 32 or 128 */
    uint8_t type;           /* enum wn_net_route_type */
    uint8_t gateway_family; /* 4, 6 (also for IPv4), or 0: they are neighbours themselves */
    uint8_t address[16];    /* bits behind the prefix do not count */
    uint8_t gateway[16];
    uint8_t source[16]; /* what comes from us says that it is from here; all 0: from the device's */
    uint32_t ifindex;   /* of a unicast route: of one of the devices */
    uint32_t metric;    /* of two routes to the same addresses the lower one counts */
    uint32_t mtu;       /* 0: the device's; else as if locked */
    uint32_t table;     /* 0: WN_NET_TABLE_MAIN; of local routes WN_NET_TABLE_LOCAL */
};

struct wn_net_neighbour {
    uint8_t family; /* 4 or 6 */
    uint8_t address[16];
    uint8_t mac[6];
    uint32_t ifindex;
};

/** All of it, borrowed for the call. */
struct wn_net_opts {
    const struct wn_net_device *devices;
    size_t n_devices;
    const struct wn_net_route *routes;
    size_t n_routes;
    const struct wn_net_neighbour *neighbours;
    size_t n_neighbours;
};

/**
 * Make a network.
 *
 * out   set on success alone; the caller frees it with wn_net_free()
 *
 * Returns 0, -EINVAL (something is no device, route or neighbour: the text says which, and
 * err->at is its place in its list) or -ENOMEM.
 */
WN_API int wn_net_new(const struct wn_net_opts *opts, struct wn_net **out, struct wn_error *err);

/** Free it, when no run has it any more; NULL is allowed. */
WN_API void wn_net_free(struct wn_net *net);

/**
 * Say which network this thread's programs ask about; NULL, as at first: none. Then
 * bpf_fib_lookup() finds no route, bpf_check_mtu() no device, and bpf_clone_redirect() takes
 * any but 0 for one.
 *
 * net   borrowed until the run is freed or gets another one
 */
WN_API void wn_run_set_net(struct wn_run *run, const struct wn_net *net);

#ifdef __cplusplus
}
#endif
