"""Whole numbers that 64 bits with a sign cannot hold."""

import pytest

from shortrun.data import read, write


def test_large_whole_numbers_of_parquet_are_texts_and_come_back(tmp_path):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    cells = [2**64 - 1, 2**63, 5, 5] * 5
    table = pa.table({"a": pa.array(cells, pa.uint64()), "b": pa.array([1, 2, 3, 4] * 5, pa.uint64())})
    parquet.write_table(table, tmp_path / "x.parquet")
    data = read(tmp_path / "x.parquet", categorical=("a",))
    assert [column.type for column in data.columns] == ["text", "integer"]
    write(tmp_path / "y.parquet", data)
    assert parquet.read_table(tmp_path / "y.parquet")["a"].to_pylist() == [*map(str, cells)]
