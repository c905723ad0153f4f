"""Every published figure: what it shows, what its authors found, and the function that draws ours.

FF23 and FF24 are arXiv 2307.06797 in its workshop and its extended version, FU24 is arXiv 2405.10822, DS are the slides
of a seminar (Decelle, "The RBM: phase diagram, generation and interpretability"), which have no numbers of figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.paper_figures import chaotic, fast_and_functional, slides
from benchmarks.paper_figures.drawn import Drawn
from benchmarks.paper_figures.runs import Runs

DOCUMENTS = {
    "FF23": ("Carbone, Decelle, Rosset, Seoane 2023, workshop version of arXiv 2307.06797", (
        "1", "2", "3A", "3B", "4", "5", "6", "7", "8")),
    "FF24": ("the same authors, extended version of arXiv 2307.06797", ("1A", "1B-C", "2", "3", "4", "5")),
    "FU24": ("Fournier, Urbani 2024, arXiv 2405.10822", ("1", "2", "3a", "3b", "4", "5")),
    "DS": ("Decelle, seminar slides", (
        "phase diagram", "mixing time", "magnetisation", "long sampling", "fixed points", "tree")),
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A published figure, or the same one of several documents.

    Parameters
    ----------
    places : tuple[tuple[str, str], ...]
        (document, figure) of `DOCUMENTS`.
    shows : str
        What it shows, and its axes.
    paper : str
        What its authors found.
    draw : Callable[[Runs], Drawn], optional
        Draws ours.
    reason : str, default ""
        Why there is none.
    """

    places: tuple[tuple[str, str], ...]
    shows: str
    paper: str = ""
    draw: Callable[[Runs], Drawn] | None = None
    reason: str = ""

    @property
    def name(self) -> str:
        """The name of its files, and of --only."""
        return "-".join(self.places[0]).replace(" ", "_")

    @property
    def title(self) -> str:
        """The documents and the figures in them."""
        return ", ".join(
            f"{document} {'' if document == 'DS' else 'fig. '}{figure}" for document, figure in self.places
        )


def entry(places: str, shows: str, paper: str, draw: Callable[[Runs], Drawn] | None = None, reason: str = "") -> Entry:
    """Return an entry of places such as "FF23 1, FF24 1A"."""
    pairs = [tuple(place.split(" ", 1)) for place in places.split(", ")]
    return Entry(tuple((document, figure) for document, figure in pairs), shows, paper, draw, reason)


ENTRIES = (
    entry(
        "FF23 1, FF24 1A",
        "F&F samples after k = 10 sweeps (small dots) over the data (large dots) on their principal components, "
        "colours are labels, densities on the margins; MNIST, HGD, GH30, in FF24 also SAM and CMPC",
        "gives no number: samples of each label lie where its data are",
        fast_and_functional.components,
    ),
    entry(
        "FF23 3A, FF24 5",
        "spectrum, entropy and adversarial-accuracy errors against sampling time 1 to 100, one curve a label",
        "the scores of every class are best near t = k = 10",
        fast_and_functional.scores_in_time,
    ),
    entry(
        "FF23 3B, FF24 1B-C",
        "test accuracy against training time (log), the best value in a box",
        "F&F-10: MNIST 0.91, HGD 0.97, GH30 0.99, SAM 0.96, CMPC 0.80; PCD-100: 0.91, 0.98, 1.00, 0.96, 0.88",
        fast_and_functional.accuracy,
    ),
    entry(
        "FF23 5",
        "confusion matrices, each row a true class, normalised; MNIST, HGD, GH30",
        "F&F: accuracy 0.9, 0.96 and 0.99",
        fast_and_functional.confusions,
    ),
    entry(
        "FF23 6",
        "digits by class: F&F after 10 sweeps; PCD after 100,000, labels held; the same, labels drawn (empty cells: a "
        "label that never came)",
        "gives no number: PCD machines of MNIST acquire enormous thermalisation times after a few epochs",
        fast_and_functional.grids,
    ),
    entry(
        "FF23 7, FF24 4",
        "scores (means over classes) against sampling time, one curve an age, red (young) to blue (old): PCD-100 up to "
        "100,000 sweeps beside F&F-10 up to 100",
        "F&F is best at t = k at every age; PCD needs ever longer",
        fast_and_functional.ages,
    ),
    entry(
        "FF24 3, FF23 8",
        "chains of PCD-100 on the principal components, panels t = 10, 100, 1,000, 10,000, 100,000 (FF23: the last "
        "alone); GH30 and SAM",
        "GH30: chains are stuck and modes collapse up to 100,000 sweeps; SAM is good, but only at 100,000; HGD is in "
        "equilibrium after some hundred",
        fast_and_functional.chains,
    ),
    entry(
        "FU24 2",
        "images of the data and samples of the networks with one, two and three layers; MNIST, Fashion-MNIST",
        "one layer is recognisable but noisy, two and three are better and alike",
        chaotic.network_samples,
    ),
    entry(
        "FU24 3a",
        "samples of the two-layer network, a row a start, columns increasing t",
        "images sharpen until t = T, and beyond t = 1,000 are frozen fixed points; some change their class",
        chaotic.snapshots,
    ),
    entry(
        "FU24 3b",
        "E2, spectrum, adversarial accuracy and reconstruction error of the two-layer network against t",
        "all are best at t = T = 100",
        chaotic.network_times,
    ),
    entry(
        "FU24 4",
        "W + A of nine hidden units of the two-layer network as images",
        "about half are structured in space, the others look random",
        chaotic.fields,
    ),
    entry(
        "FU24 5",
        "the indices at T against training time, three architectures, two data sets",
        "a steep decrease, then saturation; the indices do not agree on the best architecture",
        chaotic.network_ages,
    ),
    entry(
        "DS phase diagram",
        "paramagnet, ferromagnet and spin glass of low-rank weights in noise, and the path of a training",
        "learning leaves the paramagnet by a continuous transition at w_1 = 1",
        slides.diagram,
    ),
    entry(
        "DS mixing time",
        "mixing time against training time, MNIST",
        "it jumps abruptly, at the first transition of the diagram",
        slides.mixing_time,
    ),
    entry(
        "DS magnetisation",
        "magnetisation and overlap against the signal w",
        "both leave 0 at the transition",
        slides.magnetisation,
    ),
    entry(
        "DS long sampling",
        "digits of a machine trained with k = 100, after 1, k, 10 k and 1,000 k sweeps",
        "convincing digits at t = 100, nothing but ones after very long sampling",
        slides.long_sampling,
    ),
    entry(
        "DS fixed points",
        "mean-field fixed points at several ages on the principal components of the data",
        "they merge from old to young ages",
        slides.fixed_points,
    ),
    entry(
        "DS tree",
        "circular tree of human genomes, leaves coloured by continent",
        "continents are clades",
        slides.tree,
    ),
    entry("FF23 2, FF24 2", "sketch of the machine and of its two gradients", "", reason="a drawing, without data"),
    entry(
        "FF23 4",
        "pLDDT of folded sequences, generated (green) and real (red), 1,350 each",
        "remarkable agreement",
        reason="needs GH30, of which no copy was found, and hours of ESMFold (shortrun fold, shortrun plot plddt)",
    ),
    entry("FU24 1", "not known", "", reason="what is known here of the paper begins with its figure 2"),
)  # fmt: skip
