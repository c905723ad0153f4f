"""`generate --rule`: every row keeps what columns must, in Python and on the command line."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest

import shortrun as sr
from command_line import call, good, refused
from shortrun.data.core.alphabet import Alphabet
from shortrun.data.core.kind import Kind, TableKind
from shortrun.data.tables.rules import rules_of
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
        ("age = job", "column 'age' holds numbers and column 'job' categories, which cannot be compared"),
        ("begin <= age", "column 'begin' holds dates and column 'age' numbers, which cannot be compared"),
        ("begin > 3", "a date as "),
        ("job", "'a, b' or 'a <= b' or 'a = x -> b >= y' expected, got 'job'"),
        ("job -> place", "a comparison such as 'age >= 17' expected, got 'job'"),
        ("age > 200", "no row can keep 'age > 200': column 'age' has 8 to 79 in training; change the rule"),
        (
            "married = yes -> age > 200",
            "has 8 to 79 in training; change the rule (or say the opposite of 'married = yes')",
        ),
        ("married = yes => age >= 20", "the sign for that is '->', not '=>'"),
        ("age =< 20", "the sign for that is '<=', not '=<'"),
        ("begin = missing", "column 'begin' had no such cell in training"),
        ("sick = y", "no row can keep 'sick = y' together with class 'n'; change --label or the rule"),
    ],
)
def test_a_rule_that_cannot_be_read_or_kept(run, tmp_path, rule, says):
    result = call("generate", run, "-n", 2, "--rule", rule, "-o", tmp_path / "g.csv")
    assert result.code == 2
    assert says in result.err
    assert not (tmp_path / "g.csv").exists()


def test_the_column_of_classes_is_set_by_the_label(run, tmp_path):
    for words in (("--fix", "sick=y"), ("--fix", "label=y"), ("--keep", "sick", "--template", tmp_path / "t.csv")):
        made = good("generate", run, "-n", 3, "-o", tmp_path / "t.csv")
        result = call("generate", run, *words, "-o", tmp_path / "g.csv")
        name = "label" if "label=y" in words else "sick"
        said = f"{words[0]}: '{name}' is the column of classes, which --label sets"
        assert (result.code, said in result.err, made.code) == (2, True, 0)
    with pytest.raises(ConfigError, match="fix: 'sick' is the column of classes, which labels sets"):
        sr.generate(run, fix={"sick": "y"}, n=1)


@pytest.mark.parametrize("rule", ["job = 'nurse'", 'job = "nurse"', "'job' = nurse", "\"job\" = 'nurse'"])
def test_names_and_values_may_stand_in_quotes(run, rule):
    assert set(sr.generate(run, n=8, rules=rule).to_pandas()["job"]) == {"nurse"}


def test_messages_of_tables_speak_of_columns(run, tmp_path):
    for words, said in (
        (("--fix", "99=3"), "--fix: no column '99'"),
        (("--fix", "no=3"), "--fix: no column 'no'"),
    ):
        result = call("generate", run, *words, "-o", tmp_path / "g.csv")
        assert (result.code, said in result.err) == (2, True), result.err
    sites = len(sr.Trajectory.open(run).kind.site_names)
    with pytest.raises(ConfigError, match=f"the number of a column from 1 to {sites} expected, got 99"):
        sr.generate(run, fix={99: "3"}, n=1)


NUMBERS = [
    (("train", "no.csv", "-o", "q", "--hidden", 0), "--hidden: at least 1"),
    (("train", "no.csv", "-o", "q", "--rate", -1), "a number greater than 0"),
    (("generate", "no", "-n", 0, "-o", "g.csv"), "-n: at least 1"),
    (("evaluate", "no", "no.csv", "-n", -3), "-n: at least 2"),
    (("predict", "no", "no.csv", "--sweeps", 0), "--sweeps: at least 1"),
    (("score", "no.csv", "no.csv", "--seed", -1), "--seed: at least 0"),
    (("mixing", "no", "--chains", 0), "--chains: at least 4"),
    (("likelihood", "no", "no.csv", "--chains", 1), "--chains: at least 2"),
    (("tree", "no", "no.csv", "-o", "tt", "--damping", 2), "--damping: a number less than 1"),
    (("data", "info", "no.csv", "--maf", 0.9), "--maf: 0 to 0.5"),
]


@pytest.mark.parametrize(("words", "says"), NUMBERS)
def test_bad_numbers_are_refused_before_anything_is_read(words, says):
    assert says in call(*words).err


def test_bad_numbers_are_refused_before_anything_is_read_in_python():
    for function, given in ((sr.fit, {"hidden": 0}), (sr.read, {"maf": 0.9}), (sr.score, {"seed": -1})):
        files = ("no.csv", "no.csv") if function is sr.score else ("no.csv",)
        with pytest.raises(ConfigError, match=f"{next(iter(given))}: "):
            function(*files, **given)


def test_rules_are_for_tables(tmp_path):
    digits = sr.fit(sr.read("digits"), out=tmp_path / "run", hidden=4, updates=1)
    with pytest.raises(ConfigError, match="rows of a table"):
        sr.generate(digits, rules="a <= b")


def test_a_fixed_number_is_written_as_it_is(run, tmp_path):
    said = good("generate", run, "-n", 5, "--fix", "age=31", "-o", tmp_path / "g.csv")
    assert pd.read_csv(tmp_path / "g.csv")["age"].tolist() == [31] * 5
    assert "age=31 in every row; the machine is told its bin, which had " in said.err + said.out
    result = call("generate", run, "--fix", "age=31.5", "-o", tmp_path / "h.csv")
    assert (result.code, "a whole number expected, got '31.5'" in result.err) == (2, True)
    made = sr.generate(run, n=3, fix={"age": "31"})
    made.kind.agrees(sr.Trajectory.open(run).kind)  # codes mean the same


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--rule", "sick = n", "--label", "y"), "'sick = n' together with class 'y'; change --label or the rule"),
        (("--rule", "age > 30", "--fix", "age=20"), "together with age=20 (fixed); change --fix or the rule"),
        (("--rule", "age > 60", "--rule", "age < 20"), "'age < 20' together with 'age > 60'; change the rules"),
        (("--rule", "begin < end", "--rule", "end < begin", "--rule", "end != missing"), "change the rules"),
        (("--rule", "married = yes -> age >= 20", "--fix", "married=yes,age=12"), "age=12 (fixed) and married=yes"),
        (("--rule", "job, place", "--fix", "job=miner,place=bank"), "'job, place' together with job=miner (fixed)"),
        (("--rule", "sick = y -> age < 30", "--label", "y", "--fix", "age=40"), "change --fix, --label or the rule"),
        (("--rule", "age != age"), "no row can keep 'age != age'"),
        (("--rule", "job != job"), "no row can keep 'job != job'"),
    ],
)  # fmt: skip
def test_what_contradicts_is_known_before_any_row_is_drawn(run, tmp_path, monkeypatch, words, says):
    monkeypatch.setattr("shortrun.workflows.generation.stream", None)
    assert says in refused("generate", run, "-n", 5, *words, "-o", tmp_path / "g.csv")


def test_rows_that_cannot_be_kept_are_given_up_on_alone(run, tmp_path, monkeypatch):
    for name in ("PATIENCE", "DOUBTFUL"):
        monkeypatch.setattr(f"shortrun.workflows._ruled.{name}", 100)
    train = pd.read_csv(run.parent / "t.csv")
    days = (f"sick = y -> {name} = {sorted(train[name].dropna())[5]}" for name in ("begin", "end"))
    rules = ("sick = y -> age = 20", *days)
    words = [word for rule in rules for word in ("--rule", rule)]
    said = good("generate", run, "-n", 6, *words, "-o", tmp_path / "g.csv", "--json")
    found = pd.read_csv(tmp_path / "g.csv")
    assert (found["sick"] == "n").all()
    assert len(found) == said.json["n"] < said.json["asked"] == 6
    assert f"warning: {len(found)} of 6 rows keep 3 rules and are written; {6 - len(found)} given up on: " in said.err
    assert "('sick = y -> age = 20' by " in said.err
    line = refused("generate", run, "-n", 1, "--label", "y", *words, "-o", tmp_path / "h.csv")
    assert "no row keeps 3 rules: 100% of " in line
    assert "training rows with what is held, 0 keep 3 rules; change --label or the rules" in line
    assert not (tmp_path / "h.csv").exists()
    assert len(sr.generate(run, n=6, rules=rules)) == len(found)


def test_missing_cells_as_a_condition(run):
    found = sr.generate(run, n=60, rules="end = missing -> age > 40", fix={"end": "missing"}).to_pandas()
    assert found["end"].isna().all()
    assert (found["age"] > 40).all()
    assert not sr.generate(run, n=60, rules="end != missing").to_pandas()["end"].isna().any()


ODD = ("a=b", "a->b", "a", "x, y", "b < c", "gr\u00f6\u00dfe", "truth", "day", "stamp", "label")


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A machine of a table whose columns have names with signs."""
    folder, random, n = tmp_path_factory.mktemp("odd"), np.random.default_rng(1), 200
    days = pd.Timestamp("2001-01-01") + pd.to_timedelta(random.integers(0, 300, n), unit="D")
    stamps = pd.Timestamp("2001-01-01") + pd.to_timedelta(random.integers(0, 300 * 24, n), unit="h")
    numbers = [random.integers(0, 50, n) for _ in range(3)]
    words = [["p", "q, r", "s=t"], ["gro\u00df", "klein"], ["True", "False"], ["u", "v"]]
    phrase, size, truth, label = (random.choice(each, n) for each in words)
    dates = [days.strftime("%Y-%m-%d"), stamps.strftime("%Y-%m-%d %H:%M")]
    cells = [*numbers, phrase, random.integers(0, 90, n), size, truth, *dates, label]
    frame = pd.DataFrame(dict(zip(ODD, cells, strict=True)))
    frame = frame.rename(columns={"gr\u00f6\u00dfe": "gro\u0308\u00dfe"})  # in letters and marks (NFD)
    frame["class"] = random.choice(["one", "two"], n)
    frame.to_csv(folder / "t.csv", index=False)
    words = ("--label-column", "class", "--categorical", "label", "--hidden", 4, "--updates", 2)
    good("train", folder / "t.csv", *words, "-o", folder / "run")
    return folder / "run"


