"""The sweep on a GPU, device side: product -> field -> probability -> draw in one kernel, the noise in registers.

Every kernel computes one tile of its result and walks along the depth of its product. Features of discrete units are
made from the codes inside the tile, so that one-hot matrices are in no memory. `shortrun.engine.launch` has the same
kernels as functions of torch tensors; nothing else imports this page, because it imports Triton.

Names: a layer's features f are site * COLOURS + colour; FROM says what the codes are ("binary", "potts", "real");
LOW is the value of code 0 of two-valued units, 0 (Bernoulli) or -1 (Ising), and that of code 1 is 1. PRECISION is
one of "ieee", "tf32", "bf16", "bf16x2" (see `shortrun.engine.launch`).
"""

# Jitted functions are no Python: their arguments have no types, and Triton resolves the names.
# pyright: basic, reportArgumentType=false, reportIndexIssue=false, reportCallIssue=false
# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false

import os

import triton
import triton.language as tl

# Triton's interpreter multiplies the bit patterns of bfloat16; rounded float32 give what the hardware gives.
INTERPRETED = tl.constexpr(os.environ.get("TRITON_INTERPRET", "0") not in ("", "0"))
NUMBERS = ("rows", "seed_low", "seed_high", "update", "place", "first_chain")  # no new kernel for each value

# ------------------------------------------------------------------------------------------------ noise


