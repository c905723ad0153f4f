/* One vector type for every processor.
 *
 * The kernels (kernels.h) are written once, in the vector extensions that gcc and clang share: `+ - * & ^ << >>` work on
 * whole vectors. This header supplies the width and the few operations that the extensions lack. The file that includes
 * it says which instruction set it is compiled for: PATH_AVX512, PATH_AVX2, or neither (portable: SSE2, NEON, anything).
 *
 * Every path does the same IEEE operations in the same order (fused multiply-adds where, and only where, `fused` is
 * called; the build says -ffp-contract=off), so every path draws the same bits.
 */
#ifndef SHORTRUN_SIMD_H
#define SHORTRUN_SIMD_H

#include <stdint.h>
#include <string.h>

#if defined(PATH_AVX512)
#define LANES 16
#include <immintrin.h>
#elif defined(PATH_AVX2)
#define LANES 8
#include <immintrin.h>
#else
#define LANES 4
#if defined(__aarch64__)
#include <arm_neon.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif
#endif

#define INLINE static inline __attribute__((always_inline))

typedef float vfloat __attribute__((vector_size(4 * LANES)));
typedef uint32_t vword __attribute__((vector_size(4 * LANES)));
typedef uint64_t vlong __attribute__((vector_size(4 * LANES)));
typedef uint8_t vbyte __attribute__((vector_size(LANES)));
typedef int16_t vhalf __attribute__((vector_size(2 * LANES)));  /* as many as of the floats */
typedef uint16_t vshort __attribute__((vector_size(4 * LANES), may_alias)); /* a whole register; sums may wrap */

/* Unaligned loads and stores; `_part` touches only the first n lanes (n < LANES: the ragged end of a row). */
INLINE vfloat load(const float *p) {
    vfloat x;
    memcpy(&x, p, sizeof x);
    return x;
}
INLINE void store(float *p, vfloat x) { memcpy(p, &x, sizeof x); }

INLINE vword load_words(const int32_t *p) {
    vword x;
    memcpy(&x, p, sizeof x);
    return x;
}
INLINE void store_words(int32_t *p, vword x) { memcpy(p, &x, sizeof x); }

/* Of memory that is aligned to whole registers: then SSE2 too adds from memory in one instruction. */
INLINE vshort load_shorts(const int16_t *p) { return *(const vshort *)p; }
INLINE void store_shorts(int16_t *p, vshort x) { *(vshort *)p = x; }

INLINE vfloat load_part(const float *p, int64_t n) {
#if defined(PATH_AVX512)
    return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#else
    float lanes[LANES] = {0};
    for (int64_t i = 0; i < n; i++) lanes[i] = p[i];
    return load(lanes);
#endif
}
INLINE void store_part(float *p, vfloat x, int64_t n) {
#if defined(PATH_AVX512)
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), x);
#else
    float lanes[LANES];
    store(lanes, x);
    for (int64_t i = 0; i < n; i++) p[i] = lanes[i];
#endif
}

INLINE vfloat broadcast(float a) { return (vfloat){0} + a; }
INLINE vword broadcast_word(uint32_t a) { return (vword){0} + a; }
INLINE vword lane_numbers(void) {
    uint32_t lanes[LANES];
    vword x;
    for (uint32_t i = 0; i < LANES; i++) lanes[i] = i;
    memcpy(&x, lanes, sizeof x);
    return x;
}

/* Round to nearest of a * b + c, rounded once. Without the instruction the product is formed exactly in double. */
INLINE vfloat fused(vfloat a, vfloat b, vfloat c) {
#if defined(PATH_AVX512)
    return _mm512_fmadd_ps(a, b, c);
#elif defined(PATH_AVX2)
    return _mm256_fmadd_ps(a, b, c);
#elif defined(__aarch64__)
    return (vfloat)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    typedef double vdouble __attribute__((vector_size(8 * LANES)));
    vdouble wide = __builtin_convertvector(a, vdouble) * __builtin_convertvector(b, vdouble);
    return __builtin_convertvector(wide + __builtin_convertvector(c, vdouble), vfloat);
#endif
}

