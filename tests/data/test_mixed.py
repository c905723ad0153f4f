"""Tables of mixed columns: how cells become codes and come back, in text and in typed files; what cannot be read."""

from __future__ import annotations

import csv as csv_module
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import shortrun as sr
from campaign import times
from shortrun.cells import harmless
from shortrun.data import read, write
from shortrun.data.core.columns import Column, is_missing, learned, number
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import Kind
from shortrun.errors import ConfigError, DataError, FormatError, MissingExtraError
from shortrun.scores import features

BUDGET = settings(max_examples=100, deadline=None, derandomize=True)

PEOPLE = """id,sex,class,age,fare,alone,Survived
a,male,3,22,7.25,True,no
b,female,1,38,71.2833,False,yes
c,female,3,26,7.925,True,yes
d,female,1,35,53.1,False,
e,male,3,,8.05,True,no
"""


def csv(tmp_path, text, name="x.csv", **options):
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    return read(tmp_path / name, **options)


def people(tmp_path, **options):
    given = {"label_column": "Survived", "ignore": ["id"], "missing": "category"}
    return csv(tmp_path, PEOPLE, **given | options)


def big(rows=600, seed=0):
    """Return a table as pandas would hold it: texts, integers, floats, truth values, missing cells."""
    random = np.random.default_rng(seed)
    return pd.DataFrame({
        "sex": random.choice(["male", "female"], rows),
        "survived": random.integers(0, 2, rows),
        "age": np.where(random.random(rows) < 0.2, np.nan, random.integers(1, 80, rows)),
        "fare": random.gamma(2, 10, rows).round(2),
        "rooms": random.integers(1, 5, rows),
        "alone": random.random(rows) < 0.5,
        "port": random.choice(np.array(["S", "C, H", "Q", None], dtype=object), rows),
    })  # fmt: skip


# Cells and codes


def test_kinds_of_columns(tmp_path):
    data = people(tmp_path)
    sex, place, age, fare, alone = (replace(column, within=(), digits=None) for column in data.columns)
    assert data.columns[3].within[0] == (7.25,)
    assert [column.digits for column in data.columns] == [None, 0, 0, 4, None]
    assert sex == Column("sex", ("female", "male"))
    assert place == Column("class", ("1", "3"), (2.0,), type="integer")
    assert age == Column("age", ("22", "26", "35", "38"), (24.0, 30.5, 36.5), missing=True, type="integer")
    assert fare.values == ("7.25", "7.925", "8.05", "53.1", "71.2833")
    assert alone == Column("alone", ("False", "True"))
    assert data.values.tolist() == [[1, 1, 0, 0, 1], [0, 0, 3, 4, 0], [0, 1, 1, 1, 1], [0, 0, 2, 3, 0], [1, 1, 4, 2, 1]]
    assert (data.classes, data.labels.tolist()) == (("no", "yes"), [0, 1, 1, -1, 0])
    assert (data.colours, data.continuous, data.alphabet) == (None, False, None)


def test_rules_can_be_overridden(tmp_path):
    data = people(tmp_path, categorical=["class,age"], bins=2, missing="drop-sample")
    assert data.columns[1].edges is None
    assert data.columns[2] == Column("age", ("22", "26", "35", "38"), type="integer")
    assert len(data.columns[3].values) == 2
    assert len(data) == 4
    assert list(data.notes[-1:]) == ["1 row left out, with cells missing or unknown"]
    data = csv(tmp_path, "a,b\n1,x\n0,x\n", numeric="a")
    assert data.columns[0].edges == (0.5,)
    binned = csv(tmp_path, "a,b\n0.5,1.5\n2.5,7\n3,8\n", bins=2)  # without bins these are continuous sites
    assert binned.values.tolist() == [[0, 0], [0, 0], [1, 1]]
    assert csv(tmp_path, "a,b\n0,1\n1,1\n", ignore="b").kind.table.names == ("a",)


def test_zeros_and_ones_keep_their_meaning(tmp_path):
    data = csv(tmp_path, "a,b\n0,1\n1,1\n", missing="category")
    assert data.columns is None
    assert data.colours == 2
    data = csv(tmp_path, "a,b\n0,1\n,1\n1,0\n", missing="category")
    assert [column.colours for column in data.columns] == [3, 2]
    data = csv(tmp_path, "a,b\n0,1\n,1\n1,0\n", missing="drop-sample")
    assert (data.columns, data.values.tolist()) == (None, [[0, 1], [1, 0]])
    assert list(data.notes) == ["1 row left out, with cells missing or unknown"]


