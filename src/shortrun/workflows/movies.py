"""Moving pictures of a run: `animate`."""

from __future__ import annotations

from pathlib import Path

from shortrun.data import Dataset
from shortrun.errors import ConfigError
from shortrun.landscape import leaf_names
from shortrun.plots import Movie
from shortrun.regimes import boundaries
from shortrun.settings import AnimateSettings, MovieSettings, takes
from shortrun.store import Trajectory
from shortrun.tree_page.page import strips_of
from shortrun.workflows._runs import as_known, check_kind, opened
from shortrun.workflows.evaluation import known_samples
from shortrun.workflows.frames import frames
from shortrun.workflows.phases import phases
from shortrun.workflows.time_courses import sampled
from shortrun.workflows.tree import tree

LEAVES = 1000  # of a tree that grows
NOT_OF = {  # options that say nothing about a picture
    "walk": ("n", "labels", "until", "age", "seed"),
    "tree": ("n", "labels", "until", "age"),
}


@takes(MovieSettings)
def animate(
    run: Trajectory | Path | str, out: Path | str, data: Dataset | None = None, *, settings: MovieSettings
) -> Movie:
    """Write a moving picture of a run: samples or chains sweep by sweep, its walk on the phase diagram, or its tree.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    out : Path or str
        The picture: .gif, .webp, or .mp4 where the program ffmpeg is installed.
    data : Dataset, optional
        Real samples for chains and tree; by default those of the training.

    Returns
    -------
    Movie
        What was written, with a title for each frame.

    Raises
    ------
    ConfigError
        For an unknown class, if `until` is no number of sweeps, for options that the picture does not have, and for
        the walk and the tree of a chaotic network.
    DataError
        If real samples are needed and not at hand.
    FormatError
        If the suffix is another.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> folder = tempfile.mkdtemp()
    >>> run = sr.fit(sr.read("digits"), out=folder + "/run", hidden=8, updates=2)
    >>> sr.animate(run, folder + "/3.gif", labels="3", n=4, until="2").titles
    ('start', 'after 1 sweep', 'after 2 sweeps')
    """
    from shortrun.plots import check_movie, save_movie  # needs an extra

    check_movie(out)
    made = movie(run, data, settings=settings)
    save_movie(made, out)
    return made


@takes(MovieSettings)
def movie(run: Trajectory | Path | str, data: Dataset | None = None, *, settings: MovieSettings) -> Movie:
    """Return a moving picture of a run; see `animate`."""
    from shortrun import plots

    run, show = opened(run, raw=settings.raw), settings.show
    for name in NOT_OF.get(show, ()):
        if name in settings.given:
            raise ConfigError(name, f"samples or chains expected with it: '{show}' shows neither (show)")
    if show == "walk":
        table = phases(run, raw=settings.raw)
        return plots.phase_walk(boundaries(float(table["kappa"].iloc[0])), table)
    if show == "samples":
        found = frames(run, settings=settings.shared(AnimateSettings))
        return plots.samples_movie([*found.values()], [*found])
    real = known_samples(run)[0] if data is None else as_known(run, data)
    check_kind(run, real)
    if show == "chains":
        return plots.chains_in_time(real, frames(run, settings=settings.shared(AnimateSettings)))
    leaves = sampled(real, LEAVES, settings.seed)
    found = tree(run, leaves, raw=settings.raw)
    return plots.tree_growing(found, leaf_names(leaves.names.tolist()), strips_of(leaves, {}))
