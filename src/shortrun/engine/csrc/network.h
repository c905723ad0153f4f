/* What the kernel of chaotic networks takes: Euler steps x <- r x + p + sum over couplings of s (sum of q w).
 *
 * Rates are whole numbers q of steps 1 / RATE_STEPS, couplings whole numbers w of a step s of their column: a sum is exact
 * in any order. Weights of a coupling lie in panels of PANEL columns, (panels, groups, PANEL, group): `group` rates
 * are multiplied in one instruction, as bytes (group 4, rates + OFFSET, the sum of OFFSET w subtracted) or as 16 bits
 * (group 2). Rows of `remain`, `pull` and `step` are padded to whole panels.
 */
#ifndef SHORTRUN_NETWORK_H
#define SHORTRUN_NETWORK_H

#include <stdint.h>

#define RATE_STEPS 127
#define OFFSET 128
#define PANEL 32
#define MOST_RATE_LAYERS 4
#define MOST_COUPLINGS 6

struct rates {
    float *state; /* (chains, sites) potentials: where a run starts, and ends if the layer moves */
    int64_t sites;
    const float *remain, *pull; /* what is left of a potential after a step, and what is added: 1 and 0 of kept sites */
    int64_t held;
};

struct coupling {
    const void *weights;
    const float *step;
    const int32_t *offset; /* - OFFSET times the sum of a column, of group 4 */
    int64_t source, target;
};

struct euler {
    struct rates layer[MOST_RATE_LAYERS];
    struct coupling coupling[MOST_COUPLINGS];
    int64_t layers, couplings, chains, steps, part; /* a task is `part` chains */
};

#endif
