"""Machines of other programs as runs, and runs as machines of other programs: `import_model`, `export_model`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from shortrun import exchange, learning, store
from shortrun.data import Kind
from shortrun.data.core import alphabet, boundary
from shortrun.data.core.kind import HasKind, kind_of
from shortrun.errors import ConfigError, DataError, FormatError
from shortrun.exchange import Arrays, Machine, ModelFormat, Pairwise
from shortrun.exchange.machine import check_classes, default_classes, held, usual_order
from shortrun.files import atomic_file, check_place
from shortrun.landscape import couplings_of
from shortrun.models import RBM
from shortrun.phrases import counted
from shortrun.settings import (
    Config,
    CouplingsSettings,
    ExportSettings,
    ImportSettings,
    MachineSettings,
    ParameterSettings,
    takes,
)
from shortrun.store import TemporaryFolder, Trajectory
from shortrun.workflows._runs import age_of, check_ages, opened, rbm_of
from shortrun.workflows._sites import caveats, class_code, named_sites

SAID = ("units", "hidden_units", "labels", "alphabet")  # what a file may say
SCHEME, STEPS = "pcd", 1000  # of a machine of which nothing is known: chains as long as equilibrium may need


@takes(ImportSettings)
def import_model(
    source: Path | str | Any,
    *,
    out: Path | str | None = None,
    like: Kind | HasKind | None = None,
    settings: ImportSettings,
) -> Trajectory:
    """Make a run of a machine that another program trained: every verb works on it.

    Parameters
    ----------
    source : Path or str or estimator
        A file of rbms, annaDCA, the F&F authors' code, clusterbm or couplings_inference (HDF5), named arrays in .npz or
        .safetensors, or a fitted `BernoulliRBM` of scikit-learn. Pickles are never read.
    out : Path or str, optional
        Folder of the run; by default a temporary one, which goes with the value that is returned.
    like : Kind or Dataset or Trajectory, optional
        Samples such as it learned from, or a run of such: they say what codes, sites and the shape of images mean.

    Returns
    -------
    Trajectory
        With the ages that the file has.

    Raises
    ------
    FormatError
        If the file cannot be read, or its arrays make no machine.
    ConfigError
        For options that do not go with it.
    StoreError
        If `out` holds a run already, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = sr.fit(sr.read("digits"), out=f"{folder}/run", hidden=4, updates=2)
    ...     notes = sr.export_model(run, f"{folder}/model.npz")
    ...     again = sr.import_model(f"{folder}/model.npz")
    >>> again.sites, again.hidden, again.classes[:3], again.recipe["name"]
    (64, 4, ('0', '1', '2'), 'ff')
    """
    if not isinstance(source, Path | str):
        if settings.format not in (None, "sklearn"):
            raise ConfigError("format", f"an estimator is given, not a file of '{settings.format}'")
        return _made(Source(exchange.of_estimator(source), exchange.named("sklearn"), None, like), out, settings)
    path = Path(source)
    form = exchange.of_file(path) if settings.format is None else exchange.named(settings.format)
    with boundary.reading(path), _told_of(path, settings):
        exchange.check_file(path)
        assert form.read is not None
        machine = form.read(path).noted(f"imported from {path.name}, a file of {form.program}")
        return _made(Source(machine, form, path, like), out, settings)


@takes(ParameterSettings)
def from_parameters(
    weight: Any,
    bias: Any,
    hidden_bias: Any,
    *,
    label_weight: Any = None,
    label_bias: Any = None,
    out: Path | str | None = None,
    settings: ParameterSettings,
) -> Trajectory:
    """Make a run of the parameters of a machine: E = - a v - b h - v W h, and - d l - l D h of a label.

    Parameters
    ----------
    weight : Any
        W, (sites, hidden), or (sites, colours, hidden).
    bias : Any
        a, (sites,), or (sites, colours).
    hidden_bias : Any
        b, (hidden,).
    label_weight, label_bias : Any, optional
        D, (classes, hidden), and d, (classes,).
    out : Path or str, optional
        Folder of the run; by default a temporary one, which goes with the value that is returned.

    Returns
    -------
    Trajectory
        With one age, 0.

    Raises
    ------
    DataError
        If the arrays make no machine.
    ConfigError
        For options that do not go with them.

    Examples
    --------
    >>> import numpy as np
    >>> import shortrun as sr
    >>> run = sr.from_parameters(np.zeros((5, 4, 3)), np.zeros((5, 4)), np.zeros(3), alphabet="ACGT", steps=10)
    >>> run.sites, run.hidden, run.alphabet.letters, len(sr.generate(run, n=2))
    (5, 3, 'ACGT', 2)
    """
    named = {"weight": weight, "bias": bias, "hidden_bias": hidden_bias}
    of_label = {"label_weight": label_weight, "label_bias": label_bias}
    named |= {name: each for name, each in of_label.items() if each is not None}
    arrays = Arrays(**{name: as_array(name, each) for name, each in named.items()})
    units = settings.units or ("potts" if np.ndim(arrays.weight) == 3 else "bernoulli")
    machine = Machine((0,), lambda _: arrays, units=units, hidden_units=settings.hidden_units)
    return _made(Source(machine, exchange.named("npz"), None, None), out, settings)


def as_array(name: str, values: Any) -> np.ndarray:
    """Return numbers as an array; a tensor from any device, without its gradient.

    Raises
    ------
    DataError
        If they make none, as rows of different lengths.
    """
    try:
        return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
    except (RuntimeError, TypeError, ValueError) as error:
        raise DataError(f"{name}: an array of numbers expected ({boundary.complaint(error)})") from None


@contextlib.contextmanager
def _told_of(path: Path, settings: MachineSettings) -> Iterator[None]:
    """Say of the file what is wrong with what it says, not of an option that was not given.

    Raises
    ------
    FormatError
        In place of a ConfigError.
    """
    try:
        yield
    except ConfigError as error:
        if error.key not in SAID or getattr(settings, error.key, None):
            raise
        raise FormatError(path, None, str(error)) from None


class Source(NamedTuple):
    """A machine, its format, its file if there is one, and what it is to be like."""

    machine: Machine
    form: ModelFormat
    path: Path | None
    like: Kind | HasKind | None


def _made(source: Source, out: Path | str | None, settings: MachineSettings) -> Trajectory:
    """Return the run of a machine, all of whose ages are looked at before anything is written."""
    machine, _, path, _ = source
    arrays, clipped = _usable(machine, path, machine.ages[0])
    kind, recode, notes = _meaning(source, arrays, settings.alphabet)
    classes = settings.labels or machine.classes or default_classes(arrays)
    check_classes(classes, arrays)
    machine = _trained(machine, settings)
    model = exchange.model_of(machine, arrays)
    for age in machine.ages[1:]:
        other, more = _usable(machine, path, age)
        clipped += more
        if path is not None and exchange.model_of(machine, other) != model:
            raise FormatError(path, None, f"the arrays of age {age} have other shapes than those of the first")
    if clipped:
        notes.append(f"{counted(clipped, 'bias')} of -inf or +inf set to 20 from the largest of the site, or from 0")
    config = _config(machine, model)
    scheme = learning.from_settings(config.scheme, model.spec.label is not None)
    header = store.describe_imported(model.spec, scheme, config, kind, classes, [*machine.notes, *notes])

    def fill(folder: Path) -> None:
        with store.create(folder, header, model=model, resumable=False) as writer:
            for age in machine.ages:
                theta = exchange.theta_of(recode(_usable(machine, path, age)[0]))
                writer.age(learning.Training(update=age, theta=theta, moments=(), chains=()))

    if out is None:
        place = TemporaryFolder()
        fill(place.run)
        return Trajectory.kept_in(place)
    with store.placed(Path(out), overwrite=settings.overwrite) as folder:
        fill(folder)
        Trajectory.open(folder)  # none is kept that cannot be
    return Trajectory.open(out)


def _usable(machine: Machine, path: Path | None, age: int) -> tuple[Arrays, int]:
    """Return the arrays of an age, and how many infinite biases they had.

    Raises
    ------
    DataError
        If they make no machine; a FormatError of the file if there is one.
    """
    try:
        return exchange.usable(machine.at(age))
    except FormatError:
        raise
    except DataError as error:
        if path is None:
            raise
        raise FormatError(path, None, f"age {age}: {error}") from None


def _meaning(source: Source, arrays: Arrays, given: str | None) -> tuple[Kind, Callable[[Arrays], Arrays], list[str]]:
    """Return the kind of data, what brings arrays to the usual order of letters, and what is to be said of it.

    Raises
    ------
    ConfigError
        If the letters are not as many as the colours, or the samples that it is to be like are of another kind.
    """
    machine, sites = source.machine, arrays.weight.shape[0]
    if machine.units != "potts" or arrays.weight.ndim != 3:
        if given is not None and (machine.units == "gaussian" or len(alphabet.named(given)) != 2):
            raise ConfigError("alphabet", f"sites of '{machine.units}' units have no letters but 0 and 1")
        two = None if machine.units == "gaussian" else alphabet.named(given or "binary")
        return _alike(Kind(sites, two), source.like), lambda arrays: arrays, []
    colours = arrays.weight.shape[1]
    letters, note = _letters(source, colours, given)
    if len(letters) != colours:
        raise ConfigError("alphabet", f"{counted(colours, 'letter')} expected, one a state, got '{letters}'")
    order = usual_order(letters)
    kind = _alike(Kind(sites, alphabet.of_letters(order)), source.like)
    return kind, lambda arrays: exchange.recoded(arrays, letters, order), [] if note is None else [note]


def _alike(kind: Kind, like: Kind | HasKind | None) -> Kind:
    """Return the kind of samples that a machine is to be like, which know more of themselves than it does.

    Raises
    ------
    ConfigError
        If they have other sites or letters.
    """
    if like is None:
        return kind
    other = kind_of(like)
    if other.is_like(kind):
        return replace(other, source=None)
    raise ConfigError(
        "like", f"{kind.extent} of {kind.words} expected, as in the model; found {other.extent} of {other.words}"
    )


def _letters(source: Source, colours: int, given: str | None) -> tuple[str, str | None]:
    """Return the letters of so many codes in the order of the file, and what is to be said of it."""
    machine, form = source.machine, source.form
    like = None if source.like is None else kind_of(source.like).alphabet
    rule = form.letters_of(colours)
    if given is not None:
        wanted = alphabet.named(given)
        same = given in alphabet.KNOWN and rule is not None and set(rule) == set(wanted.letters)
        return rule if same and rule is not None else wanted.letters, None
    if machine.letters is not None:
        return machine.letters, None
    if rule is not None:
        return rule, f"its {colours} states are taken for '{rule}', the order of {form.program}"
    if like is not None and len(like) == colours:
        return like.letters, f"its {colours} states are taken for '{like.letters}', as in the samples that it is like"
    return (
        alphabet.numbered(colours).letters,
        f"what its {colours} states stand for is not in the file, so they are 0, 1, ...",
    )


def _trained(machine: Machine, settings: MachineSettings) -> Machine:
    """Return the machine with the training that the options say, else the file, else what is taken for granted."""
    unknown = machine.scheme is None and settings.scheme is None
    long = machine.steps is None and settings.steps is None
    machine = replace(
        machine,
        scheme=settings.scheme or machine.scheme or SCHEME,
        steps=settings.steps or machine.steps or STEPS,
        hidden_rule=settings.hidden_rule or machine.hidden_rule,
    )
    told = ["how it was trained is not known: taken for pcd (--scheme)"] if unknown else []
    return machine.noted(*told, *([f"how many sweeps make a sample is not known: {STEPS:,} (--steps)"] if long else []))


def _config(machine: Machine, model: RBM) -> Config:
    """Return the settings of a training as far as they are known."""
    about = {"units": machine.units, "hidden": model.shape[1], "hidden_units": machine.hidden_units}
    return Config.checked(
        {
            "model": about | {"hidden_rule": machine.hidden_rule, "start": "uniform"},
            "scheme": {"name": machine.scheme, "steps": machine.steps},
            "optimiser": {"average": 0.0},
        }
    )


@takes(ExportSettings)
def export_model(run: Trajectory | Path | str, path: Path | str, *, settings: ExportSettings) -> tuple[str, ...]:
    """Write the machine of a run in the format of another program, or its effective couplings.

    Parameters
    ----------
    run : Trajectory or Path or str
        A run or its folder.
    path : Path or str
        The file.

    Returns
    -------
    tuple[str, ...]
        What the file does not hold, or holds otherwise, a line each.

    Raises
    ------
    ConfigError
        If the format cannot hold the machine; says what would help.
    StoreError
        For an age that was not kept, or a file that cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = sr.fit(sr.read("digits"), out=f"{folder}/run", hidden=4, updates=2)
    ...     notes = sr.export_model(run, f"{folder}/model.h5", format="rbms", label="3", age="last")
    >>> notes
    ("the label is held at '3': its weights are part of the hidden biases",)
    """
    path, run = Path(path), opened(run, raw=settings.raw)
    form = _format_to_write(path, settings.format)
    check_place(path)
    model = rbm_of(run, "energy")
    notes: list[str] = []
    if form.write_pairs is not None:
        content, write = _pairs(run, settings), form.write_pairs
        notes += caveats(run)
    else:
        assert form.write is not None
        content, write = _written(run, model, form, settings, notes), form.write
    with boundary.writing(path), atomic_file(path) as file:
        write(file, content)  # pyright: ignore[reportArgumentType]
    return tuple(notes)


def _format_to_write(path: Path, name: str | None) -> ModelFormat:
    """Return the format of a name, or the only one that a file ends so.

    Raises
    ------
    ConfigError
        If the ending is that of several, or of none.
    """
    if name is not None:
        return exchange.named(name, able_to="write")
    found = exchange.of_name(path)
    if found is None:
        fitting = [it for it, each in exchange.by_name().items() if path.suffix.lower() in each.suffixes]
        raise ConfigError("format", f"which program is to read it? {', '.join(fitting or exchange.by_name())}")
    return found


def _written(run: Trajectory, model: RBM, form: ModelFormat, settings: ExportSettings, notes: list[str]) -> Machine:
    """Return the machine as a format can hold it; adds to the notes what changes."""
    visible, hidden = model.spec.visible[0].units.kind, model.spec.hidden.units.kind
    ising = "ising" in (visible, hidden) and not form.any_units
    if "gaussian" in (visible, hidden) and not form.any_units:
        raise ConfigError("format", f"{form.program} has no gaussian units: npz and safetensors hold them")
    code = _held_class(run, model, form, settings.label, notes)
    if ising:
        notes.append("units of -1 and +1 are written as units of 0 and 1: free energies differ by a constant")
    order = _order_to_write(run, form)

    def at(age: int) -> Arrays:
        arrays = exchange.arrays_of(model, run.at(age))
        arrays = arrays if code is None else held(arrays, code)
        arrays = exchange.in_binary(arrays, visible, hidden) if ising else arrays
        return arrays if order is None else exchange.recoded(arrays, order[0], order[1])

    return Machine(
        _ages(run, settings, form),
        at,
        units="bernoulli" if ising and visible == "ising" else visible,
        hidden_units="bernoulli" if ising else hidden,
        letters=None if run.alphabet is None else run.alphabet.letters if order is None else order[1],
        classes=() if code is not None else run.classes,
        scheme=run.recipe["name"] if run.recipe["name"] in ("ff", "pcd", "cd", "rdm") else None,
        steps=run.recipe["steps"],
        hidden_rule=model.spec.hidden_rule,
    )


def _held_class(run: Trajectory, model: RBM, form: ModelFormat, label: str | None, notes: list[str]) -> int | None:
    """Return the class at which the label is held, None if it is written with the machine.

    Raises
    ------
    ConfigError
        If the format holds no labels and none is given, or needs one.
    """
    if model.spec.label is None:
        if form.labels and not form.any_units:
            raise ConfigError("format", f"{form.program} has a label, {run.called} has none: rbms takes it")
        return class_code(run, label)
    if label is None:
        if not form.labels:
            raise ConfigError(
                "label", f"{form.program} holds no labels: name a class to hold, such as '{run.classes[0]}'"
            )
        return None
    if form.labels and not form.any_units:
        raise ConfigError("label", f"{form.program} holds the label itself")
    notes.append(f"the label is held at '{label}': its weights are part of the hidden biases")
    return class_code(run, label)


def _order_to_write(run: Trajectory, form: ModelFormat) -> tuple[str, str] | None:
    """Return the letters of the run and the same in the order of a program; None where they stay as they are."""
    if run.alphabet is None:
        return None
    rule = form.letters_of(len(run.alphabet))
    return None if rule is None or set(rule) != set(run.alphabet.letters) else (run.alphabet.letters, rule)


def _ages(run: Trajectory, settings: ExportSettings, form: ModelFormat) -> tuple[int, ...]:
    """Return the ages to write.

    Raises
    ------
    ConfigError
        If they are several and the format holds one.
    """
    if settings.age == "all" and not form.many:
        raise ConfigError("age", f"a file of {form.program} holds one age: best, last, or a number")
    if settings.age == "all" or (settings.age is None and form.many):
        run.check_any()
        return run.ages
    chosen = age_of(run, settings.age or "best")
    check_ages(run, [chosen])
    return (chosen,)


def _pairs(run: Trajectory, settings: ExportSettings) -> Pairwise:
    """Return the effective fields and couplings of a machine.

    Raises
    ------
    ConfigError
        If its sites have different letters, or several ages are asked for.
    """
    if settings.age == "all":
        raise ConfigError("age", "effective couplings are those of one age: best, last, or a number")
    if run.alphabet is None:
        raise ConfigError("run", "sites of one alphabet expected: these are columns of different kinds, or numbers")
    named = named_sites(run, settings.age or "best", settings.label, "couplings")
    fields, pairs = (couplings_of(named, CouplingsSettings(order=order)).arrays for order in (1, 2))
    positions: Sequence[int] | np.ndarray = fields["positions"]
    return Pairwise.of_rows(fields["fields"], pairs["pairs"], run.alphabet.letters, np.asarray(positions))
