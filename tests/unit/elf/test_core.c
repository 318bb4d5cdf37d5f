/* SPDX-License-Identifier: MIT */
/* WN_ELF_DIR is the directory of the objects, tests/elf. */
#include "elf/core.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/own.h"
#include "btf_object.h"
#include "elf/btf_make.h"
#include "elf/core_spec.h"

static void load(struct btf_object *o, const char *name, const char *build)
{
    char path[4096];
    struct wn_error err = {0};
    snprintf(path, sizeof path, "%s/btf/%s.%s.o", WN_ELF_DIR, name, build);
    if (!btf_object_load(path, o, &err))
        fail_msg("%s: %s", path, err.text);
}

/* A part of the two contexts (Linux: include/uapi/linux/bpf.h). */
static const struct wn_btf_field xdp_fields[] = {
    {"data", 0, 4},
    {"data_end", 4, 4},
    {"data_meta", 8, 4},
    {"ingress_ifindex", 12, 4},
    {"rx_queue_index", 16, 4},
    {"egress_ifindex", 20, 4},
};
static const struct wn_btf_field skb_fields[] = {
    {"len", 0, 4},           {"mark", 8, 4},        {"cb", 48, 20},
    {"remote_ip6", 100, 16}, {"flow_keys", 144, 8}, {"tstamp", 152, 8},
};
static const struct wn_btf_struct contexts[] = {
    {"xdp_md", 24, xdp_fields, sizeof xdp_fields / sizeof *xdp_fields},
    {"__sk_buff", 192, skb_fields, sizeof skb_fields / sizeof *skb_fields},
};

static struct {
    uint8_t *bytes;
    struct wn_btf btf;
} target;

static int make_target(void)
{
    size_t len;
    return wn_btf_make(contexts, 2, &target.bytes, &len, NULL) ||
           wn_btf_parse(target.bytes, len, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, &target.btf,
                        NULL);
}

static void free_target(void)
{
    wn_btf_fini(&target.btf);
    free(target.bytes);
}

/** The slots of a section after all its relocations; how many were poisoned, and why the last. */
struct relocated {
    struct wn_slot *slots;
    uint32_t n, poisoned;
    struct wn_core_patch patch;
};

static struct relocated relocated(const struct btf_object *o, const char *section)
{
    struct relocated r = {0};
    size_t first, count = wn_core_find(&o->ext, section, &first);
    r.slots = btf_slots(o, section, &r.n);
    assert_int_not_equal(count, 0);
    for (size_t i = first; i < first + count; i++) {
        struct wn_core_relo relo = wn_core_relo(&o->ext, i);
        struct wn_core_patch patch;
        struct wn_error err = {0};
        assert_in_range(relo.slot, 0, r.n - 1);
        if (wn_core_apply(&o->btf, &target.btf, &relo, r.slots + relo.slot, r.n - relo.slot, &patch,
                          &err))
            fail_msg("%s, slot %u: %s", section, relo.slot, err.text);
        r.poisoned += patch.poisoned;
        if (patch.poisoned)
            r.patch = patch;
    }
    return r;
}

/** Whether a section has an instruction with this opcode, place and constant. */
static bool has(const struct relocated *r, uint8_t opcode, int off, int imm)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (r->slots[i].opcode == opcode && r->slots[i].off == off && r->slots[i].imm == imm)
            return true;
    return false;
}

enum { LDX_H = 0x69, LDX_W = 0x61, LDX_B = 0x71, LDX_DW = 0x79, STX_W = 0x63, STX_DW = 0x7b };

static void fields_of_contexts_are_read_where_they_are_here(void **state)
{
    (void)state;
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        load(&o, "fields", btf_builds[b]);
        struct relocated r = relocated(&o, "xdp/read");
        assert_int_equal(r.poisoned, 0);
        assert_true(has(&r, LDX_W, 0, 0) && has(&r, LDX_W, 4, 0) && has(&r, LDX_W, 16, 0));
        free(r.slots);
        r = relocated(&o, "tc/skb");
        assert_int_equal(r.poisoned, 0);
        assert_true(has(&r, LDX_W, 48 + 3 * 4, 0) && has(&r, STX_W, 8, 0));
        assert_true(has(&r, LDX_W, 100 + 4, 0) && has(&r, STX_W, 48 + 2 * 4, 0));
        assert_true(has(&r, LDX_DW, 144, 0) && has(&r, STX_DW, 152, 0));
        free(r.slots);
        btf_object_free(&o);
    }
}

