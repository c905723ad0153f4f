"""The kind of data: what codes mean at each site, what a file of such data needs besides, and how it was read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
from pydantic import TypeAdapter

from shortrun.data.core.alphabet import Alphabet
from shortrun.data.core.columns import Column, colours_of
from shortrun.errors import DataError
from shortrun.phrases import counted
from shortrun.settings import Reading

VARIANT = re.compile(r"[^ ]* -?[0-9]{1,18} [^ ]* [^ ]* [^ ]*", re.ASCII)


@dataclass(frozen=True)
class KeptColumns:
    """The columns of an alignment of `of` columns that are sites, counted from 0."""

    of: int
    kept: tuple[int, ...]


@dataclass(frozen=True)
class AlignmentKind:
    """What is known of an alignment.

    Parameters
    ----------
    columns : KeptColumns, optional
        Which columns of the file are sites; None where all are.
    annotation : Mapping[str, str], optional
        Lines about columns, such as the consensus structure, as long as the whole alignment.
    remarks : Mapping[str, Any], optional
        What a Stockholm file says of itself, of single sequences and letters; a run does not keep it.
    """

    columns: KeptColumns | None = None
    annotation: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class GenotypeKind:
    """What is known of genotypes.

    Parameters
    ----------
    variants : tuple[str, ...], default ()
        The sites, each as `CHROMOSOME POSITION ID REF ALT`; empty where they are not known.
    vcf_header : tuple[str, ...], default ()
        The lines `##...` of a VCF file, without those about single persons.
    """

    variants: tuple[str, ...] = ()
    vcf_header: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageKind:
    """What is known of images.

    Parameters
    ----------
    shape : tuple[int, ...], optional
        Height and width; None for other data.
    full_scale : int, optional
        The grey value that is 1; None unless values are shares of full scale.
    """

    shape: tuple[int, ...] | None = None
    full_scale: int | None = None


@dataclass(frozen=True)
class MusicKind:
    """What is known of music.

    Parameters
    ----------
    frames : int
        Time bins side by side in a sample.
    time_bin : str
        Width of a bin, as `TimeBin` reads it.
    stride : int
        Bins from the start of one sample to that of the next.
    tempo : Mapping[str, float], optional
        Beats a minute of each class, and of all under "".
    """

    frames: int
    time_bin: str
    stride: int
    tempo: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class TableKind:
    """What is known of a table.

    Parameters
    ----------
    names : tuple[str, ...], default ()
        Of the sites, where these are not columns of kinds of their own.
    header : tuple[tuple[str, str, str], ...], default ()
        Role ("site", "sequence", "name", "label", "group", or "other" for what is not modelled), name and type of each
        column of the file, in its order.
    scales : tuple[tuple[float, float, int], ...], default ()
        Of numbers that were standardised, mean, standard deviation and decimals (-1: unknown) of each site in the file.
    """

    names: tuple[str, ...] = ()
    header: tuple[tuple[str, str, str], ...] = ()
    scales: tuple[tuple[float, float, int], ...] = ()


@dataclass(frozen=True)
class Kind:
    """What samples are: two data sets of one kind can be read, learned and compared alike.

    Parameters
    ----------
    sites : int
        S, the number of sites of a sample.
    codes : Alphabet or tuple[Column, ...], optional
        What codes mean: an alphabet for all sites, or a column for each; None for continuous values.
    alignment, genotypes, image, music, table : AlignmentKind, GenotypeKind, ImageKind, MusicKind, TableKind
        What is known of data of a domain.
    suffix : str, default ""
        Suffix of the files that samples were in, one a sample or a piece.
    source : str, optional
        The file or the name of the data set that was read.
    reading : Reading
        The options that it was read with.

    Examples
    --------
    >>> import shortrun as sr
    >>> kind = sr.read("digits").kind
    >>> kind.sites, kind.alphabet.letters, kind.image.shape, kind.encode(0, "1")
    (64, '01', (8, 8), 1)
    """

    sites: int
    codes: Alphabet | tuple[Column, ...] | None = None
    alignment: AlignmentKind = AlignmentKind()
    genotypes: GenotypeKind = GenotypeKind()
    image: ImageKind = ImageKind()
    music: MusicKind | None = None
    table: TableKind = TableKind()
    suffix: str = ""
    source: str | None = None
    reading: Reading = field(default_factory=Reading)

    @property
    def alphabet(self) -> Alphabet | None:
        """What codes mean, the same at every site; None for continuous values and for columns."""
        return self.codes if isinstance(self.codes, Alphabet) else None

    @property
    def columns(self) -> tuple[Column, ...] | None:
        """What codes mean where sites differ, one a site; None otherwise."""
        return self.codes if isinstance(self.codes, tuple) else None

    @property
    def continuous(self) -> bool:
        """Whether values are numbers rather than codes."""
        return self.codes is None

    @property
    def dtype(self) -> type[np.generic]:
        """Type of the values: uint8 codes, or float32."""
        return np.float32 if self.codes is None else np.uint8

    @property
    def colours(self) -> int | None:
        """q, the number of letters a site can hold; None for continuous values, and where sites differ."""
        return None if self.alphabet is None else len(self.alphabet)

    @cached_property
    def colours_by_site(self) -> np.ndarray | None:
        """(S,) int, the number of codes of each site; None for continuous values."""
        if self.columns is not None:
            return colours_of(self.columns)
        return None if self.colours is None else np.full(self.sites, self.colours)

    @property
    def words(self) -> str:
        """What the values are, in words."""
        if self.alphabet is not None:
            return f"the {self.alphabet.name} alphabet '{self.alphabet.letters}'"
        return "continuous values" if self.continuous else "columns of different kinds"

    @property
    def is_binned(self) -> bool:
        """Whether different numbers of a table have one code."""
        return any(column.is_binned for column in self.columns or ())

    @property
    def is_table(self) -> bool:
        """Whether the sites are columns of a table."""
        return self.columns is not None or bool(self.table.names)

    @property
    def extent(self) -> str:
        """How many sites there are, in words: 64 sites, or of a table 4 columns."""
        return counted(self.sites, "column" if self.is_table else "site")

    @property
    def label_column(self) -> str | None:
        """The name of the column that holds the classes, None where none is known."""
        in_file = [name for role, name, _ in self.table.header if role == "label"]
        return next(iter(in_file), self.reading.label_column)

    @property
    def aligned_columns(self) -> int:
        """How many columns the alignment has that the sites are from."""
        return self.sites if self.alignment.columns is None else self.alignment.columns.of

    @property
    def site_names(self) -> list[str]:
        """Names of the sites: those of columns, of the file, 22:16051497_A_G of genotypes, or site_1, site_2, ..."""
        if self.columns is not None:
            return [column.name for column in self.columns]
        names = [*self.table.names] or [name_of_variant(text) for text in self.genotypes.variants]
        known = len(names) == self.sites == len(set(names))
        return names if known else numbered(self.sites)

    @property
    def is_named(self) -> bool:
        """Whether sites have names of their own, by which those of other data are found."""
        return self.site_names != numbered(self.sites)

    def texts(self, site: int) -> list[str]:
        """Return what is written for each code of a site (from 0), a missing cell as ''; nothing of numbers."""
        if self.columns is not None:
            column = self.columns[site]
            return [str(text) for text in column.texts[: column.colours]]
        return [] if self.alphabet is None else [*self.alphabet.letters]

    def encode(self, site: int, text: str) -> int | float:
        """Return the code, or the number, that a text stands for at a site (from 0).

        Raises
        ------
        DataError
            If it stands for none; says what was expected.
        """
        if self.columns is not None:
            return code_in(self.columns[site], text)
        if self.alphabet is None:
            mean, scale, _ = self.table.scales[site] if self.table.scales else (0, 1, -1)
            return (number_in(text) - mean) / scale
        if len(text) != 1:
            raise DataError(f"one letter of '{self.alphabet.letters}' expected, got '{text}'")
        return int(self.alphabet.encode(text)[0])

    def is_like(self, other: Kind) -> bool:
        """Return whether the codes of two kinds mean the same."""
        return (self.sites, self.codes) == (other.sites, other.codes)

    def agrees(self, other: Kind, owner: str = "the model") -> None:
        """Check that a model of this kind of data can look at samples of another.

        Parameters
        ----------
        other : Kind
            Of the samples.
        owner : str, default "the model"
            What a message calls what was trained on this kind.

        Raises
        ------
        DataError
            If sites, their names, alphabet or a column differ; says how.
        """
        if other.sites != self.sites:
            raise DataError(f"{other.extent} a sample, but {owner} was trained on {self.sites:,}")
        check_order(self, other, owner)
        if self.columns is None or other.columns is None:
            if self.codes != other.codes:
                raise DataError(f"{owner} was trained on {self.words}, the data have {other.words}")
            if self.table.scales != other.table.scales:
                reason = f"numbers are standardised otherwise than those that {owner} was trained on"
                raise DataError(f"{reason}: read the file with like=run")
            return
        for ours, theirs in zip(self.columns, other.columns, strict=True):
            if ours.meaning() != theirs.meaning():
                raise DataError(
                    f"column '{theirs.name}' is not coded as column '{ours.name}' that {owner} was trained on: "
                    "read the file with like=run"
                )

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, without what is not known."""
        form = asdict(replace(self, alignment=replace(self.alignment, remarks={}), reading=Reading()))
        parts = {name: known(part) for name, part in form.items() if isinstance(part, dict) and name != "codes"}
        given = self.reading.model_dump(mode="json", exclude_unset=True)
        return known(form | parts | {"reading": given}) | {"codes": form["codes"]}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Kind:
        """Return the kind that `to_dict` described.

        Raises
        ------
        ValueError
            If it is no such form.
        """
        kind = from_json().validate_python(form)
        odd = next((text for text in kind.genotypes.variants if not VARIANT.fullmatch(text)), None)
        if odd is not None:
            raise ValueError(f"variants: CHROMOSOME POSITION ID REF ALT expected, got '{odd[:50]}'")
        return kind


