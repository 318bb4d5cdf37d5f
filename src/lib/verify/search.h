/* SPDX-License-Identifier: MIT */
/** The verifier's search, as its parts share it. */
#pragma once

#include "verify/live.h"
#include "verify/precise.h"
#include "verify/reason.h"
#include "verify/state.h"
#include "verify/verify.h"
#include "verify/words.h"

/** Pages below this are nobody's. */
#define WN_SMALLEST_ADDRESS 4096u

/** How an instruction has come out, on the ways so far. */
enum wn_outcome {
    WN_PROVED = 1,
    WN_UNPROVED = 2,
    WN_WRONG = 4,   /* as it was, it can only fail */
    WN_ASSUMED = 8, /* a guard of the packet alone was taken to have passed */
    WN_PINNED = 16, /* nothing is to be assumed of its guard */
    WN_CUT = 32,    /* it is of a field of which the kernel keeps less than is stored */
};

/** Whether memory may be used as an instruction does it. */
enum wn_fit { WN_FITS, WN_MAY_FIT, WN_NEVER_FITS };

/** Of each slot. */
struct wn_finding {
    uint8_t outcome; /* enum wn_outcome, as bits */
    uint8_t loads;   /* of contexts: enum wn_context_what, as bits */
    uint16_t types;  /* of memory, as bits: enum wn_type */
    uint32_t why;    /* in whys, counted from 1 */
};

/** A state that was kept where ways meet. */
struct wn_node;

struct wn_search {
    const struct wn_code *code;
    const struct wn_verify_env *env;
    struct wn_heap heap;
    struct wn_live live;
    struct wn_finding *found;
    struct {
        struct wn_why *data;
        size_t len, cap;
    } whys;
    struct wn_state s; /* that is being followed */
    uint64_t steps;
    uint32_t flags;   /* of the instruction: enum wn_step_flag */
    uint16_t precise; /* registers whose numbers it depends on */
    bool all_precise; /* it depends on all of them */
    uint32_t needs;   /* it depends on the packet having so many bytes */
    bool by_range;    /* a place in the packet was proved by how far away it can be */
    bool says_place;  /* a branch has said where the packet ends */
    bool exploring;   /* ways are followed one by one: what is wrong on one is wrong */
    bool restart;     /* something was assumed that does not hold */
    bool hopeless;    /* nothing can be said of this program */
    bool detours;     /* addresses of the packet become numbers of 32 bits */
    bool writes_packet;
    bool reads_unwritten;
    bool unset;           /* a register may matter to which nothing has been written */
    bool reads_nothing;   /* strict: all that is read somewhere may be unwritten, */
    bool minds_unwritten; /* and it is looked for where */
    uint16_t *reach;   /* of each function: bytes of its stack that are used; NULL: nobody asks */
    bool reads_spills; /* through other registers than r10: all that is kept may matter */
    bool was_wrong;    /* what the instruction does */
    enum wn_fit worst; /* of a call's arguments, */
    struct wn_why worst_why; /* and why */
    bool fatal;              /* found something that is refused at once: in `refusal` */
    struct wn_why refusal;   /* hopeless: why, if its reason says something */
};

/** The stack as the program has it: bytes of a frame. */
static inline int32_t wn_frame_size(const struct wn_search *q)
{
    return (int32_t)q->code->frame_bytes;
}

/** Note how the instruction came out. With a reason: the first one is kept. */
void wn_note(struct wn_search *q, enum wn_outcome outcome, const struct wn_why *why);

/** Say in the log what is known where the search is; `what` is put behind it. */
void wn_tell(const struct wn_search *q, const char *what);

/** Refuse the program: what is wrong on this way is wrong. */
void wn_refuse(struct wn_search *q, const struct wn_why *why);

/** What there is to say of the instruction being looked at. */
struct wn_why wn_why_of(const struct wn_search *q, enum wn_reason reason, unsigned number,
                        const struct wn_reg *reg);

/** The register an instruction reads; false if nothing has been written there, which is refused. */
bool wn_read(struct wn_search *q, unsigned number, struct wn_reg *out);

/** What the instruction does depends on the number in a register (none if it is r10). */
static inline void wn_depend(struct wn_search *q, unsigned number)
{
    if (number < WN_R10)
        q->precise |= (uint16_t)(1u << number);
}

/** What the instruction does depends on the packet having so many bytes, if it is known to have
 * them. */
