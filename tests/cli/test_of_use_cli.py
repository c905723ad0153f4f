"""Options of the command line that would change nothing beside the others are refused before anything is computed."""

from __future__ import annotations

import numpy as np
import pytest

import shortrun as sr
from command_line import good, refused
from shortrun.errors import ConfigError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("use") / "run"
    good("train", "digits", "-o", path, "--hidden", 4, "--updates", 2)
    return path


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    path = tmp_path_factory.mktemp("use") / "network"
    values = np.random.default_rng(0).choice([-1.0, 1.0], (40, 6))
    data = sr.Dataset.from_arrays(values, np.arange(40) % 2, alphabet="continuous")
    sr.fit(data, out=path, model="chaotic", layers=(5,), classes=True, time=5, updates=2)
    return path, data


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("generate RUN -o x.npz --safe-csv", "--safe-csv: is of use only to a table that is written as .csv or .tsv"),
        ("generate RUN -o x.gif.gz --safe-csv --format npz", "--safe-csv: is of use only to a table"),
        ("data convert digits x.npz --safe-csv", "got 'x.npz'"),
        ("data get digits -o x.parquet --safe-csv", "got 'x.parquet'"),
        ("predict RUN digits --json --safe-csv", "--safe-csv: is of use only to a table"),
        ("phases RUN --safe-csv", "no table is written"),
        ("phases RUN --safe-csv -o x.parquet", "got 'x.parquet'"),
        ("couplings RUN --safe-csv -o x.npz", "got 'x.npz'"),
        ("tree RUN digits --safe-csv", "no table is written"),
        ("tree RUN digits --annotations x.csv", "--annotations: is of use only with a folder"),
        ("tree RUN digits --depth length", "--depth: is of use only with a folder"),
        ("tree RUN digits --chains 5", "--chains: is of use only with acceptance"),
        ("generate RUN -o x.npz --original-columns", "--original-columns: is for an alignment, of letters with gaps"),
        ("likelihood RUN digits --method exact --chains 7", "--chains: is of use only with method ais or trajectory"),
        ("likelihood RUN digits --method ais --sweeps 70", "--sweeps: is of use only with method trajectory, not with"),
        ("phases RUN --burn 3", "--burn: is of use only with susceptibility"),
        ("phases RUN --axes sk", "--axes: is of use only with a figure"),
        ("phases --modes 2", "--modes: a RUN expected with it"),
        ("curves RUN digits --times 1,2 --until 9 -o x.csv", "--until: is of use only with a grid of times"),
    ],
)
def test_options_of_no_use_are_refused(words, said, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said in refused(*[run if word == "RUN" else word for word in words.split()])
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    "words",
    [
        "generate RUN -n 2 -o x.csv.gz",
        "generate RUN -n 2 -o x --format csv",
        "predict RUN x.npz",
        "tree RUN x.npz -n 3 -o t",
    ],
)
def test_tables_for_spreadsheets_may_be_asked_for(words, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sr.write("x.npz", sr.read("digits").head(5))
    good(*[run if word == "RUN" else word for word in words.split()], "--safe-csv")


def test_a_network_has_a_time_or_steps_and_answers_by_chains(network, tmp_path):
    path, data = network
    assert "--time: not together with steps" in refused(
        "generate", path, "-o", tmp_path / "x.npz", "--steps", 3, "--time", 5
    )
    one, ten = (sr.predict(path, data, chains=n).probabilities for n in (1, 10))
    assert np.abs(one - ten).max() > 1e-3, "chains of a network count without sweeps too"


@pytest.mark.parametrize("words", [("--chains", 3), ("--age", "last", "--chains", 3)])
def test_predict_refuses_before_it_reads(words, run, tmp_path):
    assert "--chains: is of use only with sweeps" in refused("predict", run, tmp_path / "none.csv", *words)


def test_as_many_samples_as_labels(run):
    assert len(sr.generate(run, n=3, labels={"1": 1, "2": 2})) == len(sr.generate(run, labels=["1", "2", "2"])) == 3
    assert [len(each) for each in sr.frames(run, labels={"1": 1, "2": 2}, times=(2,)).values()] == [3, 3]
    with pytest.raises(ConfigError, match="n: 3 expected, as many as there are labels, or none, got 5"):
        sr.generate(run, n=5, labels={"1": 1, "2": 2})


def test_safe_csv_of_another_format_is_refused_in_python(tmp_path):
    with pytest.raises(
        ConfigError, match=r"safe_csv: is of use only to a table that is written as \.csv or \.tsv, got"
    ):
        sr.write(tmp_path / "x.npz", sr.read("digits").head(2), safe_csv=True)
