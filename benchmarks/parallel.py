"""Updates that processes share: seconds, bytes on the way beside what a formula says, and memory of each process.

    python -m benchmarks.parallel [--sites 1000000] [--hidden 256] [--batch 100] [--ways 1:rows 2:sites 4:sites 4:2x2]

Rows are random and stay in their file, of which every process reads its sites. A way is a number of processes and what
they share. The memory of a process is what is its own (`RssAnon` of Linux), and its peak with what it maps (`VmHWM`).
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import nnls

import shortrun as sr
from benchmarks import link
from benchmarks.link import Link
from shortrun import engine, learning, parallel
from shortrun.dynamics import Noise, Stream
from shortrun.learning import optimisers
from shortrun.learning.rows import Minibatches
from shortrun.learning.update import Learner
from shortrun.models import RBM, Layer, Training, spec_of
from shortrun.models.rbm import sites_of_chunk
from shortrun.parallel.group import DIRECT, SMALL
from shortrun.settings import Config, resolve
from shortrun.units import Bernoulli, Potts

FAST = Link(1e10, 20e-6)  # of which the tables of docs/howto/cluster.md are
MEGABYTE = 1e6


def main(words: Sequence[str] | None = None) -> int:
    """Measure, and print a line a way."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in {"sites": 20_000, "colours": 2, "hidden": 256, "batch": 500, "steps": 10, "updates": 5}.items():
        options.add_argument(f"--{name}", type=int, default=value)
    options.add_argument("--ways", nargs="+", default=["1:rows", "2:rows", "2:sites", "4:rows", "4:sites", "4:2x2"])
    options.add_argument("--threads", type=int, default=2, help="of all processes together")
    options.add_argument(
        "--link",
        nargs="+",
        type=lambda text: None if text == "none" else Link.of(text),
        default=[None],
        help="slow networks between them, as 100Mbit,1ms, or none",
    )
    options.add_argument("--folder", type=Path, help="of the data, by default a temporary one")
    options.add_argument("--json", type=Path, help="file to which what was measured is added")
    options.add_argument(
        "--fit", type=Path, help="file of measurements without a network: print the constants of a machine"
    )
    options.add_argument(
        "--check", type=Path, nargs="+", help="files of measurements: print them beside what is foreseen"
    )
    options.add_argument("--foresee", action="store_true", help="print what is foreseen, and measure nothing")
    asked = options.parse_args(words)
    if asked.foresee:
        foresee()
    elif asked.fit:
        print(fitted(json.loads(asked.fit.read_text())))
    elif asked.check:
        check([found for path in asked.check for found in json.loads(path.read_text())])
    elif any(asked.link) and (reason := link.refusal()):
        print(f"not measured: {reason}", file=sys.stderr)
        return 2
    else:
        measure(asked)
    return 0


def measure(asked: argparse.Namespace) -> None:
    """Measure each way; print a line each."""
    case = {name: getattr(asked, name) for name in ("sites", "colours", "hidden", "batch", "steps", "updates")}
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        path = Path(folder) / "rows.npy"
        written(path, asked.batch, asked.sites, asked.colours)
        for network, way in itertools.product(asked.link, asked.ways):
            count, _, share = way.partition(":")
            found = {"way": way, "threads": asked.threads, "link": network, **case}
            work = {name: size for name, size in case.items() if name != "sites"} | {"share": share, "path": str(path)}
            found |= together(int(count), asked.threads, network, work)
            print(said(found), flush=True)
            if asked.json:
                before = json.loads(asked.json.read_text()) if asked.json.exists() else []
                asked.json.write_text(json.dumps([*before, found], indent=1))


