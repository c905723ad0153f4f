"""CSV and TSV: columns play their roles, numbers are understood, a wrong cell is found in its line."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shortrun.data import read, write
from shortrun.data.core.alphabet import DNA
from shortrun.data.core.dataset import Dataset
from shortrun.errors import DataError, FormatError

BUDGET = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


def table(tmp_path, text, name="x.csv", **options):
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    return read(tmp_path / name, **options)


def test_table_columns_play_their_roles(tmp_path):
    text = "s1,Name,clade,LABEL,s2,who\n0,n1,F,a,1,p\n1,n2,G,,0,p\n"
    data = table(tmp_path, text, label_column="clade", group="who")
    assert list(data.kind.table.names) == ["s1", "s2"]  # neither `LABEL` nor `Name` is a site
    assert data.values.tolist() == [[0, 1], [1, 0]]
    assert data.classes == ("F", "G")
    assert data.names.tolist() == ["n1", "n2"]
    assert data.groups.tolist() == ["p", "p"]
    mixed = table(tmp_path, text)  # now `clade` and `who` are columns of texts
    assert [column.name for column in mixed.columns] == ["s1", "clade", "s2", "who"]
    assert [column.values for column in mixed.columns] == [("0", "1"), ("F", "G"), ("0", "1"), ("p",)]
    assert mixed.values.tolist() == [[0, 0, 1, 0], [1, 1, 0, 0]]
    assert (mixed.classes, mixed.labels.tolist()) == (("a",), [0, -1])


def test_columns_of_bits_in_another_order_are_found_by_name(tmp_path):
    first = table(tmp_path, "a,b,c\n0,0,1\n1,0,1\n")
    text = "c,a,b\n1,0,0\n1,1,0\n"
    again = table(tmp_path, text, like=first)
    assert again.values.tolist() == first.values.tolist()
    assert any("3 columns in another order than learned" in note for note in again.notes)
    with pytest.raises(DataError, match="site 1 is column 'c', but 'a' in what the model was trained on"):
        first.kind.agrees(table(tmp_path, text).kind)
    with pytest.raises(FormatError, match="no column 'b'"):
        table(tmp_path, "c,a,d\n1,0,0\n", like=first)


def test_tabs_quotes_line_ends_and_blank_lines(tmp_path):
    data = table(tmp_path, '\r\nname\tlabel\t"a,b"\r\n"x\ty"\tA\t1\r\n\r\nz\tB\t0\r\n', name="x.tsv")
    assert data.names.tolist() == ["x\ty", "z"]
    assert list(data.kind.table.names) == ["a,b"]
    assert data.values.tolist() == [[1], [0]]


def test_tables_of_numbers(tmp_path):
    assert table(tmp_path, "a,b\n0.5,1\n2,0\n").values.tolist() == [[0, 1], [1, 0]]
    assert table(tmp_path, "a,b\n0.0,1.0\n1.0,0\n").colours == 2
    assert table(tmp_path, "a,b\n0,3\n1,0\n", alphabet="codes").values.tolist() == [[0, 3], [1, 0]]
    assert table(tmp_path, "a,b\n0,255\n80,70\n", threshold=0.3).values.tolist() == [[0, 1], [1, 0]]


def test_a_table_of_sequences(tmp_path):
    data = table(tmp_path, "name,sequence,label,note\nn,AC.gt,1,x\nm,ACGTT,0,y\n")
    assert data.alphabet == DNA
    assert DNA.decode_rows(data.values) == ["AC-GT", "ACGTT"]
    assert data.labels.tolist() == [1, 0]


CELL = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=8).map(str.strip)


@BUDGET
@given(
    rows=st.integers(1, 6).flatmap(
        lambda sites: st.lists(
            st.tuples(CELL, CELL, st.lists(st.integers(0, 1), min_size=sites, max_size=sites)),
            min_size=1,
            max_size=8,
        )
    ),
    suffix=st.sampled_from([".csv", ".tsv", ".csv.gz"]),
)
def test_any_table_is_read_back(tmp_path, rows, suffix):
    names, labels, values = zip(*rows, strict=True)
    data = Dataset.from_arrays(values, labels, names=names)
    write(tmp_path / f"x{suffix}", data)
    again = read(tmp_path / f"x{suffix}")
    assert again.hash == data.hash
    assert again.names.tolist() == data.names.tolist()


@BUDGET
@given(
    rows=st.integers(2, 20),
    sites=st.integers(1, 9),
    bad=st.integers(0, 1000),
    text=st.sampled_from(["x", "", "?"]),
)
def test_a_cell_that_is_no_number_is_found(tmp_path, rows, sites, bad, text):
    row, site = bad % rows, bad % sites
    cells = [["1"] * sites + ["0"] for _ in range(rows)]
    cells[row][site] = text
    lines = [",".join([*(f"s{i}" for i in range(sites)), "last"]), *(",".join(line) for line in cells)]
    with pytest.raises(ValueError, match=rf"column 's{site}': a number expected, got '{re.escape(text)}'") as error:
        table(tmp_path, "\n".join(lines), missing="error", numeric=f"s{site}")
    assert error.value.line == row + 2
