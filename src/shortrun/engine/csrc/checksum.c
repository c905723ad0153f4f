/* CRC-32 as zlib has it, by carry-less multiplication: sixteen bytes are a polynomial over GF(2), and its remainder is
 * that of the shorter one to which products with powers of x modulo the CRC's polynomial fold it (Gopal et al., Fast CRC
 * Computation for Generic Polynomials Using PCLMULQDQ, Intel 2009; the bits of bytes are reflected). The build passes
 * -mpclmul -msse4.1; without them the caller takes zlib, which is some ten times slower.
 */
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
#define REFLECTED 0xEDB88320u /* the polynomial */

static uint32_t bitwise(uint32_t crc, const uint8_t *bytes, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? REFLECTED : 0);
    }
    return crc;
}

#if defined(__PCLMUL__) && defined(__SSE4_1__)
#include <immintrin.h>

static __m128i at(const uint8_t *bytes) { return _mm_loadu_si128((const __m128i *)(const void *)bytes); }

/* What `value` is so many bits further on, as `powers` say, plus `next`. */
static __m128i folded(__m128i value, __m128i powers, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(value, powers, 0x00), high = _mm_clmulepi64_si128(value, powers, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/* The remainder of at least 64 bytes, a multiple of 16. */
static uint32_t multiplied(uint32_t crc, const uint8_t *bytes, int64_t count) {
    const __m128i by_512 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4); /* x^(512 - 32), x^(512 + 32), reflected */
    const __m128i by_128 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0); /* x^(128 - 32), x^(128 + 32) */
    const __m128i by_64 = _mm_set_epi64x(0, 0x0163cd6124);             /* x^64 */
    const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641); /* x^64 / P, and P itself */
    const __m128i words = _mm_setr_epi32(-1, 0, -1, 0);
    __m128i a = _mm_xor_si128(at(bytes), _mm_cvtsi32_si128((int)crc));
    __m128i b = at(bytes + 16), c = at(bytes + 32), d = at(bytes + 48);
    for (bytes += 64, count -= 64; count >= 64; bytes += 64, count -= 64) {
        a = folded(a, by_512, at(bytes));
        b = folded(b, by_512, at(bytes + 16));
        c = folded(c, by_512, at(bytes + 32));
        d = folded(d, by_512, at(bytes + 48));
    }
    a = folded(folded(folded(a, by_128, b), by_128, c), by_128, d);
    for (; count >= 16; bytes += 16, count -= 16) a = folded(a, by_128, at(bytes));
    a = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, by_128, 0x10));
    a = _mm_xor_si128(_mm_srli_si128(a, 4), _mm_clmulepi64_si128(_mm_and_si128(a, words), by_64, 0x00));
    b = _mm_and_si128(_mm_clmulepi64_si128(_mm_and_si128(a, words), barrett, 0x10), words);
    a = _mm_xor_si128(a, _mm_clmulepi64_si128(b, barrett, 0x00));
    return (uint32_t)_mm_extract_epi32(a, 1);
}

/* Whether shortrun_crc32 is fast here. */
EXPORT int shortrun_has_crc32(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}
#else
static uint32_t multiplied(uint32_t crc, const uint8_t *bytes, int64_t count) { return bitwise(crc, bytes, count); }

EXPORT int shortrun_has_crc32(void) { return 0; }
#endif

/* The checksum of bytes that follow others with checksum `crc`. */
EXPORT uint32_t shortrun_crc32(uint32_t crc, const uint8_t *bytes, int64_t count) {
    int64_t whole = count < 64 ? 0 : count & ~(int64_t)15;
    if (whole) crc = ~multiplied(~crc, bytes, whole);
    return ~bitwise(~crc, bytes + whole, count - whole);
}
