/* SPDX-License-Identifier: MIT */
/*
 * Send numbered packets: sender DEVICE COUNT [RATE [FIRST]]
 *
 * UDP to port 9 in Ethernet frames of 64 bytes, the number in the payload as
 * eight bytes, big endian. RATE is packets a second, 0 as fast as possible.
 * Prints how many were sent; every one counted was taken by the kernel.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME = 64, BATCH = 32, NUMBER_AT = 42 };

static const uint8_t head[NUMBER_AT] = {
    0x02, 0,    0, 0,  0,   2,  0x02, 0, 0,  0,  0, 1, 0x08, 0, /* Ethernet */
    0x45, 0,    0, 50, 0,   0,  0x40, 0, 64, 17, 0, 0, /* IPv4, its checksum filled in below */
    192,  0,    2, 1,  192, 0,  2,    2,               /* RFC 5737 */
    0x30, 0x39, 0, 9,  0,   30, 0,    0,               /* UDP 12345 to 9, no checksum */
};

static void fill_ip_checksum(uint8_t *ip)
{
    uint32_t sum = 0;
    for (int i = 0; i < 20; i += 2)
        sum += (uint32_t)ip[i] << 8 | ip[i + 1];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    ip[10] = (uint8_t)(~sum >> 8);
    ip[11] = (uint8_t)~sum;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/** Wait until packet `n` is due. */
static void pace(uint64_t start, uint64_t n, uint64_t rate)
{
    if (!rate)
        return;
    uint64_t due = start + n * 1000000000u / rate;
    struct timespec t = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static int open_device(const char *device)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    at.sll_ifindex = (int)if_nametoindex(device);
    if (fd < 0 || !at.sll_ifindex || bind(fd, (struct sockaddr *)&at, sizeof at)) {
        perror(device);
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: sender DEVICE COUNT [RATE [FIRST]]\n");
        return 64;
    }
    uint64_t count = strtoull(argv[2], NULL, 10);
    uint64_t rate = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    uint64_t first = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
    int fd = open_device(argv[1]);

    static uint8_t frames[BATCH][FRAME];
    struct iovec iov[BATCH];
    struct mmsghdr msgs[BATCH];
    memset(msgs, 0, sizeof msgs);
    for (int i = 0; i < BATCH; i++) {
        memcpy(frames[i], head, sizeof head);
        fill_ip_checksum(frames[i] + 14);
        iov[i] = (struct iovec){frames[i], FRAME};
        msgs[i].msg_hdr.msg_iov = &iov[i];
        msgs[i].msg_hdr.msg_iovlen = 1;
    }
    uint64_t start = now_ns(), sent = 0;
    while (sent < count) {
        unsigned n = count - sent < BATCH ? (unsigned)(count - sent) : BATCH;
        for (unsigned i = 0; i < n; i++)
            for (int b = 0; b < 8; b++)
                frames[i][NUMBER_AT + b] = (uint8_t)((first + sent + i) >> (56 - 8 * b));
        pace(start, sent, rate);
        int done = sendmmsg(fd, msgs, n, 0);
        if (done < 0 && errno != ENOBUFS && errno != EINTR) {
            perror("sendmmsg");
            break;
        }
        if (done > 0)
            sent += (unsigned)done;
    }
    printf("%llu\n", (unsigned long long)sent);
    return sent == count ? 0 : 1;
}
