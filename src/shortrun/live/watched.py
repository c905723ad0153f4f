"""What the page of a training asks: how far it is, samples and singular values of its ages, the machine of one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from shortrun import records
from shortrun.errors import ConfigError, printable
from shortrun.files import RUN, mark
from shortrun.live.process import Training
from shortrun.records import Record
from shortrun.settings import Config, StudioSettings
from shortrun.store import Trajectory, ages, log
from shortrun.studio_page.page import facts
from shortrun.studio_page.payload import Form, codes_of, kind_form, packed
from shortrun.workflows import generate
from shortrun.workflows.studio import page_of
from shortrun.workflows.training import at_end
from shortrun.workflows.weights import modes

CLASSES = 12  # that the page shows samples of
EACH = {"image": 8, "music": 6, "table": 2}  # samples of a class, by view; 3 of strips
WITHOUT_CLASSES = {"image": 32, "music": 12, "table": 8}  # 12 of strips
KEPT = 200  # answers
WIDEST = 2000  # units on the smaller side of a matrix whose singular values are computed


class Watched:
    """A run that grows, as its page sees it; every answer is read from the folder, and kept while that is unchanged.

    Parameters
    ----------
    folder : Path
        Of the run.
    training : Training
        What writes it.
    settings : StudioSettings
        Of the page of a machine.
    """

    def __init__(self, folder: Path, training: Training, settings: StudioSettings):
        self.folder, self.training, self.settings = folder, training, settings
        self._kept: dict[Any, Any] = {}
        self._making = threading.Lock()
        _ = self.run  # a folder that is none is refused at once

    @property
    def run(self) -> Trajectory:
        """The run with the ages that there are now."""
        found = self._once("run", mark(self.folder / RUN), lambda: Trajectory(self.folder, raw=self.settings.raw))
        return found.refresh()

    def _once(self, what: Any, state: Any, make: Callable[[], Any]) -> Any:
        """Return an answer, which is only made again in another state; the oldest of many are forgotten."""
        kept = self._kept.get(what)
        if kept is None or kept[0] != state:
            kept = state, make()
            self._kept.pop(what, None)
            self._kept[what] = kept  # the newest
            for old in list(self._kept)[:-KEPT]:
                self._kept.pop(old, None)
        return kept[1]

    @property
    def records(self) -> list[Record]:
        """What can be read of the log."""
        path = self.folder / log.NAME
        size = path.stat().st_size if path.exists() else 0
        return self._once("records", (mark(path), size), lambda: log.scan(self.folder).records)

    def state(self, version: str, known: int) -> Form:
        """Return how far the training is, for a page that knows the first records of a version of the run.

        A training that goes on drops what is later than its restart file, so it makes another version.
        """
        run, found, now = self.run, self.records, self.version
        first = known if version == now and known <= len(found) else 0
        config = Config.checked(Config.known(run.config))
        return {
            "version": now,
            "state": self._state(run, config),
            "fault": printable(self.training.fault),
            "outlook": records.outlook(found, held_out=config.training.validation > 0).reason,
            "judged": bool(records.monitored(found)),
            "updates": run.updates,
            "last": None if config.training.updates == "auto" else config.training.last_update,
            "rate": config.optimiser.rate,
            "ages": run.ages,
            "best": {task: self._best(run, task) for task in run.tasks},
            "first": first,
            "records": found[first:],
        }

    @property
    def version(self) -> str:
        """What changes whenever records of the run may have been dropped."""
        return "-".join(map(str, mark(self.folder / RUN) or ()))

    def _state(self, run: Trajectory, config: Config) -> str:
        if self.training.is_stopping:
            return "stopping"
        if self.training.number is not None:
            return "starting" if self.training.is_starting else "training"
        if at_end(run, config):
            return "finished"
        return "failed" if self.training.fault else "stopped"

    def _best(self, run: Trajectory, task: records.Task) -> int | None:
        found = records.best(self.records, task)
        return found if found in run.ages else None

    @cached_property
    def about(self) -> Form:
        """What the page knows from its beginning."""
        run = self.run
        form, view = {"kind": None, "why": ""}, ""
        try:
            form["kind"] = kind_form(run.kind)
            view = form["kind"]["view"]
        except ConfigError as error:
            form["why"] = printable(error.expected)
        counts = np.array(run.data["class_counts"])
        shown = sorted(np.argsort(-counts, kind="stable")[:CLASSES].tolist()) if run.classes else []
        return form | {
            "run": printable(run.path.resolve().name),
            "command": printable(self.training.command),
            "classes": [*map(printable, run.classes)],
            "shown": shown,
            "each": EACH.get(view, 3) if run.classes else WITHOUT_CLASSES.get(view, 12),
            "k": run.recipe["steps"],
            "chaotic": run.config["model"]["kind"] == "chaotic",
        }

    @property
    def facts(self) -> str:
        """What the machine is, in a line."""
        return facts(self.run)

    def samples(self, age: int) -> Form:
        """Return samples of an age with the noise that those of all ages have: class by class where there are some."""
        return self._of_age("samples", age, self._samples)

    def _samples(self, run: Trajectory, age: int) -> Form:
        about = self.about
        if about["kind"] is None:
            raise ConfigError("samples", about["why"])
        shown = [run.classes[code] for code in about["shown"]]
        each = about["each"]
        made = generate(run, n=each * max(1, len(shown)), labels=dict.fromkeys(shown, each) or None, age=age, seed=0)
        return {"age": age, "count": len(made), "values": packed(codes_of(made)), "labels": made.labels.tolist()}

    def modes(self, age: int) -> list[float]:
        """Return the largest singular values of the main weights of an age, none of those too large to be quick."""
        return self._of_age("modes", age, self._modes)

    def _modes(self, run: Trajectory, age: int) -> list[float]:
        if min(run.sites, max(np.atleast_1d(run.hidden), default=0)) > WIDEST:
            return []
        with torch.inference_mode():
            return next(iter(modes(run.model, run.at(age)).values()), [])

    def machine(self, age: int) -> bytes:
        """Return the page that runs the machine of an age."""
        settings = self.settings.model_copy(update={"age": age})
        return page_of(self.run, settings)

    def _of_age(self, what: str, age: int, make: Callable[[Trajectory, int], Any]) -> Any:
        """Return an answer about an age, which another learning rate may have written anew."""
        run = self.run
        with self._making:  # one at a time, beside a training
            return self._once((what, age), mark(ages.path_of(self.folder, age)), lambda: make(run, age))