def test_a_row_of_missing_cells_is_no_empty_line(tmp_path):
    text = "a,b\nx,y\n,\nNA,NA\n\nz,w\n"
    data = csv(tmp_path, text, missing="category")
    assert len(data) == 4
    assert "1 row without any cell (line 3), read as rows of missing cells" in data.notes
    assert len(csv(tmp_path, text, missing="drop-sample")) == 2
    write(tmp_path / "y.csv", data)
    assert (tmp_path / "y.csv").read_text() == text.replace("\n\n", "\n")
    assert (read(tmp_path / "y.csv", missing="category").values == data.values).all()
    assert pd.read_csv(tmp_path / "y.csv").isna().all(axis=1).tolist() == [False, True, True, False]
    frame = pd.DataFrame({"a": ["x", None, "z"], "b": ["y", None, "w"]})
    assert "1 row without any cell (row 2), read as rows of missing cells" in sr.from_pandas(frame).notes
    one = csv(tmp_path, 'a\nx\n""\n\nz\n', missing="category")  # of one column, an empty line is no row
    assert len(one) == 3
    write(tmp_path / "y.csv", one)
    assert read(tmp_path / "y.csv", missing="category").values.tolist() == one.values.tolist()


def test_rows_without_a_sequence_are_left_out_and_counted(tmp_path):
    data = csv(tmp_path, "name,sequence\ns,ACDE\nt,ACDF\n,\n,\n")
    assert len(data) == 2
    assert "x.csv: 2 rows without any cell left out" in data.notes


def test_whole_numbers_beyond_floats_are_told_apart(tmp_path):
    big = 9007199254740992  # 2**53, of which floats hold every other number above
    text = "x,c\n" + "".join(f"{big + i % 4},{'ab'[i % 2]}\n" for i in range(40))
    for data in (csv(tmp_path, text), sr.from_pandas(pd.read_csv(tmp_path / "x.csv"))):
        assert data.columns[0].values == tuple(str(big + i) for i in range(4))
        assert data.to_pandas()["x"].astype(str).tolist() == [str(big + i % 4) for i in range(40)]
        note = "column 'x': whole numbers that differ by less than floats can hold are names, told apart as texts"
        assert note in data.notes
    ids = "x,c\n" + "".join(f"{big + i},{'ab'[i % 2]}\n" for i in range(40))
    assert "column 'x' is not modelled: nearly every row has a cell of its own" in csv(tmp_path, ids).notes[0]
    told = csv(tmp_path, text, numeric="x").notes
    assert any("are numbers, of which some are one" in note for note in told)
    assert csv(tmp_path, "x\n10000000000000000\n20000000000000000\n").columns[0].edges  # no two of them are one
    labels = csv(tmp_path, text, label_column="x", categorical="c")
    assert labels.classes == tuple(str(big + i) for i in range(4))


@pytest.mark.parametrize("order", ["name,sequence,label", "label,sequence,name,species", "sequence,Label"])
def test_columns_beside_sequences_keep_their_order(tmp_path, order):
    cells = {"name": "s{}", "sequence": "ACD{}", "label": "k{}", "Label": "k{}", "species": "x{}"}
    names = order.split(",")
    rows = [",".join(cells[name].format("EF"[i % 2]) for name in names) for i in range(4)]
    (tmp_path / "x.csv").write_text("\n".join([order, *rows]) + "\n")
    data = read(tmp_path / "x.csv")
    write(tmp_path / "y.csv", data)
    assert (tmp_path / "y.csv").read_bytes() == (tmp_path / "x.csv").read_bytes()
    write(tmp_path / "g.csv", data.with_original(None))  # as if generated
    made = pd.read_csv(tmp_path / "g.csv")
    assert [name for name in made if name != "name"] == [name for name in names if name not in ("species", "name")]
    assert any("'species' not modelled" in note for note in data.notes) == ("species" in names)


