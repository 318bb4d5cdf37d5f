/* SPDX-License-Identifier: MIT */
#include "daemon/ctl_cmds.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <winnow/prog.h>

#include "common/ctl_interface.h"
#include "common/diag.h"
#include "common/log.h"
#include "daemon/ctl_json.h"
#include "daemon/ctl_maps.h"
#include "daemon/engine.h"
#include "daemon/stats.h"

#define SERVICE(name) "org.varlink.service." name
#define CONTROL(name) CTL_INTERFACE "." name

/* Between the replies to who wants more of them. */
#define STATS_MS     1000
#define STATS_MIN_MS 10
#define STATS_MAX_MS 3600000

enum role { OBSERVE, ADMIN };

typedef void (*cmd_fn)(struct engine *engine, const struct ctl_request *request,
                       struct ctl_answer *answer);

struct json_t *ctl_cmds_limit(const char *limit, size_t max)
{
    return json_pack("{s:s, s:I}", "limit", limit, "max", (json_int_t)max);
}

struct json_t *ctl_cmds_busy(int retry_after_ms)
{
    return json_pack("{s:i}", "retry_after_ms", retry_after_ms);
}

struct json_t *ctl_cmds_parameter(const char *name)
{
    return json_pack("{s:s}", "parameter", name);
}

static void fail_parameter(struct ctl_answer *answer, const char *name)
{
    answer->error = CTL_E_PARAMETER;
    answer->parameters = ctl_cmds_parameter(name);
}

static void cmd_get_info(struct engine *engine, const struct ctl_request *request,
                         struct ctl_answer *answer)
{
    (void)engine;
    (void)request;
    answer->parameters = json_pack("{s:s, s:s, s:s, s:s, s:[s, s]}", "vendor", "winnow", "product",
                                   "winnowd", "version", WN_VERSION, "url", "https://varlink.org/",
                                   "interfaces", "org.varlink.service", CTL_INTERFACE);
}

/* The interface every Varlink service has, in the words of its specification's fields. */
static const char service_text[] =
    "# What every Varlink service can be asked\n"
    "interface org.varlink.service\n\n"
    "method GetInfo() -> (\n"
    "  vendor: string,\n  product: string,\n  version: string,\n  url: string,\n"
    "  interfaces: []string\n)\n\n"
    "method GetInterfaceDescription(interface: string) -> (description: string)\n\n"
    "error InterfaceNotFound (interface: string)\n"
    "error MethodNotFound (method: string)\n"
    "error MethodNotImplemented (method: string)\n"
    "error InvalidParameter (parameter: string)\n"
    "error PermissionDenied ()\n"
    "error ExpectedMore ()\n";

static void cmd_describe(struct engine *engine, const struct ctl_request *request,
                         struct ctl_answer *answer)
{
    const char *name = json_string_value(json_object_get(request->parameters, "interface"));
    const char *text = !strcmp(name, CTL_INTERFACE)           ? ctl_interface_text
                       : !strcmp(name, "org.varlink.service") ? service_text
                                                              : NULL;
    (void)engine;
    if (text) {
        answer->parameters = json_pack("{s:s}", "description", text);
    } else {
        answer->error = SERVICE("InterfaceNotFound");
        answer->parameters = json_pack("{s:s}", "interface", name);
    }
}

static void cmd_status(struct engine *engine, const struct ctl_request *request,
                       struct ctl_answer *answer)
{
    (void)request;
    engine_poll(engine);
    answer->parameters = ctl_json_status(engine);
}

static void cmd_stats(struct engine *engine, const struct ctl_request *request,
                      struct ctl_answer *answer)
{
    const json_t *interval = json_object_get(request->parameters, "interval_ms");
    json_int_t ms = json_is_integer(interval) ? json_integer_value(interval) : STATS_MS;
    const json_t *select = json_object_get(request->parameters, "select");
    size_t i;
    json_t *item;

    json_array_foreach(select, i, item)
    {
        if (i == CTL_SELECT_MAX || json_string_length(item) > CTL_PATTERN_MAX) {
            fail_parameter(answer, "select");
            return;
        }
    }
    if (ms < STATS_MIN_MS || ms > STATS_MAX_MS) {
        fail_parameter(answer, "interval_ms");
        return;
    }
    engine_poll(engine);
    answer->parameters = ctl_json_stats(engine, select);
    answer->again_ms = (int)ms;
}

static void cmd_list(struct engine *engine, const struct ctl_request *request,
                     struct ctl_answer *answer)
{
    const char *kind = json_string_value(json_object_get(request->parameters, "kind"));
    json_t *items = NULL;

    engine_poll(engine);
    if (!strcmp(kind, "interfaces"))
        items = ctl_json_interfaces(engine);
    else if (!strcmp(kind, "filters"))
        items = ctl_json_filters(engine);
    else if (!strcmp(kind, "outputs"))
        items = ctl_json_outputs(engine);
    else if (!strcmp(kind, "maps"))
        items = ctl_maps_list(engine);
    if (items)
        answer->parameters = json_pack("{s:s, s:o}", "kind", kind, "items", items);
    else
        fail_parameter(answer, "kind");
}

static void cmd_reload(struct engine *engine, const struct ctl_request *request,
                       struct ctl_answer *answer)
{
    struct diag_list diags = {0};
    bool check_only = json_is_true(json_object_get(request->parameters, "dry_run"));
    const char *phase = check_only ? "checked" : "done";

