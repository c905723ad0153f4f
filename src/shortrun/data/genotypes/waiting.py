"""Alleles that come site by site and are wanted sample by sample: they wait on the disk, a bit each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from shortrun.data.core.disk import LARGE, check_room, nameless, tell

BLOCK = 2**26  # bytes of the bits of a block
TURNED = 2**24  # alleles that are turned together
STRIP = 2**26  # alleles that are given together


class Waiting:
    """The (R, S) alleles 0 and 1 of haplotypes, turned from sites to rows as they come.

    They come in blocks of sites. In the file of a block the bits of a row lie together, so that rows are read in one
    piece of each block: the disk is written once and read once, whatever the shape.

    Parameters
    ----------
    rows : int
        R.
    """

    def __init__(self, rows: int):
        self.rows, self.sites = rows, 0
        self.at_once = max(8, BLOCK * 8 // rows // 8 * 8)  # sites of a block
        self.file = None
        self.blocks: list[int] = []  # how many sites each has
        self.growing = np.empty((self.at_once, -(-rows // 8)), np.uint8)  # the bits of the last block, site by site
        self.held = 0  # sites of it

    def add(self, alleles: np.ndarray) -> None:
        """Add the (B, R) alleles of some sites."""
        while len(alleles):
            part = alleles[: self.at_once - self.held]
            self.growing[self.held : self.held + len(part)] = np.packbits(part, axis=1)
            self.held += len(part)
            self.sites += len(part)
            alleles = alleles[len(part) :]
            if self.held == self.at_once:
                self._end_block()
        tell("sites read", self.sites)

    def _end_block(self) -> None:
        """Turn the block that grows, and write it."""
        if self.rows * self.sites > LARGE:
            check_room(self.rows * self.sites)  # of bytes that the values will be
        self.file = nameless() if self.file is None else self.file
        bits, step = self.growing[: self.held], max(1, TURNED // 8 // self.held)
        for first in range(0, bits.shape[1], step):
            turned = np.unpackbits(bits[:, first : first + step], axis=1).T[: self.rows - 8 * first]
            self.file.write(np.packbits(np.ascontiguousarray(turned), axis=1).data)
        self.blocks.append(self.held)
        self.held = 0

    def strips(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the first row and the (R', S) alleles of some rows, an even number of them, after one another."""
        if self.held:
            self._end_block()
        self.growing = np.empty((0, 0), np.uint8)
        step = max(2, STRIP // max(1, self.sites) // 2 * 2)
        for first in range(0, self.rows, step):
            yield first, self._strip(first, min(step, self.rows - first))

    def _strip(self, first: int, count: int) -> np.ndarray:
        assert self.file is not None
        found, place, site = np.empty((count, self.sites), np.uint8), 0, 0
        for sites in self.blocks:
            width = -(-sites // 8)  # bytes of a row
            self.file.seek(place + first * width)
            bits = np.frombuffer(self.file.read(count * width), np.uint8).reshape(count, width)
            found[:, site : site + sites] = np.unpackbits(bits, axis=1, count=sites)
            place, site = place + self.rows * width, site + sites
        return found

    def close(self) -> None:
        """Give the file back."""
        if self.file is not None:
            self.file.close()
