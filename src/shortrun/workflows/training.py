"""Learning from data: `fit`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from shortrun import engine, learning, memory, parallel, store
from shortrun.data import Dataset, read
from shortrun.data.core.dataset import UNKNOWN
from shortrun.data.core.splits import split_rows
from shortrun.data.core.values import holds_only_binary
from shortrun.data.in_memory import as_dataset
from shortrun.data.readers import again
from shortrun.errors import ConfigError, DataError, FormatError, LostError, ShortrunError
from shortrun.learning import Rows, Scheme, Training
from shortrun.learning.fit import Recorder
from shortrun.models import RBM, AnySpec, Model, RBMPart, model_of, network_of, spec_of
from shortrun.records import Record
from shortrun.settings import Config, TrainSettings, configured, takes
from shortrun.settings.training import CHAOS, asked, check_once, check_use, check_use_ahead
from shortrun.store import TemporaryFolder, Trajectory
from shortrun.store.header import Header
from shortrun.typing import Theta
from shortrun.workflows._runs import few, opened
from shortrun.workflows._shared import with_sites
from shortrun.workflows.monitoring import COMPARED, FEWEST, HeldOut

NO_JUDGE = (
    f"fewer than {FEWEST} samples (labelled, where there are classes) are held out, by which a training could end: "
    "give a number of updates, or a larger training.validation"
)

BYTES = 4 * 5  # of a parameter in a training: itself, its average, two statistics, and a step in the making
ANSWERS, FEWEST_ANSWERS = 2**27, 1000  # codes of held-out samples whose labels are predicted at an age; rows at least
BYTES_OF_STATE = 5  # of a unit: its mean, and its code

Progress = Callable[[int, int | None, Record], None]


@takes(TrainSettings, changes=Config)
def fit(
    data: Any = None,
    labels: Any = None,
    *,
    label_column: str | None = None,
    out: Path | str | None = None,
    scheme: Scheme | str | None = None,
    settings: TrainSettings,
    changes: Mapping[str, Any],
    progress: Progress | Literal["auto"] | None = "auto",
) -> Trajectory:
    """Train a model on labelled, partly labelled or unlabelled data and keep its trajectory in a folder.

    What comes later wins: the settings of the run that goes on (with `resume`), the preset, `config`, `assignments`,
    then every option given by name.

    Parameters
    ----------
    data : Dataset or Path or str or Any, optional
        What to learn; its classes become a label unit. A data frame, an array, an AnnData or a file is read with the
        defaults of `read`. A run that goes on reads its own again.
    labels : Any, optional
        (N,) classes in place of those that the data have; where `data` is a file, also a table of them.
    label_column : str, optional
        Column of a data frame or a file that holds them.
    out : Path or str, optional
        Folder of the run. By default it is a temporary one, deleted with the result; `run.save(path)` keeps a copy.
    scheme : Scheme or {"auto", "ff", "pcd", "cd", "rdm"}, optional
        How the free chains run, as a value or by name; by default ff with labels and rdm without.
    progress : Progress or "auto" or None, default "auto"
        Called after each update with (update, updates or None, last monitored values). By default it is a bar in a
        notebook or on a terminal, and nothing elsewhere.

    Returns
    -------
    Trajectory
        Open. Ctrl-C ends the training after the current update, with a restart file (`run.interrupted` is then True): a
        run that goes on has the bits of one that never stopped (with the cosine schedule, more `updates` also change
        the rates).

    Raises
    ------
    DataError
        For data that cannot be learned from.
    ConfigError
        For settings that do not go with the data.
    StoreError
        If `out` holds a run already, is not a run to resume, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> run = sr.fit(sr.read("digits"), out=tempfile.mkdtemp() + "/run", hidden=8, updates=2)
    >>> run.updates, run.recipe["name"]
    (2, 'ff')
    """
    named = {} if scheme is None or isinstance(scheme, Scheme) else {"scheme": scheme}  # a wrong one is refused there
    check_once(settings, {**changes, **named})
    settings = settings.restarted(out)
    run = Trajectory.open(out) if settings.resume and out is not None else None
    config = configured(settings, {**changes, **named}, None if run is None else run.config)  # before data are read
    given = asked(config, settings, changes)
    check_ahead(config, given, run, scheme.name if isinstance(scheme, Scheme) else config.scheme.name)
    of_file = data is None or isinstance(data, Path | str)
    data = None if data is None else samples_given(data, labels, label_column)
    if out is None:
        run = _in_memory(data, scheme, settings, changes, progress)
        return run if of_file else run.with_samples(data)
    data = seen_by(training_data(config, None, {}, run) if data is None else data, config)
    job, stopped = Job.of(data, config, scheme), False  # may refuse, so before a run is made
    labelled, name = job.model.spec.label is not None, job.scheme.name
    check_use(config, given, scheme=name, labelled=labelled)
    work = {"data": data, "config": config, "scheme": scheme}
    started = parallel.joined(settings.processes, settings.share, f"{__name__}:follow", work, job.check_share)
    with _to_be_resumed(), started as mesh, parallel.sharing(mesh):
        if mesh is not None and mesh.everyone.rank > 0:
            job.follow(mesh)
        else:
            job = job.with_profile(mesh, new=not settings.resume)
            form = store.describe(job.model.spec, job.scheme, config, data)
            form["data"]["learned"] = len(job.parts.rows)
            with _written(out, form, job, settings) as writer, _interrupts(writer), _followed(progress) as told:
                job.train(writer, told, mesh)
            stopped = writer.is_stopping
        if mesh is not None:
            stopped = mesh.everyone.told(lambda: stopped)  # others open the run once it is closed
    run = Trajectory.open(out).with_samples(None if of_file else data)
    run.interrupted = stopped and not at_end(run, config)
    return run


def check_ahead(config: Config, given: Sequence[str], run: Trajectory | None, scheme: str) -> None:
    """Check what can be known before data are read: that options are of use, and a run that goes on has updates left.

    Raises
    ------
    ConfigError
        For an option that is of no use whatever the data are, and for a run that is beyond its last update: what it was
        to reach would be forgotten.
    """
    check_use_ahead(config, given, scheme)
    if run is not None and run.updates > config.training.last_update:
        name = "max_updates" if config.training.updates == "auto" else "updates"
        told = f"{run.updates:,} or more expected, as many as the run has, got {config.training.last_update:,}"
        raise ConfigError(name, told)


def at_end(run: Trajectory, config: Config) -> bool:
    """Return whether a training has done its updates, or is done by held-out samples."""
    options = config.training
    return run.updates >= options.last_update or (options.updates == "auto" and run.outlook.done)


def _written(out: Path | str, form: Header, job: Job, settings: TrainSettings) -> store.Writer:
    """Return what writes the run: a new one, or one that goes on."""
    if settings.resume:
        return store.reopen(out, form)
    rows = store.KnownRows.of(job.parts.data, job.parts.held)
    return store.create(out, form, model=job.model, rows=rows, overwrite=settings.overwrite)


@contextmanager
def _to_be_resumed() -> Iterator[None]:
    """Say what to do when another process is gone."""
    try:
        yield
    except LostError as error:
        raise LostError(f"{error}; what was saved goes on with --resume") from error


def follow(group: parallel.Group, share: str, data: Dataset, config: Config, scheme: Any) -> None:
    """Do the same as the process that trains, in another one."""
    job = Job.of(data, config, scheme)
    with parallel.sharing(parallel.Mesh.of(group, share)) as mesh:
        assert mesh is not None
        job.follow(mesh)
        group.told(lambda: None)


def samples_given(data: Any, labels: Any, label_column: str | None) -> Dataset:
    """Return what is to be learned as a data set."""
    table = isinstance(labels, Path | str)
    if isinstance(data, Path | str):
        given = {"labels": labels if table else None, "label_column": label_column}
        data = read(data, **{name: it for name, it in given.items() if it is not None})
        return as_dataset(data, None if table else labels)
    if table:
        table = f"a table of labels goes with a file: sr.read(FILE, labels='{labels}')"
        raise ConfigError("labels", f"{table}; the column of a frame is label_column='{labels}'")
    return as_dataset(data, labels, label_column)


def _in_memory(
    data: Dataset | None,
    scheme: Scheme | str | None,
    settings: TrainSettings,
    changes: Mapping[str, Any],
    progress: Progress | Literal["auto"] | None,
) -> Trajectory:
    """Train in a temporary folder, which is deleted with the run.

    Raises
    ------
    ConfigError
        If a run is to go on, of which no one said which.
    """
    if settings.resume:
        raise ConfigError("out", "the folder of the run that is to go on expected")
    folder = TemporaryFolder()
    trained = fit(data, out=folder.run, scheme=scheme, settings=settings, progress=progress, **changes)
    run = Trajectory.kept_in(folder)
    run.interrupted = trained.interrupted
    return run


def _check_memory(model: Model, size: int, batch: int) -> None:
    """Check that the parameters of a process, and the states of its part of a minibatch, have room."""
    states = (BYTES_OF_STATE * batch) * sum(layer.sites for layer in model.spec.layers)
    memory.check(f"a training of {size:,} parameters", BYTES * size + states)


def training_data(
    config: Config, source: str | None, given: Mapping[str, Any], run: Trajectory | None = None
) -> Dataset:
    """Return the samples to train on, read in the way that the model needs where the options leave it open.

    Rates stand for grey values, for two codes, and for other numbers from -1 to 1 as they are. A run that goes on knows
    its source, and how it was read.

    Raises
    ------
    FormatError, ConfigError
        If there is no source, or it cannot be read: of the first way, if there are several.
    """
    if run is not None:
        source = source or run.kind.source
    if source is None:
        raise ConfigError("DATA", "a file of data or the name of a data set expected, see 'shortrun data list'")
    if run is not None:
        return again(Path(source), run.kind.reading, given)
    if config.model.kind != CHAOS or {"threshold", "alphabet", "grey"} & given.keys():
        return read(source, **given)
    return _as_rates(source, given)


def _as_rates(source: str, given: Mapping[str, Any]) -> Dataset:
    first: ShortrunError | None = None
    for more in ({"grey": True}, {}, {"alphabet": "continuous"}):
        try:
            data = read(source, **{**given, **more})
        except (FormatError, ConfigError) as error:
            first = first if first and more else error  # that of the options as they were given, where all fail
        else:
            if "grey" not in more or not _is_black_and_white(data):
                return data
    assert first is not None
    raise first


def _is_black_and_white(data: Dataset) -> bool:
    return data.kind.image.full_scale == 1 and holds_only_binary(data.values)


def seen_by(data: Dataset, config: Config) -> Dataset:
    """Return the samples as the model sees them: without labels, if it is a chaotic network that is to know none."""
    labels = config.model.kind == "rbm" or config.chaotic.classes
    return data if labels or not data.classes else data.with_labels(np.full(len(data), UNKNOWN))


def spec_for(data: Dataset, config: Config) -> AnySpec:
    """Return the specification of the model that the settings ask for."""
    return network_of(data, config) if config.model.kind == "chaotic" else spec_of(data, config.model)


def engine_of(data: Dataset, config: Config) -> str:
    """Return a line on what computes a training of these samples."""
    return engine.foreseen(model_of(spec_for(seen_by(data, config), config)), device_of(config.training.device))


def device_of(name: str) -> torch.device:
    """Return the device of that name; "auto" is a GPU where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError):
        raise ConfigError("training.device", f"'{name}' is not a device of this machine, use auto or cpu") from None


