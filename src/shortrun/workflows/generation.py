"""New samples: `generate`, and `stream` for many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from shortrun.data import Dataset
from shortrun.data.core.blocks import taken
from shortrun.data.core.parts import joined
from shortrun.dynamics import Noise, Stream, recorded
from shortrun.errors import ConfigError, DataError, nearest
from shortrun.likelihood import TARGET, Tempered
from shortrun.models import LABEL, Model, parts_of, rows_at_once, whole_of
from shortrun.store import Trajectory
from shortrun.typing import State
from shortrun.workflows._runs import check_kind, opened, theta_of
from shortrun.workflows.tempering import SHORT, Held, default_steps, in_equilibrium

Fixed: TypeAlias = Mapping[int, str] | Mapping[str, str]
ROWS_AT_ONCE = 2000  # samples in memory at one time


def generate(
    run: Trajectory | Path | str,
    *,
    labels: str | Sequence[str] | Mapping[str, int] | None = None,
    n: int = 100,
    steps: int | None = None,
    seed: int = 0,
    age: int | None = None,
    fix: Fixed | None = None,
    template: Dataset | None = None,
    keep: Sequence[int | str] = (),
    sampler: str = SHORT,
    acceptance: float = TARGET,
) -> Dataset:
    """Generate samples with the run's own recipe: from noise, k sweeps, labels clamped; or in equilibrium.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    labels : str or Sequence[str] or Mapping[str, int], optional
        The class of all samples, a class for each of the n samples, a count for each class, or None for the classes in
        the proportions of the training data.
    n : int, default 100
        Number of samples.
    steps : int, optional
        Sweeps; by default the k that the machine was trained for, outside of which it is not meant to be good; of an
        equilibrium sampler those of every replica, 500 by default.
    seed : int, default 0
        Of the noise; the first samples of a larger n are those of a smaller one with the same labels.
    age : int, optional
        Which age of the training; by default the last.
    fix : Fixed, optional
        Letters for sites, numbered from 1, that every sample has: {12: "A", 40: "G"}; of a table, what a column holds:
        {"sex": "female"} (of a number, the bin that it is in).
    template, keep : Dataset or Sequence[int | str], optional
        Samples whose sites `keep` (numbered from 1, or names of columns) are held while the others are generated; its
        samples are taken in turn.
    sampler : str, default SHORT
        "short" for the recipe; "ptt" for equilibrium samples by swaps between the ages of the run, "pt" between
        temperatures.
    acceptance : float, default TARGET
        Of swaps, that ages or temperatures are chosen for.

    Returns
    -------
    Dataset
        with the alphabet (or columns) and the classes of the training data

    Raises
    ------
    ConfigError
        For an unknown class, a site or letter that does not exist, steps below 1, an unknown sampler.
    """
    run = opened(run)
    k = default_steps(run, sampler) if steps is None else steps
    options = {
        "labels": labels,
        "n": n,
        "seed": seed,
        "age": age,
        "fix": fix,
        "template": template,
        "keep": keep,
        "sampler": sampler,
        "acceptance": acceptance,
    }
    return joined([part[k] for part in stream(run, times=(k,), **options)])


def stream(
    run: Trajectory | Path | str,
    *,
    times: Sequence[int],
    labels: str | Sequence[str] | Mapping[str, int] | None = None,
    n: int = 100,
    seed: int = 0,
    age: int | None = None,
    fix: Fixed | None = None,
    template: Dataset | None = None,
    keep: Sequence[int | str] = (),
    sampler: str = SHORT,
    acceptance: float = TARGET,
    watch: Callable[[Tempered], None] | None = None,
) -> Iterator[dict[int, Dataset]]:
    """Generate as `generate` does, a bounded number of samples at a time, recorded after each of `times` sweeps.

    Parameters
    ----------
    watch : Callable[[Tempered], None], optional
        Called with how the chains of an equilibrium sampler moved, some samples at a time.

    Yields
    ------
    dict
        {time: samples}, at most 2,000 samples each (fewer of many sites); memory grows by a byte a sample
    """
    run = opened(run)
    if not times or min(times) < 1:
        raise ConfigError("steps", f"at least 1 expected, got {', '.join(map(str, times)) or 'none'}")
    codes = _label_codes(run, labels, n)
    model, theta, n = run.model, theta_of(run, age), len(codes)
    held = Held(_held_label(model, codes, theta.dtype), _kept(run, n, fix or {}, template, keep))
    noise, at_once = Noise(seed, Stream.GENERATE), rows_at_once(model, ROWS_AT_ONCE)
    if sampler == SHORT:
        options = {"held": held.layers, "kept_sites": held.sites, "at_once": at_once}
        parts = recorded(model, theta, n, noise, times=tuple(times), **options)
    else:
        sizes = {"age": age, "acceptance": acceptance, "at_once": at_once, "seed": seed}
        parts = _in_equilibrium(run, times, n, held, sampler, sizes, watch)
    for first, part in zip(range(0, n, at_once), parts, strict=True):
        here = codes[first : first + at_once]
        yield {t: _dataset(run, model.shown(state), here, first, n) for t, state in part.items()}


def _in_equilibrium(
    run: Trajectory,
    times: Sequence[int],
    n: int,
    held: Held,
    sampler: str,
    sizes: Mapping[str, Any],
    watch: Callable[[Tempered], None] | None,
) -> Iterator[dict[int, State]]:
    """Yield {sweeps: samples} of an equilibrium sampler, which is looked at once, at its end."""
    if len(times) != 1:
        raise ConfigError("record", f"{sampler} gives samples at its end only, not after {len(times)} times")
    for drawn in in_equilibrium(run, sampler=sampler, count=n, rounds=times[0], held=held, **sizes):
        if watch is not None:
            watch(drawn.tempered)
        yield {times[0]: drawn.state}


def _held_label(model: Model, codes: np.ndarray, dtype: torch.dtype) -> dict[str, Tensor]:
    """Return the label layer that every sample has, none where the model has no such layer."""
    label = model.spec.label
    if label is None:
        return {}
    layers = [torch.empty(len(codes), 0)] * label + [torch.from_numpy(codes).unsqueeze(1)]
    return {LABEL: model.held(tuple(layers), dtype)[label]}


def _label_codes(run: Trajectory, labels: str | Sequence[str] | Mapping[str, int] | None, n: int) -> np.ndarray:
    if n < 1:
        raise ConfigError("n", f"at least 1 sample expected, got {n}")
    if labels is None or not run.classes:
        if labels is not None:
            raise ConfigError("label", f"{run.path} was trained without labels")
        counts = np.array(run.data["class_counts"] if run.classes else [n])
        return np.repeat(np.arange(len(counts), dtype=np.uint8), _proportional(counts, n))
    counted = {labels: n} if isinstance(labels, str) else labels
    names = set(labels) if isinstance(counted, Sequence) else counted
    for name in set(names) - set(run.classes):
        known = ", ".join(run.classes[:20])
        raise ConfigError("label", f"class '{name}' is unknown, expected one of {known}", nearest(name, run.classes))
    code = {name: np.uint8(k) for k, name in enumerate(run.classes)}
    if isinstance(counted, Mapping):
        return np.repeat(np.array([code[name] for name in counted], np.uint8), list(counted.values()))
    return np.fromiter((code[name] for name in counted), np.uint8)


def _proportional(counts: np.ndarray, n: int) -> np.ndarray:
    """Return whole numbers that sum to n in the proportions of `counts`, the largest remainders rounded up."""
    exact = n * counts / counts.sum()
    whole = np.floor(exact).astype(int)
    whole[np.argsort(whole - exact, kind="stable")[: n - whole.sum()]] += 1
    return whole


def _kept(
    run: Trajectory, n: int, fix: Fixed, template: Dataset | None, keep: Sequence[int | str]
) -> dict[str, tuple[Tensor, Tensor]]:
    if (template is None) != (len(keep) == 0):
        raise ConfigError("keep", "a template and the sites to keep of it go together")
    if not fix and template is None:
        return {}
    values = np.zeros((1, run.sites), run.kind.dtype)
    mask = np.zeros(run.sites, bool)
    if template is not None:
        check_kind(run, template)
        values = taken(template.values, slice(0, n))
        mask[[_site(run, site) for site in keep]] = True
    for site, letter in fix.items():
        place = _site(run, site)
        mask[place] = True
        values[:, place] = _code(run, place, letter)
    masks, parts = (parts_of(run.spec, torch.from_numpy(array)) for array in (mask, values))
    return {layer.name: held for layer, held in zip(run.spec.visible, zip(masks, parts, strict=True), strict=True)}


def _site(run: Trajectory, site: int | str) -> int:
    if isinstance(site, str):
        names = [column.name for column in run.columns or ()]
        if site not in names:
            raise ConfigError("site", f"no column '{site}'", nearest(site, names))
        return names.index(site)
    if not 1 <= site <= run.sites:
        raise ConfigError("site", f"1 to {run.sites} expected, got {site}")
    return site - 1


def _code(run: Trajectory, site: int, text: str) -> int | float:
    try:
        return run.kind.encode(site, text)
    except DataError as error:
        raise ConfigError("fix", str(error)) from None


def _dataset(run: Trajectory, state: State, codes: np.ndarray, first: int, n: int) -> Dataset:
    numbers = np.arange(first + 1, first + len(codes) + 1).astype(f"U{len(str(n))}")  # as wide as the last one
    names = np.char.add("generated_", numbers)
    return Dataset(
        values=whole_of(run.spec, state, run.sites).numpy(),
        labels=codes.astype(np.int64) if run.classes else np.full(len(codes), -1),
        weights=np.ones(len(codes), np.float32),
        names=names,
        kind=run.kind,
        classes=run.classes,
    )
