/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever CPUID shows can be executed: one instruction for each feature. An exception ends the guest. What
 * must not be shown, as it leads out of ring 3 or needs what CR4 leaves off, is among them, with no
 * instruction.
 *
 * kvm_pvm puts its own words in the place of leaves 1 and 7, whatever it is given: what these show of ring 0
 * is passed over.
 */
#include "guest.h"

enum reg { EAX, EBX, ECX, EDX };

#define CODE(name, bytes) __asm__(".text\n" #name ": .byte " bytes "\n ret\n")

CODE(sse3, "0xf2, 0x0f, 0xd0, 0xc0");                 /* addsubps */
CODE(pclmul, "0x66, 0x0f, 0x3a, 0x44, 0xc0, 0");      /* pclmulqdq */
CODE(ssse3, "0x66, 0x0f, 0x38, 0x00, 0xc0");          /* pshufb */
CODE(cx16, "0x48, 0x0f, 0xc7, 0x0e");                 /* cmpxchg16b */
CODE(sse41, "0x66, 0x0f, 0x38, 0x40, 0xc0");          /* pmulld */
CODE(sse42, "0xf2, 0x0f, 0x38, 0xf0, 0xc0");          /* crc32 */
CODE(movbe, "0x0f, 0x38, 0xf0, 0x06");                /* movbe */
CODE(popcnt, "0xf3, 0x0f, 0xb8, 0xc0");               /* popcnt */
CODE(aes, "0x66, 0x0f, 0x38, 0xdc, 0xc0");            /* aesenc */
CODE(xgetbv, "0x0f, 0x01, 0xd0");                     /* xgetbv */
CODE(avx, "0xc5, 0xf8, 0x58, 0xc0");                  /* vaddps */
CODE(fma, "0xc4, 0xe2, 0x79, 0x98, 0xc0");            /* vfmadd132ps */
CODE(f16c, "0xc4, 0xe2, 0x79, 0x13, 0xc0");           /* vcvtph2ps */
CODE(rdrand, "0x0f, 0xc7, 0xf0");                     /* rdrand */
CODE(tsc, "0x0f, 0x31");                              /* rdtsc */
CODE(cx8, "0x0f, 0xc7, 0x0e");                        /* cmpxchg8b */
CODE(cmov, "0x0f, 0x44, 0xc0");                       /* cmove */
CODE(clflush, "0x0f, 0xae, 0x3e");                    /* clflush */
CODE(mmx, "0x0f, 0x77");                              /* emms */
CODE(fxsr, "0x0f, 0xae, 0x06");                       /* fxsave */
CODE(sse, "0x0f, 0x58, 0xc0");                        /* addps */
CODE(sse2, "0x66, 0x0f, 0x58, 0xc0");                 /* addpd */
CODE(fsgsbase, "0xf3, 0x48, 0x0f, 0xae, 0xc0");       /* rdfsbase */
CODE(bmi1, "0xc4, 0xe2, 0x78, 0xf2, 0xc0");           /* andn */
CODE(avx2, "0xc5, 0xfd, 0xfe, 0xc0");                 /* vpaddd */
CODE(bmi2, "0xc4, 0xe2, 0x7b, 0xf5, 0xc0");           /* pdep */
CODE(erms, "0xf3, 0xa4");                             /* rep movsb */
CODE(avx512f, "0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc0");  /* vaddps */
CODE(rtm, "0xc7, 0xf8, 0, 0, 0, 0, 0xc6, 0xf8, 0");   /* xbegin, xabort */
CODE(rdseed, "0x0f, 0xc7, 0xf8");                     /* rdseed */
CODE(adx, "0x66, 0x0f, 0x38, 0xf6, 0xc0");            /* adcx */
CODE(clflushopt, "0x66, 0x0f, 0xae, 0x3e");           /* clflushopt */
CODE(clwb, "0x66, 0x0f, 0xae, 0x36");                 /* clwb */
CODE(sha, "0x0f, 0x38, 0xc8, 0xc0");                  /* sha1nexte */
CODE(gfni, "0x66, 0x0f, 0x38, 0xcf, 0xc0");           /* gf2p8mulb */
CODE(rdpid, "0xf3, 0x0f, 0xc7, 0xf8");                /* rdpid */
CODE(movdiri, "0x0f, 0x38, 0xf9, 0x06");              /* movdiri */
CODE(movdir64b, "0x66, 0x0f, 0x38, 0xf8, 0x36");      /* movdir64b */
CODE(serialize, "0x0f, 0x01, 0xe8");                  /* serialize */
CODE(lahf, "0x9f");                                   /* lahf */
CODE(lzcnt, "0xf3, 0x0f, 0xbd, 0xc0");                /* lzcnt */
CODE(sse4a, "0x66, 0x0f, 0x79, 0xc0");                /* extrq */
CODE(prefetchw, "0x0f, 0x0d, 0x0e");                  /* prefetchw */
CODE(mmx_extensions, "0x0f, 0xe0, 0xc0, 0x0f, 0x77"); /* pavgb, emms */
CODE(rdtscp, "0x0f, 0x01, 0xf9");                     /* rdtscp */
CODE(clzero, "0x0f, 0x01, 0xfc");                     /* clzero */

