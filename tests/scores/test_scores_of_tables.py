"""`column-shapes` and `pair-trends`: by their definitions, and of tables that lack something."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import shortrun as sr
from shortrun.errors import ShortrunError
from shortrun.scores import verdict
from shortrun.scores.columns import cells_of, shape, trend

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

    def like(name):
        p, q = (x[name].value_counts(normalize=True) for x in (one, other))
        return 1 - (p - q).abs().sum() / 2

    shapes = [1 - stats.ks_2samp(one[name], other[name]).statistic for name in ("age", "pay")]
    assert found["column-shapes"].value == pytest.approx(np.mean([*shapes, like("job"), like("home")]))
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


def made_table(seed, n=2000):
    """A table of three columns of numbers and three of categories, which hang together, with missing cells."""
    r = np.random.default_rng(seed)
    x = r.normal(10 + 0.3 * seed, 3, n).round(2)
    y = (0.6 * x + r.normal(0, 2, n)).round(2)
    z = r.exponential(5 + seed, n).round(1)
    a = r.choice(["p", "q", "r"], n, p=[0.5 - 0.1 * seed, 0.3, 0.2 + 0.1 * seed])
    b = np.where(r.random(n) < 0.7, np.where(a == "p", "u", "v"), r.choice(["u", "v", "w"], n))
    c = np.where(x > 11, "hi", r.choice(["lo", "hi"], n))
    found = pd.DataFrame({"x": x, "y": y, "z": z, "a": a, "b": b, "c": c}).astype(object)
    for name, share in zip("xyzabc", (0, 0.05, 0.1 + 0.05 * seed, 0, 0.08, 0.02), strict=True):
        found.loc[r.random(n) < share, name] = np.nan
    return found


def test_columns_and_pairs_have_the_values_of_sdmetrics(tmp_path):
    """Of sdmetrics 0.32: KSComplement, TVComplement, CorrelationSimilarity, ContingencySimilarity (10 bins)."""
    cells = cells_of(*tables(tmp_path, made_table(0), made_table(1)))
    shapes = [0.949500, 0.955527, 0.915478, 0.881000, 0.913728, 0.979163]
    assert [*map(shape, cells)] == pytest.approx(shapes, abs=1e-6)
    trends = [0.9983575, 0.9773492, 0.863, 0.8995, 0.9535, 0.9717590, 0.8595, 0.899, 0.957, 0.8195, 0.8575, 0.8875,
              0.872, 0.8655, 0.9115]  # fmt: skip
    assert [trend(one, other) for one, other in combinations(cells, 2)] == pytest.approx(trends, abs=1e-6)


def test_rows_that_all_occur_in_the_training_are_no_copies():
    def drawn(seed, count):
        random = np.random.default_rng(seed)
        sex, age = random.choice(["f", "m"], count), random.integers(20, 70, count)
        return pd.DataFrame({"sex": sex, "age": age, "ill": random.random(count) < 0.3})

    train = sr.read(drawn(0, 300))
    new = sr.read(drawn(1, 300), like=train)
    names = ["nearest-train", "memorisation", "privacy-loss"]
    found = {it.score: it for it in sr.score(train, new, held_out=sr.read(drawn(2, 75), like=train), scores=names)}
    assert found["nearest-train"].value == 0 < found["nearest-train"].floor
    assert {verdict(it) for it in found.values()} == {"as real"}
    many = np.random.default_rng(3).integers(0, 2, (300, 20))
    (copied,) = sr.score(sr.from_numpy(many), sr.from_numpy(many[::-1]), scores=["nearest-train"])
    assert verdict(copied) == "too close"
