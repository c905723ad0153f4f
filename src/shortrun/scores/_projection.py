"""Samples on the principal components of the real ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from shortrun.data import Dataset
from shortrun.errors import DataError
from shortrun.scores._compare import alike
from shortrun.scores._features import blocks, covariance, features

FEATURES = 2000  # largest number for which the covariance is computed
ROWS = 10_000  # real samples that determine the directions of more features


@dataclass(frozen=True, eq=False)
class Projection:
    """Two sets of samples on the principal components of the first.

    Parameters
    ----------
    real, generated : Float[ndarray, "N C"] or Float[ndarray, "M C"]
        (N, C) and (M, C) coordinates.
    directions : Float[ndarray, "F C"]
        (F, C) orthonormal directions in the space of features.
    shares : Float[ndarray, " C"]
        (C,) share of the variance of the real samples along each direction.

    Examples
    --------
    >>> from shortrun.data import read
    >>> data = read("digits").head(100)
    >>> found = project(data, data)
    >>> np.allclose(found.place(features(data)), found.real, atol=1e-6)
    True
    """

    real: Float[np.ndarray, "N C"]
    generated: Float[np.ndarray, "M C"]
    directions: Float[np.ndarray, "F C"]
    shares: Float[np.ndarray, " C"]

    def place(self, rows: Float[np.ndarray, "K F"]) -> Float[np.ndarray, "K C"]:
        """Return the coordinates of rows of features, such as fixed points."""
        return rows @ self.directions / np.sqrt(rows.shape[1])


def project(real: Dataset, generated: Dataset, *, components: int = 2) -> Projection:
    """Return samples on the principal components of the real ones: X V / sqrt(F), as the figures of FF23.

    V are the right singular vectors of the centred features of the real samples, X the features as they are (not
    centred) and F their number. Memory is bounded: for up to 2,000 features the covariance is summed block by block;
    more are kept sparse, for at most 10,000 real samples drawn at random with a fixed seed.

    Parameters
    ----------
    real, generated : Dataset
        Samples of one kind.
    components : int, default 2
        Number of components.

    Raises
    ------
    DataError
        If they are not of one kind, or there are too few samples or features.

    Examples
    --------
    >>> from shortrun.data import read
    >>> data = read("digits").head(100)
    >>> project(data, data, components=3).real.shape
    (100, 3)
    """
    generated = alike(real, generated)
    width = features(real.head(1)).shape[1]
    if len(real) <= components or width < components:
        raise DataError(
            f"{components} principal components need more than {components} real samples and at least {components} "
            f"features, got {len(real)} and {width}"
        )
    find = from_covariance if width <= FEATURES else from_sparse
    directions, shares = find(real, components)
    scaled = upright(directions) / np.sqrt(width)
    placed = (np.concatenate([part @ scaled for part in blocks(side)]) for side in (real, generated))
    return Projection(*placed, directions=scaled * np.sqrt(width), shares=shares)


def from_covariance(real: Dataset, components: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the leading eigenvectors of the covariance and their shares of the variance."""
    from scipy.linalg import eigh  # slow to import

    matrix = covariance(real)
    values, vectors = eigh(matrix, subset_by_index=[len(matrix) - components, len(matrix) - 1])
    return vectors[:, ::-1], values[::-1] / max(np.trace(matrix), 1e-300)


def from_sparse(real: Dataset, components: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the same for many features, by a truncated SVD that centres implicitly."""
    from scipy.sparse import csr_array, vstack  # slow to import
    from sklearn.decomposition import PCA

    if len(real) > ROWS:
        real = real.select(np.sort(np.random.default_rng(0).permutation(len(real))[:ROWS]))
    table = vstack([csr_array(part) for part in blocks(real)], format="csr")
    found = PCA(components, svd_solver="arpack", random_state=0).fit(table)
    return np.asarray(found.components_).T, found.explained_variance_ratio_


def upright(directions: np.ndarray) -> np.ndarray:
    """Return directions with a positive largest element, so that a figure is reproducible."""
    largest = np.abs(directions).argmax(0)
    return directions * np.sign(directions[largest, np.arange(directions.shape[1])])
