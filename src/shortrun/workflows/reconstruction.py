"""What a chaotic network of two layers finds again of samples: `reconstruct`."""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.data import Dataset
from shortrun.data.core.blocks import taken
from shortrun.dynamics import Noise, Stream
from shortrun.engine import machine
from shortrun.errors import DataError
from shortrun.models import HIDDEN, VISIBLE, Clamp
from shortrun.settings import ReconstructSettings, takes
from shortrun.store import Trajectory
from shortrun.workflows._runs import check_kind, opened, theta_of
from shortrun.workflows._shared import rows_together, shared

ROWS_AT_ONCE = 2000


def can_reconstruct(run: Trajectory) -> bool:
    """Return whether a run is a network with one hidden layer and no label."""
    spec = run.spec
    return run.model.family == "chaotic" and [layer.name for layer in spec.layers] == [VISIBLE, HIDDEN]


@takes(ReconstructSettings)
@shared
def reconstruct(run: Trajectory | Path | str, data: Dataset, *, settings: ReconstructSettings) -> Dataset:
    """Return samples as the network finds them again: hold them, hold what the hidden layer became, let them go.

    h(T) with the visible layer held at the data, then v(T) from a random start with the hidden layer held (FU24
    appendix B; theory 12.16). Their mean squared difference is the score "reconstruction-error".

    Parameters
    ----------
    run : Trajectory or Path or str
        A chaotic network with one hidden layer.
    data : Dataset
        Samples of its kind.

    Returns
    -------
    Dataset
        The same samples with the values of v(T).

    Raises
    ------
    DataError
        For another model, or samples of another kind.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> digits = sr.read("digits", grey=True).head(20)
    >>> out = tempfile.mkdtemp() + "/run"
    >>> run = sr.fit(digits, out=out, model="chaotic", layers=(10,), steps=20, updates=2, batch=10)
    >>> sr.reconstruct(run, digits).values.shape
    (20, 64)
    """
    run = opened(run, raw=settings.raw)
    if not can_reconstruct(run):
        raise DataError(f"{run.called} is not a chaotic network with one hidden layer: it rebuilds nothing")
    check_kind(run, data)
    k = settings.steps or run.recipe["steps"]
    theta, at_once = theta_of(run, settings.age), rows_together(run.model, ROWS_AT_ONCE)
    firsts = range(0, len(data), at_once)
    parts = [rebuilt(run, theta, data, slice(first, first + at_once), k, settings.seed) for first in firsts]
    values = torch.cat(parts).numpy()
    return data.with_values(values)


def rebuilt(run: Trajectory, theta: Tensor, data: Dataset, rows: slice, steps: int, seed: int) -> Float[Tensor, "n S"]:
    """Return the values that are found again of some rows."""
    model, ready = run.model, machine(run.model, theta)
    observed = model.to_state((torch.from_numpy(taken(data.values, rows)),), theta.dtype)
    noise = Noise(seed, Stream.GENERATE, first_chain=rows.start)
    known = ready.settle(observed, model.start_hidden(noise, len(observed[0])), steps)
    free = run.spec.layers[0].units.start(noise.at(0).uniform(0, len(observed[0]), data.sites))
    end = ready.run((free, known[1]), noise, steps=steps, clamp=Clamp((HIDDEN,)))
    return model.to_values(end)[0]