@pytest.mark.parametrize(
    ("rule", "query"),
    [
        ("a=b <= a->b", lambda t: t["a=b"] <= t["a->b"]),
        ("a->b <= 20", lambda t: t["a->b"] <= 20),
        ("a > 30 -> a->b > a=b", lambda t: (t["a"] <= 30) | (t["a->b"] > t["a=b"])),
        ("b < c < 40", lambda t: t["b < c"] < 40),
        ("x, y = s=t -> a=b >= 10", lambda t: (t["x, y"] != "s=t") | (t["a=b"] >= 10)),
        ("x, y = q, r", lambda t: t["x, y"] == "q, r"),
        ("gr\u00f6\u00dfe = klein", lambda t: t["gro\u0308\u00dfe"] == "klein"),
        ("truth = yes", lambda t: t["truth"].astype(str) == "True"),
        ("truth = 0", lambda t: t["truth"].astype(str) == "False"),
        ("label = u", lambda t: t["label"] == "u"),
        ("class = two -> a < 25", lambda t: (t["class"] == "one") | (t["a"] < 25)),
        ("stamp < day", lambda t: t["stamp"].dt.floor("D") < t["day"]),
        ("day = stamp -> a < 10", lambda t: (t["stamp"].dt.floor("D") != t["day"]) | (t["a"] < 10)),
        ("stamp <= 2001-05-01", lambda t: t["stamp"] < pd.Timestamp("2001-05-02")),
        ("x, y, truth", lambda t: t["x, y"].notna()),
    ],
)
def test_columns_whose_names_hold_signs(odd, rule, query):
    found = sr.generate(odd, n=40, rules=rule).to_pandas()
    assert len(found) == 40
    assert query(found).all()


