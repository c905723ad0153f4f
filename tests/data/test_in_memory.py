"""What Python users hold is read as files are: frames, arrays, AnnData; and runs that no one named a folder for."""

import gc
import pickle
import sys

import numpy as np
import pandas as pd
import pytest

import shortrun as sr

FRAME = pd.DataFrame(
    {
        "size": [1.5, 2.25, np.nan, 4.0] * 10,
        "kind": ["x", "y", "x", "z"] * 10,
        "new": [True, False, True, True] * 10,
        "day": pd.to_datetime(["2020-01-01", "2020-02-01", "2021-01-01", "2022-03-05"] * 10),
        "class": [0, 1, 1, 0] * 10,
    }
)


def test_a_frame_is_read_as_its_file_would_be(tmp_path):
    FRAME.to_csv(tmp_path / "frame.csv", index=False)
    data, of_file = sr.read(FRAME, label_column="class"), sr.read(tmp_path / "frame.csv", label_column="class")
    assert (data.values == of_file.values).all()
    assert data.classes == of_file.classes == ("0", "1")
    assert [c.values for c in data.columns[:2]] == [c.values for c in of_file.columns[:2]]
    assert data.columns[2].values == ("false", "true")  # of the file False and True, which are the same to a run
    assert [column.type for column in data.columns] == ["float", "text", "boolean", "text"]
    back = data.to_pandas().drop(columns="label")
    assert (back["size"].isna().to_numpy() == FRAME["size"].isna().to_numpy()).all()
    assert (back["day"].to_numpy() == FRAME["day"].to_numpy()).all()
    assert back["new"].dtype == bool
    assert (back["new"].to_numpy() == FRAME["new"].to_numpy()).all()


def test_a_further_frame_is_read_alike():
    data = sr.read(FRAME, label_column="class")
    more = sr.read(FRAME[["day", "class", "kind", "new", "size"]].tail(3), like=data)
    assert (more.values == data.values[-3:]).all()
    assert more.names.tolist() == ["37", "38", "39"]


def test_truths_with_gaps_stay_truths():
    data = sr.read(pd.DataFrame({"a": pd.array([True, None, False] * 4, "boolean"), "b": ["x", "y", "z"] * 4}))
    assert data.to_pandas()["a"].tolist()[:3] == [True, pd.NA, False]
    assert sr.generate(sr.fit(data, hidden=2, updates=1), n=2).to_pandas()["a"].dtype == "boolean"


def test_whole_numbers_have_no_decimal_point():
    data = sr.from_pandas(pd.DataFrame({"a": [1.0, np.nan, 2.0], "y": [1.0, 2.0, np.nan]}), label_column="y")
    assert data.columns[0].type == "integer"
    assert data.classes == ("1", "2")
    assert data.labelled.tolist() == [True, True, False]


def test_arrays():
    data = sr.from_numpy(np.array([[0, 1], [1, 1], [0, 0]]), [3, 4, -1])
    assert (data.classes, data.labels.tolist()) == (("3", "4"), [0, 1, -1])
    numbers = np.random.default_rng(0).normal(size=(40, 2))
    assert sr.read(numbers).continuous
    binned = sr.from_numpy(numbers, bins=4)
    assert np.bincount(binned.values[:, 0]).tolist() == [10, 10, 10, 10]
    assert (sr.from_numpy(numbers[:5], like=binned).values == binned.values[:5]).all()


@pytest.mark.parametrize("kind", [bool, int, np.float32])
def test_what_numpy_masks_is_missing(kind):
    plain = np.array([[0, 1], [1, 0], [1, 1]], kind)
    masked = np.ma.array(plain, mask=[[0, 1], [0, 0], [0, 0]])
    for take in (sr.from_numpy, sr.read, sr.Dataset.from_arrays, lambda held: sr.read([*held]), sr.fit):
        with pytest.raises(sr.DataError, match="sample 1, site 2: the value nan is not finite"):
            take(masked)
    assert sr.read(masked, missing="category").values.tolist() == [[0, 2], [1, 0], [1, 1]]
    assert len(sr.read(masked, missing="drop-sample")) == 2
    assert sr.read(np.ma.array(plain)).values.tolist() == plain.tolist()
    data = sr.from_numpy(plain, np.ma.array(["a", "b", "a"], mask=[0, 1, 0]))
    assert data.labels.tolist() == [0, -1, 0]
    with pytest.raises(sr.DataError, match="weights"):
        data.with_weights(np.ma.array([1.0, 2, 3], mask=[0, 1, 0]))


