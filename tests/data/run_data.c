/* SPDX-License-Identifier: MIT */
/**
 * Programs with what they must come to, on every engine, with everything checked
 * and as the verifier marks them: run_data FILE...
 *
 * A file holds cases. Words at the beginning of a line:
 *
 *   case NAME            begins one; indented lines that follow are its assembly
 *   hex 16DIGITS...      or its slots, as the bytes of a little-endian object
 *   packet XX XX...      default: no bytes
 *   wire N               length on the wire; default: that of the packet
 *   fuel N               default: the library's
 *   result N             what r0 must be at the exit,
 *   fault NAME SLOT      or how and where the run must fail,
 *   refused SLOT TEXT    or what must be said instead of making it a program
 *   rejected SLOT        what the verifier must reject, so that only unverified ones run
 *   verified N           what r0 must be where the verifier has bound its loops and calls,
 *   verified NAME SLOT   or how and where the run must fail then
 *   #                    a comment
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/prog.h>
#include <winnow/text.h>

#include "../fuzz/watch.h"
#include "prog/prog.h"

static const struct {
    enum wn_engine engine;
    uint32_t flags;
    const char *name;
} engines[] = {{WN_ENGINE_REFERENCE, 0, "reference"},
               {WN_ENGINE_INTERP, 0, "interp"},
               {WN_ENGINE_JIT, 0, "jit"},
               {WN_ENGINE_JIT, WN_PROG_BLIND, "jit, blinded"}};

/** How many of them there are on this machine; the compiler's are the last ones. */
static size_t n_engines = sizeof engines / sizeof *engines;

enum expectation { EXPECT_NOTHING, EXPECT_RESULT, EXPECT_FAULT, EXPECT_REFUSAL };

struct test_case {
    char name[128];
    char text[4096]; /* assembly */
    struct wn_slot slots[512];
    size_t n_slots;
    uint8_t packet[2048];
    uint32_t caplen;
    uint32_t wirelen;
    uint64_t fuel;
    enum expectation expect;
    uint64_t value;
    char words[160]; /* of a fault: its name; of a refusal: its text */
    uint32_t slot;
    bool rejected, verified;
    uint32_t rejected_at, verified_slot;
    uint64_t verified_value;
    char verified_words[16]; /* of a fault: its name */
};

static unsigned cases_run, cases_failed;

static void tap(bool ok, const char *file, const char *name, const char *engine)
{
    cases_run++;
    cases_failed += !ok;
    const char *base = strrchr(file, '/');
    printf("%s %u - %s: %s (%s)\n", ok ? "ok" : "not ok", cases_run, base ? base + 1 : file, name,
           engine);
}

/** A case that cannot be understood ends the test: it tests nothing. */
static void __attribute__((noreturn, format(printf, 3, 4)))
give_up(const char *file, unsigned line, const char *fmt, ...)
{
    va_list ap;
    printf("Bail out! %s:%u: ", file, line);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    exit(1);
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, tolower(c)) : NULL;
    return at ? (int)(at - digits) : -1;
}

/** Bytes of a line of hex digits, spaces ignored; -1 if it is none. */
static int parse_hex(const char *s, uint8_t *out, size_t max)
{
    size_t n = 0;
    for (; *s; s++) {
        if (*s == ' ')
            continue;
        int high = hex_digit(s[0]), low = hex_digit(s[1]);
        if (high < 0 || low < 0 || n == max)
            return -1;
        out[n++] = (uint8_t)(high << 4 | low);
        s++;
    }
    return (int)n;
}

static bool parse_slots(const char *s, struct test_case *c)
{
    uint8_t bytes[sizeof c->slots];
    int n = parse_hex(s, bytes, sizeof bytes);
    for (int i = 0; i + WN_SLOT_BYTES <= n; i += WN_SLOT_BYTES)
        c->slots[c->n_slots++] = wn_slot_decode(bytes + i);
    return n > 0 && n % WN_SLOT_BYTES == 0;
}

