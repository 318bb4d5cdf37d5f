/* SPDX-License-Identifier: MIT */
#include "jit/jit.h"

#include <errno.h>
#include <stdlib.h>

#include "base/own.h"
#include "jit/backend.h"
#include "jit/gdb.h"
#include "jit/jitdump.h"
#include "jit/live.h"
#include "jit/pages.h"

/* The one place that knows which machine this is. */
#if defined(__x86_64__)
static const struct wn_backend *const this_machine = &wn_backend_x86;

uint32_t wn_jit_features(void)
{
    return __builtin_cpu_supports("bmi2") ? WN_X86_BMI2 : 0;
}
#elif defined(__aarch64__)
#include <sys/auxv.h>

static const struct wn_backend *const this_machine = &wn_backend_a64;

uint32_t wn_jit_features(void)
{
    const unsigned long atomics = 1ul << 8; /* HWCAP_ATOMICS of the kernel's asm/hwcap.h */
    return getauxval(AT_HWCAP) & atomics ? WN_A64_LSE : 0;
}
#else
static const struct wn_backend *const this_machine = NULL;

uint32_t wn_jit_features(void)
{
    return 0;
}
#endif

/* Machine code of an operation, usually, and of what stands around the shortest program. */
#define USUAL_BYTES 8u
#define SMALL_CODE  1024u

/* What calls read by name. That a callee may read r6 to r9 too does not give them a home. */
#define ARGUMENTS (31u << WN_R1)

static void survey_call(struct wn_shape *s, const struct wn_op *op)
{
    if (op->id == WN_OP_CALL_LOCAL) {
        s->locals = true;
        s->main_called |= op->target == 0;
    } else {
        s->helpers = true;
    }
}

/** Operations beyond arithmetic, memory and jumps; whether they may have something out of line. */
static bool survey_special(struct wn_shape *s, const struct wn_op *op)
{
    switch (wn_op_kind(op)) {
    case WN_KIND_CALL: survey_call(s, op); return op->id == WN_OP_CALL_LOCAL;
    case WN_KIND_GUARD:
        if (op->id == WN_OP_GUARD_ANY)
            s->windows |= 1u << wn_gen_window(op);
        s->guards = true;
        return true;
    case WN_KIND_FUEL: s->fuel = true; return true;
    case WN_KIND_CHECK:
        if (op->id == WN_OP_CHECK)
            s->faults |= 1u << op->imm;
        else
            s->ends = true;
        return true;
    case WN_KIND_PACKET: s->packet = true; return false;
    default: return false;
    }
}

/** Look at every operation once, for all that comes; fills `touch` and the list in `stub`. */
static void survey(struct wn_gen *g, struct wn_touch *touch)
{
    const struct wn_code *code = g->code;
    const uint32_t special = 1u << WN_KIND_CALL | 1u << WN_KIND_GUARD | 1u << WN_KIND_FUEL |
                             1u << WN_KIND_CHECK | 1u << WN_KIND_PACKET;
    struct wn_shape *s = &g->shape;
    uint32_t read = 0;
    bool cpu = false;
    g->last_stub = WN_NO_STUB;
    for (uint32_t i = 0; i < code->n_ops; i++) {
        const struct wn_op *op = &code->ops[i];
        enum wn_kind kind = wn_op_kind(op);
        touch[i] = wn_op_touch(op);
        cpu |= op->id == WN_OP_CPU;
        read |= kind == WN_KIND_CALL ? ARGUMENTS : touch[i].reads;
        if (special >> kind & 1 && survey_special(s, op)) {
            g->stub[i] = g->last_stub;
            g->last_stub = i;
        }
    }
    s->read = read;
    bool frame = read >> WN_R10 & 1;
    if (s->guards || s->fuel || s->helpers || s->locals || frame || cpu)
        s->needs = WN_JIT_WINDOW | WN_JIT_RUN;
    else if (s->packet)
        s->needs = WN_JIT_WINDOW;
}

/** One block, from its last operation to its first. */
static void emit_block(struct wn_gen *g, const struct wn_backend *backend, uint32_t block)
{
    const struct wn_code *code = g->code;
    const struct wn_block *b = &code->blocks[block];
    uint32_t live = g->lives[block].out & g->shape.read;
    g->block = block;
    for (uint32_t i = b->first + b->count; i-- > b->first;) {
        struct wn_touch touch = g->touch[i];
        if (touch.pure && !(live & touch.writes))
            continue;
        g->live = live;
        g->slot = code->slot[i];
        backend->op(g, &code->ops[i], i);
        wn_buf_line(&g->buf, g->slot);
        live = (live & ~(uint32_t)touch.writes) | (touch.reads & g->shape.read);
    }
    wn_buf_place(&g->buf, wn_gen_block_label(g, block));
}

/** Registers that a function writes. */
static uint32_t written_by(const struct wn_gen *g, const struct wn_func *func)
{
    const struct wn_code *code = g->code;
    const struct wn_block *last = &code->blocks[func->first + func->count - 1];
    uint32_t written = 0;
    for (uint32_t i = code->blocks[func->first].first; i < last->first + last->count; i++)
        written |= g->touch[i].writes;
    return written;
}

