"""`column-shapes` and `pair-trends`: by their definitions, and of tables that lack something."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import shortrun as sr
from shortrun.errors import ShortrunError

NAMES = ("column-shapes", "pair-trends")


def frame(seed, n=3000):
    random = np.random.default_rng(seed)
    age = random.gamma(6, 6, n).round(1)
    job = random.choice(["miner", "nurse", "clerk"], n, p=[0.5, 0.3, 0.2])
    pay = (age * 3 + 20 * (job == "clerk") + random.normal(0, 20, n)).round(2)
    found = pd.DataFrame({"age": age, "pay": pay, "job": job, "home": random.choice(["town", "land"], n)})
    found.loc[random.random(n) < 0.1, "job"] = None
    return found


def tables(tmp_path, one, other):
    one.to_csv(tmp_path / "one.csv", index=False)
    other.to_csv(tmp_path / "other.csv", index=False)
    real = sr.read(tmp_path / "one.csv")
    return real, sr.read(tmp_path / "other.csv", like=real)


def values(real, made):
    return {each.score: each for each in sr.score(real, made, scores=NAMES, per_class=False)}


def test_by_definition(tmp_path):
    one, other = frame(0), frame(1, 2500)
    other["pay"] += 3.0
    found = values(*tables(tmp_path, one, other))

    def share(x, *names):
        return x[list(names)].fillna("none").value_counts(normalize=True)

    def alike(*names):
        p, q = share(one, *names).align(share(other, *names), fill_value=0)
        return 1 - (p - q).abs().sum() / 2

    shapes = [1 - stats.ks_2samp(one[name], other[name]).statistic for name in ("age", "pay")]
    assert found["column-shapes"].value == pytest.approx(np.mean([*shapes, alike("job"), alike("home")]))
    for name in ("age", "pay"):
        edges = np.histogram_bin_edges(one[name], 10)
        for each in (one, other):
            each[f"{name}-bin"] = np.digitize(each[name], edges[1:-1])
    r = [each["age"].corr(each["pay"]) for each in (one, other)]
    pairs = [("age-bin", "job"), ("age-bin", "home"), ("pay-bin", "job"), ("pay-bin", "home"), ("job", "home")]
    trends = [1 - abs(r[0] - r[1]) / 2, *(alike(*pair) for pair in pairs)]
    assert found["pair-trends"].value == pytest.approx(np.mean(trends))


def test_what_is_lost_shows(tmp_path):
    real, good = tables(tmp_path, frame(0), frame(1))
    found = values(real, good)
    for each in found.values():
        assert each.value > 0.95
        assert abs(each.value - each.floor) < 0.03
        assert 0 < each.error < 0.02
    mixed = frame(1)
    mixed["pay"] = np.random.default_rng(2).permutation(mixed["pay"])
    _, apart = tables(tmp_path, frame(0), mixed)
    lost = values(real, apart)
    assert lost["column-shapes"].value == pytest.approx(found["column-shapes"].value, abs=0.01)
    assert lost["pair-trends"].value < found["pair-trends"].value - 5 * found["pair-trends"].error
    older = frame(1).assign(age=lambda table: table["age"] + 30)
    _, moved = tables(tmp_path, frame(0), older)
    assert values(real, moved)["column-shapes"].value < 0.9


def test_other_data_have_no_columns(tmp_path):
    digits = sr.read("digits").head(100)
    with pytest.raises(ShortrunError, match="a table of numbers and categories"):
        sr.score(digits, digits, scores=NAMES)