def test_nullable_whole_numbers_stay_so(tmp_path):
    frame = pd.DataFrame({"a": pd.array([1, 2, 3, 4], "Int64"), "b": [1, 2, 3, 4], "c": ["x", "y", "x", "y"]})
    data = sr.from_pandas(frame)
    for each in (data, data.with_original(None)):
        assert each.to_pandas().dtypes.astype(str).tolist()[:2] == ["Int64", "int64"]
        write(tmp_path / "x.parquet", each)
        assert pd.read_parquet(tmp_path / "x.parquet").dtypes.astype(str).to_dict().items() >= {
            ("a", "Int64"),
            ("b", "int64"),
        }
    again = read(tmp_path / "x.parquet")
    assert again.to_pandas().dtypes.astype(str).tolist()[:2] == ["Int64", "int64"]
    frame.to_parquet(tmp_path / "y.parquet")
    assert read(tmp_path / "y.parquet").to_pandas().dtypes.astype(str).tolist()[:2] == ["Int64", "int64"]


def test_what_is_a_number_and_what_is_missing():
    assert [number(text) for text in ("3", "-2.5", "1e3", ".5", "0", "0.25")] == [3, -2.5, 1000, 0.5, 0, 0.25]
    for name in ("007", "+44", "1_000", "inf", "nan", "1e999", "1,5", "0x1", "٣", "", "-"):
        assert number(name) is None
    assert all(map(is_missing, ["", "NA", "n/a", "#N/A", "NaN", "null", "None", "?", "<NA>", "-", "Unknown"]))
    assert not any(map(is_missing, ["0", "no", "--", "-1", "not known"]))


def test_a_value_that_fills_a_bin_leaves_the_others_to_the_rest():
    cells = ["0"] * 900 + [str(i) for i in range(1, 101)]
    column = learned("gain", cells, numeric=True, bins=5)
    assert np.bincount(column.encode(cells)).tolist() == [900, 25, 25, 25, 25]
    assert column.values == ("0", "13", "38", "63", "88")
    assert column.encode(["-3", "0.4", "0.5", "26", "1e9"]).tolist() == [0, 0, 1, 2, 4]
    cells = [str(i) for i in range(-50, 0)] + ["0"] * 900 + [str(i) for i in range(1, 51)]
    counts = np.bincount(learned("x", cells, numeric=True, bins=5).encode(cells)).tolist()
    assert counts == [25, 25, 900, 25, 25]
    counts = np.bincount(learned("x", cells, numeric=True, bins=2).encode(cells)).tolist()
    assert counts == [50, 950]  # no bin is left for those above


@BUDGET
@given(
    st.lists(st.floats(-1e300, 1e300).map(lambda x: repr(x).replace("e+", "e")) | st.just("NA"), min_size=1),
    st.integers(2, 12),
)
def test_bins_of_any_numbers(cells, bins):
    known = [cell for cell in cells if cell != "NA"]
    column = learned("x", cells, numeric=True, bins=bins)
    codes = column.encode(cells)
    assert column.colours <= bins + 1
    assert sorted(set(codes.tolist())) == list(range(column.colours))  # each is used
    if known:
        assert column.encode(column.values).tolist() == list(range(len(column.values)))  # what is written is read back
        numbers = np.array([float(cell) for cell in known])
        order = codes[np.array([cell != "NA" for cell in cells])][np.argsort(numbers)]
        assert (np.diff(order) >= 0).all()
        assert min(2, len(set(numbers.tolist()))) <= len(column.values) <= bins
        assert set(column.values) <= set(known)
    assert Column.from_dict(column.to_dict()) == column


def test_equal_shares():
    random = np.random.default_rng(1)
    cells = [repr(x) for x in random.normal(size=5000).tolist()]
    counts = np.bincount(learned("x", cells, numeric=True, bins=10).encode(cells))
    assert counts.tolist() == [500] * 10


def test_a_table_read_as_another(tmp_path):
    columns = people(tmp_path).columns
    like = Kind(len(columns), columns)
    text = "alone,extra,fare,age,class,sex\nTrue,x,7.5,NA,2,male\nFalse,y,1000,24,9,female\n"
    data = csv(tmp_path, text, like=like)
    assert data.columns == columns
    assert data.values.tolist() == [[1, 1, 4, 0, 1], [0, 1, 1, 4, 0]]
    text = text.replace("female", "other")
    with pytest.raises(FormatError, match=r"x\.csv:3: column 'sex': unknown category 'other' \(known: female, male\)"):
        csv(tmp_path, text, like=like)
    kept = csv(tmp_path, text, like=like, unknown="drop")
    assert len(kept) == 1
    missing = csv(tmp_path, text.replace(",24,", ",old,").replace("other", "male"), like=like, unknown="gap")
    assert missing.values[1].tolist() == [1, 1, 4, 4, 0]


