"""New samples: `generate`, and `stream` for many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from shortrun.data import Dataset, Kind
from shortrun.data.core.blocks import taken
from shortrun.data.core.labels import UNKNOWN, code_of
from shortrun.data.core.parts import joined
from shortrun.data.music.encoding import KEYS
from shortrun.dynamics import Noise, Stream, recorded
from shortrun.equilibrium import Held, Tempered
from shortrun.errors import ConfigError, nearest
from shortrun.models import LABEL, Model, parts_of, rows_at_once, whole_of
from shortrun.settings import Config, GenerateSettings, StreamSettings, takes
from shortrun.settings.training import CHAOS
from shortrun.store import Trajectory
from shortrun.typing import State
from shortrun.workflows._held import Kept, encoded, fixed_cells, holding, kept_sites
from shortrun.workflows._music import as_pieces, first_bins, is_longer, moved
from shortrun.workflows._ruled import Wanted, kept
from shortrun.workflows._runs import check_kind, opened, same_labels, theta_of, training_data
from shortrun.workflows._shared import by_sites, rows_together, shared
from shortrun.workflows.tempering import SHORT, default_steps, in_equilibrium

APART = 0x9E3779B1  # seeds of the windows of a piece, and of rows that are drawn again
ROWS_AT_ONCE = 2000  # samples in memory at one time, for each process


@takes(GenerateSettings)
def generate(run: Trajectory | Path | str, *, template: Dataset | None = None, settings: GenerateSettings) -> Dataset:
    """Generate samples with the run's own recipe, k sweeps from noise with labels clamped, or in equilibrium.

    A model is not meant to be good after other numbers of sweeps than the k that it was trained for. The first samples
    of a larger `n` are those of a smaller one with the same labels.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    template : Dataset, optional
        Samples whose sites `keep` are held while the others are generated; they are taken in turn.

    Returns
    -------
    Dataset
        with the alphabet (or columns) and the classes of the training data

    Raises
    ------
    ConfigError
        For an unknown class, or a site or letter that does not exist.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> run = sr.fit(sr.read("digits"), out=tempfile.mkdtemp() + "/run", hidden=8, updates=2)
    >>> made = sr.generate(run, labels="3", n=5, fix={1: "0"})
    >>> made.values.shape, made.classes[made.labels[0]]
    ((5, 64), '3')
    """
    run = opened(run, raw=settings.raw)
    if settings.rules:
        return ruled(run, template, settings=settings)
    if is_longer(settings):
        return pieces(run, template, settings=settings)
    k = steps_of(run, settings)
    return joined([part[k] for part in stream(run, times=(k,), template=template, settings=settings)])


@shared
def pieces(run: Trajectory, template: Dataset | None, *, settings: GenerateSettings) -> Dataset:
    """Return `n` pieces of music of any length, as the windows that they are made of, PIECE@BIN.

    The first window of a piece is generated as any sample is; each further one with its first bins held as the window
    before ends.

    Raises
    ------
    ConfigError
        If the run is not of music, or windows cannot overlap as asked for.
    """
    one = settings.model_copy(update={"bars": None, "seconds": None, "overlap": None})
    starts = first_bins(run, settings)
    windows = [generate(run, template=template, settings=one)]
    labels = same_labels(run, windows[0])
    for number, (before, start) in enumerate(pairwise(starts), start=1):
        held = run.sites - (start - before) * KEYS
        changes = {
            "labels": labels,
            "fix": None,
            "keep": (f"1-{held}",),
            "seed": (settings.seed + number * APART) % 2**32,
        }
        going_on = one.model_copy(update=changes)
        windows.append(generate(run, template=moved(windows[-1], start - before), settings=going_on))
    return as_pieces(windows, starts)


@shared
def ruled(run: Trajectory, template: Dataset | None, *, settings: GenerateSettings) -> Dataset:
    """Return rows that keep all rules: those that break one are drawn again, with the same label.

    Rows that cannot be kept are given up on; a note says how many.

    Raises
    ------
    ConfigError
        If a rule cannot be read or kept, or the data are no table.
    """
    if not run.kind.is_table:
        raise ConfigError("rules", "only for the rows of a table")
    if template is not None:
        raise ConfigError("rules", "go without a template: --fix holds columns (fix)")
    codes, fixed = _label_codes(run, None, settings), fixed_cells(run.kind, settings.fix)
    for site, text in fixed.items():
        encoded(run.kind, site, text)
    free = settings.model_copy(update={"rules": ()})

    def draw(labels: np.ndarray, turn: int) -> Dataset:
        names = [run.classes[code] for code in labels] if run.classes else None
        seed = (settings.seed + turn * APART) % 2**32
        return generate(run, settings=free.model_copy(update={"labels": names, "n": len(labels), "seed": seed}))

    train = cache(lambda: training_data(run, reweight=None))
    wanted = Wanted.of(settings.rules, (run.kind, run.classes), (codes, fixed), train)
    return kept(wanted, draw)


def steps_of(run: Trajectory, settings: GenerateSettings) -> int:
    """Return the sweeps that samples are generated with: those asked for, else those of the sampler.

    Raises
    ------
    ConfigError
        For a time of a machine that has sweeps and no time, or of less than one step.
    """
    if settings.time is not None:
        return steps_in(run, settings.time)
    return settings.steps or default_steps(run, settings.sampler)


def steps_in(run: Trajectory, time: float) -> int:
    """Return how many steps of a chaotic network a time has.

    Raises
    ------
    ConfigError
        For another model, or less than one step.
    """
    config = Config.checked(Config.known(run.config))
    if config.model.kind != CHAOS:
        raise ConfigError("time", "is an option of chaotic networks; give steps")
    return config.chaotic.steps_of(time)


def sweeps_at(run: Trajectory, times: Iterable[int]) -> list[int]:
    """Return the sweeps at these times, which for a chaotic network are times T, and for an RBM the sweeps."""
    chaotic = Config.checked(Config.known(run.config)).model.kind == CHAOS
    return [steps_in(run, time) if chaotic else time for time in times]


@takes(StreamSettings)
@shared
def stream(
    run: Trajectory | Path | str,
    *,
    times: Sequence[int],
    template: Dataset | None = None,
    settings: StreamSettings,
    watch: Callable[[Tempered], None] | None = None,
) -> Iterator[dict[int, Dataset]]:
    """Generate as `generate` does, a bounded number of samples at a time, recorded after each of `times` sweeps.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    times : Sequence[int]
        Sweeps after which samples are recorded; the last one ends the chains.
    template : Dataset, optional
        As for `generate`.
    watch : Callable[[Tempered], None], optional
        Called with how the chains of an equilibrium sampler moved, some samples at a time.

    Yields
    ------
    dict
        {time: samples}, at most 2,000 of each process (fewer of many sites); memory grows by a byte a sample

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> run = sr.fit(sr.read("digits"), out=tempfile.mkdtemp() + "/run", hidden=8, updates=2)
    >>> [(time, len(samples)) for part in sr.stream(run, times=(1, 5), n=4) for time, samples in part.items()]
    [(1, 4), (5, 4)]
    """
    run = opened(run, raw=settings.raw)
    if not times or min(times) < 1:
        raise ConfigError("times", f"at least 1 expected, got {', '.join(map(str, times)) or 'none'}")
    if settings.sampler == SHORT:
        settings.refuse(("acceptance",), "the samplers ptt and pt")
    codes = _label_codes(run, template, settings)
    fixed, kept = fixed_cells(run.kind, settings.fix), _kept(run, template, settings)
    kind, notes = holding(run.kind, fixed)
    exact = Kept.of(kind, template, set(kept) - fixed.keys())
    notes = (*notes, *exact.notes)
    held = Held(_held_label(run.model, codes), _held_sites(run, len(codes), template, kept, fixed))
    short = settings.sampler == SHORT
    drawn, at_once = (_from_noise, rows_together) if short else (_in_equilibrium, rows_at_once)
    at_once = at_once(run.model, ROWS_AT_ONCE)
    parts = drawn(run, tuple(times), len(codes), held, settings, at_once)
    for first, (part, tempered) in zip(range(0, len(codes), at_once), parts, strict=True):
        if watch is not None and tempered is not None:
            watch(tempered)
        here = codes[first : first + at_once]
        found = {time: run.model.to_values(state) for time, state in part.items()}
        parts_of_times = {t: _dataset(run, kind, state, here, first, len(codes)) for t, state in found.items()}
        yield {t: exact.within(part, first).with_notes(*notes) for t, part in parts_of_times.items()}


Drawn = Iterator[tuple[dict[int, State], Tempered | None]]


def _from_noise(
    run: Trajectory, times: tuple[int, ...], n: int, held: Held, settings: StreamSettings, at_once: int
) -> Drawn:
    """Yield {sweeps: samples} of the run's own recipe."""
    noise, parts = Noise(settings.seed, Stream.GENERATE), by_sites(run)
    mine = None if parts is None else parts.part
    model, theta = mine or run.model, theta_of(run, settings.age, part=mine)
    sites = held.sites if mine is None else held.of_sites(mine)
    given = {"held": held.layers, "kept_sites": sites, "at_once": at_once}
    for part in recorded(model, theta, n, noise, times=times, **given):
        yield part if parts is None else {time: parts.everywhere(state) for time, state in part.items()}, None


