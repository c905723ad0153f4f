"""One update of the parameters: clamped minus free statistics, summed over the free runs of a scheme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from shortrun.dynamics import Noise, Run, Scheme, Stream, start
from shortrun.dynamics.scheme import HOLD_VISIBLE
from shortrun.engine import Machine, Optimiser, Step, machine
from shortrun.learning import labels
from shortrun.learning.modes import size_of
from shortrun.learning.rates import Damping
from shortrun.models import LABEL, RBM, Clamp, Model, Training
from shortrun.settings.training import OptimiserSettings
from shortrun.typing import State, Term, Theta, Weights

Missing = Literal["marginal", "impute"]


class Batch(NamedTuple):
    """Rows of the data as values of the layers; the label codes of rows without a label are arbitrary."""

    state: State
    weights: Weights
    missing: Tensor  # (C,) bool
    any_missing: bool


@dataclass(frozen=True, eq=False)
class Gradient:
    """The gradient of one minibatch, and what the next update needs.

    Parameters
    ----------
    direction : Theta
        (P,) the weighted sum over runs of clamped minus free, uncentred.
    means : tuple[Tensor, ...]
        Means over the data of the observed features (F,) and hidden units (H,): the centring offsets.
    chains : tuple[State, ...]
        For each run, the state it ended in.
    residuals : tuple[float, ...]
        For each run, the root mean square of clamped minus free over all parameters; empty if not asked for.
    """

    direction: Theta
    means: tuple[Tensor, ...]
    chains: tuple[State, ...]
    residuals: tuple[float, ...]


class Comparison(NamedTuple):
    """The data beside the end of one free run."""

    data: Term
    end: Term
    weight: float


@dataclass(frozen=True)
class Learner:
    """One whole update in place: the gradient of a minibatch, then a step along it.

    Parameters
    ----------
    model : Model
        That learns.
    scheme : Scheme
        Its free runs.
    settings : OptimiserSettings
        Centring, penalties, the label's own rate.
    missing : Missing, default "marginal"
        How rows without a label take part, see `gradient`.
    damping : Damping, optional
        Of the strong modes of the data, for an RBM.
    """

    model: Model
    scheme: Scheme
    settings: OptimiserSettings
    missing: Missing = "marginal"
    damping: Damping | None = None

    def __call__(
        self,
        training: Training,
        optimiser: Optimiser,
        batch: Batch,
        noise: Noise,
        rate: float,
        *,
        residuals: bool = False,
    ) -> tuple[float, ...]:
        """Move theta, the moments and the persistent chains of a training; return the residuals if asked for.

        The gradient itself is not returned: it is as large as theta.
        """
        found = gradient(
            *(self.model, self.scheme, training.theta, batch, training.chains, noise, self.missing), residuals=residuals
        )
        if self.damping is not None and isinstance(self.model, RBM):
            centre = found.means if self.settings.centred else tuple(map(torch.zeros_like, found.means))
            self.damping(self.model, found.direction, centre)
        step = Step(self.model, self.settings)
        step(training.theta, found.direction, found.means, optimiser, rate, noise.update)
        training.chains = tuple(
            end if run.start == "previous" else None for run, end in zip(self.scheme.free, found.chains, strict=True)
        )
        return found.residuals


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
    model : Model
        That learns.
    scheme : Scheme
        Its free runs.
    theta : Theta
        (P,) its parameters.
    batch : Batch
        The minibatch.
    previous : tuple[State | None, ...]
        For each free run the chains that a start at "previous" continues, None at the first update.
    noise : Noise
        Noise of this update; run r takes its stream plus r.
    missing : Missing, default "marginal"
        Rows without a label enter the data term with their exact marginal, or with the end of a k-step chain.
    residuals : bool, default False
        Whether to measure how far each run is from the data, which costs the statistics of each run once more.

    Returns
    -------
    Gradient
        The direction, and what the next update needs.
    """
    ready = machine(model, theta)
    batch = _prepared(ready, batch, missing, noise, scheme.steps)
    clamped = _clamped(ready, batch, noise, scheme.steps)
    runs = enumerate(zip(scheme.free, previous, strict=True))
    compared = [_compared(ready, run, batch, clamped, before, noise, r) for r, (run, before) in runs]
    return Gradient(
        ready.statistics(_terms(compared)),
        ready.means(*clamped),
        tuple(one.end[0] for one in compared),
        tuple(_residual(ready, one) for one in compared) if residuals else (),
    )


