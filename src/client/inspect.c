/* SPDX-License-Identifier: MIT */
/*
 * winnowctl inspect: what an object holds. All of it is put into one JSON value
 * first, which is printed as it is or as text, so that both say the same.
 */
#include <elf.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/helper.h>
#include <winnow/map.h>
#include <winnow/object.h>

#include "client/client.h"
#include "client/local.h"
#include "client/print.h"
#include "common/map_text.h"

#define VALUE_BYTES 65536 /* of a variable's text; longer ones are left out */

static json_t *or_null(const char *text)
{
    return text && *text ? json_stringn_nocheck(text, strlen(text)) : json_null();
}

/* Names in objects may be any bytes. */
static json_t *name_json(const char *text)
{
    json_t *name = json_string(text);
    return name ? name : json_string("(not UTF-8)");
}

/* ---- out of the object */

static json_t *helpers_of(const struct wn_object *object, size_t i)
{
    uint32_t numbers[256];
    size_t n = wn_object_prog_helpers(object, i, numbers, 256);
    json_t *list = json_array();
    for (size_t k = 0; k < n && k < 256; k++) {
        bool here;
        const char *name = wn_helper_name(numbers[k], &here);
        json_array_append_new(list, json_pack("{s:I, s:s?, s:b}", "number", (json_int_t)numbers[k],
                                              "name", name, "here", here));
    }
    return list;
}

static json_t *maps_of(const struct wn_object *object, size_t i)
{
    size_t n = wn_object_prog_maps(object, i, NULL, 0);
    OWN(free) uint32_t *numbers = calloc(n + 1, sizeof *numbers);
    json_t *list = json_array();
    n = numbers ? wn_object_prog_maps(object, i, numbers, n) : 0;
    for (size_t k = 0; k < n; k++) {
        struct wn_object_map map;
        wn_object_describe_map(object, numbers[k], &map);
        json_array_append_new(list, name_json(map.name));
    }
    return list;
}

/* The source line of each slot at which another begins. */
static json_t *lines_of(const struct wn_object *object, size_t i)
{
    struct wn_object_line line, last = {0};
    json_t *list = json_array();
    for (uint32_t slot = 0; wn_object_line(object, i, slot, &line); slot++) {
        if (line.line && (line.line != last.line || line.file != last.file))
            json_array_append_new(
                list, json_pack("{s:I, s:o, s:I, s:I, s:o, s:o}", "slot", (json_int_t)slot, "file",
                                name_json(line.file), "line", (json_int_t)line.line, "column",
                                (json_int_t)line.column, "function", name_json(line.function),
                                "text", name_json(line.text)));
        last = line;
    }
    return list;
}

/* Whether a program can run here and what is proved of it, found out by making it. */
static void try_program(struct wn_object *object, size_t i, const struct wn_object_prog *about,
                        json_t *to)
{
    OWN(prog) struct wn_prog *prog = NULL;
    struct wn_prog_info info;
    struct wn_error err;
    const char *name = local_program_name(object, i);
    const char *refused = about->refused ? about->refused->text : NULL;
    if (!refused && wn_prog_load(object, name ? name : about->section, NULL, &prog, &err))
        refused = err.text;
    if (prog)
        wn_prog_info(prog, &info);
    json_object_set_new(to, "refused", refused ? name_json(refused) : json_null());
    local_add_proofs(to, prog ? &info : NULL);
}

static json_t *programs(const struct client_opts *opts, struct wn_object *object)
{
    json_t *list = json_array();
    for (size_t i = 0; i < wn_object_count(object); i++) {
        struct wn_object_prog about;
        wn_object_describe(object, i, &about);
        if (opts->section && strcmp(opts->section, about.name) != 0 &&
            strcmp(opts->section, about.section) != 0)
            continue;
        const char *type = about.type == WN_OBJECT_NO_TYPE
                               ? NULL
                               : wn_prog_type_name((enum wn_prog_type)about.type);
        json_t *p = json_pack("{s:o, s:o, s:s?, s:I, s:I, s:o, s:o}", "name", name_json(about.name),
                              "section", name_json(about.section), "type", type, "slots",
                              (json_int_t)about.slots, "functions", (json_int_t)about.functions,
                              "maps", maps_of(object, i), "helpers", helpers_of(object, i));
        try_program(object, i, &about, p);
        json_object_set_new(p, "lines", opts->lines ? lines_of(object, i) : json_null());
        json_array_append_new(list, p);
    }
    return list;
}