# Files


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".parquet", ".h5", ".npz"])
def test_round_trips(tmp_path, suffix):
    big().to_csv(tmp_path / "in.csv", index=False)
    given = {"label_column": "survived", "missing": "category"}
    data = read(tmp_path / "in.csv", **given)
    again = data
    for name in ("a", "b"):
        before = again
        write(tmp_path / (name + suffix), before)
        again = read(tmp_path / (name + suffix), **({} if suffix in (".h5", ".npz") else given))
        assert (again.values == data.values).all()
        assert (again.labels == data.labels).all()
        assert [column.values for column in again.columns] == [column.values for column in data.columns]
    assert again.hash == before.hash
    if suffix in (".parquet", ".h5", ".npz"):  # which keep the borders of bins
        assert again.hash == data.hash


def test_text_files_have_the_columns_cells_and_order_of_the_original(tmp_path):
    frame = big()
    frame.to_csv(tmp_path / "in.csv", index=False)
    write(tmp_path / "out.csv", read(tmp_path / "in.csv", label_column="survived", missing="category"))
    made = pd.read_csv(tmp_path / "out.csv")
    original = pd.read_csv(tmp_path / "in.csv")
    assert made.dtypes.tolist() == original.dtypes.tolist()
    for name in ("sex", "survived", "rooms", "alone", "port"):
        pd.testing.assert_series_equal(made[name], original[name])
    assert (made["age"].isna() == original["age"].isna()).all()
    pd.testing.assert_frame_equal(made, original)


# What is decided about columns, and said


def odd_table(rows=400):
    """Return a table with an index, ids, texts, dates, many categories and roles."""
    random = np.random.default_rng(3)
    words = np.array(["red", "green", "blue", "old", "new", "large", "small"])
    return pd.DataFrame({
        "": np.arange(rows),
        "user_id": [f"u{7 * i}" for i in range(rows)],
        "born": pd.Series(pd.date_range("1950-01-01", periods=rows, freq="23D").strftime("%d.%m.%Y")),
        "remark": [" ".join(random.choice(words, 8)) for _ in range(rows)],
        "city": random.permutation([f"c{i}" for i in range(300)] * 8)[:rows],
        "group": random.choice(["a", "b"], rows),
        "fixed": "x",
        "fare": random.gamma(2, 10, rows).round(2),
        "rooms": random.integers(1, 60, rows),
        "seen": np.where(random.random(rows) < 0.1, "NA", "yes"),
    })  # fmt: skip


def test_odd_columns_are_understood_and_said(tmp_path):
    odd_table().to_csv(tmp_path / "x.csv", index=False)
    data = read(tmp_path / "x.csv", categorical="city")
    assert [column.name for column in data.columns] == ["born", "city", "fixed", "fare", "rooms", "seen"]
    told = "\n".join(data.notes)
    for line in (
        "column '' is not modelled: it numbers or names the rows (400 different cells)",
        "column 'user_id' is not modelled: it numbers or names the rows",
        "column 'remark' is not modelled: it holds free text",
        "column 'group' is not modelled: by its name it says which rows belong together",
        "column 'born': dates (%d.%m.%Y), put in 10 bins",
        "column 'fixed': a single value",
        "columns 'fare', 'rooms': numbers, put in 10 bins",
    ):
        assert line in told
    assert "a value of its own in column 'seen'" in told
    born, city, _, fare, rooms, seen = data.columns
    assert (born.date, seen.values, seen.missing) == ("%d.%m.%Y", ("yes",), True)
    assert (fare.digits, rooms.digits, rooms.type) == (2, 0, "integer")
    if city.merged:
        assert city.values[-1] == "other"
        assert f"column 'city': {city.merged} rare categories in" in told
        assert city.code("never seen") == 254
    assert [column.name for column in read(tmp_path / "x.csv", categorical="group").columns][-5] == "group"
    with pytest.raises(ConfigError, match="column 'group' cannot be modelled"):
        read(tmp_path / "x.csv", categorical="group", label_column="group")


