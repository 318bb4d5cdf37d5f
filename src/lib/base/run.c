/* SPDX-License-Identifier: MIT */
#include "base/run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <winnow/helper.h>
#include <winnow/map.h>

#include "base/lock.h"

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

/** Whether the program may use these bytes of its context so. */
static bool context_holds(const struct wn_context *c, uint64_t address, uint64_t bytes, bool write)
{
    uint64_t base = (uint64_t)(uintptr_t)c->bytes;
    const uint8_t wanted = write ? 2 : 1;
    if (!within(address, bytes, base, c->n))
        return false;
    for (uint64_t i = address - base; i < address - base + bytes; i++)
        if (!(c->access[i] & wanted))
            return false;
    return true;
}

/** Memory of programs written for the kernel. */
static bool kernel_holds(const struct wn_run *run, uint64_t address, uint64_t bytes, bool write)
{
    const struct wn_copy *c = &run->copy;
    if ((c->writable || !write) &&
        within(address, bytes, (uint64_t)(uintptr_t)c->base + c->meta, c->end - c->meta))
        return true;
    return context_holds(&run->kernel, address, bytes, write);
}

/** The map found in another one whose handle, or one of whose values, an address is. */
static const struct wn_bound_map *inner_at(const struct wn_run *run, uint64_t address)
{
    const struct wn_bound_map *found = NULL;
    for (uint32_t i = 0; i < run->n_inner && i < WN_INNER_MAPS; i++) {
        const struct wn_bound_map *m = run->inner[i];
        if (address == (uint64_t)(uintptr_t)m || in_region(address, 1, &m->values))
            return m;
    }
    for (uint32_t i = 0; !found && run->n_inner > WN_INNER_MAPS && i < run->n_maps; i++)
        if (run->maps[i].around)
            found = run->maps[i].around(run->maps[i].map, address);
    return found;
}

bool wn_run_holds(const struct wn_run *run, uint64_t address, uint64_t bytes, bool write)
{
    const struct wn_packet *p = run->packet;
    if (within(address, bytes, run->store.base, run->store.room[0]))
        return true;
    if (run->kernel.n) {
        if (kernel_holds(run, address, bytes, write))
            return true;
    } else if (!write && p && within(address, bytes, (uint64_t)(uintptr_t)p->data, p->caplen)) {
        return true;
    }
    for (uint32_t i = 0; !write && i < run->n_repeats; i++)
        if (within(address, bytes, (uint64_t)(uintptr_t)run->repeats[i].at.key,
                   run->repeats[i].key_bytes))
            return true;
    for (uint32_t i = 0; i < run->n_holds; i++)
        if (within(address, bytes, run->holds[i].address, run->holds[i].bytes))
            return true;
    const struct wn_bound_map *inner = run->n_inner ? inner_at(run, address) : NULL;
    if (inner && (write ? inner->values.writable : !inner->values.unreadable) &&
        in_region(address, bytes, &inner->values))
        return true;
    for (uint32_t i = 0; i < run->n_regions; i++) {
        const struct wn_region *r = &run->regions[i];
        if ((write ? r->writable : !r->unreadable) && in_region(address, bytes, r))
            return true;
    }
    return false;
}

uint64_t wn_run_readable(const struct wn_run *run, uint64_t address)
{
    for (uint32_t i = 0; i < run->n_regions; i++) {
        const struct wn_region *r = &run->regions[i];
        if (r->unreadable || !in_region(address, 1, r))
            continue;
        uint64_t at = address - r->start, end = r->bytes;
        if (r->stride && at / r->stride * r->stride + r->first + r->size < end)
            end = at / r->stride * r->stride + r->first + r->size;
        return end - at;
    }
    return 0;
}

bool wn_run_reach(struct wn_run *run, uint64_t address, unsigned size, bool write)
{
    const struct wn_context *c = &run->kernel;
    uint64_t offset = address - (uint64_t)(uintptr_t)c->bytes;
    if (offset < c->n ? c->use(run, (uint32_t)offset, size, write)
                      : wn_run_holds(run, address, size, write))
        return true;
    run->fault_address = address;
    return false;
}