/* a * b + c where a * b is exact, as of whole numbers and powers of two: fused or not is the same. */
INLINE vfloat scaled(vfloat a, float b, float c) {
#if defined(PATH_AVX512) || defined(PATH_AVX2)
    return fused(a, broadcast(b), broadcast(c));
#else
    return a * b + c;
#endif
}

/* a < b, as all-ones or all-zeros words. */
INLINE vword less(vfloat a, vfloat b) { return (vword)(a < b); }
INLINE vfloat select_float(vword mask, vfloat yes, vfloat no) {
    return (vfloat)(((vword)yes & mask) | ((vword)no & ~mask));
}

/* (a < b) ? yes : no and the smaller and the larger of two, each a single instruction where there is one. */
INLINE vfloat if_less(vfloat a, vfloat b, vfloat yes, vfloat no) {
#if defined(PATH_AVX512)
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes);
#elif defined(PATH_AVX2)
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
#else
    return select_float(less(a, b), yes, no);
#endif
}
INLINE vfloat smaller(vfloat a, vfloat b) {
#if defined(PATH_AVX512)
    return _mm512_min_ps(a, b);
#elif defined(PATH_AVX2)
    return _mm256_min_ps(a, b);
#else
    return if_less(a, b, a, b);
#endif
}
INLINE vfloat larger(vfloat a, vfloat b) {
#if defined(PATH_AVX512)
    return _mm512_max_ps(a, b);
#elif defined(PATH_AVX2)
    return _mm256_max_ps(a, b);
#else
    return if_less(b, a, a, b);
#endif
}

INLINE vword xor3(vword a, vword b, vword c) {
#if defined(PATH_AVX512)
    return (vword)_mm512_ternarylogic_epi32((__m512i)a, (__m512i)b, (__m512i)c, 0x96);
#else
    return a ^ b ^ c;
#endif
}

/* The products of the low halves of the lanes. */
INLINE vlong multiply(vlong a, uint32_t m) {
#if defined(PATH_AVX512)
    return (vlong)_mm512_mul_epu32((__m512i)a, _mm512_set1_epi64(m));
#elif defined(PATH_AVX2)
    return (vlong)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi64x(m));
#elif defined(__SSE2__)
    return (vlong)_mm_mul_epu32((__m128i)a, _mm_set1_epi64x(m));
#else
    return (a & 0xFFFFFFFF) * m;
#endif
}

/* The low halves of both, in turn. */
INLINE vword in_turn(vlong even, vlong odd) { return (vword)((even & 0xFFFFFFFF) | odd << 32); }

/* Small whole numbers. */
INLINE vword to_word(vfloat x) { return (vword)(x + 0x1p23f) & 0x7FFFFFu; }

/* 16-bit numbers to floats, and words that are such numbers to 16 bits. */
INLINE vfloat load_halves(const int16_t *p) {
    typedef int32_t vint __attribute__((vector_size(4 * LANES)));
    vhalf x;
    memcpy(&x, p, sizeof x);
    return __builtin_convertvector(__builtin_convertvector(x, vint), vfloat);
}
INLINE void store_halves(int16_t *p, vword x) {
#if defined(PATH_AVX2)
    __m128i low = _mm256_castsi256_si128((__m256i)x), high = _mm256_extracti128_si256((__m256i)x, 1);
    _mm_storeu_si128((__m128i *)p, _mm_packs_epi32(low, high));
#elif defined(__SSE2__) && LANES == 4
    _mm_storel_epi64((__m128i *)p, _mm_packs_epi32((__m128i)x, (__m128i)x));
#else
    vhalf halves = __builtin_convertvector(x, vhalf);
    memcpy(p, &halves, sizeof halves);
#endif
}

/* The exponent of a positive normal number; the mantissa, in [1, 2), is left in `mantissa`. */
INLINE vfloat split(vfloat x, vfloat *mantissa) {
#if defined(PATH_AVX512)
    *mantissa = _mm512_getmant_ps(x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src);
    return _mm512_getexp_ps(x);
#else
    *mantissa = (vfloat)(((vword)x & 0x7FFFFFu) | 0x3F800000u);
    return (vfloat)(((vword)x >> 23) | 0x4B000000u) - (0x1p23f + 127.0f);
#endif
}

