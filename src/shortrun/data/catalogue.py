"""Named data sets: what `read("digits")` finds when there is no such file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from shortrun.data.dataset import Dataset
from shortrun.data.options import Options
from shortrun.data.splits import split
from shortrun.data.values import GREY_THRESHOLD, binarise

TEST_SHARE = 0.2


@dataclass(frozen=True)
class Entry:
    """A data set that has a name.

    Parameters
    ----------
    name : what a user types
    title : one line about it
    citation : whom to cite
    licence : under which terms it may be used
    load : options of reading -> `Dataset`; its `part` chooses a fixed test fifth or the rest, None is everything
    """

    name: str
    title: str
    citation: str
    licence: str
    load: Callable[[Options], Dataset]


def load_digits(options: Options) -> Dataset:
    """Return scikit-learn's 1,797 digits of 8x8 pixels, black and white at the threshold (by default 0.3)."""
    from sklearn.datasets import load_digits as bundled  # slow to import, and needed only here

    images, labels = bundled(return_X_y=True)
    pixels = binarise(np.asarray(images), GREY_THRESHOLD if options.threshold is None else options.threshold)
    digits = Dataset.from_arrays(pixels, labels, meta={"image_shape": (8, 8)})
    if options.part is None:
        return digits
    return split(digits, TEST_SHARE, seed=0)[options.part == "test"]


def entries() -> tuple[Entry, ...]:
    """Return every named data set."""
    return (
        Entry(
            name="digits",
            title="1,797 handwritten digits, 8x8 pixels, 10 classes (comes with scikit-learn)",
            citation="E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, "
            "UCI Machine Learning Repository, 1998, doi:10.24432/C50P49",
            licence="CC BY 4.0",
            load=load_digits,
        ),
    )
