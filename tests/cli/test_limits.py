"""What a machine cannot do is refused in one line: too much memory, numbers beyond all bounds, a full stdout."""

from __future__ import annotations

import errno
import io
import subprocess
import sys

import numpy as np
import pytest

import shortrun as sr
from command_line import call, good, refused
from settings.test_every_option import CLASSES, COMMANDS, FUNCTIONS
from shortrun import memory
from shortrun.cli import _app
from shortrun.dynamics import Noise
from shortrun.errors import ConfigError
from shortrun.settings import Settings, options
from shortrun.settings._base import MOST_STEPS
from shortrun.settings.text import whole_numbers
from shortrun.store import Trajectory

HUGE, BEYOND = 10**18, 10**30
NUMBERS = [
    (kind, each)
    for kind in sorted(CLASSES, key=lambda kind: kind.__name__)
    for each in options(kind)
    if ("int" in str(each.type) or "float" in str(each.type))
    and each.keyword not in ("keep", "labels")  # names, which numbers can be
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("limits") / "run"
    good("train", "digits", "-o", path, "--hidden", 4, "--updates", 2)
    return path


def arguments(command, run):
    """Return words for the arguments and the options that a command must have."""
    needed = [each for each in command.params if each.required]
    return [word for each in needed for word in ([each.opts[0]] if each.opts[0].startswith("-") else []) + [str(run)]]


SEEDED = [name for name, command in COMMANDS.items() if any("--seed" in each.opts for each in command.params)]


def test_many_commands_have_a_seed():
    assert len(SEEDED) >= 12


@pytest.mark.parametrize("name", SEEDED)
@pytest.mark.parametrize("seed", [2**64, -1])
def test_a_seed_beyond_64_bits_is_refused_by_every_command(name, seed, run):
    assert "seed" in refused(*name.split(), *arguments(COMMANDS[name], run), "--seed", seed)


@pytest.mark.parametrize("name", [name for name, it in FUNCTIONS.items() if "seed" in str(it.__signature__)])
@pytest.mark.parametrize("seed", [2**64, -1, 1.5])
def test_a_seed_beyond_64_bits_is_refused_by_every_function(name, seed, tmp_path):
    needed = {"out": tmp_path / "run"} if name in ("fit", "tune") else {}
    with pytest.raises(ConfigError, match="seed"):
        FUNCTIONS[name](None, seed=seed, **needed)


@pytest.mark.parametrize("seed", [2**64, -1])
def test_and_by_what_has_no_settings(seed):
    digits = sr.read("digits").head(20)
    for call_ in (lambda: sr.split(digits, 0.5, seed=seed), lambda: Noise(seed, 0)):
        with pytest.raises(ConfigError, match="less than 18,446,744,073,709,551,616"):
            call_()


def test_the_largest_seed_is_one(run, tmp_path):
    good("generate", run, "-n", 2, "--seed", 2**64 - 1, "-o", tmp_path / "x.npz")


@pytest.mark.parametrize(("kind", "each"), NUMBERS, ids=lambda it: getattr(it, "key", getattr(it, "__name__", "")))
def test_every_number_has_bounds(kind: type[Settings], each):
    wide = "int" in str(each.type) and "float" not in str(each.type)
    for value in [float("nan"), float("inf"), *([BEYOND, -BEYOND] if wide else [])]:
        for given in (value, (value,)):
            with pytest.raises(ConfigError):
                kind.of(**{each.keyword: given})


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("-n", HUGE), "-n: at most 4,294,967,295 expected"),
        (("-n", -1), "-n: at least 1 expected"),
        (("--steps", HUGE), "--steps: at most 16,777,215 expected"),
        (("--threads", 10**6), "'--threads'"),
        (("--record", f"1-{HUGE}"), "--record: numbers below 4,294,967,296"),
        (("--record", "9" * 5000), "--record: numbers below 4,294,967,296"),
        (("--time", "nan"), "--time: "),
    ],
)
def test_absurd_numbers_of_generate(words, line, run, tmp_path):
    assert line in refused("generate", run, "-o", tmp_path / "x.npz", *words)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--hidden", 10**9), "--hidden: at most 16,777,216 or 'auto' expected"),
        (("--steps", HUGE), "--steps: at most 16,777,215 expected"),
        (("--updates", HUGE), "--updates: at most 4,294,967,295 or 'auto' expected"),
        (("--minutes", "nan"), "--minutes: "),
        (("--minutes", "inf"), "--minutes: a finite number expected"),
        (("--minutes", -1), "--minutes: a number greater than 0 expected"),
        (("--rate", "nan"), "--lr: "),
        (("--model", "chaotic", "--layers", "64,5", "--time", "inf"), "--time: a finite number expected"),
    ],
)
def test_absurd_numbers_of_train(words, line, tmp_path):
    assert line in refused("train", "digits", "-o", tmp_path / "run", *words)


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ([], "a class for each sample expected, got none"),
        ({}, "1 to 4,294,967,295 samples in all expected, got 0"),
        ({"1": 0}, "1 to 4,294,967,295 samples in all expected, got 0"),
        ({"1": 10**12}, "1 to 4,294,967,295 samples in all expected, got 1,000,000,000,000"),
        ({"1": 2**31, "2": 2**31}, "1 to 4,294,967,295 samples in all expected, got 4,294,967,296"),
    ],
)
def test_counts_of_classes_are_bounded(labels, reason, run):
    with pytest.raises(ConfigError, match=f"^labels: {reason}"):
        sr.generate(run, labels=labels)