def test_numbers_and_dates_are_drawn_within_their_bins(tmp_path):
    frame = odd_table(2000)
    frame.to_csv(tmp_path / "x.csv", index=False)
    data = read(tmp_path / "x.csv", ignore="city")
    write(tmp_path / "y.csv", data.with_original(None))  # as if generated
    made = pd.read_csv(tmp_path / "y.csv")
    assert list(made.columns) == ["born", "group", "fixed", "fare", "rooms", "seen"]
    assert made["rooms"].dtype == np.int64
    for name in ("fare", "rooms"):
        a, b = (np.sort(table[name]) for table in (frame, made))
        at = np.unique(a)
        gap = np.abs(np.searchsorted(a, at, "right") - np.searchsorted(b, at, "right")).max() / len(a)
        assert gap < 0.03, name
        assert (b >= a[0]).all()
        assert (b <= a[-1]).all()
    assert (made["fare"] == made["fare"].round(2)).all()
    assert not np.isin(made["fare"], frame["fare"]).all()
    born = pd.to_datetime(made["born"], format="%d.%m.%Y")
    truth = pd.to_datetime(frame["born"], format="%d.%m.%Y")
    assert truth.min() <= born.min() < born.max() <= truth.max()
    again = read(tmp_path / "y.csv", like=data)
    assert (again.values == data.values).all()
    assert (data.select([5]).to_pandas()["fare"] == frame["fare"][5]).all()


def test_splits_write_the_cells_and_learn_bins_from_the_rest(tmp_path):
    frame = odd_table()
    frame.to_csv(tmp_path / "x.csv", index=False)
    data = read(tmp_path / "x.csv")
    train, test = data.split(0.25, seed=1)
    assert train.columns == test.columns != data.columns
    for part, name in ((train, "a.csv"), (test, "b.csv")):
        write(tmp_path / name, part)
    lines = [(tmp_path / name).read_text().splitlines() for name in ("x.csv", "a.csv", "b.csv")]
    assert sorted(lines[1][1:] + lines[2][1:]) == sorted(lines[0][1:])
    assert lines[0][0] == lines[1][0] == lines[2][0]
    assert read(tmp_path / "a.csv").columns == train.columns


def test_all_problems_of_a_table_at_once(tmp_path):
    with pytest.raises(FormatError) as error:
        csv(tmp_path, "a,b,c\n1,,2\nx,y,3\n2,z,oh\n", missing="error")
    lines = str(error.value).splitlines()
    assert lines[0].endswith("3 problems")
    assert [line.split(":")[1] for line in lines[1:]] == ["3", "2", "4"]


def test_continuous_columns_are_standardised(tmp_path):
    frame = odd_table()[["fare", "rooms"]]
    frame.to_csv(tmp_path / "x.csv", index=False)
    data = read(tmp_path / "x.csv", alphabet="continuous")
    np.testing.assert_allclose(data.values.std(0), 1, rtol=1e-5)
    assert "standardised" in data.notes[0]
    write(tmp_path / "y.csv", data.with_original(None))
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "y.csv")[["fare", "rooms"]], frame, check_dtype=False)
    head = read(tmp_path / "x.csv", like=data).head(3)
    assert head.kind.table.scales == data.kind.table.scales


def test_parquet_of_pandas_and_ours_in_pandas(tmp_path):
    frame = big()
    frame["port"] = frame["port"].astype("category")
    frame.index = [f"p{i}" for i in range(len(frame))]  # kept by pandas in a column of its own
    frame.to_parquet(tmp_path / "in.parquet")
    data = read(tmp_path / "in.parquet", label_column="survived", missing="category")
    assert [column.name for column in data.columns] == ["sex", "age", "fare", "rooms", "alone", "port"]
    assert [column.type for column in data.columns] == ["text", "float", "float", "integer", "boolean", "text"]
    write(tmp_path / "out.parquet", data)
    made = pd.read_parquet(tmp_path / "out.parquet")
    assert [str(kind) for kind in made.dtypes] == ["object", "int64", "float64", "float64", "int64", "bool", "object"]
    for name in ("sex", "survived", "rooms", "alone"):
        assert (made[name].to_numpy() == frame[name].to_numpy()).all()
    assert (made["port"].fillna("") == frame["port"].astype(object).fillna("").to_numpy()).all()
    assert (made["age"].isna().to_numpy() == frame["age"].isna().to_numpy()).all()
    binned = read(tmp_path / "out.parquet", label_column="survived", missing="category", bins=3)
    assert len(binned.columns[2].values) == 3  # what is asked for wins over what the file says


