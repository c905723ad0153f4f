"""Build hook: compiles the C kernels into the package when there is a compiler.

Installing never needs one: without it, or when compiling fails, the hook warns and the package computes with
torch. No flag depends on the machine that builds. The instruction sets beyond the baseline are separate
objects, chosen at run time (src/shortrun/engine/csrc/dispatch.c): a wheel runs on every processor of its
architecture.
"""

import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags

SOURCES = "src/shortrun/engine/csrc"
LIBRARY = "src/shortrun/engine/libshortrun.so"  # the name everywhere: ctypes opens it by path

# -ffp-contract=off: the code says itself where a multiply-add is fused; so every path computes the same bits.
FLAGS = ["-std=gnu11", "-O3", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off", "-Wno-psabi"]
X86 = {
    "avx2.c": ["-mavx2", "-mfma"],
    "avx512.c": ["-mavx2", "-mfma", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl"],
    "checksum.c": ["-mpclmul", "-msse4.1"],
    "dispatch.c": ["-DHAVE_X86_PATHS"],
}


def compiler() -> list[str] | None:
    """The C compiler and its own flags: $CC, or the first of cc, gcc, clang; None when there is none."""
    if os.environ.get("CC"):
        return shlex.split(os.environ["CC"])
    found = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
    return [found] if found else None


def build(root: Path) -> Path:
    """Compile the kernels of the tree at `root` and return the library's path.

    Raises
    ------
    OSError, subprocess.CalledProcessError
        If there is no compiler, or it fails.
    """
    cc = compiler()
    if cc is None:
        raise OSError("no C compiler (cc, gcc, clang, or $CC)")
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    library = root / LIBRARY
    with tempfile.TemporaryDirectory() as folder:
        objects = []
        for source in sorted((root / SOURCES).glob("*.c")):
            own = X86.get(source.name, []) if x86 else []
            objects.append(str(Path(folder) / f"{source.stem}.o"))
            run([*cc, *FLAGS, *own, "-c", str(source), "-o", objects[-1]])
        # Linked under another name and renamed: a process that has the old library mapped keeps it intact.
        linked = library.with_suffix(".new")
        run([*cc, "-shared", *objects, "-o", str(linked)])
        linked.replace(library)
    return library


def run(command: list[str]) -> None:
    """Run the compiler; what it says is kept in the exception."""
    subprocess.run(command, check=True, capture_output=True, text=True)


def platform_tag() -> str:
    """Return the plain platform: manylinux would promise old C libraries, and nobody has checked that."""
    tags = (tag.platform for tag in sys_tags())
    return next(tag for tag in tags if not tag.startswith(("manylinux", "musllinux")))


class Kernels(BuildHookInterface):
    """Compile the kernels before a wheel or an editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        try:
            build(Path(self.root))
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "stderr", None) or str(error)
            self.app.display_warning(f"shortrun: no fast kernels, torch is used instead: {reason.strip()}")
            (Path(self.root) / LIBRARY).unlink(missing_ok=True)  # never ship what this build did not make
            return
        build_data["artifacts"].append(LIBRARY)
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag()}"  # no Python ABI inside: any Python 3


if __name__ == "__main__":  # `python hatch_build.py`: rebuild in place after an edit of the C code
    print(build(Path(__file__).resolve().parent))  # noqa: T201