static void loads_become_as_wide_as_the_field(void **state)
{
    (void)state;
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        load(&o, "fields", btf_builds[b]);
        struct relocated r = relocated(&o, "xdp/ask");
        assert_true(has(&r, LDX_W, 12, 0)); /* was two bytes at 0 */
        assert_false(has(&r, LDX_H, 0, 0));
        assert_int_equal(r.poisoned, 2); /* what it loads only if it exists */
        assert_true(has(&r, 0x85, 0, WN_CORE_POISON));
        free(r.slots);
        btf_object_free(&o);
    }
}

static void what_does_not_exist_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *section, *says;
        uint32_t poisoned;
    } cases[] = {
        {"tc/kernel", "'struct task_struct': kernel types do not exist here", 2},
        {"tc/guarded", "field 'pid' of 'struct task_struct': kernel types do not exist here", 1},
        {"tc/bits", "field 'level' of 'struct bits': kernel types do not exist here", 4},
        {"xdp/ask", "it does not exist here", 2},
        {"tc/noenum", "value 'SOME_VALUE' of 'enum of_kernel': kernel types do not exist here", 1},
    };
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        load(&o, "fields", btf_builds[b]);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct relocated r = relocated(&o, cases[i].section);
            assert_int_equal(r.poisoned, cases[i].poisoned);
            assert_true(has(&r, 0x85, 0, WN_CORE_POISON));
            if (!strstr(r.patch.why, cases[i].says))
                fail_msg("%s: %s", cases[i].section, r.patch.why);
            free(r.slots);
        }
        btf_object_free(&o);
    }
}

static void what_a_check_guards_is_pruned(void **state)
{
    (void)state;
    static const char *const guarded[] = {"tc/guarded", "xdp/ask"}, *const open[] = {"tc/kernel",
                                                                                     "tc/noenum"};
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        load(&o, "fields", btf_builds[b]);
        for (size_t i = 0; i < 2; i++) {
            uint32_t at;
            struct relocated r = relocated(&o, guarded[i]);
            assert_int_equal(wn_core_prune(r.slots, r.n, &at, NULL), 0);
            assert_int_equal(at, WN_NOWHERE);
            assert_false(has(&r, 0x85, 0, WN_CORE_POISON));
            assert_true(has(&r, 0x05, 0, 0));
            free(r.slots);
            r = relocated(&o, open[i]);
            assert_int_equal(wn_core_prune(r.slots, r.n, &at, NULL), 0);
            assert_in_range(at, 0, 3);
            assert_true(has(&r, 0x85, 0, WN_CORE_POISON));
            free(r.slots);
        }
        btf_object_free(&o);
    }
}

#define POISON                                                                                     \
    {                                                                                              \
        0x85, 0, 0, WN_CORE_POISON                                                                 \
    }

