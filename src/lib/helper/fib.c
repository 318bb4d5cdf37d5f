/* SPDX-License-Identifier: MIT */
/** bpf_fib_lookup() and bpf_check_mtu(): what a network says of a packet. */
#include <string.h>

#include "context/skb.h"
#include "helper/helper.h"
#include "helper/net.h"
#include "helper/packet.h"

/* linux/bpf.h, linux/socket.h */
enum { DIRECT = 1, OUTPUT = 2, SKIP_NEIGH = 4, TBID = 8, SRC = 16, MARK = 32, FLAGS = 63 };
enum {
    SUCCESS,
    BLACKHOLE,
    UNREACHABLE,
    PROHIBIT,
    NOT_FWDED,
    FWD_DISABLED,
    NO_NEIGH = 7,
    FRAG_NEEDED,
    NO_SRC_ADDR
};
enum { INET = 2, INET6 = 10 };
enum { CHK_SEGS = 1, MTU_FRAG_NEEDED = 1 };

enum { LONGEST_IP4 = 0xffff, LONGEST_IP6 = 0xffff + WN_IP6, LEAST_IP6 = 1280 };

/** struct bpf_fib_lookup. */
struct lookup {
    uint8_t family, l4_protocol;
    uint16_t sport, dport;
    uint16_t length; /* in: of the packet; out: the most that may be */
    uint32_t ifindex;
    uint32_t metric;
    uint8_t source[16], address[16];
    uint32_t table; /* out: a VLAN, which is 0 */
    uint8_t smac[6], dmac[6];
};

static bool any(const uint8_t *bytes, size_t n)
{
    while (n--)
        if (*bytes++)
            return true;
    return false;
}

/** Addresses that stay on their link, or in their host. */
static bool stays(const uint8_t a[16])
{
    static const uint8_t loopback[16] = {[15] = 1};
    return a[0] == 0xff || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80) || !memcmp(a, loopback, 16);
}

/** The route that a table says, or the tables that are asked if none is named. */
static const struct wn_net_route *find_route(const struct wn_net *net, struct lookup *l,
                                             uint32_t flags)
{
    static const uint32_t tables[] = {WN_NET_TABLE_LOCAL, WN_NET_TABLE_MAIN, WN_NET_TABLE_DEFAULT};
    bool four = l->family == INET;
    struct wn_net_query q = {.family = four ? 4 : 6,
                             .address = l->address,
                             .table = WN_NET_TABLE_MAIN,
                             .ifindex = four && !(flags & OUTPUT) ? 0 : l->ifindex};
    const struct wn_net_route *r = NULL;
    if (flags & DIRECT) {
        if (flags & TBID) {
            q.table = l->table ? l->table : WN_NET_TABLE_MAIN;
            l->table = 0;
        }
        return wn_net_route(net, &q);
    }
    for (unsigned i = four; !r && i < (four ? 3 : 2); i++) {
        q.table = tables[i];
        r = wn_net_route(net, &q);
    }
    return r;
}

/** The most bytes that may go by a route. */
static uint32_t mtu_of(const struct wn_net_route *r, const struct wn_net_device *d)
{
    uint32_t mtu = r->mtu ? r->mtu : d->mtu, most = r->family == 4 ? LONGEST_IP4 : LONGEST_IP6;
    if (r->family == 6 && !r->mtu && mtu < LEAST_IP6)
        mtu = LEAST_IP6;
    return mtu < most ? mtu : most;
}

/** Where what is sent by a route comes from; false if nobody knows. */
static bool set_source(struct lookup *l, const struct wn_net_route *r,
                       const struct wn_net_device *d)
{
    size_t n = r->family == 4 ? 4 : 16;
    const uint8_t *from = any(r->source, n) ? r->source : r->family == 4 ? d->ip4 : d->ip6;
    memcpy(l->source, from, n);
    return r->family == 4 || any(from, n);
}

/** Say who is next on the way. */
static int set_neighbour(const struct wn_net *net, struct lookup *l, uint8_t family,
                         const struct wn_net_device *d)
{
    const struct wn_net_neighbour *n = wn_net_neighbour(net, d->ifindex, family, l->address);
    if (!n)
        return NO_NEIGH;
    memcpy(l->dmac, n->mac, sizeof l->dmac);
    memcpy(l->smac, d->mac, sizeof l->smac);
    return SUCCESS;
}