@cache
def from_json() -> Any:
    """Return what makes a kind of its JSON form."""
    return TypeAdapter(Kind)


@runtime_checkable
class HasKind(Protocol):
    """Data, or a run: what has a kind."""

    @property
    def kind(self) -> Kind: ...


def kind_of(it: Kind | HasKind) -> Kind:
    """Return a kind, or that of data or of a run."""
    return it if isinstance(it, Kind) else it.kind


def known(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries that hold something."""
    return {name: value for name, value in form.items() if value not in (None, "", (), {})}


def check_order(model: Kind, other: Kind, owner: str) -> None:
    """Raise DataError if sites that both kinds know by name, or by position in a genome, are not in one order."""
    named = [tuple(kind.table.names) for kind in (model, other)]
    placed = [tuple(text.split(" ")[1] for text in kind.genotypes.variants) for kind in (model, other)]
    by_name = "read the file with like=run"
    in_order = "the same sites in the same order expected"
    for what, remedy, (ours, theirs) in (("column", by_name, named), ("position", in_order, placed)):
        pairs = zip(ours, theirs, strict=True) if len(ours) == len(theirs) else ()
        for site, (expected, found) in enumerate(pairs, start=1):
            if expected != found:
                where = f"site {site} is {what} '{found}', but '{expected}' in what {owner} was trained on"
                raise DataError(f"{where}: {remedy}")


def numbered(sites: int) -> list[str]:
    """Return the names of sites that have none of their own."""
    return [f"site_{site + 1}" for site in range(sites)]


def name_of_variant(text: str) -> str:
    """Return the name of a site of a genome, as 22:16051497_A_G."""
    chromosome, position, _, ref, alt = text.split(" ")
    return f"{chromosome}:{position}_{ref}_{alt}"


def code_in(column: Column, cell: str) -> int:
    """Return the code of a cell in a column."""
    code = column.code(cell)
    if code < 0:
        raise DataError(f"column '{column.name}': {column.complaint(cell)}")
    return code


def number_in(text: str) -> float:
    """Return the number that a text is."""
    try:
        return float(text)
    except ValueError:
        raise DataError(f"a number expected for continuous data, got '{text}'") from None
