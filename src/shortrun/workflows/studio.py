"""A trained machine as a page that runs it: `studio`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shortrun.data import Dataset
from shortrun.errors import ConfigError, DataError
from shortrun.files import atomic_file, check_place
from shortrun.phrases import counted
from shortrun.settings import StudioSettings, takes
from shortrun.store import Trajectory
from shortrun.studio_page import size_of, studio_page
from shortrun.workflows._runs import age_of, opened, training_data
from shortrun.workflows.prediction import learned_from

MEGABYTE = 10**6


@takes(StudioSettings)
def studio(run: Trajectory | Path | str, out: Path | str, *, settings: StudioSettings) -> int:
    """Write a page that runs the machine of a run in a browser: one file, without network.

    It draws with the noise of `generate`: sample i of seed s is the i-th that `generate` makes with that seed (of a
    chaotic network up to roundings that grow).

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run, or its folder.
    out : Path or str
        The page to write, .html.

    Returns
    -------
    int
        Its size in bytes.

    Raises
    ------
    ConfigError
        For units or values that the page cannot draw, an ending other than .html, or a page larger than `largest`.
    DataError
        If training samples are asked for and the training data cannot be read again.
    StoreError
        If the page cannot be written.
    MissingExtraError
        If jinja2 is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> folder = tempfile.mkdtemp()
    >>> run = sr.fit(sr.read("digits"), out=folder + "/run", hidden=8, updates=2)
    >>> size = sr.studio(run, folder + "/studio.html")
    >>> size == Path(folder, "studio.html").stat().st_size
    True
    """
    run, path = opened(run, raw=settings.raw), Path(out)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ConfigError("output", f"a page, .html, expected, got '{path.name}'")
    check_place(path)
    page = page_of(run, settings)
    with atomic_file(path) as file:
        file.write(page)
    return len(page)


def page_of(run: Trajectory, settings: StudioSettings) -> bytes:
    """Return the page of a run at an age.

    Raises
    ------
    ConfigError
        For units or values that the page cannot draw, or a page larger than `largest`.
    DataError
        If training samples are asked for and the training data cannot be read again.
    StoreError
        If the age was not kept.
    """
    check_size(size_of(run, min(settings.nearest, run.data["rows"])), settings)
    known = training_samples(run, settings.nearest) if settings.nearest else None
    page = studio_page(run, age=age_of(run, settings.age), known=known).encode()
    check_size(len(page), settings)
    return page


def check_size(size: int, settings: StudioSettings) -> None:
    """Raise ConfigError if a page is larger than it may be."""
    if size > settings.largest * MEGABYTE:
        advice = "allow as many, or train a machine of fewer hidden units"
        if settings.nearest:
            advice = f"{advice}, or ask for fewer than {settings.nearest:,} training samples"
        raise ConfigError("largest", f"the page would have {size / MEGABYTE:.0f} MB: {advice}")


def training_samples(run: Trajectory, count: int) -> Dataset:
    """Return some of the samples that a run learned from, spread over its data.

    Raises
    ------
    DataError
        If they cannot be read again.
    """
    data = training_data(run)
    learned = learned_from(run, data)
    rows = np.arange(len(data)) if learned is None else np.flatnonzero(learned)
    if not len(rows):
        raise DataError(f"{run.called}: none of {counted(len(data), 'sample')} is one that the run learned from")
    return data.select(rows[np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int))])
