"""The page of a training: who may ask, what it is told, and a training that outlives its server."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import sys

import numpy as np
import pytest

import shortrun as sr
from command_line import finish, refused, start
from shortrun.cli._verb import Given
from shortrun.cli.studio import run_of
from shortrun.live import Server, Training, Watched, process
from shortrun.live.page import live_page
from shortrun.live.server import refusal
from shortrun.records import NONE_HELD_OUT
from shortrun.settings import Config, StudioSettings, TrainSettings, options
from shortrun.store import writer_of
from shortrun.store.lock import Lock
from shortrun.studio_page.payload import codes_of
from studio_page.browser import Browser, browser_works

SMALL = {"hidden": 6, "updates": 60, "progress": None, "seed": 1}
JSON = {"Content-Type": "application/json"}
in_browser = pytest.mark.skipif(not browser_works(), reason="no browser: install chromium to see the page at work")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return sr.fit("digits", out=tmp_path_factory.mktemp("live") / "run", **SMALL)


class Asked(Training):
    """A training that only notes what it is asked to do."""

    def __init__(self, folder):
        super().__init__(folder, print)
        self.done = []

    def stop(self):
        self.done.append("stop")

    def resume(self, rate=None):
        self.done.append(rate)


@pytest.fixture
def server(run):
    watched = Watched(run.path, Asked(run.path), StudioSettings())
    with Server(watched) as served:
        yield served


def asked(server, path, method="GET", body=None, **headers):
    """Return status, headers and content of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, names)
    found = connection.getresponse()
    content = found.read()
    connection.close()
    return found.status, found.headers, content


def posted(server, name, given, **more):
    origin = {"Origin": f"http://127.0.0.1:{server.server_port}"}
    return asked(server, f"/{server.token}/{name}", "POST", json.dumps(given), **{**JSON, **origin, **more})


# -------------------------------------------------------------------------------------------------- who may ask


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/state", {}),
        ("/TOKEN", {"Host": "evil.example"}),
        ("/wrong/state", {}),
        ("//[", {}),
        ("/TOKENx/state", {}),
        ("/TOKEN/state", {"Host": "evil.example"}),
        ("/TOKEN/state", {"Host": "127.0.0.1.evil.example:PORT"}),
        ("/TOKEN/state", {"Host": "192.168.0.7:PORT"}),
        ("/TOKEN/state", {"Host": ""}),
        ("/TOKEN/state", {"Origin": "http://evil.example"}),
        ("/TOKEN/state", {"Origin": "null"}),
        ("/TOKEN/state", {"Origin": "http://127.0.0.1:1"}),
        ("/TOKEN/state", {"Sec_Fetch_Site": "cross-site"}),
        ("/TOKEN/state", {"Sec_Fetch_Site": "same-site"}),
        ("/TOKEN/machine/60", {"Sec_Fetch_Site": "cross-site"}),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_may_not_ask_gets_nothing(server, path, headers, method):
    port = str(server.server_port)
    given = {name: value.replace("PORT", port) for name, value in headers.items()}
    path = path.replace("TOKEN", server.token)
    status, sent, content = asked(server, path, method, "{}" if method == "POST" else None, **{**JSON, **given})
    assert status == 403
    assert set(json.loads(content)) == {"error"}
    assert server.token not in content.decode() + str(sent)
    assert server.watched.training.done == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"])
def test_other_methods_are_refused(server, method):
    status, headers, _ = asked(server, f"/{server.token}/stop", method, **JSON)
    assert status == 501
    assert "Access-Control-Allow-Origin" not in headers
    assert server.watched.training.done == []


def test_a_length_of_many_digits_is_refused(server):
    headers = {"Content_Length": "9" * 5000}
    assert posted(server, "stop", {}, **headers)[0] == 400


