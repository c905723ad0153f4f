"""The report of a run as one HTML page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from shortrun.data import Dataset
from shortrun.pages import template
from shortrun.phrases import counted
from shortrun.plots import Movie
from shortrun.report import figures, words
from shortrun.report.lineup import lineup
from shortrun.scores import ALL, Evaluation, Quantity, Score, offered, verdict
from shortrun.scores._threads import one_thread
from shortrun.store import software_version

TEMPLATE = Path(__file__).with_name("report.html")
GROUPS = {
    "quality": ("Quality", "Do the samples follow the distribution of the real ones?"),
    "memorisation": ("Memorisation and privacy", "Are they new, or copies of the training samples?"),
    "labels": ("Labels", "Does the machine know the classes?"),
    "domain": ("Domain checks", "Do the samples keep what matters in the field?"),
}
# A shape next to the word, so that verdicts differ without colour.
MARKS = {
    "as real": "●",
    "close": "◐",
    "far": "○",
    "too close": "▲",
    "cannot tell": "?",
    "undefined": "–",
    "spoiled": "✗",
}
HEADLINE = {"p-dd": "P_DD", "p-gg": "P_GG", "label-fidelity": "recognised"}  # in the line of a class


@dataclass(frozen=True)
class Row:
    """A score in the table."""

    quantity: Quantity
    score: Score
    verdict: str
    mean: bool = False


@dataclass(frozen=True)
class ClassRow:
    """A class: its scores, numbers of samples, verdicts in words, and the scores to begin with."""

    name: str
    rows: list[Row]
    sizes: dict[str, int | None]
    said: str
    headline: list[Row]


@one_thread
def report(
    evaluation: Evaluation, *, tree: str | None = None, moving: Mapping[str, Movie | str] = MappingProxyType({})
) -> str:
    """Return the report of a run as one self-contained HTML page: no network, no fonts, no scripts of its own.

    The same evaluation gives the same bytes.

    Parameters
    ----------
    evaluation : Evaluation
        What `workflows.evaluate` returned.
    tree : str, optional
        The page of a tree of real samples (`tree_page.tree_page`) to include, which has a script.
    moving : Mapping[str, Movie | str], optional
        Moving pictures (`workflows.movie`) by what they show: "chains", "walk", "tree"; a text says why there is none.

    Returns
    -------
    str
        The page.

    Raises
    ------
    MissingExtraError
        If matplotlib or jinja2 is not installed.

    Examples
    --------
    >>> import shortrun as sr
    >>> data = sr.Dataset.from_arrays([[0, 1], [1, 0], [1, 1], [0, 0]] * 10)
    >>> run = sr.fit(data, scheme=sr.rdm(1), out="run", hidden=2, updates=2, batch=20)
    >>> page = report(sr.evaluate(run, train=data, scores=["first-moment"], with_curves=False))
    >>> "<title>run: report</title>" in page
    True
    """
    filters = {"number": words.number, "integer": words.integer, "share": words.share}
    return template(TEMPLATE, filters).render(
        page_values(evaluation) | {"tree": tree, "moving": [*figures.moving_pictures(moving)]}
    )


def page_values(found: Evaluation) -> dict[str, Any]:
    """Return the values that the template inserts."""
    return {
        "found": found,
        "name": Path(found.run["path"] or "run in memory").resolve().name,
        "remarks": [*remarks(found)],
        "compared": words.compared(found),
        "lineup": lineup(found),
        "cards": [*data_cards(found)],
        "machine": machine_facts(found),
        "settings": [*flat_settings(found.run["config"])],
        "again": repetition_facts(found),
        "groups": [*score_groups(found)],
        "marks": MARKS,
        "headline": HEADLINE,
        "classes": [*class_rows(found)],
        "headings": [*memory_headings(found)],
        "memory": words.memory(found.curves),
        "timed": words.timed(found),
        "pictures": {
            "distribution": [*figures.distribution_pictures(found)],
            "times": [*figures.time_pictures(found)],
            "labels": [*figures.label_pictures(found)],
            "machine": [*figures.machine_pictures(found)],
        },
    }


def machine_facts(found: Evaluation) -> dict[str, Any]:
    """Return the facts of the model card."""
    run, recipe = found.run, found.run["recipe"]
    starts = f"{recipe['start']} starts ({recipe['noise']})"
    return {
        "scheme": f"{recipe['scheme']}, k = {counted(recipe['steps'], 'sweep')} from {starts}",
        "hidden rule": recipe["hidden_rule"],
        "visible units": f"{run['sites']:,} ({run['units']})",
        "hidden units": words.integer(run["hidden"]),
        "parameters": f"{run['parameters']:,}",
        "updates": f"{run['updates']:,}",
        "training said": run["outlook"],
        "best ages": ", ".join(f"to {task} {age:,}" for task, age in (run["best"] or {}).items()),
        "age evaluated": f"{found.age:,} updates",
        "trained on": words.trained_on(found),
        "started": run["created"],
        "software": " ".join(map(str, (run["software"] or {}).values())),
    }


def data_cards(found: Evaluation) -> Iterator[dict[str, Any]]:
    """Yield title, facts, classes and warnings of each set of real samples."""
    titles = {"reference": f"Reference: {found.role} samples", "held-out": "Held-out samples"}
    data = {"reference": found.reference, "held-out": found.held_out}
    for name, about in found.described.items():
        facts = {"samples": words.integer(about["samples"]), "sites": words.integer(about["sites"])}
        facts |= {"values": about["values"], "different samples": words.integer(about["distinct"])}
        facts |= {each: words.integer(about[each]) for each in ("unlabelled", "groups") if about[each] is not None}
        if about["gap_fraction"] is not None:
            facts["gaps"] = f"{about['gap_fraction']:.1%}"
        if about["effective_size"] is not None:
            facts["effective size"] = (
                f"{about['effective_size']:,.0f} (samples that agree at 80 % of the sites count as one)"
            )
        facts |= origin(data[name])
        yield {
            "title": titles[name],
            "facts": facts.items(),
            "warnings": about["warnings"],
        }


def origin(data: Dataset | None) -> dict[str, Any]:
    """Return the source of samples, and their hash."""
    if data is None:
        return {}
    source = data.kind.source
    return ({} if source is None else {"source": source}) | {"hash": data.hash}


def repetition_facts(found: Evaluation) -> dict[str, Any]:
    """Return what is needed to repeat an evaluation."""
    return {
        "samples generated": f"{len(found.generated):,}, {counted(found.steps, 'sweep')} each",
        "seed": found.seed,
        "definitions": found.convention,
        "training data": f"{found.run['data']['source']} (sha256 {found.run['data']['hash']})",
        "software": f"shortrun {software_version()}, torch {torch.__version__}, numpy {np.__version__}",
        "took": f"{found.seconds:.0f} s",
    }


def score_groups(found: Evaluation) -> Iterator[tuple[str, str, list[Row]]]:
    """Yield title, question and scores of each group that has scores."""
    rows = [Row(offered()[it.score][0], it, verdict(it), words.is_mean(it, found)) for it in words.overall(found)]
    for group, (title, question) in GROUPS.items():
        members = [row for row in rows if row.quantity.group == group]
        if members:
            yield title, question, members


def class_rows(found: Evaluation) -> Iterator[ClassRow]:
    """Yield the scores of each class, in the order of the groups, worst known verdicts counted."""
    table: dict[str, list[Row]] = {}
    for group in GROUPS:
        for score in found.scores:
            quantity = offered()[score.score][0]
            if score.cls != ALL and quantity.group == group:
                table.setdefault(score.cls, []).append(Row(quantity, score, verdict(score)))
    for cls, rows in table.items():
        by_name = {row.score.score: row for row in rows}
        counts = Counter(row.verdict for row in rows)
        said = ", ".join(f"{counts[word]} {word}" for word in MARKS if counts[word])
        yield ClassRow(cls, rows, found.sizes(cls), said, [by_name[name] for name in HEADLINE if name in by_name])


def remarks(found: Evaluation) -> Iterator[str]:
    """Yield what to know before the scores are read, without what the first lines say."""
    said = " ".join(found.lead)
    yield from (line for line in (*found.leaks, *found.notes) if line not in said)


def memory_headings(found: Evaluation) -> Iterator[str]:
    """Yield each run, and in how many scores it remembers its k."""
    for curves in found.curves:
        effects = curves.memory_effects
        seen = sum(effect.effect == "best at k" for effect in effects)
        result = f"seen in {seen or 'none'} of {counted(len(effects), 'score')}" if effects else "not measured"
        yield f"{curves.name} ({curves.scheme}, k = {curves.k}): memory effect {result}"


def flat_settings(section: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the settings of a configuration with dotted names."""
    for name, value in section.items():
        if isinstance(value, Mapping):
            yield from flat_settings(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
