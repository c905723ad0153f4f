"""Second moment: are pairs of sites correlated as in the data? E2: ideal 0, lower is better; the others: ideal 1."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float64

from shortrun.data import Dataset
from shortrun.scores._base import UNDEFINED, Convention, Estimate, Pair, Quantity
from shortrun.scores._errors import linear
from shortrun.scores._families import SampleScores
from shortrun.scores._features import Samples, covariance, sites_of
from shortrun.scores._products import Forms, all_pairs, each_feature, each_site, own_squares, sums, within


def second_moment(reference: Samples, generated: Samples, *, convention: Convention = "default") -> float:
    """Return the mean over pairs i < j of (C_ij of generated - C_ij of reference)^2, C the sample covariance.

    This is twice FU24 eq. 16 as printed (convention "paper"), whose 1 / (N (N - 1)) makes it half a mean; the F&F code
    ("fef") averages over all entries, including the diagonal. A perfect generator has a value above 0 because the
    number of samples is finite: compare with the score of two halves of the data.

    Parameters
    ----------
    reference, generated : Samples
        Data sets, whose features are computed block by block, or (N, F) features; memory is that of two (F, F) tables.
    convention : Convention, default "default"
        Which definition to follow.

    Examples
    --------
    >>> data = np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> second_moment(data, data[:, ::-1])
    0.0
    """
    difference = covariance(generated)
    difference -= covariance(reference)
    return mean_square(difference, convention)


def mean_square(difference: Float64[np.ndarray, "F F"], convention: Convention = "default") -> float:
    """Return the mean square above the diagonal, in a convention; 0 for a single feature."""
    entries = (row if convention == "fef" else row[i + 1 :] for i, row in enumerate(difference))
    return float(sum(np.square(each).sum() for each in entries)) * weight(len(difference), convention)


def weight(features: int, convention: Convention) -> float:
    """Return the factor of the sum over entries in a convention."""
    pairs = max(features * (features - 1), 1)
    return {"default": 2 / pairs, "paper": 1 / pairs, "fef": 1 / features**2}[convention]


@dataclass(frozen=True)
class Line:
    """A straight line through the points (C_ij of data, C_ij of generated), over pairs of features of different sites.

    Parameters
    ----------
    forms : Forms
        Forms over these pairs.
    sums : tuple[ndarray, ndarray]
        Sum of z_i z_j over these pairs, for the data and for the generated samples.
    count : int
        Number of these pairs.
    """

    forms: Forms
    sums: tuple[np.ndarray, np.ndarray]
    count: int

    @classmethod
    def through(cls, data: Dataset, generated: Dataset, every: Forms) -> Line:
        """Return the line of two data sets, given their forms over all pairs."""
        sites = each_site(data)
        count = sites[-1].stop ** 2 - sum((site.stop - site.start) ** 2 for site in sites)
        return cls(every - within(sites, data, generated), (sums(data), sums(generated)), count)

    @property
    def means(self) -> tuple[float, float]:
        """The means of C of the data and of C of the generated samples over the pairs."""
        one, other = (float(each.sum() / (len(each) - 1) / max(self.count, 1)) for each in self.sums)
        return one, other

    @property
    def variation(self) -> tuple[float, float, float]:
        """The sums over pairs of squares and products of both, each minus its mean."""
        (a, b), (dd, dg, gg) = self.means, self.forms.products
        return dd - self.count * a * a, dg - self.count * a * b, gg - self.count * b * b

    @property
    def defined(self) -> bool:
        """Whether both vary, beyond rounding."""
        (xx, _, yy), (dd, _, gg) = self.variation, self.forms.products
        return self.count > 0 and xx > 1e-12 * dd and yy > 1e-12 * gg

    def centred(self) -> Forms:
        """Return the forms of the covariances minus their means."""
        (a, b), (of_d, of_g), it = self.means, self.sums, self.forms
        return Forms(it.dd - a * of_d, it.dg - b * of_d, it.gd - a * of_g, it.gg - b * of_g)

    def slope(self) -> Estimate:
        """Return the slope of C of the generated samples against C of the data."""
        if not self.defined:
            return UNDEFINED
        (xx, xy, _), it = self.variation, self.centred()
        return Estimate(xy / xx, partial(spread, (it.dg - 2 * xy / xx * it.dd) / xx, it.gd / xx))

    def pearson(self) -> Estimate:
        """Return their correlation coefficient."""
        if not self.defined:
            return UNDEFINED
        (xx, xy, yy), it = self.variation, self.centred()
        scale = float(np.sqrt(xx * yy))
        r = xy / scale
        return Estimate(r, partial(spread, it.dg / scale - r * it.dd / xx, it.gd / scale - r * it.gg / yy))


def spread(of_data: np.ndarray, of_generated: np.ndarray) -> float:
    """Return the standard error from the influences of the samples: z^T (derivative with respect to C) z."""
    return linear((of_data, len(of_data)), (of_generated, len(of_generated)))


def e2(forms: Forms, scale: float) -> Estimate:
    """Return E2: scale times the sum over pairs (i, j) of (C_G - C_D)^2, the number of `second_moment`."""
    dd, dg, gg = forms.products
    influences = 2 * scale * (forms.dd - forms.dg), 2 * scale * (forms.gg - forms.gd)
    return Estimate(max(scale * (dd - 2 * dg + gg), 0.0), partial(spread, *influences))


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return E2, and correlation coefficient and slope of the covariances, for equally many samples."""
    data, generated = pair.equal
    every, width = all_pairs(data, generated, pair.of_real(own_squares)), len(sites_of(data))
    found = {}
    if pair.wants("second-moment"):
        distinct = every if pair.convention == "fef" else every - within(each_feature(data), data, generated)
        twice = 1 if pair.convention == "fef" else 2  # the forms have (i, j) and (j, i)
        found["second-moment"] = e2(distinct, weight(width, pair.convention) / twice)
    if pair.wants("pair-pearson", "pair-slope"):
        line = Line.through(data, generated, every)
        found |= {"pair-pearson": line.pearson(), "pair-slope": line.slope()}
    return found


SCORES = SampleScores(
    quantities=(
        Quantity(
            "second-moment",
            ideal=0.0,
            direction="lower",
            meaning="0: covariances of pairs of sites are those of the data; higher: too weak, too strong or wrong.",
        ),
        Quantity(
            "pair-pearson",
            ideal=1.0,
            direction="higher",
            chance=0.0,
            meaning="Near 1: the same pairs of sites are correlated as in the data; 0: other pairs are.",
        ),
        Quantity(
            "pair-slope",
            ideal=1.0,
            direction="none",
            chance=0.0,
            meaning="Near 1: pairs are correlated as strongly as in the data; below: too weakly; above: too strongly.",
        ),
    ),
    measure=measure,
)
