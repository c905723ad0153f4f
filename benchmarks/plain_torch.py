"""F&F updates in plain torch, for comparison with the package.

| class | what it is |
|---|---|
| `Eager` | the package's own estimator, with torch's random numbers: a straightforward implementation |
| `Tuned` | the same with the fastest draws in torch and nothing computed twice: an expert's implementation |

Both write through views into one flat theta, so that `RBM` can evaluate the result.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from shortrun.models import RBM
from shortrun.typing import Theta


class Sample(NamedTuple):
    """Features (C, F) of the visibles, one-hot labels (C, K), and values or means (C, H) of the hidden layer."""

    visible: Tensor
    label: Tensor
    hidden: Tensor


class Moments(NamedTuple):
    """Means over chains, shaped like the parameters."""

    weight: Tensor
    label_weight: Tensor
    visible: Tensor
    label: Tensor
    hidden: Tensor


class Eager:
    """An F&F update in a dozen operations: sampled hidden layer, E[h | x] in the statistics, centred gradient.

    Parameters
    ----------
    theta : Theta
        (P,), modified in place.
    steps : int, default 10
        k of both runs.
    generate, predict : float, default 1.0
        Weights of the two gradients.
    label_l2 : float, default 0.0
        Penalty on the label's weights.
    """

    def __init__(
        self,
        model: RBM,
        theta: Theta,
        *,
        steps: int = 10,
        generate: float = 1.0,
        predict: float = 1.0,
        label_l2: float = 0.0,
    ):
        visible, label = model.spec.observed
        weight, bias, self.hidden_bias = model.view(theta)
        features = model.slices[0].stop
        self.weight, self.label_weight = weight[:features], weight[features:]
        self.bias, self.label_bias = bias[:features], bias[features:]
        self.sites, self.colours, self.classes = visible.sites, visible.units.levels, label.units.levels
        self.steps, self.generate, self.predict, self.label_l2 = steps, generate, predict, label_l2

    @torch.no_grad()
    def update(self, codes: Tensor, labels: Tensor, rate: float) -> None:
        """Move the parameters along both gradients for one minibatch of codes (C, S) and label codes (C,)."""
        visible, label = self.features(codes), one_hot(labels.long(), self.classes).float()
        data = Sample(visible, label, self.hidden_mean(visible, label))
        self.learn(data, self.generated(label), self.predicted(visible), rate)

    def learn(self, data: Sample, generated: Sample, predicted: Sample, rate: float) -> None:
        """Take the step: the sum of both gradients, centred, then the zero-sum gauge."""
        offset = means(data)
        clamped = centred_moments(data, offset)
        free = centred_moments(generated, offset), centred_moments(predicted, offset)
        self.ascend(self.difference(clamped, *free), offset, rate)
        self.to_gauge()

    def difference(self, clamped: Moments, generated: Moments, predicted: Moments) -> Moments:
        """Return the weighted sum of clamped minus free over both runs."""
        g, p = self.generate, self.predict
        return Moments(*((g + p) * c - g * a - p * b for c, a, b in zip(clamped, generated, predicted, strict=True)))

    def ascend(self, gradient: Moments, offset: Sample, rate: float) -> None:
        """Move along a centred gradient."""
        weight, label_weight, visible, label, hidden = gradient
        self.bias += rate * (visible - weight @ offset.hidden)
        self.label_bias += rate * (label - label_weight @ offset.hidden)
        self.hidden_bias += rate * (hidden - offset.visible @ weight - offset.label @ label_weight)
        self.weight += rate * weight
        self.label_weight += rate * (label_weight - self.label_l2 * self.label_weight)

    def to_gauge(self) -> None:
        """Subtract the means over colours and classes; the hidden bias compensates the change."""
        for weight, bias, width in (
            (self.weight, self.bias, self.colours if self.colours > 2 else 1),
            (self.label_weight, self.label_bias, self.classes),
        ):
            if width > 1:
                by_colour = weight.unflatten(0, (-1, width))
                mean = by_colour.mean(1, keepdim=True)
                by_colour -= mean
                self.hidden_bias += mean.sum((0, 1))
                fields = bias.unflatten(0, (-1, width))
                fields -= fields.mean(1, keepdim=True)

    # The two runs

    def generated(self, label: Tensor) -> Sample:
        """Return visibles after k sweeps from noise with the labels held."""
        visible = self.random_visible(len(label))
        for _ in range(self.steps):
            visible = self.draw_visible(self.draw_bits(self.hidden_mean(visible, label)))
        return Sample(visible, label, self.hidden_mean(visible, label))

    def predicted(self, visible: Tensor) -> Sample:
        """Return labels after k sweeps from noise with the visibles held."""
        label = self.random_label(len(visible))
        for _ in range(self.steps):
            label = self.draw_label(self.draw_bits(self.hidden_mean(visible, label)))
        return Sample(visible, label, self.hidden_mean(visible, label))

    # One layer given the other

    def features(self, codes: Tensor) -> Tensor:
        """Return bits unchanged, colours one-hot."""
        return codes.float() if self.colours == 2 else one_hot(codes.long(), self.colours).flatten(1).float()

    def hidden_mean(self, visible: Tensor, label: Tensor) -> Tensor:
        """Return E[h | v, l]."""
        return torch.sigmoid(visible @ self.weight + label @ self.label_weight + self.hidden_bias)

    def draw_visible(self, hidden: Tensor) -> Tensor:
        """Draw v given h."""
        field = hidden @ self.weight.T + self.bias
        if self.colours == 2:
            return self.draw_bits(torch.sigmoid(field))
        return self.draw_colours(field.view(-1, self.colours)).view_as(field)

    def draw_label(self, hidden: Tensor) -> Tensor:
        """Draw l given h."""
        return self.draw_colours(hidden @ self.label_weight.T + self.label_bias)

    def random_visible(self, rows: int) -> Tensor:
        """Return visibles from p0."""
        return self.features(torch.randint(self.colours, (rows, self.sites)))

    def random_label(self, rows: int) -> Tensor:
        """Return labels from p0."""
        return one_hot(torch.randint(self.classes, (rows,)), self.classes).float()

    def draw_bits(self, mean: Tensor) -> Tensor:
        """Draw bits with these means."""
        return torch.bernoulli(mean)

    def draw_colours(self, field: Tensor) -> Tensor:
        """Draw one colour per row of (N, q) fields, one-hot."""
        return scattered(torch.multinomial(torch.softmax(field, 1), 1), field)


class Tuned(Eager):
    """The same update, faster: draws by comparison and by bisection, the field of fixed visibles computed once,
    centring of the moments in place of the samples."""

    def predicted(self, visible: Tensor) -> Sample:
        label = self.random_label(len(visible))
        held = torch.addmm(self.hidden_bias, visible, self.weight)
        for _ in range(self.steps):
            label = self.draw_label(self.draw_bits(torch.addmm(held, label, self.label_weight).sigmoid_()))
        return Sample(visible, label, torch.addmm(held, label, self.label_weight).sigmoid_())

    def hidden_mean(self, visible: Tensor, label: Tensor) -> Tensor:
        return torch.addmm(self.hidden_bias, visible, self.weight).addmm_(label, self.label_weight).sigmoid_()

    def draw_bits(self, mean: Tensor) -> Tensor:
        return (torch.rand_like(mean) < mean).float()

    def draw_colours(self, field: Tensor) -> Tensor:
        cumulative = torch.softmax(field, 1).cumsum(1)
        drawn = torch.searchsorted(cumulative, torch.rand(len(field), 1)).clamp_(max=field.shape[1] - 1)
        return scattered(drawn, field)

    def learn(self, data: Sample, generated: Sample, predicted: Sample, rate: float) -> None:
        offset = means(data)
        gradient = self.difference(*(centred_moments(sample, None) for sample in (data, generated, predicted)))
        for weight, side in ((gradient.weight, "visible"), (gradient.label_weight, "label")):
            weight.addr_(getattr(offset, side), gradient.hidden, alpha=-1)
            weight.addr_(getattr(gradient, side), offset.hidden, alpha=-1)
        self.ascend(gradient, offset, rate)
        self.to_gauge()


def means(sample: Sample) -> Sample:
    """Return the means over chains."""
    return Sample(*(x.mean(0) for x in sample))


def centred_moments(sample: Sample, offset: Sample | None) -> Moments:
    """Return the means of a sample, those of products around `offset` (None: around 0)."""
    visible, label, hidden = sample if offset is None else (x - c for x, c in zip(sample, offset, strict=True))
    rows = len(hidden)
    return Moments(visible.T @ hidden / rows, label.T @ hidden / rows, *means(sample))


def scattered(codes: Tensor, like: Tensor) -> Tensor:
    """Return (N, 1) codes one-hot."""
    return torch.zeros_like(like).scatter_(1, codes, 1.0)