/** Follow a unicast route. */
static int follow(const struct wn_net *net, struct lookup *l, const struct wn_net_route *r,
                  uint32_t flags, bool check_mtu)
{
    const struct wn_net_device *d = wn_net_device(net, r->ifindex);
    uint32_t mtu = check_mtu ? mtu_of(r, d) : 0;
    if (check_mtu && l->length > mtu) {
        l->length = (uint16_t)mtu;
        return FRAG_NEEDED;
    }
    if (r->gateway_family)
        memcpy(l->address, r->gateway, r->gateway_family == 4 ? 4 : 16);
    if (r->family == 4 && r->gateway_family == 6)
        l->family = INET6;
    l->metric = r->metric;
    l->ifindex = d->ifindex;
    if (flags & SRC && !set_source(l, r, d))
        return NO_SRC_ADDR;
    uint8_t family = r->gateway_family ? r->gateway_family : r->family;
    int result = flags & SKIP_NEIGH ? SUCCESS : set_neighbour(net, l, family, d);
    if (result == SUCCESS) {
        l->table = 0;
        if (mtu)
            l->length = (uint16_t)mtu;
    }
    return result;
}

static int look_up(const struct wn_net *net, struct lookup *l, uint32_t flags, bool check_mtu)
{
    static const uint8_t results[] = {[WN_NET_LOCAL] = NOT_FWDED,
                                      [WN_NET_BLACKHOLE] = BLACKHOLE,
                                      [WN_NET_UNREACHABLE] = UNREACHABLE,
                                      [WN_NET_PROHIBIT] = PROHIBIT};
    if (l->family == INET6 && (stays(l->address) || stays(l->source)))
        return NOT_FWDED;
    const struct wn_net_device *in = wn_net_device(net, l->ifindex);
    if (!in)
        return -ENODEV;
    if (!(l->family == INET ? in->forwards_ip4 : in->forwards_ip6))
        return FWD_DISABLED;
    const struct wn_net_route *r = find_route(net, l, flags);
    if (!r)
        return NOT_FWDED;
    return r->type == WN_NET_UNICAST ? follow(net, l, r, flags, check_mtu) : results[r->type];
}

/** Whether the packet itself may go by a device, tagged: asked if the program gave no length. */
static int fits(const struct wn_run *run, struct lookup *l)
{
    const struct wn_net_device *d = wn_net_device(run->net, l->ifindex);
    bool goes = run->copied.wirelen <= (uint64_t)d->mtu + WN_ETHERNET + WN_VLAN;
    l->length = (uint16_t)d->mtu;
    return goes ? SUCCESS : FRAG_NEEDED;
}

HELPER(fib_lookup)
{
    struct lookup l;
    bool xdp = run->kernel.type == WN_PROG_XDP;
    uint32_t flags = (uint32_t)r4;
    _Static_assert(sizeof l == 64, "struct bpf_fib_lookup");
    if ((uint32_t)r3 < sizeof l || flags & ~(uint32_t)FLAGS)
        return wn_failure(EINVAL);
    memcpy(&l, (const void *)(uintptr_t)r2, sizeof l);
    if (l.family != INET && l.family != INET6)
        return wn_failure(EAFNOSUPPORT);
    if (!run->net)
        return NOT_FWDED;
    bool check_mtu = xdp || l.length;
    int result = look_up(run->net, &l, flags, check_mtu);
    if (result == SUCCESS && !check_mtu)
        result = fits(run, &l);
    memcpy((void *)(uintptr_t)r2, &l, sizeof l);
    return (uint64_t)(int64_t)result;
}

/** Whether the packet would fit a device if it were longer by r4 bytes; r3: a length to be asked
 * about instead, and then what fits. */
HELPER(check_mtu)
{
    bool xdp = run->kernel.type == WN_PROG_XDP;
    uint32_t *length = (uint32_t *)(uintptr_t)r3, asked, ifindex = (uint32_t)r2;
    memcpy(&asked, length, sizeof asked);
    if (r5 & ~(uint64_t)(xdp ? 0 : CHK_SEGS) || (r5 && ((int32_t)r4 || asked)))
        return wn_failure(EINVAL);
    if (!ifindex)
        ifindex = run->copied.ifindex;
    const struct wn_net_device *d = run->net ? wn_net_device(run->net, ifindex) : NULL;
    if (!d)
        return wn_failure(ENODEV);
    uint32_t now = xdp ? run->copy.end - run->copy.data : run->copied.wirelen;
    uint32_t bytes = (asked ? asked + WN_ETHERNET : now) + (uint32_t)r4;
    memcpy(length, &d->mtu, sizeof d->mtu);
    return (int32_t)bytes <= (int32_t)(d->mtu + WN_ETHERNET) ? 0 : MTU_FRAG_NEEDED;
}