#define FORBIDDEN(leaf, reg, bit, name) \
    {                                   \
        leaf, reg, bit, name, NULL      \
    }

struct feature {
    uint32_t leaf;
    enum reg reg;
    unsigned bit;
    const char *name;
    const char *code;
};

extern const char sse3[], pclmul[], ssse3[], cx16[], sse41[], sse42[], movbe[], popcnt[], aes[], xgetbv[],
    avx[], fma[], f16c[], rdrand[], tsc[], cx8[], cmov[], clflush[], mmx[], fxsr[], sse[], sse2[], fsgsbase[],
    bmi1[], avx2[], bmi2[], erms[], rtm[], avx512f[], rdseed[], adx[], clflushopt[], clwb[], sha[], gfni[],
    rdpid[], movdiri[], movdir64b[], serialize[], lahf[], lzcnt[], sse4a[], prefetchw[], mmx_extensions[],
    rdtscp[], clzero[];
#define FEATURE(leaf, reg, bit, name) \
    {                                 \
        leaf, reg, bit, #name, name   \
    }

static const struct feature features[] = {
    FEATURE(1, ECX, 0, sse3),
    FEATURE(1, ECX, 1, pclmul),
    FORBIDDEN(1, ECX, 3, "monitor"),
    FEATURE(1, ECX, 9, ssse3),
    FEATURE(1, ECX, 12, fma),
    FEATURE(1, ECX, 13, cx16),
    FORBIDDEN(1, ECX, 17, "pcid"),
    FEATURE(1, ECX, 19, sse41),
    FEATURE(1, ECX, 20, sse42),
    FORBIDDEN(1, ECX, 21, "x2apic"),
    FEATURE(1, ECX, 22, movbe),
    FEATURE(1, ECX, 23, popcnt),
    FORBIDDEN(1, ECX, 24, "tsc deadline timer"),
    FEATURE(1, ECX, 25, aes),
    FEATURE(1, ECX, 27, xgetbv),
    FEATURE(1, ECX, 28, avx),
    FEATURE(1, ECX, 29, f16c),
    FEATURE(1, ECX, 30, rdrand),
    FEATURE(1, EDX, 4, tsc),
    FORBIDDEN(1, EDX, 5, "msr"),
    FEATURE(1, EDX, 8, cx8),
    FORBIDDEN(1, EDX, 11, "sysenter"),
    FORBIDDEN(1, EDX, 12, "mtrr"),
    FEATURE(1, EDX, 15, cmov),
    FEATURE(1, EDX, 19, clflush),
    FEATURE(1, EDX, 23, mmx),
    FEATURE(1, EDX, 24, fxsr),
    FEATURE(1, EDX, 25, sse),
    FEATURE(1, EDX, 26, sse2),
    FEATURE(7, EBX, 0, fsgsbase),
    FEATURE(7, EBX, 3, bmi1),
    FEATURE(7, EBX, 5, avx2),
    FORBIDDEN(7, EBX, 7, "smep"),
    FEATURE(7, EBX, 8, bmi2),
    FEATURE(7, EBX, 9, erms),
    FORBIDDEN(7, EBX, 10, "invpcid"),
    FEATURE(7, EBX, 11, rtm),
    FEATURE(7, EBX, 16, avx512f),
    FEATURE(7, EBX, 18, rdseed),
    FEATURE(7, EBX, 19, adx),
    FORBIDDEN(7, EBX, 20, "smap"),
    FEATURE(7, EBX, 23, clflushopt),
    FEATURE(7, EBX, 24, clwb),
    FEATURE(7, EBX, 29, sha),
    FORBIDDEN(7, ECX, 3, "pku"),
    FORBIDDEN(7, ECX, 5, "waitpkg"),
    FEATURE(7, ECX, 8, gfni),
    FEATURE(7, ECX, 22, rdpid),
    FEATURE(7, ECX, 27, movdiri),
    FEATURE(7, ECX, 28, movdir64b),
    FEATURE(7, EDX, 14, serialize),
    FEATURE(0x80000001, ECX, 0, lahf),
    FORBIDDEN(0x80000001, ECX, 2, "svm"),
    FEATURE(0x80000001, ECX, 5, lzcnt),
    FEATURE(0x80000001, ECX, 6, sse4a),
    FEATURE(0x80000001, ECX, 8, prefetchw),
    FORBIDDEN(0x80000001, ECX, 29, "monitorx"),
    FORBIDDEN(0x80000001, EDX, 11, "syscall"),
    FEATURE(0x80000001, EDX, 22, mmx_extensions),
    FEATURE(0x80000001, EDX, 27, rdtscp),
    FEATURE(0x80000008, EBX, 0, clzero),
};

