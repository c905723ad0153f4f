"""Damaged files of every format are read or refused in one line: `python -m tests.campaigns.readers --inputs N`.

Each input has its own seed, so that `--format F --first I --inputs 1` makes input I of format F again (`--keep FOLDER`
leaves it there). Inputs are read by a process apart, batch by batch; what ends it, or takes it too long, is counted and
named, and the next one goes on behind it. VCF and BCF, which the library itself reads in a process apart, have theirs
forked from that process: htslib ends so many that starting each anew would be most of the time.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import ClassVar

import numpy as np

from shortrun.data import read, write
from shortrun.data.core import _apart_child, apart
from shortrun.data.core.alphabet import BINARY, PROTEIN, RNA
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import ImageKind, MusicKind
from shortrun.data.core.libraries import library
from shortrun.data.genotypes.formats import vcf
from shortrun.errors import ConfigError, FormatError, ShortrunError, TableError

from .mutators import mutated  # noqa: TID252 - with tests in the path, and without

SECONDS, BYTES = 10, 2**31  # an input may take
MANY = 20  # odd inputs of a format that are shown
PATIENCE = 60  # seconds without a word, if it had a processor meanwhile: it hangs
MAKERS = {
    **dict.fromkeys(("x.fa", "x.a3m", "x.sto", "x.aln", "x.seq", "x.fa.gz"), "letters"),
    **dict.fromkeys(("x.csv", "x.tsv", "x.parquet", "x.csv.gz", "x.csv.xz", "x.csv.bz2", "x.csv.zip"), "table"),
    **dict.fromkeys(("x.npz", "x.h5"), "codes"),
    **dict.fromkeys(("x.vcf", "x.vcf.gz", "x.bcf", "x.bed", "x.pgen", "x.hapt", "x.hap"), "people"),
    **dict.fromkeys(
        ("x.idx", "x.png", "x.jpg", "x.webp", "x.bmp", "x.tif", "x.gif", "x.pgm", "x.npy", "x.npy.gz"), "pixels"
    ),
    "x.mid": "music",
    "labels.csv": "letters",
}
FORMATS = {name.removeprefix("x."): name for name in MAKERS}
BESIDE = {
    "x.bed": ("x.bim", "x.fam"),
    "x.pgen": ("x.pvar", "x.psam"),
    "x.hapt": ("x.legend",),
    "x.hap": ("x.legend", "x.sample"),
    "x.idx": ("x-labels.idx",),
}
OPTIONS = (
    {},
    {},
    {"skip_bad": True},
    {"missing": "major"},
    {"missing": "category"},
    {"missing": "drop-sample"},
    {"unknown": "gap"},
    {"unknown": "drop", "inserts": "remove"},
    {"grey": True},
    {"alphabet": "codes"},
)


def sample(kind):
    """Return a data set of a kind that a format can hold."""
    random = np.random.default_rng(5)
    labels = ["E", "", "F G", "E"]
    names = ["a one", "b", "c", "d"]
    if kind == "letters":
        letters = random.integers(0, 21, (4, 30))
        return Dataset.from_arrays(letters, labels, names=names, alphabet=PROTEIN)
    if kind == "people":
        people = [f"P{i}_{side}" for i in range(4) for side in "AB"]
        sites = random.integers(0, 2, (8, 6))
        groups = np.repeat([f"P{i}" for i in range(4)], 2)
        return Dataset.from_arrays(sites, np.repeat(labels, 2), names=people, groups=groups, alphabet=BINARY)
    if kind == "music":
        roll = Dataset.from_arrays(random.integers(0, 2, (1, 880)), names=["a"])
        return roll.with_kind(suffix=".mid", music=MusicKind(10, "beat/4", 1, {}))
    if kind == "codes":
        return Dataset.from_arrays(random.integers(0, 5, (4, 12)), labels, names=names, alphabet=RNA)
    bits = Dataset.from_arrays(random.integers(0, 2, (4, 12)), labels, names=names)
    return bits.with_kind(image=ImageKind((3, 4))) if kind == "pixels" else bits


def table():
    """Return a text table of mixed columns."""
    rows = [f"n{i},{'AB'[i % 2]},{i * 1.5},{['x', 'y, z', 'w', 'é'][i % 4]!r},{i % 2}" for i in range(12)]
    return "\n".join(["name,label,size,kind,flag", *(row.replace("'", '"') for row in rows)]).encode() + b"\n"


def sound(name, folder):
    """Write a sound file of a format, with those beside it; return the content of each."""
    path = folder / name
    if name == "labels.csv":
        path.write_bytes(b"name,label,where\na,E,x\nb,F,y\nc,E,z\n")
        write(folder / "x.fa", sample("letters"))
    elif name in ("x.csv", "x.csv.gz", "x.csv.xz", "x.csv.bz2", "x.csv.zip"):
        path.write_bytes(packed(name.rpartition(".")[2], table()))
    else:
        write(path, sample(MAKERS[name]))
    return {each: (folder / each).read_bytes() for each in (name, *BESIDE.get(name, ()))}


def packed(how, content):
    """Return a content packed as an ending says."""
    import bz2
    import gzip
    import io
    import lzma
    import zipfile

    if how == "zip":
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.csv", content)
        return file.getvalue()
    return {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}.get(how, bytes)(content)


@dataclass
class Case:
    """Input number `number` of a format: made in a folder from sound files, which come back afterwards."""

    name: str
    number: int
    folder: Path
    whole: dict[str, bytes]
    random: Random = field(init=False)

    def __post_init__(self):
        self.random = Random(f"{self.name}:{self.number}")

    def make(self):
        """Damage one of the files."""
        for name, content in self.whole.items():
            (self.folder / name).write_bytes(content)
        name = self.random.choice([self.name, *self.whole])
        content = self.whole[name]
        unpacked = self.inside(name, content)
        (self.folder / name).write_bytes(unpacked or mutated(content, self.random, [*self.whole.values()]))

    def inside(self, name, content):
        """Return a packed file with damage inside, half of the time; else None."""
        import gzip

        if name.endswith((".gz", ".bcf")) and self.random.random() < 0.5:
            return gzip.compress(mutated(gzip.decompress(content), self.random))
        if name == "x.npz" and self.random.random() < 0.5:
            return self.archive(content)
        return None

    def archive(self, content):
        """Return an .npz file with a damaged member."""
        import io
        import zipfile

        file = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
            chosen = self.random.choice(old.namelist())
            for each in old.namelist():
                found = old.read(each)
                new.writestr(each, mutated(found, self.random) if each == chosen else found)
        return file.getvalue()

    def run(self):
        """Read it, and write what was read; return what came of it."""
        options = dict(self.random.choice(OPTIONS))
        path = self.folder / ("x.fa" if self.name == "labels.csv" else self.name)
        if self.name == "labels.csv":
            options["labels"] = self.folder / "labels.csv"
        try:
            data = read(path, **options)
        except (FormatError, ConfigError) as error:
            return told(error)
        except Exception as error:
            return f"foreign {type(error).__name__}"
        try:
            write(self.folder / f"out{Path(self.random.choice([*MAKERS])).suffix}", data)
        except ShortrunError as error:
            found = told(error)
            return "read" if found == "refused" else f"{found} in writing"
        except Exception as error:
            return f"foreign {type(error).__name__} in writing"
        return "read"


def told(error):
    """Return what an error of ours counts as."""
    if "\n" in str(error) and not isinstance(error, TableError):
        return "foreign message of several lines"
    return "refused" if error.__cause__ is None else f"boundary {type(error.__cause__).__name__}"


def batch(name, first, inputs, folder):
    """Yield the number of an input, then what came of it, with its seconds and the bytes that memory came to.

    Both are of this process and of those apart, as they go on from one input to the next.
    """
    whole = sound(name, folder)
    for number in range(first, first + inputs):
        case = Case(name, number, folder, whole)
        case.make()
        yield number, "begun"
        before, _ = spent()
        outcome = case.run()
        after, memory = spent()
        yield number, outcome, after - before, memory


def spent():
    """Return the seconds of processor time so far, and the most bytes of memory, of this process and its forks."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    apart = [fork.spent() for fork in Fork.made]
    return time.process_time() + sum(each[0] for each in apart), memory + max((each[1] for each in apart), default=0)


