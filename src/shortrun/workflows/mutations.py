"""What mutations do to the free energy of a sequence: `mutations`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from shortrun.data import Dataset, Kind, read
from shortrun.data.sequences.unaligned import unaligned_blocks
from shortrun.data.sequences.weights import frequencies
from shortrun.data.sequences.wildtype import WildType, is_fasta, of_dataset, read_wildtype, single_row
from shortrun.data.tables.mutants import Mutants, Mutation, read_measured, read_mutants
from shortrun.errors import ConfigError, DataError, FormatError
from shortrun.landscape import (
    independent_scores,
    log_weights_of,
    mutated,
    rank_correlation,
    single_mutants,
)
from shortrun.settings import MutationsSettings, Reading, takes
from shortrun.store import Trajectory
from shortrun.workflows._family import profile_of
from shortrun.workflows._runs import check_kind, opened, rbm_of, theta_of, training_data
from shortrun.workflows._sites import class_code, named_sites

NOTES = "notes"  # key of what a user should know, in the `attrs` of a table
SCORES = ("score", "independent")


@takes(MutationsSettings)
def mutations(
    run: Trajectory | Path | str,
    wildtype: Dataset | WildType | Path | str,
    sequences: Dataset | None = None,
    *,
    mutants: Path | str | None = None,
    measured: Path | str | None = None,
    align: Path | str | None = None,
    settings: MutationsSettings,
) -> pd.DataFrame:
    """Score every single mutant of a sequence, or a list of mutants or sequences, by their free energy.

    score = F(wild type) - F(mutant) = ln p(mutant) - ln p(wild type): higher is fitter. Residues are counted along the
    wild type, its insertions too, from `first_residue`. What is not scored, and why, is in `table.attrs["notes"]`.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    wildtype : Dataset or WildType or Path or str
        One sample, or a file of one; of FASTA also a sequence that is not aligned (`open_wildtype`). Or several
        samples, without a wild type, whose score is -F.
    sequences : Dataset, optional
        Samples to score relative to the wild type, instead of its single mutants.
    mutants : Path or str, optional
        File of mutants such as A12G or A12G:K40R to score instead.
    measured : Path or str, optional
        Table of mutants with measured effects (`correlations`); the mutants are scored unless `mutants` lists others.
    align : Path or str, optional
        HMM (HMMER's file) that sequences of a FASTA file are aligned to, each of which is then scored by -F.

    Returns
    -------
    pandas.DataFrame
        of single mutants mutant (as A24G), score, position, wildtype, letter, column (of the alignment, from 1); of
        lists mutant, score (NaN where a residue is not modelled), mutations (how many), measured; independent with that
        baseline; of sequences name and score

    Raises
    ------
    DataError
        For samples that are not of the kind that the machine knows, or several wild types.
    FormatError
        For a list that does not fit the wild type; names the line.
    ConfigError
        For a chaotic network, continuous units, a class that is unknown.
    StoreError
        For an age that was not kept.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> data = sr.read("digits").head(50)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = sr.fit(data, out=f"{folder}/run", hidden=8, updates=3)
    ...     table = sr.mutations(run, data.head(1))
    >>> len(table), table.columns.tolist()
    (64, ['mutant', 'score', 'position', 'wildtype', 'letter', 'column'])
    """
    run, reading = opened(run, raw=settings.raw), Reading() if align is None else Reading.of(align=align)
    alone = sequences is None and mutants is None and measured is None
    if alone and isinstance(wildtype, Path | str):
        table = score_unaligned(run, wildtype, reading=reading, settings=settings)
        if table is not None:
            return table
    first = open_wildtype(run, wildtype, reading=reading) if isinstance(wildtype, Path | str) else wildtype
    for data in (first, sequences):
        if isinstance(data, Dataset):
            check_kind(run, data)
    if alone and isinstance(first, Dataset) and len(first) != 1:
        return pd.DataFrame({"name": first.names, "score": log_weights_in(run, settings)(first.values)})
    wild = the_wildtype(first)
    if sequences is not None:
        return relative(run, wild, sequences, settings)
    if mutants is None and measured is None:
        return every_single(run, wild, settings)
    effects = None if measured is None else read_measured(Path(measured), settings.measured_column)
    listed = effects if mutants is None else read_mutants(Path(mutants))
    assert listed is not None
    return of_list(run, wild, (listed, effects), settings)


def open_wildtype(
    run: Trajectory | Path | str, path: Path | str, *, reading: Reading | None = None
) -> Dataset | WildType:
    """Return the wild type in a file: aligned or not if it is the only sequence of a FASTA file, else its samples.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    path : Path or str
        The file.
    reading : Reading, optional
        Options of reading; others are as the run's own.

    Raises
    ------
    FormatError
        If the file cannot be read, or the sequence does not fit the sites.
    """
    run, reading = opened(run), reading or Reading()
    kind = read_as(run, reading)
    found = read_wildtype(Path(path), kind, kind.reading.unknown, lambda: profile_of(run))
    return read(path, like=run, **reading.given) if found is None else found


def read_as(run: Trajectory, reading: Reading) -> Kind:
    """Return the kind of a run's data with other options of reading."""
    return replace(run.kind, reading=run.kind.reading.model_copy(update=reading.given))


def count_of(wildtype: Dataset | WildType) -> int:
    """Return how many sequences were given as wild types."""
    return 1 if isinstance(wildtype, WildType) else len(wildtype)


@takes(MutationsSettings)
def score_unaligned(
    run: Trajectory | Path | str, path: Path | str, *, reading: Reading | None = None, settings: MutationsSettings
) -> pd.DataFrame | None:
    """Return -F of each sequence of a FASTA file that an HMM aligns, in memory that does not grow with their lengths.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    path : Path or str
        The file.
    reading : Reading, optional
        Options of reading, `align` among them unless the run remembers it.

    Returns
    -------
    pandas.DataFrame or None
        name and score, NaN for a sequence that matches the HMM nowhere or has other letters, which are counted in
        `attrs["notes"]`; None without an HMM, for one sequence, and for other files
    """
    run, reading = opened(run, raw=settings.raw), reading or Reading()
    kind = read_as(run, reading)
    if kind.reading.align is None or not is_fasta(Path(path)) or single_row(Path(path)) is not None:
        return None
    scores_of = log_weights_in(run, settings)
    names: list[str] = []
    parts: list[np.ndarray] = []
    lost = Counter[str]()
    for block in unaligned_blocks(Path(path), kind):
        scores = np.full(len(block.names), np.nan)
        if block.kept.any():
            scores[block.kept] = scores_of(block.values[block.kept])
        names += block.names
        parts.append(scores)
        lost.update(block.lost)
    table = pd.DataFrame({"name": names, "score": np.concatenate(parts)})
    table.attrs[NOTES] = [f"{count:,} of {len(table):,} sequences have no score: {why}" for why, count in lost.items()]
    return table


def log_weights_in(run: Trajectory, settings: MutationsSettings) -> Callable[[np.ndarray], np.ndarray]:
    """Return what gives -F of (N, S) values, at the age and with the class that settings name."""
    model, theta = rbm_of(run, "free energy"), theta_of(run, settings.age)
    return partial(log_weights_of, model, theta, label=class_code(run, settings.label))


def the_wildtype(given: Dataset | WildType) -> WildType:
    """Return one wild type.

    Raises
    ------
    DataError
        If there are several.
    """
    if isinstance(given, WildType):
        return given
    if len(given) != 1:
        raise DataError(f"one wild type expected to compare sequences with, got {len(given)}")
    return of_dataset(given)


def every_single(run: Trajectory, wild: WildType, settings: MutationsSettings) -> pd.DataFrame:
    """Return the scores of all single mutants."""
    named = named_sites(run, settings.age, settings.label, "free energy")
    numbers = np.where(wild.residues < 0, np.nan, wild.residues + float(settings.first_residue))
    table = single_mutants(named, wild.codes, numbers if wild.counted else None)
    notes = wild.described(settings.first_residue)
    if settings.baselines:
        place = np.full(named.columns + 1, -1)
        place[named.positions] = named.sites.places
        sites = place[table["column"]]
        codes = [run.kind.encode(*pair) for pair in zip(sites.tolist(), table["letter"], strict=True)]
        values = mutated(wild.codes, [[(s, int(c))] for s, c in zip(sites.tolist(), codes, strict=True)])
        alone, more = independent(run, wild, values)
        if alone is not None:
            table["independent"] = alone
        notes = (*notes, *more)
    table.attrs[NOTES] = list(notes)
    return table


def relative(run: Trajectory, wild: WildType, sequences: Dataset, settings: MutationsSettings) -> pd.DataFrame:
    """Return the scores of sequences relative to a wild type."""
    scores_of = log_weights_in(run, settings)
    scores = scores_of(sequences.values) - scores_of(wild.codes[None])
    table = pd.DataFrame({"name": sequences.names, "score": scores})
    table.attrs[NOTES] = list(wild.notes)
    return table


def of_list(
    run: Trajectory, wild: WildType, lists: tuple[Mutants, Mutants | None], settings: MutationsSettings
) -> pd.DataFrame:
    """Return the scores of listed mutants, with their measured effects where there are any.

    Raises
    ------
    FormatError
        If a mutant does not fit the wild type; names the line.
    ConfigError
        If samples have no letters to name mutants by.
    """
    listed, effects = lists
    if not wild.counted:
        raise ConfigError("mutants", "a wild type that is a sequence with all its columns expected")
    check_letters(listed, wild, settings.first_residue)
    changes = [changes_of(run, wild, each, settings.first_residue) for each in listed.mutations]
    known = np.array([each is not None for each in changes])
    values = mutated(wild.codes, [each or [] for each in changes])
    scores = log_weights_in(run, settings)(np.concatenate([wild.codes[None], values]))
    table = pd.DataFrame({"mutant": listed.texts, "score": np.where(known, scores[1:] - scores[0], np.nan)})
    table["mutations"] = [len(each) for each in listed.mutations]
    notes = [*wild.described(settings.first_residue), *not_scored(listed, known)]
    if settings.baselines or (settings.baselines is None and effects is not None):
        alone, more = independent(run, wild, values)
        if alone is not None:
            table["independent"] = np.where(known, alone, np.nan)
        notes += more
    if effects is not None:
        table["measured"], more = matched(listed, effects)
        notes += more
    table.attrs[NOTES] = notes
    return table


def check_letters(listed: Mutants, wild: WildType, first: int) -> None:
    """Refuse mutants that do not start from the letters of the wild type, or change a residue twice.

    Raises
    ------
    FormatError
        Names the line, and what would make all of them fit.
    """
    for line, text, mutations in zip(listed.lines, listed.texts, listed.mutations, strict=True):
        numbers = [each.number for each in mutations]
        if len(set(numbers)) < len(numbers):
            raise FormatError(listed.path, line, f"'{text}' changes one residue twice")
        for each in mutations:
            if (found := letter_at(wild, each.number - first)) != each.before:
                last = first + len(wild.letters) - 1
                what = f"is {found} in '{wild.name}'" if found else f"does not exist: '{wild.name}' has {first}-{last}"
                hint = other_start(listed, wild, first)
                raise FormatError(listed.path, line, f"'{text}': residue {each.number} {what}{hint}")


def letter_at(wild: WildType, index: int) -> str | None:
    """Return a residue of the wild type, None where it has none."""
    return wild.letters[index] if 0 <= index < len(wild.letters) else None


def other_start(listed: Mutants, wild: WildType, first: int) -> str:
    """Return the hint at the number of the first residue with which every mutant would fit, if there is one."""
    wanted = {(each.number, each.before) for mutations in listed.mutations for each in mutations}
    lowest, highest = (pick(number for number, _ in wanted) for pick in (min, max))
    for start in range(highest - len(wild.letters) + 1, lowest + 1):
        if start != first and all(letter_at(wild, number - start) == letter for number, letter in wanted):
            return f" (all fit with --first-residue {start})"
    return ""


def changes_of(
    run: Trajectory, wild: WildType, mutations: Sequence[Mutation], first: int
) -> list[tuple[int, int]] | None:
    """Return the (site, code) that mutations change, None where a residue or a letter is not modelled."""
    assert run.kind.alphabet is not None
    letters, found = run.kind.alphabet.letters, []
    for each in mutations:
        site = wild.sites.get(each.number - first)
        if site is None or each.after not in letters:
            return None
        found.append((site, letters.index(each.after)))
    return found


def not_scored(listed: Mutants, known: np.ndarray) -> list[str]:
    """Return a line about mutants without a score, if there are any."""
    if known.all():
        return []
    example = listed.texts[int(np.argmin(known))]
    missing = int((~known).sum())
    return [f"{missing:,} of {len(known):,} mutants have no score, as {example}: no such site or letter in the model"]


def independent(run: Trajectory, wild: WildType, values: np.ndarray) -> tuple[np.ndarray | None, list[str]]:
    """Return the scores of mutants by independent sites; None, and why, where the training data are not there."""
    try:
        data = training_data(run)
    except DataError as error:
        return None, [f"no baseline of independent sites: {error}"]
    return independent_scores(frequencies(data), wild.codes, values), []


def matched(listed: Mutants, effects: Mutants) -> tuple[np.ndarray, list[str]]:
    """Return the measured effect of each listed mutant, the mean where one was measured several times, and notes."""
    assert effects.measured is not None
    if listed is effects:
        return np.array(effects.measured), []
    by_mutant: dict[frozenset[Mutation], list[float]] = {}
    for mutations, value in zip(effects.mutations, effects.measured, strict=True):
        by_mutant.setdefault(frozenset(mutations), []).append(value)
    keys = [frozenset(mutations) for mutations in listed.mutations]
    found = np.array([np.mean(by_mutant.get(key, [np.nan])) for key in keys])
    beyond = len(by_mutant.keys() - set(keys))
    notes = [f"{beyond:,} measured mutants are not in {listed.path}"] if beyond else []
    return found, notes


def correlations(table: pd.DataFrame) -> dict[str, tuple[float, int]]:
    """Return Spearman's correlation with measured effects, and of how many mutants, of each score in a table.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `mutations` with measured effects; empty without.
    """
    if "measured" not in table:
        return {}
    measured = table["measured"].to_numpy(float)
    return {name: rank_correlation(table[name].to_numpy(float), measured) for name in SCORES if name in table}
