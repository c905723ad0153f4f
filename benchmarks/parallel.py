"""Updates that processes share: seconds, bytes on the way beside what a formula says, and memory of each process.

    python -m benchmarks.parallel [--sites 1000000] [--hidden 256] [--batch 100] [--ways 1:rows 2:sites 4:sites 4:2x2]

Rows are random and stay in their file, of which every process reads its sites. A way is a number of processes and what
they share. The memory of a process is what is its own (`RssAnon` of Linux), and its peak with what it maps (`VmHWM`).
"""

from __future__ import annotations

import argparse
import json
import math
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

import shortrun as sr
from shortrun import engine, learning, parallel
from shortrun.dynamics import Noise, Stream
from shortrun.learning import optimisers
from shortrun.learning.rows import Minibatches
from shortrun.learning.update import Learner
from shortrun.models import RBM, Training, spec_of
from shortrun.settings import Config, resolve

MEGABYTE = 1e6


def main() -> None:
    """Measure, and print a line a way."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in {"sites": 20_000, "colours": 2, "hidden": 256, "batch": 500, "steps": 10, "updates": 5}.items():
        options.add_argument(f"--{name}", type=int, default=value)
    options.add_argument("--ways", nargs="+", default=["1:rows", "2:rows", "2:sites", "4:rows", "4:sites", "4:2x2"])
    options.add_argument("--threads", type=int, default=2, help="of all processes together")
    options.add_argument("--folder", type=Path, help="of the data, by default a temporary one")
    options.add_argument("--json", type=Path)
    options.add_argument("--foresee", action="store_true", help="print what is foreseen, and measure nothing")
    asked = options.parse_args()
    if asked.foresee:
        foresee()
        return
    found = []
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        path = Path(folder) / "rows.npy"
        written(path, asked.batch, asked.sites, asked.colours)
        case = {
            "path": path,
            **{name: getattr(asked, name) for name in ("colours", "hidden", "batch", "steps", "updates")},
        }
        for way in asked.ways:
            count, _, share = way.partition(":")
            torch.set_num_threads(asked.threads)
            with together(int(count), {"share": share, **case}) as group:
                found.append({"way": way, **updates(group, share=share, **case)})
            print(said(found[-1]), flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1))


@contextmanager
def together(count: int, work: dict) -> Iterator[parallel.Group]:
    """Start the processes."""
    if count == 1:
        yield parallel.Group(0, 1)
    else:
        with parallel.followers(count, f"{updates.__module__}:updates", work) as group:
            yield group


def written(path: Path, rows: int, sites: int, colours: int) -> None:
    """Write random rows, one at a time."""
    random = np.random.default_rng(0)
    table = np.lib.format.open_memmap(path, "w+", np.uint8, (rows, sites))
    for row in range(rows):
        table[row] = random.integers(0, colours, sites, dtype=np.uint8)
    table.flush()


def updates(
    group: parallel.Group, *, share: str, path: Path, colours: int, hidden: int, batch: int, steps: int, updates: int
) -> dict:
    """Do some updates in each process; return what was measured."""
    alphabet = None if colours == 2 else "".join(map(chr, range(65, 65 + colours)))
    data = sr.Dataset.from_arrays(np.load(path, mmap_mode="r"), np.arange(batch) % 2, alphabet=alphabet)
    config = resolve(
        model={"hidden": hidden, "start": "uniform"},
        training={"batch": batch, "updates": updates + 1},
        optimiser={"damped_above": 0.0, "rate": 0.01},
        scheme={"steps": steps},
    )
    model = RBM(spec_of(data, config.model))
    mesh = None if group.count == 1 else parallel.Mesh.of(group, share)
    rows = learning.Rows.of(data, torch.device("cpu"))
    if mesh is not None and mesh.sites.count > 1:
        model = parallel.Parts(model, mesh).part
        rows = rows.of_sites(model)
    with parallel.sharing(mesh):
        seconds, traffic = timed(model, rows, config, mesh)
    own = {"memory": memory(), "parameters": model.size(), "seconds": seconds, "traffic": traffic}
    every = gathered(group, own)
    return {
        "seconds": statistics.median(own["seconds"]),
        "bytes": {name: found[1] for name, found in traffic.items()},
        "messages": {name: found[0] for name, found in traffic.items()},
        "foreseen": foreseen(model.undivided(), config, mesh),
        "parameters": [each["parameters"] for each in every],
        "memory": [each["memory"] for each in every],
    }


def timed(
    model: RBM, rows: learning.Rows, config: Config, mesh: parallel.Mesh | None
) -> tuple[list[float], dict[str, list[float]]]:
    """Return the seconds of each update but the first, and the messages and bytes of one."""
    theta = learning.begin(model, learning.ff(1), rows, config).theta
    scheme = learning.from_settings(config.scheme, labelled=True)
    training = Training(0, theta, (), (None,) * len(scheme.free))
    learner = Learner(model, scheme, config.optimiser)
    batches, noise = Minibatches(rows, config), Noise(0, Stream.FREE)
    advance = engine.updater(model, training, learner, optimisers.named("sgd", theta), batches, noise)
    groups = {} if mesh is None else mesh.groups
    seconds, before = [], {}
    for update in range(1, config.training.last_update + 1):
        if update == 2:
            before = {name: (group.traffic.messages, group.traffic.bytes) for name, group in groups.items()}
        start = time.perf_counter()
        advance(update, 0.01)
        seconds.append(time.perf_counter() - start)
    count = len(seconds) - 1
    now = {name: (group.traffic.messages, group.traffic.bytes) for name, group in groups.items()}
    each = {name: [(b - a) / count for a, b in zip(before[name], now[name], strict=True)] for name in groups}
    return seconds[1:], each


def foreseen(model: RBM, config: Config, mesh: parallel.Mesh | None) -> dict[str, float]:
    """Return the bytes that the first process sends in an update of F&F."""
    if mesh is None:
        return {}
    visible, hidden = model.spec.observed[0], model.spec.hidden.sites
    shape = (visible.sites, visible.width, hidden, config.training.batch, config.scheme.steps)
    return sent(*shape, mesh.rows.count, mesh.sites.count)


def sent(visible: int, features: int, hidden: int, batch: int, steps: int, rows: int, sites: int) -> dict[str, float]:
    """Return the bytes that a process sends in an update of F&F, as docs/howto/cluster.md has it."""
    part, mine = features / sites, batch / rows
    ring = 2 * 4 * hidden * (sites - 1) / sites  # of a chain
    held = mine if rows > 1 else 0  # our rows of what is held, beside all of them for the statistics
    of_sites = ring * (steps * padded(mine) + padded(held) + 2 * padded(batch)) if sites > 1 else 0
    chains = 2 * batch * hidden + batch * visible / sites + batch
    of_rows = (rows - 1) / rows * (4 * part * hidden + chains) if rows > 1 else 0
    return {name: round(size) for name, size in (("rows", of_rows), ("sites", of_sites)) if size}


# Seconds of the two cores that docs/howto/cluster.md names, and a network of 10 Gbit/s.
SWEPT, WEIGHT, DRAWN, SENT, HOP = 7.9e-11, 5e-8, 4e-9, 1 / 1.25e9, 20e-6


def predicted(
    visible: int, features: int, hidden: int, batch: int, steps: int, rows: int, sites: int
) -> tuple[float, float]:
    """Return the seconds of an update of F&F by processes with two cores each, and the bytes that each sends."""
    weights = features * hidden / sites
    of_sweeps = SWEPT * weights * (steps / rows + 2 / rows) * batch
    of_weights = WEIGHT * weights
    of_hidden = DRAWN * hidden * batch * steps / rows
    size = sum(sent(visible, features, hidden, batch, steps, rows, sites).values())
    hops = 2 * (sites - 1) * (steps + 5) + (rows - 1) * 6
    return of_sweeps + of_weights + of_hidden + SENT * size + HOP * hops, size


def foresee() -> None:
    """Print what is foreseen of two large families on up to 1,024 processes."""
    for title, visible, features, most in (("haplotypes", 10**6, 10**6, 3125), ("proteins", 500, 10_500, 8)):
        print(f"\n{title}\n\n| processes | rows | sites | both |\n| --: | --: | --: | --: |")
        for count in (1, 2, 4, 16, 64, 256, 1024):
            both = 2 ** (count.bit_length() // 2)
            ways = [(count, 1), (1, count), (count // min(both, most), min(both, most))]
            cells = []
            for rows, sites in ways:
                if sites > most or rows > 500:
                    cells.append("-")
                    continue
                seconds, size = predicted(visible, features, 1024, 500, 10, rows, sites)
                cells.append(f"{seconds:.3g} s, {size / MEGABYTE:,.3g} MB")
            print(f"| {count} | {' | '.join(cells)} |")


def padded(chains: float) -> int:
    """Return a multiple of 32 chains."""
    return 32 * math.ceil(chains / 32)


def gathered(group: parallel.Group, own: dict) -> list[dict]:
    """Return what each process found, in all of them."""
    if group.count == 1:
        return [own]
    found: list = [None] * group.count
    torch.distributed.all_gather_object(found, own)
    return found


def memory() -> dict[str, float]:
    """Return the megabytes that are this process's own, and its peak."""
    text = Path("/proc/self/status").read_text()
    return {name: int(re.search(rf"{name}:\s+(\d+)", text)[1]) / 1000 for name in ("RssAnon", "VmHWM")}  # type: ignore[index]


def said(found: dict) -> str:
    """Return a line."""
    sent = ", ".join(
        f"{name} {size / MEGABYTE:.2f} MB in {found['messages'][name]:.0f} messages "
        f"(foreseen {found['foreseen'][name] / MEGABYTE:.2f})"
        for name, size in found["bytes"].items()
    )
    kept = " ".join(f"{each['RssAnon']:.0f}/{each['VmHWM']:.0f}" for each in found["memory"])
    return (
        f"{found['way']:8} {found['seconds']:.3f} s an update; sent {sent or 'nothing'}; "
        f"parameters {max(found['parameters']):,}; memory own/peak MB {kept}"
    )


if __name__ == "__main__":
    import benchmarks.parallel as module  # as the other processes import it

    module.main()
