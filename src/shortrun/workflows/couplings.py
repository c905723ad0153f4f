"""The learned distribution as fields and couplings of its sites: `couplings`."""

from __future__ import annotations

from pathlib import Path

from shortrun.landscape import Couplings, couplings_of
from shortrun.settings import CouplingsSettings, takes
from shortrun.store import Trajectory
from shortrun.workflows._runs import opened
from shortrun.workflows._sites import named_sites


@takes(CouplingsSettings)
def couplings(run: Trajectory | Path | str, *, settings: CouplingsSettings) -> Couplings:
    """Compute the effective fields, couplings of pairs or of triples of a machine (theory: DFNS24, DNS25).

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.

    Returns
    -------
    Couplings
        A table, the strongest first, and arrays of all of them.

    Raises
    ------
    ConfigError
        For a chaotic network, continuous units, an unknown class, options out of range, no such sites.
    StoreError
        For an age that was not kept.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = sr.fit(sr.read("digits").head(50), out=f"{folder}/run", hidden=8, updates=3)
    ...     found = sr.couplings(run, top=5)
    >>> found.table.columns.tolist(), len(found.table)
    (['i', 'j', 'coupling'], 5)
    """
    run = opened(run, raw=settings.raw)
    return couplings_of(named_sites(run, settings.age, settings.label, "couplings"), settings)
