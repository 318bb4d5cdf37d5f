/* SPDX-License-Identifier: MIT */
/** What the name of a section says of the programs in it. */
#include <ctype.h>
#include <string.h>

#include <winnow/prog.h>

#include "base/distance.h"
#include "elf/object.h"

/** Names that authors give sections, of programs that see packets. */
static const struct known {
    const char *name;
    int type;
    bool begins; /* anything may follow; else only what is no letter */
} known[] = {
    {"filter", WN_PROG_FILTER, true}, {"xdp", WN_PROG_XDP, true},
    {"socket", WN_PROG_SOCKET, true}, {"tc", WN_PROG_TC, false},
    {"tcx", WN_PROG_TC, false},       {"classifier", WN_PROG_TC, true},
    {"cls", WN_PROG_TC, false},       {"action", WN_PROG_TC, true},
    {"act", WN_PROG_TC, false},       {"ingress", WN_PROG_TC, false},
    {"egress", WN_PROG_TC, false},
};

/** Others, of programs that see something else (libbpf: section_defs). */
static const char *const of_kernel[] = {
    "cgroup", "fentry",       "fexit",      "flow_dissector", "fmod_ret",   "freplace",
    "iter",   "kprobe",       "kretprobe",  "ksyscall",       "lirc_mode",  "lsm",
    "lwt_",   "netfilter",    "perf_event", "raw_tp",         "raw_trace",  "sk_lookup",
    "sk_msg", "sk_reuseport", "sk_skb",     "sockops",        "struct_ops", "syscall",
    "tp/",    "tp_btf",       "tracepoint", "uprobe",         "uretprobe",  "usdt",
};

static bool begins_with(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

int wn_elf_section_type(const char *section)
{
    /* libbpf: programs that it is not to load by itself are marked so. */
    section += *section == '?';
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const struct known *k = &known[i];
        char next = begins_with(section, k->name) ? section[strlen(k->name)] : 'a';
        if (k->begins ? begins_with(section, k->name) : !isalpha((unsigned char)next))
            return k->type;
    }
    return WN_OBJECT_NO_TYPE;
}

int wn_elf_refuse_section(const char *section, struct wn_error *err)
{
    size_t len = strcspn(section, "/.");
    unsigned best = wn_name_slack(len) + 1;
    const char *near = NULL;
    for (size_t i = 0; i < sizeof of_kernel / sizeof *of_kernel; i++)
        if (begins_with(section, of_kernel[i]))
            return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE,
                           "section '%.40s': such programs see no packets, and run in a kernel "
                           "only",
                           section);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        unsigned d = wn_name_distance(section, len, known[i].name, strlen(known[i].name), 2);
        if (d < best) {
            best = d;
            near = known[i].name;
        }
    }
    if (near)
        return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE,
                       "section '%.40s' says no type of programs; did you mean \"%s\"?", section,
                       near);
    return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE,
                   "section '%.40s' says no type of programs: use SEC(\"filter\"), \"xdp\", "
                   "\"socket\" or \"tc\"",
                   section);
}
