"""Results are short at a prompt, and a table in a notebook."""

from dataclasses import replace

import numpy as np
import pandas as pd

import shortrun as sr
from shortrun.data.core.predictions import Predictions
from shortrun.regimes.mixing import Mixing


def test_a_data_set():
    data = sr.from_numpy(np.eye(4, dtype=int), ["a", "b", "b", ""])
    assert repr(data) == (
        "Dataset of 4 samples, 4 sites: the binary alphabet '01'\n  1 without a label; 2 classes: a (1), b (2)"
    )
    assert repr(data.with_labels([""] * 4)).endswith("\n  no labels")
    assert "site_4" in data._repr_html_()


def test_names_are_escaped():
    data = sr.from_pandas(pd.DataFrame({"<b>": ["<i>", "x", "y"], "label": ["<s>", "u", "u"]}))
    assert not {"<b>", "<i>", "<s>"} & {part for part in ("<b>", "<i>", "<s>") if part in data._repr_html_()}


def test_many_classes_are_cut():
    data = sr.from_numpy(np.eye(60, dtype=int), [f"class {i}" for i in range(60)])
    assert max(map(len, repr(data).splitlines())) <= 118
    assert repr(data).endswith("class 13 (1), ... 54 more")
    found = Predictions(data.names, data.labels, data.classes, np.eye(60, dtype=np.float32))
    assert max(map(len, repr(found).splitlines())) <= 118
    assert repr(found).endswith(" more")


def test_predictions_and_scores():
    law = np.array([[0.25, 0.75], [0.5, 0.5]], np.float32)
    found = sr.Predictions(np.array(["x", "y"]), np.array([1, 1]), ("a", "b"), law)
    assert repr(found) == "Predictions of 2 samples, accuracy 0.500\n  predicted: a (1), b (1)"
    assert "<td>x</td>" in found._repr_html_()
    assert "<td>0.7500</td>" in found._repr_html_()
    found = replace(found, learned=np.array([True, False]))
    note = "note: 1 of 2 samples equal training samples"
    assert [line.strip()[: len(note)] for line in repr(found).splitlines()[2:]] == [note]
    assert f"<br>{note}" in found._repr_html_()
    score = sr.Score("copies", "all", 0.123456, 0.01, 0.02, 0.0, "lower")
    assert repr(score) == "Score(copies, all: 0.1235 ± 0.01, real 0.02, ideal 0)"


def test_tables():
    row = {"age": range(1000), "observable": "sites", "estimator": "tau-int", "value": 0.5, "resolved": True}
    table = pd.DataFrame(row)
    found = Mixing(table, table, 10, "data")
    told = "  trained with k = 10; the longest tau-int 0.5 sweeps (sites, age 0)"
    assert repr(found) == f"Mixing: 1,000 times at 1,000 ages, from data starts\n{told}"
    assert found._repr_html_().count("<tr>") == 5