static void only_what_every_way_agrees_on_prunes(void **state)
{
    (void)state;
    static const struct {
        uint32_t n, reached;
        struct wn_slot slots[8];
    } cases[] = {
        /* r2 = 1; if r2 == 0 goto the poison */
        {4, WN_NOWHERE, {{0xb7, 2, 0, 1}, {0x15, 2, 1, 0}, {0x95, 0, 0, 0}, POISON}},
        {4, 3, {{0xb7, 2, 0, 0}, {0x15, 2, 1, 0}, {0x95, 0, 0, 0}, POISON}},
        {4, 3, {{0x61, 0x12, 0, 0}, {0x15, 2, 1, 0}, {0x95, 0, 0, 0}, POISON}},
        /* r2 = 1, but only on one of two ways; then on both */
        {6,
         5,
         {{0xb7, 2, 0, 1},
          {0x15, 1, 1, 0},
          {0xb7, 2, 0, 0},
          {0x15, 2, 1, 0},
          {0x95, 0, 0, 0},
          POISON}},
        {6,
         WN_NOWHERE,
         {{0xb7, 2, 0, 1},
          {0x15, 1, 1, 0},
          {0xb7, 2, 0, 1},
          {0x15, 2, 1, 0},
          {0x95, 0, 0, 0},
          POISON}},
        /* a loop: r2 = 1; r2 -= 1; if r1 != 0 goto -2 */
        {6,
         5,
         {{0xb7, 2, 0, 1},
          {0x17, 2, 0, 1},
          {0x55, 1, -2, 0},
          {0x15, 2, 1, -4},
          {0x95, 0, 0, 0},
          POISON}},
        /* a call forgets r2, but not r6 */
        {5, 4, {{0xb7, 2, 0, 1}, {0x85, 0, 0, 5}, {0x15, 2, 1, 0}, {0x95, 0, 0, 0}, POISON}},
        {5,
         WN_NOWHERE,
         {{0xb7, 6, 0, 1}, {0x85, 0, 0, 5}, {0x15, 6, 1, 0}, {0x95, 0, 0, 0}, POISON}},
        /* w2 = -1 is not r2 = -1; as signed numbers of 32 bits they are the same */
        {4, WN_NOWHERE, {{0xb4, 2, 0, -1}, {0x15, 2, 1, -1}, {0x95, 0, 0, 0}, POISON}},
        {4, 3, {{0xb4, 2, 0, -1}, {0x16, 2, 1, -1}, {0x95, 0, 0, 0}, POISON}},
        {4, 3, {{0xb4, 2, 0, -1}, {0xc6, 2, 1, 0}, {0x95, 0, 0, 0}, POISON}},
        {4, WN_NOWHERE, {{0xb4, 2, 0, -1}, {0xc5, 2, 1, 0}, {0x95, 0, 0, 0}, POISON}},
        /* r2 = (s8)r2 of 255 is not 255; nothing is claimed of it */
        {5, 4, {{0xb7, 2, 0, 255}, {0xbf, 0x22, 8, 0}, {0x55, 2, 1, 255}, {0x95, 0, 0, 0}, POISON}},
        /* r3 = 1; a fetch from memory into r3 */
        {5, 4, {{0xb7, 3, 0, 1}, {0xdb, 0x31, 0, 1}, {0x15, 3, 1, 0}, {0x95, 0, 0, 0}, POISON}},
        /* a wide constant */
        {6,
         WN_NOWHERE,
         {{0x18, 2, 0, 0}, {0, 0, 0, 1}, {0x15, 2, 1, 0}, {0x95, 0, 0, 0}, POISON, POISON}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wn_slot slots[8];
        uint32_t at;
        memcpy(slots, cases[i].slots, sizeof slots);
        assert_int_equal(wn_core_prune(slots, cases[i].n, &at, NULL), 0);
        if (at != cases[i].reached)
            fail_msg("case %zu: reached %u", i, at);
    }
}

static void headers_of_protocols_are_as_the_object_has_them(void **state)
{
    (void)state;
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        load(&o, "fields", btf_builds[b]);
        uint32_t n;
        WN_OWN(free) struct wn_slot *before = btf_slots(&o, "tc/header", &n);
        struct relocated r = relocated(&o, "tc/header");
        assert_int_equal(r.poisoned, 0);
        /* For big-endian machines clang and libbpf choose bit-fields' words of different widths. */
        if (!o.elf.big)
            assert_memory_equal(r.slots, before, n * sizeof *before);
        assert_true(has(&r, LDX_B, 8, 0) && has(&r, LDX_B, 0, 0));
        free(r.slots);
        btf_object_free(&o);
    }
}

static void poisoned_wide_instructions_have_both_halves_poisoned(void **state)
{
    (void)state;
    struct btf_object o = {0};
    load(&o, "fields", "19");
    struct relocated r = relocated(&o, "tc/noenum");
    uint32_t calls = 0;
    for (uint32_t i = 0; i < r.n; i++)
        calls += r.slots[i].opcode == 0x85;
    assert_int_equal(calls, 2);
    free(r.slots);
    btf_object_free(&o);
}

