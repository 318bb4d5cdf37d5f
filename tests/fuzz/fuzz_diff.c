/* SPDX-License-Identifier: MIT */
/** The differential test for libFuzzer: its bytes are the generator's choices. */
#include <stdlib.h>

#include "diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct diff_counts counts = {0};
    if (!diff_one(data, len, 0, &counts))
        abort();
    return 0;
}
