/* SPDX-License-Identifier: MIT */
#include "helper/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/run.h"

/** Routes with prefixes of one length, in one table: `count` of them, in the order of their
 * addresses. */
struct group {
    uint32_t table;
    uint8_t family, bits;
    size_t first, count;
};

struct wn_net {
    struct wn_net_device *devices; /* by number */
    size_t n_devices;
    struct wn_net_route *routes; /* by group, those with long prefixes first */
    size_t n_routes;
    struct group *groups;
    size_t n_groups;
    struct wn_net_neighbour *neighbours; /* by device, family and address */
    size_t n_neighbours;
};

static size_t bytes_of(uint8_t family)
{
    return family == 4 ? 4 : 16;
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_number(const void *a, const void *b)
{
    const struct wn_net_device *x = a, *y = b;
    return compare(x->ifindex, y->ifindex);
}

static int by_group(const struct wn_net_route *x, const struct wn_net_route *y)
{
    int r = compare(x->family, y->family);
    if (r == 0)
        r = compare(x->table, y->table);
    return r ? r : compare(y->prefix_bits, x->prefix_bits);
}

static int by_prefix(const void *a, const void *b)
{
    const struct wn_net_route *x = a, *y = b;
    int r = by_group(x, y);
    if (r == 0)
        r = memcmp(x->address, y->address, sizeof x->address);
    if (r == 0)
        r = compare(y->type == WN_NET_LOCAL, x->type == WN_NET_LOCAL);
    return r ? r : compare(x->metric, y->metric);
}

static int by_place(const void *a, const void *b)
{
    const struct wn_net_neighbour *x = a, *y = b;
    int r = compare(x->ifindex, y->ifindex);
    if (r == 0)
        r = compare(x->family, y->family);
    return r ? r : memcmp(x->address, y->address, bytes_of(x->family));
}

/** Clear what is behind the first bits. */
static void mask(uint8_t address[16], unsigned bits)
{
    for (unsigned i = 0; i < 16; i++, bits = bits < 8 ? 0 : bits - 8)
        if (bits < 8)
            address[i] &= (uint8_t)(0xff00 >> bits);
}

/* ---- Making ---------------------------------------------------------------------------------- */

static int wrong(struct wn_error *err, size_t i, const char *what)
{
    return wn_fail(err, -EINVAL, (uint32_t)i, "%s", what);
}

static int take_devices(struct wn_net *net, const struct wn_net_opts *opts, struct wn_error *err)
{
    for (size_t i = 0; i < opts->n_devices; i++) {
        if (!opts->devices[i].ifindex)
            return wrong(err, i, "a device has the number 0, which means none");
        net->devices[i] = opts->devices[i];
    }
    net->n_devices = opts->n_devices;
    qsort(net->devices, net->n_devices, sizeof *net->devices, by_number);
    for (size_t i = 1; i < net->n_devices; i++)
        if (net->devices[i].ifindex == net->devices[i - 1].ifindex)
            return wn_fail(err, -EINVAL, WN_NOWHERE, "two devices have the number %u",
                           (unsigned)net->devices[i].ifindex);
    return 0;
}

static int check_route(const struct wn_net *net, const struct wn_net_route *r, size_t i,
                       struct wn_error *err)
{
    bool gateway = r->gateway_family == 0 || r->gateway_family == 6 ||
                   (r->gateway_family == 4 && r->family == 4);
    if ((r->family != 4 && r->family != 6) || !gateway)
        return wrong(err, i, "a route has a family that is neither 4 nor 6");
    if (r->prefix_bits > bytes_of(r->family) * 8)
        return wrong(err, i, "a route's prefix is longer than its address");
    if (r->type > WN_NET_PROHIBIT)
        return wrong(err, i, "a route is of no known type");
    if (r->type == WN_NET_UNICAST && !wn_net_device(net, r->ifindex))
        return wrong(err, i, "a route goes by a device that is not among those given");
    return 0;
}

/** IPv4's first two tables are one in a kernel that nobody has given rules. */
static uint32_t table_of(uint8_t family, uint32_t table)
{
    return family == 4 && table == WN_NET_TABLE_LOCAL ? WN_NET_TABLE_MAIN : table;
}

static int take_routes(struct wn_net *net, const struct wn_net_opts *opts, struct wn_error *err)
{
    for (size_t i = 0; i < opts->n_routes; i++) {
        struct wn_net_route *r = &net->routes[i];
        int wrong_route = check_route(net, &opts->routes[i], i, err);
        if (wrong_route)
            return wrong_route;
        *r = opts->routes[i];
        mask(r->address, r->prefix_bits);
        if (!r->table)
            r->table = r->type == WN_NET_LOCAL ? WN_NET_TABLE_LOCAL : WN_NET_TABLE_MAIN;
        r->table = table_of(r->family, r->table);
    }
    net->n_routes = opts->n_routes;
    qsort(net->routes, net->n_routes, sizeof *net->routes, by_prefix);
    for (size_t i = 0; i < net->n_routes; i++) {
        const struct wn_net_route *r = &net->routes[i];
        if (i == 0 || by_group(r, r - 1) != 0)
            net->groups[net->n_groups++] =
                (struct group){r->table, r->family, r->prefix_bits, i, 0};
        net->groups[net->n_groups - 1].count++;
    }
    return 0;
}

static int take_neighbours(struct wn_net *net, const struct wn_net_opts *opts, struct wn_error *err)
{
    for (size_t i = 0; i < opts->n_neighbours; i++) {
        const struct wn_net_neighbour *n = &opts->neighbours[i];
        if (n->family != 4 && n->family != 6)
            return wrong(err, i, "a neighbour has a family that is neither 4 nor 6");
        if (!wn_net_device(net, n->ifindex))
            return wrong(err, i, "a neighbour is behind a device that is not among those given");
        net->neighbours[i] = *n;
    }
    net->n_neighbours = opts->n_neighbours;
    qsort(net->neighbours, net->n_neighbours, sizeof *net->neighbours, by_place);
    return 0;
}

WN_OWN_BY(net, struct wn_net, wn_net_free)

int wn_net_new(const struct wn_net_opts *opts, struct wn_net **out, struct wn_error *err)
{
    WN_OWN(net) struct wn_net *net = calloc(1, sizeof *net);
    if (net) { /* of none there is room for one: NULL says that there is no memory */
        net->devices = calloc(opts->n_devices + 1, sizeof *net->devices);
        net->routes = calloc(opts->n_routes + 1, sizeof *net->routes);
        net->groups = calloc(opts->n_routes + 1, sizeof *net->groups);
        net->neighbours = calloc(opts->n_neighbours + 1, sizeof *net->neighbours);
    }
    if (!net || !net->devices || !net->routes || !net->groups || !net->neighbours)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    int r = take_devices(net, opts, err);
    if (r == 0)
        r = take_routes(net, opts, err);
    if (r == 0)
        r = take_neighbours(net, opts, err);
    if (r == 0)
        *out = wn_give(net);
    return r;
}

void wn_net_free(struct wn_net *net)
{
    if (!net)
        return;
    free(net->devices);
    free(net->routes);
    free(net->groups);
    free(net->neighbours);
    free(net);
}

void wn_run_set_net(struct wn_run *run, const struct wn_net *net)
{
    run->net = net;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

const struct wn_net_device *wn_net_device(const struct wn_net *net, uint32_t ifindex)
{
    struct wn_net_device key = {.ifindex = ifindex};
    return bsearch(&key, net->devices, net->n_devices, sizeof key, by_number);
}

const struct wn_net_neighbour *wn_net_neighbour(const struct wn_net *net, uint32_t ifindex,
                                                uint8_t family, const uint8_t *address)
{
    struct wn_net_neighbour key = {.ifindex = ifindex, .family = family};
    memcpy(key.address, address, bytes_of(family));
    return bsearch(&key, net->neighbours, net->n_neighbours, sizeof key, by_place);
}

/** Of a group's routes the first one with this prefix; NULL if there is none. */
static const struct wn_net_route *first_of(const struct wn_net *net, const struct group *g,
                                           const uint8_t prefix[16])
{
    size_t low = g->first, end = g->first + g->count, high = end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(net->routes[middle].address, prefix, 16) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < end && memcmp(net->routes[low].address, prefix, 16) == 0;
    return found ? &net->routes[low] : NULL;
}

/** Of routes with one prefix, which begin at `r`, the one that counts; NULL if none does. */
static const struct wn_net_route *choose(const struct wn_net *net, const struct wn_net_route *r,
                                         const struct wn_net_query *q)
{
    const struct wn_net_route *first = r, *end = net->routes + net->n_routes;
    for (; r < end && by_group(r, first) == 0 && !memcmp(r->address, first->address, 16); r++) {
        if (q->family == 6 && r->metric != first->metric)
            break;
        bool goes = r->type == WN_NET_UNICAST || r->type == WN_NET_LOCAL;
        if (r->ifindex == q->ifindex || (q->family == 4 && (!q->ifindex || !goes)))
            return r;
    }
    return q->family == 6 ? first : NULL;
}

const struct wn_net_route *wn_net_route(const struct wn_net *net, const struct wn_net_query *q)
{
    for (size_t i = 0; i < net->n_groups; i++) {
        const struct group *g = &net->groups[i];
        uint8_t prefix[16] = {0};
        if (g->table != table_of(q->family, q->table) || g->family != q->family)
            continue;
        memcpy(prefix, q->address, bytes_of(q->family));
        mask(prefix, g->bits);
        const struct wn_net_route *r = first_of(net, g, prefix);
        if (r)
            r = choose(net, r, q);
        if (r)
            return r;
    }
    return NULL;
}
