"""How processes share their work: a table whose rows share the chains out, and whose columns share the sites."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.distributed as dist

from shortrun.errors import ConfigError
from shortrun.models import RBM, Model
from shortrun.parallel.group import Group
from shortrun.typing import Theta

ALONE = Group(0, 1)

_current: ContextVar[Mesh | None] = ContextVar("mesh", default=None)  # other threads work alone


@dataclass(frozen=True)
class Mesh:
    """Processes that work together, and who of them has what.

    Parameters
    ----------
    everyone : Group
        All of them.
    rows : Group
        Those that have the sites of this process, and other chains.
    sites : Group
        Those that have the chains of this process, and other sites.
    """

    everyone: Group
    rows: Group
    sites: Group

    @classmethod
    def of(cls, everyone: Group, share: str = "rows") -> Mesh:
        """Return the mesh of some processes.

        Parameters
        ----------
        everyone : Group
            The processes; each of them calls this.
        share : str, default "rows"
            "rows", "sites", or the numbers of both, as "2x4".

        Raises
        ------
        ConfigError
            If there are not so many processes.
        """
        rows, sites = shape_of(share, everyone.count)
        if sites == 1:
            return cls(everyone, everyone, ALONE)
        if rows == 1:
            return cls(everyone, ALONE, everyone)
        row, column = divmod(everyone.rank, sites)
        of_row = [dist.new_group(range(r * sites, (r + 1) * sites)) for r in range(rows)]  # all make all of them
        of_column = [dist.new_group(range(s, everyone.count, sites)) for s in range(sites)]
        return cls(everyone, Group(row, rows, of_column[column]), Group(column, sites, of_row[row]))

    def check_equal(self, model: Model, theta: Theta, update: int) -> None:
        """Check that all processes have the same parameters, bit for bit, of what they share.

        Raises
        ------
        ParallelError
            If they have not.
        """
        if self.rows.count > 1:
            self.rows.check_equal(theta, update)
        if self.sites.count > 1 and isinstance(model, RBM):
            everywhere = [*model.label_parts(theta), model.view(theta).hidden_bias]
            self.sites.check_equal(torch.cat([part.flatten() for part in everywhere]), update)

    @cached_property
    def groups(self) -> dict[str, Group]:
        """Those of more than one process that share something, by what they share."""
        named = {"rows": self.rows, "sites": self.sites}
        return {name: group for name, group in named.items() if group.count > 1}


def shape_of(share: str, count: int) -> tuple[int, int]:
    """Return how many processes share the rows, and how many the sites.

    Raises
    ------
    ConfigError
        If there are not so many.

    Examples
    --------
    >>> shape_of("rows", 4), shape_of("sites", 4), shape_of("2x3", 6)
    ((4, 1), (1, 4), (2, 3))
    """
    if share == "rows":
        return count, 1
    if share == "sites":
        return 1, count
    rows, sites = map(int, share.split("x"))
    if rows * sites != count:
        raise ConfigError("share", f"{share} is for {rows * sites} processes, there are {count}")
    return rows, sites


def current() -> Mesh | None:
    """Return the processes that share the work at present; None if this one works alone.

    Examples
    --------
    >>> current() is None
    True
    """
    return _current.get()


@contextmanager
def sharing(mesh: Mesh | None) -> Iterator[Mesh | None]:
    """Let the machines of `engine.machine` share their chains and sites among these processes, until the end."""
    before = _current.set(mesh)
    try:
        yield mesh
    finally:
        _current.reset(before)
