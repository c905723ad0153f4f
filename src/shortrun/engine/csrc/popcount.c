/* Distances of packed codes for x86 processors that count the bits of eight words at once (AVX-512 VPOPCNTDQ); the build
 * passes those flags. Empty elsewhere. */
#if defined(__AVX512VPOPCNTDQ__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#include <immintrin.h>

#include "kernels.h"
#include "platform.h"

#define LANES 8
#define INLINE static inline __attribute__((always_inline))
#define SIDE 512         /* rows of b that are turned at once, at most, so that eight of them lie side by side */
#define TURNED (1 << 15) /* and words of them, a part of a second-level cache; of very long rows eight are turned */

/* turned[word][row] of `count` rows; lanes beyond them repeat the last one. */
static void turn(const uint64_t *b, int64_t count, int64_t size, int64_t side, uint64_t *turned) {
    for (int64_t row = 0; row < (count + LANES - 1) / LANES * LANES; row++) {
        const uint64_t *from = b + (row < count ? row : count - 1) * size;
        for (int64_t word = 0; word < size; word++) turned[word * side + row] = from[word];
    }
}

INLINE void row_of(const uint64_t *a, const uint64_t *turned, float *out, int64_t count, int64_t side, int64_t words,
                   int64_t bits) {
    for (int64_t first = 0; first < count; first += LANES) {
        __m512i total = _mm512_setzero_si512();
        for (int64_t word = 0; word < words * bits; word += bits) {
            __m512i differ = _mm512_setzero_si512();
            for (int64_t bit = word; bit < word + bits; bit++) {
                __m512i other = _mm512_loadu_si512(turned + bit * side + first);
                differ = _mm512_or_si512(differ, _mm512_xor_si512(other, _mm512_set1_epi64((int64_t)a[bit])));
            }
            total = _mm512_add_epi64(total, _mm512_popcnt_epi64(differ));
        }
        __mmask8 here = count - first < LANES ? (__mmask8)((1 << (count - first)) - 1) : 0xff;
        _mm256_mask_storeu_ps(out + first, here, _mm512_cvtepi64_ps(total));
    }
}

static void mismatches(const void *arguments, int64_t begin, int64_t end) {
    const struct mismatches *x = arguments;
    const int64_t size = x->words * x->bits;
    int64_t side = TURNED / size / LANES * LANES;
    side = side < LANES ? LANES : side > SIDE ? SIDE : side;
    uint64_t *turned = aligned_memory(size * side * (int64_t)sizeof *turned);
    for (int64_t column = 0; column < x->columns; column += side) {
        int64_t count = x->columns - column < side ? x->columns - column : side;
        turn(x->b + column * size, count, size, side, turned);
        for (int64_t row = begin; row < end; row++) {
            float *out = x->out + row * x->columns + column;
            if (x->bits == 1) row_of(x->a + row * size, turned, out, count, side, x->words, 1);
            else row_of(x->a + row * size, turned, out, count, side, x->words, x->bits);
        }
    }
    free_aligned(turned);
}

const kernel_fn shortrun_mismatches_of_eight = mismatches;
#endif
