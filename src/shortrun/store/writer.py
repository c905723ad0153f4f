"""The recorder of a training: where ages, log and restart file are written."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, final

from shortrun.errors import StoreError
from shortrun.models import Training
from shortrun.records import Record
from shortrun.store import ages, header, log, profile, restart
from shortrun.store.lock import Lock
from shortrun.typing import Theta

RESTART_SECONDS = 30.0
LOOK_SECONDS = 1.0  # between looks whether the folder is still the one that was locked


@final
class Writer:
    """The recorder of a training: keeps ages, log and restart file. Made by `create` and `reopen`.

    As a context manager it saves the restart file on leaving, unless an error ends the training: it may
    come from the middle of an update, so the last saved state stands.
    """

    def __init__(self, path: Path, lock: Lock, form: header.Header):
        self.path, self.header, self._lock = path, form, lock
        self.model = profile.read_model(path, header.spec_of(path, form))
        settings = form["config"].get("training", {})
        self.restart_seconds = float(settings.get("restart_seconds", RESTART_SECONDS))
        self._log = log.Appender(lock.place)
        self._last: Training | None = None
        self._saved_update, self._saved_at = 0, time.monotonic()
        self._looked_at = self._saved_at
        self._stop = False

    def age(self, training: Training) -> None:
        """Keep theta at this age.

        Raises
        ------
        StoreError
            If it cannot be written; says what is saved and how to go on. If the folder was renamed or replaced, or lost
            its lock; what is there now is left alone.
        """
        self._lock.check()
        with self._telling():
            ages.write(self._lock.place, self.model, training.theta, training.update, training.average)

    def restored(self, age: int) -> Theta:
        """Return the parameters of an age that was kept.

        Raises
        ------
        StoreError
            If it cannot be read.
        """
        self._lock.check()
        return ages.read(self.path, self.model, age)

    def log(self, record: Mapping[str, float | int]) -> None:
        """Take the monitored quantities of an update.

        Raises
        ------
        StoreError
            If they cannot be written.
        """
        self._lock.check()
        with self._telling():
            self._log.append(dict(record))

    def after_update(self, training: Training) -> bool:
        """Save the restart file when it is time to; True once `request_stop` was called.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        self._last = training
        if self.is_due():
            self.save()
        return self._stop

    def is_due(self) -> bool:
        """Return whether it is time to save the restart file.

        Raises
        ------
        StoreError
            If the folder is no longer the one that was locked.
        """
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._lock.check()
        return now - self._saved_at >= self.restart_seconds

    def keep(self, training: Training) -> None:
        """Save the restart file of a training now, and do not hold it longer.

        Raises
        ------
        StoreError
            As `save`.
        """
        self._last = training
        self.save()
        self._last = None

    @property
    def is_stopping(self) -> bool:
        """Whether `request_stop` was called."""
        return self._stop

    def request_stop(self) -> None:
        """Ask the training to end after the current update (safe in a signal handler)."""
        self._stop = True

    def records(self) -> list[Record]:
        """Return what was logged so far.

        Raises
        ------
        StoreError
            If it is damaged.
        """
        return log.read(self.path)

    def restart(self) -> Training | None:
        """Return the training to go on from, None for a training that begins.

        Raises
        ------
        StoreError
            If they are missing or damaged, or of another machine.
        """
        saved = restart.read(self.path)
        if saved is not None:
            restart.check(self.path, self.model, saved)
        return saved

    def save(self) -> None:
        """Save the restart file now, if there was an update since; never parameters that are not finite.

        Raises
        ------
        StoreError
            If it cannot be written, or this is no longer the folder that was locked.
        """
        self._lock.check()
        last = self._last
        if last is None or last.update == self._saved_update or not ages.is_finite(last.theta):
            return
        with self._telling():
            self._log.sync()
            restart.write(self._lock.place, last)
        self._saved_update, self._saved_at = last.update, time.monotonic()

    def close(self) -> None:
        """Save the restart file and let others write.

        Raises
        ------
        StoreError
            If it cannot be saved.
        """
        try:
            self.save()
        finally:
            self._release()

    def _release(self) -> None:
        self._last = None
        self._log.close()
        self._lock.release()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._release()

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Add to the message of a failed write what is saved and how to go on."""
        try:
            yield
        except StoreError as error:
            kept = ages.kept(self.path)
            safe = f"{len(kept)} ages up to {kept[-1]} are kept" if kept else "no age was kept yet"
            saved = self._saved_update
            with contextlib.suppress(StoreError):
                saved = restart.saved_update(self.path)
            raise StoreError(
                error.path,
                f"{error.reason}; {safe}; once this is mended, --resume goes on from update {saved}",
            ) from error.__cause__