@triton.jit
def _philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10 of uint32 words, as `shortrun.philox` defines it."""
    for _ in tl.static_range(10):
        high0, low0 = tl.umulhi(c0, 0xD2511F53), c0 * 0xD2511F53
        high1, low1 = tl.umulhi(c2, 0xCD9E8D57), c2 * 0xCD9E8D57
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = k0 + 0x9E3779B9, k1 + 0xBB67AE85
    return c0, c1, c2, c3


@triton.jit
def _number(word):
    """The uniform of an output word."""
    return ((word >> 9).to(tl.float32) + 0.5) * 1.1920928955078125e-07  # 2^-23


@triton.jit
def _words(counter, rows, seed_low, seed_high, update, place, first_chain, CLOCK: tl.constexpr):
    """The output words of counter[j] and chain first_chain + rows[i]; `update` is a number, or where it is kept."""
    if CLOCK:
        update = tl.load(update)
    chain = (rows.to(tl.uint32) + first_chain.to(tl.uint32))[:, None] + tl.zeros_like(counter)[None, :]
    counter = counter[None, :] + tl.zeros_like(chain)
    update, place = tl.zeros_like(chain) + update.to(tl.uint32), tl.zeros_like(chain) + place.to(tl.uint32)
    return _philox(counter, chain, update, place, seed_low.to(tl.uint32), seed_high.to(tl.uint32))


@triton.jit
def _uniforms_of_tile(
    first_site,
    rows,
    seed_low,
    seed_high,
    update,
    place,
    first_chain,
    CLOCK: tl.constexpr,
    M: tl.constexpr,
    N: tl.constexpr,
):
    """Uniforms (M, N) of N sites from `first_site` on, both multiples of 64: a quarter as many counters as sites."""
    counter = (first_site // 4 + tl.arange(0, N // 4)).to(tl.uint32)
    w0, w1, w2, w3 = _words(counter, rows, seed_low, seed_high, update, place, first_chain, CLOCK)
    words = tl.join(tl.join(w0, w2), tl.join(w1, w3))  # (M, N / 4, 2, 2), the last two: word 0, 1, 2, 3
    by_lane = tl.reshape(words, (M, N // 64, 16, 4))
    return _number(tl.reshape(tl.permute(by_lane, (0, 1, 3, 2)), (M, N)))


@triton.jit
def _uniforms_at(sites, rows, seed_low, seed_high, update, place, first_chain, CLOCK: tl.constexpr):
    """Uniforms (rows, sites) of any sites: one counter each."""
    counter = (((sites >> 6) << 4) | (sites & 15)).to(tl.uint32)
    w0, w1, w2, w3 = _words(counter, rows, seed_low, seed_high, update, place, first_chain, CLOCK)
    word = ((sites >> 4) & 3)[None, :]
    return _number(tl.where(word < 2, tl.where(word == 0, w0, w1), tl.where(word == 2, w2, w3)))


@triton.jit(do_not_specialize=NUMBERS)
def uniform(
    out, out_stride, rows, sites, seed_low, seed_high, update, place, first_chain,
    CLOCK: tl.constexpr, M: tl.constexpr, N: tl.constexpr,
):  # fmt: skip
    """Write the uniforms of chains first_chain + 0, 1, ... and all sites."""
    row, site = tl.program_id(0) * M + tl.arange(0, M), tl.program_id(1) * N + tl.arange(0, N)
    u = _uniforms_of_tile(tl.program_id(1) * N, row, seed_low, seed_high, update, place, first_chain, CLOCK, M, N)
    inside = (row < rows)[:, None] & (site < sites)[None, :]
    tl.store(out + row.to(tl.int64)[:, None] * out_stride + site[None, :], u, mask=inside)


# ------------------------------------------------------------------------------------------------ products


@triton.jit
def _features(
    source, stride, row, rows, feature, features, FROM: tl.constexpr, COLOURS: tl.constexpr, LOW: tl.constexpr
):
    """A tile (row, feature) of a layer's features, float32 or boolean; what is outside is finite, no more."""
    inside = (row < rows)[:, None] & (feature < features)[None, :]
    start = source + row.to(tl.int64)[:, None] * stride
    if FROM == "potts":
        code = tl.load(start + (feature // COLOURS)[None, :], mask=inside, other=255)  # 255 is no colour
        x = (code == (feature % COLOURS)[None, :]).to(tl.float32)
    elif FROM == "binary":
        code = tl.load(start + feature[None, :], mask=inside, other=0).to(tl.float32)
        x = LOW + (1 - LOW) * code
    else:
        x = tl.load(start + feature[None, :], mask=inside, other=0)
    return x


@triton.jit
def _rounded(x):
    """Bfloat16, to be multiplied."""
    y = x.to(tl.bfloat16)
    return y.to(tl.float32) if INTERPRETED else y


@triton.jit
def _add_product(total, x, weight, rest, REAL: tl.constexpr, PRECISION: tl.constexpr):
    """Total + x @ (weight + rest), added in float32; x is exact in bfloat16 unless REAL."""
    if PRECISION == "bf16" or PRECISION == "bf16x2":
        high = _rounded(x)
        total = tl.dot(high, weight, total, input_precision="ieee")
        if PRECISION == "bf16x2":
            total = tl.dot(high, rest, total, input_precision="ieee")
            if REAL:
                total = tl.dot(_rounded(x - high.to(tl.float32)), weight, total, input_precision="ieee")
    else:
        total = tl.dot(x, weight, total, input_precision=PRECISION)
    return total


@triton.jit
def _loaded(pointers, inside):
    """A tile of weights that is multiplied as it is."""
    tile = tl.load(pointers, mask=inside, other=0.0)
    return tile.to(tl.float32) if INTERPRETED else tile


@triton.jit
def _finish(
    field, before, before_stride, out, out_stride, scale, held, row, rows, column, columns,
    seed_low, seed_high, update, place, first_chain,
    TO: tl.constexpr, LOW: tl.constexpr, SCALED: tl.constexpr, HELD: tl.constexpr, CLOCK: tl.constexpr,
    M: tl.constexpr, N: tl.constexpr,
):  # fmt: skip
    """Add what was there before and store the field, the mean of two-valued units, or a draw of them.

    Code 1 iff u < sigmoid((1 - LOW) field), compared as u (1 + exp(-x)) < 1. Held sites stay as `out` has them.
    """
    inside = (row < rows)[:, None] & (column < columns)[None, :]
    far = row.to(tl.int64)[:, None]
    field += tl.load(before + far * before_stride + column[None, :], mask=inside, other=0.0)
    target = out + far * out_stride + column[None, :]
    if TO == "field":
        tl.store(target, field, mask=inside)
    else:
        inverse = 1 + tl.exp((LOW - 1) * field)  # 1 / sigmoid
        if TO == "mean":
            mean = LOW + (1 - LOW) / inverse
            if SCALED:
                mean *= tl.load(scale + row, mask=row < rows, other=0.0)[:, None]
            tl.store(target, mean, mask=inside)
        else:
            u = _uniforms_of_tile(
                tl.program_id(1) * N, row, seed_low, seed_high, update, place, first_chain, CLOCK, M, N
            )
            if HELD:
                free = tl.load(held + column, mask=column < columns, other=1) == 0
                inside = inside & free[None, :]
            tl.store(target, (u * inverse < 1).to(tl.uint8), mask=inside)


@triton.jit(do_not_specialize=NUMBERS)
def product(
    source, source_stride, weight, rest, depth_stride, column_stride, before, before_stride, out, out_stride,
    scale, held, rows, depth, columns, seed_low, seed_high, update, place, first_chain,
    FROM: tl.constexpr, COLOURS: tl.constexpr, FROM_LOW: tl.constexpr, TO: tl.constexpr, LOW: tl.constexpr,
    SCALED: tl.constexpr, HELD: tl.constexpr, CLOCK: tl.constexpr, PRECISION: tl.constexpr,
    M: tl.constexpr, N: tl.constexpr, K: tl.constexpr,
):  # fmt: skip
    """Before + features @ weight, then `_finish`; the weight's element (k, n) is k depth_stride + n column_stride on.

    The two directions x W and h W^T differ in the strides only.
    """
    row, column = tl.program_id(0) * M + tl.arange(0, M), tl.program_id(1) * N + tl.arange(0, N)
    field = tl.zeros((M, N), dtype=tl.float32)
    for first in range(0, depth, K):
        k = first + tl.arange(0, K)
        x = _features(source, source_stride, row, rows, k, depth, FROM, COLOURS, FROM_LOW)
        place_in = k[:, None] * depth_stride + column[None, :] * column_stride
        inside = (k < depth)[:, None] & (column < columns)[None, :]
        w = _loaded(weight + place_in, inside)
        r = _loaded(rest + place_in, inside) if PRECISION == "bf16x2" else w
        field = _add_product(field, x, w, r, FROM == "real", PRECISION)
    _finish(
        field, before, before_stride, out, out_stride, scale, held, row, rows, column, columns,
        seed_low, seed_high, update, place, first_chain, TO, LOW, SCALED, HELD, CLOCK, M, N,
    )  # fmt: skip


@triton.jit(do_not_specialize=NUMBERS)
def gather(
    source, source_stride, weight, rest, depth_stride, before, before_stride, out, out_stride, scale, held,
    rows, sites, columns, seed_low, seed_high, update, place, first_chain,
    COLOURS: tl.constexpr, TO: tl.constexpr, LOW: tl.constexpr, SCALED: tl.constexpr, HELD: tl.constexpr,
    CLOCK: tl.constexpr, PRECISION: tl.constexpr, M: tl.constexpr, N: tl.constexpr,
):  # fmt: skip
    """`product` for Potts units: before + sum over sites of the weight's row of their colour, without multiplying."""
    row, column = tl.program_id(0) * M + tl.arange(0, M), tl.program_id(1) * N + tl.arange(0, N)
    start = source + row.to(tl.int64) * source_stride
    inside = (row < rows)[:, None] & (column < columns)[None, :]
    field = tl.zeros((M, N), dtype=tl.float32)
    for site in range(sites):
        feature = site * COLOURS + tl.load(start + site, mask=row < rows, other=0).to(tl.int32)
        place_in = feature[:, None] * depth_stride + column[None, :]
        field += tl.load(weight + place_in, mask=inside, other=0.0).to(tl.float32)
        if PRECISION == "bf16x2":
            field += tl.load(rest + place_in, mask=inside, other=0.0).to(tl.float32)
    _finish(
        field, before, before_stride, out, out_stride, scale, held, row, rows, column, columns,
        seed_low, seed_high, update, place, first_chain, TO, LOW, SCALED, HELD, CLOCK, M, N,
    )  # fmt: skip


@triton.jit(do_not_specialize=NUMBERS)
def draw_potts(
    source, source_stride, weight, rest, weight_stride, bias, out, out_stride, held,
    rows, depth, sites, seed_low, seed_high, update, place, first_chain,
    COLOURS: tl.constexpr, FROM: tl.constexpr, FROM_LOW: tl.constexpr, HELD: tl.constexpr, CLOCK: tl.constexpr,
    PRECISION: tl.constexpr, M: tl.constexpr, S: tl.constexpr, Q: tl.constexpr, K: tl.constexpr,
):  # fmt: skip
    """Fields of S whole sites, Q >= COLOURS columns each, and the draw: the smallest colour whose cumulative weight
    exceeds u times the total. The fields are in registers only.
    """  # noqa: D205
    row, column = tl.program_id(0) * M + tl.arange(0, M), tl.arange(0, S * Q)
    site_of, colour = tl.program_id(1) * S + column // Q, column % Q
    feature = site_of * COLOURS + colour
    real = (site_of < sites) & (colour < COLOURS)
    field = tl.zeros((M, S * Q), dtype=tl.float32)
    for first in range(0, depth, K):
        k = first + tl.arange(0, K)
        x = _features(source, source_stride, row, rows, k, depth, FROM, 1, FROM_LOW)
        place_in = k[:, None] + feature[None, :] * weight_stride
        inside = (k < depth)[:, None] & real[None, :]
        w = _loaded(weight + place_in, inside)
        r = _loaded(rest + place_in, inside) if PRECISION == "bf16x2" else w
        field = _add_product(field, x, w, r, FROM == "real", PRECISION)
    field += tl.load(bias + feature, mask=real, other=0.0)[None, :]
    field = tl.where((colour < COLOURS)[None, :], field, -float("inf"))

    by_site = tl.reshape(field, (M, S, Q))
    largest = tl.max(by_site, axis=2)
    cumulative = tl.cumsum(tl.exp(by_site - largest[:, :, None]), axis=2)
    site = tl.program_id(1) * S + tl.arange(0, S)
    u = _uniforms_at(site, row, seed_low, seed_high, update, place, first_chain, CLOCK)
    threshold = u * tl.max(cumulative, axis=2)
    code = tl.sum((cumulative <= threshold[:, :, None]).to(tl.int32), axis=2)
    free = (row < rows)[:, None] & (site < sites)[None, :]
    if HELD:
        free = free & (tl.load(held + site, mask=site < sites, other=1) == 0)[None, :]
    target = out + row.to(tl.int64)[:, None] * out_stride + site[None, :]
    tl.store(target, tl.minimum(code, COLOURS - 1).to(tl.uint8), mask=free)


# ------------------------------------------------------------------------------------------------ means


@triton.jit(do_not_specialize=["rows"])
def moments(
    source, source_stride, weighted, weighted_stride, out, out_stride, rows, features, columns,
    COLOURS: tl.constexpr, FROM: tl.constexpr, LOW: tl.constexpr, ADD: tl.constexpr, PRECISION: tl.constexpr,
    M: tl.constexpr, N: tl.constexpr, K: tl.constexpr,
):  # fmt: skip
    """x^T weighted, (features, columns): one layer's part of the statistics, or added to what is there."""
    feature, column = tl.program_id(0) * M + tl.arange(0, M), tl.program_id(1) * N + tl.arange(0, N)
    total = tl.zeros((M, N), dtype=tl.float32)
    for first in range(0, rows, K):
        row = first + tl.arange(0, K)
        x = _features(source, source_stride, row, rows, feature, features, FROM, COLOURS, LOW)
        inside = (row < rows)[:, None] & (column < columns)[None, :]
        y = tl.load(weighted + row.to(tl.int64)[:, None] * weighted_stride + column[None, :], mask=inside, other=0.0)
        if PRECISION == "bf16" or PRECISION == "bf16x2":
            high = _rounded(y)
            rest = _rounded(y - high.to(tl.float32)) if PRECISION == "bf16x2" else high
            total = _add_product(total, tl.trans(x), high, rest, False, PRECISION)
        else:
            total = _add_product(total, tl.trans(x), y, y, False, PRECISION)
    inside = (feature < features)[:, None] & (column < columns)[None, :]
    target = out + feature[:, None] * out_stride + column[None, :]
    if ADD:
        total += tl.load(target, mask=inside, other=0.0)
    tl.store(target, total, mask=inside)


@triton.jit(do_not_specialize=["rows"])
def first_moments(
    source, source_stride, weights, out, rows, features,
    COLOURS: tl.constexpr, FROM: tl.constexpr, LOW: tl.constexpr, ADD: tl.constexpr,
    M: tl.constexpr, K: tl.constexpr,
):  # fmt: skip
    """x^T weights, (features,), or added to what is there."""
    feature = tl.program_id(0) * M + tl.arange(0, M)
    total = tl.zeros((M,), dtype=tl.float32)
    for first in range(0, rows, K):
        row = first + tl.arange(0, K)
        x = _features(source, source_stride, row, rows, feature, features, FROM, COLOURS, LOW)
        total += tl.sum(x * tl.load(weights + row, mask=row < rows, other=0.0)[:, None], axis=0)
    if ADD:
        total += tl.load(out + feature, mask=feature < features, other=0.0)
    tl.store(out + feature, total, mask=feature < features)


@triton.jit(do_not_specialize=["rows"])
def label_scores(
    base, base_stride, weight, weight_stride, bias, out, out_stride, rows, hidden,
    LOW: tl.constexpr, M: tl.constexpr, N: tl.constexpr,
):  # fmt: skip
    """Bias_l + sum_mu ln z(base_mu + weight_l mu): rows times one class a program; two-valued hidden units.

    ln(e^(LOW f) + e^f) = LOW f + softplus((1 - LOW) f).
    """
    row, label = tl.program_id(0) * M + tl.arange(0, M), tl.program_id(1)
    far = row.to(tl.int64)[:, None] * base_stride
    total = tl.zeros((M,), dtype=tl.float32)
    for first in range(0, hidden, N):
        unit = first + tl.arange(0, N)
        inside = (row < rows)[:, None] & (unit < hidden)[None, :]
        field = tl.load(base + far + unit[None, :], mask=inside, other=0.0)
        field += tl.load(weight + label * weight_stride + unit, mask=unit < hidden, other=0.0)[None, :]
        x = (1 - LOW) * field
        log_z = LOW * field + tl.maximum(x, 0.0) + tl.log(1 + tl.exp(-tl.abs(x)))
        total += tl.sum(tl.where(inside, log_z, 0.0), axis=1)
    tl.store(out + row * out_stride + label, total + tl.load(bias + label), mask=row < rows)
