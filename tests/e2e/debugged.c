/* SPDX-License-Identifier: MIT */
/*
 * A program for debuggers and profilers to look at: an embedder whose helper is
 * called from a function of a compiled program. debugged ROUNDS [DIR]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/debug.h>
#include <winnow/text.h>
#include <winnow/vm.h>

#define ASK 99

/* Slots:                           0          1             2       3           4          5     6
 */
static const char *const program =
    "r6 = 200\nouter: r1 = r6\ncall f\nr6 -= 1\nif r6 != 0 goto outer\nr0 = 7\nexit\n"
    /* 7         8              9        10        11 */
    "f: r6 = 60\ninner: r1 = r6\ncall 99\nr6 -= 1\nif r6 != 0 goto inner\nexit\n";

uint64_t asked(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, struct wn_run *run);

__attribute__((noinline)) uint64_t asked(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,
                                         uint64_t r5, struct wn_run *run)
{
    (void)run;
    __asm__ volatile("" ::: "memory");
    return r1 + r2 + r3 + r4 + r5;
}

static int run(long rounds, struct wn_error *err)
{
    struct wn_vm_opts opts = {.kind = WN_VM_NO_DATA, .name = "observed"};
    struct wn_slot *slots = NULL;
    struct wn_vm *vm = NULL;
    uint64_t result = 0;
    size_t count;
    int r = wn_assemble(program, strlen(program), NULL, &slots, &count, err);
    if (r == 0)
        r = wn_vm_new(&opts, slots, count, &vm, err);
    if (r == 0)
        r = wn_vm_register_helper(vm, ASK, asked, err);
    if (r == 0)
        r = wn_vm_compile(vm, err);
    for (long i = 0; i < rounds && r == 0; i++)
        r = wn_vm_execute_jit(vm, NULL, &result, err);
    printf("%" PRIu64 "\n", result);
    wn_vm_free(vm);
    free(slots);
    return r;
}

int main(int argc, char **argv)
{
    struct wn_error err;
    if (argc < 2)
        return 2;
    wn_gdb_announce(true);
    int r = argc > 2 ? wn_jitdump_open(argv[2], &err) : 0;
    if (r == 0)
        r = run(atol(argv[1]), &err);
    if (r == 0)
        r = wn_jitdump_close(&err);
    if (r)
        fprintf(stderr, "%s\n", err.text);
    return r != 0;
}
