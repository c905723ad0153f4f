"""Alleles of persons at sites of a genome."""
