/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <winnow/text.h>

#include "vm/machine.h"

static const char *kind_name(enum wn_vm_kind kind)
{
    switch (kind) {
    case WN_VM_RAW: return "raw data";
    case WN_VM_META: return "metadata of the caller";
    case WN_VM_FIXED_META: return "metadata of the machine";
    case WN_VM_NO_DATA: break;
    }
    return "no data";
}

static void print_settings(const struct wn_vm *vm, FILE *to)
{
    const struct wn_vm_opts *o = &vm->opts;
    fprintf(to, "kind: %s\n", kind_name(o->kind));
    if (o->data_at || o->data_end_at)
        fprintf(to, "addresses of the data at: %" PRIu32 ", %" PRIu32 "\n", o->data_at,
                o->data_end_at);
    if (vm->meta)
        fprintf(to, "metadata: %" PRIu32 " bytes\n", vm->meta_bytes);
    fprintf(to, "instruction limit: %" PRIu64 "\n", o->instructions ? o->instructions : WN_FUEL);
    fprintf(to, "stack: %" PRIu32 " bytes a function, %" PRIu32 " deep\n", wn_vm_frame_bytes(vm),
            wn_vm_call_depth(vm));
    fprintf(to, "division by 0: %s\n", o->flags & WN_DIV_FAULT ? "ends the run" : "gives 0");
    if (o->flags & WN_BLIND)
        fprintf(to, "constants in machine code: blinded\n");
    fprintf(to, "verifier: %s\n", vm->verifier ? "the library's and one more" : "the library's");
    if (vm->unwinds)
        fprintf(to, "unwinds on a result of 0 from helper: %" PRIu32 "\n", vm->unwind);
    for (size_t i = 0; i < vm->helpers.len; i++)
        fprintf(to, "helper: %" PRIu32 "\n", vm->helpers.data[i].key);
    for (size_t i = WN_VM_PER_RUN; i < vm->regions.len; i++) {
        const struct wn_region *r = &vm->regions.data[i];
        fprintf(to, "memory: 0x%" PRIx64 ", %" PRIu64 " bytes, %s\n", r->start, r->bytes,
                r->writable ? "writable" : "read-only");
    }
}

/** The program; one that is loaded is well-formed, so that only memory can be missing. */
static int print_program(const struct wn_vm *vm, FILE *to, struct wn_error *err)
{
    static const struct wn_text_opts numbered = {.numbers = true};
    char *text;
    if (!vm->text) {
        fprintf(to, "program: none\n");
        return 0;
    }
    int r = wn_disassemble(vm->text->slots, vm->text->count, &numbered, &text, err);
    if (r)
        return r;
    fprintf(to, "program: %zu slots", vm->text->count);
    if (vm->jit)
        fprintf(to, ", %zu bytes of machine code", vm->jit->info.code_bytes);
    fprintf(to, "\n%s", text);
    free(text);
    return 0;
}

int wn_vm_print(const struct wn_vm *vm, char **out, struct wn_error *err)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    if (!to)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    print_settings(vm, to);
    int r = print_program(vm, to, err);
    bool lost = ferror(to);
    lost |= fclose(to) != 0;
    if (r == 0 && lost)
        r = wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    if (r) {
        free(text);
        return r;
    }
    *out = text;
    return 0;
}
