/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. SHA-256 pads its message to blocks of 64 bytes and folds each block into eight words. compress()
 * does that in portable C, compress_sha() with the x86 SHA extensions, about five times as fast: two rounds
 * an instruction, on the state in the order ABEF/CDGH that the instructions want.
 */
#include "base/digest.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE (256u << 10)

static const uint32_t round_constant[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, unsigned int n)
{
    return x >> n | x << (32 - n);
}

static void expand(const uint8_t *block, uint32_t w[64])
{
    for (int i = 0; i < 16; i++) {
        uint32_t word;
        memcpy(&word, block + 4 * i, sizeof(word));
        w[i] = __builtin_bswap32(word);
    }
    for (int i = 16; i < 64; i++) {
        uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
}

static void compress(uint32_t state[8], const uint8_t *data, size_t n_blocks)
{
    for (; n_blocks > 0; n_blocks--, data += 64) {
        uint32_t w[64], s[8];
        expand(data, w);
        memcpy(s, state, sizeof(s));
        for (int i = 0; i < 64; i++) {
            uint32_t s1 = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25);
            uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
            uint32_t t1 = s[7] + s1 + choice + round_constant[i] + w[i];
            uint32_t s0 = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22);
            uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
            memmove(s + 1, s, 7 * sizeof(s[0]));
            s[4] += t1;
            s[0] = t1 + s0 + majority;
        }
        for (int i = 0; i < 8; i++)
            state[i] += s[i];
    }
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

__attribute__((target("sha,sse4.1,ssse3"))) static void compress_sha(uint32_t state[8], const uint8_t *data,
                                                                     size_t n_blocks)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)state), 0xb1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)(state + 4)), 0x1b);
    __m128i abef = _mm_alignr_epi8(low, high, 8);
    __m128i cdgh = _mm_blend_epi16(high, low, 0xf0);

    for (; n_blocks > 0; n_blocks--, data += 64) {
        __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w[4];
        for (int i = 0; i < 4; i++)
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(data + 16 * i)), swap);
        for (int i = 0; i < 16; i++) {
            __m128i k = _mm_load_si128((const __m128i *)(const void *)(round_constant + 4 * i));
            __m128i sum = _mm_add_epi32(w[0], k);
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
            __m128i next = _mm_sha256msg1_epu32(w[0], w[1]);
            next = _mm_add_epi32(next, _mm_alignr_epi8(w[3], w[2], 4));
            next = _mm_sha256msg2_epu32(next, w[3]);
            w[0] = w[1];
            w[1] = w[2];
            w[2] = w[3];
            w[3] = next;
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }

    low = _mm_shuffle_epi32(abef, 0x1b);
    high = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(high, low, 8));
}

static bool has_sha(void)
{
    unsigned int a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0 &&
           __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_1) != 0 && (c & bit_SSSE3) != 0;
}
#else
static bool has_sha(void)
{
    return false;
}
#define compress_sha compress
#endif

static void compress_best(uint32_t state[8], const uint8_t *data, size_t n_blocks)
{
    /* CPUID is dear in a virtual machine (an exit): asked once. A race of two threads asks twice. */
    static int sha = -1;
    int known = __atomic_load_n(&sha, __ATOMIC_RELAXED);
    if (known < 0) {
        known = has_sha();
        __atomic_store_n(&sha, known, __ATOMIC_RELAXED);
    }
    if (known != 0)
        compress_sha(state, data, n_blocks);
    else
        compress(state, data, n_blocks);
}

void digest_init(struct digest *digest)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(digest->state, start, sizeof(start));
    digest->n_bytes = 0;
}

void digest_add(struct digest *digest, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    size_t used = digest->n_bytes % 64;
    digest->n_bytes += size;

    if (used > 0) {
        size_t part = size < 64 - used ? size : 64 - used;
        memcpy(digest->block + used, bytes, part);
        bytes += part;
        size -= part;
        if (used + part < 64)
            return;
        compress_best(digest->state, digest->block, 1);
    }
    compress_best(digest->state, bytes, size / 64);
    if (size % 64 > 0)
        memcpy(digest->block, bytes + size / 64 * 64, size % 64);
}

void digest_add_field(struct digest *digest, const void *data, size_t size)
{
    uint64_t length = size;
    digest_add(digest, &length, sizeof(length));
    digest_add(digest, data, size);
}

void digest_finish(struct digest *digest, uint8_t out[DIGEST_SIZE])
{
    static const uint8_t padding[64] = {0x80};
    uint64_t n_bits = __builtin_bswap64(digest->n_bytes * 8);
    size_t used = digest->n_bytes % 64;

    digest_add(digest, padding, used < 56 ? 56 - used : 120 - used);
    digest_add(digest, &n_bits, sizeof(n_bits));
    for (int i = 0; i < 8; i++) {
        uint32_t word = __builtin_bswap32(digest->state[i]);
        memcpy(out + 4 * i, &word, sizeof(word));
    }
}

void digest_of(const void *data, size_t size, uint8_t out[DIGEST_SIZE])
{
    struct digest digest;
    digest_init(&digest);
    digest_add(&digest, data, size);
    digest_finish(&digest, out);
}

int digest_of_file(int fd, uint64_t size, const char *what, uint8_t out[DIGEST_SIZE], struct error *err)
{
    _cleanup_free_ uint8_t *buf = malloc(READ_SIZE);
    if (buf == NULL)
        return error_errno(err, "read %s", what);

    struct digest digest;
    digest_init(&digest);
    for (uint64_t done = 0; done < size;) {
        size_t want = size - done < READ_SIZE ? (size_t)(size - done) : READ_SIZE;
        ssize_t n = pread(fd, buf, want, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "read %s", what);
        if (n == 0)
            return error_set(err, ERROR_INPUT, "read %s: ends after %llu of %llu bytes", what,
                             (unsigned long long)done, (unsigned long long)size);
        digest_add(&digest, buf, (size_t)n);
        done += (uint64_t)n;
    }
    digest_finish(&digest, out);
    return 0;
}

void digest_format(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < DIGEST_SIZE; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * DIGEST_SIZE] = '\0';
}
