"""The C kernels (`csrc/`) as functions of torch tensors.

The library is built at install (`hatch_build.py`) and loaded here with ctypes. It may be absent: ask
`available()`. Every function writes into tensors that the caller owns and allocates nothing; matrices have
unit stride along a row and any row stride, so a state can be a slice of a larger one. Rows are shared among
`torch.get_num_threads()` threads of torch's own OpenMP pool; the results do not depend on how many there are,
nor on the path: every instruction set draws the same bits.

The environment variable `SHORTRUN_ENGINE` (reference, portable, avx2, avx512, amx) is the fastest path allowed.
"""

import ctypes
import os
import sys
import zlib
from collections.abc import Iterator
from ctypes import c_float, c_int, c_int64, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt8, UInt64
from torch import Tensor

from shortrun.engine.structures import disagreement
from shortrun.errors import ConfigError, nearest

PATHS = ("portable", "avx2", "avx512", "amx")  # as numbered in dispatch.c
VERSION = 9  # of the exported functions, as in dispatch.c
SHORT = 2**14  # bytes: zlib has the checksum of fewer before the call of a kernel is made
ENDINGS = {"win32": ".dll", "darwin": ".dylib"}  # of the library, elsewhere .so; as in hatch_build.py

_NOISE = (c_uint64, c_uint32, c_uint32, c_uint32)
_SIGNATURES = {
    "uniform": (c_void_p, *[c_int64] * 4, *_NOISE, c_int),
    "draw_binary": (
        *(c_void_p, c_int64, c_void_p, c_void_p, c_int64, c_void_p, c_int64),
        *(c_int64, c_int64, c_float, c_float, *_NOISE, c_int),
    ),
    "mean_binary": (
        *(c_void_p, c_int64, c_void_p, c_void_p, c_int64),
        *(c_int64, c_int64, c_float, c_float, c_int),
    ),
    "draw_potts": (
        *(c_void_p, c_int64, c_void_p, c_void_p, c_int64, c_void_p, c_int64),
        *(c_int64, c_int64, c_int64, *_NOISE, c_int),
    ),
    "gather_potts": (
        *(c_void_p, c_int64, c_void_p, c_void_p, c_int64, c_void_p, c_int64),
        *(c_int64, c_int64, c_int64, c_int64, c_int),
    ),
    "mismatches": (c_void_p, c_void_p, c_void_p, *[c_int64] * 4, c_int),
}

_library: Any = None  # the ctypes.CDLL, when there is one
_why = ""  # the reason when there is none, else the path in use


def _openmp_runtimes() -> Iterator[str]:
    """Files that may be torch's OpenMP runtime, likeliest first: those in its wheel, then what is mapped."""
    root = Path(torch.__file__).parent
    for folder in (root / "lib", root.parent / "torch.libs"):
        for pattern in ("libgomp*.so*", "libomp*.dylib"):
            yield from sorted(map(str, folder.glob(pattern)))
    maps = Path("/proc/self/maps")
    if maps.exists():
        mapped = {line.split()[-1] for line in maps.read_text().splitlines()}
        for name in ("libgomp", "libomp", "libiomp5"):
            yield from sorted(file for file in mapped if Path(file).name.startswith(name))
    yield "libgomp.so.1"


def _parallel() -> c_void_p | None:
    """GOMP_parallel of torch's OpenMP runtime; a second runtime's spinning threads would slow both down."""
    for file in _openmp_runtimes():
        try:
            return ctypes.cast(ctypes.CDLL(file).GOMP_parallel, c_void_p)
        except (OSError, AttributeError):
            continue
    return None


def _keep_freed_memory() -> None:
    """Ask glibc to keep up to 256 MiB that were freed, and to serve blocks up to 48 MiB from there.

    An update takes and frees the same blocks as the one before; fresh pages for them cost a third of its time.
    Larger blocks, in which pages cost little beside what is done in them, would leave holes.
    """
    top, threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    try:
        process = ctypes.CDLL(None)
        process.mallopt(top, 256 << 20)
        process.mallopt(threshold, 48 << 20)
    except (OSError, AttributeError):
        return  # another C library


