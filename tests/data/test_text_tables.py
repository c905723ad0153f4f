"""Text tables as programs write them: separators, decimal marks, encodings, headers."""

import pytest

from command_line import good, refused
from shortrun.data import read
from shortrun.data.core.columns import Column
from shortrun.data.core.words import one_spelling
from shortrun.data.tables.delimited import read_delimited
from shortrun.data.tables.distances import read_distances
from shortrun.errors import ConfigError, FormatError
from shortrun.settings import Reading


def table(tmp_path, text, name="x.csv", **options):
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_delimited(tmp_path / name, Reading(**options))


ROWS = [["a", "b c"], ["1", "x y"], ["2", "z"]]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b c\n1,x y\n2,z\n", ROWS),
        ("a;b c\n1;x y\n2;z\n", ROWS),
        ("a\tb c\n1\tx y\n2\tz\n", ROWS),
        ("a|b c\n1|x y\n2|z\n", ROWS),
        ("sep=;\r\na;b c\r\n1;x y\r\n2;z\r\n", ROWS),
        ("a;b\n1,5;2,5\n1,2;3\n", [["a", "b"], ["1,5", "2,5"], ["1,2", "3"]]),
        ('a,b\n"x;y",1\n"z;w;v",2\n', [["a", "b"], ["x;y", "1"], ["z;w;v", "2"]]),
        ("sample\t pop\nHG1   GBR \n\nHG2 YRI\n", [["sample", "pop"], ["HG1", "GBR"], ["HG2", "YRI"]]),
        ("## made by\n# a tool\n#IID\tpop\nHG1\tGBR\n", [["IID", "pop"], ["HG1", "GBR"]]),
        ("# a, remark\na;b\n1;2\n", [["a", "b"], ["1", "2"]]),
        ('"sex" "age"\n"p" "m" 3\n"q" "f" 4\n', [["", "sex", "age"], ["p", "m", "3"], ["q", "f", "4"]]),
        ("a,b\n1,2,\n3,4,\n", [["a", "b"], ["1", "2"], ["3", "4"]]),
        ("sample\tpop\t\t\nHG1\tGBR\n", [["sample", "pop"], ["HG1", "GBR"]]),
        ("class\nEast Asian\nEuropean\n", [["class"], ["East Asian"], ["European"]]),
        ('a,b\n"two\nlines",1\nx,2\n', [["a", "b"], ["two\nlines", "1"], ["x", "2"]]),
    ],
)
def test_the_separator_is_found(tmp_path, text, rows):
    found = table(tmp_path, text)
    assert [found.header, *found.rows] == rows


def test_rows_remember_their_lines_and_the_separator_is_said(tmp_path):
    found = table(tmp_path, '# made\n# so\na;b\n\n"1\n2";x\n3;y\n')
    assert found.lines == [5, 7]
    assert found.notes == ("x.csv: fields are separated by ';'", "x.csv: 2 lines of comments passed over")
    with pytest.raises(FormatError, match=r"x\.csv:4: 1 fields, the header has 2"):
        table(tmp_path, "a;b\n1;2\n\n3\n")
    with pytest.raises(FormatError, match=r"x\.csv:3: is no valid CSV"):
        table(tmp_path, 'a;b\n1;2\n"3;4\n')


def test_a_name_that_the_header_lacks(tmp_path):
    found = table(tmp_path, "a,b\nx,1,2\ny,3,4\n")
    assert (found.header, found.column(0)) == (["", "a", "b"], ["x", "y"])
    then = "the first has no name, then come columns 'a', 'b'"
    assert found.notes == (f"x.csv: rows have one field more than the header: {then}",)
    numbered = table(tmp_path, '"name" "label"\n"1" "a" "x"\n"2" "b" "y"\n')  # as R does
    assert numbered.header == ["", "name", "label"]


@pytest.mark.parametrize(
    ("text", "message", "left"),
    [
        ("a,b\n1,2,3\n1,2\n", "2: 3 fields, the header has 2", [3]),
        ("a,b\n1,2\n1,2,3\n", "3: 3 fields, the header has 2", [2]),
        ("a,b\nx,1,2\ny,1,3\nz,2\n", "4: 2 fields, 3 as in most rows expected", [2, 3]),
        ("a,b\nx,1,2\nz,1\ny,1,3\n", "3: 2 fields, 3 as in most rows expected", [2, 4]),
        ("name,label\na,x,q\nb,y,q\n", "2: 3 fields, the header has 2", None),
    ],
)
def test_rows_longer_than_the_header_are_the_bad_ones(tmp_path, text, message, left):
    with pytest.raises(FormatError, match=rf"x\.csv:{message}"):
        table(tmp_path, text)
    if left:
        assert table(tmp_path, text, skip_bad=True).lines == left


