/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../oracle/kernel.h"

/* BPF_LOG_* of the kernel's include/linux/bpf_verifier.h */
enum { LOG_STEPS = 1, LOG_STATS = 4, LOG_ROOM = 1 << 24, LOG_PROGS = 16 };

static char *log_room(void)
{
    static char *room;
    if (!room)
        room = malloc((size_t)LOG_ROOM);
    if (!room)
        abort();
    return room;
}

static int be_quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
    (void)level, (void)fmt, (void)ap;
    return 0;
}

const char *judge_missing(void)
{
    libbpf_set_print(be_quiet);
    return kernel_missing();
}

/** Whether a line of the log is the kernel's reason: no statistics, no instruction, no state. */
static bool is_reason(const char *line)
{
    static const char *const others[] = {
        "verification time", "stack depth", "processed ", "from ", "func#", "mark_precise", "arg#"};
    if (!line[0] || line[0] == ';' || isdigit((unsigned char)line[0]) || strstr(line, "=scalar(") ||
        strstr(line, "=ctx("))
        return false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strncmp(line, others[i], strlen(others[i])) == 0)
            return false;
    return true;
}

/** Take statistics and, if asked for, the reason out of a log, which is cut into its lines. */
static void read_log(char *log, bool reason, struct verdict *out)
{
    char *rest = log;
    for (char *line; (line = strsep(&rest, "\n"));) {
        uint64_t n;
        if (sscanf(line, "verification time %" SCNu64, &n) == 1) {
            out->micros += n;
            out->micros_known = true;
        } else if (sscanf(line, "processed %" SCNu64 " insns", &n) == 1) {
            out->steps += n;
        } else if (reason && is_reason(line)) {
            snprintf(out->reason, sizeof out->reason, "%.199s", line);
        }
    }
}

/** Load an object whose programs write logs of this level. Returns 0 or -errno. */
static int load_object(const char *path, uint32_t level, struct verdict *out)
{
    struct bpf_object *object = bpf_object__open_file(path, NULL);
    if (!object)
        return -errno;
    struct bpf_program *prog;
    size_t n = 0, room = LOG_ROOM / LOG_PROGS;
    bpf_object__for_each_program(prog, object)
    {
        if (n == LOG_PROGS)
            abort();
        char *log = log_room() + n++ * room;
        log[0] = 0;
        bpf_program__set_log_level(prog, level);
        bpf_program__set_log_buf(prog, log, room);
    }
    int r = bpf_object__load(object);
    while (n--)
        read_log(log_room() + n * room, level & LOG_STEPS, out);
    bpf_object__close(object);
    return r;
}

void judge_object(const char *path, bool why, struct verdict *out)
{
    struct verdict explained = {0};
    *out = (struct verdict){0};
    int r = load_object(path, LOG_STATS, out);
    out->accepted = r == 0;
    if (r)
        snprintf(out->reason, sizeof out->reason, "%s", strerror(-r));
    if (r && why)
        load_object(path, LOG_STEPS, &explained);
    if (explained.reason[0])
        memcpy(out->reason, explained.reason, sizeof out->reason);
}

static int load_slots(enum bpf_prog_type type, const struct wn_slot *slots, size_t n,
                      uint32_t level, struct verdict *out)
{
    LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_level = level, .log_buf = log_room(),
                .log_size = LOG_ROOM);
    log_room()[0] = 0;
    int fd =
        bpf_prog_load(type, "shape", "GPL", (const struct bpf_insn *)(const void *)slots, n, &opts);
    read_log(log_room(), level & LOG_STEPS, out);
    if (fd >= 0)
        close(fd);
    return fd < 0 ? fd : 0;
}

void judge_slots(enum wn_prog_type type, const struct wn_slot *slots, size_t n, bool why,
                 struct verdict *out)
{
    static const enum bpf_prog_type types[WN_PROG_TYPES] = {
        [WN_PROG_XDP] = BPF_PROG_TYPE_XDP,
        [WN_PROG_SOCKET] = BPF_PROG_TYPE_SOCKET_FILTER,
        [WN_PROG_TC] = BPF_PROG_TYPE_SCHED_CLS,
    };
    struct verdict explained = {0};
    *out = (struct verdict){0};
    int r = load_slots(types[type], slots, n, LOG_STATS, out);
    out->accepted = r == 0;
    if (r)
        snprintf(out->reason, sizeof out->reason, "%s", strerror(-r));
    if (r && why)
        load_slots(types[type], slots, n, LOG_STEPS, &explained);
    if (explained.reason[0])
        memcpy(out->reason, explained.reason, sizeof out->reason);
}
