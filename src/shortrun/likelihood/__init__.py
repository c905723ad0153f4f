"""How probable data are: partition functions and equilibrium samplers."""
