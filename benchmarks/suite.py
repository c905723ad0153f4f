"""All measurements, written to results/<hardware>/, and the tables of docs/performance.md.

    python -m benchmarks.suite [--peers] [--all] [--only NAME ...]

By default the updates of the five cases and of the chaotic network, and the tasks: about ten minutes on two cores.
`--peers` adds other programs (`pip install shortrun[bench]`, and AUTHORS=FOLDER, see `benchmarks.peers`), `--all` the
scaling, the profile, the installation and the time to quality: another hour with the others. No other program should
run meanwhile.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report, time_to_quality
from benchmarks.timing import RESULTS, slug

ROOT = Path(__file__).parents[1]
STANDARD = {
    "updates-mnist": ("updates", "--case", "mnist", "--memory"),
    "updates-hgd": ("updates", "--case", "hgd", "--memory"),
    "updates-sam": ("updates", "--case", "sam", "--memory"),
    "updates-cmpc": ("updates", "--case", "cmpc", "--memory"),
    "updates-gh30": ("updates", "--case", "gh30", "--batch", "500", "--memory"),
    "chaotic": ("updates", "--case", "chaotic"),
    "tasks": ("tasks",),
}
MORE = {
    "scaling": ("tasks", "--scaling"),
    "profile-mnist": ("profile", "--case", "mnist"),
    "profile-gh30": ("profile", "--case", "gh30", "--batch", "500"),
    "install": ("install", "--fresh"),
    "time_to_quality-mnist": ("time_to_quality", "mnist", "--seconds", "180"),
    "time_to_quality-sh3": ("time_to_quality", "sh3", "--seconds", "120"),
    "time_to_quality-hgd": ("time_to_quality", "hgd", "--seconds", "60"),
}
WITH_PEERS = ("updates", "time_to_quality")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code, 1 if a measurement failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", action="store_true", help="other programs too")
    parser.add_argument("--all", action="store_true", help="also what takes longer")
    parser.add_argument("--only", nargs="+", choices=STANDARD | MORE, help="these measurements only")
    options = parser.parse_args(arguments)
    names = options.only or [*STANDARD, *(MORE if options.all else ())]
    failed = [name for name in names if not measured(name, options.peers)]
    if any(name.startswith("time_to_quality") for name in names):
        time_to_quality.main(["--draw", *map(str, (RESULTS / slug()).glob("time_to_quality-*.json"))])
    report.main()
    return 1 if failed else 0


def measured(name: str, peers: bool) -> bool:
    """Run one measurement as a separate program, and return whether it succeeded."""
    module, *words = (STANDARD | MORE)[name]
    begin = time.monotonic()
    command = [sys.executable, "-m", f"benchmarks.{module}", *words, "--json", str(RESULTS / slug() / f"{name}.json")]
    done = subprocess.run([*command, *(["--peers"] if peers and module in WITH_PEERS else [])], cwd=ROOT, check=False)
    print(f"{name}: {time.monotonic() - begin:.0f} s" + (f", failed ({done.returncode})" if done.returncode else ""))
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
