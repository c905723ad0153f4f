/* What the lookup kernels take: fields of discrete units read from tables instead of multiplied out.
 *
 * Weights are rounded to multiples of one step 2^-bits, so that every field is an exact integer times that step: the order
 * of a sum, the division among threads and rows, change nothing. Sites are taken in groups whose joint value, a symbol, is
 * one of at most 32: five bits, three sites of two or three colours, two of four or five, one of up to 32. The 32 sums
 * of a group's weights fill one 512-bit register, and one instruction (vpermw) looks up the sums of 32 chains.
 *
 * Chains lie along the lanes: a state is symbols (groups, chains), a field is (columns, chains).
 */
#ifndef SHORTRUN_LOOKUP_H
#define SHORTRUN_LOOKUP_H

#include "kernels.h"

#define CHAINS 256      /* that a thread moves together: eight registers of symbols */
#define BLOCK 32        /* groups that are summed in 16 bits; what bounds the weights' scale */
#define MOST_TABLED 32  /* colours of a site that a table can hold */
#define MOST_LAYERS 8

/* How the sites of a layer are grouped, and what the table of a group is made from. */
enum coding {
    BITS = 0,   /* five two-valued sites; from w0, w1, w0 + w1, w2, w3, w2 + w3, w4, 0 */
    FEW = 1,    /* two or three sites of 2 to 5 colours; from their weights side by side, 16 with zeros behind */
    COLOURS = 2 /* one site of 6 to 32 colours; the weights are the table */
};

/* An observed layer. Its columns are its features: one a two-valued site, `colours` a Potts site. */
struct layer {
    int64_t sites, colours; /* 0 colours: two-valued */
    int64_t coding;
    const int16_t *up;    /* tables of this layer for each hidden unit, groups * hidden * entry */
    const int16_t *down;  /* tables of the hidden layer for each feature, hidden groups * features * 8 */
    const float *bias;    /* (features) */
    float gain;           /* of the two-valued: 1 for Bernoulli, 2 for Ising */
    uint8_t *codes;       /* (chains, sites) by rows: where the state comes from, and goes to if the layer moves */
    int64_t codes_stride;
    const uint8_t *kept;  /* (sites) whether a moving layer's site keeps its value; may be NULL */
    const float *sums;    /* (hidden, chains) what a clamped layer adds to the hidden fields, in steps; may be NULL */
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

/* The tables of one layer in both directions, or of a plain matrix (rows, n) of five-site groups (down only). */
struct tabulate {
    const float *weight; /* (rows, n) with this stride */
    int64_t rows, n, stride;
    int64_t sites, colours, coding; /* of the rows' layer; up tables only */
    float scale;
    unsigned shift; /* after rounding: 1 doubles the weights of Ising spins */
    int16_t *high, *low; /* down: rows * groups * 8; low, 256 times what the rounding left, may be NULL */
    int16_t *up;         /* n * groups of the layer * entry */
    int64_t rest;        /* up: 256 times what the rounding left, in place of the rounded weights */
};

/* out (features, columns) = or += sum over rows of [x = c] moments: features of one layer, from tables of the moments over
 * groups of five rows. A task is one part of the features. */
struct products {
    const uint8_t *codes; /* (rows, sites) */
    int64_t rows, sites, colours, codes_stride;
    const int16_t *high, *low; /* tables of the rows for each column */
    int64_t columns, part, add;
    float scale; /* of a step of `high` */
    float *out;
};

/* The same by adding rows of the moments, for sites of many colours. A task is four sites and 64 columns. */
struct scatter {
    const uint8_t *codes;
    int64_t rows, sites, colours, codes_stride, columns, add;
    const float *moments; /* (columns / 64, rows, 64) */
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

/* out (features) += sum over rows of weight * features of one layer. A task is 64 sites. */
struct first_moments {
    const uint8_t *codes;
    int64_t rows, sites, colours, codes_stride;
    const float *weight;
    float *out;
};

/* As numbered in lookup.py. */
enum { SWEEPS, SUMS, MEANS, BOUND_UP, BOUND_DOWN, TABLES_DOWN, TABLES_UP, PRODUCTS, SCATTER, POSTERIOR, FIRST_MOMENTS };

typedef void (*lookup_kernel)(const void *arguments, int64_t begin, int64_t end);

extern const lookup_kernel shortrun_lookup[];

#endif
