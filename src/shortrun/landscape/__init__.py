"""Where the law of a machine is flat: mean-field fixed points, the tree they grow into, effective couplings."""
