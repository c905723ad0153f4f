"""Which rows of a table are of which samples: by the column that holds most of the samples' names, never by order."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from shortrun.data.core.dataset import Dataset, numbers
from shortrun.data.core.words import plain
from shortrun.data.genotypes.persons import FIRST, SECOND
from shortrun.data.tables.delimited import Delimited
from shortrun.errors import FormatError, nearest

Says = Callable[[int, int], Hashable]  # what a row says of its sample, where a column names it; None if nothing

TAGS = frozenset(("sp", "tr", "gb", "emb", "dbj", "ref", "pir", "prf", "pdb", "gi", "lcl", "bbs", "pat", "tpg"))
BANK = r"[A-Z]{1,8}(_[A-Z]{1,3})?_?\d{5,}"  # of GenBank, RefSeq, Ensembl, GISAID
UNIPROT = r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9]([A-Z][A-Z0-9]{2}[0-9]){1,2}"
ACCESSION = re.compile(rf"(?P<core>{BANK}|{UNIPROT})(\.(?P<version>\d{{1,3}}))?")
SPAN = re.compile(r"(?P<whole>.+)/(?P<span>\d+-\d+)")
ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}")  # of files
SHORTEST = 4  # letters of an identifier between '|'


@dataclass(frozen=True)
class Match:
    """The column that names samples, the (N,) row of each sample (-1 where there is none), and what to know of it."""

    column: int
    rows: np.ndarray
    note: str


def match(
    table: Delimited,
    data: Dataset,
    says: Says,
    *,
    spared: Sequence[int | None] = (),
    what: str = "another label",
    remedy: str = "",
) -> Match:
    """Return which row of a table is of which sample.

    A sample goes by its name, the file or piece of music that it is of, the first word of its name, or its person (its
    group); where none of these is there, by its accession: without /start-end, inside sp|ACC|NAME, or without .version.

    Parameters
    ----------
    table : Delimited
        Rows about samples.
    data : Dataset
        The samples.
    says : Callable[[int, int], Hashable]
        What a row (the second) says of its sample where a column (the first) names it; rows of one sample must say the
        same, or nothing (None).
    spared : Sequence[int or None]
        Columns that hold no names.
    what : str
        What a row has that disagrees with another.
    remedy : str
        The end of the refusal, where no column names samples.

    Raises
    ------
    FormatError
        If no column names samples, or rows of one sample disagree; names the lines.
    """
    candidates = [index for index in range(len(table.header)) if index not in spared]
    names = Names.of(data)
    found = [Column(table, index, names) for index in candidates]
    best = max(found, key=lambda column: column.score, default=None)
    if best is None or not best.score[0]:
        raise unnamed(table, found, names, remedy)
    header = table.header[best.index]
    if not names.numbered and any(header in texts for texts in names.texts):
        reason = f"the first line names sample '{header}': a header such as name,label must precede it"
        raise FormatError(table.path, table.first_line, reason)
    return Match(best.index, best.rows(says, what), best.note())


# The names of samples


class Names(NamedTuple):
    """What tables may call each sample, the most telling first.

    Whether samples are `numbered`, for want of names, whether all names are `figures`, which other columns hold too,
    and whether they are of `files`.
    """

    texts: list[tuple[str, ...]]
    numbered: bool
    figures: bool
    files: bool

    @classmethod
    def of(cls, data: Dataset) -> Names:
        """Return the names of samples."""
        numbered = bool(np.array_equal(data.names, numbers(len(data))))
        groups = data.names if data.groups is None else data.groups
        pairs = zip(data.names.tolist(), groups.tolist(), strict=True)
        texts = [spellings(name, group, data.kind.suffix) for name, group in pairs]
        figures = numbered or all(name.isdecimal() for name, *_ in texts)
        return cls(texts, numbered, figures, bool(data.kind.suffix))


def spellings(name: str, group: str, suffix: str) -> tuple[str, ...]:
    """Return what a table may call a sample: its name, a piece of music, a file, the first word, a person."""
    name, group = plain(name), plain(group)
    piece = name.rpartition("@")[0] or name
    words = name.split()
    person = name[: -len(FIRST)] if name.endswith((FIRST, SECOND)) else name
    half = person[: len(person) // 2]  # PLINK makes FAMILY_PERSON, often the same twice
    twice = (half,) if half and person == f"{half}_{half}" else ()
    files = (name + suffix, piece + suffix) if suffix else ()
    return tuple(dict.fromkeys((name, piece, *files, *words[:1], group, person, *twice)))


# Accessions


class Accession(NamedTuple):
    """An identifier in a name; its version, its span of residues and its folder, '' where there is none."""

    core: str
    version: str = ""
    span: str = ""
    folder: str = ""

    def fits(self, other: Accession) -> bool:
        """Return whether both may mean the same: what one of them says, the other says too or leaves out."""
        pairs = zip(self[1:3], other[1:3], strict=True)
        folders = sorted((f"/{self.folder}", f"/{other.folder}" if other.folder else ""), key=len)
        inside = not self.folder or folders[1].endswith(folders[0])
        return self.core == other.core and all(a == b or not (a and b) for a, b in pairs) and inside


def accessions(text: str, *, file: bool = False) -> list[Accession]:
    """Return the identifiers in a name: the first word and what stands between '|', or the name of a file.

    Examples
    --------
    >>> from shortrun.data.tables.naming import accessions
    >>> [found.core for found in accessions("sp|P04637|P53_HUMAN/95-288 Cellular tumour antigen")]
    ['sp|P04637|P53_HUMAN', 'P04637', 'P53_HUMAN']
    >>> accessions("NC_012920.1/577-647")
    [Accession(core='NC_012920', version='1', span='577-647', folder='')]
    """
    if file:
        path = PurePosixPath(text.replace("\\", "/"))
        folder = "" if path.parent == PurePosixPath(".") else path.parent.as_posix()
        names = (path.name, path.stem) if ENDING.fullmatch(path.suffix) else (path.name,)
        return [Accession(name, folder=folder) for name in names]
    word = (text.split() or [""])[0]
    spanned = SPAN.fullmatch(word)
    whole, span = (spanned["whole"], spanned["span"]) if spanned else (word, "")
    found = []
    for core in dict.fromkeys((whole, *between(whole))):
        known = ACCESSION.fullmatch(core)
        found.append(Accession(known["core"] if known else core, (known and known["version"]) or "", span))
    return found


def between(text: str) -> list[str]:
    """Return the identifiers between '|': those after the name of a data bank, and others that look like accessions."""
    parts = text.split("|")
    if len(parts) == 1:
        return []
    if parts[0].lower() == "gnl":
        return parts[2:]
    if parts[0].lower() in TAGS:
        return [part for part in parts if len(part) >= SHORTEST]
    return [part for part in parts if ACCESSION.fullmatch(part)]


# Columns


class Column:
    """A column of a table as names of samples: which row of it is of each sample, and how sure that is."""

    def __init__(self, table: Delimited, index: int, names: Names):
        self.table, self.index, self.names = table, index, names
        self.cells = table.column(index)
        known = set(self.cells) - {""}
        self.called = self._numbered(known) if names.numbered else self._called(known)
        self.exact = sum(call == texts[0] for call, texts in zip(self.called, names.texts, strict=True))
        self.by_accession: dict[int, list[tuple[Accession, Accession, str]]] = {}
        if not names.figures and "" in self.called:
            self._find_accessions(known)

    @property
    def score(self) -> tuple[int, int]:
        """How many samples it names, and how many of these by their whole name."""
        return len(self.called) - self.called.count("") + len(self.by_accession), self.exact

    def _called(self, known: set[str]) -> list[str]:
        """Return what the column calls each sample, '' where it is not there."""
        if self.names.figures and len(known) < len(self.cells):  # no names: ages, years, counts
            return [""] * len(self.names.texts)
        return [next((text for text in texts if text in known), "") for texts in self.names.texts]

    def _numbered(self, known: set[str]) -> list[str]:
        """Return the same of numbered samples: by persons, or by numbers of which none is missing or twice."""
        texts = self.names.texts
        groups = [next((text for text in others if text in known and not text.isdecimal()), "") for _, *others in texts]
        if any(groups):
            return groups
        all_there = len(known) == len(self.cells) and all(first in known for first, *_ in texts)
        return [first if all_there else "" for first, *_ in texts]

    def _find_accessions(self, known: set[str]) -> None:
        """Find samples that are not there by an accession."""
        index: dict[str, list[tuple[Accession, str]]] = {}
        for cell in known:
            for each in accessions(cell, file=self.names.files):
                index.setdefault(each.core, []).append((each, cell))
        for sample in (row for row, call in enumerate(self.called) if not call):
            texts = self.names.texts[sample]
            wanted = {one for text in texts for one in accessions(text, file=self.names.files)}
            fits = {(one, each, cell) for one in wanted for each, cell in index.get(one.core, ()) if one.fits(each)}
            if fits:
                self.by_accession[sample] = sorted(fits)

    def rows(self, says: Says, what: str) -> np.ndarray:
        """Return the (N,) row of each sample, -1 where there is none.

        Raises
        ------
        FormatError
            If rows of one sample disagree, or one without a version is of samples of several.
        """
        if self.exact == len(self.cells) == len(self.called) and self.called == self.cells:
            return np.arange(len(self.cells))  # names may occur twice where both agree row by row
        rows_of: dict[str, list[int]] = {}
        for row, cell in enumerate(self.cells):
            rows_of.setdefault(cell, []).append(row)
        self._check_accessions()
        found = {call: self._agreed(call, rows_of[call], says, what) for call in set(self.called) - {""}}
        rows = np.array([found.get(call, -1) for call in self.called])
        for sample, fits in self.by_accession.items():
            same = {row for _, _, cell in fits for row in rows_of[cell]}
            rows[sample] = self._agreed(self.names.texts[sample][0], same, says, what)
        return rows

    def _agreed(self, name: str, rows: Iterable[int], says: Says, what: str) -> int:
        """Return the row of a sample: the first that says something."""
        rows = sorted(rows)
        telling = [row for row in rows if says(self.index, row) is not None]
        if not telling:
            return rows[0]
        other = next((row for row in telling if says(self.index, row) != says(self.index, telling[0])), None)
        if other is None:
            return telling[0]
        first, second = (self.cells[row] for row in (telling[0], other))
        lines, place = self.table.lines, "line" if self.table.first_line else "row"
        who = f"name '{name}'" if first == second == name else f"sample '{name}', here called '{second}',"
        reason = f"{who} has {what} than in {place} {lines[telling[0]]}"
        raise FormatError(self.table.path, lines[other], reason)

    def _check_accessions(self) -> None:
        """Raise FormatError if a cell may be one sample or another, for want of a version or a folder."""
        seen: dict[tuple[str, str], tuple[Accession, str]] = {}
        for sample, fits in self.by_accession.items():
            name = self.names.texts[sample][0]
            for one, _, cell in fits:
                other, first = seen.setdefault((cell, one.core), (one, name))
                if (one.version, one.folder) != (other.version, other.folder):
                    line = self.table.lines[self.cells.index(cell)]
                    reason = f"'{cell}' may be '{first}' or '{name}': the whole name expected"
                    raise FormatError(self.table.path, line, reason)

    def note(self) -> str:
        """Return how many samples have a row and how many rows a sample, and one of each that have none."""
        used = {*self.called, *(cell for fits in self.by_accession.values() for _, _, cell in fits)}
        total, there = len(self.called), self.score[0]
        line = f"{self.table.path.name}: column '{self.table.header[self.index]}' names "
        line += f"all {total:,} samples" if there == total else f"{there:,} of {total:,} samples"
        if self.by_accession:
            sample, ((_, _, cell), *_) = next(iter(self.by_accession.items()))
            line += f" ({len(self.by_accession):,} by accession, as '{self.names.texts[sample][0]}' by '{cell}')"
        if there < total:
            lost = next(i for i, call in enumerate(self.called) if not call and i not in self.by_accession)
            has = "has" if total - there == 1 else "have"
            line += f"; {total - there:,} {has} no row, as '{self.names.texts[lost][0]}'"
        surplus = [cell for cell in self.cells if cell not in used]
        if surplus:
            name = "is of no sample" if len(surplus) == 1 else "are of no sample"
            line += f"; {len(surplus):,} of {len(self.cells):,} rows {name}, as '{surplus[0]}'"
        return line


def unnamed(table: Delimited, columns: Sequence[Column], names: Names, remedy: str) -> FormatError:
    """Return the error about a table in which no column names samples."""
    if names.numbered:
        return FormatError(table.path, None, f"the samples have no names by which rows could be found{remedy}")
    name = names.texts[0][0]
    cells = {cell: column for column in columns for cell in column.cells[:1000]}
    guess = nearest(name, cells) if len(name) > 2 else None
    tip = f" (did you mean '{guess}' in column '{table.header[cells[guess].index]}'?)" if guess else ""
    return FormatError(table.path, None, f"no column holds names of the samples, as '{name}'{tip}{remedy}")
