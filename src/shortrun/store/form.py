"""What a run.json may say: types, ranges, lengths. Nothing of it is used before it was checked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shortrun import jsons, units
from shortrun.cells import HALVES
from shortrun.errors import ConfigError, nearest
from shortrun.settings import MOST_STEPS, Config

MOST_SITES = 2**31 - 1
MOST_LAYERS = 1000
MOST_CLASSES = 100_000

Size = Annotated[int, Field(ge=1, le=MOST_SITES)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Steps = Annotated[int, Field(ge=1, le=MOST_STEPS)]
Text = Annotated[str, Field(max_length=10_000)]


class Form(BaseModel):
    """A part of run.json; keys that are not known here are those of a later version."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", defer_build=True)


class Dynamics(Form):
    """What a model is and how it moves: with a key that is not known here it would be another one."""

    model_config = ConfigDict(extra="forbid")


class UnitsForm(Dynamics):
    """A type of unit."""

    kind: Text
    colours: Annotated[int, Field(ge=2, le=255)] | None = None
    variance: Positive | None = None
    start_variance: Positive | None = None
    low: Number | None = None
    high: Number | None = None
    codes: bool | None = None

    @model_validator(mode="after")
    def _known(self) -> UnitsForm:
        if self.kind not in units.kinds():
            close = nearest(self.kind, units.kinds())
            hint = f" (did you mean '{close}'?)" if close else ""
            raise ValueError(f"'{self.kind[:50]}' is unknown, expected one of {', '.join(units.kinds())}{hint}")
        return self


class LayerForm(Dynamics):
    """A layer."""

    name: Text
    sites: Size
    units: UnitsForm
    holds: list[Annotated[int, Field(ge=0, lt=MOST_SITES)]] | None = None

    @model_validator(mode="after")
    def _as_many(self) -> LayerForm:
        if self.holds is not None and (len(self.holds) != self.sites or len(set(self.holds)) != self.sites):
            raise ValueError(f"{self.sites} different sites of the data expected in 'holds', found {len(self.holds)}")
        return self


class SpecForm(Dynamics):
    """A machine, or a chaotic network."""

    layers: Annotated[list[LayerForm], Field(min_length=1, max_length=MOST_LAYERS)]
    model: Literal["rbm", "chaotic"] = "rbm"
    hidden_rule: Literal["sample", "mean"] | None = None
    start: Literal["uniform", "profile"] | None = None
    gain: Number | None = None
    seed: Annotated[int, Field(ge=0, lt=2**64)] | None = None
    time_step: Positive | None = None
    settling: Literal["euler", "exact"] | None = None
    diagonal: bool | None = None
    hebbian: Positive | None = None

    @model_validator(mode="after")
    def _has_rule(self) -> SpecForm:
        if self.model == "rbm" and self.hidden_rule is None:
            raise ValueError("'hidden_rule' is missing")
        return self


class RunForm(Dynamics):
    """A free run of an update."""

    start: Literal["random", "data", "previous"]
    clamp: list[Literal["label", "visible"]]
    steps: Steps
    weight: Positive
    chains: Size | None = None
    swapped: Annotated[float, Field(ge=0, lt=1)] = 0.0


class SchemeForm(Dynamics):
    """A scheme."""

    name: Text
    free: Annotated[list[RunForm], Field(min_length=1, max_length=100)]


class RecipeForm(Dynamics):
    """How the model is meant to be used."""

    name: Text
    steps: Steps
    start: Literal["random", "data", "previous"]
    hidden_rule: Literal["sample", "mean", "rate"]
    scheme: SchemeForm


class KindForm(Form):
    """The kind of data; all else of it is checked where it is made (`Kind.from_dict`)."""

    sites: Size


class DataForm(Form):
    """The samples of the training."""

    hash: Text
    rows: Count
    class_counts: Annotated[list[Count], Field(max_length=MOST_CLASSES)]
    learned: Count | None = None
    notes: list[Text] = []


class SoftwareForm(Form):
    """What wrote the run."""

    name: Text | None = None
    version: Text | None = None


class HeaderForm(Form):
    """The whole."""

    format_version: Annotated[int, Field(ge=1)]
    software: SoftwareForm | None = None
    created: Text | None = None
    spec: SpecForm
    recipe: RecipeForm
    config: dict[str, dict[str, Any]]
    kind: KindForm
    classes: Annotated[list[Text], Field(max_length=MOST_CLASSES)]
    data: DataForm

    @model_validator(mode="after")
    def _agrees(self) -> HeaderForm:
        classes, counts, sites = len(self.classes), len(self.data.class_counts), self.kind.sites
        if len(set(self.classes)) != classes:
            raise ValueError("classes: different names expected")
        if counts != classes:
            raise ValueError(f"data.class_counts: {classes} numbers expected, one for each of classes, found {counts}")
        if sum(self.data.class_counts) > self.data.rows:
            raise ValueError(f"data.class_counts: at most {self.data.rows} samples expected, as in data.rows")
        for i, layer in enumerate(self.spec.layers):
            where = f"spec.layers.{i}"
            if layer.name == "label" and classes != (layer.units.colours or layer.sites):
                raise ValueError(f"{where}: a label of {classes} classes expected")
            if layer.name == "visible" and layer.holds is None and layer.sites != sites:
                raise ValueError(f"{where}.sites: {sites} expected, as in kind.sites, found {layer.sites}")
            if layer.holds is not None and max(layer.holds) >= sites:
                raise ValueError(f"{where}.holds: sites below {sites} expected")
        return self


def fault(form: Any) -> str | None:
    """Return what is wrong with a header, with its key; None if it can be used."""
    try:
        text = jsons.dumps(form, ensure_ascii=False)
        header = HeaderForm.model_validate_json(HALVES.sub("?", text))  # as names of files may have, which are no text
        Config.model_validate_json(jsons.dumps(Config.known(header.config)), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        found = error.errors(include_url=False)[0]["input"]
        reason = first["msg"].removeprefix("Value error, ")
        told = "" if isinstance(found, dict | list) or first["type"] in ("missing", "value_error") else said(found)
        inside = "config." if error.title == "Config" else ""
        return f"{inside}{place}: {reason[0].lower()}{reason[1:]}{told}" if place else reason
    except ConfigError as error:
        return str(error)
    except ValueError as error:
        return str(error)
    return None


def filled(config: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the settings of a run with the defaults of those that it has none of."""
    defaults = Config().model_dump(mode="json")
    return {**config, **{name: {**values, **config.get(name, {})} for name, values in defaults.items()}}


def said(value: Any) -> str:
    """Return a wrong value as the end of a message."""
    text = repr(value)
    return f", got {text if len(text) <= 50 else text[:47] + '...'}"
