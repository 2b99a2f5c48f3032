/* SPDX-License-Identifier: Apache-2.0 */
/* rdrand (Intel SDM volume 1, 7.3.17), else SplitMix64 over the time-stamp counter. */
#include "kit/random.h"

#include <cpuid.h>
#include <stdbool.h>

#define RDRAND_ATTEMPTS 10 /* the SDM's advice */

static uint64_t state;
static enum { UNKNOWN, PRESENT, ABSENT } rdrand;

static inline uint64_t read_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline bool read_rdrand(uint64_t *out)
{
    for (int i = 0; i < RDRAND_ATTEMPTS; i++) {
        bool ok;
        __asm__ volatile("rdrand %0" : "=r"(*out), "=@ccc"(ok));
        if (ok)
            return true;
    }
    return false;
}

static inline uint64_t splitmix64(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* Called before there is a canary. */
__attribute__((no_stack_protector)) uint64_t random_u64(void)
{
    if (rdrand == UNKNOWN) { /* once: cpuid is an exit */
        uint32_t eax, ebx, ecx = 0, edx;
        __cpuid(1, eax, ebx, ecx, edx);
        rdrand = (ecx & bit_RDRND) != 0 ? PRESENT : ABSENT;
    }
    uint64_t value;
    if (rdrand == PRESENT && read_rdrand(&value))
        return value;

    state ^= read_tsc();
    return splitmix64();
}
