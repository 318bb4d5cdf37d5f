/* SPDX-License-Identifier: MIT */
/** Programs in the kernel: loaded by libbpf, run by BPF_PROG_TEST_RUN. */
#pragma once

#include "side.h"

struct theirs;

/** Why the kernel cannot be asked here, in words; NULL if it can. */
const char *theirs_missing(void);

/** Load an object; what happens then is about its program `name`. NULL, with words, if refused. */
struct theirs *theirs_open(const char *path, const char *name);

/** Run on a packet. Returns 0 or -errno. */
int theirs_run(struct theirs *t, enum wn_prog_type type, const struct packet *packet,
               struct outcome *out);

/** List what the maps hold. */
void theirs_elements(struct theirs *t, struct elements *out);

void theirs_close(struct theirs *t);