@pytest.mark.parametrize("kind", [np.complex64, "i4,i4"])
def test_complex_numbers_and_records_are_refused(kind):
    odd = np.zeros((3, 2), kind)
    for options in ({}, {"bins": 2}, {"missing": "category"}):
        with pytest.raises(sr.DataError, match="values must be numbers, got"):
            sr.read(odd, **options)
    with pytest.raises(sr.DataError, match="labels must be numbers or texts, got"):
        sr.from_numpy(np.eye(3), odd[:, 0])
    with pytest.raises(sr.FormatError, match="column 'b' holds complex numbers; texts, numbers or dates expected"):
        sr.read(pd.DataFrame({"a": [1, 2], "b": [1j, 2]}))


def test_anndata():
    anndata = pytest.importorskip("anndata")
    counts = np.array([[0, 3], [2, 0], [1, 1]])
    about = pd.DataFrame({"tissue": ["liver", "heart", "liver"]}, index=["a", "b", "c"])
    data = sr.from_anndata(anndata.AnnData(X=counts, obs=about), label_column="tissue", alphabet="codes")
    assert (data.values == counts).all()
    assert (data.classes, data.names.tolist()) == (("heart", "liver"), ["a", "b", "c"])
    with pytest.raises(sr.ConfigError, match="no column 'organ' in obs, only tissue"):
        sr.from_anndata(anndata.AnnData(X=counts, obs=about), label_column="organ")


def test_a_layer_of_anndata_is_told():
    there = annotated([[0, 1, 1, 0]] * 3)
    there.layers["raw"] = 1 - there.X
    data = sr.from_anndata(there, layer="raw")
    assert (data.values == [1, 0, 0, 1]).all()
    assert data.notes == ("layer 'raw' in place of X, which further data are read from unless it is named too",)
    with pytest.raises(sr.ConfigError, match="layer: no layer 'rw', there are: raw"):
        sr.from_anndata(there, layer="rw")


GENES = ["g1", "g2", "g3", "g4"]


def annotated(values, names=GENES, **obs):
    anndata = pytest.importorskip("anndata")
    about = pd.DataFrame(obs, index=map(str, range(len(values))))
    return anndata.AnnData(np.asarray(values), obs=about, var=pd.DataFrame(index=names))


@pytest.fixture(scope="module", params=["numbers", "binary", "bins"])
def cells(request):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2, (20, 4)) if request.param == "binary" else rng.normal(size=(20, 4))
    there = annotated(values, cell_type=["a", "b"] * 10)
    options = {"bins": 4} if request.param == "bins" else {}
    return there, sr.fit(sr.read(there, label_column="cell_type", **options), hidden=4, updates=2)


def test_sites_of_anndata_go_by_their_names(cells):
    there, run = cells
    found = sr.predict(run, there)
    assert found.accuracy is not None  # the column of classes is remembered
    backwards, more = there[:, ::-1], annotated(np.insert(there.X, 2, 0, axis=1), [*GENES[:2], "new", *GENES[2:]])
    for other in (backwards, more):
        assert (sr.predict(run, other).probabilities == found.probabilities).all()
    assert "4 sites in another order than learned, found by their names" in sr.read(backwards, like=run).notes
    assert "1 site left out, as 'new', of which nothing was learned" in sr.read(more, like=run).notes
    with pytest.raises(sr.DataError, match=r"no 'g3' among var_names.*2 of 4 are missing"):
        sr.predict(run, there[:, :2])