bool wn_run_reach_packet(struct wn_run *run, uint64_t address, unsigned size)
{
    unsigned log2 = (unsigned)__builtin_ctz(size);
    if (address - run->load.base < run->load.room[log2])
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

/** Whether r1 was this when the program started. */
static bool is_context(const struct wn_run *run, uint64_t address)
{
    const void *context = run->kernel.n ? run->kernel.bytes
                          : run->packet ? run->packet->data
                                        : NULL;
    return context && address == (uint64_t)(uintptr_t)context;
}

/** Whether this is where a record begins that has to be given back. */
static bool is_hold(const struct wn_run *run, uint64_t address)
{
    for (uint32_t i = 0; i < run->n_holds; i++)
        if (run->holds[i].address == address)
            return true;
    return false;
}

static struct wn_lock *lock_in(const struct wn_bound_map *m, uint64_t address)
{
    if (!m->locks || !in_region(address, 4, &m->lock_at))
        return NULL;
    return &m->locks[(address - m->lock_at.start) / m->lock_at.stride % m->n_locks];
}

struct wn_lock *wn_run_lock_at(const struct wn_run *run, uint64_t address)
{
    struct wn_lock *lock = NULL;
    for (uint32_t i = 0; !lock && i < run->n_maps; i++)
        lock = lock_in(&run->maps[i], address);
    const struct wn_bound_map *inner = lock || !run->n_inner ? NULL : inner_at(run, address);
    return inner ? lock_in(inner, address) : lock;
}

/** Whether a handle is one of a map. */
static bool is_map(const struct wn_run *run, uint64_t handle)
{
    return handle - WN_MAP_TAG < run->n_maps ||
           (run->n_inner && (uint64_t)(uintptr_t)inner_at(run, handle) == handle && handle);
}

/** Whether argument i of a call may be what it is; `map` is the last map before it. */
static bool argument_holds(const struct wn_run *run, unsigned i, const uint64_t r[5],
                           const struct wn_bound_map **map)
{
    const uint8_t *args = run->call->args;
    switch ((enum wn_arg)args[i]) {
    case WN_ARG_MEM:
    case WN_ARG_MEM_WRITE:
        if (i == 4)
            return false;
        return r[i + 1] ? wn_run_holds(run, r[i], r[i + 1], args[i] == WN_ARG_MEM_WRITE)
                        : args[i + 1] == WN_ARG_SIZE0;
    case WN_ARG_DATA: return i < 4 && (!r[i + 1] || wn_run_holds(run, r[i], r[i + 1], false));
    case WN_ARG_OUT64: return wn_run_holds(run, r[i], 8, true);
    case WN_ARG_STRING: return wn_run_readable(run, r[i]);
    case WN_ARG_MEM_INOUT:
        return i < 4 && (r[i + 1] ? wn_run_holds(run, r[i], r[i + 1], true) &&
                                        wn_run_holds(run, r[i], r[i + 1], false)
                                  : args[i + 1] == WN_ARG_SIZE0);
    case WN_ARG_INOUT32:
        return wn_run_holds(run, r[i], 4, true) && wn_run_holds(run, r[i], 4, false);
    case WN_ARG_CTX: return is_context(run, r[i]);
    case WN_ARG_MAP:
        if (!is_map(run, r[i]))
            return false;
        *map = wn_run_map(run, r[i]);
        return run->call->maps >> (*map)->type & 1;
    case WN_ARG_KEY: return *map && wn_run_holds(run, r[i], (*map)->key_bytes, false);
    case WN_ARG_VALUE: return *map && wn_run_holds(run, r[i], (*map)->value_bytes, false);
    case WN_ARG_VALUE_WRITE:
        return *map &&
               wn_run_holds(run, r[i], (*map)->value_bytes, (*map)->type != WN_MAP_BLOOM_FILTER);
    case WN_ARG_RECORD: return is_hold(run, r[i]);
    case WN_ARG_LOCK: return wn_run_lock_at(run, r[i]);
    case WN_ARG_NONE:
    case WN_ARG_SCALAR:
    case WN_ARG_ANY:
    case WN_ARG_RECORD_SIZE:
    case WN_ARG_SIZE:
    case WN_ARG_SIZE0:
    case WN_ARG_FUNC: /* calling what is none ends the run */
    case WN_ARG_FUNC_DATA:
    case WN_ARGS: break;
    }
    return true;
}

uint64_t wn_call_checked(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                         struct wn_run *run)
{
    const uint64_t r[] = {r1, r2, r3, r4, r5};
    const struct wn_bound_map *map = NULL;
    if (run->lock && run->call->args[0] != WN_ARG_LOCK) { /* others might wait for each other */
        wn_run_end(run, WN_FAULT_HELPER);
        return 0;
    }
    for (unsigned i = 0; i < 5; i++)
        if (!argument_holds(run, i, r, &map)) {
            wn_run_end_memory(run, r[i]);
            return 0;
        }
    return run->call->checked(r1, r2, r3, r4, r5, run);
}

#define LOW_END (UINT64_C(1) << 32)

/** Pages below 4 GiB; NULL if there are none left. They cost nothing until they are used. */
static uint8_t *map_low(size_t bytes)
{
    const uint64_t first = 16 << 20, step = 1 << 20;
    for (uint64_t at = first; at < LOW_END - bytes; at += step) {
        void *want = (void *)(uintptr_t)at;
        void *got = mmap(want, bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if (got == want)
            return got;
        if (got != MAP_FAILED) /* a kernel before 4.17 takes the address for a wish */
            munmap(got, bytes);
    }
    return NULL;
}

struct wn_run *wn_run_new(void)
{
    struct wn_run *run = aligned_alloc(_Alignof(struct wn_run), sizeof *run);
    uint8_t *low = run ? map_low(WN_COPY_BYTES) : NULL;
    if (!low) {
        free(run);
        return NULL;
    }
    memset(run, 0, sizeof *run);
    run->copy.own = run->copy.base = low;
    run->random = UINT64_C(0x9e3779b97f4a7c15);
    wn_window_set(&run->store, (uint64_t)(uintptr_t)run->stack, WN_STACK_BYTES);
    return run;
}

void wn_run_free(struct wn_run *run)
{
    if (run)
        munmap(run->copy.own, WN_COPY_BYTES);
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