static const char *kind_name(enum wn_object_map_kind kind)
{
    switch (kind) {
    case WN_OBJECT_MAP_BTF: return "btf";
    case WN_OBJECT_MAP_LEGACY: return "legacy";
    case WN_OBJECT_MAP_DATA: return "variables";
    }
    return "unknown";
}

static json_t *maps(const struct wn_object *object)
{
    json_t *list = json_array();
    for (size_t i = 0; i < wn_object_map_count(object); i++) {
        struct wn_object_map map;
        char number[24];
        wn_object_describe_map(object, i, &map);
        const char *type = wn_map_type_name((enum wn_map_type)map.type);
        snprintf(number, sizeof number, "type %u", map.type);
        json_array_append_new(
            list,
            json_pack("{s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:b, s:o, s:o, s:o}", "name",
                      name_json(map.name), "kind", kind_name(map.kind), "type",
                      type ? type : number, "key_bytes", (json_int_t)map.key_bytes, "value_bytes",
                      (json_int_t)map.value_bytes, "max_entries", (json_int_t)map.max_entries,
                      "flags", (json_int_t)map.flags, "pinned", map.pinned, "key_type",
                      or_null(map.key_type), "value_type", or_null(map.value_type), "refused",
                      map.refused ? name_json(map.refused->text) : json_null()));
    }
    return list;
}

static json_t *value_of(const struct wn_object *object, size_t i, const struct wn_object_var *var)
{
    OWN(free) uint8_t *bytes = calloc(1, var->bytes + 1u);
    OWN(free) char *text = malloc(VALUE_BYTES);
    if (!bytes || !text || wn_object_get(object, var->name, bytes, var->bytes, NULL) ||
        wn_object_print_var(object, i, bytes, var->bytes, text, VALUE_BYTES, NULL) < 0)
        return json_null();
    json_t *value = map_text_json(text);
    return value ? value : json_null();
}

static json_t *variables(const struct wn_object *object)
{
    json_t *list = json_array();
    for (size_t i = 0; i < wn_object_var_count(object); i++) {
        struct wn_object_var var;
        wn_object_describe_var(object, i, &var);
        json_array_append_new(
            list,
            json_pack("{s:o, s:o, s:I, s:I, s:b, s:b, s:o, s:o}", "name", name_json(var.name),
                      "section", name_json(var.section), "offset", (json_int_t)var.offset, "bytes",
                      (json_int_t)var.bytes, "read_only", var.read_only, "global", var.global,
                      "type", or_null(var.type), "value", value_of(object, i, &var)));
    }
    return list;
}

static json_t *relocations(const struct wn_object *object, size_t i)
{
    struct wn_object_reloc r;
    json_t *list = json_array();
    for (size_t k = 0; wn_object_reloc(object, i, k, &r); k++)
        json_array_append_new(list, json_pack("{s:o, s:I, s:s, s:o, s:I}", "section",
                                              name_json(r.section), "offset", (json_int_t)r.offset,
                                              "kind", *r.kind ? r.kind : "unknown", "symbol",
                                              name_json(r.symbol), "addend", (json_int_t)r.addend));
    return list;
}

static json_t *sections(const struct client_opts *opts, const struct wn_object *object)
{
    json_t *list = json_array();
    for (size_t i = 1; i < wn_object_section_count(object); i++) {
        struct wn_object_section s;
        char flags[8], *f = flags;
        wn_object_describe_section(object, i, &s);
        *f++ = s.flags & SHF_ALLOC ? 'a' : '-';
        *f++ = s.flags & SHF_WRITE ? 'w' : '-';
        *f++ = s.flags & SHF_EXECINSTR ? 'x' : '-';
        *f = '\0';
        json_array_append_new(list,
                              json_pack("{s:o, s:I, s:I, s:s, s:I, s:o}", "name", name_json(s.name),
                                        "type", (json_int_t)s.type, "bytes", (json_int_t)s.bytes,
                                        "flags", flags, "relocations", (json_int_t)s.relocs, "list",
                                        opts->relocs ? relocations(object, i) : json_null()));
    }
    return list;
}

