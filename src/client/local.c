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
        .prog = {.engine = opts->engine, .type = opts->type, .fuel = opts->fuel},
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

/* Text of one instruction for a message; NULL if it is none. */
static char *slot_text(const struct local_origin *origin, const struct source_opts *opts,
                       uint32_t at)
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
static json_t *diagnostic(const struct local_origin *origin, const struct source_opts *opts,
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

int local_fail_program(const struct client_opts *opts, const struct local_origin *origin,
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
        return local_fail_program(opts, origin, &source, why, &err);
    OWN(free) uint8_t *bytes = slot_bytes(slots, count);
    return bytes ? show_bytes(opts, bytes, count * WN_SLOT_BYTES)
                 : client_fail(opts, CLIENT_REFUSED, "memory", "out of memory");
}

/* Compiles slots that are looked at and never run. */
static int show_machine_code(const struct client_opts *opts, const struct local_origin *origin,
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
        return local_fail_program(opts, origin, source, DIAG_P110, &err);
    wn_prog_info(prog, &info);
    if (opts->output) {
        int status = write_bytes(opts, info.code, info.code_bytes);
        if (status || !opts->json || !strcmp(opts->output, "-"))
            return status;
    }
    return listing_show(opts, prog, slots, count, &err)
               ? local_fail_program(opts, origin, source, DIAG_P110, &err)
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
        return local_fail_program(opts, origin, &source, why, &err);
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
        "{s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "engine", local_engine_name(info->engine),
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
        printf("engine %s: %zu bytes of machine code\n", local_engine_name(info->engine),
               info->code_bytes);
    else
        printf("engine %s: %u operations%s%s\n", local_engine_name(info->engine), info->ops,
               no_jit ? "; no machine code: " : "", no_jit ? no_jit : "");
}

int command_check(const struct client_opts *opts, char **operands)
{
    OWN(free) struct local_origin *origin = calloc(1, sizeof *origin);
    OWN(source) struct source *file = NULL;
    OWN(prog) struct wn_prog *prog = NULL;
    struct source_opts source = local_source_opts(opts, DLT_ETHERNET);
    struct wn_prog_info info;
    enum diag_code why;
    struct wn_error err;

    if (!origin)
        return client_fail(opts, CLIENT_REFUSED, "memory", "out of memory");
    int status = local_find_origin("check", operands, origin);
    if (status)
        return status;
    int code = local_open(origin, &source, &file, &why, &err);
    if (!code)
        code = source_program(file, &source, &prog, &why, &err);
    if (code && !opts->json)
        return local_fail_program(opts, origin, &source, why, &err);
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
