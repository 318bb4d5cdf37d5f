/* SPDX-License-Identifier: MIT */
/** Any bytes as an object: an error or programs, and programs that load run without harm. */
#include <stdlib.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct wn_object *obj = NULL;
    struct wn_error err = {0};
    if (wn_object_parse(data, len, &obj, &err)) {
        if (obj || err.code == 0 || err.text[0] == '\0')
            abort();
        return 0;
    }
    for (size_t i = 0; i < wn_object_count(obj) && i < 4; i++)
        run_one(obj, i);
    wn_object_free(obj);
    return 0;
}
