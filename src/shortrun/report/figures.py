"""The figures of a report, depending on the data, each with what to look for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shortrun import plots
from shortrun.data import Dataset
from shortrun.plots import Movie
from shortrun.plots.sides import thinned
from shortrun.report.lineup import is_sequences
from shortrun.report.pictures import Picture, moving_picture, picture
from shortrun.scores import GENOTYPES, Curves, Evaluation, linkage_decay, offered, rna_folding
from shortrun.scores.music import MUSIC
from shortrun.scores.sequences import GAPPED_SEQUENCES

MOVING = {
    "chains": (
        "Chains among the modes",
        "Each small dot is a chain, on the principal components of the real samples (pale), with the trail of its last "
        "places; times are logarithmic. Chains that mix cross between clouds; those that do not stay in one.",
    ),
    "walk": (
        "The walk of the training",
        "Each dot is an age on the phase diagram. A machine begins in the paramagnet, where all samples are alike, and "
        "has learned its first mode where it enters the ferromagnet.",
    ),
    "tree": (
        "Modes that split",
        "From the root, the single mode of a young machine, each branching is a mode that splits as it learns. Leaves "
        "are real samples, coloured by label; the machine has learned classes that have branches of their own.",
    ),
}
ENERGIES = {quantity.name for quantity in rna_folding.SCORES.quantities}


def distribution_pictures(found: Evaluation) -> Iterator[Picture]:
    """Yield pictures of the generated distribution compared with the real one, in general and for the kind of data."""
    real, generated = found.reference, found.generated
    if len(real) > 2 and real.sites > 1:
        yield picture(
            plots.pca(real, generated),
            "Principal components",
            "Generated dots should lie among the real ones of their class, with the same density: gaps are kinds of "
            "samples that are missing, and dots outside are samples unlike any real one.",
        )
    yield from genotype_pictures(real, generated)
    yield from sequence_pictures(found)
    if MUSIC.includes(real):
        yield picture(
            plots.pitch_classes(real, generated),
            "Pitch classes",
            "How often each pitch class sounds: both sides should agree.",
        )


def genotype_pictures(real: Dataset, generated: Dataset) -> Iterator[Picture]:
    """Yield the pictures of genotypes."""
    if not GENOTYPES.includes(real):
        return
    yield picture(
        plots.allele_frequencies(real, generated),
        "Allele frequencies",
        "Each dot is a site: on the line, real and generated samples agree.",
    )
    if len(linkage_decay(thinned(real, min(len(real), len(generated))), like=real)[1]):
        yield picture(
            plots.linkage(real, generated),
            "Linkage",
            "Correlation of the alleles of two sites, which decays with their distance. Both lines should agree.",
        )


def sequence_pictures(found: Evaluation) -> Iterator[Picture]:
    """Yield the pictures of sequences."""
    real, generated = found.reference, found.generated
    if GAPPED_SEQUENCES.includes(real):
        yield picture(
            plots.length_profile(real, generated),
            "Lengths and gaps",
            "Left: number of residues. Right: share of gaps at each site. Both lines should coincide.",
        )
    if is_sequences(real):
        yield picture(
            plots.sequence_logos(real, generated),
            "Sequence logos",
            "The height of a letter is its information. Both sides should show the same letters.",
        )
    if any(it.score in ENERGIES for it in found.scores):
        yield picture(
            plots.folding_energies(real, generated),
            "Folding energies",
            "Stability of the RNA folds. Both distributions should agree.",
        )


def time_pictures(found: Evaluation) -> Iterator[Picture]:
    """Yield scores against sampling time."""
    drawn = [each for each in found.curves if has_times(each)]
    if found.curves[:1] == tuple(drawn[:1]) and drawn:
        yield picture(
            plots.scores_by_class(drawn[0]),
            "Scores against sampling time",
            "Lower is better; black is the mean over classes. With a memory effect the lines have their minimum at the "
            "dashed line, the k of the training, and rise again after it.",
        )
    if drawn:
        yield picture(
            plots.scores_by_age(drawn),
            "Scores at several ages",
            "Each column is a run, each line an age. Old machines (blue) that were trained out of equilibrium are "
            "best at their k; others are best at other times.",
        )


def has_times(curves: Curves) -> bool:
    """Return whether a score was measured against sampling time."""
    return bool(curves.table.dropna(subset=["steps", "value"])["score"].isin(offered()).any())


def moving_pictures(movies: Mapping[str, Movie | str]) -> Iterator[Picture | str]:
    """Yield what moves; a sentence in place of what a machine does not have."""
    for name, (title, caption) in MOVING.items():
        if name in movies:
            movie = movies[name]
            yield f"{title}: {movie}" if isinstance(movie, str) else moving_picture(movie, title, caption)


def label_pictures(found: Evaluation) -> Iterator[Picture]:
    """Yield how well labels are predicted."""
    if found.predictions is None:
        return
    if found.curves:
        yield picture(
            plots.accuracy(found.curves),
            "Accuracy",
            "Share of correctly predicted labels against age, with a dot at the best of these ages, and against the "
            f"sweeps of a label chain at the last age. The scores are those of age {found.age:,}.",
        )
    yield picture(
        plots.confusion(found.predictions),
        "Confusion",
        "Each row is a true class: dark cells off the diagonal are confusions.",
    )
    yield picture(
        plots.reliability(found.predictions),
        "Reliability",
        "On the diagonal probabilities can be trusted; below it the machine is overconfident.",
    )


def machine_pictures(found: Evaluation) -> Iterator[Picture]:
    """Yield how the training went, and what the machine learned."""
    if found.singular_values is not None and len(found.singular_values):
        yield picture(
            plots.singular_values(found.singular_values),
            "Singular values of the weights",
            "Each rises when the machine learns a direction of the data; flat lines are directions not yet learned.",
        )
    shape = found.reference.kind.image.shape
    if found.receptive_fields is not None and shape is not None:
        yield picture(
            plots.receptive_fields(found.receptive_fields, (shape[0], shape[1])),
            "Receptive fields",
            "Weights of the strongest hidden units: strokes and edges were learned, noise was not.",
        )
    if len(found.log):
        yield picture(
            plots.training_curves(found.log),
            "Training",
            "Residuals measure the distance of generated samples from the data: they should fall, then stay. If norms "
            "still grow, more updates would change the machine.",
        )
