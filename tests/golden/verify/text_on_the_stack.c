/* SPDX-License-Identifier: MIT */
/* A packet's bytes compared with a word that is put together on the stack. */
#include "programs.h"

SEC("filter")
unsigned text_on_the_stack(const __u8 *data, unsigned long caplen)
{
    volatile char kept[4];
    kept[0] = 'G', kept[1] = 'E', kept[2] = 'T', kept[3] = 0;
    if (caplen < 60)
        return 0;
    return bpf_strncmp((const char *)data + 54, 3, (const char *)kept) == 0;
}