def test_parquet_of_one_kind(tmp_path):
    bits = np.random.default_rng(0).integers(0, 2, (20, 5))
    pd.DataFrame(bits, columns=list("abcde")).assign(label=1).to_parquet(tmp_path / "x.parquet")
    data = read(tmp_path / "x.parquet")
    assert data.colours == 2
    assert (data.values == bits).all()
    pd.DataFrame({"name": ["n", "m"], "sequence": ["AC-D", "ACYW"]}).to_parquet(tmp_path / "s.parquet")
    assert read(tmp_path / "s.parquet").alphabet.name == "protein"


def test_features_of_each_column_side_by_side(tmp_path):
    data = csv(tmp_path, "a,b,c,d\nx,u,1,k\ny,v,1,k\nx,w,0,k\n")
    assert features(data).tolist() == [[0, 1, 0, 0, 1], [1, 0, 1, 0, 1], [0, 0, 0, 1, 0]]


def test_columns_belong_to_the_hash_and_are_checked(tmp_path):
    data = people(tmp_path)
    other = [replace(data.columns[0], name="gender"), *data.columns[1:]]
    other = Dataset.from_arrays(data.values, data.labels, classes=data.classes, columns=other)
    assert other.hash != data.hash
    assert Dataset.from_arrays(data.values, data.labels, classes=data.classes, columns=data.columns).hash == data.hash
    with pytest.raises(DataError, match="sample 1, site 2: 0 to 1 expected, got 2"):
        Dataset.from_arrays([[0, 2]], columns=[Column("a", ("x", "y")), Column("b", ("x", "y"))])
    with pytest.raises(DataError, match="2 sites, 1 columns"):
        Dataset.from_arrays([[0, 1]], columns=[Column("a", ("x", "y"))])
    with pytest.raises(DataError, match="column names must differ"):
        Dataset.from_arrays([[0, 1]], columns=[Column("a", ("x", "y"))] * 2)
    with pytest.raises(DataError, match="columns of different kinds"):
        write(tmp_path / "x.fasta", data)


# What cannot be read: file name, text, options, line, words

