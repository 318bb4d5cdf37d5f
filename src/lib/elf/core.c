/* SPDX-License-Identifier: MIT */
#include "elf/core.h"

#include <stdio.h>
#include <string.h>

#include "elf/core_spec.h"

/* Classes of opcodes and what of them matters here (RFC 9669, section 3.1). */
enum {
    CLASS = 0x07,
    LD = 0x00,
    LDX = 0x01,
    ST = 0x02,
    STX = 0x03,
    ALU = 0x04,
    ALU64 = 0x07,
    FROM_REGISTER = 0x08,
    LD_IMM64 = 0x18,
    SIZE = 0x18,
    CALL = 0x85,
};

/** Types whose layout no kernel changes: protocols' and those that programs are compiled against.
 */
static const char *const fixed[] = {
    "arphdr",         "bpf_fib_lookup", "bpf_flow_keys", "bpf_redir_neigh", "bpf_sock",
    "bpf_sock_tuple", "bpf_spin_lock",  "bpf_tcp_sock",  "bpf_timer",       "bpf_tunnel_key",
    "ethhdr",         "frag_hdr",       "gre_base_hdr",  "icmp6hdr",        "icmphdr",
    "igmphdr",        "in6_addr",       "in_addr",       "ip_auth_hdr",     "ip_comp_hdr",
    "ip_esp_hdr",     "iphdr",          "ipv6_opt_hdr",  "ipv6_rt_hdr",     "ipv6hdr",
    "mpls_label",     "mpls_shim_hdr",  "sctp_chunkhdr", "sctphdr",         "tcphdr",
    "udphdr",         "vlan_ethhdr",    "vlan_hdr",      "vxlanhdr",        "xdp_action",
};

/** What a relocation comes to: a value, or that there is none. */
struct answer {
    bool found;
    uint64_t value;
    bool bit_field;  /* value is a byte offset of one, which may be rounded in more than one way */
    uint32_t bytes;  /* value is a byte offset: what the field takes */
    bool adjustable; /* a larger or smaller field may be loaded in its stead */
};

static bool is_fixed(const char *name)
{
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (strcmp(fixed[i], name) == 0)
            return true;
    return false;
}

/** The named type that a relocation is about; 0 if it has no name. */
static uint32_t named(const struct wn_btf *btf, uint32_t id)
{
    while (!wn_btf_name(btf, id)[0] || btf->types[id].kind == WN_BTF_TYPE_TAG) {
        uint32_t next = btf->types[id].type;
        switch (btf->types[id].kind) {
        case WN_BTF_CONST:
        case WN_BTF_VOLATILE:
        case WN_BTF_RESTRICT:
        case WN_BTF_TYPE_TAG: id = next; break;
        default: return 0;
        }
    }
    return id;
}

/** The next type of the target that may stand for a local one; 0 if there is none. */
static uint32_t next_target(const struct wn_btf *local, uint32_t id, const struct wn_btf *target,
                            uint32_t after)
{
    const char *name = wn_btf_name(local, id);
    for (uint32_t i = after + 1; target && i < target->n_types; i++)
        if (wn_core_same_kind(wn_btf_kind(local, id), wn_btf_kind(target, i)) &&
            wn_core_same_name(name, wn_btf_name(target, i)))
            return i;
    return 0;
}

/** Where a bit-field lies, in the smallest integer that it is all of: false if none holds it. */
static bool place_bits(uint64_t bit, uint32_t bits, uint64_t *bytes, uint64_t *offset)
{
    *offset = bit / 8 / *bytes * *bytes;
    while (bit + bits - *offset * 8 > *bytes * 8) {
        if (*bytes >= 8)
            return false;
        *bytes *= 2;
        *offset = bit / 8 / *bytes * *bytes;
    }
    return true;
}

static bool is_signed(const struct wn_btf *btf, uint32_t type)
{
    const struct wn_btf_type *t = &btf->types[type];
    bool is_enum = t->kind == WN_BTF_ENUM || t->kind == WN_BTF_ENUM64;
    return is_enum ? t->flag : t->kind == WN_BTF_INT && wn_btf_int(btf, type).is_signed;
}

