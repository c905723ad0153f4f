"""Bad input: exit code 2 and one line that says what is wrong, where, and what was expected."""

from __future__ import annotations

import gzip
import json
import shutil

import numpy as np
import pytest

from command_line import call, finish, good, refused, start

SMALL = ("--hidden", 4, "--updates", 3)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("bad") / "run"
    good("train", "digits", "-o", path, *SMALL)
    return path


@pytest.fixture
def copy(run, tmp_path):
    """Return a copy of the run to spoil."""
    return shutil.copytree(run, tmp_path / "run")


@pytest.fixture
def train(tmp_path):
    """Return a function that tries to train on a file of that name and content, and returns the line."""

    def attempt(name, content, *options):
        path = tmp_path / name
        if isinstance(content, dict):
            np.savez(path, **content)
        else:
            path.write_text(content)
        line = refused("train", path, "-o", tmp_path / "out", *SMALL, *options)
        assert not (tmp_path / "out").exists()
        return line

    return attempt


# data


def test_missing_file(tmp_path):
    assert "nothing.csv: no such file" in refused("train", tmp_path / "nothing.csv", "-o", tmp_path / "out")


def test_unknown_data_set_names_the_nearest(tmp_path):
    assert "digits" in refused("train", "digit", "-o", tmp_path / "out")


def test_no_data_at_all(tmp_path):
    assert "DATA" in refused("train", "-o", tmp_path / "out")


def test_unknown_suffix(train):
    assert "did you mean '.npz'" in train("x.npzz", "hello")


def test_ragged_fasta_says_record_and_line(train):
    line = train("x.fasta", ">a\nACGT\n>b\nACGT\n>c\nACG\n")
    assert "x.fasta:" in line
    assert "record 3 ('c')" in line


def test_unknown_letter_says_which_and_where(train):
    line = train("x.fasta", ">a\nACGT\n>b\nAC!T\n", "--alphabet", "dna")
    assert "x.fasta:4: record 2 ('b')" in line
    assert "'!'" in line


def test_labels_for_unknown_names(train, tmp_path):
    labels = tmp_path / "y.csv"
    labels.write_text("name,label\nd,1\nc,2\n")
    assert "no column holds names of the samples, as 'a'" in train(
        "x.fasta", ">a\nACGT\n>b\nACGT\n", "--labels", labels
    )


def test_missing_labels_file(train, tmp_path):
    assert "none.csv" in train("x.fasta", ">a\nACGT\n>b\nACGT\n", "--labels", tmp_path / "none.csv")


def test_missing_label_column_names_the_nearest(train):
    line = train("x.csv", "kind,p1,p2\na,0,1\nb,1,1\n", "--label-column", "kinds")
    assert "kind" in line
    assert "x.csv:1" in line


def test_class_with_one_sample(train):
    line = train("x.npz", {"x": np.eye(5, dtype=int), "y": np.array(["a", "a", "b", "c", "c"])})
    assert "class 'b' has a single sample" in line


def test_class_with_one_group(train):
    """It cannot be on both sides of the validation split, and no empty run is left behind."""
    table = "label,who,p1\na,x,0\na,x,1\nb,y,0\nb,z,1\n"
    assert "class 'a' has a single group" in train("x.csv", table, "--group", "who")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_class_with_one_sample_is_one_line_on_stderr(train, options):
    train("x.npz", {"x": np.eye(3, dtype=int), "y": np.array(["a", "a", "b"])}, *options)


def test_values_outside_the_range(train):
    assert "sample 2, site 3" in train("x.npz", {"x": np.array([[0, 1, 0], [1, 0, 7]])})
    line = train("x.csv", "p1,p2\n0,1\n0,2\n", "--alphabet", "binary")
    assert "x.csv:3: column 'p2'" in line


def test_not_a_number(train):
    assert "sample 1, site 2" in train("x.npz", {"x": np.array([[0, np.nan], [1, 0]])})
    assert "x.csv:3: column 'p2'" in train("x.csv", "p1,p2\n0,1\n0,nan\n", "--alphabet", "continuous")
    assert "x.csv:2: column 'p1'" in train("x.csv", "p1,p2\nred,1\n0,0\n", "--alphabet", "continuous")


@pytest.mark.parametrize("name", ["x.fasta", "x.csv", "x.npz", "x.npy", "x.fasta.gz", "y.tsv"])
def test_empty_file(train, name):
    assert name in train(name, "")