def test_names_with_signs_are_fixed_and_kept(odd, tmp_path):
    fix = ("--fix", "a=b=3,x, y=q, r,truth=yes", "--fix", "gr\u00f6\u00dfe=klein, a->b=7")
    good("generate", odd, "-n", 4, *fix, "-o", tmp_path / "g.csv")
    found = pd.read_csv(tmp_path / "g.csv")
    columns = ["a=b", "x, y", "truth", "gro\u0308\u00dfe", "a->b"]
    assert found[columns].drop_duplicates().to_numpy().tolist() == [[3, "q, r", True, "klein", 7]]
    same = sr.generate(
        odd, n=4, fix={"a=b": "3", "x, y": "q, r", "truth": "1", "gr\u00f6\u00dfe": "klein", "a->b": "7"}
    )
    assert same.to_pandas()["b < c"].tolist() == found["b < c"].tolist()
    assert "--fix: 'a' is given twice" in refused("generate", odd, "--fix", "a=1,a=2", "-o", tmp_path / "h.csv")
    assert "column 'x, y': unknown category 'q'" in refused(
        "generate", odd, "--fix", "x, y=q", "-o", tmp_path / "h.csv"
    )


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_numbers_of_a_template_are_kept_as_they_are(odd, tmp_path, ending):
    frame = pd.read_csv(odd.parent / "t.csv").head(3).assign(a=[3, 44, 17], stamp="2001-03-04 05:06")
    frame.to_csv(tmp_path / "known.csv", index=False)
    words = ("--template", tmp_path / "known.csv", "--keep", "a,b < c, stamp", "--keep", "x, y")
    said = good("generate", odd, "-n", 7, *words, "-o", tmp_path / f"g.{ending}")
    found = sr.read(tmp_path / f"g.{ending}", like=sr.Trajectory.open(odd)).to_pandas()
    assert found["a"].tolist() == [3, 44, 17, 3, 44, 17, 3]
    assert found["b < c"].tolist()[:4] == [*frame["b < c"], frame["b < c"][0]]
    assert (found["stamp"] == pd.Timestamp("2001-03-04 05:06")).all()
    assert found["x, y"].tolist()[:3] == frame["x, y"].tolist()
    assert "columns 'a', 'b < c' and 'stamp' as in the template; the machine is told the bins" in said.err
    template = sr.read(tmp_path / "known.csv", like=sr.Trajectory.open(odd))
    assert sr.generate(odd, n=4, template=template, keep="a").to_pandas()["a"].tolist() == [3, 44, 17, 3]
    frame.assign(a=["3.5", "4", "5"]).to_csv(tmp_path / "half.csv", index=False)
    words = ("--template", tmp_path / "half.csv", "--keep", "a", "-o", tmp_path / "h.csv")
    assert "column 'a': a whole number expected, got '3.5'" in refused("generate", odd, *words)