static void the_line_of_an_instruction_is_found(void **state)
{
    (void)state;
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        load(&o, "fields", btf_builds[b]);
        struct wn_btf_line line;
        assert_true(wn_btf_line(&o.ext, "xdp/misfit", 0, &line));
        assert_string_equal(line.text, "return old->egress_ifindex;");
        assert_non_null(strstr(line.file, "fields.c"));
        assert_in_range(line.line, 50, 200);
        assert_in_range(line.column, 5, 17);
        uint32_t first = line.line;
        assert_true(wn_btf_line(&o.ext, "xdp/misfit", 1, &line));
        assert_in_range(line.line, first, first);
        assert_true(wn_btf_line(&o.ext, "xdp/misfit", 1000, &line));
        assert_false(wn_btf_line(&o.ext, "no/section", 0, &line));
        uint32_t func = wn_btf_func(&o.ext, "tc/guarded", 2);
        assert_string_equal(wn_btf_name(&o.btf, func), "guarded");
        assert_int_equal(wn_btf_func(&o.ext, "no/section", 0), 0);
        btf_object_free(&o);
    }
}

static void functions_of_one_section_have_their_own_lines(void **state)
{
    (void)state;
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        load(&o, "types", btf_builds[b]);
        uint32_t n;
        free(btf_slots(&o, ".text", &n));
        assert_in_range(n, 4, 100);
        const char *first = wn_btf_name(&o.btf, wn_btf_func(&o.ext, ".text", 0));
        const char *last = wn_btf_name(&o.btf, wn_btf_func(&o.ext, ".text", n - 1));
        assert_string_not_equal(first, last);
        assert_true(strcmp(first, "helper") == 0 || strcmp(first, "exported") == 0);
        assert_true(strcmp(last, "helper") == 0 || strcmp(last, "exported") == 0);
        btf_object_free(&o);
    }
}

static void a_relocation_that_its_instruction_cannot_have_is_refused(void **state)
{
    (void)state;
    struct btf_object o = {0};
    load(&o, "fields", "19");
    uint32_t xdp = wn_btf_find(&o.btf, "xdp_md", WN_BTF_STRUCT);
    static const struct {
        struct wn_slot slot;
        const char *access;
        enum wn_core_kind kind;
        const char *says;
    } cases[] = {
        {{LDX_W, 0x12, 8, 0}, "0:2", WN_CORE_FIELD_BYTE_OFFSET, NULL},
        {{LDX_W, 0x12, 4, 0}, "0:2", WN_CORE_FIELD_BYTE_OFFSET, "is not at that field"},
        {{LDX_W, 0x12, 8, 0}, "0:2", WN_CORE_FIELD_EXISTS, "is not at that field"},
        {{LDX_W, 0x12, 16, 0}, "0", WN_CORE_TYPE_SIZE, NULL}, /* behind one */
        {{0xb7, 0x02, 0, 8}, "0:2", WN_CORE_FIELD_BYTE_OFFSET, NULL},
        {{0xb7, 0x02, 0, 9}, "0:2", WN_CORE_FIELD_BYTE_OFFSET, "another constant"},
        {{0xbf, 0x12, 0, 8}, "0:2", WN_CORE_FIELD_BYTE_OFFSET, "no constant"},
        {{0x18, 0x02, 0, 8}, "0:2", WN_CORE_FIELD_BYTE_OFFSET, "no such second half"},
        {{0x05, 0, 8, 8}, "0:2", WN_CORE_FIELD_BYTE_OFFSET, "no such instruction"},
        {{0xb7, 0x02, 0, 8}, "0:4", WN_CORE_FIELD_BYTE_OFFSET, "leads nowhere"},
        {{0xb7, 0x02, 0, 8}, "0:2:0", WN_CORE_FIELD_BYTE_OFFSET, "leads nowhere"},
        {{0xb7, 0x02, 0, 8}, "", WN_CORE_FIELD_BYTE_OFFSET, "leads nowhere"},
        {{0xb7, 0x02, 0, 8}, "0:", WN_CORE_FIELD_BYTE_OFFSET, "leads nowhere"},
        {{0xb7, 0x02, 0, 8}, "0;2", WN_CORE_FIELD_BYTE_OFFSET, "leads nowhere"},
        {{0xb7, 0x02, 0, 8}, "-1", WN_CORE_FIELD_BYTE_OFFSET, "leads nowhere"},
        {{0xb7, 0x02, 0, 8}, "4294967296", WN_CORE_FIELD_BYTE_OFFSET, "leads nowhere"},
        {{0xb7, 0x02, 0, 8}, "4294967295:2", WN_CORE_FIELD_BYTE_OFFSET, "leads nowhere"},
        {{0xb7, 0x02, 0, 8}, "0:2", WN_CORE_TYPE_SIZE, "leads nowhere"},
        {{0xb7, 0x02, 0, 8}, "0", WN_CORE_ENUMVAL_VALUE, "leads nowhere"},
        {{0xb7, 0x02, 0, 16}, "0", WN_CORE_TYPE_SIZE, NULL},
        {{LDX_B, 0x12, 8, 0}, "0:2", WN_CORE_FIELD_BYTE_OFFSET, NULL}, /* a part of it */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wn_core_relo relo = {7, xdp, cases[i].access, cases[i].kind};
        struct wn_slot slot = cases[i].slot;
        struct wn_core_patch patch;
        struct wn_error err = {0};
        int r = wn_core_apply(&o.btf, &target.btf, &relo, &slot, 1, &patch, &err);
        if (r != (cases[i].says ? WN_E_FORMAT : 0) ||
            (r && (err.at != 7 || !strstr(err.text, cases[i].says))))
            fail_msg("case %zu: %d %s", i, r, err.text);
        if (r)
            assert_memory_equal(&slot, &cases[i].slot, sizeof slot);
    }
    btf_object_free(&o);
}