def together(count: int, threads: int, network: Link | None, work: dict) -> dict:
    """Do the updates in so many processes; return what the first one found."""

    def member() -> dict:
        torch.set_num_threads(max(1, threads // count))
        place = parallel.here()
        if place is None:
            return updates(parallel.Group(0, 1), **work)
        with parallel.Group.joined(place) as group:
            return updates(group, **work)

    return link.linked(network, count, member)


def written(path: Path, rows: int, sites: int, colours: int) -> None:
    """Write random rows, one at a time."""
    random = np.random.default_rng(0)
    table = np.lib.format.open_memmap(path, "w+", np.uint8, (rows, sites))
    for row in range(rows):
        table[row] = random.integers(0, colours, sites, dtype=np.uint8)
    table.flush()


def updates(
    group: parallel.Group,
    *,
    share: str,
    path: str,
    colours: int,
    hidden: int,
    batch: int,
    steps: int,
    updates: int,
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
        seconds, of_processor, traffic = timed(model, rows, config, mesh)
    own = {"memory": memory(), "parameters": model.size(), "processor": of_processor}
    every = gathered(group, own)
    return {
        "seconds": seconds,
        "processor": sum(each["processor"] for each in every),
        "bytes": {name: found[1] for name, found in traffic.items()},
        "messages": {name: found[0] for name, found in traffic.items()},
        "parameters": [each["parameters"] for each in every],
        "memory": [each["memory"] for each in every],
    }


def timed(
    model: RBM, rows: learning.Rows, config: Config, mesh: parallel.Mesh | None
) -> tuple[list[float], float, dict[str, list[float]]]:
    """Return the seconds of each update but the first, and of one those of the processor, the messages and bytes."""
    theta = learning.begin(model, learning.ff(1), rows, config).theta
    scheme = learning.from_settings(config.scheme, labelled=True)
    training = Training(0, theta, (), (None,) * len(scheme.free))
    learner = Learner(model, scheme, config.optimiser)
    batches, noise = Minibatches(rows, config), Noise(0, Stream.FREE)
    advance = engine.updater(model, training, learner, optimisers.named("sgd", theta), batches, noise)
    groups = {} if mesh is None else mesh.groups
    seconds, before, begun = [], {}, 0.0
    for update in range(1, config.training.last_update + 1):
        if update == 2:
            begun = time.process_time()
            before = {name: (group.traffic.messages, group.traffic.bytes) for name, group in groups.items()}
        start = time.perf_counter()
        advance(update, 0.01)
        if mesh is not None:
            mesh.everyone.any(False)  # whether a process asks for an end, as a training does
        seconds.append(time.perf_counter() - start)
    count = len(seconds) - 1
    of_processor = (time.process_time() - begun) / count
    now = {name: (group.traffic.messages, group.traffic.bytes) for name, group in groups.items()}
    each = {name: [(b - a) / count for a, b in zip(before[name], now[name], strict=True)] for name in groups}
    return seconds[1:], of_processor, each


class Shape(NamedTuple):
    """An update of F&F: sites and features, hidden units, samples, sweeps; processes that share rows, and sites."""

    sites: int
    features: int
    hidden: int
    batch: int
    steps: int
    rows: int
    parts: int

    @classmethod
    def of(cls, found: dict) -> Shape:
        """Return that of a measurement."""
        count, _, share = found["way"].partition(":")
        features = found["sites"] * (1 if found["colours"] == 2 else found["colours"])
        rows, parts = parallel.shape_of(share, int(count))
        return cls(found["sites"], features, found["hidden"], found["batch"], found["steps"], rows, parts)

    @property
    def processes(self) -> int:
        """How many there are."""
        return self.rows * self.parts

    @property
    def share(self) -> float:
        """The share of the sites that a process has, the one with the most."""
        if self.parts == 1:
            return 1.0
        width = self.features // self.sites
        chunk = sites_of_chunk(Layer("visible", self.sites, Bernoulli() if width == 1 else Potts(width)))
        return min(1.0, math.ceil(math.ceil(self.sites / chunk) / self.parts) * chunk / self.sites)


class Message(NamedTuple):
    """What a process says to a group: so many times, to whom, bytes that it sends, ways one after the other."""

    times: int
    group: str
    bytes: float
    ways: float


def summed(times: int, group: str, count: int, size: float, *, expected: int = 0) -> Message:
    """Return a sum of so many bytes; the first way is one there and one back, unless the message is `expected`."""
    ways, sent, distance = 0, 0.0, 1
    if count & (count - 1):  # gloo's ring, which sends in two pieces
        return Message(times, group, 2 * size * (count - 1) / count, 4 * (count - 1))
    while distance < count:
        whole = size <= SMALL or 2 * distance == count
        ways, sent = ways + (1 if whole else 2), sent + size
        size, distance = size if whole else size / 2, 2 * distance
    return Message(times, group, sent, ways + 1 - expected / times)


def whole(group: str, count: int, part: float) -> Message:
    """Return a message that all have of all others."""
    sent = (count - 1) * part
    return Message(1, group, sent, 2 if sent <= DIRECT else 2 * (count - 1))


def messages(of: Shape) -> list[Message]:
    """Return what a process says in an update of F&F, as docs/howto/cluster.md has it; its first layer is all sites."""
    found, mine = [], of.batch / of.rows
    if of.parts > 1:
        field, label = 4 * of.hidden, "sites"
        sizes = [padded(of.batch)] * 2 + (
            [padded(mine)] if of.rows > 1 else []
        )  # of the data, of the end, of what is held
        found += [summed(1, label, of.parts, field * chains) for chains in sizes]
        found.append(summed(of.steps, label, of.parts, field * padded(mine), expected=of.steps - 1))
        sums = 2 if of.features > of.sites else 1  # of weights for the hidden biases, and for the gauge
        found += [summed(1, label, of.parts, 8), summed(1, label, of.parts, 8 * sums)]  # how large numbers are
        found.append(summed(1, label, of.parts, 8 * sums * of.hidden))
    if of.rows > 1:
        chains = math.ceil(mine)
        found.append(whole("rows", of.rows, chains * (of.sites * of.share + of.hidden)))
        found.append(whole("rows", of.rows, chains * (1 + of.hidden)))
        sites = math.ceil(of.sites * of.share / of.rows)
        found.append(whole("rows", of.rows, sites * (of.features // of.sites) * 4 * of.hidden))
    if of.processes > 1:
        group = "sites" if of.rows == 1 else "rows" if of.parts == 1 else "everyone"
        found.append(summed(1, group, of.processes, 1))
    return found


def sent(of: Shape) -> dict[str, tuple[int, float]]:
    """Return the messages, and the bytes, that a process sends to each group in an update."""
    found: dict[str, tuple[int, float]] = {}
    for message in messages(of):
        count, size = found.get(message.group, (0, 0.0))
        found[message.group] = count + message.times, size + message.times * message.bytes
    return found


class Machine(NamedTuple):
    """Seconds that a core needs for each of what `work` counts."""

    looked_up: float
    drawn: float
    weight: float
    byte: float
    way: float


HERE = Machine(1.9e-11, 3.4e-09, 2.4e-08, 1.1e-09, 0.0)


def work(of: Shape) -> list[float]:
    """Return how much a process does of what a `Machine` takes seconds for.

    What five two-valued units, or a site of colours, add to a field is looked up at once; units are drawn, four colours
    as fast as one of two values; each weight is in tables and moves; bytes are sent, and messages have ways.
    """
    features, said, chains = of.features * of.share, messages(of), of.batch / of.rows
    is_binary = of.features == of.sites
    groups, drawn = (features / 5, features) if is_binary else (of.sites * of.share, features / 4)
    return [
        (groups + features / 5) * of.hidden * chains * (of.steps + 2),
        (drawn + of.hidden) * chains * of.steps,
        features * of.hidden,
        sum(it.times * it.bytes for it in said),
        sum(it.times * it.ways for it in said),
    ]


def predicted(of: Shape, cores: float, network: Link | None, machine: Machine = HERE) -> float:
    """Return the seconds of an update by processes that have so many cores each."""
    amounts = work(of)
    seconds = sum(a * b for a, b in zip(machine, amounts, strict=True)) / cores
    return seconds if network is None else seconds + 8 * amounts[3] / network.rate + network.delay * amounts[4]


def fitted(found: list[dict]) -> Machine:
    """Return the machine whose relative errors of measurements without a network are the smallest."""
    rows = [
        [amount / (each["threads"] / Shape.of(each).processes) / best(each) for amount in work(Shape.of(each))]
        for each in found
        if not each["link"]
    ]
    scale = np.abs(rows).max(0)
    seconds, _ = nnls(np.array(rows) / scale, np.ones(len(rows)))
    return Machine(*map(float, seconds / scale))


def best(found: dict) -> float:
    """Return the seconds of the fastest update: others use the processors too."""
    return min(found["seconds"])


def check(found: list[dict]) -> None:
    """Print measurements beside what is foreseen."""
    errors = []
    for each in found:
        network, shape = each["link"] and Link(*each["link"]), Shape.of(each)
        seconds = predicted(shape, each["threads"] / shape.processes, network)
        errors.append(seconds / best(each) - 1)
        where = "none" if network is None else described(network)
        name = f"{each['sites']:,} x {each['hidden']}, C {each['batch']}"
        way = each["way"].replace(":", " ")
        print(f"| {name} | {way} | {where} | {best(each):.3f} | {seconds:.3f} | {errors[-1]:+.0%} |")
    print(f"median error {statistics.median(map(abs, errors)):.0%}, largest {max(map(abs, errors)):.0%}")


def described(network: Link) -> str:
    """Return a network in words."""
    return f"{network.rate / 1e6:g} Mbit/s, {1e3 * network.delay:g} ms"


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
                shape = Shape(visible, features, 1024, 500, 10, rows, sites)
                size = work(shape)[3]
                cells.append(f"{predicted(shape, 2, FAST):.3g} s, {size / MEGABYTE:,.3g} MB")
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
    foreseen = sent(Shape.of(found))
    told = ", ".join(
        f"{name} {size / MEGABYTE:.2f} MB in {found['messages'][name]:.0f} messages "
        f"(foreseen {foreseen[name][1] / MEGABYTE:.2f} in {foreseen[name][0]})"
        for name, size in found["bytes"].items()
    )
    kept = " ".join(f"{each['RssAnon']:.0f}/{each['VmHWM']:.0f}" for each in found["memory"])
    seconds = predicted(Shape.of(found), found["threads"] / Shape.of(found).processes, found["link"])
    where = "" if found["link"] is None else f" at {described(found['link'])}"
    return (
        f"{found['way']:8}{where} {statistics.median(found['seconds']):.3f} s an update, the fastest {best(found):.3f} "
        f"(foreseen {seconds:.3f}); sent {told or 'nothing'}; "
        f"parameters {max(found['parameters']):,}; memory own/peak MB {kept}"
    )


if __name__ == "__main__":
    sys.exit(main())
