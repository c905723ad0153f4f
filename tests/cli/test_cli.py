"""Every command that must work, end to end on small real data."""

from __future__ import annotations

import gzip
import inspect
import json
import os
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

import shortrun as sr
from command_line import call, finish, good, refused, start
from shortrun import workflows
from shortrun.cli._app import VERBS
from shortrun.cli._help import parts, source_of
from shortrun.cli._lazy import command_of
from shortrun.cli._progress import Lines

SMALL = ("--hidden", 16, "--updates", 20, "--seed", 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def run(folder):
    good("train", "digits", "-o", folder / "run", *SMALL)
    return folder / "run"


@pytest.fixture(scope="module")
def digits():
    return sr.read("digits")


@pytest.fixture(scope="module")
def rna(folder):
    """Return a FASTA file of 60 sequences, a third of them unlabelled, and its labels file."""
    rng = np.random.default_rng(0)
    kind = np.arange(60) % 2
    letters = np.array(list("-ACGU"))[
        np.where(rng.random((60, 12)) < 0.8, 1 + 2 * kind[:, None], rng.integers(0, 5, (60, 12)))
    ]
    fasta, labels = folder / "rna.fasta.gz", folder / "rna.csv.gz"
    with gzip.open(fasta, "wt") as file:
        file.writelines(f">s{i}\n{''.join(row)}\n" for i, row in enumerate(letters))
    with gzip.open(labels, "wt") as file:
        file.write("Name,Kind\n" + "".join(f"s{i},{'AG'[kind[i]]}\n" for i in range(40)))
    return fasta, labels


# train


def test_train_says_what_was_read_and_what_came_out(folder):
    result = good("train", "digits", "-o", folder / "said", *SMALL)
    read, engine, outcome, early = result.out.splitlines()
    assert read == "read digits: 1,797 samples, 64 sites, 2 values, 10 classes, 0 unlabelled"
    assert engine.startswith("engine: ")
    assert "20 updates" in outcome
    assert "accuracy" in outcome
    assert "from update 50 on" in early
    assert result.err.splitlines()[-1].startswith("update 20/20")


def test_all_everyday_options(folder):
    words = "--scheme pcd --steps 3 --hidden-rule mean --batch 100 --lr 0.02 --validation 0.2 --optimiser adam "
    words += "--schedule cosine --set optimiser.l2=0.001"
    good("train", "digits", "-o", folder / "many", *SMALL, *words.split())
    config = sr.Trajectory.open(folder / "many").config
    assert config["scheme"] | {"name": "pcd", "steps": 3} == config["scheme"]
    assert (
        config["optimiser"] | {"name": "adam", "rate": 0.02, "schedule": "cosine", "l2": 0.001} == config["optimiser"]
    )
    assert config["training"] | {"batch": 100, "validation": 0.2, "seed": 1} == config["training"]
    assert config["model"] | {"hidden": 16, "hidden_rule": "mean"} == config["model"]


def test_preset_file_and_flags_in_that_order(folder):
    file = folder / "settings.toml"
    file.write_text("[model]\nhidden = 8\n[optimiser]\nrate = 0.5\n")
    good("train", "digits", "-o", folder / "layers", "--preset", "paper", "-c", file, "--lr", 0.3, "--updates", 1)
    config = sr.Trajectory.open(folder / "layers").config
    assert config["model"]["hidden"] == 8
    assert config["optimiser"]["rate"] == 0.3
    assert config["optimiser"]["weight_std"] == 1e-4


@pytest.mark.parametrize("scheme", ["ff", "pcd", "cd", "rdm"])
def test_schemes(folder, scheme):
    result = good("train", "digits", "-o", folder / scheme, "--scheme", scheme, "--steps", 2, *SMALL, "--json")
    assert result.json["recipe"]["scheme"] == scheme
    assert result.json["read"]["samples"] == 1797
    assert 0 <= result.json["last"]["accuracy"] <= 1
    assert not result.json["interrupted"]


def test_same_seed_same_bits_and_a_run_is_kept_unless_overwritten(folder, run):
    again = folder / "again"
    good("train", "digits", "-o", again, *SMALL)
    assert (sr.Trajectory.open(again)[-1] == sr.Trajectory.open(run)[-1]).all()
    assert "--resume goes on" in call("train", "digits", "-o", again, *SMALL).err
    good("train", "digits", "-o", again, "--overwrite", "--hidden", 4, "--updates", 1)
    assert sr.Trajectory.open(again).updates == 1


@pytest.mark.parametrize(
    ("names", "options"),
    [
        (("x", "y"), ()),
        (("x_train", "y_train", "x_test", "y_test"), ()),
        (("pixels", "digit"), ("--key", "x=pixels,y=digit")),
    ],
)
def test_npz_layouts(folder, digits, names, options):
    path, out = folder / f"{names[0]}.npz", folder / f"run_{names[0]}"
    arrays = (digits.values[:500], digits.labels[:500], digits.values[500:600], digits.labels[500:600])
    np.savez(path, **dict(zip(names, arrays, strict=False)))
    trained = good("train", path, *options, "-o", out, *SMALL, "--json").json
    assert trained["read"]["samples"] == 500
    predicted = good("predict", out, path, "-o", folder / "npz.csv", "--json")
    assert (predicted.json["samples"], predicted.json["part"]) == ((100, "test") if len(names) == 4 else (500, None))
    assert ("(test part)" in predicted.err) == (len(names) == 4)


def test_csv_with_groups_and_a_label_column(folder, digits):
    table = pd.DataFrame(digits.values[:300], columns=[f"p{i}" for i in range(64)])
    table["kind"], table["writer"] = digits.labels[:300], [f"w{i // 3}" for i in range(300)]
    table.to_csv(folder / "table.csv", index=False)
    columns = ("--label-column", "kind", "--group", "writer")
    trained = good("train", folder / "table.csv", *columns, "-o", folder / "grouped", *SMALL, "--json").json
    assert trained["read"] | {"sites": 64, "groups": 100, "unlabelled": 0} == trained["read"]
    predicted = good("predict", folder / "grouped", folder / "table.csv", "-o", folder / "t.csv", "--json").json
    assert predicted["labelled"] == 300
    table.drop(columns=["kind", "writer"]).to_csv(folder / "bare.csv", index=False)
    bare = good("predict", folder / "grouped", folder / "bare.csv", "-o", folder / "t.csv", "--json").json
    assert (bare["samples"], bare["labelled"], bare["accuracy"]) == (300, 0, None)


def test_grey_images_are_read_as_in_training(folder):
    grey = np.random.default_rng(0).integers(0, 256, (40, 6), dtype=np.uint8)
    np.savez(folder / "grey.npz", x=grey)
    good("train", folder / "grey.npz", "--threshold", 0.6, "-o", folder / "grey", *SMALL)
    good("generate", folder / "grey", "-n", 5, "-o", folder / "grey_new.npz")
    template = ("--template", folder / "grey.npz", "--keep", "1-3,5")
    good("generate", folder / "grey", "-n", 40, *template, "-o", folder / "grey_new.npz")
    kept = [0, 1, 2, 4]
    assert (np.load(folder / "grey_new.npz")["x"][:, kept] == (grey > 0.6 * 255)[:, kept]).all()
    good("train", "-o", folder / "grey", "--resume", "--updates", 21)  # with the threshold of the first time


# FASTA


def test_fasta_in_fasta_out(folder, rna):
    fasta, labels = rna
    trained = good("train", fasta, "--labels", labels, "-o", folder / "rna", *SMALL, "--json").json
    assert trained["alphabet"]["name"] == "rna"
    assert (trained["read"]["unlabelled"], trained["classes"]) == (20, ["A", "G"])
    good("generate", folder / "rna", "--label", "G", "-n", 7, "--fix", "2=C,12=U", "-o", folder / "new.fasta")
    new = sr.read(folder / "new.fasta")
    assert (len(new), new.classes) == (7, ("G",))
    assert all(text[1] == "C" and text[11] == "U" for text in new.alphabet.decode_rows(new.values))
    result = good("predict", folder / "rna", folder / "new.fasta", "-o", folder / "rna_p.csv", "--sweeps", 5)
    assert "7 predictions" in result.out
    result = good("predict", folder / "rna", fasta, "--labels", labels, "-o", folder / "rna_p.csv")
    assert "on 40 labelled samples; 60 predictions" in result.out


def test_reweighted(folder, rna):
    fasta, labels = rna
    good("train", fasta, "--labels", labels, "--reweight", 0.8, "-o", folder / "weighted", *SMALL)
    assert sr.Trajectory.open(folder / "weighted").kind.reading.reweight == 0.8


# generate


def test_generate_in_training_proportions(run, folder, digits):
    result = good("generate", run, "-n", 1000, "-o", folder / "g.npz", "--seed", 1, "--json").json
    assert result["n"] == 1000
    file = np.load(folder / "g.npz")
    assert file["x"].shape == (1000, 64)
    share = np.bincount(file["y"].astype(int)) / 1000
    assert np.abs(share - digits.class_counts / len(digits)).max() <= 1e-3


def test_generate_one_class_is_reproducible(run, folder):
    first, second = folder / "one.npz", folder / "two.npz"
    for path in (first, second):
        good("generate", run, "--label", 3, "-n", 11, "-o", path, "--seed", 5)
    assert first.read_bytes() == second.read_bytes()
    assert set(np.load(first)["y"]) == {"3"}


def test_record_writes_a_file_a_time_and_other_steps_are_noted(run, folder):
    result = good("generate", run, "-n", 6, "--record", "1,2,5", "--steps", 5, "-o", folder / "r.fasta.gz")
    first, age = result.err.splitlines()
    assert first == f"note: 5 sweeps, but {run} was trained to generate after 10"
    assert age.startswith("from age 20 (the last;")
    assert sorted(path.name for path in folder.glob("r[._]*fasta.gz")) == [
        "r.fasta.gz",
        "r_t1.fasta.gz",
        "r_t2.fasta.gz",
    ]
    assert len(sr.read(folder / "r_t2.fasta.gz")) == 6


@pytest.mark.parametrize("ending", ["npz", "csv", "tsv.gz", "fasta"])
def test_many_batches_make_one_file(run, folder, ending):
    good("generate", run, "-n", 4500, "--steps", 1, "-o", folder / f"big.{ending}")
    made = sr.read(folder / f"big.{ending}")
    assert len(made) == 4500
    assert made.names[-1] == "generated_4500"
    assert (made.values == sr.generate(run, n=4500, steps=1).values).all()


def test_a_picture(run, folder):
    pytest.importorskip("matplotlib")
    good("generate", run, "-n", 30, "--record", 1, "-o", folder / "grid.png")
    assert (folder / "grid_t1.png").read_bytes().startswith(b"\x89PNG")


def test_the_part_that_was_not_trained_on_is_predicted(folder):
    good("train", "digits", "--part", "train", "-o", folder / "part", *SMALL)
    result = good("predict", folder / "part", "digits", "-o", folder / "part.csv", "--json")
    assert (result.json["part"], result.json["samples"]) == ("test", 359)
    assert len(pd.read_csv(folder / "part.csv")) == 359


def test_an_earlier_age(run, folder):
    assert good("generate", run, "-n", 5, "--age", 10, "-o", folder / "young.npz", "--json").json["age"] == 10


# predict


def test_predict_columns_and_accuracy(run, folder):
    result = good("predict", run, "digits", "-o", folder / "p.csv")
    table = pd.read_csv(folder / "p.csv")
    classes = [str(i) for i in range(10)]
    assert list(table) == ["name", "label", "prediction", "probability", *(f"p_{c}" for c in classes)]
    accuracy = (table["label"] == table["prediction"]).mean()
    assert f"accuracy {accuracy:.4f} on 1,797 labelled samples" in result.out
    assert np.allclose(table.filter(like="p_").sum(axis=1), 1, atol=1e-4)


def test_predictions_on_stdout(run, folder):
    good("predict", run, "digits", "--part", "test", "-o", folder / "same.csv")
    assert good("predict", run, "digits", "--part", "test", "-o", "-").out == (folder / "same.csv").read_text()
    assert "--json: -o - writes the predictions to stdout" in refused("predict", run, "digits", "-o", "-", "--json")


def test_scores_on_stdout_and_nothing_else(run, folder):
    good("generate", run, "-n", 40, "-o", folder / "forty.npz")
    words = ("digits", folder / "forty.npz", "--scores", "pair-pearson")
    found = good("score", *words, "--json", "-").json
    good("score", *words, "--json", folder / "scores.json")
    assert found == json.loads((folder / "scores.json").read_text())
    assert {each["score"] for each in found} == {"pair-pearson"}


def test_an_evaluation_on_stdout_and_nothing_else(run):
    result = good("evaluate", run, "--json", "-", "--no-curves", "--scores", "pair-pearson")
    assert {each["score"] for each in result.json["scores"]} >= {"pair-pearson"}
    assert "age 20" in result.err


def test_labels_are_empty_where_unknown(run, folder, digits):
    np.save(folder / "bare.npy", digits.values[:5])
    result = good("predict", run, folder / "bare.npy", "-o", folder / "p.tsv")
    assert "no label is known" in result.out
    assert pd.read_csv(folder / "p.tsv", sep="\t")["label"].isna().all()


def test_predictions_without_a_file(run, folder, digits):
    np.save(folder / "bare.npy", digits.values[:5])
    assert len(good("predict", run, folder / "bare.npy").out.splitlines()) == 6
    document = good("predict", run, folder / "bare.npy", "--json").json
    assert [set(row) >= {"name", "prediction", "p_0"} for row in document["predictions"]] == [True] * 5


# info and data


def test_info_keys(run):
    found = good("info", run, "--json").json
    assert found["updates"] == 20
    assert found["ages"] == [1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20]
    assert (found["sites"], found["hidden"], found["format_version"]) == (64, 16, 2)
    assert found["classes"] == [str(i) for i in range(10)]
    recipe = {"scheme": "ff", "steps": 10, "start": "random", "hidden_rule": "sample", "noise": "profile"}
    assert found["recipe"] == recipe | {"weights": {"generate": 1.0, "predict": 10.0}}
    assert "scheme ff" in good("info", run).out


def test_info_of_data_and_of_the_machine():
    assert good("info", "digits", "--json").json["classes"]["0"] == 178
    system = good("info", "--system", "--json").json
    assert {"torch", "threads", "device", "kernels", "native"} <= set(system)


def test_data_list():
    assert [entry["name"] for entry in good("data", "list", "--json").json][:1] == ["digits"]
    assert "digits" in good("data", "list").out


def test_version():
    assert good("--version").out == f"shortrun {sr.__version__}\n"


@pytest.mark.parametrize(
    "words", [(), ("train",), ("generate",), ("predict",), ("score",), ("info",), ("data",), ("data", "list")]
)
def test_every_verb_has_help(words):
    assert "Usage: shortrun" in good(*words, "--help").out


def lines_of_examples(verb):
    command = command_of(verb)
    return command, parts(inspect.getdoc(command.callback))[1].splitlines()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_three_examples_that_it_understands(verb):
    command, lines = lines_of_examples(verb)
    commands = [line for line in lines if not line.startswith("# ")]
    assert len(commands) >= 3
    for line in commands:
        program, name, *words = shlex.split(line)
        assert program == "shortrun"
        with (command if name == verb else command_of(name)).make_context(name, words) as context:
            assert context.params or command_of(name).commands
        assert len(line) <= 78


def test_the_help_shows_the_options_of_the_data_at_hand():
    flags = {"--labels", "--max-identity", "--maf", "--bins"}
    helps = {words: good("train", *words, "--help").out for words in ((), ("a.fasta",), ("a.csv",))}
    shown = {words: {flag for flag in flags if flag in text} for words, text in helps.items()}
    assert shown == {(): flags, ("a.fasta",): {"--labels", "--max-identity"}, ("a.csv",): {"--labels", "--bins"}}


@pytest.mark.parametrize("text", ["[" * 10**5, '{"kind": {"source": 5}}', '{"kind": {"source": ["a"]}}', "{", None])
def test_a_damaged_run_is_no_matter_to_its_help(tmp_path, text):
    header = tmp_path / "run.json"
    os.mkfifo(header) if text is None else header.write_text(text)
    assert source_of(tmp_path) == str(tmp_path)
    header.unlink()
    header.write_text('{"kind": {"source": "x.fasta"}}')
    assert source_of(tmp_path) == "x.fasta"


# the process


def test_help_does_not_wait_for_torch():
    code = "import sys; from shortrun.cli import main; main(['--help']); "
    code += "print({'torch', 'numpy', 'pandas', 'pydantic'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "set()"


def test_completion_script():
    shown = finish(start(_SHORTRUN_COMPLETE="source_bash"))
    assert "_SHORTRUN_COMPLETE=complete_bash" in shown.out


def test_a_reader_that_leaves_is_no_error():
    for words in (("train", "--help"), ("data", "list"), ("data", "list", "--json")):
        process = start(*words)
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(30) == 1


def test_no_colours_in_a_pipe(run):
    assert "\x1b" not in finish(start("--help")).out


@pytest.mark.parametrize("request_", [signal.SIGINT, signal.SIGTERM])
def test_stopped_and_resumed_is_never_stopped(tmp_path, monkeypatch, request_):
    """Ctrl-C, then the printed command: the parameters are those of a training that was never stopped."""
    np.savez(tmp_path / "x.npz", x=np.arange(240).reshape(60, 4) % 7 % 2, y=np.arange(60) % 2)
    words = ("--hidden", 4, "--seed", 3, "--updates", 100_000)
    process = start("train", "x.npz", "-o", "run", *words, cwd=tmp_path)
    assert process.stderr.readline().startswith("update 1/100000")
    time.sleep(0.05)
    os.kill(process.pid, request_)
    stopped = finish(process)
    assert stopped.code == 130
    last = stopped.err.splitlines()[-1]
    done = int(last.split()[3].rstrip(";"))
    assert 1 <= done < 100_000
    words_again = shlex.split(last.split("go on with: ")[1])
    assert words_again == ["shortrun", "train", "-o", "run", "--resume"]
    updates = done + 20
    monkeypatch.chdir(tmp_path)
    assert good(*words_again[1:], "--updates", updates, "--json").json["updates"] == updates
    good("train", "x.npz", "-o", tmp_path / "whole", *words[:4], "--updates", updates)
    assert (sr.Trajectory.open(tmp_path / "run")[-1] == sr.Trajectory.open(tmp_path / "whole")[-1]).all()


def test_stopped_before_there_is_a_run_nothing_goes_on(tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    out = tmp_path / "run"
    with monkeypatch.context() as patched:
        patched.setattr(workflows, "fit", stopped)
        first = call("train", "digits", "-o", out, *SMALL)
    good("train", "digits", "-o", out, *SMALL)
    monkeypatch.setattr(workflows, "fit", stopped)
    second = call("train", "digits", "-o", out, "--overwrite", *SMALL)
    third = call("train", "-o", out, "--resume")
    assert first.code == second.code == third.code == 130
    for found in (first, second):
        assert found.err.splitlines()[-1] == "stopped at once before there was anything to save"
    goes_on = f"stopped at once; what was saved goes on with: shortrun train -o {out} --resume"
    assert third.err.splitlines()[-1] == goes_on


STOPPING = """
import signal, sys
from shortrun.cli import program

signal.signal(signal.SIGINT, signal.default_int_handler)  # which a job in the background ignores

class Stopping:
    def find_spec(self, name, path, target=None):
        if name.startswith("{stage}") and self in sys.meta_path:
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Stopping())
program()
"""


@pytest.mark.parametrize("stage", ["shortrun.cli._app", "typer", "torch", "torch._"])
def test_stopped_while_modules_are_imported_is_quiet(tmp_path, stage):
    """As soon as code of ours runs, Ctrl-C ends it without a traceback."""
    (tmp_path / "stopping.py").write_text(STOPPING.format(stage=stage))
    words = [sys.executable, tmp_path / "stopping.py", "info", tmp_path]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (130, "", "")


def test_a_finished_run_has_nothing_left_to_do(run):
    assert good("train", "digits", "-o", run, "--resume", "--json").json["updates"] == 20


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--seed", 9), "the seed 1, not 9"),
        (("--validation", 0.2), "the validation share 0.1, not 0.2"),
        (("--optimiser", "adam"), "the optimiser sgd, not adam"),
        (("--profiles", 2), "the number of profiles 16, not 2"),
        (("--start", "uniform"), "another machine (sites, classes, units, hidden units, rule or start)"),
    ],
)
def test_a_run_goes_on_as_it_began(run, words, told):
    before = (run / "run.json").read_bytes()
    line = refused("train", "-o", run, "--resume", "--updates", 30, *words)
    assert f"was trained with {told}: --resume needs the same, --overwrite begins anew" in line
    assert (run / "run.json").read_bytes() == before


def test_a_training_that_ends_by_time_says_so(tmp_path):
    ended = good("train", "digits", "--hidden", 4, "--minutes", 1e-6, "-o", tmp_path / "run")
    assert "compared from update 50 on" in ended.out
    assert "stopped at update 1 by --minutes 1e-06; go on with: shortrun train" in ended.err


def test_one_that_is_stopped_at_an_age_does_not_say_that_it_ended_by_time(tmp_path, monkeypatch):
    def stop(_, update, *__):
        if update == 5:
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Lines, "__call__", stop)
    out = tmp_path / "run"
    stopped = call("train", "digits", "--hidden", 4, "--minutes", 5, "-o", out, "--json")
    assert (stopped.code, stopped.json["updates"], stopped.json["interrupted"]) == (130, 5, True)
    assert stopped.err.splitlines()[-1] == f"stopped at update 5; go on with: shortrun train -o {out} --resume"