def _in_equilibrium(
    run: Trajectory, times: tuple[int, ...], n: int, held: Held, settings: StreamSettings, at_once: int
) -> Drawn:
    """Yield {sweeps: samples} of an equilibrium sampler, which is looked at once, at its end."""
    if by_sites(run) is not None:
        raise ConfigError("share", f"{settings.sampler} shares chains only: give rows")
    if len(times) != 1:
        raise ConfigError("record", f"{settings.sampler} gives samples at its end only, not after {len(times)} times")
    for tempered in in_equilibrium(run, held, n, settings, rounds=times[0], at_once=at_once):
        yield {times[0]: tempered.states[-1]}, tempered


def _held_label(model: Model, codes: np.ndarray) -> dict[str, Tensor]:
    """Return the label layer that every sample has, none where the model has no such layer."""
    label = model.spec.label
    if label is None:
        return {}
    layers = [torch.empty(len(codes), 0)] * label + [torch.from_numpy(codes).unsqueeze(1)]
    return {LABEL: model.to_state(tuple(layers), torch.float32)[label]}


def _label_codes(run: Trajectory, template: Dataset | None, settings: StreamSettings) -> np.ndarray:
    """Return the code of the class of every sample: that asked for, else of its template, else in proportion."""
    labels, n = settings.labels, settings.n
    known = None if template is None or labels is not None else classes_of(run, template)
    if known is not None:
        counts = np.array(run.data["class_counts"])
        proportional = np.repeat(np.arange(len(counts), dtype=np.uint8), _proportional(counts, n))
        codes = np.resize(known, n)
        return np.where(codes < 0, proportional, codes).astype(np.uint8)
    if labels is None or not run.classes:
        if labels is not None:
            raise ConfigError("labels", f"{run.called} was trained without labels")
        counts = np.array(run.data["class_counts"] if run.classes else [n])
        return np.repeat(np.arange(len(counts), dtype=np.uint8), _proportional(counts, n))
    counted = {labels: n} if isinstance(labels, str) else labels
    code = {name: code_of(name, run.classes) for name in counted}
    for name, found in code.items():
        if found is None:
            known = ", ".join(run.classes[:20])
            raise ConfigError(
                "labels", f"class '{name}' is unknown, expected one of {known}", nearest(name, run.classes)
            )
    codes = np.array([code[name] for name in counted], np.uint8)
    codes = np.repeat(codes, list(counted.values())) if isinstance(counted, Mapping) else codes
    if "n" in settings.given and n != len(codes):
        raise ConfigError("n", f"{len(codes):,} expected, as many as there are labels, or none, got {n:,}")
    return codes