CASES = {
    "missing": (
        "x.csv",
        "a,b\nx,1\ny,\n",
        {"missing": "error"},
        3,
        r"column 'b': a number expected, got ''.*missing=.category",
    ),
    "missing text": (
        "x.csv",
        "a,b\nx,1\n?,2\n",
        {"missing": "error"},
        3,
        r"column 'a': a value expected, got '\?'.*missing=.category",
    ),
    "a word among numbers": ("x.csv", "a,b\nx,1\ny,2\nz,two\n", {}, 4, "column 'b': a number expected, got 'two'"),
    "an infinite number": ("x.csv", "a,b\nx,1\ny,2\nz,inf\n", {}, 4, "column 'b': a number expected, got 'inf'"),
    "asked to be numbers": ("x.csv", "a,b\nx,1\ny,2\n", {"numeric": "a"}, 2, "column 'a': a number expected, got 'x'"),
    "no such column": ("x.csv", "age,b\nx,1\n", {"categorical": "agee"}, 1, r"no column 'agee' \(did you mean 'age'"),
    "nothing to ignore": ("x.csv", "age,b\nx,1\n", {"ignore": ["b,aeg"]}, 1, "did you mean 'age'"),
    "everything ignored": ("x.csv", "a,b\nx,1\n", {"ignore": ["a", "b"]}, 1, "no column of values"),
    "every row has a gap": ("x.csv", "a,b\nx,\n,1\n", {"missing": "drop-sample"}, None, "every row has a missing cell"),
    "Windows line ends": ("x.csv", "a,b\r\nx,1\r\ny,2\r\nz,two\r\n", {}, 4, "column 'b': a number expected, got 'two'"),
    "twice": ("x.csv", "a,a\nx,1\n", {}, 1, "column 'a' occurs twice"),
    "short row": ("x.tsv", "a\tb\nx\t1\ny\n", {}, 3, "1 fields, the header has 2"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_read(tmp_path, case):
    name, text, options, line, reason = CASES[case]
    with pytest.raises(FormatError, match=reason) as error:
        csv(tmp_path, text, name, **options)
    assert error.value.line == line
    assert "\n" not in str(error.value)


def test_right_though_unusual(tmp_path):
    data = csv(tmp_path, '\ufeffnächster,b\r\n"Ω, ""x""",1\r\ny,2\r\n')
    assert data.columns[0] == Column("nächster", ("y", 'Ω, "x"'))
    write(tmp_path / "out.csv", data)
    assert (tmp_path / "out.csv").read_text() == 'nächster,b\n"Ω, ""x""",1\ny,2\n'
    long = "a" * 2_000_000
    assert csv(tmp_path, f"a,b\n{long},1\nb,2\n").columns[0].values == (long, "b")


ODD = st.sampled_from(
    ["", "NA", "?", "0", "1", "2.5", "-7", "1e3", "007", "inf", "x", "É", "a,b", '"', "a\nb", "\t", " y "]
)
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs"])


@settings(
    max_examples=times(150, 3000),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    cells=st.lists(st.lists(ODD | st.text(LETTERS, max_size=4), min_size=3, max_size=3), min_size=1, max_size=12),
    missing=st.sampled_from(["error", "category", "drop-sample"]),
    bins=st.sampled_from([None, 2, 3]),
    raw=st.booleans(),
)
def test_any_cells_are_read_back_or_refused_in_one_line(tmp_path, cells, missing, bins, raw):
    path, options = tmp_path / "x.csv", {"missing": missing, "bins": bins, "label_column": "kind"}
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write("a,b,kind\n")
        for row in cells:
            file.write(",".join(row) + "\n") if raw else csv_module.writer(file).writerow(row)
    told = ""
    try:
        data = read(path, **options)
    except DataError as error:
        data, told = None, str(error)
    assert "\n" not in told or "problems\n" in told
    if data is not None and data.columns is not None:
        write(tmp_path / "y.csv", data)
        again = read(tmp_path / "y.csv", **options)
        if any(harmless(value) != value for column in data.columns for value in column.values):
            return  # control characters are written as escapes
        assert (again.values == data.values).all()
        assert [column.values for column in again.columns] == [column.values for column in data.columns]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"bins": 1}, "bins: 2 to 254 expected"),
        ({"bins": 300}, "bins: 2 to 254 expected"),
        ({"missing": "categry"}, "did you mean 'category'"),
        ({"missing": "drop-site"}, "of tables, one of error, drop-sample, category"),
    ],
)
def test_impossible_options(tmp_path, options, reason):
    with pytest.raises(ConfigError, match=reason):
        csv(tmp_path, "a,b\nx,1\n", **options)


def parquet(frame):
    import io

    file = io.BytesIO()
    frame.to_parquet(file)
    return file.getvalue()


GOOD = pd.DataFrame({"a": ["x", "y", None], "b": [1, 2, 3]})
PARQUET = {
    "empty": (b"", "file is empty|no Parquet file"),
    "wrong magic": (b"hello world" * 9, "is no Parquet file"),
    "truncated": (parquet(GOOD)[:-9], "is no Parquet file, or a truncated"),
    "damaged": (parquet(GOOD).replace(b"PAR1", b"PAR2"), "is no Parquet file"),
    "missing": (parquet(GOOD), r"row 3, column 'a': a value expected, got ''"),
    "lists": (parquet(pd.DataFrame({"a": [[1, 2], [3]]})), "column 'a' holds list.*texts, numbers"),
    "no rows": (parquet(GOOD.head(0)), "no rows"),
    "no columns": (parquet(pd.DataFrame(index=["x", "y"])), "no (rows|columns)"),
}


@pytest.mark.parametrize("case", PARQUET)
def test_parquet_that_cannot_be_read(tmp_path, case):
    content, reason = PARQUET[case]
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(FormatError, match=reason) as error:
        read(tmp_path / "x.parquet", missing="error")
    assert error.value.line is None
    assert "\n" not in str(error.value)


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    (tmp_path / "x.parquet").write_bytes(parquet(GOOD))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'shortrun\[io\]'"):
        read(tmp_path / "x.parquet")
    with pytest.raises(MissingExtraError, match=r"pip install 'shortrun\[io\]'"):
        write(tmp_path / "y.parquet", Dataset.from_arrays([[0, 1]]))
    assert [path.name for path in tmp_path.iterdir()] == ["x.parquet"]