/** big: byte order of the program. */
static struct answer ask_field(const struct wn_core_spec *spec, enum wn_core_kind kind, bool big)
{
    struct wn_core_part part = wn_core_spec_part(spec);
    const struct wn_btf_type *t = &spec->btf->types[part.type];
    uint64_t bytes = t->bytes, offset = spec->bit / 8;
    struct answer a = {.found = true, .bit_field = part.bits != 0};
    if (part.bits && !place_bits(spec->bit, part.bits, &bytes, &offset))
        return (struct answer){0};
    uint64_t bits = part.bits ? part.bits : bytes * 8, from = spec->bit - offset * 8;
    switch (kind) {
    case WN_CORE_FIELD_BYTE_OFFSET:
        a.value = offset;
        a.bytes = part.bits ? 0 : t->bytes;
        a.adjustable = !part.bits && (t->kind == WN_BTF_PTR ||
                                      (t->kind == WN_BTF_INT && !is_signed(spec->btf, part.type)));
        break;
    case WN_CORE_FIELD_BYTE_SIZE: a.value = bytes; break;
    case WN_CORE_FIELD_SIGNED: a.value = is_signed(spec->btf, part.type); break;
    case WN_CORE_FIELD_LSHIFT_U64:
        a.value = big ? (8 - bytes) * 8 + from : 64 - (from + bits);
        break;
    case WN_CORE_FIELD_RSHIFT_U64: a.value = 64 - bits; break;
    default: a.value = 1; break;
    }
    bool shift = kind == WN_CORE_FIELD_LSHIFT_U64 || kind == WN_CORE_FIELD_RSHIFT_U64;
    a.found = !shift || bytes <= 8; /* there are no more than 64 bits to shift by */
    return a;
}

/** spec: NULL if the target has no such thing. */
static struct answer ask(const struct wn_core_spec *spec, enum wn_core_kind kind, bool big)
{
    switch (kind) {
    case WN_CORE_FIELD_EXISTS:
    case WN_CORE_TYPE_EXISTS:
    case WN_CORE_TYPE_MATCHES:
    case WN_CORE_ENUMVAL_EXISTS: return (struct answer){.found = true, .value = spec != NULL};
    case WN_CORE_TYPE_SIZE:
        return (struct answer){
            .found = true,
            .value = spec ? spec->btf->types[wn_btf_skip(spec->btf, spec->root)].bytes : 0};
    case WN_CORE_TYPE_ID_LOCAL:
    case WN_CORE_TYPE_ID_TARGET:
        return (struct answer){.found = true, .value = spec ? spec->root : 0};
    case WN_CORE_ENUMVAL_VALUE:
        if (!spec)
            return (struct answer){0};
        return (struct answer){
            .found = true,
            .value = wn_btf_value(spec->btf, spec->step[0].type, spec->step[0].index).value};
    default: return spec ? ask_field(spec, kind, big) : (struct answer){0};
    }
}

static int mismatch(const struct wn_core_relo *relo, const char *what, struct wn_error *err)
{
    return wn_fail(err, WN_E_FORMAT, relo->slot, "CO-RE relocation '%.40s' of kind %d: %s",
                   relo->access, (int)relo->kind, what);
}

/** Change the place, and the width where it differs, of a load or store; ours was compiled in. The
 * place is a field's, or a number that was added to an address, such as a size. */
static int patch_memory(const struct wn_core_relo *relo, struct wn_slot *s,
                        const struct answer *ours, const struct answer *theirs,
                        struct wn_error *err)
{
    /* In the order of the two bits in the opcode. */
    static const uint8_t sizes[4] = {4, 2, 1, 8};
    if (!ours->bit_field && (uint64_t)(int64_t)s->off != ours->value)
        return mismatch(relo, "the instruction is not at that field", err);
    if (theirs->value > INT16_MAX)
        return mismatch(relo, "the field is too far away", err);
    uint8_t size = s->opcode >> 3 & 3, want = size;
    if (theirs->bytes != ours->bytes) {
        for (want = 0; want < 4 && sizes[want] != theirs->bytes; want++)
            ;
        if (want == 4 || sizes[size] != ours->bytes)
            return mismatch(relo, "the instruction is not as wide as the field", err);
    }
    s->opcode = (uint8_t)((s->opcode & ~SIZE) | want << 3);
    s->off = (int16_t)theirs->value;
    return 0;
}

static bool is_wide(const struct wn_slot *slots, uint32_t n)
{
    return slots[0].opcode == LD_IMM64 && n >= 2 && slots[1].opcode == 0 && slots[1].regs == 0 &&
           slots[1].off == 0 && wn_slot_src(slots[0]) == 0;
}