    switch (engine_reload(engine, check_only, &diags)) {
    case ENGINE_APPLIED: break;
    case ENGINE_UNCHANGED: phase = check_only ? "checked" : "unchanged"; break;
    case ENGINE_REJECTED:
        phase = "rejected";
        answer->error = CONTROL("ConfigInvalid");
        break;
    }
    answer->parameters =
        json_pack("{s:s, s:o, s:o}", "phase", phase, "generation", ctl_json_generation(engine),
                  "diagnostics", ctl_json_diagnostics(&diags));
    diag_fini(&diags);
}

static void cmd_stop(struct engine *engine, const struct ctl_request *request,
                     struct ctl_answer *answer)
{
    (void)engine;
    (void)request;
    answer->after = engine_stop;
}

static void cmd_map_dump(struct engine *engine, const struct ctl_request *request,
                         struct ctl_answer *answer)
{
    ctl_maps_dump(engine, request, answer);
}

static void cmd_map_get(struct engine *engine, const struct ctl_request *request,
                        struct ctl_answer *answer)
{
    ctl_maps_get(engine, request, answer);
}

static void cmd_map_update(struct engine *engine, const struct ctl_request *request,
                           struct ctl_answer *answer)
{
    ctl_maps_update(engine, request, answer);
}

static void cmd_map_take(struct engine *engine, const struct ctl_request *request,
                         struct ctl_answer *answer)
{
    ctl_maps_take(engine, request, answer);
}

static const struct method {
    const char *interface, *name;
    enum role role;
    cmd_fn run;
    const char *parameters;
} methods[] = {
#define M(name, interface, role, function, parameters)                                             \
    {interface, #name, role, cmd_##function, parameters},
#include "common/ctl.def"
#undef M
};

/* The method, or an error in the answer: which half of the name is unknown. */
static const struct method *find_method(const char *name, struct ctl_answer *answer)
{
    const char *dot = strrchr(name, '.');
    size_t len = dot ? (size_t)(dot - name) : 0;
    bool known = false;

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        const struct method *method = &methods[i];
        if (!dot || strlen(method->interface) != len || memcmp(method->interface, name, len) != 0)
            continue;
        known = true;
        if (!strcmp(method->name, dot + 1))
            return method;
    }
    if (known) {
        answer->error = SERVICE("MethodNotFound");
        answer->parameters = json_pack("{s:s}", "method", name);
    } else {
        answer->error = SERVICE("InterfaceNotFound");
        answer->parameters = json_pack("{s:s%}", "interface", name, dot ? len : strlen(name));
    }
    return NULL;
}

static bool has_type(const json_t *value, char type)
{
    size_t i;
    json_t *item;

    switch (type) {
    case 'b': return json_is_boolean(value);
    case 'i': return json_is_integer(value);
    case 's': return json_is_string(value);
    case 'v': return true;
    case 'l': return json_is_array(value);
    case 'a':
        if (!json_is_array(value))
            return false;
        json_array_foreach(value, i, item)
        {
            if (!json_is_string(item))
                return false;
        }
        return true;
    }
    return false;
}

/* Where the row of a method speaks of a parameter: at its type; NULL: nowhere. */
static const char *find_parameter(const char *row, const char *name)
{
    size_t len = strlen(name);
    while (*row) {
        size_t word = strcspn(row, ":");
        if (word == len && !memcmp(row, name, len))
            return row + word + 1;
        row += strcspn(row, " ");
        row += strspn(row, " ");
    }
    return NULL;
}

/* Whether every parameter is known, and of its type, and none is missing. Else answers. */
static bool check_parameters(const struct method *method, json_t *parameters,
                             struct ctl_answer *answer)
{
    const char *name;
    json_t *value;

    json_object_foreach(parameters, name, value)
    {
        const char *type = find_parameter(method->parameters, name);
        if (!type || (!json_is_null(value) && !has_type(value, *type))) {
            fail_parameter(answer, name);
            return false;
        }
    }
    for (const char *row = method->parameters; *row;) {
        char wanted[32];
        size_t word = strcspn(row, ":"), item = strcspn(row, " ");
        snprintf(wanted, sizeof wanted, "%.*s", (int)word, row);
        value = json_object_get(parameters, wanted);
        if (row[item - 1] == '!' && (!value || json_is_null(value))) {
            fail_parameter(answer, wanted);
            return false;
        }
        row += item;
        row += strspn(row, " ");
    }
    return true;
}

void ctl_cmds_run(struct engine *engine, const struct ctl_request *request,
                  struct ctl_answer *answer)
{
    const struct method *method = find_method(request->method, answer);
    if (!method)
        return;
    if (method->role == ADMIN && !request->admin) {
        answer->error = CONTROL("Denied");
        answer->parameters = json_pack("{s:s}", "need", "admin");
    } else if (check_parameters(method, request->parameters, answer)) {
        method->run(engine, request, answer);
    }
    if (method->role == ADMIN)
        log_event(LEVEL_NOTICE, "control.audit", "uid %u pid %d: %s: %s%s%s",
                  (unsigned)request->uid, (int)request->pid, method->name,
                  answer->error ? answer->error : "done", *answer->note ? ": " : "", answer->note);
}
