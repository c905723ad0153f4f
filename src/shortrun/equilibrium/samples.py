"""Log-likelihoods of samples as tables: a row a sample, or their mean against the age of a machine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from shortrun.data import Dataset
from shortrun.data.core.blocks import is_mapped, taken
from shortrun.equilibrium.density import log_likelihood
from shortrun.equilibrium.estimates import Estimate
from shortrun.equilibrium.pseudo import pseudo_log_likelihood
from shortrun.errors import DataError
from shortrun.models import RBM, filled
from shortrun.phrases import counted
from shortrun.settings import LikelihoodSettings
from shortrun.shown import ROWS, Shown
from shortrun.typing import State, Theta

if TYPE_CHECKING:
    import pandas as pd

BYTES = 2**26  # of the samples of a file that are in memory together


class Observed(NamedTuple):
    """Samples as the observed layers of a machine, and which of them have no known label."""

    state: State
    unlabelled: Bool[Tensor, " N"]


@dataclass(frozen=True, eq=False, repr=False)
class Likelihood(Shown):
    """ln Z of a machine and the log-likelihood of samples, in nats.

    Parameters
    ----------
    age : int
        Age of the machine.
    method : str
        How ln Z was found.
    estimate : Estimate
        Ln Z, its error, its effective sample size, estimates from either side, warnings.
    settings : LikelihoodSettings
        How it was asked for.
    samples : pd.DataFrame
        A row a sample: name, label, log_likelihood, and pseudo_log_likelihood where it was asked for.
    sites : int
        S of a sample, without the label.
    """

    age: int
    method: str
    estimate: Estimate
    settings: LikelihoodSettings
    samples: pd.DataFrame
    sites: int

    def said(self) -> tuple[str, str]:
        """Return the mean over the samples, and ln Z."""
        error = f" ± {self.standard_error:.2g}" if len(self.samples) > 1 else ""
        first = f"Likelihood of {counted(len(self.samples), 'sample')} at age {self.age:,}: mean {self.mean:.6g}{error}"
        warned = "".join(f"; {warning}" for warning in self.estimate.warnings)
        return f"{first} nats", f"  ln Z {self.estimate.log_z:.6g} ± {self.estimate.error:.2g} ({self.method}){warned}"

    def first_rows(self) -> pd.DataFrame:
        """Return the first samples as a frame."""
        return self.samples.head(ROWS)

    @property
    def mean(self) -> float:
        """The mean over the samples."""
        return float(self.samples["log_likelihood"].mean())

    @property
    def standard_error(self) -> float:
        """The standard error of that mean over the samples; that of ln Z, common to all, is not in it."""
        return float(self.samples["log_likelihood"].sem())


def parts(data: Dataset) -> Iterator[Dataset]:
    """Yield samples as many as are in memory together: all of those that are there already."""
    count = at_once(data)
    for first in range(0, len(data), count):
        yield data.select(slice(first, first + count))


def spread(data: Dataset, fewest: int) -> Dataset:
    """Return the samples that annealing starts from: all of them, of a large file so many, or more, evenly spread."""
    count = max(at_once(data), fewest)
    return data if count >= len(data) else data.select(np.linspace(0, len(data) - 1, count).astype(np.int64))


def at_once(data: Dataset) -> int:
    """Return how many samples are in memory together."""
    return max(1, BYTES // data.values[0].nbytes) if is_mapped(data.values) else len(data)


def observed(model: RBM, data: Dataset, classes: Sequence[str]) -> Observed:
    """Return samples as the observed layers of a machine that knows these classes.

    Raises
    ------
    DataError
        If there are no samples.
    """
    if not len(data):
        raise DataError("at least one sample expected")
    values = torch.from_numpy(np.ascontiguousarray(taken(data.values, slice(None))))
    labels = torch.from_numpy(data.recode(tuple(classes)).labels if classes and data.classes else data.labels)
    unlabelled = labels < 0 if classes else torch.zeros(len(data), dtype=torch.bool)
    return Observed(filled(model.spec, values, labels), unlabelled)


def sample_table(
    model: RBM, theta: Theta, data: Dataset, classes: Sequence[str], log_z: float, settings: LikelihoodSettings
) -> pd.DataFrame:
    """Return name, label and log-likelihood of each sample, and its pseudo-likelihood if it is asked for."""
    import pandas as pd

    tables = []
    for part in parts(data):
        known = observed(model, part, classes)
        tables.append(pd.DataFrame({"name": part.names, "label": named_labels(part)}))
        summed = known.unlabelled | settings.marginal
        tables[-1]["log_likelihood"] = log_likelihood(model, theta, known.state, log_z, summed).numpy()
        if settings.pseudo:
            values = pseudo_log_likelihood(model, theta, known.state)
            tables[-1]["pseudo_log_likelihood"] = values.masked_fill(known.unlabelled, math.nan).numpy()
    return tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)


def mean_rows(
    model: RBM,
    theta: Theta,
    data: Mapping[str, Dataset],
    classes: Sequence[str],
    estimate: Estimate,
    *,
    sites: int,
    marginal: bool,
) -> list[dict[str, Any]]:
    """Return the mean log-likelihood of some data sets by one machine, a row each."""
    rows = []
    for name, samples in data.items():
        known = (observed(model, part, classes) for part in parts(samples))
        each = (log_likelihood(model, theta, it.state, estimate.log_z, it.unlabelled | marginal) for it in known)
        values = torch.cat([*each])
        mean, error = values.mean().item(), values.std().item() / max(1, len(values)) ** 0.5
        row = {"data": name, "samples": len(values), "mean_log_likelihood": mean, "per_site": mean / sites}
        rows.append(row | {"standard_error": error, "log_z": estimate.log_z, "error": estimate.error})
    return rows


def named_labels(data: Dataset) -> list[str]:
    """Return the class of each sample, nothing where it is not known."""
    return [data.classes[code] if code >= 0 else "" for code in data.labels] if data.classes else [""] * len(data)
