"""Which figures a report shows, according to the data, each with what to look for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from shortrun import plots
from shortrun.data import Dataset
from shortrun.errors import MissingExtraError
from shortrun.plots._sides import thinned
from shortrun.report.pictures import Picture, picture
from shortrun.report.samples import SITES, is_sequences, most_frequent, of_classes
from shortrun.scores import Curves, Evaluation, music, offered, rna_folding, sequences
from shortrun.scores._genotypes import is_genotypes
from shortrun.scores.linkage import linkage_decay

COLUMNS = 8  # images a class
CLASSES = 10  # of a grid of images
HAPLOTYPES = 40  # rows of a picture of samples
ENERGIES = {quantity.name for quantity in rna_folding.quantities}


def of_samples(found: Evaluation) -> Iterator[Picture]:
    """Yield pictures of real and of generated samples."""
    if is_sequences(found.reference) or found.reference.columns is not None:
        return  # shown as text
    for name, data in sides(found):
        yield picture(*looked_at(name, data), pixels=True)


def sides(found: Evaluation) -> list[tuple[str, Dataset]]:
    """Return real and generated samples of the most frequent classes."""
    codes = most_frequent(found.reference, CLASSES)
    return [("Real", of_classes(found.reference, codes)), ("Generated", of_classes(found.generated, codes))]


def looked_at(name: str, data: Dataset) -> tuple:
    """Return the picture of samples of a kind: a figure, its title and caption."""
    if data.kind.image.shape is not None:
        alike = "the samples of a class" if data.labelled.any() else "the samples"
        rows = "A row a class. " if data.labelled.any() else ""
        caption = f"{rows}Can you tell which are real? Do {alike} differ from each other?"
        return plots.sample_grid(data, columns=COLUMNS), f"{name} images", caption
    if music.applies(data):
        caption = "Time runs to the right, keys upwards; black: a key is held. Compare chords, runs and pauses."
        return plots.piano_roll(data, spread(data, 8)), f"{name} music", caption
    shown = min(data.sites, SITES)
    caption = f"A row a sample, a column a site{'' if shown == data.sites else f' (the first {shown:,})'}"
    return plots.sample_rows(data, spread(data, HAPLOTYPES), SITES), f"{name} samples", f"{caption}, sorted by class."


def spread(data: Dataset, count: int) -> list[int]:
    """Return the places of some samples, evenly over the classes in their order."""
    order = np.argsort(data.labels, kind="stable")
    return order[np.linspace(0, len(data) - 1, min(count, len(data))).astype(int)].tolist()


def of_law(found: Evaluation) -> Iterator[Picture | str]:
    """Yield how the samples lie among the real ones, and what only such data have."""
    real, made = found.reference, found.generated
    if len(real) > 2 and real.sites > 1:
        yield picture(
            plots.pca(real, made),
            "Principal components",
            "Generated dots should lie where the real ones of their class do, as densely: gaps are kinds of samples "
            "that are missing, dots outside are samples unlike any real one.",
        )
    yield from of_genotypes(real, made)
    yield from of_sequences(found)
    if music.applies(real):
        yield picture(
            plots.pitch_classes(real, made), "Pitch classes", "How often each tone sounds: both should agree."
        )


def of_genotypes(real: Dataset, made: Dataset) -> Iterator[Picture]:
    """Yield what genotypes have."""
    if not is_genotypes(real):
        return
    yield picture(plots.allele_frequencies(real, made), "Allele frequencies", "A dot a site: on the line, both agree.")
    if len(linkage_decay(thinned(real, min(len(real), len(made))), like=real)[1]):
        yield picture(
            plots.linkage(real, made),
            "Linkage",
            "How the alleles of two sites go together, the less the farther apart they are. Both lines should agree.",
        )


def of_sequences(found: Evaluation) -> Iterator[Picture | str]:
    """Yield what sequences have; a line where an extra is missing."""
    real, made = found.reference, found.generated
    if sequences.applies(real):
        yield picture(
            plots.length_profile(real, made),
            "Lengths and gaps",
            "Left: residues of a sequence. Right: where gaps are. Both lines should lie on each other.",
        )
    if is_sequences(real):
        try:
            yield picture(
                plots.sequence_logos(real, made),
                "Sequence logos",
                "The higher a letter, the more of the sequences have it. Both should show the same letters.",
            )
        except MissingExtraError as error:
            yield f"Sequence logos could not be drawn: {error}"
    if any(it.score in ENERGIES for it in found.scores):
        yield picture(
            plots.folding_energies(real, made), "Folding energies", "How stable RNA folds are. Both should agree."
        )


def of_times(found: Evaluation) -> Iterator[Picture]:
    """Yield scores against the sampling time."""
    drawn = [each for each in found.curves if in_time(each)]
    if found.curves[:1] == tuple(drawn[:1]) and drawn:
        yield picture(
            plots.scores_by_class(drawn[0]),
            "Scores against sampling time",
            "Lower is better. With a memory effect the lines have their lowest point at the dashed line, the k of the "
            "training, and rise again behind it.",
        )
    if drawn:
        yield picture(
            plots.scores_by_age(drawn),
            "The same at several ages",
            "A column a run, a line an age. Old machines (blue) that were trained out of equilibrium are best at their "
            "k; others are best at other times.",
        )


def in_time(curves: Curves) -> bool:
    """Return whether a score was measured against the sampling time."""
    return bool(curves.table.dropna(subset=["steps", "value"])["score"].isin(offered()).any())


def of_labels(found: Evaluation) -> Iterator[Picture]:
    """Yield how well labels are predicted."""
    if found.predictions is None:
        return
    if found.curves:
        yield picture(
            plots.accuracy(found.curves),
            "Accuracy",
            "Share of labels predicted right against age, and against the sweeps of a label chain at the last age.",
        )
    yield picture(
        plots.confusion(found.predictions),
        "Confusion",
        "A row a true class: dark off the diagonal is what is taken for what.",
    )
    yield picture(
        plots.reliability(found.predictions),
        "Reliability",
        "On the diagonal, probabilities are to be trusted; below it, the machine is too sure of itself.",
    )


def of_machine(found: Evaluation) -> Iterator[Picture]:
    """Yield how the training went, and what was learned."""
    if len(found.log):
        yield picture(
            plots.training_curves(found.log),
            "Training",
            "Residuals are how far generated samples are from the data: they should fall, then stay. Norms that still "
            "grow say that more updates would change the machine.",
        )
    if found.singular_values is not None and len(found.singular_values):
        yield picture(
            plots.singular_values(found.singular_values),
            "Singular values of the weights",
            "Each rises when a direction of the data is learned; flat lines are directions not learned yet.",
        )
    shape = found.reference.kind.image.shape
    if found.receptive_fields is not None and shape is not None:
        yield picture(
            plots.receptive_fields(found.receptive_fields, tuple(shape)),
            "Receptive fields",
            "Weights of the strongest hidden units: strokes and edges have been learned, noise has not.",
        )
