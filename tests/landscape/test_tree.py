"""T13: the tree of fixed points against a slow implementation, planted hierarchies, and another reader of Newick."""

import io
import json
import re

import numpy as np
import pytest
import torch
from Bio import Phylo
from sklearn.cluster import DBSCAN

import shortrun as sr
from command_line import call, good, refused
from conftest import machine
from shortrun import landscape, plots, workflows
from shortrun.data import Dataset
from shortrun.data.tables.annotations import read_annotations
from shortrun.equilibrium.spacing import equilibrated, exchange_rate, spaced
from shortrun.errors import ConfigError, DataError, FormatError, StoreError
from shortrun.landscape import ROOT, Tree, leaf_names, newick, node_names, starts_of
from shortrun.landscape.clusters import components, coordinates, distinct, representatives
from shortrun.landscape.tree_layout import layout
from shortrun.models import RBM, Layer, Spec
from shortrun.plots.tree_strips import Strip, of_classes
from shortrun.settings import TreeSettings, resolve
from shortrun.tree_page import itol, write_tree
from shortrun.tree_page.itol import colour_strip, gradient
from shortrun.tree_page.page import render_tree as page_of
from shortrun.units import Bernoulli, Gaussian, Ising, Potts

ODD = ["plain", "with space", "it's", "a:b,c(d);", "naïve 名前", "[x]", "it's"]


# A planted machine: three blocks of 8 sites and 4 hidden units, each with two states above its own critical age.


SCALES = (1.0, 0.5, 0.25)  # of the weights of the blocks: the third has one state first as the machine gets younger
PATTERNS = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)])


def planted():
    """Return (model, theta of an age): W = 4 w u v^T in each block with zero Ising fields, w = age / 8 * scale."""
    model = RBM(Spec((Layer("visible", 24, Bernoulli()), Layer("hidden", 12, Bernoulli()))))
    blocks = torch.block_diag(*[torch.full((8, 4), scale / np.sqrt(32), dtype=torch.float64) for scale in SCALES])

    def theta(age):
        weight = age / 2 * blocks
        return torch.cat([weight.flatten(), -weight.sum(1) / 2, -weight.sum(0) / 2])

    return model, theta


def planted_data(copies=4, seed=0):
    """Return the machine with samples of its eight patterns, at most one site of a block flipped."""
    values = np.repeat(np.repeat(PATTERNS, 8, 1), copies, 0).astype(np.uint8)
    random = np.random.default_rng(seed)
    for block in range(3):
        values[np.arange(len(values)), 8 * block + random.integers(0, 8, len(values))] ^= 1
    return *planted(), values


AGES = (160, 120, 90, 70, 50, 40, 30, 24, 20, 16, 13, 10, 8, 6, 4, 2)


def grow(model, theta, values, ages=AGES, **options):
    starts = starts_of(model, (torch.from_numpy(values),)).double()
    return landscape.tree(((age, theta(age)) for age in ages), model, starts, **options)


# The slow implementation: numpy loops, one row and one pair of points at a time.


def slow_fixed_point(weight, bias, hidden_bias, v, h, tolerance):
    for _ in range(5000):
        old = v.copy(), h.copy()
        h = 1 / (1 + np.exp(-(hidden_bias + v @ weight + (0.5 - h) * ((v - v**2) @ weight**2))))
        v = 1 / (1 + np.exp(-(bias + weight @ h + (0.5 - v) * (weight**2 @ (h - h**2)))))
        if max(np.abs(v - old[0]).max(), np.abs(h - old[1]).max()) < tolerance:
            return v, h
    raise AssertionError("no fixed point")


def slow_clusters(points, eps):
    cluster = list(range(len(points)))
    changed = True
    while changed:
        changed = False
        for i in range(len(points)):
            for j in range(len(points)):
                if np.sqrt(((points[i] - points[j]) ** 2).mean()) <= eps and cluster[i] != cluster[j]:
                    cluster[i] = cluster[j] = min(cluster[i], cluster[j])
                    changed = True
    return cluster


