/* SPDX-License-Identifier: MIT */
/* Every kind of type that clang describes. */
#include <winnow/bpf.h>

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

enum colour { RED, GREEN = 5, BLUE = 1000 };
enum temperature { COLD = -20, MILD = 15, HOT = 40 };
enum wide { SMALL = 1, LARGE = 0x123456789abcULL };

struct later;
union also_later;

struct flags {
    u32 low : 3;
    u32 middle : 10;
    int level : 5;
    u32 : 4;
    u32 high : 10;
    enum colour tint : 12;
};

struct point {
    int x, y;
};

struct everything {
    char name[8];
    u8 bytes[4];
    _Bool yes;
    signed char tiny;
    short small;
    int plain;
    long big;
    u64 huge;
    __int128 wider;
    float half;
    double whole;
    enum colour colour;
    enum temperature temperature;
    enum wide wide;
    struct flags flags;
    struct point grid[2][3];
    union {
        u32 word;
        u8 parts[4];
        struct {
            short lower, upper;
        };
    };
    const volatile struct point *restrict where;
    struct later *later;
    union also_later *also;
    int (*call)(const char *what, ...);
    void *nothing;
    struct everything *next;
    u8 tail[];
} __attribute__((aligned(16)));

#if __clang_major__ >= 14
#define TAG(name) __attribute__((btf_decl_tag(name)))
#else
#define TAG(name)
#endif

struct tagged {
    int a TAG("first");
    int __attribute__((btf_type_tag("user"))) * b;
} TAG("whole");

typedef struct {
    int inner;
} unnamed_t;

static struct everything first_of_all;
struct tagged global_one = {.a = 1};
const u32 constant = 7;
static volatile unnamed_t unnamed = {3};
static const struct point *pointer_to_point;

static __attribute__((noinline)) int helper(struct everything *e, int n)
{
    return n ? e->plain + n : (int)e->big;
}

__attribute__((noinline)) int exported(int a TAG("count"), const struct point *at)
{
    return at ? a : a + 1;
}

SEC("filter")
unsigned types(const unsigned char *data, unsigned long caplen)
{
    int sum = unnamed.inner + (int)constant;
    sum += helper(&first_of_all, (int)caplen);
    sum += exported(global_one.a, pointer_to_point);
    return (unsigned)(sum + data[0]);
}
