/* SPDX-License-Identifier: MIT */
#include "verify/reason.h"

#include <inttypes.h>

#include "helper/helper.h"
#include "verify/reason_parts.h"

#define put wn_text_put

/* ---- registers ------------------------------------------------------------------------------- */

/** What there is in the registers when a function or the program begins. */
static void put_beginning(const struct wn_saying *s)
{
    if (s->w->depth > 1)
        put(s->t, "; a function begins with r1 to r5 of its caller, and with nothing else");
    else if (s->env->type == WN_PROG_FILTER)
        put(s->t, "; a program of type filter begins with r1 to r3, and with nothing else");
    else
        put(s->t, "; a program of type %s begins with r1, and with nothing else",
            wn_prog_type_name(s->env->type));
}

static void put_unwritten(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    const struct wn_op *op = &s->code->ops[w->slot];
    if (w->reg.past == WN_PAST_COPY)
        put(s->t, "r%u is read, a copy of r%u made at slot %u, to which nothing had been written",
            w->number, s->code->ops[w->reg.which].a, (unsigned)w->reg.which);
    else if (op->id == WN_OP_CALL && w->reg.past != WN_PAST_CALL)
        put(s->t, "r%u is argument %u of %s(), and nothing has been written to it on a way to here",
            w->number, w->number, wn_say_helper(s->code, w->slot));
    else if (w->reg.past == WN_PAST_CALL)
        put(s->t, "r%u is read, and nothing has been written to it since the call at slot %u",
            w->number, (unsigned)w->reg.which);
    else
        put(s->t, "r%u is read, and nothing has been written to it on a way to here", w->number);
    if (w->reg.past != WN_PAST_CALL)
        put_beginning(s);
    else if (w->number == WN_R0)
        put(s->t, "; the function has to set r0 before its exit");
    else
        put(s->t, "; calls leave nothing in r1 to r5, keep what is needed in r6 to r9");
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

static void put_arithmetic(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    const struct wn_op *op = &s->code->ops[w->slot];
    enum wn_op_id id = (enum wn_op_id)op->id;
    bool add = id == WN_OP_ADD64_K || id == WN_OP_ADD64_X;
    bool subtract = id == WN_OP_SUB64_K || id == WN_OP_SUB64_X;
    unsigned other = w->number == op->a ? op->b : op->a;
    if (w->reg.nullable && (add || subtract)) {
        struct wn_reg map = {.type = WN_T_MAP, .which = w->reg.which};
        put(s->t, "r%u may be NULL, as ", w->number);
        if (w->reg.type == WN_T_RECORD)
            put(s->t, "the ring buffer");
        else
            wn_text_memory(s->t, s->env, &map);
        put(s->t,
            " may have no %s, and nothing can be added to that; come here only if r%u is "
            "not 0",
            w->reg.type == WN_T_RECORD ? "room" : "such key", w->number);
        return;
    }
    put(s->t, "r%u %s ", w->number, w->reg.type == WN_T_MAP ? "is" : "points to");
    wn_text_pointed(s->t, s->env, &w->reg);
    if (w->reg.type == WN_T_MAP || w->reg.type == WN_T_FUNC)
        put(s->t, ", with which nothing can be computed; use it as it is");
    else if (add)
        put(s->t,
            ", and r%u holds an address, too: their sum means nothing; add numbers to addresses",
            other);
    else if (subtract)
        put(s->t,
            ", and an address that is subtracted from a number means nothing; subtract the number "
            "from the address");
    else
        put(s->t,
            ", and '%s' of an address means nothing; only add numbers to addresses, and subtract "
            "them",
            wn_rows[id].sym ? wn_rows[id].sym : wn_rows[id].name);
}

/* ---- functions ------------------------------------------------------------------------------- */

static void put_function(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    switch ((enum wn_reason)w->reason) {
    case WN_WHY_RESULT:
        put(s->t,
            "the program ends, and nothing has been written to r0, its result, on a way to here; "
            "set r0 before exit");
        break;
    case WN_WHY_ANSWER:
        put(s->t,
            "a helper calls this function, which is to return 0 to be called again, or 1; r0 ");
        if (w->reg.type == WN_T_NONE) {
            put(s->t, "has not been written; set it before exit");
        } else {
            put(s->t, "is ");
            wn_text_reg(s->t, s->env, &w->reg);
            put(s->t, "; return 0 or 1");
        }
        break;
    case WN_WHY_DEPTH:
        put(s->t,
            "functions call each other %u deep here, the main one counted, and %u is the most; let "
            "some be inline (__always_inline)",
            (unsigned)w->other + 1, (unsigned)w->other);
        break;
    case WN_WHY_RECURSION:
        put(s->t,
            "the function at slot %u calls itself, by way of others perhaps, and functions call "
            "each "
            "other %u deep at most; make it a loop",
            (unsigned)w->other, (unsigned)s->code->call_depth);
        break;
    case WN_WHY_STACK_SIZE:
        put(s->t,
            "the functions that call each other down to here use %" PRIu64
            " bytes of stack in all, each a multiple of 32, and kernels give them %u; keep what is "
            "large in a map",
            w->most, (unsigned)w->other);
        break;
    default:
        put(s->t, "r%u is called, and ", w->number);
        if (wn_is_number(&w->reg)) {
            put(s->t, "holds a number");
            wn_say_origin(s);
        } else {
            put(s->t, "points to ");
            wn_text_pointed(s->t, s->env, &w->reg);
        }
        put(s->t,
            ", which is no function of the program; load the address of one on every way to here");
        break;
    }
}

/* ---- what is held ---------------------------------------------------------------------------- */

static void put_kept(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    bool again = w->reason == WN_WHY_KEPT_AGAIN;
    bool ends = wn_op_kind(&s->code->ops[w->slot]) == WN_KIND_EXIT;
    if (again && w->other == WN_NOWHERE) {
        put(s->t, "a helper calls this function, which gives back a record that it has not "
                  "reserved; let who has reserved it do that");
        return;
    }
    if (again)
        put(s->t, "a helper calls this function, which");
    else
        put(s->t, "the program %s here, and", ends ? "ends" : "may end");
    if (w->other == WN_NOWHERE)
        put(s->t, " may still hold a record of a ring buffer");
    else
        put(s->t, " still holds the record reserved by %s() at slot %u",
            wn_say_helper(s->code, w->other), (unsigned)w->other);
    put(s->t, "; call bpf_ringbuf_submit() or bpf_ringbuf_discard() on every way to here");
}

/** What may not be done while a lock is held. */
static void put_locked(const struct wn_saying *s)
{
    const struct wn_op *op = &s->code->ops[s->w->slot];
    if (op->id == WN_OP_CALL)
        put(s->t, "%s() is called while a lock is held", wn_say_helper(s->code, s->w->slot));
    else
        put(s->t, "the program %s while a lock is held",
            wn_op_kind(op) == WN_KIND_EXIT ? "ends" : "may end");
    put(s->t, "; call bpf_spin_unlock() first, on every way to here");
}

/* ---- loops ----------------------------------------------------------------------------------- */

static void put_loop(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    unsigned first = w->other;
    if (w->reason == WN_WHY_LOOP_FOREVER) {
        put(s->t, "the loop from slot %u to here has no way out; end it after a number of rounds",
            first);
        return;
    }
    if (w->reason == WN_WHY_LOOP_LONG) {
        put(s->t,
            "the loop from slot %u to here has up to %" PRIu64
            " rounds, and with those around it takes "
            "more than %u steps; lower the limits",
            first, w->most, 1u << 20);
        return;
    }
    put(s->t, "no limit is known for the rounds of the loop from slot %u to here", first);
    switch ((enum wn_reason)w->reason) {
    case WN_WHY_LOOP_COUNTER:
        put(s->t,
            ": no register grows or shrinks by a constant in each of them; count them, and stop at "
            "a constant");
        break;
    case WN_WHY_LOOP_LIMIT:
        put(s->t, ": r%u %s by %" PRId64 " in each", w->number, w->room < 0 ? "shrinks" : "grows",
            w->room < 0 ? -w->room : w->room);
        if (w->reg.type == WN_T_PACKET)
            put(s->t, ", and may go as far as the packet does");
        if (w->reg.type == WN_T_NUMBER) {
            put(s->t, ", and may be ");
            wn_text_number(s->t, &w->reg.v);
        }
        put(s->t, "; stop at a constant number of rounds as well");
        break;
    case WN_WHY_LOOP_WITHIN:
        put(s->t, ", as it lies in another one that has none; mend that first");
        break;
    default: put(s->t, "; count them, and stop at a constant"); break;
    }
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void say(const struct wn_saying *s)
{
    enum wn_kind kind = wn_op_kind(&s->code->ops[s->w->slot]);
    switch ((enum wn_reason)s->w->reason) {
    case WN_WHY_UNWRITTEN: put_unwritten(s); break;
    case WN_WHY_ARITHMETIC: put_arithmetic(s); break;
    case WN_WHY_RESULT:
    case WN_WHY_ANSWER:
    case WN_WHY_DEPTH:
    case WN_WHY_RECURSION:
    case WN_WHY_STACK_SIZE:
    case WN_WHY_CALLEE: put_function(s); break;
    case WN_WHY_LOCKED: put_locked(s); break;
    case WN_WHY_KEPT:
    case WN_WHY_KEPT_AGAIN: put_kept(s); break;
    case WN_WHY_LOOP:
    case WN_WHY_LOOP_FOREVER:
    case WN_WHY_LOOP_COUNTER:
    case WN_WHY_LOOP_LIMIT:
    case WN_WHY_LOOP_LONG:
    case WN_WHY_LOOP_WITHIN: put_loop(s); break;
    default:
        if (kind == WN_KIND_CALL)
            wn_say_helper_call(s);
        else
            wn_say_access(s);
    }
}

void wn_why_print(const struct wn_code *code, const struct wn_verify_env *env,
                  const struct wn_why *why, struct wn_error *err)
{
    char text[sizeof err->text] = "";
    struct wn_text t = {text, sizeof text, 0};
    const struct wn_saying s = {&t, code, env, why};
    say(&s);
    wn_fail(err, WN_E_REJECTED, why->slot, "%s", text);
}
