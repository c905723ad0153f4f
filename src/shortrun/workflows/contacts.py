"""Contacts of residues from the couplings of a trained machine: `contacts`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from shortrun.data.sequences.structure import Mapped, read_structure
from shortrun.data.sequences.weights import sequence_weights
from shortrun.data.tables.distances import read_distances
from shortrun.errors import ConfigError, DataError
from shortrun.landscape import BASELINES, Contacts, NamedSites, coupling_scores, rank_contacts
from shortrun.settings import ContactsSettings, takes
from shortrun.store import Trajectory
from shortrun.workflows._family import check_sequences, profile_of
from shortrun.workflows._runs import opened, training_data
from shortrun.workflows._sites import named_sites

GAP = "-"
IDENTITY = 0.8  # of sequences that share the weight of one, for baselines


@takes(ContactsSettings)
def contacts(
    run: Trajectory | Path | str,
    distances: Path | str | None = None,
    *,
    structure: Path | str | None = None,
    settings: ContactsSettings,
) -> Contacts:
    """Rank pairs of sites by corrected coupling strengths, and compare with a structure (theory: DNS25).

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    distances : Path or str, optional
        CSV or TSV with columns i, j (from 1) and a third one of distances.
    structure : Path or str, optional
        PDB or mmCIF file to take the distances from; its residues are aligned to the columns.

    Returns
    -------
    Contacts
        Pairs of sites, the highest score first, and how well they predict contacts of the structure.

    Raises
    ------
    ConfigError
        As for `couplings`, if the run learned no sequences, no pair is that far apart, or a structure has no such
        chain.
    DataError
        If the training data, which baselines need, cannot be read again.
    FormatError
        For a file that is no table of distances, or no structure; names the line.

    Examples
    --------
    >>> import numpy as np
    >>> import shortrun as sr
    >>> weight = np.random.default_rng(0).normal(size=(9, 5, 3))
    >>> run = sr.from_parameters(weight, np.zeros((9, 5)), np.zeros(3), alphabet="rna")
    >>> found = sr.contacts(run)
    >>> found.sites, len(found.table)
    (9, 6)
    """
    run = opened(run, raw=settings.raw)
    if distances is not None and structure is not None:
        raise ConfigError("structure", "either a structure or a table of distances expected, got both")
    named = named_sites(run, settings.age, settings.label, "couplings")
    check_sequences(run)
    known = None if distances is None else Mapped(read_distances(Path(distances), named.columns), ())
    if structure is not None:
        known = mapped(run, Path(structure), settings)
    others = baselines(run, named, settings) if settings.baselines else {}
    found = rank_contacts(named, None if known is None else known.distances, settings, others)
    return found if known is None else replace(found, notes=known.notes)


def mapped(run: Trajectory, path: Path, settings: ContactsSettings) -> Mapped:
    """Return the distances of a structure between the columns of the alignment that a run learned.

    Raises
    ------
    ConfigError
        If it learned no sequences.
    """
    if run.kind.alphabet is None or GAP not in run.kind.alphabet.letters:
        raise ConfigError("structure", f"sequences with gaps expected, {run.called} was trained on {run.kind.words}")
    return read_structure(path, run.kind, profile_of(run), chain=settings.chain, atoms=settings.atoms)


def baselines(run: Trajectory, named: NamedSites, settings: ContactsSettings) -> dict[str, np.ndarray]:
    """Return the scores of pairs of sites by other models of the training data.

    Raises
    ------
    DataError
        If these cannot be read again, or have no common alphabet.
    """
    data = training_data(run, reweight=None)
    if data.alphabet is None:
        raise DataError(f"baselines compare letters of one alphabet, the training data are {data.kind.words}")
    letters = data.alphabet.letters
    keep = np.array([settings.keep_gap or letter != GAP for letter in letters])
    weights, places = sequence_weights(data, IDENTITY), list(named.sites.places)
    both = np.ix_(places, places)
    models = {name: BASELINES[name](data.values, weights, len(letters)) for name in settings.baselines}
    return {name: coupling_scores(each, len(letters), keep).numpy()[both] for name, each in models.items()}
