"""Damage is noticed: flipped bits, lost files and lines, numbers that are none, and what was made to harm."""

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import shortrun as sr
from campaigns import disk
from campaigns import store as campaign
from command_line import call, refused
from shortrun import errors, jsons, store
from shortrun.errors import ConfigError, StoreError
from shortrun.files import Place
from shortrun.settings import resolve
from shortrun.store import Trajectory, log
from small_training import problem, train


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("finished") / "run"
    train(path, problem(updates=20, log_every=1))
    return path


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def message(call, *arguments, **options):
    with pytest.raises(StoreError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def flip(path, place, bit=0):
    whole = bytearray(path.read_bytes())
    whole[place] ^= 1 << bit
    path.write_bytes(bytes(whole))


@pytest.mark.parametrize("place", [0, 9, 30, 40, 120, -1])
def test_a_flipped_bit_names_the_file_and_the_nearest_good_age(run, place):
    flip(run / "ages/000000013.safetensors", place)
    flip(run / "ages/000000016.safetensors", -1)
    found = [message(Trajectory(run, raw=raw).at, 13) for raw in (True, False)]
    assert all("ages/000000013.safetensors: is truncated or damaged: " in text for text in found)
    assert all(text.endswith("; the nearest good age is 10") for text in found)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b"[" * 10**5, "nested more than 64 levels deep"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "nested more than 64 levels deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a: a whole number of 5,000 digits"),
        (b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 0]}}', "'a' of shape"),
        (b'{"a": {"dtype": "F32", "shape": [4611686018427387904], "data_offsets": [0, 0]}}', "not where it should be"),
        (b'{"a": {"dtype": "F99", "shape": [], "data_offsets": [0, 0]}}', "F99"),
        (b'{"a": NaN}', "a: NaN"),
        (b"\xff", "utf-8"),
    ],
)
def test_hostile_headers_of_tensors(run, header, why):
    path = run / "ages/000000013.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    said = message(Trajectory(run).at, 13)
    assert "ages/000000013.safetensors: is truncated or damaged: " in said
    assert why in said
    assert len(said) < 400


def test_a_renamed_age_is_noticed(run):
    (run / "ages/000000013.safetensors").replace(run / "ages/000000016.safetensors")
    assert "is the age 13 of a run: it was renamed; the nearest good age is 20" in message(Trajectory(run).at, 16)


def test_files_of_earlier_versions_have_no_checksums(run, monkeypatch):
    task = problem(updates=20)
    monkeypatch.setattr(store.tensors, "SUMS", "update")  # what they had
    store.ages.write(Place(run), task.model, torch.ones(task.model.size()), 13)
    monkeypatch.undo()
    path = run / "ages/000000013.safetensors"
    path.write_bytes(path.read_bytes())
    assert b"crc32" not in path.read_bytes()
    assert Trajectory(run).at(13).eq(1).all()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_parameters_that_are_no_numbers_are_refused(run, value):
    model, theta = problem().model, torch.zeros(problem().model.size())
    theta[-1] = value
    store.ages.write(Place(run), model, theta, 13)
    text = "ages/000000013.safetensors: is damaged: it has parameters that are not finite; the nearest good age is 10"
    assert text in message(Trajectory(run).at, 13)
    assert text in refused("generate", run, "-n", 1, "--age", 13, "-o", run.with_name("x.npz"))
    assert call("info", run).code == 0
    store.ages.write(
        Place(run), model, torch.full_like(theta, 3e38), 13
    )  # large ones are none of them, though their sum is
    assert Trajectory(run).at(13).isfinite().all()


def test_one_damaged_line_of_the_log_costs_one_record(run):
    path = run / "log.jsonl"
    flip(path, path.read_bytes().index(b"\n") + 15)
    said = "log.jsonl: line 2 is not a JSON record as it was written"
    assert said in message(Trajectory(run).log)
    assert said in message(Trajectory(run).best)
    assert Trajectory(run).faults() == [said]
    store.reopen(run).close()
    assert [record["update"] for record in Trajectory(run).log()] == [1, *range(3, 21)]
    assert Trajectory(run).data["notes"] == [f"{said}: dropped, 19 others are kept"]
    assert Trajectory(run).faults() == []