/** One line that begins with a word; false if it says nothing. */
static bool parse_line(const char *word, const char *rest, struct test_case *c)
{
    int used = 0;
    if (!strcmp(word, "hex"))
        return parse_slots(rest, c);
    if (!strcmp(word, "packet")) {
        int n = parse_hex(rest, c->packet, sizeof c->packet);
        c->caplen = c->wirelen = n < 0 ? 0 : (uint32_t)n;
        return n >= 0;
    }
    if (!strcmp(word, "wire"))
        return sscanf(rest, "%" SCNu32 "%n", &c->wirelen, &used) == 1 && !rest[used];
    if (!strcmp(word, "fuel"))
        return sscanf(rest, "%" SCNu64 "%n", &c->fuel, &used) == 1 && !rest[used];
    if (!strcmp(word, "rejected")) {
        c->rejected = true;
        return sscanf(rest, "%" SCNu32 "%n", &c->rejected_at, &used) == 1 && !rest[used];
    }
    if (!strcmp(word, "verified")) {
        c->verified = true;
        if (sscanf(rest, "%15s %" SCNu32 "%n", c->verified_words, &c->verified_slot, &used) == 2)
            return !rest[used];
        c->verified_words[0] = 0;
        return sscanf(rest, "%" SCNu64 "%n", &c->verified_value, &used) == 1 && !rest[used];
    }
    if (c->expect != EXPECT_NOTHING)
        return false;
    if (!strcmp(word, "result")) {
        char *end;
        c->expect = EXPECT_RESULT;
        c->value = strtoull(rest, &end, 0);
        return *rest && !*end;
    }
    if (!strcmp(word, "fault")) {
        c->expect = EXPECT_FAULT;
        return sscanf(rest, "%159s %" SCNu32 "%n", c->words, &c->slot, &used) == 2 && !rest[used];
    }
    if (!strcmp(word, "refused")) {
        c->expect = EXPECT_REFUSAL;
        return sscanf(rest, "%" SCNu32 " %159[^\n]", &c->slot, c->words) == 2;
    }
    return false;
}

static bool is_fault(const struct wn_result *r, const char *name, uint32_t slot)
{
    return r->fault && !strcmp(wn_fault_name((enum wn_fault)r->fault), name) && r->slot == slot &&
           r->value == 0;
}

/** Whether a run came to what a case says. */
static bool is_expected(const struct test_case *c, const struct wn_result *r, enum wn_verify way)
{
    if (c->verified && way != WN_VERIFY_NONE && c->verified_words[0])
        return is_fault(r, c->verified_words, c->verified_slot);
    if (c->verified && way != WN_VERIFY_NONE)
        return !r->fault && r->value == c->verified_value;
    if (c->expect == EXPECT_FAULT)
        return is_fault(r, c->words, c->slot);
    return c->expect == EXPECT_RESULT && !r->fault && r->value == c->value;
}

static void judge(const char *file, const struct test_case *c, const char *engine,
                  enum wn_verify way, const struct wn_prog *prog)
{
    static uint8_t no_bytes;
    struct wn_packet pkt = {.data = c->caplen ? c->packet : &no_bytes,
                            .caplen = c->caplen,
                            .wirelen = c->wirelen,
                            .time_ns = 1700000000123456789};
    struct wn_run *run = wn_run_new();
    uint32_t *times = calloc(prog->info.slots, sizeof *times);
    struct watch w = {0};
    if (!run || !times)
        give_up(file, 0, "out of memory");
    if (prog->decoded) { /* the reference interpreter's has kept it */
        watch_begin(&w, prog->decoded, times);
        run->trace = &w.trace;
    }
    struct wn_result r = wn_prog_run(prog, run, &pkt);
    bool ok = is_expected(c, &r, way);
    tap(ok, file, c->name, engine);
    if (!ok)
        printf("# got value 0x%" PRIx64 ", fault %s at slot %u\n", r.value,
               wn_fault_name((enum wn_fault)r.fault), r.slot);
    if (prog->decoded)
        tap(watch_end(&w, false), file, c->name, "registers as known");
    free(times);
    wn_run_free(run);
}