def slow_tree(model, theta, values, ages, eps, tolerance):
    """Return [(age, {frozenset of leaves: fixed point})] for each level, oldest first."""
    rows = [(frozenset([i]), v.astype(float), None) for i, v in enumerate(values)]
    levels = []
    for age in ages:
        weight, bias, hidden_bias = (part.numpy() for part in model.view(theta(age)))
        rows = [
            (leaves, *slow_fixed_point(weight, bias, hidden_bias, v,
                                       1 / (1 + np.exp(-(hidden_bias + v @ weight))) if h is None else h, tolerance))
            for leaves, v, h in rows
        ]  # fmt: skip
        clusters = slow_clusters([v for _, v, _ in rows], eps)
        merged = []
        for name in sorted(set(clusters)):
            members = [row for row, cluster in zip(rows, clusters, strict=True) if cluster == name]
            sizes = [len(leaves) for leaves, _, _ in members]
            centre = sum(n * v for n, (_, v, _) in zip(sizes, members, strict=True)) / sum(sizes)
            away = [round(float(np.sqrt(((v - centre) ** 2).mean())), 9) for _, v, _ in members]
            best = members[away.index(min(away))]
            merged.append((frozenset().union(*(leaves for leaves, _, _ in members)), best[1], best[2]))
        if not levels or len(merged) < len(rows):
            levels.append((age, {leaves: v for leaves, v, _ in merged}))
        rows = merged
        if len(rows) == 1:
            break
    return levels


def test_the_tree_is_that_of_a_slow_implementation():
    model, theta, values = planted_data()
    values = np.unique(values, axis=0)
    tree = grow(model, theta, values, eps=0.05, tolerance=1e-10)
    levels = slow_tree(model, theta, values, AGES, 0.05, 1e-10)
    assert len(levels) >= 4  # else it shows little
    assert [(level.age, level.clusters) for level in tree.levels] == [(age, len(found)) for age, found in levels]
    lengths = np.zeros(len(tree))
    before: dict = {}
    for age, found in levels:
        nodes = tree.at(age)
        groups = {frozenset(np.flatnonzero(nodes == node).tolist()): node for node in np.unique(nodes)}
        assert groups.keys() == found.keys()
        for leaves, node in groups.items():
            if tree.age[node] == age:
                np.testing.assert_allclose(tree.profiles[node].numpy(), found[leaves], atol=1e-6)
        for leaves, (node, v) in before.items():
            above = next(it for it in found if leaves <= it)
            lengths[node] += ((found[above] - v) ** 2).mean()
        before = {leaves: (groups[leaves], v) for leaves, v in found.items()}
    for node, v in before.values():
        lengths[node] += ((v - 0.5) ** 2).mean()
    np.testing.assert_allclose(tree.length, lengths, atol=1e-7)
    assert tree.leaf_length == pytest.approx(lengths.mean())