class Fork:
    """A process apart that is a fork of this one: what of `subprocess.Popen` its owner uses."""

    made: ClassVar[list[Fork]] = []

    def __init__(self):
        (requests, ours), (theirs, answers) = os.pipe(), os.pipe()
        self.pid, self.code = os.fork(), None
        if self.pid == 0:
            os.close(ours)
            os.close(theirs)
            _apart_child.serve(os.fdopen(requests, "rb"), os.fdopen(answers, "wb"))
            os._exit(0)
        os.close(requests)
        os.close(answers)
        self.stdin, self.stdout = os.fdopen(ours, "wb"), os.fdopen(theirs, "rb")
        self.used = 0.0, 0
        self.made.append(self)

    def poll(self, how=os.WNOHANG):
        """Return how it ended, None if it did not."""
        if self.code is None:
            pid, status, used = os.wait4(self.pid, how)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
                self.used = used.ru_utime + used.ru_stime, used.ru_maxrss * 1024
        return self.code

    def spent(self):
        """Return its seconds of processor time, and the most bytes of memory that it had."""
        if self.poll() is None:
            most = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
            self.used = times(self.pid)[1], int(most[1]) * 1024 if most else 0
        return self.used

    def wait(self):
        """Return how it ended, once it has."""
        return self.poll(0)

    def kill(self):
        """End it, if it did not."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def serve(name, first, inputs, folder):
    """Print a line of JSON for all that a batch yields; what libraries say on stderr is a further word of it."""
    import shortrun.files

    shortrun.files.sync = lambda *_: None
    if MAKERS[name] == "people":
        library(*vcf.CYVCF2)
    apart.started = Fork
    with tempfile.TemporaryFile() as said, os.fdopen(os.dup(1), "w") as out:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        for line in batch(name, first, inputs, folder):
            words = said.tell() or os.fstat(said.fileno()).st_size
            text = ""
            if words:
                said.seek(0)
                text = said.read(300).decode(errors="replace")
                said.seek(0)
                said.truncate()
            out.write(json.dumps([*line, text]) + "\n")
            out.flush()


@dataclass
class Tally:
    """What came of the inputs of a format; `odd` are places and words of what should not be."""

    counts: Counter = field(default_factory=Counter)
    odd: list = field(default_factory=list)

    def add(self, name, number, outcome, seconds=0.0, memory=0, said=""):
        """Count an input."""
        kinds = [outcome.split()[0], *([outcome] if " " in outcome else [])]
        kinds += ["over 10 s"] * (seconds > SECONDS) + ["over 2 GB"] * (memory > BYTES) + ["said"] * bool(said)
        self.counts.update(["inputs", *kinds])
        if set(kinds) & {"foreign", "boundary", "crash", "hang", "over 10 s", "over 2 GB", "said"}:
            self.odd.append(f"{name} {number}: {outcome} {seconds:.1f} s {memory >> 20} MB {said[:200]!r}")


def campaign(name, first, inputs, folder=None):
    """Return the tally of inputs of a format, read in processes apart."""
    tally, number, last = Tally(), first, first + inputs
    while number < last:
        with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
            command = [
                sys.executable,
                "-m",
                "tests.campaigns.readers",
                "--serve",
                "--format",
                name,
                "--first",
                str(number),
            ]
            command += ["--inputs", str(last - number), "--keep", str(folder or place)]
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))
            number = listen(process, name, number, tally)
            process.kill()
    return tally


def times(pid):
    """Return the parent of a process, and its seconds of processor time so far."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(words[1]), (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def seconds_of(pid):
    """Return the seconds of processor time of a process and of its children so far."""
    used = times(pid)[1]
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            parent, its = times(place.name)
            used += its if parent == pid else 0
    return used


