"""Reading and writing data of every known format: the suffix picks the module in `formats/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from shortrun.data import folders
from shortrun.data.catalogue import entries
from shortrun.data.core.alphabet import Alphabet
from shortrun.data.core.blocks import scan
from shortrun.data.core.columns import Column
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.parts import by_lines, opened
from shortrun.data.core.raw import hint
from shortrun.data.label_files import attach, read_labels
from shortrun.data.options import Options
from shortrun.data.sequences.gaps import selected
from shortrun.errors import DataError, FormatError, nearest
from shortrun.registry import modules, packages

FORMATS = packages("shortrun.data", "formats")  # of every domain


def read(
    path: Path | str,
    *,
    labels: Path | str | None = None,
    label_column: str | None = None,
    group: str | None = None,
    threshold: float | None = None,
    keys: Mapping[str, str] | None = None,
    alphabet: Alphabet | str | None = None,
    bins: int | None = None,
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    ignore: Sequence[str] = (),
    columns: Sequence[Column] | None = None,
    part: str | None = None,
    unknown: str = "error",
    inserts: str | None = None,
    align: Path | str | None = None,
    max_gaps: float | None = None,
    kept_columns: Mapping[str, Any] | None = None,
    grey: bool = False,
    frames: int | None = None,
    time_bin: str | None = None,
    stride: int | None = None,
    region: str | None = None,
    maf: float | None = None,
    thin: int | None = None,
    missing: str = "error",
    multiallelic: str = "skip",
    variants: Sequence[str] | None = None,
) -> Dataset:
    """Read a file of any known format (its suffix says which), or a named data set such as "digits".

    Options that a format has no use for are ignored.

    Parameters
    ----------
    path : Path or str
        The file, or a folder of images or music, or the name of a data set where no such file exists.
    labels : Path or str, optional
        CSV or TSV file with a label for each sample: see `read_labels`; they replace labels in the file itself.
    label_column : str, optional
        Column of the labels file, else of the table, else array of the .npz file.
    group : str, optional
        Likewise, which samples belong together in a split.
    threshold : float, optional
        Share of full scale above which a grey value is 1; by default 0.3 for (N, h, w) images.
    keys : Mapping[str, str], optional
        Names of the arrays of an .npz file, for example {"x": "x", "y": "continent"}.
    alphabet : Alphabet or str, optional
        An `Alphabet`, the name of one, its letters, "codes" or "continuous"; by default detected.
    bins, categorical, numeric, ignore, columns : int or Sequence[str] or Sequence[Column], optional
        What the columns of a table mean: see `data.tables`; `columns` are those of other data, to be read alike.
    part : str, optional
        "train" or "test" of a file that holds both; by default train.
    unknown : str, default "error"
        Letters outside the alphabet are an "error", become a "gap", or "drop" their sequence.
    inserts : str, optional
        "remove" the small letters and '.' of alignments, or "keep" them as letters and gaps; by default they are
        removed from A2M and A3M files and kept elsewhere.
    align : Path or str, optional
        File of an HMM (HMMER's format) that FASTA sequences are aligned to; needs the extra `bio`.
    max_gaps : float, optional
        Columns of an alignment with a larger share of gaps are removed, 0.7 for example; `gaps.restored` gives them
        back.
    kept_columns : Mapping[str, Any], optional
        The columns to keep instead, as `meta["kept_columns"]` of other data lists them.
    grey : bool, default False
        Keep the grey values of images, as shares of full scale, instead of making them black and white.
    frames, time_bin, stride : int or str, optional
        Samples of music: how many bins side by side (10), how wide ("beat/4" or "0.05s"), and how many bins from one to
        the next (1).
    region, maf, thin, missing, multiallelic, variants : str or float or int or Sequence[str], optional
        Which sites and persons of genotypes: see `Options`.

    Raises
    ------
    FormatError
        If the file cannot be read as what its suffix says; one line with the place and the reason.
    ConfigError
        If an option is wrong.
    """
    path = Path(path)
    options = Options(
        label_column=label_column,
        group=group,
        threshold=threshold,
        keys=keys,
        alphabet=alphabet,
        bins=bins,
        categorical=categorical,
        numeric=numeric,
        ignore=ignore,
        columns=columns,
        part=part,
        unknown=unknown,
        inserts=inserts,
        align=None if align is None else str(align),
        max_gaps=max_gaps,
        kept_columns=kept_columns,
        grey=grey,
        frames=frames,
        time_bin=time_bin,
        stride=stride,
        region=region,
        maf=maf,
        thin=thin,
        missing=missing,
        multiallelic=multiallelic,
        variants=variants,
    )
    if labels is None:
        return load(path, options)
    table = read_labels(Path(labels), label_column=label_column, group=group)
    found_group = None if table.groups is not None else group
    return attach(load(path, replace(options, label_column=None, group=found_group)), table)


def load(path: Path, options: Options) -> Dataset:
    """Return the data set of a file or of a name of the catalogue.

    Raises
    ------
    FormatError
        If there is neither, or the file cannot be read.
    """
    entry = next((entry for entry in entries() if entry.name == str(path)), None)
    if entry is not None and not path.is_file():
        data = entry.read(options)
        return data.with_meta(data.meta | {"source": entry.name})
    if not path.exists():
        names = tuple(entry.name for entry in entries()) if path.name == str(path) else ()
        raise FormatError(path, None, f"no such file or named data set{hint(path, names)}")
    module = folders.holding(path) if path.is_dir() else format_of(path)[0]
    try:
        data = selected(module.read(path, options), options)
    except FormatError:
        raise
    except DataError as error:
        raise FormatError(path, None, str(error)) from None
    return data.with_meta(data.meta | {"source": str(path)})


def write(path: Path | str, dataset: Dataset) -> None:
    """Write a data set in the format that the suffix says, packed if it ends in .gz; never half a file.

    A name without a suffix is a new folder, with a file for each image or piece of music.

    Raises
    ------
    FormatError
        If no format that can be written has this suffix.
    DataError
        If the format cannot hold these data.
    StoreError
        If the file cannot be written (no space, no permission, no such folder).
    """
    path = Path(path)
    module, suffix = format_of(path, able_to="write")
    if hasattr(module, "save"):
        module.save(path, dataset)
        return
    with opened(path) as file:
        if not hasattr(module, "append"):
            module.write(file, dataset, suffix)
            return
        add = by_lines(module, file, suffix)
        for start, part in scan(dataset.values):
            add(dataset.select(slice(start, start + len(part))))


def format_of(path: Path, able_to: str = "read") -> tuple[ModuleType, str]:
    """Return the format module of a path and the suffix it was found by; a name without an ending is a new folder.

    Raises
    ------
    FormatError
        If there is none; names the nearest suffix.
    """
    name = path.name.lower().removesuffix(".gz")
    known = {suffix: module for module in modules(FORMATS) if able(module, able_to) for suffix in module.suffixes}
    suffix = next((suffix for suffix in known if name.endswith(suffix)), None)
    if suffix is not None:
        return known[suffix], suffix
    ending = Path(name).suffix
    if able_to == "write" and not ending:
        return folders, ""
    guess = nearest(ending, known) if ending else None
    tip = f" (did you mean '{guess}'?)" if guess else f" (known: {', '.join(known)})"
    raise FormatError(path, None, f"cannot {able_to} files that end in '{ending}'{tip}")


def able(module: ModuleType, verb: str) -> bool:
    """Return whether a format can be read, or written: to one file (`write`), or to files of its own (`save`)."""
    return hasattr(module, verb) or (verb == "write" and hasattr(module, "save"))