def test_ranges_are_bounded():
    assert whole_numbers("3-5,7", "--keep") == (3, 4, 5, 7)
    for text in ("1-100000000", f"1-{MOST_STEPS * 2}", "5-3"):
        with pytest.raises(ConfigError):
            whole_numbers(text, "--keep")


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (MemoryError(), "more asked for than there is"),
        (np._core._exceptions._ArrayMemoryError((10**12,), np.dtype(np.float64)), "7.3 TiB asked for"),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8000000000000 bytes."), "7.3 TiB"),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), "more asked for than there is"),
        (RuntimeError("std::bad_alloc"), "more asked for than there is"),
        (RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total of ..."), "20.0 GiB asked"),
    ],
)
def test_not_enough_memory_is_the_users(error, asked):
    code, line = _app.verdict(error)
    assert (code, line[:19]) == (2, "not enough memory: ")
    assert asked in line
    assert "--hidden" in line
    assert "\n" not in line


def test_a_training_that_does_not_fit_is_refused_before_it_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "free", lambda: 10**6)
    line = refused("train", "digits", "-o", tmp_path / "run", "--hidden", 2000, "--updates", 2)
    assert "not enough memory: a training of 150,074 parameters needs" in line
    assert "976.6 KiB are free" in line
    assert not (tmp_path / "run").exists()
    monkeypatch.undo()
    assert 2**20 < memory.free() < 2**50


class Full(io.StringIO):
    """A stream on a disk that is full."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("words", [("info", "{run}"), ("info", "{run}", "--json"), ("data", "list"), ("--help",)])
def test_a_full_stdout_is_named(words, run, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", Full())
    assert _app.run([word.format(run=run) for word in words]) == 2
    assert capsys.readouterr().err == "error: stdout: no space left on device\n"


CLOSED = "error: stdout: is closed: nothing can be printed\n"


@pytest.mark.parametrize(
    "words", [("info", "{run}"), ("info", "{run}", "--json"), ("--help",), ("--version",), ("generate", "{run}", "-o-")]
)
def test_a_closed_stdout_is_named(words, run, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", None)
    assert _app.run([word.format(run=run) for word in words]) == 2
    assert capsys.readouterr().err == CLOSED


def test_a_closed_stdout_is_named_to_the_end_of_the_process():
    line = f'"{sys.executable}" -m shortrun.cli --version >&-'
    found = subprocess.run(["sh", "-c", line], stderr=subprocess.PIPE, text=True, check=False)
    assert (found.returncode, found.stderr) == (2, CLOSED)


@pytest.mark.parametrize("progress", ["auto", "of the command"])
def test_a_closed_stderr_is_quiet(progress, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    if progress == "auto":
        sr.fit("digits", out=tmp_path / "run", hidden=4, updates=2)
    else:
        assert _app.run(["train", "digits", "-o", str(tmp_path / "run"), "--hidden", "4", "--updates", "2"]) == 0
        assert "update 1/2" not in capsys.readouterr().out
    assert Trajectory.open(tmp_path / "run").updates == 2


def test_a_closed_stdin_is_named(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert refused("data", "info", "-") == "error: stdin: is closed: pipe a file into the command"


SHORT = """
import sys, types
from shortrun.cli import program

def run(_):
    raise MemoryError

sys.modules["shortrun.cli._app"] = types.SimpleNamespace(run=run)
program()
"""


def test_too_little_memory_to_say_so_is_a_line_too():
    found = subprocess.run([sys.executable, "-c", SHORT], capture_output=True, text=True, check=False)
    line = "error: not enough memory: more asked for than there is\n"
    assert (found.returncode, found.stdout, found.stderr) == (2, "", line)


def test_a_deleted_working_directory_is_named(run, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    result = call("info", run)
    monkeypatch.undo()
    assert (result.code, result.err) == (2, "error: the working directory: no longer exists: change to another\n")
    assert Trajectory.open(run)


def test_warnings_are_a_line_without_a_path(monkeypatch, run):
    def warn(*_, **__):
        import warnings

        warnings.warn("odd\nthing", stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        raise ConfigError("a", "b")

    monkeypatch.setattr(Trajectory, "open", warn)
    assert call("info", run).err == "warning: odd thing\nerror: a: b\n"


def test_libraries_that_do_not_fit_are_a_line_before_they_are_imported(tmp_path):
    """Else C++ aborts while torch is imported, or threads wait for ever."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**29,) * 2)"
    code = f"{limit}; from shortrun.cli import program; program()"
    words = [sys.executable, "-c", code, "train", "digits", "-o", tmp_path / "run"]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    (line,) = found.stderr.splitlines()
    assert (found.returncode, found.stdout) == (2, "")
    assert line.startswith("error: not enough memory: importing torch needs 900.0 MiB, ")


def test_tables_in_files_are_whole_however_narrow_the_terminal_is(run, monkeypatch):
    wide = good("info", run).out
    monkeypatch.setenv("COLUMNS", "10")
    assert good("info", run).out == wide
    assert str(run) in wide
    assert all(line == line.rstrip() for line in wide.splitlines())
