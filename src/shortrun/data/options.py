"""What a user can say about a file; a format uses what concerns it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shortrun.data.core.alphabet import MAX_COLOURS, Alphabet
from shortrun.data.core.columns import Column
from shortrun.data.genotypes.regions import Region
from shortrun.errors import ConfigError, nearest


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of reading; None means that the file decides.

    Parameters
    ----------
    label_column : str, optional
        Column (or array) that holds the class labels.
    group : str, optional
        Column (or array) that says which samples belong together.
    threshold : float, optional
        Share of full scale above which a grey value is 1.
    keys : Mapping[str, str], optional
        Names of the arrays of an .npz file: x, y, group, names, weights, classes.
    alphabet : Alphabet or str, optional
        An `Alphabet`, the name of one, its letters, "codes" or "continuous".
    part : str, optional
        "train" or "test": which part of a file that holds both is read.
    unknown : str, default "error"
        What to do with a letter outside the alphabet: refuse the file, make it a gap, or drop its sequence.
    inserts : str, optional
        "remove" what A2M writes as small letters and '.', or "keep" it; by default A2M and A3M files lose them.
    align : str, optional
        An HMM (HMMER's file) that FASTA sequences are aligned to.
    max_gaps : float, optional
        The largest share of gaps that a column of an alignment may have; others are removed.
    kept_columns : Mapping[str, Any], optional
        The columns of an alignment to keep instead, as `meta["kept_columns"]` of other data lists them.
    grey : bool, default False
        Keep the grey values of images, as shares of full scale.
    frames : int, optional
        Bins of music side by side in one sample.
    time_bin : str, optional
        Width of a bin of music, "beat/4" or "0.05s".
    stride : int, optional
        Bins from one sample of a piece of music to the next.
    region : str, optional
        Of genotypes: sites of a chromosome, or of a stretch of it, as "22" or "22:16050000-17000000".
    maf : float, optional
        Of genotypes: the lowest minor-allele frequency of a site.
    thin : int, optional
        Of genotypes: the least distance of two sites in base pairs, as of vcftools --thin.
    missing : str, default "error"
        Of genotypes: a call that is missing is an "error", or leaves out its site ("drop-site") or its person
        ("drop-sample"), or counts as the site's more frequent allele ("major"); of tables: a missing cell is an
        "error", or leaves out its row ("drop-sample"), or is a value of its own ("category").
    multiallelic : str, default "skip"
        Of genotypes: sites without exactly two alleles are left out ("skip") or an "error".
    variants : Sequence[str], optional
        Of genotypes: the sites to read, in this order, as `meta["variants"]` of other data lists them; region, maf and
        thin are not looked at then.
    bins : int, optional
        Of tables: the largest number of bins of a column of numbers.
    categorical, numeric : Sequence[str], default ()
        Of tables: columns that are categories or numbers, whatever they look like.
    ignore : Sequence[str], default ()
        Of tables: columns to leave out.
    columns : Sequence[Column], optional
        Of tables: the columns to read and their values, as `Dataset.columns` of other data lists them.

    Raises
    ------
    ConfigError
        If a setting is not one of those, or a number is out of range.
    """

    label_column: str | None = None
    group: str | None = None
    threshold: float | None = None
    keys: Mapping[str, str] | None = None
    alphabet: Alphabet | str | None = None
    part: str | None = None
    unknown: str = "error"
    inserts: str | None = None
    align: str | None = None
    max_gaps: float | None = None
    kept_columns: Mapping[str, Any] | None = None
    grey: bool = False
    frames: int | None = None
    time_bin: str | None = None
    stride: int | None = None
    region: str | None = None
    maf: float | None = None
    thin: int | None = None
    missing: str = "error"
    multiallelic: str = "skip"
    variants: Sequence[str] | None = None
    bins: int | None = None
    categorical: Sequence[str] = ()
    numeric: Sequence[str] = ()
    ignore: Sequence[str] = ()
    columns: Sequence[Column] | None = None

    def __post_init__(self):
        choose("part", self.part, (None, "train", "test"))
        choose("unknown", self.unknown, ("error", "gap", "drop"))
        choose("inserts", self.inserts, (None, "keep", "remove"))
        within("max_gaps", self.max_gaps, 0, 1)
        choose("missing", self.missing, ("error", "drop-site", "drop-sample", "major", "category"))
        choose("multiallelic", self.multiallelic, ("skip", "error"))
        within("maf", self.maf, 0, 0.5)
        within("thin", self.thin, 1)
        within("bins", self.bins, 2, MAX_COLOURS - 1)
        Region.of(self.region)
        for key, number in (("frames", self.frames), ("stride", self.stride)):
            if number is not None and number < 1:
                raise ConfigError(key, f"at least 1 expected, got {number}")


def choose(key: str, value: str | None, known: tuple[str | None, ...]) -> None:
    """Raise ConfigError unless a setting has one of its known values."""
    names = [name for name in known if name is not None]
    if value not in known:
        raise ConfigError(key, f"one of {', '.join(names)} expected, got '{value}'", nearest(str(value), names))


def within(key: str, value: float | None, lowest: float, highest: float = math.inf) -> None:
    """Raise ConfigError unless a setting that is given lies in a range."""
    if value is not None and not lowest <= value <= highest:
        expected = f"{lowest} to {highest}" if highest < math.inf else f"at least {lowest}"
        raise ConfigError(key, f"{expected} expected, got {value}")