static inline void wn_need(struct wn_search *q, int64_t bytes)
{
    if (bytes > (int64_t)q->needs && bytes <= (int64_t)q->s.least)
        q->needs = (uint32_t)bytes;
}

/** Something is seen of an address of the packet that depends on where the packet is. */
static inline void wn_expose(struct wn_search *q, const struct wn_reg *reg)
{
    q->detours |= wn_is_packet_type(reg->type);
}

/** The same of all addresses that are kept in [first, end) of a frame. */
void wn_expose_kept(struct wn_search *q, const struct wn_frame *f, int64_t first, int64_t end);

/** Anything that the program may read is read, we do not know what: stack that nobody has written,
 * and where addresses of the packet are kept. */
static inline void wn_expose_memory(struct wn_search *q)
{
    q->reads_unwritten = true;
    q->detours |= q->env->type != WN_PROG_SOCKET; /* which have no such addresses */
}

/** Something that was held is so no longer: whatever points to it is a number. */
void wn_release(struct wn_search *q, uint32_t id);

/** Any of what is held may be so no longer, nobody knows which. */
void wn_release_any(struct wn_search *q);

/** The lock that an address in a value stands for: such a number; 0 if it is none. */
uint32_t wn_lock_of(const struct wn_search *q, const struct wn_reg *r);

/** Something is done that is not to be done while a lock is held, as one is here, or may be. */
void wn_mind_lock(struct wn_search *q);

/** A new number for what belongs together. */
static inline uint32_t wn_new_id(struct wn_search *q)
{
    return q->s.next_id++;
}

/** Go over an instruction that is no jump, branch, call or exit. */
void wn_step_alu(struct wn_search *q, const struct wn_op *op);
void wn_step_wide(struct wn_search *q, const struct wn_op *op);
void wn_step_access(struct wn_search *q, const struct wn_op *op);

/** Whether a branch can only go one way, as far as its operands tell. */
enum wn_outlook { WN_PERHAPS, WN_ALWAYS, WN_NEVER };
enum wn_outlook wn_foresee(struct wn_search *q, const struct wn_op *op);

/** Learn from a branch of this state; false if it cannot go that way. */
bool wn_learn(struct wn_search *q, const struct wn_op *op, bool taken);

/** Go over a call of a helper. */
void wn_step_helper(struct wn_search *q, const struct wn_op *op);

/** The argument of helpers that call functions that says which. */
#define WN_REPEAT_FUNCTION WN_R2

/** Whether such a helper may call its function at all, as far as its arguments tell. */
bool wn_may_repeat(struct wn_search *q);

/** Let r1 to r5 be what it gives the function that has just been entered. */
void wn_set_repeated(struct wn_search *q);

/** A function is about to return to the helper that has called it: look at what it returns. */
void wn_step_again(struct wn_search *q);

/** The packet has been moved: nothing that was known of it holds. */
void wn_forget_packet(struct wn_search *q);

/** Let every number that is `id` be what `v` (plus `off`) allows; false if none is left. */
bool wn_learn_number(struct wn_search *q, uint32_t id, int32_t off, const struct wn_value *v);

/** Nothing that is kept in any stack can be relied on any more. */
void wn_blur(struct wn_search *q);

/** Memory behind an address that is to be used so. */
struct wn_span {
    int64_t off;   /* from what the register holds */
    int64_t least; /* bytes, at least */
    int64_t most;  /* and at most */
    bool write;
    bool atomic;
    bool own; /* by the instruction itself, not by a helper */
};
/** Whether that is such memory. */
enum wn_fit wn_fits(struct wn_search *q, const struct wn_reg *reg, const struct wn_span *span,
                    struct wn_why *why);

/** Put a value plus a constant; the second operand's bits are not needed. */
struct wn_value wn_value_plus(const struct wn_value *v, int64_t number);

/** Of an address: v plus off, if it does not leave what is followed. */
bool wn_is_near(const struct wn_value *v);

/** Note how much of its stack a function uses: an access of `off` behind an address of the stack.
 */
void wn_note_reach(struct wn_search *q, const struct wn_reg *reg, int64_t off);

/** Strict: whether [off, off + size) behind an address is stack to which nothing has been written,
 * none of its bytes, if that is minded. It is noted in any case. */
bool wn_reads_nothing(struct wn_search *q, const struct wn_reg *reg, int64_t off, int64_t size);

/** A helper is about to write `span` behind an address: what was kept there is lost. */
void wn_clobber(struct wn_search *q, const struct wn_reg *reg, const struct wn_span *span);