/* ---- as text */

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

static long long number_of(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

static void put(const char *text)
{
    print_plain(text, stdout);
}

static int width_of(const json_t *list)
{
    size_t width = 8, i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        size_t n = strlen(text_of(item, "name"));
        width = n > width && n < 40 ? n : width;
    }
    return (int)width;
}

static void put_name(const json_t *item, int width)
{
    const char *name = text_of(item, "name");
    printf("  ");
    put(*name ? name : "-");
    printf("%*s  ", width > (int)strlen(name) ? width - (int)strlen(name) - !*name : 0, "");
}

static const char *plural(long long n)
{
    return n == 1 ? "" : "s";
}

/* "accesses: 16 proved, 24 guarded; 1 loop fuelled" */
static void show_proofs(const json_t *p)
{
    long long accesses = number_of(p, "accesses"), guarded = number_of(p, "guarded");
    long long checked = number_of(p, "calls_checked"), fuelled = number_of(p, "loops_fuelled");
    if (!json_is_integer(json_object_get(p, "accesses")))
        return;
    printf("    accesses: %lld proved, %lld guarded", accesses - guarded, guarded);
    if (checked)
        printf("; %lld call%s checked", checked, plural(checked));
    if (fuelled)
        printf("; %lld loop%s fuelled", fuelled, plural(fuelled));
    putchar('\n');
}

static void show_program(const json_t *p, int width)
{
    json_t *item;
    size_t i;
    put_name(p, width);
    printf("%-7s ", *text_of(p, "type") ? text_of(p, "type") : "?");
    put(text_of(p, "section"));
    printf(", %lld slots, %lld function%s\n", number_of(p, "slots"), number_of(p, "functions"),
           plural(number_of(p, "functions")));
    json_array_foreach(json_object_get(p, "maps"), i, item)
    {
        printf(i ? ", " : "    maps: ");
        put(json_string_value(item));
    }
    if (i)
        putchar('\n');
    json_array_foreach(json_object_get(p, "helpers"), i, item)
    {
        printf(i ? ", " : "    helpers: ");
        if (*text_of(item, "name"))
            put(text_of(item, "name"));
        else
            printf("%lld", number_of(item, "number"));
    }
    if (i)
        putchar('\n');
    show_proofs(p);
    if (*text_of(p, "refused")) {
        printf("    cannot run here: ");
        put(text_of(p, "refused"));
        putchar('\n');
    }
    json_array_foreach(json_object_get(p, "lines"), i, item)
    {
        const char *slash = strrchr(text_of(item, "file"), '/');
        printf("    %5lld  ", number_of(item, "slot"));
        put(slash ? slash + 1 : text_of(item, "file"));
        printf(":%-5lld ", number_of(item, "line"));
        put(text_of(item, "text"));
        putchar('\n');
    }
}

static void show_typed(const json_t *object, const char *bytes, const char *type)
{
    printf("%lld", number_of(object, bytes));
    if (*text_of(object, type)) {
        printf(" (");
        put(text_of(object, type));
        putchar(')');
    }
}

static void show_map(const json_t *m, int width)
{
    put_name(m, width);
    printf("%s, key ", text_of(m, "type"));
    show_typed(m, "key_bytes", "key_type");
    printf(", value ");
    show_typed(m, "value_bytes", "value_type");
    printf(", %lld entr%s", number_of(m, "max_entries"),
           number_of(m, "max_entries") == 1 ? "y" : "ies");
    if (number_of(m, "flags"))
        printf(", flags 0x%llx", number_of(m, "flags"));
    printf("%s%s\n", json_is_true(json_object_get(m, "pinned")) ? ", pinned" : "",
           strcmp(text_of(m, "kind"), "legacy") ? "" : ", legacy");
    if (*text_of(m, "refused")) {
        printf("    not here: ");
        put(text_of(m, "refused"));
        putchar('\n');
    }
}