def classes_of(run: Trajectory, template: Dataset) -> np.ndarray | None:
    """Return the codes of the classes of a template, -1 where a run does not know them; None where it knows none.

    A file without labels is of the class that its folder, or itself, is called after, as Bach/1.mid and Bach.mid.
    """
    names = [*template.classes, ""]  # the code -1 picks the last
    labels = [names[code] for code in template.labels.tolist()]
    if not template.labelled.any() and template.kind.source is not None:
        path = Path(template.kind.source)
        labels = [next((name for name in (path.parent.name, path.stem) if name in run.classes), "")] * len(template)
    known = {label: code_of(label, run.classes) for label in set(labels)}
    codes = np.array([UNKNOWN if known[label] is None else known[label] for label in labels])
    return codes if (codes >= 0).any() else None


def _proportional(counts: np.ndarray, n: int) -> np.ndarray:
    """Return whole numbers that sum to n in the proportions of `counts`, the largest remainders rounded up.

    All are alike where nothing was counted, as for machines from elsewhere.
    """
    counts = counts if counts.any() else np.ones_like(counts)
    exact = n * counts / counts.sum()
    whole = np.floor(exact).astype(int)
    whole[np.argsort(whole - exact, kind="stable")[: n - whole.sum()]] += 1
    return whole