def listen(process, name, number, tally):
    """Count what a process says; return the number of the input that comes next."""
    from selectors import EVENT_READ, DefaultSelector

    begun, silences, before = False, 0, 0.0
    with DefaultSelector() as selector:
        selector.register(process.stdout, EVENT_READ)
        while True:
            if not selector.select(PATIENCE):  # of a busy machine, it may not have had any of that time
                silences, used = silences + 1, seconds_of(process.pid)
                if silences == 10 or (begun and silences > 1 and used - before > SECONDS):
                    process.kill()
                    tally.add(name, number, "hang")
                    return number + 1
                before = before if silences > 1 else used
                continue
            line, silences = process.stdout.readline(), 0
            if not line:
                break
            number, *words, said = json.loads(line)
            begun = words == ["begun"]
            if begun:
                continue
            tally.add(name, number, *words, said)
            number += 1
            if words[2] > BYTES:  # of the process: the next one begins low again
                return number
    code = process.wait()
    if begun or code:
        tally.add(name, number, f"crash {code}")
        return number + 1
    return number


COLUMNS = ("inputs", "read", "refused", "boundary", "foreign", "crash", "hang", "over 10 s", "over 2 GB", "said")


def say(line):
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main():
    """Run the campaign and say its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000, help="inputs of each format")
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--format", choices=FORMATS, action="append", help="formats, all by default")
    parser.add_argument("--keep", type=Path, help="folder to make the inputs in, where the last one stays")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(FORMATS[given.format[0]], given.first, given.inputs, given.keep)
        return
    say(f"{'format':10}" + "".join(f"{column:>10}" for column in COLUMNS))
    total = Counter()
    for name in given.format or FORMATS:
        tally = campaign(name, given.first, given.inputs, given.keep)
        say(f"{name:10}" + "".join(f"{tally.counts[column]:>10,}" for column in COLUMNS))
        for line in tally.odd[:MANY]:
            say(f"  {line}")
        total += tally.counts
    say(f"{'all':10}" + "".join(f"{total[column]:>10,}" for column in COLUMNS))
    for kind, count in sorted(total.items()):
        if kind not in COLUMNS:
            say(f"  {kind}: {count:,}")


if __name__ == "__main__":
    main()
