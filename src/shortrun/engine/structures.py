"""What the C kernels take, as ctypes structures; csrc/lookup.h and csrc/kernels.h say what each field means.

The two descriptions must agree to the byte: `disagreement` compares them when the library is loaded (csrc/fields.c).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes import POINTER, Structure, c_char_p, c_float, c_int32, c_int64, c_uint32, c_uint64, c_void_p

MOST_LAYERS = 8  # as in csrc/lookup.h
MOST_RATE_LAYERS, MOST_COUPLINGS = 4, 6  # as in csrc/network.h


class CNoise(Structure):
    """Which stretch of the noise."""

    _fields_ = (("seed", c_uint64), ("update", c_uint32), ("place", c_uint32), ("first_chain", c_uint32))


class CLayer(Structure):
    """An observed layer."""

    _fields_ = (
        *((name, c_int64) for name in ("sites", "colours", "first")),
        *((name, c_void_p) for name in ("up", "down", "bias")),
        *(("gain", c_float), ("codes", c_void_p), ("codes_stride", c_int64)),
        *(("kept", c_void_p), ("sums", c_void_p), ("clamped", c_int32), ("place", c_uint32)),
    )


class CSweeps(Structure):
    """Sweeps of a run."""

    _fields_ = (
        ("layer", CLayer * MOST_LAYERS),
        *((name, c_int64) for name in ("layers", "chains", "padded", "hidden")),
        *(("hidden_bias", c_void_p), ("hidden_gain", c_float), ("step", c_float)),
        *(("hidden_codes", c_void_p), ("hidden_codes_stride", c_int64), ("count", c_int64)),
        *(("hidden_place", c_uint32), ("noise", CNoise), ("part", c_int64)),
    )


class CSums(Structure):
    """What a layer adds to every hidden field."""

    _fields_ = (
        ("layer", CLayer),
        *((name, c_int64) for name in ("chains", "padded", "hidden", "part")),
        ("out", c_void_p),
    )


class CMeans(Structure):
    """Means of the hidden units times weights."""

    _fields_ = (
        ("sums", c_void_p * MOST_LAYERS),
        *((name, c_int64) for name in ("count", "chains", "padded", "add")),
        *(("bias", c_void_p), ("weight", c_void_p)),
        *((name, c_float) for name in ("step", "gain", "low", "factor")),
        ("out", c_void_p),
    )


class CBound(Structure):
    """The largest sum of weights in a block of sites."""

    _fields_ = (
        ("weight", c_void_p),
        *((name, c_int64) for name in ("features", "hidden", "colours", "block_sites")),
        ("largest", POINTER(c_float)),
    )


class CTabulate(Structure):
    """Tables of a layer's weights."""

    _fields_ = (
        ("weight", c_void_p),
        *((name, c_int64) for name in ("rows", "n", "stride", "sites", "colours")),
        *(("scale", c_float), ("shift", c_uint32)),
        *(("high", c_void_p), ("low", c_void_p), ("up", c_void_p), ("rest", c_int64)),
    )


class CProducts(Structure):
    """Products of features with moments, from tables."""

    _fields_ = (
        ("codes", c_void_p),
        *((name, c_int64) for name in ("rows", "sites", "colours", "codes_stride")),
        *(("high", c_void_p), ("low", c_void_p)),
        *((name, c_int64) for name in ("columns", "part", "add")),
        *(("scale", c_float), ("out", c_void_p)),
    )


class CScatter(Structure):
    """The same products by adding rows."""

    _fields_ = (
        ("codes", c_void_p),
        *((name, c_int64) for name in ("rows", "sites", "colours", "codes_stride", "columns", "add")),
        *(("moments", c_void_p), ("scale", c_float), ("out", c_void_p)),
    )


class CPosterior(Structure):
    """Scores of every label."""

    _fields_ = (
        ("sums", c_void_p * MOST_LAYERS),
        *((name, c_int64) for name in ("count", "chains", "padded", "hidden", "classes")),
        *(("bias", c_void_p), ("factor", c_void_p), ("step", c_float), ("gain", c_float)),
        *((name, c_void_p) for name in ("mantissa", "exponent", "common")),
    )


class CFirstMoments(Structure):
    """Weighted sums of features."""

    _fields_ = (
        ("codes", c_void_p),
        *((name, c_int64) for name in ("rows", "sites", "colours", "codes_stride")),
        *(("weight", c_void_p), ("out", c_void_p)),
    )


class CAscent(Structure):
    """A step of gradient ascent of one layer's weights."""

    _fields_ = (
        *((name, c_void_p) for name in ("weight", "direction", "mean", "shift", "hidden_mean", "hidden_shift")),
        *((name, c_void_p) for name in ("towards_bias", "towards_hidden", "gauge")),
        *((name, c_int64) for name in ("sites", "colours", "hidden", "part")),
        *((name, c_float) for name in ("rate", "l1", "l2")),
    )


class CRates(Structure):
    """A layer of a chaotic network."""

    _fields_ = (
        *(("state", c_void_p), ("sites", c_int64)),
        *(("remain", c_void_p), ("pull", c_void_p), ("held", c_int64)),
    )


class CCoupling(Structure):
    """What one layer feels of another."""

    _fields_ = (*((name, c_void_p) for name in ("weights", "step", "offset")), ("source", c_int64), ("target", c_int64))


class CEuler(Structure):
    """Euler steps of a chaotic network."""

    _fields_ = (
        *(("layer", CRates * MOST_RATE_LAYERS), ("coupling", CCoupling * MOST_COUPLINGS)),
        *((name, c_int64) for name in ("layers", "couplings", "chains", "steps", "part")),
    )


class CField(Structure):
    """A row of the library's table of fields; the one with an empty name is the structure itself."""

    _fields_ = (("structure", c_char_p), ("name", c_char_p), ("offset", c_int64), ("size", c_int64))


STRUCTURES: dict[str, type[Structure]] = {
    "noise": CNoise,
    "layer": CLayer,
    "sweeps": CSweeps,
    "sums": CSums,
    "means": CMeans,
    "bound": CBound,
    "tabulate": CTabulate,
    "products": CProducts,
    "scatter": CScatter,
    "posterior": CPosterior,
    "first_moments": CFirstMoments,
    "ascent": CAscent,
    "rates": CRates,
    "coupling": CCoupling,
    "euler": CEuler,
}


def disagreement(library: ctypes.CDLL) -> str:
    """Return the first field that the library places elsewhere than this page does, "" if there is none."""
    ours, theirs = dict(_own_fields()), dict(_fields_of(library))
    different = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    return different[0] if different else ""


def _own_fields() -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the name, and the offset and size in bytes, of every structure and field."""
    for structure, kind in STRUCTURES.items():
        yield structure, (0, ctypes.sizeof(kind))
        for name, *_ in kind._fields_:
            field = getattr(kind, name)
            yield f"{structure}.{name}", (field.offset, field.size)


def _fields_of(library: ctypes.CDLL) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the same of the library."""
    count = c_int64()
    library.shortrun_fields.restype = POINTER(CField)
    rows = library.shortrun_fields(ctypes.byref(count))
    for row in rows[: count.value]:
        name = ".".join(part.decode() for part in (row.structure, row.name) if part)
        yield name, (row.offset, row.size)
