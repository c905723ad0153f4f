"""Many trainings in search of good settings: `tune`. Optuna proposes, and keeps the study; each trial is a run."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock

from shortrun import parallel
from shortrun.data import Dataset, read
from shortrun.data.further import may_have_test
from shortrun.errors import ConfigError, DataError, FormatError, MissingExtraError, StoreError
from shortrun.files import check_new, check_place, real
from shortrun.learning.schemes import from_settings
from shortrun.phrases import counted
from shortrun.records import FIRST_MONITORED, Purpose, Record, at_best, monitored, quality
from shortrun.settings import Config, StartSettings, TrainSettings, TuneSettings, Varied, configured, takes, varied
from shortrun.settings.training import MAY_BE_UNUSED, assignments_without, unused
from shortrun.settings.tuning import OF_LABELS, check_varied, size_of
from shortrun.shown import Shown
from shortrun.store import Trajectory, header, lock, log
from shortrun.workflows.training import FEWEST, Job, fit, samples_given, seen_by

JOURNAL, NAME = "journal.log", "shortrun"  # Optuna's file, and the name of the study in it
TRIALS = 20
EARLIEST = 300  # update from which on trainings are ended: what is clearly worse by then stays worse
ENDED = {"COMPLETE": "done", "PRUNED": "ended early", "FAIL": "failed"}  # Optuna's word -> ours
NAMED = 3  # settings that differ from those of a study
SHOWN = ("p_dd", "p_gg", "accuracy", "update", "seconds")  # of the record at the best age

Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False, repr=False)
class Study(Shown):
    """What a search found.

    Parameters
    ----------
    path : Path
        Its folder.
    purpose : {"generate", "predict", "both"}
        What trainings were compared by (`records.quality`).
    table : DataFrame
        A row a trial: "trial", "outcome", "quality", the varied options, and of the best age "p_dd", "p_gg",
        "accuracy", "update" and "seconds"; in "reason" why it failed.
    tried : dict
        Trial -> the options that it varied, and their values; none in the first one.
    settings : dict
        All that `fit` has to be given to repeat it: `sr.fit(data, out=..., **found.settings)`.
    best : int
        Number of the best trial.
    interrupted : bool
        Whether Ctrl-C ended it; the same call goes on.
    """

    path: Path
    purpose: Purpose
    table: pd.DataFrame
    tried: dict[int, dict[str, Any]]
    settings: dict[str, Any]
    best: int
    interrupted: bool

    @property
    def run(self) -> Trajectory:
        """The run of the best trial."""
        return Trajectory.open(self.path / run_name(self.best))

    @property
    def quality(self) -> float:
        """That of the best trial."""
        return float(self.table.loc[self.table["trial"] == self.best, "quality"].iloc[0])

    def said(self) -> tuple[str, ...]:
        """Return what it is, and the best."""
        return (
            f"Study('{self.path}', {counted(len(self.table), 'trial')}, to {self.purpose})",
            f"  best: trial {self.best}, quality {self.quality:.3f}, {worded(self.tried[self.best])}",
        )


@takes(TuneSettings, changes=Config)
def tune(
    data: Any,
    labels: Any = None,
    *,
    label_column: str | None = None,
    out: Path | str,
    settings: TuneSettings,
    changes: Mapping[str, Any],
    progress: Progress | None = None,
) -> Study:
    """Search for good settings of a training by samples that it holds out, in a folder that the same call goes on with.

    Each trial is a training as `fit` does it, a run in the folder, of which the best is kept. Its quality, 1 at best,
    is Q_G = 1 - sqrt(2 ((P_DD - 1/2)^2 + (P_GG - 1/2)^2)) for generating, the accuracy Q_P for predicting, and
    (Q_G + Q_P) / 2 for both, at the ages that are best for these tasks, on the samples that all trials hold out. The
    first trial has the settings that the search starts from; the others change what varies. Trainings have at least 50
    updates, from which on samples are compared. A search that was killed goes on with the same call, its trainings with
    the same bits.

    Parameters
    ----------
    data : Dataset or Path or str or Any
        What to learn, as `fit` takes it. Of a file or a data set by name that has a part `test` the other one is read:
        a search sees no samples that results are reported on.
    labels : Any, optional
        (N,) classes in place of those that the data have; where `data` is a file, also a table of them.
    label_column : str, optional
        Column of a data frame or a file that holds them.
    out : Path or str
        Folder of the study: Optuna's journal, and runs.
    progress : Progress, optional
        Called with a line after each trial.

    Returns
    -------
    Study
        A table of trials, and the best.

    Raises
    ------
    MissingExtraError
        Without Optuna.
    ConfigError
        For settings that cannot be varied so, or trainings without samples to compare with.
    StoreError
        If the folder holds another study or something else, or another search works in it.
    DataError
        For data that cannot be learned from, or if no training came to an end.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> data = sr.read("digits", part="train")
    >>> given = {"hidden": 8, "updates": 50, "vary": ("rate=0.1..1",)}
    >>> found = sr.tune(data, out=tempfile.mkdtemp() + "/study", trials=2, **given)  # doctest: +SKIP
    >>> found.run.updates, sorted(found.table["outcome"])  # doctest: +SKIP
    (50, ['done', 'done'])
    """
    optuna()
    check_varied(settings, changes)
    base = configured(settings, changes)
    of_file = isinstance(data, Path | str) and labels is None and label_column is None
    data = training_part(data, {}) if of_file else samples_given(data, labels, label_column)
    labelled = bool(data.classes)
    purpose: Purpose = settings.task or ("both" if labelled else "generate")
    _check(data, base, purpose)
    over = varied(settings, base, labelled)
    if not labelled and (unused := next((each.keyword for each in over if each.keyword in OF_LABELS), None)):
        raise ConfigError("vary", f"{unused} is of use only with data with labels")
    search = Search(Path(out), data, settings, dict(changes), purpose, over, settings.trials or TRIALS)
    if settings.search == "grid":
        search = replace(search, limit=settings.trials or len(search.grid))
    with search.locked():
        if settings.search == "grid" and progress is not None and (left := size_of(over) - len(search.grid)):
            progress(f"note: {counted(left, 'combination')} of the grid left out: what varies there changes nothing")
        return search.found(interrupted=not search.go_on(progress))


def training_part(source: Path | str, given: Mapping[str, Any]) -> Dataset:
    """Return the samples of a file or a data set by name, without those of its part `test` if it has one."""
    if "part" not in given and may_have_test(source):
        with contextlib.suppress(FormatError, ConfigError):  # it has none; what else is wrong is said below
            return read(source, **given, part="train")
    return read(source, **given)


def _check(data: Dataset, config: Config, purpose: Purpose) -> None:
    """Check that trainings can be compared.

    Raises
    ------
    ConfigError
        If there are no labels to predict, too few samples are held out, or trainings end before they are looked at.
    """
    if purpose != "generate" and not data.classes:
        raise ConfigError("task", f"'generate' expected of samples without labels, got {purpose!r}")
    if config.training.last_update < FIRST_MONITORED:
        raise ConfigError("updates", f"at least {FIRST_MONITORED} expected, from which on samples are compared")
    if Job.of(data, config, None).monitored is None:
        raise ConfigError("validation", f"more expected: fewer than {FEWEST} samples are held out to compare with")


def optuna() -> Any:
    """Return Optuna, which says only what goes wrong.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise MissingExtraError("optuna", "tune") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def run_name(number: int) -> str:
    """Return the folder of a trial."""
    return f"trial-{number:04d}"