@pytest.mark.parametrize(
    "damage", [lambda it: it[:-1] + b"\x0b", lambda it: it[:-9], lambda it: it[:-3] + b"x" + it[-2:]]
)
def test_the_last_line_of_the_log_is_damaged(run, damage):
    path = run / "log.jsonl"
    path.write_bytes(damage(path.read_bytes()))
    said = "log.jsonl: line 20 is not a JSON record as it was written"
    assert said in message(Trajectory(run).log)
    assert Trajectory(run).faults() == [said]
    store.reopen(run).close()
    assert [record["update"] for record in Trajectory(run).log()] == [*range(1, 20)]
    assert Trajectory(run).data["notes"] == [f"{said}: dropped, 19 others are kept"]


def test_a_line_that_is_being_written_is_no_damage(run):
    path = run / "log.jsonl"
    whole, half = path.read_bytes(), b'{"update": 21, "accur'
    path.write_bytes(whole + half)
    assert len(Trajectory(run).log()) == 20
    (run / ".lock").unlink()  # nobody writes here
    assert "line 21 is not" in message(Trajectory(run).log)
    store.reopen(run).close()
    assert path.read_bytes() == whole
    assert Trajectory(run).data["notes"] == []


def test_records_say_what_is_wrong_with_them(tmp_path):
    good = [log.line_of({"update": i, "accuracy": 0.5, "because": "it is"}) for i in (1, 2)]
    bad = [b'{"update": NaN}\n', b'{"update": -1}\n', b'{"update": 1, "x": "y"}\n', b'{"update": 1e3}\n', b"[]\n"]
    bad += [b'{"update": 1' + b"0" * 99 + b"}\n", b"[" * 10_000 + b"\n", good[0].replace(b"0.5", b"0.6")]
    (tmp_path / "log.jsonl").write_bytes(good[0] + b"".join(bad) + good[1])
    assert log.scan(tmp_path) == ([{"update": i, "accuracy": 0.5, "because": "it is"} for i in (1, 2)], [*range(2, 10)])


def test_what_is_missing_is_said(run):
    (run / "ages/000000013.safetensors").unlink()
    assert Trajectory(run).faults() == ["age 13 is missing"]
    assert "age 13 is missing" in call("info", run).out
    (run / "log.jsonl").unlink()
    assert Trajectory(run).faults() == ["log.jsonl is missing"]
    assert "log.jsonl: is missing: which age is best is not known; age last, or a number" in message(
        Trajectory(run).best
    )
    assert call("info", run).code == 0
    flip(run / "restart.safetensors", 20)
    assert "restart.safetensors is truncated or damaged" in Trajectory(run).faults()[1]


def test_the_best_age_is_missing(run):
    records = [
        {"update": u, "compared": 99, "p_dd": 0.5 + abs(u - 13) / 99, "p_gg": 0.5, "nearer": 0.5} for u in (10, 13, 20)
    ]
    (run / "log.jsonl").write_bytes(b"".join(map(log.line_of, records)))
    assert Trajectory(run).best() == 13
    (run / "ages/000000013.safetensors").unlink()
    said = "ages/000000013.safetensors: is missing, the best age to generate: the nearest are 10, 16; age N takes one"
    assert said in message(Trajectory(run).best)


def restarted(run, **changes):
    model = problem().model
    theta = torch.zeros(model.size())
    named = {"theta": theta, "moments.0": theta.clone()}
    named |= {f"chains.0.{i}": torch.zeros(4, it.sites, dtype=torch.uint8) for i, it in enumerate(model.spec.layers)}
    about = {"update": "9", "seconds": "1.0", "runs": "2", "pace": "1.0"}
    texts = {name: value for name, value in changes.items() if isinstance(value, str)}
    others = {name.replace("_", "."): value for name, value in changes.items() if not isinstance(value, str)}
    named = {name: it for name, it in (named | others).items() if it is not None}
    store.tensors.write(run / "restart.safetensors", named, about | texts)


