/* SPDX-License-Identifier: MIT */
/** Any bytes as an object: an error or programs, and programs that load run without harm. */
#include <stdlib.h>
#include <string.h>

#include <winnow/object.h>
#include <winnow/prog.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void run_one(struct wn_object *obj, size_t i)
{
    static const uint8_t bytes[64] = {1, 2, 3};
    struct wn_packet pkt = {.data = bytes, .caplen = sizeof bytes, .wirelen = sizeof bytes};
    struct wn_prog_opts opts = {.engine = WN_ENGINE_INTERP, .fuel = 10000};
    struct wn_object_prog about;
    struct wn_prog *prog = NULL;
    wn_object_describe(obj, i, &about);
    if (wn_prog_load(obj, about.name, &opts, &prog, NULL))
        return;
    struct wn_run *run = wn_run_new();
    if (run)
        wn_prog_run(prog, run, &pkt);
    wn_run_free(run);
    wn_prog_free(prog);
}

/** Everything that can be asked about an object without loading from it. */
static void look(struct wn_object *obj, size_t len)
{
    static uint8_t value[4096];
    char text[8192];
    struct wn_object_line line;
    struct wn_object_map map;
    struct wn_object_var var;
    struct wn_object_reloc reloc;
    struct wn_object_section section;
    uint32_t numbers[8];
    for (size_t i = 0; i < wn_object_count(obj); i++) {
        size_t slots;
        wn_object_slots(obj, i, &slots);
        for (uint32_t s = 0; s < slots && s < 16; s++)
            wn_object_line(obj, i, s, &line);
        wn_object_prog_maps(obj, i, numbers, 8);
        wn_object_prog_helpers(obj, i, numbers, 8);
    }
    for (size_t i = 0; i < wn_object_map_count(obj); i++) {
        wn_object_describe_map(obj, i, &map);
        wn_object_print_key(obj, i, value, sizeof value, text, sizeof text, NULL);
        wn_object_print_value(obj, i, value, sizeof value, text, sizeof text, NULL);
    }
    for (size_t i = 0; i < wn_object_var_count(obj); i++) {
        wn_object_describe_var(obj, i, &var);
        wn_object_print_var(obj, i, value, sizeof value, text, sizeof text, NULL);
        wn_object_set_number(obj, var.name, 1, NULL);
        if (var.bytes <= sizeof value)
            wn_object_get(obj, var.name, text, var.bytes, NULL);
    }
    for (size_t i = 0; i < wn_object_section_count(obj); i++) {
        wn_object_describe_section(obj, i, &section);
        for (size_t k = 0; k < 4; k++)
            wn_object_reloc(obj, i, k, &reloc);
    }
    if (strlen(wn_object_license(obj)) > len)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct wn_object_limits limits = {.cpus = 2, .max_bytes = 1 << 20};
    struct wn_object *obj = NULL;
    struct wn_error err = {0};
    if (wn_object_parse(data, len, &obj, &err)) {
        if (obj || err.code == 0 || err.text[0] == '\0')
            abort();
        return 0;
    }
    wn_object_limit(obj, &limits);
    look(obj, len);
    for (size_t i = 0; i < wn_object_count(obj) && i < 4; i++)
        run_one(obj, i);
    wn_object_free(obj);
    return 0;
}
