"""Tables that other verbs wrote, read again for figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortrun.errors import ConfigError, FormatError, nearest
from shortrun.settings.text import whole_numbers

if TYPE_CHECKING:
    import pandas as pd

    from shortrun.data import Predictions
    from shortrun.scores import Curves

SUFFIXES = (".csv", ".tsv", ".parquet")
CURVES = ("score", "class", "age", "steps", "value", "error")
PREDICTIONS = ("name", "label", "prediction", "probability")


def table(path: Path, columns: Iterable[str], writer: str, **types: Any) -> pd.DataFrame:
    """Return a table of these columns at least, as the verb `writer` makes them.

    Raises
    ------
    FormatError
        If it is no table, or lacks a column.
    """
    import pandas as pd

    ending = Path(path.name.removesuffix(".gz")).suffix.lower()
    if ending not in SUFFIXES:
        raise FormatError(path, None, f"a table ({', '.join(SUFFIXES)}) expected, got '{path.suffix}'")
    try:
        if ending == ".parquet":
            found = pd.read_parquet(path)
        else:
            options: dict[str, Any] = {
                "sep": "\t" if ending == ".tsv" else ",",
                "keep_default_na": False,
                "dtype": types,
            }
            found = pd.read_csv(path, **options)
    except ImportError:
        raise FormatError(path, None, "Parquet needs pip install 'shortrun[io]'") from None
    except OSError:
        raise
    except Exception as error:  # what a damaged table raises is not one class of errors
        raise FormatError(path, None, f"is no table: {' '.join(str(error).split())}") from None
    for column in columns:
        if column not in found:
            near = nearest(column, map(str, found.columns))
            hint = f" (is it '{near}'?)" if near else ""
            raise FormatError(path, None, f"no column '{column}'{hint}: a table of `shortrun {writer}` expected")
    return found


def curves(paths: Sequence[Path], k: str | None, names: str | None) -> list[Curves]:
    """Return the curves of files of `shortrun curves`, with a k and a name for each.

    Raises
    ------
    ConfigError
        If there is neither one k or name, nor one a file.
    FormatError
        If a file is no such table.
    """
    from shortrun.scores import Curves

    sweeps = one_each((0,) if k is None else whole_numbers(k, "--k"), paths, "k")
    titles = one_each(names.split(",") if names else [path.stem for path in paths], paths, "name")
    return [
        Curves(title.strip(), "", sweep, numeric(path, table(path, CURVES, "curves", **{"class": str})))
        for path, sweep, title in zip(paths, sweeps, titles, strict=True)
    ]


def numeric(path: Path, found: pd.DataFrame) -> pd.DataFrame:
    """Return curves with numbers where numbers belong; an empty cell is missing.

    Raises
    ------
    FormatError
        If a cell is no number; names its line.
    """
    import numpy as np
    import pandas as pd

    for column in ("age", "steps", "value", "error"):
        cells = found[column].replace("", None)
        numbers = pd.Series(pd.to_numeric(cells, errors="coerce"))
        wrong = np.flatnonzero(numbers.isna() & cells.notna())
        if len(wrong):
            line = int(wrong[0]) + 2
            raise FormatError(path, line, f"column '{column}': a number expected, got '{cells.iloc[line - 2]}'")
        found[column] = numbers
    return found.astype({"class": str})


def one_each(values: Sequence[Any], paths: Sequence[Path], key: str) -> list[Any]:
    """Return a value a file: those given, or the only one for all."""
    if len(values) not in (1, len(paths)):
        raise ConfigError(f"--{key}", f"one for all or one for each of {len(paths)} files expected, got {len(values)}")
    return [*values] * (len(paths) if len(values) == 1 else 1)


def predictions(path: Path) -> Predictions:
    """Return the predictions of a file of `shortrun predict`.

    Raises
    ------
    FormatError
        If it is no such table.
    """
    import numpy as np

    from shortrun.data import Predictions

    found = table(path, PREDICTIONS, "predict", name=str, label=str, prediction=str)
    classes = tuple(str(name)[2:] for name in found.columns if str(name).startswith("p_"))
    labels = found["label"].fillna("").astype(str)
    code = {"": -1} | {name: k for k, name in enumerate(classes)}
    labels = labels.map(lambda label: label if label in code else label.removeprefix("'"))  # of --safe-csv
    for line, label in enumerate(labels, start=2):
        if label not in code:
            expected = f"label '{label}' has no column 'p_{label}': a table of `shortrun predict` expected"
            raise FormatError(path, line, expected)
    try:
        probabilities = found[[f"p_{name}" for name in classes]].to_numpy(np.float32)
    except ValueError as error:
        raise FormatError(path, None, f"probabilities expected, got {error}") from None
    if not classes or not len(found):
        raise FormatError(path, None, "no predictions: a table of `shortrun predict` expected")
    return Predictions(found["name"].to_numpy(str), np.array([code[it] for it in labels]), classes, probabilities)
