"""What a user can say about a file; a format uses what concerns it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from shortrun.files import NAMED
from shortrun.settings._base import (
    DATA,
    FILES,
    GENOTYPES,
    IMAGES,
    MUSIC,
    SEQUENCES,
    TABLES,
    Positive,
    Settings,
    option,
)


def path_text(path: Any) -> Any:
    """Return a path as text."""
    if path == "":
        raise ValueError(NAMED)
    return str(path) if isinstance(path, PurePath) else path


PathText = Annotated[str, BeforeValidator(path_text)]
Names = Annotated[tuple[str, ...], BeforeValidator(lambda names: (names,) if isinstance(names, str) else names)]


class Reading(Settings):
    """Options of reading a file or a named data set; None means that the file decides."""

    labels: PathText | None = option(
        None, "Table with the samples' names in any column, and their classes.", panel=DATA, metavar="FILE"
    )
    labels_by_order: bool = option(
        False, "Whether rows of the labels file belong to the samples in order, rather than by name.", panel=FILES
    )
    format: str | None = option(
        None,
        "Format of the file, as fasta or vcf; found by its content and its ending by default.",
        panel=FILES,
        metavar="NAME",
        remembered="if possible",
    )
    delimiter: str | None = option(
        None,
        "What separates the fields of tables, as ';', tab or space; found by default.",
        panel=TABLES,
        metavar="CHARACTER",
        remembered="if possible",
    )
    decimal: Literal[".", ","] | None = option(
        None, "Decimal mark of numbers in tables; found by default.", panel=TABLES, remembered="if possible"
    )
    encoding: str | None = option(
        None,
        "Encoding of text, as latin-1; UTF-8, or what a byte-order mark says, by default.",
        panel=FILES,
        metavar="NAME",
        remembered="if possible",
    )
    skip_bad: bool = option(
        False, "Leave out files and records that cannot be read, and count them.", panel=FILES, remembered="always"
    )
    max_unpacked: Annotated[float, Field(gt=0, le=2**20)] = option(
        8.0, "Most that a packed file may unpack to, in GiB.", panel=FILES, metavar="GIB"
    )
    label_column: str | None = option(
        None,
        "Column (or array) that holds the classes.",
        panel=DATA,
        metavar="COLUMN",
        remembered="if possible",
    )
    group: str | None = option(
        None,
        "Column whose equal values stay on one side of a split.",
        panel=DATA,
        metavar="COLUMN",
        remembered="if possible",
    )
    keys: Mapping[str, str] | None = option(
        None,
        "Arrays of an .npz file, as x=..,y=..",
        panel=IMAGES,
        flags=("--key",),
        metavar="ROLE=ARRAY,...",
        remembered="if possible",
    )
    threshold: Annotated[float, Field(ge=0, lt=1)] | None = option(
        None,
        "Share of full scale above which a grey value is 1.",
        panel=IMAGES,
        metavar="SHARE",
        remembered="always",
    )
    alphabet: Any = option(
        None,
        "protein, rna, dna, binary, codes, continuous, or the letters; detected by default.",
        panel=DATA,
        metavar="NAME",
    )
    unknown: Literal["error", "gap", "drop", "resolve"] = option(
        "error",
        "What to do with letters outside the alphabet; resolve reads B, Z, J, U, O of proteins as D, E, L, C, K, and "
        "the rest as gaps.",
        panel=DATA,
        remembered="always",
    )
    inserts: Literal["keep", "remove"] | None = option(
        None,
        "Lower-case letters and '.' of an alignment; by default A2M and A3M files lose them.",
        panel=SEQUENCES,
        remembered="always",
    )
    align: PathText | None = option(
        None,
        "HMM (HMMER's file) that FASTA sequences are aligned to.",
        panel=SEQUENCES,
        metavar="HMM",
        remembered="always",
    )
    max_gaps: Annotated[float, Field(ge=0, le=1)] | None = option(
        None, "Remove columns with a larger share of gaps, as 0.7.", panel=SEQUENCES, metavar="SHARE"
    )
    min_coverage: Annotated[float, Field(ge=0, le=1)] | None = option(
        None,
        "Leave out sequences with letters in a smaller share of the columns, as 0.7.",
        panel=SEQUENCES,
        metavar="SHARE",
    )
    max_identity: Annotated[float, Field(gt=0, lt=1)] | None = option(
        None,
        "Of sequences more alike than this, keep the most complete one, as 0.9.",
        panel=SEQUENCES,
        metavar="IDENTITY",
    )
    reweight: Annotated[float, Field(gt=0, le=1)] | None = option(
        None,
        "Give each sequence the weight 1 / n, where n sequences are at least so alike, as 0.8.",
        panel=SEQUENCES,
        metavar="IDENTITY",
    )
    part: Literal["train", "test"] | None = option(
        None, "Part to read of a file that holds a training and a test part.", panel=DATA
    )
    grey: bool = option(
        False, "Keep grey values of images, 0 to 1, for continuous units.", panel=IMAGES, remembered="always"
    )
    image_size: str | None = option(
        None, "Size that images are resized to, as 28x28.", panel=IMAGES, metavar="WIDTHxHEIGHT", remembered="always"
    )
    frames: Positive | None = option(
        None, "Bins of music in one sample; 10 by default.", panel=MUSIC, metavar="BINS", remembered="always"
    )
    time_bin: str | None = option(
        None,
        "Width of a bin of music, as beat/4 or 0.05s.",
        panel=MUSIC,
        metavar="beat/N|SECONDSs",
        remembered="always",
    )
    stride: Positive | None = option(
        None,
        "Bins from one sample of music to the next; 1 by default.",
        panel=MUSIC,
        metavar="BINS",
        remembered="always",
    )
    region: str | None = option(
        None, "Sites of genotypes to read, as 22:16050000-17000000.", panel=GENOTYPES, metavar="CHR:FROM-TO"
    )
    maf: Annotated[float, Field(ge=0, le=0.5)] | None = option(
        None, "Lowest minor-allele frequency of a site, as 0.05.", panel=GENOTYPES, metavar="SHARE"
    )
    thin: Positive | None = option(
        None, "Least distance between two sites, in base pairs.", panel=GENOTYPES, metavar="DISTANCE"
    )
    missing: Literal["error", "drop-site", "drop-sample", "major", "category"] = option(
        "error",
        "What to do with missing calls of genotypes (the first four) and missing cells of tables (error, drop-sample, "
        "or category: a value of their own, the default of tables).",
        panel=DATA,
        remembered="always",
    )
    multiallelic: Literal["skip", "error", "split"] = option(
        "skip",
        "What to do with sites without exactly two alleles; split makes a site of each alternative allele.",
        panel=GENOTYPES,
        remembered="always",
    )
    bins: Annotated[int, Field(ge=2, le=254)] | None = option(
        None, "Bins of a column of numbers in a table; 10 by default.", panel=TABLES, metavar="N"
    )
    categorical: Names = option((), "Columns of a table that are categories.", panel=TABLES, metavar="COLUMN[,...]")
    numeric: Names = option((), "Columns of a table that are numbers.", panel=TABLES, metavar="COLUMN[,...]")
    ignore: Names = option(
        (), "Columns of a table to leave out.", panel=TABLES, metavar="COLUMN[,...]", remembered="if possible"
    )

    def check(self) -> None:
        """Refuse what would be said of grey values that are kept."""
        if self.grey:
            self.refuse(("threshold",), "black and white images: grey keeps their values")
            if self.alphabet not in (None, "continuous"):
                self.refuse(("alphabet",), "other values: grey keeps those of images, as continuous ones")
