"""Genotypes: haplotypes of 0 and 1, or dosages of 0, 1 and 2, one site for each variant."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from shortrun.data import Dataset
from shortrun.data.core.alphabet import DOSAGE
from shortrun.data.core.blocks import scan
from shortrun.data.genotypes.variants import is_genotypes
from shortrun.scores._families import Domain

GENOTYPES = Domain("genotypes (VCF, PLINK, .hapt, or arrays with positions)", is_genotypes)


def ploidy(data: Dataset) -> int:
    """Return the number of alleles of a sample at a site."""
    return 2 if data.alphabet == DOSAGE else 1


def frequencies(data: Dataset) -> Float64[np.ndarray, " S"]:
    """Return the frequency of allele 1 at each site."""
    total = np.zeros(data.sites)
    for _, part in scan(data.values):
        total += part.sum(0, dtype=np.int64)
    return total / (len(data) * ploidy(data))


def minor(p: Float64[np.ndarray, " S"]) -> Float64[np.ndarray, " S"]:
    """Return the frequency of the rarer allele."""
    return np.minimum(p, 1 - p)


def along(data: Dataset, slope: Float64[np.ndarray, " S"]) -> Float64[np.ndarray, " N"]:
    """Return sum_s slope_s x_ns of each sample n, x_ns the share of alleles 1 at site s."""
    return np.concatenate([part @ slope for _, part in scan(data.values)]) / ploidy(data)