def _prepared(ready: Machine, batch: Batch, missing: Missing, noise: Noise, steps: int) -> Batch:
    """Return the minibatch as a state that stays as it is, with the missing labels filled in if they are imputed."""
    state = ready.model.to_state(batch.state, ready.theta.dtype)
    ready.keep(state)
    if not (batch.any_missing and missing == "impute"):
        return batch._replace(state=state)
    state = labels.impute(ready, state, batch.missing, replace(noise, stream=Stream.LABELS), steps)
    ready.keep(state)
    return Batch(state, batch.weights, torch.zeros_like(batch.missing), False)


def _clamped(ready: Machine, batch: Batch, noise: Noise, steps: int) -> Term:
    weights = batch.weights / batch.weights.sum()
    if batch.any_missing:
        term = labels.expand(ready, batch.state, weights, batch.missing)
        ready.keep(term[0])
        return term
    return _settled(ready, batch.state, noise, steps), weights


def _settled(ready: Machine, state: State, noise: Noise, steps: int) -> State:
    """Return observed layers with the hidden units that they pull along."""
    hidden = ready.model.start_hidden(replace(noise, stream=Stream.CLAMPED), len(state[0]))
    return ready.settle(state, hidden, steps)


def _compared(
    ready: Machine, run: Run, batch: Batch, clamped: Term, before: State | None, noise: Noise, r: int
) -> Comparison:
    """Do the r-th run, and return it beside the data."""
    weights, data, own = batch.weights / batch.weights.sum(), clamped, replace(noise, stream=Stream.FREE + r)
    if batch.any_missing and HOLD_VISIBLE in run.clamp:  # a row without a label has no answer to learn to predict
        known = batch.weights * ~batch.missing
        weights = known / known.sum().clamp(min=torch.finfo(known.dtype).tiny)
        data = batch.state, weights
    if run.swapped:
        batch = batch._replace(state=labels.swapped(ready, batch.state, run, own))
        data = _settled(ready, batch.state, noise, run.steps), weights
    end = _free(ready, run, batch, before, own)
    if run.start == "previous":  # persistent chains belong to no row of the data
        weights = weights.new_full((len(end[0]),), 1 / len(end[0]))
    return Comparison(data, (end, weights), run.weight)


def _free(ready: Machine, run: Run, batch: Batch, before: State | None, noise: Noise) -> State:
    model, state, held = ready.model, batch.state, run.held_layers(ready.model)
    if batch.any_missing and (LABEL in held or run.start == "data"):
        state = labels.draw(ready, state, batch.missing, replace(noise, stream=Stream.LABELS))
    if run.start == "previous" and before is not None:
        chains = before
    else:
        taken = [layer.name for layer in model.spec.observed] if run.start == "data" else held
        given = {la.name: x for la, x in zip(model.spec.observed, state, strict=True) if la.name in taken}
        chains = start(model, noise, run.chains or len(state[0]), given)
    return ready.run(chains, noise, steps=run.steps, clamp=Clamp(held))


def _terms(compared: Sequence[Comparison]) -> list[Term]:
    """Return the weighted sum over runs of data minus end, the same data of several runs as one term."""
    data: dict[int, Term] = {}
    for one in compared:
        state, weights = one.data
        before = data[id(state)][1] if id(state) in data else 0
        data[id(state)] = (state, before + one.weight * weights)
    ends = [(one.end[0], -one.weight * one.end[1]) for one in compared]
    return [*data.values(), *ends]


def _residual(ready: Machine, one: Comparison) -> float:
    end, weights = one.end
    return root_mean_square(ready.model, ready.statistics([one.data, (end, -weights)]))


def root_mean_square(model: Model, difference: Theta) -> float:
    """Return that of numbers like theta; of an RBM over all processes that share its sites."""
    if not isinstance(model, RBM):
        return difference.norm().item() / difference.numel() ** 0.5
    weight, bias, hidden_bias = model.view(difference)
    total = hidden_bias.double().square().sum()

    def product(chunk: slice) -> Tensor:  # row by row: the order of a sum does not depend on the number of threads
        return weight[chunk].double().square().sum(1).add_(bias[chunk].double().square()).sum()

    def sizes(rows: slice) -> list[float]:
        return [float(weight.shape[1] + 1), *[max(size_of(weight[rows]), size_of(bias[rows]))] * 2]

    for i in range(len(model.spec.observed)):
        total += model.sum_of_chunks(i, product, total, sizes)
    return (total.item() / model.undivided().size()) ** 0.5