@dataclass(frozen=True, eq=False)
class Job:
    """A training before it begins: all that every process of it needs.

    Parameters
    ----------
    parts : Parts
        The data.
    model, scheme, config : Model, Scheme, Config
        What learns, and how.
    monitored : HeldOut or None
        What ages are judged by.
    """

    parts: Parts
    model: Model
    scheme: Scheme
    config: Config
    monitored: HeldOut | None

    @classmethod
    def of(cls, data: Dataset, config: Config, scheme: Scheme | str | None) -> Job:
        """Return the job of a training on some samples.

        Raises
        ------
        DataError, ConfigError
            If they cannot be learned from, or settings do not go with them.
        """
        _check(data, config)
        parts = Parts.of(data, config, device_of(config.training.device))
        spec = spec_for(data, config)
        chosen = scheme if isinstance(scheme, Scheme) else learning.from_settings(config.scheme, spec.label is not None)
        model = model_of(spec)
        monitored = parts.monitor(model, chosen, config)
        if monitored is None and config.training.updates == "auto":
            raise ConfigError("updates", NO_JUDGE)
        return cls(parts, model, chosen, config, monitored)

    def check_share(self, rows: int, sites: int) -> None:
        """Check that so many processes can share the rows and the sites, and have room for their parts.

        Raises
        ------
        ConfigError
            If they cannot.
        ShortrunError
            If there is not enough memory.
        """
        size = self.model.size()
        if sites > 1:
            whole = with_sites(self.model, sites, device_of(self.config.training.device))
            size = RBMPart.of(whole, 0, sites, None).size()
        _check_memory(self.model, size, -(-min(self.config.training.batch, len(self.parts.data)) // rows))

    def with_profile(self, mesh: parallel.Mesh | None, *, new: bool) -> Job:
        """Return the job with what samples of a class start from, if that is a profile and this is the first process.

        Processes that share the sites all call this, each for its part. A run that goes on (`new` False) has it.
        """
        mesh = mesh if mesh is not None and mesh.sites.count > 1 else None
        if mesh is not None:
            new = mesh.everyone.told(lambda: new)
        if not new or not isinstance(self.model, RBM) or self.model.spec.start != "profile":
            return self
        model, rows, options = self.model, self.parts.rows, self.config

        def groups() -> learning.Groups:
            return learning.groups_of(model, rows, options.model.profiles, options.training.seed)

        if mesh is None:
            return replace(self, model=RBM(model.spec, learning.profile(model, rows, groups()).cpu()))
        shared = parallel.Parts(model, mesh)
        mine = learning.profile(shared.part, rows.of_sites(shared.part), mesh.everyone.told(groups)).cpu()
        return replace(self, model=RBM(self.model.spec, shared.gathered_features(mine)))

    def train(self, writer: store.Writer, progress: Progress | None, mesh: parallel.Mesh | None) -> None:
        """Train, with all that is to be kept handed to the writer; it knows how far an earlier training came."""
        updates = None if self.config.training.updates == "auto" else self.config.training.updates
        recorder = _Recorder(writer, updates, progress)
        job = replace(self, model=writer.model)
        job._shared(recorder, writer.restart(), writer.records(), writer.restored, mesh)

    def follow(self, mesh: parallel.Mesh) -> None:
        """Do the same updates as the first process, and keep nothing."""
        if threading.current_thread() is threading.main_thread():
            for asked in (signal.SIGINT, signal.SIGTERM):  # the first one decides
                signal.signal(asked, signal.SIG_IGN)
        if mesh.sites.count > 1:
            self.with_profile(mesh, new=True)
        self._shared(None, None, [], None, mesh)

    def _shared(
        self,
        recorder: _Recorder | None,
        saved: Training | None,
        records: Sequence[Record],
        kept_at: Callable[[int], Theta] | None,
        mesh: parallel.Mesh | None,
    ) -> None:
        """Train as one of several processes, the first of which has what was saved, and records; or as one alone."""
        if mesh is None:
            assert recorder is not None
            self._fit(recorder, saved, records, kept_at)
            return
        group = mesh.everyone
        records = group.told(lambda: records)
        if mesh.sites.count == 1:
            job = replace(self, model=group.told(lambda: self.model))

            def kept(age: int) -> Theta:
                return group.told(lambda: torch.empty(0) if kept_at is None else kept_at(age))

            job._fit(recorder or _Unrecorded(), group.told(lambda: saved), records, kept)
            return
        assert isinstance(self.model, RBM)
        shared = parallel.Parts(RBM(self.model.spec), mesh)
        profile = shared.handed_features(self.model.profile)
        job = self.of_sites(replace(shared.part, profile=profile), shared)
        all_of_it = SharedRecorder(recorder, shared)

        def restored(age: int) -> Theta:
            return shared.handed(None if kept_at is None else kept_at(age))

        job._fit(all_of_it, shared.handed_training(saved), records, restored)
        all_of_it.end()

    def of_sites(self, part: RBMPart, shared: parallel.Parts) -> Job:
        """Return the job of a process that has some of the sites."""
        monitored = self.monitored and replace(self.monitored, shared=shared)
        return replace(self, model=part, parts=self.parts.of_sites(part), monitored=monitored)

    def _fit(
        self,
        recorder: Recorder,
        saved: Training | None,
        records: Sequence[Record],
        kept_at: Callable[[int], Theta] | None,
    ) -> None:
        # Only here the model is the one that trains: with what samples start from, of this process's sites.
        monitored = self.monitored and replace(self.monitored, model=self.model)
        learning.fit(
            self.model,
            self.scheme,
            self.parts.rows,
            self.config,
            recorder,
            training=saved.to(device_of(self.config.training.device)) if saved else None,
            validation=self.parts.validation,
            monitored=monitored,
            kept_at=kept_at,
            records=records,
        )


class _Unrecorded:
    """What a process that is not the first one records."""

    def age(self, training: Training) -> None:
        """Keep nothing."""

    def log(self, record: Record) -> None:
        """Write nothing."""

    def after_update(self, training: Training) -> bool:
        """Leave the end to the first process."""
        return False


class SharedRecorder:
    """Gathers what processes that share the sites have for the recorder of the first one, when it is to be written.

    Parameters
    ----------
    recorder : Recorder or None
        That of the first process.
    shared : Parts
        The processes.
    """

    def __init__(self, recorder: _Recorder | None, shared: parallel.Parts):
        self.recorder, self.shared = recorder, shared
        self.last: Training | None = None

    def age(self, training: Training) -> None:
        """Keep the whole theta at this age."""
        whole = self.shared.gathered_training(replace(training, moments=(), chains=()))
        if self.recorder is not None and whole is not None:
            self.recorder.age(whole)

    def log(self, record: Record) -> None:
        """Hand it over."""
        if self.recorder is not None:
            self.recorder.log(record)

    def after_update(self, training: Training) -> bool:
        """Save the whole training if it is time to."""
        self.last = training
        is_due = self.recorder is not None and self.recorder.is_due(training)
        if self.shared.mesh.everyone.any(is_due):
            self._keep(training)
        return self.recorder is not None and self.recorder.writer.is_stopping

    def end(self) -> None:
        """Save the whole training."""
        if self.last is not None:
            self._keep(self.last)

    def _keep(self, training: Training) -> None:
        whole = self.shared.gathered_training(training)
        if self.recorder is not None and whole is not None:
            self.recorder.writer.keep(whole)


def _check(data: Dataset, config: Config) -> None:
    for name, count in zip(data.classes, data.class_counts, strict=True):
        if count == 1 and config.training.validation > 0:
            raise DataError(
                f"class '{name}' has a single sample: nothing to learn from and to check on; drop or merge it"
            )
    if data.classes and not data.labelled.any():
        raise DataError("no sample has a label, though the data name classes")


@dataclass(frozen=True, eq=False)
class Parts:
    """The data of a training: rows to learn from, and samples kept aside.

    Parameters
    ----------
    data : Dataset
        All samples.
    held : ndarray or None
        (N,) bool, which of them are kept aside.
    rows : Rows
        The others.
    validation : Rows or None
        Those kept aside that have a label, or as many of them, evenly spread, as are soon predicted.
    """

    data: Dataset
    held: np.ndarray | None
    rows: Rows
    validation: Rows | None

    @classmethod
    def of(cls, data: Dataset, config: Config, device: torch.device) -> Parts:
        """Return the parts of a data set; they share its values."""
        rows, held = Rows.of(data, device), held_out_rows(data, config.training.validation, config.training.seed)
        if held is None:
            return cls(data, None, rows, None)
        learned, labelled = (torch.from_numpy(np.flatnonzero(each)) for each in (~held, held & data.labelled))
        some = torch.linspace(0, len(labelled) - 1, min(len(labelled), max(FEWEST_ANSWERS, ANSWERS // data.sites)))
        validation = rows.select(labelled[some.long()].to(device)) if data.classes else None
        return cls(data, held, rows.select(learned.to(device)), validation)

    def of_sites(self, part: RBMPart) -> Parts:
        """Return the same with the sites of a part of the machine."""
        validation = None if self.validation is None else self.validation.of_sites(part)
        return replace(self, rows=self.rows.of_sites(part), validation=validation)

    def monitor(self, model: Model, scheme: Scheme, config: Config) -> HeldOut | None:
        """Return what compares generated samples with those kept aside; None if they are too few."""
        if self.held is None:
            return None
        run, rows = scheme.free[0], min(config.training.batch, len(self.rows))
        most = min(COMPARED, run.chains or rows) if run.start == "previous" else COMPARED
        return HeldOut.of(model, scheme.steps, config.training.seed, self.data, self.held, most)


def held_out_rows(data: Dataset, validation: float, seed: int) -> np.ndarray | None:
    """Return which samples a training keeps aside, (N,) bool; None if it learns from all of them."""
    return split_rows(data, validation, seed=seed) if validation > 0 and len(data) > 1 else None


def parts_of_training(run: Trajectory | Path | str, data: Dataset) -> tuple[Dataset, Dataset | None]:
    """Return the samples that a run learned from and those that it kept aside, of the data it was given.

    Of a large file they are some of them, drawn at random, which a note of each says (`few`).

    Raises
    ------
    DataError
        If these are not the data it was trained on.
    """
    data, held = split_of_training(opened(run), data)
    if held is None:
        return few(data), None
    return few(data, np.flatnonzero(~held)), few(data, np.flatnonzero(held))


def split_of_training(run: Trajectory, data: Dataset) -> tuple[Dataset, np.ndarray | None]:
    """Return the data of a training as it saw them, and which samples it kept aside; None for none.

    Raises
    ------
    DataError
        If these are not the data it was trained on.
    """
    data = seen_by(data, Config.checked(Config.known(run.config)))
    if data.hash != run.data["hash"]:
        raise DataError(f"these are not the {run.data['rows']:,} samples that {run.called} was trained on")
    settings = run.config["training"]
    return data, held_out_rows(data, settings["validation"], settings["seed"])


def known_rows(run: Trajectory, data: Dataset) -> store.KnownRows:
    """Return what a run knows its samples by, made again from its data.

    Raises
    ------
    DataError
        If these are not the data it was trained on.
    """
    return store.KnownRows.of(*split_of_training(run, data))


class _Recorder:
    """Hands what a training says to the store and to whoever watches."""

    def __init__(self, writer: store.Writer, updates: int | None, progress: Progress | None):
        self.writer, self.updates, self.progress = writer, updates, progress
        self.last: Record = {}
        self.age = writer.age

    def log(self, record: Record) -> None:
        self.last = {**self.last, **record}
        self.writer.log(record)

    def after_update(self, training: Training) -> bool:
        self.show(training)
        return self.writer.after_update(training)

    def is_due(self, training: Training) -> bool:
        """Show how far it came, and return whether the restart file is to be written."""
        self.show(training)
        return self.writer.is_due()

    def show(self, training: Training) -> None:
        if self.progress is not None:
            self.progress(training.update, self.updates, self.last)


def _followed(progress: Progress | Literal["auto"] | None) -> AbstractContextManager[Progress | None]:
    """Return what is called after each update, as a context: with "auto" a bar where one can be shown."""
    if progress != "auto":
        return nullcontext(progress)
    from shortrun.progress import automatic

    return automatic() or nullcontext()


@contextmanager
def _interrupts(writer: store.Writer) -> Iterator[None]:
    """Turn the first Ctrl-C into a request to stop after the update; a second one is the usual KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        writer.request_stop()

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
