"""How good generated samples are: `score`."""

from __future__ import annotations

from shortrun import scores
from shortrun.data import Dataset
from shortrun.data.leaks import Leak, leak_between
from shortrun.scores import Scores
from shortrun.scores._threads import one_thread
from shortrun.settings import takes
from shortrun.settings.scoring import ScoreSettings


@takes(ScoreSettings)
@one_thread
def score(
    reference: Dataset,
    generated: Dataset,
    *,
    held_out: Dataset | None = None,
    leak: Leak | None = None,
    settings: ScoreSettings,
) -> Scores:
    """Score generated samples against real ones; docs/scores.md has the definitions.

    Parameters
    ----------
    reference : Dataset
        Real samples, as a rule those that the generator was trained on.
    generated : Dataset
        Samples of the same kind; where sizes must be equal, random ones of the larger set are left out.
    held_out : Dataset, optional
        Real samples that the generator has not seen, for the scores that tell learning from memorising.
    leak : Leak, optional
        What these have in common with the reference, where it is known already; scores that it spoils are marked.

    Returns
    -------
    Scores
        A list of `Score`: of each quantity its value over all samples, then those of the classes; nan where a class has
        fewer than four samples.

    Raises
    ------
    DataError
        If the samples are not of one kind, or too few.
    ConfigError
        For an unknown score or convention, or a score whose data are not given.

    Examples
    --------
    >>> import shortrun as sr
    >>> real, other = sr.read("digits", part="train"), sr.read("digits", part="test")
    >>> [(each.score, round(each.value, 2)) for each in sr.score(real, other, scores=["entropy"], per_class=False)]
    [('entropy', 0.0)]
    """
    found = scores.compare(reference, generated, held_out=held_out, settings=settings)
    if held_out is not None and leak is None:
        leak = leak_between(reference, held_out)
    return scores.marked(found, leak)
