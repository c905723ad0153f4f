"""Alleles: their frequencies, the diversity of samples, new alleles and lost ones."""

from __future__ import annotations

from functools import partial

import numpy as np
from jaxtyping import Float64

from shortrun.data import Dataset
from shortrun.scores._base import UNDEFINED, Estimate, Pair, Quantity
from shortrun.scores._errors import means_drawn
from shortrun.scores._families import SampleScores
from shortrun.scores._genotypes import GENOTYPES, along, frequencies, minor, ploidy
from shortrun.scores._numbers import ratio, spread
from shortrun.settings import check_seed

RARE = 0.05  # minor-allele frequency below which an allele is rare
SITES = 1024  # sites resampled at once


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return the scores of alleles of equally many samples."""
    return {
        "allele-frequency-pearson": frequency_pearson(*pair.equal),
        "heterozygosity": ratio(*map(diversity, pair.equal)),
        "private-alleles": private_alleles(*pair.equal),
        "lost-alleles": lost_alleles(*pair.equal, pair.seed),
    }


def frequency_pearson(reference: Dataset, generated: Dataset) -> Estimate:
    """Return the correlation over sites of the frequencies of allele 1; undefined if they do not vary."""
    x, y = (p - p.mean() for p in map(frequencies, (reference, generated)))
    xx, xy, yy = float(x @ x), float(x @ y), float(y @ y)
    if min(xx, yy) < 1e-12 * len(x):
        return UNDEFINED
    scale = (xx * yy) ** 0.5
    r = xy / scale
    slopes = y / scale - r * x / xx, x / scale - r * y / yy
    return Estimate(
        r, lambda: spread(*(along(side, slope) for side, slope in zip((reference, generated), slopes, strict=True)))
    )


def diversity(data: Dataset) -> Float64[np.ndarray, " N"]:
    """Return contributions of the samples to the expected heterozygosity, which is their mean.

    H = n / (n - 1) mean over sites of 2 p (1 - p), n alleles at a site: the chance that two alleles drawn without
    replacement differ (M. Nei, Genetics 89, 583, 1978, for haplotypes).
    """
    p, alleles = frequencies(data), len(data) * ploidy(data)
    heterozygosity, slope = np.mean(2 * p * (1 - p)), 2 * (1 - 2 * p) / len(p)
    return alleles / (alleles - 1) * (heterozygosity + along(data, slope) - p @ slope)


def private_alleles(reference: Dataset, generated: Dataset) -> Estimate:
    """Return the share of generated alleles that no reference sample has, at the sites that do not vary there.

    Undefined if every site varies in the reference.
    """
    p = frequencies(reference)
    fixed = minor(p) == 0
    if not fixed.any():
        return UNDEFINED
    slope = np.where(fixed, 1 - 2 * p, 0) / fixed.sum()
    new = along(generated, slope) + np.mean(p[fixed])
    return Estimate(max(float(new.mean()), 0.0), partial(spread, new))


def lost_alleles(reference: Dataset, generated: Dataset, seed: int = 0) -> Estimate:
    """Return the share of the rare alleles of the reference (frequency below 5 %) that no generated sample has.

    Undefined if the reference has no rare alleles. More generated samples lose fewer: compare equally many.
    """
    p = frequencies(reference)
    rare = np.flatnonzero((minor(p) > 0) & (minor(p) < RARE))
    if not len(rare):
        return UNDEFINED
    value = float(np.mean(lost(p[rare], frequencies(generated)[rare])))
    return Estimate(value, partial(spread_of_lost, reference, generated, rare, seed))


def lost(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return which alleles that are rare at frequencies p do not occur at frequencies q."""
    return np.where(p < 0.5, q, 1 - q) < 1e-12


def spread_of_lost(reference: Dataset, generated: Dataset, sites: np.ndarray, seed: int) -> float:
    """Return the standard deviation of the share of lost alleles when the generated samples are resampled.

    The rare alleles remain those of the reference.
    """
    p, total = frequencies(reference), 0.0
    for start in range(0, len(sites), SITES):
        here = sites[start : start + SITES]
        q = means_drawn(generated.values[:, here] / ploidy(generated), np.random.default_rng([check_seed(seed), 99]))
        total = total + lost(p[here], q).sum(1)
    return float(np.std(total / len(sites), ddof=1))


SCORES = SampleScores(
    quantities=(
        Quantity(
            "allele-frequency-pearson",
            ideal=1.0,
            direction="higher",
            group="domain",
            chance=0.0,
            meaning="Near 1: allele frequencies agree with the data, site by site; lower: they do not.",
        ),
        Quantity(
            "heterozygosity",
            ideal=1.0,
            direction="none",
            group="domain",
            meaning="Near 1: as diverse as real samples; below: alleles were lost or samples are alike; above: noise.",
        ),
        Quantity(
            "private-alleles",
            ideal=0.0,
            direction="lower",
            group="domain",
            chance=0.5,
            meaning="0: no allele that the real samples do not have; 0.5: noise at the sites that do not vary.",
        ),
        Quantity(
            "lost-alleles",
            ideal=0.0,
            direction="lower",
            group="domain",
            chance=1.0,
            meaning="0: every rare allele of the data was generated; 1: none was.",
        ),
    ),
    measure=measure,
    domain=GENOTYPES,
)