static unsigned char bytes[1024] __attribute__((aligned(64)));

static int is_shown(const struct feature *f)
{
    uint32_t r[4], last = f->leaf & 0x80000000;

    __asm__ __volatile__("cpuid" : "+a"(last), "=b"(r[EBX]), "=c"(r[ECX]), "=d"(r[EDX]));
    if (f->leaf > last)
        return 0;
    __asm__ __volatile__("cpuid"
                         : "=a"(r[EAX]), "=b"(r[EBX]), "=c"(r[ECX]), "=d"(r[EDX])
                         : "0"(f->leaf), "2"(0));
    return (r[f->reg] >> f->bit & 1) != 0;
}

/* The monitor's leaf 7 says that it has no sub-leaves. */
static int is_kvms_own(uint32_t leaf)
{
    uint32_t eax = 7, ebx, ecx = 0, edx;

    __asm__ __volatile__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return (leaf == 1 || leaf == 7) && eax != 0;
}

static void execute(const char *code)
{
    uint64_t rax = (uintptr_t)bytes, rsi = (uintptr_t)bytes, rdi = (uintptr_t)bytes, rcx = 0, rdx = 0;
    __asm__ __volatile__("call *%5"
                         : "+a"(rax), "+S"(rsi), "+D"(rdi), "+c"(rcx), "+d"(rdx)
                         : "r"(code)
                         : "rbx", "memory", "cc", "xmm0");
}

int guest_main(const struct boot_info *info)
{
    (void)info;
    for (unsigned i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        if (!is_shown(&features[i]))
            continue;
        print(features[i].name);
        print("\n");
        if (features[i].code != NULL)
            execute(features[i].code);
        else if (!is_kvms_own(features[i].leaf))
            return 1;
    }
    print("all of them work\n");
    return 0;
}
