"""Reading data of every known format: the content of a file says which, and its name where that leaves it open."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shortrun.data.core import boundary
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format
from shortrun.data.core.kind import HasKind, Kind, kind_of
from shortrun.data.core.raw import head, hint, in_utf8, marked, packing, unpacking_at_most
from shortrun.data.core.request import Request
from shortrun.data.core.streams import is_stream, local
from shortrun.data.formats import called, holding, named, notes_on, recognised
from shortrun.data.further import completed, readings_like
from shortrun.data.genotypes.regions import Region
from shortrun.data.in_memory import in_memory
from shortrun.data.label_files import attach, read_labels
from shortrun.data.recipes import ENTRIES
from shortrun.data.sequences.filters import filtered
from shortrun.data.sequences.gaps import selected
from shortrun.data.sequences.weights import sequence_weights
from shortrun.data.tables.formats.table import FORMAT as TABLE
from shortrun.data.uses import BESIDE, check_content, check_entry, check_format
from shortrun.errors import DataError, FormatError, LackingError
from shortrun.files import check_named
from shortrun.settings import Reading, takes
from shortrun.settings.keywords import converts


@takes(Reading)
def read(path: Any, *, like: Kind | HasKind | None = None, settings: Reading) -> Dataset:
    """Read a file of any known format, packed or not, a named data set such as "digits", or what a program holds.

    Options of which a format makes no use are refused, unless `like` remembers them. The result remembers them in its
    `kind`.

    Parameters
    ----------
    path : Path or str or Any
        The file, or a folder of images or music, or "-" for stdin, or the name of a data set where no such file exists;
        or a data frame, an array, an AnnData.
    like : Kind or Dataset or Trajectory, optional
        Data, or a run, of which this is a further file: it is read with the same alphabet or columns, columns of an
        alignment, sites of a genome and options, as far as the file allows and no option here says otherwise.

    Returns
    -------
    Dataset
        The samples.

    Raises
    ------
    FormatError
        If the file cannot be read as what it is; one line with the place and the reason.
    ConfigError
        If an option is wrong.

    Examples
    --------
    >>> import shortrun as sr
    >>> data = sr.read("digits", threshold=0.5, part="train")
    >>> test = sr.read("digits", like=data, part="test")
    >>> test.kind.reading.threshold, len(data), len(test)
    (0.5, 1438, 359)
    """
    Region.of(settings.region)
    if not isinstance(path, Path | str):
        return path if isinstance(path, Dataset) else in_memory(path, like, settings)
    check_named(path)
    if like is None:
        return read_with(Path(path), settings, None)
    first: FormatError | None = None
    for reading in readings_like(kind_of(like), settings):
        try:
            return read_with(Path(path), reading, kind_of(like))
        except FormatError as error:  # that of a column which need not be there tells less than another
            first = error if first is None or isinstance(first, LackingError) else first
    assert first is not None
    raise first


@converts("Dataset")
def samples_of(_: str, it: Any, __: Mapping[str, Any]) -> Dataset:
    """Return samples, read if they are none yet; verbs read them like the data of their run."""
    return read(it)


def again(path: Path, reading: Reading, changes: Mapping[str, Any]) -> Dataset:
    """Return the samples of a file that was read with such options, of which some may be without use; now with changes.

    Raises
    ------
    FormatError, ConfigError
        As `read` does.
    """
    changed = reading.model_copy(update=Reading.of(**changes).given)
    return read_with(path, changed, None, changes.keys())


def read_with(path: Path, reading: Reading, like: Kind | None, asked: Collection[str] | None = None) -> Dataset:
    """Return the samples of a file, weighed if that is asked for; their kind remembers the options.

    Options in `asked`, by default those that `like` does not remember, are refused where they are of no use.
    """
    options = Request.made(reading, like, asked)
    with boundary.reading(path), unpacking_at_most(reading.max_unpacked):
        data = filtered_by(path, labelled(path, options), reading)
        check_content(options, data)
        if reading.reweight is not None:
            data = data.with_weights(sequence_weights(data, reading.reweight))
    before = data.kind.reading.given  # what a file of rows was read with
    if reading.labels is not None:
        before = {name: it for name, it in before.items() if name not in ("label_column", "group")}
    return data.with_kind(reading=completed(reading, before))


def filtered_by(path: Path, data: Dataset, reading: Reading) -> Dataset:
    """Return the samples that the filters of sequences leave.

    Raises
    ------
    FormatError
        If there is none.
    """
    try:
        return filtered(data, reading)
    except DataError as error:
        raise FormatError(path, None, str(error)) from None


def labelled(path: Path, options: Request) -> Dataset:
    """Return the samples of a file with the labels of a labels file, if there is one."""
    if options.labels is None:
        return load(path, options)
    with boundary.reading(options.labels), local(Path(options.labels)) as file:
        if (form := called(file)) is not None:
            raise FormatError(file, None, f"is a file of the format {form}: a table of names and classes expected")
        table = read_labels(file, options)
    group = None if table.group is not None else options.group
    encoding = options.encoding if looks_at(path, "encoding") else None  # else that of the table alone
    asked = options.asked - {*BESIDE, "label_column", "group" if group is None else ""}
    data = load(path, options.but(labels=None, label_column=None, group=group, encoding=encoding, asked=asked))
    with boundary.reading(options.labels):
        return attach(data, table, by_order=options.labels_by_order)


def load(path: Path, options: Request) -> Dataset:
    """Return the data set of a file or of a name of the catalogue.

    Raises
    ------
    FormatError
        If there is neither, or the file cannot be read.
    """
    entry = next((entry for entry in ENTRIES if entry.name == str(path)), None)
    if entry is not None and not path.is_file():
        check_entry(options, entry)
        return entry.read(options, labelled).with_kind(source=entry.name)
    if not path.exists() and not is_stream(path):
        names = tuple(entry.name for entry in ENTRIES) if path.name == str(path) else ()
        raise FormatError(path, None, f"no such file or named data set{hint(path, names)}")
    try:
        data = of_folder(path, options) if path.is_dir() else of_file(path, options)
        data = selected(data, options)
    except FormatError:
        raise
    except DataError as error:
        raise FormatError(path, None, str(error)) from None
    return data.with_kind(source=str(path))


@contextmanager
def in_its_encoding(path: Path, form: Format, options: Request) -> Iterator[Path]:
    """Give a file in the encoding that a format reads.

    Raises
    ------
    FormatError
        If an encoding was given for what is no text of its own.
    """
    says_so = is_lines(path, form) and marked(head(path)) is not None
    if form is TABLE or (options.encoding is None and not says_so):
        yield path
        return
    if not is_lines(path, form):
        raise FormatError(
            path, None, "--encoding is for tables and files of lines (FASTA, VCF, ...), not for this format"
        )
    with in_utf8(path, options.encoding) as copy:
        yield copy


def looks_at(path: Path, option: str) -> bool:
    """Return whether an option is of use to a file itself, and not only to a table beside it."""
    if not path.is_file():
        return False
    form = recognised(path)
    return form is TABLE or is_lines(path, form) if option == "encoding" else option in form.uses


def is_lines(path: Path, form: Format) -> bool:
    """Return whether a file of a format is lines, which may be in another encoding."""
    return form.text is not None and form.text(head(path))


def of_folder(path: Path, options: Request) -> Dataset:
    """Return the data set of a folder of files, one a sample or a piece."""
    form = holding(path)
    check_format(options, form)
    return form.read(path, options)


def of_file(path: Path, options: Request) -> Dataset:
    """Return the data set of a file or a pipe, with notes on what its name says otherwise than its content."""
    with local(path) as file:
        separated = None if options.delimiter is None else TABLE
        form = recognised(file, separated) if options.format is None else named(options.format)
        check_format(options, form)
        foreign = form.unpacks is not None and packing(file) not in (None, *form.unpacks)
        told = list(notes_on(file, form)) if options.format is None and file is path else []
        with local(file, whole=foreign) as plain, in_its_encoding(plain, form, options) as text:
            data = form.read(text, options)
    return data.with_notes(*told, first=True)
