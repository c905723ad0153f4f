"""How good generated samples are: one file per family of scores, with definition, ideal value and direction.

A module declares `SCORES`: a `SampleScores`, `TrainingScores`, `PooledScores`, `ClassScores`, `PredictionScores` or
`ReconstructionScores`, which differ in what `measure` is called with. `shortrun score`, `sr.score`, floors and averages
over classes find it by its file; `docs/extending.md` has a skeleton of each.
"""

from shortrun.scores._base import ALL, FEWEST, UNDEFINED, Convention, Estimate, Known, Pair, Quantity, Score
from shortrun.scores._baseline import Baseline, baseline
from shortrun.scores._compare import alike, check_names, compare, marked, offered
from shortrun.scores._evaluation import Curves, Evaluation, Role
from shortrun.scores._families import (
    ClassRows,
    ClassScores,
    Contributions,
    Domain,
    Evidence,
    PooledScores,
    PredictionScores,
    ReconstructionScores,
    Row,
    SampleScores,
    ScoreFamily,
    TrainingScores,
)
from shortrun.scores._features import features
from shortrun.scores._genotypes import GENOTYPES
from shortrun.scores._logo import frequencies, information, most_different_sites
from shortrun.scores._projection import Projection, project
from shortrun.scores._summary import Scores, summarised
from shortrun.scores._verdict import MemoryEffect, memory_effect, verdict
from shortrun.scores.adversarial import AdversarialAccuracy, adversarial_accuracy
from shortrun.scores.linkage import linkage_decay
from shortrun.scores.second_moment import second_moment

__all__ = [
    "ALL",
    "FEWEST",
    "GENOTYPES",
    "UNDEFINED",
    "AdversarialAccuracy",
    "Baseline",
    "ClassRows",
    "ClassScores",
    "Contributions",
    "Convention",
    "Curves",
    "Domain",
    "Estimate",
    "Evaluation",
    "Evidence",
    "Known",
    "MemoryEffect",
    "Pair",
    "PooledScores",
    "PredictionScores",
    "Projection",
    "Quantity",
    "ReconstructionScores",
    "Role",
    "Row",
    "SampleScores",
    "Score",
    "ScoreFamily",
    "Scores",
    "TrainingScores",
    "adversarial_accuracy",
    "alike",
    "baseline",
    "check_names",
    "compare",
    "features",
    "frequencies",
    "information",
    "linkage_decay",
    "marked",
    "memory_effect",
    "most_different_sites",
    "offered",
    "project",
    "second_moment",
    "summarised",
    "verdict",
]

offered()  # a module of this folder that declares no scores is an error when the room is imported
