/* SPDX-License-Identifier: MIT */
#include "client/prefix.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD sizeof(uint32_t) /* the length, in bits */

static int family_of(size_t key_bytes)
{
    return key_bytes == HEAD + sizeof(struct in_addr) ? AF_INET : AF_INET6;
}

bool prefix_fits(size_t key_bytes)
{
    return key_bytes == HEAD + sizeof(struct in_addr) ||
           key_bytes == HEAD + sizeof(struct in6_addr);
}

void prefix_print(const uint8_t *key, size_t key_bytes, char text[PREFIX_TEXT_BYTES])
{
    char address[INET6_ADDRSTRLEN] = "";
    uint32_t bits;
    memcpy(&bits, key, sizeof bits);
    inet_ntop(family_of(key_bytes), key + HEAD, address, sizeof address);
    snprintf(text, PREFIX_TEXT_BYTES, "%s/%u", address, (unsigned)bits);
}

bool prefix_parse(const char *text, uint8_t *key, size_t key_bytes)
{
    char address[INET6_ADDRSTRLEN];
    size_t len = strcspn(text, "/"), most = 8 * (key_bytes - HEAD);
    uint32_t bits = (uint32_t)most;
    if (len >= sizeof address)
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    if (text[len]) {
        char *end;
        unsigned long n = strtoul(text + len + 1, &end, 10);
        if (text[len + 1] < '0' || text[len + 1] > '9' || *end || n > most)
            return false;
        bits = (uint32_t)n;
    }
    memcpy(key, &bits, sizeof bits);
    return inet_pton(family_of(key_bytes), address, key + HEAD) == 1;
}