def test_a_separator_that_is_asked_for(tmp_path):
    assert table(tmp_path, "a,b;c\n1,2;3\n", delimiter=",").header == ["a", "b;c"]
    assert table(tmp_path, "a b\n1 2\n", delimiter="space").header == ["a", "b"]
    assert table(tmp_path, "a\tb\n1\t2\n", delimiter=r"\t").header == ["a", "b"]
    assert table(tmp_path, "a^b\n1^2\n", delimiter="^").header == ["a", "b"]
    with pytest.raises(FormatError, match="no ';' in the header line, where ',' separates fields"):
        table(tmp_path, "a,b\n1,2\n", delimiter=";")
    for wrong in ("ab", "", "x", '"'):
        with pytest.raises(ConfigError, match="delimiter: one character, or comma, tab"):
            table(tmp_path, "a,b\n1,2\n", delimiter=wrong)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_that_say_so_themselves(tmp_path, encoding):
    assert table(tmp_path, "näme,b\né,1\n".encode(encoding)).rows == [["é", "1"]]


def test_encodings_that_are_asked_for(tmp_path):
    assert table(tmp_path, "näme;b\né€;1\n".encode("cp1252"), encoding="cp1252").rows == [["é€", "1"]]
    with pytest.raises(FormatError, match=r"x\.csv:2: byte 0xe9 is not UTF-8 text: encoding latin-1, cp1252"):
        table(tmp_path, "a;b\né;1\n".encode("latin-1"))
    with pytest.raises(FormatError, match=r"x\.csv:1: a byte 0, text expected.*encoding utf-16-le"):
        table(tmp_path, "a;b\n1;1\n".encode("utf-16-le"))
    with pytest.raises(ConfigError, match=r"got 'latn-1' .did you mean 'latin-1'"):
        table(tmp_path, "a;b\n1;1\n", encoding="latn-1")


def values(tmp_path, text, **options):
    (tmp_path / "x.csv").write_text(text)
    return read(tmp_path / "x.csv", **options)


def cells(data):
    """Return the cells of a table as they are written, column by column."""
    return [column.cells.tolist() for column in (data.original.columns[i] for i in data.original.sites)]


def test_decimal_commas(tmp_path):
    data = values(tmp_path, "name;a;b\nx,1;1,5;2.5\ny;-0,25;1\nz;1.234,5;2e-3\n")
    assert cells(data) == [["1.5", "-0.25", "1234.5"], ["2.5", "1", "2e-3"]]
    assert data.names.tolist() == ["x,1", "y", "z"]
    assert data.notes[:2] == (
        "x.csv: fields are separated by ';'",
        "x.csv: numbers with commas in column 'a': '1,5' is read as 1.5",
    )
    assert cells(values(tmp_path, "a;b\n1,234;2\n3;4\n"))[0] == ["1.234", "3"]
    assert cells(values(tmp_path, 'a,b\n"1,5",2\n"2",3\n')) == [["1.5", "2"], ["2", "3"]]


def test_commas_between_thousands(tmp_path):
    with pytest.raises(FormatError, match=r"x\.csv:2: column 'a': '1,234' may be 1234 \(decimal \.\) or 1\.234"):
        values(tmp_path, 'a,b\n"1,234",2.5\n"2",3\n')
    text = 'a,b\n"1,234",2.5\n"2",3\n'
    assert cells(values(tmp_path, text, decimal="."))[0] == ["1234", "2"]
    assert cells(values(tmp_path, text, decimal=","))[0] == ["1.234", "2"]
    assert cells(values(tmp_path, 'a,b\n"1,234,567.5",2\n"2",3\n'))[0] == ["1234567.5", "2"]
    text = 'place,b\n"x, y",2.5\n"1,5",3\n'  # texts with commas stay
    assert values(tmp_path, text, missing="category").columns[0].values == ("1,5", "x, y")


def test_options_of_tables_on_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_bytes("name;größe;b\né;1,5;2\nf;2;3\n".encode("latin-1"))
    options = ("--delimiter", ";", "--decimal", ",", "--encoding", "latin-1")
    said = good("data", "info", "x.csv", *options).out
    assert "numbers with commas in column 'größe': '1,5' is read as 1.5" in said
    assert "byte 0xf6 is not UTF-8 text: --encoding latin-1" in refused("data", "info", "x.csv")
    said = good("data", "convert", "x.csv", "z.csv", *options).err
    assert "fields are separated" not in said
    assert "'1,5' is read as 1.5" in said
    (tmp_path / "y.csv").write_text("name,größe,b\nf,2,3\n")  # remembered options give way
    like = read("x.csv", delimiter=";", decimal=",", encoding="latin-1")
    assert read("y.csv", like=like).values.tolist() == [[1, 1]]


