"""Which machine runs a model: the fastest that knows it, and why no faster one does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias, overload

import torch
from torch import Tensor

from shortrun import parallel
from shortrun.engine import native
from shortrun.engine.chaotic import ChaoticMachine
from shortrun.engine.cpu import CpuMachine
from shortrun.engine.gpu import GpuMachine
from shortrun.engine.interface import EnergyMachine, HasLabelPosterior, Machine, RunsWithEnergy
from shortrun.engine.lookup import LookupMachine
from shortrun.engine.plain import PlainMachine
from shortrun.engine.rounded import RoundedMachine
from shortrun.engine.scaled import Line
from shortrun.engine.shared import SharedEnergies, shared
from shortrun.engine.sites import SitesMachine
from shortrun.errors import ParallelError
from shortrun.models import RBM, ChaoticNetwork, Model, RBMPart
from shortrun.typing import State, Theta

Attempt: TypeAlias = Callable[[Any, Theta], Machine | str]  # a machine, or in words why there is none

ENGINES: Mapping[str, Mapping[str, Attempt]] = {  # of a family of models, the fastest first
    "rbm": {kind.name: kind.attempt for kind in (GpuMachine, LookupMachine, CpuMachine, PlainMachine)},
    "part": {SitesMachine.name: SitesMachine.attempt},  # of an RBM, where processes share the sites
    "chaotic": {kind.name: kind.attempt for kind in (RoundedMachine, ChaoticMachine)},
}

WITHOUT_KERNELS = "an update takes 10 to 20 times as long as with them"  # docs/performance.md


class Choice(NamedTuple):
    """Which engine runs a model.

    Parameters
    ----------
    name : str
        "gpu", "lookup", "cpu", "plain"; "rounded" or "chaotic" of a chaotic network.
    reason : str
        How it computes.
    passed_over : Mapping[str, str]
        The faster engines by name, and why each was not taken.
    """

    name: str
    reason: str
    passed_over: Mapping[str, str]


def choice(model: Model, theta: Theta, *, exact: bool = False) -> Choice:
    """Say which engine `machine` takes, and why.

    Parameters
    ----------
    model : Model
        What runs.
    theta : Theta
        (P,); its device, precision and size of weights decide, too.
    exact : bool, default False
        As in `machine`.

    Returns
    -------
    Choice
        The engine, how it computes, and why faster ones were passed over.

    Examples
    --------
    >>> import torch
    >>> from shortrun import engine
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 3, Bernoulli()), Layer("hidden", 2, Bernoulli()))))
    >>> engine.choice(model, torch.zeros(model.size(), dtype=torch.float64)).name
    'plain'
    """
    attempts = dict(_attempts(model, theta, exact))
    name, ready = attempts.popitem()
    assert not isinstance(ready, str)
    return Choice(name, ready.reason, {other: str(reason) for other, reason in attempts.items()})


def foreseen(model: Model, device: torch.device) -> str:
    """Say in a line which engine a training will take, whatever its weights, and what it costs if it is a slow one.

    Parameters
    ----------
    model : Model
        What learns.
    device : torch.device
        Where.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> import torch
    >>> from shortrun import engine
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Gaussian
    >>> model = RBM(Spec((Layer("visible", 3, Gaussian()), Layer("hidden", 2, Gaussian()))))
    >>> engine.foreseen(model, torch.device("cpu")).startswith("plain torch, ")
    True
    """
    if not isinstance(model, RBM):
        assert isinstance(model, ChaoticNetwork)
        reason = RoundedMachine.refusal(model, torch.empty(0, device=device))
        return f"torch, {reason}" if reason else RoundedMachine.way()
    weightless = torch.empty(0, device=device)
    if not GpuMachine.refusal(model, weightless):
        return "Triton kernels"
    reason = CpuMachine.refusal(model, weightless) if weightless.is_cpu else GpuMachine.refusal(model, weightless)
    if not reason:
        return f"C kernels ({native.path()})"
    cost = f": {WITHOUT_KERNELS}" if weightless.is_cpu and not native.available() else ""
    return f"plain torch, {reason}{cost}"


def sites_refusal(model: RBM, device: torch.device) -> str:
    """Return why processes cannot share the sites of a model, "" where they can."""
    return SitesMachine.refusal(model, torch.empty(0, device=device))


@overload
def machine(model: RBM, theta: Theta, *, exact: bool = False) -> EnergyMachine: ...
@overload
def machine(model: Model, theta: Theta, *, exact: bool = False) -> Machine: ...
def machine(model: Model, theta: Theta, *, exact: bool = False) -> Machine:
    """Return the fastest machine that knows the model's units, on the device and in the precision of theta.

    Processes that share their work (`parallel.sharing`) each get the machine that all of them run together.

    Parameters
    ----------
    model : Model
        What runs.
    theta : Theta
        (P,). The machine may keep views of it: make a new one after a change.
    exact : bool, default False
        Take the weights as they are: no engine that rounds them; each process runs all of the chains, since sums of
        floats over some of them would depend on how many these are.

    Returns
    -------
    Machine
        An `EnergyMachine` if the model is an RBM.

    Raises
    ------
    ParallelError
        If processes share the sites, and the weights are too large for the one engine that can.

    Examples
    --------
    >>> import torch
    >>> from shortrun import engine
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 3, Bernoulli()), Layer("hidden", 2, Bernoulli()))))
    >>> engine.machine(model, torch.zeros(model.size())).free_energy((torch.zeros(1, 3, dtype=torch.uint8),))
    tensor([-1.3863], dtype=torch.float64)
    """
    *_, (_, ready) = _attempts(model, theta, exact)
    if isinstance(ready, str):
        raise ParallelError(f"processes cannot share the sites: {ready}")
    mesh = parallel.current()
    return shared(ready, None if mesh is None or exact else mesh.rows)


def line(model: RBM, reference: Theta, theta: Theta) -> Callable[[float], RunsWithEnergy]:
    """Return the machines on the straight line from parameters without couplings to others, as a function of s.

    Parameters
    ----------
    model : RBM
        What runs.
    reference, theta : Theta
        (P,) at s = 0, without couplings, and at s = 1.

    Returns
    -------
    Callable[[float], RunsWithEnergy]
        Where weights are rounded, those at s are s times the rounded weights of theta.

    Examples
    --------
    >>> import torch
    >>> from shortrun import engine
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 3, Bernoulli()), Layer("hidden", 2, Bernoulli()))))
    >>> at = engine.line(model, torch.zeros(model.size()), torch.ones(model.size()))
    >>> [round(at(s).free_energy((torch.zeros(1, 3, dtype=torch.uint8),)).item(), 4) for s in (0, 0.5)]
    [-1.3863, -1.9482]
    """
    *_, (_, whole) = _attempts(model, theta, exact=False)
    if type(whole) is not LookupMachine:
        return lambda s: machine(model, torch.lerp(reference, theta, s))
    mesh, at = parallel.current(), Line(whole, reference).at
    if mesh is None or mesh.rows.count == 1:
        return at
    return lambda s: SharedEnergies(at(s), mesh.rows)


def _attempts(model: Model, theta: Theta, exact: bool) -> Iterator[tuple[str, Machine | str]]:
    """Yield the name of each engine and why it is passed over; the last one with its machine."""
    for name, attempt in ENGINES["part" if isinstance(model, RBMPart) else model.family].items():
        rounds = name not in (PlainMachine.name, ChaoticMachine.name)
        found = "exact weights were asked for" if exact and rounds else attempt(model, theta)
        yield name, found
        if not isinstance(found, str):
            return


def label_posterior(machine: Machine) -> Callable[[State], Tensor] | None:
    """Return the exact ln p(label | other observed layers) as a function of a state; None without such a formula."""
    return machine.label_log_probabilities if isinstance(machine, HasLabelPosterior) else None
