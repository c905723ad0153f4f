"""The C kernels with sanitizers of addresses and of undefined behaviour: the engine tests, and odd calls.

`python -m tests.campaigns.kernels` builds them into a temporary folder, so that the library in use stays as it is, and
needs a C compiler with its sanitizers.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
SANITIZERS = "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g"
SIZES = (0, 1, 2, 15, 16, 17, 63, 64, 65, 200)
ROWS = (0, 1, 3, 33)
FAR = 2**20  # elements from one row to the next: 4,096 rows end beyond 2^31
PLACE = {"seed": 2**64 - 1, "update": 2**32 - 1, "place": 2**32 - 1, "first_chain": 2**32 - 1}


def build(folder: Path) -> Path:
    """Compile the kernels with sanitizers beside a copy of the package, and return what to import it from."""
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    os.environ["CC"] = f"{os.environ.get('CC', 'gcc')} {SANITIZERS}"
    builder = hook()
    builder.FLAGS[:] = ["-O1" if flag == "-O3" else flag for flag in builder.FLAGS]  # else it compiles for minutes
    builder.build(folder)
    return folder / "src"


def hook() -> ModuleType:
    """Return the build hook as a module."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def preloaded(source: Path) -> dict[str, str]:
    """Return the environment of a process that imports the package from there, with the sanitizers loaded first."""
    names = ("libasan.so", "libubsan.so")
    found = [subprocess.check_output(["gcc", f"-print-file-name={name}"], text=True).strip() for name in names]
    return os.environ | {
        "LD_PRELOAD": " ".join(found),
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        "PYTHONPATH": os.pathsep.join([str(source), str(ROOT)]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "OMP_NUM_THREADS": "2",
    }


def odd_calls() -> int:
    """Call every kernel with sizes 0, 1 and around a register, rows far apart, weights that are no numbers."""
    from shortrun.engine import native

    count = 0
    for name in native.PATHS:
        if native.select(name) != name:
            continue
        for rows, sites in product(ROWS, SIZES):
            for scale in (1.0, 1e38, float("inf"), float("nan")):
                count += of_sizes(rows, sites, scale)
        count += far_rows() + of_machines()
    return count


def of_sizes(rows: int, sites: int, scale: float) -> int:
    """Call the kernels of plain matrices, which are parts of larger ones, at one size."""
    import torch

    from shortrun.engine import native

    field = torch.randn(rows, sites + 3)[:, 1 : sites + 1] * scale
    bias, out = torch.randn(sites) * scale, torch.empty(rows, sites + 5)[:, 2 : sites + 2]
    codes = torch.empty(rows, sites + 1, dtype=torch.uint8)[:, 1:]
    native.uniform(out, **PLACE)
    native.draw_binary(field, bias, out, codes, gain=2.0, low=-1.0, **PLACE)
    native.draw_binary(field, None, None, codes, **PLACE)
    native.mean_binary(field, bias, out, gain=2.0, low=-1.0)
    for colours in (2, 5, 21, 255):
        many = torch.randn(rows, sites * colours) * scale
        native.draw_potts(many, None, colours, codes, many, **PLACE)
        assert rows * sites == 0 or int(codes.max()) < colours, (rows, sites, scale, colours)
        weight = torch.randn(sites * colours, 7) * scale
        native.gather_potts(codes, colours, weight, torch.empty(rows, 7), torch.zeros(7))
    return 4 + 2 * 4


def far_rows() -> int:
    """Call kernels with rows that lie over more than 2^31 elements, in a file of holes."""
    import numpy as np
    import torch

    from shortrun.engine import native

    rows, sites = 4096, 16
    with tempfile.TemporaryDirectory() as folder:
        far = np.memmap(Path(folder, "codes"), np.uint8, "w+", shape=(rows, FAR))
        codes = torch.from_numpy(far)[:, :sites]
        near = torch.empty(rows, sites, dtype=torch.uint8)
        field = torch.randn(rows, sites)
        for out in (codes, near):
            native.draw_binary(field, None, None, out, **PLACE)
        assert torch.equal(codes, near)
        sums = [torch.empty(rows, 3) for _ in range(2)]
        weight = torch.randn(2 * sites, 3)
        for out, state in zip(sums, (codes, near), strict=True):
            native.gather_potts(state, 2, weight, out, torch.zeros(3))
        assert torch.equal(*sums)
    return 4


def of_machines() -> int:
    """Run machines of odd sizes, with weights that are large, infinite or no numbers, through the lookup kernels."""
    import torch

    from shortrun import engine
    from shortrun.dynamics import Noise, start
    from shortrun.models import RBM, Clamp, Layer, Spec
    from shortrun.units import Bernoulli, Ising, Potts

    count = 0
    for units, sites, hidden, chains in product((Bernoulli(), Ising(), Potts(5)), (1, 17, 64), (1, 33), (1, 19)):
        model, noise = RBM(Spec((Layer("visible", sites, units), Layer("hidden", hidden, Bernoulli())))), Noise(1, 0)
        for scale in (0.0, 1.0, 1e30, float("inf"), float("nan")):
            machine = engine.machine(model, torch.randn(model.size()) * scale)
            machine.run(start(model, noise, chains, {}), noise, steps=2, clamp=Clamp())
            count += 1
    return count


def main() -> int:
    """Build, run the tests and the odd calls, and return 1 after a finding."""
    if "--odd" in sys.argv:
        tell(f"odd calls: {odd_calls():,}, nothing found")
        return 0
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        environment = preloaded(build(Path(folder)))
        tests = sorted(set((ROOT / "tests" / "engine").glob("test_*.py")) - {ROOT / "tests" / "engine" / "test_gpu.py"})
        plugins = [word for name in ("jaxtyping", "hypothesispytest", "no:cacheprovider") for word in ("-p", name)]
        suite = ["-m", "pytest", "-q", *plugins, *map(str, tests)]
        calls = (suite, ["-m", "tests.campaigns.kernels", "--odd"])
        codes = [subprocess.run([sys.executable, *words], cwd=ROOT, env=environment).returncode for words in calls]
    seconds = time.monotonic() - begin
    tell(f"kernels with sanitizers: tests {codes[0]}, odd calls {codes[1]} (0 is clean), {seconds:.0f} s")
    return int(any(codes))


def tell(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
