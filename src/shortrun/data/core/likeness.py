"""How alike samples are: equal rows by their hashes, the share of sites at which two agree, and clusters of those."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator

import numpy as np

from shortrun.data.core.blocks import give_back, scan

BYTES = 8  # of the hash of a row
BLOCK = 4096, 128  # rows compared at a time: the block of counts stays in the processor's cache
LOOKED = 4  # rows are compared as they are where there are no more: others need not be turned
SITES = 16  # counted before looking which pairs can still be alike
FEW = 100  # pairs are looked at one by one when fewer than one in so many is left


def row_hashes(values: np.ndarray) -> np.ndarray:
    """Return the first 64 bits of the BLAKE2b of each row, the same on every machine; runs keep them."""
    return np.concatenate([hashes_in(part) for _, part in scan(values)])


def hashes_in(part: np.ndarray) -> np.ndarray:
    """Return the hashes of rows that are in memory."""
    part = part if part.dtype == np.uint8 else part + 0.0  # one zero, not two
    rows = np.ascontiguousarray(part, part.dtype.newbyteorder("<"))
    digests = b"".join(hashlib.blake2b(row.data, digest_size=BYTES).digest() for row in rows)
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def agreeing_sites(identity: float, sites: int) -> int:
    """Return at how many of the sites two samples of that identity agree at least."""
    return math.ceil(identity * sites - 1e-9)  # 0.55 * 100 is a little above 55


def most_agreements(rows: np.ndarray, others: np.ndarray, skip: np.ndarray | None = None) -> np.ndarray:
    """Return at how many sites each row agrees with the row of an (M, S) table that is most like it.

    Parameters
    ----------
    rows, others : ndarray
        (N, S) and (M, S) codes.
    skip : ndarray, optional
        (N,) row of `others` that is the sample itself and does not count.
    """
    wide, narrow = BLOCK
    most, looked = np.zeros(len(rows), np.int64), len(rows) <= LOOKED
    two = not looked and all(holds_two_codes(part) for part in (rows, others))
    for other in range(0, len(others), wide):
        block = np.asarray(others[other : other + wide])
        theirs = block if looked else prepared(block, two)
        for start in range(0, len(rows), narrow):
            here = slice(start, start + narrow)
            if looked:
                count = np.stack([np.count_nonzero(block == row, axis=1) for row in rows[here]])
            else:
                count = agreements(prepared(rows[here], two), theirs, two)
            if skip is not None:
                own = skip[here] - other
                inside = np.flatnonzero((own >= 0) & (own < count.shape[1]))
                count[inside, own[inside]] = 0
            most[here] = np.maximum(most[here], count.max(axis=1))
        give_back(others)
    return most


def holds_two_codes(values: np.ndarray) -> bool:
    """Return whether all values are the codes 0 and 1."""
    return values.dtype == np.uint8 and all(bool(part.max() <= 1) for _, part in scan(values))


def prepared(rows: np.ndarray, two: bool) -> np.ndarray:
    """Return rows for `agreements`: signs of two codes, whose products count, or else sites first."""
    return 2 * rows.astype(np.float32) - 1 if two else np.ascontiguousarray(rows.T)


def agreements(one: np.ndarray, other: np.ndarray, two: bool) -> np.ndarray:
    """Return at how many sites (A, B) pairs of prepared rows agree; of signs, (S + their product) / 2, exactly."""
    if two:
        return (one @ other.T + one.shape[1]) / 2
    count = np.zeros((one.shape[1], other.shape[1]), np.min_scalar_type(len(one)))
    add_agreements(count, one, other)
    return count


def clusters(values: np.ndarray, agreeing: int) -> np.ndarray:
    """Return the (N,) number of each row's cluster: rows that agree at so many sites are of one, and chains of them."""
    rows = cluster = np.arange(len(values))
    for start, other, alike in blocks_alike(values, agreeing):
        one, another = np.nonzero(alike)
        cluster = components(len(values), [(cluster, rows), (one + start, another + other)])
    return cluster


def components(count: int, edges: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return the first node that each node of a graph is connected with, (count,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = (np.concatenate(ends) for ends in zip(*edges, strict=True))
    graph = coo_array((np.ones(len(one), bool), (one, other)), shape=(count, count))
    _, first, part = np.unique(connected_components(graph, directed=False)[1], return_index=True, return_inverse=True)
    return first[part]


def blocks_alike(values: np.ndarray, agreeing: int) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield the first row, the first other row and which of their pairs agree at so many sites; each pair once."""
    sites_first = np.ascontiguousarray(values.T[telling_order(values)])
    wide, narrow = BLOCK
    for start in range(0, len(values), narrow):
        for other in range(start, len(values), wide):
            rows, columns = slice(start, start + narrow), slice(other, other + wide)
            yield start, other, close(sites_first[:, rows], sites_first[:, columns], agreeing)


def telling_order(values: np.ndarray) -> np.ndarray:
    """Return the sites in the order that tells rows apart soonest: where two rows agree least often comes first."""
    some = values[:: max(1, len(values) // 1000)]
    return np.argsort([np.square(np.bincount(site) / len(some)).sum() for site in some.T], kind="stable")


def close(one: np.ndarray, other: np.ndarray, agreeing: int) -> np.ndarray:
    """Return which of the (A, B) pairs of columns of an (S, A) and an (S, B) table agree at so many sites, bool.

    Sites are counted a few at a time. Once few pairs can still get there, the other sites are looked at for those only.
    """
    sites = len(one)
    count = np.zeros((one.shape[1], other.shape[1]), np.uint8 if sites <= np.iinfo(np.uint8).max else np.uint32)
    for done in range(0, sites, SITES):
        add_agreements(count, one[done : done + SITES], other[done : done + SITES])
        rest = slice(done + SITES, None)
        possible = count >= max(0, agreeing - len(one[rest]))
        if np.count_nonzero(possible) * FEW <= possible.size:
            pairs = np.divmod(np.flatnonzero(possible), possible.shape[1])  # faster than nonzero of a table
            total = count[pairs] + (one[rest, pairs[0]] == other[rest, pairs[1]]).sum(axis=0)
            possible[pairs] = total >= agreeing
            return possible
    return count >= agreeing


def add_agreements(count: np.ndarray, one: np.ndarray, other: np.ndarray) -> None:
    """Add to an (A, B) table at how many sites columns of an (S, A) and an (S, B) table agree."""
    same = np.empty(count.shape, bool)
    for a, b in zip(one, other, strict=True):
        np.equal(a[:, None], b[None, :], out=same)
        count += same