def test_names_of_sites_of_anndata_stay(cells):
    _, run = cells
    made = sr.generate(run, n=3)
    assert made.to_anndata().var_names.tolist() == made.to_pandas().columns.tolist()[1:] == GENES
    assert (sr.generate(run, n=3, fix=["g2=1"]).to_pandas()["g2"] == 1).all()


def test_positions_count_where_no_names_are_known():
    values = np.random.default_rng(0).integers(0, 2, (20, 4))
    assert (sr.read(annotated(values), like=sr.from_numpy(values)).values == values).all()
    digits = sr.read("digits").head(4)
    assert (sr.read(digits.to_anndata()[:, ::-1], like=digits).values == digits.values).all()


def test_what_names_sites_of_anndata_twice_is_refused():
    with pytest.raises(sr.DataError, match="'a' occurs twice among var_names"):
        sr.read(annotated([[0, 1], [1, 0]], ["a", "a"]))


def test_groups_of_anndata():
    data = sr.read(annotated([[0, 1], [1, 0]], ["a", "b"], donor=["x", "y"]), group="donor")
    assert list(data.groups) == ["x", "y"]


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_frames_of_other_libraries(library):
    module = pytest.importorskip(library)
    columns = {"a": [1, None, 3], "b": ["x", None, "z"], "y": ["u", "v", "u"]}
    frame = module.DataFrame(columns) if library == "polars" else module.table(columns)
    data = sr.read(frame, label_column="y")
    assert data.classes == ("u", "v")
    assert data.kind.texts(0) == ["1", "3", ""]
    assert data.values.tolist() == [[0, 0], [2, 2], [1, 1]]


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (3, "the path of a file, the name of a data set, a data frame or an array expected, got an? int"),
        (None, "got nothing"),
        (pd.DataFrame(), "DataFrame: no columns"),
        (pd.DataFrame({"a": []}), "DataFrame: no rows"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "DataFrame: column 'a' occurs twice"),
        (pd.DataFrame({"a": [[1], [2]]}), "DataFrame: column 'a' holds lists; texts, numbers or dates expected"),
        (np.zeros(3), "samples x sites"),
    ],
)
def test_what_cannot_be_read_is_one_line(held, message):
    with pytest.raises(sr.DataError, match=message):
        sr.read(held)


def test_like_is_no_path():
    with pytest.raises(
        sr.ConfigError, match=r"like: a data set, or a run as sr\.Trajectory opens it, expected, got a str"
    ):
        sr.read(FRAME, like="run")


@pytest.fixture(scope="module")
def run():
    return sr.fit(FRAME, label_column="class", hidden=4, updates=2)


def test_a_run_without_a_folder_lives_as_long_as_its_object(run):
    again = sr.fit(FRAME, label_column="class", hidden=4, updates=2)
    folder = again.path
    assert "in memory" in repr(again)
    assert (again[-1] == run[-1]).all()
    assert len(sr.generate(again, n=3, raw=True)) == 3
    raw = again.as_raw()
    del again
    gc.collect()
    assert folder.exists()
    del raw
    gc.collect()
    assert not folder.exists() or sys.implementation.name != "cpython"


def test_a_run_without_a_folder_is_pickled_whole(run):
    copy = pickle.loads(pickle.dumps(run))
    assert copy.path != run.path
    assert (copy[-1] == run[-1]).all()


def test_a_run_is_saved(run, tmp_path):
    saved = run.save(tmp_path / "folder" / "kept")
    assert (saved[-1] == run[-1]).all()
    assert saved.log() == run.log()
    with pytest.raises(sr.StoreError, match="holds a run: overwrite=True replaces it"):
        run.save(saved.path)
    (tmp_path / "text").write_text("mine")
    with pytest.raises(sr.StoreError, match="exists and is not an empty folder"):
        run.save(tmp_path / "text", overwrite=True)
    assert run.save(saved.path, overwrite=True).ages == run.ages
    assert [path.name for path in saved.path.parent.iterdir()] == ["kept"]
    assert pickle.loads(pickle.dumps(saved)).path == saved.path


