"""What comes in and goes out: the `Dataset`, alphabets, weights, splits, file formats and named data sets."""

from shortrun.data.alphabet import Alphabet
from shortrun.data.dataset import Dataset
from shortrun.data.predictions import Predictions
from shortrun.data.readers import read, write
from shortrun.data.splits import split

__all__ = ["Alphabet", "Dataset", "Predictions", "read", "split", "write"]
