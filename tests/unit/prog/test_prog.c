/* SPDX-License-Identifier: MIT */
#include <winnow/prog.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "isa/decode.h"

/** Each engine twice, as what it runs is verified or not. */
static const enum wn_engine engines[] = {WN_ENGINE_REFERENCE, WN_ENGINE_REFERENCE, WN_ENGINE_INTERP,
                                         WN_ENGINE_INTERP,    WN_ENGINE_AUTO,      WN_ENGINE_AUTO};
static enum wn_verify way; /* of what is made */

static bool choose_way(size_t engine)
{
    way = engine % 2 ? WN_VERIFY_NONE : WN_VERIFY_GUARD;
    return engine < sizeof engines / sizeof *engines;
}

#define EACH_ENGINE(e) (size_t e = 0; choose_way(e); e++)

static struct wn_prog *made(const struct wn_slot *p, size_t n, enum wn_engine engine, uint64_t fuel)
{
    struct wn_prog_opts opts = {.engine = engine, .verify = way, .fuel = fuel};
    struct wn_prog *prog = NULL;
    struct wn_error err = {0};
    if (wn_prog_new(p, n, &opts, &prog, &err))
        fail_msg("slot %u: %s", err.at, err.text);
    return prog;
}

static struct wn_result ran(const struct wn_slot *p, size_t n, enum wn_engine engine, uint64_t fuel,
                            const char *packet)
{
    struct wn_packet pkt = {.data = (const uint8_t *)packet,
                            .caplen = (uint32_t)strlen(packet),
                            .wirelen = (uint32_t)strlen(packet) + 100};
    struct wn_prog *prog = made(p, n, engine, fuel);
    struct wn_run *run = wn_run_new();
    assert_non_null(run);
    struct wn_result r = wn_prog_run(prog, run, &pkt);
    wn_run_free(run);
    wn_prog_free(prog);
    return r;
}

#define RAN(p, ...) ran(p, sizeof(p) / sizeof *(p), __VA_ARGS__)

static void arguments_are_data_caplen_and_wirelen(void **state)
{
    (void)state;
    struct wn_slot p[] = {
        wn_encode(WN_OP_LDX_B, 0, 1, 1, 0),    wn_encode(WN_OP_LSH64_K, 2, 0, 0, 8),
        wn_encode(WN_OP_LSH64_K, 3, 0, 0, 16), wn_encode(WN_OP_OR64_X, 0, 2, 0, 0),
        wn_encode(WN_OP_OR64_X, 0, 3, 0, 0),   wn_encode(WN_OP_OR64_X, 0, 4, 0, 0),
        wn_encode(WN_OP_EXIT, 0, 0, 0, 0),
    };
    for
        EACH_ENGINE(e)
        {
            /* There is no fourth one: it is 0 where it is not refused. */
            p[5] = wn_encode(WN_OP_OR64_X, 0, way == WN_VERIFY_NONE ? 4 : 3, 0, 0);
            struct wn_result r = RAN(p, engines[e], 0, "a.c");
            assert_int_equal(r.fault, WN_FAULT_NONE);
            assert_int_equal(r.value, '.' | 3 << 8 | 103 << 16);
        }
}

static void an_access_beyond_the_packet_faults_where_it_is(void **state)
{
    (void)state;
    struct wn_slot p[] = {
        wn_encode(WN_OP_LDX_H, 0, 1, 2, 0),
        wn_encode(WN_OP_LDX_W, 0, 1, 0, 0),
        wn_encode(WN_OP_EXIT, 0, 0, 0, 0),
    };
    for
        EACH_ENGINE(e)
        {
            assert_int_equal(RAN(p, engines[e], 0, "abcd").fault, WN_FAULT_NONE);
            struct wn_result r = RAN(p, engines[e], 0, "abc");
            assert_int_equal(r.fault, WN_FAULT_MEMORY);
            assert_int_equal(r.slot, 0);
            assert_int_equal(r.value, 0);
        }
}

