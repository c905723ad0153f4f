"""Build hook: compiles the C kernels into the package when there is a compiler.

Installing never needs one: without it, or when compiling fails, the hook warns and the package computes with
torch. No flag depends on the machine that builds. The instruction sets beyond the baseline are separate
objects, chosen at run time (src/shortrun/engine/csrc/dispatch.c): a wheel runs on every processor of its
architecture. The system and the processor are those that the compiler makes programs for, so `CC` may be a
cross-compiler, as "python -m ziglang cc -target aarch64-macos".
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = "src/shortrun/engine/csrc"
LIBRARY = "src/shortrun/engine/libshortrun"  # and the ending of the system, as engine/native.py looks for it
ENDINGS = {"windows": ".dll", "mingw": ".dll", "macos": ".dylib", "darwin": ".dylib"}  # elsewhere .so
OLDEST_MACOS = "11.0"  # the first on Apple's own processors

# -ffp-contract=off: the code says itself where a multiply-add is fused; so every path computes the same bits.
FLAGS = ["-std=gnu11", "-O3", "-fvisibility=hidden", "-ffp-contract=off", "-Wno-psabi"]
AVX512 = ["-mavx2", "-mfma", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl"]
X86 = {
    "avx2.c": ["-mavx2", "-mfma"],
    "avx512.c": AVX512,
    "amx.c": [*AVX512, "-mavx512vbmi", "-mamx-tile", "-mamx-int8"],
    "vnni.c": [*AVX512, "-mavx512vnni"],
    "popcount.c": [*AVX512, "-mavx512vpopcntdq"],
    "checksum.c": ["-mpclmul", "-msse4.1"],
    "dispatch.c": ["-DHAVE_X86_PATHS"],
}

OPTIONAL = {"amx.c"}  # with flags that compilers before gcc 11 and clang 12 do not know; without them it is empty


def compiler() -> list[str] | None:
    """The C compiler and its own flags: $CC, or the first of cc, gcc, clang; None when there is none.

    On Windows only clang, also in the shape of `zig cc`: gcc puts AVX registers on a stack that is not aligned for
    them there.
    """
    if os.environ.get("CC"):
        return [*shlex.split(os.environ["CC"]), *shlex.split(os.environ.get("ARCHFLAGS", ""))]
    names = ("clang",) if sys.platform == "win32" else ("cc", "gcc", "clang")
    found = next((name for name in names if shutil.which(name)), None)
    return [found, *shlex.split(os.environ.get("ARCHFLAGS", ""))] if found else None


def accepts(cc: list[str], flags: list[str], folder: Path) -> bool:
    """Whether the compiler knows some flags."""
    source = folder / "empty.c"
    source.write_text("")
    command = [*cc, *flags, "-c", str(source), "-o", str(folder / "empty.o")]
    return subprocess.run(command, capture_output=True).returncode == 0


def target(cc: list[str]) -> str:
    """Return what the compiler makes programs for, as "x86_64-linux-gnu"."""
    return subprocess.run([*cc, "-dumpmachine"], capture_output=True, text=True).stdout.strip().lower()


def library_of(triple: str) -> str:
    """Return the path of the library for a target, in the tree."""
    return LIBRARY + next((ending for system, ending in ENDINGS.items() if system in triple), ".so")


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
    triple = target(cc)
    library = root / library_of(triple)
    flags = FLAGS if library.suffix == ".dll" else [*FLAGS, "-fPIC"]
    with tempfile.TemporaryDirectory() as folder:
        objects = []
        for source in sorted((root / SOURCES).glob("*.c")):
            own = X86.get(source.name, []) if triple.startswith(("x86_64", "amd64")) else []
            own = own if source.name not in OPTIONAL or accepts(cc, own, Path(folder)) else []
            objects.append(str(Path(folder) / f"{source.stem}.o"))
            run([*cc, *flags, *own, "-c", str(source), "-o", objects[-1]])
        # Linked under another name and renamed: a process that has the old library mapped keeps it intact.
        linked = library.with_suffix(".new")
        run([*cc, "-shared", *objects, "-o", str(linked)])
        linked.replace(library)
    return library


def run(command: list[str]) -> None:
    """Run the compiler; what it says is kept in the exception."""
    subprocess.run(command, check=True, capture_output=True, text=True)


def platform_tag() -> str:
    """Return the plain platform; which old C libraries a wheel runs with is for auditwheel to say (`make wheel`)."""
    if sys.platform == "darwin":
        machine = sysconfig.get_platform().rpartition("-")[2].replace("universal2", os.uname().machine)
        return f"macosx_{os.environ['MACOSX_DEPLOYMENT_TARGET'].replace('.', '_')}_{machine}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


class Kernels(BuildHookInterface):
    """Compile the kernels before a wheel or an editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        os.environ.setdefault("MACOSX_DEPLOYMENT_TARGET", OLDEST_MACOS)  # the compiler reads it
        try:
            library = build(Path(self.root))
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "stderr", None) or str(error)
            self.app.display_warning(f"shortrun: no fast kernels, torch is used instead: {reason.strip()}")
            for ending in (".so", ".dylib", ".dll"):  # never ship what this build did not make
                (Path(self.root) / (LIBRARY + ending)).unlink(missing_ok=True)
            return
        build_data["artifacts"].append(library.relative_to(self.root).as_posix())
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag()}"  # no Python ABI inside: any Python 3


if __name__ == "__main__":  # `python hatch_build.py`: rebuild in place after an edit of the C code
    print(build(Path(__file__).resolve().parent))  # noqa: T201
