/* What every kernel that draws shares: the noise, the exponential, the choice of a colour. */
#ifndef SHORTRUN_DRAWS_H
#define SHORTRUN_DRAWS_H

#include "kernels.h"
#include "simd.h"

/* ------------------------------------------------------------------------------------------------ noise */

/* Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
 * Site s is word (s >> 4) & 3 of the block with counter word c0 = (s >> 6) * 16 + (s & 15): a block of 64 consecutive
 * sites is 16 counters, and its four output words are four runs of 16 sites. */
#define ROUNDS 10
#define PARTS (16 / LANES) /* vectors that make up the 16 counters of a block */
static const uint32_t M0 = 0xD2511F53u, M1 = 0xCD9E8D57u, W0 = 0x9E3779B9u, W1 = 0xBB67AE85u;

/* All that does not change along a row. */
struct stream {
    uint32_t key0[ROUNDS], key1[ROUNDS];
    uint32_t chain, place, first; /* first: counter of the first site, 16 for each 64 before it */
    uint32_t update_high, update_low; /* M1 * update */
};

INLINE struct stream open_stream(const struct noise *noise) {
    struct stream s;
    for (uint32_t r = 0; r < ROUNDS; r++) {
        s.key0[r] = (uint32_t)noise->seed + r * W0;
        s.key1[r] = (uint32_t)(noise->seed >> 32) + r * W1;
    }
    uint64_t product = (uint64_t)M1 * noise->update;
    s.update_high = (uint32_t)(product >> 32), s.update_low = (uint32_t)product;
    s.place = noise->place;
    s.chain = s.first = 0;
    return s;
}

/* The four words of LANES / 2 counters, each in the low half of a lane, which alone is multiplied: what is above it stays
 * there, and nothing is shuffled. */
struct counters {
    vlong word[4];
};

INLINE vlong high_half(vlong product, vlong with, uint32_t key) {
    return (vlong)xor3((vword)(product >> 32), (vword)with, broadcast_word(key));
}

/* The rounds after the first two, of the counters of even and of odd lanes; word[w] receives both in turn. */
INLINE void finish_rounds(const struct stream *s, struct counters half[2], vword word[4]) {
    for (int h = 0; h < 2; h++) {
        vlong *x = half[h].word;
#pragma GCC unroll 8
        for (int r = 2; r < ROUNDS; r++) {
            vlong product0 = multiply(x[0], M0), product2 = multiply(x[2], M1);
            x[0] = high_half(product2, x[1], s->key0[r]);
            x[1] = product2;
            x[2] = high_half(product0, x[3], s->key1[r]);
            x[3] = product0;
        }
    }
    for (int w = 0; w < 4; w++) word[w] = in_turn(half[0].word[w], half[1].word[w]);
}

/* The four words of LANES counters (c0, chain, update, place). In the first two rounds half of the state is the same
 * for all sites of a row, so it is kept in scalars: one round of ten is saved. */
INLINE void philox(const struct stream *s, vword c0, vword word[4]) {
    uint64_t product = (uint64_t)M0 * (s->update_high ^ s->chain ^ s->key0[0]);
    struct counters half[2];
    for (int h = 0; h < 2; h++) {
        vlong first = multiply((vlong)c0 >> 32 * h, M0), zero = {0};
        vlong second = multiply(high_half(first, zero, s->place ^ s->key1[0]), M1);
        half[h].word[0] = high_half(second, zero, s->update_low ^ s->key0[1]);
        half[h].word[1] = second;
        half[h].word[2] = (vlong)((vword)first ^ ((uint32_t)(product >> 32) ^ s->key1[1]));
        half[h].word[3] = (vlong)broadcast_word((uint32_t)product);
    }
    finish_rounds(s, half, word);
}

/* ((word >> 9) + 1/2) / 2^23. The 23 bits become the mantissa of a number in [1, 2); the difference is exact. */
INLINE vfloat to_uniform(vword word) { return (vfloat)((word >> 9) | 0x3F800000u) - (1.0f - 0x1p-24f); }

/* The uniforms of the 64 sites of a block. */
INLINE void uniform_block(const struct stream *s, int64_t block, float out[64]) {
    for (int part = 0; part < PARTS; part++) {
        vword word[4];
        philox(s, lane_numbers() + (uint32_t)(16 * block + LANES * part), word);
        for (int w = 0; w < 4; w++) store(out + 16 * w + LANES * part, to_uniform(word[w]));
    }
}

/* ------------------------------------------------------------------------------------------------ exponential */

/* e^x for x clamped to [-87, 87]; largest relative error 1.8e-7 (found by trying every float).
 * x = n ln 2 + r, |r| <= ln 2 / 2: Cody and Waite's two-part ln 2, a minimax polynomial of degree 5 in r, and n added to
 * the exponent's bits. Adding 1.5 * 2^23 leaves round(x / ln 2) in the low bits of the mantissa. */
INLINE vfloat exponential(vfloat x) {
    const vfloat magic = broadcast(0x1.8p23f);
    x = smaller(larger(x, broadcast(-87.0f)), broadcast(87.0f));
    vfloat shifted = fused(x, broadcast(0x1.715476p0f), magic);
    vfloat n = shifted - magic;
    vfloat r = fused(n, broadcast(-0x1.62e4p-1f), x);
    r = fused(n, broadcast(-0x1.7f7d1cp-20f), r);
    vfloat p = broadcast(0x1.10627ap-7f);
    p = fused(p, r, broadcast(0x1.572a06p-5f));
    p = fused(p, r, broadcast(0x1.5557aep-3f));
    p = fused(p, r, broadcast(0x1.fffdfcp-2f));
    p = fused(p, r, broadcast(1.0f));
    p = fused(p, r, broadcast(1.0f));
    return (vfloat)((vword)p + ((vword)shifted << 23));
}

#define MOST_COLOURS 255

/* Inverse of the cumulative softmax at u: the smallest c with e_0 + ... + e_c > u * total. The sums grow with c, so that
 * is the number of sums that are not larger. As u <= 1 - 2^-24, u * total rounds to less than total: some colour is
 * always found, and never one whose weight is zero. Summing in the order of c makes every path's result the same. */
INLINE vword draw_colour(vfloat *colour, int64_t q, vfloat u) {
    vfloat top = colour[0];
    for (int64_t c = 1; c < q; c++) top = larger(top, colour[c]);
    vfloat sum = exponential(colour[0] - top);
    colour[0] = sum;
    for (int64_t c = 1; c < q; c++) colour[c] = sum = sum + exponential(colour[c] - top);
    vfloat threshold = u * sum;
    vfloat count = broadcast(0.0f);
    for (int64_t c = 0; c < q - 1; c++)
        count += if_less(threshold, colour[c], broadcast(0.0f), broadcast(1.0f));
    return to_word(count);
}

#endif
