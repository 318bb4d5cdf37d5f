/* SPDX-License-Identifier: MIT */
/* The commands that need no daemon and look at programs: the library from the command line. */
#include "client/local.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <winnow/object.h>

#include "client/listing.h"
#include "client/print.h"

#define DLT_ETHERNET 1

void own_json(json_t **value)
{
    json_decref(*value);
}

int local_find_origin(const char *command, char **operands, struct local_origin *out)
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

struct source_opts local_source_opts(const struct client_opts *opts, int linktype)
{
    return (struct source_opts){
        .linktype = opts->linktype >= 0 ? opts->linktype : linktype,
        .section = opts->section,
        .any_file = true,
        .consts = opts->consts.items,
        .n_consts = opts->consts.n,
        .entries = opts->entries.items,
        .n_entries = opts->entries.n,
        .prog = {.engine = opts->engine,
                 .verify = opts->strict ? WN_VERIFY_STRICT : WN_VERIFY_GUARD,
                 .type = opts->type,
                 .fuel = opts->fuel},
    };
}

static int origin_slots(const struct local_origin *origin, const struct source_opts *opts,
                        struct wn_slot **slots, size_t *count, enum diag_code *why,
                        struct wn_error *err)
{
    if (!origin->path)
        return source_expr_slots(origin->expr, opts, slots, count, why, err);
    return source_slots(origin->path, opts, slots, count, NULL, why, err);
}

int local_open(const struct local_origin *origin, const struct source_opts *opts,
               struct source **out, enum diag_code *why, struct wn_error *err)
{
    return origin->path ? source_open(origin->path, opts, out, why, err)
                        : source_open_expr(origin->expr, out, why, err);
}

struct json_t *local_diagnostic(const struct diag_place *at, enum diag_code why,
                                const struct diag_insn *insn, const struct wn_error *err)
{
    struct diag_list list = {0};
    diag_add_error(&list, why, *at, insn, err);
    if (!list.count) /* without memory */
        return json_null();
    const struct diag *d = &list.items[0];
    json_t *out = json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:n, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "code",
        diag_code_name(why), "severity", "error", "file", print_text_json(d->file), "line",
        d->line ? json_integer(d->line) : json_null(), "column",
        d->column ? json_integer(d->column) : json_null(), "section", "key",
        print_text_json(d->key), "message", print_text_json(d->message), "hint",
        print_text_json(d->hint), "slot", d->insn.text ? json_integer(d->insn.slot) : json_null(),
        "instruction", print_text_json(d->insn.text), "source", print_text_json(d->insn.source),
        "source_text", print_text_json(d->insn.line));
    diag_fini(&list);
    return out;
}

/* Takes the diagnostic. */
static int fail_diagnostic(const struct client_opts *opts, json_t *diagnostic)
{
    OWN(json)
    json_t *answer = json_pack("{s:b, s:[o]}", "ok", 0, "diagnostics", diagnostic);
    if (opts->json)
        print_json(opts, answer);
    else
        print_diagnostics(opts, json_object_get(answer, "diagnostics"));
    return CLIENT_REFUSED;
}

int local_fail_program(const struct client_opts *opts, const struct local_origin *origin,
                       const struct source *source, enum diag_code why, const struct wn_error *err)
{
    struct diag_place at = {.file = origin->path};
    OWN(insn) struct diag_insn insn = {0};
    if (source)
        source_insn(source, err->at, &insn);
    return fail_diagnostic(opts, local_diagnostic(&at, why, &insn, err));
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
    for (size_t i = 0; bytes && i < count; i++)
        wn_slot_encode(slots[i], bytes + i * WN_SLOT_BYTES);
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
    OWN(free) struct local_origin *origin = calloc(1, sizeof *origin);
    OWN(free) struct wn_slot *slots = NULL;
    struct source_opts source = local_source_opts(opts, DLT_ETHERNET);
    enum diag_code why;
    struct wn_error err;
    size_t count;

    if (!origin || !operands[0] || operands[1])
        return client_usage("asm: one file of assembly; - is standard input");
    origin->path = operands[0];
    source.text.dialect = opts->dialect;
    int code = source_assembly_slots(origin->path, &source, &slots, &count, &why, &err);
    if (code)
        return local_fail_program(opts, origin, NULL, why, &err);
    OWN(free) uint8_t *bytes = slot_bytes(slots, count);
    return bytes ? show_bytes(opts, bytes, count * WN_SLOT_BYTES)
                 : client_fail(opts, CLIENT_REFUSED, "memory", "out of memory");
}