@pytest.mark.parametrize(
    "changes",
    [
        {"theta": torch.zeros(5)},
        {"theta": torch.zeros(5), "moments_0": torch.zeros(5)},
        {"theta": torch.full((problem().model.size(),), math.nan)},
        {"theta": None},
        {"moments_0": torch.zeros(3)},
        {"average": torch.zeros(3)},
        {"other": torch.zeros(3)},
        {"pace": "nan"},
        {"pace": "x"},
        {"seconds": "-1"},
        {"update": "1" * 99},
        {"runs": "1" * 9},
        {"chains_0_1": None},
        {"chains_0_1": torch.zeros(3, 1, dtype=torch.uint8)},
        {"chains_0_1": torch.full((4, 1), 77, dtype=torch.uint8)},
        {"chains_0_1": torch.zeros(4, 1, dtype=torch.int64)},
    ],
)
def test_restart_files_that_do_not_go_with_the_run(run, changes):
    restarted(run)
    task = problem(updates=20)
    assert store.restart.read(run).update == 9
    store.restart.check(run, task.model, store.restart.read(run))
    restarted(run, **changes)
    assert "restart.safetensors: is " in message(lambda: store.restart.check(run, task.model, store.restart.read(run)))


def test_an_edited_header_is_refused_and_says_how_to_open_it(run):
    form = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(form, indent=1))  # other blanks are no change
    assert Trajectory(run).ages
    form["recipe"]["steps"] = 3
    (run / "run.json").write_text(json.dumps(form))
    assert "run.json: is not as it was written (its checksum does not fit)" in message(Trajectory, run)
    del form["crc32"]
    (run / "run.json").write_text(json.dumps(form))
    assert Trajectory(run).recipe["steps"] == 3


def edited(run, change):
    form = json.loads((run / "run.json").read_text())
    del form["crc32"]
    change(form)
    (run / "run.json").write_text(json.dumps(form))


@pytest.mark.parametrize(
    ("units", "codes", "expected"),
    [
        ({"kind": "gaussian"}, {"name": "binary", "letters": "01"}, "units of 2 values expected"),
        ({"kind": "bernoulli"}, None, "continuous units expected"),
        ({"kind": "potts", "colours": 3}, {"name": "binary", "letters": "01"}, "units of 2 values expected"),
        ({"kind": "bernoulli"}, {"name": "dna", "letters": "ACGT"}, "units of 4 values expected"),
    ],
)
def test_units_that_do_not_have_the_values_of_the_data_are_refused(run, units, codes, expected):
    def change(form):
        form["spec"]["layers"][0]["units"] = units
        form["kind"]["codes"] = codes

    edited(run, change)
    said = message(lambda: Trajectory(run).kind)
    assert f"run.json: is broken: its kind of data cannot be used (spec.layers.0.units: {expected}" in said


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        (
            "recipe.steps",
            10**18,
            "recipe.steps: input should be less than or equal to 16777215, got 1000000000000000000",
        ),
        ("recipe.scheme.free.0.steps", 10**18, "recipe.scheme.free.0.steps: input should be less than or equal to"),
        ("spec.layers.2.sites", 10**30, "spec.layers.2.sites: a whole number of 31 digits, at most 20 are read"),
        ("spec.layers.2.sites", 2**31, "spec.layers.2.sites: input should be less than or equal to 2147483647"),
        ("spec.layers.2.sites", 2**31 - 1, "of shape (13, 2147483647) expected by run.json, found (13, 6)"),
        ("data.class_counts.0", -1, "data.class_counts.0: input should be greater than or equal to 0, got -1"),
        ("data.class_counts.0", math.nan, "data.class_counts.0: NaN, which is no number in JSON"),
        ("data.class_counts.0", 10**9, "data.class_counts: at most 40 samples expected, as in data.rows"),
    ],
)
def test_numbers_of_a_header_that_cannot_be_are_refused(run, place, value, expected):
    edited(run, campaign.put(place, value))
    assert expected in message(lambda: Trajectory(run)[-1])