static void a_loop_runs_as_long_as_its_fuel(void **state)
{
    (void)state;
    struct wn_slot p[] = {
        wn_encode(WN_OP_MOV64_K, 0, 0, 0, 0),
        wn_encode(WN_OP_ADD64_K, 0, 0, 0, 1),
        wn_encode(WN_OP_JLT64_K, 0, 0, -2, 10),
        wn_encode(WN_OP_EXIT, 0, 0, 0, 0),
    };
    /* As often as the packet is long, which has no bound that is small enough. */
    struct wn_slot endless[] = {
        wn_encode(WN_OP_MOV64_K, 0, 0, 0, 0),
        wn_encode(WN_OP_ADD64_K, 0, 0, 0, 1),
        wn_encode(WN_OP_JLT64_X, 0, 2, -2, 0),
        wn_encode(WN_OP_EXIT, 0, 0, 0, 0),
    };
    for
        EACH_ENGINE(e)
        {
            assert_int_equal(RAN(p, engines[e], 18, "").value, 10);
            struct wn_result r = RAN(p, engines[e], 17, "");
            bool bounded = way == WN_VERIFY_GUARD;
            assert_int_equal(r.fault, bounded ? WN_FAULT_NONE : WN_FAULT_FUEL);
            assert_int_equal(r.slot, bounded ? 0 : 2);
            assert_int_equal(r.value, bounded ? 10 : 0);
            assert_int_equal(RAN(endless, engines[e], 8, "12345").value, 5);
            r = RAN(endless, engines[e], 7, "12345");
            assert_int_equal(r.fault, WN_FAULT_FUEL);
            assert_int_equal(r.slot, 2);
        }
}

static void calls_nest_eight_deep(void **state)
{
    (void)state;
    struct wn_slot p[] = {
        wn_encode(WN_OP_MOV64_K, 1, 0, 0, 8),     wn_encode(WN_OP_CALL_LOCAL, 0, 0, 0, 1),
        wn_encode(WN_OP_EXIT, 0, 0, 0, 0),        wn_encode(WN_OP_SUB64_K, 1, 0, 0, 1),
        wn_encode(WN_OP_MOV64_K, 0, 0, 0, 0),     wn_encode(WN_OP_JEQ64_K, 1, 0, 1, 0),
        wn_encode(WN_OP_CALL_LOCAL, 0, 0, 0, -4), wn_encode(WN_OP_ADD64_K, 0, 0, 0, 1),
        wn_encode(WN_OP_EXIT, 0, 0, 0, 0),
    };
    for
        EACH_ENGINE(e)
        {
            struct wn_result r = RAN(p, engines[e], 0, "");
            assert_int_equal(r.fault, WN_FAULT_STACK);
            assert_int_equal(r.slot, 6);
            p[0].imm = 7;
            assert_int_equal(RAN(p, engines[e], 0, "").value, 7);
            p[0].imm = 8;
        }
}

static void info_counts(void **state)
{
    (void)state;
    struct wn_slot p[] = {
        wn_encode(WN_OP_LDX_B, 0, 1, 0, 0),
        wn_encode(WN_OP_STX_B, 10, 0, -9, 0),
        wn_encode(WN_OP_EXIT, 0, 0, 0, 0),
    };
    struct wn_prog_info info;
    for (int i = 0; i < 2; i++) {
        way = i ? WN_VERIFY_NONE : WN_VERIFY_GUARD;
        struct wn_prog *prog = made(p, 3, WN_ENGINE_INTERP, 0);
        wn_prog_info(prog, &info);
        assert_int_equal(info.engine, WN_ENGINE_INTERP);
        assert_int_equal(info.slots, 3);
        assert_int_equal(info.functions, 1);
        assert_int_equal(info.accesses, 2);
        assert_int_equal(info.guarded, 1);
        assert_int_equal(info.ops, 4);
        assert_int_equal(info.stack_bytes, 9);
        assert_int_equal(info.stack_cleared, i ? 9 : 0);
        wn_prog_free(prog);
    }
}

