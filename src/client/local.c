/* SPDX-License-Identifier: MIT */
/* The commands that need no daemon: the library from the command line. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <winnow/debug.h>
#include <winnow/object.h>

#include "client/client.h"
#include "client/listing.h"
#include "client/print.h"
#include "common/capfile.h"
#include "common/own.h"
#include "common/source.h"

#define DLT_ETHERNET 1
#define EXPR_BYTES   65536

OWN_BY(prog, struct wn_prog, wn_prog_free)
OWN_BY(run, struct wn_run, wn_run_free)
OWN_BY(capfile, struct capfile, capfile_close)

static void own_json(json_t **value)
{
    json_decref(*value);
}

/* What a program is made from: a file, or an expression from the command line. */
struct origin {
    const char *path;      /* NULL: an expression */
    char expr[EXPR_BYTES]; /* operands, joined by spaces */
};

/* Returns an exit status. */
static int find_origin(const char *command, char **operands, struct origin *out)
{
    size_t len = 0;
    *out->expr = '\0';
    out->path = NULL;
    if (!*operands)
        return client_usage("%s: which program? A file, or a tcpdump expression", command);
    if (!operands[1] && (!strcmp(*operands, "-") || !access(*operands, F_OK) ||
                         (strchr(*operands, '/') && !strchr(*operands, ' ')))) {
        out->path = *operands;
        return CLIENT_OK;
    }
    for (; *operands; operands++) {
        size_t n = strlen(*operands);
        if (len + n + 2 > sizeof out->expr)
            return client_usage("%s: the expression is too long; put it into a file", command);
        if (len)
            out->expr[len++] = ' ';
        memcpy(out->expr + len, *operands, n + 1);
        len += n;
    }
    return CLIENT_OK;
}

static struct source_opts source_opts_of(const struct client_opts *opts, int linktype)
{
    return (struct source_opts){
        .linktype = opts->linktype >= 0 ? opts->linktype : linktype,
        .section = opts->section,
        .any_file = true,
        .prog = {.engine = opts->engine, .fuel = opts->fuel},
    };
}

static int origin_slots(const struct origin *origin, const struct source_opts *opts,
                        struct wn_slot **slots, size_t *count, enum diag_code *why,
                        struct wn_error *err)
{
    if (!origin->path)
        return source_expr_slots(origin->expr, opts, slots, count, why, err);
    return source_slots(origin->path, opts, slots, count, NULL, why, err);
}

static int origin_load(const struct origin *origin, const struct source_opts *opts,
                       struct wn_prog **out, enum diag_code *why, struct wn_error *err)
{
    if (!origin->path)
        return source_compile(origin->expr, opts, out, why, err);
    return source_load(origin->path, opts, out, why, err);
}

/* Text of one instruction for a message; NULL if it is none. */
static char *slot_text(const struct origin *origin, const struct source_opts *opts, uint32_t at)
{
    OWN(free) struct wn_slot *slots = NULL;
    size_t count;
    char *text;
    if (!strcmp(origin->path ? origin->path : "", "-") ||
        origin_slots(origin, opts, &slots, &count, NULL, NULL) || at >= count)
        return NULL;
    for (size_t n = 1; n <= 2 && at + n <= count; n++) {
        if (!wn_disassemble(slots + at, n, NULL, &text, NULL))
            return text;
    }
    return NULL;
}

/* The diagnostic that says why there is no program. */
static json_t *diagnostic(const struct origin *origin, const struct source_opts *opts,
                          enum diag_code why, const struct wn_error *err)
{
    bool text = (why == DIAG_P131 || why == DIAG_P132) && err->at != WN_NOWHERE;
    bool slot = why == DIAG_P110 && err->at != WN_NOWHERE;
    OWN(free) char *insn = slot ? slot_text(origin, opts, err->at) : NULL;
    char message[400];