def test_only_a_page_of_this_server_changes_anything(server):
    done = server.watched.training.done
    assert asked(server, f"/{server.token}/stop", "POST", "{}", **JSON)[0] == 403  # no origin
    assert posted(server, "stop", {}, Content_Type="text/plain")[0] == 415  # what a form of another page could send
    assert posted(server, "stop", {}, Sec_Fetch_Site="cross-site")[0] == 403
    assert asked(server, f"/{server.token}/stop")[0] == 404  # no question changes anything
    assert done == []
    assert posted(server, "stop", {}, Sec_Fetch_Site="same-origin")[0] == 200
    assert posted(server, "resume", {})[0] == 200
    assert posted(server, "resume", {"rate": 0.25})[0] == 200
    assert done == ["stop", None, 0.25]


@pytest.mark.parametrize(
    "body",
    [
        '{"rate": 0}',
        '{"rate": true}',
        '{"rate": "--set=x"}',
        '{"rate": NaN}',
        '{"rate": [1]}',
        "[]",
        "{",
        "",
        "{}" * 1000,
    ],
)
def test_what_a_page_sends_is_checked(server, body):
    origin = f"http://127.0.0.1:{server.server_port}"
    status, _, content = asked(server, f"/{server.token}/resume", "POST", body, Origin=origin, **JSON)
    assert status == 400
    assert json.loads(content)["error"].count("\n") == 0
    assert server.watched.training.done == []


def test_the_server_is_of_this_machine_alone_and_its_pages_ask_for_nothing(server):
    assert server.server_address[0] == "127.0.0.1"
    assert server.address == f"http://127.0.0.1:{server.server_port}/{server.token}/"
    assert len(server.token) == 32
    status, headers, page = asked(server, f"/{server.token}/")
    assert status == 200
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert b"http://" not in page
    assert b"https://" not in page
    assert asked(server, f"/{server.token}/", Host=f"localhost:{server.server_port}")[0] == 200
    machine = asked(server, f"/{server.token}/machine/60")[1]["Content-Security-Policy"]
    assert "sandbox allow-scripts" in machine
    assert "allow-same-origin" not in machine  # so that a page with scripts within it can ask nothing
    for name in ("live.js", "style.css"):
        assert asked(server, f"/{server.token}/{name}")[0] == 200
    for name in ("../run.json", "run.json", "%2e%2e/run.json", "samples", "samples/", "samples/x", "machine/-1", "x"):
        assert asked(server, f"/{server.token}/{name}")[0] in (400, 404)
    assert refusal("GET", "/x/", {"Host": "[::1]:80"}, "x") is not None


def test_a_port_that_is_taken_is_a_clear_line(server):
    with pytest.raises(sr.ConfigError, match=r"port: \d+ of 127.0.0.1 cannot be served at: "):
        Server(server.watched, server.server_port)


# -------------------------------------------------------------------------------------------------- what it is told


def told(server, name):
    return json.loads(asked(server, f"/{server.token}/{name}")[2])


def test_a_page_knows_how_far_the_training_is(server, run):
    state = told(server, "state?version=&known=0")
    assert (state["state"], state["updates"], state["last"]) == ("finished", 60, 60)
    assert state["ages"] == [*run.ages]
    assert state["records"] == run.log()
    again = told(server, f"state?version={state['version']}&known=3")
    assert again["records"] == run.log()[3:]
    assert told(server, "state?version=other&known=3")["records"] == run.log()
    modes = told(server, "modes?ages=1,60")
    assert len(modes["60"]) == 6
    assert modes["60"][0] > modes["1"][0]


def test_samples_are_those_of_generate(server, run):
    samples = told(server, "samples/60")
    values = np.frombuffer(base64.b64decode(samples["values"]), np.uint8).reshape(samples["count"], -1)
    made = sr.generate(run, n=80, labels=dict.fromkeys(run.classes, 8), age=60, seed=0)
    assert np.array_equal(values, made.values)
    assert samples["labels"] == made.labels.tolist()


