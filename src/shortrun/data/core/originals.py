"""The cells of a table as they were in its file, beside the codes that they became."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from shortrun.data.core.texts import Texts


@dataclass(frozen=True, eq=False)
class Original:
    """All columns of a table, those that are not modelled too; `Kind.table.header` says what each is.

    Parameters
    ----------
    columns : tuple[Texts, ...]
        With N cells each.
    sites : tuple[int, ...]
        Which of them are the sites, in their order; none where a column holds sequences.
    learned : bool
        Whether the codes of the sites were learned from these cells.
    """

    columns: tuple[Texts, ...]
    sites: tuple[int, ...]
    learned: bool

    @property
    def shape(self) -> tuple[int]:
        """(N,)."""
        return (len(self.columns[0]),)

    def __getitem__(self, rows: Any) -> Original:
        return replace(self, columns=tuple(column.select(rows) for column in self.columns))


def joined_originals(parts: Sequence[Original | None]) -> Original | None:
    """Return the cells of all parts, in order; None if they are not known of one."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or len({len(part.columns) for part in known}) > 1:
        return None
    columns = zip(*(part.columns for part in known), strict=True)
    return replace(known[0], columns=tuple(Texts.joined(same) for same in columns))