    if (slot)
        snprintf(message, sizeof message, "slot %u: %s%s%.100s", err->at, err->text,
                 insn ? "\n    " : "", insn ? insn : "");
    else
        snprintf(message, sizeof message, "%s", err->text);
    for (size_t n = strlen(message); n && message[n - 1] == '\n'; n--)
        message[n - 1] = '\0';
    return json_pack("{s:s, s:s, s:s?, s:o, s:o, s:n, s:n, s:o, s:n}", "code", diag_code_name(why),
                     "severity", "error", "file", origin->path, "line",
                     text ? json_integer(err->at) : json_null(), "column",
                     text && err->column ? json_integer(err->column) : json_null(), "section",
                     "key", "message", json_string(message), "hint");
}

static int fail_program(const struct client_opts *opts, const struct origin *origin,
                        const struct source_opts *source, enum diag_code why,
                        const struct wn_error *err)
{
    OWN(json)
    json_t *answer =
        json_pack("{s:b, s:[o]}", "ok", 0, "diagnostics", diagnostic(origin, source, why, err));
    if (opts->json)
        print_json(opts, answer);
    else
        print_diagnostics(opts, json_object_get(answer, "diagnostics"));
    return CLIENT_REFUSED;
}

/* Writes bytes to -o. */
static int write_bytes(const struct client_opts *opts, const uint8_t *bytes, size_t len)
{
    bool out = !strcmp(opts->output, "-");
    FILE *to = out ? stdout : fopen(opts->output, "we");
    if (!to)
        return client_fail(opts, CLIENT_REFUSED, "write", "cannot write %s: %s", opts->output,
                           strerror(errno));
    bool good = fwrite(bytes, 1, len, to) == len && !fflush(to);
    int code = errno;
    if (!out && fclose(to)) {
        code = errno;
        good = false;
    }
    return good ? CLIENT_OK
                : client_fail(opts, CLIENT_REFUSED, "write", "cannot write %s: %s", opts->output,
                              strerror(code));
}

/* Slots as they lie in files: little-endian whatever this machine is. NULL without memory. */
static uint8_t *slot_bytes(const struct wn_slot *slots, size_t count)
{
    uint8_t *bytes = malloc(count * WN_SLOT_BYTES + 1);
    for (size_t i = 0; bytes && i < count; i++) {
        uint8_t *b = bytes + i * WN_SLOT_BYTES;
        uint32_t imm = (uint32_t)slots[i].imm;
        uint16_t off = (uint16_t)slots[i].off;
        b[0] = slots[i].opcode;
        b[1] = slots[i].regs;
        b[2] = (uint8_t)off;
        b[3] = (uint8_t)(off >> 8);
        for (int k = 0; k < 4; k++)
            b[4 + k] = (uint8_t)(imm >> 8 * k);
    }
    return bytes;
}

/* A line of hex for each slot. */
static void print_hex(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i += WN_SLOT_BYTES) {
        printf("%6zu:", i / WN_SLOT_BYTES);
        for (size_t k = i; k < i + WN_SLOT_BYTES; k++)
            printf(" %02x", bytes[k]);
        putchar('\n');
    }
}

/* Slots to where they are wanted: -o, JSON, or a listing. */
static int show_bytes(const struct client_opts *opts, const uint8_t *bytes, size_t len)
{
    int status = opts->output ? write_bytes(opts, bytes, len) : CLIENT_OK;
    bool to_stdout = opts->output && !strcmp(opts->output, "-");
    if (status || to_stdout)
        return status;
    if (opts->json) {
        OWN(free) char *hex = listing_hex(bytes, len);
        OWN(json)
        json_t *answer = json_pack("{s:b, s:I, s:s?, s:[]}", "ok", 1, "count",
                                   (json_int_t)(len / WN_SLOT_BYTES), "hex", hex, "diagnostics");
        print_json(opts, answer);
    } else if (!opts->output) {
        print_hex(bytes, len);
    }
    return CLIENT_OK;
}

