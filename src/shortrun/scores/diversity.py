"""Diversity: do generated samples differ as real ones do, and are they everywhere that those are? Ideal 1."""

from __future__ import annotations

from functools import partial

import numpy as np
from jaxtyping import Float64

from shortrun.data import Dataset
from shortrun.scores._base import UNDEFINED, Estimate, Pair, Quantity
from shortrun.scores._errors import linear
from shortrun.scores._families import SampleScores
from shortrun.scores._neighbours import Balls, between, mean_roots, points

NEIGHBOURS = 5  # real samples in the ball around a real one, as in the reference


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return the diversity of all samples, and coverage and density of equally many."""
    return {"diversity": diversity(pair.reference, pair.generated)} | in_balls(*pair.equal)


def diversity(reference: Dataset, generated: Dataset) -> Estimate:
    """Return the mean distance of two generated samples over that of two real ones; undefined if the latter is 0.

    Distances are numbers of sites that differ, or Euclidean for numbers.
    """
    of_real, of_made = (distance_to_others(side) for side in (reference, generated))
    real, made = of_real.mean(), of_made.mean()
    if not real > 0:
        return UNDEFINED
    influences = 2 * made / real**2 * of_real, 2 / real * of_made
    return Estimate(float(made / real), lambda: linear(*((each, len(each)) for each in influences)))


def distance_to_others(data: Dataset) -> Float64[np.ndarray, " N"]:
    """Return the mean distance of each sample to all others; for codes from their counts at each site."""
    count = len(data)
    if data.continuous:
        (rows,) = points(data)
        return mean_roots(rows, rows)[0] * count / (count - 1)
    differing = np.zeros(count)
    for codes in data.values.T:
        differing += count - np.bincount(codes)[codes]
    return differing / (count - 1)


def in_balls(reference: Dataset, generated: Dataset, k: int = NEIGHBOURS) -> dict[str, Estimate]:
    """Return coverage and density of equally many real and generated samples; undefined below k + 1 samples.

    Each real sample has a ball that reaches to its k-th nearest other real sample. Coverage is the share of balls with
    a generated sample inside, density the mean number of generated samples in a ball over k (M. F. Naeem et al., ICML
    2020, eqs. 5 and 4). A perfect generator has coverage 1 - 2^-k and density 1, because real and generated samples are
    then equally likely to be the nearest. Samples at the same distance as the k-th real one count as if their order
    were random, on average: with g generated ones among m real ones of which w belong to the k nearest, each is inside
    with probability w / (m + 1), and none is with probability C(m, w) / C(m + g, w).
    """
    if len(reference) <= k:
        return {"coverage": UNDEFINED, "density": UNDEFINED}
    x, y = points(reference, generated)
    balls = Balls.around(x, k)
    covered, inside, balls_around = count_in_balls(x, y, balls)
    density = inside / k, balls_around * (len(y) / len(x)) / k
    return {
        "coverage": Estimate(float(covered.mean()), partial(linear, (covered, len(covered)))),
        "density": Estimate(float(density[0].mean()), lambda: linear(*((each, len(each)) for each in density))),
    }


def count_in_balls(x: np.ndarray, y: np.ndarray, balls: Balls) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each ball the chance that it contains any of y, and how many; for each of y its number of balls."""
    inside, at_edge, balls_around = np.zeros(len(x)), np.zeros(len(x)), np.zeros(len(y))
    chance = balls.wanted / (balls.ties + 1)
    for rows, columns, distance in between(x, y):
        radius = balls.radius[rows, None]
        nearer, level = distance < radius, distance == radius
        inside[rows] += nearer.sum(1)
        at_edge[rows] += level.sum(1)
        balls_around[columns] += nearer.sum(0) + chance[rows] @ level
    covered = np.where(inside > 0, 1.0, 1 - none_first(balls.wanted, balls.ties, at_edge))
    return covered, inside + chance * at_edge, balls_around


def none_first(wanted: np.ndarray, real: np.ndarray, made: np.ndarray) -> np.ndarray:
    """Return the chance C(real, wanted) / C(real + made, wanted) that the first ones of a random order are all real."""
    chance = np.ones(len(wanted))
    for i in range(int(wanted.max())):
        chance *= np.where(i < wanted, (real - i) / np.maximum(real + made - i, 1), 1.0)
    return chance


SCORES = SampleScores(
    quantities=(
        Quantity(
            "diversity",
            ideal=1.0,
            direction="none",
            meaning="Near 1: generated samples differ from each other as real ones do; below: collapse; above: noise.",
        ),
        Quantity(
            "coverage",
            ideal=1 - 2.0**-NEIGHBOURS,
            direction="none",
            chance=0.0,
            meaning="Near the ideal: generated samples are wherever real ones are; lower: some kinds are missing.",
        ),
        Quantity(
            "density",
            ideal=1.0,
            direction="none",
            chance=0.0,
            meaning="Near 1: as many generated as real samples around a real one; below: they are far; above: crowded.",
        ),
    ),
    measure=measure,
)
