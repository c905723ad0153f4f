"""Genotypes that are read already, on some of their sites: those of options, or those of other data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.disk import gathered
from shortrun.data.core.request import Request
from shortrun.data.genotypes.sieve import Sieve, exchanged_told, left_out_told
from shortrun.data.genotypes.variants import Variant, has_variants, variants_of
from shortrun.errors import DataError


def on_sites(data: Dataset, options: Request) -> Dataset:
    """Return genotypes on the sites that options ask for, as a VCF file would be read; other data as they are.

    Raises
    ------
    DataError
        If no site is left, or one that was asked for is not there.
    """
    if not has_variants(data) or not (options.variants or options.region or options.maf or options.thin):
        return data
    if options.variants == data.kind.genotypes.variants:
        return data
    variants = variants_of(data)
    return listed(data, variants, options) if options.variants else sieved(data, variants, options)


def listed(data: Dataset, variants: list[Variant], options: Request) -> Dataset:
    """Return genotypes on the sites of a list, with alleles the way round that the list has them."""
    place = {variant.key: site for site, variant in reversed([*enumerate(variants)])}
    sites, turned = [], []
    for text in options.variants or ():
        wanted = Variant.of(text)
        site = place.get(wanted.key, place.get(wanted.swapped))
        if site is None:
            raise DataError(f"the site {wanted.place} ({wanted.ref}, {wanted.alt}) that was asked for is not there")
        sites.append(site)
        turned.append(wanted.key != variants[site].key)
    found = at(data, np.array(sites), np.array(turned), tuple(options.variants or ()))
    return found.with_notes(*exchanged_told(sum(turned)))


def sieved(data: Dataset, variants: list[Variant], options: Request) -> Dataset:
    """Return genotypes on the sites in a region that are frequent and far enough apart."""
    sieve = Sieve(options)
    sites = np.array([i for i, it in enumerate(variants) if sieve.asks_for(it.chromosome, it.position)], int)
    if options.maf is not None:
        share = frequencies(data)[sites]
        sites = less(sieve, sites, share < options.maf, f"with a minor-allele frequency below {options.maf:g}")
    if options.thin is not None:
        near = np.array([sieve.is_near(variants[site]) for site in sites], bool)
        sites = less(sieve, sites, near, f"within {options.thin:,} base pairs of another")
    told = left_out_told(sieve)
    if not len(sites):
        region = f" in the region {sieve.region}" if sieve.region else ""
        raise DataError(f"no site is left{region}{''.join(f'; {note}' for note in told)}")
    if len(sites) == data.sites:
        return data
    kept = tuple(data.kind.genotypes.variants[site] for site in sites)
    return at(data, sites, np.zeros(len(sites), bool), kept).with_notes(*told)


def less(sieve: Sieve, sites: np.ndarray, wrong: np.ndarray, why: str) -> np.ndarray:
    """Return sites without those that are wrong, which are counted."""
    sieve.left_out[why] += int(wrong.sum())
    return sites[~wrong]


def frequencies(data: Dataset) -> np.ndarray:
    """Return the (S,) frequencies of the rarer allele."""
    found = sum((part.sum(0, dtype=np.int64) for _, part in scan(data.values)), np.zeros(data.sites, np.int64))
    share = found / (len(data) * ploidy(data))
    return np.minimum(share, 1 - share)


def at(data: Dataset, sites: np.ndarray, turned: np.ndarray, variants: tuple[str, ...]) -> Dataset:
    """Return genotypes at some sites, with alleles exchanged where that is asked for."""

    def parts() -> Iterator[np.ndarray]:
        for _, part in scan(data.values):
            part = part[:, sites]
            part[:, turned] = ploidy(data) - part[:, turned]
            yield part

    values = gathered(parts(), (len(data), len(sites)), np.uint8)
    genotypes = replace(data.kind.genotypes, variants=variants)
    return data.with_values(values, replace(data.kind, sites=len(sites), genotypes=genotypes))


def ploidy(data: Dataset) -> int:
    """Return how many alleles a sample has at a site."""
    return (data.colours or 2) - 1
