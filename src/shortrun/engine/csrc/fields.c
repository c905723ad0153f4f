/* How the structs that Python fills lie in memory: native.py compares this table with its own (structures.py) and refuses
 * a library that disagrees. A struct comes first, with its size, then its fields in order. */
#include <stddef.h>

#include "lookup.h"
#include "network.h"
#include "platform.h"

struct field {
    const char *structure, *name; /* an empty name: the structure itself */
    int64_t offset, size;
};

#define STRUCT(s) {#s, "", 0, sizeof(struct s)}
#define FIELD(s, f) {#s, #f, offsetof(struct s, f), sizeof(((struct s *)0)->f)}

static const struct field fields[] = {
    STRUCT(noise), FIELD(noise, seed), FIELD(noise, update), FIELD(noise, place), FIELD(noise, first_chain),

    STRUCT(ascent), FIELD(ascent, weight), FIELD(ascent, direction), FIELD(ascent, mean), FIELD(ascent, shift),
    FIELD(ascent, hidden_mean), FIELD(ascent, hidden_shift), FIELD(ascent, towards_bias), FIELD(ascent, towards_hidden),
    FIELD(ascent, gauge), FIELD(ascent, sites), FIELD(ascent, colours), FIELD(ascent, hidden), FIELD(ascent, part),
    FIELD(ascent, rate), FIELD(ascent, l1), FIELD(ascent, l2),

    STRUCT(layer), FIELD(layer, sites), FIELD(layer, colours), FIELD(layer, first), FIELD(layer, up), FIELD(layer, down), FIELD(layer, bias),
    FIELD(layer, gain), FIELD(layer, codes), FIELD(layer, codes_stride), FIELD(layer, kept), FIELD(layer, sums),
    FIELD(layer, clamped), FIELD(layer, place),

    STRUCT(sweeps), FIELD(sweeps, layer), FIELD(sweeps, layers), FIELD(sweeps, chains), FIELD(sweeps, padded),
    FIELD(sweeps, hidden), FIELD(sweeps, hidden_bias), FIELD(sweeps, hidden_gain), FIELD(sweeps, step),
    FIELD(sweeps, hidden_codes), FIELD(sweeps, hidden_codes_stride), FIELD(sweeps, count), FIELD(sweeps, hidden_place),
    FIELD(sweeps, noise), FIELD(sweeps, part),

    STRUCT(sums), FIELD(sums, layer), FIELD(sums, chains), FIELD(sums, padded), FIELD(sums, hidden), FIELD(sums, part),
    FIELD(sums, out),

    STRUCT(means), FIELD(means, sums), FIELD(means, count), FIELD(means, chains), FIELD(means, padded),
    FIELD(means, add), FIELD(means, bias), FIELD(means, weight), FIELD(means, step), FIELD(means, gain),
    FIELD(means, low), FIELD(means, factor), FIELD(means, out),

    STRUCT(bound), FIELD(bound, weight), FIELD(bound, features), FIELD(bound, hidden), FIELD(bound, colours),
    FIELD(bound, block_sites), FIELD(bound, largest),

    STRUCT(tabulate), FIELD(tabulate, weight), FIELD(tabulate, rows), FIELD(tabulate, n), FIELD(tabulate, stride),
    FIELD(tabulate, sites), FIELD(tabulate, colours), FIELD(tabulate, scale), FIELD(tabulate, shift),
    FIELD(tabulate, high), FIELD(tabulate, low), FIELD(tabulate, up), FIELD(tabulate, rest),

    STRUCT(products), FIELD(products, codes), FIELD(products, rows), FIELD(products, sites), FIELD(products, colours),
    FIELD(products, codes_stride), FIELD(products, high), FIELD(products, low), FIELD(products, columns),
    FIELD(products, part), FIELD(products, add), FIELD(products, scale), FIELD(products, out),

    STRUCT(scatter), FIELD(scatter, codes), FIELD(scatter, rows), FIELD(scatter, sites), FIELD(scatter, colours),
    FIELD(scatter, codes_stride), FIELD(scatter, columns), FIELD(scatter, add), FIELD(scatter, moments),
    FIELD(scatter, scale), FIELD(scatter, out),

    STRUCT(posterior), FIELD(posterior, sums), FIELD(posterior, count), FIELD(posterior, chains),
    FIELD(posterior, padded), FIELD(posterior, hidden), FIELD(posterior, classes), FIELD(posterior, bias),
    FIELD(posterior, factor), FIELD(posterior, step), FIELD(posterior, gain), FIELD(posterior, mantissa),
    FIELD(posterior, exponent), FIELD(posterior, common),

    STRUCT(first_moments), FIELD(first_moments, codes), FIELD(first_moments, rows), FIELD(first_moments, sites),
    FIELD(first_moments, colours), FIELD(first_moments, codes_stride), FIELD(first_moments, weight),
    FIELD(first_moments, out),

    STRUCT(rates), FIELD(rates, state), FIELD(rates, sites), FIELD(rates, remain), FIELD(rates, pull),
    FIELD(rates, held),

    STRUCT(coupling), FIELD(coupling, weights), FIELD(coupling, step), FIELD(coupling, offset), FIELD(coupling, source),
    FIELD(coupling, target),

    STRUCT(euler), FIELD(euler, layer), FIELD(euler, coupling), FIELD(euler, layers), FIELD(euler, couplings),
    FIELD(euler, chains), FIELD(euler, steps), FIELD(euler, part),
};

EXPORT const struct field *shortrun_fields(int64_t *count) {
    *count = sizeof fields / sizeof *fields;
    return fields;
}
