/* SPDX-License-Identifier: MIT */
/*
 * A machine whose programs get metadata beside the data and call a helper of ours, interpreted and
 * compiled; and what happens to one that misbehaves.
 *
 *     cc machine.c $(pkg-config --cflags --libs winnow) -o machine
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/text.h>
#include <winnow/vm.h>

enum { HELPER_WEIGHT = 100 };

/* What programs see behind r1; the machine writes both addresses before each run. */
struct meta {
    uint64_t data;
    uint64_t data_end;
    uint32_t port;
};

/* Helpers get r1 to r5; their context is the embedder's. */
static uint64_t weigh(uint64_t port, uint64_t length, uint64_t c, uint64_t d, uint64_t e,
                      struct wn_run *run)
{
    const uint64_t *weight = wn_vm_context(run);
    (void)c, (void)d, (void)e;
    return port == 443 ? length * *weight : length;
}

static const char good[] = "r6 = *(u64 *)(r1 + 0)   ; data\n"
                           "r2 = *(u64 *)(r1 + 8)\n"
                           "r2 -= r6                ; its length\n"
                           "r1 = *(u32 *)(r1 + 16)  ; port\n"
                           "call 100\n"
                           "*(u8 *)(r6 + 0) = r0    ; data may be written\n"
                           "exit\n";
static const char bad[] = "r1 = *(u64 *)(r1 + 8)\n"
                          "r0 = *(u8 *)(r1 + 0)    ; one byte behind the data\n"
                          "exit\n";

static int load(struct wn_vm *vm, const char *text, struct wn_error *err)
{
    struct wn_slot *slots = NULL;
    size_t count = 0;
    int r = wn_assemble(text, strlen(text), NULL, &slots, &count, err);
    if (r == 0)
        r = wn_vm_set_program(vm, slots, count, err);
    free(slots);
    return r;
}

/* Run the program as it is, then compiled. A processor without a compiler is no failure. */
static int run(struct wn_vm *vm, uint32_t port)
{
    uint8_t data[] = {0, 1, 2, 3};
    struct meta meta = {.port = port};
    struct wn_vm_input in = {
        .data = data, .data_bytes = sizeof data, .meta = &meta, .meta_bytes = sizeof meta};
    struct wn_error err;
    uint64_t result = 0;

    int r = wn_vm_execute(vm, &in, &result, &err);
    if (r == 0)
        printf("interpreted: %" PRIu64 ", data[0] is %u\n", result, data[0]);
    else
        printf("interpreted: %s (slot %u, %s)\n", err.text, err.at, wn_fault_name(wn_vm_fault(vm)));
    int c = wn_vm_compile(vm, &err);
    if (c == 0)
        c = wn_vm_execute_jit(vm, &in, &result, &err);
    if (c == WN_E_NOJIT)
        printf("not compiled: %s\n", err.text);
    else
        printf("compiled: %s\n", c == r ? "the same" : err.text);
    return r;
}

int main(void)
{
    uint64_t weight = 3;
    struct wn_vm_opts opts = {
        .kind = WN_VM_META,
        .data_at = offsetof(struct meta, data),
        .data_end_at = offsetof(struct meta, data_end),
        .context = &weight,
    };
    struct wn_vm *vm = NULL;
    struct wn_error err;

    if (wn_vm_new(&opts, NULL, 0, &vm, &err) ||
        wn_vm_register_helper(vm, HELPER_WEIGHT, weigh, &err) || load(vm, good, &err)) {
        fprintf(stderr, "%s\n", err.text);
        wn_vm_free(vm);
        return 1;
    }
    int failed = run(vm, 443);
    if (load(vm, "call nowhere", &err))
        printf("line %u, column %u: %s\n", err.at, err.column, err.text);
    if (load(vm, "r11 = 1", &err))
        printf("line %u, column %u: %s\n", err.at, err.column, err.text);
    if (!failed && load(vm, bad, &err) == 0 && run(vm, 443) != WN_E_FAULT)
        failed = 1;
    wn_vm_free(vm);
    return failed ? 1 : 0;
}
