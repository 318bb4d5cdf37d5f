/* SPDX-License-Identifier: MIT */
#include "verify.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <winnow/text.h>

#include "isa/decode.h"
#include "verify_run.h"

enum { MUTANTS = 4 };

static const enum wn_engine engines[] = {WN_ENGINE_REFERENCE, WN_ENGINE_INTERP, WN_ENGINE_JIT};
static const char *const engine_names[] = {"reference", "interp", "jit"};
enum { REFERENCE, INTERP, JIT, ENGINES };

/** What is wrong with a program, and with which of its packets. */
struct complaint {
    char text[200];
    const struct verify_input *input;
};

/* ---- one program ----------------------------------------------------------------------------- */

/** A program for an engine. NULL: refused, or this machine has no compiler. */
static struct wn_prog *make(const struct verify_trial *t, unsigned engine, struct wn_error *err)
{
    const struct wn_prog_opts opts = {.engine = engines[engine],
                                      .type = t->type,
                                      .fuel = VERIFY_FUEL,
                                      .verify_ns = UINT64_C(60000000000), /* never by the clock */
                                      .maps = verify_live_maps,
                                      .n_maps = VERIFY_MAPS};
    struct wn_prog *prog = NULL;
    return wn_prog_new(t->slots, t->n, &opts, &prog, err) ? NULL : prog;
}

static void count_program(struct verify_counts *c, const struct wn_prog *prog)
{
    const struct wn_prog_info *info = &prog->info;
    bool open = info->guarded || info->calls_checked || info->loops_fuelled;
    c->whole += !open;
    c->uncleared += info->stack_bytes && !info->stack_cleared;

    for (uint32_t i = 0; prog->decoded->facts && i < prog->decoded->n_ops; i++)
        c->facts += (prog->decoded->facts[i].flags & WN_FACT_RESULT) != 0;
}

/** Whether a run on another engine left the same. */
static bool compare(unsigned engine, const struct verify_left *first,
                    const struct verify_left *other, struct complaint *why)
{
    const char *what = NULL;
    if (memcmp(&first->result, &other->result, sizeof first->result))
        what = "result";
    else if (first->fuel != other->fuel)
        what = "fuel";
    else if (first->seen != other->seen || first->random != other->random)
        what = "what helpers were asked";
    else if (first->packet_bytes != other->packet_bytes ||
             memcmp(first->packet, other->packet, sizeof first->packet))
        what = "packet";
    else if (memcmp(first->context, other->context, sizeof first->context))
        what = "context";
    else if (memcmp(first->maps, other->maps, sizeof first->maps))
        what = "maps";
    if (what)
        snprintf(why->text, sizeof why->text,
                 "%s has another %s: value %" PRIx64 " fault %u slot %u; reference %" PRIx64
                 " fault %u slot %u",
                 engine_names[engine], what, other->result.value, other->result.fault,
                 other->result.slot, first->result.value, first->result.fault, first->result.slot);
    return !what;
}

/** One packet on all engines. */
static bool run_all(struct wn_prog *const progs[ENGINES], const struct verify_input *in,
                    struct verify_counts *c, struct complaint *why)
{
    static struct verify_left first, other;
    why->input = in;
    if (!verify_watch(progs[REFERENCE], in, &first, c, why->text, sizeof why->text))
        return false;
    for (unsigned e = INTERP; e < ENGINES; e++) {
        if (!progs[e])
            continue;
        if (!verify_run(progs[e], in, e, &other, why->text, sizeof why->text) ||
            !compare(e, &first, &other, why))
            return false;
    }
    return true;
}

/** Whether everything holds; `accepted` is set if the program is not refused. */
static bool holds(const struct verify_trial *t, struct verify_counts *c, bool *accepted,
                  struct complaint *why)
{
    struct wn_prog *progs[ENGINES] = {NULL};
    struct wn_error err = {0};
    bool good = true;
    c->programs++;
    *why = (struct complaint){.text = ""};
    progs[REFERENCE] = make(t, REFERENCE, &err);
    *accepted = progs[REFERENCE] != NULL;
    c->refused += !*accepted;
    if (!*accepted)
        return true;
    count_program(c, progs[REFERENCE]);
    for (unsigned e = INTERP; good && e < ENGINES; e++) {
        if (t->seed % 4) /* verifying is what takes time: the judge alone tells what it is worth */
            continue;
        progs[e] = make(t, e, &err);
        good = progs[e] || err.code == WN_E_NOJIT;
        if (!good)
            snprintf(why->text, sizeof why->text, "%s refuses: %.100s", engine_names[e], err.text);
    }
    c->in_place += progs[INTERP] && progs[INTERP]->info.in_place;
    c->compiled += progs[JIT] != NULL;
    for (unsigned i = 0; good && i < VERIFY_INPUTS; i++)
        good = run_all(progs, &t->inputs[i], c, why);
    for (unsigned e = 0; e < ENGINES; e++)
        wn_prog_free(progs[e]);
    return good;
}

