"""A scheme is a short list of runs: where free chains start and what they hold fixed.

| scheme | free runs |
|---|---|
| cd(k) | k sweeps from the data |
| pcd(k) | k sweeps from where the last update left the chains |
| rdm(k) | k sweeps from noise |
| ff(k) | from noise with the labels held (generate), and from noise with the visibles held (predict) |
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from shortrun.dynamics import Run, Scheme
from shortrun.dynamics.scheme import HOLD_LABEL, HOLD_VISIBLE
from shortrun.errors import ConfigError
from shortrun.registry import hint
from shortrun.settings.training import SchemeSettings


def cd(steps: int = 10) -> Scheme:
    """Return contrastive divergence: chains start at the minibatch (Hinton 2002).

    Parameters
    ----------
    steps : int, default 10
        Number k of sweeps.

    Examples
    --------
    >>> cd(5).free
    (Run(start='data', clamp=(), steps=5, weight=1.0, chains=None, swapped=0.0),)
    """
    return Scheme(name="cd", free=(Run(start="data", steps=steps),))


def pcd(steps: int = 10, *, chains: int | None = None) -> Scheme:
    """Return persistent contrastive divergence: chains, with their labels, continue from update to update.

    Parameters
    ----------
    steps : int, default 10
        Number k of sweeps in an update.
    chains : int, optional
        Number of chains, by default as many as samples in a minibatch.

    References
    ----------
    T. Tieleman, ICML 2008.

    Examples
    --------
    >>> pcd(100, chains=50).free[0].start
    'previous'
    """
    return Scheme(name="pcd", free=(Run(start="previous", steps=steps, chains=chains),))


def rdm(steps: int = 10) -> Scheme:
    """Return Rdm-k: chains start from noise at every update, so that the training is out of equilibrium (FF23 eq. 5).

    Parameters
    ----------
    steps : int, default 10
        Number k of sweeps.

    Examples
    --------
    >>> rdm().free[0].start
    'random'
    """
    return Scheme(name="rdm", free=(Run(start="random", steps=steps),))


def ff(steps: int = 10, *, generate: float = 1.0, predict: float = 1.0) -> Scheme:
    """Return F&F: two Rdm-k gradients, one to generate given a label and one to predict the label (FF23 sec. 2.2).

    Parameters
    ----------
    steps : int, default 10
        Number k of sweeps of both runs.
    generate, predict : float, default 1.0
        Weights of the two gradients; `predict=0` is the papers' single-gradient ablation.

    Raises
    ------
    ConfigError
        If both weights are 0.

    Examples
    --------
    >>> [run.task for run in ff(10).free]
    ['generate', 'predict']
    """
    runs = ((HOLD_LABEL, generate), (HOLD_VISIBLE, predict))
    free = tuple(Run(start="random", clamp=(c,), steps=steps, weight=w) for c, w in runs if w != 0)
    if not free:
        raise ConfigError("scheme", "ff with both weights 0 learns nothing")
    return Scheme(name="ff", free=free)


@dataclass(frozen=True)
class NamedScheme:
    """A scheme that a configuration can name.

    Parameters
    ----------
    make : Callable[..., Scheme]
        Function with the scheme's name; its parameters are named after the fields of `SchemeSettings` that it takes.
    needs_labels : bool, default False
        Whether it learns from labelled data only.

    Raises
    ------
    TypeError
        If a parameter is no setting.
    """

    make: Callable[..., Scheme]
    needs_labels: bool = False

    @property
    def name(self) -> str:
        """Name in a configuration."""
        return self.make.__name__

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the settings that it takes."""
        return tuple(inspect.signature(self.make).parameters)

    def __post_init__(self):
        known = SchemeSettings.model_fields
        for name in self.settings:
            if name not in known:
                raise TypeError(f"scheme '{self.name}': parameter '{name}' is no setting{hint(name, known)}")

    def from_settings(self, settings: SchemeSettings) -> Scheme:
        """Return the scheme with its part of the settings."""
        return self.make(**{name: getattr(settings, name) for name in self.settings})


SCHEMES = {
    scheme.name: scheme
    for scheme in (NamedScheme(ff, needs_labels=True), NamedScheme(pcd), NamedScheme(cd), NamedScheme(rdm))
}


def from_settings(settings: SchemeSettings, labelled: bool) -> Scheme:
    """Return the scheme of a configuration; "auto" is ff for labelled data and rdm for others.

    Parameters
    ----------
    settings : SchemeSettings
        Name of the scheme and its settings.
    labelled : bool
        Whether the data have labels.

    Raises
    ------
    ConfigError
        If the scheme needs labels and the data have none.

    Examples
    --------
    >>> from_settings(SchemeSettings(steps=3), labelled=False)
    Scheme(name='rdm', free=(Run(start='random', clamp=(), steps=3, weight=1.0, chains=None, swapped=0.0),))
    """
    automatic = "ff" if labelled else "rdm"
    scheme = SCHEMES[automatic if settings.name == "auto" else settings.name]
    if scheme.needs_labels and not labelled:
        reason = f"{scheme.name} learns from labels and the data have none: give --labels, or use rdm"
        raise ConfigError("scheme.name", reason)
    return scheme.from_settings(settings)
