"""Hostile names through every verb and every format: nothing in them is obeyed by a terminal, a page or a table.

`python -m tests.campaigns.terminal` runs all of it; a short part is a test (tests/cli/test_hostile_names.py). Names of
classes, samples, columns and files hold escapes, links, controls, overrides of direction, markup of consoles and pages,
formulas, separators of paths. Commands run in this process.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

import shortrun as sr
from command_line import Result, call
from shortrun.data import Dataset
from shortrun.data.core.columns import Column
from shortrun.data.core.kind import ImageKind, MusicKind
from shortrun.data.formats import formats

RED = "\x1b[31mred\x1b[0m"
NAMES = {
    "escape": RED,
    "CSI of one byte": "\x9b31mred",
    "link": "\x1b]8;;http://example.org\x07here\x1b]8;;\x07",
    "title": "\x1b]0;title\x1b\\",
    "bell": "ding\x07",
    "backspaces": "good\b\b\b\bevil",
    "return": "real\rfake",
    "line": "one\ntwo",
    "null": "a\x00b",
    "delete": "a\x7fb",
    "override": "\u202egnp.exe",
    "isolate": "\u2066x\u2069",
    "separator": "a\u2028b",
    "console": "[red]markup[/red] [/] [link=http://example.org]x[/link]",
    "emoji": ":skull:",
    "script": "<script>alert(1)</script>",
    "image": "\"'><img src=x onerror=alert(1)>",
    "end of script": "</script><script>alert(2)</script>",
    "template": "{{ 7*7 }} {% raw %} %s {0}",
    "formula": '=HYPERLINK("http://example.org","x")',
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-2+3+cmd|x",
    "at": "@SUM(1+1)",
    "tab": "a\tb",
    "mathematics": "$\\frac{$",
    "quotes": 'it\'s "so"',
    "comma": "a,b;c",
    "parent": "..",
    "path": "../../etc/passwd",
    "long": "x" * 500,
}
FILES = {name: text.replace("/", "\u2215").replace("\x00", "0")[:100] for name, text in NAMES.items() if text != ".."}
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")  # what no output may have
EACH = 4  # samples of a class
SITES = 6
FAULT = "a fault of shortrun"
TEXTS = (".csv", ".tsv", ".txt", ".nwk", ".html", ".json", ".fasta", ".sto", ".aln", ".svg", ".fam", ".bim", ".sample")
TRAINED = ("--hidden", 4, "--updates", 3, "--steps", 2)


class Tags(HTMLParser):
    """The elements of a page and of the pages within it, and whether one of them is of ours."""

    def __init__(self, page: str):
        super().__init__()
        self.found: Counter[str] = Counter()
        self.bad: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] += 1
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.bad.append(f"{tag} {name}={value}")
            if name == "src" and not (value or "").startswith("data:"):
                self.bad.append(f"{tag} src={value}")
            if name == "srcdoc" and value:
                inner = Tags(value)
                self.found += inner.found
                self.bad += inner.bad


@dataclass
class Report:
    """What was tried, and what went wrong."""

    commands: int = 0
    refused: int = 0
    files: int = 0
    faults: list[str] = field(default_factory=list)

    def wrong(self, what: object, why: str) -> None:
        """Keep a fault."""
        self.faults.append(f"{why}: {str(what)[:300]!r}")

    def text(self, what: object, text: str) -> None:
        """Look for raw control characters in a text."""
        if found := RAW.search(text):
            around = text[max(0, found.start() - 40) : found.end() + 40]
            self.wrong(what, f"raw U+{ord(found[0]):04X} in {around!r}")

    def run(self, *words: object) -> Result:
        """Run a command: it ends with 0 or 2, says nothing that a terminal obeys, and one line where it refuses."""
        self.commands += 1
        try:
            result = call(*words)
        except BaseException as error:
            self.wrong(words, f"escaped {type(error).__name__}: {error}")
            return Result(1, "", "")
        if result.code not in (0, 2):
            self.wrong(words, f"exit {result.code}: {result.err[-300:]}")
        self.refused += result.code == 2
        if "--verbose" in sys.argv:
            tell(f"{time.process_time():.1f} s {result.code} {ascii(words)[:150]} {result.err[-200:]!a}")
        for stream in (result.out, result.err):
            self.text(words, stream)
        if result.code == 2 and not result.err.splitlines()[-1:][0].startswith("error: "):
            self.wrong(words, f"no line of error: {result.err[-200:]}")
        if "--json" in words and result.code == 0 and "-" not in words[words.index("--json") + 1 :][:0]:
            self.document(words, result.out)
        return result

    def document(self, what: object, text: str) -> None:
        """Check that a text is strict JSON, if it is to be a document."""
        if text.lstrip()[:1] in ("{", "["):
            try:
                json.loads(text, parse_constant=lambda word: self.wrong(what, f"JSON with {word}"))
            except ValueError as error:
                self.wrong(what, f"no JSON: {error}")

    def written(self, folder: Path) -> None:
        """Look through every file that commands wrote."""
        for path in sorted(folder.rglob("*")):
            self.text("a name of a file", path.name)
            if not path.is_file() or path.suffix not in TEXTS:
                continue
            self.files += 1
            text = path.read_text(encoding="utf-8")
            self.text(path, text)
            if path.suffix == ".html":
                self.page(path, text)

    def page(self, path: Path, text: str) -> None:
        """Check that a page has no elements and no scripts but its own."""
        tags = Tags(text)
        for bad in tags.bad:
            self.wrong(path, f"in a page: {bad}")
        if tags.found["script"] > 1 or tags.found["img"] > text.count('<img src="data:'):
            self.wrong(path, f"elements of a page: {dict(tags.found)}")


def samples(names: dict[str, str] = NAMES, alphabet: str | None = None) -> Dataset:
    """Return samples whose classes and names are hostile, a few of each class."""
    random, count = np.random.default_rng(1), EACH * len(names)
    values = random.integers(0, 2 if alphabet is None else 4, (count, SITES))
    classes = [text for text in names.values() for _ in range(EACH)]
    people = [f"{text}{i}" for i, text in enumerate(classes)]
    return Dataset.from_arrays(values, classes, names=people, alphabet=alphabet)


def table(names: dict[str, str] = NAMES) -> Dataset:
    """Return a table whose columns, and the categories in them, have hostile names."""
    texts = [text for text in names.values() if text != ".."]
    random = np.random.default_rng(2)
    columns = [Column(f"{text}{i}", (text, "other")) for i, text in enumerate(texts)]
    return Dataset.from_arrays(random.integers(0, 2, (60, len(columns))), ["a", "b"] * 30, columns=columns)


def verbs(run: Path, data: Path, out: Path, *, short: bool) -> Iterator[tuple[object, ...]]:
    """Yield commands that show and write names of a run and of its data."""
    yield "info", run
    yield "info", run, "--json"
    yield "info", data
    yield "data", "info", data
    yield "predict", run, data, "-o", out / "predicted.csv"
    yield "predict", run, data
    yield "predict", run, data, "--json"
    yield "generate", run, "-n", 60, "-o", out / "made.csv"
    yield "generate", run, "-n", 60, "-o", out / "made.npz"
    yield "generate", run, "-n", 20, "-o", "-"
    yield "generate", run, "-n", 20, "-o", out / "j.npz", "--json"
    if short:
        return
    yield "tree", run, data, "-o", out / "tree", "--ages", "all"
    yield "plot", "confusion", out / "predicted.csv", "-o", out / "confusion.svg"
    yield "data", "info", data, "--json"
    yield "predict", run, data, "-o", out / "predicted.tsv", "--safe-csv"
    yield "predict", run, data, "--sweeps", 3, "--baseline"
    yield "generate", run, "-n", 60, "-o", out / "safe.csv", "--safe-csv"
    yield "generate", run, "-n", 60, "-o", out / "made.png"
    yield "evaluate", run, "-n", 60, "-o", out / "report.html", "--json", out / "report.json", "--tree"
    yield "evaluate", run, "-n", 60, "--json", "-", "--no-curves"
    yield "score", out / "made.npz", data
    yield "score", data, data, "--json", out / "scores.json"
    yield "score", data, data, "--json", "-"
    yield "curves", run, data, "-n", 40, "--until", 4, "-o", out / "curves.csv"
    yield "curves", run, data, "-n", 40, "--until", 4, "-o", out / "curves.tsv", "--safe-csv"
    yield "fixed-points", run, data, "-n", 30, "-o", out / "points.csv", "--figure", out / "points.svg"
    yield "fixed-points", run, data, "-n", 30, "--json"
    yield "tree", run, data, "--json"
    yield "mixing", run, data, "--chains", 8, "--sweeps", 16, "-o", out / "mixing.csv"
    yield "phases", run, data, "-o", out / "phases.csv"
    yield "phases", run, "--json"
    yield "learning-flow", data, "-o", out / "flow.csv", "--json"
    yield "likelihood", run, data, "--method", "ais", "--chains", 4, "--temperatures", 10, "-o", out / "likelihood.csv"
    yield "likelihood", run, data, "--method", "ais", "--chains", 4, "--temperatures", 10, "--json"
    yield "couplings", run, "-o", out / "couplings.csv"
    yield "couplings", run, "--json"
    yield "contacts", run, "-o", out / "contacts.csv"
    yield "mutations", run, data, "-o", out / "mutations.csv"
    yield "lyapunov", run
    yield "animate", run, "-n", 4, "--until", "2", "-o", out / "moving.gif"
    for figure in ("reliability", "accuracy", "scores", "ages", "compare"):
        source = out / ("predicted.csv" if figure == "reliability" else "curves.csv")
        yield "plot", figure, source, "-o", out / f"{figure}.svg"
    for figure in ("samples", "fields", "weights", "motifs", "training"):
        yield "plot", figure, run, "-o", out / f"{figure}.svg"
    for figure in ("pca", "columns", "logos", "frequencies", "linkage", "lengths"):
        yield "plot", figure, data, out / "made.npz", "-o", out / f"{figure}.svg"
    yield "data", "split", data, out / "rest.csv", out / "held.csv", "--safe-csv"
    yield from refused(run, data, out)


def refused(run: Path, data: Path, out: Path) -> Iterator[tuple[object, ...]]:
    """Yield commands in which what is wrong is a hostile word."""
    for word in NAMES.values():
        if "\x00" in word or word.startswith(("-", "+")):
            continue
        yield "generate", run, "--label", f"{word}?", "-o", out / "x.npz"
        yield "generate", run, "-o", out / "x.npz", "--age", word
        yield "generate", run, "-o", out / "x.npz", "--fix", f"{word}=1"
        yield "generate", run, "-o", out / "x.npz", "--rule", word
        yield "generate", run, "-o", out / "x.npz", "--record", word
        yield "predict", run, f"{word}.csv"
        yield "info", f"{word}?"
        yield "data", "convert", f"{word}?", out / "x.csv"
        yield "data", "convert", data, out / "x.csv", "--label-column", f"{word}?"
        yield "data", "convert", data, out / "x.csv", "--alphabet", word
        yield "data", "get", word, "-o", out / "x.csv"
        yield "data", "convert", data, out / f"x.{word[:40].replace('/', '')}"
        yield "score", data, data, "--scores", word
        yield "train", data, "-o", out / "r", "--set", word
        yield "train", data, "-o", out / "r", "--preset", word
        yield "train", data, "-o", out / "r", "--layers", word
        yield "fold", data, "-o", out / f"{word[:40].replace('/', '')}.tsv"
        yield (word,)
        yield "info", run, f"--{word}"


def convert_all(report: Report, data: Path, out: Path, *, short: bool) -> None:
    """Write data in every format, and read them again."""
    suffixes = sorted({suffix for each in formats() if each.writes for suffix in each.suffixes})
    for suffix in (".csv", ".tsv") if short else suffixes:
        path = out / f"all{suffix}"
        if report.run("data", "convert", data, path).code == 0:
            report.run("data", "info", path)
        if suffix in (".csv", ".tsv"):
            if report.run("data", "convert", data, out / f"safe{suffix}", "--safe-csv").code:
                continue
            with (out / f"safe{suffix}").open(newline="") as lines:
                rows = [*csv.reader(lines, delimiter="\t" if suffix == ".tsv" else ",")]
            for row in rows:
                for cell in row:
                    if cell.startswith(("=", "@")) or re.match(r"[+-][^\d.]|[+-].*[|!]", cell):
                        report.wrong(path, f"a formula: {cell!r}")
    report.run("data", "convert", data, out / "a folder")


def own_files(report: Report, folder: Path) -> Iterator[Path]:
    """Yield files as other programs write them, with hostile names in every place, and files of hostile names."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    people = [name for name in NAMES.values() if "\x00" not in name]
    writer.writerow(["name", "label", *(f"{name}{i}" for i, name in enumerate(people))])
    for i in range(2 * len(people)):
        name = people[i % len(people)]
        writer.writerow([f"{name}{i}", name, *(people[(i + j) % 3] for j in range(len(people)))])
    (folder / "cells.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
    heads = [name for name in people if "\n" not in name and "\r" not in name]
    letters = np.random.default_rng(3).choice(list("ACDE"), (len(heads), SITES))
    fasta = "".join(
        f">{name}{i} label={name}\n{''.join(row)}\n" for i, (name, row) in enumerate(zip(heads, letters, strict=True))
    )
    (folder / "letters.fasta").write_text(fasta, encoding="utf-8")
    (folder / "broken.fasta").write_text(fasta + f">{RED}\nAC\n", encoding="utf-8")
    (folder / "broken.csv").write_text(f"a,{RED}\n1,2\n{RED},{RED},3\n", encoding="utf-8")
    yield from (folder / name for name in ("cells.csv", "letters.fasta", "broken.fasta", "broken.csv"))
    for i, name in enumerate(FILES.values()):
        path = folder / f"{name}{i}.csv"
        path.write_text("name,label,p,q\na,x,0,1\nb,y,1,0\nc,x,1,1\nd,y,0,0\n")
        yield path
        broken = folder / f"{name}{i}.fasta"
        broken.write_text("no sequence")
        yield broken
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.csv"))
    odd.write_text("label,p,q\nx,0,1\ny,1,0\n")
    yield odd
    for name in ("there is none", *FILES.values()):
        yield folder / f"{name}.none"


def folders(report: Report, folder: Path, *, short: bool) -> None:
    """Read, show and write folders of images and of music whose files and folders have hostile names."""
    suffixes = {".png": samples({"a": "a"}).with_kind(image=ImageKind((2, 3)))}
    roll = np.random.default_rng(4).integers(0, 2, (1, 880))
    suffixes[".mid"] = Dataset.from_arrays(roll, names=["a"]).with_kind(
        suffix=".mid", music=MusicKind(10, "beat/4", 1, {})
    )
    words = [*FILES.values(), "-", "--help", "=1+1", "y" * 200, os.fsdecode(b"\xff\xfe"), os.fsdecode(b"\xffx")]
    for (suffix, data), flat in product(suffixes.items(), (True, False)):
        sr.write(folder / f"one{suffix}", data)
        place, out = folder / f"folder{suffix}{flat}", folder / f"out{suffix}{flat}"
        out.mkdir()
        for word, copy in product(words, range(4)):
            (place / ("" if flat else word)).mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / f"one{suffix}", place / ("" if flat else word) / f"{word}{copy}{suffix}")
        for verb in of_folder(place, out, short=short):
            result = report.run(*verb)
            if verb[:2] == ("data", "convert") and result.code:
                report.wrong(verb, f"refused: {result.err}")
        report.written(out)


