"""Contacts of residues from the couplings of a trained machine: `contacts`."""

from __future__ import annotations

from pathlib import Path

from shortrun.data.tables.distances import read_distances
from shortrun.landscape import Contacts, rank_contacts
from shortrun.settings import ContactsSettings, takes
from shortrun.store import Trajectory
from shortrun.workflows._runs import opened
from shortrun.workflows._sites import named_sites


@takes(ContactsSettings)
def contacts(
    run: Trajectory | Path | str, distances: Path | str | None = None, *, settings: ContactsSettings
) -> Contacts:
    """Rank pairs of sites by corrected coupling strengths, and compare with a structure (theory: DNS25).

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    distances : Path or str, optional
        CSV or TSV with columns i, j (from 1) and a third one of distances.

    Returns
    -------
    Contacts
        Pairs of sites, the highest score first, and how well they predict contacts of the structure.

    Raises
    ------
    ConfigError
        As for `couplings`, or if no pair is that far apart.
    FormatError
        For a file that is no table of distances; names the line.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = sr.fit(sr.read("digits").head(50), out=f"{folder}/run", hidden=8, updates=3)
    ...     found = sr.contacts(run, separation=60)
    >>> found.sites, len(found.table)
    (64, 6)
    """
    run = opened(run, raw=settings.raw)
    named = named_sites(run, settings.age, settings.label, "couplings")
    structure = None if distances is None else read_distances(Path(distances), named.columns)
    return rank_contacts(named, structure, settings)