def test_ages_as_dense_as_a_header_may_ask_for_are_not_gone_through(run):
    edited(run, campaign.put("config.training.ages_per_decade", 2**32 - 1))
    assert Trajectory(run).faults() == ["ages 7, 9, 11, 12, 14, 15, ... are missing"]


def test_settings_of_a_later_version_matter_to_a_training_alone(tmp_path):
    run = sr.fit(sr.read("digits"), out=tmp_path / "run", hidden=4, updates=2)

    def change(form):
        form["config"] |= {"later": {"a": 1}}
        form["config"]["training"] |= {"later": 1}

    edited(run.path, change)
    assert len(sr.generate(run.path, n=2)) == 2
    with pytest.raises(ConfigError, match=r"training\.later: a setting of the run that this version does not know"):
        sr.fit(sr.read("digits"), out=run.path, updates=3, resume=True)


def test_a_folder_in_place_of_the_header(run):
    (run / "run.json").unlink()
    (run / "run.json").mkdir()
    assert message(Trajectory, run) == f"{run}/run.json: is a directory"


def test_no_name_in_a_header_reaches_a_terminal_raw(tmp_path):
    names = ["a\x7f", "b\x1b[2J", "c\x85\x9b", "d\u202e\u2028", "e\udcff", "f\ue000", "\u00e9 \U0001f600"]
    form = {"classes": names}
    store.header.write(tmp_path, form)
    text = (tmp_path / "run.json").read_text("utf-8")
    assert all(errors.is_shown(it) or it == "\n" for it in text)
    assert "a\\u007f" in text
    assert "\u00e9 \U0001f600" in text
    found = json.loads(text)
    assert found["classes"] == names
    assert found["crc32"] == store.header.sum_of(form)


FILES = ["run.json", "log.jsonl", "restart.safetensors", "rows.safetensors", "ages", ".lock"]


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_written_through_a_link_in_a_run(run, tmp_path, name):
    (tmp_path / "others").mkdir()
    target = tmp_path / "others" / name
    (run / name).replace(target) if (run / name).exists() else target.write_bytes(b"")
    (run / name).symlink_to(target)
    before = {file: file.read_bytes() for file in (tmp_path / "others").rglob("*") if file.is_file()}
    assert f"{name}: is a link, and no training writes through one" in message(store.reopen, run)
    assert {file: file.read_bytes() for file in (tmp_path / "others").rglob("*") if file.is_file()} == before
    assert Trajectory(run).ages  # reading follows links, as the cache of the Hub is made of them


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_with_a_link_is_no_empty_one(tmp_path, exists):
    target = tmp_path / "target"
    if exists:
        target.write_bytes(b"")
    (tmp_path / "new").mkdir()
    (tmp_path / "new/log.jsonl").symlink_to(target)
    assert "log.jsonl: is a link" in message(store.create, tmp_path / "new", problem().header)
    assert target.exists() == exists
    with pytest.raises(OSError, match="symbolic links"):
        Place.opened(tmp_path / "new").open("log.jsonl", "ab")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("name", ["run.json", "log.jsonl", "restart.safetensors", "ages/000000020.safetensors"])
@pytest.mark.parametrize("harm", ["pipe", "device", "long"])
def test_files_of_a_run_that_have_no_end_are_not_read(run, name, harm):
    path = run / name
    path.unlink()
    if harm == "pipe":
        os.mkfifo(path)
    elif harm == "device":
        path.symlink_to("/dev/zero")
    else:
        path.touch()
        os.truncate(path, 2**40)
    said = "is not a regular file" if harm != "long" else "is t"  # too large, or truncated or damaged

    def everything():
        opened = Trajectory(run)
        return opened.log(), store.restart.read(run), opened.at(20)

    assert f"{name}: {said}" in message(everything)


