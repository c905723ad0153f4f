"""run.json: what a run is, apart from its parameters."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from shortrun import jsons
from shortrun.cells import HALVES
from shortrun.data import Dataset, Kind
from shortrun.dynamics import Scheme
from shortrun.errors import ConfigError, ShortrunError, StoreError, nearest, printable
from shortrun.files import RUN, Place, atomic_file, check_regular, explain
from shortrun.models import AnySpec, Spec, spec_from_dict
from shortrun.settings import Config
from shortrun.store.earlier import completed, upgraded
from shortrun.store.form import fault, filled

FORMAT_VERSION = 2
NAME, SUM = RUN, "crc32"
LONGEST = 2**30  # bytes
KEYS = ("format_version", "spec", "recipe", "config", "kind", "classes", "data")
FIXED = {  # what cannot change when a training goes on
    "spec": "another machine (sites, classes, units, hidden units, rule or start)",
    "recipe": "another scheme or number of steps",
    "alphabet": "another alphabet",
    "columns": "other columns",
    "classes": "other classes",
}
FIXED_SETTINGS = {  # of its `config`: what was saved would not fit, or others would be held out
    ("model", "profiles"): "the number of profiles",
    ("optimiser", "name"): "the optimiser",
    ("training", "seed"): "the seed",
    ("training", "validation"): "the validation share",
}

Header = dict[str, Any]


def describe(spec: AnySpec, scheme: Scheme, config: Config, data: Dataset) -> Header:
    """Return the header of a training of `spec` by `scheme` on `data`, in its JSON form."""
    about = {
        "hash": data.hash,
        "rows": len(data),
        "class_counts": data.class_counts.tolist(),
        "notes": list(data.notes),
    }
    return of_parts(spec, scheme, config, data.kind, data.classes, about)


def describe_imported(
    spec: AnySpec, scheme: Scheme, config: Config, kind: Kind, classes: Sequence[str], notes: Sequence[str]
) -> Header:
    """Return the header of a machine from elsewhere, of whose samples nothing is known, in its JSON form."""
    about = {"hash": "", "rows": 0, "class_counts": [0] * len(classes), "notes": list(notes)}
    return of_parts(spec, scheme, config, kind, classes, about)


def of_parts(
    spec: AnySpec,
    scheme: Scheme,
    config: Config,
    kind: Kind,
    classes: Sequence[str],
    about: Mapping[str, Any],
) -> Header:
    """Return the header of a machine, its kind of data, its classes and what is known of its samples.

    Raises
    ------
    ConfigError
        If the name of a class is no text.
    """
    half = next((name for name in classes if HALVES.search(name)), None)
    if half is not None:
        raise ConfigError("labels", f"names of whole letters expected, got '{half}'")
    header = {
        "format_version": FORMAT_VERSION,
        "software": {"name": "shortrun", "version": software_version()},
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "spec": spec.to_dict(),
        "recipe": {
            "name": scheme.name,
            "steps": scheme.steps,
            "start": scheme.free[0].start,
            "hidden_rule": spec.hidden_rule,
            "scheme": scheme.to_dict(),
        },
        "config": config.model_dump(mode="json"),
        "kind": kind.to_dict(),
        "classes": list(classes),
        "data": dict(about),
    }
    return jsons.loads(dump(header))


def software_version() -> str:
    """Return the installed version, "unknown" where the package runs without being installed."""
    try:
        return importlib.metadata.version("shortrun")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def dump(header: Mapping[str, Any]) -> str:
    """Return a header as indented JSON; paths become strings, arrays lists."""
    return jsons.dumps(header, indent=2, default=_plain, ensure_ascii=False) + "\n"


def sum_of(header: Mapping[str, Any]) -> str:
    """Return the checksum of a header: CRC-32 of its indented JSON without it."""
    text = dump({name: value for name, value in header.items() if name != SUM})
    return f"{zlib.crc32(text.encode('utf-8', 'surrogatepass')):08x}"


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return list(value) if isinstance(value, set | frozenset) else str(value)


def write(folder: Path, header: Mapping[str, Any]) -> None:
    """Write run.json, atomically.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    with atomic_file(folder / NAME, Place(folder)) as file:
        file.write(jsons.shown(dump({**header, SUM: sum_of(header)})).encode())