static void refused(const struct wn_slot *p, size_t n, uint32_t max, int code, uint32_t at)
{
    struct wn_prog_opts opts = {.max_slots = max};
    struct wn_prog *prog = NULL;
    struct wn_error err = {0};
    assert_int_equal(wn_prog_new(p, n, &opts, &prog, &err), code);
    assert_int_equal(err.code, code);
    assert_int_equal(err.at, at);
    assert_true(err.text[0]);
    assert_null(prog);
}

static void what_cannot_run_is_refused(void **state)
{
    (void)state;
    struct wn_slot p[] = {
        wn_encode(WN_OP_MOV64_K, 0, 0, 0, 1),
        wn_encode(WN_OP_CALL, 0, 0, 0, 4711),
        wn_encode(WN_OP_EXIT, 0, 0, 0, 0),
    };
    refused(p, 3, 0, WN_E_UNSUPPORTED, 1);
    refused(p, 3, 2, WN_E_LIMIT, WN_NOWHERE);
    refused(p, 2, 0, WN_E_MALFORMED, 1);
    refused(p, 0, 0, WN_E_MALFORMED, WN_NOWHERE);
    p[1].imm = 5;
    wn_prog_free(made(p, 3, WN_ENGINE_AUTO, 0));
}

static void nothing_of_an_earlier_run_is_left(void **state)
{
    (void)state;
    struct wn_slot writer[] = {
        wn_encode(WN_OP_ST_DW, 10, 0, -8, -1),
        wn_encode(WN_OP_ST_DW, 10, 0, -400, -1),
        wn_encode(WN_OP_MOV64_K, 0, 0, 0, 0),
        wn_encode(WN_OP_EXIT, 0, 0, 0, 0),
    };
    struct wn_slot reader[] = {
        wn_encode(WN_OP_LDX_DW, 0, 10, -8, 0),
        wn_encode(WN_OP_EXIT, 0, 0, 0, 0),
    };
    /* Through a copy of r10 the whole frame is within reach; through r10 what is named. */
    struct wn_slot prowler[] = {
        wn_encode(WN_OP_MOV64_X, 1, 10, 0, 0),
        wn_encode(WN_OP_LDX_DW, 0, 1, -400, 0),
        wn_encode(WN_OP_EXIT, 0, 0, 0, 0),
    };
    struct wn_packet pkt = {.data = (const uint8_t *)""};
    struct wn_run *run = wn_run_new();
    assert_non_null(run);
    for
        EACH_ENGINE(e)
        {
            struct wn_prog *w = made(writer, 4, engines[e], 0), *r = made(reader, 2, engines[e], 0),
                           *p = made(prowler, 3, engines[e], 0);
            for (int i = 0; i < 2; i++) {
                assert_int_equal(wn_prog_run(w, run, &pkt).fault, WN_FAULT_NONE);
                assert_true(wn_prog_run(r, run, &pkt).value == 0);
                assert_true(wn_prog_run(p, run, &pkt).value == 0);
                assert_int_equal(wn_prog_run(p, run, &pkt).fault, WN_FAULT_NONE);
            }
            wn_prog_free(w);
            wn_prog_free(r);
            wn_prog_free(p);
        }
    wn_run_free(run);
}

