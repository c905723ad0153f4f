"""One update of the parameters: clamped minus free statistics, summed over the free runs of a scheme."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from shortrun.dynamics import Noise, Stream, start, start_hidden
from shortrun.engine import Machine
from shortrun.engine import machine as machine_at
from shortrun.learning import labels
from shortrun.learning.schemes import HOLD_VISIBLE, Run, Scheme
from shortrun.models import LABEL, RBM, Clamp, Model
from shortrun.typing import State, Term, Theta, Weights

Missing = Literal["marginal", "impute"]


class Batch(NamedTuple):
    """Rows of the data as a model state; the label codes of rows without a label are arbitrary."""

    state: State
    weights: Weights
    missing: Tensor  # (C,) bool
    any_missing: bool


@dataclass(frozen=True, eq=False)
class Gradient:
    """What one minibatch says.

    Parameters
    ----------
    direction : Theta
        (P,) the weighted sum over runs of clamped minus free, uncentred.
    means : tuple[Tensor, ...]
        Of the data, (F,) observed features and (H,) hidden units: the centring offsets.
    chains : tuple[State, ...]
        For each run, the state it ended in.
    residuals : tuple[float, ...]
        For each run, the root mean square of clamped minus free over all parameters; empty if not asked for.
    """

    direction: Theta
    means: tuple[Tensor, ...]
    chains: tuple[State, ...]
    residuals: tuple[float, ...]


def gradient(
    model: Model,
    scheme: Scheme,
    theta: Theta,
    batch: Batch,
    previous: tuple[State | None, ...],
    noise: Noise,
    missing: Missing = "marginal",
    *,
    residuals: bool = False,
) -> Gradient:
    """Return sum_r w_r (<-dE>_data - <-dE>_run r) for one minibatch (FF23 eq. 5, theory 4.2).

    Parameters
    ----------
    previous : tuple[State | None, ...]
        For each free run the chains that a start at "previous" goes on from, None at the first update.
    noise : Noise
        Of this update; run r takes its stream plus r.
    missing : Missing, default "marginal"
        Rows without a label enter the data term with their exact marginal, or with the end of a k-step chain.
    residuals : bool, default False
        Whether to measure how far each run is from the data, which costs the statistics of each run once more.
    """
    machine = machine_at(model, theta)
    if isinstance(model, RBM) and batch.any_missing and missing == "impute":
        state = labels.impute(
            model, machine, batch.state, batch.missing, replace(noise, stream=Stream.LABELS), scheme.steps
        )
        batch = Batch(state, batch.weights, torch.zeros_like(batch.missing), False)
    batch = batch._replace(state=model.held(batch.state, theta.dtype))
    clamped = _clamped(model, machine, batch, scheme.steps, replace(noise, stream=Stream.CLAMPED))
    pairs: list[tuple[Term, Term]] = []
    for r, (free, before) in enumerate(zip(scheme.free, previous, strict=True)):
        data = clamped
        weights = batch.weights / batch.weights.sum()
        if batch.any_missing and HOLD_VISIBLE in free.clamp:
            # A row without a label has no answer to learn to predict: this run compares labelled rows only.
            known = batch.weights * ~batch.missing
            weights = known / known.sum().clamp(min=torch.finfo(known.dtype).tiny)
            data = (batch.state, weights)
        end = _free(model, machine, free, batch, before, replace(noise, stream=Stream.FREE + r))
        if free.start == "previous":  # persistent chains belong to no row of the data
            weights = weights.new_full((len(end[0]),), 1 / len(end[0]))
        pairs.append((data, (end, weights)))
    return Gradient(
        machine.statistics(_terms(scheme, pairs)),
        machine.means(*clamped),
        tuple(end for _, (end, _) in pairs),
        tuple(_residual(machine, pair) for pair in pairs) if residuals else (),
    )


def _terms(scheme: Scheme, pairs: list[tuple[Term, Term]]) -> list[Term]:
    """The weighted sum over runs of data minus end, the data of several runs as one term."""
    data: dict[int, Term] = {}
    for free, (term, _) in zip(scheme.free, pairs, strict=True):
        state, weights = term
        before = data[id(state)][1] if id(state) in data else 0
        data[id(state)] = (state, before + free.weight * weights)
    ends = [(end, -free.weight * weights) for free, (_, (end, weights)) in zip(scheme.free, pairs, strict=True)]
    return [*data.values(), *ends]


def _residual(machine: Machine, pair: tuple[Term, Term]) -> float:
    data, (end, weights) = pair
    difference = machine.statistics([data, (end, -weights)])
    return difference.norm().item() / difference.numel() ** 0.5


def _clamped(model: Model, machine: Machine, batch: Batch, steps: int, noise: Noise) -> Term:
    weights = batch.weights / batch.weights.sum()
    if batch.any_missing:
        assert isinstance(model, RBM), "a chaotic network has no law of a missing label"
        return labels.expand(model, machine, batch.state, weights, batch.missing)
    return machine.completed(batch.state, start_hidden(model, noise, len(weights)), steps), weights


def _free(model: Model, machine: Machine, free: Run, batch: Batch, before: State | None, noise: Noise) -> State:
    held = held_layers(model, free)
    state = batch.state
    if isinstance(model, RBM) and batch.any_missing and (LABEL in held or free.start == "data"):
        state = labels.draw(model, machine, state, batch.missing, replace(noise, stream=Stream.LABELS))
    if free.start == "previous" and before is not None:
        chains = before
    else:
        taken = [layer.name for layer in model.spec.observed] if free.start == "data" else held
        given = {la.name: x for la, x in zip(model.spec.observed, state, strict=True) if la.name in taken}
        chains = start(model, noise, free.chains or len(state[0]), given)
    return machine.run(chains, noise, steps=free.steps, clamp=Clamp(held))


def held_layers(model: Model, free: Run) -> tuple[str, ...]:
    """Return the layer names that a run holds: "visible" stands for every observed layer but the label."""
    visible = tuple(layer.name for layer in model.spec.observed if layer.name != LABEL)
    return tuple(name for held in free.clamp for name in (visible if held == HOLD_VISIBLE else (held,)))
