/* What the lookup kernels take: fields of discrete units read from tables instead of multiplied out.
 *
 * Weights are rounded to multiples of one step 2^-bits, so that every field is an exact integer times that step: the order
 * of a sum, the division among threads and rows, change nothing. Sites are taken in groups; a group's joint value is its
 * symbol, and what a symbol adds to a field is looked up. There are three layouts of the tables, for one and the same
 * result: registers.inc for AVX-512 and sites of at most 32 colours, rows.inc for everything else, and tiles.inc, in place
 * of registers, for two-valued sites on processors with AMX, which multiply them out.
 *
 * Chains lie along the lanes: a state is symbols (groups, chains), a field is (columns, chains).
 */
#ifndef SHORTRUN_LOOKUP_H
#define SHORTRUN_LOOKUP_H

#include "kernels.h"

#define BLOCK 32       /* groups of Potts sites that are summed in 16 bits; with BLOCK_BITS bounds the weights' scale */
#define BLOCK_BITS 160 /* two-valued sites that are */
#define MOST_LAYERS 8

/* An observed layer. Its columns are its features: one a two-valued site, `colours` a Potts site. */
struct layer {
    int64_t sites, colours; /* 0 colours: two-valued */
    int64_t first;        /* number of its first site, a multiple of 64, where processes share the sites of a layer */
    const int16_t *up;    /* tables of this layer for the hidden units */
    const int16_t *down;  /* tables of the hidden layer for this layer's features */
    const float *bias;    /* (features) */
    float gain;           /* of the two-valued: 1 for Bernoulli, 2 for Ising */
    uint8_t *codes;       /* (chains, sites) by rows: where the state comes from, and goes to if the layer moves */
    int64_t codes_stride;
    const uint8_t *kept;  /* (sites) whether a moving layer's site keeps its value; may be NULL */
    const float *sums;    /* (hidden, chains) what the layer adds to the hidden fields, in steps; NULL to look it up. Of
                             a layer that moves it is known for one sweep only. */
    int32_t clamped;
    uint32_t place;       /* of the noise at the first sweep; the sweep's number is added */
};

struct sweeps {
    struct layer layer[MOST_LAYERS];
    int64_t layers, chains, padded, hidden; /* `padded` chains: the row length of every (.., chains) array */
    const float *hidden_bias;
    float hidden_gain, step; /* step: 2^-bits */
    uint8_t *hidden_codes;   /* (chains, hidden) by rows */
    int64_t hidden_codes_stride, count;
    uint32_t hidden_place;
    struct noise noise; /* its place is not used */
    int64_t part;       /* chains a task, a multiple of 32 up to CHAINS */
};

/* sums = what a layer adds to every hidden field, (hidden, padded). A task is one part of the chains. */
struct sums {
    struct layer layer;
    int64_t chains, padded, hidden, part;
    float *out;
};

/* out = or += weight * E[h | field], field = step * (sum of sums) + bias; a task is one hidden unit. */
struct means {
    const float *sums[MOST_LAYERS];
    int64_t count, chains, padded, add;
    const float *bias, *weight;
    float step, gain, low, factor;
    float *out;
};

/* Largest sum of positive or of negative weights in any block of sites, for every column: of it depends the scale. */
struct bound {
    const float *weight; /* (features, hidden) */
    int64_t features, hidden, colours, block_sites; /* block_sites: of the observed layer, for bound_up */
    uint32_t *largest;   /* a float's bits */
};

/* The tables of a layer's weights, a matrix (rows, n): of the rows' layer for each of the n columns (a task is 16), and of
 * the two-valued columns for each row (a task is what is drawn together). */
struct tabulate {
    const float *weight; /* (rows, n) with this stride */
    int64_t rows, n, stride;
    int64_t sites, colours; /* of the rows' layer; 0 colours: two-valued */
    float scale;
    unsigned shift; /* after rounding: 1 doubles the weights of Ising spins */
    int16_t *high, *low; /* for each row; low, 256 times what the rounding left, may be NULL */
    int16_t *up;         /* for each column */
    int64_t rest;        /* up: 256 times what the rounding left, in place of the rounded weights */
};

/* out (features, columns) = or += sum over rows of [x = c] moments: features of one layer, from tables of the moments over
 * groups of rows. A task is one part of the features. */
struct products {
    const uint8_t *codes; /* (rows, sites) */
    int64_t rows, sites, colours, codes_stride;
    const int16_t *high, *low; /* tables of the rows for each column */
    int64_t columns, part, add;
    float scale; /* of a step of `high` */
    float *out;
};

/* The same by adding rows of the moments, whole numbers times `scale`, for sites of many colours. A task is four sites and
 * 64 columns. */
struct scatter {
    const uint8_t *codes;
    int64_t rows, sites, colours, codes_stride, columns, add;
    const int32_t *moments; /* (columns / 64, rows, 64) */
    float scale;
    float *out;
};

/* scores[k][chain] = sum over hidden units of ln(1 + exp(gain * (field + label weight k))), as mantissa and exponent of
 * the product: ln of it is wanted, but only once. A task is 16 chains. */
struct posterior {
    const float *sums[MOST_LAYERS];
    int64_t count, chains, padded, hidden, classes;
    const float *bias, *factor; /* factor (hidden, classes): exp(gain * label weight) */
    float step, gain;
    float *mantissa, *exponent, *common; /* (classes, padded) twice, (padded) */
};

/* out (features) = sum over rows of weight * features of one layer. A task is 64 sites. */
struct first_moments {
    const uint8_t *codes;
    int64_t rows, sites, colours, codes_stride;
    const float *weight;
    float *out;
};

/* As numbered in lookup.py. */
enum { SWEEPS, SUMS, MEANS, BOUND_UP, BOUND_DOWN, TABLES_DOWN, TABLES_UP, PRODUCTS, SCATTER, POSTERIOR, FIRST_MOMENTS };

#endif