static int fail_slots(const struct client_opts *opts, const struct local_origin *origin,
                      const struct wn_slot *slots, size_t count, const struct wn_error *err)
{
    struct diag_place at = {.file = origin->path};
    OWN(insn) struct diag_insn insn;
    source_slot_insn(slots, count, err->at, &insn);
    return fail_diagnostic(opts, local_diagnostic(&at, DIAG_P110, &insn, err));
}

/* A program that is looked at and never run: of an object with its maps. */
static int compile(const struct local_origin *origin, const struct source_opts *how,
                   const struct wn_slot *slots, size_t count, struct wn_prog **out,
                   struct wn_error *err)
{
    struct source *source = NULL;
    if (!origin->path || !strcmp(origin->path, "-"))
        return wn_prog_new(slots, count, &how->prog, out, err);
    int code = source_open(origin->path, how, &source, NULL, err);
    if (!code)
        code = source_object(source) ? source_program(source, how, out, NULL, err)
                                     : wn_prog_new(slots, count, &how->prog, out, err);
    source_close(source);
    return code;
}

static int show_machine_code(const struct client_opts *opts, const struct local_origin *origin,
                             const struct source_opts *source, const struct wn_slot *slots,
                             size_t count)
{
    OWN(prog) struct wn_prog *prog = NULL;
    struct source_opts how = *source;
    struct wn_error err;
    struct wn_prog_info info;

    how.prog.engine = WN_ENGINE_JIT;
    how.prog.lines = true;
    if (compile(origin, &how, slots, count, &prog, &err))
        return fail_slots(opts, origin, slots, count, &err);
    wn_prog_info(prog, &info);
    if (opts->output) {
        int status = write_bytes(opts, info.code, info.code_bytes);
        if (status || !opts->json || !strcmp(opts->output, "-"))
            return status;
    }
    return listing_show(opts, prog, slots, count, &err)
               ? fail_slots(opts, origin, slots, count, &err)
               : CLIENT_OK;
}

int command_disasm(const struct client_opts *opts, char **operands)
{
    OWN(free) struct local_origin *origin = calloc(1, sizeof *origin);
    OWN(free) struct wn_slot *slots = NULL;
    OWN(free) char *text = NULL;
    struct source_opts source = local_source_opts(opts, DLT_ETHERNET);
    struct wn_text_opts as = {opts->dialect, opts->labels, opts->numbers};
    enum diag_code why = DIAG_P110;
    struct wn_error err;
    size_t count;

    if (!origin)
        return client_fail(opts, CLIENT_REFUSED, "memory", "out of memory");
    int status = local_find_origin("disasm", operands, origin);
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
        return local_fail_program(opts, origin, NULL, why, &err);
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

const char *local_engine_name(enum wn_engine engine)
{
    switch (engine) {
    case WN_ENGINE_AUTO: return "auto";
    case WN_ENGINE_JIT: return "jit";
    case WN_ENGINE_INTERP: return "interp";
    case WN_ENGINE_REFERENCE: return "reference";
    }
    return "unknown";
}

const char *local_program_name(const struct wn_object *object, size_t i)
{
    struct wn_object_prog about;
    wn_object_describe(object, i, &about);
    if (*about.name && wn_object_find(object, about.name, NULL) == (int)i)
        return about.name;
    return wn_object_find(object, about.section, NULL) == (int)i ? about.section : NULL;
}

void local_add_proofs(struct json_t *to, const struct wn_prog_info *info)
{
    static const struct wn_prog_info none;
    const struct wn_prog_info *i = info ? info : &none;
    const struct {
        const char *name;
        uint32_t value;
    } counts[] = {
        {"accesses", i->accesses}, {"guarded", i->guarded},
        {"calls", i->calls},       {"calls_checked", i->calls_checked},
        {"loops", i->loops},       {"loops_fuelled", i->loops_fuelled},
    };
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++)
        json_object_set_new(to, counts[k].name, info ? json_integer(counts[k].value) : json_null());
    /* Raw filters have nothing to write to the packet with. */
    bool in_place = i->in_place || i->type == WN_PROG_FILTER;
    json_object_set_new(to, "in_place", info ? json_boolean(in_place) : json_null());
}
