/* SPDX-License-Identifier: MIT */
/** In place of theirs.c where there is no libbpf: answers that were recorded are all there is. */
#include <errno.h>

#include "theirs.h"

const char *theirs_missing(void)
{
    return "built without libbpf";
}

struct theirs *theirs_open(const char *path, const char *name)
{
    (void)path, (void)name;
    return NULL;
}

int theirs_run(struct theirs *t, enum wn_prog_type type, const struct packet *packet,
               struct outcome *out)
{
    (void)t, (void)type, (void)packet, (void)out;
    return -ENOSYS;
}

void theirs_elements(struct theirs *t, struct elements *out)
{
    (void)t, (void)out;
}

void theirs_close(struct theirs *t)
{
    (void)t;
}
