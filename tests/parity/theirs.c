/* SPDX-License-Identifier: MIT */
#include "theirs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../oracle/kernel.h"

/** Where records go, numbered. */
struct reader {
    struct elements *out;
    const char *map;
    uint32_t n;
};

struct theirs {
    struct bpf_object *object;
    int prog;
    struct perf_buffer *events; /* of the first map of that type, if there is one */
    struct reader reader;
};

static void take_event(void *arg, int cpu, void *data, uint32_t bytes)
{
    struct reader *r = arg;
    (void)cpu;
    elements_add_next(r->out, r->map, r->n++, data, bytes);
}

static void lose_events(void *arg, int cpu, unsigned long long n)
{
    (void)arg;
    (void)cpu;
    (void)n;
    abort();
}

/** Have programs write what they tell by perf events, where there is a map for that. */
static int open_events(struct theirs *t)
{
    struct bpf_map *map;
    bpf_object__for_each_map(map, t->object)
    {
        if (bpf_map__type(map) != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
            continue;
        t->reader.map = bpf_map__name(map);
        t->events =
            perf_buffer__new(bpf_map__fd(map), 64, take_event, lose_events, &t->reader, NULL);
        return t->events ? 0 : -errno;
    }
    return 0;
}

static char said[1 << 16]; /* by libbpf, for when it refuses */
static size_t said_bytes;

static int listen_to(enum libbpf_print_level level, const char *fmt, va_list ap)
{
    if (level == LIBBPF_DEBUG || said_bytes >= sizeof said)
        return 0;
    int n = vsnprintf(said + said_bytes, sizeof said - said_bytes, fmt, ap);
    said_bytes += n > 0 ? (size_t)n : 0;
    return 0;
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return done;
}

static struct sockaddr address(uint32_t ip)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(ip)};
    struct sockaddr out;
    memcpy(&out, &in, sizeof out);
    return out;
}

/** A network of one's own, as side_network says it is. */
static const char *make_network(void)
{
    char loopback[] = "lo";
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    if (unshare(CLONE_NEWNET))
        return "no network of one's own";
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool done = s >= 0 && ioctl(s, SIOCSIFFLAGS, &lo) == 0 &&
                write_file("/proc/sys/net/ipv4/conf/all/forwarding", "1") &&
                write_file("/proc/sys/net/ipv6/conf/all/forwarding", "1");
    for (size_t i = 0; done && i < side_network.n_routes; i++) {
        const struct wn_net_route *r = &side_network.routes[i];
        uint32_t ip = (uint32_t)r->address[0] << 24 | r->address[1] << 16 | r->address[2] << 8;
        bool rejects = r->type == WN_NET_UNREACHABLE;
        struct rtentry route = {.rt_dst = address(ip),
                                .rt_genmask = address(UINT32_MAX << (32 - r->prefix_bits)),
                                .rt_flags = RTF_UP | (rejects ? RTF_REJECT : 0),
                                .rt_metric = (short)(r->metric + 1),
                                .rt_dev = rejects ? NULL : loopback};
        done = ioctl(s, SIOCADDRT, &route) == 0;
    }
    close(s);
    return done ? NULL : "the network cannot be set up";
}

const char *theirs_missing(void)
{
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first); /* whose values of per-CPU maps are compared */
    if (sched_setaffinity(0, sizeof first, &first))
        return "CPU 0 is not for this process";
    const char *missing = kernel_missing();
    return missing ? missing : make_network();
}

static int set_preset(struct bpf_object *object, const struct preset *p)
{
    uint8_t key[64], value[256];
    struct bpf_map *map = bpf_object__find_map_by_name(object, p->map);
    if (!map)
        return -ENOENT;
    preset_bytes(p->key, key, sizeof key);
    preset_bytes(p->value, value, sizeof value);
    if (bpf_map__type(map) == BPF_MAP_TYPE_PROG_ARRAY) {
        struct bpf_program *prog = bpf_object__find_program_by_name(object, p->value);
        int fd = prog ? bpf_program__fd(prog) : -1;
        memcpy(value, &fd, sizeof fd);
    }
    return bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY);
}

