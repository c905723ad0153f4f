"""What cyvcf2 (htslib) does for VCF and BCF, in a process apart: on some damaged files, htslib ends its process."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

QUIET = 0  # how much htslib says on stderr
FLUSH = 2**17  # calls handed over together


def records(path: str, region: tuple[str, int, int] | None, indexed: bool, at_once: int | None) -> Iterator[Any]:
    """Yield what the header says, then records `together`; nothing where the header cannot be read.

    A record is what `plain` makes of it, or its number (from 0) where it cannot be read.

    Parameters
    ----------
    path : str
        The file.
    region : tuple[str, int, int], optional
        Chromosome, first and last position: others are left out.
    indexed : bool
        Whether the file has an index, by which the region is found.
    at_once : int, optional
        Records in a list; by default as many as make a good size.
    """
    found = opened(path)
    if found is None:
        return
    try:
        yield list(found.samples), found.raw_header, list(found.seqnames)
    except Exception:  # a text that is not UTF-8
        return
    at_once = at_once or max(1, FLUSH // max(1, len(found.samples)))
    source = iter(found("{}:{}-{}".format(*region))) if indexed and region else iter(found)
    block: list[Any] = []
    for number in itertools.count():
        try:
            record = next(source, None)
            if record is None:
                break
            if region is None or is_in(record, region):
                block.append(plain(record))
        except Exception:  # also of a text that is not UTF-8; whether to read on is not decided here
            block.append(number)
        if len(block) >= at_once:
            yield together(block)
            block = []
    yield together(block)


def opened(path: str) -> Any:
    """Return cyvcf2's view of a file, None if it has none."""
    from cyvcf2 import VCF
    from cyvcf2.cyvcf2 import set_htslib_log_level

    set_htslib_log_level(QUIET)
    warnings.simplefilter("ignore")
    try:
        return VCF(path)
    except Exception:  # cyvcf2 raises Exception itself
        return None


def is_in(record: Any, region: tuple[str, int, int]) -> bool:
    """Return whether a record lies in a region."""
    return region[0] == record.CHROM and region[1] <= position(record) <= region[2]


def position(record: Any) -> int:
    """Return the position of a record; cyvcf2's own POS has 32 bits only."""
    return record.start + 1


def plain(record: Any) -> tuple[str, int, str, str, list[str], np.ndarray | None]:
    """Return chromosome, position, id, alleles and calls: (N, P + 1), whether phased in the last column, or None."""
    calls = record.genotype.array() if "GT" in record.FORMAT else None
    alt = [each for each in record.ALT if each != "."]
    return record.CHROM, position(record), record.ID or ".", record.REF, alt, calls


def together(block: list[Any]) -> tuple[list[Any], np.ndarray | None]:
    """Return records with all their calls in one array, which is handed over much faster, where they have one shape."""
    calls: list[Any] = [None if isinstance(record, int) else record[-1] for record in block]
    shapes = {() if each is None else each.shape for each in calls}
    if len(shapes) != 1 or () in shapes:
        return block, None
    return [record[:-1] for record in block], np.stack(calls)


def apiece(block: list[Any], calls: np.ndarray | None) -> Iterator[Any]:
    """Yield the records that `together` joined."""
    return iter(block) if calls is None else ((*record, its) for record, its in zip(block, calls, strict=True))


def text_of(line: bytes) -> str:
    """Return a line as cyvcf2 takes it whole: it hands over as many bytes as the text has letters."""
    text = line.decode()
    return text + "\0" * (len(line) - len(text))


def packed(path: str, mode: str, header: str, lines: Iterator[bytes]) -> Iterator[None]:
    """Write lines as a packed VCF or a BCF."""
    from cyvcf2 import Writer
    from cyvcf2.cyvcf2 import set_htslib_log_level

    set_htslib_log_level(QUIET)
    target = Writer.from_string(path, header, mode=mode)
    try:
        for line in lines:
            if target.write_record(target.variant_from_string(text_of(line))) < 0:
                break  # the end is not written then, which the reader of this file finds
    finally:
        target.close()
    yield from ()