int command_asm(const struct client_opts *opts, char **operands)
{
    OWN(free) struct origin *origin = calloc(1, sizeof *origin);
    OWN(free) struct wn_slot *slots = NULL;
    struct source_opts source = source_opts_of(opts, DLT_ETHERNET);
    enum diag_code why;
    struct wn_error err;
    size_t count;

    if (!origin || !operands[0] || operands[1])
        return client_usage("asm: one file of assembly; - is standard input");
    origin->path = operands[0];
    source.text.dialect = opts->dialect;
    int code = source_assembly_slots(origin->path, &source, &slots, &count, &why, &err);
    if (code)
        return fail_program(opts, origin, &source, why, &err);
    OWN(free) uint8_t *bytes = slot_bytes(slots, count);
    return bytes ? show_bytes(opts, bytes, count * WN_SLOT_BYTES)
                 : client_fail(opts, CLIENT_REFUSED, "memory", "out of memory");
}

/* Compiles slots that are looked at and never run. */
static int show_machine_code(const struct client_opts *opts, const struct origin *origin,
                             const struct source_opts *source, const struct wn_slot *slots,
                             size_t count)
{
    OWN(prog) struct wn_prog *prog = NULL;
    struct wn_prog_opts how = source->prog;
    struct wn_error err;
    struct wn_prog_info info;

    how.engine = WN_ENGINE_JIT;
    how.lines = true;
    if (wn_prog_new(slots, count, &how, &prog, &err))
        return fail_program(opts, origin, source, DIAG_P110, &err);
    wn_prog_info(prog, &info);
    if (opts->output) {
        int status = write_bytes(opts, info.code, info.code_bytes);
        if (status || !opts->json || !strcmp(opts->output, "-"))
            return status;
    }
    return listing_show(opts, prog, slots, count, &err)
               ? fail_program(opts, origin, source, DIAG_P110, &err)
               : CLIENT_OK;
}

int command_disasm(const struct client_opts *opts, char **operands)
{
    OWN(free) struct origin *origin = calloc(1, sizeof *origin);
    OWN(free) struct wn_slot *slots = NULL;
    OWN(free) char *text = NULL;
    struct source_opts source = source_opts_of(opts, DLT_ETHERNET);
    struct wn_text_opts as = {opts->dialect, opts->labels, opts->numbers};
    enum diag_code why = DIAG_P110;
    struct wn_error err;
    size_t count;

    if (!origin)
        return client_fail(opts, CLIENT_REFUSED, "memory", "out of memory");
    int status = find_origin("disasm", operands, origin);
    if (status)
        return status;
    int code = origin_slots(origin, &source, &slots, &count, &why, &err);
    if (!code && opts->jit)
        return show_machine_code(opts, origin, &source, slots, count);
    if (!code) {
        why = DIAG_P110;
        code = wn_disassemble(slots, count, &as, &text, &err);
    }
    if (code)
        return fail_program(opts, origin, &source, why, &err);
    if (opts->json) {
        OWN(json)
        json_t *answer = json_pack("{s:b, s:I, s:s, s:[]}", "ok", 1, "count", (json_int_t)count,
                                   "text", text, "diagnostics");
        print_json(opts, answer);
    } else {
        fputs(text, stdout);
    }
    return CLIENT_OK;
}

static const char *engine_name(enum wn_engine engine)
{
    switch (engine) {
    case WN_ENGINE_AUTO: return "auto";
    case WN_ENGINE_JIT: return "jit";
    case WN_ENGINE_INTERP: return "interp";
    case WN_ENGINE_REFERENCE: return "reference";
    }
    return "unknown";
}

