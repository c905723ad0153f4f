/* What the kernels take and the table in which each path offers them.
 *
 * Arrays are row-major with unit stride along a row; `*_stride` is the distance of two rows in elements. A kernel works
 * on rows [begin, end), and no row looks at another: the result does not depend on how rows are shared among threads.
 */
#ifndef SHORTRUN_KERNELS_H
#define SHORTRUN_KERNELS_H

#include <stdint.h>

/* Which stretch of the noise: see philox.py. Row r is chain first_chain + r. */
struct noise {
    uint64_t seed;
    uint32_t update, place, first_chain;
};

struct uniform {
    float *out;
    int64_t sites, stride, first_block; /* of 64 sites */
    struct noise noise;
};

/* x = 1 with probability sigmoid(gain * (field + bias)), else `low`. */
struct binary {
    const float *field, *bias; /* bias may be NULL */
    float *features;           /* drawn values (or means); may be NULL, may be field */
    uint8_t *codes;            /* 0 or 1; may be NULL */
    int64_t sites, field_stride, features_stride, codes_stride;
    float gain, low;
    struct noise noise;
};

/* One of q colours with probability softmax(field + bias). */
struct potts {
    const float *field, *bias; /* (rows, sites * q), (sites * q) or NULL */
    float *features;           /* one-hot (rows, sites * q); may be NULL, may be field */
    uint8_t *codes;            /* (rows, sites) */
    int64_t sites, q, field_stride, features_stride, codes_stride;
    struct noise noise;
};

/* out = init + sum over sites i of weight[i * q + codes[i]]. A task is one block of columns of one part of the rows. */
struct gather {
    const uint8_t *codes; /* (rows, sites) */
    const float *weight;  /* (sites * q, columns), contiguous */
    const float *init;    /* (rows, columns), or (columns) with init_stride 0; may be out */
    float *out;
    int64_t rows, sites, q, columns, codes_stride, init_stride, out_stride;
    int64_t row_parts; /* into how many tasks the rows are split */
};

/* At how many sites rows of codes differ, (rows of a, rows of b). A row has, for each 64 sites, a word for each bit of a
 * code; sites that fill the last word up are equal. */
struct mismatches {
    const uint64_t *a, *b; /* (rows, words, bits), contiguous */
    float *out;
    int64_t columns, words, bits;
};

/* A step of gradient ascent of one layer's weights (features, hidden). A task is `part` sites. */
struct ascent {
    float *weight;
    const float *direction, *mean, *shift;        /* (features, hidden), and of the features: data, data minus model */
    const float *hidden_mean, *hidden_shift;      /* (hidden) */
    float *towards_bias, *towards_hidden, *gauge; /* (features), (tasks, hidden), (tasks, hidden) */
    int64_t sites, colours, hidden, part;
    float rate, l1, l2;
};

typedef void (*kernel_fn)(const void *arguments, int64_t begin, int64_t end);

struct kernels {
    void (*uniform)(const void *, int64_t begin, int64_t end);
    void (*draw_binary)(const void *, int64_t begin, int64_t end);
    void (*mean_binary)(const void *, int64_t begin, int64_t end);
    void (*draw_potts)(const void *, int64_t begin, int64_t end);
    void (*gather)(const void *, int64_t begin, int64_t end);
    void (*mismatches)(const void *, int64_t begin, int64_t end);
    void (*ascend)(const void *, int64_t begin, int64_t end);
    const kernel_fn *lookup; /* as numbered in lookup.h */
    kernel_fn run_network;   /* network.h, with groups of two */
    int64_t gather_columns; /* width of a gather task */
};

extern const struct kernels shortrun_portable, shortrun_avx2, shortrun_avx512;
extern const kernel_fn *const shortrun_tiles; /* lookup.h with tables in tiles, for AMX; NULL if the compiler knows none */
extern const kernel_fn shortrun_run_network_of_bytes; /* network.h, with groups of four, for AVX-512 VNNI */
extern const kernel_fn shortrun_mismatches_of_eight;  /* for AVX-512 VPOPCNTDQ */

#endif
