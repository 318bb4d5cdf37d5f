/* SPDX-License-Identifier: MIT */
/** The commands of the control socket, rows of ctl.def; no sockets here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct engine;
struct json_t;

#define CTL_E_LIMIT     "org.winnow.Control.LimitExceeded"
#define CTL_E_BUSY      "org.winnow.Control.Busy"
#define CTL_E_PARAMETER "org.varlink.service.InvalidParameter"

/** What somebody asks for; borrowed. */
struct ctl_request {
    const char *method;
    struct json_t *parameters; /* an object */
    bool admin;                /* may change things */
    uid_t uid;
    pid_t pid;
};

/** What is answered. */
struct ctl_answer {
    const char *error;                    /* static; NULL: none */
    struct json_t *parameters;            /* the caller's to pass on; NULL: none, or no memory */
    void (*after)(struct engine *engine); /* to call once the answer is out; may be NULL */
    int again_ms;                         /* who wants more asks again so often; 0: never */
    char note[160];                       /* for the audit: what was changed; "" without */
};

/**
 * Carry out a request. Takes a few milliseconds at most, a reload excepted.
 * Failures are answers: there is no other result.
 */
void ctl_cmds_run(struct engine *engine, const struct ctl_request *request,
                  struct ctl_answer *answer);

/** Parameters of the errors that the server itself answers with; NULL without memory. */
struct json_t *ctl_cmds_limit(const char *limit, size_t max);
struct json_t *ctl_cmds_busy(int retry_after_ms);
struct json_t *ctl_cmds_parameter(const char *name);
