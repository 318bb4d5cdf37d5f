/* SPDX-License-Identifier: MIT */
#include <winnow/prog.h>

#define ALL UINT32_MAX

/** An action of the kernel's: enum xdp_action, TC_ACT_ of linux/pkt_cls.h. */
struct action {
    const char *name;
    bool accept;
};

static struct wn_verdict act(const struct action *actions, uint32_t n, uint32_t value)
{
    static const struct action unknown = {"unknown", false};
    const struct action *a = value < n ? &actions[value] : &unknown;
    return (struct wn_verdict){.accept = a->accept, .keep = a->accept ? ALL : 0, .name = a->name};
}

static struct wn_verdict xdp(uint32_t value)
{
    static const struct action actions[] = {
        {"aborted", false}, {"drop", false}, {"pass", true}, {"tx", true}, {"redirect", true},
    };
    struct wn_verdict v = act(actions, sizeof actions / sizeof *actions, value);
    v.aborted = value == 0;
    return v;
}

static struct wn_verdict tc(uint32_t value)
{
    static const struct action actions[] = {
        {"unspec", true},   {"ok", true},     {"reclassify", true}, {"shot", false},
        {"pipe", true},     {"stolen", true}, {"queued", true},     {"repeat", true},
        {"redirect", true}, {"trap", true},
    };
    return act(actions, sizeof actions / sizeof *actions, value + 1); /* they begin with -1 */
}

static struct wn_verdict length(uint32_t value)
{
    return (struct wn_verdict){
        .accept = value != 0, .keep = value, .name = value ? "accept" : "reject"};
}

struct wn_verdict wn_verdict(enum wn_prog_type type, uint64_t value)
{
    switch (type) {
    case WN_PROG_XDP: return xdp((uint32_t)value);
    case WN_PROG_TC: return tc((uint32_t)value);
    case WN_PROG_FILTER:
    case WN_PROG_SOCKET:
    case WN_PROG_TYPES: break;
    }
    return length((uint32_t)value);
}

const char *wn_prog_type_name(enum wn_prog_type type)
{
    switch (type) {
    case WN_PROG_FILTER: return "filter";
    case WN_PROG_XDP: return "xdp";
    case WN_PROG_SOCKET: return "socket";
    case WN_PROG_TC: return "tc";
    case WN_PROG_TYPES: break;
    }
    return "unknown";
}