def _kept(run: Trajectory, template: Dataset | None, settings: StreamSettings) -> list[int]:
    """Return the sites of a template that samples keep.

    Raises
    ------
    ConfigError
        If there is a template without sites to keep, or sites without a template.
    """
    if template is None:
        if settings.keep:
            raise ConfigError("template", "missing: the samples of which 'keep' names sites to hold")
        return []
    if not settings.keep:
        what = "columns" if run.kind.is_table else "sites, as 1-50,"
        raise ConfigError("keep", f"missing: the {what} of the template to hold")
    check_kind(run, template)
    return kept_sites(run.kind, settings.keep)


def _held_sites(
    run: Trajectory, n: int, template: Dataset | None, kept: Sequence[int], fixed: Mapping[int, str]
) -> dict[str, tuple[Tensor, Tensor]]:
    """Return layer -> the mask of the sites that are held, and the values that chains take there in turn."""
    if not fixed and template is None:
        return {}
    values = np.zeros((1, run.sites), run.kind.dtype)
    mask = np.zeros(run.sites, bool)
    if template is not None:
        values = taken(template.values, slice(0, n))
        mask[[*kept]] = True
    for site, text in fixed.items():
        mask[site], values[:, site] = True, encoded(run.kind, site, text)
    masks, parts = (parts_of(run.spec, torch.from_numpy(array)) for array in (mask, values))
    parts = run.model.to_state(parts)  # of a chaotic network the potentials whose rates are the values
    return {layer.name: held for layer, held in zip(run.spec.visible, zip(masks, parts, strict=True), strict=True)}


def _dataset(run: Trajectory, kind: Kind, state: State, codes: np.ndarray, first: int, n: int) -> Dataset:
    numbers = np.arange(first + 1, first + len(codes) + 1).astype(f"U{len(str(n))}")  # as wide as the last one
    names = np.char.add("generated_", numbers)
    return Dataset(
        values=whole_of(run.spec, state, run.sites).numpy(),
        labels=codes.astype(np.int64) if run.classes else np.full(len(codes), -1),
        weights=np.ones(len(codes), np.float32),
        names=names,
        kind=kind,
        classes=run.classes,
    )