static int patch(const struct wn_core_relo *relo, struct wn_slot *slots, uint32_t n,
                 const struct answer *ours, const struct answer *theirs, struct wn_error *err)
{
    uint64_t has = (uint32_t)slots[0].imm;
    bool id = relo->kind == WN_CORE_TYPE_ID_LOCAL || relo->kind == WN_CORE_TYPE_ID_TARGET;
    bool any = ours->bit_field || !ours->found || id; /* ids change where objects are joined */
    switch (slots[0].opcode & CLASS) {
    case LDX:
    case ST:
    case STX: return patch_memory(relo, &slots[0], ours, theirs, err);
    case ALU:
    case ALU64:
        if (slots[0].opcode & FROM_REGISTER)
            return mismatch(relo, "the instruction has no constant", err);
        if (!any && has != (uint32_t)ours->value)
            return mismatch(relo, "the instruction has another constant", err);
        slots[0].imm = (int32_t)(uint32_t)theirs->value;
        return 0;
    case LD:
        if (!is_wide(slots, n))
            break;
        has |= (uint64_t)(uint32_t)slots[1].imm << 32;
        if (!any && has != ours->value)
            return mismatch(relo, "the instruction has another constant", err);
        slots[0].imm = (int32_t)(uint32_t)theirs->value;
        slots[1].imm = (int32_t)(uint32_t)(theirs->value >> 32);
        return 0;
    }
    return mismatch(relo, "no such instruction has one", err);
}

static void poison(struct wn_slot *slots, uint32_t n)
{
    uint32_t count = is_wide(slots, n) ? 2 : 1;
    for (uint32_t i = 0; i < count; i++)
        slots[i] = wn_slot(CALL, 0, 0, 0, WN_CORE_POISON);
}

/** Say what does not exist: "field 'a.b' of 'struct s'". */
static void describe(const struct wn_core_spec *spec, uint32_t id, enum wn_core_kind kind,
                     const char *what, struct wn_core_patch *out)
{
    char path[40];
    bool is_enum = kind == WN_CORE_ENUMVAL_VALUE;
    const char *prefix = wn_btf_kind_name(wn_btf_kind(spec->btf, id));
    wn_core_spec_print(spec, path, sizeof path);
    snprintf(out->why, sizeof out->why, "%s '%s' of '%s %.32s': %s", is_enum ? "value" : "field",
             path, prefix, wn_btf_name(spec->btf, id), what);
}

/** What is true of the target, and what to say if nothing is. */
static struct answer resolve(const struct wn_core_spec *ours, const struct wn_btf *target,
                             uint32_t id, enum wn_core_kind kind, const char **why)
{
    struct wn_core_spec theirs;
    bool big = ours->btf->big;
    uint32_t candidate = next_target(ours->btf, id, target, 0);
    *why = "kernel types do not exist here";
    if (kind == WN_CORE_TYPE_ID_LOCAL || (!candidate && is_fixed(wn_btf_name(ours->btf, id))))
        return ask(ours, kind, big);
    if (candidate)
        *why = "it does not exist here";
    for (; candidate; candidate = next_target(ours->btf, id, target, candidate))
        if (wn_core_spec_match(ours, target, candidate, kind, &theirs))
            return ask(&theirs, kind, big);
    return ask(NULL, kind, big);
}

int wn_core_apply(const struct wn_btf *local, const struct wn_btf *target,
                  const struct wn_core_relo *relo, struct wn_slot *slots, uint32_t n,
                  struct wn_core_patch *out, struct wn_error *err)
{
    struct wn_core_spec spec;
    const char *why = NULL;
    uint32_t id = named(local, relo->type);
    if (n == 0 || !wn_core_spec_parse(local, relo, &spec))
        return mismatch(relo, "it leads nowhere", err);
    if (!id && relo->kind != WN_CORE_TYPE_ID_LOCAL)
        return mismatch(relo, "its type has no name to be found by", err);
    if (slots[0].opcode == LD_IMM64 && !is_wide(slots, n))
        return mismatch(relo, "a wide instruction has no such second half", err);
    if (relo->kind != WN_CORE_TYPE_ID_LOCAL)
        spec.root = id;
    struct answer ours = ask(&spec, relo->kind, local->big);
    struct answer theirs = resolve(&spec, target, id, relo->kind, &why);
    bool memory = (slots[0].opcode & CLASS) >= LDX && (slots[0].opcode & CLASS) <= STX;
    if (theirs.found && memory && theirs.bytes != ours.bytes &&
        !(theirs.adjustable && ours.adjustable)) {
        theirs.found = false;
        why = "it has another size here";
    }
    struct wn_core_patch done = {.poisoned = !theirs.found, .value = theirs.value};
    if (theirs.found) {
        int r = patch(relo, slots, n, &ours, &theirs, err);
        if (r)
            return r;
    } else {
        poison(slots, n);
        describe(&spec, id, relo->kind, why, &done);
    }
    *out = done;
    return 0;
}