@dataclass(frozen=True, eq=False)
class Search:
    """A search, as each of its processes knows it.

    Parameters
    ----------
    folder : Path
        Of the study.
    data : Dataset
        What is learned.
    settings : TuneSettings
        How it searches.
    changes : dict
        Options of the training that were given.
    purpose : Purpose
        What trainings are compared by.
    over : tuple[Varied, ...]
        What varies.
    limit : int
        Number of trials.
    told : set[int]
        Those whose end was told.
    """

    folder: Path
    data: Dataset
    settings: TuneSettings
    changes: dict[str, Any]
    purpose: Purpose
    over: tuple[Varied, ...]
    limit: int
    told: set[int] = field(default_factory=set)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder, or go on with the study in it, and keep others out.

        Raises
        ------
        StoreError
            If there is another study, something else, or another search at work.
        """
        check_place(self.folder, folder=True)
        if not (self.folder / JOURNAL).exists():
            check_new(self.folder)
            self.folder.mkdir(exist_ok=True)
        held = lock.Lock(real(self.folder))
        try:
            _mend(self.folder / JOURNAL)
            self._check_same()
            yield
        finally:
            held.release()

    def _check_same(self) -> None:
        asked = {
            "samples": self.data.hash,
            "settings": configured(self.settings, self.changes).model_dump(mode="json"),
            "for": self.purpose,
            "vary": [str(each) for each in self.over],
            "search": self.settings.search,
        }
        known = self.study.user_attrs.get("asked")
        if known is None:
            self.study.set_user_attr("asked", asked)
        elif other := [differing(name, known.get(name), it) for name, it in asked.items() if known.get(name) != it]:
            raise StoreError(self.folder, f"is a study with other {' and '.join(other)}: name another folder")

    @cached_property
    def turn(self) -> FileLock:
        """Held by the process that writes to the journal; the system takes it back from one that dies."""
        return FileLock(self.folder / "journal.lock", thread_local=False)

    @cached_property
    def study(self) -> Any:
        """Optuna's study.

        Raises
        ------
        StoreError
            If its journal is damaged.
        """
        tool = optuna()
        from optuna.storages.journal import JournalFileBackend

        backend = JournalFileBackend(str(self.folder / JOURNAL), lock_obj=self.turn)  # pyright: ignore[reportArgumentType]
        pruner = tool.pruners.MedianPruner(n_warmup_steps=EARLIEST) if self.settings.prune else tool.pruners.NopPruner()
        try:
            storage = tool.storages.JournalStorage(backend)
        except (ValueError, KeyError, AssertionError) as error:  # of its lines, which are JSON
            raise StoreError(self.folder / JOURNAL, f"is damaged ({error}): begin another study") from None
        return tool.create_study(
            storage=storage, study_name=NAME, direction="maximize", pruner=pruner, load_if_exists=True
        )

    def go_on(self, progress: Progress | None) -> bool:
        """Finish what an earlier call left, then try further settings, in several processes if asked for.

        Returns
        -------
        bool
            Whether nobody stopped it.
        """
        left = [trial.number for trial in self._trials("RUNNING")]
        self.told.update(trial.number for trial in self._trials(*ENDED))
        jobs = max(1, min(self.settings.jobs, len(left) + self.limit - len(self._trials())))
        tasks = [{"search": replace(self), "left": left[i::jobs]} for i in range(1, jobs)]
        try:
            with parallel.workers(f"{__name__}:work", tasks):
                if not self.work(left[::jobs], progress):
                    raise KeyboardInterrupt  # which ends the others: what they do goes on like a run that was killed
        except KeyboardInterrupt:
            return False
        self._tell(progress)
        return True

    def work(self, left: Sequence[int], progress: Progress | None = None) -> bool:
        """Finish some trials, then do further ones until there are enough; False if Ctrl-C ended a training."""
        for trial in itertools.chain(map(self._again, left), iter(self._next, None)):
            if not self._train(trial):
                return False
            self._drop()
            self._tell(progress)
        return True

    def _tell(self, progress: Progress | None) -> None:
        """Tell of the trials that have ended since, in any process."""
        new = [trial for trial in self._trials(*ENDED) if trial.number not in self.told]
        self.told.update(trial.number for trial in new)
        for trial in new:
            if progress is not None:
                progress(line(trial))

    def _trials(self, *states: str) -> list[Any]:
        """Return the trials in some states; all by default."""
        return [each for each in self.study.get_trials(deepcopy=False) if not states or each.state.name in states]

    def _again(self, number: int) -> Any:
        """Return a trial that was left."""
        return optuna().trial.Trial(self.study, self._trials()[number]._trial_id)

    def _next(self) -> Any:
        """Return a new trial, None if there are enough."""
        with self.turn:
            known = self._trials()
            if len(known) >= self.limit and not self._trials("WAITING"):
                return None
            if self.settings.search == "grid" and not self._trials("WAITING"):
                if len(known) >= len(self.grid):
                    return None
                self.study.enqueue_trial(self.grid[len(known)])
            return self.study.ask()

    @cached_property
    def grid(self) -> list[dict[str, Any]]:
        """All combinations of the values of a grid but those that train as one before does: what differs is unused."""
        names = [each.keyword for each in self.over]
        every = [dict(zip(names, it, strict=True)) for it in itertools.product(*(each.values for each in self.over))]
        if not {*names} & {*MAY_BE_UNUSED}:
            return every
        known = {tuple(self._used(values).items()): values for values in reversed(every)}
        return [*reversed(known.values())]

    def _used(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return what a trial tries, without options that are of no use beside the others."""
        config = configured(self._start(values), {**self.changes, **values})
        labelled = bool(seen_by(self.data, config).classes)
        scheme = from_settings(config.scheme, labelled).name
        none = unused(config, tuple(values), scheme=scheme, labelled=labelled)
        return {name: value for name, value in values.items() if name not in none}

    def _start(self, values: Collection[str]) -> TuneSettings:
        """Return what trainings start from, where options that vary have other values."""
        kept = assignments_without(self.settings, values)
        return self.settings.model_copy(update={"assignments": kept} if kept != self.settings.assignments else {})

    def _values(self, trial: Any) -> dict[str, Any]:
        """Return what a trial tries; the same whenever it is asked, and after a kill."""
        if self.settings.search != "grid" and trial.number == 0:
            return {}
        seed = configured(self.settings, self.changes).training.seed
        seed = int(np.random.SeedSequence([seed, trial.number]).generate_state(1)[0])
        samplers = optuna().samplers
        self.study.sampler = (
            samplers.TPESampler(seed=seed) if self.settings.search == "tpe" else samplers.RandomSampler(seed)
        )
        return {each.keyword: each.rounded(suggested(trial, each)) for each in self.over}

    def _train(self, trial: Any) -> bool:
        """Do the training of a trial, from where it stands; False if it was stopped."""
        values, folder = self._used(self._values(trial)), self.folder / run_name(trial.number)
        trial.set_user_attr("values", values)
        pruned, reported = optuna().TrialPruned, {*self._trials()[trial.number].intermediate_values}

        def look(update: int, _: int | None, last: Record) -> None:
            if last.get("update") != update:  # nothing new
                return
            records = log.read(folder)
            value = quality(records, self.purpose)
            if value is None or monitored(records)[-1]["update"] != update:
                return
            if update not in reported:  # before it was killed
                trial.report(value, update)
            if trial.should_prune():
                raise pruned

        try:
            settings = self._start(values).shared(TrainSettings, resume=header.is_run(folder))
            run = fit(self.data, out=folder, settings=settings, progress=look, **{**self.changes, **values})
            if run.interrupted:
                return False
            self._end(trial, folder, "COMPLETE")
        except pruned:
            self._end(trial, folder, "PRUNED")
        except (DataError, ConfigError) as error:  # it diverged, or is too large
            trial.set_user_attr("reason", str(error))
            self.study.tell(trial, state=optuna().trial.TrialState.FAIL)
        return True

    def _end(self, trial: Any, folder: Path, state: str) -> None:
        """Keep what a training came to."""
        records = log.read(folder)
        value = quality(records, self.purpose)
        if state == "COMPLETE" and value is None:
            raise DataError("it ended before samples were compared, or ran away from its first update on")
        at = at_best(records, "predict" if self.purpose == "predict" else "generate") or {}
        found = {name: at[name] for name in SHOWN if name in at} | {"seconds": records[-1]["seconds"]}
        trial.set_user_attr("found", found)
        ended = optuna().trial.TrialState[state]
        self.study.tell(trial, value if state == "COMPLETE" else None, state=ended)

    def _best(self) -> Any:
        """Return the best trial, None where none came to an end."""
        return max(self._trials("COMPLETE"), key=lambda each: each.value, default=None)

    def _drop(self) -> None:
        """Delete the runs of trials that have ended and are not the best, unless all are kept."""
        if self.settings.keep == "all":
            return
        with self.turn:
            best = self._best()
            for each in self._trials(*ENDED):
                if best is None or each.number != best.number:
                    shutil.rmtree(self.folder / run_name(each.number), ignore_errors=True)

    def found(self, interrupted: bool) -> Study:
        """Return what was found so far.

        Raises
        ------
        DataError
            If no training came to an end.
        KeyboardInterrupt
            If Ctrl-C ended the first one.
        """
        best, trials = self._best(), self._trials()
        if best is None:
            if interrupted:
                raise KeyboardInterrupt
            reason = next((each.user_attrs["reason"] for each in trials if "reason" in each.user_attrs), "no reason")
            raise DataError(f"no training of {self.folder} came to an end: {reason}")
        tried = {each.number: each.user_attrs.get("values", {}) for each in trials}
        start = self._start(tried[best.number]).given
        table = pd.DataFrame([row(each) for each in trials])
        settings = {name: value for name, value in start.items() if name in StartSettings.model_fields}
        settings |= {**self.changes, **tried[best.number]}
        return Study(self.folder, self.purpose, table, tried, settings, best.number, interrupted)


