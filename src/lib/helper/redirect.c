/* SPDX-License-Identifier: MIT */
/** Packets that are to leave by another interface: who runs the program is told, and nothing
 * leaves. */
#include <string.h>

#include "context/skb.h"
#include "helper/helper.h"
#include "helper/net.h"
#include "helper/packet.h"
#include "map/map.h"

/* linux/bpf.h, linux/pkt_cls.h */
enum { TO_INGRESS = 1, NEXT_HOP_BYTES = 20 };
enum { XDP_ABORTED = 0, XDP_REDIRECT = 4, TC_SHOT = 2, TC_REDIRECT = 7 };

/** The interface is kept for the caller, and the action that says so returned. */
HELPER(redirect)
{
    bool xdp = run->kernel.type == WN_PROG_XDP;
    if (r2 & ~(uint64_t)(xdp ? 0 : TO_INGRESS))
        return xdp ? XDP_ABORTED : TC_SHOT;
    run->redirect = (uint32_t)r1;
    return xdp ? XDP_REDIRECT : TC_REDIRECT;
}

/** Without an entry the low bits of the flags say what becomes of the packet. With BROADCAST it
 * goes to all there are: the interface that is kept is 0 then, as with CPUs and sockets. */
HELPER(redirect_map)
{
    enum { ACTIONS = 3, BROADCAST = 8, EXCLUDE_INGRESS = 16 };
    struct wn_map *map = wn_run_map(run, r1)->map;
    bool devices = map->type == WN_MAP_DEVMAP || map->type == WN_MAP_DEVMAP_HASH;
    uint32_t key = (uint32_t)r2, ifindex = 0;
    if (r3 & ~(uint64_t)(ACTIONS | (devices ? BROADCAST | EXCLUDE_INGRESS : 0)))
        return XDP_ABORTED;
    const void *to = wn_map_find(map, &key, run->cpu);
    if (!to && !(r3 & BROADCAST))
        return r3 & ACTIONS;
    if (devices && !(r3 & BROADCAST))
        memcpy(&ifindex, to, sizeof ifindex);
    run->redirect = ifindex;
    return XDP_REDIRECT;
}

HELPER(redirect_peer)
{
    if (r2)
        return TC_SHOT;
    run->redirect = (uint32_t)r1;
    return TC_REDIRECT;
}

/** Addresses of the link layer are for whoever lets the packet leave. */
HELPER(redirect_neigh)
{
    uint32_t bytes = (uint32_t)r3;
    if (r4 || (bytes && bytes < NEXT_HOP_BYTES))
        return TC_SHOT;
    run->redirect = (uint32_t)r1;
    return TC_REDIRECT;
}

/** A packet as it is now goes to whoever takes such; it does not share bytes with the program's. */
HELPER(clone_redirect)
{
    const struct wn_skb *skb = &run->skb;
    const struct wn_packet *p = &run->copied;
    uint32_t ifindex = (uint32_t)r2;
    if (r3 & ~(uint64_t)TO_INGRESS)
        return wn_failure(EINVAL);
    if (!ifindex || (run->net && !wn_net_device(run->net, ifindex)))
        return wn_failure(EINVAL);
    if (skb->mac >= skb->network || !p->wirelen)
        return wn_failure(ERANGE);
    struct wn_clone clone = {.data = p->data,
                             .caplen = p->caplen,
                             .wirelen = p->wirelen,
                             .ifindex = ifindex,
                             .ingress = r3 & TO_INGRESS};
    if (run->clone)
        run->clone(run->clone_arg, &clone);
    return 0;
}
