"""Parquet: tables whose columns have types, as pandas, Arrow, Spark and DuckDB write them."""

from __future__ import annotations

import re
from io import BufferedWriter, BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shortrun import jsons
from shortrun.data.core.blocks import scan
from shortrun.data.core.columns import NULLABLE
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format, begins_with
from shortrun.data.core.kind import Kind
from shortrun.data.core.libraries import library
from shortrun.data.core.raw import check_unpacked, is_packed, read_bytes
from shortrun.data.core.request import Request
from shortrun.data.core.texts import Texts
from shortrun.data.core.words import plain
from shortrun.data.tables.delimited import Delimited, tidied
from shortrun.data.tables.encoding import USES, Cells, columns_of, dataset_of
from shortrun.data.tables.stored import from_json, to_json
from shortrun.errors import DataError, FormatError, ShortrunError
from shortrun.files import explain

if TYPE_CHECKING:
    import pyarrow

SUFFIXES = (".parquet",)

CELL = 8  # bytes of memory, about
INDEX = re.compile(r"__index_level_\d+__")  # what pandas adds
KEY, PANDAS = b"shortrun.table", b"pandas"  # of the file's metadata


def read(path: Path, options: Request) -> Dataset:
    """Read a table; `data.tables` says what its columns mean. Those of a file that we wrote are as they were.

    Raises
    ------
    FormatError
        If the file is damaged or a cell cannot be used; names its row and column.
    MissingExtraError
        If pyarrow is not installed.
    """
    found = load(path)
    stored = (found.schema.metadata or {}).get(KEY)
    asked = options.bins or options.categorical or options.numeric or options.columns or options.alphabet
    if stored is not None and not asked:
        columns, _ = from_json(stored.decode(errors="replace"))
        options = options.but(like=Kind(len(columns), columns))
    return dataset_of(texts(path, found), options)


def load(path: Path) -> pyarrow.Table:
    """Return the table in a file, without the index that pandas may have added.

    Raises
    ------
    FormatError
        If it cannot be read, has no rows, or two columns have the same name.
    """
    pa, parquet = arrow()
    try:
        file = parquet.ParquetFile(BytesIO(read_bytes(path)) if is_packed(path) else path)
        check_unpacked(path, CELL * file.metadata.num_rows * file.metadata.num_columns)
        found = file.read()
    except ShortrunError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        damage = "is no Parquet file, or a truncated or damaged one"
        reason = explain(error) if isinstance(error, OSError) and error.errno else damage
        raise FormatError(path, None, reason) from None
    names = [name for name in found.column_names if not INDEX.fullmatch(name)]
    twice = next((name for i, name in enumerate(names) if plain(name) in map(plain, names[:i])), None)
    if twice is not None:
        raise FormatError(path, None, f"column '{twice}' occurs twice")
    if not found.num_rows or not names:
        raise FormatError(path, None, "no rows" if names else "no columns")
    return found.select(names)


def texts(path: Path, found: pyarrow.Table) -> Delimited:
    """Return a table with its cells as texts, missing ones empty.

    Raises
    ------
    FormatError
        If a column holds more than one thing in a cell.
    """
    pa, _ = arrow()
    columns: list[Texts] = []
    for name, column in zip(found.column_names, found.columns, strict=True):
        try:
            cells = column.cast(pa.string()).to_pylist()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            reason = f"column '{name}' holds {column.type}; texts, numbers or true and false expected"
            raise FormatError(path, None, reason) from None
        except UnicodeDecodeError:
            raise FormatError(path, None, f"column '{name}' holds texts that are not UTF-8") from None
        columns.append(Texts.of("" if cell is None else cell for cell in cells))
    lines = [*range(1, found.num_rows + 1)]
    nullable = nullable_in(found.schema)
    kinds = [
        NULLABLE if name in nullable and kind(each) == "integer" else kind(each)
        for name, each in zip(found.column_names, found.columns, strict=True)
    ]
    return tidied(Delimited(path, found.column_names, columns, lines, kinds))


def nullable_in(schema: pyarrow.Schema) -> set[str]:
    """Return the columns that pandas had as whole numbers that may be missing, as it notes in its metadata."""
    told = schema.pandas_metadata or {}
    columns = told.get("columns", []) if isinstance(told, dict) else []
    return {each["name"] for each in columns if str(each.get("numpy_type", "")).startswith(("Int", "UInt"))}


def kind(column: pyarrow.ChunkedArray) -> str:
    """Return the type of a column as `Column` names it; whole numbers beyond 64 bits with a sign are texts."""
    pa, _ = arrow()
    found = column.type
    if pa.types.is_uint64(found) and any(cell is not None and cell >= 2**63 for cell in column.unique().to_pylist()):
        return "text"
    tests = {"boolean": pa.types.is_boolean, "integer": pa.types.is_integer, "float": pa.types.is_floating}
    inner = found.value_type if pa.types.is_dictionary(found) else found
    return next((name for name, test in tests.items() if test(inner)), "text")


def write(file: BufferedWriter, dataset: Dataset, suffix: str) -> None:  # noqa: ARG001
    """Write the columns that `tables.columns_of` lists, with their types; missing cells are null.

    Raises
    ------
    MissingExtraError
        If pyarrow is not installed.
    """
    pa, parquet = arrow()
    metadata = {} if dataset.columns is None else {KEY: to_json(dataset).encode(), PANDAS: for_pandas(dataset)}
    writer = None
    for start, part in scan(dataset.values):
        cells = columns_of(dataset.select(slice(start, start + len(part))))
        found = pa.table([array(column) for column in cells], [column.name for column in cells], metadata=metadata)
        writer = writer or parquet.ParquetWriter(file, found.schema)
        writer.write_table(found)
    assert writer is not None
    writer.close()


def for_pandas(dataset: Dataset) -> bytes:
    """Return the metadata by which pandas keeps whole numbers with missing cells as such; else they become floats."""
    whole = [column.name for column in dataset.columns or () if column.is_whole and column.missing]
    whole += [name for _, name, kind in dataset.kind.table.header if kind == NULLABLE and name not in whole]
    fields = [{"name": name, "field_name": name, "pandas_type": "int64", "numpy_type": "Int64"} for name in whole]
    columns = [{**field, "metadata": None} for field in fields]
    form = {"index_columns": [], "column_indexes": [], "columns": columns, "pandas_version": "1.0.0"}
    return jsons.dumps(form).encode()


def array(column: Cells) -> pyarrow.Array:
    """Return a column with its type.

    Raises
    ------
    DataError
        If a cell does not fit the type.
    """
    pa, _ = arrow()
    if column.cells.dtype.kind in "iuf":
        return pa.array(np.ascontiguousarray(column.cells))
    plain = pa.array(column.cells, pa.string(), mask=np.asarray(column.cells == ""))
    types = {"boolean": pa.bool_(), "integer": pa.int64(), NULLABLE: pa.int64(), "float": pa.float64()}
    try:
        return plain.cast(types.get(column.type, pa.string()))
    except pa.ArrowInvalid:
        raise DataError(f"column '{column.name}' of type {column.type} holds other cells too") from None


def arrow() -> tuple[Any, Any]:
    """Return pyarrow and its module of Parquet, which are slow to import and needed only here.

    Raises
    ------
    MissingExtraError
        If pyarrow is not installed.
    """
    return library("pyarrow", "pyarrow", "io"), library("pyarrow.parquet", "pyarrow", "io")


FORMAT = Format(suffixes=SUFFIXES, begins=begins_with(b"PAR1"), read=read, write=write, exact=True, uses=USES)
