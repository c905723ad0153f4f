"""Distances between the columns of an alignment in a structure (PDB or mmCIF), read by gemmi (in the extra `bio`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shortrun.data.core.alphabet import DNA, RNA
from shortrun.data.core.kind import Kind
from shortrun.data.core.libraries import library
from shortrun.data.core.raw import read_bytes
from shortrun.data.sequences.encoding import codes_of
from shortrun.data.sequences.profile_alignment import Placement, align, runs
from shortrun.errors import ConfigError, FormatError, nearest
from shortrun.phrases import counted

TRACES = ("CB", "C1'", "CA")  # the atom of a residue that stands for it: the first that it has
POOR = 0.15  # share of most frequent letters below which a chain may be of another family


@dataclass(frozen=True, eq=False)
class Chain:
    """The residues of a chain: their letters, their numbers in the file, their heavy atoms, and one atom of each."""

    name: str
    letters: str
    numbers: list[str]
    atoms: list[np.ndarray]
    traces: np.ndarray
    lacking: int  # residues without the atom that should stand for them


@dataclass(frozen=True, eq=False)
class Mapped:
    """Distances between columns, NaN where one has no residue, and notes on how they were found."""

    distances: np.ndarray
    notes: tuple[str, ...]


def read_structure(
    path: Path, kind: Kind, odds: np.ndarray, *, chain: str | None = None, atoms: str = "heavy"
) -> Mapped:
    """Return the distances between the columns of an alignment in a structure.

    Parameters
    ----------
    path : Path
        PDB or mmCIF, packed or not; found by its content.
    kind : Kind
        Of the alignment.
    odds : ndarray
        (S, q) scores of letters at its sites, by which chains are aligned (`log_odds`).
    chain : str, optional
        Its name; by default the chain that fits best.
    atoms : {"heavy", "cb"}, default "heavy"
        Least distance between heavy atoms, or distance of the C-beta (C-alpha of glycine, C1' of nucleotides).

    Raises
    ------
    FormatError
        If the file is no structure, or no chain fits.
    ConfigError
        If it has no such chain.
    MissingExtraError
        If gemmi is not installed.
    """
    assert kind.alphabet is not None
    chains, notes = read_chains(path, nucleic=kind.alphabet in (RNA, DNA))
    if chain is not None:
        names = [each.name for each in chains]
        if chain not in names:
            raise ConfigError("chain", f"one of {', '.join(names)} expected, got '{chain}'", nearest(chain, names))
        chains = [each for each in chains if each.name == chain]
    placements = [align(odds, letter_codes(each.letters, kind)) for each in chains]
    best = int(np.argmax([each.score for each in placements]))
    own, place = chains[best], placements[best]
    if place.score <= 0:
        raise FormatError(path, None, f"no chain fits the {kind.sites} sites of the model, nearest is {own.name}")
    columns = kind.alignment.columns
    kept = np.arange(kind.sites) if columns is None else np.array(columns.kept)
    found = np.full((kind.aligned_columns, kind.aligned_columns), np.nan)
    present = place.residues >= 0
    there = kept[present]
    found[np.ix_(there, there)] = distances(own, place.residues[present], atoms)
    if atoms == "cb" and own.lacking:
        notes.append(f"{own.lacking} residues without a C-beta are at their C-alpha")
    return Mapped(found, (*notes, *mapping_notes(path, own, place, kept)))


def letter_codes(letters: str, kind: Kind) -> np.ndarray:
    """Return the codes of the letters of a chain, T and U as one, -1 for one that the alphabet has not."""
    known = codes_of(kind.alphabet)
    for one, other in (("T", "U"), ("U", "T")):
        if kind.alphabet in (RNA, DNA) and one not in known:
            known[one] = known[other]
    return np.array([known.get(letter, -1) for letter in letters])


def read_chains(path: Path, *, nucleic: bool) -> tuple[list[Chain], list[str]]:
    """Return the chains of amino acids, or of nucleotides, of the first model of a file, and notes.

    Raises
    ------
    FormatError
        If it is no structure, or has no such chain.
    MissingExtraError
        If gemmi is not installed.
    """
    gemmi = library("gemmi", "gemmi", "bio")
    text = read_bytes(path).decode("utf-8", "replace")
    try:
        structure = gemmi.read_structure_string(text)
        structure.setup_entities()
        models = len(structure)
        found = [chain_of(gemmi, each, nucleic) for each in structure[0]] if models else []
    except (RuntimeError, ValueError, IndexError) as error:
        reason = str(error).splitlines()[0] if str(error) else "no atoms"
        raise FormatError(path, None, f"is no PDB or mmCIF file: {reason}") from None
    chains = [each for each in found if each.letters]
    if not chains:
        what = "nucleotides" if nucleic else "amino acids"
        raise FormatError(path, None, f"a chain of {what} expected, found none in this PDB or mmCIF file")
    return chains, [f"{path} has {models} models: the first is used"] if models > 1 else []


def chain_of(gemmi: Any, chain: Any, nucleic: bool) -> Chain:
    """Return the residues of a chain that are amino acids, or nucleotides."""
    letters, numbers, atoms, traces, lacking = [], [], [], [], 0
    for residue in chain.get_polymer() or chain:
        about = gemmi.find_tabulated_residue(residue.name)
        heavy = {}
        for atom in residue:
            if not atom.is_hydrogen():
                heavy.setdefault(atom.name, atom.pos.tolist())  # of alternative places the first
        if not heavy or not (about.is_nucleic_acid() if nucleic else about.is_amino_acid()):
            continue
        trace = next((name for name in TRACES if name in heavy), next(iter(heavy)))
        lacking += trace not in TRACES[:2] and residue.name != "GLY"
        letters.append(about.one_letter_code.strip().upper() or "X")
        numbers.append(str(residue.seqid))
        atoms.append(np.array(list(heavy.values())))
        traces.append(heavy[trace])
    return Chain(chain.name, "".join(letters), numbers, atoms, np.array(traces), lacking)


def distances(chain: Chain, residues: np.ndarray, atoms: str) -> np.ndarray:
    """Return the (n, n) distances between some residues of a chain, in angstrom."""
    if atoms == "cb":
        places = chain.traces[residues]
        return np.linalg.norm(places[:, None] - places, axis=2)
    chosen = [chain.atoms[residue] for residue in residues]
    every, starts = np.concatenate(chosen), np.cumsum([0, *map(len, chosen[:-1])])
    found = np.empty((len(chosen), len(chosen)))
    for row, own in enumerate(chosen):
        nearest_atom = np.square(own[:, None] - every).sum(2).min(0)
        found[row] = np.sqrt(np.minimum.reduceat(nearest_atom, starts))
    return found


def mapping_notes(path: Path, chain: Chain, place: Placement, kept: np.ndarray) -> list[str]:
    """Return how a chain was mapped, and which columns (from 1) and residues could not be."""
    placed = place.residues >= 0
    poor = ", few: is it of this family?" if place.identity < POOR else ""
    lines = [
        f"{path}: chain {chain.name}, {int(placed.sum())} of {len(chain.letters)} residues at "
        f"{len(placed)} sites; {place.identity:.0%} of them are the most frequent letter{poor}"
    ]
    if not placed.all():
        lines.append(f"{counted(int((~placed).sum()), 'site')} without a residue: {runs(kept[~placed] + 1)}")
    left = np.setdiff1d(np.arange(len(chain.letters)), place.residues)
    if len(left):
        lines.append(f"{counted(len(left), 'residue')} at no site: {runs(left, chain.numbers)}")
    return lines
