/* SPDX-License-Identifier: MIT */
/**
 * A builder used in any order: nothing is lost, nothing crashes, the first
 * mistake is what finishing returns, and what it gives is a program that can be
 * written as text.
 */
#include <winnow/build.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/text.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/** What is left of the input; zeros behind its end. */
struct input {
    const uint8_t *at;
    size_t left;
};

static void must(int holds)
{
    if (!holds)
        abort();
}

static void take(struct input *in, void *out, size_t n)
{
    size_t got = n < in->left ? n : in->left;
    memset(out, 0, n);
    memcpy(out, in->at, got);
    in->at += got;
    in->left -= got;
}

static uint8_t take_byte(struct input *in)
{
    uint8_t b;
    take(in, &b, 1);
    return b;
}

static struct wn_slot take_slot(struct input *in)
{
    struct wn_slot s;
    take(in, &s, sizeof s);
    return s;
}

static struct wn_wide take_wide(struct input *in)
{
    struct wn_wide w;
    take(in, &w, sizeof w);
    return w;
}

/** Instructions that are right, so that programs get long. */
static struct wn_slot good_jump(uint8_t which)
{
    switch (which & 3) {
    case 0: return wn_ja(0);
    case 1: return wn_ja32(0);
    case 2: return wn_call_local(0);
    default: return wn_jslt32_x(which >> 2 & 7, which >> 5, 0);
    }
}

/** Finish, and look at what came of it. */
static void finish(struct wn_builder *b)
{
    struct wn_slot *slots = NULL;
    size_t count = 77;
    size_t expected = b->count;
    int before = b->error.code;
    struct wn_error err = {0};
    int r = wn_build_finish(b, &slots, &count, &err);
    must(!b->slots && !b->labels && !b->refs);
    must(before == 0 || r == before);
    if (r) {
        must(r == err.code && err.text[0] && !slots && count == 77);
        must(r == WN_E_MALFORMED || r == -EINVAL || r == WN_E_LIMIT);
        return;
    }
    char *text = NULL;
    must(count == expected && count > 0);
    must(wn_disassemble(slots, count, NULL, &text, NULL) == 0);
    free(text);
    free(slots);
    must(wn_build_label(b) == WN_NOWHERE);
    must(wn_build_finish(b, &slots, &count, NULL) == -EINVAL);
}

static void step(struct wn_builder *b, struct input *in)
{
    uint8_t op = take_byte(in);
    switch (op & 15) {
    case 0: wn_build(b, take_slot(in)); break;
    case 1: wn_build_wide(b, take_wide(in)); break;
    case 2:
    case 3: must(wn_build_label(b) != 0); break;
    case 4:
    case 5: wn_build_place(b, op >> 4); break;
    case 6: wn_build_place(b, take_byte(in) * 0x01010101u); break;
    case 7: wn_build_jump(b, take_slot(in), take_byte(in)); break;
    case 8:
    case 9: wn_build_jump(b, good_jump(take_byte(in)), op >> 4); break;
    case 10: wn_build_func(b, take_wide(in), take_byte(in)); break;
    case 11: wn_build_func(b, wn_func(op >> 4, 0), take_byte(in)); break;
    case 12: wn_build(b, wn_exit()); break;
    case 13: /* so that a jump may be too long */
        for (unsigned i = 0; i < 1024; i++)
            wn_build(b, wn_add64_k(op >> 4, 1));
        break;
    case 14: finish(b); break;
    default: wn_build_reset(b); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct wn_builder b = {0};
    struct input in = {data, len};
    while (in.left)
        step(&b, &in);
    finish(&b);
    wn_build_reset(&b);
    return 0;
}
