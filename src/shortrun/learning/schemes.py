"""A scheme is a short list of runs: where the free chains start and what they hold fixed.

| scheme | free runs |
|---|---|
| cd(k) | k sweeps from the data |
| pcd(k) | k sweeps from where the last update left the chains |
| rdm(k) | k sweeps from noise |
| ff(k) | from noise with the labels held (generate), and from noise with the visibles held (predict) |
"""

from __future__ import annotations

from shortrun.dynamics import Run, Scheme
from shortrun.errors import ConfigError
from shortrun.settings.training import SchemeSettings


def cd(steps: int = 10) -> Scheme:
    """Contrastive divergence: chains start at the minibatch (Hinton 2002)."""
    return Scheme(name="cd", free=(Run(start="data", steps=steps),))


def pcd(steps: int = 10, *, chains: int | None = None) -> Scheme:
    """Persistent contrastive divergence: chains, labels included, go on from update to update (Tieleman 2008)."""
    return Scheme(name="pcd", free=(Run(start="previous", steps=steps, chains=chains),))


def rdm(steps: int = 10) -> Scheme:
    """Rdm-k: chains start from noise at every update, the out-of-equilibrium scheme (FF23 eq. 5)."""
    return Scheme(name="rdm", free=(Run(start="random", steps=steps),))


def ff(steps: int = 10, *, generate: float = 1.0, predict: float = 1.0) -> Scheme:
    """Fast and functional: two Rdm-k gradients, to generate given a label and to predict the label (FF23 sec. 2.2).

    Parameters
    ----------
    steps : int, default 10
        k of both runs.
    generate, predict : float, default 1.0
        Weights of the two gradients; `predict=0` is the papers' single-gradient ablation.
    """
    runs = (("label", generate), ("visible", predict))
    free = tuple(Run(start="random", clamp=(c,), steps=steps, weight=w) for c, w in runs if w != 0)
    if not free:
        raise ConfigError("scheme", "ff with both weights 0 learns nothing")
    return Scheme(name="ff", free=free)


SCHEMES = {scheme.__name__: scheme for scheme in (ff, pcd, cd, rdm)}


def from_settings(settings: SchemeSettings, labelled: bool) -> Scheme:
    """Return the scheme of a configuration; "auto" is ff for labelled data and rdm for others.

    Raises
    ------
    ConfigError
        If ff is asked for without labels.
    """
    name = settings.name if settings.name != "auto" else "ff" if labelled else "rdm"
    if name == "ff" and not labelled:
        raise ConfigError("scheme.name", "ff learns from labels and the data have none: give --labels, or use rdm")
    if name == "ff":
        return ff(settings.steps, generate=settings.generate, predict=settings.predict)
    if name == "pcd":
        return pcd(settings.steps, chains=settings.chains)
    return SCHEMES[name](settings.steps)
