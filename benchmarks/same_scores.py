"""How far the numbers of two evaluations are apart, as before and after a change of the code.

    shortrun evaluate RUN --json before.json     # then change the code, and write after.json
    python -m benchmarks.same_scores before.json after.json

Prints the largest relative differences of numbers, each with its place, and every text that differs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SHOWN = 5


def differences(one: Any, other: Any, place: str = "") -> Iterator[tuple[float, str]]:
    """Yield relative differences of numbers, infinity for anything else that differs, each with its place."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from differences(one[key], other[key], f"{place}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            name = f"{a['score']}, {a['class']}" if isinstance(a, dict) and "score" in a else str(i)
            yield from differences(a, b, f"{place}/{name}")
    elif isinstance(one, float | int) and isinstance(other, float | int):
        yield (0.0 if one == other else abs(one - other) / max(abs(one), abs(other))), f"{place}: {one} and {other}"
    elif one != other:
        yield float("inf"), f"{place}: {one} and {other}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs=2, type=Path, help="written by shortrun evaluate --json")
    before, after = (json.loads(path.read_text(encoding="utf-8")) for path in parser.parse_args().files)
    found = sorted(differences(before, after), reverse=True)
    texts = sum(each[0] == float("inf") for each in found)
    for difference, place in found[: texts + SHOWN]:
        print(f"{difference:.1e}  {place}")


if __name__ == "__main__":
    main()