def test_truncated_gz(tmp_path):
    path = tmp_path / "x.fasta.gz"
    path.write_bytes(gzip.compress(b">a\nACGT\n" * 100)[:30])
    assert "x.fasta.gz" in refused("train", path, "-o", tmp_path / "out")


def test_missing_array_and_malformed_keys(train):
    arrays = {"x": np.eye(4, dtype=int)}
    assert "no array 'z'" in train("x.npz", arrays, "--key", "x=z")
    assert "--key: name=value pairs expected" in train("x.npz", arrays, "--key", "x")
    assert "unknown role 'q'" in train("x.npz", arrays, "--key", "q=x")


def test_ff_without_labels(train):
    assert "ff learns from labels" in train("x.npz", {"x": np.eye(4, dtype=int)}, "--scheme", "ff")


# settings


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--steps", 0, "--steps: at least 1"),
        ("--updates", 0, "--updates: at least 1"),
        ("--hidden", -1, "--hidden: at least 1"),
        ("--batch", 0, "--batch: at least 1"),
        ("--lr", "nan", "--lr: a finite number"),
        ("--lr", 0, "--lr: a number greater than 0"),
        ("--validation", 1, "--validation: a number less than 1"),
        ("--seed", -1, "--seed: at least 0"),
        ("--scheme", "fff", "'ff'"),
        ("--hidden-rule", "means", "'mean'"),
        ("--preset", "papers", "did you mean 'paper'"),
        ("--device", "cdua", "--device: "),
        ("--reweight", 2, "--reweight: at most 1 expected"),
        ("--threshold", 1.5, "threshold"),
        ("--part", "tset", "did you mean 'test'"),
        ("--threads", 0, "--threads"),
        ("--updates", "many", "--updates: a whole number"),
        ("--set", "optimiser.rte=1", "did you mean 'optimiser.rate'"),
        ("--set", "rate=1", "optimiser.rate"),
        ("--set", "optimiser.rate", "section.name=value"),
        ("--hiddn", 3, "--hidden"),
    ],
)
def test_settings(tmp_path, option, value, expected):
    line = refused("train", "digits", "-o", tmp_path / "out", option, value)
    assert expected in line
    assert not (tmp_path / "out").exists()


def test_settings_file(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text("[training]\nupdate = 3\n")
    words = ("train", "digits", "-o", tmp_path / "out", "-c", file)
    assert "did you mean 'training.updates'" in refused(*words)
    file.write_text("[training\n")
    assert "settings.toml: not valid TOML" in refused(*words)
    file.unlink()
    assert "settings.toml" in refused(*words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("trian", "digits"), "Did you mean 'train'"),
        (("train", "digits"), "--output"),
        (("generate", "run", "-n", "ten", "-o", "g.npz"), "valid integer"),
        (("data", "lst"), "lst"),
        (("info",), "--system expected"),
        (("train", "digits", "-o", "x", "--resume", "--overwrite"), "--overwrite"),
    ],
)
def test_usage(words, expected):
    assert expected in refused(*words)


# runs


def test_not_a_run(tmp_path, run):
    assert "is not a run folder" in refused("info", tmp_path)
    assert "did you mean" in refused("info", run.with_name("rum"))


@pytest.mark.parametrize("words", [("info",), ("generate", "-o", "g.npz"), ("predict", "digits")])
def test_newer_format(copy, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    header = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps(header | {"format_version": 99}))
    assert "later version, in format 99" in refused(words[0], copy, *words[1:])


def test_broken_header(copy):
    (copy / "run.json").write_text('{"format_version": 1')
    assert "run.json" in refused("info", copy)


@pytest.mark.parametrize("words", [("generate", "-o", "g.npz"), ("predict", "digits")])
def test_truncated_age(copy, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    age = max((copy / "ages").iterdir())
    age.write_bytes(age.read_bytes()[:100])
    assert age.name in refused(words[0], copy, *words[1:])
    assert not (tmp_path / "g.npz").exists()


def test_truncated_restart_file(copy):
    file = copy / "restart.safetensors"
    file.write_bytes(file.read_bytes()[:50])
    assert "restart.safetensors" in refused("train", "-o", copy, "--resume", "--updates", 9)


def test_resume_what_is_no_run(tmp_path):
    assert "is not a run folder" in refused("train", "digits", "-o", tmp_path / "none", "--resume")


def test_resume_with_other_data_or_another_machine(copy):
    assert "data" in refused("train", "digits", "--threshold", 0.7, "-o", copy, "--resume")
    assert "hidden" in refused("train", "-o", copy, "--resume", "--hidden", 5)


# outputs


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("predict", "digits", "--json", "x.json"),
            "extra argument(s) (x.json): --json prints to stdout, as in --json >",
        ),
        (("predict", "digits", "--json=x.json"), "does not take a value: --json prints to stdout"),
        (("evaluate", "--json"), "requires an argument: --json FILE, or --json - for stdout"),
    ],
)
def test_json_as_other_commands_have_it(words, said, run):
    assert said in refused(words[0], run, *words[1:])
    assert "--json" in good(words[0], "--help").out


