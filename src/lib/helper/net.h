/* SPDX-License-Identifier: MIT */
/** What is asked about networks. */
#pragma once

#include <winnow/net.h>

/** A device; NULL if there is none. */
const struct wn_net_device *wn_net_device(const struct wn_net *net, uint32_t ifindex);

/** A route is wanted: of `family` 4 or 6, to an address. */
struct wn_net_query {
    const uint8_t *address;
    uint32_t table;
    uint32_t ifindex; /* IPv4: routes by other devices do not count, unless it is 0. IPv6: of two
                         routes that are alike the one by this device is taken */
    uint8_t family;
};

/** The route in a table with the longest prefix; NULL if there is none. */
const struct wn_net_route *wn_net_route(const struct wn_net *net, const struct wn_net_query *query);

/** Who has an address; NULL if nobody knows. */
const struct wn_net_neighbour *wn_net_neighbour(const struct wn_net *net, uint32_t ifindex,
                                                uint8_t family, const uint8_t *address);
