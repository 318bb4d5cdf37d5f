/* SPDX-License-Identifier: MIT */
/** context.def against the kernel's header, and against what its verifier lets programs do. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include <winnow/insn.h>

#include "../kernel_load.h"
#include "context/context.h"

/** A field as the compiler sees it in <linux/bpf.h>. */
struct field {
    const char *name;
    uint32_t offset, bytes;
};

#define F(structure, field)                                                                        \
    {                                                                                              \
#field, offsetof(structure, field), sizeof((structure *)0)->field                          \
    }

static const struct field xdp[] = {
    F(struct xdp_md, data),           F(struct xdp_md, data_end),
    F(struct xdp_md, data_meta),      F(struct xdp_md, ingress_ifindex),
    F(struct xdp_md, rx_queue_index), F(struct xdp_md, egress_ifindex),
};

#define S(field) F(struct __sk_buff, field)
static const struct field skb[] = {
    S(len),          S(pkt_type),   S(mark),        S(queue_mapping), S(protocol),
    S(vlan_present), S(vlan_tci),   S(vlan_proto),  S(priority),      S(ingress_ifindex),
    S(ifindex),      S(tc_index),   S(cb),          S(hash),          S(tc_classid),
    S(data),         S(data_end),   S(napi_id),     S(family),        S(remote_ip4),
    S(local_ip4),    S(remote_ip6), S(local_ip6),   S(remote_port),   S(local_port),
    S(data_meta),    S(flow_keys),  S(tstamp),      S(wire_len),      S(gso_segs),
    S(sk),           S(gso_size),   S(tstamp_type), S(hwtstamp),
};

static void is_the_kernels(enum wn_prog_type type, const struct field *fields, size_t n, size_t all)
{
    uint32_t covered = 0, described = 0;
    assert_int_equal(wn_context_bytes(type), all);
    for (size_t i = 0; i < n; i++)
        for (uint32_t at = 0; at < fields[i].bytes; at++) {
            const struct wn_context_field *f = wn_context_field(type, fields[i].offset + at);
            assert_non_null(f);
            assert_string_equal(f->name, fields[i].name);
            assert_int_equal(f->offset, fields[i].offset);
            assert_int_equal(f->bytes, fields[i].bytes);
            covered++;
        }
    for (uint32_t at = 0; at < all + 64; at++)
        described += wn_context_field(type, at) != NULL;
    assert_int_equal(described, covered);
}

static void fields_lie_where_the_kernels_header_says(void **state)
{
    (void)state;
    is_the_kernels(WN_PROG_XDP, xdp, sizeof xdp / sizeof *xdp, sizeof(struct xdp_md));
    is_the_kernels(WN_PROG_SOCKET, skb, sizeof skb / sizeof *skb, sizeof(struct __sk_buff));
    is_the_kernels(WN_PROG_TC, skb, sizeof skb / sizeof *skb, sizeof(struct __sk_buff));
    assert_int_equal(wn_context_bytes(WN_PROG_FILTER), 0);
    assert_null(wn_context_field(WN_PROG_FILTER, 0));
}

/** An access of the context, and an exit. */
static bool kernel_lets(enum wn_prog_type type, uint32_t offset, uint32_t bytes, bool write)
{
    static const uint8_t sizes[] = {[1] = 0x10, [2] = 0x08, [4] = 0x00, [8] = 0x18};
    uint8_t opcode = (uint8_t)((write ? 0x63 : 0x61) & ~0x18) | sizes[bytes];
    const struct wn_slot slots[] = {
        wn_slot(0xb7, 2, 0, 0, 0),
        write ? wn_slot(opcode, 1, 2, (int16_t)offset, 0)
              : wn_slot(opcode, 3, 1, (int16_t)offset, 0),
        wn_slot(0xb7, 0, 0, 0, 0),
        wn_slot(0x95, 0, 0, 0, 0),
    };
    char log[4096];
    return kernel_takes(type, slots, sizeof slots / sizeof *slots, log, sizeof log);
}

/** Every place and size, aligned or not, in fields and between them. */
static void programs_may_do_what_the_kernel_lets_them(void **state)
{
    (void)state;
    static const enum wn_prog_type types[] = {WN_PROG_XDP, WN_PROG_SOCKET, WN_PROG_TC};
    if (!kernel_answers()) {
        print_message("SKIP: no kernel that may be asked\n");
        skip();
    }
    for (unsigned t = 0; t < 3; t++)
        for (uint32_t at = 0; at < wn_context_bytes(types[t]) + 16; at++)
            for (uint32_t bytes = 1; bytes <= 8; bytes *= 2)
                for (unsigned write = 0; write < 2; write++) {
                    bool ours = wn_context_allows(types[t], at, bytes, write);
                    bool kernels = kernel_lets(types[t], at, bytes, write);
                    if (ours != kernels)
                        fail_msg("%s, %u bytes at %u, %s: kernel %d, table %d",
                                 wn_prog_type_name(types[t]), bytes, at, write ? "store" : "load",
                                 kernels, ours);
                }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_lie_where_the_kernels_header_says),
        cmocka_unit_test(programs_may_do_what_the_kernel_lets_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
