"""Piano rolls and the notes they stand for."""
