/* SPDX-License-Identifier: MIT */
#include "base/run.h"

#include <stdlib.h>
#include <string.h>

#include <winnow/helper.h>

/** Whether [at, at + size) lies in [start, start + bytes); the lengths are compared, never sums. */
static bool within(uint64_t at, uint64_t size, uint64_t start, uint64_t bytes)
{
    return size <= bytes && at - start <= bytes - size;
}

/** Whether [at, at + size) is memory of a region, in one slot if it has slots. */
static bool in_region(uint64_t at, uint64_t size, const struct wn_region *r)
{
    if (!within(at, size, r->start, r->bytes))
        return false;
    return !r->stride || within((at - r->start) % r->stride, size, r->first, r->size);
}

bool wn_run_holds(const struct wn_run *run, uint64_t address, uint64_t bytes, bool write)
{
    const struct wn_packet *p = run->packet;
    if (within(address, bytes, run->store.base, run->store.room[0]))
        return true;
    if (!write && p && within(address, bytes, (uint64_t)(uintptr_t)p->data, p->caplen))
        return true;
    for (uint32_t i = 0; i < run->n_regions; i++) {
        const struct wn_region *r = &run->regions[i];
        if ((write ? r->writable : !r->unreadable) && in_region(address, bytes, r))
            return true;
    }
    return false;
}

bool wn_run_reach(struct wn_run *run, uint64_t address, unsigned size, bool write)
{
    if (wn_run_holds(run, address, size, write))
        return true;
    run->fault_address = address;
    return false;
}

bool wn_run_reach_atomic(struct wn_run *run, uint64_t address, unsigned size)
{
    if (address & (size - 1)) {
        run->fault_address = address;
        return false;
    }
    return wn_run_reach(run, address, size, true);
}

uint64_t wn_call_checked(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                         struct wn_run *run)
{
    const struct wn_call *call = run->call;
    const uint64_t r[] = {r1, r2, r3, r4, r5};
    for (unsigned i = 0; i < 4; i++) {
        bool write = call->args[i] == WN_ARG_MEM_WRITE;
        if (!write && call->args[i] != WN_ARG_MEM)
            continue;
        uint64_t size = r[i + 1];
        if (size ? wn_run_holds(run, r[i], size, write) : call->args[i + 1] == WN_ARG_SIZE0)
            continue;
        wn_run_end_memory(run, r[i]);
        return 0;
    }
    return call->checked(r1, r2, r3, r4, r5, run);
}

struct wn_run *wn_run_new(void)
{
    struct wn_run *run = aligned_alloc(_Alignof(struct wn_run), sizeof *run);
    if (!run)
        return NULL;
    memset(run, 0, sizeof *run);
    run->random = UINT64_C(0x9e3779b97f4a7c15);
    wn_window_set(&run->store, (uint64_t)(uintptr_t)run->stack, WN_STACK_BYTES);
    return run;
}

void wn_run_free(struct wn_run *run)
{
    free(run);
}

uint64_t wn_run_fault_address(const struct wn_run *run)
{
    return run->fault_address;
}

const char *wn_fault_name(enum wn_fault fault)
{
    switch (fault) {
    case WN_FAULT_NONE: return "none";
    case WN_FAULT_MEMORY: return "memory";
    case WN_FAULT_FUEL: return "fuel";
    case WN_FAULT_STACK: return "stack";
    case WN_FAULT_CALL: return "call";
    case WN_FAULT_DIVIDE: return "divide";
    case WN_FAULT_HELPER: return "helper";
    case WN_FAULTS: break;
    }
    return "unknown";
}