def test_planted_levels_nest():
    model, theta, values = planted_data()
    tree = grow(model, theta, values)
    truth = np.repeat(np.arange(8), 4)
    assert tree.agreement(truth, tree.leaves) == 1
    assert tree.agreement(truth // 4, tree.level(2)) == 1
    assert tree.agreement(truth // 2, tree.level(4)) == 1
    assert tree.levels[-1].clusters == 1
    assert tree.parent[-1] == ROOT
    assert tree.unconverged == 0
    counts = tree.composition(truth, 8)
    assert counts[-1].tolist() == [4] * 8
    assert (counts.sum(1) == tree.size).all()
    assert (tree.age[:-1] > tree.age[tree.parent[:-1]]).all()


@pytest.mark.parametrize("copies", [2, 5])
def test_the_tree_does_not_depend_on_how_many_sites_there_are(copies):
    # Every site and every hidden unit `copies` times, with weights W / copies: each unit has the field that it had, so
    # fixed points of order 1 are copies of those of the small machine, and so must be the tree.
    model, theta, values = planted_data()
    wide = RBM(Spec((Layer("visible", 24 * copies, Bernoulli()), Layer("hidden", 12 * copies, Bernoulli()))))

    def wider(age):
        weight, bias, hidden_bias = model.view(theta(age))
        return torch.cat(
            [weight.repeat(copies, copies).flatten() / copies, bias.repeat(copies), hidden_bias.repeat(copies)]
        )

    few, many = grow(model, theta, values, order=1), grow(wide, wider, np.tile(values, copies), order=1)
    assert len(few.levels) > 2
    assert many.levels == few.levels
    assert many.parent.tolist() == few.parent.tolist()
    assert many.leaves.tolist() == few.leaves.tolist()
    np.testing.assert_allclose(many.length, few.length, atol=1e-9)


def test_distances_are_the_same_for_every_kind_of_unit():
    random = torch.rand(6, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def distances(units, features):
        model = RBM(Spec((Layer("visible", 7, units), Layer("label", 1, Potts(3)), Layer("hidden", 2, Bernoulli()))))
        label = torch.rand(6, 3, dtype=torch.float64)  # does not count
        points = coordinates(model, torch.cat([features, label], 1))
        return np.linalg.norm(points[:, None] - points, axis=2)

    binary = distances(Bernoulli(), random)
    colours = torch.stack([1 - random, random], 2).flatten(1)
    np.testing.assert_allclose(distances(Ising(), 2 * random - 1), binary, atol=1e-12)
    np.testing.assert_allclose(distances(Potts(2), colours), binary, atol=1e-12)
    np.testing.assert_allclose(distances(Gaussian(), random), binary, atol=1e-12)
    np.testing.assert_allclose(binary[0, 1], (random[0] - random[1]).square().mean().sqrt(), rtol=1e-12)


@pytest.mark.parametrize("eps", [0.05, 0.3, 0.6])
def test_components_are_those_of_dbscan(eps):
    points = np.random.default_rng(1).normal(size=(700, 3))  # more than one block of rows
    found = components(points, eps)
    assert (found == DBSCAN(eps=eps, min_samples=1).fit(points).labels_).all()


def test_a_representative_is_the_member_nearest_to_the_mean():
    points = np.array([[0.0], [1.0], [3.0], [10.0], [12.0]])
    clusters = np.array([0, 0, 0, 1, 1])
    assert representatives(points, clusters, np.array([1, 1, 1, 1, 1])).tolist() == [1, 3]  # the first of equals
    assert representatives(points, clusters, np.array([1, 1, 9, 1, 2])).tolist() == [2, 4]


def test_distinct_rows_keep_their_order():
    first, row = distinct(np.array([[2.0, 0], [1, 0], [2, 0], [0, 0], [1, 0]]))
    assert first.tolist() == [0, 1, 3]
    assert row.tolist() == [0, 1, 0, 2, 1]


def test_labels_are_not_looked_at():
    model, _ = machine(Potts(3), Bernoulli(), classes=4)
    starts = starts_of(model, (torch.zeros(2, 3, dtype=torch.uint8),))
    assert starts.shape == (2, 9 + 4)
    assert (starts[:, 9:] == 0.25).all()


@pytest.mark.parametrize("units", [Bernoulli(), Ising(), Potts(2), Potts(3)])
def test_machines_of_every_kind_have_trees(units):
    model, theta = machine(units, Bernoulli(), sites=5, classes=2, scale=0.3)
    values = np.random.default_rng(0).integers(0, 2, (20, 5)).astype(np.uint8)
    starts = starts_of(model, (torch.from_numpy(values),)).double()
    tree = landscape.tree([(2, 3 * theta), (1, theta)], model, starts)
    assert tree.size[-1] == 20
    assert tree.profiles.shape == (len(tree), model.shape[0])


def test_what_never_merges_is_joined_by_a_root_without_an_age():
    model, theta, values = planted_data()
    tree = grow(model, theta, values, ages=(160, 120))
    assert tree.age[-1] == 0
    assert tree.parent[-1] == ROOT
    assert (tree.profiles[-1] == 0.5).all()
    assert tree.size[-1] == len(values)
    assert tree.residual[-1] == 0


def test_rows_that_do_not_converge_are_counted():
    model, theta, values = planted_data()
    tree = grow(model, theta, values, ages=(20, 8), max_iterations=2, tolerance=1e-12)
    assert tree.unconverged == sum(stage.rows for stage in tree.stages)
    assert not tree.converged[: len(tree) - 1].any()
    assert tree.residual[0] > 1e-12


def test_settings_out_of_range():
    model, theta, values = planted_data()
    with pytest.raises(ConfigError, match="eps"):
        grow(model, theta, values, eps=0.0)
    with pytest.raises(ConfigError, match="oldest to the youngest"):
        grow(model, theta, values, ages=(120, 160))
    with pytest.raises(DataError, match="no ages"):
        grow(model, theta, values, ages=())
    with pytest.raises(DataError, match="no samples"):
        grow(model, theta, values[:0])


def test_levels_that_count_only_larger_clusters():
    tree = by_hand()
    assert np.unique(tree.level(2)).tolist() == [3, 4]
    assert np.unique(tree.level(9)).tolist() == [0, 1, 2, 3]
    assert np.unique(tree.level(2, smallest=0.3)).tolist() == [3, 4]


def by_hand() -> Tree:
    """Return a tree ((n1, n2, n3) n5, n4) n6 of seven leaves."""
    return Tree(
        parent=np.array([4, 4, 4, 5, 5, -1]),
        age=np.array([100, 100, 100, 100, 50, 10]),
        size=np.array([1, 2, 1, 3, 4, 7]),
        length=np.array([0.1, 0.2, 0.15, 0.5, 0.3, 0.05]),
        profiles=torch.zeros(6, 4),
        residual=np.zeros(6),
        converged=np.ones(6, bool),
        leaves=np.array([0, 1, 1, 2, 3, 3, 3]),
        leaf_length=0.25,
        levels=tuple(landscape.Level(age, n) for age, n in ((100, 4), (50, 2), (10, 1))),
        stages=(),
        eps=0.05,
    )


# Newick, by Biopython


def parsed(text):
    return Phylo.read(io.StringIO(text), "newick")


def test_newick_is_what_another_program_reads():
    tree, names = by_hand(), leaf_names(ODD)
    assert names[-1] == "it's (2)"
    text = newick(tree, names)
    assert text.count("\n") == 1
    found = parsed(text)
    # Biopython leaves a doubled quote as an escaped one
    unquoted = {name: name.replace("'", "''") for name in names}
    leaves = {re.sub(r"\\?'+", "''", leaf.name): leaf for leaf in found.get_terminals()}
    assert leaves.keys() == set(unquoted.values())
    assert all(leaf.branch_length == pytest.approx(0.25) for leaf in leaves.values())
    inner = {node.name: node for node in found.get_nonterminals()}
    assert inner.keys() == {"n1", "n2", "n3", "n4", "n5", "n6"}
    assert inner["n4"].branch_length == pytest.approx(0.5)
    assert found.root.name == "n6"
    assert found.root.branch_length == pytest.approx(0.05)
    assert [it.name for it in found.get_path(leaves["plain"])][:-1] == ["n5", "n1"]
    assert found.distance(leaves["plain"]) == pytest.approx(0.3 + 0.1 + 0.25)


def test_names_of_leaves_and_nodes_are_all_different():
    assert leaf_names(["a", "a", "a (2)", "", "b\tc\n"]) == ["a", "a (2)", "a (2) (2)", "unnamed", "b c"]
    assert node_names(2, ["n1", "x"]) == ["_n1", "_n2"]


def test_a_deep_tree_is_written_without_recursion():
    count = 3000  # leaves, each joined to the rest one age later
    inner = np.arange(count, 2 * count - 1)
    deep = Tree(
        parent=np.concatenate([inner[:1], inner, inner[1:], [ROOT]]),
        age=np.concatenate([np.full(count, count + 1), np.arange(count, 1, -1)]),
        size=np.concatenate([np.ones(count, int), np.arange(2, count + 1)]),
        length=np.full(2 * count - 1, 1e-3),
        profiles=torch.zeros(2 * count - 1, 1),
        residual=np.zeros(2 * count - 1),
        converged=np.ones(2 * count - 1, bool),
        leaves=np.arange(count),
        leaf_length=1e-3,
        levels=(landscape.Level(count, count),),
        stages=(),
        eps=0.05,
    )
    text = newick(deep, leaf_names(map(str, range(count))))
    assert text.count("(") == text.count(")") == 2 * count - 1
    assert len(layout(deep).order) == count


# Strips, iTOL, pictures


STRIPS = [
    of_classes("label", np.array([0, 1, 1, 0, 2, 2, -1]), ("x", "y", "z")),
    Strip("height", np.array([1.0, 2, np.nan, 4, 5, 6, 7])),
]


def test_strips_know_their_colours():
    assert STRIPS[0].colours()[1] == STRIPS[0].colours()[2] == dict(STRIPS[0].legend())["y"]
    assert STRIPS[0].legend()[-1] == ("unknown", "#9A9A9A")
    assert STRIPS[1].colours()[2] == "#9A9A9A"
    assert [name for name, _ in STRIPS[1].legend()] == ["1", "7"]
    many = Strip("many", np.array([f"c{i}" for i in range(50)]))
    assert len(many.legend()) == 30
    assert many.legend()[-1][0] == "other"
    assert many.codes().max() == 29


def blocks(text):
    head, _, rows = text.partition("\nDATA\n")
    kind, *settings = head.split("\n")
    return kind, dict(it.split("\t", 1) if "\t" in it else it.split(" ", 1) for it in settings), rows.splitlines()


def test_itol_files_are_what_itol_asks_for():
    tree, names = by_hand(), leaf_names(ODD)
    kind, settings, rows = blocks(colour_strip(STRIPS[0], names))
    assert kind == "DATASET_COLORSTRIP"
    assert settings["SEPARATOR"] == "TAB"
    assert settings["LEGEND_LABELS"].split("\t") == ["x", "y", "z"]
    assert len(settings["LEGEND_SHAPES"].split("\t")) == len(settings["LEGEND_COLORS"].split("\t")) == 3
    assert len(rows) == 6  # one leaf is unknown
    assert [row.split("\t")[0] for row in rows] == names[:6]
    assert all(re.fullmatch(r"[^\t]+\t#[0-9A-F]{6}\t[xyz]", row) for row in rows)
    kind, settings, rows = blocks(gradient(STRIPS[1], names))
    assert kind == "DATASET_GRADIENT"
    assert {"COLOR_MIN", "COLOR_MAX", "DATASET_LABEL"} <= settings.keys()
    assert len(rows) == 6
    files = itol(tree, names, [*STRIPS, Strip("la bel", STRIPS[0].values)])
    assert [*files] == ["itol_label.txt", "itol_label_clades.txt", "itol_height.txt", "itol_la_bel.txt",
                        "itol_la_bel_clades.txt"]  # fmt: skip
    kind, settings, rows = blocks(files["itol_label_clades.txt"])
    assert kind == "TREE_COLORS"
    clades = [row.split("\t") for row in rows]
    assert {row[0] for row in clades} == {"n1", "n2", "n3", "n4"}
    assert {tuple(row[3:]) for row in clades if row[1] == "clade"} == {("normal", "2")}
    assert [row[3] for row in clades if row[:2] == ["n4", "range"]] == ["z"]


def test_a_layout_keeps_clades_together():
    tree = by_hand()
    places = layout(tree)
    assert sorted(places.order.tolist()) == list(range(7))
    for node in range(len(tree)):
        below = np.sort(places.leaf_y[[node in path for path in tree.paths()]])
        assert (np.diff(below) == 1).all()
        assert (below[0], below[-1]) == (places.first[node], places.last[node])
    assert (places.node_x[:-1] > places.node_x[tree.parent[:-1]]).all()
    lengths = layout(tree, depth="length")
    assert lengths.leaf_x.max() == 1
    assert lengths.node_x[0] / lengths.leaf_x[0] == pytest.approx(0.4 / 0.65)


@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize("depth", ["age", "length"])
def test_pictures_are_drawn(circular, depth, tmp_path):
    figure = plots.tree(by_hand(), leaf_names(ODD), STRIPS, circular=circular, depth=depth, title="a $title")
    plots.save(figure, tmp_path / "tree.png")
    texts = {text.get_text() for text in figure.axes[0].texts}
    assert "it's (2)" in texts
    plots.save(plots.tree(by_hand(), leaf_names(ODD), circular=circular), tmp_path / "bare.png")


def test_the_page_needs_nothing_else():
    page = page_of(by_hand(), leaf_names([*ODD[:-1], "</script><b>&"]), STRIPS, title="<run>")
    assert not re.search(r"https?://|src=|@import|url\(", page)
    assert "<run>" not in page
    assert page.count("</script>") == 1
    data = json.loads(re.search(r"const T = (.*);\n", page).group(1))
    assert data["names"][1] == "with space"
    assert data["strips"][0]["codes"][-1] == -1
    assert data["strips"][1]["values"][2] is None
    assert page == page_of(by_hand(), leaf_names([*ODD[:-1], "</script><b>&"]), STRIPS, title="<run>")


# Annotations


def table(tmp_path, text):
    path = tmp_path / "more.csv"
    path.write_text(text, encoding="utf-8")
    return path


def samples_called(*names):
    return sr.Dataset.from_arrays(np.eye(len(names)), names=names)


def test_annotations_find_their_samples_in_any_table(tmp_path):
    path = table(tmp_path, "year;Sample\n1,5;b\nunknown;a\n3,25;x\n")
    found, notes = read_annotations(path, samples_called("a", "b"))
    np.testing.assert_array_equal(found["year"], [np.nan, 1.5])
    assert notes[1:] == (
        "more.csv: numbers with commas in column 'year': '1,5' is read as 1.5",
        "more.csv: column 'Sample' names all 2 samples; 1 of 3 rows is of no sample, as 'x'",
    )


def test_annotations_are_texts_or_numbers(tmp_path):
    path = table(tmp_path, "name,region,year\nb,North,1999\na,,2001.5\n")
    found = read_annotations(path, samples_called("a", "b", "c", "b")).columns
    assert found["region"].tolist() == ["", "North", "", "North"]
    np.testing.assert_array_equal(found["year"], [2001.5, 1999, np.nan, 1999])


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("title,region\naa,x\n", None, "no column holds names of the samples, as 'a'"),
        ("name\na\n", 1, "two columns or more"),
        ("name,region\na,x\na,y\n", 3, "name 'a' has other annotations than in line 2"),
        ("name,region\na\n", 2, "1 fields"),
    ],
)
def test_bad_annotations_name_the_line(tmp_path, text, line, reason):
    with pytest.raises(FormatError, match=reason) as raised:
        read_annotations(table(tmp_path, text), samples_called("a", "b"))
    assert raised.value.line == line


# The verb


def hierarchy(leaf_samples=200, sites=100, seed=0):
    """Return the planted hierarchy of two levels: two tops, three leaves each (theory: flips 0.35, 0.15, 0.04)."""
    random = np.random.default_rng(seed)
    base = random.random(sites) < 0.5
    values, labels = [], []
    for top in range(2):
        above = base ^ (random.random(sites) < 0.35)
        for leaf in range(3):
            pattern = above ^ (random.random(sites) < 0.15)
            values.append(pattern ^ (random.random((leaf_samples, sites)) < 0.04))
            labels += [3 * top + leaf] * leaf_samples
    return np.concatenate(values).astype(np.uint8), np.array(labels)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    values, labels = hierarchy(30, 40)
    folder = tmp_path_factory.mktemp("tree")
    np.savez(folder / "planted.npz", x=values, y=labels)
    config = resolve(
        assignments=[
            "scheme.name=pcd",
            "scheme.steps=5",
            "training.ages_per_decade=20",
            "optimiser.rate=0.1",
            "optimiser.schedule=constant",
            "optimiser.damped_above=2",
            "optimiser.weight_std=1e-3",
        ]
    )
    data = Dataset.from_arrays(values)
    config = config.model_copy(update={"model": config.model.model_copy(update={"hidden": 10})})
    sr.fit(data, out=folder / "run", config=config, updates=400, batch=60, validation=0.0)
    return folder


def words(run, *more):
    return ("tree", run / "run", run / "planted.npz", "--key", "x=x,y=y", "--threads", "1", *more)


def test_the_verb_writes_a_folder(run, tmp_path):
    annotations = tmp_path / "more.csv"
    annotations.write_text("name,kind,number\n" + "".join(f"{i},k{i % 3},{i / 7}\n" for i in range(180)))
    out = tmp_path / "out"
    found = good(*words(run, "-o", out, "--annotations", annotations, "--json"))
    about = found.json
    assert about["leaves"] == 180
    assert about["levels"][-1]["clusters"] == 1
    assert about["agreement"] is not None
    assert {it.name for it in out.iterdir()} == {
        "tree.nwk", "nodes.csv", "members.csv", "nodes.npz", "tree.png", "circular.png", "tree.html", "itol_label.txt",
        "itol_label_clades.txt", "itol_kind.txt", "itol_kind_clades.txt", "itol_number.txt",
    }  # fmt: skip
    import pandas as pd

    nodes, members = pd.read_csv(out / "nodes.csv"), pd.read_csv(out / "members.csv", dtype=str)
    tree = Phylo.read(out / "tree.nwk", "newick")
    assert {leaf.name for leaf in tree.get_terminals()} == set(members["name"])
    assert {node.name for node in tree.get_nonterminals()} == set(nodes["node"])
    for row in nodes.itertuples():
        clade = next(tree.find_clades(row.node))
        assert clade.count_terminals() == row.size
        assert clade.branch_length == pytest.approx(row.length, rel=1e-6)
    assert nodes[[c for c in nodes if c.startswith("label:")]].sum(1).tolist() == nodes["size"].tolist()
    for row in members.head(20).itertuples():
        leaf = next(tree.find_clades(row.name))
        path = [tree.root.name, *(it.name for it in tree.get_path(leaf))][:-1]
        assert row.path.split() == path[::-1]
        assert row.node == row.path.split()[0]
        assert row.cluster in row.path.split()
    with np.load(out / "nodes.npz") as stored:
        assert stored["visible"].shape == (len(nodes), 40)
    line = refused(*words(run, "-o", out))
    assert "--overwrite" in line
    (out / "tree.nwk").write_text("old")
    good(*words(run, "-o", out, "--overwrite", "-n", "50"))
    assert (out / "tree.nwk").read_text() != "old"
    assert len((out / "members.csv").read_text().splitlines()) == 51
    assert [it.name for it in tmp_path.iterdir() if it.name.startswith(".")] == []


def test_a_tree_with_files_of_others_is_not_replaced(run, tmp_path):
    few, out = ("--ages", "400,100", "-n", "20"), tmp_path / "tree.v1"
    good(*words(run, "-o", out, *few))
    (out / "thesis.txt").write_text("mine")
    expected = f"{out / 'thesis.txt'}: is not a part of the tree that --overwrite deletes"
    assert expected in refused(*words(run, "-o", out, "--overwrite", *few))
    assert (out / "thesis.txt").read_text() == "mine"
    (out / "thesis.txt").unlink()
    (tmp_path / "link").symlink_to(out)
    (out / "tree.nwk").write_text("old")
    good(*words(run, "-o", tmp_path / "link", "--overwrite", *few))
    assert (tmp_path / "link").is_symlink()
    assert (out / "tree.nwk").read_text() != "old"
    assert sorted(it.name for it in tmp_path.iterdir()) == ["link", "tree.v1"]


def test_the_tree_of_another_program_is_not_replaced(run, tmp_path):
    (tmp_path / "tree.nwk").write_text("(a,b);")
    assert "not an empty folder" in refused(*words(run, "-o", tmp_path, "--overwrite"))
    assert (tmp_path / "tree.nwk").read_text() == "(a,b);"


def test_a_folder_that_is_no_tree_is_never_replaced(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    assert "not an empty folder" in refused(*words(run, "-o", tmp_path / "mine", "--overwrite"))
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep"


def test_rows_left_unconverged_are_told(run):
    found = good(*words(run, "--max-iterations", "1", "--ages", "400,100"))
    assert "warning:" in found.err
    assert "had not converged" in found.err


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--eps", "0"], "eps"),
        (["--depth", "sideways"], "depth: 'age' or 'length' expected, got 'sideways'"),
        (["--ages", "7777"], "has no age 7777"),
        (["--acceptance", "1.5"], "acceptance: at most 1 expected, got 1.5"),
        (["--damping", "1"], "damping"),
        (["--order", "4"], "order"),
        (["-o", "/no/such/folder/tree"], "no such folder"),
    ],
)
def test_mistakes_are_one_line(run, more, reason):
    found = call(*words(run, *more))
    assert found.code == 2
    assert found.out == ""
    assert reason in found.err.splitlines()[-1]


