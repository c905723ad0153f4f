"""What all data have in common: values, labels, alphabets, columns, splits, and files read and written in one piece."""