def test_the_machine_of_an_age_is_the_page_that_is_written(server, run, tmp_path):
    sr.studio(run, tmp_path / "page.html", age=10)
    assert asked(server, f"/{server.token}/machine/10")[2] == (tmp_path / "page.html").read_bytes()
    status, _, content = asked(server, f"/{server.token}/machine/7")
    assert (status, "has no age 7" in json.loads(content)["error"]) == (400, True)


def test_grey_images_are_shown_and_other_numbers_only_have_curves(tmp_path):
    grey = sr.fit(
        sr.read("digits", grey=True), out=tmp_path / "grey", model="chaotic", layers=(5,), updates=1, progress=None
    )
    assert grey.kind.continuous
    watched = Watched(grey.path, Asked(grey.path), StudioSettings())
    assert watched.state("", 0)["outlook"] == grey.outlook.reason == NONE_HELD_OUT
    found = np.frombuffer(base64.b64decode(watched.samples(1)["values"]), np.uint8)
    assert np.array_equal(found.reshape(32, 64), codes_of(sr.generate(grey, n=32, age=1)))
    numbers = sr.fit(np.random.default_rng(0).normal(size=(40, 3)), out=tmp_path / "n", hidden=2, updates=1)
    watched = Watched(numbers.path, Asked(numbers.path), StudioSettings())
    assert "continuous values" in watched.about["why"]
    assert watched.state("", 0)["ages"] == (1,)


def test_names_from_files_are_harmless_in_the_page(server):
    about = server.watched.about
    odd = about | {"run": "</title><i>", "classes": ["</script><b>x</b>", "<!--"]}
    assert live_page(odd, "<u>").count("<") == live_page(about, "").count("<")


# -------------------------------------------------------------------------------------------------- the command


