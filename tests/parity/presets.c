/* SPDX-License-Identifier: MIT */
#include "side.h"

static const struct wn_net_device loopback = {
    .ifindex = SIDE_IFINDEX, .mtu = 65536, .forwards_ip4 = true, .forwards_ip6 = true};

/* 192.168.1/24, 172.16/12, 10/8 by the loopback device; 198/8 by no one. */
static const struct wn_net_route routes[] = {
    {.family = 4, .prefix_bits = 24, .address = {192, 168, 1}, .ifindex = 1, .metric = 3},
    {.family = 4, .prefix_bits = 12, .address = {172, 16}, .ifindex = 1},
    {.family = 4, .prefix_bits = 8, .address = {10}, .ifindex = 1, .metric = 7},
    {.family = 4, .prefix_bits = 8, .address = {198}, .type = WN_NET_UNREACHABLE},
};

const struct wn_net_opts side_network = {&loopback, 1, routes, sizeof routes / sizeof *routes};

const struct preset presets[] = {
    /* 10.0.0.3, 192.168.1.2, 172.16.10.5 */
    {"xdp_acl", "denied", "0a000003", ""},
    {"xdp_acl", "denied", "c0a80102", "0500000000000000"},
    {"xdp_acl", "denied", "ac100a05", ""},
    {"xdp_acl", "rules", "00", "0a000000ffffff0050000601"}, /* 10/24, TCP to 80: drop */
    {"xdp_acl", "rules", "02", "000000000000000035001103"},
    {"xdp_acl", "rules", "03", "c6336400ffffff0000000004"},
    {"xdp_acl", "rules", "07", "000000000000000000000109"},

    {"tc_subtail", "jumps", "00", "tc_subtail_even"},
    {"tc_subtail", "jumps", "01", "tc_subtail_odd"},
    {"tc_subtail", "jumps", "03", "tc_subtail_odd"},
    {"tc_chain", "itself", "00", "tc_chain"},

    {"xdp_nat", "targets", "0a000001", "c0a86401000000"},
    {"xdp_nat", "targets", "0a000004", "c0a864021f90"},
    {"xdp_nat", "targets", "c0a80101", "01020304ffff"},
    {"xdp_nat", "targets", "c6336402", "c6336402"},

    {"xdp_route", "hops", "01", "02aabbccdd0102aabbccdd02"},
    {"xdp_route", "hops", "02", "02aabbccdd0302aabbccdd0403"},
    {"xdp_route", "hops", "04", "02aabbccdd0502aabbccdd0609"},

    {"sock_flow", "jumps", "00", "sock_flow_4"},
    {"sock_flow", "jumps", "01", "sock_flow_6"},
    {"sock_flow", "jumps", "02", "sock_flow_tag"},
    {"sock_flow", "jumps", "03", "sock_flow_ports"},

    {"tc_dnat", "targets", "0a000001", "0102030400000100"},
    {"tc_dnat", "targets", "c0a80102", "c6336463ffff0000"},
    {"tc_dnat", "targets", "ac100a03", "0a0000ff1f900100"},
    {"tc_dnat", "targets", "c6336404", "000000000000"},

    {"xdp_meta", "next", "00", "xdp_meta_next"},
    {"xdp_meta", "next", "01", "xdp_meta_next"},
    {"xdp_prefixes", "prefixes", "080000000a", "00"}, /* 10/8 */
    {"xdp_prefixes", "prefixes", "180000000a000000", "00"},
    {"xdp_prefixes", "prefixes", "10000000c0a8", "01"},
    {"xdp_prefixes", "prefixes", "0000000000", "02"},

    {"xdp_dns", "blocked", "d3091fef", "01"}, /* blocked.test */
    {"tc_nat6", "prefixes", "20010db800000000", "fd00123400000001"},
    {0},
};