static void flavours_are_no_part_of_a_name(void **state)
{
    (void)state;
    assert_true(wn_core_same_name("sk_buff", "sk_buff"));
    assert_true(wn_core_same_name("sk_buff___v1", "sk_buff"));
    assert_true(wn_core_same_name("sk_buff___v1", "sk_buff___v2"));
    assert_false(wn_core_same_name("sk_buff___v1", "sk_buf"));
    assert_false(wn_core_same_name("sk_buff__v1", "sk_buff"));
    assert_int_equal(wn_core_name_length("a___"), 4);
    assert_int_equal(wn_core_name_length("___a"), 4);
    assert_int_equal(wn_core_name_length("a____b"), 6);
    assert_int_equal(wn_core_name_length("a___b___c"), 5);
    assert_int_equal(wn_core_name_length(""), 0);
}

static void every_truncation_of_the_records_is_an_error(void **state)
{
    (void)state;
    for (size_t b = 0; b < BTF_BUILDS; b++) {
        struct btf_object o = {0};
        load(&o, "fields", btf_builds[b]);
        const struct wn_elf_section *s = btf_section(&o.elf, ".BTF.ext");
        for (size_t len = 0; len < s->size; len++) {
            struct wn_btf_ext ext = {0};
            struct wn_error err = {0};
            uint8_t *copy = malloc(len ? len : 1);
            memcpy(copy, s->data, len);
            assert_int_equal(wn_btf_ext_parse(copy, len, &o.btf, &ext, &err), WN_E_FORMAT);
            assert_true(err.text[0] && !ext.lines.data);
            free(copy);
        }
        btf_object_free(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_contexts_are_read_where_they_are_here),
        cmocka_unit_test(loads_become_as_wide_as_the_field),
        cmocka_unit_test(what_does_not_exist_is_named),
        cmocka_unit_test(what_a_check_guards_is_pruned),
        cmocka_unit_test(only_what_every_way_agrees_on_prunes),
        cmocka_unit_test(headers_of_protocols_are_as_the_object_has_them),
        cmocka_unit_test(poisoned_wide_instructions_have_both_halves_poisoned),
        cmocka_unit_test(the_line_of_an_instruction_is_found),
        cmocka_unit_test(functions_of_one_section_have_their_own_lines),
        cmocka_unit_test(a_relocation_that_its_instruction_cannot_have_is_refused),
        cmocka_unit_test(flavours_are_no_part_of_a_name),
        cmocka_unit_test(every_truncation_of_the_records_is_an_error),
    };
    if (make_target())
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free_target();
    return failed;
}
