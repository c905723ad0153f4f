"""From one file to another, with values that may be larger than memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from shortrun.data.arrays.formats.rows import FORMAT as ROWS
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.disk import made_in
from shortrun.data.core.streams import DASH
from shortrun.data.readers import read
from shortrun.data.writing import target, write
from shortrun.files import check_place
from shortrun.settings import Reading, takes


@takes(Reading)
def convert(
    source: Any,
    out: Path | str,
    *,
    to: str | None = None,
    told: Callable[[str, int], None] | None = None,
    settings: Reading,
) -> Dataset:
    """Read data and write them to a file, in bounded memory where files are larger than that.

    Genotypes and alignments are read in blocks. Values of more than 256 MB are made on the disk: in the folder of a
    file of rows (`.rows`), which they become without being copied, else in that which TMPDIR names.

    Parameters
    ----------
    source : Path or str or Any
        What `read` takes.
    out : Path or str
        The file, or "-" for stdout; its suffix says the format.
    to : str, optional
        Name of the format, as "csv", where the suffix does not say it.
    told : callable, optional
        Called now and then with what was done, as "sites read", and how many of them.

    Returns
    -------
    Dataset
        The samples that were written.

    Raises
    ------
    FormatError, ConfigError
        As `read` and `write` do.
    StoreError
        If the file cannot be written, or the disk is too small, before anything is written.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> path = tempfile.mkdtemp() + "/digits.rows"
    >>> data = sr.convert("digits", path, threshold=0.5)
    >>> sr.read(path).hash == data.hash
    True
    """
    path = Path(out)
    if str(path) != DASH:
        check_place(path)
    with made_in(place_for(path, to), told):
        data = read(source, settings=settings)
        write(path, data, format=to)
    return data


def place_for(path: Path, to: str | None = None) -> Path | None:
    """Return where large values for a file are made: its folder, if they can become it; None for that of TMPDIR.

    Raises
    ------
    FormatError
        If files of its format cannot be written.
    """
    if str(path) == DASH and to is None:
        return None
    return path.absolute().parent if target(path, to)[0] is ROWS and str(path) != DASH else None