/* What is known of a program, or null where there is none: the shape is the same. */
static json_t *describe(const struct wn_prog_info *info)
{
    static const char *const members[] = {"engine",    "no_jit",      "slots",
                                          "functions", "accesses",    "guarded",
                                          "ops",       "stack_bytes", "code_bytes"};
    json_t *answer = json_pack("{s:b}", "ok", info != NULL);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        json_object_set_new(answer, members[i], json_null());
    if (!info)
        return answer;
    OWN(json)
    json_t *known = json_pack(
        "{s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "engine", engine_name(info->engine),
        "no_jit", info->no_jit.code ? info->no_jit.text : NULL, "slots", (json_int_t)info->slots,
        "functions", (json_int_t)info->functions, "accesses", (json_int_t)info->accesses, "guarded",
        (json_int_t)info->guarded, "ops", (json_int_t)info->ops, "stack_bytes",
        (json_int_t)info->stack_bytes, "code_bytes", (json_int_t)info->code_bytes);
    json_object_update(answer, known);
    return answer;
}

static void show_accepted(const struct client_opts *opts, const struct wn_prog_info *info)
{
    const char *no_jit = info->no_jit.code ? info->no_jit.text : NULL;
    if (opts->json || opts->quiet)
        return;
    printf("accepted: %u slots, %u function%s, %u memory accesses (%u checked at run time)\n",
           info->slots, info->functions, info->functions == 1 ? "" : "s", info->accesses,
           info->guarded);
    if (info->code_bytes)
        printf("engine %s: %zu bytes of machine code\n", engine_name(info->engine),
               info->code_bytes);
    else
        printf("engine %s: %u operations%s%s\n", engine_name(info->engine), info->ops,
               no_jit ? "; no machine code: " : "", no_jit ? no_jit : "");
}

int command_check(const struct client_opts *opts, char **operands)
{
    OWN(free) struct origin *origin = calloc(1, sizeof *origin);
    OWN(prog) struct wn_prog *prog = NULL;
    struct source_opts source = source_opts_of(opts, DLT_ETHERNET);
    struct wn_prog_info info;
    enum diag_code why;
    struct wn_error err;

    if (!origin)
        return client_fail(opts, CLIENT_REFUSED, "memory", "out of memory");
    int status = find_origin("check", operands, origin);
    if (status)
        return status;
    int code = origin_load(origin, &source, &prog, &why, &err);
    if (code && !opts->json)
        return fail_program(opts, origin, &source, why, &err);
    if (!code) {
        wn_prog_info(prog, &info);
        show_accepted(opts, &info);
    }
    if (opts->json) {
        OWN(json) json_t *answer = describe(code ? NULL : &info);
        OWN(json) json_t *found = json_array();
        if (code)
            json_array_append_new(found, diagnostic(origin, &source, why, &err));
        json_object_set(answer, "diagnostics", found);
        print_json(opts, answer);
    }
    return code ? CLIENT_REFUSED : CLIENT_OK;
}

/* What a run over a file gave. */
struct totals {
    uint64_t packets, bytes, accepted, rejected, faults[WN_FAULTS];
    json_t *verdicts; /* NULL: not asked for, or printed at once */
};

static void add_verdict(const struct client_opts *opts, struct totals *t, struct wn_result result)
{
    const char *verdict = result.fault ? "fault" : (uint32_t)result.value ? "accept" : "reject";
    if (!opts->verdicts)
        return;
    if (t->verdicts)
        json_array_append_new(
            t->verdicts,
            json_pack("{s:s, s:o, s:o, s:o}", "verdict", verdict, "value",
                      result.fault ? json_null() : json_integer((json_int_t)result.value), "fault",
                      result.fault ? json_string(wn_fault_name(result.fault)) : json_null(), "slot",
                      result.fault ? json_integer(result.slot) : json_null()));
    else if (result.fault)
        printf("%6" PRIu64 "  fault   %s at slot %u\n", t->packets, wn_fault_name(result.fault),
               result.slot);
    else
        printf("%6" PRIu64 "  %s  %" PRIu64 "\n", t->packets, verdict, result.value);
}

static int run_all(const struct client_opts *opts, const struct wn_prog *prog, struct capfile *file,
                   struct totals *t, struct wn_error *err)
{
    OWN(run) struct wn_run *run = wn_run_new();
    struct wn_packet pkt;
    int more;