def work(search: Search, left: Sequence[int]) -> None:
    """Do the same in another process."""
    search.work(left)


def differing(name: str, there: Any, here: Any) -> str:
    """Return what differs between a study and what is asked for, in words.

    Examples
    --------
    >>> differing("settings", {"model": {"hidden": 8, "units": "auto"}}, {"model": {"hidden": 9, "units": "auto"}})
    'settings (model.hidden 8 there, 9 here)'
    >>> differing("vary", ["rate=0.1..1"], ["batch=100,500"])
    'vary (rate=0.1..1 there, batch=100,500 here)'
    """
    if name == "samples":  # two hashes, which tell nothing
        return name
    if isinstance(there, list):
        apart = ((there, here), (here, there))
        there, here = (", ".join(it for it in one if it not in other) or "none" for one, other in apart)
    if not isinstance(there, Mapping):
        return f"{name} ({there} there, {here} here)"
    one, other = (
        {f"{section}.{key}": it for section, values in each.items() for key, it in values.items()}
        for each in (there, here)
    )
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    told = [f"{key} {one.get(key, 'not')} there, {other.get(key, 'not')} here" for key in keys[:NAMED]]
    more = f" and {len(keys) - NAMED:,} more" if len(keys) > NAMED else ""
    return f"{name} ({'; '.join(told)}{more})"


