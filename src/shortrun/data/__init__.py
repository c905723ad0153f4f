"""What comes in and goes out: the `Dataset`, alphabets, weights, splits, file formats and named data sets."""