def test_what_fit_takes(tmp_path):
    values, labels = np.array([[0, 1], [1, 0]] * 10), ["a", "b"] * 10
    of_array = sr.fit(values, labels, hidden=2, updates=1)
    sr.write(tmp_path / "data.csv", sr.from_numpy(values, labels))
    of_file = sr.fit(str(tmp_path / "data.csv"), hidden=2, updates=1)
    assert of_array.classes == of_file.classes == ("a", "b")
    with pytest.raises(sr.ConfigError, match="out: the folder of the run that is to go on"):
        sr.fit(resume=True)
    with pytest.raises(sr.ConfigError, match="label_column: not together with labels"):
        sr.fit(FRAME, labels, label_column="class")


def test_verbs_take_what_holds_samples(run):
    data = sr.read(FRAME, label_column="class")
    expected = sr.predict(run, data)
    assert (sr.predict(run, FRAME).probabilities == expected.probabilities).all()
    assert sr.predict(run, FRAME).accuracy == expected.accuracy
    array = FRAME.drop(columns="class").astype(object).to_numpy()
    assert (sr.predict(run, array).probabilities == expected.probabilities).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda run: sr.predict(run, 3), r"data: samples expected, got 3 \(options are given by their names, as n=3\)"),
        (lambda run: sr.predict(run, {}), "data: the path of a file, .* expected, got a dict"),
        (lambda run: sr.predict(run, None), "data: a data set expected, got nothing"),
        (lambda _: sr.predict(3, FRAME), "run: a run as sr.fit returns it, or its folder, expected, got an? int"),
        (lambda _: sr.score(sr.read(FRAME), None), "generated: a data set expected, got nothing"),
        (lambda _: sr.fit(3), "the path of a file, .* expected, got an? int"),
    ],
)
def test_wrong_arguments_of_verbs_are_one_line(run, call, message):
    with pytest.raises(sr.ShortrunError, match=message):
        call(run)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda run: sr.write(run, "x.csv"), "path: the name of a file or folder expected, got a Trajectory"),
        (lambda _: sr.write("x.csv", 3), "dataset: samples expected, got 3"),
        (lambda run: sr.export_model("x.npz", run), "path: the name of a file or folder expected, got a Trajectory"),
        (lambda run: sr.generate(run, 100), r"template: samples expected, got 100 \(options .* as n=100\)"),
        (lambda run: sr.generate(run, labels="yes", n=2), "labels: class 'yes' is unknown"),
        (lambda _: sr.split(FRAME, test_size=0.2), r"test_size: unknown option \(did you mean 'fraction'\?\)"),
        (lambda _: sr.fit(FRAME, "class"), "the column of a frame is label_column='class'"),
        (lambda _: sr.score(FRAME, FRAME[["size"]]), r"5 columns and of 1 column .* as sr\.read\(data, like=run\)"),
        (lambda run: run.push_to_hub("u/n", ages="bst"), "ages: one of best, last, all, .*did you mean 'best'"),
        (lambda run: run.push_to_hub("u/n", license="mit"), "license: unknown option .*did you mean 'licence'"),
    ],
)
def test_slips_are_one_line(run, call, message):
    with pytest.raises(sr.ShortrunError, match=message):
        call(run)


def test_what_is_as_good_is_taken(run, tmp_path):
    rest, out = sr.split(FRAME, 0.25)
    assert (len(rest), len(out)) == (30, 10)
    sr.write(tmp_path / "t.csv", FRAME)
    assert len(sr.read(tmp_path / "t.csv")) == len(FRAME)
    assert (sr.generate(run, n=2, fix={"kind": "x"}).to_pandas()["kind"] == "x").all()
    assert {each.score for each in sr.score(FRAME, FRAME, scores="p-dd", per_class=False)} == {"p-dd"}


