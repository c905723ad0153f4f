"""Reading a run: its recipe, its ages one at a time, and its log; also while it is being written."""

from __future__ import annotations

import contextlib
import html
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, final, get_args

from shortrun import records
from shortrun.data import Alphabet, Dataset, Kind
from shortrun.data.core.columns import Column
from shortrun.dynamics import Scheme
from shortrun.errors import ConfigError, StoreError
from shortrun.files import check_named
from shortrun.models import AnySpec, RBMPart, Spec
from shortrun.phrases import first_of, plural
from shortrun.records import Outlook, Task
from shortrun.settings import checked
from shortrun.store import ages, header, hub, log, profile, restart, rows, temporary
from shortrun.store.lock import NAME as LOCK
from shortrun.typing import Theta

if TYPE_CHECKING:
    import pandas as pd
    import xarray  # pyright: ignore[reportMissingImports] - an extra

    from shortrun.scores import Evaluation
    from shortrun.settings.shared import WhichAge
    from shortrun.workflows.plotting import Plots

TRIED = 20  # ages near a damaged one


@final
class Trajectory:
    """A trained model: its recipe and its parameters at every age that was kept.

    Only the header and the list of ages are in memory; `run[-1]` and `run.at(age)` read one file. The parameters of an
    age are their average over the last part of the training up to it, where the training kept one.

    Parameters
    ----------
    path : Path or str
        The run's folder.
    raw : bool, default False
        Whether the parameters of an age are those of the last update, and not their average.

    Raises
    ------
    StoreError
        If it is not a run folder, or of a newer format version.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> folder = tempfile.mkdtemp() + "/run"
    >>> run = sr.fit(sr.read("digits"), out=folder, hidden=8, updates=4)
    >>> same = Trajectory(folder)
    >>> same.ages, same.classes[:3], same[-1].numel()
    ((1, 2, 3, 4), ('0', '1', '2'), 674)
    """

    def __init__(self, path: Path | str, *, raw: bool = False):
        check_named(path, "run")
        self.path, self.raw = Path(path), raw
        self.header = header.read(self.path)
        self.spec: AnySpec = header.spec_of(self.path, self.header)
        self.model = profile.read_model(self.path, self.spec)
        self.ages: tuple[int, ...] = ages.kept(self.path)

        self._folder: temporary.TemporaryFolder | None = None
        self.samples: Dataset | None = None  # that `fit` was given: no file may have them
        self.interrupted = False  # whether Ctrl-C ended the training that `fit` returns: no file says so

    @classmethod
    def open(cls, path: Path | str) -> Trajectory:
        """Return the run that a folder holds."""
        return cls(path)

    @classmethod
    @checked
    def from_hub(
        cls,
        name: str,
        *,
        ages: hub.Wanted = "best",
        raw: bool = False,
        revision: str | None = None,
        endpoint: str | None = None,
        token: str | None = None,
        cache: Path | str | None = None,
    ) -> Trajectory:
        """Return a run on the Hugging Face Hub, of which only the ages that are asked for are downloaded.

        Like any run it is data, checked before it is used, and never code.

        Parameters
        ----------
        name : str
            Repository, as "user/name".
        ages : {"best", "last", "all"} or Sequence[int], default "best"
            Ages to download; by default those that generate and predict use.
        raw : bool, default False
            Whether the parameters of an age are those of the last update, and not their average.
        revision : str, optional
            Branch, tag or commit; the main branch by default.
        endpoint : str, optional
            Address of another Hub.
        token : str, optional
            Access token, for private repositories; by default that of `hf auth login`.
        cache : Path or str, optional
            Where downloads are kept; the cache of `huggingface_hub` by default.

        Raises
        ------
        MissingExtraError
            If huggingface_hub is not installed.
        ConfigError
            If the name is none of a repository.
        StoreError
            If there is no such run, no such age, or no connection.
        """

        def best(folder: Path, there: Sequence[int]) -> list[int]:
            found = {records.best(log.scan(folder).records, task) for task in get_args(Task)}
            return sorted(there[-1] if age is None else age for age in found)

        folder = hub.fetch(name, best, wanted=ages, revision=revision, endpoint=endpoint, token=token, cache=cache)
        return cls(folder, raw=raw)

    @checked
    def push_to_hub(
        self,
        name: str,
        *,
        ages: hub.Wanted = "all",
        evaluation: Evaluation | None = None,
        licence: str | None = None,
        private: bool | None = None,
        endpoint: str | None = None,
        token: str | None = None,
    ) -> str:
        """Put the run into a repository of the Hugging Face Hub with a model card, in one commit.

        Its header, log and ages go there. Fingerprints of the training samples and the state of the training do not;
        the header names the file of the data and the classes.

        Parameters
        ----------
        name : str
            Repository, as "user/name"; made if it is not there.
        ages : {"all", "best", "last"} or Sequence[int], default "all"
            Ages to upload; others that are there are deleted.
        evaluation : Evaluation, optional
            What `sr.evaluate` found, for the scores in the card.
        licence : str, optional
            The Hub's word for it, as "mit".
        private : bool, optional
            Whether a new repository is private; as the Hub's settings say by default.
        endpoint, token : str, optional
            As of `from_hub`.

        Returns
        -------
        str
            Address of the commit.

        Raises
        ------
        MissingExtraError
            If huggingface_hub is not installed.
        ConfigError
            If the name is none of a repository.
        StoreError
            If an age was not kept, or the Hub does not take the files.
        """
        from shortrun.workflows.hub import push_to_hub

        return push_to_hub(
            self,
            name,
            ages=ages,
            evaluation=evaluation,
            licence=licence,
            private=private,
            endpoint=endpoint,
            token=token,
        )

    @property
    def plot(self) -> Plots:
        """Figures of the run, as `run.plot.training()` and `run.plot.samples()`."""
        from shortrun.workflows.plotting import Plots

        return Plots(self)

    def to_xarray(
        self,
        times: Sequence[int] | None = None,
        *,
        n: int = 25,
        labels: str | Sequence[str] | Mapping[str, int] | None = None,
        seed: int = 0,
        age: WhichAge = "best",
    ) -> xarray.Dataset:
        """Run chains from noise and return what they passed through, with the dimensions that ArviZ reads.

        Parameters
        ----------
        times : Sequence[int], optional
            Sweeps after which the chains are recorded; by default at most 60 up to 3 k, evenly on a logarithmic scale.
        n : int, default 25
            Number of chains.
        labels : str or Sequence[str] or Mapping[str, int], optional
            Their classes, as in `generate`.
        seed : int, default 0
            Of the noise.
        age : int or {"best", "last"}, default "best"
            Age of the machine.

        Returns
        -------
        xarray.Dataset
            "values" (chain, draw, site): codes, or numbers of continuous data. The coordinate "draw" counts sweeps and
            begins with the noise at 0; "label" is the class of each chain.

        Raises
        ------
        MissingExtraError
            If xarray is not installed.
        ConfigError
            For an unknown class, or times below 1.
        """
        from shortrun.workflows.chains import to_xarray

        return to_xarray(self, times, n=n, labels=labels, seed=seed, age=age)

    @classmethod
    def kept_in(cls, folder: temporary.TemporaryFolder) -> Trajectory:
        """Return the run in a temporary folder, which is deleted with the last object that holds it."""
        run = cls(folder.run)
        run._folder = folder
        return run

    def with_samples(self, samples: Dataset | None) -> Trajectory:
        """Let the run know the samples that it was trained on as long as this object lives; returns itself."""
        self.samples = samples
        return self

    def as_raw(self) -> Trajectory:
        """Return the same run with the parameters of the last update at each age, not their average."""
        run = Trajectory(self.path, raw=True)
        run._folder, run.samples = self._folder, self.samples
        return run

    @property
    def called(self) -> str:
        """What messages call it: its folder, unless that is a temporary one."""
        return str(self.path) if self._folder is None else "the run in memory"

    def save(self, path: Path | str, *, overwrite: bool = False) -> Trajectory:
        """Copy the run to a folder, as that of a training without `out`; returns the copy, open.

        Parameters
        ----------
        path : Path or str
            A new or empty folder.
        overwrite : bool, default False
            Replace the run that is there.

        Raises
        ------
        StoreError
            If something is there already, or the folder cannot be written.
        """
        check_named(path)
        temporary.save(self.path, Path(path), overwrite=overwrite)
        return Trajectory(path, raw=self.raw)

    def __getstate__(self) -> dict[str, Any]:
        files = None if self._folder is None else temporary.files_of(self.path)
        return {"path": str(self.path), "raw": self.raw, "files": files}

    def __setstate__(self, state: dict[str, Any]) -> None:
        folder = None if state["files"] is None else temporary.TemporaryFolder.holding(state["files"])
        self.__init__(state["path"] if folder is None else folder.run, raw=state["raw"])
        self._folder = folder

    def refresh(self) -> Trajectory:
        """Look for ages that were added since; returns itself."""
        self.ages = ages.kept(self.path)
        return self

    @property
    def recipe(self) -> dict[str, Any]:
        """Scheme (JSON form), its name, steps, start and hidden rule: how the model is meant to be used."""
        return self.header["recipe"]

    @property
    def config(self) -> dict[str, Any]:
        """All settings of the training."""
        return self.header["config"]

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names in code order."""
        return tuple(self.header["classes"])

    @cached_property
    def kind(self) -> Kind:
        """The kind of data that it was trained on, and how they were read."""
        return header.kind_of(self.path, self.header)

    @property
    def alphabet(self) -> Alphabet | None:
        """What the codes of a site mean; None for continuous data, and with `columns`."""
        return self.kind.alphabet

    @property
    def columns(self) -> tuple[Column, ...] | None:
        """What the codes mean where sites differ, one a site; None otherwise."""
        return self.kind.columns

    @property
    def data(self) -> dict[str, Any]:
        """The samples that it was trained on: hash, rows, class_counts, and notes on what reading changed."""
        return self.header["data"]

    @cached_property
    def rows(self) -> rows.KnownRows | None:
        """By which it knows samples again that it learned from or kept aside; None for runs of earlier versions."""
        return rows.read(self.path)

    @property
    def sites(self) -> int:
        """S, of a sample of the data."""
        return self.kind.sites

    @property
    def hidden(self) -> int | list[int]:
        """Numbers of hidden units; of a chaotic network a list, layer by layer."""
        return self.spec.hidden_sites

    def __len__(self) -> int:
        return len(self.ages)

    def __getitem__(self, index: int) -> Theta:
        """Return theta of the index-th age, float32 (P,)."""
        self.check_any()
        return self._read(self.ages[index])

    def check_any(self) -> None:
        """Raise StoreError if there is no age: says whether none was kept yet, or the files are gone."""
        if not self.ages:
            gone = f"all its ages are missing, as {first_of(self._lost)}" if self._lost else "has no age yet"
            raise StoreError(self.path, gone)

    def at(self, age: int, part: RBMPart | None = None) -> Theta:
        """Return the parameters at an age that was kept, float32 (P,).

        Parameters
        ----------
        age : int
            The age.
        part : RBMPart, optional
            A part of the machine, whose parameters alone are wanted.

        Raises
        ------
        StoreError
            If it was not; names the nearest ones. If it is damaged; names the nearest good one.
        """
        if age not in self.ages:
            raise StoreError(self.path, f"has no age {age}; {self._around(age)}")
        return self._read(age, part)

    def _read(self, age: int, part: RBMPart | None = None) -> Theta:
        try:
            return ages.read(self.path, self.model, age, raw=self.raw, part=part)
        except StoreError as error:
            near = self._nearest_good(age, part)
            told = "no other age near it can be read" if near is None else f"the nearest good age is {near}"
            raise StoreError(error.path, f"{error.reason}; {told}") from None

    def _nearest_good(self, age: int, part: RBMPart | None) -> int | None:
        """Return the age nearest to one, of those next to it, that can be read."""
        for other in sorted(set(self.ages) - {age}, key=lambda it: abs(it - age))[:TRIED]:
            with contextlib.suppress(StoreError):
                ages.read(self.path, self.model, other, raw=self.raw, part=part)
                return other
        return None

    def best(self, task: Task = "generate") -> int:
        """Return the age that does a task best on samples held out in training; the last where none were compared.

        Parameters
        ----------
        task : {"generate", "predict"}, default "generate"
            What the age is for.

        Raises
        ------
        StoreError
            If no age was kept yet, or the best one or the log that knows it is missing or damaged.
        ConfigError
            For another task.
        """
        if task not in ("generate", "predict"):
            raise ConfigError("task", f"'generate' or 'predict' expected, got {task!r}")
        self.check_any()
        if not log.is_there(self.path):
            raise StoreError(
                self.path / log.NAME, "is missing: which age is best is not known; --age last, or a number"
            )
        last, logged = max(self.ages[-1], self._saved), self.log()
        if (self.path / LOCK).exists():  # beside a training, records may be ahead of both for a moment
            logged = [record for record in logged if record["update"] <= last]
        found = records.best(logged, task)
        if found is not None and found not in self.ages:
            near = f"{self._around(found)}; --age N takes one"
            raise StoreError(ages.path_of(self.path, found), f"is missing, the best age to {task}: {near}")
        return max([*self.ages, *self._lost]) if found is None else found

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What it can do: generate, and with classes predict."""
        return ("generate", "predict") if self.classes else ("generate",)

    @property
    def learned(self) -> dict[str, int]:
        """How many of its samples it learned from, under "learned"; nothing where that is not known."""
        return {key: self.data[key] for key in ("learned",) if key in self.data}

    @property
    def judged(self) -> bool:
        """Whether its ages were compared by held-out samples, so that there is a best one."""
        return bool(records.monitored(self._records))

    @property
    def outlook(self) -> Outlook:
        """Whether its training is done by held-out samples, and why or what may be hoped for."""
        return records.outlook(self._records, held_out=self.config["training"]["validation"] > 0)

    def _around(self, age: int) -> str:
        if not self.ages:
            return "all are missing" if self._lost else "no age was kept yet"
        place = bisect_left(self.ages, age)
        return f"the nearest are {', '.join(map(str, self.ages[max(0, place - 1) : place + 1]))}"

    def __iter__(self) -> Iterator[tuple[int, Theta]]:
        """Yield (age, theta), one file in memory at a time."""
        for age in self.ages:
            yield age, self._read(age)

    def log(self) -> list[dict[str, Any]]:
        """Return the monitored quantities, one record a logged update.

        Raises
        ------
        StoreError
            If a line is damaged.
        """
        return log.read(self.path)

    @property
    def _records(self) -> list[dict[str, Any]]:
        """What can be read of the log; `faults` says what cannot."""
        return log.scan(self.path).records

    def faults(self) -> list[str]:
        """Return what is missing or damaged, in words, as far as this shows without reading parameters."""
        found, known = log.scan(self.path), [] if log.is_there(self.path) else [f"{log.NAME} is missing"]
        known += [f"{log.NAME}: {log.damaged(found)}"] if found.damaged else []
        if lost := self._lost:
            known.append(f"{plural(len(lost), 'age')} {first_of(lost)} {'is' if len(lost) == 1 else 'are'} missing")
        try:
            restart.saved_update(self.path)
        except StoreError as error:
            known.append(f"{restart.NAME} {error.reason}")
        return known

    @property
    def _lost(self) -> list[int]:
        """Ages that were written, as the log and the restart file tell, and are not there."""
        found, written = self._records, max(self._saved, *self.ages[-1:], 0)
        compared = {each["update"] for each in records.monitored(found) if each["update"] <= self._saved}
        limits = self.config["training"]
        dense, end = limits["ages_per_decade"], limits["max_updates" if limits["updates"] == "auto" else "updates"]
        logged = {record["update"] for record in found if record["update"] <= written} - {*self.ages}
        return sorted(it for it in logged if it in compared or it == end or records.is_age(dense, it))

    def log_table(self) -> pd.DataFrame:
        """Return the log with one row a record; what a record lacks is NaN."""
        import pandas as pd

        return pd.DataFrame(self.log())

    @property
    def updates(self) -> int:
        """Updates done, as far as the folder tells."""
        last = max((record["update"] for record in self._records[-1:]), default=0)
        return max(self._saved, last, *self.ages[-1:], 0)

    @property
    def _saved(self) -> int:
        """The update of the restart file, all ages up to which were written; 0 if there is none that can be read."""
        with contextlib.suppress(StoreError):  # `faults` says it
            return restart.saved_update(self.path)
        return 0

    def info(self) -> dict[str, Any]:
        """Return what `shortrun info` shows."""
        recipe = {key: self.recipe[key] for key in ("steps", "start", "hidden_rule")}
        recipe |= {"noise": self.spec.start if isinstance(self.spec, Spec) else "uniform"}
        recipe |= {"weights": {run.task: run.weight for run in Scheme.from_dict(self.recipe["scheme"]).free}}
        return {
            "path": str(self.path) if self._folder is None else None,
            "format_version": self.header["format_version"],
            "updates": self.updates,
            "ages": list(self.ages),
            "sites": self.sites,
            "units": ", ".join(dict.fromkeys(layer.units.kind for layer in self.spec.visible)),
            "hidden": self.hidden,
            "parameters": self.model.size(),
            "classes": list(self.classes),
            "recipe": {"scheme": self.recipe["name"], **recipe},
            "alphabet": None if self.alphabet is None else asdict(self.alphabet),
            **({} if self.columns is None else {"columns": {c.name: c.colours for c in self.columns}}),
            "data": {"source": self.kind.source, "rows": self.data["rows"], "hash": self.data["hash"]} | self.learned,
            "notes": self.data.get("notes", []),
            "faults": self.faults() or ["none seen; parameters are checked when they are read"],
            "best": self._bests(),
            "outlook": self.outlook.reason,
            "created": self.header.get("created"),
            "software": self.header.get("software"),
            "last": next(iter(self._records[-1:]), None),
        }

    def _bests(self) -> dict[str, int] | None:
        """Return the best age for each task, None where none is known."""
        try:
            return {task: self.best(task) for task in self.tasks}
        except StoreError:
            return None

    def _repr_html_(self) -> str:
        told = {"updates": self.updates, "classes": ", ".join(self.classes) or "none", "training": self.outlook.reason}
        rows = "".join(f"<tr><th>{name}</th><td>{html.escape(str(value))}</td></tr>" for name, value in told.items())
        return f"<div><strong>{html.escape(repr(self))}</strong><table>{rows}</table></div>"

    def __repr__(self) -> str:
        recipe, last = self.recipe, max(self.ages, default=0)
        place = f"'{self.path}'" if self._folder is None else "in memory"
        return (
            f"Trajectory({place}, {recipe['name']}, k {recipe['steps']}, {self.kind.extent}, "
            f"{self.hidden} hidden, {len(self.classes)} classes, {len(self)} ages up to {last})"
        )
