/* SPDX-License-Identifier: MIT */
#include "engines.h"

#include <stdio.h>
#include <stdlib.h>

#include "opt/lower.h"
#include "prog/prog.h"

const char *const engine_names[ENGINES] = {"reference", "interp", "jit", "jit, baseline"};

/** Compile a program of the reference interpreter, which has kept the decoded form. */
static int compile_for_baseline(struct wn_prog *prog, struct wn_error *err)
{
    struct wn_code *lowered = NULL;
    int r = wn_lower(prog->decoded, &lowered, err);
    if (r == 0)
        r = wn_jit_compile_for(lowered, 0, &prog->jit, err);
    if (r == 0)
        prog->info.engine = WN_ENGINE_JIT;
    wn_code_free(lowered);
    return r;
}

static int make(enum engine which, const struct wn_slot *slots, size_t n, struct wn_prog **out,
                struct wn_error *err)
{
    static const enum wn_engine engines[] = {WN_ENGINE_REFERENCE, WN_ENGINE_INTERP, WN_ENGINE_JIT,
                                             WN_ENGINE_REFERENCE};
    /* They write what r1 points to, which filters may not; that they may is said when they run. */
    const struct wn_prog_opts opts = {.engine = engines[which], .verify = WN_VERIFY_NONE};
    const struct wn_prog_env env = {0};
    struct wn_prog *prog = NULL;
    int r = wn_prog_make(slots, n, &opts, &env, &prog, err);
    if (r == 0 && which == ENGINE_BASELINE)
        r = compile_for_baseline(prog, err);
    if (r) {
        wn_prog_free(prog);
        return r;
    }
    *out = prog;
    return 0;
}

void engines_load(struct engines *e, const struct wn_slot *slots, size_t n)
{
    struct wn_error err = {0};
    *e = (struct engines){.run = wn_run_new()};
    for (enum engine which = 0; which < ENGINES; which++) {
        int r = make(which, slots, n, &e->progs[which], &err);
        if (!e->run || (r && r != WN_E_NOJIT)) {
            printf("Bail out! %s refuses: %s (slot %u)\n", engine_names[which], err.text, err.at);
            exit(1);
        }
    }
}

struct wn_result engines_run(struct engines *e, enum engine which,
                             const struct engine_memory *memory)
{
    const struct wn_packet packet = {.data = memory->data,
                                     .caplen = (uint32_t)memory->bytes,
                                     .wirelen = (uint32_t)memory->bytes};
    const struct wn_region regions[] = {
        {(uintptr_t)memory->data, memory->bytes, true},
        {(uintptr_t)memory->rest, memory->rest_bytes, true},
    };
    const struct wn_start start = {.packet = &packet,
                                   .args = {(uintptr_t)memory->data, memory->bytes},
                                   .regions = regions,
                                   .n_regions = 2,
                                   .fuel = WN_FUEL};
    return wn_prog_start(e->progs[which], e->run, &start);
}

void engines_fini(struct engines *e)
{
    for (enum engine which = 0; which < ENGINES; which++)
        wn_prog_free(e->progs[which]);
    wn_run_free(e->run);
}