static void show_variable(const json_t *v, int width)
{
    const json_t *value = json_object_get(v, "value");
    put_name(v, width);
    put(text_of(v, "section"));
    printf(", %lld byte%s", number_of(v, "bytes"), number_of(v, "bytes") == 1 ? "" : "s");
    if (*text_of(v, "type")) {
        printf(", ");
        put(text_of(v, "type"));
    }
    if (!json_is_null(value)) {
        printf(" = ");
        json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    }
    putchar('\n');
}

/* Relocations that nobody wants to read; --json has them. */
static bool for_debuggers(const char *section)
{
    const char *name = strncmp(section, ".rel", 4) ? section : section + 4;
    name += *name == 'a';
    return !strncmp(name, ".debug", 6) || !strncmp(name, ".BTF", 4);
}

static void show_section(const json_t *s, int width)
{
    json_t *r;
    size_t i;
    put_name(s, width);
    printf("%s %8lld bytes", text_of(s, "flags"), number_of(s, "bytes"));
    if (number_of(s, "relocations"))
        printf(", %lld relocations", number_of(s, "relocations"));
    putchar('\n');
    if (for_debuggers(text_of(s, "name")))
        return;
    json_array_foreach(json_object_get(s, "list"), i, r)
    {
        printf("    %6lld  %-18s ", number_of(r, "offset"), text_of(r, "kind"));
        put(text_of(r, "symbol"));
        printf(number_of(r, "addend") ? " %+lld\n" : "\n", number_of(r, "addend"));
    }
}

static void show_list(const json_t *answer, const char *member,
                      void (*show)(const json_t *item, int width))
{
    const json_t *list = json_object_get(answer, member);
    json_t *item;
    size_t i;
    if (json_array_size(list))
        printf("%s\n", member);
    json_array_foreach(list, i, item) show(item, width_of(list));
}

static void show(const struct client_opts *opts, json_t *answer)
{
    if (opts->json) {
        json_dumpf(answer, stdout, opts->indent ? JSON_INDENT(2) : JSON_COMPACT);
        putchar('\n');
        return;
    }
    show_list(answer, "programs", show_program);
    show_list(answer, "maps", show_map);
    show_list(answer, "variables", show_variable);
    show_list(answer, "sections", show_section);
    if (*text_of(answer, "license")) {
        printf("license ");
        put(text_of(answer, "license"));
        putchar('\n');
    }
}

int command_inspect(const struct client_opts *opts, char **operands)
{
    OWN(free) struct local_origin *origin = calloc(1, sizeof *origin);
    OWN(source) struct source *source = NULL;
    struct source_opts how = local_source_opts(opts, 1);
    enum diag_code why = DIAG_P100;
    struct wn_error err;

    if (!origin || !operands[0] || operands[1])
        return client_usage("inspect: one object file; - is standard input");
    origin->path = operands[0];
    if (source_open(origin->path, &how, &source, &why, &err))
        return local_fail_program(opts, origin, NULL, why, &err);
    struct wn_object *object = source_object(source);
    if (!object) {
        wn_fail(&err, WN_E_FORMAT, WN_NOWHERE, "is no ELF object");
        return local_fail_program(opts, origin, NULL, DIAG_P100, &err);
    }
    if (opts->section && wn_object_find(object, opts->section, &err) < 0)
        return local_fail_program(opts, origin, NULL, DIAG_P102, &err);
    /* Variables before programs: trying those may set them. */
    json_t *vars = variables(object);
    OWN(json)
    json_t *answer = json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:[]}", "ok", 1, "license",
                               or_null(wn_object_license(object)), "programs",
                               programs(opts, object), "maps", maps(object), "variables", vars,
                               "sections", sections(opts, object), "diagnostics");
    if (!answer)
        return client_fail(opts, CLIENT_REFUSED, "memory", "out of memory");
    show(opts, answer);
    return CLIENT_OK;
}
