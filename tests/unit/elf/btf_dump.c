/* SPDX-License-Identifier: MIT */
/** Prints the types of an object as `bpftool btf dump file` does, for a comparison. */
#include <inttypes.h>

#include "btf_object.h"

static const char *const upper[WN_BTF_KINDS] = {
    "VOID", "INT",     "PTR",      "ARRAY",    "STRUCT",   "UNION", "ENUM",
    "FWD",  "TYPEDEF", "VOLATILE", "CONST",    "RESTRICT", "FUNC",  "FUNC_PROTO",
    "VAR",  "DATASEC", "FLOAT",    "DECL_TAG", "TYPE_TAG", "ENUM64"};

static const char *shown(const char *name)
{
    return name[0] ? name : "(anon)";
}

static const char *linkage(const struct wn_btf *btf, uint32_t id)
{
    static const char *const names[] = {"static", "global", "extern"};
    return names[wn_btf_linkage(btf, id)];
}

static void dump_parts(const struct wn_btf *btf, uint32_t id)
{
    const struct wn_btf_type *t = &btf->types[id];
    for (uint32_t i = 0; i < t->count && t->kind != WN_BTF_FUNC; i++) {
        struct wn_btf_value v;
        struct wn_btf_param p;
        struct wn_btf_secvar s;
        struct wn_btf_member m;
        switch (t->kind) {
        case WN_BTF_ENUM:
            v = wn_btf_value(btf, id, i);
            if (t->flag)
                printf("\t'%s' val=%" PRId64 "\n", v.name, (int64_t)v.value);
            else
                printf("\t'%s' val=%" PRIu64 "\n", v.name, v.value);
            break;
        case WN_BTF_ENUM64:
            v = wn_btf_value(btf, id, i);
            if (t->flag)
                printf("\t'%s' val=%" PRId64 "LL\n", v.name, (int64_t)v.value);
            else
                printf("\t'%s' val=%" PRIu64 "ULL\n", v.name, v.value);
            break;
        case WN_BTF_FUNC_PROTO:
            p = wn_btf_param(btf, id, i);
            printf("\t'%s' type_id=%u\n", shown(p.name), p.type);
            break;
        case WN_BTF_DATASEC:
            s = wn_btf_secvar(btf, id, i);
            printf("\ttype_id=%u offset=%u size=%u (%s '%s')\n", s.type, s.offset, s.bytes,
                   upper[wn_btf_kind(btf, s.type)], wn_btf_name(btf, s.type));
            break;
        default:
            m = wn_btf_member(btf, id, i);
            printf("\t'%s' type_id=%u bits_offset=%u", shown(m.name), m.type, m.bit);
            if (m.bits)
                printf(" bitfield_size=%u", m.bits);
            printf("\n");
        }
    }
}

static void dump_type(const struct wn_btf *btf, uint32_t id)
{
    const struct wn_btf_type *t = &btf->types[id];
    struct wn_btf_int n;
    struct wn_btf_array a;
    printf("[%u] %s '%s'", id, upper[t->kind], shown(wn_btf_name(btf, id)));
    switch (t->kind) {
    case WN_BTF_INT:
        n = wn_btf_int(btf, id);
        printf(" size=%u bits_offset=%u nr_bits=%u encoding=%s", t->bytes, n.offset, n.bits,
               n.is_bool     ? "BOOL"
               : n.is_signed ? "SIGNED"
                             : "(none)");
        break;
    case WN_BTF_ARRAY:
        a = wn_btf_array(btf, id);
        printf(" type_id=%u index_type_id=%u nr_elems=%u", a.element, a.index, a.count);
        break;
    case WN_BTF_ENUM:
    case WN_BTF_ENUM64:
        printf(" encoding=%s size=%u vlen=%u", t->flag ? "SIGNED" : "UNSIGNED", t->bytes, t->count);
        break;
    case WN_BTF_STRUCT:
    case WN_BTF_UNION:
    case WN_BTF_DATASEC: printf(" size=%u vlen=%u", t->bytes, t->count); break;
    case WN_BTF_FLOAT: printf(" size=%u", t->bytes); break;
    case WN_BTF_FWD: printf(" fwd_kind=%s", t->flag ? "union" : "struct"); break;
    case WN_BTF_FUNC: printf(" type_id=%u linkage=%s", t->type, linkage(btf, id)); break;
    case WN_BTF_FUNC_PROTO: printf(" ret_type_id=%u vlen=%u", t->type, t->count); break;
    case WN_BTF_VAR: printf(" type_id=%u, linkage=%s", t->type, linkage(btf, id)); break;
    case WN_BTF_DECL_TAG:
        printf(" type_id=%u component_idx=%d", t->type, wn_btf_component(btf, id));
        break;
    default: printf(" type_id=%u", t->type);
    }
    printf("\n");
    dump_parts(btf, id);
}

int main(int argc, char **argv)
{
    struct btf_object o = {0};
    struct wn_error err = {0};
    if (argc != 2 || !btf_object_load(argv[1], &o, &err)) {
        fprintf(stderr, "%s: %s\n", argc > 1 ? argv[1] : "which object?", err.text);
        return 1;
    }
    for (uint32_t id = 1; id < o.btf.n_types; id++)
        dump_type(&o.btf, id);
    btf_object_free(&o);
    return 0;
}
