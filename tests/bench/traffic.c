/* SPDX-License-Identifier: MIT */
#include "traffic.h"

#include <stdbool.h>
#include <string.h>

/** Numerical Recipes' generator: bad, fast, and the same everywhere. */
static uint32_t next_random(void)
{
    static uint32_t state = 12345;
    state = state * 1664525 + 1013904223;
    return state >> 8;
}

static uint32_t below(uint32_t n)
{
    return next_random() % n;
}

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v);
}

static uint32_t some_address(void)
{
    static const uint32_t nets[] = {0x0a010000, 0x0a020000, 0x0a030400, 0xac100000,
                                    0xc0a80d00, 0xc0a80100, 0x08080800, 0x5db80000};
    return nets[below(8)] | below(256);
}

static uint32_t some_port(void)
{
    static const uint16_t ports[] = {80, 443, 53, 22, 123, 8080, 23, 6001};
    return below(3) ? ports[below(8)] : 1024 + below(60000);
}

/** Header without options mostly; the checksum is right but for one in 16. */
static uint8_t *put_ipv4(uint8_t *p, uint32_t proto)
{
    uint32_t words = below(10) ? 5 : 6, sum = 0;
    p[0] = (uint8_t)(0x40 | words);
    put16(p + 2, 80);
    put16(p + 6, below(40) ? 0x4000 : 0x00b9);
    p[8] = 64;
    p[9] = (uint8_t)proto;
    put32(p + 12, some_address());
    put32(p + 16, some_address());
    for (uint32_t i = 0; i < words * 4; i += 2)
        sum += (uint32_t)p[i] << 8 | p[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    put16(p + 10, ~(sum + (sum >> 16)) ^ !below(16));
    return p + words * 4;
}

/** One in three with hop-by-hop options, which are padding. */
static uint8_t *put_ipv6(uint8_t *p, uint32_t proto)
{
    bool extended = below(3) == 0;
    p[0] = 0x60;
    p[6] = (uint8_t)(extended ? 0 : proto);
    p[7] = 64;
    for (int i = 8; i < 40; i += 4)
        put32(p + i, next_random());
    if (!extended)
        return p + 40;
    p[40] = (uint8_t)proto;
    p[42] = 1;
    p[43] = 4;
    return p + 48;
}

/** Header with options in SYNs: segment size, window scale, selective acknowledgement. */
static uint8_t *put_tcp(uint8_t *p)
{
    static const uint8_t options[] = {1, 3, 3, 7, 4, 2, 1, 1, 2, 4, 5, 0xb4};
    bool syn = below(3) == 0;
    put32(p + 4, next_random() << 8);
    put32(p + 8, syn ? 0 : next_random() << 8);
    p[12] = (uint8_t)(syn ? 0x80 : 0x50);
    p[13] = (uint8_t)(syn ? 0x02 : 0x10);
    put16(p + 14, 0xfaf0);
    if (!syn)
        return p + 20;
    memcpy(p + 20, options, sizeof options);
    put16(p + 30, below(2) ? 1460 : 1360);
    return p + 20 + sizeof options;
}

/** A question to port 53 for a name of one to four labels. */
static uint8_t *put_dns(uint8_t *p)
{
    static const char *const labels[] = {"www", "mail", "Example", "test", "a", "cdn", "static"};
    put16(p + 2, 53);
    p += 8;
    put16(p, next_random());
    put16(p + 2, 0x0100);
    put16(p + 4, 1);
    p += 12;
    for (uint32_t n = below(4); n > 0; n--) {
        const char *label = labels[below(7)];
        *p++ = (uint8_t)strlen(label);
        memcpy(p, label, strlen(label));
        p += strlen(label);
    }
    memcpy(p, "\3net\0\0\1\0\1", 9);
    return p + 9;
}

static void put_payload(uint8_t *p, uint32_t proto, const uint8_t *end)
{
    if (proto == 6 || proto == 17) {
        put16(p, some_port());
        put16(p + 2, some_port());
    }
    if (proto == 6)
        p = put_tcp(p);
    else if (proto == 17 && below(3) == 0)
        p = put_dns(p);
    else
        p += 8;
    if (p + 8 < end && below(3) == 0)
        memcpy(p, "GET / HT", 8);
    else
        for (; p < end; p++)
            *p = (uint8_t)next_random();
}

static uint32_t make_packet(uint8_t *p)
{
    static const uint8_t protos[] = {6, 6, 6, 6, 17, 17, 17, 1, 47, 50};
    uint32_t bytes = 70 + below(58), proto = protos[below(10)], kind = below(20);
    uint8_t *at = p + 12, *end = p + bytes;
    for (int i = 0; i < 12; i++)
        p[i] = (uint8_t)next_random();
    if (below(30) == 0) {
        put16(at, 0x88a8);
        put16(at + 2, below(4096));
        at += 4;
    }
    if (below(10) == 0) {
        put16(at, 0x8100);
        put16(at + 2, below(4096));
        at += 4;
    }
    if (kind == 0) {
        put16(at, 0x0806);
        return 60;
    }
    put16(at, kind < 5 ? 0x86dd : 0x0800);
    at = kind < 5 ? put_ipv6(at + 2, proto) : put_ipv4(at + 2, proto);
    put_payload(at, proto, end);
    return bytes;
}

void traffic_make(struct traffic *t)
{
    static const uint8_t one[] = {
        2, 0,  0,    0,    0,    1,  2,   0,   0,    0,   0,    2,    0x08, 0x00, 0x45, 0,
        0, 80, 0,    0,    0x40, 0,  64,  6,   0x00, 0,   0xac, 0x10, 0,    9,    0x0a, 0x01,
        0, 3,  0x9c, 0x40, 0,    80, 0,   0,   0,    1,   0,    0,    0,    0,    0x50, 0x02,
        0, 0,  0,    0,    0,    0,  'G', 'E', 'T',  ' ', '/',  ' ',  'H',  'T',  'T',  'P'};
    for (int i = 0; i < TRAFFIC_PACKETS + 1; i++) {
        uint32_t bytes = make_packet(t->bytes[i]);
        if (i == TRAFFIC_ONE)
            memcpy(t->bytes[i], one, bytes = sizeof one);
        t->packets[i] = (struct wn_packet){
            .data = t->bytes[i], .caplen = bytes, .wirelen = bytes, .time_ns = 1};
    }
}