static void a_run_goes_on_after_every_fault(void **state)
{
    (void)state;
    struct wn_slot bad[] = {
        wn_encode(WN_OP_LDX_B, 0, 1, 3, 0),
        wn_encode(WN_OP_EXIT, 0, 0, 0, 0),
    };
    struct wn_slot endless[] = {
        wn_encode(WN_OP_JA, 0, 0, -1, 0),
    };
    struct wn_slot good[] = {
        wn_encode(WN_OP_MOV64_K, 0, 0, 0, 0),
        wn_encode(WN_OP_ADD64_K, 0, 0, 0, 1),
        wn_encode(WN_OP_JLT64_K, 0, 0, -2, 100),
        wn_encode(WN_OP_EXIT, 0, 0, 0, 0),
    };
    struct wn_packet pkt = {.data = (const uint8_t *)"abc", .caplen = 3};
    struct wn_run *run = wn_run_new();
    assert_non_null(run);
    for
        EACH_ENGINE(e)
        {
            struct wn_prog *b = made(bad, 2, engines[e], 0), *l = made(endless, 1, engines[e], 0),
                           *g = made(good, 4, engines[e], 0);
            for (int i = 0; i < 3; i++) {
                assert_int_equal(wn_prog_run(b, run, &pkt).fault, WN_FAULT_MEMORY);
                assert_int_equal(wn_run_fault_address(run), (uintptr_t)(pkt.data + 3));
                assert_int_equal(wn_prog_run(g, run, &pkt).value, 100);
                assert_int_equal(wn_prog_run(l, run, &pkt).fault, WN_FAULT_FUEL);
                assert_int_equal(wn_prog_run(g, run, &pkt).value, 100);
            }
            wn_prog_free(b);
            wn_prog_free(l);
            wn_prog_free(g);
        }
    wn_run_free(run);
}

struct shared {
    const struct wn_prog *prog;
    uint8_t first;
    bool right;
};

/** Runs the program that all threads share, on a packet of its own. */
static void *run_often(void *arg)
{
    struct shared *s = arg;
    uint8_t bytes[] = {s->first, 1, 2, 3};
    struct wn_packet pkt = {.data = bytes, .caplen = 4};
    struct wn_run *run = wn_run_new();
    s->right = run != NULL;
    for (int i = 0; s->right && i < 2000; i++)
        s->right = wn_prog_run(s->prog, run, &pkt).value == s->first * 3u;
    wn_run_free(run);
    return NULL;
}

static void threads_share_a_program(void **state)
{
    (void)state;
    struct wn_slot p[] = {
        wn_encode(WN_OP_LDX_B, 2, 1, 0, 0),    wn_encode(WN_OP_STX_DW, 10, 2, -8, 0),
        wn_encode(WN_OP_LDX_DW, 1, 10, -8, 0), wn_encode(WN_OP_CALL_LOCAL, 0, 0, 0, 1),
        wn_encode(WN_OP_EXIT, 0, 0, 0, 0),     wn_encode(WN_OP_MOV64_X, 0, 1, 0, 0),
        wn_encode(WN_OP_MUL64_K, 0, 0, 0, 3),  wn_encode(WN_OP_EXIT, 0, 0, 0, 0),
    };
    for
        EACH_ENGINE(e)
        {
            struct wn_prog *prog = made(p, sizeof p / sizeof *p, engines[e], 0);
            struct shared s[4];
            pthread_t t[4];
            for (unsigned i = 0; i < 4; i++) {
                s[i] = (struct shared){prog, (uint8_t)(50 + i), false};
                assert_int_equal(pthread_create(&t[i], NULL, run_often, &s[i]), 0);
            }
            for (unsigned i = 0; i < 4; i++) {
                assert_int_equal(pthread_join(t[i], NULL), 0);
                assert_true(s[i].right);
            }
            wn_prog_free(prog);
        }
}