def test_only_what_is_named_like_an_age_is_one(run):
    before = Trajectory(run).ages
    for name in ("21", "\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661", "9" * 200, "-00000021", "0" * 12, ""):
        (run / f"ages/{name}.safetensors").touch()
    assert Trajectory(run).ages == before


@pytest.mark.parametrize("text", ["1 5 x A", "1 5 x y A C", "1 five x A C", "", f"1 {'9' * 99} x A C"])
def test_sites_of_a_genome_that_are_none_are_refused(run, text):
    form = json.loads((run / "run.json").read_text())
    form["kind"]["genotypes"] = {"variants": [text]}
    del form["crc32"]
    (run / "run.json").write_text(json.dumps(form))
    said = message(lambda: Trajectory(run).kind)
    assert "run.json: is broken: its kind of data cannot be used (variants: CHROMOSOME POSITION ID REF ALT" in said


def test_json_has_no_nan():
    form = {"a": math.nan, "b": [math.inf, 1.5, {"c": -math.inf}], "d": "NaN"}
    assert jsons.dumps(form) == '{"a": null, "b": [null, 1.5, {"c": null}], "d": "NaN"}'
    for text, why in {
        '{"a": [1, NaN]}': "a.1: NaN",
        "1" * 30: "a whole number of 30",
        '{"a": 1, "a": 2}': "twice",
    }.items():
        with pytest.raises(ValueError, match=why):
            jsons.loads(text)


def test_settings_that_are_nested_too_deeply_or_too_long(tmp_path):
    for i, text in enumerate(("x = " + "[" * 5000, "x = " + "1" * 5000, "x = \xff")):
        (tmp_path / f"{i}.toml").write_bytes(text.encode("latin-1"))
        with pytest.raises(ConfigError, match="not valid TOML: "):
            resolve(file=tmp_path / f"{i}.toml")
    with pytest.raises(ConfigError):
        resolve(assignments=["training.seed=" + "[" * 5000])


# Short parts of the campaign (`python -m tests.campaigns.store`)


@pytest.mark.parametrize("part", ["kills", "flips", "hostile"])
def test_campaign(tmp_path, part):
    act = {
        "kills": lambda: campaign.kills(tmp_path, 3, campaign.TASKS[2:3], updates=40),
        "flips": lambda: campaign.flips(tmp_path, 20),
        "hostile": lambda: campaign.hostile(tmp_path, every=23),
    }
    counts = act[part]()
    assert sum(counts.values()) > 5
    assert {name: count for name, count in counts.items() if campaign.BAD in name and count} == {}


def test_the_last_age_is_missed_though_no_later_one_tells(tmp_path):
    run = sr.fit(sr.read("digits"), out=tmp_path / "run", hidden=8, updates=100, seed=1)
    (tmp_path / "run" / "ages" / f"{100:09}.safetensors").unlink()
    opened = sr.Trajectory.open(tmp_path / "run")
    assert opened.faults() == ["age 100 is missing"]
    assert run.best("predict") == 100
    with pytest.raises(StoreError, match="is missing, the best age to predict"):
        opened.best("predict")


@pytest.mark.skipif(shutil.which("cc") is None or sys.platform != "linux", reason="needs a C compiler and LD_PRELOAD")
def test_campaign_of_the_disk(tmp_path):
    command = [sys.executable, "-m", "campaigns.disk", "--number", "5"]
    faults = os.environ | {"LD_PRELOAD": str(disk.build(tmp_path))}  # or it would begin a second time to load them
    done = subprocess.run(
        command, cwd=Path(__file__).parents[1], env=faults, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert campaign.BAD not in done.stdout
    assert "nothing came of it" in done.stdout
    assert "one line, exit code 2, and on to the same end" in done.stdout