/* Words below 256 to bytes. */
INLINE vbyte to_bytes(vword x) {
#if defined(PATH_AVX512)
    return (vbyte)_mm512_cvtepi32_epi8((__m512i)x);
#elif defined(PATH_AVX2)
    __m128i low = _mm256_castsi256_si128((__m256i)x), high = _mm256_extracti128_si256((__m256i)x, 1);
    __m128i halves = _mm_packus_epi32(low, high);
    return (vbyte)_mm_cvtsi128_si64(_mm_packus_epi16(halves, halves));
#elif defined(__SSE2__)
    __m128i halves = _mm_packs_epi32((__m128i)x, (__m128i)x);
    return (vbyte)_mm_cvtsi128_si32(_mm_packus_epi16(halves, halves));
#else
    return __builtin_convertvector(x, vbyte);
#endif
}
INLINE void store_bytes(uint8_t *p, vword x) {
    vbyte bytes = to_bytes(x);
    memcpy(p, &bytes, sizeof bytes);
}
INLINE void store_bytes_part(uint8_t *p, vword x, int64_t n) {
    uint8_t bytes[LANES];
    store_bytes(bytes, x);
    for (int64_t i = 0; i < n; i++) p[i] = bytes[i];
}

/* In place: lanes[i][j] <-> lanes[j][i] for LANES vectors (many sites' colours to one colour of many sites). */
INLINE void transpose(vfloat row[LANES]) {
#if defined(PATH_AVX512)
    __m512 t[16];
    for (int i = 0; i < 16; i += 4) { /* within 128-bit lanes: 4 x 4 blocks */
        __m512 a = _mm512_unpacklo_ps(row[i], row[i + 1]), b = _mm512_unpackhi_ps(row[i], row[i + 1]);
        __m512 c = _mm512_unpacklo_ps(row[i + 2], row[i + 3]), d = _mm512_unpackhi_ps(row[i + 2], row[i + 3]);
        t[i] = _mm512_shuffle_ps(a, c, 0x44), t[i + 1] = _mm512_shuffle_ps(a, c, 0xEE);
        t[i + 2] = _mm512_shuffle_ps(b, d, 0x44), t[i + 3] = _mm512_shuffle_ps(b, d, 0xEE);
    }
    for (int j = 0; j < 4; j++) { /* then 4 x 4 of the 128-bit lanes */
        __m512 a = _mm512_shuffle_f32x4(t[j], t[4 + j], 0x88), b = _mm512_shuffle_f32x4(t[j], t[4 + j], 0xDD);
        __m512 c = _mm512_shuffle_f32x4(t[8 + j], t[12 + j], 0x88), d = _mm512_shuffle_f32x4(t[8 + j], t[12 + j], 0xDD);
        row[j] = _mm512_shuffle_f32x4(a, c, 0x88), row[8 + j] = _mm512_shuffle_f32x4(a, c, 0xDD);
        row[4 + j] = _mm512_shuffle_f32x4(b, d, 0x88), row[12 + j] = _mm512_shuffle_f32x4(b, d, 0xDD);
    }
#elif defined(PATH_AVX2)
    __m256 t[8];
    for (int i = 0; i < 8; i += 4) {
        __m256 a = _mm256_unpacklo_ps(row[i], row[i + 1]), b = _mm256_unpackhi_ps(row[i], row[i + 1]);
        __m256 c = _mm256_unpacklo_ps(row[i + 2], row[i + 3]), d = _mm256_unpackhi_ps(row[i + 2], row[i + 3]);
        t[i] = _mm256_shuffle_ps(a, c, 0x44), t[i + 1] = _mm256_shuffle_ps(a, c, 0xEE);
        t[i + 2] = _mm256_shuffle_ps(b, d, 0x44), t[i + 3] = _mm256_shuffle_ps(b, d, 0xEE);
    }
    for (int j = 0; j < 4; j++) {
        row[j] = _mm256_permute2f128_ps(t[j], t[4 + j], 0x20);
        row[4 + j] = _mm256_permute2f128_ps(t[j], t[4 + j], 0x31);
    }
#elif defined(__SSE2__)
    _MM_TRANSPOSE4_PS(row[0], row[1], row[2], row[3]);
#else
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < i; j++) {
            float swap = row[i][j];
            row[i][j] = row[j][i];
            row[j][i] = swap;
        }
#endif
}

#endif
