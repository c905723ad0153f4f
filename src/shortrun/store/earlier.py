"""Headers of earlier versions: the kind of data was in four places, and some settings were not there yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEYS = ("alphabet", "data")  # of every header of version 1
BEFORE = {  # what trainings did before these were settings: a run goes on as it began
    "model": {"start": "uniform"},
    "scheme": {"swapped": 0.0},
    "optimiser": {"average": 0.0, "damped_above": 0.0},
}


def upgraded(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return a header in the form of version 2; what is no whole header of version 1 stays as it is."""
    if form["format_version"] != 1 or not all(key in form for key in KEYS):
        return dict(form)
    rest = {key: value for key, value in form.items() if key not in ("alphabet", "columns")}
    about = {key: value for key, value in form["data"].items() if key not in ("meta", "sites", "source")}
    return rest | {"format_version": 2, "kind": kind(form), "data": about}


def completed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a run with those that were not there when it began."""
    return {**config, **{name: {**values, **(config.get(name) or {})} for name, values in BEFORE.items()}}


def kind(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the kind of data of a header of version 1, as `Kind.to_dict` has it."""
    data = form["data"]
    meta = data.get("meta") or {}
    reading = dict(meta.get("reading") or {})
    source = reading.pop("source", None) or meta.get("source") or data.get("source")
    parts = {
        "alignment": {"columns": meta.get("kept_columns"), "annotation": meta.get("annotation")},
        "genotypes": {"variants": meta.get("variants"), "vcf_header": meta.get("vcf_header")},
        "image": {"shape": meta.get("image_shape"), "full_scale": meta.get("full_scale")},
        "table": {"names": meta.get("site_names"), "header": meta.get("header")},
        "music": meta.get("music"),
        "suffix": meta.get("suffix"),
        "source": source,
        "reading": reading,
    }
    return {"sites": data["sites"], "codes": form.get("columns") or form["alphabet"]} | known(parts)


def known(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries that hold something, those of mappings likewise."""
    inner = {name: known(value) if isinstance(value, Mapping) else value for name, value in form.items()}
    return {name: value for name, value in inner.items() if value not in (None, {}, [], "")}