static void who_asks_for_machine_code_gets_it_or_an_error(void **state)
{
    (void)state;
    struct wn_slot p[] = {wn_encode(WN_OP_MOV64_K, 0, 0, 0, 0), wn_encode(WN_OP_EXIT, 0, 0, 0, 0)};
    struct wn_prog_opts opts = {.engine = WN_ENGINE_JIT};
    struct wn_prog *prog = NULL;
    struct wn_error err = {0};
    struct wn_prog_info info;
    int r = wn_prog_new(p, 2, &opts, &prog, &err);
    if (r) {
        assert_int_equal(r, WN_E_NOJIT);
        assert_true(err.text[0]);
    } else {
        wn_prog_info(prog, &info);
        assert_int_equal(info.engine, WN_ENGINE_JIT);
        assert_non_null(info.code);
        assert_true(info.code_bytes > 0);
    }
    wn_prog_free(prog);
    /* AUTO says why it is not the compiler. */
    prog = made(p, 2, WN_ENGINE_AUTO, 0);
    wn_prog_info(prog, &info);
    assert_int_equal(info.engine, r ? WN_ENGINE_INTERP : WN_ENGINE_JIT);
    assert_int_equal(info.no_jit.code, r);
    wn_prog_free(prog);
}

static void a_batch_gives_what_single_runs_give(void **state)
{
    (void)state;
    enum { N = 40 };
    /* A loop as long as the first byte says: some run out of fuel; empty packets fault. */
    struct wn_slot p[] = {
        wn_encode(WN_OP_LDX_B, 3, 1, 0, 0),     wn_encode(WN_OP_STX_B, 10, 3, -1, 0),
        wn_encode(WN_OP_LDX_B, 0, 10, -2, 0),   wn_encode(WN_OP_STX_B, 10, 3, -2, 0),
        wn_encode(WN_OP_ADD64_K, 0, 0, 0, 2),   wn_encode(WN_OP_SUB64_K, 3, 0, 0, 1),
        wn_encode(WN_OP_JSGT64_K, 3, 0, -3, 0), wn_encode(WN_OP_EXIT, 0, 0, 0, 0),
    };
    uint8_t bytes[N];
    struct wn_packet pkts[N];
    struct wn_result results[N];
    for (unsigned i = 0; i < N; i++) {
        bytes[i] = (uint8_t)i;
        pkts[i] = (struct wn_packet){.data = &bytes[i], .caplen = i % 5 != 0, .wirelen = 1};
    }
    for
        EACH_ENGINE(e)
        {
            struct wn_prog *prog = made(p, sizeof p / sizeof *p, engines[e], 60);
            struct wn_run *run = wn_run_new();
            unsigned faults[WN_FAULTS] = {0};
            memset(results, 0xaa, sizeof results);
            wn_prog_run_batch(prog, run, pkts, 0, results);
            assert_int_equal(results[0].slot, 0xaaaaaaaa);
            wn_prog_run_batch(prog, run, pkts, N, results);
            for (unsigned i = 0; i < N; i++) {
                struct wn_result one = wn_prog_run(prog, run, &pkts[i]);
                assert_int_equal(results[i].value, one.value);
                assert_int_equal(results[i].fault, one.fault);
                assert_int_equal(results[i].slot, one.slot);
                faults[one.fault]++;
            }
            assert_true(faults[WN_FAULT_NONE] && faults[WN_FAULT_MEMORY]);
            /* A byte is bound enough where somebody looks for one. */
            assert_int_equal(faults[WN_FAULT_FUEL] != 0, way == WN_VERIFY_NONE);
            wn_run_free(run);
            wn_prog_free(prog);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_data_caplen_and_wirelen),
        cmocka_unit_test(an_access_beyond_the_packet_faults_where_it_is),
        cmocka_unit_test(a_loop_runs_as_long_as_its_fuel),
        cmocka_unit_test(calls_nest_eight_deep),
        cmocka_unit_test(info_counts),
        cmocka_unit_test(what_cannot_run_is_refused),
        cmocka_unit_test(nothing_of_an_earlier_run_is_left),
        cmocka_unit_test(a_run_goes_on_after_every_fault),
        cmocka_unit_test(a_batch_gives_what_single_runs_give),
        cmocka_unit_test(threads_share_a_program),
        cmocka_unit_test(who_asks_for_machine_code_gets_it_or_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
