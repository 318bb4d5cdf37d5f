/* SPDX-License-Identifier: MIT */
/* Definitions of maps in every form that libbpf's convention has. */
#include <winnow/bpf.h>

/* Written here anew: the convention is what counts, not whose header it comes from. */
#define ATTR_NUMBER(name, value) int(*name)[value]
#define ATTR_TYPE(name, t)       __typeof__(t) *name
#define ATTR_ARRAY(name, t)      __typeof__(t) *name[]
#define ATTR_LONG(name, value)   enum { name##_value = value } name

struct flow {
    unsigned from, to;
    unsigned short port;
    char name[6];
};

enum state { CLOSED, OPEN = 7 };

struct counters {
    unsigned long long packets, bytes;
    enum state state;
    unsigned seen : 3, lost : 29;
};

typedef struct counters counters_t;

struct {
    ATTR_NUMBER(type, 1);
    ATTR_TYPE(key, struct flow);
    ATTR_TYPE(value, const counters_t);
    ATTR_NUMBER(max_entries, 1024);
    ATTR_NUMBER(map_flags, 1 << 0);
    ATTR_NUMBER(pinning, 1);
    ATTR_NUMBER(numa_node, 2);
} flows SEC(".maps");

struct sized {
    ATTR_NUMBER(type, 2);
    ATTR_NUMBER(key_size, 4);
    ATTR_NUMBER(value_size, 24);
    ATTR_NUMBER(max_entries, 3);
};
static struct sized table SEC(".maps");

struct {
    ATTR_NUMBER(type, 30);
    ATTR_TYPE(value, unsigned);
    ATTR_NUMBER(max_entries, 100);
    ATTR_LONG(map_extra, 5);
} bloom SEC(".maps");

static unsigned target(void *context)
{
    (void)context;
    return 1;
}

SEC("filter/other")
unsigned other(void *context)
{
    return target(context) + 1;
}

struct {
    ATTR_NUMBER(type, 3);
    ATTR_NUMBER(key_size, 4);
    ATTR_NUMBER(max_entries, 8);
    ATTR_ARRAY(values, unsigned(void *));
} programs SEC(".maps") = {.values = {[1] = (void *)&other}};

struct inner {
    ATTR_NUMBER(type, 2);
    ATTR_NUMBER(max_entries, 5);
    ATTR_TYPE(key, unsigned);
    ATTR_TYPE(value, struct counters);
} inner_a SEC(".maps"), inner_b SEC(".maps");

struct {
    ATTR_NUMBER(type, 12);
    ATTR_NUMBER(max_entries, 4);
    ATTR_TYPE(key, unsigned);
    ATTR_ARRAY(values, struct inner);
} outer SEC(".maps") = {.values = {&inner_a, 0, &inner_b}};

static void *(*const lookup)(void *map, const void *key) = (void *(*)(void *, const void *))1;

SEC("filter")
unsigned maps(const unsigned char *data, unsigned long caplen)
{
    unsigned key = data[0];
    return lookup(&table, &key) != 0 && caplen;
}