def of_folder(place: Path, out: Path, *, short: bool) -> Iterator[tuple[object, ...]]:
    """Yield commands that show and write names of a folder of files."""
    yield "data", "info", place
    yield "data", "convert", place, out / "x.csv"
    yield "data", "convert", place, out / "x"
    if short:
        return
    for name in ("x.npz", "x.h5", "x.parquet", "x.tsv", "x.fasta"):
        yield "data", "convert", place, out / name
    yield "info", place
    yield "data", "info", place, "--json"
    yield "data", "info", out / "x"
    yield "data", "convert", place, out / "safe.csv", "--safe-csv"
    yield "data", "split", place, out / "rest.csv", out / "held.csv"
    yield "train", place, "-o", out / "run", *TRAINED
    yield "info", out / "run"
    yield "predict", out / "run", place, "-o", out / "predicted.csv"
    yield "generate", out / "run", "-n", 60, "-o", out / "made"
    yield "score", place, place, "--json", "-"
    yield "evaluate", out / "run", "-n", 60, "-o", out / "report.html"


def trained(report: Report, data: Dataset, folder: Path, name: str) -> tuple[Path, Path]:
    """Return a run on some data, in a folder of that name, and the file of the data."""
    folder.mkdir()
    sr.write(folder / "data.npz", data)
    report.run("train", folder / "data.npz", "-o", folder / name, *TRAINED, "--validation", 0)
    return folder / name, folder / "data.npz"