def test_a_chaotic_network_has_no_tree(tmp_path):
    data = Dataset.from_arrays(np.random.default_rng(0).integers(0, 2, (30, 6)))
    config = resolve(preset="chaotic", assignments=["training.updates=1"], model={"layers": (5,)})
    chaotic = sr.fit(data, out=tmp_path / "run", config=config)
    with pytest.raises(ConfigError, match="chaotic network"):
        workflows.tree(chaotic, data)


def test_a_folder_that_fails_leaves_nothing(run, tmp_path, monkeypatch):
    from shortrun.tree_page import folder as tree_files

    def broken(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tree_files.plots, "save", broken)
    trained = sr.Trajectory.open(run / "run")
    data = sr.read(str(run / "planted.npz"), keys={"x": "x", "y": "y"})
    found = workflows.tree(trained, data, ages=(400, 100))
    with pytest.raises(StoreError, match="no space"):
        write_tree(found, trained, data, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_ages_are_spaced_by_the_exchange_of_chains(run):
    trained = sr.Trajectory.open(run / "run")
    model, machines = trained.model, dict(trained)
    few = [TreeSettings(acceptance=target, chains=200, sweeps=20, seed=1) for target in (0.95, 0.3)]
    close, far = (spaced(model, machines, settings) for settings in few)
    assert far[0] == close[0] == trained.ages[0]
    assert far[-1] == close[-1] == trained.ages[-1]
    assert len(far) < len(close) < len(trained.ages)
    samples = dict(equilibrated(model, machines, few[0]))
    old, young = far[-1], far[-2]
    rate = exchange_rate(model, machines[old], machines[young], samples[old], samples[young])
    assert 0 <= rate < 0.3
    assert exchange_rate(model, machines[old], machines[old], samples[old], samples[old]) == 1
    assert spaced(model, machines, TreeSettings()) == trained.ages


@pytest.mark.slow
def test_t13_a_planted_hierarchy_comes_back(tmp_path):
    # Theory: two tops of three leaves, PCD-10 with N_h = 20, rate 0.05, 6000 updates, 60 ages; here a fifth as many
    # updates at twice the rate.
    values, labels = hierarchy()
    config = resolve(
        assignments=[
            "scheme.name=pcd",
            "scheme.steps=10",
            "training.ages_per_decade=20",
            "optimiser.rate=0.1",
            "optimiser.damped_above=2",
            "optimiser.schedule=constant",
        ],
        model={"hidden": 20},
    )
    trained = sr.fit(
        Dataset.from_arrays(values), out=tmp_path / "run", config=config, updates=1200, batch=100, validation=0.0
    )
    found = workflows.tree(trained, Dataset.from_arrays(values, labels))
    assert found.levels[0].clusters == 6
    assert found.agreement(labels, found.leaves) == 1
    assert found.agreement(labels // 3, found.level(2)) == 1
    assert found.levels[-1].clusters == 1
