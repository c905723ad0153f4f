"""The page that says how good a run is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from shortrun.data import Dataset
from shortrun.pages import template
from shortrun.report import figures, samples, words
from shortrun.scores import ALL, Evaluation, Quantity, Score, offered, verdict
from shortrun.store import software_version

TEMPLATE = Path(__file__).with_name("report.html")
GROUPS = {
    "quality": ("Quality", "Do the samples follow the law of the real ones?"),
    "memorisation": ("Memorisation and privacy", "Are they new, or copies of what the machine has seen?"),
    "labels": ("Labels", "Does the machine know the classes?"),
    "domain": ("What only such data have", "Is what matters in the field kept?"),
}
# A shape beside the word, so that no colour is needed to tell verdicts apart.
MARKS = {"as real": "●", "close": "◐", "far": "○", "too close": "▲", "undefined": "–"}
FOLDED = 12  # classes above which their table is folded


@dataclass(frozen=True)
class Row:
    """A score in the table."""

    quantity: Quantity
    score: Score
    verdict: str


def report(evaluation: Evaluation, *, tree: str | None = None) -> str:
    """Return the report of a run as one HTML page that needs nothing else: no network or fonts, nor scripts of its own.

    The same evaluation gives the same bytes.

    Parameters
    ----------
    evaluation : Evaluation
        What `workflows.evaluate` found.
    tree : str, optional
        The page of a tree of real samples (`tree_page.tree_page`) to show within, which has a script.

    Raises
    ------
    MissingExtraError
        If matplotlib or jinja2 is not installed.
    """
    filters = {"number": words.number, "whole": words.whole, "verdict": verdict}
    return template(TEMPLATE, filters).render(page(evaluation) | {"tree": tree})


def page(found: Evaluation) -> dict[str, Any]:
    """Return what the template shows."""
    return {
        "found": found,
        "name": Path(found.run["path"]).resolve().name,
        "summary": [*words.summary(found)],
        "cards": [*cards(found)],
        "machine": machine(found),
        "settings": [*settings(found.run["config"])],
        "again": again(found),
        "groups": [*groups(found)],
        "marks": MARKS,
        "classes": classes(found),
        "folded": FOLDED,
        "effects": effects(found),
        "peaks": words.peaks(found.curves),
        "sequences": sequences(found),
        "table": table(found),
        "pictures": {
            "samples": [*figures.of_samples(found)],
            "law": [*figures.of_law(found)],
            "times": [*figures.of_times(found)],
            "labels": [*figures.of_labels(found)],
            "machine": [*figures.of_machine(found)],
        },
    }


def machine(found: Evaluation) -> dict[str, Any]:
    """Return the facts of the model card."""
    run, recipe = found.run, found.run["recipe"]
    return {
        "scheme": f"{recipe['scheme']}, k = {recipe['steps']} sweeps from {recipe['start']} starts",
        "hidden rule": recipe["hidden_rule"],
        "visible units": f"{run['sites']:,} ({run['units']})",
        "hidden units": words.whole(run["hidden"]),
        "parameters": f"{run['parameters']:,}",
        "updates": f"{run['updates']:,}",
        "age evaluated": f"{found.age:,} updates",
        "trained on": f"{run['data']['rows']:,} samples",
        "begun": run["created"],
        "software": " ".join(map(str, (run["software"] or {}).values())),
    }


def cards(found: Evaluation) -> Iterator[dict[str, Any]]:
    """Yield title, facts, classes and warnings of each set of real samples."""
    titles = {"reference": f"Reference: {found.role} samples", "held-out": "Samples not trained on"}
    data = {"reference": found.reference, "held-out": found.held_out}
    for name, about in found.described.items():
        facts = {"samples": words.whole(about["samples"]), "sites": words.whole(about["sites"])}
        facts |= {"values": about["values"], "different samples": words.whole(about["distinct"])}
        facts |= {each: words.whole(about[each]) for each in ("unlabelled", "groups") if about[each] is not None}
        if about["gap_fraction"] is not None:
            facts["gaps"] = f"{about['gap_fraction']:.1%}"
        if about["effective_size"] is not None:
            facts["effective size"] = (
                f"{about['effective_size']:,.0f} (samples alike at 80 % of the sites count as one)"
            )
        facts |= origin(data[name])
        yield {
            "title": titles[name],
            "facts": facts.items(),
            "classes": {cls: f"{count:,}" for cls, count in about["classes"].items()},
            "warnings": about["warnings"],
        }


def origin(data: Dataset | None) -> dict[str, Any]:
    """Return where samples come from, and their hash."""
    if data is None:
        return {}
    source = data.kind.source
    return ({} if source is None else {"source": source}) | {"hash": data.hash}


def again(found: Evaluation) -> dict[str, Any]:
    """Return what repeats an evaluation."""
    return {
        "samples generated": f"{len(found.generated):,}, {found.steps} sweeps each",
        "seed": found.seed,
        "definitions": found.convention,
        "training data": f"{found.run['data']['source']} (sha256 {found.run['data']['hash']})",
        "software": f"shortrun {software_version()}, torch {torch.__version__}, numpy {np.__version__}",
        "took": f"{found.seconds:.0f} s",
    }


def groups(found: Evaluation) -> Iterator[tuple[str, str, list[Row]]]:
    """Yield title, question and scores of each group that has any."""
    rows = [Row(offered()[it.score][0], it, verdict(it)) for it in words.overall(found)]
    for group, (title, question) in GROUPS.items():
        members = [row for row in rows if row.quantity.group == group]
        if members:
            yield title, question, members


def classes(found: Evaluation) -> dict[str, dict[str, Score]]:
    """Return the scores of each class by name."""
    table: dict[str, dict[str, Score]] = {}
    for score in found.scores:
        if score.cls != ALL:
            table.setdefault(score.cls, {})[score.score] = score
    return table


def effects(found: Evaluation) -> list[tuple[str, list[tuple[bool, str]]]]:
    """Return what was found of the memory effect, run by run: a heading, and for each score whether it is seen."""
    runs = []
    for curves in found.curves:
        lines = [(effect.effect == "best at k", str(effect)) for effect in curves.memory_effects]
        seen = sum(seen for seen, _ in lines)
        told = f"seen in {seen} of {words.amount(len(lines), 'score')}" if seen else "not seen"
        if lines:
            runs.append((f"{curves.name} ({curves.scheme}, k = {curves.k}): memory effect {told}", lines))
    return runs


def sequences(found: Evaluation) -> list[samples.Rows]:
    """Return sequences to look at, none of other data."""
    return samples.as_letters(found.reference, found.generated) if samples.is_sequences(found.reference) else []


def table(found: Evaluation) -> dict[str, Any]:
    """Return rows of a table to look at, nothing of other data."""
    columns = found.reference.columns
    if columns is None:
        return {}
    header = [*(["class"] if found.reference.classes else []), *(column.name for column in columns[: samples.COLUMNS])]
    sides = {"Real": found.reference, "Generated": found.generated}
    rows = {name: samples.as_cells(data.select(figures.spread(data, 8))) for name, data in sides.items()}
    return {"header": header, "sides": rows, "left_out": max(0, len(columns) - samples.COLUMNS)}


def settings(section: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the settings of a configuration with dotted names."""
    for name, value in section.items():
        if isinstance(value, Mapping):
            yield from settings(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