    if (!run)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    while ((more = capfile_next(file, &pkt, err)) > 0) {
        struct wn_result result = wn_prog_run(prog, run, &pkt);
        result.value = (uint32_t)result.value; /* as for the daemon: a verdict has 32 bits */
        t->packets++;
        t->bytes += pkt.caplen;
        if (result.fault)
            t->faults[result.fault < WN_FAULTS ? result.fault : 0]++;
        else if ((uint32_t)result.value)
            t->accepted++;
        else
            t->rejected++;
        add_verdict(opts, t, result);
    }
    return more;
}

static void show_totals(const struct client_opts *opts, struct totals *t,
                        const struct wn_prog_info *info)
{
    OWN(json) json_t *faults = json_object();
    char a[PRINT_BYTES], b[PRINT_BYTES], c[PRINT_BYTES], d[PRINT_BYTES], e[PRINT_BYTES];
    uint64_t sum = 0;

    for (enum wn_fault f = WN_FAULT_NONE + 1; f < WN_FAULTS; f++) {
        sum += t->faults[f];
        json_object_set_new(faults, wn_fault_name(f), json_integer((json_int_t)t->faults[f]));
    }
    if (opts->json) {
        OWN(json)
        json_t *answer = json_pack(
            "{s:b, s:s, s:I, s:I, s:I, s:I, s:O, s:O?, s:[]}", "ok", 1, "engine",
            engine_name(info->engine), "packets", (json_int_t)t->packets, "bytes",
            (json_int_t)t->bytes, "accepted", (json_int_t)t->accepted, "rejected",
            (json_int_t)t->rejected, "faults", faults, "verdicts", t->verdicts, "diagnostics");
        print_json(opts, answer);
        return;
    }
    if (opts->quiet)
        return;
    printf("%s packets, %s bytes: %s accepted, %s rejected, %s faults (%s)\n",
           print_count(a, (int64_t)t->packets), print_count(b, (int64_t)t->bytes),
           print_count(c, (int64_t)t->accepted), print_count(d, (int64_t)t->rejected),
           print_count(e, (int64_t)sum), engine_name(info->engine));
    for (enum wn_fault f = WN_FAULT_NONE + 1; f < WN_FAULTS; f++) {
        if (t->faults[f])
            printf("  fault %-7s %s\n", wn_fault_name(f), print_count(a, (int64_t)t->faults[f]));
    }
}

int command_run(const struct client_opts *opts, char **operands)
{
    OWN(free) struct origin *origin = calloc(1, sizeof *origin);
    OWN(capfile) struct capfile *file = NULL;
    OWN(prog) struct wn_prog *prog = NULL;
    OWN(json) json_t *verdicts = opts->json && opts->verdicts ? json_array() : NULL;
    struct totals totals = {.verdicts = verdicts};
    struct wn_prog_info info;
    enum diag_code why;
    struct wn_error err;

    if (!origin)
        return client_fail(opts, CLIENT_REFUSED, "memory", "out of memory");
    int status = find_origin("run", operands, origin);
    if (status)
        return status;
    if (!opts->read)
        return client_usage("run: over which capture file? Name it with -r");
    if (capfile_open(opts->read, &file, &err))
        return client_fail(opts, CLIENT_REFUSED, "read", "%s", err.text);
    if (opts->jitdump && wn_jitdump_open(opts->jitdump, &err))
        return client_fail(opts, CLIENT_REFUSED, "write", "%s", err.text);
    wn_gdb_announce(opts->gdb);
    struct source_opts source = source_opts_of(opts, capfile_dlt(file));
    if (origin_load(origin, &source, &prog, &why, &err))
        return fail_program(opts, origin, &source, why, &err);
    wn_prog_info(prog, &info);
    if (run_all(opts, prog, file, &totals, &err))
        return client_fail(opts, CLIENT_REFUSED, "read", "%s", err.text);
    show_totals(opts, &totals, &info);
    if (wn_jitdump_close(&err))
        return client_fail(opts, CLIENT_REFUSED, "write", "%s", err.text);
    return CLIENT_OK;
}