def test_figures_of_frames_and_counts_are_drawn(run):
    pytest.importorskip("matplotlib")
    assert run.plot.pca(FRAME).axes
    assert run.plot.samples(1).axes


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("lr", "rate"),
        ("learning_rate", "rate"),
        ("epochs", "updates"),
        ("random_state", "seed"),
        ("verbose", "progress"),
        ("k", "steps"),
        ("n_components", "hidden"),
        ("batch_size", "batch"),
        ("updats", "updates"),
    ],
)
def test_words_of_other_programs_are_known(word, ours):
    with pytest.raises(sr.ConfigError, match=rf"{word}: unknown option \(did you mean '{ours}'\?\)"):
        sr.fit(FRAME, **{word: 1})


def test_names_that_are_not_alike_are_no_hint():
    with pytest.raises(sr.FormatError, match=r"no column 'fare' \(known: age, ill\)"):
        sr.read(pd.DataFrame({"age": [1, 2], "ill": [0, 1]}), label_column="fare")


def test_classes_may_be_numbers(run):
    by_name = sr.generate(run, labels="1", n=4)
    for number in (1, 1.0, np.int64(1)):
        assert (sr.generate(run, labels=number, n=4).values == by_name.values).all()
    assert sr.generate(run, labels=np.array([0, 1])).labels.tolist() == [0, 1]
    assert sr.generate(run, labels={1: 2, "0": 1}).labels.tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"1": -1}, "labels: .*a number of samples expected for class '1', got -1"),
        ({1: 0.5}, "a number of samples expected for class '1', got 0.5"),
        (7, "class '7' is unknown"),
        (float("inf"), "class 'inf' is unknown"),
        (object(), "a class, one for each sample, or a count of each expected"),
    ],
)
def test_wrong_classes_are_one_line(run, labels, message):
    with pytest.raises(sr.ConfigError, match=message):
        sr.generate(run, labels=labels)


BIG = 2**53
LARGE = [BIG + 1, BIG, None, -3] * 10


@pytest.mark.parametrize("kind", ["objects", "arrow"])
def test_large_whole_numbers_with_gaps_stay_whole(kind, tmp_path):
    columns = {"a": LARGE, "label": ["x", "y"] * 20}
    if kind == "arrow":
        frame = pytest.importorskip("pyarrow").table(columns)
    else:
        frame = pd.DataFrame(columns | {"a": pd.Series(LARGE, dtype=object)})
    data = sr.read(frame)
    assert data.to_pandas()["a"].tolist()[:4] == [BIG + 1, BIG, pd.NA, -3]
    sr.write(tmp_path / "t.csv", data)
    assert (tmp_path / "t.csv").read_text().split()[1].startswith(f"{BIG + 1},")


def test_large_whole_numbers_among_others_are_not_merged():
    data = sr.read(pd.DataFrame({"a": pd.Series([BIG + 1, BIG, 0.5, 3] * 10, dtype=object), "label": ["x", "y"] * 20}))
    assert data.to_pandas()["a"].nunique() == 4


def test_what_of_a_point_in_time_is_left_out_is_said():
    times = pd.to_datetime(
        ["2020-01-01 00:00:00.1", "2020-01-01 00:00:01", "2020-01-03", "2020-01-04"] * 10, format="ISO8601"
    )
    notes = sr.read(pd.DataFrame({"t": times, "label": ["x", "y"] * 20})).notes
    assert "fractions of a second left out in column 't'" in notes
    notes = sr.read(pd.DataFrame({"t": times.floor("s").tz_localize("Europe/Rome"), "label": ["x", "y"] * 20})).notes
    assert "time zone Europe/Rome left out in column 't'" in notes
    notes = sr.read(pd.DataFrame({"t": times.floor("s"), "label": ["x", "y"] * 20})).notes
    assert not [note for note in notes if "left out" in note]


def test_a_column_of_whole_numbers_may_have_gaps_only():
    frame = FRAME.assign(empty=pd.Series([None] * len(FRAME), dtype="Int64"))
    assert len(sr.read(frame)) == len(FRAME)
