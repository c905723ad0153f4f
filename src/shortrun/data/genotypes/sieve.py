"""Which sites of a file of genotypes are kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from shortrun.data.core.request import Request
from shortrun.data.genotypes.regions import Region
from shortrun.data.genotypes.variants import Variant
from shortrun.phrases import counted

MISSING, HAPLOID = -1, -2  # codes of alleles: not called; the second one of a call that has one only


@dataclass(frozen=True)
class Calls:
    """The calls of B sites and N persons: `alleles` (B, N, 2) int8 of 0, 1, -1 and -2, and `phased` (B, N) bool."""

    variants: list[Variant]
    alleles: np.ndarray
    phased: np.ndarray

    def at(self, kept: np.ndarray) -> Calls:
        """Return the calls of some sites, by a (B,) mask."""
        variants = [variant for variant, keep in zip(self.variants, kept, strict=True) if keep]
        return Calls(variants, self.alleles[kept], self.phased[kept])


class Sieve:
    """Keeps the sites that options ask for, and counts in `left_out` why others are not."""

    def __init__(self, options: Request):
        self.options = options
        self.region = Region.of(options.region) if options.variants is None else None
        self.left_out: Counter[str] = Counter()
        self.exchanged = 0  # sites whose alleles were turned
        self.last = ("", 0)  # chromosome and position of the last site that thinning kept

    def asks_for(self, chromosome: str, position: int) -> bool:
        """Return whether a site lies in the region, where one is asked for."""
        return self.region is None or self.region.holds(chromosome, position)

    def keep(self, calls: Calls) -> Calls:
        """Return the calls of the sites that are asked for: complete, frequent and far enough apart."""
        if self.options.missing == "drop-site":
            calls = self._less(calls, (calls.alleles == MISSING).any((1, 2)), "with a missing call")
        if self.options.maf is not None:
            rare = frequency(calls.alleles) < self.options.maf
            calls = self._less(calls, rare, f"with a minor-allele frequency below {self.options.maf:g}")
        if self.options.thin is not None:
            near = np.array([self.is_near(variant) for variant in calls.variants], bool)
            calls = self._less(calls, near, f"within {self.options.thin:,} base pairs of another")
        return calls

    def _less(self, calls: Calls, wrong: np.ndarray, why: str) -> Calls:
        self.left_out[why] += int(wrong.sum())
        return calls.at(~wrong)

    def is_near(self, variant: Variant) -> bool:
        """Return whether a site is too close to the one that was kept before, and keep it if it is not."""
        chromosome, position = self.last
        near = variant.chromosome == chromosome and abs(variant.position - position) < (self.options.thin or 0)
        self.last = self.last if near else (variant.chromosome, variant.position)
        return near


class Listed(Sieve):
    """Keeps the sites of a list, each once, with alleles the way round that the list has them."""

    def __init__(self, options: Request):
        super().__init__(options)
        self.wanted = [Variant.of(text) for text in options.variants or ()]
        self.place = {variant.key: site for site, variant in enumerate(self.wanted)}
        self.order: list[int] = []  # which of the list each kept site is
        self.found: set[int] = set()

    def keep(self, calls: Calls) -> Calls:
        """Return the calls of the sites of the list that have not come before."""
        kept = []
        for i, variant in enumerate(calls.variants):
            site = self.place.get(variant.key, self.place.get(variant.swapped))
            if site is not None and site not in self.found:
                self.found.add(site)
                kept.append((i, site))
        rows = np.array([i for i, _ in kept], int)
        variants = [self.wanted[site] for _, site in kept]
        self.order += [site for _, site in kept]
        turned = [calls.variants[i].key != variant.key for i, variant in zip(rows, variants, strict=True)]
        self.exchanged += sum(turned)
        return Calls(variants, swapped(calls.alleles[rows], np.array(turned, bool)), calls.phased[rows])

    def first_lacking(self) -> Variant | None:
        """Return the first site of the list that has not come."""
        return next((variant for site, variant in enumerate(self.wanted) if site not in self.found), None)


def left_out_told(sieve: Sieve) -> list[str]:
    """Return a line on each reason for which sites were left out."""
    return [f"left out {counted(n, 'site')} {why}" for why, n in sieve.left_out.items() if n]


def exchanged_told(sites: int) -> list[str]:
    """Return the line on sites whose alleles were turned, if there are any."""
    return [f"alleles exchanged at {counted(sites, 'site')}, where they are the other way round"] if sites else []


def swapped(alleles: np.ndarray, sites: np.ndarray) -> np.ndarray:
    """Return (B, N, 2) alleles with 0 and 1 exchanged at some sites, by a (B,) mask."""
    return np.where(sites[:, None, None] & (alleles >= 0), 1 - alleles, alleles)


def frequency(alleles: np.ndarray) -> np.ndarray:
    """Return the (B,) minor-allele frequencies among the alleles that are called; 0 where none is."""
    called = np.maximum((alleles >= 0).sum((1, 2)), 1)
    share = (alleles == 1).sum((1, 2)) / called
    return np.minimum(share, 1 - share)