def test_distances_in_any_table(tmp_path):
    (tmp_path / "d.txt").write_text("i;j;distance\n1;2;3,5\n")
    assert read_distances(tmp_path / "d.txt", 2)[0, 1] == 3.5


def test_true_and_false_are_one_category_however_they_are_spelt(tmp_path):
    text = "a,ok\nx,True\ny,true\nx,FALSE\n"
    known = values(tmp_path, text)
    assert known.columns[1].values == ("FALSE", "True")
    assert known.values[:, 1].tolist() == [1, 1, 0]
    other = values(tmp_path, "a,ok\nx,1\ny,false\n")
    assert read(tmp_path / "x.csv", like=known).values[:, 1].tolist() == [1, 0]
    assert other.columns[1].values == ("1", "false")
    number = Column("ok", ("0", "1"), (0.5,))
    assert [number.code(cell) for cell in ("1", "True", "false", "maybe")] == [1, 1, 0, -1]
    assert one_spelling({"0", "1"}) == {"0": "0", "1": "1"}
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table({"a": ["x", "y"], "ok": [True, False]}), tmp_path / "x.parquet")
    assert read(tmp_path / "x.parquet", like=known).values[:, 1].tolist() == [1, 0]


def test_a_gap_in_a_sequence_is_no_missing_cell(tmp_path):
    data = values(tmp_path, "name,sequence\na,-\nb,A\nc,C\nd,G\n", alphabet="dna")
    assert data.alphabet.decode_rows(data.values) == ["-", "A", "C", "G"]
    with pytest.raises(FormatError, match="column 'one': a value expected, got '-'"):
        values(tmp_path, "name,one\na,-\nb,A\n", missing="error")


def test_numbers_that_the_decimal_mark_makes_texts_are_said(tmp_path):
    rows = "".join(f"{'ab'[i % 2]};0,{i % 7}\n" for i in range(30))
    (tmp_path / "x.csv").write_text("cls;h\n" + rows)
    data = read(tmp_path / "x.csv", label_column="cls", decimal=".")
    assert data.columns[0].edges is None
    assert "x.csv: no numbers with --decimal ., but texts, in column 'h'" in data.notes
    data = read(tmp_path / "x.csv", label_column="cls")
    assert data.columns[0].values[0] == "0.0"
    (tmp_path / "x.tsv").write_text(("cls;h\n" + rows).replace(";", "\t"))  # nobody writes 0,126 for 126
    assert read(tmp_path / "x.tsv", label_column="cls").columns[0].values[0] == "0.0"


@pytest.mark.parametrize("mark", ["|", ":", " "])
def test_a_separator_makes_a_table_of_what_no_name_tells(tmp_path, mark):
    (tmp_path / "x.txt").write_text("".join(f"{a}{mark}{b}\n" for a, b in [("a", "b"), *[("1", "x"), ("2", "y")] * 3]))
    asked = None if mark == "|" else mark
    assert read(tmp_path / "x.txt", delimiter=asked).kind.site_names == ["a", "b"]


def test_regular_and_odd_texts_make_the_same_table(tmp_path):
    plain = "a,b ,c\n1, x,\n22,y,z\n , ,\n\n3,x,z\n"
    quoted = plain.replace("22", '"22"')
    for text in (plain, plain.replace(" , ,\n\n", "")):
        tables = []
        for name, content in (("p.csv", text), ("q.csv", text.replace("22", '"22"'))):
            (tmp_path / name).write_text(content)
            tables.append(read_delimited(tmp_path / name))
        one, other = tables
        assert (one.header, one.rows, one.lines) == (other.header, other.rows, other.lines)
        assert one.lines == ([2, 3, 4, 6] if text is plain else [2, 3, 4])
    assert quoted != plain


def test_numbers_written_as_names_are_no_bits(tmp_path):
    """00 and 01 are no other spellings of 0 and 1, as in every column: two names, not one value."""
    (tmp_path / "b.csv").write_text("a,label\n" + "00,x\n1,y\n0,x\n01,y\n" * 5)
    with pytest.raises(FormatError, match=r"b.csv:2: column 'a': a number expected, got '00'"):
        read(tmp_path / "b.csv")
    assert set(read(tmp_path / "b.csv", categorical=["a"]).to_pandas()["a"]) == {"00", "1", "0", "01"}


def test_a_mark_of_the_byte_order_is_kept_in_every_row(tmp_path):
    (tmp_path / "b.csv").write_text("sep=,\nc,a,label\n\ufeffq,1,x\nq,2,y\n\ufeffq,2,y\n", encoding="utf-8")
    cells = read(tmp_path / "b.csv").to_pandas()["c"].tolist()
    assert cells[0] == cells[2]