static void emit_all(struct wn_gen *g, const struct wn_backend *backend)
{
    const struct wn_code *code = g->code;
    backend->begin(g);
    wn_buf_line(&g->buf, WN_NOWHERE);
    wn_buf_part(&g->buf, WN_PART_COLD, 0);
    for (uint32_t f = code->n_funcs; f-- > 0 && !g->buf.error;) {
        const struct wn_func *func = &code->funcs[f];
        g->func = f;
        g->written = g->shape.locals ? written_by(g, func) : 0;
        for (uint32_t b = func->first + func->count; b-- > func->first && !g->buf.error;)
            emit_block(g, backend, b);
        backend->enter(g, f);
        wn_buf_place(&g->buf, wn_gen_func_label(g, f));
        wn_buf_line(&g->buf, func->first_slot);
        wn_buf_part(&g->buf, WN_PART_FUNC, f);
    }
    backend->entry(g);
    wn_buf_line(&g->buf, WN_NOWHERE);
    wn_buf_part(&g->buf, WN_PART_ENTRY, 0);
    wn_buf_link(&g->buf, backend->patch);
}

/** wn_jit_emit(), and what the code needs of the run. */
static int emit(const struct wn_backend *backend, const struct wn_code *code, uint32_t features,
                struct wn_code_buf *buf, uint8_t *needs, struct wn_error *err)
{
    WN_OWN(free) struct wn_live *lives = NULL;
    WN_OWN(free) uint32_t *stub = malloc(code->n_ops * sizeof *stub);
    WN_OWN(free) struct wn_touch *touch = malloc(code->n_ops * sizeof *touch);
    if (!stub || !touch)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    struct wn_gen g = {
        .code = code,
        .touch = touch,
        .shape.features = features,
        .stub = stub,
        .buf.layout = buf->layout,
    };
    survey(&g, touch);
    int r = wn_live_find(code, touch, &lives, err);
    if (r)
        return r;
    g.lives = lives;
    wn_buf_reserve(&g.buf, code->n_ops * USUAL_BYTES + SMALL_CODE);
    wn_buf_labels(&g.buf, code->n_blocks + code->n_funcs);
    emit_all(&g, backend);
    *buf = g.buf;
    *needs = g.shape.needs;
    switch (buf->error) {
    case 0: return 0;
    case -ENOMEM: return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    case WN_E_LIMIT:
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "more machine code than jumps reach over");
    default:
        return wn_fail(err, buf->error, g.slot, "not compiled by the %s back end", backend->name);
    }
}

int wn_jit_emit(const struct wn_backend *backend, const struct wn_code *code, uint32_t features,
                struct wn_code_buf *buf, struct wn_error *err)
{
    uint8_t needs;
    return emit(backend, code, features, buf, &needs, err);
}

/** Tell the tools that want to know. */
static int announce(const struct wn_code *code, const struct wn_layout *layout, const char *name,
                    struct wn_jit *jit, struct wn_error *err)
{
    struct wn_code_file file = {code, layout, name ? name : "program", jit->code, jit->bytes};
    int r = wn_jitdump_add(&file, err);
    return r ? r : wn_gdb_add(&file, &jit->gdb, err);
}

/** Make pages of the code that is in `buf`, and show them around. */
static int finish(const struct wn_code *code, const struct wn_jit_opts *opts,
                  const struct wn_code_buf *buf, struct wn_jit *jit, struct wn_error *err)
{
    struct wn_layout *layout = buf->layout;
    int r = wn_pages_seal(wn_buf_code(buf), buf->len, &jit->code, err);
    if (r)
        return r;
    jit->bytes = buf->len;
    jit->enter = (wn_jit_fn)(uintptr_t)jit->code;
    if (!layout)
        return 0;
    wn_layout_finish(layout, buf->len);
    r = announce(code, layout, opts->name, jit, err);
    if (r == 0 && opts->lines) {
        jit->n_lines = layout->lines.len;
        jit->lines = wn_give(layout->lines.data);
    }
    return r;
}

static int compile(const struct wn_code *code, uint32_t features, const struct wn_jit_opts *opts,
                   struct wn_jit *out, struct wn_error *err)
{
    if (!this_machine)
        return wn_fail(err, WN_E_NOJIT, WN_NOWHERE, "there is no compiler for this processor");
    struct wn_layout layout = {0};
    bool wanted = opts->lines || wn_jitdump_wanted() || wn_gdb_wanted();
    struct wn_code_buf buf = {.layout = wanted ? &layout : NULL};
    struct wn_jit jit = {0};
    int r = emit(this_machine, code, features, &buf, &jit.needs, err);
    if (r == 0)
        r = finish(code, opts, &buf, &jit, err);
    wn_buf_fini(&buf);
    wn_layout_fini(&layout);
    if (r)
        wn_jit_fini(&jit);
    else
        *out = jit;
    return r;
}

int wn_jit_compile_for(const struct wn_code *code, uint32_t features, struct wn_jit *out,
                       struct wn_error *err)
{
    static const struct wn_jit_opts defaults;
    return compile(code, features & wn_jit_features(), &defaults, out, err);
}

int wn_jit_compile(const struct wn_code *code, const struct wn_jit_opts *opts, struct wn_jit *out,
                   struct wn_error *err)
{
    static const struct wn_jit_opts defaults;
    return compile(code, wn_jit_features(), opts ? opts : &defaults, out, err);
}

void wn_jit_fini(struct wn_jit *jit)
{
    wn_gdb_remove(jit->gdb);
    wn_pages_unmap(jit->code, jit->bytes);
    free(jit->lines);
    *jit = (struct wn_jit){0};
}