def test_wrong_combinations_are_one_line(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.html"
    assert "--lr: goes with data, or with --resume" in refused("studio", run.path, "--rate", 0.1)
    assert "--port: goes with a page that is served" in refused("studio", run.path, "-o", page, "--port", 8000)
    assert "--updates: goes with a page that is served" in refused("studio", run.path, "-o", page, "--updates", 9)
    assert "a page, .html, expected, got 'other'" in refused("studio", run.path, "-o", "other")
    assert "is not a run folder" in refused("studio", "digits", "-o", page)
    (tmp_path / "digits-run").symlink_to(run.path)
    assert "holds a run: 'shortrun studio digits-run' shows it" in refused("studio", "digits")
    assert "data: a file or the name of a data set expected" in refused("studio", "-")
    assert "port: " in refused("studio", run.path, "--port", 70000)
    assert not page.exists()


def test_the_run_is_named_after_the_data():
    assert [str(run_of(name)) for name in ("digits", "a/b.fasta.gz", "my.csv")] == ["digits-run", "b-run", "my-run"]


def test_options_are_handed_on_as_they_were_typed():
    words = dict.fromkeys(each.keyword for kind in (Config, TrainSettings) for each in options(kind))
    words |= {"rate": "0.1", "layers": "64,10", "diagonal": False, "assignments": ["a.b=1", "c.d=2"], "resume": True}
    changes, begun = Given.of(Config, words), Given.of(TrainSettings, words)
    assert changes.words["rate"] == ["--lr=0.1"]
    assert changes.words["layers"] == ["--layers=64,10"]
    assert changes.words["diagonal"] == ["--no-diagonal"]
    assert begun.words == {"assignments": ["--set=a.b=1", "--set=c.d=2"], "resume": ["--resume"]}


# -------------------------------------------------------------------------------------------------- the process

STAND_IN = """
import fcntl, os, signal, sys, time
words, folder = sys.argv[1:], sys.argv[-1].partition("=")[2]
with open(os.path.join(os.path.dirname(folder), "words"), "a") as file:
    print(*words[:-1], file=file)
if "--rate=9.0" in words:
    sys.exit("error: it diverged")
held = os.open(folder, os.O_RDONLY)
fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
open(os.path.join(folder, ".lock"), "w").write(str(os.getpid()))
os.utime(os.path.join(folder, "run.json"))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
print("goes", flush=True)
time.sleep(60)
"""  # for a training, which takes seconds to begin


@pytest.fixture
def folder(run, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "TRAIN", (sys.executable, "-S", "-c", STAND_IN))
    run.save(tmp_path / "run")
    return tmp_path / "run"


def test_a_training_is_stopped_goes_on_and_changes_its_rate(folder):
    said = []
    training = Training(folder, said.append, ["--threads=1"])
    assert (training.number, training.is_stopping, training.code) == (None, False, None)
    training.start(["--updates=90"])
    assert training.wait_for_run()
    first = training.number
    training.resume()  # goes on already
    assert training.number == first == writer_of(folder)
    second = Training(folder, said.append)  # of a server that was started after the first was killed
    assert second.number == first
    second.resume(0.5)
    assert second.wait_for_run()
    assert training.number == second.number != first
    training.end()  # that of another is left alone
    assert second.number is not None
    training.stop()
    assert (second.number, second.code, second.fault) == (None, 130, "")
    second.resume(9.0)
    assert not second.wait_for_run()
    assert (second.code, second.fault) == (1, "it diverged")
    words = (folder.parent / "words").read_text().splitlines()
    assert words == ["--updates=90 --threads=1", "--resume --rate=0.5", "--resume --rate=9.0"]
    assert said == ["goes", "goes", "error: it diverged"]


def test_a_training_that_was_started_from_here_ends_with_its_server(folder):
    training = Training(folder, print)
    training.start([])
    assert training.wait_for_run()
    training.end()
    training.end()
    assert training.number is None
    assert training.code == 130


def test_the_process_that_trains_is_known_by_its_lock(run):
    assert writer_of(run.path) is None
    lock = Lock(run.path)
    assert writer_of(run.path) == os.getpid()
    lock.release()
    assert writer_of(run.path) is None


# -------------------------------------------------------------------------------------------------- in a browser


def served(*words):
    """Return a server in a process of its own, and what it says first."""
    process = start("studio", *words, "--json")
    document = ""
    while not document.rstrip().endswith("}"):
        line = process.stdout.readline()
        assert line, process.stderr.read()
        document += line
    return process, json.loads(document)["address"]


@pytest.mark.slow
@in_browser
def test_a_training_is_followed_to_its_end_through_a_reload_and_a_killed_server(tmp_path):
    run = tmp_path / "run"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server, address = served("digits", "-o", run, "--hidden", 8, "--updates", 900, "--threads", 1, "--port", port)
    with Browser(tmp_path) as browser:
        browser.open(address)
        browser.wait("now.records.length > 3 && document.querySelectorAll('#charts canvas').length >= 3")
        before = browser.value("now.records.length")
        browser.ask("Page.reload")
        browser.wait(f"document.documentElement?.dataset.ready === '1' && now.records.length >= {before}")
        assert browser.complaints == []
        server.kill()
        server.wait()
        browser.wait("byId('state').className === 'away'")
        assert f"shortrun studio {run}" in browser.value("byId('fault').textContent")
        server, address = served(run, "--port", port)
        browser.open(address)
        browser.events.clear()  # what the page before it said of the server that was gone
        browser.wait("document.documentElement.dataset.state === 'finished'")
        log = sr.Trajectory.open(run).log()
        assert browser.value("now.records.map((it) => it.update)") == [record["update"] for record in log]
        assert browser.value("byId('updates').textContent") == "update 900 of 900"
        assert browser.value("byId('resume').disabled")
        browser.value("byId('beside').click()")
        browser.wait("document.querySelectorAll('#shelf-1 canvas').length === 10")
        for width in (390, 1280):
            browser.ask(
                "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
            )
            browser.wait(f"document.documentElement.scrollWidth <= {width}")
        assert browser.complaints == []
    server.terminate()  # SIGINT is ignored by what a script starts in the background, as these tests may be
    assert finish(server).code == 0
    assert writer_of(run) is None