def read(folder: Path) -> Header:
    """Return the header of a run folder.

    Raises
    ------
    StoreError
        If it is not a run folder (names one nearby), or run.json is broken or of a newer format.
    """
    path = folder / NAME
    try:
        check_regular(path, LONGEST)
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise StoreError(folder, f"is not a run folder (it has no {NAME}){hint(folder)}") from None
    except OSError as error:
        raise StoreError(path, explain(error)) from None
    except UnicodeDecodeError:
        raise StoreError(path, "is broken: not text in UTF-8") from None
    return check(path, text)


def check(path: Path, text: str) -> Header:
    """Return the header that `text` is, in the form of this version.

    Raises
    ------
    StoreError
        If it is not one that this version of the software reads.
    """
    try:
        header = jsons.loads(text)
    except json.JSONDecodeError as error:
        raise StoreError(path, f"is broken: not JSON, line {error.lineno}: {error.msg}") from None
    except ValueError as error:
        raise StoreError(path, f"is broken: {error}") from None
    version = header.get("format_version") if isinstance(header, dict) else None
    if type(version) is not int:
        raise StoreError(path, "is broken: it has no format_version")
    if version > FORMAT_VERSION:
        raise StoreError(
            path,
            f"was written by a later version, in format {version}; this one, {software_version()}, reads up to "
            f"{FORMAT_VERSION}: update the package",
        )
    whole = SUM in header
    _check_sum(path, header)
    try:
        header = upgraded(header)
        missing = [key for key in KEYS if key not in header]
        if not missing:
            header |= {"config": completed(header["config"])}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise StoreError(
            path, f"is broken: what it says of {about(header)} is not in the form of its version"
        ) from None
    if missing:
        raise StoreError(path, f"is broken: it lacks '{missing[0]}'")
    if wrong := fault(header):
        raise StoreError(path, refusal(header, printable(wrong), whole=whole))
    return header | {"config": filled(header["config"])}


def refusal(header: Header, wrong: str, *, whole: bool) -> str:
    """Return the message about what is wrong in a header: it is of a later version, or broken.

    One that is `whole`, as its checksum says, is as it was written.
    """
    about = header.get("software")
    told = about.get("version") if isinstance(about, dict) else None
    found, here = (tuple(map(int, re.findall(r"\d{1,9}", str(it))[:3])) for it in (told, software_version()))
    if not (whole or (here and found > here)):
        return f"is broken: {wrong}"
    later = "" if told is None else f", {printable(str(told))[:20]}"
    return f"was written by a later version{later}; this one is {software_version()}: update the package ({wrong})"


def about(header: Mapping[str, Any]) -> str:
    """Return the first key whose value is not even a mapping, where one has to be."""
    return next((key for key in ("config", "data") if not isinstance(header.get(key), dict)), "'data' or 'config'")


def _check_sum(path: Path, header: Header) -> None:
    """Take the checksum out of a header that has one; raise StoreError if it does not fit."""
    if SUM in header and header[SUM] != sum_of(header):
        raise StoreError(
            path,
            f"is not as it was written (its checksum does not fit): it is damaged, or was edited; "
            f"if you have edited it, remove '{SUM}' from it",
        )
    header.pop(SUM, None)