def campaign(folder: Path, *, short: bool = False) -> Report:
    """Try all of it, or a short part, in a folder; what is wrong is in the report."""
    report = Report()
    kinds = (
        {"codes": samples(), "table": table()}
        if short
        else {"codes": samples(), "table": table(), "letters": samples(alphabet="rna")}
    )
    for kind, data in kinds.items():
        run, file = trained(report, data, folder / kind, f"run {RED}" if kind == "codes" else "run")
        out = folder / f"{kind} out"
        out.mkdir()
        for words in verbs(run, file, out, short=short or kind == "table"):
            report.run(*words)
        convert_all(report, file, out, short=short)
        report.written(out)
    folders(report, folder, short=short)
    given = folder / "given"
    given.mkdir()
    for path in own_files(report, given) if not short else ():
        made = folder / "made"
        made.mkdir()
        report.run("data", "info", path)
        report.run("info", path)
        report.run("data", "convert", path, made / "x.csv")
        report.run("data", "convert", path, made / "x.fasta")
        report.run("train", path, "-o", made / "run", *TRAINED)
        report.run("info", made / "run")
        report.run("score", path, path, "--json", "-")
        if (made / "x.csv").exists():
            report.text(path, (made / "x.csv").read_text(encoding="utf-8", errors="surrogateescape"))
        shutil.rmtree(made)
    return report


def main() -> int:
    """Run all, say what was found, and return 1 after a fault."""
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        report = campaign(Path(folder), short="--short" in sys.argv)
    for fault in report.faults:
        tell(fault)
    told = f"{report.commands:,} commands ({report.refused:,} refused in one line), {report.files:,} files looked at"
    tell(f"hostile names: {told}, {len(report.faults)} faults, {time.process_time() - start:.0f} CPU s")
    return bool(report.faults)


def tell(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
