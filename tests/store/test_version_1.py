"""Runs written in format version 1: a table, an alignment with columns left out, and images, with what they made."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

import shortrun as sr

STORED = Path(__file__).parent / "version_1"
FILES = {"table": "table.csv", "family": "family.fasta", "images": "images.npz"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copytree(STORED, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_an_old_run_generates_predicts_and_goes_on_as_it_did(folder, name):
    run, suffix = sr.Trajectory.open(name), Path(FILES[name]).suffix
    made = sr.generate(run, n=6, seed=2)
    sr.write(f"now{suffix}", made)
    old, now = (sr.read(f"{start}{suffix}", like=run) for start in (f"generated_{name}", "now"))
    assert old.hash == now.hash
    assert suffix == ".npz" or Path(f"now{suffix}").read_bytes() == Path(f"generated_{name}{suffix}").read_bytes()
    told = pd.read_csv(f"predicted_{name}.csv")[[f"p_{label}" for label in run.classes]]
    assert np.allclose(sr.predict(run, sr.read(FILES[name], like=run)).probabilities, told, atol=1e-5)
    data = sr.read(run.kind.source, settings=run.kind.reading)
    assert data.hash == run.data["hash"]
    sr.fit(data, out=name, resume=True, updates=6)
    before, after = (load_file(path) for path in (f"resumed_{name}.safetensors", f"{name}/ages/000000006.safetensors"))
    assert before.keys() == after.keys()
    assert all(np.allclose(before[key], after[key], atol=1e-6) for key in before)
    assert json.loads((folder / name / "run.json").read_text())["format_version"] == 2
    assert sr.Trajectory.open(name).kind == run.kind


def test_an_old_run_knows_the_kind_of_its_data():
    table, family, images = (sr.Trajectory.open(STORED / name).kind for name in FILES)
    assert [column.name for column in table.columns] == ["colour", "size"]
    assert (table.reading.label_column, table.reading.missing, table.source) == ("cls", "category", "table.csv")
    assert (family.alphabet.name, family.alignment.columns.of, len(family.alignment.columns.kept)) == ("rna", 12, 11)
    assert (images.image.shape, images.reading.threshold, images.continuous) == ((4, 4), 0.4, False)