def _load() -> tuple[ctypes.CDLL | None, str]:
    file = Path(__file__).with_name("libshortrun" + ENDINGS.get(sys.platform, ".so"))
    if not file.exists():
        return None, "the kernels were not built (no C compiler at install)"
    try:
        library = ctypes.CDLL(str(file))
        if library.shortrun_version() != VERSION:
            return None, "the kernels are those of another version of shortrun; install again"
        if field := disagreement(library):
            return None, f"the kernels were compiled for another layout of {field}; install again"
        for name, arguments in _SIGNATURES.items():
            function = getattr(library, f"shortrun_{name}")
            function.argtypes, function.restype = arguments, None
        library.shortrun_set_parallel.argtypes = (c_void_p,)
        library.shortrun_ascend.argtypes = (c_void_p, c_int)
        library.shortrun_ascend.restype = None
        library.shortrun_run_lookup.argtypes = (c_int, c_int, c_void_p, c_int64, c_int)
        library.shortrun_run_lookup.restype = None
        library.shortrun_run_network.argtypes = (c_int, c_void_p, c_int)
        library.shortrun_run_network.restype = None
        library.shortrun_crc32.argtypes = (c_uint32, c_void_p, c_int64)
        library.shortrun_crc32.restype = c_uint32
    except (OSError, AttributeError) as error:
        return None, f"the kernels do not load ({error})"
    library.shortrun_set_parallel(_parallel())
    return library, ""


def select(limit: str = PATHS[-1]) -> str:
    """Take the fastest path that the processor has up to `limit`, "reference" or one of `PATHS`.

    For tests and comparisons: a user sets the environment variable `SHORTRUN_ENGINE` instead.

    Returns
    -------
    str
        `path()`.

    Raises
    ------
    ConfigError
        If `limit` is none of these names.
    """
    global _library, _why
    names = ("reference", *PATHS)
    if limit not in names:
        expected = f"{limit!r} is not one of {', '.join(names)}"
        raise ConfigError("SHORTRUN_ENGINE", expected, nearest(limit, names))
    if limit == "reference":
        _library, _why = None, "SHORTRUN_ENGINE=reference asks for it"
    else:
        _library, _why = _load()
        if _library is not None:
            _why = PATHS[_library.shortrun_select(PATHS.index(limit))]
    return path()


def ascend(arguments: ctypes.Structure) -> None:
    """Do a step of gradient ascent (csrc/ascent.inc); the caller keeps alive what `arguments` points to."""
    _library.shortrun_ascend(ctypes.byref(arguments), torch.get_num_threads())


def lookup(kernel: int, arguments: ctypes.Structure, tasks: int, *, layout: int = 0) -> None:
    """Run a lookup kernel (csrc/lookup.h) over its tasks; the caller keeps alive what `arguments` points to.

    `layout` says how the tables lie, for a kernel that takes or makes some: by rows, in registers, which wants AVX-512,
    or in tiles, which wants AMX (`lookup.TableLayout`).
    """
    _library.shortrun_run_lookup(layout, kernel, ctypes.byref(arguments), tasks, torch.get_num_threads())


def network_group() -> int:
    """Return how many rates of a network are multiplied in one instruction: 4 as bytes, or 2."""
    return _library.shortrun_network_group()


def run_network(group: int, arguments: ctypes.Structure) -> None:
    """Run Euler steps (csrc/network.h), weights packed by `group`; the caller keeps what `arguments` points to."""
    _library.shortrun_run_network(group, ctypes.byref(arguments), torch.get_num_threads())


def crc32(content: memoryview, start: int = 0) -> int:
    """Return the checksum that `zlib.crc32` has, some ten times sooner where the processor can multiply polynomials.

    Parameters
    ----------
    content : memoryview
        Bytes one after another.
    start : int, default 0
        Checksum of what is before them.
    """
    if _library is None or content.nbytes < SHORT or not _library.shortrun_has_crc32():
        return zlib.crc32(content, start)
    place = np.frombuffer(content, np.uint8).__array_interface__["data"][0]
    return _library.shortrun_crc32(start, place, content.nbytes)


