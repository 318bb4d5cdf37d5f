/* SPDX-License-Identifier: MIT */
/** Networks: what they are made of, routes found in them, and what helpers ask and send there. */
#include <errno.h>

#include "../engines.h"
#include "helper/net.h"

#define ERROR(error) ((uint64_t)(int64_t) - (error))

/* The packets of engines.h come in at device 5. */
static const struct wn_net_device devices[] = {
    {9, 576, {2, 9}, true, true, {0}, {0}},
    {5, 1500, {2, 5}, true, true, {10, 0, 0, 1}, {0xfd, [15] = 1}},
    {7, 9000, {2, 7}, false, false, {0}, {0}},
};

static const struct wn_net_route routes[] = {
    {.family = 4, .gateway_family = 4, .gateway = {10, 0, 0, 254}, .ifindex = 5, .metric = 9},
    {.family = 4, .gateway_family = 4, .gateway = {10, 0, 0, 253}, .ifindex = 5, .metric = 10},
    {.family = 4, .prefix_bits = 24, .address = {10, 0, 0, 77}, .ifindex = 5},
    {.family = 4, .prefix_bits = 32, .address = {10, 0, 0, 1}, .type = WN_NET_LOCAL},
    {.family = 4, .prefix_bits = 12, .address = {172, 16}, .type = WN_NET_BLACKHOLE},
    {.family = 4, .prefix_bits = 16, .address = {172, 17}, .type = WN_NET_UNREACHABLE},
    {.family = 4, .prefix_bits = 17, .address = {172, 17, 128}, .type = WN_NET_PROHIBIT},
    {.family = 4, .prefix_bits = 8, .address = {11}, .ifindex = 9, .mtu = 400, .source = {1, 2}},
    {.family = 4, .prefix_bits = 8, .address = {12}, .ifindex = 9, .table = 100},
    {.family = 4,
     .prefix_bits = 8,
     .address = {13},
     .gateway_family = 6,
     .gateway = {0xfd, [15] = 9},
     .ifindex = 9},
    {.family = 6, .prefix_bits = 64, .address = {0x20, 1}, .ifindex = 9, .metric = 5},
    {.family = 6, .prefix_bits = 64, .address = {0x20, 1}, .ifindex = 5, .metric = 5},
    {.family = 6, .prefix_bits = 1, .address = {0xff}, .type = WN_NET_PROHIBIT},
};

static const struct wn_net_neighbour neighbours[] = {
    {4, {10, 0, 0, 254}, {2, 1, 1}, 5},
    {4, {11, 1, 1, 1}, {2, 2, 2}, 9},
    {6, {0xfd, [15] = 9}, {2, 3, 3}, 9},
    {6, {0x20, 1, [15] = 1}, {2, 4, 4}, 5},
};

static const struct wn_net_opts all = {devices,    3,
                                       routes,     sizeof routes / sizeof *routes,
                                       neighbours, sizeof neighbours / sizeof *neighbours};

static struct wn_net *make_net(const struct wn_net_opts *opts)
{
    struct wn_net *net = NULL;
    struct wn_error err = {0};
    if (wn_net_new(opts, &net, &err))
        fail_msg("%s", err.text);
    return net;
}

static void refuses_net(const struct wn_net_opts *opts, uint32_t at, const char *text)
{
    struct wn_net *net = NULL;
    struct wn_error err = {0};
    assert_int_equal(wn_net_new(opts, &net, &err), -EINVAL);
    assert_null(net);
    assert_int_equal(err.at, at);
    assert_string_equal(err.text, text);
}

