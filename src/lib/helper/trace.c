/* SPDX-License-Identifier: MIT */
/** Lines that programs tell people. */
#include <errno.h>
#include <string.h>

#include "helper/format.h"
#include "helper/helper.h"

enum { LINE = 1024 }; /* with its end; what is longer is cut (Linux: BPF_TRACE_PRINTK_SIZE) */

/** A line for whoever takes this thread's (wn_run_set_print()); the kernel's result, its length. */
static uint64_t print_line(struct wn_format *f, uint64_t format, uint32_t bytes)
{
    char own[LINE]; /* a program of another thread may change what lies in a map */
    char line[LINE];
    size_t n = bytes < sizeof own ? bytes : sizeof own;
    memcpy(own, (const void *)(uintptr_t)format, n);
    f->text = line;
    f->room = sizeof line - 1;
    bool good = memchr(own, '\0', n) && wn_format_print(f, own);
    f->text = NULL;
    if (!good)
        return (uint64_t)-EINVAL;
    while (f->len && line[f->len - 1] == '\n')
        f->len--;
    line[f->len] = '\0';
    if (f->run->print)
        f->run->print(f->run->print_arg, line);
    return f->whole;
}

HELPER(trace_printk)
{
    struct wn_format f = {.run = run, .args = {r3, r4, r5}, .n_args = 3};
    return print_line(&f, r1, (uint32_t)r2);
}

HELPER(trace_vprintk)
{
    struct wn_format f = {.run = run};
    if (!wn_format_take(&f, r3, (uint32_t)r4))
        return (uint64_t)-EINVAL;
    return print_line(&f, r1, (uint32_t)r2);
}
