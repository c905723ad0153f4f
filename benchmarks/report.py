"""Rewrites the tables of docs/performance.md from results/<hardware>/*.json.

    python -m benchmarks.report

A table stands between `<!-- begin NAME -->` and `<!-- end NAME -->`; all other text is unchanged. Every folder of
results gives its own table under the name of its hardware, with the day of the last of its measurements.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.time_to_quality import CASES, TARGETS, at_best, seconds_to
from benchmarks.timing import RESULTS
from shortrun.phrases import counted

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
Results = dict[str, Any]  # content of each file by its name without the suffix

# Tables: each takes the results on one hardware and returns markdown, "" if there is nothing to show


def updates(results: Results) -> str:
    """Return the milliseconds per update, contestants by cases."""
    runs = races(results)
    names = list(dict.fromkeys(name for run in runs for name in run["contestants"]))
    rows = [[f"`{name}`", *(time_of(run["contestants"].get(name)) for run in runs)] for name in names]
    return table(["ms per update (times `products`)", *(title(run) for run in runs)], rows)


def races(results: Results) -> list[dict[str, Any]]:
    """Return the races of updates among the results."""
    return [found for name, found in sorted(results.items()) if name.startswith("updates")]


def title(run: dict[str, Any]) -> str:
    """Return the title of a race."""
    units = "bits" if run["colours"] == 2 else f"x {run['colours']}"
    random = ", random data" if run.get("data") == "random" else ""
    return f"{run['case']}: {run['sites']} {units}, H {run['hidden']}, {run['batch']:,} rows{random}"


def time_of(figures: dict[str, float] | None) -> str:
    """Return one contestant's time and its ratio to the products."""
    return f"{number(figures['median_ms'])} ({figures['ratio_to_products']:.2f})" if figures else ""


def chaotic(results: Results) -> str:
    """Return the milliseconds per update of the chaotic network."""
    found = results.get("chaotic")
    if not found:
        return ""
    head = f"{found['sites']}-{found['hidden']}, T = {found['steps']} steps, {found['batch']:,} rows"
    rows = [[f"`{name}`", time_of(figures)] for name, figures in found["contestants"].items()]
    return table([head, "ms per update (times `products`)"], rows)


def memory(results: Results) -> str:
    """Return the peak memory of two updates in MiB, contestants by cases."""
    runs = [run for run in races(results) if "peak_mib" in next(iter(run["contestants"].values()))]
    names = list(dict.fromkeys(name for run in runs for name in run["contestants"]))
    rows = [[f"`{name}`", *(memory_of(run["contestants"].get(name)) for run in runs)] for name in names]
    return table(["MiB (of them when the update begins)", *(run["case"] for run in runs)], rows) if runs else ""


def memory_of(figures: dict[str, float] | None) -> str:
    """Return one contestant's memory."""
    return f"{figures['peak_mib']:,.0f} ({figures['peak_mib_before']:,.0f})" if figures else ""


def time_to_quality(results: Results) -> str:
    """Return a table a case: when each program reaches what, and the best that it makes in the time."""
    cases = sorted(results.values(), key=lambda found: list(CASES).index(found["case"]))
    return "\n\n".join(_time_to_quality(found) for found in cases)


def _time_to_quality(found: dict[str, Any]) -> str:
    targets = [(score, target) for score, wanted in TARGETS.items() for target in wanted]
    programs = found["programs"].values()
    rows = []
    for program in programs:
        best = at_best(program)
        times = [number(seconds_to(program, *target)) for target in targets]
        rows.append([program["title"], *times, *scores(best), number(program["sweeps"]), f"{best['updates']:,.0f}"])
    rows.append(["*real rows*", *[""] * len(targets), *scores(found["real"]), "", ""])
    seeds = max(len(program["curves"]) for program in programs)
    runs = "one seed" if seeds == 1 else f"medians of {seeds} seeds"
    head = f"{CASES[found['case']]}, {number(found['seconds'])} s, {runs}"
    names = {"accuracy": "accuracy", "p_dd": "P_DD"}
    titles = [f"s to {names[score]} {target:.2f}" for score, target in targets]
    made = ["best accuracy", "P_DD, P_GG", "E2", "recognised", "persistent chains: P_DD", "sweeps a sample", "updates"]
    return table([head, *titles, *made], rows)


def scores(found: dict[str, float]) -> list[str]:
    """Return the scores of a program's best samples, or of real rows."""
    return [
        *(f"{found[name]:.3f}" if name in found else "" for name in ("accuracy",)),
        f"{found['p_dd']:.2f}, {found['p_gg']:.2f}",
        f"{found['e2']:.1e}",
        *(f"{found[name]:.2f}" if name in found else "" for name in ("recognised", "chains_p_dd")),
    ]


def tasks(results: Results) -> str:
    """Return samples and rows per second, and the seconds of scores and of reading."""
    found = results.get("tasks")
    if not found:
        return ""
    keys = {
        "generate_per_second": "samples generated per second, k = 10",
        "predict_exact_per_second": "rows predicted per second, exact",
        "predict_chain_per_second": "by one label chain, k = 10",
    }
    rows = [[case, *(f"{figures[key]:,.0f}" for key in keys)] for case, figures in found["cases"].items()]
    seconds = found["score_seconds"] | {f"reading {case}": value for case, value in found["read_seconds"].items()}
    others = table(["", "seconds"], [[name.replace("_", " "), number(value)] for name, value in seconds.items()])
    return table(["case", *keys.values()], rows) + "\n\n" + others


