/* SPDX-License-Identifier: MIT */
/*
 * Gives a fuzz target each file, then COUNT damaged copies of it, the same ones
 * every time: for formats that random bytes never get into.
 *
 *     damage COUNT FILE...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint64_t state = 1;

/** Below n; xorshift64*. */
static size_t any(size_t n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (size_t)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % n;
}

/** A number that parsers trip over, at any place and of any width. */
static void damage(uint8_t *data, size_t len)
{
    static const uint64_t odd[] = {0,
                                   1,
                                   0x7f,
                                   0xff,
                                   0x7fff,
                                   0xffff,
                                   0x7fffffff,
                                   0xffffffff,
                                   UINT64_C(0x7fffffffffffffff),
                                   UINT64_C(0xfffffffffffffff8)};
    size_t width = (size_t)1 << any(4), at = any(len);
    uint64_t value = any(2) ? odd[any(sizeof odd / sizeof *odd)] : any(256);
    if (any(3) == 0) {
        data[at] ^= (uint8_t)(1u << any(8));
        return;
    }
    if (any(2))
        at &= ~(width - 1);
    for (size_t i = 0; i < width && at + i < len; i++)
        data[at + i] = (uint8_t)(value >> 8 * i);
}

/** Hand over a copy whose memory ends where its bytes end. */
static void give(const uint8_t *data, size_t len, size_t faults)
{
    uint8_t *copy = malloc(len ? len : 1);
    if (!copy)
        abort();
    memcpy(copy, data, len);
    for (size_t i = 0; i < faults && len; i++)
        damage(copy, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static int damage_file(const char *path, long count)
{
    static uint8_t data[1 << 20];
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    size_t len = fread(data, 1, sizeof data, file);
    fclose(file);
    give(data, len, 0);
    for (long i = 0; i < count; i++)
        give(data, len > 16 && any(8) == 0 ? any(len) : len, 1 + any(4));
    return 0;
}

int main(int argc, char **argv)
{
    int failed = argc < 3;
    for (int i = 2; i < argc; i++)
        failed |= damage_file(argv[i], atol(argv[1]));
    if (!failed)
        printf("%d files, each with %s damaged copies\n", argc - 2, argv[1]);
    return failed;
}
