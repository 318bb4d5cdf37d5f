/* SPDX-License-Identifier: MIT */
/** Whether what is proved holds, for libFuzzer: its bytes are the generator's choices. */
#include <stdlib.h>

#include "verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct verify_counts counts;
    if (!verify_one(data, len, 0, &counts))
        abort();
    return 0;
}
