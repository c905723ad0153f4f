"""`generate --rule`: every row keeps what columns must, in Python and on the command line."""

import numpy as np
import pandas as pd
import pytest

import shortrun as sr
from command_line import call, good
from shortrun.errors import ConfigError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A machine that has learned next to nothing, so that rules are broken often."""
    folder, random, n = tmp_path_factory.mktemp("rules"), np.random.default_rng(0), 400
    age = random.integers(10, 80, n)
    begin = pd.Timestamp("2001-01-01") + pd.to_timedelta(random.integers(0, 900, n), unit="D")
    end = begin + pd.to_timedelta(random.integers(0, 400, n), unit="D")
    job = random.choice(["miner", "nurse", "clerk"], n)
    place = np.where(job == "miner", "mine", np.where(job == "nurse", "ward", random.choice(["ward", "bank"], n)))
    frame = pd.DataFrame(
        {
            "age": age,
            "married": np.where((age >= 20) & (random.random(n) < 0.5), "yes", "no"),
            "begin": begin.strftime("%Y-%m-%d"),
            "end": end.strftime("%Y-%m-%d"),
            "job": job,
            "place": place,
            "sick": np.where(random.random(n) < 0.3, "y", "n"),
        }
    )
    frame.loc[:9, "end"] = ""
    frame.loc[20, "age"] = 8  # and perhaps married: training data may break a rule
    frame.loc[20, "married"] = "yes"
    frame.to_csv(folder / "t.csv", index=False)
    good("train", folder / "t.csv", "--label-column", "sick", "-o", folder / "run", "--hidden", 4, "--updates", 3)
    return folder / "run"


RULES = ("begin <= end", "married = yes -> age >= 20", "job, place", "sick = y -> age < 70")


def test_every_row_keeps_every_rule(run, tmp_path):
    said = good(
        "generate",
        run,
        "-n",
        300,
        "--seed",
        4,
        *sum((("--rule", rule) for rule in RULES), ()),
        "-o",
        tmp_path / "g.csv",
    )
    found = pd.read_csv(tmp_path / "g.csv")
    assert len(found) == 300
    both = found.dropna(subset=["end"])
    assert len(both) < 300  # a missing cell breaks no rule
    assert (both["begin"] <= both["end"]).all()
    assert (found.loc[found["married"] == "yes", "age"] >= 20).all()
    assert (found.loc[found["sick"] == "y", "age"] < 70).all()
    assert set(zip(found["job"], found["place"], strict=True)) <= {
        ("miner", "mine"), ("nurse", "ward"), ("clerk", "ward"), ("clerk", "bank")
    }  # fmt: skip
    assert "all rows keep 4 rules" in said.err + said.out
    assert "rule 'married = yes -> age >= 20' is broken by 1 of 400 training rows" in said.err + said.out
    made = sr.generate(run, n=300, seed=4, rules=RULES)
    assert made.to_pandas()["job"].tolist() == found["job"].tolist()
    assert made.class_counts.tolist() == sr.generate(run, n=300, seed=4).class_counts.tolist()


def test_without_a_rule_rows_break_it(run):
    found = sr.generate(run, n=300, seed=4).to_pandas()
    assert (found["begin"] > found["end"]).any()


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("begn <= end", "no column 'begn' (did you mean 'begin'?)"),
        ("age >= old", "a number or a column expected, got 'old'"),
        ("job = nurs -> age > 20", "'nurs' is no value of column 'job' (did you mean 'nurse'?)"),
        ("job < 3", "column 'job' holds no numbers"),
        ("age = job", "only one of the columns 'age' and 'job' holds numbers"),
        ("begin > 3", "a date as "),
        ("job", "'a, b' or 'a <= b' or 'a = x -> b >= y' expected, got 'job'"),
        ("job -> place", "a comparison such as 'age >= 17' expected, got 'job'"),
        ("age > 200", "'age > 200' is broken by 2 rows still"),
    ],
)
def test_a_rule_that_cannot_be_read_or_kept(run, tmp_path, rule, says):
    refused = call("generate", run, "-n", 2, "--rule", rule, "-o", tmp_path / "g.csv")
    assert refused.code == 2
    assert says in refused.err
    assert not (tmp_path / "g.csv").exists()


def test_rules_are_for_tables(tmp_path):
    digits = sr.fit(sr.read("digits"), out=tmp_path / "run", hidden=4, updates=1)
    with pytest.raises(ConfigError, match="rows of a table"):
        sr.generate(digits, rules="a <= b")


def test_a_fixed_number_is_written_as_it_is(run, tmp_path):
    said = good("generate", run, "-n", 5, "--fix", "age=31", "-o", tmp_path / "g.csv")
    assert pd.read_csv(tmp_path / "g.csv")["age"].tolist() == [31] * 5
    assert "age=31 in every row; the machine is told its bin, which had " in said.err + said.out
    refused = call("generate", run, "--fix", "age=31.5", "-o", tmp_path / "h.csv")
    assert (refused.code, "a whole number expected, got '31.5'" in refused.err) == (2, True)
    made = sr.generate(run, n=3, fix={"age": "31"})
    made.kind.agrees(sr.Trajectory.open(run).kind)  # codes mean the same