def scaling(results: Results) -> str:
    """Return the milliseconds per update along each axis."""
    found = results.get("scaling")
    if not found:
        return ""
    rows = [
        [name, ", ".join(f"{number(p['value'])}: {number(p['update_ms'])}" for p in points)]
        for name, points in found["axes"].items()
    ]
    return table(["varied", "value: ms per update"], rows)


def profile(results: Results) -> str:
    """Return the parts of an update, and how near each is to the peak of the processor."""
    runs = [found for name, found in sorted(results.items()) if name.startswith("profile")]
    return "\n\n".join(_profile(found) for found in runs)


def _profile(found: dict[str, Any]) -> str:
    rows = [
        [part["part"], *(number(part.get(key)) for key in ("ms", "share", "gflops_equivalent", "gb_per_second"))]
        for part in found["parts"]
    ]
    head = [f"{found['case']}: {number(found['update_ms'])} ms", "ms", "share", "GFLOP/s equivalent", "GB/s"]
    peak = f"{number(found['peak']['gflops'])} GFLOP/s (float32 product), {number(found['peak']['gb_per_second'])} GB/s"
    return f"{table(head, rows)}\n\nMeasured peak: {peak} (copy)."


def gpu(results: Results) -> str:
    """Return the milliseconds per update on a GPU and the peak memory on it, settings by cases."""
    found = results.get("gpu")
    if not found:
        return ""
    cases = found["cases"]
    names = list(dict.fromkeys(name for case in cases for name in case["updates"]))
    rows = [[name, *(on_gpu(case["updates"].get(name)) for case in cases)] for name in names]
    return table([f"{found['gpu']}: ms (MiB)", *(title(case) for case in cases)], rows)


def on_gpu(figures: dict[str, Any] | None) -> str:
    """Return the time and the memory of an update on a GPU."""
    if not figures:
        return ""
    return f"{number(figures['median_ms'])} ({figures['peak_mib']:,.0f})" if "median_ms" in figures else "failed"


def install(results: Results) -> str:
    """Return the cost of installing and starting."""
    found = results.get("install")
    if not found:
        return ""
    start = found["start_seconds"]
    rows = [
        ["`shortrun --help`", f"{number(start['help'])} s"],
        ["ready to work (torch loaded)", f"{number(start['ready_to_work'])} s"],
        ["`import shortrun`", f"{number(start['import'])} s"],
    ]
    if "mib" in found:
        rows += [
            ["installation into a new environment", f"{number(found['install_seconds'])} s"],
            ["its size", f"{found['mib']:,.0f} MiB, {found['mib_without_torch']:,.0f} MiB without torch"],
            ["of it shortrun", f"{found['mib_of_shortrun']:.1f} MiB"],
        ]
    return table(["", ""], rows)


TABLES: dict[str, Callable[[Results], str]] = {
    function.__name__: function
    for function in (updates, chaotic, memory, gpu, time_to_quality, tasks, scaling, profile, install)
}

SOURCES = {"memory": "updates"}  # beginnings of files' names; of other tables their own name

FIGURES = {
    "time_to_quality": ("time_to_quality.png", "Accuracy, P_DD and E2 against processor seconds of training"),
    "scaling": ("scaling.png", "Time of an update against each size"),
}

# The page


def number(value: float | None) -> str:
    """Return a number with three significant digits, or a dash for none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:.3g}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def of_folder(folder: Path) -> Results:
    """Return every result on one hardware."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))}


def of_table(name: str, results: Results) -> Results:
    """Return the results that a table shows."""
    return {file: found for file, found in results.items() if file.startswith(SOURCES.get(name, name))}


def conditions(results: Results) -> str:
    """Return the conditions of the last of some measurements."""
    found = [result for result in results.values() if "hardware" in result]
    last = max(found, key=lambda result: result["date"])
    parts = [f"kernels {last['kernels']}", counted(last["threads"], "thread"), f"torch {last['versions']['torch']}"]
    return f"*{last['hardware']}* ({', '.join(parts)}, {last['date']})"


def rewritten(page: str, results: Path = RESULTS) -> str:
    """Return the page with the tables of these results."""
    folders = [found for folder in sorted(results.glob("*/")) if (found := of_folder(folder))]
    for name, make in TABLES.items():
        parts = [of_table(name, found) for found in folders]
        shown = [f"{conditions(found)}\n\n{text}" for found in parts if found and (text := make(found))]
        if shown and name in FIGURES:
            file, caption = FIGURES[name]
            shown.insert(0, f"![{caption}]({file})")
        block = "\n\n".join(shown) or "Not measured yet."
        pattern = rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)"
        page = re.sub(pattern, lambda match, block=block: f"{match[1]}\n{block}\n\n{match[2]}", page, flags=re.DOTALL)
    return page


def main(words: Sequence[str] = ()) -> None:
    """Rewrite the page."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args(words)
    PAGE.write_text(rewritten(PAGE.read_text()))


if __name__ == "__main__":
    main(sys.argv[1:])
