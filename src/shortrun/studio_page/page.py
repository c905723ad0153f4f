"""The page of a machine, one HTML file without network, and how large it gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shortrun.data import Dataset
from shortrun.errors import printable
from shortrun.models import RBM, ChaoticNetwork, Model
from shortrun.pages import template
from shortrun.phrases import counted
from shortrun.store import Trajectory, software_version
from shortrun.studio_page.payload import check_units, kind_form, known_rows_form, machine_form, network_form

TEMPLATE = Path(__file__).with_name("studio.html")
SCRIPTS = {path.stem: path for path in TEMPLATE.parent.glob("*.js")}
FRAME = 100_000  # bytes of the page without a machine, about


def studio_page(run: Trajectory, *, age: int, title: str = "", known: Dataset | None = None) -> str:
    """Return a page that runs the machine of a run: the same run gives the same bytes.

    Parameters
    ----------
    run : Trajectory
        A run.
    age : int
        Age of the machine.
    title : str, default ""
        Title of the page; the name of the folder by default.
    known : Dataset, optional
        Training samples to put into the page, where anyone can read them.

    Returns
    -------
    str
        The page.

    Raises
    ------
    ConfigError
        For units, or data, that the page cannot draw.
    MissingExtraError
        If jinja2 is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> run = sr.fit(sr.read("digits"), out=tempfile.mkdtemp() + "/run", hidden=8, updates=2)
    >>> "<title>ten digits: studio</title>" in studio_page(run, age=2, title="ten digits")
    True
    """
    name = run.path.resolve().name
    data: dict[str, Any] = {
        "machine": form_of(run, age),
        "kind": kind_form(run.kind),
        "classes": [*map(printable, run.classes)],
        "counts": run.data["class_counts"] if run.classes else [],
        "k": run.recipe["steps"],
        "run": printable(name),  # where it lies is nobody's business
        "options": " ".join(([f"--age {age}"] if age != run.best("generate") else []) + ["--raw"] * run.raw),
        "known": None if known is None else known_rows_form(known, run.classes),
    }
    return template(TEMPLATE).render(
        title=title or name,
        facts=facts(run, age),
        notes=notes(run, known),
        same=sameness(data["machine"]),
        rbm=isinstance(run.model, RBM),
        footer=f"shortrun {software_version()}. The page is one file, asks nothing of the network and keeps nothing.",
        data=data,
        scripts={name: path.read_text(encoding="utf-8") for name, path in SCRIPTS.items()},
    )


def form_of(run: Trajectory, age: int) -> dict[str, Any]:
    """Return the machine of a run at an age as the page runs it."""
    if isinstance(run.model, RBM):
        return machine_form(run.model, run.at(age), run.sites)
    assert isinstance(run.model, ChaoticNetwork)
    return network_form(run.model, run.at(age), run.sites)


def size_of(run: Trajectory, known: int = 0) -> int:
    """Return about how many bytes the page of a run has, before any of it is made.

    Parameters
    ----------
    run : Trajectory
        A run.
    known : int, default 0
        Training samples in the page.

    Raises
    ------
    ConfigError
        For units, or data, that the page cannot draw.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> run = sr.fit(sr.read("digits"), out=tempfile.mkdtemp() + "/run", hidden=8, updates=2)
    >>> size_of(run) < 200_000
    True
    """
    names = sum(map(len, kind_form(run.kind)["names"]))
    return FRAME + 4 * (bytes_of(run.model) + known * run.sites) // 3 + 2 * names


def bytes_of(model: Model) -> int:
    """Return about how many bytes the numbers of a machine have."""
    if not isinstance(model, RBM):
        return 8 * model.size()  # couplings in both directions
    check_units(model)
    features, hidden = model.shape
    starts = 0 if model.profile is None else model.profile.numel()
    return 2 * features * hidden + 4 * (features + hidden + starts)


def facts(run: Trajectory, age: int | None = None) -> str:
    """Return what the machine is, in a line; of one age, or of all."""
    recipe, model = run.recipe, run.model
    classes = f"{counted(len(run.classes), 'class')}, " if run.classes else ""
    hidden = counted(run.hidden if isinstance(run.hidden, int) else sum(run.hidden), "hidden unit")
    about = f"{run.kind.extent}, {classes}{hidden}" + ("" if age is None else f", age {age:,}")
    if not isinstance(model, RBM):
        steps = counted(recipe["steps"], "Euler step")
        return f"A chaotic network: {about}. Samples are k = {steps} from random potentials."
    noise = "the profile of the class" if model.profile is not None and run.classes else "uniform noise"
    return (
        f"A restricted Boltzmann machine: {about}. "
        f"Samples are k = {counted(recipe['steps'], 'sweep')} from {noise}, as it was trained ({recipe['name']})."
    )


def notes(run: Trajectory, known: Dataset | None) -> Sequence[str]:
    """Return what a reader of the page has to know of its limits."""
    found = []
    if known is not None:
        found.append(f"This page holds {counted(len(known), 'training sample')}: whoever has it can read them.")
    if run.kind.is_binned:
        found.append(
            "Numbers stand for their bin, as its median; files of generate have numbers drawn within the bins."
        )
    return found


def sameness(form: Mapping[str, Any]) -> str:
    """Return how the samples of the page and those of the command line agree."""
    if "family" in form and form["whole"]:
        return (
            "The page has rates and couplings in the same steps of 8 bits and starts from the same potentials: samples "
            "are equal but where a number of the start differs in its last place."
        )
    if "family" in form:
        return (
            "The page starts from the same potentials and has the same couplings in float32; as a chaotic network "
            "makes roundings grow, samples are alike rather than equal, and the less the longer it runs."
        )
    if form["type"] == "int16":
        return (
            "The page has the weights as the C kernels round them and draws with their noise and arithmetic: the "
            "samples are equal, site by site, where the kernels run."
        )
    return (
        "The page has the weights in float32 and draws with the same noise: samples are equal but where a uniform is "
        "within rounding of its threshold."
    )