static void what_is_no_network_is_refused(void **state)
{
    (void)state;
    const struct wn_net_device no_number[] = {{.ifindex = 1}, {.mtu = 5}}, twice[] = {{4}, {4}};
    refuses_net(&(struct wn_net_opts){no_number, 2}, 1,
                "a device has the number 0, which means none");
    refuses_net(&(struct wn_net_opts){twice, 2}, WN_NOWHERE, "two devices have the number 4");
    static const struct {
        struct wn_net_route route;
        const char *text;
    } cases[] = {
        {{.family = 5, .ifindex = 5}, "a route has a family that is neither 4 nor 6"},
        {{.family = 6, .gateway_family = 4, .ifindex = 5},
         "a route has a family that is neither 4 nor 6"},
        {{.family = 4, .prefix_bits = 33, .ifindex = 5},
         "a route's prefix is longer than its address"},
        {{.family = 4, .type = 5, .ifindex = 5}, "a route is of no known type"},
        {{.family = 4, .ifindex = 6}, "a route goes by a device that is not among those given"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        refuses_net(&(struct wn_net_opts){devices, 3, &cases[i].route, 1}, 0, cases[i].text);
    const struct wn_net_neighbour family = {.family = 0, .ifindex = 5}, device = {.family = 4};
    refuses_net(&(struct wn_net_opts){devices, 3, NULL, 0, &family, 1}, 0,
                "a neighbour has a family that is neither 4 nor 6");
    refuses_net(&(struct wn_net_opts){devices, 3, NULL, 0, &device, 1}, 0,
                "a neighbour is behind a device that is not among those given");
    wn_net_free(make_net(&(struct wn_net_opts){0}));
    wn_net_free(NULL);
}

static void finds(const struct wn_net *net, struct wn_net_query q, int route)
{
    const struct wn_net_route *r = wn_net_route(net, &q);
    if (route < 0) {
        assert_null(r);
        return;
    }
    assert_non_null(r);
    assert_int_equal(r->prefix_bits, routes[route].prefix_bits);
    assert_int_equal(r->metric, routes[route].metric);
    assert_int_equal(r->ifindex, routes[route].ifindex);
    assert_int_equal(r->type, routes[route].type);
}

static void the_longest_prefix_counts(void **state)
{
    (void)state;
    struct wn_net *net = make_net(&all);
#define ASK(family, table, ifindex, ...)                                                           \
    (struct wn_net_query){(const uint8_t[16]){__VA_ARGS__}, table, ifindex, family}
    finds(net, ASK(4, 254, 0, 8, 8, 8, 8), 0);
    finds(net, ASK(4, 254, 0, 10, 0, 0, 200), 2);
    finds(net, ASK(4, 254, 0, 10, 0, 1, 0), 0);
    finds(net, ASK(4, 255, 0, 10, 0, 0, 1), 3);
    finds(net, ASK(4, 255, 0, 10, 0, 0, 2), 2);
    finds(net, ASK(4, 254, 0, 172, 31, 0, 1), 4);
    finds(net, ASK(4, 254, 0, 172, 17, 1, 1), 5);
    finds(net, ASK(4, 254, 0, 172, 17, 128, 1), 6);
    finds(net, ASK(4, 100, 0, 12, 1, 1, 1), 8);
    finds(net, ASK(4, 254, 0, 12, 1, 1, 1), 0);
    finds(net, ASK(4, 254, 9, 11, 1, 1, 1), 7); /* by the device that is asked for, or further up */
    finds(net, ASK(4, 254, 5, 11, 1, 1, 1), 0);
    finds(net, ASK(4, 254, 7, 11, 1, 1, 1), -1);
    finds(net, ASK(4, 254, 7, 172, 17, 1, 1), 5);
    finds(net, ASK(6, 254, 5, 0x20, 1), 11);
    finds(net, ASK(6, 254, 9, 0x20, 1), 10);
    finds(net, ASK(6, 254, 9, 0x80), 12);
    finds(net, ASK(6, 254, 9, 0x7f), -1);
    wn_net_free(net);
}

static void neighbours_and_devices_are_found(void **state)
{
    (void)state;
    struct wn_net *net = make_net(&all);
    const uint8_t gateway[16] = {10, 0, 0, 254}, six[16] = {0x20, 1, [15] = 1};
    assert_int_equal(wn_net_neighbour(net, 5, 4, gateway)->mac[1], 1);
    assert_null(wn_net_neighbour(net, 9, 4, gateway));
    assert_int_equal(wn_net_neighbour(net, 5, 6, six)->mac[1], 4);
    assert_int_equal(wn_net_device(net, 9)->mtu, 576);
    assert_null(wn_net_device(net, 8));
    wn_net_free(net);
}

/** Programs on all engines, with a network or none. */
static void gives_in(const struct wn_net *net, struct wn_prog_opts opts, const char *text,
                     uint64_t value)
{
    for (unsigned i = 0; i < 2 * ENGINES; i++) {
        opts.engine = engines[i / 2];
        opts.verify = i % 2 ? WN_VERIFY_NONE : WN_VERIFY_GUARD;
        struct wn_prog *prog = make(text, &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        wn_run_set_net(run, net);
        if (prog) {
            struct wn_result r = wn_prog_run(prog, run, &pkt);
            assert_int_equal(r.fault, 0);
            assert_int_equal(r.value, value);
        }
        wn_run_free(run);
        wn_prog_free(prog);
    }
}

/** Ask for a route: what is stored comes first, then flags; r0, or what `load` says if that is 0.
 */
#define LOOKUP(store, flags, load)                                                                 \
    "r2 = 0\n*(u64 *)(r10 - 64) = r2\n*(u64 *)(r10 - 56) = r2\n*(u64 *)(r10 - 48) = r2\n"          \
    "*(u64 *)(r10 - 40) = r2\n*(u64 *)(r10 - 32) = r2\n*(u64 *)(r10 - 24) = r2\n"                  \
    "*(u64 *)(r10 - 16) = r2\n*(u64 *)(r10 - 8) = r2\n*(u8 *)(r10 - 64) = 2\n"                     \
    "*(u32 *)(r10 - 56) = 5\n" store "r2 = r10\nr2 += -64\nr3 = 64\nr4 = " #flags                  \
    "\ncall 69\nif r0 != 0 goto out\n" load "out: exit\n"
#define TO(a, b, c, d)                                                                             \
    "*(u8 *)(r10 - 32) = " #a "\n*(u8 *)(r10 - 31) = " #b "\n*(u8 *)(r10 - 30) = " #c              \
    "\n*(u8 *)(r10 - 29) = " #d "\n"
#define LENGTH(n)      "*(u16 *)(r10 - 58) = " #n "\n"
#define LOAD(bits, at) "r0 = *(u" #bits " *)(r10 - " #at ")\n"

static void routes_are_looked_up(void **state)
{
    (void)state;
    enum {
        BLACKHOLE = 1,
        UNREACHABLE,
        PROHIBIT,
        NOT_FWDED,
        FWD_DISABLED,
        NO_NEIGH = 7,
        FRAG,
        NO_SRC
    };
    struct wn_net *net = make_net(&all);
    gives_in(net, xdp, LOOKUP(TO(8, 8, 8, 8), 0, LOAD(32, 52)), 9);
    gives_in(net, xdp, LOOKUP(TO(8, 8, 8, 8), 0, LOAD(8, 29)), 254); /* the gateway */
    gives_in(net, xdp, LOOKUP(TO(8, 8, 8, 8), 0, LOAD(8, 11)), 5);   /* our address */
    gives_in(net, xdp, LOOKUP(TO(8, 8, 8, 8), 0, LOAD(8, 4)), 1);    /* the gateway's */
    gives_in(net, xdp, LOOKUP(TO(8, 8, 8, 8), 0, LOAD(16, 58)), 1500);
    gives_in(net, xdp, LOOKUP(TO(8, 8, 8, 8) LENGTH(1501), 0, ""), FRAG);
    gives_in(net, xdp, LOOKUP(TO(10, 0, 0, 9), 0, ""), NO_NEIGH);
    gives_in(net, xdp, LOOKUP(TO(10, 0, 0, 9), 4, LOAD(32, 56)), 5);
    gives_in(net, xdp, LOOKUP(TO(10, 0, 0, 1), 4, ""), NOT_FWDED);
    gives_in(net, xdp, LOOKUP(TO(10, 0, 0, 1), 5, ""), NOT_FWDED);
    gives_in(net, xdp, LOOKUP(TO(172, 18, 0, 1), 0, ""), BLACKHOLE);
    gives_in(net, xdp, LOOKUP(TO(172, 17, 0, 1), 0, ""), UNREACHABLE);
    gives_in(net, xdp, LOOKUP(TO(172, 17, 200, 1), 0, ""), PROHIBIT);
    gives_in(net, tc, LOOKUP(TO(11, 1, 1, 1) LENGTH(400), 0, LOAD(16, 58)), 400);
    gives_in(net, tc, LOOKUP(TO(11, 1, 1, 1) LENGTH(401), 0, ""), FRAG);
    gives_in(net, tc, LOOKUP(TO(11, 1, 1, 1), 0, ""),
             FRAG); /* of the packet, which has 1500 bytes */
    gives_in(net, tc, LOOKUP(TO(11, 1, 1, 1) LENGTH(1), 16, LOAD(8, 47)), 2);
    gives_in(net, tc, LOOKUP(TO(8, 8, 8, 8), 16, LOAD(8, 48)), 10);
    gives_in(net, tc, LOOKUP(TO(11, 1, 1, 1), 2, LOAD(32, 52)), 9);
    gives_in(net, tc, LOOKUP(TO(12, 1, 1, 1) "*(u32 *)(r10 - 16) = 100\n", 13, ""), FRAG);
    gives_in(net, xdp, LOOKUP(TO(12, 1, 1, 1) "*(u32 *)(r10 - 16) = 100\n", 13, LOAD(32, 56)), 9);
    gives_in(net, xdp, LOOKUP(TO(12, 1, 1, 1) "*(u32 *)(r10 - 16) = 99\n", 13, ""), NOT_FWDED);
    gives_in(net, xdp, LOOKUP(TO(13, 1, 1, 1), 0, LOAD(8, 64)),
             10); /* the gateway has another family */
    gives_in(net, xdp, LOOKUP(TO(13, 1, 1, 1), 0, LOAD(8, 4)), 3);
    gives_in(net, tc, LOOKUP("*(u32 *)(r10 - 56) = 7\n", 0, ""), FWD_DISABLED);
    gives_in(net, tc, LOOKUP("*(u32 *)(r10 - 56) = 8\n", 0, ""), ERROR(ENODEV));
    gives_in(
        net, xdp,
        LOOKUP("*(u8 *)(r10 - 64) = 10\n" TO(32, 1, 0, 0) "*(u8 *)(r10 - 17) = 1\n", 0, LOAD(8, 4)),
        4);
    gives_in(net, xdp, LOOKUP("*(u8 *)(r10 - 64) = 10\n" TO(32, 1, 0, 0), 16, ""), NO_NEIGH);
    gives_in(net, xdp,
             LOOKUP("*(u8 *)(r10 - 64) = 10\n*(u32 *)(r10 - 56) = 9\n" TO(32, 1, 0, 0), 20, ""),
             NO_SRC);
    gives_in(net, xdp, LOOKUP("*(u8 *)(r10 - 64) = 10\n" TO(254, 128, 0, 0), 0, ""), NOT_FWDED);
    gives_in(net, xdp, LOOKUP("*(u8 *)(r10 - 64) = 3\n", 0, ""), ERROR(EAFNOSUPPORT));
    gives_in(net, xdp, LOOKUP("", 64, ""), ERROR(EINVAL));
    gives_in(NULL, xdp, LOOKUP(TO(8, 8, 8, 8), 0, ""), NOT_FWDED);
    gives_in(NULL, tc, LOOKUP("*(u8 *)(r10 - 64) = 10\n", 0, ""), NOT_FWDED);
    wn_net_free(net);
}

static void lookups_want_all_of_their_structure(void **state)
{
    (void)state;
    is_wrong(xdp, "r2 = 0\nr3 = 64\nr4 = 0\ncall 69\nexit\n", WN_FAULT_MEMORY, 3);
    is_wrong(xdp, "r2 = r10\nr2 += -60\nr3 = 64\nr4 = 0\ncall 69\nexit\n", WN_FAULT_MEMORY, 4);
    gives(xdp, "r2 = r10\nr2 += -64\nr3 = 63\nr4 = 0\ncall 69\nexit\n", ERROR(EINVAL));
    refuses((struct wn_prog_opts){.type = WN_PROG_TC},
            "r2 = 0\nr3 = 8\nr4 = 0\nr5 = 0\ncall 163\nexit\n", 4);
    /* What is written may not be what was there. */
    gives(tc,
          "*(u32 *)(r10 - 4) = 5\nr2 = 0\nr3 = r10\nr3 += -4\nr4 = 0\nr5 = 1\ncall 163\n"
          "r0 = *(u32 *)(r10 - 4)\nexit\n",
          5);
}

#define MTU(ifindex, asked, more, flags, then)                                                     \
    "*(u32 *)(r10 - 4) = " #asked "\nr2 = " #ifindex "\nr3 = r10\nr3 += -4\nr4 = " #more           \
    "\nr5 = " #flags "\ncall 163\n" then "exit\n"

static void packets_are_compared_with_what_devices_take(void **state)
{
    (void)state;
    static const char *const size = "r0 = *(u32 *)(r10 - 4)\n";
    struct wn_net *net = make_net(&all);
    char text[512];
    snprintf(text, sizeof text, MTU(9, 0, 0, 0, "%s"), size);
    gives_in(net, tc, text, 576);
    gives_in(net, tc, MTU(9, 0, 0, 0, ""), 1); /* it has 1500 bytes */
    gives_in(net, xdp, MTU(9, 0, 0, 0, ""), 0);
    gives_in(net, xdp, MTU(9, 0, 531, 0, ""), 1);
    gives_in(net, xdp, MTU(9, 0, 530, 0, ""), 0);
    gives_in(net, tc, MTU(0, 0, 14, 0, ""), 0);
    gives_in(net, tc, MTU(0, 0, 15, 0, ""), 1);
    gives_in(net, tc, MTU(0, 1500, 0, 0, ""), 0);
    gives_in(net, tc, MTU(0, 1500, 1, 0, ""), 1);
    gives_in(net, tc, MTU(9, 0, -2000, 0, ""), 0);
    gives_in(net, tc, MTU(7, 0, 0, 1, ""), 0);
    gives_in(net, tc, MTU(7, 0, 1, 1, ""), ERROR(EINVAL));
    gives_in(net, tc, MTU(7, 9, 0, 1, ""), ERROR(EINVAL));
    gives_in(net, tc, MTU(7, 0, 0, 2, ""), ERROR(EINVAL));
    gives_in(net, xdp, MTU(7, 0, 0, 1, ""), ERROR(EINVAL));
    gives_in(net, tc, MTU(8, 0, 0, 0, ""), ERROR(ENODEV));
    gives_in(NULL, tc, MTU(5, 0, 0, 0, ""), ERROR(ENODEV));
    wn_net_free(net);
}

/* ---- Packets that go elsewhere --------------------------------------------------------------- */

struct taken {
    unsigned n;
    uint32_t caplen, wirelen, ifindex;
    bool ingress;
    uint8_t last;
};

static void take(void *arg, const struct wn_clone *clone)
{
    struct taken *t = arg;
    *t = (struct taken){t->n + 1,       clone->caplen,  clone->wirelen,
                        clone->ifindex, clone->ingress, clone->data[clone->caplen - 1]};
}

static void clones_are_given_to_who_takes_them(void **state)
{
    (void)state;
    static const char *const text =
        "r6 = r1\nr2 = 9\nr3 = 1\ncall 13\nr1 = *(u32 *)(r6 + 76)\nr2 = *(u32 *)(r6 + 80)\nr3 = "
        "r1\n"
        "r3 += 60\nr0 = 7\nif r3 > r2 goto out\n*(u8 *)(r1 + 59) = 3\nr1 = r6\nr2 = 5\nr3 = 0\n"
        "call 13\nout: exit\n";
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_prog_opts opts = {.engine = engines[i], .type = WN_PROG_TC};
        struct wn_prog *prog = make(text, &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        struct taken t = {0};
        if (prog) {
            assert_int_equal(wn_prog_run(prog, run, &pkt).value, 0);
            wn_run_set_clone(run, take, &t);
            assert_int_equal(wn_prog_run(prog, run, &pkt).value, 0);
            assert_int_equal(t.n, 2);
            assert_int_equal(t.caplen, 60);
            assert_int_equal(t.wirelen, 1500);
            assert_int_equal(t.ifindex, 5);
            assert_false(t.ingress);
            assert_int_equal(t.last, 3);
            assert_int_equal(frame[59], 0);
        }
        wn_run_free(run);
        wn_prog_free(prog);
    }
}

static void clones_go_to_devices(void **state)
{
    (void)state;
    struct wn_net *net = make_net(&all);
    gives_in(net, tc, "r2 = 9\nr3 = 0\ncall 13\nexit\n", 0);
    gives_in(net, tc, "r2 = 8\nr3 = 0\ncall 13\nexit\n", ERROR(EINVAL));
    gives_in(net, tc, "r2 = 9\nr3 = 2\ncall 13\nexit\n", ERROR(EINVAL));
    gives_in(NULL, tc, "r2 = 8\nr3 = 0\ncall 13\nexit\n", 0);
    gives_in(NULL, tc, "r2 = 0\nr3 = 0\ncall 13\nexit\n", ERROR(EINVAL));
    gives_in(NULL, tc, "r6 = r1\nr2 = 0\nr3 = 0\ncall 38\nr1 = r6\nr2 = 8\nr3 = 0\ncall 13\nexit\n",
             0);
    wn_net_free(net);
}

static void other_redirects_are_kept_as_well(void **state)
{
    (void)state;
    gives(tc, "r1 = 9\nr2 = 0\ncall 155\nexit\n", 7);
    gives(tc, "r1 = 9\nr2 = 1\ncall 155\nexit\n", 2);
    gives(tc, "r1 = 9\nr2 = 0\nr3 = 0\nr4 = 0\ncall 152\nexit\n", 7);
    gives(tc,
          "*(u64 *)(r10 - 8) = 0\n*(u64 *)(r10 - 16) = 0\n*(u64 *)(r10 - 24) = 0\nr1 = 9\n"
          "r2 = r10\nr2 += -24\nr3 = 20\nr4 = 0\ncall 152\nexit\n",
          7);
    gives(tc, "*(u64 *)(r10 - 8) = 0\nr1 = 9\nr2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\ncall 152\nexit\n",
          2);
    gives(tc, "r1 = 9\nr2 = 0\nr3 = 0\nr4 = 1\ncall 152\nexit\n", 2);
    is_wrong(tc, "r1 = 9\nr2 = 0\nr3 = 20\nr4 = 0\ncall 152\nexit\n", WN_FAULT_MEMORY, 4);
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_prog_opts opts = {.engine = engines[i], .type = WN_PROG_TC};
        struct wn_prog *prog = make("r1 = 9\nr2 = 0\ncall 155\nexit\n", &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        if (prog) {
            wn_prog_run(prog, run, &pkt);
            assert_int_equal(wn_run_redirect(run), 9);
        }
        wn_run_free(run);
        wn_prog_free(prog);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_network_is_refused),
        cmocka_unit_test(the_longest_prefix_counts),
        cmocka_unit_test(neighbours_and_devices_are_found),
        cmocka_unit_test(routes_are_looked_up),
        cmocka_unit_test(lookups_want_all_of_their_structure),
        cmocka_unit_test(packets_are_compared_with_what_devices_take),
        cmocka_unit_test(clones_are_given_to_who_takes_them),
        cmocka_unit_test(clones_go_to_devices),
        cmocka_unit_test(other_redirects_are_kept_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
