"""Runs to the Hub and back, against a server on loopback that speaks what `huggingface_hub` asks for."""

import base64
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

import shortrun as sr
from shortrun.errors import MissingExtraError

pytest.importorskip("huggingface_hub", reason="needs the extra shortrun[hub]")
REVISION = "0123456789" * 4


class Hub(BaseHTTPRequestHandler):
    """One repository, user/name: a commit adds and deletes files."""

    protocol_version = "HTTP/1.1"
    files: dict[str, bytes]
    fetched: list[str]

    def answer(self):
        path = self.path.partition("?")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "/resolve/" in path:
            return self.file(path.partition("/resolve/")[2].partition("/")[2])
        return self.reply(json.dumps(self.document(path, body)).encode())

    def document(self, path, body):
        if path.endswith("/create"):
            return {"url": "http://127.0.0.1/user/name", "name": "user/name"}
        if "/preupload/" in path:
            each = {"uploadMode": "regular", "shouldIgnore": False}
            return {"files": [{"path": file["path"], **each} for file in json.loads(body)["files"]]}
        if "/commit/" in path:
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    self.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
                elif line["key"] == "deletedFile":
                    del self.files[line["value"]["path"]]
            return {"commitUrl": "http://127.0.0.1/user/name/commit/1", "commitOid": REVISION}
        if "/tree/" in path:
            return [{"type": "file", "path": it, "size": len(self.files[it]), "oid": REVISION} for it in self.files]
        return {"id": "user/name", "sha": REVISION, "siblings": [{"rfilename": name} for name in self.files]}

    def file(self, name):
        if self.command == "GET":
            self.fetched.append(name)
        self.reply(self.files[name], {"ETag": f'"{name}"', "X-Repo-Commit": REVISION})

    def reply(self, body, headers=()):
        self.send_response(200)
        for name, value in {"Content-Length": len(body), "Content-Type": "application/json", **dict(headers)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_HEAD = answer  # noqa: N815 - names that http.server looks for

    def log_message(self, *_):
        pass


@pytest.fixture
def hub(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OneHub", (Hub,), {"files": {}, "fetched": []}))
    Thread(target=server.serve_forever, daemon=True).start()
    yield server, {"endpoint": f"http://127.0.0.1:{server.server_port}", "token": "hf_none"}
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def run():
    return sr.fit(sr.read("digits"), hidden=2, updates=12, batch=50, validation=0.2)


def test_to_the_hub_and_back(hub, run, tmp_path):
    server, where = hub
    kept, files = server.RequestHandlerClass.fetched, server.RequestHandlerClass.files
    assert run.push_to_hub("user/name", licence="mit", **where).endswith("/commit/1")
    assert {name for name in files if "/" not in name} == {"README.md", "log.jsonl", "profile.safetensors", "run.json"}
    assert sum(name.startswith("ages/") for name in files) == len(run.ages)

    back = sr.Trajectory.from_hub("user/name", ages=[1, 10], cache=tmp_path, **where)
    assert back.ages == (1, 10)
    assert back.at(10).equal(run.at(10))
    assert sorted(name for name in kept if name.startswith("ages/")) == [
        "ages/000000001.safetensors",
        "ages/000000010.safetensors",
    ]

    usual = sr.Trajectory.from_hub("user/name", cache=tmp_path / "other", **where)
    assert set(usual.ages) == {run.best(task) for task in run.tasks}
    assert [usual.best(task) for task in usual.tasks] == [run.best(task) for task in run.tasks]
    made = [sr.generate(each, n=5, seed=1).values for each in (run, usual)]
    assert (made[0] == made[1]).all()


def test_ages_that_are_no_longer_meant_are_deleted(hub, run):
    server, where = hub
    run.push_to_hub("user/name", **where)
    run.push_to_hub("user/name", ages="last", **where)
    ages = [name for name in server.RequestHandlerClass.files if name.startswith("ages/")]
    assert ages == [f"ages/{run.ages[-1]:09d}.safetensors"]


def test_the_card_says_what_the_run_is(hub, run):
    server, where = hub
    test = sr.read("digits", part="test").head(100)
    found = sr.evaluate(run, test, n=50, with_curves=False, scores=["first-moment"])
    run.push_to_hub("user/name", ages="last", evaluation=found, licence="cc-by-4.0", **where)
    card = server.RequestHandlerClass.files["README.md"].decode()
    assert card.startswith("---\nlibrary_name: shortrun\n")
    assert '\nlicense: "cc-by-4.0"\n' in card
    assert run.data["hash"] in card
    assert "| first-moment |" in card
    assert "sr.Trajectory.from_hub('user/name')" in card


def test_what_is_damaged_on_the_hub_is_refused(hub, run, tmp_path):
    server, where = hub
    run.push_to_hub("user/name", ages="last", **where)
    files = server.RequestHandlerClass.files
    pushed = {name: content for name, content in files.items() if name != "README.md"}
    assert len(pushed) == 4
    for i, (name, whole) in enumerate(pushed.items()):
        damaged = [whole[:-4], flipped(whole, -1), flipped(whole, len(whole) // 2), flipped(whole, 9)]
        for j, content in enumerate(damaged):
            files[name] = content
            with pytest.raises(sr.StoreError, match=name.replace(".", r"\.")):
                everything(sr.Trajectory.from_hub("user/name", ages="last", cache=tmp_path / f"{i}{j}", **where))
        files[name] = whole
    everything(sr.Trajectory.from_hub("user/name", ages="last", cache=tmp_path / "whole", **where))


def flipped(content, place):
    changed = bytearray(content)
    changed[place] ^= 1
    return bytes(changed)


def everything(run):
    return run[-1], run.log(), run.best()


@pytest.mark.parametrize(
    ("name", "told"),
    [("user/name", "user/name: holds no run of shortrun: no run.json"), ("a/b/c", "name: a repository such as")],
)
def test_what_is_no_run(hub, tmp_path, name, told):
    with pytest.raises(sr.ShortrunError, match=told):
        sr.Trajectory.from_hub(name, cache=tmp_path, **hub[1])


def test_an_age_that_is_not_there(hub, run, tmp_path):
    run.push_to_hub("user/name", ages=[1, 12], **hub[1])
    with pytest.raises(sr.StoreError, match="user/name: has no age 7; there are 1, 12"):
        sr.Trajectory.from_hub("user/name", ages=[7], cache=tmp_path, **hub[1])
    with pytest.raises(sr.StoreError, match="has no age 7"):
        run.push_to_hub("user/name", ages=[7], **hub[1])


def test_no_connection(hub, tmp_path):
    server, where = hub
    server.shutdown()
    server.server_close()
    with pytest.raises(sr.StoreError, match="user/name: "):
        sr.Trajectory.from_hub("user/name", cache=tmp_path, **where)


def test_without_the_extra(monkeypatch, run):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match=r"huggingface_hub is not installed: pip install 'shortrun\[hub\]'"):
        sr.Trajectory.from_hub("user/name")
    with pytest.raises(MissingExtraError):
        run.push_to_hub("user/name")