/** Whether what is said of a program instead of making it is what a case says. */
static bool is_refused(const struct test_case *c, const struct wn_error *err, enum wn_verify way)
{
    if (c->rejected && way != WN_VERIFY_NONE)
        return err->code == WN_E_REJECTED && err->at == c->rejected_at;
    return c->expect == EXPECT_REFUSAL && err->at == c->slot && !strcmp(err->text, c->words);
}

static void run_on(const char *file, const struct test_case *c, size_t which, enum wn_verify way)
{
    struct wn_prog_opts opts = {.engine = engines[which].engine,
                                .verify = way,
                                .fuel = c->fuel,
                                .flags = engines[which].flags};
    struct wn_error err = {0};
    struct wn_prog *prog = NULL;
    char name[64];
    snprintf(name, sizeof name, "%s%s", engines[which].name,
             way == WN_VERIFY_NONE ? "" : ", verified");
    int r = wn_prog_new(c->slots, c->n_slots, &opts, &prog, &err);
    if (r == 0 && c->rejected && way != WN_VERIFY_NONE) {
        tap(false, file, c->name, name);
        printf("# not rejected\n");
    } else if (r == 0) {
        judge(file, c, name, way, prog);
    } else {
        bool ok = is_refused(c, &err, way);
        tap(ok, file, c->name, name);
        if (!ok)
            printf("# refused at slot %u: %s\n", err.at, err.text);
    }
    wn_prog_free(prog);
}

static void finish_case(const char *file, unsigned line, struct test_case *c)
{
    if (!c->name[0])
        return;
    if (c->expect == EXPECT_NOTHING)
        give_up(file, line, "the case before expects nothing");
    if (c->text[0]) {
        struct wn_slot *slots = NULL;
        struct wn_error err;
        if (c->n_slots || wn_assemble(c->text, strlen(c->text), NULL, &slots, &c->n_slots, &err))
            give_up(file, line, "%s: %s (line %u)", c->name,
                    c->n_slots ? "assembly and hex" : err.text, c->n_slots ? 0 : err.at);
        memcpy(c->slots, slots, c->n_slots * sizeof *slots);
        free(slots);
    }
    for (size_t e = 0; e < n_engines; e++) {
        run_on(file, c, e, WN_VERIFY_NONE);
        run_on(file, c, e, WN_VERIFY_GUARD);
    }
    memset(c, 0, sizeof *c);
}

static void run_file(const char *file)
{
    static struct test_case c;
    char line[16384];
    unsigned number = 0;
    FILE *f = fopen(file, "r");
    if (!f)
        give_up(file, 0, "%s", strerror(errno));
    while (fgets(line, sizeof line, f)) {
        number++;
        if (line[0] == ' ') {
            if (strlen(c.text) + strlen(line) >= sizeof c.text)
                give_up(file, number, "too long");
            strcat(c.text, line);
            continue;
        }
        line[strcspn(line, "\n")] = 0;
        if (line[0] == '#' || !line[0])
            continue;
        char *rest = line + strcspn(line, " ");
        if (*rest)
            *rest++ = 0;
        if (!strcmp(line, "case")) {
            finish_case(file, number, &c);
            snprintf(c.name, sizeof c.name, "%s", rest);
        } else if (!c.name[0] || !parse_line(line, rest, &c)) {
            give_up(file, number, "cannot read '%s %s'", line, rest);
        }
    }
    finish_case(file, number, &c);
    fclose(f);
}

/** Where nothing can be compiled that is one case left out, not one for each program. */
static void look_for_compiler(void)
{
    const struct wn_prog_opts opts = {.engine = WN_ENGINE_JIT};
    const struct wn_slot nothing[] = {{0xb7, 0, 0, 0}, {0x95, 0, 0, 0}};
    struct wn_error err = {0};
    struct wn_prog *prog = NULL;
    if (wn_prog_new(nothing, 2, &opts, &prog, &err) == WN_E_NOJIT) {
        printf("ok %u - machine code # SKIP %s\n", ++cases_run, err.text);
        n_engines -= 2;
    }
    wn_prog_free(prog);
}

int main(int argc, char **argv)
{
    look_for_compiler();
    for (int i = 1; i < argc; i++)
        run_file(argv[i]);
    printf("1..%u\n", cases_run);
    return cases_failed || !cases_run;
}
