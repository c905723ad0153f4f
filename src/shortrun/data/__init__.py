"""What comes in and goes out: the `Dataset`, alphabets, weights, splits, file formats and named data sets."""

from shortrun.data.converting import convert
from shortrun.data.core.alphabet import Alphabet
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import Kind
from shortrun.data.core.predictions import Predictions
from shortrun.data.description import describe
from shortrun.data.in_memory import from_anndata, from_numpy, from_pandas
from shortrun.data.readers import read
from shortrun.data.splits import split
from shortrun.data.writing import write

__all__ = [
    "Alphabet",
    "Dataset",
    "Kind",
    "Predictions",
    "convert",
    "describe",
    "from_anndata",
    "from_numpy",
    "from_pandas",
    "read",
    "split",
    "write",
]
