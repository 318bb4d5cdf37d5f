/* SPDX-License-Identifier: MIT */
/** Making a program when memory runs out. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winnow/map.h>
#include <winnow/prog.h>

#include "../assembled.h"
#include "../failing.h"

/** A program that makes every part of the library grow something. */
static const char *const program = "r6 = r1\n"
                                   "call 5\n"
                                   "call 7\n"
                                   "r0 = *(u8 *)skb[3]\n"
                                   "call f\n"
                                   "r1 = func(f) ll\n"
                                   "r2 = *(u8 *)(r6 + 1)\n"
                                   "*(u64 *)(r10 - 8) = r2\n"
                                   "lock *(u64 *)(r10 - 8) += r2\n"
                                   "if r2 == 9 goto -2\n"
                                   "r0 /= 3\n"
                                   "exit\n"
                                   "f: r0 = 1\n"
                                   "call f\n"
                                   "exit\n";

/** Maps, helpers that check their arguments, a tail call. */
static const char *const with_maps = "*(u32 *)(r10 - 4) = 1\n"
                                     "r6 = r1\n"
                                     "r1 = map_fd(0) ll\n"
                                     "r2 = r10\n"
                                     "r2 += -4\n"
                                     "call 1\n"
                                     "r7 = map_idx_value(2, 0) ll\n"
                                     "r0 = *(u64 *)(r7 + 0)\n"
                                     "r1 = r6\n"
                                     "r2 = map_fd(1) ll\n"
                                     "r3 = 0\n"
                                     "call 12\n"
                                     "exit\n";

void *__real_mmap64(void *at, size_t bytes, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t bytes, int prot, int flags, int fd, off_t offset);

static bool no_pages;

/* mmap64: what meson makes of mmap with _FILE_OFFSET_BITS=64. */
void *__wrap_mmap64(void *at, size_t bytes, int prot, int flags, int fd, off_t offset)
{
    if (!no_pages)
        return __real_mmap64(at, bytes, prot, flags, fd, offset);
    errno = ENOMEM;
    return MAP_FAILED;
}

static void sweep_of(const char *text, struct wn_prog_opts opts)
{
    const enum wn_engine engine = opts.engine;
    struct wn_slot *slots = NULL;
    size_t n = 0;
    struct wn_error wrong = {0};
    if (wn_assemble(text, strlen(text), NULL, &slots, &n, &wrong))
        fail_msg("line %u: %s", wrong.at, wrong.text);
    long tries = 0;
    do {
        struct wn_prog *prog = NULL;
        struct wn_error err = {0};
        long before = live;
        failures = 0;
        until_failure = tries++;
        int r = wn_prog_new(slots, n, &opts, &prog, &err);
        until_failure = -1;
        if (r == WN_E_NOJIT && failures == 0) {
            free(slots);
            skip();
        }
        if (r) {
            assert_int_equal(r, -ENOMEM);
            assert_int_equal(err.code, -ENOMEM);
            assert_true(err.text[0]);
            assert_null(prog);
        }
        /* Without the compiler's memory the interpreter is a way out, but only for AUTO. */
        assert_true(r || !failures || engine == WN_ENGINE_AUTO);
        wn_prog_free(prog);
        assert_int_equal(live, before);
    } while (failures);
    assert_true(tries > 5);
    free(slots);
}

static struct wn_map *map_of(enum wn_map_type type, uint32_t entries)
{
    struct wn_map_opts of = {.type = type,
                             .key_bytes = 4,
                             .value_bytes = type == WN_MAP_PROG_ARRAY ? 4 : 8,
                             .max_entries = entries};
    struct wn_map *map = NULL;
    assert_int_equal(wn_map_new(&of, &map, NULL), 0);
    return map;
}

static void sweep(enum wn_engine engine)
{
    long before = live;
    struct wn_map *maps[] = {map_of(WN_MAP_HASH, 4), map_of(WN_MAP_PROG_ARRAY, 4),
                             map_of(WN_MAP_ARRAY, 1)};
    sweep_of(program, (struct wn_prog_opts){.engine = engine});
    for (unsigned type = 0; type < WN_PROG_TYPES; type++)
        sweep_of(with_maps,
                 (struct wn_prog_opts){
                     .engine = engine, .type = (enum wn_prog_type)type, .maps = maps, .n_maps = 3});
    for (unsigned i = 0; i < 3; i++)
        wn_map_free(maps[i]); /* of which no program that failed has kept a reference */
    assert_int_equal(live, before);
}

static void reference_gives_all_memory_back(void **state)
{
    (void)state;
    sweep(WN_ENGINE_REFERENCE);
}

static void interp_gives_all_memory_back(void **state)
{
    (void)state;
    sweep(WN_ENGINE_INTERP);
}

static void jit_gives_all_memory_back(void **state)
{
    (void)state;
    sweep(WN_ENGINE_JIT);
}

static void auto_finds_a_way_or_gives_all_memory_back(void **state)
{
    (void)state;
    sweep(WN_ENGINE_AUTO);
}

static void a_run_structure_is_there_or_not(void **state)
{
    (void)state;
    long before = live;
    until_failure = 0;
    assert_null(wn_run_new());
    until_failure = -1;
    no_pages = true;
    assert_null(wn_run_new());
    no_pages = false;
    struct wn_run *run = wn_run_new();
    assert_non_null(run);
    wn_run_free(run);
    wn_run_free(NULL);
    assert_int_equal(live, before);
}

/** As `ulimit -v` does it; sanitizers want terabytes themselves. */
static void a_run_structure_obeys_the_limit_of_address_space(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip();
#else
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit none = {4096, 4096};
        if (setrlimit(RLIMIT_AS, &none))
            _exit(2);
        if (mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
            _exit(3); /* an emulator keeps the limit from its guest */
        _exit(wn_run_new() ? 1 : 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 3)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
#endif
}

static void a_program_is_put_into_an_array_or_not(void **state)
{
    (void)state;
    long before = live, tries = 0;
    struct wn_map *map = map_of(WN_MAP_PROG_ARRAY, 2);
    struct wn_slot slots[] = {{.opcode = 0xb7}, {.opcode = 0x95}};
    struct wn_prog *a = NULL, *b = NULL;
    struct wn_prog_opts opts = {.engine = WN_ENGINE_REFERENCE, .type = WN_PROG_XDP};
    assert_int_equal(wn_prog_new(slots, 2, &opts, &a, NULL), 0);
    assert_int_equal(wn_prog_new(slots, 2, &opts, &b, NULL), 0);
    assert_int_equal(wn_map_set_prog(map, 0, a), 0);
    do {
        failures = 0;
        until_failure = tries++;
        int r = wn_map_set_prog(map, 0, tries % 2 ? b : a);
        until_failure = -1;
        assert_int_equal(r, failures ? -ENOMEM : 0);
    } while (failures);
    wn_prog_free(a);
    wn_prog_free(b);
    wn_map_free(map);
    assert_int_equal(live, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_gives_all_memory_back),
        cmocka_unit_test(interp_gives_all_memory_back),
        cmocka_unit_test(jit_gives_all_memory_back),
        cmocka_unit_test(auto_finds_a_way_or_gives_all_memory_back),
        cmocka_unit_test(a_run_structure_is_there_or_not),
        cmocka_unit_test(a_run_structure_obeys_the_limit_of_address_space),
        cmocka_unit_test(a_program_is_put_into_an_array_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
