"""The model card of a run: what it is, what it learned from, how good it is, how to use it."""

from __future__ import annotations

from shortrun.errors import printable
from shortrun.jsons import dumps
from shortrun.phrases import counted
from shortrun.scores import Evaluation, Scores
from shortrun.store import Trajectory

TAGS = ("shortrun", "restricted-boltzmann-machine", "generative-model")
LISTED = 20  # classes


def card(run: Trajectory, name: str, *, licence: str | None = None, evaluation: Evaluation | None = None) -> str:
    """Return a model card in Markdown, with the header that the Hub reads.

    Parameters
    ----------
    run : Trajectory
        The run.
    name : str
        Where it will be, as "user/name".
    licence : str, optional
        The Hub's word for it, as "mit"; a card without one says so.
    evaluation : Evaluation, optional
        What `evaluate` found, for its scores.
    """
    about, recipe, data = run.info(), run.recipe, run.data
    header = ["library_name: shortrun", "tags:", *(f"- {tag}" for tag in TAGS)]
    header += [] if licence is None else [f"license: {dumps(licence)}"]
    best = ", ".join(f"to {task} {age:,}" for task, age in (about["best"] or {}).items())
    facts = {
        "Model": f"{about['units']} units at {run.sites:,} sites, hidden units {run.hidden}, "
        f"{counted(about['parameters'], 'parameter')}",
        "Recipe": f"{recipe['name']}, k = {counted(recipe['steps'], 'sweep')} from {recipe['start']} starts, "
        f"hidden rule {recipe['hidden_rule']}",
        "Training": f"{counted(run.updates, 'update')}; {run.outlook.reason}",
        "Ages": f"{len(run.ages):,} up to {max(run.ages, default=0):,}" + (f"; best {best}" if best else ""),
        "Data": f"{counted(data['rows'], 'sample')}, sha256 {data['hash']}",
        "Classes": ", ".join(run.classes[:LISTED]) + (", ..." if len(run.classes) > LISTED else "") or "none",
        "Licence": licence or "not stated",
    }
    lines = ["---", *header, "---", "", f"# {plain(name.rpartition('/')[2])}", ""]
    lines += ["A generator of labelled data, trained out of equilibrium with shortrun.", ""]
    lines += ["| | |", "|---|---|", *(f"| {fact} | {plain(str(value))} |" for fact, value in facts.items()), ""]
    lines += [f"- {plain(note)}" for note in about["notes"]] + [""] * bool(about["notes"])
    lines += ["## How good it is", "", *scored(evaluation), "", "## How to use it", "", "```python"]
    lines += ["import shortrun as sr", "", f"run = sr.Trajectory.from_hub({name!r})"]
    lines += ["samples = sr.generate(run, n=100)"]
    lines += ["found = sr.predict(run, samples)"] if run.classes else []
    return "\n".join([*lines, "```", ""])


def scored(evaluation: Evaluation | None) -> list[str]:
    """Return the scores as lines of Markdown; one that says so without any."""
    if evaluation is None:
        return ["Not evaluated: `sr.evaluate(run, test)` says how good its samples are."]
    found = Scores(evaluation.scores)
    made = f"{counted(len(evaluation.generated), 'sample')} after {counted(evaluation.steps, 'sweep')}"
    lines = [f"{plain(found.said()[1].strip())} Of {made} at age {evaluation.age:,}.", ""]
    lines += [f"**{plain(leak)}**" for leak in evaluation.leaks]
    lines += ["| score | value | error | of real samples | verdict |", "|---|---|---|---|---|"]
    rows = found.first_rows()[["score", "value", "error", "floor", "verdict"]].itertuples(index=False)
    return [*lines, *(f"| {s} | {v:.4g} | {e:.2g} | {f:.4g} | {said} |" for s, v, e, f, said in rows)]


def plain(text: str) -> str:
    """Return a text that is text in Markdown too, on one line."""
    return "".join(f"\\{it}" if it in "\\`*_[]<>|#" else it for it in printable(text))