struct theirs *theirs_open(const char *path, const char *name)
{
    struct theirs *t = calloc(1, sizeof *t);
    said_bytes = 0;
    libbpf_set_print(listen_to);
    t->object = bpf_object__open_file(path, NULL);
    int r = t->object ? bpf_object__load(t->object) : -errno;
    for (const struct preset *p = presets; r == 0 && p->prog; p++)
        if (strcmp(p->prog, name) == 0)
            r = set_preset(t->object, p);
    r = r ? r : open_events(t);
    struct bpf_program *prog = r ? NULL : bpf_object__find_program_by_name(t->object, name);
    if (prog) {
        t->prog = bpf_program__fd(prog);
        return t;
    }
    printf("# %s: libbpf or the kernel says %s\n", path, r ? strerror(-r) : "no such program");
    fputs(said, stderr);
    theirs_close(t);
    return NULL;
}

int theirs_run(struct theirs *t, enum wn_prog_type type, const struct packet *packet,
               struct outcome *out)
{
    struct __sk_buff skb = {.ingress_ifindex = SIDE_IFINDEX, .tstamp = SIDE_TIME};
    struct kernel_run run = {.data = packet->data,
                             .data_bytes = packet->bytes,
                             .data_out = out->data,
                             .data_out_bytes = sizeof out->data};
    if (type != WN_PROG_XDP) {
        run.ctx = run.ctx_out = &skb;
        run.ctx_bytes = run.ctx_out_bytes = sizeof skb;
    }
    int r = kernel_run(t->prog, &run);
    if (r)
        return r;
    out->value = run.result;
    out->bytes = run.data_out_bytes;
    out->mark = out->priority = 0;
    out->tstamp = 0;
    memset(out->cb, 0, sizeof out->cb);
    if (type ==
        WN_PROG_SOCKET) /* the link layer's header has been taken off and comes back empty */
        memcpy(out->data, packet->data, 14);
    if (type == WN_PROG_TC) {
        out->mark = skb.mark;
        out->priority = skb.priority;
        out->tstamp = skb.tstamp;
        memcpy(out->cb, skb.cb, sizeof out->cb);
    }
    return 0;
}

static bool is_per_cpu(enum bpf_map_type type)
{
    return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
           type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static int take_record(void *arg, void *data, size_t bytes)
{
    struct reader *r = arg;
    elements_add_next(r->out, r->map, r->n++, data, (uint32_t)bytes);
    return 0;
}

static void read_records(const struct bpf_map *map, struct elements *out)
{
    struct reader reader = {out, bpf_map__name(map), 0};
    struct ring_buffer *ring = ring_buffer__new(bpf_map__fd(map), take_record, &reader, NULL);
    if (!ring || ring_buffer__consume(ring) < 0)
        abort();
    ring_buffer__free(ring);
}

/** Whether values are numbers of something that the kernel has. */
static bool names_others(enum bpf_map_type type)
{
    return type == BPF_MAP_TYPE_PROG_ARRAY || type == BPF_MAP_TYPE_PERF_EVENT_ARRAY ||
           type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

void theirs_elements(struct theirs *t, struct elements *out)
{
    struct bpf_map *map;
    t->reader.out = out;
    if (t->events && perf_buffer__consume(t->events))
        abort();
    bpf_object__for_each_map(map, t->object)
    {
        const char *name = bpf_map__name(map), *dot = strchr(name, '.');
        uint32_t key_bytes = bpf_map__key_size(map), value_bytes = bpf_map__value_size(map);
        size_t room = (value_bytes + 7) / 8 * 8;
        if (names_others(bpf_map__type(map)) || (dot && !strncmp(dot, ".rodata", 7)))
            continue;
        if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF) {
            read_records(map, out);
            continue;
        }
        if (is_per_cpu(bpf_map__type(map)))
            room *= (size_t)libbpf_num_possible_cpus();
        uint8_t *key = calloc(1, key_bytes + 1), *value = malloc(room);
        int fd = bpf_map__fd(map), r = bpf_map_get_next_key(fd, NULL, key);
        for (uint32_t n = 0; !key_bytes && !bpf_map_lookup_and_delete_elem(fd, NULL, value); n++)
            elements_add_next(out, name, n, value, value_bytes);
        for (; r == 0; r = bpf_map_get_next_key(fd, key, key)) {
            if (bpf_map_lookup_elem(fd, key, value))
                continue;
            struct element *e = elements_add(out, dot ? dot : name, key_bytes, value_bytes);
            memcpy(e->key, key, key_bytes);
            memcpy(e->key + key_bytes, value, value_bytes);
        }
        free(key);
        free(value);
    }
    elements_sort(out);
}

void theirs_close(struct theirs *t)
{
    perf_buffer__free(t->events);
    bpf_object__close(t->object);
    free(t);
}
