/* SPDX-License-Identifier: MIT */
/* A line with more conversions than values. */
#include "programs.h"

static const char line[] = "%d of %d";

SEC("filter")
unsigned text_format(const __u8 *data, unsigned long caplen)
{
    char text[32];
    __u64 values[1] = {caplen};
    return bpf_snprintf(text, sizeof text, line, values, sizeof values) > 6;
}
