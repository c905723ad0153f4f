"""Lists of mutants, such as A12G or A12G:K40R, and tables of their measured effects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from shortrun.data.core.labels import label_text
from shortrun.data.core.raw import read_text
from shortrun.data.tables.decimals import in_points
from shortrun.data.tables.delimited import Delimited, read_delimited
from shortrun.errors import FormatError
from shortrun.settings import Reading

SEPARATORS = re.compile(r"[:;,/+_\s]+")
ONE = re.compile(r"([A-Za-z])(-?\d+)([A-Za-z*=-]|del)")
THREE = re.compile(r"([A-Z][a-z]{2})(-?\d+)([A-Z][a-z]{2}|[*=-]|del)")  # as A12G in HGVS: p.Ala12Gly
WRAPPING = str.maketrans("", "", "[]() ")
WILD = frozenset({"wt", "wild-type", "wild type", "wildtype", "=", "p.="})
NAMES = "AlaArgAsnAspCysGlnGluGlyHisIleLeuLysMetPheProSerThrTrpTyrValTerSec"
AMINO_ACIDS = {NAMES[3 * i : 3 * i + 3]: letter for i, letter in enumerate("ARNDCQEGHILKMFPSTWYV*U")}
EFFECTS = ("measured", "score", "fitness", "effect", "dms_score", "activity", "value")


class Mutation(NamedTuple):
    """One letter for another: A12G. A stop is '*', a deletion '-'."""

    before: str
    number: int
    after: str


@dataclass(frozen=True)
class Mutants:
    """Mutants as a file has them: the line, the text, the mutations and the measured effect of each (NaN: none)."""

    path: Path
    lines: list[int]
    texts: list[str]
    mutations: list[tuple[Mutation, ...]]
    measured: list[float] | None = None


def parsed(text: str) -> tuple[Mutation, ...] | None:
    """Return the mutations of a text such as A12G:K40R, none for the wild type, None where it is no such text.

    Examples
    --------
    >>> from shortrun.data.tables.mutants import parsed
    >>> [parsed(text) for text in ("A12G;K40R", "p.[Ala12Gly;Lys40Arg]", "WT")] == [parsed("A12G/K40R")] * 2 + [()]
    True
    """
    plain = text.strip()
    if plain.casefold().lstrip("_") in WILD:
        return ()
    if plain.startswith("p."):
        plain = plain[2:].translate(WRAPPING).replace("p.", "")
    found = [_one(word) for word in SEPARATORS.split(plain) if word]
    if not found or any(each is None for each in found):
        return None
    return tuple(each for each in found if each is not None)


def _one(word: str) -> Mutation | None:
    if three := THREE.fullmatch(word):
        before, after = (AMINO_ACIDS.get(each, each) for each in three.group(1, 3))
        if len(before) > 1 or (len(after) > 1 and after != "del"):
            return None
    elif one := ONE.fullmatch(word):
        before, after = one[1].upper(), one[3] if one[3] == "del" else one[3].upper()
        three = one
    else:
        return None
    return Mutation(before, int(three[2]), {"del": "-", "=": before}.get(after, after))


def read_mutants(path: Path) -> Mutants:
    r"""Return the mutants of a file: one a line, with a header or not, or in a column of a CSV or TSV file.

    Raises
    ------
    FormatError
        For a line that is no mutant; names it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from shortrun.data.tables.mutants import read_mutants
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "list.csv"
    ...     _ = path.write_text("A12G\nA12G,K40R\n")
    ...     read_mutants(path).texts
    ['A12G', 'A12G,K40R']
    """
    lines = [(number, line.strip()) for number, line in enumerate(read_text(path).split("\n"), start=1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    headed = len(lines) > 1 and parsed(lines[0][1]) is None and SEPARATORS.search(lines[0][1]) is None
    plain = lines[headed:]
    found = [parsed(line.strip('"')) for _, line in plain]
    if all(each is not None for each in found):
        texts = [line.strip('"') for _, line in plain]
        return Mutants(path, [n for n, _ in plain], texts, [it for it in found if it is not None])
    if headed or parsed(lines[0][1]) is not None:
        wrong = next(i for i, each in enumerate(found) if each is None)
        raise no_mutant(path, plain[wrong][0], plain[wrong][1])
    return of_table(read_delimited(path).filled())


def read_measured(path: Path, column: str | None = None) -> Mutants:
    """Return the mutants of a table with their measured effects.

    Parameters
    ----------
    path : Path
        CSV or TSV with a column of mutants and one of numbers.
    column : str, optional
        The column of effects; by default one called measured, score, fitness, effect, DMS_score, activity or value, or
        the only one of numbers.

    Raises
    ------
    FormatError
        If a column is missing, or a cell is no mutant or no number; names line and column.
    """
    table = in_points(read_delimited(path).filled(), Reading())
    mutants = of_table(table)
    index = effect_column(table, mutant_column(table), column)
    effects = [effect_in(table, row, index) for row in range(len(table.rows))]
    return Mutants(path, mutants.lines, mutants.texts, mutants.mutations, effects)


def of_table(table: Delimited) -> Mutants:
    """Return the mutants in the column of a table that holds most of them."""
    column = mutant_column(table)
    texts = table.column(column)
    found = [parsed(text) for text in texts]
    for row, each in enumerate(found):
        if each is None:
            raise no_mutant(table.path, table.lines[row], texts[row])
    return Mutants(table.path, table.lines, texts, [each for each in found if each is not None])


def mutant_column(table: Delimited) -> int:
    """Return the column in which most cells are mutants."""
    counts = [sum(parsed(text) is not None for text in table.column(i)) for i in range(len(table.header))]
    if not max(counts):
        raise FormatError(table.path, 1, f"no column of mutants such as A12G, columns are {', '.join(table.header)}")
    return counts.index(max(counts))


def effect_column(table: Delimited, mutants: int, name: str | None) -> int:
    """Return the column of measured effects."""
    if name is not None:
        return table.require(name)
    lower = [text.casefold() for text in table.header]
    if known := [lower.index(each) for each in EFFECTS if each in lower]:
        return known[0]
    numbers = [i for i in range(len(table.header)) if i != mutants and all(is_number(x) for x in table.column(i))]
    if len(numbers) != 1:
        names = ", ".join(table.header[i] for i in numbers) or ", ".join(table.header)
        raise FormatError(table.path, 1, f"say with --measured-column which column holds the effects: {names}")
    return numbers[0]


def is_number(text: str) -> bool:
    """Return whether a cell is a number, or missing."""
    try:
        float(label_text(text) or "nan")
    except ValueError:
        return False
    return True


def effect_in(table: Delimited, row: int, column: int) -> float:
    """Return the measured effect in a cell, NaN where it is missing."""
    text = table.rows[row][column]
    if text.strip() == "-1":
        return -1.0  # a number here, though a missing label elsewhere
    if not is_number(text):
        raise table.refused(row, column, f"a number expected, got '{text}'")
    return float(label_text(text) or "nan")


def no_mutant(path: Path, line: int, text: str) -> FormatError:
    """Return the error about a text that is no mutant."""
    return FormatError(path, line, f"a mutant such as A12G or A12G:K40R expected, got '{text[:40]}'")