def spec_of(folder: Path, header: Header) -> AnySpec:
    """Return the specification in a header.

    Raises
    ------
    StoreError
        If it does not make sense.
    """
    try:
        return spec_from_dict(dict(header["spec"]))
    except (AttributeError, AssertionError, KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise StoreError(folder / NAME, f"is broken: its spec cannot be used ({reason})") from None


def kind_of(folder: Path, header: Header) -> Kind:
    """Return the kind of data in a header.

    Raises
    ------
    StoreError
        If it does not make sense.
    """
    try:
        kind = Kind.from_dict(header["kind"])
        if kind.columns is not None and len(kind.columns) != kind.sites:
            raise ConfigError("codes", f"{kind.sites} columns expected, one a site, found {len(kind.columns)}")
        check_units(spec_of(folder, header), kind)
        return kind
    except StoreError:
        raise
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in ("kind", *first["loc"]))
        wrong = f"{printable(place)}: {first['msg'].lower()}"
        raise StoreError(folder / NAME, refusal(header, wrong, whole=first["type"] == "extra_forbidden")) from None
    except (ShortrunError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise StoreError(folder / NAME, f"is broken: its kind of data cannot be used ({reason})") from None


def check_units(spec: AnySpec, kind: Kind) -> None:
    """Raise ConfigError if the visible units of a machine do not have the values of the data."""
    if not isinstance(spec, Spec):
        return  # rates take codes and numbers
    columns = kind.columns
    for i, layer in enumerate(spec.observed):
        held = layer.holds or range(kind.sites)
        found = {kind.colours} if columns is None else {columns[site].colours for site in held}
        if i != spec.label and found != {layer.units.levels}:
            expected = "continuous units" if kind.continuous else f"units of {max(it or 0 for it in found)} values"
            raise ConfigError(f"spec.layers.{i}.units", f"{expected} expected, as in kind.codes")


def agree(folder: Path, stored: Header, given: Header) -> None:
    """Check that a training can go on under another header: same machine, recipe, data, settings that cannot change.

    Raises
    ------
    StoreError
        Names the first thing that differs.
    """
    scheme = Scheme.from_dict(stored["recipe"]["scheme"]).to_dict()
    newer = {"spec": spec_of(folder, stored).to_dict(), "recipe": stored["recipe"] | {"scheme": scheme}}
    stored = stored | newer  # with the options that are newer than the run
    before, now = (form | meaning(folder, form) for form in (stored, given))
    other = next((name for key, name in FIXED.items() if before.get(key) != now.get(key)), None)
    if other is None and stored["data"].get("hash") != given["data"].get("hash"):
        other = "other data"
    for (section, name), what in FIXED_SETTINGS.items():
        asked = given["config"][section][name]
        was = stored["config"][section].get(name, asked)  # of an earlier version, which had no such setting
        if other is None and was != asked:
            other = f"{what} {was}, not {asked}"
    if other:
        remedy = "--resume needs the same, --overwrite begins anew"
        raise StoreError(folder, f"was trained with {other}: {remedy}")


def meaning(folder: Path, header: Header) -> dict[str, Any]:
    """Return the alphabet, or the columns, that codes have in a header."""
    kind = kind_of(folder, header)
    if kind.columns is None:
        return {"alphabet": kind.alphabet}
    return {"columns": [column.meaning() for column in kind.columns]}


def is_run(folder: Path) -> bool:
    """Return whether a folder holds a run.json."""
    try:
        return (folder / NAME).is_file()
    except OSError:
        return False


def hint(folder: Path) -> str:
    """Return the end of a message that names a run near a path that is none, or nothing."""
    found = _inside(folder) or _near(folder)
    return f"; did you mean '{found}'?" if found else ""


def _inside(folder: Path) -> Path | None:
    if folder.parent != folder and is_run(folder.parent):
        return folder.parent  # a file of a run was given
    runs = sorted(path for path in _entries(folder) if is_run(path))
    return runs[0] if len(runs) == 1 else None


def _near(folder: Path) -> Path | None:
    runs = {path.name: path for path in _entries(folder.parent) if is_run(path)}
    close = nearest(folder.name, runs)
    return runs[close] if close else None


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except OSError:
        return