/* ---- what does not hold ---------------------------------------------------------------------- */

/** Replace instructions by ones that do nothing for as long as something does not hold. */
static void minimise(struct verify_trial *t)
{
    static struct verify_counts ignored;
    static struct verify_trial old;
    const struct wn_slot nothing = wn_encode(WN_OP_JA, 0, 0, 0, 0);
    struct complaint why;
    bool shorter = true, accepted;
    while (shorter) {
        shorter = false;
        for (size_t i = 0; i < t->n; i++) {
            int row = wn_slot_row(t->slots[i], 0, NULL);
            bool wide = row >= 0 && wn_rows[row].kind == WN_KIND_WIDE && i + 1 < t->n;
            if (row == WN_OP_JA && t->slots[i].off == 0)
                continue;
            old = *t;
            t->slots[i] = nothing;
            if (wide)
                t->slots[i + 1] = nothing;
            if (holds(t, &ignored, &accepted, &why))
                *t = old;
            else
                shorter = true;
            i += wide;
        }
    }
}

static void print_program(const struct verify_trial *t)
{
    const struct wn_text_opts opts = {.numbers = 1};
    char *text = NULL;
    if (wn_disassemble(t->slots, t->n, &opts, &text, NULL))
        return;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (!strstr(line, "goto +0") || strstr(line, "if "))
            fprintf(stderr, "  %s\n", line);
    free(text);
}

static void report(struct verify_trial *t)
{
    static struct verify_counts ignored;
    struct complaint why;
    bool accepted;
    fflush(stderr);
    int kept = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDERR_FILENO); /* what is asserted meanwhile has been told once */
    close(nowhere);
    minimise(t);
    dup2(kept, STDERR_FILENO);
    close(kept);
    holds(t, &ignored, &accepted, &why);
    fprintf(stderr, "seed %" PRIu64 ", type %s: %s\n", t->seed, wn_prog_type_name(t->type),
            why.text);
    print_program(t);
    if (!why.input)
        return;
    fprintf(stderr, "  on %u bytes, interface %u, queue %u:", why.input->length, why.input->ifindex,
            why.input->queue);
    for (uint32_t i = 0; i < why.input->length && i < 80; i++)
        fprintf(stderr, "%s%02x", i % 4 ? "" : " ", why.input->bytes[i]);
    fprintf(stderr, "\n");
}

/* ---- seeds ----------------------------------------------------------------------------------- */

bool verify_one(const uint8_t *data, size_t len, uint64_t seed, struct verify_counts *counts)
{
    static struct verify_trial t, next;
    struct gen g = {.data = data, .left = len, .seed = seed};
    struct complaint why;
    bool accepted;
    verify_begin();
    memset(&t, 0, sizeof t);
    t.seed = seed;
    verify_make(&t, &g);
    for (unsigned i = 0; i <= MUTANTS; i++) {
        next = t;
        if (i)
            verify_mutate(&next, &g);
        verify_make_inputs(&next, &g);
        counts->mutants += i > 0;
        if (!holds(&next, counts, &accepted, &why)) {
            report(&next);
            return false;
        }
        if (accepted)
            t = next;
        else if (i == 0)
            break;
    }
    return true;
}

static bool enough(uint64_t count, uint64_t least, const char *what)
{
    if (count < least)
        fprintf(stderr, "only %" PRIu64 " %s\n", count, what);
    return count >= least;
}

bool verify_covers(const struct verify_counts *c)
{
    static const char *const regions[] = {"the stack",   "a caller's stack", "the packet", "",
                                          "the context", "values",           "constants"};
    uint64_t accepted = c->programs - c->refused;
    bool good = enough(accepted, c->programs / 3, "programs accepted");
    good &= enough(c->whole, accepted / 20, "programs proved wholly");
    good &= enough(accepted - c->whole, accepted / 10, "programs not proved wholly");
    good &= enough(c->proved, c->accesses / 4, "accesses proved");
    good &= enough(c->packet, c->accesses / 100, "accesses guarded against the packet");
    good &= enough(c->guarded, c->accesses / 200, "accesses guarded");
    good &= enough(c->calls_proved, c->calls / 10, "calls proved");
    good &= enough(c->calls - c->calls_proved, c->calls / 50, "calls checked");
    good &= enough(c->back_proved, c->back / 20, "jumps back proved");
    good &= enough(c->back - c->back_proved, c->back / 50, "jumps back that spend fuel");
    good &= enough(c->in_place, accepted / 100, "programs that run on packets in place");
    good &= enough(c->uncleared, accepted / 20, "programs whose stack is not cleared");
    for (unsigned i = 0; i < sizeof regions / sizeof *regions; i++)
        if (*regions[i])
            good &= enough(c->regions[i], 100, regions[i]);
    return good;
}
