"""FASTA: its variants mean the same, and a wrong letter is found in its line."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shortrun.data import read
from shortrun.data.core.alphabet import PROTEIN, RNA

BUDGET = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


def fasta(tmp_path, text, **options):
    (tmp_path / "x.fasta").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(tmp_path / "x.fasta", **options)


@pytest.mark.parametrize(
    "text",
    [
        ">a\nACGU-\n>b\nGGGU-\n",
        ">a\r\nACGU-\r\n>b\r\nGGGU-\r\n",
        ">a\rACGU-\r>b\rGGGU-\r",
        "\ufeff\n\n>a\nAC\nG\n\nU-\n>b\nGG\nGU-",
        ">a\nacg u.\n> b\nGGGU.\n\n\n",
    ],
    ids=[
        "plain",
        "windows",
        "old mac",
        "wrapped, BOM, blank lines, no last line end",
        "lower-case letters, dots, spaces",
    ],
)
def test_fasta_variants_mean_the_same(tmp_path, text):
    data = fasta(tmp_path, text)
    assert data.alphabet == RNA
    assert data.names.tolist() == ["a", "b"]
    assert data.values.tolist() == [[1, 2, 3, 4, 0], [3, 3, 3, 4, 0]]
    assert data.classes == ()


def test_fasta_headers_may_hold_labels_and_groups(tmp_path):
    data = fasta(tmp_path, ">a group=p 1 label=East Asian\nAC\n>b x=3\nAC\n>label=z\nAC\n")
    assert data.names.tolist() == ["a", "b x=3", ""]
    assert data.classes == ("East Asian", "z")
    assert data.labels.tolist() == [0, -1, 1]
    assert data.groups.tolist() == ["p 1", "b x=3", ""]


def test_unknown_letters_can_become_gaps_or_drop_their_sequence(tmp_path):
    text = ">a label=1\nACDEX\n>b label=2\nACDEF\n>c label=3\nBZXOU\n"
    gapped = fasta(tmp_path, text, unknown="gap")
    assert gapped.alphabet == PROTEIN
    assert PROTEIN.decode_rows(gapped.values) == ["ACDE-", "ACDEF", "-----"]
    dropped = fasta(tmp_path, text, unknown="drop")
    assert dropped.names.tolist() == ["b"]
    assert dropped.classes == ("2",)


def test_a_given_alphabet_is_used(tmp_path):
    assert fasta(tmp_path, ">a\nACG\n", alphabet="rna").alphabet == RNA
    custom = fasta(tmp_path, ">a\nxYx.\n", alphabet=".xY")
    assert custom.values.tolist() == [[1, 2, 1, 0]]


NAME = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters=">="), min_size=1)


@BUDGET
@given(
    rows=st.integers(1, 30).flatmap(
        lambda sites: st.lists(
            st.tuples(NAME, st.text("-ACDEFGHIKLMNPQRSTVWY", min_size=sites, max_size=sites)),
            min_size=1,
            max_size=8,
        )
    ),
    width=st.integers(1, 31),
    end=st.sampled_from(["\n", "\r\n", "\n\n"]),
    small=st.booleans(),
)
def test_any_wrapping_of_fasta_gives_the_sequences(tmp_path, rows, width, end, small):
    text = "".join(
        f">{name}{end}" + "".join(sequence[i : i + width] + end for i in range(0, len(sequence), width))
        for name, sequence in ((name, seq.lower().replace("-", ".") if small else seq) for name, seq in rows)
    )
    data = fasta(tmp_path, text, alphabet=PROTEIN)
    assert PROTEIN.decode_rows(data.values) == [sequence for _, sequence in rows]
    assert data.names.tolist() == [name for name, _ in rows]


@BUDGET
@given(
    names=st.lists(NAME, min_size=2, max_size=6),
    row=st.integers(0, 5),
    site=st.integers(0, 20),
    width=st.integers(1, 9),
)
def test_an_unknown_letter_is_found_in_its_line(tmp_path, names, row, site, width):
    row %= len(names)
    text = ""
    for i, name in enumerate(names):
        sequence = list("ACDEFGHIKLMNPQRSTVWYA")
        if i == row:
            sequence[site] = "X"
        text += f">{name}\n" + "".join("".join(sequence[j : j + width]) + "\n" for j in range(0, 21, width))
    with pytest.raises(ValueError, match="'X'") as error:
        fasta(tmp_path, text, alphabet=PROTEIN)
    assert "X" in text.split("\n")[error.value.line - 1].removeprefix(">")
    assert error.value.line == 1 + row * (1 + -(-21 // width)) + 1 + site // width
    assert f"record {row + 1} " in str(error.value)
    assert f"site {site + 1} " in str(error.value)