def suggested(trial: Any, each: Varied) -> Any:
    """Return the value of an option that Optuna proposes."""
    if not each.is_range:
        return trial.suggest_categorical(each.keyword, each.values)
    suggest = trial.suggest_int if each.is_whole else trial.suggest_float
    return suggest(each.keyword, *each.values, log=each.is_logarithmic)


def row(trial: Any) -> dict[str, Any]:
    """Return the row of a trial: its last quality also where it was ended early."""
    about = trial.user_attrs
    found = {name: about.get("found", {}).get(name, np.nan) for name in SHOWN}
    value = np.nan if trial.value is None else trial.value
    outcome = ENDED.get(trial.state.name, "unfinished")
    begin = {"trial": trial.number, "outcome": outcome, "quality": value}
    return {**begin, **about.get("values", {}), **found, "reason": about.get("reason", "")}


def line(trial: Any) -> str:
    """Return what a trial came to, in a line."""
    about = trial.user_attrs
    value = "" if trial.value is None else f", quality {trial.value:.3f}"
    reason = f": {about['reason']}" if "reason" in about else ""
    return f"trial {trial.number} ({worded(about.get('values', {}))}): {ENDED[trial.state.name]}{value}{reason}"


def worded(values: Mapping[str, Any]) -> str:
    """Return what a trial tried, in words."""
    return ", ".join(f"{name} {value}" for name, value in values.items()) or "settings as given"


def _mend(journal: Path) -> None:
    """Drop the end of a line that a process was killed or ran out of disk at, which nothing can follow."""
    if journal.exists():
        whole = journal.read_bytes()
        kept = whole.rfind(b"\n") + 1
        if kept != len(whole):
            with journal.open("r+b") as file:
                file.truncate(kept)