def test_unwritable_outputs(run, tmp_path):
    (tmp_path / "file").write_text("")
    inside = tmp_path / "file" / "inside"
    assert "file" in refused("train", "digits", "-o", inside, *SMALL)
    assert "file" in refused("train", "digits", "-o", tmp_path / "file", *SMALL)
    for ending in ("npz", "fasta", "csv.gz", "png"):
        assert "inside" in refused("generate", run, "-o", f"{inside}.{ending}")
        assert "no/such" in refused("generate", run, "-o", f"no/such.{ending}")
    assert "no/such.csv" in refused("predict", run, "digits", "-o", "no/such.csv")


def test_a_folder_that_is_not_a_run_is_never_overwritten(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    assert "never overwritten" in refused("train", "digits", "-o", tmp_path, "--overwrite", *SMALL)


def test_unknown_output_formats(run):
    assert ".npz" in refused("generate", run, "-o", "g.nzp")
    assert ".csv" in refused("predict", run, "digits", "-o", "p.xlsx")
    assert ".csv" in refused("predict", run, "digits", "-o", "p")


# generate and predict


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("-n", 0), "n: at least 1"),
        (("--steps", 0), "steps: at least 1"),
        (("--label", "33"), "class '33' is unknown"),
        (("--age", 7), "has no age 7; the nearest are 3"),
        (("--record", "0,2"), "at least 1"),
        (("--record", "1,x"), "--record"),
        (("--fix", "65=1"), "--fix: a site from 1 to 64 expected, got 65"),
        (("--fix", "3=Q"), "letter 'Q'"),
        (("--fix", "x=1"), "--fix"),
        (("--fix", "3"), "--fix"),
        (("--keep", "1-3"), "template"),
        (("--template", "digits"), "template"),
        (("--template", "digits", "--keep", "5-3"), "--keep"),
        (("--template", "digits", "--keep", "60-65"), "--keep: a site from 1 to 64"),
        (("--seed", -1), "--seed"),
    ],
)
def test_generate(run, tmp_path, options, expected):
    assert expected in refused("generate", run, "-o", tmp_path / "g.npz", *options)
    assert not list(tmp_path.iterdir())


def test_predict(run, tmp_path):
    np.savez(tmp_path / "narrow.npz", x=np.eye(5, dtype=int))
    assert "5 sites a sample, but" in refused("predict", run, tmp_path / "narrow.npz")
    np.savez(tmp_path / "grey.npz", x=np.full((3, 64), 0.5))
    assert "binary" in refused("predict", run, tmp_path / "grey.npz")
    assert "sweeps: at least 1" in refused("predict", run, "digits", "--sweeps", 0)
    assert "did you mean" in refused("predict", run, "digit")


def test_a_machine_without_labels_predicts_none(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.eye(6, dtype=int))
    good("train", tmp_path / "x.npz", "-o", tmp_path / "run", *SMALL)
    assert "trained without labels" in refused("predict", tmp_path / "run", tmp_path / "x.npz")
    assert "trained without labels" in refused("generate", tmp_path / "run", "--label", "a", "-o", tmp_path / "g.npz")


# our own faults


def test_our_fault_is_one_line_with_exit_code_1(monkeypatch):
    from shortrun.cli import info

    def fail():
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(info, "of_system", fail)
    result = call("info", "--system")
    assert result.code == 1
    assert len(result.err.splitlines()) == 1
    assert "RuntimeError: two lines" in result.err
    assert "Traceback" in call("info", "--system", "--debug").err
    monkeypatch.setenv("SHORTRUN_DEBUG", "1")
    assert "Traceback" in call("info", "--system").err


def test_a_process_says_the_same(tmp_path):
    result = finish(start("train", "nothing.csv", "-o", "out", cwd=tmp_path))
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: nothing.csv: no such file or named data set\n"
