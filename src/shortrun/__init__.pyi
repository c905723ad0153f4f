"""Types of the public names, made from the code by `make docs`."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from shortrun.data import Alphabet as Alphabet
from shortrun.data import Dataset as Dataset
from shortrun.data import Predictions as Predictions
from shortrun.data import split as split
from shortrun.data import write as write
from shortrun.data.core.kind import HasKind
from shortrun.data.core.kind import Kind
from shortrun.data.leaks import Leak
from shortrun.data.sequences.wildtype import WildType
from shortrun.equilibrium.samples import Likelihood
from shortrun.equilibrium.tempering import Tempered
from shortrun.errors import ConfigError as ConfigError
from shortrun.errors import DataError as DataError
from shortrun.errors import FormatError as FormatError
from shortrun.errors import ShortrunError as ShortrunError
from shortrun.errors import StoreError as StoreError
from shortrun.landscape.basins import Basins
from shortrun.landscape.contacts import Contacts
from shortrun.landscape.coupling_tables import Couplings
from shortrun.landscape.tree import Stage
from shortrun.landscape.tree import Tree
from shortrun.learning import Run as Run
from shortrun.learning import Scheme as Scheme
from shortrun.learning import cd as cd
from shortrun.learning import ff as ff
from shortrun.learning import pcd as pcd
from shortrun.learning import rdm as rdm
from shortrun.models import Layer as Layer
from shortrun.models import RBM as RBM
from shortrun.models import Spec as Spec
from shortrun.plots.movie import Movie
from shortrun.regimes.learning_curves import LearningFlow
from shortrun.regimes.mixing import Mixing
from shortrun.scores import Score as Score
from shortrun.scores._evaluation import Evaluation
from shortrun.scores._summary import Scores
from shortrun.settings import Config as Config
from shortrun.store import Trajectory as Trajectory
from shortrun.units import Bernoulli as Bernoulli
from shortrun.units import Gaussian as Gaussian
from shortrun.units import Ising as Ising
from shortrun.units import Potts as Potts
from shortrun.workflows import first_transition as first_transition
from shortrun.workflows.evaluation import Progress as _Progress_of_evaluation
from shortrun.workflows.folding import Predictor
from shortrun.workflows.mixing import Progress as _Progress_of_mixing
from shortrun.workflows.time_courses import Progress
from shortrun.workflows.training import Progress as _Progress_of_training
from shortrun.workflows.tuning import Progress as _Progress_of_tuning
from shortrun.workflows.tuning import Study
from typing import Any
from typing import Literal
import numpy as np
import pandas as pd

__version__: str
__all__ = [
    "Alphabet",
    "Bernoulli",
    "Config",
    "ConfigError",
    "DataError",
    "Dataset",
    "FormatError",
    "Gaussian",
    "Ising",
    "Layer",
    "Potts",
    "Predictions",
    "RBM",
    "Run",
    "Scheme",
    "Score",
    "ShortrunError",
    "Spec",
    "StoreError",
    "Trajectory",
    "__version__",
    "animate",
    "cd",
    "contacts",
    "couplings",
    "curves",
    "evaluate",
    "export_model",
    "ff",
    "first_transition",
    "fit",
    "fixed_points",
    "fold",
    "frames",
    "from_anndata",
    "from_numpy",
    "from_pandas",
    "from_parameters",
    "generate",
    "import_model",
    "learning_flow",
    "likelihood",
    "likelihood_by_age",
    "lyapunov",
    "mixing",
    "mutations",
    "pcd",
    "phases",
    "predict",
    "predictions",
    "rdm",
    "read",
    "reconstruct",
    "score",
    "split",
    "stream",
    "studio",
    "tree",
    "tune",
    "write",
    "write_tree",
]

def animate(
    run: Trajectory | Path | str,
    out: Path | str,
    data: Dataset | None = None,
    *,
    seed: int = 0,
    raw: bool = False,
    age: int | Literal['best', 'last'] = 'best',
    labels: str | int | Sequence[str | int] | Mapping[str | int, int] | None = None,
    n: int = 25,
    until: str = '3k',
    show: Literal['samples', 'chains', 'walk', 'tree'] = 'samples',
) -> Movie: ...

def contacts(
    run: Trajectory | Path | str,
    distances: Path | str | None = None,
    *,
    raw: bool = False,
    age: int | Literal['best', 'last'] = 'best',
    label: str | None = None,
    method: Literal['exact', 'gaussian'] = 'exact',
    threshold: float = 7.5,
    separation: int = 5,
    keep_gap: bool = False,
    chain: str | None = None,
    atoms: Literal['heavy', 'cb'] = 'heavy',
    baselines: Sequence[Literal['mean-field', 'plm']] = (),
    structure: Path | str | None = None,
) -> Contacts: ...

def couplings(
    run: Trajectory | Path | str,
    *,
    raw: bool = False,
    age: int | Literal['best', 'last'] = 'best',
    label: str | None = None,
    method: Literal['exact', 'gaussian'] = 'exact',
    order: int = 2,
    top: int | None = None,
    triples: Sequence[tuple[int, int, int]] = (),
) -> Couplings: ...

def curves(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    seed: int = 0,
    scores: Sequence[str] | None = None,
    convention: Literal['default', 'paper', 'fef'] = 'default',
    per_class: bool = True,
    raw: bool = False,
    ages: Sequence[int] | Literal['all', 'last'] | None = None,
    processes: int = 1,
    times: Sequence[int] | None = None,
    until: int | None = None,
    n: int = 2000,
    progress: Progress | None = None,
) -> pd.DataFrame: ...

def evaluate(
    run: Trajectory | Path | str,
    test: Dataset | None = None,
    *,
    seed: int = 0,
    scores: Sequence[str] | None = None,
    convention: Literal['default', 'paper', 'fef'] = 'default',
    raw: bool = False,
    age: int | Literal['best', 'last'] = 'best',
    processes: int = 1,
    n: int = 10000,
    steps: int | None = None,
    with_curves: bool = True,
    train: Dataset | None = None,
    beside: Sequence[Trajectory | Path | str] = (),
    progress: _Progress_of_evaluation | None = None,
) -> Evaluation: ...

def export_model(
    run: Trajectory | Path | str,
    path: Path | str,
    *,
    raw: bool = False,
    format: str | None = None,
    age: int | Literal['best', 'last'] | Literal['all'] | None = None,
    label: str | None = None,
) -> tuple[str, ...]: ...

def fit(
    data: Any = None,
    labels: Any = None,
    *,
    preset: str | None = None,
    config: Config | Path | None = None,
    assignments: Sequence[str] = (),
    time: float | None = None,
    processes: int = 1,
    share: str = 'rows',
    resume: bool = False,
    overwrite: bool = False,
    model: Literal['rbm', 'chaotic'] = 'rbm',
    units: Literal['auto', 'bernoulli', 'ising', 'potts', 'gaussian'] = 'auto',
    hidden: int | Literal['auto'] = 'auto',
    hidden_units: Literal['bernoulli', 'ising', 'gaussian'] = 'bernoulli',
    hidden_rule: Literal['sample', 'mean'] = 'sample',
    start: Literal['uniform', 'profile'] = 'profile',
    profiles: int = 16,
    layers: Sequence[int] = (),
    gain: float = 1.5,
    dt: float = 1.0,
    tau: float = 10.0,
    settling: Literal['euler', 'exact'] = 'euler',
    diagonal: bool = True,
    hebbian: float = 1.0,
    classes: bool = False,
    steps: int = 10,
    generate: float = 1.0,
    predict: float = 10.0,
    predict_end: float = 1.0,
    swapped: float = 0.2,
    chains: int | None = None,
    missing_labels: Literal['marginal', 'impute'] = 'marginal',
    optimiser: Literal['sgd', 'momentum', 'adam'] = 'sgd',
    rate: float | Literal['auto'] = 'auto',
    damped_above: float = 1.0,
    label_rate: float = 1.0,
    schedule: Literal['warmup', 'constant', 'inverse', 'cosine'] = 'warmup',
    average: float = 0.1,
    centred: bool = True,
    l1: float = 0.0,
    l2: float = 0.0,
    label_l2: float = 0.002,
    weight_std: float = 0.01,
    pseudo_count: float | None = None,
    updates: int | Literal['auto'] = 'auto',
    max_updates: int = 20000,
    minutes: float | None = None,
    batch: int = 500,
    seed: int = 0,
    validation: float = 0.1,
    ages_per_decade: int = 10,
    log_every: int = 100,
    restart_seconds: float = 30.0,
    device: str = 'auto',
    label_column: str | None = None,
    out: Path | str | None = None,
    scheme: Scheme | str | None = None,
    progress: _Progress_of_training | Literal['auto'] | None = 'auto',
) -> Trajectory: ...

def fixed_points(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    seed: int = 0,
    raw: bool = False,
    age: int | Literal['best', 'last'] = 'best',
    order: int = 2,
    tolerance: float = 1e-05,
    max_iterations: int = 3000,
    damping: float = 0.0,
    eps: float = 0.05,
    starts: Literal['data', 'random'] = 'data',
    n: int = 1000,
) -> Basins: ...

def fold(
    generated: Dataset,
    out: Path | str,
    *,
    model: str = 'facebook/esmfold_v1',
    device: str = 'auto',
    precision: Literal['float32', 'bfloat16'] = 'float32',
    chunk: int | None = None,
    max_residues: int = 1024,
    real: Dataset | None = None,
    predictor: Predictor | None = None,
    scale: float | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame: ...

def frames(
    run: Trajectory | Path | str,
    *,
    seed: int = 0,
    raw: bool = False,
    age: int | Literal['best', 'last'] = 'best',
    labels: str | int | Sequence[str | int] | Mapping[str | int, int] | None = None,
    n: int = 25,
    until: str = '3k',
    times: Sequence[int] | None = None,
) -> dict[int, Dataset]: ...

def from_anndata(
    annotated: Any,
    *,
    labels: str | None = None,
    labels_by_order: bool = False,
    format: str | None = None,
    delimiter: str | None = None,
    decimal: Literal['.', ','] | None = None,
    encoding: str | None = None,
    skip_bad: bool = False,
    max_unpacked: float = 8.0,
    label_column: str | None = None,
    group: str | None = None,
    keys: Mapping[str, str] | None = None,
    threshold: float | None = None,
    alphabet: Any = None,
    unknown: Literal['error', 'gap', 'drop', 'resolve'] = 'error',
    inserts: Literal['keep', 'remove'] | None = None,
    align: str | None = None,
    max_gaps: float | None = None,
    min_coverage: float | None = None,
    max_identity: float | None = None,
    reweight: float | None = None,
    part: Literal['train', 'test'] | None = None,
    grey: bool = False,
    image_size: str | None = None,
    frames: int | None = None,
    time_bin: str | None = None,
    stride: int | None = None,
    region: str | None = None,
    maf: float | None = None,
    thin: int | None = None,
    missing: Literal['error', 'drop-site', 'drop-sample', 'major', 'category'] = 'error',
    multiallelic: Literal['skip', 'error', 'split'] = 'skip',
    bins: int | None = None,
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    ignore: Sequence[str] = (),
    layer: str | None = None,
    like: Kind | HasKind | None = None,
) -> Dataset: ...

def from_numpy(
    values: Any,
    labels: Any = None,
    *,
    labels_by_order: bool = False,
    format: str | None = None,
    delimiter: str | None = None,
    decimal: Literal['.', ','] | None = None,
    encoding: str | None = None,
    skip_bad: bool = False,
    max_unpacked: float = 8.0,
    label_column: str | None = None,
    group: str | None = None,
    keys: Mapping[str, str] | None = None,
    threshold: float | None = None,
    alphabet: Any = None,
    unknown: Literal['error', 'gap', 'drop', 'resolve'] = 'error',
    inserts: Literal['keep', 'remove'] | None = None,
    align: str | None = None,
    max_gaps: float | None = None,
    min_coverage: float | None = None,
    max_identity: float | None = None,
    reweight: float | None = None,
    part: Literal['train', 'test'] | None = None,
    grey: bool = False,
    image_size: str | None = None,
    frames: int | None = None,
    time_bin: str | None = None,
    stride: int | None = None,
    region: str | None = None,
    maf: float | None = None,
    thin: int | None = None,
    missing: Literal['error', 'drop-site', 'drop-sample', 'major', 'category'] = 'error',
    multiallelic: Literal['skip', 'error', 'split'] = 'skip',
    bins: int | None = None,
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    ignore: Sequence[str] = (),
    like: Kind | HasKind | None = None,
) -> Dataset: ...

def from_pandas(
    frame: Any,
    *,
    labels: str | None = None,
    labels_by_order: bool = False,
    format: str | None = None,
    delimiter: str | None = None,
    decimal: Literal['.', ','] | None = None,
    encoding: str | None = None,
    skip_bad: bool = False,
    max_unpacked: float = 8.0,
    label_column: str | None = None,
    group: str | None = None,
    keys: Mapping[str, str] | None = None,
    threshold: float | None = None,
    alphabet: Any = None,
    unknown: Literal['error', 'gap', 'drop', 'resolve'] = 'error',
    inserts: Literal['keep', 'remove'] | None = None,
    align: str | None = None,
    max_gaps: float | None = None,
    min_coverage: float | None = None,
    max_identity: float | None = None,
    reweight: float | None = None,
    part: Literal['train', 'test'] | None = None,
    grey: bool = False,
    image_size: str | None = None,
    frames: int | None = None,
    time_bin: str | None = None,
    stride: int | None = None,
    region: str | None = None,
    maf: float | None = None,
    thin: int | None = None,
    missing: Literal['error', 'drop-site', 'drop-sample', 'major', 'category'] = 'error',
    multiallelic: Literal['skip', 'error', 'split'] = 'skip',
    bins: int | None = None,
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    ignore: Sequence[str] = (),
    like: Kind | HasKind | None = None,
) -> Dataset: ...

def from_parameters(
    weight: Any,
    bias: Any,
    hidden_bias: Any,
    *,
    labels: Sequence[str] = (),
    alphabet: str | None = None,
    scheme: Literal['ff', 'pcd', 'cd', 'rdm'] | None = None,
    steps: int | None = None,
    hidden_rule: Literal['sample', 'mean'] | None = None,
    overwrite: bool = False,
    units: Literal['bernoulli', 'ising', 'gaussian', 'potts'] | None = None,
    hidden_units: Literal['bernoulli', 'ising', 'gaussian'] = 'bernoulli',
    label_weight: Any = None,
    label_bias: Any = None,
    out: Path | str | None = None,
) -> Trajectory: ...

def generate(
    run: Trajectory | Path | str,
    *,
    seed: int = 0,
    raw: bool = False,
    age: int | Literal['best', 'last'] = 'best',
    labels: str | int | Sequence[str | int] | Mapping[str | int, int] | None = None,
    n: int = 100,
    acceptance: float = 0.3,
    sampler: Literal['short', 'ptt', 'pt'] = 'short',
    processes: int = 1,
    share: str = 'rows',
    fix: Sequence[str] | Mapping[int | str, str] | None = None,
    keep: Sequence[int | str] = (),
    bars: int | None = None,
    seconds: float | None = None,
    overlap: int | None = None,
    rules: Sequence[str] = (),
    steps: int | None = None,
    time: float | None = None,
    template: Dataset | None = None,
) -> Dataset: ...

def import_model(
    source: Path | str | Any,
    *,
    labels: Sequence[str] = (),
    alphabet: str | None = None,
    scheme: Literal['ff', 'pcd', 'cd', 'rdm'] | None = None,
    steps: int | None = None,
    hidden_rule: Literal['sample', 'mean'] | None = None,
    overwrite: bool = False,
    format: str | None = None,
    out: Path | str | None = None,
    like: Kind | HasKind | None = None,
) -> Trajectory: ...

def learning_flow(
    data: Dataset,
    *,
    seed: int = 0,
    modes: int = 5,
    noise: float = 1.0,
    first: float = 0.001,
    time: float | None = None,
) -> LearningFlow: ...

def likelihood(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    raw: bool = False,
    age: int | Literal['best', 'last'] = 'best',
    seed: int = 0,
    chains: int = 200,
    temperatures: int = 1000,
    acceptance: float = 0.3,
    method: Literal['exact', 'ais', 'trajectory'] | None = None,
    sweeps: int = 1000,
    processes: int = 1,
    marginal: bool = False,
    pseudo: bool = False,
) -> Likelihood: ...

def likelihood_by_age(
    run: Trajectory | Path | str,
    data: Mapping[str, Dataset],
    *,
    raw: bool = False,
    ages: Sequence[int] | Literal['all', 'last'] | None = None,
    seed: int = 0,
    chains: int = 200,
    temperatures: int = 1000,
    acceptance: float = 0.3,
    method: Literal['exact', 'ais', 'trajectory'] | None = None,
    sweeps: int = 1000,
    processes: int = 1,
    marginal: bool = False,
    progress: Progress | None = None,
) -> tuple[pd.DataFrame, tuple[str, ...]]: ...

def lyapunov(
    run: Trajectory | Path | str,
    *,
    seed: int = 0,
    raw: bool = False,
    ages: Sequence[int] | Literal['all', 'last'] | None = None,
    untrained: bool = False,
    gains: Sequence[float] | None = None,
    chains: int = 20,
    time: float = 200.0,
    transient: float | None = None,
    hold_label: bool = True,
    progress: Progress | None = None,
) -> pd.DataFrame: ...

def mixing(
    run: Trajectory | Path | str,
    data: Dataset | None = None,
    *,
    seed: int = 0,
    raw: bool = False,
    ages: Sequence[int] | Literal['all', 'last'] | None = None,
    processes: int = 1,
    chains: int = 200,
    sweeps: int = 4096,
    modes: int = 3,
    clusters: int | None = None,
    progress: _Progress_of_mixing | None = None,
) -> Mixing: ...

def mutations(
    run: Trajectory | Path | str,
    wildtype: Dataset | WildType | Path | str,
    sequences: Dataset | None = None,
    *,
    raw: bool = False,
    age: int | Literal['best', 'last'] = 'best',
    label: str | None = None,
    first_residue: int = 1,
    measured_column: str | None = None,
    baselines: Sequence[Literal['independent']] | None = None,
    mutants: Path | str | None = None,
    measured: Path | str | None = None,
    align: Path | str | None = None,
) -> pd.DataFrame: ...

def phases(
    run: Trajectory | Path | str,
    *,
    seed: int = 0,
    raw: bool = False,
    ages: Sequence[int] | Literal['all', 'last'] | None = None,
    modes: int = 3,
    susceptibility: bool = False,
    chains: int = 500,
    steps: int = 200,
    burn: int = 200,
    progress: Progress | None = None,
) -> pd.DataFrame: ...

def predict(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    seed: int = 0,
    raw: bool = False,
    age: int | Literal['best', 'last'] = 'best',
    processes: int = 1,
    share: str = 'rows',
    chains: int = 10,
    sweeps: int | None = None,
) -> Predictions: ...

def predictions(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    seed: int = 0,
    raw: bool = False,
    age: int | Literal['best', 'last'] = 'best',
    processes: int = 1,
    share: str = 'rows',
    chains: int = 10,
    sweeps: int | None = None,
) -> Iterator[Predictions]: ...

def read(
    path: Any,
    *,
    labels: str | None = None,
    labels_by_order: bool = False,
    format: str | None = None,
    delimiter: str | None = None,
    decimal: Literal['.', ','] | None = None,
    encoding: str | None = None,
    skip_bad: bool = False,
    max_unpacked: float = 8.0,
    label_column: str | None = None,
    group: str | None = None,
    keys: Mapping[str, str] | None = None,
    threshold: float | None = None,
    alphabet: Any = None,
    unknown: Literal['error', 'gap', 'drop', 'resolve'] = 'error',
    inserts: Literal['keep', 'remove'] | None = None,
    align: str | None = None,
    max_gaps: float | None = None,
    min_coverage: float | None = None,
    max_identity: float | None = None,
    reweight: float | None = None,
    part: Literal['train', 'test'] | None = None,
    grey: bool = False,
    image_size: str | None = None,
    frames: int | None = None,
    time_bin: str | None = None,
    stride: int | None = None,
    region: str | None = None,
    maf: float | None = None,
    thin: int | None = None,
    missing: Literal['error', 'drop-site', 'drop-sample', 'major', 'category'] = 'error',
    multiallelic: Literal['skip', 'error', 'split'] = 'skip',
    bins: int | None = None,
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    ignore: Sequence[str] = (),
    like: Kind | HasKind | None = None,
) -> Dataset: ...

def reconstruct(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    seed: int = 0,
    raw: bool = False,
    age: int | Literal['best', 'last'] = 'best',
    processes: int = 1,
    steps: int | None = None,
) -> Dataset: ...

def score(
    reference: Dataset,
    generated: Dataset,
    *,
    seed: int = 0,
    scores: Sequence[str] | None = None,
    convention: Literal['default', 'paper', 'fef'] = 'default',
    per_class: bool = True,
    held_out: Dataset | None = None,
    leak: Leak | None = None,
) -> Scores: ...

def stream(
    run: Trajectory | Path | str,
    *,
    seed: int = 0,
    raw: bool = False,
    age: int | Literal['best', 'last'] = 'best',
    labels: str | int | Sequence[str | int] | Mapping[str | int, int] | None = None,
    n: int = 100,
    acceptance: float = 0.3,
    sampler: Literal['short', 'ptt', 'pt'] = 'short',
    processes: int = 1,
    share: str = 'rows',
    fix: Sequence[str] | Mapping[int | str, str] | None = None,
    keep: Sequence[int | str] = (),
    times: Sequence[int],
    template: Dataset | None = None,
    watch: Callable[[Tempered], None] | None = None,
) -> Iterator[dict[int, Dataset]]: ...

def studio(
    run: Trajectory | Path | str,
    out: Path | str,
    *,
    raw: bool = False,
    age: int | Literal['best', 'last'] = 'best',
    nearest: int = 0,
    largest: int = 20,
) -> int: ...

def tree(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    seed: int = 0,
    raw: bool = False,
    ages: Sequence[int] | Literal['all', 'last'] | None = None,
    order: int = 2,
    tolerance: float = 0.0001,
    max_iterations: int = 3000,
    damping: float = 0.0,
    eps: float = 0.05,
    acceptance: float | None = None,
    chains: int = 1000,
    sweeps: int = 100,
    n: int | None = None,
    progress: Callable[[Stage], None] | None = None,
) -> Tree: ...

def tune(
    data: Any,
    labels: Any = None,
    *,
    preset: str | None = None,
    config: Config | Path | None = None,
    assignments: Sequence[str] = (),
    time: float | None = None,
    trials: int | None = None,
    task: Literal['generate', 'predict', 'both'] | None = None,
    vary: Sequence[str] = (),
    search: Literal['tpe', 'random', 'grid'] = 'tpe',
    prune: bool = True,
    jobs: int = 1,
    keep: Literal['best', 'all'] = 'best',
    model: Literal['rbm', 'chaotic'] = 'rbm',
    units: Literal['auto', 'bernoulli', 'ising', 'potts', 'gaussian'] = 'auto',
    hidden: int | Literal['auto'] = 'auto',
    hidden_units: Literal['bernoulli', 'ising', 'gaussian'] = 'bernoulli',
    hidden_rule: Literal['sample', 'mean'] = 'sample',
    start: Literal['uniform', 'profile'] = 'profile',
    profiles: int = 16,
    layers: Sequence[int] = (),
    gain: float = 1.5,
    dt: float = 1.0,
    tau: float = 10.0,
    settling: Literal['euler', 'exact'] = 'euler',
    diagonal: bool = True,
    hebbian: float = 1.0,
    classes: bool = False,
    scheme: Literal['auto', 'ff', 'pcd', 'cd', 'rdm'] = 'auto',
    steps: int = 10,
    generate: float = 1.0,
    predict: float = 10.0,
    predict_end: float = 1.0,
    swapped: float = 0.2,
    chains: int | None = None,
    missing_labels: Literal['marginal', 'impute'] = 'marginal',
    optimiser: Literal['sgd', 'momentum', 'adam'] = 'sgd',
    rate: float | Literal['auto'] = 'auto',
    damped_above: float = 1.0,
    label_rate: float = 1.0,
    schedule: Literal['warmup', 'constant', 'inverse', 'cosine'] = 'warmup',
    average: float = 0.1,
    centred: bool = True,
    l1: float = 0.0,
    l2: float = 0.0,
    label_l2: float = 0.002,
    weight_std: float = 0.01,
    pseudo_count: float | None = None,
    updates: int | Literal['auto'] = 'auto',
    max_updates: int = 20000,
    minutes: float | None = None,
    batch: int = 500,
    seed: int = 0,
    validation: float = 0.1,
    ages_per_decade: int = 10,
    log_every: int = 100,
    restart_seconds: float = 30.0,
    device: str = 'auto',
    label_column: str | None = None,
    out: Path | str,
    progress: _Progress_of_tuning | None = None,
) -> Study: ...

def write_tree(
    tree: Tree,
    run: Trajectory,
    data: Dataset,
    folder: Path | str,
    *,
    clusters: int | None = None,
    depth: Literal['age', 'length'] = 'age',
    overwrite: bool = False,
    annotations: Mapping[str, np.ndarray] | None = None,
    title: str = '',
) -> None: ...
