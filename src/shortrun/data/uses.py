"""Which options of reading are of use, to a format and to what was read: one that would change nothing is refused."""

from __future__ import annotations

from collections.abc import Collection

from shortrun.data.catalogue import Entry
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import EVERYWHERE, FILTERS, Format
from shortrun.data.core.request import Request
from shortrun.data.formats import by_name
from shortrun.data.sequences.gaps import has_gaps
from shortrun.errors import ConfigError
from shortrun.phrases import joined

TABLE = ("missing", "bins", "categorical", "numeric", "ignore")
BESIDE = ("delimiter", "decimal", "encoding", "skip_bad")  # of a table beside the data, such as that of labels
FRAME = ("alphabet", "unknown", "threshold", *TABLE, "label_column", "group", *FILTERS)
ARRAY = ("alphabet", "threshold", *TABLE, *FILTERS)
ANNOTATED = (*ARRAY, "label_column", "group")


def check_format(options: Request, form: Format) -> None:
    """Raise ConfigError if an option was asked for of which a format makes no use; names those that do."""
    option = first(options.asked, {*EVERYWHERE, *form.uses})
    if option is not None and not form.checks:
        forms = by_name()
        others = [each for each, other in forms.items() if option in other.uses]
        name = next((each for each, other in forms.items() if other is form), "")
        raise ConfigError(option, f"of no use to files of the format {name}, only to {joined(others)}")


def check_entry(options: Request, entry: Entry) -> None:
    """Raise ConfigError if an option was asked for that a named data set which is in no file makes no use of."""
    option = (
        first(options.asked, {*EVERYWHERE, *entry.uses} - {"format", "encoding"}) if entry.load is not None else None
    )
    if option is not None:
        raise ConfigError(option, f"of no use to the data set '{entry.name}'")


def check_memory(options: Request, uses: Collection[str], what: str) -> None:
    """Raise ConfigError if an option was asked for that is of no use to what a program holds."""
    option = first(options.asked, uses)
    if option is not None:
        raise ConfigError(option, f"of no use to {what}, only to files")


def first(asked: Collection[str], uses: Collection[str]) -> str | None:
    """Return the first option asked for that is not used, in the order of the options; None if all are."""
    return next((name for name in Request.model_fields if name in asked and name not in uses), None)


def check_content(options: Request, data: Dataset) -> None:
    """Refuse options that the format takes but not these samples, as frames of what is no music.

    Raises
    ------
    ConfigError
        For the first that changed nothing.
    """
    kind, asked = data.kind, options.asked
    if "labels_by_order" in asked and options.labels is None:
        raise ConfigError("labels_by_order", "goes with a file of labels, and there is none")
    if "frames" in asked and kind.music is not None and kind.music.frames != options.frames:
        raise ConfigError("frames", f"these samples are windows of {kind.music.frames} bins already")
    gapless = not has_gaps(kind.alphabet)
    for unused, names, remedy in (
        (gapless, {"max_gaps", "min_coverage"}, "letters with gaps"),
        (kind.music is None, {"frames", "time_bin", "stride"}, "music, as rows of 88 keys with --time-bin beat/4"),
        (kind.columns is None, {"bins"}, "columns of numbers and categories"),
        (not kind.is_table, {"ignore"}, "tables with names of columns"),
    ):
        option = first(asked & names, ()) if unused else None
        if option is not None:
            raise ConfigError(option, f"is for {remedy}; these are {said(data)}")


def said(data: Dataset) -> str:
    """Return what samples are, in a few words."""
    return f"{data.kind.extent} of {data.kind.words}" if data.columns is None else data.kind.extent
