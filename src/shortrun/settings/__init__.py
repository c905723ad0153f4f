"""Every option of the library and of the command line, each one field with its default, range and sentence."""

from shortrun.settings._base import (
    CHAOTIC,
    DATA,
    MACHINE,
    MEASUREMENT,
    MODEL,
    OUTPUT,
    SAMPLING,
    TRAINING,
    Count,
    NotNegative,
    Option,
    Positive,
    Rate,
    Seed,
    Settings,
    Share,
    option,
    options,
)
from shortrun.settings.keywords import takes
from shortrun.settings.reading import Reading
from shortrun.settings.shared import OfAge, OfAges, Seeded
from shortrun.settings.training import PRESETS, Config, resolve

__all__ = [
    "CHAOTIC",
    "DATA",
    "MACHINE",
    "MEASUREMENT",
    "MODEL",
    "OUTPUT",
    "PRESETS",
    "SAMPLING",
    "TRAINING",
    "Config",
    "Count",
    "NotNegative",
    "OfAge",
    "OfAges",
    "Option",
    "Positive",
    "Rate",
    "Reading",
    "Seed",
    "Seeded",
    "Settings",
    "Share",
    "option",
    "options",
    "resolve",
    "takes",
]