def test_columns_of_0_and_1_are_known_by_name(tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({name: random.integers(0, 2, 60) for name in ("p, q", "hot", "cold")})
    frame.assign(kind=random.choice(["u", "v"], 60)).to_csv(tmp_path / "t.csv", index=False)
    run = tmp_path / "run"
    good("train", tmp_path / "t.csv", "--label-column", "kind", "--hidden", 4, "--updates", 1, "-o", run)
    good("generate", run, "-n", 9, "--fix", "p, q=1,hot=no", "--rule", "cold <= p, q", "-o", tmp_path / "g.csv")
    found = pd.read_csv(tmp_path / "g.csv")
    assert found.columns.tolist() == ["p, q", "hot", "cold", "kind"]
    assert found[["p, q", "hot"]].drop_duplicates().to_numpy().tolist() == [[1, 0]]
    assert (sr.generate(run, n=9, fix={"hot": "1"}, rules="hot <= cold").values[:, 1:] == 1).all()
    kept = ("--template", tmp_path / "t.csv", "--keep", "p, q,cold")
    good("generate", run, "-n", 60, *kept, "-o", tmp_path / "k.csv")
    columns = ["p, q", "cold"]
    assert pd.read_csv(tmp_path / "k.csv")[columns].equals(frame[columns])
    assert "no column 'hto' (did you mean 'hot'?)" in refused(
        "generate", run, "--fix", "hto=1", "-o", tmp_path / "h.csv"
    )
    line = refused("generate", run, "--rule", "cold > hot", "--fix", "hot=1", "-o", tmp_path / "h.csv")
    assert "no row can keep 'cold > hot' together with hot=1 (fixed)" in line


def test_a_column_called_label_beside_the_classes(odd):
    made = sr.generate(odd, n=5)
    assert made.to_pandas().columns.tolist()[0] == "class"
    assert set(made.to_pandas()["label"]) <= {"u", "v"}


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("begin <= end <= 9", "two rules, 'begin <= end' and 'end <= 9'"),
        ("1 <= begin", "write 'begin >= 1'"),
        ("begin + end <= 9", "no arithmetic"),
        ("begin in (1, 2)", "rule out the other values"),
        ("begin >= 1 and end <= 2", "each part as a rule of its own"),
        ("not begin = 1", "the opposite sign"),
    ],
)
def test_advice_on_forms_that_are_no_rules(text, advice):
    kind = Kind(2, Alphabet("codes", "0123456789"), table=TableKind(names=("begin", "end")))
    with pytest.raises(ConfigError, match=re.escape(advice)):
        rules_of([text], kind, (), lambda: None)


def test_a_rule_given_twice_is_one(run):
    (note,) = (note for note in sr.generate(run, n=20, rules=["age >= 9"] * 2).notes if note.startswith("all rows"))
    assert note.startswith("all rows keep 1 rule")


def test_combinations_of_data_that_were_in_memory_only(run):
    kept = sr.fit(pd.read_csv(run.parent / "t.csv"), label_column="sick", hidden=2, updates=1)
    assert len(sr.generate(kept, n=4, rules=["job, place"])) == 4
    with pytest.raises(sr.DataError, match="did not keep its training data, which were in memory"):
        sr.generate(pickle.loads(pickle.dumps(kept)), n=4, rules=["job, place"])
