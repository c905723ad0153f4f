"""What samples of a class start from: independent sites with the frequencies of some of its samples that are alike.

A digit is written in several ways, a population has several ancestries. Chains that start near one of them have less to
find in k sweeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from shortrun.dynamics import Noise, Stream
from shortrun.learning.rows import Rows
from shortrun.models import RBM, STREAMED, AnyLayer, Model
from shortrun.models.sums import step_of

PRIOR = 5.0  # samples, by which a profile leans on that of its class, and this on that of all
ROWS_AT_ONCE = 4096  # of the data, for their frequencies
AT_ONCE = 128  # rows whose codes are counted in bytes, at most 255
ENOUGH = 25  # samples of a class for each of its profiles
FEWEST = 8  # samples of a profile: that of fewer would show them
MEMBERS, FEATURES = 2000, 2048  # of a class, at most, by which it is divided
LARGEST = 2**24  # numbers of all profiles: data of many sites have fewer
ROUNDS = 10
FINEST = 2.0**-10  # step of what distances are computed from: their sums are exact in float64, so the same in any order


class Groups(NamedTuple):
    """Samples that are alike, class by class: of_rows (N,), -1 for those without a label, and of_class (R,)."""

    of_rows: Tensor
    of_class: Tensor


def profile(model: RBM, rows: Rows, groups: Groups) -> Tensor:
    """Return the fields (R, F) of independent sites with the frequencies of each group.

    In the columns of the label stands which share of each class starts from it. The frequencies of a group are mixed
    with those of its class, as if it had PRIOR more samples, these likewise with those of all samples, and these with
    the uniform distribution, as the first parameters are (`RBM.initial_theta`).
    """
    assert model.spec.label is not None
    of_class, label = groups.of_class, model.slices[model.spec.label]
    classes, known = label.stop - label.start, groups.of_rows >= 0
    weights, count = rows.weights.double(), len(of_class)
    of_rows = torch.where(known, groups.of_rows, count)  # rows without a label are one more group
    mass = weights.new_zeros(count + 1).index_add_(0, of_rows, weights)[:count]

    def by_class(of_groups: Tensor) -> Tensor:
        return of_groups.new_zeros(classes, *of_groups.shape[1:]).index_add_(0, of_class, of_groups)

    whole, alone = by_class(mass), by_class(torch.ones_like(mass))[of_class] == 1
    fields = torch.zeros(count, model.shape[0], device=weights.device)
    shares = torch.where(alone, 1.0, mass / whole[of_class].clamp(min=1e-300))
    fields[torch.arange(count), label.start + of_class] = shares.float()
    for i, (layer, place) in enumerate(zip(model.spec.observed, model.slices, strict=True)):
        if i != model.spec.label:
            sums = weighted_sums(layer, rows, i, rows.weights, of_rows, count + 1)
            rows.sums[i], sums = sums.sum(0, keepdim=True), sums[:count]
            every, alpha = mean(model, rows, i, None)
            every = (1 - alpha) * every.double() + alpha * layer.units.mean(torch.zeros_like(every))
            of_classes = ((by_class(sums) + PRIOR * every) / (whole[:, None] + PRIOR))[of_class]
            means = torch.where(alone[:, None], of_classes, (sums + PRIOR * of_classes) / (mass[:, None] + PRIOR))
            fields[:, place] = layer.units.field_of_mean(means).float()
    return fields


def mean(model: Model, rows: Rows, i: int, pseudo_count: float | None) -> tuple[Tensor, float]:
    """Return the mean features (1, F_i) of the i-th observed layer, and the pseudo-count: 1 / M_eff by default."""
    if i == model.spec.label:
        rows = rows.select(torch.nonzero(~rows.missing)[:, 0])
    alpha = 1 / (1 + rows.weights.sum().item()) if pseudo_count is None else min(pseudo_count, 1.0)
    if i not in rows.sums:
        all_of_them = torch.zeros(len(rows), dtype=torch.long, device=rows.weights.device)
        rows.sums[i] = weighted_sums(model.spec.observed[i], rows, i, rows.weights, all_of_them, 1)
    return rows.sums[i].float() / rows.weights.sum(), alpha


def weighted_sums(layer: AnyLayer, rows: Rows, i: int, weights: Tensor, groups: Tensor, count: int) -> Tensor:
    """Return the weighted sums (R, F_i) of the features of the i-th observed layer in each of R groups of rows."""
    step = step_of(weights.abs().max().item(), len(rows)) or 1.0  # sums of codes are the same in any order
    whole = torch.round(weights.double() / step)
    known, levels = whole.unique(), layer.units.levels
    if levels is not None and weights.device.type == "cpu" and len(known[known != 0]) <= 1:
        codes = torch.arange(levels, dtype=torch.uint8).unsqueeze(1)
        found = counts(layer, rows, i, torch.where(whole != 0, groups, -1), count)
        sums = (found.double() * known[-1]).permute(0, 2, 1) @ layer.units.features(codes, torch.float64)
        return sums.flatten(1).mul_(step)
    total = torch.zeros(count, layer.width, dtype=torch.float64, device=weights.device)
    for part in blocks(len(rows), layer.width, weights.device):
        members = torch.nn.functional.one_hot(groups[part], count) * whole[part, None]
        total += members.T @ layer.units.features(rows.layer(i, part), torch.float64)
    return total.mul_(step)


def counts(layer: AnyLayer, rows: Rows, i: int, groups: Tensor, count: int) -> Tensor:
    """Return how many rows of each group, of those from 0, have each code (R, q, S_i); products take much longer."""
    levels = layer.units.levels
    assert levels is not None
    found, of_rows = np.zeros((count, levels, layer.sites), np.int64), groups.numpy()
    for part in blocks(len(rows), layer.sites, groups.device):
        values, here = rows.layer(i, part).numpy(), of_rows[part.numpy()]
        for group in np.unique(here[here >= 0]):
            add_counts(found[group], values[here == group])
    return torch.from_numpy(found)


def add_counts(found: np.ndarray, values: np.ndarray) -> None:
    """Add to (q, S) numbers how many of some (N, S) codes are each."""
    for first in range(0, len(values), AT_ONCE):
        few = values[first : first + AT_ONCE]
        others = np.full(values.shape[1], len(few))
        for code in range(1, len(found)):
            here = np.add.reduce((few == code).view(np.uint8), axis=0, dtype=np.uint8)
            found[code] += here
            others -= here
        found[0] += others


def blocks(count: int, width: int, device: torch.device) -> Iterator[Tensor]:
    """Yield the numbers of rows that are looked at together."""
    yield from torch.arange(count, device=device).split(max(1, min(ROWS_AT_ONCE, STREAMED // width)))


# ------------------------------------------------------------------------------------------------ groups


def groups_of(model: RBM, rows: Rows, most: int, seed: int) -> Groups:
    """Return the samples of each class in groups that are alike, by k-means: one for every ENOUGH samples.

    Parameters
    ----------
    model : RBM
        Has a label.
    rows : Rows
        N samples.
    most : int
        Largest number of groups of a class.
    seed : int
        Of the samples that the search begins with.
    """
    assert model.spec.label is not None
    device, classes = rows.weights.device, model.spec.observed[model.spec.label].width
    codes = rows.layer(model.spec.label, torch.arange(len(rows), device=device))[:, 0].long()
    codes = torch.where(rows.missing, -1, codes)
    most = min(most, max(1, LARGEST // (classes * model.shape[0])))
    centres: dict[int, Tensor] = {}
    for code in range(classes):
        members = torch.nonzero(codes == code)[:, 0]
        if (wanted := min(most, len(members) // ENOUGH)) > 1:
            noise = Noise(seed, Stream.SHUFFLE, code, device=device)
            centres[code] = centres_of_class(model, rows, members, wanted, noise)
    found = nearest_of_class(model, rows, codes, centres)
    sizes = torch.tensor([len(centres.get(code, (0,))) for code in range(classes)], device=device)
    first = sizes.cumsum(0) - sizes
    of_rows = torch.where(codes < 0, -1, first[codes] + found)
    return Groups(of_rows, torch.arange(classes, device=device).repeat_interleave(sizes))


def centres_of_class(model: RBM, rows: Rows, members: Tensor, wanted: int, noise: Noise) -> Tensor:
    """Return the means of groups of some members of a class."""
    order = torch.argsort(noise.uniform(1, 1, len(members))[0], stable=True)
    x = torch.cat([*features(model, rows, members[order[:MEMBERS]])])
    centres = x[:wanted]
    for _ in range(ROUNDS):
        centres = centres_of(x, nearest(x, centres), len(centres))
    return centres


def nearest_of_class(model: RBM, rows: Rows, codes: Tensor, centres: dict[int, Tensor]) -> Tensor:
    """Return the (N,) group of each row in its class; centres whose groups are smaller than FEWEST are left out.

    Rows are read in their order, of all classes together, since they may be in a file.
    """
    found, open_classes = torch.zeros_like(codes), [*centres]
    while open_classes:
        members = torch.nonzero(torch.isin(codes, torch.tensor(open_classes, device=codes.device)))[:, 0]
        first = 0
        for x in features(model, rows, members):
            here = members[first : first + len(x)]
            for code in codes[here].unique().tolist():
                mine = codes[here] == code
                found[here[mine]] = nearest(x[mine], centres[code])
            first += len(x)
        for code in [*open_classes]:
            large = torch.bincount(found[codes == code], minlength=len(centres[code])) >= FEWEST
            if large.all():
                open_classes.remove(code)
            centres[code] = centres[code][large]
    return found


def features(model: RBM, rows: Rows, members: Tensor) -> Iterator[Tensor]:
    """Yield the features of some rows, block by block: of about FEATURES that are evenly spread over the sites."""
    visible = [i for i in range(len(model.spec.observed)) if i != model.spec.label]
    width = sum(model.spec.observed[i].width for i in visible)
    every = -(-width // FEATURES)
    for part in blocks(len(members), width, members.device):
        values = ((model.spec.observed[i].units, rows.layer(i, members[part])[:, ::every]) for i in visible)
        yield rounded(torch.cat([units.features(x, torch.float64) for units, x in values], 1))


def rounded(x: Tensor) -> Tensor:
    """Round numbers to whole steps, whose sums are exact, in place."""
    return x.div_(FINEST).round_().mul_(FINEST)


def nearest(x: Tensor, centres: Tensor) -> Tensor:
    """Return the number of the centre that is nearest to each row."""
    return (centres.square().sum(1) / 2 - x @ centres.T).argmin(1)


def centres_of(x: Tensor, groups: Tensor, count: int) -> Tensor:
    """Return the means of groups of rows, of those that are large enough."""
    members = torch.nn.functional.one_hot(groups, count).double()
    sizes = members.sum(0)
    large = sizes >= min(FEWEST, int(sizes.max()))
    return rounded((members.T @ x)[large] / sizes[large, None])