def available() -> bool:
    """Whether the kernels are loaded."""
    return _library is not None


def path() -> str:
    """Which kernels are in use: "amx", "avx512", "avx2", "portable", or "torch: " and the reason why none are."""
    return _why if available() else f"torch: {_why}"


def _rows(x: Tensor, dtype: torch.dtype, rows: int, columns: int) -> tuple[int, int]:
    """Pointer and row stride of a matrix, checked."""
    assert x.dtype is dtype
    assert x.shape == (rows, columns)
    assert x.is_cpu
    stride, unit = x.stride()
    assert unit == 1 or columns == 1
    return x.data_ptr(), stride


def _optional_rows(x: Tensor | None, dtype: torch.dtype, rows: int, columns: int) -> tuple[int | None, int]:
    return (None, 0) if x is None else _rows(x, dtype, rows, columns)


def _vector(x: Tensor | None, length: int) -> int | None:
    """Pointer of a float32 vector, checked; None for None."""
    if x is None:
        return None
    assert x.dtype is torch.float32
    assert x.shape == (length,)
    assert x.is_contiguous()
    assert x.is_cpu
    return x.data_ptr()


def uniform(
    out: Float32[Tensor, "C S"], *, seed: int, update: int, place: int, first_chain: int = 0, first_site: int = 0
) -> None:
    """Fill `out` with the numbers of `philox.uniform_reference`; row r is chain first_chain + r."""
    rows, sites = out.shape
    _library.shortrun_uniform(
        *_rows(out, torch.float32, rows, sites)[:1],
        *(rows, sites, out.stride(0), first_site // 64, seed, update, place, first_chain, torch.get_num_threads()),
    )


def draw_binary(
    field: Float32[Tensor, "C S"],
    bias: Float32[Tensor, " S"] | None,
    features: Float32[Tensor, "C S"] | None,
    codes: UInt8[Tensor, "C S"] | None = None,
    *,
    gain: float = 1.0,
    low: float = 0.0,
    seed: int,
    update: int,
    place: int,
    first_chain: int = 0,
) -> None:
    """Draw two-valued units: code 1 iff u < sigmoid(gain (field + bias)), compared as u (1 + exp(-x)) < 1.

    Parameters
    ----------
    field : Float32[Tensor, "C S"]
        Finite.
    bias : Float32[Tensor, " S"] or None
        Added to every row.
    features : Float32[Tensor, "C S"] or None
        Receives 1 or `low`. May be `field` itself.
    codes : UInt8[Tensor, "C S"], optional
        Receives 1 or 0.
    gain, low : float, optional
        1 and 0 for Bernoulli units, 2 and -1 for Ising spins.
    seed, update, place, first_chain : int
        Which uniforms: see `philox`.
    """
    rows, sites = field.shape
    _library.shortrun_draw_binary(
        *_rows(field, torch.float32, rows, sites),
        _vector(bias, sites),
        *_optional_rows(features, torch.float32, rows, sites),
        *_optional_rows(codes, torch.uint8, rows, sites),
        *(rows, sites, gain, low, seed, update, place, first_chain, torch.get_num_threads()),
    )


def mean_binary(
    field: Float32[Tensor, "C S"],
    bias: Float32[Tensor, " S"] | None,
    out: Float32[Tensor, "C S"],
    *,
    gain: float = 1.0,
    low: float = 0.0,
) -> None:
    """Means of two-valued units, low + (1 - low) sigmoid(gain (field + bias)); tanh for gain 2 and low -1.

    The error is at most 3e-7: relative for low 0, absolute for low -1. `out` may be `field`.
    """
    rows, sites = field.shape
    _library.shortrun_mean_binary(
        *_rows(field, torch.float32, rows, sites),
        _vector(bias, sites),
        *_rows(out, torch.float32, rows, sites),
        *(rows, sites, gain, low, torch.get_num_threads()),
    )


def draw_potts(
    field: Float32[Tensor, "C F"],
    bias: Float32[Tensor, " F"] | None,
    colours: int,
    codes: UInt8[Tensor, "C S"],
    features: Float32[Tensor, "C F"] | None = None,
    *,
    seed: int,
    update: int,
    place: int,
    first_chain: int = 0,
) -> None:
    """Draw Potts units: the smallest c with exp(field_0) + ... + exp(field_c) > u times the sum over all.

    Parameters
    ----------
    field : Float32[Tensor, "C F"]
        Finite; a site's colours lie together (F = S * colours).
    bias : Float32[Tensor, " F"] or None
        Added to every row.
    colours : int
        2 to 255.
    codes : UInt8[Tensor, "C S"]
        Receives the colours drawn.
    features : Float32[Tensor, "C F"], optional
        Receives them one-hot. May be `field` itself.
    seed, update, place, first_chain : int
        Which uniforms, one a site: see `philox`.
    """
    rows, sites = codes.shape
    assert 2 <= colours <= 255
    _library.shortrun_draw_potts(
        *_rows(field, torch.float32, rows, sites * colours),
        _vector(bias, sites * colours),
        *_optional_rows(features, torch.float32, rows, sites * colours),
        *_rows(codes, torch.uint8, rows, sites),
        *(rows, sites, colours, seed, update, place, first_chain, torch.get_num_threads()),
    )


def gather_potts(
    codes: UInt8[Tensor, "C S"],
    colours: int,
    weight: Float32[Tensor, "F H"],
    out: Float32[Tensor, "C H"],
    init: Float32[Tensor, " H"] | Float32[Tensor, "C H"],
) -> None:
    """Fields that Potts units cause: out = init + sum over sites i of weight[i * colours + codes[:, i]].

    The product of the one-hot matrix with `weight`, without the matrix and without multiplying by zero.

    Parameters
    ----------
    codes : UInt8[Tensor, "C S"]
        Every value below `colours` (not checked: a larger one reads outside `weight`).
    colours : int
        2 to 255.
    weight : Float32[Tensor, "F H"]
        Contiguous; the rows of a site lie together (F = S * colours).
    out : Float32[Tensor, "C H"]
        Receives the fields.
    init : Float32[Tensor, " H"] or Float32[Tensor, "C H"]
        One row for all, or one each; with `out` itself the fields are added to what is there.
    """
    rows, sites = codes.shape
    columns = out.shape[1]
    assert weight.dtype is torch.float32
    assert weight.shape == (sites * colours, columns)
    assert weight.is_contiguous()
    assert weight.is_cpu
    start = (_vector(init, columns), 0) if init.ndim == 1 else _rows(init, torch.float32, rows, columns)
    _library.shortrun_gather_potts(
        *_rows(codes, torch.uint8, rows, sites),
        weight.data_ptr(),
        *start,
        *_rows(out, torch.float32, rows, columns),
        *(rows, sites, colours, columns, torch.get_num_threads()),
    )


def mismatches(a: UInt64[np.ndarray, "A W P"], b: UInt64[np.ndarray, "B W P"]) -> Float32[np.ndarray, "A B"]:
    """Return at how many sites rows of codes differ.

    Parameters
    ----------
    a, b : UInt64[ndarray, "A W P"] or UInt64[ndarray, "B W P"]
        Contiguous: P bits of the codes of 64 sites, one word a bit; sites that fill up the last word are equal.
    """
    out = np.empty((len(a), len(b)), np.float32)
    assert a.shape[1:] == b.shape[1:]
    assert a.flags.c_contiguous
    assert b.flags.c_contiguous
    places = (each.__array_interface__["data"][0] for each in (a, b, out))
    _library.shortrun_mismatches(*places, *out.shape, *a.shape[1:], torch.get_num_threads())
    return out


select(os.environ.get("SHORTRUN_ENGINE") or PATHS[-1])
_keep_freed_memory()
